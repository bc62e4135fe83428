"""How much memory this process has, from the kernel.

`getrusage` says of a child what its parent had, where that is more: its `ru_maxrss` outlives the exec.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Which = Literal["VmRSS", "VmHWM"]


def own_memory(what: Which) -> int:
    """Bytes that it has now (`VmRSS`), or had at most (`VmHWM`); proc_pid_status(5)."""
    return memory_of("self", what)


def memory_of(pid: int | str, what: Which) -> int:
    """The same of another process."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split(f"{what}:")[1].split()[0]) * 1024
