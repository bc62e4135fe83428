"""Faults as rows, with the fingerprint that groups equal causes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any

from schemas.faults import Fault

FINGERPRINT_VERSION = "1"
_POSITIONS = re.compile(r"/\d+(?=/|$)")


def fault_rows(
    message_id: str, account_id: str, run: int, stage: str, found: Iterable[Fault], start: int = 1
) -> list[tuple[Any, ...]]:
    """Rows of the table `faults`, in its column order."""
    return [
        (
            message_id,
            run,
            number,
            stage,
            fault.code,
            fault.path,
            fault.location,
            fault.detail,
            fault.value,
            fault.expected,
            fingerprint(account_id, fault),
        )
        for number, fault in enumerate(found, start)
    ]


def fingerprint(account_id: str, fault: Fault) -> str:
    """One cause, one fingerprint: account, code, place without its line's position, and the value seen."""
    place = _POSITIONS.sub("/*", fault.path)
    cause = "\x1f".join((account_id, fault.code, place, fault.value or ""))
    return f"{FINGERPRINT_VERSION}-{hashlib.sha256(cause.encode('utf-8', 'surrogatepass')).hexdigest()[:24]}"
