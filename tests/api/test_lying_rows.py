"""Rows that a spreadsheet has spoilt, sent over HTTP: the good row is stored, each bad one named with its place."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
from typing import Any

import pytest

from gateway.backoffice.uploads import CSV, JSON, XLSX
from tests.api.builders import Gateway, Sender
from tests.lying_rows import SENT, Sent, cells, csv_of, letter, texts, xlsx_of

EVERY = list(SENT)


@pytest.fixture
def office(gateway: Gateway, acme: Sender) -> Sender:
    """The back office, with a key of its own; the prices are acme's."""
    key, text = gateway.services.store.keys.create(None, actor="test")
    return Sender(key.id, text)


def sent_rows(what: str) -> Sent:
    """The table as it is sent here: a price has its account."""
    sent = SENT[what]
    return Sent({"account": "acme", **sent.good}, sent.text, sent.number, sent.day) if what == "prices" else sent


def put(gateway: Gateway, office: Sender, what: str, body: bytes, media_type: str) -> Any:
    headers = {"Content-Type": media_type, **office.headers}
    return gateway.client.put(f"/v1/backoffice/{what}", data=body, headers=headers)


def stored(gateway: Gateway, what: str) -> list[Any]:
    """What there is of these rows, as it is looked up."""
    catalogue = gateway.services.terms.catalogue()
    if what == "stock":
        return [one.counted.product for one in gateway.services.store.stock.standing()]
    if what == "prices":
        return list(gateway.services.terms.current(["acme"])["acme"].prices)
    return {
        "products": [one for one in catalogue.products if one != "OAT-1L"],
        "packs": [product for product, _ in catalogue.packs],
        "taxes": [row.tax_class for row in catalogue.taxes],
    }[what]


@pytest.mark.parametrize("what", EVERY)
@pytest.mark.parametrize("media_type", [JSON, CSV])
def test_each_lie_is_named_and_only_the_good_row_is_stored(
    gateway: Gateway, office: Sender, what: str, media_type: str
) -> None:
    sent, lies = sent_rows(what), list(texts(what))
    rows = [sent.good, *(sent.lying(column, lie) for column, lie, _ in lies)]
    body = csv_of(rows) if media_type == CSV else json.dumps({"rows": rows}).encode()
    answer = put(gateway, office, what, body, media_type)
    assert (answer.status_code, answer.json["stored"], answer.json["bad"]) == (200, 1, len(lies))
    told = [one for one in answer.json["faults"] if one["code"] != "duplicate_row"]
    for index, (fault, (column, lie, said)) in enumerate(zip(told, lies, strict=True), 1):
        place = f"/rows/{index}/{column}"
        location = place if media_type == JSON else f"{what}.csv line {index + 2}"
        assert (fault["row"], fault["path"], fault["location"], fault["value"]) == (index, place, location, lie)
        assert said in fault["detail"]
    assert stored(gateway, what) == ["0043"]


@pytest.mark.parametrize("what", EVERY)
def test_each_lie_of_a_spreadsheet_is_named_and_only_the_good_row_is_stored(
    gateway: Gateway, office: Sender, what: str
) -> None:
    sent = sent_rows(what)
    for column, cell, form, shown, said in cells(what):
        rows = [sent.good, sent.lying(column, cell)]
        answer = put(gateway, office, what, xlsx_of(rows, {column: form} if form else None), XLSX)
        assert (answer.status_code, answer.json["bad"]) == (200, 1), answer.json
        (fault,) = answer.json["faults"]
        place = f"{what}.xlsx row 3, cell {letter(rows, column)}3"
        assert (fault["path"], fault["location"], fault["value"]) == (f"/rows/1/{column}", place, shown)
        assert said in fault["detail"]
    assert stored(gateway, what) == ["0043"]


@pytest.mark.parametrize("what", EVERY)
@pytest.mark.parametrize("number", [42, 4.01e12, 4012345000016.0, True])
def test_a_json_number_is_no_text(gateway: Gateway, office: Sender, what: str, number: float) -> None:
    """A program that made numbers of them has lost the zeros before it wrote JSON."""
    sent = sent_rows(what)
    body = json.dumps({"rows": [sent.lying(sent.text, number), sent.good]}).encode()
    answer = put(gateway, office, what, body, JSON)
    (fault,) = answer.json["faults"]
    assert (fault["code"], fault["path"], answer.json["stored"]) == ("bad_value", f"/rows/0/{sent.text}", 1)
    assert stored(gateway, what) == ["0043"]


@pytest.mark.parametrize("what", EVERY)
@pytest.mark.parametrize(
    ("encoding", "delimiter", "said"),
    [
        ("latin-1", ";", "line 2: is not UTF-8 text"),
        ("latin-1", ",", "line 2: is not UTF-8 text"),
        ("utf-16", ",", "line 1: is not UTF-8 text"),
        ("utf-8", ";", "line 1: columns are separated by ';'"),
    ],
)
def test_a_file_as_spreadsheets_here_write_it_is_refused_whole(
    gateway: Gateway, office: Sender, what: str, encoding: str, delimiter: str, said: str
) -> None:
    sent = sent_rows(what)
    rows = [{**sent.good, sent.text: "Öl", sent.number: "12,5"}]
    answer = put(gateway, office, what, csv_of(rows, encoding, delimiter), f"{CSV}; charset=iso-8859-1")
    assert (answer.status_code, answer.json["code"]) == (400, "file_not_readable")
    assert said in answer.json["detail"]
    assert stored(gateway, what) == []


def marked(book: bytes, local: int, central: int, value: int) -> bytes:
    """The file with this number in a field of every member's headers: so many bytes behind the signature of its own
    and of the directory's (APPNOTE.TXT 4.3.7, 4.3.12)."""
    spoilt = bytearray(book)
    for signature, offset in ((b"PK\x03\x04", local), (b"PK\x01\x02", central)):
        at = spoilt.find(signature)
        while at >= 0:
            struct.pack_into("<H", spoilt, at + offset, value)
            at = spoilt.find(signature, at + 4)
    return bytes(spoilt)


def test_a_spreadsheet_that_was_damaged_or_is_locked_is_refused_whole(gateway: Gateway, office: Sender) -> None:
    good = xlsx_of([sent_rows("stock").good])
    bodies = [
        marked(good, 6, 8, 1),  # encrypted
        marked(good, 6, 8, 0x40),  # strongly
        marked(good, 8, 10, 99),  # a compression that nobody knows
        marked(good, 8, 10, 14),  # LZMA, it says
        marked(good, 4, 6, 200),  # of a later version of ZIP
    ]
    chance = random.Random(3)  # seeded: the same bytes each time
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        first = archive.infolist()[0]
    body = range(first.header_offset + 60, first.header_offset + 60 + first.compress_size // 2)
    for _ in range(60):
        spoilt = bytearray(good)
        spoilt[chance.choice(body)] ^= 1 << chance.randrange(8)
        bodies.append(bytes(spoilt))
    for body_sent in bodies:
        answer = put(gateway, office, "stock", body_sent, XLSX)
        assert (answer.status_code, answer.json["code"]) == (400, "file_not_readable"), answer.text
    assert stored(gateway, "stock") == []
