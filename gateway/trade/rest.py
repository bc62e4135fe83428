"""The faults of what was read whole of an order that is wrong somewhere: told with the others, so that nobody has to
mend an order, or our tables, twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from gateway.trade.checks import check
from mappings.account import Policies
from mappings.engine import to_ours
from mappings.revision import Catalogue, MappingRevision, Supplier
from schemas.documents.partly_read import Rest
from schemas.faults import Fault, line_index

_OF_PRICES = frozenset(("price_mismatch", "no_contract_price"))
_PRICES_HANG_ON = frozenset(("currency", "issue_date"))
_THEIR_DAY_HANGS_ON = frozenset(("requested_delivery", "ship_to"))
"""Where the contract price counts that is valid on the day of delivery or dispatch."""


def faults_of_rest(
    rest: Rest,
    known: Sequence[Fault],
    revision: MappingRevision,
    catalogue: Catalogue,
    supplier: Supplier,
    received_on: date,
) -> tuple[Fault, ...]:
    """Every further fault of the order, at the lines of the document, beside those that are known already.

    What only follows from a part that could not be read is none. The day of receipt stands in for an issue date that
    could not be read, as for one that is absent.
    """
    mapped = to_ours(rest.order, revision, catalogue, supplier, received_on)
    told = {(fault.code, fault.path) for fault in known}
    found = (
        _at_its_line(fault, rest)
        for fault in (*mapped.all_faults(), *check(mapped, received_on))
        if not _only_follows(fault, rest.unread, revision.account.policies)
    )
    return tuple(fault for fault in found if (fault.code, fault.path) not in told)


def _only_follows(fault: Fault, unread: frozenset[str], policies: Policies) -> bool:
    if line_index(fault) is None:
        return fault.path[1:].partition("/")[0] in unread
    if fault.code not in _OF_PRICES:
        return False
    hang_on = _PRICES_HANG_ON if policies.price_date == "order" else _PRICES_HANG_ON | _THEIR_DAY_HANGS_ON
    return not hang_on.isdisjoint(unread)


def _at_its_line(fault: Fault, rest: Rest) -> Fault:
    index = line_index(fault)
    if index is None:
        return fault
    among_the_good = f"/lines/{index}"
    return replace(fault, path=f"/lines/{rest.lines[index]}{fault.path.removeprefix(among_the_good)}")
