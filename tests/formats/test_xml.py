"""Strangers' XML: what is safe is read as it was meant, what isn't is refused with a code, a place and a limit."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from schemas.faults import DocumentRejected, Fault
from schemas.formats.large_xml import Arriving
from schemas.formats.xml import AllowedDoctype, Element, head, parse

BILLION_LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">'
    + b"".join(b'<!ENTITY lol%d "%s">' % (n, (b"&lol%d;" % (n - 1) if n > 1 else b"&lol;") * 10) for n in range(1, 10))
    + b"]><lolz>&lol9;</lolz>"
)
CXML: tuple[AllowedDoctype, ...] = (("cXML", re.compile(r"http://xml\.cxml\.org/schemas/cXML/[\d.]+/cXML\.dtd")),)


def fault(body: bytes, doctypes: tuple[AllowedDoctype, ...] = ()) -> Fault:
    with pytest.raises(DocumentRejected) as refused:
        parse(body, doctypes)
    (only,) = refused.value.faults
    return only


@pytest.mark.parametrize(
    "body",
    [
        "<a>Größe</a>".encode(),
        b"\xef\xbb\xbf" + "<a>Größe</a>".encode(),
        '<?xml version="1.0" encoding="UTF-8"?>\n<a>Größe</a>'.encode(),
        '<?xml version="1.0" encoding="ISO-8859-1"?><a>Größe</a>'.encode("latin-1"),
        '<?xml version="1.0" encoding="windows-1252" standalone="yes"?><a>Größe</a>'.encode("cp1252"),
        '<?xml version="1.0" encoding="UTF-16"?><a>Größe</a>'.encode("utf-16"),
        b"\xfe\xff" + '<?xml version="1.0" encoding="UTF-16"?><a>Größe</a>'.encode("utf-16-be"),
        '<?xml version="1.0" encoding="UTF-16"?><a>Größe</a>'.encode("utf-16-le"),
        '<?xml version="1.0" encoding="UTF-8"?><a>Größe</a>'.encode("utf-16"),
        b"\xef\xbb\xbf" + '<?xml version="1.0" encoding="ISO-8859-1"?><a>Größe</a>'.encode(),
        "<!-- <!DOCTYPE a> --><?note <!DOCTYPE a [?><a>Grö<!-- no! -->ße</a><!-- end -->".encode(),
        "<a><![CDATA[Größe]]></a>".encode(),
        b"<a>Gr&#xF6;&#223;e</a>",
    ],
)
def test_every_encoding_says_the_same(body: bytes) -> None:
    assert parse(body).text == "Größe"


@pytest.mark.parametrize(
    ("body", "code", "location"),
    [
        (b"", "empty_body", ""),
        (b" \r\n\t ", "empty_body", ""),
        (b"\x00" * 200, "empty_body", ""),
        (b"hello", "xml_not_well_formed", "line 1, column 1"),
        (b"<a>\n<b>", "xml_not_well_formed", "line 2, column 4"),
        (b"<a/><b/>", "xml_not_well_formed", "line 1, column 5"),
        (b"<a><x:b/></a>", "xml_not_well_formed", "line 1, column 8"),
        (b"<a>&foo;</a>", "xml_not_well_formed", "line 1, column 9"),
        (b"<a>\x01</a>", "xml_not_well_formed", "line 1, column 4"),
        (b'<a b="1" b="2"/>', "xml_not_well_formed", "line 1, column 15"),
        (b"<a>\xe9</a>", "unknown_encoding", "line 1, column 4"),
        (b'<?xml version="1.0" encoding="utf-7"?><a/>', "unknown_encoding", "line 1"),
        (b'<?xml version="1.0" encoding="UTF-16"?><a/>', "unknown_encoding", "line 1"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "unknown_encoding", "line 1"),
        ("<a/>".encode("utf-32"), "unknown_encoding", "line 1"),
        (b"\xff\xfe<\x00a\x00/", "unknown_encoding", "byte 6"),
        (b"<!DOCTYPE a><a/>", "xml_doctype_refused", "line 1"),
        (b'<?xml version="1.0"?>\n<!DOCTYPE a SYSTEM "http://x.example/a.dtd"><a/>', "xml_doctype_refused", "line 2"),
        (b"<!--\n--><!DOCTYPE a [<!ELEMENT a ANY>]><a/>", "xml_doctype_refused", "line 2"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode("utf-16"), "xml_doctype_refused", "line 1"),
        (b"<!DOCTYPE", "xml_doctype_refused", "line 1"),
        (BILLION_LAUGHS, "xml_doctype_refused", "line 1"),
    ],
)
def test_what_is_not_safe_is_refused_with_its_place(body: bytes, code: str, location: str) -> None:
    refused = fault(body)
    assert (refused.code, refused.location) == (code, location)
    assert refused.expected


@pytest.mark.parametrize(
    ("body", "limit"),
    [
        (b"<a>" * 1000 + b"</a>" * 1000, "256"),
        (b"<a>" + b"x" * 10_000_001 + b"</a>", "10,000,000"),
        (b'<a b="' + b"x" * 10_000_001 + b'"/>', "10,000,000"),
        (b"<!---->" * 1001 + b"<a/>", "1000"),
    ],
)
def test_a_limit_is_named(body: bytes, limit: str) -> None:
    refused = fault(body)
    assert refused.code == "xml_limit"
    assert limit in str(refused.expected)


def test_depth_256_is_read() -> None:
    assert parse(b"<a>" * 256 + b"</a>" * 256).tag == "a"


def test_a_doctype_on_the_list_is_read_and_never_fetched() -> None:
    """The port is closed: were the DTD fetched, this would not be read."""
    body = b'<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.014/cXML.dtd"><cXML>x&amp;y</cXML>'
    assert parse(body, CXML).text == "x&y"


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE cXML SYSTEM "http://evil.example/cXML.dtd"><cXML/>',
        b'<!DOCTYPE Order SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.014/cXML.dtd"><Order/>',
        b'<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.014/cXML.dtd" [<!ENTITY a "b">]><cXML>&a;</cXML>',
        b"<!DOCTYPE cXML><cXML/>",
    ],
)
def test_any_other_doctype_is_refused_even_so(body: bytes) -> None:
    assert fault(body, CXML).code == "xml_doctype_refused"


def test_many_threads_at_once_read_their_own_documents_and_get_their_own_faults() -> None:
    wrong: list[object] = []

    def read(number: int) -> None:
        for _ in range(200):
            if parse(f"<a>{number}</a>".encode()).text != str(number):
                wrong.append(number)
            refused = fault(b"\n" * number + b"<a>")
            if refused.location != f"line {number + 1}, column 4":
                wrong.append(refused)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_white_space_between_elements_is_not_kept_and_within_texts_it_is() -> None:
    root = parse(b"<a>\n <b> </b>\t<b> x </b> <b>\n<c/>\n</b> &#32; </a>")
    assert etree.tostring(root) == b"<a><b> </b><b> x </b><b><c/></b>   </a>"


# --- read while it is parsed ------------------------------------------------------------------------------------
def arriving(body: bytes) -> Arriving:
    return Arriving(body, "a", "b", 20_000, lambda child: ValueError(child.tag))


def arrived(body: bytes) -> list[tuple[bytes, str | None]]:
    """Each child as it is handed out, with the text after it; the root and the text before them first."""
    root = arriving(body)
    return [(str(root.tag).encode(), root.text), *((written(child), child.tail) for child in root[:])]


def parsed(body: bytes) -> list[tuple[bytes, str | None]]:
    root = parse(body)
    return [(str(root.tag).encode(), root.text), *((written(child), child.tail) for child in root)]


def written(element: Element) -> bytes:
    return etree.tostring(element, with_tail=False)


LARGE = [
    b"<a/>",
    b"<a>x</a>",
    b"<a>x<b/>y<c/>z</a>",
    b"<a><c><b/></c><b><b><b>1</b></b></b><d/></a>",
    b"<a><n:b xmlns:n='u'/><b>1</b></a>",
    b"<a>" + b"<b>1<c/>2</b>3" * 20_000 + b"<d/></a>",
    b"<a>" + b"<c><b/></c>" * 20_000 + b"<b/><b/></a>",
    "<a><b>Größe</b></a>".encode("utf-16"),
    b'<?xml version="1.0" encoding="ISO-8859-1"?>' + "<a><b>Größe</b></a>".encode("latin-1"),
]


@pytest.mark.parametrize("body", LARGE, ids=range(len(LARGE)))
def test_the_children_arrive_as_they_are(body: bytes) -> None:
    assert arrived(body) == parsed(body)


def test_what_was_read_is_emptied() -> None:
    root = arriving(b"<a>" + b"<b><c>1</c></b><d><e/></d>" * 3 + b"</a>")
    children = list(root[:])
    assert [(str(child.tag), len(child)) for child in children] == [("b", 0), ("d", 1)] * 3


REFUSED = [
    b"",
    b" \r\n",
    b"hello",
    b"<a><b/>",
    b"<a><b/></a><a/>",
    b"<a>" + b"<b/>" * 20_000 + b"<x:b/></a>",
    b"<a><b/>&foo;</a>",
    b"<a><b/>\x01</a>",
    b"<a><b/>\xe9</a>",
    b"<a><b>" + b"<c>" * 300 + b"</c>" * 300 + b"</b></a>",
    b"<a><b/>" + b"x" * 10_000_001 + b"</a>",
    b'<?xml version="1.0" encoding="utf-7"?><a><b/></a>',
    b"<!DOCTYPE a><a><b/></a>",
    b'<!DOCTYPE a [<!ENTITY b "c">]><a><b/></a>',
    '<!DOCTYPE a [<!ENTITY b "c">]><a><b/></a>'.encode("utf-16"),
    BILLION_LAUGHS,
]


@pytest.mark.parametrize("body", REFUSED, ids=range(len(REFUSED)))
def test_what_is_not_safe_is_refused_while_it_is_parsed(body: bytes) -> None:
    with pytest.raises(DocumentRejected) as refused:
        arrived(body)
    assert [one.code for one in refused.value.faults] == [fault(body).code]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_exactly_what_can_be_parsed_arrives(data: st.DataObject) -> None:
    body = bytearray("<?xml version='1.0'?><a x='1'>t<b>Größe</b><!-- c --><c><b/></c>u<b y='2'>&amp;</b></a>".encode())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(body)))
        end = data.draw(st.integers(start, min(len(body), start + 8)))
        body[start:end] = data.draw(
            st.one_of(st.binary(max_size=4), st.sampled_from([b"<b>", b"</b>", b"<!--", b"&#1;", b"]]>", b"<?x?>"]))
        )
    assert outcome(arrived, bytes(body)) == outcome(parsed, bytes(body))


def outcome(read: Callable[[bytes], object], body: bytes) -> object:
    try:
        return read(body)
    except DocumentRejected:
        return "refused"


def test_the_head_is_text_in_any_encoding() -> None:
    assert "<a>" in head("<a>ß</a>".encode("utf-16"))
    assert "<a>" in head(b"<a>\xff")
    assert head(b"") == ""


@pytest.mark.parametrize(
    "body",
    [
        b"<a>\n<SharedSecret>x&canary;y</SharedSecret></a>",
        b"<a>\n<b c='&canary;'/></a>",
        b"<a>\n<b>x&HUGEcanary;y</b></a>",
        b"<a>\n<SharedSecret>x<canary>y</SharedSecret></a>",
        b"<a>\n<SharedSecret>x</canary></a>",
    ],
)
def test_a_fault_quotes_nothing_that_may_be_a_secret(body: bytes) -> None:
    with pytest.raises(DocumentRejected) as failure:
        parse(body)
    (fault,) = failure.value.faults
    assert fault.code == "xml_not_well_formed"
    assert "line 2" in fault.location
    assert "canary" not in repr(fault)
