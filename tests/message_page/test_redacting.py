"""A document to hand on keeps its shape, and what it is about, and nothing else."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.message_page.redacting import blanked, redacted


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
            "<BuyerPartID>PL-1</BuyerPartID><!-- Dana --><Money currency='EUR'>12.50</Money><![CDATA[Dana]]>&amp;",
            "<BuyerPartID>xx-9</BuyerPartID><!-- xxxx --><Money currency='EUR'>99.99</Money><![CDATA[xxxx]]>&amp;",
        ),
        (
            "ubl-2.1",
            '<o:Order xmlns:o="urn:o"><c:ID>PO-1</c:ID><c:Party><c:ID>401</c:ID></c:Party><c:Note>a</c:Note></o:Order>',
            '<o:Order xmlns:o="urn:o"><c:ID>PO-1</c:ID><c:Party><c:ID>999</c:ID></c:Party><c:Note>x</c:Note></o:Order>',
        ),
        ("custom", "<A no='PL-1'>4</A>", "<A no='xx-9'>9</A>"),
        (
            "json-1",
            '{"order_number": "PO-1", "note": "\\"Dana\\"", "total": 12.5, "rush": true,\n "dana@x": {"unit": "CS"}}',
            '{"order_number": "PO-1", "note": "\\"xxxx\\"", "total": 99.9, "rush": true,\n "xxxx@x": {"unit": "CS"}}',
        ),
        ("json-1", '{"quantity": "4", "note": "Dana', '{"quantity": "4", "note": "xxxx'),
        ("ubl-2.1", "<Order Dana ID='1'><ID>7</ID></Order>", "<Order xxxx ID='9'><ID>7</ID></Order>"),
        ("ubl-2.1", "<Order><ID>7</ID><Note a='Dana", "<Order><ID>7</ID><Note x='xxxx"),
        ("ubl-2.1", "<?xml Dana <ID>7</ID>", "<?xxx xxxx <xx>9</xx>"),
        ("ubl-2.1", "<!-- Dana", "<!-- xxxx"),
        (
            "cxml-1.2",
            "<?xml version='1.0'?><!DOCTYPE cXML SYSTEM 'cXML.dtd'><!DOCTYPE a [<!ENTITY x 'Dana'>",
            "<?xml version='1.0'?><!DOCTYPE cXML SYSTEM 'cXML.dtd'><!>",
        ),
        (None, '{"quantity": "4"}', '{"quantity": "9"}'),
        (None, "UNB+4012345+Dana'", "xxx+9999999+xxxx'"),
    ],
)
def test_what_it_is_about_is_kept(format_name: str | None, document: str, expected: str) -> None:
    assert redacted(document, format_name, None, document.encode()) == expected


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
    assert redacted("<a>b</a>" * 1_000, "ubl-2.1", None, b"", 20).startswith("<a>x</a><a>x</a><a>x")
    assert len(redacted("<a>b</a>" * 1_000, "ubl-2.1", None, b"", 20)) < 40
    assert len(redacted("Dana" * 1_000, None, None, b"", 20)) == 21
