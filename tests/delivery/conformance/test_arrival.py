"""A document arrives as it is, once by its id, whatever it is called and however many leave at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.delivery.conformance.adapter import Adapter
from tests.delivery.conformance.cases import case
from tests.delivery.conformance.days import Day

MANY = 48


def test_the_partner_has_exactly_the_document_once_and_by_its_id(adapter: Adapter, tmp_path: Path) -> None:
    parcel = adapter.parcel()
    with adapter.open(Day.WELL, tmp_path) as there:
        result = adapter.send(there, parcel, adapter.means(there))
        (taken,) = there.taken()
    assert (result.outcome, result.is_outage, result.is_terms, result.is_ours) == ("delivered", False, False, False)
    assert result.detail
    assert taken.body == adapter.body(parcel)
    assert taken.identity == adapter.identity(parcel)


def test_the_same_document_twice_is_one_to_the_partner(adapter: Adapter, tmp_path: Path) -> None:
    parcel = adapter.parcel()
    with adapter.open(Day.WELL, tmp_path) as there:
        means = adapter.means(there)
        assert [adapter.send(there, parcel, means).outcome for _ in range(2)] == ["delivered"] * 2
        taken = there.taken()
    assert {one.identity for one in taken} == {adapter.identity(parcel)}
    assert {one.body for one in taken} == {adapter.body(parcel)}


def test_two_documents_are_two_to_the_partner(adapter: Adapter, tmp_path: Path) -> None:
    first = adapter.parcel(number="7")
    second = adapter.parcel(number="8", document_id="019abd", type="despatch_advice")
    with adapter.open(Day.WELL, tmp_path) as there:
        for one in (first, second):
            adapter.send(there, one, adapter.means(there))
        assert {one.identity for one in there.taken()} == {adapter.identity(first), adapter.identity(second)}


@case("an empty document")
def test_an_empty_document_arrives_empty(adapter: Adapter, tmp_path: Path) -> None:
    parcel = adapter.parcel(body=b"")
    with adapter.open(Day.WELL, tmp_path) as there:
        assert adapter.send(there, parcel, adapter.means(there)).outcome == "delivered"
        (taken,) = there.taken()
    assert taken.body == b""


def test_five_megabytes_arrive_whole(adapter: Adapter, tmp_path: Path) -> None:
    parcel = adapter.large(5_000_000)
    with adapter.open(Day.WELL, tmp_path) as there:
        assert adapter.send(there, parcel, adapter.means(there)).outcome == "delivered"
        (taken,) = there.taken()
    assert taken.body == adapter.body(parcel)


@pytest.mark.parametrize(
    "number",
    [
        "Ø-10/ß",
        "注文-1",
        "OR-1\r\nBcc: thief@evil.example\r\n\r\nx",
        "OR-1\nX: y",
        "../../etc/passwd",
        "a\0b",
        "%0d%0aX",
    ],
    ids=["Latin", "Chinese", "CR LF", "LF", "a path", "NUL", "percent"],
)
def test_whatever_a_document_is_called_it_arrives_and_adds_nothing(
    adapter: Adapter, tmp_path: Path, number: str
) -> None:
    parcel = adapter.parcel(number=number, order_number=number)
    with adapter.open(Day.WELL, tmp_path) as there:
        assert adapter.send(there, parcel, adapter.means(there)).outcome == "delivered"
        (taken,) = there.taken()
    assert taken.body == adapter.body(parcel)
    assert taken.identity == adapter.identity(parcel)


def test_many_at_once_through_one_transport_each_arrive_once(adapter: Adapter, tmp_path: Path) -> None:
    parcels = [adapter.parcel(document_id=f"019abc{one:03}", number=f"OR-{one}") for one in range(MANY)]
    with adapter.open(Day.WELL, tmp_path) as there, ThreadPoolExecutor(16) as threads:
        means = adapter.means(there, 60.0)
        results = list(threads.map(lambda one: adapter.send(there, one, means), parcels))
        taken = there.taken()
    assert {one.outcome for one in results} == {"delivered"}
    assert sorted((one.identity, one.body) for one in taken) == sorted(
        (adapter.identity(one), adapter.body(one)) for one in parcels
    )
