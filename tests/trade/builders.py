"""Orders already in our terms, stock and accounts, for the tests of the decisions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

from gateway.trade.decision import Decision
from gateway.trade.response import decide
from gateway.trade.stock import Position, Stock
from mappings.account import Account, Policies
from mappings.mapped import MappedLine, MappedOrder, Meaning, mapped_line, words_of
from mappings.revision import PriceRow, Product, SiteRow, Supplier
from schemas.documents.common import Price
from schemas.documents.order import Order, OrderLine
from schemas.documents.order_response import LineOutcome
from schemas.faults import Fault
from schemas.values import from_fraction
from tests.kept import judged_anew

RECEIVED = date(2026, 11, 23)
ISSUED = datetime(2026, 11, 23, 9, 30, tzinfo=timezone(timedelta(hours=1)))
SUPPLIER = Supplier(
    "Nordlicht Drinks GmbH",
    vat_id="DE811111111",
    gln="4099999000008",
    endpoint_scheme="0088",
    endpoint_id="4099999000008",
    address={"street": "Werft 1", "city": "Kiel", "postal_code": "24103", "country": "DE"},
)
OAT = Product("OAT-1L", "Oat drink 1 l", "EA")
CARTON = Fraction(12)
DAY = timedelta(days=1)


def account(**policies: Any) -> Account:
    return Account(id="acme-retail", name="ACME Retail Group", policies=Policies(**policies))


def line(
    quantity: str,
    *,
    index: int = 0,
    product: Product | None = OAT,
    unit: str | None = "EA",
    per_unit: Fraction | int | None = 1,
    per_sales: Fraction | int = 1,
    sales_unit: str | None = None,
    price: str | None = "1.25",
    contract: Fraction | None = None,
    row: PriceRow | None = None,
    site: SiteRow | None = None,
    faults: tuple[Fault, ...] = (),
    **said: Any,
) -> MappedLine:
    """A line of `quantity` `unit`, of which each is `per_unit` base units, sold by `per_sales` base units."""
    asked = OrderLine(
        line_number=said.pop("line_number", str(index + 1)),
        quantity=Decimal(quantity),
        unit=unit,
        price=Price(amount=Decimal(price)) if price else None,
        **said,
    )
    base = None if per_unit is None else Decimal(quantity) * Decimal(Fraction(per_unit).numerator)
    if per_unit is not None and base is not None:
        base /= Fraction(per_unit).denominator
    meaning = Meaning(
        words_of(asked),
        product,
        unit,
        None,
        None if per_unit is None else Fraction(per_unit),
        base,
        sales_unit or (product.sales_unit if product else None) or "EA",
        Fraction(per_sales),
        None if base is None else from_fraction(Fraction(base) / Fraction(per_sales)),
        Fraction(price) if price else None,
        contract,
        row,
    )
    return mapped_line(index, asked, meaning, site, faults)


def mapped(*lines: MappedLine, site: SiteRow | None = None, faults: tuple[Fault, ...] = (), **said: Any) -> MappedOrder:
    order = Order(order_number="PO-1", currency="EUR", lines=tuple(one.line for one in lines), **said)
    return MappedOrder(order, lines, site, "EUR", order.buyer, faults)


def stock_of(levels: Mapping[tuple[str, str], object]) -> Stock:
    """(product, site) → on hand, or (on hand, next receipt's date, its quantity or None)."""
    positions = {}
    for (product, site), level in levels.items():
        on_hand, day, due = level if isinstance(level, tuple) else (level, None, None)
        positions[product, site] = Position(
            product,
            site,
            1,
            Decimal(str(on_hand)),
            Decimal(0),
            day,
            None if due is None else Decimal(str(due)),
        )
    sites: dict[str, tuple[str, ...]] = {}
    for product, site in sorted(positions):
        sites[product] = (*sites.get(product, ()), site)
    return Stock(positions, sites)


def decided(order: MappedOrder, stock: Stock, terms: Account | None = None, **more: Any) -> Decision:
    faults = more.pop("faults", ())
    decision = decide(
        order,
        (*order.all_faults(), *faults),
        stock,
        terms or account(),
        SUPPLIER,
        response_number="OR-1",
        received_on=more.pop("received_on", RECEIVED),
        issued_at=more.pop("issued_at", ISSUED),
        **more,
    )
    if decision.response is not None:
        judged_anew(decision.response)
    return decision


def outcomes(decision: Decision, index: int = 0) -> list[tuple[str, str]]:
    """(status, quantity) of a line's outcomes."""
    return [(one.status, str(one.quantity)) for one in parts(decision, index)]


def parts(decision: Decision, index: int = 0) -> tuple[LineOutcome, ...]:
    assert decision.response is not None
    return decision.response.lines[index].outcomes
