"""A UBL OrderResponse, read and written.

Plain UBL has a line for each outcome of an order line, so nothing of a split is lost. Peppol's T76 has a line for what
will be delivered, with what comes later as its backorder quantity; what comes never stands in the line's note.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from schemas.documents.common import Party, Price
from schemas.documents.known_parties import PartyTexts
from schemas.documents.order_response import LineOutcome, OrderResponse, ResponseLine
from schemas.documents.validation import Unreadable
from schemas.formats.ubl_2_1.amounts import price, price_text
from schemas.formats.ubl_2_1.names import cac, cbc
from schemas.formats.ubl_2_1.order import PEPPOL_ADVANCED, PEPPOL_ORDERING
from schemas.formats.ubl_2_1.order_lines import ITEM, item_text
from schemas.formats.ubl_2_1.parties import contact_text, party_holder, party_text
from schemas.formats.ubl_2_1.reading import Found, Reading, Table
from schemas.formats.ubl_2_1.steps import NO_CURRENCY, day, quantity, texts, through, within
from schemas.formats.ubl_2_1.text import document, element, group, identified, measured
from schemas.formats.xml import Element
from schemas.values import EXACT

PEPPOL_RESPONSE = "urn:fdc:peppol.eu:poacc:trns:order_response:3"
PEPPOL_ADVANCED_RESPONSE = "urn:fdc:peppol.eu:poacc:trns:order_response_advanced:3"

_OUTCOME_CODES = {"accepted": "AP", "changed": "CA", "rejected": "RE", "received": "AB"}
_OUTCOMES = {code: outcome for outcome, code in _OUTCOME_CODES.items()} | {
    "29": "accepted",
    "27": "rejected",
    "30": "changed",
}
"""UNCL 4343, and UNCL 1225 as CEN BII used it."""

_STATUS_CODES = {"accepted": "5", "changed": "3", "backordered": "3", "rejected": "7", "cancelled": "2"}
_STATUSES = {"5": "accepted", "42": "accepted", "3": "changed", "1": "changed", "7": "rejected", "2": "cancelled"}
"""UNCL 1229: 1 added, 2 deleted, 3 changed, 5 accepted, 7 not accepted, 42 already delivered."""

_ITEM_FIELDS = ("buyer_item", "seller_item", "gtin", "description", "buyer_line_reference")


def _outcome(reading: Reading, element: Element, found: Found, path: str) -> None:
    code = reading.text(element)
    if not reading.is_second(element) and code is not None:
        outcome = _OUTCOMES.get(code) or Unreadable(code, "bad_value", "AP, CA, RE or AB")
        found["outcome"] = reading.meaning(outcome, element)


def _line_status(reading: Reading, element: Element, found: Found, path: str) -> None:
    code = reading.text(element)
    if not reading.is_second(element) and code is not None:
        status = _STATUSES.get(code) or Unreadable(code, "bad_value", "1, 2, 3, 5, 7 or 42")
        found["status"] = reading.meaning(status, element)


def _currency(reading: Reading, element: Element, found: Found, path: str) -> None:
    code = reading.text(element)
    if not reading.is_second(element) and code is not None and code != NO_CURRENCY:
        found["currency"] = reading.currency = code


_PROMISED: Table = {cbc("StartDate"): day("promised_from"), cbc("EndDate"): day("promised_until")}
_LINE_ITEM: Table = {
    cbc("ID"): "response_line",
    cbc("Note"): texts("reason"),
    cbc("LineStatusCode"): _line_status,
    cbc("Quantity"): quantity("quantity", "unit"),
    cbc("MaximumBackorderQuantity"): quantity("backorder", "backorder_unit"),
    cac("Delivery"): through("cac:Delivery", {cac("PromisedDeliveryPeriod"): through("", _PROMISED)}),
    cac("Price"): price,
    cac("Item"): through("cac:Item", ITEM),
    cac("LineReference"): within("cac:LineReference", cbc("LineID"), "buyer_line_reference"),
}
_ORDER_LINE: Table = {
    cac("LineItem"): through("cac:LineItem", _LINE_ITEM),
    cac("OrderLineReference"): within("cac:OrderLineReference", cbc("LineID"), "order_line"),
}
ORDER_RESPONSE: Table = {
    cbc("ID"): "number",
    cbc("IssueDate"): day("issue_date"),
    cbc("IssueTime"): "issue_time",
    cbc("OrderResponseCode"): _outcome,
    cbc("Note"): texts("note"),
    cbc("DocumentCurrencyCode"): _currency,
    cac("OrderReference"): through(
        "cac:OrderReference", {cbc("ID"): "order_number", cbc("IssueDate"): day("order_issue_date")}
    ),
    cac("OrderChangeDocumentReference"): within("cac:OrderChangeDocumentReference", cbc("ID"), "change_number"),
    **party_holder("seller", cac("SellerSupplierParty")),
    **party_holder("buyer", cac("BuyerCustomerParty")),
}


def read_order_response(reading: Reading, root: Element) -> Found:
    """The response's fields as they are validated. What it says beyond them is not kept: a response is our own."""
    found = reading.group(root, {**ORDER_RESPONSE, cac("OrderLine"): _response_line}, "")
    written, issued = found.pop("issue_time", None), found.get("issue_date")
    clock = reading.clock(written) if written is not None else None
    if isinstance(clock, time) and clock.tzinfo is not None and isinstance(issued, date):
        found["issued_at"] = datetime.combine(issued, clock)
    found["lines"] = list(found.get("lines", {}).values())
    return found


def _response_line(reading: Reading, element: Element, found: Found, path: str) -> None:
    """One OrderLine: one or two outcomes of the order line it refers to."""
    line = reading.group(element, _ORDER_LINE, "")
    number = line.get("order_line", line.get("response_line"))
    lines = found.setdefault("lines", {})
    if number not in lines:
        lines[number] = reading.open(element)
        lines[number].update({field: line[field] for field in _ITEM_FIELDS if field in line})
        lines[number]["outcomes"] = []
        if number is not None:
            lines[number]["line_number"] = number
    lines[number]["outcomes"].extend(_outcomes(reading, element, line))


def _outcomes(reading: Reading, element: Element, line: Found) -> Iterator[Found]:
    """What will be delivered, or not, and what is delivered later."""
    backorder, amount = line.get("backorder"), line.get("quantity")
    later = backorder is not None and (backorder != 0 or amount is None)
    if not later or (amount is not None and amount != 0):
        yield _part(reading, element, line, line.get("status"), amount)
        line = {field: line[field] for field in ("unit", "unit_code") if field in line}
    if later:
        if "unit" not in line and "backorder_unit" in line:
            line["unit"] = line["backorder_unit"]
            line |= {"unit_code": line["backorder_unit_code"]} if "backorder_unit_code" in line else {}
        yield _part(reading, element, line, "backordered", backorder)


def _part(reading: Reading, element: Element, line: Found, status: object, amount: object) -> Found:
    part = reading.open(element)
    part.update({field: line[field] for field in ("unit", "unit_code", "price", "reason") if field in line})
    promised = line.get("promised_until", line.get("promised_from"))
    if promised is not None:
        part["promised_delivery"] = promised
    if status is not None:
        part["status"] = status
    if amount is not None or status == "rejected":
        part["quantity"] = amount if amount is not None else Decimal(0)
    return part


# --- writing ----------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class _Row:
    """One OrderLine of the document."""

    status: str
    note: str | None
    quantity: Decimal | None
    unit: str | None
    backorder: Decimal | None
    backorder_unit: str | None
    promised: date | None
    price: Price | None


def render_order_response(response: OrderResponse) -> bytes:
    """The response as a plain UBL 2.1 OrderResponse, every outcome of a line in a line of its own."""
    currency = response.currency or NO_CURRENCY
    reference = element("ID", response.order_number) + element("IssueDate", _day(response.order_issue_date))
    return document(
        "OrderResponse",
        _header_text(response, response.note)
        + element("DocumentCurrencyCode", response.currency)
        + group("OrderReference", reference)
        + _holder_text("SellerSupplierParty", response.seller, _SELLERS)
        + _holder_text("BuyerCustomerParty", response.buyer, _BUYERS)
        + _lines_text(response.lines, [_plain_rows(line) for line in response.lines], currency, peppol=False),
    )


def render_peppol_order_response(response: OrderResponse) -> bytes:
    """The response as a Peppol BIS 3 order response (T76). Only a changed one (CA) carries lines; the reasons of the
    others' lines go into the header's note."""
    reference = group("OrderReference", element("ID", response.order_number))
    return _peppol_text(response, PEPPOL_RESPONSE, PEPPOL_ORDERING, reference, _PEPPOL_SELLERS)


def render_advanced_order_response(response: OrderResponse) -> bytes:
    """The response as Peppol's advanced ordering has it (T116, UBL 2.3): T76 that also names the change it answers, and
    has no contact of the seller."""
    reference = group("OrderReference", element("ID", response.order_number))
    change = group("OrderChangeDocumentReference", element("ID", response.change_number))
    return _peppol_text(response, PEPPOL_ADVANCED_RESPONSE, PEPPOL_ADVANCED, reference + change, _PEPPOL_BUYERS)


def _peppol_text(
    response: OrderResponse, customization: str, profile: str, references: str, sellers: PartyTexts
) -> bytes:
    currency = response.currency or NO_CURRENCY
    lines = response.lines if response.outcome == "changed" else ()
    note = response.note if lines else _note_with_reasons(response)
    return document(
        "OrderResponse",
        f"<cbc:CustomizationID>{customization}</cbc:CustomizationID><cbc:ProfileID>{profile}</cbc:ProfileID>"
        + _header_text(response, note)
        + f"<cbc:DocumentCurrencyCode>{currency}</cbc:DocumentCurrencyCode>"
        + references
        + _peppol_holder_text("SellerSupplierParty", response.seller, sellers)
        + _peppol_holder_text("BuyerCustomerParty", response.buyer, _PEPPOL_BUYERS)
        + _lines_text(lines, [_peppol_rows(line) for line in lines], currency, peppol=True),
    )


def _header_text(response: OrderResponse, note: str | None) -> str:
    moment = response.issued_at
    # of the moment, not of its time alone: a zone has no offset without the day
    clock = moment.isoformat()[11:] if moment is not None and moment.date() == response.issue_date else None
    return (
        element("ID", response.number)
        + element("IssueDate", response.issue_date.isoformat())
        + element("IssueTime", clock)
        + f"<cbc:OrderResponseCode>{_OUTCOME_CODES[response.outcome]}</cbc:OrderResponseCode>"
        + element("Note", note)
    )


def _note_with_reasons(response: OrderResponse) -> str | None:
    """The note, and the lines' reasons that it doesn't give already (Peppol T76: AP, RE and AB have no lines)."""
    said = response.note or ""
    reasons = [
        f"Line {line.line_number}: {outcome.reason}"
        for line in response.lines
        for outcome in line.outcomes
        if outcome.reason is not None and outcome.reason not in said
    ]
    return "\n".join([*([said] if said else []), *reasons]) or None


def _holder_text(name: str, party: Party | None, texts: PartyTexts) -> str:
    """UBL demands buyer and seller, so an unknown one is an empty element."""
    inner = texts.of(party) if party is not None else ""
    return f"<cac:{name}>{inner}</cac:{name}>" if inner else f"<cac:{name}/>"


def _peppol_holder_text(name: str, party: Party | None, texts: PartyTexts) -> str:
    return f"<cac:{name}/>" if party is None else f"<cac:{name}>{texts.of(party)}</cac:{name}>"


def _whole_party(party: Party) -> str:
    return group("Party", party_text(party))


def _peppol_buyer(party: Party) -> str:
    """T76's party: an endpoint (the party's own id where it has none), its ids, its registered name."""
    return group("Party", _peppol_party_text(party))


def _peppol_seller(party: Party) -> str:
    """The seller has its contact too."""
    return group("Party", _peppol_party_text(party) + group("Contact", contact_text(party.contact)))


def _peppol_party_text(party: Party) -> str:
    known = party.known_as()
    endpoint = party.endpoint or next((one for one in known if one.scheme is not None), None)
    ids = [(party.id, party.scheme), *((one.id, one.scheme) for one in party.identifiers)]
    return (
        (identified("EndpointID", endpoint.id, endpoint.scheme) if endpoint is not None else "")
        + "".join(group("PartyIdentification", identified("ID", number, scheme)) for number, scheme in ids)
        + group("PartyLegalEntity", element("RegistrationName", party.legal_name or party.name))
    )


_SELLERS, _BUYERS = PartyTexts(_whole_party), PartyTexts(_whole_party)
_PEPPOL_BUYERS = PartyTexts(_peppol_buyer)
_PEPPOL_SELLERS = PartyTexts(_peppol_seller)


def _plain_rows(line: ResponseLine) -> list[_Row]:
    """A row for each outcome."""
    return [_plain_row(outcome) for outcome in line.outcomes]


def _plain_row(outcome: LineOutcome) -> _Row:
    later = outcome.status == "backordered"
    return _Row(
        status=_STATUS_CODES[outcome.status],
        note=outcome.reason,
        quantity=None if later else outcome.quantity,
        unit=outcome.unit,
        backorder=outcome.quantity if later else None,
        backorder_unit=outcome.unit,
        promised=outcome.promised_delivery,
        price=outcome.price,
    )


def _peppol_rows(line: ResponseLine) -> list[_Row]:
    """A row for each part that will be delivered; the first has what is delivered later, and why the rest never is.

    Quantity is what will be delivered, MaximumBackorderQuantity what comes later, zero where the rest never comes.
    """
    now = [outcome for outcome in line.outcomes if outcome.status in ("accepted", "changed")]
    later = [outcome for outcome in line.outcomes if outcome.status == "backordered"]
    never = [outcome for outcome in line.outcomes if outcome.status in ("rejected", "cancelled")]
    if not now and not later:
        return [_Row("7", _joined(outcome.reason for outcome in never), None, None, None, None, None, None)]
    unit = line.outcomes[0].unit
    whole = len(line.outcomes) == 1 and now and now[0].status == "accepted"
    lead = now[0] if now else later[0]
    first = _Row(
        status="5" if whole else "3",
        note=_joined([lead.reason, *_notes_about(later, never, lead)]),
        quantity=lead.quantity if now else Decimal(0),
        unit=lead.unit or unit,
        backorder=_sum(later) if later or never else None,
        backorder_unit=None,
        promised=lead.promised_delivery,
        price=lead.price,
    )
    return [first, *(_later_row(outcome) for outcome in now[1:])]


def _later_row(outcome: LineOutcome) -> _Row:
    """One more part that will be delivered: on another day, or at another price."""
    row = _plain_row(outcome)
    return _Row("3", row.note, row.quantity, row.unit, None, None, row.promised, row.price)


def _notes_about(later: Sequence[LineOutcome], never: Sequence[LineOutcome], lead: LineOutcome) -> Iterator[str]:
    """What T76 has no element for: when a backorder comes, and what is not delivered at all."""
    for outcome in later:
        if outcome is lead:
            continue
        when = f" until {outcome.promised_delivery.isoformat()}" if outcome.promised_delivery is not None else ""
        if when or outcome.reason is not None:
            yield _sentence(f"{_amount_text(outcome)} backordered{when}", outcome.reason)
    for outcome in never:
        yield _sentence(f"{_amount_text(outcome)} {outcome.status}", outcome.reason)


def _amount_text(outcome: LineOutcome) -> str:
    return f"{outcome.quantity:f} {outcome.unit}" if outcome.unit is not None else f"{outcome.quantity:f}"


def _sentence(what: str, reason: str | None) -> str:
    return what if reason is None else f"{what}: {reason}"


def _joined(notes: Sequence[str | None] | Iterator[str | None]) -> str | None:
    return "; ".join(note for note in notes if note is not None) or None


def _sum(outcomes: Sequence[LineOutcome]) -> Decimal:
    total = Decimal(0)
    for outcome in outcomes:
        total = EXACT.add(total, outcome.quantity)
    return total


def _lines_text(lines: Sequence[ResponseLine], rows: Sequence[Sequence[_Row]], currency: str, peppol: bool) -> str:
    taken = {line.line_number for line in lines}
    return "".join(
        _row_text(
            line, row, line.line_number if index == 0 else _free_number(line.line_number, taken), currency, peppol
        )
        for line, line_rows in zip(lines, rows, strict=True)
        for index, row in enumerate(line_rows)
    )


def _free_number(number: str, taken: set[str]) -> str:
    """A number of its own for a further row of an order line (T76-R003): 3.2 after 3."""
    index = 2
    while f"{number}.{index}" in taken:
        index += 1
    taken.add(f"{number}.{index}")
    return f"{number}.{index}"


def _row_text(line: ResponseLine, row: _Row, number: str, currency: str, peppol: bool) -> str:
    promised = _day(row.promised)
    period = element("StartDate", promised) + element("EndDate", promised)
    reference = "" if peppol else group("LineReference", element("LineID", line.buyer_line_reference))
    offered = row.price
    if peppol and offered is not None and offered.gross is not None:
        offered = offered.model_copy(update={"gross": None})
    item = group(
        "LineItem",
        element("ID", number)
        + element("Note", row.note)
        + f"<cbc:LineStatusCode>{row.status}</cbc:LineStatusCode>"
        + measured("Quantity", row.quantity, row.unit)
        + measured("MaximumBackorderQuantity", row.backorder, row.backorder_unit)
        + group("Delivery", group("PromisedDeliveryPeriod", period))
        + price_text(offered, currency)
        + f"<cac:Item>{_item_name(line, peppol)}{item_text(line.buyer_item, line.seller_item, line.gtin)}</cac:Item>"
        + reference,
    )
    return group("OrderLine", item + group("OrderLineReference", element("LineID", line.line_number)))


def _item_name(line: ResponseLine, peppol: bool) -> str:
    """T76 wants a name for every item: without a description its number has to do."""
    name = line.description
    if name is None and peppol:
        name = line.buyer_item or line.seller_item or line.gtin or f"Line {line.line_number}"
    return element("Name", name)


def _day(value: date | None) -> str | None:
    return value.isoformat() if value is not None else None
