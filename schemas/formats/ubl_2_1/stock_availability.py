"""A UBL StockAvailabilityReport, read and written: a seller's report of what it has. (An InventoryReport is a buyer's.)

A line of the canonical report is one or two of UBL's: what is available now, and under a later AvailabilityDate what is
due. What UBL's line has no element for is a property of its item, under the canonical name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timezone
from decimal import Decimal

from schemas.documents.common import Party
from schemas.documents.inventory_report import InventoryLine, InventoryReport
from schemas.documents.validation import Unreadable
from schemas.faults import DocumentHeld, Fault
from schemas.formats.ubl_2_1.names import CAC, CBC, DOCUMENTS, cac, cbc
from schemas.formats.ubl_2_1.order_lines import ITEM, item_text
from schemas.formats.ubl_2_1.parties import PARTY, holder_text, party_holder, party_text
from schemas.formats.ubl_2_1.reading import Found, Reading, Table
from schemas.formats.ubl_2_1.steps import day, part, quantity, texts, through
from schemas.formats.ubl_2_1.text import clocked, element, escaped, group, measured
from schemas.formats.xml import Element
from schemas.units import rec_20

STOCK_AVAILABILITY_REPORT = f"{{{DOCUMENTS}StockAvailabilityReport-2}}StockAvailabilityReport"

_STATUS_CODES = {"available": "2", "out_of_stock": "7", "discontinued": "9"}
_DUE = "1"
_STATUSES = {
    **dict.fromkeys(("2", "4", "5", "6"), "available"),
    **dict.fromkeys(("1", "7"), "out_of_stock"),
    **dict.fromkeys(("3", "8", "9"), "discontinued"),
}
"""UNCL 7011: 1 announced, 2 new and available, 3 obsolete, 4 prototype, 5 commodity, 6 special, 7 temporarily out, 8 no
longer made, 9 discontinued."""
_CHANGES_ONLY = "Changes only"
"""In the InventoryPeriod of a report of what changed: UBL has no word for it."""
_NUMBERS = ("order_minimum", "order_multiple", "next_receipt_quantity")
_NO_LINES = Fault(
    "unwritable_answer", "UBL has no StockAvailabilityReport without a line", expected="at least one item"
)


def _status(reading: Reading, element: Element, found: Found, path: str) -> None:
    code = reading.text(element)
    if not reading.is_second(element) and code is not None:
        status = _STATUSES.get(code) or Unreadable(code, "bad_value", "1 to 9 of UNCL 7011")
        found["status"] = reading.meaning(status, element)


def _property(reading: Reading, element: Element, found: Found, path: str) -> None:
    """A property of ours; others are not kept."""
    said = reading.group(element, _PROPERTY, f"{path}cac:AdditionalItemProperty/")
    name, value = said.get("name"), said.get("value")
    if value is not None and name == "unit_code":  # it says better what the unit's own word was taken for
        found[name] = value
    elif value is None or name in found:
        return
    elif name in _NUMBERS:
        found[str(name)] = reading.number(value)
    elif name in ("replaced_by", "as_of", "next_receipt_date", "lead_time_days"):
        found[str(name)] = value


_PROPERTY: Table = {cbc("Name"): "name", cbc("Value"): "value"}
_LINE: Table = {
    cbc("Quantity"): quantity("quantity", "unit"),
    cbc("AvailabilityDate"): day("available_on"),
    cbc("AvailabilityStatusCode"): _status,
    cac("Item"): through("cac:Item", {**ITEM, cac("AdditionalItemProperty"): _property}),
}
_PERIOD: Table = {
    cbc("StartDate"): day("since_day"),
    cbc("StartTime"): "since_time",
    cbc("Description"): texts("scope"),
}
_REPORT: Table = {
    cbc("ID"): "number",
    cbc("IssueDate"): day("issue_date"),
    cbc("IssueTime"): "issue_time",
    cac("InventoryPeriod"): through("cac:InventoryPeriod", _PERIOD),
    **party_holder("seller", cac("SellerSupplierParty")),
    **party_holder("buyer", cac("RetailerCustomerParty")),
    cac("InventoryReportingParty"): part("reporting", "cac:InventoryReportingParty", PARTY),
}


# --- reading ----------------------------------------------------------------------------------------------------
def read_stock_availability(reading: Reading, root: Element) -> Found:
    """The report's fields as they are validated. What it says beyond them is not kept: a report is our own."""
    found = reading.group(root, {**_REPORT, cac("StockAvailabilityReportLine"): _line}, "")
    found["issued_at"] = _moment(reading, found.get("issue_date"), found.pop("issue_time", None))
    since = _moment(reading, found.pop("since_day", None), found.pop("since_time", None))
    if found.pop("scope", None) == _CHANGES_ONLY:
        found["is_full"], found["since"] = False, since
    reporting = found.pop("reporting", None)
    if reporting is not None:
        found.setdefault("buyer", reporting)
    found["lines"] = _with_what_is_due(found.pop("report_lines", ()), found.get("issue_date"))
    return found


def _line(reading: Reading, element: Element, found: Found, path: str) -> None:
    line = reading.group(element, _LINE, "")
    described = line.pop("item_texts", None)
    if described:
        line.setdefault("description", described[0])
    line.pop("pack_size", None)
    found.setdefault("report_lines", []).append(line)


def _moment(reading: Reading, on: object, at: object) -> datetime | None:
    """A day and a time with its offset."""
    clock = reading.clock(at) if isinstance(at, str) else None
    if isinstance(on, date) and isinstance(clock, time) and clock.tzinfo is not None:
        return datetime.combine(on, clock)
    return None


def _with_what_is_due(lines: Iterable[Found], issued: object) -> list[Found]:
    """A line of a later day belongs to the one of its item before it; alone it says that there is none until then. Days
    are compared as they are written, which a reading that only looks for places has, too."""
    read: list[Found] = []
    for line in lines:
        on = line.pop("available_on", None)
        if on is None or issued is None or not str(on) > str(issued):
            read.append(_completed(line))
            continue
        due = {"next_receipt_date": on, "next_receipt_quantity": line.pop("quantity", None)}
        if read and _item(read[-1]) == _item(line) and "next_receipt_date" not in read[-1]:
            read[-1].update(due)
        else:
            line.update(due)
            line["quantity"], line["status"] = Decimal(0), "out_of_stock"
            read.append(line)
    return read


def _completed(line: Found) -> Found:
    """Without a status the quantity says it."""
    if "status" not in line and isinstance(line.get("quantity"), Decimal):
        line["status"] = "available" if line["quantity"] else "out_of_stock"
    return line


def _item(line: Found) -> tuple[object, ...]:
    return tuple(line.get(name) for name in ("buyer_item", "seller_item", "gtin", "unit"))


# --- writing ----------------------------------------------------------------------------------------------------
def render_stock_availability(report: InventoryReport) -> bytes:
    """The report as UBL. Raises DocumentHeld where it has no line."""
    return b"".join(stream_stock_availability(report, report.lines))


def stream_stock_availability(report: InventoryReport, lines: Iterable[InventoryLine]) -> Iterator[bytes]:
    """The same in pieces, its lines as they come. Raises DocumentHeld where none does."""
    written, number = [_head(report)], 0
    for line in lines:
        rows = list(_rows(line, number + 1, report.issue_date))
        written += rows
        number += len(rows)
        if len(written) >= _AT_ONCE:
            yield "".join(written).encode()
            written = []
    if not number:
        raise DocumentHeld([_NO_LINES])
    yield "".join([*written, f"</{_NAME}>\n"]).encode()


_NAME = "StockAvailabilityReport"
_AT_ONCE = 200


def _head(report: InventoryReport) -> str:
    namespaces = f'xmlns="{DOCUMENTS}{_NAME}-2" xmlns:cac="{CAC}" xmlns:cbc="{CBC}"'
    issued = report.issued_at if report.issued_at and report.issued_at.date() == report.issue_date else None
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{_NAME} {namespaces}>'
        + element("UBLVersionID", "2.1")
        + element("ID", report.number)
        + element("IssueDate", report.issue_date.isoformat())
        + clocked("IssueTime", _clock(issued) if issued else None)
        + group("InventoryPeriod", _period(report))
        + holder_text("SellerSupplierParty", report.seller)
        + (holder_text("RetailerCustomerParty", report.buyer) if report.buyer else "")
        + _reporting_party(report.buyer)
    )


def _clock(moment: datetime) -> time:
    """The time of day with its offset, which a zone alone doesn't say of a time without a date."""
    offset = moment.utcoffset()
    return moment.timetz() if offset is None else moment.replace(tzinfo=timezone(offset)).timetz()


def _period(report: InventoryReport) -> str:
    if report.is_full:
        return ""
    since = report.since
    start = element("StartDate", since.date().isoformat()) + clocked("StartTime", _clock(since)) if since else ""
    return start + element("Description", _CHANGES_ONLY)


def _reporting_party(buyer: Party | None) -> str:
    """UBL demands the party that will use the report; an unknown one is an empty element."""
    return group("InventoryReportingParty", party_text(buyer) if buyer else "") or "<cac:InventoryReportingParty/>"


def _rows(line: InventoryLine, number: int, issued: date) -> Iterator[str]:
    """UBL's lines for one of ours, from that number on: what is available now, and what is due on a later day."""
    due, arriving = line.next_receipt_date, line.next_receipt_quantity
    is_due = due is not None and arriving is not None and due > issued
    properties = {
        "unit_code": line.unit_code if line.unit_code != rec_20(line.unit) else None,
        "as_of": line.as_of.isoformat() if line.as_of else None,
        "next_receipt_date": due.isoformat() if due is not None and not is_due else None,
        "next_receipt_quantity": f"{arriving:f}" if arriving is not None and not is_due else None,
        "order_minimum": None if line.order_minimum is None else f"{line.order_minimum:f}",
        "order_multiple": None if line.order_multiple is None else f"{line.order_multiple:f}",
        "lead_time_days": None if line.lead_time_days is None else str(line.lead_time_days),
        "replaced_by": line.replaced_by,
    }
    told = "".join([_property_text(name, value) for name, value in properties.items() if value is not None])
    yield _row(line, number, line.quantity, None, _STATUS_CODES[line.status], told)
    if is_due and arriving is not None:
        yield _row(line, number + 1, arriving, due, _DUE, "")


def _row(line: InventoryLine, number: int, amount: Decimal, on: date | None, status: str, properties: str) -> str:
    item = element("Name", line.description) + item_text(line.buyer_item, line.seller_item, line.gtin) + properties
    return (
        f"<cac:StockAvailabilityReportLine><cbc:ID>{number}</cbc:ID>{measured('Quantity', amount, line.unit)}"
        f"{element('AvailabilityDate', on.isoformat() if on else None)}"
        f"<cbc:AvailabilityStatusCode>{status}</cbc:AvailabilityStatusCode><cac:Item>{item}</cac:Item>"
        "</cac:StockAvailabilityReportLine>"
    )


def _property_text(name: str, value: str) -> str:
    return (
        f"<cac:AdditionalItemProperty><cbc:Name>{name}</cbc:Name><cbc:Value>{escaped(value)}</cbc:Value>"
        "</cac:AdditionalItemProperty>"
    )
