"""Every number that a document may carry ends in an answer: mapped, checked, decided, kept and read again.

Twenty digits before the point and ten after it, tiny and huge at once, on the demo accounts' own tables with units and
prices at the limits added. Whatever comes of it, nothing is raised, and what is kept reads back as it was.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.trade.checks import check
from gateway.trade.decision import Decision
from gateway.trade.response import decide
from mappings.account import Account
from mappings.compile import compile_revision
from mappings.engine import to_ours
from mappings.files.account_folder import read_account
from mappings.mapped import MappedOrder
from mappings.revision import MappingRevision, PriceRow, UnitRow
from schemas.documents.common import Party, Price
from schemas.documents.order import Order, OrderLine, ScheduleLine, canonical_json
from schemas.documents.order_response import canonical_response
from schemas.faults import Fault
from schemas.formats.registry import FORMATS
from tests.kept import judged_anew
from tests.mappings.small_world import ISSUED
from tests.mappings.test_demo_accounts import ACCOUNTS, SUPPLIER, demo_catalogue, demo_stock
from tests.strategies import AMOUNTS, COUNTS, QUANTITIES

CATALOGUE = demo_catalogue()
MOST, LEAST = Decimal("99999999999999999999.9999999999"), Decimal("0.0000000001")
DAY = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
UNITS = [
    UnitRow("GROSS", None, "EA", Decimal(144)),
    UnitRow("SEVEN", None, "EA", Decimal(7)),
    UnitRow("MOST", None, "EA", MOST),
    UnitRow("LEAST", None, "EA", LEAST),
    UnitRow("LEAST", "COFFEE-KG", "KGM", LEAST),
    UnitRow("MOST", "COFFEE-KG", "XCT", MOST),
]
PRICES = [
    PriceRow("SOY-1L", "XCT", "NOK", MOST, LEAST),
    PriceRow("OIL-5L", "EA", "NOK", LEAST, MOST),
    PriceRow("HONEY-450", "EA", "NOK", Decimal("10.01"), Decimal(7)),
    PriceRow("WATER-050", "EA", "NOK", Decimal("99999999999999999999"), Decimal(3)),
]
ITEMS = ["0042", "0107", "0310", "0400", "0600", "OAT-1L", "SOY-1L", "OIL-5L", "HONEY-450", "WATER-050", "POTATO-KG"]
OURS = ["STK", "KRT", "PAL", "KG", "EA", "XCT", "XPX", "KGM", "XBG", "GROSS", "SEVEN", "MOST", "LEAST", None]
EXPONENT = re.compile(r"\dE[-+]\d")


def nordic(**policies: str | int) -> MappingRevision:
    """The demo's account that writes JSON, with units and prices at the limits."""
    folder = read_account(ACCOUNTS / "nordic-office")
    terms = folder.account.policies.model_copy(update=policies)
    account: Account = folder.account.model_copy(update={"policies": terms})
    return compile_revision(account, 1, folder.items, [*folder.units, *UNITS], folder.sites, [*folder.prices, *PRICES])


ACCEPTING = {"fractional_unit": "round_up", "price_mismatch": "accept_contract_price", "unknown_item": "hold_line"}
REVISIONS = [
    nordic(),
    nordic(**ACCEPTING, partial="all_or_nothing"),
    nordic(**ACCEPTING, partial="ship_and_cancel", allocation_percent=33),
    nordic(fractional_unit="reject", price_mismatch="reject_line", unknown_item="reject_line", decision="backoffice"),
]

ends = st.sampled_from([MOST, LEAST, MOST.to_integral_value(rounding="ROUND_DOWN"), Decimal("5E-7"), Decimal("0.10")])
small = st.builds(lambda digits, places: Decimal(f"{digits}E-{places}"), st.integers(1, 500), st.integers(0, 3))
quantities = st.one_of(ends, small, QUANTITIES)
prices = st.builds(
    Price,
    amount=st.one_of(ends, small, COUNTS, AMOUNTS),
    base_quantity=st.one_of(st.just(Decimal(1)), ends, small, QUANTITIES),
    unit=st.sampled_from([None, None, *OURS]),
    gross=st.one_of(st.none(), ends),
)
lines = st.builds(
    OrderLine,
    line_number=st.just("1"),
    buyer_item=st.sampled_from(ITEMS[:5]),
    quantity=quantities,
    unit=st.sampled_from(OURS),
    pack_size=st.one_of(st.none(), st.none(), quantities),
    price=st.one_of(st.none(), prices),
    schedule=st.lists(st.builds(ScheduleLine, quantity=quantities), max_size=2).map(tuple),
    partial_allowed=st.sampled_from([None, True, False]),
) | st.builds(
    OrderLine,
    line_number=st.just("1"),
    seller_item=st.sampled_from(ITEMS[5:]),
    quantity=quantities,
    unit=st.sampled_from(OURS),
    price=st.one_of(st.none(), prices),
)


def order_of(*asked: OrderLine, **said: bool) -> Order:
    return Order(order_number="1", currency="NOK", ship_to=Party(id="OSLO-01"), lines=asked, **said)


def one_line(quantity: str, item: str = "0042", unit: str = "STK", **price: str) -> OrderLine:
    asked = Price.model_validate(price) if price else None
    return OrderLine(line_number="1", buyer_item=item, quantity=Decimal(quantity), unit=unit, price=asked)


def answered(order: Order, revision: MappingRevision) -> tuple[MappedOrder, Decision]:
    mapped = to_ours(order, revision, CATALOGUE, SUPPLIER, ISSUED)
    faults = (*mapped.all_faults(), *check(mapped, ISSUED))
    decision = decide(
        mapped,
        faults,
        demo_stock(),
        revision.account,
        SUPPLIER,
        response_number="R-1",
        received_on=ISSUED,
        issued_at=DAY,
    )
    return mapped, decision


def readable(fault: Fault) -> bool:
    """No 5E-7 in what people read."""
    return not any(EXPONENT.search(text) for text in (fault.detail, fault.value or "", fault.expected or ""))


@given(lines, st.sampled_from(REVISIONS), st.booleans())
@settings(max_examples=1500, deadline=None)
@example(one_line("99999999999999999999"), REVISIONS[0], False)
@example(one_line("99999999999999999999.9999999999", "0600"), REVISIONS[0], False)
@example(one_line("1", amount="99999999999999999999", base_quantity="0.0000000001"), REVISIONS[0], False)
@example(one_line("0.0000005", "0400", "KG"), REVISIONS[0], False)
@example(one_line("12", amount="0.0000000001"), REVISIONS[1], False)
def test_every_number_within_the_limits_is_answered(line: OrderLine, revision: MappingRevision, test: bool) -> None:
    order = order_of(line, test=test)
    assert FORMATS["json-1"].parsers["order"](canonical_json(order)) == order
    mapped, decision = answered(order, revision)
    assert all(readable(fault) for fault in (*mapped.all_faults(), *decision.faults))
    response = decision.response
    if response is None:
        assert decision.verdict == "held"
        return
    assert not any(
        EXPONENT.search(outcome.reason) for line in response.lines for outcome in line.outcomes if outcome.reason
    )
    assert judged_anew(response) == response
    kept = FORMATS["json-1"].parsers["order_response"](canonical_response(response).encode())
    assert kept == response
    for name in ("json-1", "ubl-2.1"):
        rendered = FORMATS[name].renderers["order_response"](kept)
        assert rendered == FORMATS[name].renderers["order_response"](response)


@pytest.mark.parametrize(
    ("line", "code", "path"),
    [
        (one_line("99999999999999999999"), "fractional_unit", "/lines/0/quantity"),
        (one_line("99999999999999999999.9999999999", "0600"), "fractional_unit", "/lines/0/quantity"),
        (one_line("99999999999999999999", "0042", "KRT"), "bad_value", "/lines/0/quantity"),
        (
            one_line("12", amount="99999999999999999999", base_quantity="0.0000000001"),
            "price_mismatch",
            "/lines/0/price/amount",
        ),
    ],
)
def test_numbers_at_the_limits_get_the_fault_that_fits(line: OrderLine, code: str, path: str) -> None:
    mapped, _ = answered(order_of(line), REVISIONS[0])
    assert [(fault.code, fault.path) for fault in mapped.all_faults()] == [(code, path)]


def test_faults_write_tiny_numbers_out() -> None:
    _, decision = answered(order_of(one_line("0.0000005", "0400", "KG")), REVISIONS[0])
    (fault,) = decision.faults
    assert (fault.code, fault.value) == ("below_minimum", "0.0000005")
    assert "0.0000005 KG" in fault.detail


@pytest.mark.parametrize(
    ("quantity", "kept"),
    [("5E-7", "0.0000005"), ("1.50E-8", "0.0000000150"), ("0E-10", "0.0000000000"), ("1E-10", "0.0000000001")],
)
def test_what_is_kept_has_no_exponents(quantity: str, kept: str) -> None:
    """A text may well look like a number with one."""
    price = Price(amount=Decimal(quantity), base_quantity=Decimal("1.50"))
    line = OrderLine(line_number="1E-7", quantity=Decimal(1), price=price, note='"amount":"5E-7"')
    written = canonical_json(order_of(line)).decode()
    assert f'"amount":"{kept}","base_quantity":"1.50"' in written
    assert '"line_number":"1E-7"' in written
    assert r"\"amount\":\"5E-7\"" in written
