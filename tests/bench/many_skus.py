"""An account of as many SKUs as asked: its folder, our catalogue and stock for it, and orders over it."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from mappings.revision import StockRow
from tests.bench.orders import HEAD, LINE, dates

PER_CARTON = 12
_PLENTY = Decimal(10) ** 15
_ACCOUNT = """id: {name}
name: {name}
tier: gold
legal: {{endpoint: {{scheme: "0088", id: "4012345000009"}}}}
identifiers: [{{scheme: "0088", id: "4012345000009"}}]
inbound: {{formats: [ubl-2.1]}}
terms: {{currency: EUR}}
policies: {{order_rate_per_minute: 0}}
"""


def sku(number: int) -> str:
    """The account's number of its SKU."""
    return f"SKU-{number:05d}"


def product(number: int) -> str:
    """Our number of it."""
    return f"P-{number:05d}"


def unit(number: int, units: int) -> str:
    """The account's word for a carton of this SKU: its units have as many words as there are rules."""
    return f"K{number % units:04d}"


def price(number: int) -> str:
    """What a carton of it costs."""
    return f"{10 + number % 90}.{number % 100:02d}"


def write_catalogue(folder: Path, skus: int) -> None:
    """products.csv and packs.csv."""
    folder.mkdir(parents=True)
    products = ((product(one), f"Product {one}", "EA", "XCT") for one in range(skus))
    _write(folder / "products.csv", ("product", "name", "base_unit", "sales_unit"), products)
    packs = ((product(one), "XCT", PER_CARTON) for one in range(skus))
    _write(folder / "packs.csv", ("product", "unit", "quantity"), packs)


def write_account(folder: Path, skus: int, units: int) -> None:
    """An item and a price for each SKU, a rule for each of the units."""
    folder.mkdir(parents=True)
    (folder / "account.yaml").write_text(_ACCOUNT.format(name=folder.name), encoding="utf-8")
    _write(folder / "items.csv", ("account_sku", "product"), ((sku(one), product(one)) for one in range(skus)))
    _write(
        folder / "units.csv",
        ("account_unit", "unit", "factor"),
        ((unit(one, units), "XCT", 1) for one in range(units)),
    )
    prices = ((product(one), "XCT", "EUR", price(one)) for one in range(skus))
    _write(folder / "prices.csv", ("product", "unit", "currency", "price"), prices)


def _write(path: Path, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)


def stock(skus: int) -> list[StockRow]:
    """More of each than can be ordered."""
    now = datetime.now(UTC)
    return [StockRow(product(one), "HAMBURG", now, _PLENTY) for one in range(skus)]


def orders(prefix: str, count: int, lines: int, skus: int, units: int, most: int = 5) -> Iterator[bytes]:
    """Orders whose lines are drawn from so many SKUs and up to `most` of each, the same draw for the same prefix."""
    draw = random.Random(prefix)
    for number in range(count):
        chosen = [(draw.randrange(skus), draw.randint(1, most)) for _ in range(lines)]
        yield _order(f"{prefix}-{number:06d}", chosen, units)


def whole_range(prefix: str, skus: int, units: int, lines: int = 500) -> Iterator[bytes]:
    """Orders that name every SKU once."""
    for start in range(0, skus, lines):
        yield _order(f"{prefix}-{start:06d}", [(one, 1) for one in range(start, min(skus, start + lines))], units)


def _order(number: str, chosen: Iterable[tuple[int, int]], units: int) -> bytes:
    written = (
        LINE.format(number=index, quantity=quantity, price=price(one), name="x", sku=sku(one)).replace(
            '"XCS"', f'"{unit(one, units)}"'
        )
        for index, (one, quantity) in enumerate(chosen, 1)
    )
    return (HEAD.format(number=number, **dates()) + "".join(written) + "</Order>\n").encode()
