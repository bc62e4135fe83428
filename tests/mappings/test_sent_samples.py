"""Samples of what we send, as a folder has them: which file is what, and every mistake with its place."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from gateway.samples import samples_in
from mappings.files.account_folder import read_folder
from mappings.files.sent_samples import sent_samples_in
from schemas.faults import DocumentRejected

ROOT = Path(__file__).resolve().parents[2]
LINDEN = ROOT / "tests" / "examples" / "accounts" / "linden-works"
RESPONSE = {"number": "OR-1", "order_number": "PO-1", "issue_date": "2026-11-24", "outcome": "received", "lines": []}


def folder_with(at: Path, samples: dict[str, bytes]) -> Path:
    account = Path(shutil.copytree(LINDEN, at / "linden-works"))
    (account / "samples").mkdir()
    for name, body in samples.items():
        (account / "samples" / name).write_bytes(body)
    return account


def document(**members: object) -> bytes:
    return json.dumps(RESPONSE | members).encode()


def test_the_kind_in_the_name_tells_them_from_orders() -> None:
    files = {
        "01-dozen.json": b"{}",
        "01-dozen.expected.json": b'{"status": "done"}',
        "02.order_response.json": b"[2]",
        "02.order_response.expected.xml": b"<two/>",
        "03.invoice.json": b"[3]",
        "04-invoice.json": b"{}",
    }
    sent = [(one.name, one.kind, one.body, one.layout, one.expected) for one in sent_samples_in(files)]
    assert sent == [
        ("02.order_response.json", "order_response", b"[2]", "xml", b"<two/>"),
        ("03.invoice.json", "invoice", b"[3]", None, None),
    ]
    orders = [(one.name, one.expected) for one in samples_in(files)]
    assert orders == [("01-dozen.json", {"status": "done"}), ("04-invoice.json", None)]


def test_a_folder_keeps_them(tmp_path: Path) -> None:
    samples = {"01.order_response.json": document(), "01.order_response.expected.json": b"{}"}
    read = read_folder(folder_with(tmp_path, samples))
    assert (read.faults, read.samples) == ((), samples)


@pytest.mark.parametrize(
    ("samples", "detail", "expected"),
    [
        (
            {"01.order_response.json": document(outcome="fine")},
            "samples/01.order_response.json /outcome: outcome must be accepted, changed",
            "accepted, changed, rejected or received",
        ),
        (
            {"01.order_response.json": b'{"number": }'},
            "samples/01.order_response.json line 1 column 12 (character 12): Expecting value",
            "RFC 8259 JSON",
        ),
        (
            {"01.order_response.json": document(), "01-a.order_response.expected.csv": b"a;b"},
            "samples/01-a.order_response.expected.csv belongs to no sample",
            "perhaps 01.order_response.expected.csv",
        ),
        (
            {"unseen.invoice.expected.xml": b"<a/>"},
            "samples/unseen.invoice.expected.xml belongs to no sample",
            "a document unseen.invoice.json beside it",
        ),
        (
            {
                "01.order_response.json": document(),
                "01.order_response.expected.csv": b"a;b",
                "01.order_response.expected.json": b"{}",
            },
            "samples/01.order_response.expected.json expects another layout than samples/01.order_response.expected",
            "one of the two",
        ),
        (
            {"01.order_response.json": document(), "01.order_response.expected.json": b'{"a": 1, "a": 2}'},
            "samples/01.order_response.expected.json /a: the key stands twice in its object",
            None,
        ),
        (
            {"01.order_response.json": document(), "01.order_response.expected.xml": b"<a>\n<b></a>"},
            "samples/01.order_response.expected.xml line 2",
            None,
        ),
        (
            {"01.order_response.json": document(), "01.order_response.expected.csv": b"St\xfcck"},
            "samples/01.order_response.expected.csv: byte 3 is no UTF-8",
            "UTF-8",
        ),
        (
            {"01.despatch_advice.xml": b"<a/>"},
            "samples/01.despatch_advice.xml is no sample of what we send",
            "01.despatch_advice.json, or 01.despatch_advice.expected. with json, xml or csv",
        ),
    ],
)  # fmt: skip
def test_a_sample_that_would_try_nothing_is_a_fault(
    tmp_path: Path, samples: dict[str, bytes], detail: str, expected: str | None
) -> None:
    (fault,) = read_folder(folder_with(tmp_path, samples)).faults
    assert fault.detail.startswith(detail)
    assert fault.location.startswith(f"samples/{detail.split()[0].removeprefix('samples/').rstrip(':')}")
    assert expected is None or fault.expected == expected


def test_a_credit_note_is_not_called_an_invoice() -> None:
    example = ROOT / "schemas" / "formats" / "json_1" / "examples" / "credit_note"
    body = next(iter(sorted(example.glob("*.json")))).read_bytes()
    (wrong,) = sent_samples_in({"01.invoice.json": body})
    with pytest.raises(DocumentRejected) as refused:
        wrong.document()
    (fault,) = refused.value.faults
    assert (fault.path, fault.value, fault.expected) == ("/type", "credit_note", "invoice")
    (right,) = sent_samples_in({"01.credit_note.json": body})
    right.document()
