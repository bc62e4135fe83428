"""An order that is wrong somewhere, and the rest of it: what was read whole can be judged further, so that its sender
and we hear of everything at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from schemas.documents.order import Order, OrderLine
from schemas.faults import DocumentRejected, Fault

_LINES = TypeAdapter(tuple[OrderLine, ...])
_MEMBERS = frozenset(Order.model_fields)
_LONGEST_NUMBER = 200
_STANDS_IN: Mapping[str, Any] = {"order_number": "?", "lines": [{"line_number": "1", "quantity": 1}]}
"""For what every order has, until the rest is in its place; nothing is judged by an order's number."""
_NOT_JUDGED = frozenset(("too_many_lines",))
"""With one of these, the document was not looked at any further."""


@dataclass(frozen=True, slots=True)
class Rest:
    """What was read whole of an order that is wrong somewhere."""

    order: Order
    """Its good lines, and the members of its header that are good; `order_number` may be a stand-in."""
    lines: tuple[int, ...]
    """Where each of these lines stands in the document, from 0."""
    unread: frozenset[str]
    """Members of the header about which nothing is known: what only follows from them is no fault."""


class OrderPartlyRead(DocumentRejected):
    """The sender must act, and there is a rest to be judged."""

    def __init__(self, faults: Iterable[Fault], answer_to: str | None, order_number: str | None, rest: Rest) -> None:
        super().__init__(faults, answer_to, order_number)
        self.rest = rest


def rejection(
    found: Mapping[str, Any], wrong: Sequence[Fault], told: Iterable[Fault], answer_to: str | None
) -> DocumentRejected:
    """The rejection of an order of which a codec found these members. `wrong` are all faults that pydantic and the
    codec found, with their paths; `told` what the sender is told: the same with their places, and warnings."""
    rest = _rest_of(found, wrong)
    if rest is None:
        return unread(found, told, answer_to)
    return OrderPartlyRead(told, _may_answer(found, answer_to), _number_in(found), rest)


def unread(found: Mapping[str, Any], told: Iterable[Fault], answer_to: str | None) -> DocumentRejected:
    """The same of one of which nothing more can be said."""
    return DocumentRejected(told, _may_answer(found, answer_to), _number_in(found))


def _may_answer(found: Mapping[str, Any], answer_to: str | None) -> str | None:
    """A refusal names an order and nothing else, so that of a change would read as its order's, which stands: of what
    may be a change there is none."""
    is_original = found.get("function") in (None, "original")
    return answer_to if is_original and answer_to and answer_to.isprintable() else None


def _number_in(found: Mapping[str, Any]) -> str | None:
    number = found.get("order_number")
    number = number.strip() if isinstance(number, str) else ""
    return number if 0 < len(number) <= _LONGEST_NUMBER and number.isprintable() else None


def _rest_of(found: Mapping[str, Any], wrong: Sequence[Fault]) -> Rest | None:
    if any(fault.code in _NOT_JUDGED for fault in wrong):
        return None
    bad_lines, unread = _unread(found, wrong)
    lines = found.get("lines")
    lines = lines if isinstance(lines, (list, tuple)) and "lines" not in unread else ()
    good = tuple(index for index in range(len(lines)) if index not in bad_lines)
    header = {name: found[name] for name in _MEMBERS & found.keys() - unread - {"lines"}}
    try:
        order = Order.model_validate({**_STANDS_IN, **header})
        return Rest(
            order.model_copy(update={"lines": _LINES.validate_python([lines[index] for index in good])}), good, unread
        )
    except ValidationError:  # a codec that gave up before it had looked at everything
        return None


def _unread(found: Mapping[str, Any], wrong: Iterable[Fault]) -> tuple[set[int], frozenset[str]]:
    """Lines and members of the header that are at fault. A line whose number an earlier one has was read all the same.

    What a misspelt member of the header was meant for nobody knows: then it may be any that is absent.
    """
    bad_lines: set[int] = set()
    unread: set[str] = set()
    for fault in wrong:
        member, _, below = fault.path[1:].partition("/")
        if member == "lines" and below:
            if fault.code != "duplicate_line":
                bad_lines.add(int(below.partition("/")[0]))
        elif not member or (fault.code == "unknown_field" and not below):
            unread |= _MEMBERS - found.keys()
        else:
            unread.add(member)
    return bad_lines, frozenset(unread)
