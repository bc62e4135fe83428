"""Without a tree exactly that is refused which the tree's parser refuses, with the same faults; and what would make
too large a tree is refused before there is one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.faults import DocumentRejected
from schemas.formats.large_xml import _start_tag_end, judged_root, root_of
from schemas.formats.ubl_2_1 import UBL_2_1
from schemas.formats.ubl_2_1.codec import LARGE_BODY, _orders
from schemas.formats.xml import MAX_MARKUP, parse
from tests.formats.test_xml import LARGE, REFUSED

ROOT = Path(__file__).resolve().parents[2]
FORMAT = ROOT / "schemas" / "formats" / "ubl_2_1" / "examples"
DOCUMENTS = sorted(
    [*FORMAT.rglob("*.xml"), *(ROOT / "tests" / "examples").rglob("*.xml"), *ROOT.glob("mappings/**/*.xml")]
)
TEN_MILLION = b"x" * 10_000_001

ODD = [
    *(b"<a>" * depth + b"</a>" * depth for depth in (2, 255, 256, 257, 258, 1000)),
    b"<a>" + b"<b></b>" * 200_000 + b"<c></a>",
    b"<a>" + TEN_MILLION + b"</a>",
    b"<a>" + TEN_MILLION[:-1] + b"</a>",
    b"<a>" + (b"x" * 5_000_001 + b"<!-- < -->") * 2 + b"</a>",
    b"<a>" + (b"x" * 5_000_001 + b"<?x < ?>") * 2 + b"</a>",
    b"<a><![CDATA[" + TEN_MILLION + b"]]></a>",
    b"<a><!--" + TEN_MILLION + b"--></a>",
    b'<a b="' + TEN_MILLION + b'"></a>',
    b'<?xml version="1.0" encoding="windows-1252"?><a>' + b"\x80" * 3_400_000 + b"</a>",
    "<a><b>Größe</b></a>".encode("utf-16"),
    b"<" + b"a" * 50_001 + b"></" + b"a" * 50_001 + b">",
    b'<a xml:id="1x"></a>',
    b'<a><b xml:id="x"/><b xml:id="x"/></a>',
    b'<a xml:lang="??" xml:space="foo" xmlns:x="rel"></a>',
    b"<a><one-level-more></a>",
    b"<a></one-level-more><b></b><one-level-more></a>",
    b"<a><b/></a><!-- </a> -->",
    b"<a b='>' c='</a>'>1</a>",
    b"<a ><b/></a >",
    b"<a/>",
    b"<a></a><a></a>",
    b"<a></a>x",
    b"<a></a>\x00",
    b"<a></a>\n\n",
    b"\xef\xbb\xbf<a>1</a>",
    b"<!-- <b> --><?x <b>?><a>1</a>",
    b"\n" * 70_000 + b"<a>1</a>",
    b'<a b="1" c="2" b="3"></a>',
    b'<x:a xmlns:x="u" y:b="1" xmlns:y="u" x:b="2"></x:a>',
    b"<a:b:c xmlns:a='u'></a:b:c>",
    b"<x:a></x:a>",
    b'<?xml version="2.0"?><a>1</a>',
    b"<a>]]></a>",
    b"<a><?xml version='1.0'?></a>",
    b"<a>&#0;</a>",
    b'<a b="&unknown;"></a>',
    b"<a>\xed\xa0\x80</a>",
    b"<a>" + b"=" * MAX_MARKUP + b"</a>",
    b"<a>\n" + b"=" * (MAX_MARKUP - 2) + b"</a>",
]


def verdict(judge: Any, body: bytes) -> Any:
    try:
        root = judge(body)
    except DocumentRejected as refused:
        return refused.faults
    return root.tag, root.sourceline


@pytest.mark.parametrize("body", [*REFUSED, *LARGE, *ODD], ids=range(len(REFUSED) + len(LARGE) + len(ODD)))
def test_the_judgement_is_the_parsers(body: bytes) -> None:
    assert verdict(judged_root, body) == verdict(parse, body)


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_the_judgement_is_the_parsers_whatever_is_broken(data: st.DataObject) -> None:
    body = bytearray("<?xml version='1.0'?><a x='1'>t<b>Größe</b><!-- c --><c><b/></c>u<b y='2'>&amp;</b></a>".encode())
    pieces = [b"<b>", b"</b>", b"<!--", b"&#1;", b"]]>", b"<?x?>", b"</a>", b"<a>", b"one-level-more", b" xml:id='1'"]
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(body)))
        end = data.draw(st.integers(start, min(len(body), start + 8)))
        body[start:end] = data.draw(st.one_of(st.binary(max_size=4), st.sampled_from(pieces)))
    assert verdict(judged_root, bytes(body)) == verdict(parse, bytes(body))


def test_most_documents_are_judged_without_their_trees() -> None:
    for body in (b"<a>1<b/></a>", b"<!-- c --><a x='1'>1<b/></a>", b"<a>" + b"<b>1</b>" * 600_000 + b"</a>"):
        assert len(parse(body)) > 0
        assert len(judged_root(body)) == 0


def test_a_root_is_told_by_its_start_tag_alone() -> None:
    root = root_of(b"<?xml version='1.0'?>\n<x:a xmlns:x='u' b='>'>and whatever follows &")
    assert root is not None
    assert (root.tag, root.sourceline, root.get("b")) == ("{u}a", 2, ">")
    for body in (b"<a/>", b"hello", b"<a b=1>", "<a>".encode("utf-16"), b"<!DOCTYPE a><a>"):
        assert root_of(body) is None


# --- the check of large documents ---------------------------------------------------------------------------------
def checked(body: bytes) -> Any:
    try:
        UBL_2_1.check(body)
    except DocumentRejected as refused:
        return refused.faults
    return "taken"


def checked_with_its_tree(body: bytes) -> Any:
    try:
        _orders(parse(body))
    except DocumentRejected as refused:
        return refused.faults
    return "taken"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_large_document_is_checked_as_with_its_tree(path: Path) -> None:
    body = path.read_bytes()
    for large in (body + b"\n" * LARGE_BODY, b"\n" * LARGE_BODY + body):
        assert checked(large) == checked_with_its_tree(large)


def test_the_corpus_documents_are_checked_as_with_their_trees(corpus_dir: Path) -> None:
    documents = sorted((corpus_dir / "ubl").rglob("*.xml"))
    assert documents
    for path in documents:
        large = path.read_bytes() + b"\n" * LARGE_BODY
        assert checked(large) == checked_with_its_tree(large), path.name


# --- too much markup ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "location"),
    [
        (b"<a>" + b"<b/>" * MAX_MARKUP, f"line 1, column {4 * MAX_MARKUP}"),
        (b"<a>\n" + b"<b/>\n" * MAX_MARKUP, f"line {MAX_MARKUP + 1}, column 1"),
        (b"<a>\n  " + b"=" * MAX_MARKUP + b"</a>", f"line 2, column {MAX_MARKUP + 2}"),
        (("<a>ß\n" + "<ß/>\n" * MAX_MARKUP).encode("utf-16"), f"line {MAX_MARKUP + 1}, column 1"),
        (b'<a b="' + b"<" * MAX_MARKUP, f"line 1, column {MAX_MARKUP + 5}"),
    ],
)
def test_too_much_markup_is_refused_with_the_place_where_it_becomes_too_much(body: bytes, location: str) -> None:
    (fault,) = verdict(parse, body)
    assert (fault.code, fault.location) == ("xml_limit", location)
    assert "2,000,000" in str(fault.expected)
    assert verdict(judged_root, body) == (fault,)


def test_an_order_with_a_large_file_and_as_much_markup_as_is_taken_is_read() -> None:
    """Base64 and texts have hardly any of the signs."""
    path = FORMAT / "order" / "peppol-five-lines.xml"
    body = path.read_bytes()
    room = MAX_MARKUP - body.count(b"<") - body.count(b"=")
    file = b"QUJD" * 2_000_000
    reference = (
        b"<cac:AdditionalDocumentReference><cbc:ID>1</cbc:ID><cac:Attachment><cbc:EmbeddedDocumentBinaryObject>"
        + file
        + b"</cbc:EmbeddedDocumentBinaryObject></cac:Attachment></cac:AdditionalDocumentReference>"
    )
    comment = b"<!--" + b"<" * (room - reference.count(b"<") - 1) + b"-->"
    at = body.index(b"<cac:BuyerCustomerParty>")
    large = body[:at] + reference + comment + body[at:]
    assert large.count(b"<") + large.count(b"=") == MAX_MARKUP
    UBL_2_1.check(large)
    (read,) = UBL_2_1.parse_orders(large)
    assert [len(file) for file in read.attachments.values()] == [6_000_000]
    (fault,) = checked(large[:at] + b"<!-- = -->" + large[at:])
    assert fault.code == "xml_limit"
    assert json.loads(json.dumps(fault.as_json()))["expected"] == "at most 2,000,000 signs < and ="


@pytest.mark.parametrize(
    ("tag", "end"),
    [
        (b"Order>x", 6),
        (b"Order xmlns='urn:x'\n  xmlns:cac = \"y\" >x", 39),
        (b'a b="1" c>', None),
        (b'a b="1"/>', None),
        (b"a b='<'>", None),
        (b"a " + b"b" * 70_000 + b"='1'>", None),
    ],
)
def test_a_start_tag_ends_alike_on_every_python(tag: bytes, end: int | None) -> None:
    found = _start_tag_end(b"<" + tag)
    assert found == (None if end is None else end + 1)
