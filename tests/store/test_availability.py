"""What reports of stock ask, on either database: counted once a place, and nothing that changed is missed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from gateway.store.revisions import CATALOGUE, Row
from gateway.store.stock_changes import note_changes
from gateway.store.store import Store
from gateway.store.takings import Takings
from gateway.trade.stock import Allocation
from mappings.revision import StockRow

NOW = datetime(2026, 11, 26, 6, 0, tzinfo=UTC)


def count(store: Store, product: str, on_hand: int, site: str = "KIEL", **more: object) -> None:
    store.stock.record([StockRow(product, site, NOW, Decimal(on_hand), **more)])  # type: ignore[arg-type]


def take(store: Store, product: str, quantity: int, account: str = "acme", site: str = "KIEL") -> None:
    stock = store.stock.load([product], [account])
    takings = Takings(stock)
    stock.positions[product, site].take(account, Decimal(quantity))
    takings.add("m", "o", 1, [Allocation(product, site, account, "1", Decimal(quantity))], 100)
    with store.database.write() as connection:
        takings.write(connection)


def test_each_place_is_counted_with_what_was_taken_there(store: Store) -> None:
    count(store, "OAT", 90)
    count(store, "OAT", 100, reserved_other=Decimal("2.5"), next_receipt_date=date(2026, 12, 1))
    count(store, "OAT", 7, "ULM", next_receipt_quantity=Decimal(5), next_receipt_date=date(2026, 12, 2))
    count(store, "RYE", 3)
    take(store, "OAT", 10)
    take(store, "OAT", 4, "delta")
    found = store.availability.counted(["OAT", "NONE"], None, "acme")
    assert [(one.position.site, one.position.free("acme", 100)) for one in found["OAT"]] == [
        ("KIEL", Decimal("83.5")),
        ("ULM", Decimal(7)),
    ]
    first, second = found["OAT"]
    assert (first.as_of, first.position.taken, first.position.taken_by) == (NOW, 14, {"acme": 10})
    assert (first.position.next_receipt_date, first.position.next_receipt_quantity) == (date(2026, 12, 1), None)
    assert second.position.next_receipt_quantity == 5
    assert list(found) == ["OAT"]
    assert list(store.availability.counted(["OAT", "RYE"], {"ULM"}, "acme")) == ["OAT"]
    assert store.availability.counted([], None, "acme") == {}


def test_where_stock_stands_grows_with_each_change_of_it(store: Store) -> None:
    seen = [store.availability.standing(["OAT"], None)]
    for change in (
        lambda: count(store, "OAT", 100),
        lambda: count(store, "OAT", 99),
        lambda: take(store, "OAT", 1),
        lambda: take(store, "OAT", -1),
        lambda: count(store, "OAT", 5, "ULM"),
    ):
        change()
        seen.append(store.availability.standing(["OAT"], None))
    assert len(set(seen)) == 6
    assert sorted(seen) == seen
    kiel = store.availability.standing(["OAT"], ["KIEL"])
    count(store, "RYE", 1)
    count(store, "OAT", 6, "ULM")
    assert store.availability.standing(["OAT"], ["KIEL"]) == kiel


def test_what_changed_since_is_what_was_counted_or_taken(store: Store) -> None:
    count(store, "OAT", 100)
    count(store, "RYE", 100)
    horizon = store.availability.horizon()
    assert store.availability.changed_since(horizon) == set()
    take(store, "RYE", 1)
    assert store.availability.changed_since(horizon) == {"RYE"}
    later = store.availability.horizon()
    count(store, "OAT", 100)
    assert store.availability.changed_since(horizon) == {"RYE"}, "it says what stands"
    count(store, "OAT", 99)
    assert store.availability.changed_since(horizon) == {"OAT", "RYE"}
    assert store.availability.changed_since(later) == {"OAT"}


def test_what_commits_after_a_report_was_read_is_not_missed(store: Store) -> None:
    """On PostgreSQL a transaction that began before it; SQLite has one writer at a time."""
    count(store, "OAT", 100)
    with store.database.write() as connection:
        note_changes(connection, {("SLOW", "KIEL")})
        note_changes(connection, {("SLOW", "KIEL")})
        if not store.database.is_sqlite:
            count(store, "QUICK", 1)
        horizon = store.availability.horizon()
    assert "SLOW" in store.availability.changed_since(horizon)


def test_goods_that_were_due_meanwhile(store: Store) -> None:
    for day in range(4):
        count(store, f"P{day}", 1, next_receipt_date=NOW.date() + timedelta(days=day))
    count(store, "NEVER", 1)
    found = store.availability.overdue_since(NOW.date() + timedelta(days=1), NOW.date() + timedelta(days=3))
    assert found == {"P1", "P2"}


# --- rows of revisions -------------------------------------------------------------------------------------------
def publish(store: Store, *keys: str, kind: str = "pack") -> int:
    rows = [Row(kind, key, f"{{{key}}}") for key in keys]
    return store.revisions.publish_catalogue(rows, author="test", reason="test").number


def test_rows_are_found_by_their_keys_and_by_their_first_column(store: Store) -> None:
    keys = ("P-1", "P-1|XCT", "P-1|XPX", "P-10|XCT", "P-1A|XCT", "P-2|XCT", "P-2}|XCT", "Q|XCT")
    number = publish(store, *keys)

    def found(*wanted: str, below: bool) -> set[str]:
        return {row.natural_key for row in store.revisions.named(CATALOGUE, number, "pack", wanted, below=below)}

    assert found("P-1", "P-2|XCT", "P-3", below=False) == {"P-1", "P-2|XCT"}
    assert found("P-1", "P-2", below=True) == {"P-1|XCT", "P-1|XPX", "P-2|XCT"}
    assert store.revisions.named(CATALOGUE, number, "product", ["P-1"]) == []


def test_pages_hold_each_row_of_a_revision_once(store: Store) -> None:
    first = publish(store, *(f"K-{number:02d}" for number in range(10)))
    second = publish(store, *(f"K-{number:02d}" for number in range(5, 12)))
    for number, names in ((first, range(10)), (second, range(5, 12))):
        pages = list(store.revisions.pages(CATALOGUE, number, "pack", 3))
        assert [row.natural_key for page in pages for row in page] == [f"K-{name:02d}" for name in names]
        assert max(map(len, pages)) == 3


def test_what_changed_between_two_revisions_is_what_only_one_of_them_has(store: Store) -> None:
    first = publish(store, "A", "B")
    second = publish(store, "A", "C")
    third = publish(store, "A", "B")

    def keys(since: int, number: int) -> set[str]:
        return {row.natural_key for row in store.revisions.changed(CATALOGUE, since, number)}

    assert keys(first, second) == {"B", "C"}
    assert keys(second, third) == {"B", "C"}
    assert keys(third, third) == set()
