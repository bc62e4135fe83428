"""Faults as rows, with the fingerprint that groups equal causes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any

from gateway.masking import without_secret
from schemas.faults import Fault

FINGERPRINT_VERSION = "1"
_POSITIONS = re.compile(r"/\d+(?=/|$)")


def fault_rows(
    message_id: str, account_id: str, run: int, stage: str, found: Iterable[Fault], start: int = 1
) -> list[tuple[Any, ...]]:
    """Rows of the table `faults`, in its column order. What stood under a secret's name isn't kept in them: faults are
    shown where documents aren't."""
    return [
        (
            message_id,
            run,
            number,
            stage,
            fault.code,
            storable(fault.path),
            storable(fault.location),
            storable(fault.detail),
            fault.value and storable(fault.value),
            fault.expected and storable(fault.expected),
            fingerprint(account_id, whole),
        )
        for number, whole in enumerate(found, start)
        for fault in (without_secret(whole),)
    ]


def storable(text: str) -> str:
    """The text as every database takes it: no NUL, and no half of a surrogate pair, which bad input can bring."""
    if text.isascii():
        return text.replace("\0", "\ufffd") if "\0" in text else text
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def fingerprint(account_id: str, fault: Fault) -> str:
    """One cause, one fingerprint: account, code, place without its line's position, and the value seen."""
    place = _POSITIONS.sub("/*", fault.path)
    cause = "\x1f".join((account_id, fault.code, place, fault.value or ""))
    return f"{FINGERPRINT_VERSION}-{hashlib.sha256(cause.encode('utf-8', 'surrogatepass')).hexdigest()[:24]}"
