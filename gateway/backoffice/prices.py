"""The accounts' contract prices, row by row: a revision of the mapping of each account that they are of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.accounts import table_rows
from gateway.backoffice.catalogue import REASON
from gateway.backoffice.uploads import Placed, Uploaded, row_fault
from gateway.services import Services
from gateway.store.revisions import Put, account_scope
from mappings.coherence import lost_zeros, mapping_problems
from mappings.revision import AccountPrice, Catalogue, MappingRevision
from schemas.faults import Fault


@dataclass(frozen=True, slots=True)
class PricesPut:
    """Each account's mapping with the prices put into it. `warnings` are prices that will never count."""

    uploaded: Uploaded
    of_accounts: dict[str, Put]
    warnings: tuple[Fault, ...]


def put_prices(services: Services, uploaded: Uploaded, author: str) -> PricesPut:
    """Put the good rows into the accounts' prices, account by account: a revision each, or none where all of an
    account's stand there already."""
    known = services.store.revisions.current({row.account for row in uploaded.rows})
    catalogue = services.terms.catalogue()
    zeros = (row_fault(index, fault) for index, fault in lost_zeros(uploaded.good, "account_price", catalogue))
    uploaded = uploaded.without((*_of_no_account(uploaded, known), *zeros))
    by_account: dict[str, list[tuple[int, AccountPrice]]] = {}
    for index, row in uploaded.good:
        by_account.setdefault(row.account, []).append((index, row))
    put: dict[str, Put] = {}
    warnings: list[Fault] = []
    for account_id, rows in sorted(by_account.items()):
        written = list(table_rows(row.row for _, row in rows))
        scope = account_scope(account_id)
        put[account_id] = services.store.revisions.put(scope, written, author=author, reason=REASON)
        revision = services.terms.mapping(account_id, put[account_id].number)
        warnings += _never_counting(revision, rows, catalogue)
    return PricesPut(uploaded, put, tuple(warnings))


def _of_no_account(uploaded: Uploaded, known: dict[str, int]) -> Iterator[Placed]:
    for index, row in uploaded.good:
        if row.account not in known:
            detail = f"There is no account {row.account}"
            yield row_fault(index, Fault("bad_value", detail, f"/{index}/account", "", row.account, "an account's id"))


def _never_counting(
    revision: MappingRevision, rows: list[tuple[int, AccountPrice]], catalogue: Catalogue
) -> Iterator[Fault]:
    """Prices of products that we don't have, and by units that lead to none of ours."""
    prices = [(f"/rows/{index}", row.row) for index, row in rows]
    items = [("", item) for _, row in prices for item in revision.items_by_product.get(row.product, ())]
    units = [("", unit) for unit in revision.units.values()]
    placed = {place for place, _ in prices}
    told = mapping_problems(
        revision.account.id, None, {"item": items, "unit": units, "site": [], "price": prices}, catalogue, ()
    )
    return (fault for fault in told if fault.location in placed)
