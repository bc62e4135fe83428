"""A worker's name says which process of which machine it is, so that its neighbours there can tell when it is gone."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import socket
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_PROCESS_NUMBERS = Path("/proc/self/ns/pid")


def worker_name() -> str:
    """This process's: the machine, its boot and the space of its process numbers in short, and the process's own."""
    return "-".join(part for part in (socket.gethostname(), _place(), str(os.getpid())) if part)


def is_gone(name: str) -> bool:
    """Whether the worker was one of this machine and its process has ended.

    False where nobody can tell: another machine, another container, a boot before this one. Its lease runs out then.
    """
    place, _, number = name.rpartition("-")
    if not _place() or place != f"{socket.gethostname()}-{_place()}" or not re.fullmatch("[1-9][0-9]{0,8}", number):
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:  # it is somebody else's by now
        return False
    return False


@functools.cache
def _place() -> str:
    """Containers number their processes anew and may be called alike; "" where the system doesn't say."""
    try:
        place = f"{_BOOT.read_text(encoding='ascii').strip()} {_PROCESS_NUMBERS.stat().st_ino}"
    except OSError:
        return ""
    return hashlib.sha256(place.encode()).hexdigest()[:8]
