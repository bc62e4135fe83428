"""Which words a message is found by."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.searching.words import (
    MOST_CHARACTERS,
    MOST_WORDS,
    BadQuery,
    Wanted,
    wanted,
    words_of,
    words_of_answer,
    words_of_order,
)
from schemas.documents.application_response import ApplicationResponse, DocumentAnswer
from schemas.documents.order import Order


def found_by(text: str, query: str) -> bool:
    there, asked = words_of([text]).split(), wanted(query)
    begins = asked.beginning is None or any(one.startswith(asked.beginning) for one in there)
    return begins and set(asked.words) <= set(there)


@pytest.mark.parametrize("query", ["PL-0042", "pl-0042", "0042", "pl", " (PL-0042), ", "0042 pl", "pl-0*"])
def test_a_code_is_found_by_itself_and_by_its_parts(query: str) -> None:
    assert found_by("Item PL-0042.", query)


@pytest.mark.parametrize("query", ["PL-00421", "L-0042", "42", "PL-004", "P-0042", "PL0042", "pl-1*"])
def test_a_code_is_found_by_nothing_that_only_resembles_it(query: str) -> None:
    assert not found_by("Item PL-0042.", query)


@pytest.mark.parametrize("query", ["PL-0042", "0042/7", "PL-0042/7", "7"])
def test_of_a_longer_code_each_part_that_hangs_together_is_found(query: str) -> None:
    assert found_by("PL-0042/7", query)
    assert not found_by("PL-0042/7", "PL-7")


@pytest.mark.parametrize(
    ("text", "query"),
    [("MÜLLER Straße", "müller STRASSE"), ("４２", "42"), ("Ⅷ", "viii"), ("日本 2号", "日本"), ("_a_b_", "a b")],
)
def test_case_and_form_make_no_difference(text: str, query: str) -> None:
    assert found_by(text, query)


def test_every_word_has_to_be_there() -> None:
    assert found_by("Oat drink 1 l", "drink oat")
    assert not found_by("Oat drink 1 l", "oat milk")


@pytest.mark.parametrize("text", ["", "  ", "%", "*", "---", "_", "\u200b", "a " * 13, "abc*", "oat a*"])
def test_what_cant_be_looked_for_is_said_so(text: str) -> None:
    with pytest.raises(BadQuery) as bad:
        wanted(text if "a " not in text else " ".join(f"w{n}" for n in range(13)))
    assert str(bad.value).endswith(".")


def test_the_beginning_of_the_last_word_is_enough_where_it_is_asked_for() -> None:
    assert wanted("oat PO-10*") == Wanted(("oat",), "po-10")
    assert wanted("oat oat PO-10") == Wanted(("oat", "po-10"))


@given(st.text())
def test_whatever_is_written_its_own_words_find_it(text: str) -> None:
    words = words_of([text]).split()
    assert len(words) == len(set(words))
    assert all(word and word == words_of([word]).split()[0] for word in words)


def test_of_an_order_everything_that_names_something_is_found() -> None:
    party = {"id": "B-1", "identifiers": [{"id": "4012345000009"}], "name": "Acme Retail", "legal_name": "Acme SE"}
    order = Order.model_validate(
        {
            "order_number": "PO-77",
            "contract": "C-9",
            "note": "dock 4",
            "buyer": party,
            "bill_to": {"id": "BT-1"},
            "ship_to": {"id": "ST-1"},
            "final_recipient": {"name": "Kiosk"},
            "lines": [
                {
                    "line_number": "1",
                    "buyer_line_reference": "REF-5",
                    "buyer_item": "BI-1",
                    "seller_item": "SI-1",
                    "gtin": "04012345000016",
                    "description": "Oat drink",
                    "note": "fragile",
                    "quantity": "1",
                    "ship_to": {"id": "LS-1"},
                }
            ],
        }
    )
    words = set(words_of_order(order).split())
    assert {"po-77", "c-9", "dock", "b-1", "4012345000009", "acme", "retail", "se", "bt-1", "st-1", "kiosk"} <= words
    assert {"ref-5", "bi-1", "si-1", "04012345000016", "4012345000016", "oat", "fragile", "ls-1"} <= words


def test_of_an_answer_the_documents_that_it_names_are_found() -> None:
    said = DocumentAnswer(number="INV-1", word="rejected", code="RE", reasons=("wrong price",))
    assert set(words_of_answer(ApplicationResponse(number="AR-9", answers=(said,))).split()) >= {
        *("ar-9", "inv-1", "wrong", "price")
    }


def test_an_order_of_20000_lines_has_all_its_numbers_and_no_more_than_there_is_room_for() -> None:
    lines = [
        {"line_number": str(n), "buyer_item": f"I{n:06d}", "description": f"text {n} {'ä' * 90}{n}", "quantity": "1"}
        for n in range(15_000)
    ]
    order = Order.model_validate({"order_number": "PO-1", "lines": lines})
    began = time.perf_counter()
    words = words_of_order(order)
    assert time.perf_counter() - began < 5
    assert {"po-1", "i000000", "i014999"} <= set(words.split())
    assert len(words.split()) <= MOST_WORDS
    assert len(words) <= MOST_CHARACTERS
