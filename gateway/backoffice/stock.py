"""Counts of stock, row by row, as `gateway stock import` takes them: what is known as of later stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.backoffice.uploads import Placed, Uploaded, row_fault
from gateway.services import Services
from gateway.stock_files import new_sites, stock_of_new_sites, stock_of_no_day_yet, stock_problems
from gateway.store.stock import Recorded
from mappings.coherence import lost_zeros
from schemas.faults import Fault

_NAMED = "The body"


@dataclass(frozen=True, slots=True)
class StockPut:
    """What became of the rows. `older` are the indexes of those that were left out, in the order of `recorded.older`;
    `warnings` is what is odd about what was stored."""

    uploaded: Uploaded
    recorded: Recorded
    older: tuple[int, ...]
    warnings: tuple[Fault, ...]


def put_stock(services: Services, uploaded: Uploaded, now: datetime) -> StockPut:
    """Record the good rows that are news."""
    catalogue = services.terms.catalogue()
    zeros = (row_fault(index, fault) for index, fault in lost_zeros(uploaded.good, "stock", catalogue))
    uploaded = uploaded.without((*zeros, *_of_no_day_yet(uploaded, now)))
    new = new_sites(services.store, uploaded.rows)
    recorded = services.store.stock.record(uploaded.rows)
    places = {(row.product, row.site): index for index, row in uploaded.good}
    older = tuple(places[one.row.product, one.row.site] for one in recorded.older)
    odd = stock_problems(_NAMED, uploaded.rows, catalogue, now)
    odd += stock_of_new_sites(_NAMED, uploaded.rows, new)
    return StockPut(uploaded, recorded, older, odd)


def _of_no_day_yet(uploaded: Uploaded, now: datetime) -> Iterator[Placed]:
    for index, row in uploaded.good:
        for fault in stock_of_no_day_yet(_NAMED, [row], now):
            yield row_fault(index, replace(fault, path=f"/{index}/as_of", location=""))
