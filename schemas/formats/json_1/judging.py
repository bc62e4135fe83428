"""JSON values → canonical models, or every fault: bounded, so that no body makes a list of faults without end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from itertools import islice
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from schemas.documents.common import AnyDocument, Document, OwnDocument, fields_of
from schemas.documents.despatch_advice import DespatchAdvice, judged_despatch_advice
from schemas.documents.inventory_report import InventoryReport, judged_inventory_report
from schemas.documents.invoice import Invoice, judged_invoice
from schemas.documents.order import MAX_LINES, Order, OrderLine, says_no_version
from schemas.documents.order_response import OrderResponse, judged_response
from schemas.documents.validation import duplicate_lines, faults_of, only_in_a_change, pointer
from schemas.faults import DocumentRejected, Fault
from schemas.formats.json_1.spelling import Spelling, spelling_of

MAX_FAULTS = 1_000
"""Faults that one answer lists."""
MAX_UNKNOWN = 100
"""Members beyond the known ones with which an object is still judged further."""

_PART = 1_000
"""Lines judged at a time."""
_MANY = 10_000
"""Faults of one part that are still told apart; beyond that the part is refused in one sentence."""

_LINES = TypeAdapter(tuple[OrderLine, ...])
_ANY_LINES = [{"line_number": "1", "quantity": 1}]
_JUDGED: Mapping[type, Callable[[Any], Any]] = {
    OrderResponse: judged_response,
    DespatchAdvice: judged_despatch_advice,
    InventoryReport: judged_inventory_report,
    Invoice: judged_invoice,
}
_spelling = cache(spelling_of)
_D = TypeVar("_D", bound=Document | OwnDocument)


def order_of(value: dict[str, Any]) -> Order:
    """The order that this object is. Raises DocumentRejected with every fault, up to MAX_FAULTS."""
    lines = value.get("lines")
    if says_no_version(value):
        value = {**value, "version": 0}
    try:
        order = (
            _long_order(value, lines) if isinstance(lines, list) and len(lines) > _PART else document_of(Order, value)
        )
    except DocumentRejected as rejected:
        raise DocumentRejected(rejected.faults + _repeated(lines)) from None
    if len({line.line_number for line in order.lines}) != len(order.lines):
        raise DocumentRejected(_repeated(lines))
    if faults := only_in_a_change(order.function, order.other_lines, (line.action for line in order.lines)):
        raise DocumentRejected(faults[:MAX_FAULTS])
    return order


def document_of(model: type[_D], value: dict[str, Any]) -> _D:
    """The document that this object is. Raises DocumentRejected with every fault, up to MAX_FAULTS."""
    _refuse_strange(model, value)  # type: ignore[arg-type]  # mypy does not take apart the bound
    spelling, judged = _spelling(model), _judged(model)  # type: ignore[arg-type]  # as above
    spelling.mark(value)
    try:
        return _without_blanks(spelling, value, judged)  # type: ignore[no-any-return]
    except ValidationError as error:
        raise DocumentRejected(_listed(error)) from None


def _judged(model: type[AnyDocument]) -> Callable[[Any], Any]:
    return model.model_validate if issubclass(model, Document) else _JUDGED[model]


def _without_blanks(spelling: Spelling, value: Any, judged: Callable[[Any], Any]) -> Any:
    """What is made of the value. Blank identifiers are looked for only where something is wrong: almost never."""
    try:
        return judged(value)
    except ValidationError:
        parts = value if isinstance(value, list) else [value]
        left_out = [spelling.leave_out_blanks(part) for part in parts]
        if not any(left_out):
            raise
    return judged(value)


def _long_order(value: dict[str, Any], lines: list[Any]) -> Order:
    """Lines part by part, so that a long list of wrong ones ends at the first thousand faults."""
    if len(lines) > MAX_LINES:
        expected = f"at most {MAX_LINES} lines"
        raise DocumentRejected([Fault("too_many_lines", f"{len(lines)} lines", path="/lines", expected=expected)])
    read: list[OrderLine] = []
    faults: list[Fault] = []
    for start in range(0, len(lines), _PART):
        try:
            read += _lines_of(lines[start : start + _PART])
        except ValidationError as error:
            faults += (_moved(fault, start) for fault in _listed(error, "/lines"))
            if len(faults) >= MAX_FAULTS:
                break
    try:
        order = document_of(Order, {**value, "lines": _ANY_LINES if faults else tuple(read)})
    except DocumentRejected as rejected:
        raise DocumentRejected([*rejected.faults, *faults][:MAX_FAULTS]) from None
    if faults:
        raise DocumentRejected(faults[:MAX_FAULTS])
    return order


def _lines_of(part: list[Any]) -> tuple[OrderLine, ...]:
    spelling = _spelling(OrderLine)
    for line in part:
        spelling.mark(line)
    return _without_blanks(spelling, part, _LINES.validate_python)  # type: ignore[no-any-return]


def _moved(fault: Fault, by: int) -> Fault:
    """The same fault with its line counted from the order's first: `/lines/3/unit` of the part from 2,000 on."""
    _, lines, *steps = fault.path.split("/")
    if not steps:
        return fault
    return replace(fault, path="/".join(["", lines, str(int(steps[0]) + by), *steps[1:]]))


def _listed(error: ValidationError, prefix: str = "") -> tuple[Fault, ...]:
    if error.error_count() > _MANY:
        return (
            Fault("bad_value", f"more than {_MANY} values are wrong", path=prefix, expected="the documented layout"),
        )
    return faults_of(error, prefix=prefix)[:MAX_FAULTS]


def is_strange(model: type[AnyDocument], value: dict[str, Any]) -> bool:
    """An object of hundreds of unknown members is another document, and judged no further."""
    return len(value) > len(fields_of(model)) + MAX_UNKNOWN


def _refuse_strange(model: type[AnyDocument], value: dict[str, Any]) -> None:
    """Its first thousand names say that it is another document."""
    if not is_strange(model, value):
        return
    known = fields_of(model)
    unknown = (name for name in value if name not in known)
    raise DocumentRejected(
        Fault(
            "unknown_field", f"{name[:200]} is not a field here", path=pointer([name]), expected="no field of this name"
        )
        for name in islice(unknown, MAX_FAULTS)
    )


def _repeated(lines: Any) -> tuple[Fault, ...]:
    if not isinstance(lines, list) or len(lines) > MAX_LINES:
        return ()
    return duplicate_lines(map(_number_of, lines))[:MAX_FAULTS]


def _number_of(line: Any) -> str | None:
    """The line's number as it is compared; none for what is no line or has no number."""
    number = line.get("line_number") if isinstance(line, dict) else None
    return number.strip() or None if isinstance(number, str) else None
