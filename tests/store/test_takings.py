"""Stock that several take at once: what was decided holds while there is enough, and never is more taken than that."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.store.database import Collision
from gateway.store.ids import new_id
from gateway.store.queue import Claim
from gateway.store.statements import fetch, insert
from gateway.store.statements import given as given_rows
from gateway.store.store import Store
from gateway.store.tables import stock_movements
from gateway.store.takings import Standing, Takings, last_of_one
from gateway.trade.allocation import allocate
from gateway.trade.stock import Allocation, Position, Stock
from gateway.trade.wanted import wanted
from mappings.account import Account, Policies
from mappings.revision import Product, SiteRow, StockRow
from tests.store.test_conformance import LANES, arrival, settled
from tests.trade.builders import RECEIVED, line, mapped

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
OAT, SOY = Product("OAT", "Oat drink", "EA"), Product("SOY", "Soy drink", "EA")


def account(name: str = "acme", percent: int = 100) -> Account:
    return Account(id=name, name=name, policies=Policies(allocation_percent=percent))


def stocked(store: Store, **on_hand: int) -> None:
    """So much of each product at HAM."""
    store.stock.record([StockRow(product, "HAM", NOON, Decimal(count)) for product, count in on_hand.items()])


class Batch:
    """One message's decisions, on stock as it was when they were begun."""

    def __init__(self, store: Store, accounts: tuple[str, ...] = ("acme",), products: tuple[str, ...] = ("OAT", "SOY")):
        store.intake.keep(arrival(new_id().encode()))
        self.store = store
        self.claim = one_claimed(store)
        self.message = self.claim.messages[0]
        self.again(accounts, products)

    def again(self, accounts: tuple[str, ...] = ("acme",), products: tuple[str, ...] = ("OAT", "SOY")) -> Batch:
        """Begun anew, on what is there now."""
        self.stock = self.store.stock.load(products, accounts)
        self.takings = Takings(self.stock)
        return self

    def take(self, product: Product, quantity: int, taker: Account | None = None, site: str | None = None) -> Decimal:
        """What an order line of so many was given."""
        taker = taker or account()
        found = taken_for(self.stock, taker, product, quantity, site)
        self.takings.add(self.message.id, new_id(), 1, found, taker.policies.allocation_percent)
        return sum((one.quantity for one in found), Decimal(0))

    def save(self) -> None:
        changes = settled(self.message)
        changes.takings = self.takings
        self.store.queue.save(self.claim, changes)


def one_claimed(store: Store) -> Claim:
    """Of as many messages as there are batches; a claim passes over what another is just taking."""
    while True:
        found = store.queue.claim("w", LANES, 1)
        if found is not None:
            return found


def taken_for(
    stock: Stock, taker: Account, product: Product, quantity: int, site: str | None = None
) -> tuple[Allocation, ...]:
    asked = line(str(quantity), product=product, site=SiteRow("DC", supply_site=site) if site else None)
    want = wanted(mapped(asked), asked, RECEIVED, rounded=False, repriced=False)
    return allocate(stock, taker, want)


def movements(store: Store) -> list[tuple[str, str, int, str, Decimal, Decimal, Decimal]]:
    with store.database.read() as connection:
        rows = fetch(
            connection,
            "SELECT product, site, number, account_id, quantity, taken, taken_by_account FROM stock_movements "
            "ORDER BY product, site, number",
        )
    return [(*row[:4], Decimal(row[4]), Decimal(row[5]), Decimal(row[6])) for row in rows]


def totals_are_sums(store: Store) -> dict[tuple[str, str], Decimal]:
    """Place → what was taken there, where the movements' numbers have no gap and their running totals are the sums."""
    all_of: dict[tuple[str, str], list[Decimal]] = {}
    own: dict[tuple[str, str, str], Decimal] = {}
    for product, site, number, taker, quantity, by_all, by_account in movements(store):
        before = all_of.setdefault((product, site), [])
        before.append(quantity)
        own[product, site, taker] = own.get((product, site, taker), Decimal(0)) + quantity
        assert (number, by_all, by_account) == (len(before), sum(before), own[product, site, taker])
    return {place: sum(quantities, Decimal(0)) for place, quantities in all_of.items()}


@contextmanager
def beside(database_url: str) -> Iterator[Store]:
    """Another process's store."""
    other = Store(database_url)
    yield other
    other.close()


# --- plenty ----------------------------------------


def test_two_decisions_on_plentiful_stock_both_stand(store: Store) -> None:
    stocked(store, OAT=100, SOY=100)
    first, second = Batch(store), Batch(store)
    assert first.take(OAT, 30) + first.take(SOY, 5) == 35
    assert second.take(OAT, 40) + second.take(OAT, 20) == 60
    first.save()
    second.save()
    assert movements(store) == [
        ("OAT", "HAM", 1, "acme", 30, 30, 30),
        ("OAT", "HAM", 2, "acme", 40, 70, 70),
        ("OAT", "HAM", 3, "acme", 20, 90, 90),
        ("SOY", "HAM", 1, "acme", 5, 5, 5),
    ]
    position = store.stock.load(["OAT"], ["acme", "other"]).positions["OAT", "HAM"]
    assert (position.taken, position.taken_by) == (90, {"acme": 90})


def test_what_was_taken_is_allocated_and_no_more_available(store: Store) -> None:
    """Of all batches together; a later count of less than was taken leaves nothing, and never less."""
    stocked(store, OAT=100, SOY=100)
    for quantity in (30, 25):
        batch = Batch(store)
        batch.take(OAT, quantity)
        batch.save()
    assert [(one.allocated, one.available) for one in store.stock.standing(["OAT", "SOY"])] == [(55, 45), (0, 100)]
    stocked(store, OAT=50)
    (oat,) = store.stock.standing(["OAT"])
    assert (oat.counted.on_hand, oat.allocated, oat.available) == (50, 55, 0)


def test_savers_that_take_from_the_same_places_wait_for_one_another_and_never_collide(
    store: Store, database_url: str
) -> None:
    """In whatever order their lines name the places: locks are taken in one, so nobody waits in a circle."""
    stocked(store, OAT=10**6, SOY=10**6)
    together = threading.Barrier(2)

    def save_many(through: Store, products: tuple[Product, Product]) -> None:
        for _ in range(25):
            batch = Batch(through)
            for product in products:
                assert batch.take(product, 3) == 3
            together.wait(30)
            batch.save()

    with beside(database_url) as other, ThreadPoolExecutor(2) as threads:
        ends = [threads.submit(save_many, store, (OAT, SOY)), threads.submit(save_many, other, (SOY, OAT))]
        for end in ends:
            end.result(60)
    assert totals_are_sums(store) == {("OAT", "HAM"): 150, ("SOY", "HAM"): 150}


def test_what_an_account_took_is_its_own_whatever_the_others_are_called(store: Store) -> None:
    stocked(store, OAT=100, SOY=100)
    for name, quantity in (("bb", 5), ("dd", 7), ("bb", 1), ("b-b", 2)):
        batch = Batch(store, (name,))
        batch.take(OAT, quantity, account(name))
        batch.save()
    position = store.stock.load(["OAT"], ["aa", "b-b", "bb", "cc", "dd", "ee"]).positions["OAT", "HAM"]
    assert (position.taken, position.taken_by) == (15, {"b-b": 2, "bb": 6, "dd": 7})
    assert store.stock.load(["SOY"], ["bb"]).positions["SOY", "HAM"].taken_by == {}
    totals_are_sums(store)


def test_an_account_that_took_nothing_is_not_looked_for_among_all_that_others_took(store: Store) -> None:
    """The plan for it where one account took everything so far, many times."""
    stocked(store, OAT=10**6)
    rows = [("OAT", "HAM", n, "acme", "o", "1", "m", 1, "1", f"{n}", f"{n}") for n in range(1, 2001)]
    with store.database.write() as connection:
        insert(connection, stock_movements, rows)
        connection.exec_driver_sql("ANALYZE")
    with store.database.read() as connection:
        table, parameters = given_rows(connection, [("OAT", "HAM", "second")], "w_product", "w_site", "w_account")
        query = f"SELECT {last_of_one('w_product', 'w_site', 'w_account')} FROM {table} w"
        explain = "EXPLAIN QUERY PLAN" if store.database.is_sqlite else "EXPLAIN"
        plan = " ".join(str(row) for row in fetch(connection, f"{explain} {query}", parameters))
    assert "ix_stock_movements_account" in plan
    assert store.stock.load(["OAT"], ["acme", "second"]).positions["OAT", "HAM"].taken_by == {"acme": 2000}


# --- not enough for both ----------------------------------------


def test_of_two_decisions_that_there_is_not_enough_for_one_is_made_again(store: Store) -> None:
    stocked(store, OAT=100)
    first, second = Batch(store), Batch(store)
    assert (first.take(OAT, 60), second.take(OAT, 60)) == (60, 60)
    first.save()
    with pytest.raises(Collision, match="OAT at HAM was taken meanwhile"):
        second.save()
    assert store.messages.status(second.message.id) == "processing"
    assert totals_are_sums(store) == {("OAT", "HAM"): 60}
    assert second.again().take(OAT, 60) == 40
    second.save()
    assert totals_are_sums(store) == {("OAT", "HAM"): 100}


def test_the_last_one_is_given_once(store: Store) -> None:
    stocked(store, OAT=100)
    first, second = Batch(store), Batch(store)
    assert (first.take(OAT, 70), second.take(OAT, 30)) == (70, 30)
    first.save()
    second.save()
    assert totals_are_sums(store) == {("OAT", "HAM"): 100}


@pytest.mark.parametrize("percent", [50, 33])
def test_an_account_never_gets_more_than_its_share_from_two_savers(store: Store, percent: int) -> None:
    stocked(store, OAT=100)
    acme, other = account(percent=percent), account("other")
    first, second, third = Batch(store), Batch(store), Batch(store, ("other",))
    assert (first.take(OAT, 30, acme), second.take(OAT, 30, acme), third.take(OAT, 40, other)) == (30, 30, 40)
    third.save()
    first.save()
    with pytest.raises(Collision, match="the share that acme has"):
        second.save()
    assert second.again().take(OAT, 30, acme) == percent - 30
    second.save()
    position = store.stock.load(["OAT"], ["acme", "other"]).positions["OAT", "HAM"]
    assert position.taken_by == {"acme": percent, "other": 40}
    totals_are_sums(store)


def test_orders_of_one_account_that_are_pinned_to_other_shares_are_each_held_to_their_own(store: Store) -> None:
    stocked(store, OAT=100)
    batch = Batch(store)
    assert batch.take(OAT, 10, account(percent=20)) == 10
    assert batch.take(OAT, 50, account(percent=80)) == 50
    assert batch.take(OAT, 5, account(percent=20)) == 0
    batch.save()
    assert totals_are_sums(store) == {("OAT", "HAM"): 60}


# --- what was cut short ----------------------------------------


def test_a_line_that_was_cut_short_stands_where_others_took_what_it_left(store: Store) -> None:
    stocked(store, OAT=10)
    first, second = Batch(store, ("acme",)), Batch(store, ("other",))
    per_carton = line("1", product=OAT, per_unit=6, per_sales=6)
    want = wanted(mapped(per_carton), per_carton, RECEIVED, rounded=False, repriced=False)
    want.base = Decimal(12)
    found = allocate(first.stock, account(), want)
    assert [one.quantity for one in found] == [6]  # of two cartons that it wants one is there
    first.takings.add(first.message.id, "order", 1, found, 100)
    assert second.take(OAT, 4, account("other")) == 4
    second.save()
    first.save()
    assert totals_are_sums(store) == {("OAT", "HAM"): 10}


def give_back(store: Store, quantity: int) -> None:
    """A shipment that was cancelled: a movement of less than nothing behind the last one."""
    product, site, number, taker, _, by_all, own = movements(store)[-1]
    row = (product, site, number + 1, taker, "o", "1", "m", 1, *(f"{n}" for n in (-quantity, by_all - quantity)))
    with store.database.write() as connection:
        insert(connection, stock_movements, [(*row, f"{own - quantity}")])


@pytest.mark.parametrize("whose", ["acme", "other"])
@pytest.mark.parametrize(("wants", "stands"), [(30, True), (31, False), (200, False)])
def test_where_stock_was_given_back_only_what_was_cut_short_is_decided_again(
    store: Store, wants: int, stands: bool, whose: str
) -> None:
    stocked(store, OAT=100)
    before = Batch(store, (whose,))
    before.take(OAT, 70, account(whose))
    before.save()
    batch = Batch(store)
    batch.take(OAT, wants)
    give_back(store, 20)
    if stands:
        batch.save()
    else:
        with pytest.raises(Collision, match="given back"):
            batch.save()
        assert batch.again().take(OAT, wants) == min(wants, 50)
        batch.save()
    totals_are_sums(store)


def test_a_line_that_its_accounts_share_cut_short_is_decided_again_where_some_of_the_share_came_back(
    store: Store,
) -> None:
    """Though others took more meanwhile than came back."""
    stocked(store, OAT=100)
    half, other = account(percent=50), account("other")
    before = Batch(store)
    assert before.take(OAT, 60, half) == 50
    before.save()
    batch, third = Batch(store), Batch(store, ("other",))
    assert batch.take(OAT, 10, half) == 0
    give_back(store, 20)
    assert third.take(OAT, 30, other) == 30
    third.save()
    with pytest.raises(Collision, match="given back"):
        batch.save()
    assert batch.again().take(OAT, 10, half) == 10
    batch.save()


@pytest.mark.parametrize("on_hand", [0, 50])
def test_stock_that_was_counted_anew_is_decided_on_again(store: Store, on_hand: int) -> None:
    """Also where the line got nothing of it: there may be something now."""
    stocked(store, OAT=on_hand)
    batch = Batch(store)
    assert batch.take(OAT, 20) == min(20, on_hand)
    stocked(store, OAT=100)
    with pytest.raises(Collision, match="counted anew"):
        batch.save()
    assert batch.again().take(OAT, 20) == 20
    batch.save()
    assert totals_are_sums(store) == {("OAT", "HAM"): 20}


def test_a_count_of_what_the_batch_takes_nothing_of_is_nothing_to_it(store: Store) -> None:
    stocked(store, OAT=50, SOY=50)
    batch = Batch(store)
    assert batch.take(OAT, 20) == 20
    stocked(store, SOY=10)
    batch.save()


# --- many at once ----------------------------------------

PERCENTS = {"acme": 100, "half": 50, "tenth": 10}
ON_HAND = {("OAT", "HAM"): 300, ("OAT", "KIEL"): 40, ("SOY", "HAM"): 90}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_many_at_once_never_take_more_than_there_is_nor_leave_what_was_wanted(
    store: Store, database_url: str, seed: int
) -> None:
    """Three processes' stores on scarce stock; who collides decides again. Seeded, but for who is faster."""
    rows = [StockRow(product, site, NOON, Decimal(count)) for (product, site), count in ON_HAND.items()]
    store.stock.record(rows)
    given_to = [[] for _ in range(3)]  # type: list[list[tuple[str, str, int, Decimal]]]

    def work(worker: int) -> None:
        chance = random.Random(seed * 10 + worker)
        with beside(database_url) as through:
            for _ in range(20):
                wants = [(chance.choice(list(PERCENTS)), chance.choice((OAT, SOY))) for _ in range(3)]
                asked = [(name, product, chance.randint(1, 12)) for name, product in wants]
                given_to[worker] += until_it_stands(through, asked)

    with ThreadPoolExecutor(3) as threads:
        for end in [threads.submit(work, worker) for worker in range(3)]:
            end.result(120)
    taken = totals_are_sums(store)
    assert all(total <= ON_HAND[place] for place, total in taken.items())
    assert sum(taken.values()) == sum(got for each in given_to for *_, got in each)
    own: dict[tuple[str, str, str], Decimal] = {}
    for product, site, _, taker, _, _, by_account in movements(store):
        own[product, site, taker] = by_account
    for (product, site, taker), total in own.items():
        assert total <= Decimal(ON_HAND[product, site]) * PERCENTS[taker] / 100
    nothing_left_that_was_refused(taken, own, [one for each in given_to for one in each])


def until_it_stands(store: Store, asked: list[tuple[str, Product, int]]) -> list[tuple[str, str, int, Decimal]]:
    """(account, product, wanted, given) of a batch that was decided until it could be saved."""
    batch = Batch(store, tuple(PERCENTS))
    while True:
        found = [
            (name, product.product, quantity, batch.take(product, quantity, account(name, PERCENTS[name])))
            for name, product, quantity in asked
        ]
        try:
            batch.save()
        except Collision:
            batch.again(tuple(PERCENTS))
        else:
            return found


def nothing_left_that_was_refused(
    taken: dict[tuple[str, str], Decimal],
    own: dict[tuple[str, str, str], Decimal],
    given_to: list[tuple[str, str, int, Decimal]],
) -> None:
    """Nothing is given back here, so a line that was cut short took the last that its account could have."""
    for name, product, quantity, got in given_to:
        if got == quantity:
            continue
        for place, on_hand in ON_HAND.items():
            if place[0] == product:
                share = Decimal(on_hand) * PERCENTS[name] / 100 - own.get((*place, name), Decimal(0))
                left = min(on_hand - taken.get(place, Decimal(0)), share)
                assert left < 1, f"{name} was refused {product}, and {left} are left at {place[1]}"


# --- what is accepted is what deciding anew would take ----------------------------------------

lines = st.tuples(
    st.sampled_from([("acme", 100), ("half", 50)]), st.sampled_from([None, "HAM", "KIEL"]), st.integers(1, 40)
)
by_both = st.tuples(st.integers(0, 40), st.integers(0, 40))
moved = st.tuples(st.integers(-3, 9), st.integers(-3, 9))


def at_both(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"HAM": values, "KIEL": values})


def view(on_hand: dict[str, int], taken: dict[str, tuple[int, int]]) -> Stock:
    """OAT at two sites, with what acme and half have taken of it."""
    positions = {
        ("OAT", site): Position(
            "OAT",
            site,
            1,
            Decimal(on_hand[site]),
            Decimal(0),
            None,
            None,
            Decimal(sum(by)),
            {"acme": Decimal(by[0]), "half": Decimal(by[1])},
        )
        for site, by in taken.items()
    }
    return Stock(positions, {"OAT": ("HAM", "KIEL")})


def decide_all(stock: Stock, asked: list[tuple[tuple[str, int], str | None, int]], then: Callable[..., object]) -> None:
    for (name, percent), site, quantity in asked:
        then(taken_for(stock, account(name, percent), OAT, quantity, site), percent)


@settings(max_examples=400)
@given(at_both(st.integers(20, 160)), at_both(by_both), at_both(moved), st.lists(lines, min_size=1, max_size=6))
def test_what_is_accepted_is_what_deciding_anew_would_take(
    on_hand: dict[str, int],
    before: dict[str, tuple[int, int]],
    meanwhile: dict[str, tuple[int, int]],
    asked: list[tuple[tuple[str, int], str | None, int]],
) -> None:
    after = {site: (before[site][0] + more[0], before[site][1] + more[1]) for site, more in meanwhile.items()}
    stock = view(on_hand, before)
    takings = Takings(stock)
    found: list[tuple[Allocation, ...]] = []
    decide_all(stock, asked, lambda some, percent: (found.append(some), takings.add("m", "o", 1, some, percent)))
    now = {
        ("OAT", site): Standing(1, 7, Decimal(sum(by)), {"acme": Decimal(by[0]), "half": Decimal(by[1])})
        for site, by in after.items()
    }
    try:
        rows = takings.movements(now)
    except Collision:
        assert before != after, "nothing changed, so what was decided holds"
        return
    anew: list[tuple[Allocation, ...]] = []
    decide_all(view(on_hand, after), asked, lambda some, _: anew.append(some))
    assert anew == found
    for site in after:
        numbers = [row[2] for row in rows if row[1] == site]
        assert numbers == list(range(8, 8 + len(numbers)))
