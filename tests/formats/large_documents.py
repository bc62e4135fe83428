"""Documents that cost a reader more than they cost their sender, and what reading one takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path

from schemas.faults import DocumentFailure
from schemas.formats.ubl_2_1 import UBL_2_1
from tests.bench.orders import ubl_order
from tests.harness.own_memory import own_memory

_UBL = b"urn:oasis:names:specification:ubl:schema:xsd:"
_START = (
    b'<Order xmlns="%bOrder-2" xmlns:a="%bCommonAggregateComponents-2" xmlns:b="%bCommonBasicComponents-2">'
    b"<b:ID>1</b:ID>" % (_UBL, _UBL, _UBL)
)
_MOST = 1_990_000
"""Signs `<` and `=`, a little less than are taken."""
_WRONG_LINE = b"<a:OrderLine><a:LineItem><b:Quantity>x</b:Quantity></a:LineItem></a:OrderLine>"
_LONG = b"n" * 1_900


def _order(inside: bytes) -> bytes:
    return b"%b%b</Order>" % (_START, inside)


DOCUMENTS: Mapping[str, Callable[[], bytes]] = {
    "20,000 lines": lambda: ubl_order("L-1", 20_000),
    "20 MB of elements": lambda: _order(b"<a/>" * 5_000_000),
    "elements": lambda: _order(b"<a/>" * _MOST),
    "elements and texts": lambda: _order(b"x<a/>" * _MOST),
    "elements and texts of no order": lambda: b"<r>%b</r>" % (b"x<a/>" * _MOST),
    "attributes": lambda: _order(b'<a b="" c="" d="" e="" f="" g=""/>' * (_MOST // 7)),
    "notes": lambda: _order(b"<b:Note>x</b:Note>" * (_MOST // 2)),
    "allowances": lambda: _order(b"<a:AllowanceCharge/>" * 950_000),
    "files": lambda: _order(b"<a:AdditionalDocumentReference><b:ID>1</b:ID></a:AdditionalDocumentReference>" * 250_000),
    "empty lines": lambda: _order(b"<a:OrderLine/>" * 1_400_000),
    "wrong lines": lambda: _order(_WRONG_LINE * 99_000),
    "lines with elements": lambda: _order((b"<a:OrderLine>%b</a:OrderLine>" % (b"<a/>" * 15_000)) * 130),
    "lines with values": lambda: _order((b"<a:OrderLine>%b</a:OrderLine>" % (b"<a>x</a>" * 15_000)) * 65),
    "values below long names": lambda: _order(
        (b"<a:OrderLine><%b>%b</%b></a:OrderLine>" % (_LONG, b"<a>x</a>" * 15_000, _LONG)) * 65
    ),
    "long names, nested": lambda: _order(b"<%b>" % (b"n" * 39_000) * 250 + b"x" + b"</%b>" % (b"n" * 39_000) * 250),
    "schedule": lambda: _order(
        b"<a:OrderLine><a:LineItem>%b</a:LineItem></a:OrderLine>"
        % (b"<a:Delivery><b:Quantity>1</b:Quantity></a:Delivery>" * 390_000)
    ),
}


def measure(connection: Connection, name: str, call: str) -> None:
    """As a process (`tests.harness.forks`): `check` or `parse_orders` the document, and say its bytes, those of memory
    that this took beyond it, and the faults' codes."""
    body = DOCUMENTS[name]()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the most that it took until here
    before = own_memory("VmRSS")
    codes = []
    try:
        getattr(UBL_2_1, call)(body)
    except DocumentFailure as failure:
        codes = sorted({fault.code for fault in failure.faults})
    connection.send({"bytes": len(body), "memory": own_memory("VmHWM") - before, "codes": codes})
