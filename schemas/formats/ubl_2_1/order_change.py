"""A UBL OrderChange, read and written. What it has of an order is read as an Order's is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from schemas.documents.order import Order
from schemas.documents.validation import Unreadable
from schemas.formats.large_xml import Arriving
from schemas.formats.ubl_2_1.names import cac, cbc
from schemas.formats.ubl_2_1.order import (
    ORDER,
    PEPPOL_ADVANCED,
    holders_text,
    issued_text,
    settled,
    terms_text,
    validity_text,
)
from schemas.formats.ubl_2_1.order_lines import LINE_ITEM, ORDER_LINE, lines_by, order_line_text
from schemas.formats.ubl_2_1.reading import Found, Reading, Table
from schemas.formats.ubl_2_1.steps import NO_CURRENCY, through
from schemas.formats.ubl_2_1.text import document, element, group
from schemas.formats.xml import Element

_ACTIONS: Mapping[str, str] = {
    "1": "add",
    "2": "delete",
    "3": "change",
    "4": "nothing",
    "Cancelled": "delete",
    "Revised": "change",
}
"""UNCL 1229, and the words of UBL 2.0's own list (LineStatusCode) that say what is done with the line. Its NoStatus and
Disputed say nothing that could be done."""
_STATUS_CODES = {"add": "1", "delete": "2", "change": "3", "nothing": "4"}
PEPPOL_CHANGE = "urn:fdc:peppol.eu:poacc:trns:order_change:3"
_OF_A_DELETED_LINE = Decimal(1)
_A_NUMBER = re.compile(r"([0-9]{1,20})(?:\.0{1,20})?")


def _line_status(reading: Reading, element: Element, found: Found, path: str) -> None:
    code = reading.text(element)
    if not reading.is_second(element) and code:
        action = _ACTIONS.get(code) or Unreadable(code, "bad_value", "1 add, 2 delete, 3 change or 4 nothing")
        found["action"] = reading.meaning(action, element)


def _sequence_number(reading: Reading, element: Element, found: Found, path: str) -> None:
    """Which of the order's changes this is; 11.0 is 11. A text that is no number may be later than another or not: it
    is kept aside, and the change is held for it (`gateway.trade.amendment`)."""
    value = reading.text(element)
    if reading.is_second(element) or not value:
        return
    if number := _A_NUMBER.fullmatch(value):
        found["version"] = reading.meaning(int(number[1]), element)
    else:
        reading.keep(element, path)


def _order_reference(reading: Reading, element: Element, found: Found, path: str) -> None:
    """The order that is changed. UBL has one here and any number elsewhere, so a second one is told here."""
    if next(element.itersiblings(str(element.tag), preceding=True), None) is not None:
        detail = "one more cac:OrderReference stands here; a change is of one order"
        reading.misuse(element, "repeated_element", detail, "one cac:OrderReference")
    else:
        reading.into(found, element, ORDER_REFERENCE, f"{path}cac:OrderReference/")


def _settle_deleted(reading: Reading, line: Found) -> None:
    """A line that is deleted needs no quantity, and 0 is what is left of it: all of it goes. The canonical line has
    one in any case; that of a deleted line means nothing."""
    quantity = line.get("quantity")
    if line.get("action") != "delete" or (quantity is not None and quantity != 0):
        return
    if quantity is not None:
        reading.keep_value("cac:LineItem/cbc:Quantity", f"{quantity:f}")
    line["quantity"] = _OF_A_DELETED_LINE


ORDER_REFERENCE: Table = {cbc("ID"): "order_number"}
_LINE_ITEM: Table = {**LINE_ITEM, cbc("LineStatusCode"): _line_status}
_LINE: Table = {**ORDER_LINE, cac("LineItem"): through("cac:LineItem", _LINE_ITEM)}
ORDER_CHANGE: Table = {
    **ORDER,
    cbc("ID"): "change_number",
    cbc("SequenceNumberID"): _sequence_number,
    cac("OrderReference"): _order_reference,
    cac("OrderLine"): lines_by(_LINE, _settle_deleted),
}


def read_order_change(reading: Reading, root: Element | Arriving) -> Found:
    """The change's fields as they are validated: those of an order, and what is done with each line."""
    found = reading.group(root, ORDER_CHANGE, "")
    found["function"] = "change"
    found.setdefault("version", 0)
    if not any(_says_action(line) for line in found.get("lines", ())):
        found["other_lines"] = "unsaid"
    return settled(reading, found)


def _says_action(line: Any) -> bool:
    """Of a line as it was found, or, in a large change, of one that was validated at once."""
    return "action" in line if isinstance(line, dict) else getattr(line, "action", None) is not None


# --- writing ----------------------------------------------------------------------------------------------------
def render_order_change(order: Order) -> bytes:
    """The change as a UBL 2.1 OrderChange; its version is the sequence number."""
    return _change_text(order, order.customization, order.profile)


def render_peppol_order_change(order: Order) -> bytes:
    """The change as Peppol's advanced ordering has it (T114)."""
    return _change_text(order, PEPPOL_CHANGE, PEPPOL_ADVANCED)


def _change_text(order: Order, customization: str | None, profile: str | None) -> bytes:
    currency = order.currency or NO_CURRENCY
    return document(
        "OrderChange",
        element("CustomizationID", customization)
        + element("ProfileID", profile)
        + element("ID", order.change_number)
        + issued_text(order)
        + f"<cbc:SequenceNumberID>{order.version}</cbc:SequenceNumberID>"
        + element("Note", order.note)
        + element("DocumentCurrencyCode", order.currency)
        + validity_text(order)
        + group("OrderReference", element("ID", order.order_number))
        + group("Contract", element("ID", order.contract))
        + holders_text(order)
        + terms_text(order, currency)
        + "".join(order_line_text(line, currency, _STATUS_CODES.get(line.action or "")) for line in order.lines),
    )
