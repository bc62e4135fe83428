"""What a correction of a document changes: its fields, what would come of it, and who else has to agree to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.drafting.line_differences import Line, line_differences
from gateway.effects.reading import reading_changes
from gateway.intake import recognise
from gateway.judging import Judged, foresee
from gateway.resubmitting.document import NotText, opened
from gateway.services import Services
from gateway.store.messages import StoredMessage
from gateway.store.resubmissions import Difference
from mappings.account import Checked
from mappings.own_format import formats_of
from mappings.revision import MappingRevision
from schemas.documents.order import Order
from schemas.faults import DocumentFailure, Fault

_OF = {
    "price": ("price", "gross", "charges", "total", "currency"),
    "quantity": ("quantity", "unit", "unit_code", "pack_size", "pack_unit", "pack_unit_code", "schedule", "action"),
    "ship_to": ("ship_to", "final_recipient"),
    "item": ("buyer_item", "seller_item", "gtin"),
}
"""What is checked → the members of the canonical order that are of it."""
_OF_ALL = frozenset(("function", "order_type", "test"))
"""Members that say what the document is at all: an order that becomes a cancellation changes every quantity."""
EVERYTHING: tuple[Checked, ...] = ("price", "quantity", "ship_to", "item")


@dataclass(frozen=True, slots=True)
class Looked:
    """A correction before it is asked for."""

    lines: Sequence[Line]
    """Of the documents as text, what went and came."""
    differences: Sequence[Difference]
    """Of the orders as read."""
    touches: Sequence[Checked]
    """What of it somebody else has to agree to."""
    before: Judged | None
    """What would come of the original, judged now."""
    after: Judged | None
    """What would come of the corrected document; None where the account has no mapping."""
    faults: Sequence[Fault]
    """Why the corrected document can't be taken at all."""
    is_read: bool
    """Whether both could be read, so that the differences are all there are."""


def look(services: Services, stored: StoredMessage, original: bytes, edited: bytes) -> Looked:
    """What the correction changes and what would come of it now; nothing is done."""
    mapping = services.terms.current([stored.account_id])[stored.account_id]
    faults = unfit(mapping, stored, edited)
    was, now = order_in(mapping, stored, original), order_in(mapping, stored, edited)
    differences = [] if was is None or now is None else differences_of(was, now)
    is_read = was is not None and now is not None
    before, after = foresee(services, [(stored, original)])[0], None
    if not faults:
        (after,) = foresee(services, [(stored, edited)])
    touches = touched(differences) if is_read else EVERYTHING
    asked = tuple(one for one in touches if one in mapping.account.policies.second_person)
    return Looked(_lines(original, edited), differences, asked, before, after, faults, is_read)


def unfit(mapping: MappingRevision, stored: StoredMessage, edited: bytes) -> tuple[Fault, ...]:
    """Why these bytes can't take the original's place, whatever they say: they can't be read at all, are in another
    format, or hold another number of orders."""
    format_name, faults, orders = recognise(mapping.account, formats_of(mapping), edited)
    if faults:
        return faults
    if stored.format is not None and format_name != stored.format:
        detail = f"The original is in {stored.format}, and this is in {format_name or 'no format that is known'}."
        return (Fault("wrong_document", detail, value=format_name, expected=stored.format),)
    wanted = stored.parts or 1
    if stored.part is None and orders != wanted:
        detail = f"The original holds one order, and this holds {orders}."
        return (Fault("unsupported_document", detail, value=str(orders), expected="one order"),)
    return ()


def order_in(mapping: MappingRevision, stored: StoredMessage, body: bytes) -> Order | None:
    """The order that the message is, as these bytes have it; None where they can't be read so far."""
    known = formats_of(mapping).get(stored.format or "")
    if known is None or (known.answers is not None and known.answers.sniff(body)):
        return None
    try:
        if stored.part is None:
            (found,) = known.parse_orders(body)
            return found.order
        part = known.read_parts(body, [stored.part]).get(stored.part)
    except (DocumentFailure, ValueError):
        return None
    return getattr(part, "order", None)


def differences_of(was: Order, now: Order) -> list[Difference]:
    """The canonical values that differ, lines paired by their numbers."""
    return [
        Difference("/lines" if one.kind == "line_count" else one.about[0], one.before, one.after, one.line_number)
        for one in reading_changes(was, now)
    ]


def touched(differences: Iterable[Difference]) -> tuple[Checked, ...]:
    """What of an order's weight they change: its prices, quantities, places and items."""
    members = {member for one in differences for member in one.path.split("/")}
    is_all = bool(members & _OF_ALL) or any(one.path == "/lines" for one in differences)
    return tuple(one for one in EVERYTHING if is_all or members.intersection(_OF[one]))


def _lines(original: bytes, edited: bytes) -> Sequence[Line]:
    try:
        return line_differences(opened(original).text, opened(edited).text)
    except NotText:
        return ()
