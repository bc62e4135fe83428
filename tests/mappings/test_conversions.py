"""To base units and back is exact, whatever the packs and units; no float, no rounding, no silent change."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from mappings.compile import compile_catalogue
from mappings.engine import in_their_unit, to_ours
from mappings.revision import ItemRow, Pack, PriceRow, Product, UnitRow
from schemas.values import from_fraction
from tests.mappings.small_world import SUPPLIER, order, revision

factors = st.decimals(min_value="0.001", max_value="5000", places=3)
quantities = st.decimals(min_value="0.01", max_value="100000", places=2)
counts = st.integers(min_value=1, max_value=2000)


@given(quantity=quantities, pack=factors, factor=factors)
def test_any_measured_quantity_goes_to_base_units_and_back(quantity: Decimal, pack: Decimal, factor: Decimal) -> None:
    catalogue = compile_catalogue(1, [Product("P", "P", "KGM")], [Pack("P", "XCT", pack)])
    mapping = revision([], [UnitRow("THEIRS", None, "XCT", factor)])
    asked = order({"seller_item": "P", "unit": "THEIRS", "quantity": str(quantity)})
    (line,) = to_ours(asked, mapping, catalogue, SUPPLIER).lines
    assert line.faults == ()
    assert line.base_per_unit == Fraction(pack) * Fraction(factor)
    assert line.base_quantity is not None
    assert Fraction(line.base_quantity) == Fraction(quantity) * Fraction(pack) * Fraction(factor)
    assert in_their_unit(line.base_quantity, line) == quantity


@given(quantity=counts, pack=counts, sold_by=counts)
def test_pieces_are_whole_in_the_unit_of_sale_or_refused(quantity: int, pack: int, sold_by: int) -> None:
    catalogue = compile_catalogue(
        1,
        [Product("P", "P", "EA", sales_unit="XCT")],
        [Pack("P", "XCT", Decimal(sold_by)), Pack("P", "XBX", Decimal(pack))],
    )
    asked = order({"seller_item": "P", "unit": "XBX", "quantity": str(quantity)})
    (line,) = to_ours(asked, revision(), catalogue, SUPPLIER).lines
    pieces = quantity * pack
    assert line.base_quantity == pieces
    assert [fault.code for fault in line.faults] == ([] if pieces % sold_by == 0 else ["fractional_unit"])
    if pieces % sold_by == 0:
        assert line.sales_quantity == pieces // sold_by
    else:
        assert line.sales_quantity == from_fraction(Fraction(pieces, sold_by))


@given(amount=st.decimals(min_value="0.01", max_value="9999", places=2), size=counts, base=counts)
def test_a_price_is_the_same_price_in_every_unit(amount: Decimal, size: int, base: int) -> None:
    """The contract by the pack, the order by the piece times the pack's size: never a mismatch at tolerance zero."""
    catalogue = compile_catalogue(1, [Product("P", "P", "EA")], [Pack("P", "XCT", Decimal(size))])
    row = PriceRow("P", "XCT", "EUR", amount, base_quantity=Decimal(base))
    mapping = revision(prices=[row], policies={"price_tolerance_percent": "0"})
    price = {"amount": str(amount), "base_quantity": str(base * size), "unit": "EA"}
    asked = order({"seller_item": "P", "unit": "EA", "price": price}, currency="EUR")
    (line,) = to_ours(asked, mapping, catalogue, SUPPLIER).lines
    assert line.faults == ()
    assert line.ordered_price == line.contract_price == Fraction(amount) / (base * size)


@given(first=counts, second=counts)
def test_a_pack_level_of_another_size_never_passes_silently(first: int, second: int) -> None:
    assume(first != second)
    gtin = "19521234000010"
    catalogue = compile_catalogue(1, [Product("P", "P", "EA")], [Pack("P", "XCT", Decimal(first), gtin=gtin)])
    mapping = revision([ItemRow("S", None, "P", "CS", "EA", Decimal(second))])
    (line,) = to_ours(order({"buyer_item": "S", "gtin": gtin, "unit": "CS"}), mapping, catalogue, SUPPLIER).lines
    assert [fault.code for fault in line.faults] == ["pack_contradiction"]
    assert line.base_quantity is None
