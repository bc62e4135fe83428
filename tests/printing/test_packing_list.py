"""The packing list says all that is in each package, on as many pages as it takes."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given

from gateway.printing.packing_list import packing_list_pdf
from schemas.documents.despatch_advice import DespatchAdvice, judged_despatch_advice
from schemas.formats import ubl_2_1
from tests.bench.despatch import advice as cartons
from tests.formats import ubl_despatch_strategies as ubl
from tests.printing.test_labels import SOME, pages, text_of

EXAMPLES = Path(ubl_2_1.__file__).parent / "examples" / "despatch_advice"


def example(name: str) -> DespatchAdvice:
    return judged_despatch_advice(json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8")))


def read(advice: DespatchAdvice) -> list[str]:
    return [" ".join(text_of(page).split()) for page in pages(packing_list_pdf(advice))]


@pytest.mark.parametrize("name", ["peppol-pallet-of-cartons", "two-orders"])
def test_every_line_and_package_is_on_it(name: str) -> None:
    advice = example(name)
    (page,) = read(advice)
    for line in advice.lines:
        for said in (line.buyer_item or line.seller_item, line.lot, *line.serials, f"{line.quantity:f}"):
            assert said is None or said in page
    for package in advice.packages:
        assert (package.sscc or package.id) in page
    for said in (f"Packing list {advice.number}", advice.shipment_number, advice.tracking or ""):
        assert said in page


def test_packages_stand_in_what_they_are_in_and_goods_in_none_at_the_end() -> None:
    (page,) = read(example("two-orders"))
    said = [
        "EMPTY-1",
        "340987650000000042",
        "GLUE-5",
        "Carton C-1",
        "Bag BAG-1",
        "SCREW-40",
        "In no package",
        "LEAFLET",
    ]
    places = [page.index(one) for one in said]
    assert places == sorted(places)


def test_what_is_not_the_base_unit_has_both() -> None:
    (page,) = read(example("peppol-pallet-of-cartons"))
    assert "1 XCS (12 EA)" in page
    assert "7 EA (" not in page


def test_what_follows_later_is_said_at_its_line() -> None:
    advice = example("peppol-pallet-of-cartons")
    first = replace(advice.lines[0], outstanding=Decimal("5.5"), outstanding_reason="Follows in another shipment.")
    (page,) = read(replace(advice, lines=(first, *(replace(one, outstanding=None) for one in advice.lines[1:]))))
    assert page.count("to follow") == 1
    assert f", 5.5 {first.unit} to follow" in page
    (whole,) = read(replace(advice, lines=(replace(first, outstanding=Decimal(0)),)))
    assert "to follow" not in whole


def test_a_long_one_says_on_each_page_where_it_is() -> None:
    made = cartons(200)
    found = read(made)
    assert len(found) > 3
    for number, page in enumerate(found, 1):
        assert page.endswith(f"Page {number}") or f"Page {number}" in page
        assert "Lot, expiry, serial numbers" in page
        if number > 1:
            assert "(continued)" in page or page.index("Pallet") < page.index("Carton")
    together = " ".join(found)
    assert all(together.count(f"SSCC {one.sscc}") >= 1 for one in made.packages)
    assert all(together.count(f" {line.buyer_item} ") == 1 for line in made.lines)


def test_a_line_of_hundreds_of_serial_numbers_goes_over_pages() -> None:
    advice = example("peppol-pallet-of-cartons")
    serials = tuple(f"G2-{number:06d}" for number in range(700))
    found = " ".join(read(replace(advice, lines=(replace(advice.lines[2], serials=serials),))))
    assert all(serial in found for serial in serials)


def test_the_same_advice_is_the_same_bytes() -> None:
    assert packing_list_pdf(example("two-orders")) == packing_list_pdf(example("two-orders"))


@SOME
@given(ubl.everything())
def test_any_advice_has_one(advice: DespatchAdvice) -> None:
    assert len(list(pages(packing_list_pdf(advice)))) >= 1


def test_the_units_codes_are_explained_below_the_lines() -> None:
    advice = example("peppol-pallet-of-cartons")
    line = replace(advice.lines[0], unit="CS", unit_code="XCS", base_unit="EA")
    assert read(replace(advice, lines=(line,)))[-1].rstrip().count("Units: CS: case, EA: each") == 1
