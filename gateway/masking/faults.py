"""Secrets in what is told of a document's faults: a reader repeats the value that it couldn't take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gateway.masking.texts import MASK, Secrets, masked_text, names_a_secret, secrets_in
from schemas.faults import Fault


def masked_faults(faults: Iterable[Fault], body: bytes | None) -> tuple[Fault, ...]:
    """The faults without the secrets of the document that they are of; None: it is erased."""
    found = list(faults)
    if not found:
        return ()
    secrets = () if body is None else secrets_in(body.decode("utf-8", "replace").replace("\0", ""))
    return tuple(masked_fault(one, secrets) for one in found)


def without_secret(fault: Fault) -> Fault:
    """The fault as it may be kept, and told to anybody: without its value where that stood under a secret's name."""
    named = fault.value and (names_a_secret(fault.path) or names_a_secret(fault.location))
    return masked_fault(fault) if named else fault


def masked_fault(fault: Fault, secrets: Secrets = ()) -> Fault:
    """The fault without these secrets, and without its value where that stood under a secret's name."""
    detail, value, expected = (masked_text(text or "", secrets) for text in (fault.detail, fault.value, fault.expected))
    if fault.value and (names_a_secret(fault.path) or names_a_secret(fault.location)):
        detail, value = detail.replace(fault.value, MASK), MASK
    return replace(
        fault,
        detail=detail,
        value=None if fault.value is None else value,
        expected=None if fault.expected is None else expected,
    )
