"""Bad input gets clear faults and a 4xx, is kept where its sender is known, and breaks nothing."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest

from gateway.services import Limits
from tests.api.builders import MEGABYTE, Gateway, Sender, order, services_at, ubl_order

XML = {"Content-Type": "application/xml"}
GZIP = {"Content-Encoding": "gzip"}
_LAUGHS = "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1};" * 10}">' for n in range(1, 10))
UBL_ROOT = '<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2">'
BILLION_LAUGHS = f'<!DOCTYPE Order [<!ENTITY lol0 "lol">{_LAUGHS}]>{UBL_ROOT}&lol9;</Order>'
INTERNAL_DTD = ubl_order(prolog="<!DOCTYPE Order [<!ENTITY x 'y'>]>")
DEEP_XML = UBL_ROOT + "<a>" * 1000 + "</a>" * 1000 + "</Order>"
LATIN_1_JSON = json.dumps(order("Grün"), ensure_ascii=False).encode("latin-1")
LATIN_1 = '<?xml version="1.0" encoding="ISO-8859-1"?>'
UTF_16 = '<?xml version="1.0" encoding="UTF-16"?>'
DEEP = b"[" * 1000 + b"]" * 1000


def refused(response: Any, status: int, code: str) -> dict[str, Any]:
    """The problem, after checking that it is one."""
    assert (response.status_code, response.json["code"]) == (status, code), response.json
    assert response.mimetype == "application/problem+json"
    assert response.json["status"] == status
    assert response.json["type"] == f"/v1/docs/faults/{code}"
    assert response.json["title"]
    assert response.json["detail"]
    return dict(response.json)


UNREADABLE = [
    pytest.param(b'{"order_number": NaN}', {}, 400, "json_number", id="NaN"),
    pytest.param(b'{"order_number": "1", "order_number": "2"}', {}, 400, "json_duplicate_key", id="duplicate key"),
    pytest.param(b'{"lines": ' + DEEP + b"}", {}, 400, "json_too_deep", id="depth 1000"),
    pytest.param(b'{"order_number": "PO-1"', {}, 400, "json_not_valid", id="truncated JSON"),
    pytest.param(LATIN_1_JSON, {}, 400, "unknown_encoding", id="JSON in Latin-1"),
    pytest.param(b"", {}, 400, "empty_body", id="nothing"),
    pytest.param(b" \r\n ", {}, 400, "empty_body", id="white space"),
    pytest.param(b"ISA*00*          *00*", {}, 415, "unknown_format", id="a format nobody knows"),
    pytest.param(ubl_order().encode()[:-40], XML, 400, "xml_not_well_formed", id="truncated XML"),
    pytest.param(INTERNAL_DTD.encode(), XML, 400, "xml_doctype_refused", id="internal DTD"),
    pytest.param(BILLION_LAUGHS.encode(), XML, 400, "xml_doctype_refused", id="billion laughs"),
    pytest.param(DEEP_XML.encode(), XML, 400, "xml_limit", id="XML of depth 1000"),
    pytest.param(ubl_order(note="Grün").encode("latin-1"), XML, 400, "unknown_encoding", id="Latin-1 called UTF-8"),
]


@pytest.mark.parametrize(("body", "headers", "status", "code"), UNREADABLE)
def test_unreadable_bytes_are_kept_and_refused(
    gateway: Gateway, acme: Sender, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    problem = refused(gateway.send(acme, body, **headers), status, code)
    assert code in [fault["code"] for fault in problem["faults"]]
    assert all(set(fault) == {"code", "path", "location", "detail", "value", "expected"} for fault in problem["faults"])
    message = gateway.client.get(f"/v1/messages/{problem['message_id']}", headers=acme.headers).json
    assert message["status"] == "rejected"
    assert message["faults"] == problem["faults"]
    assert gateway.services.store.messages.body(problem["message_id"]) == body
    assert gateway.work() == 0


READABLE = [
    pytest.param(json.dumps(order()).encode("utf-8-sig"), {}, id="JSON with BOM"),
    pytest.param(ubl_order().encode("utf-8-sig"), XML, id="XML with BOM"),
    pytest.param(ubl_order(prolog=UTF_16).encode("utf-16"), XML, id="XML in UTF-16"),
    pytest.param(ubl_order(prolog=LATIN_1, note="Grün").encode("latin-1"), XML, id="XML in Latin-1 that says so"),
]


@pytest.mark.parametrize(("body", "headers"), READABLE)
def test_what_can_be_read_is_read(gateway: Gateway, acme: Sender, body: bytes, headers: dict[str, str]) -> None:
    taken = gateway.send(acme, body, **headers)
    assert taken.status_code == 202
    gateway.work()
    message = gateway.client.get(taken.headers["Location"], headers=acme.headers).json
    assert (message["status"], message["order_number"]) == ("done", "PO-1")


def test_every_fault_of_a_document_comes_at_once(gateway: Gateway, acme: Sender) -> None:
    problem = refused(gateway.send(acme, b'{"a": 1, "a": 2, "b": NaN, "c": Infinity}'), 400, "json_duplicate_key")
    assert [fault["path"] for fault in problem["faults"]] == ["/a", "/b", "/c"]


def test_wrong_content_is_the_workers_to_find(gateway: Gateway, acme: Sender) -> None:
    wrong = {"order_number": "", "lines": [{"line_number": "1", "quantity": "zero"}], "colour": "red"}
    taken = gateway.send(acme, wrong)
    assert taken.status_code == 202
    gateway.work()
    message = gateway.client.get(taken.headers["Location"], headers=acme.headers).json
    assert message["status"] == "rejected"
    assert sorted((fault["code"], fault["path"]) for fault in message["faults"]) == [
        ("missing_field", "/order_number"),
        ("not_a_number", "/lines/0/quantity"),
        ("unknown_field", "/colour"),
    ]


def test_a_format_that_is_not_agreed_is_named(gateway: Gateway, delta: Sender) -> None:
    problem = refused(gateway.send(delta, ubl_order().encode(), **XML), 415, "format_not_agreed")
    assert "ubl-2.1" in problem["detail"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_xml_of_an_account_of_json_names_what_is_agreed(gateway: Gateway, delta: Sender, encoding: str) -> None:
    problem = refused(gateway.send(delta, "\n <Bestellung/>".encode(encoding), **XML), 415, "unknown_format")
    assert "looks like XML" in problem["detail"]
    assert [fault["expected"] for fault in problem["faults"]] == ["json-1"]


@pytest.mark.parametrize("body", [b'{"order_number": "PO-1"}', b" [1"])
def test_json_of_an_account_of_xml_names_what_is_agreed(gateway: Gateway, body: bytes) -> None:
    sender = gateway.account("omega", inbound={"formats": ["ubl-2.1"]})
    problem = refused(gateway.send(sender, body), 415, "format_not_agreed")
    assert "json-1" in problem["detail"]
    assert [fault["expected"] for fault in problem["faults"]] == ["ubl-2.1"]


# --- sizes and encodings ------------------------------------------------------------
def test_a_body_over_the_limit_is_refused_by_its_length(gateway: Gateway, acme: Sender) -> None:
    problem = refused(gateway.send(acme, b"{" + b" " * MEGABYTE), 413, "body_too_large")
    assert "1000000" in problem["detail"]
    assert gateway.services.store.messages.page() == []


def test_21_megabytes_are_over_the_default_limit(tmp_path: Any) -> None:
    gateway = Gateway(services_at(f"sqlite:///{tmp_path / 'g.db'}", f"unix://{tmp_path / 'no.sock'}", Limits()))
    try:
        sender = gateway.account("acme")
        problem = refused(gateway.send(sender, b"[" * 21_000_000), 413, "body_too_large")
        assert "20000000" in problem["detail"]
    finally:
        gateway.close()


def test_gzip_is_taken(gateway: Gateway, acme: Sender) -> None:
    body = json.dumps(order()).encode()
    taken = gateway.send(acme, gzip.compress(body[:20], mtime=0) + gzip.compress(body[20:], mtime=0), **GZIP)
    assert taken.status_code == 202
    assert gateway.services.store.messages.body(taken.json["message_id"]) == body


def test_a_gzip_bomb_is_refused_before_it_is_unpacked(gateway: Gateway, acme: Sender) -> None:
    dense = gzip.compress(b" " * 900_000, mtime=0)
    problem = refused(gateway.send(acme, dense, **GZIP), 413, "encoding_refused")
    assert "100 times" in problem["detail"]
    mixed = gzip.compress(bytes(range(256)) * 40 + b" " * 3_000_000 + _noise(60_000))
    assert len(mixed) * 100 > MEGABYTE
    problem = refused(gateway.send(acme, mixed, **GZIP), 413, "body_too_large")
    assert "once unzipped" in problem["detail"]
    assert gateway.services.store.messages.page() == []


def _noise(length: int) -> bytes:
    return b"".join(zlib.crc32(str(number).encode()).to_bytes(4, "big") for number in range(length // 4))


@pytest.mark.parametrize(
    ("coding", "body", "status"),
    [
        ("gzip", b"{}", 400),
        ("gzip", b"", 202),
        ("gzip", gzip.compress(b"{}", mtime=0)[:-4], 400),
        ("gzip", gzip.compress(b"{}", mtime=0) + b"more", 400),
        ("gzip", gzip.compress(b"", mtime=0) * 1000, 400),
        ("br", b"{}", 415),
        ("gzip, gzip", gzip.compress(gzip.compress(b"{}", mtime=0), mtime=0), 415),
    ],
)  # fmt: skip
def test_broken_and_unknown_encodings_are_refused(
    gateway: Gateway, acme: Sender, coding: str, body: bytes, status: int
) -> None:
    answer = gateway.send(acme, body, **{"Content-Encoding": coding})
    if body:
        refused(answer, status, "encoding_refused")
        assert (answer.headers.get("Accept-Encoding") is not None) == (status == 415)
    else:
        refused(answer, 400, "encoding_refused")
    assert gateway.services.store.messages.page() == []


@pytest.mark.parametrize(
    "media_type",
    ["application/json; charset=utf-8", "APPLICATION/JSON", "application/xml", "text/xml;charset=utf-8", ""],
)
def test_the_bytes_tell_the_format_whichever_of_our_types_is_named(
    gateway: Gateway, acme: Sender, media_type: str
) -> None:
    assert gateway.send(acme, order(), **{"Content-Type": media_type}).status_code == 202


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x"])
def test_other_media_types_are_refused_with_those_that_are_taken(
    gateway: Gateway, acme: Sender, media_type: str
) -> None:
    answer = gateway.send(acme, order(), **{"Content-Type": media_type})
    problem = refused(answer, 415, "media_type_unsupported")
    assert "application/json, application/xml, text/xml" in problem["detail"]
    assert answer.headers["Accept"] == "application/json, application/xml, text/xml"
    assert ("curl" in problem["detail"]) == ("urlencoded" in media_type)
    assert "application/json" in problem["detail"].partition("text/xml")[2]


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (b'{"order_number": 1}', "add -H 'Content-Type: application/json'."),
        (ubl_order().encode(), "add -H 'Content-Type: application/xml'."),
        (b"ISA*00*", "add a -H 'Content-Type: …' of these."),
        (b"", "add a -H 'Content-Type: …' of these."),
    ],
)
def test_whoever_forgot_the_media_type_is_told_that_of_the_bytes(
    gateway: Gateway, acme: Sender, body: bytes, hint: str
) -> None:
    forgotten = {"Content-Type": "application/x-www-form-urlencoded"}
    assert hint in refused(gateway.send(acme, body, **forgotten), 415, "media_type_unsupported")["detail"]


@pytest.mark.parametrize("body", [json.dumps(order()).encode(), ubl_order().encode()])
def test_without_a_media_type_the_bytes_tell_the_format(gateway: Gateway, acme: Sender, body: bytes) -> None:
    assert gateway.client.post("/v1/orders", data=body, headers=acme.headers).status_code == 202


def test_a_body_shorter_than_declared_is_no_document(gateway: Gateway, acme: Sender) -> None:
    body = json.dumps(order()).encode()
    environ = {"CONTENT_LENGTH": str(len(body) + 1)}
    headers = {**acme.headers, "Content-Type": "application/json"}
    answer = gateway.client.post("/v1/orders", data=body, headers=headers, environ_overrides=environ)
    refused(answer, 400, "bad_parameter")
    for length in ("-1", "ten", "9" * 40):
        answer = gateway.client.post(
            "/v1/orders", data=body, headers=headers, environ_overrides={"CONTENT_LENGTH": length}
        )
        refused(answer, 400, "bad_parameter")
    assert gateway.services.store.messages.page() == []


@pytest.mark.parametrize(("size", "status"), [(MEGABYTE, 202), (MEGABYTE + 1, 413), (3 * MEGABYTE, 413)])
def test_a_server_that_ends_the_stream_itself_is_read_one_byte_further(
    gateway: Gateway, acme: Sender, size: int, status: int
) -> None:
    body = json.dumps(order()).encode().ljust(size)
    overrides = {"CONTENT_LENGTH": "", "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    headers = {**acme.headers, "Content-Type": "application/json"}
    answer = gateway.client.post("/v1/orders", data=body, headers=headers, environ_overrides=overrides)
    assert answer.status_code == status
    assert len(gateway.services.store.messages.page()) == (1 if status == 202 else 0)


def test_chunks_that_the_server_can_not_end_need_a_length(gateway: Gateway, acme: Sender) -> None:
    overrides = {"CONTENT_LENGTH": "", "wsgi.input_terminated": False, "HTTP_TRANSFER_ENCODING": "chunked"}
    headers = {**acme.headers, "Content-Type": "application/json"}
    answer = gateway.client.post("/v1/orders", data=b"{}", headers=headers, environ_overrides=overrides)
    refused(answer, 411, "bad_parameter")


# --- addresses ------------------------------------------------------------
@pytest.mark.parametrize(
    "address", ["/v1/docs/", "/v2", "/v1/nothing", "/v1/orders/", "/v1//orders", "/v1/messages/", "/%00", "/%ff"]
)
def test_an_address_that_is_none_is_not_found(gateway: Gateway, acme: Sender, address: str) -> None:
    refused(gateway.client.get(address, headers=acme.headers), 404, "not_found")


@pytest.mark.parametrize("name", ["%00", "a%00b", "%ff%fe", "..%2f..%2fetc", "x" * 5000, "%F0%9F%8D%8C", "' OR 1=1 --"])
@pytest.mark.parametrize("kind", ["messages", "orders", "documents"])
def test_names_that_nothing_has_are_not_found(gateway: Gateway, acme: Sender, kind: str, name: str) -> None:
    refused(gateway.client.get(f"/v1/{kind}/{name}", headers=acme.headers), 404, "not_found")


def test_other_methods_are_told_which_are_taken(gateway: Gateway, acme: Sender) -> None:
    answer = gateway.client.delete("/v1/documents", headers=acme.headers)
    refused(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD"
    refused(gateway.client.open("/v1/orders", method="OPTIONS"), 405, "method_not_allowed")


def test_a_bug_shows_nothing_of_itself(gateway: Gateway, acme: Sender, monkeypatch: Any, caplog: Any) -> None:
    def break_down(*_: object) -> None:
        raise RuntimeError("the secret 4711")

    monkeypatch.setattr(gateway.services.store.messages, "one", break_down)
    answer = gateway.client.get("/v1/messages/x", headers=acme.headers)
    problem = refused(answer, 500, "internal_error")
    assert "4711" not in answer.text
    (logged,) = [record for record in caplog.records if record.name == "gateway.api.problems"]
    assert logged.args[0] in problem["detail"]
