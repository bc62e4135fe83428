"""Files of stock: what is odd about one before it is recorded, and what recording it would change."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches

from gateway.accounts import table_rows
from gateway.differences import Difference, row_differences
from gateway.store.revisions import account_scope
from gateway.store.stock import OlderRow, Standing
from gateway.store.store import Store
from mappings.revision import Catalogue, StockRow
from schemas.faults import Fault

_AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class StockPlan:
    """What recording rows of stock would do now: the rows it would leave out, and what the others change."""

    older: tuple[OlderRow, ...]
    differences: tuple[Difference, ...]


def plan_stock(store: Store, rows: Sequence[StockRow]) -> StockPlan:
    """What recording these rows would do now; nothing is done."""
    standing = {(one.counted.product, one.counted.site): one.counted for one in _places_of(store, rows)}
    known = {place: counted.as_of for place, counted in standing.items()}
    older = [row for row in rows if known.get((row.product, row.site), row.as_of) > row.as_of]
    places = {(row.product, row.site) for row in rows} - {(row.product, row.site) for row in older}
    before = [counted for place, counted in standing.items() if place in places]
    after = [row for row in rows if (row.product, row.site) in places]
    return StockPlan(
        tuple(OlderRow(row, known[row.product, row.site]) for row in older),
        tuple(row_differences(table_rows(before), table_rows(after))),
    )


def _places_of(store: Store, rows: Sequence[StockRow]) -> list[Standing]:
    return store.stock.standing(row.product for row in rows) if rows else []


def new_sites(store: Store, rows: Sequence[StockRow]) -> dict[str, str | None]:
    """Site of these rows → the known one that is written most like it. Of sites that nothing knows: no stock was told
    of there, and no account is supplied from there. None while no stock is known at all: then every site is the first.
    To be asked before the rows are recorded."""
    unknown = store.stock.without_stock(row.site for row in rows)
    stocked = store.stock.sites() if unknown else frozenset()
    if not stocked:
        return {}
    known = {site.casefold(): site for site in sorted(stocked | _supplying(store))}
    return {site: _nearest(site, known) for site in unknown if site not in known.values()}


def _nearest(site: str, known: Mapping[str, str]) -> str | None:
    found = get_close_matches(site.casefold(), known, 1)
    return known[found[0]] if found else None


def _supplying(store: Store) -> frozenset[str]:
    """The sites that accounts' places are supplied from."""
    found: set[str] = set()
    for account in store.revisions.accounts():
        rows = store.revisions.of_kinds(account_scope(account["id"]), account["revision"], ["site"])
        found.update(json.loads(row.body).get("supply_site") or "" for row in rows)
    return frozenset(found - {""})


def stock_of_new_sites(file: str, rows: Sequence[StockRow], sites: Mapping[str, str | None]) -> tuple[Fault, ...]:
    """A warning for each of these sites, which may be a mistyped one: stock there supplies nobody."""
    counted = Counter(row.site for row in rows)
    return tuple(
        Fault(
            "bad_value",
            f"{file} counts {counted[site]:,} product{'s' if counted[site] > 1 else ''} at {site}, where there was no "
            "stock before and which no sites.csv supplies from",
            "",
            file,
            site,
            near or "a site that has stock, or supplies an account",
        )
        for site, near in sites.items()
        if counted[site]
    )


def stock_problems(file: str, rows: Sequence[StockRow], catalogue: Catalogue, now: datetime) -> tuple[Fault, ...]:
    """What is odd about a file of stock, all of which is stored: products that we don't have, and moments to come,
    until which every other file would be the older one."""
    return (*_stock_not_ours(file, rows, catalogue), *_stock_to_come(file, rows, now))


def stock_of_no_day_yet(file: str, rows: Sequence[StockRow], now: datetime) -> tuple[Fault, ...]:
    """A fault for each row that counts what is there more than a day from now, which nobody can have counted. Up to a
    day ahead it may be a clock or a time zone, and is only warned of."""
    latest = now + _AHEAD
    return tuple(
        Fault(
            "bad_value",
            f"{file} says what is there of {row.product} at {row.site} more than a day from now; nothing was stored",
            "",
            file,
            row.as_of.isoformat(),
            f"an as_of up to now, {now.isoformat()}",
        )
        for row in rows
        if row.as_of > latest
    )


def _stock_not_ours(file: str, rows: Sequence[StockRow], catalogue: Catalogue) -> Iterator[Fault]:
    for product in dict.fromkeys(row.product for row in rows):
        if product not in catalogue.products:
            detail = f"{file} names {product}, which products.csv does not have"
            yield Fault("bad_value", detail, "", file, product, "a product of products.csv")


def _stock_to_come(file: str, rows: Sequence[StockRow], now: datetime) -> Iterator[Fault]:
    for moment, late in _by_moment(row for row in rows if row.as_of > now).items():
        first, others = late[0], len(late) - 1
        places = f"{first.product} at {first.site}" + (f" and {others} more" if others else "")
        detail = (
            f"{file} says what is there of {places} at a moment that is still to come; no file of an earlier one "
            "counts there from now on. Rows with the same as_of correct it"
        )
        yield Fault("bad_value", detail, "", file, moment.isoformat(), f"an as_of up to now, {now.isoformat()}")


def _by_moment(rows: Iterable[StockRow]) -> dict[datetime, list[StockRow]]:
    grouped: dict[datetime, list[StockRow]] = {}
    for row in rows:
        grouped.setdefault(row.as_of, []).append(row)
    return grouped
