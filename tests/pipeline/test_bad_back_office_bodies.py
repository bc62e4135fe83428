"""Whatever a system of ours sends to the back office: a refusal that says what is wrong and where, never a failure.

Every call of the OpenAPI description that takes a body is sent everything that is no document, and its own document
with each member replaced by what doesn't belong there.
"""

from __future__ import annotations

import copy
import gzip
import itertools
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from schemas.fault_codes import FAULTS
from tests.examples.billing import PINE, agree, office
from tests.examples.order_lines import BOLTS, order
from tests.examples.small_gateway import SmallGateway

_DECISION = "/v1/backoffice/orders/{order_id}/decision"
_LONGEST_FAULT = 3_000
"""Characters of a fault as JSON, whatever stood in the body."""
_MEMBERS = 900_000


class Written(str):
    """JSON as it is written, whatever it means."""


class Desk(NamedTuple):
    """The gateway with something on its books, and who asks it."""

    gateway: SmallGateway
    headers: dict[str, str]
    described: dict[str, Any]
    count: Iterator[int]

    def ask(self, call: tuple[str, str], body: bytes, **headers: str) -> Any:
        """The answer, which is no failure, and one that the description has."""
        method, path = call
        address = path.format(order_id=self.waiting_order()) if path == _DECISION else path
        told = {name.replace("_", "-"): text for name, text in headers.items()}
        answer = self.gateway.client.open(address, method=method, data=body, headers={**self.headers, **told})
        assert answer.status_code < 500, (call, body[:200], answer.text)
        assert str(answer.status_code) in self.described[path][method.lower()]["responses"], answer.text
        for fault in (answer.json.get("faults") or []) + (answer.json.get("warnings") or []):
            assert fault["code"] in FAULTS
            assert fault["location"], fault
            assert isinstance(fault["path"], str)
            assert len(json.dumps(fault, ensure_ascii=False)) < _LONGEST_FAULT
        return answer

    def waiting_order(self) -> str:
        """An order that the ERP is to decide; a new one where the last was decided."""
        found = self.gateway.store.worklist.page("awaiting_decision", PINE, None, 1)
        if not found:
            self.gateway.settle(PINE, order(BOLTS, number=f"PH-D{next(self.count)}"))
            found = self.gateway.store.worklist.page("awaiting_decision", PINE, None, 1)
        return found[0].id


def assert_refused(answer: Any) -> None:
    """A problem with a code, and each fault of it with its place."""
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.mimetype == "application/problem+json"
    problem = answer.json
    assert problem["code"] in FAULTS
    assert problem["status"] == answer.status_code
    assert problem["title"]
    assert problem["detail"]
    about_no_document = ("media_type_unsupported", "encoding_refused", "body_too_large", "conflict")
    assert problem.get("faults") or problem["code"] in about_no_document


@pytest.fixture
def desk(gateway: SmallGateway, caplog: pytest.LogCaptureFixture) -> Iterator[Desk]:
    agree(gateway, None)
    gateway.settle(PINE, order(BOLTS))
    for number in ("LS-1", "LS-2", "LS-3"):
        assert office(gateway, "shipments", _shipment(number)).status_code == 201
    whole = {"request_number": "R-0", "account": PINE, "invoice_number": "F-0", "shipments": ["LS-1"]}
    assert office(gateway, "invoices", whole).status_code == 201
    agree(gateway, None, policies={"decision": "backoffice"})
    key = gateway.store.keys.create(None, actor="test")[1]
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    described = gateway.client.get("/v1/openapi.json").json["paths"]
    yield Desk(gateway, headers, described, itertools.count(1))
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR] == []


# --- what is right ---------------------------------------------------------------------------------------------------
def _shipment(number: str) -> dict[str, Any]:
    line = {"order_number": "PH-4001", "account": PINE, "line_number": "1", "product": "BOLT-M8", "base_quantity": "20"}
    carton = {"id": "A", "type": "CT", "lines": [line]}
    return {"shipment_number": number, "shipped_at": "2026-11-23T10:30:00+01:00", "packages": [carton]}


def _full_shipment(n: int) -> dict[str, Any]:
    told = _shipment(f"S-{n}")
    (carton,) = told["packages"]
    carton |= {"parent": "P", "gross_weight_kg": "1.5"}
    carton["lines"][0] |= {"base_quantity": "1", "unit": "EA", "lot": "L-1", "expiry": "2027-01-01", "serials": ["7"]}
    said = {"carrier": "N", "carrier_code": "NF", "tracking": "T", "note": "n", "site": "NORTH"}
    pallet = {"id": "P", "type": "PX", "sscc": "106141411234567897"}
    told |= {"estimated_delivery": "2026-11-25", **said, "override_reason": "more", "packages": [pallet, carton]}
    return told


def _decision(_: int) -> dict[str, Any]:
    line = {"line_number": "1", "action": "change", "base_quantity": "100", "backordered": "50", "price": "6.00"}
    days = {"promised_delivery": "2026-12-02", "backorder_delivery": "2026-12-15"}
    return {
        "version": 1,
        "action": "accept",
        "reason": "r",
        "lines": [{**line, **days, "site": "NORTH", "reason": "r"}],
    }


def _invoice(n: int) -> dict[str, Any]:
    line = {"shipment_number": "LS-2", "order_number": "PH-4001", "line_number": "1", "base_quantity": "1"}
    return {
        "request_number": f"R-{n}",
        "account": PINE,
        "invoice_number": f"F-{n}",
        "note": "n",
        "shipments": [],
        "lines": [line],
    }


def _credit_note(n: int) -> dict[str, Any]:
    return {
        "request_number": f"C-{n}",
        "account": PINE,
        "invoice_number": "F-0",
        "credit_note_number": f"G-{n}",
        "reason": "return",
        "with_charges": True,
        "note": "n",
        "lines": [{"line_number": "1", "quantity": "1", "note": "n"}],
    }


def _product(n: int) -> dict[str, Any]:
    counts = {"order_minimum": "1", "order_multiple": "1", "lead_time_days": "1", "net_weight_kg": "1.5"}
    said = {"gtin": "09521234001072", "status": "active", "replaced_by": "GLUE-NEW", "sales_unit": "EA"}
    names = {"product": f"P-{n}", "name": "Putty", "base_unit": "EA", "tax_class": "x", "tracking": "lot"}
    return {**names, **said, **counts}


def _tax(n: int) -> dict[str, Any]:
    where = {"ship_from_country": "SE", "ship_to_country": "NL", "buyer_vat": "any"}
    rate = {"category": "S", "percent": "7", "exemption_code": None}
    return {"tax_class": f"c{n}", **where, **rate, "valid_from": "2026-01-01", "valid_to": "2026-12-31"}


def _count(_: int) -> dict[str, Any]:
    coming = {"next_receipt_date": "2026-12-01", "next_receipt_quantity": "5"}
    place = {"product": "BOLT-M8", "site": "NORTH", "as_of": "2026-11-23T07:00:00+01:00"}
    return {**place, "on_hand": "1200", "reserved_other": "0", **coming}


def _price(n: int) -> dict[str, Any]:
    price = {"unit": "XBX", "currency": "EUR", "price": "6.00", "base_quantity": "1", "min_quantity": str(n)}
    return {"account": PINE, "product": "BOLT-M8", **price, "valid_from": "2026-01-01", "valid_to": "2027-01-01"}


def _rows(row: Callable[[int], dict[str, Any]]) -> Callable[[int], dict[str, Any]]:
    return lambda n: {"rows": [row(n)]}


CALLS: dict[tuple[str, str], Callable[[int], dict[str, Any]]] = {
    ("PUT", "/v1/backoffice/products"): _rows(_product),
    ("PUT", "/v1/backoffice/packs"): _rows(
        lambda n: {"product": f"P-{n}", "unit": "XCT", "quantity": "12", "gtin": None, "gross_weight_kg": "2"}
    ),
    ("PUT", "/v1/backoffice/taxes"): _rows(_tax),
    ("PUT", "/v1/backoffice/stock"): _rows(_count),
    ("PUT", "/v1/backoffice/prices"): _rows(_price),
    ("POST", _DECISION): _decision,
    ("POST", "/v1/backoffice/shipments"): _full_shipment,
    ("POST", "/v1/backoffice/invoices"): _invoice,
    ("POST", "/v1/backoffice/credit_notes"): _credit_note,
    ("POST", "/v1/backoffice/deliveries"): lambda _: {
        "shipment_number": "LS-3",
        "delivered_at": "2026-11-23T10:45:00+01:00",
    },
}
"""Each call, and its document with every member, new for each number."""
EVERY = [pytest.param(call, id=f"{call[0]} {call[1].removeprefix('/v1/backoffice/')}") for call in CALLS]


def test_every_call_with_a_body_is_tried(desk: Desk) -> None:
    described = {
        (method.upper(), path)
        for path, methods in desk.described.items()
        for method, operation in methods.items()
        if path.startswith("/v1/backoffice/") and "requestBody" in operation
    }
    assert described == set(CALLS)


@pytest.mark.parametrize("call", EVERY)
def test_what_is_spoilt_is_taken_as_it_is(desk: Desk, call: tuple[str, str]) -> None:
    """Else nothing behind the reading would be tried."""
    answer = desk.ask(call, written(CALLS[call](1)))
    assert answer.status_code in (200, 201), answer.text
    assert answer.json.get("bad", 0) == 0


# --- what is no document ---------------------------------------------------------------------------------------------
NO_DOCUMENT = {
    "nothing": b"",
    "white space": b" \r\n\t",
    "null": b"null",
    "a list": b"[]",
    "an empty object": b"{}",
    "a text": b'"x"',
    "a number": b"1",
    "a flag": b"true",
    "cut off": b'{"a": [1, ',
    "two": b"{}{}",
    "single quotes": b"{'a': 1}",
    "a comment": b"{/* x */}",
    "XML": b"<a/>",
    "CSV": b"a,b\n1,2\n",
    "zeros": b"\0" * 100,
    "NaN": b'{"rows": NaN}',
    "Infinity": b'{"rows": [-Infinity]}',
    "a key twice": b'{"rows": [], "rows": []}',
    "a key twice, inside": b'{"rows": [{"product": "1", "product": "2"}]}',
    "deep lists": b"[" * 1000 + b"]" * 1000,
    "deep objects": b'{"rows":' * 1000 + b"1" + b"}" * 1000,
    "open without end": b"[" * 100_000,
    "Latin-1": '{"rows": "Grün"}'.encode("latin-1"),
    "UTF-16 that doesn't say so": '{"rows": []}'.encode("utf-16-le"),
    "UTF-32": '{"rows": []}'.encode("utf-32"),
    "half a surrogate pair": b'{"rows": "\xed\xa0\x80"}',
    "half a surrogate pair, as an escape": b'{"rows": "\\ud800"}',
    "more bytes than needed": b'{"rows": "\xc0\x80"}',
    "a control character": b'{"rows": "\0"}',
    "a control character, as an escape": b'{"rows": "\\u0000"}',
    "an exponent": b'{"rows": 1e999999999}',
    "thousands of digits": b'{"rows": ' + b"9" * 5_000 + b"}",
}


@pytest.mark.parametrize("call", EVERY)
def test_what_is_no_document_is_refused(desk: Desk, call: tuple[str, str]) -> None:
    for body in NO_DOCUMENT.values():
        answer = desk.ask(call, body)
        assert_refused(answer)
        assert answer.json["faults"][0]["code"] == answer.json["code"]


def large_bodies() -> dict[str, bytes]:
    """Made when they are asked for: they are a hundred megabytes that no other test is to carry."""
    return {
        "a text": b'{"a": "' + b"x" * 10_000_000 + b'"}',
        "a key": b'{"' + b"x" * 10_000_000 + b'": 1}',
        "white space": b" " * 10_000_000,
        "lists": b"[" * 10_000_000,
        "rows": b'{"rows": [' + b"{}," * 3_000_000 + b"{}]}",
        "wrong rows": b'{"rows": [' + (b'"' + b"x" * 475 + b'",') * 20_000 + b'""]}',
        "numbers": b'{"lines": [' + b"1," * 4_000_000 + b"1]}",
        "members": b"{" + b",".join(b'"k%d": 1' % number for number in range(_MEMBERS)) + b"}",
        "wrong lines": b'{"lines": [' + b'{"a": 1},' * 290_000 + b"{}]}",
        "names": b'{"request_number": "R", "account": "pine-hardware", "shipments": [' + b'"S",' * 2_000_000 + b'"S"]}',
        "more than is taken": b" " * 20_000_001,
    }


@pytest.mark.parametrize("call", EVERY)
def test_ten_megabytes_of_it_are_refused(desk: Desk, call: tuple[str, str]) -> None:
    """With an answer that isn't as long."""
    for what, body in large_bodies().items():
        answer = desk.ask(call, body)
        if what == "wrong rows" and call[0] == "PUT":
            assert (answer.status_code, answer.json["bad"], len(answer.json["faults"])) == (200, 20_001, 10_000)
        else:
            assert_refused(answer)
        assert len(answer.data) < 5_000_000, what


@pytest.mark.parametrize("call", EVERY)
def test_what_is_called_something_else_is_refused(desk: Desk, call: tuple[str, str]) -> None:
    right = written(CALLS[call](1))
    for media_type in (
        "text/plain",
        "application/xml",
        "multipart/form-data",
        "application/x-www-form-urlencoded",
        ";",
    ):
        answer = desk.ask(call, right, Content_Type=media_type)
        assert_refused(answer)
        assert (answer.status_code, answer.json["code"]) == (415, "media_type_unsupported")
        assert "application/json" in answer.headers["Accept"]
    for media_type in ("text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"):
        assert_refused(desk.ask(call, right, Content_Type=media_type))
    for coding, body in (("br", right), ("gzip", right), ("gzip", gzip.compress(b" " * 15_000_000))):
        answer = desk.ask(call, body, Content_Encoding=coding)
        assert_refused(answer)
        assert answer.json["code"] == "encoding_refused"
    for media_type in ("application/json; charset=utf-8", "APPLICATION/JSON"):
        answer = desk.ask(
            call, gzip.compress(written(CALLS[call](2))), Content_Type=media_type, Content_Encoding="gzip"
        )
        assert answer.status_code in (200, 201), answer.text


@pytest.mark.parametrize("name", ["%00", "a%00b", "%ff", "%ED%A0%80", "x" * 5_000, "%F0%9F%8D%8C", "'; --", "%2e%2e"])
def test_an_order_that_there_is_none_of_is_not_there_to_be_decided(desk: Desk, name: str) -> None:
    address = f"/v1/backoffice/orders/{name}/decision"
    answer = desk.gateway.client.post(address, data=written(_decision(1)), headers=desk.headers)
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


# --- what doesn't belong where it stands -----------------------------------------------------------------------------
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 1_795_000_000),
    *map(Written, ("1e30", "1e-30", "1E+400", "-0.0", "1" * 25, "9" * 5_000, "NaN", "Infinity", "-Infinity")),
    *map(Written, ('"\\ud800"', '"\\udc00x"', '"\\ud83d\\ude00"', "[" * 80 + "]" * 80, '{"a":' * 80 + "1" + "}" * 80)),
    *("", " ", "x", "x" * 300, "x" * 100_000, "\0", "\ufffe", "NaN", "-0", "1e5", "+1", "\u0661", "1,5", "9" * 30),
    *("0.00000000001", "2026-02-30", "2026-11-23", "2026-11-23T10:00:00", "0001-01-01T00:00:00-14:00"),
    *("9999-12-31T23:59:59+14:00", "2026-11-23T25:00:00Z", "'; DROP TABLE orders; --", "../.."),
    *([], {}, [[]], [None], [1], {"a": 1}, [{}]),
)


def written(value: Any) -> bytes:
    """As JSON."""

    def text(one: Any) -> str:
        if isinstance(one, Written):
            return str(one)
        if isinstance(one, dict):
            return "{" + ",".join(f"{json.dumps(name)}:{text(each)}" for name, each in one.items()) + "}"
        return f"[{','.join(map(text, one))}]" if isinstance(one, list) else json.dumps(one)

    return text(value).encode()


Steps = tuple[str | int, ...]


def places(value: Any, steps: Steps = ()) -> Iterator[Steps]:
    """The steps to everything inside."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, member in members:
        yield (*steps, step)
        yield from places(member, (*steps, step))


def spoilt(right: dict[str, Any], steps: Steps) -> Iterator[dict[str, Any]]:
    """The document with what stands there replaced, left out, or with members beside it that nobody knows."""
    *above, last = steps
    for value in (*VALUES, ...):
        document = copy.deepcopy(right)
        inside: Any = document
        for step in above:
            inside = inside[step]
        if value is ...:
            del inside[last]
        else:
            inside[last] = value
        yield document
    if isinstance(last, str):
        for name in ("extra/~\u2028", "long/~\u2028" * 20_000, ""):
            document = copy.deepcopy(right)
            inside = document
            for step in above:
                inside = inside[step]
            inside[name] = 1
            yield document


@pytest.mark.parametrize("call", EVERY)
def test_each_member_replaced_by_what_does_not_belong_there(desk: Desk, call: tuple[str, str]) -> None:
    refused = 0
    for steps in places(CALLS[call](0)):
        for document in spoilt(CALLS[call](next(desk.count)), steps):
            answer = desk.ask(call, written(document))
            if answer.status_code >= 400:
                assert_refused(answer)
                refused += 1
            elif call[0] == "PUT":
                refused += answer.json["bad"]
    assert refused > len(VALUES)


@pytest.mark.parametrize(
    "number", ["1e5", "+1", "\u0661", " 1 ", "0x10", "1,5", True, Written("NaN"), [], {}, "9" * 30]
)
@pytest.mark.parametrize("member", ["base_quantity", "backordered", "price"])
def test_a_decision_is_as_exact_as_everything_else(desk: Desk, member: str, number: Any) -> None:
    told = _decision(1)
    told["lines"][0][member] = number
    answer = desk.ask(("POST", _DECISION), written(told))
    assert_refused(answer)
    assert [one["path"] for one in answer.json["faults"]] == [f"/lines/0/{member}"]


@pytest.mark.parametrize("moment", [1_795_000_000, "1795000000", "2026-11-23 10:30:00+01:00", "2026-11-23T10:30:00"])
def test_a_moment_is_a_text_with_its_offset(desk: Desk, moment: Any) -> None:
    """A number of seconds was taken for one."""
    for path, member in (("shipments", "shipped_at"), ("deliveries", "delivered_at")):
        call = ("POST", f"/v1/backoffice/{path}")
        answer = desk.ask(call, written({**CALLS[call](1), member: moment}))
        assert_refused(answer)
        assert [(one["code"], one["path"]) for one in answer.json["faults"]] == [("not_a_date", f"/{member}")]
