"""A document to hand on keeps its shape, and what it is about, and nothing else."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.message_page.redacting import blanked, blanked_path, redacted

_OURS = "urn:oasis:names:specification:ubl:schema:xsd:Order-2"
_ESCAPED = '{"note": "\\u0078\\n\\u0007\\u0078", "\\u0078": 9}'
_NO_TAGS = "<a xml:lang='xxxx' xmlnsa='xxxx' xmlns:b='xxx:xxxx'/>"
_ENCODED = "<?xml version='1.0' encoding='ISO-8859-1' standalone='yes'?><a/>"


@pytest.mark.parametrize(
    ("format_name", "document", "expected"),
    [
        (
            "cxml-1.2",
            '<ItemOut quantity="10" x="Dana"><ItemID><BuyerPartID>PL-1</BuyerPartID></ItemID></ItemOut>',
            '<ItemOut quantity="10" x="xxxx"><ItemID><BuyerPartID>PL-1</BuyerPartID></ItemID></ItemOut>',
        ),
        (
            "cxml-1.2",
            "<a><BuyerPartID>PL-1</BuyerPartID><!--Dana--><Money currency='EUR'>1.50</Money><![CDATA[Dana]]>&amp;</a>",
            "<a><BuyerPartID>xx-9</BuyerPartID><!--xxxx--><Money currency='EUR'>9.99</Money><![CDATA[xxxx]]>&amp;</a>",
        ),
        (
            "ubl-2.1",
            f'<o:Order xmlns:o="{_OURS}"><c:ID>PO-1</c:ID><c:Party><c:ID>401</c:ID></c:Party>a</o:Order>',
            f'<o:Order xmlns:o="{_OURS}"><c:ID>PO-1</c:ID><c:Party><c:ID>999</c:ID></c:Party>x</o:Order>',
        ),
        ("custom", "<A no='PL-1'>4</A>", "<A no='xx-9'>9</A>"),
        (
            "json-1",
            '{"order_number": "PO-1", "note": "\\"Dana\\"", "total": 12.5, "rush": true,\n "dana@x": {"unit": "CS"}}',
            '{"order_number": "PO-1", "note": "\\"xxxx\\"", "total": 99.9, "rush": true,\n "xxxx@x": {"unit": "CS"}}',
        ),
        ("json-1", '{"quantity": "4", "note": "Dana', '{"quantity": "4", "xxxx": "xxxx'),
        ("json-1", '{"unit": "EA, "note": "Dana"}', '{"unit": "xx, "xxxx": "xxxx"}'),
        ("json-1", '{"unit": "EA", "note" "Dana"}', '{"unit": "EA", "xxxx" "xxxx"}'),
        ("json-1", '{"unit": ["EA"], "rush": true, "gtin": 4 5}', '{"unit": ["xx"], "rush": true, "gtin": 9 9}'),
        ("json-1", '{"unit": "E\nA", "test": 1}', '{"unit": "x\nx", "xxxx": 9}'),
        ("json-1", '{"note": "\\u0141\\n\\u0007\\ud83d", "\\u0141": 1}', _ESCAPED),
        ("ubl-2.1", "<Order Dana ID='1'><ID>7</ID></Order>", "<xxxxx xxxx xx='9'><xx>9</xx></xxxxx>"),
        ("ubl-2.1", "<Order><ID>7</ID><Note a='Dana", "<Order><ID>7</ID><xxxx x='xxxx"),
        ("ubl-2.1", "<Order><ID>7</ID><cbc:Dana Dana='1'/>", "<Order><ID>7</ID><cbc:xxxx xxxx='9'/>"),
        ("ubl-2.1", "<Order><ID>7<Order><ID>8</ID></Note>", "<Order><ID>9<Order><ID>8</ID></xxxx>"),
        ("ubl-2.1", "<Quantity>5<Note>a</Note>Mrs K</Quantity>", "<Quantity>5<Note>x</Note>xxx x</Quantity>"),
        ("ubl-2.1", "<IssueDate>2026-01-01<br/> Mrs K</IssueDate>", "<IssueDate>2026-01-01<br/> xxx x</IssueDate>"),
        ("ubl-2.1", "<Quantity>5<!--a-->Mrs</Quantity>", "<Quantity>5<!--x-->xxx</Quantity>"),
        ("ubl-2.1", "<a xml:lang='de-AT'/>", "<a xml:lang='de-AT'/>"),
        ("ubl-2.1", "<a xml:lang='zh-Hant-TW'/>", "<a xml:lang='zh-Hant-TW'/>"),
        ("ubl-2.1", "<a xml:lang='Dana' xmlnsa='Dana' xmlns:b='urn:Dana'/>", _NO_TAGS),
        ("ubl-2.1", "<a>&#68;&#x0144;&#10;&lt;</a>", "<a>&#88;&#x0078;&#10;&lt;</a>"),
        ("ubl-2.1", "<?xml version='1.0' encoding='Dana'?><a/>", "<?xml version='1.0' encoding='xxxx'?><a/>"),
        ("ubl-2.1", _ENCODED, _ENCODED),
        ("ubl-2.1", "<?xml Dana <ID>7</ID>", "<?xxx xxxx <xx>9</xx>"),
        ("ubl-2.1", "<!-- Dana", "<!-- xxxx"),
        (
            "cxml-1.2",
            "<?xml version='1.0'?><!DOCTYPE cXML SYSTEM 'Dana.dtd'><cXML version='1.2'/>",
            "<?xml version='1.0'?><!DOCTYPE xxxx xxxxxx 'xxxx.xxx'><cXML version='1.2'/>",
        ),
        (
            "cxml-1.2",
            "<!DOCTYPE a [<!ENTITY x '<EANID>Dana</EANID>'>]><a>&x;<EANID>4</EANID></a>",
            "<!xxxxxxx x [<!xxxxxx x '<xxxxx>xxxx</xxxxx>'>]><x>&x;<xxxxx>9</xxxxx></x>",
        ),
        (None, '{"quantity": "4"}', '{"quantity": "9"}'),
        (None, "UNB+4012345+Dana'", "xxx+9999999+xxxx'"),
    ],
)
def test_what_it_is_about_is_kept(format_name: str | None, document: str, expected: str) -> None:
    assert redacted(document, format_name, None, document.encode()) == expected


def test_a_name_is_blanked_in_every_script() -> None:
    assert blanked("Zo\u0308e, हिन्दी ไม่ 山田 ٣ 😀") == "xxxx, xxxxxx xxx xx 9 x"
    assert blanked("12 € – «a» \ufffd ␀") == "99 € – «x» \ufffd ␀"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/lines/0/unit", "/lines/0/unit"),
        ("/Mrs Dana/0/dana@x", "/xxx xxxx/0/xxxx@x"),
        ("/Order/cac:OrderLine[2]/@unitCode", "/Order/cac:OrderLine[2]/@unitCode"),
        ("line 3 column 4", "line 3 column 4"),
        ("", ""),
    ],
)
def test_a_place_is_told_by_the_names_of_the_layout(path: str, expected: str) -> None:
    assert blanked_path(path) == expected


def test_an_own_layout_is_kept_by_its_rules() -> None:
    rules = (
        "reads: json\norder:\n  order_number: no\n  lines:\n    each: rows\n    buyer_item: sku\n    quantity: qty\n"
    )
    rules += "    line_number: pos\n    description: text\n"
    document = json.dumps(
        {"no": "PO-1", "rows": [{"pos": "1", "sku": "A-1", "qty": "4", "text": "Oats"}], "who": "Dana"}
    )
    found = json.loads(redacted(document, "custom", rules, document.encode()))
    assert found == {"no": "PO-1", "rows": [{"pos": "1", "sku": "A-1", "qty": "4", "text": "xxxx"}], "who": "xxxx"}


# --- what is mistyped, or stands where nobody looks ---------------------------------------------------------------
_JSON = r"""{"order_number": "PO-1", "note": "to \"QZQZ, \"unit\": 5", "rush": true, "lines": [
 {"unit": "EA","name":"QZQZ, 5","gtin":4,"text": ["QZQZ", "],QZQZ", {"quantity": 2, "QZQZ, 5, ": "QZQZ"}]},
 {"unit":"EA" , "amount": "QZQZ", "x": {"pack_size": "3", "QZQZ, (Mr. 5": null}}],
 "end": "1", "ship_to": {"name": "QZQZ"}}"""
_XML = f"""<?xml version='1.0' encoding="utf-8" standalone='no'?><!DOCTYPE Order SYSTEM "QZQZ.dtd"><!-- QZQZ -->
<cbc:Order xmlns="{_OURS}" xmlns:cbc='urn:QZQZ' xml:lang='QZQZQZQZ'><ID>«PO-1»</ID>
<?QZQZ QZQZ?><IssueDate>«1»</IssueDate>
<Note a='QZQZ > "QZQZ' languageID="en">QZQZ &amp; "&QZQZ;" QZQZ='1'<b/>QZQZ</Note><![CDATA[<ID>QZQZ</IDx> QZQZ]]><Line>
<Quantity unitCode="«EA»" b="QZQZ">«5»<Note>QZQZ</Note> QZQZ</Quantity> QZQZ
<BaseQuantity b="QZQZ" c='QZQZ'>«5»</BaseQuantity>
<!-- <Quantity unitCode="QZQZ">QZQZ</QuantityQ> --><Amount currencyID="«EUR»">QZQZ</Amount></Line></cbc:Order>"""
"""Between the quotation marks stands what is kept."""
_PLAIN_XML = _XML.replace("«", "").replace("»", "")
_TYPED = {"json-1": "\"'{}[]:,\\/ \ne5", "ubl-2.1": "\"'<>/=&;!?-[] e5"}


def _leaks(document: str, format_name: str) -> bool:
    """Whether any of what is nobody's business is told; a piece of it is enough, as the rest may be mistyped."""
    found = redacted(document, format_name, None, document.encode())
    return "QZ" in found.replace("\\", "") or "ZQ" in found


@pytest.mark.parametrize(("document", "format_name"), [(_JSON, "json-1"), (_PLAIN_XML, "ubl-2.1")])
def test_nothing_leaks_by_one_character_too_few_or_too_many(document: str, format_name: str) -> None:
    for at in range(len(document)):
        assert not _leaks(document[:at] + document[at + 1 :], format_name), document[at:]
        for typed in _TYPED[format_name]:
            assert not _leaks(document[:at] + typed + document[at:], format_name), (typed, document[at:])


@pytest.mark.parametrize(("document", "format_name"), [(_JSON, "json-1"), (_PLAIN_XML, "ubl-2.1")])
def test_nothing_leaks_where_the_document_ends_too_early_or_begins_again(document: str, format_name: str) -> None:
    for at in range(0, len(document), 3):
        assert not _leaks(document[:at], format_name)
        assert not _leaks(document[:at] + document, format_name)


_EDITS = st.lists(
    st.tuples(st.integers(0, 2_000), st.sampled_from(["", *"".join(_TYPED.values())])), min_size=1, max_size=2
)


@settings(derandomize=True)
@given(st.sampled_from([(_JSON, "json-1"), (_PLAIN_XML, "ubl-2.1")]), _EDITS)
def test_nothing_leaks_by_a_few_mistakes(begun: tuple[str, str], edits: list[tuple[int, str]]) -> None:
    document, format_name = begun
    for place, typed in edits:
        at = place % len(document)
        document = document[:at] + typed + document[at + (not typed) :]
    assert not _leaks(document, format_name)


def test_what_is_written_into_xml_is_not_told_wherever_it_stands() -> None:
    """But inside of a value that is kept."""
    document, is_kept, kept = "", False, set()
    for sign in _XML:
        if sign in "«»":
            is_kept = sign == "«"
            kept.add(len(document))
        else:
            document += sign
            kept |= {len(document)} if is_kept else set()
    for at in sorted(set(range(1, len(document))) - kept):
        assert not _leaks(f"{document[:at]} QZQZ {document[at:]}", "ubl-2.1"), document[at:]


@given(
    st.text(alphabet="<>/=\"'{}[]:,\\!-? ab1é&;", max_size=200), st.sampled_from(["ubl-2.1", "json-1", "custom", None])
)
def test_nothing_fails_and_the_shape_stays(document: str, format_name: str | None) -> None:
    found = redacted(document, format_name, None, document.encode())
    assert "a" not in found.replace("amp", "") or "<" in document or '"' in document
    assert blanked(blanked(document)) == blanked(document)


_TORN = ("<", "<a ", "<a>", '<a b="', "<!--", "<?", "<![CDATA[", "<!", '"a":"', "&amp;", '{"a":', "[", "a", " ")


@pytest.mark.parametrize("torn", _TORN)
@pytest.mark.parametrize(("begins", "format_name"), [("<", "ubl-2.1"), ("<a ", "ubl-2.1"), ("[", "json-1")])
def test_what_it_costs_grows_with_the_document_and_no_faster(torn: str, begins: str, format_name: str) -> None:
    """Whoever may look at a message may ask for it, and anybody sends what is no XML."""

    def seconds(characters: int) -> float:
        document = begins + torn * (characters // len(torn))
        began = time.process_time()
        redacted(document, format_name, None, b"")
        return time.process_time() - began

    assert seconds(240_000) < 24 * max(seconds(20_000), 0.01)


def test_of_a_large_document_the_beginning_is_told() -> None:
    document = f"<r>{'<a>b</a>' * 1_000}</r>"
    assert redacted(document, "ubl-2.1", None, b"", 20).startswith("<r><a>x</a><a>x</a>")
    assert len(redacted(document, "ubl-2.1", None, b"", 20)) < 40
    assert len(redacted("Dana" * 1_000, None, None, b"", 20)) == 21
