"""An account's inventory report: all of it, or what changed since another one; and what its content is known by.

A report is read in pieces of some hundred items, each as it is when it is read, so that nobody who reads slowly holds
anything in the database. What a report is known by (`Asked.tag`) is taken before its first piece: content may be newer
than its tag, never older, so an unchanged tag is never said of content that changed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from gateway.inventory_changes import Earlier, changed_items
from gateway.inventory_plans import Plan
from gateway.services import Services
from gateway.store.inventory_reports import KIND
from gateway.trade.inventory import PlannedItem, Share, line_of
from gateway.trade.response import buyer_party, seller_party
from mappings.own_format import CUSTOM, formats_of
from schemas.documents.inventory_report import InventoryLine, InventoryReport
from schemas.faults import Fault
from schemas.formats import Format
from schemas.formats.csv_1 import read_lines
from schemas.formats.json_1 import JSON_1
from schemas.formats.json_1.reading import parse_inventory_report
from schemas.formats.registry import FORMATS

_AT_ONCE = 250
"""Items whose stock is read in one query: larger pieces are slower, because they leave the processor's cache."""
_CURSOR = re.compile(r"IR-(\d{8}T\d{6}Z)-(\d{1,9})-(\d{1,9})-(\d{1,18})", re.ASCII)
_WRITTEN = "%Y%m%dT%H%M%SZ"
_YEARS = range(2000, 2200)
"""Of reports. Years that end with the calendar have no other time zone."""


@dataclass(frozen=True, slots=True)
class Cursor(Earlier):
    """Where a report stood, as the number that it has where it is asked for: when it was read, under which mapping and
    catalogue, and from which transaction on it may lack something."""

    def __str__(self) -> str:
        return f"IR-{self.at.astimezone(UTC):{_WRITTEN}}-{self.mapping}-{self.catalogue}-{self.change}"

    @classmethod
    def of(cls, text: str) -> Cursor:
        """Raises ValueError for a number that isn't one of a report that was asked for."""
        match = _CURSOR.fullmatch(text)
        if match is None:
            raise ValueError("not the number of a report")
        at = datetime.strptime(match[1], _WRITTEN).replace(tzinfo=UTC)
        if at.year not in _YEARS:
            raise ValueError("no report was made then")
        return cls(at, int(match[2]), int(match[3]), int(match[4]))


@dataclass(frozen=True, slots=True)
class Asked:
    """A report that is ready to be read: its head, what its content is known by, and which items it has."""

    head: InventoryReport
    """Without its lines."""
    cursor: Cursor
    tag: str
    plan: Plan
    items: Sequence[PlannedItem]
    gone: tuple[InventoryLine, ...] = ()
    """Lines of what was an item of the account."""

    @property
    def left_out(self) -> tuple[Fault, ...]:
        """Why items of the account are in no report: for us to mend."""
        return self.plan.left_out


def ask(services: Services, account_id: str, at: datetime, *, test: bool = False, since: Cursor | None = None) -> Asked:
    """The account's report as of now. Raises LookupError where no terms of the account are published.

    `since` leaves out what has not changed since that report; where what changed can't be told apart, it is the full
    report, and says so.
    """
    mapping = services.store.revisions.current([account_id]).get(account_id)
    if mapping is None:
        raise LookupError(f"account {account_id} has no published terms")
    catalogue, change = services.store.revisions.current_catalogue(), services.store.availability.horizon()
    zone = services.store.revisions.terms(account_id, mapping).get("time_zone", "UTC")
    here = at.astimezone(ZoneInfo(zone)).replace(microsecond=0)
    plan = services.terms.inventory.plan(account_id, mapping, catalogue, here.date())
    known = since if since is not None and since.change <= change else None  # else of another database than this one
    changed = None if known is None else changed_items(services.store, plan, known, here.date())
    items, ended = (plan.items, ()) if changed is None else changed
    cursor = Cursor(here, mapping, catalogue, change)
    head = InventoryReport(
        number=str(cursor),
        issue_date=here.date(),
        issued_at=here,
        test=test,
        is_full=changed is None,
        since=None if changed is None or since is None else since.at.astimezone(here.tzinfo),
        buyer=buyer_party(plan.account),
        seller=seller_party(services.supplier),
    )
    return Asked(head, cursor, _tag(services, plan, head, items, ended), plan, items, ended)


def lines(services: Services, asked: Asked) -> Iterator[InventoryLine]:
    """The report's lines as they are read, in the order of the account's numbers; what is gone comes last."""
    plan = asked.plan
    share = Share(plan.account.id, plan.account.policies.allocation_percent, asked.head.issue_date)
    for start in range(0, len(asked.items), _AT_ONCE):
        some = asked.items[start : start + _AT_ONCE]
        products = list({item.product for item in some})
        counted = services.store.availability.counted(products, plan.sites, plan.account.id)
        for item in some:
            yield line_of(item, counted.get(item.product, ()), share)
    yield from asked.gone


def _tag(
    services: Services,
    plan: Plan,
    head: InventoryReport,
    items: Sequence[PlannedItem],
    ended: Sequence[InventoryLine],
) -> str:
    """What says whether the content is the same: the terms, the day, and where the stock of these items stands."""
    standing = services.store.availability.standing(sorted({item.product for item in items}), plan.sites)
    numbers = () if head.is_full else [(item.buyer_item, item.gtin) for item in items]
    told = (plan.mapping, plan.catalogue, head.issue_date, head.test, head.is_full, head.since, head.seller)
    return hashlib.sha256(repr((told, standing, numbers, ended)).encode()).hexdigest()[:32]


def formats(services: Services, plan: Plan) -> Mapping[str, Format]:
    """The formats that the account's reports may be in, by name; its own layout only where its terms agree on it, for
    reading that takes the whole mapping."""
    agreed = plan.account.outbound.get(KIND)
    known = FORMATS
    if agreed is not None and agreed.format == CUSTOM:
        known = formats_of(services.terms.mapping(plan.account.id, plan.mapping))
    return {name: one for name, one in known.items() if KIND in one.renderers}


def report_in(services: Services, asked: Asked, chosen: Format) -> Iterator[bytes]:
    """The report in a format, in pieces as its lines are read where the format can write it so. Raises DocumentHeld,
    before the first piece, where the format can't hold it."""
    stream = chosen.streams.get(KIND)
    if stream is not None:
        yield from stream(asked.head, lines(services, asked))
    else:
        yield chosen.renderers[KIND](replace(asked.head, lines=tuple(lines(services, asked))))


# --- as it is sent and kept --------------------------------------------------------------------------------------
def sent_report(services: Services, asked: Asked, chosen: Format, number: str) -> tuple[bytes, str]:
    """The report as it goes out under this number, and its canonical form as json-1: without its lines where they can
    be read from the body, because a report of 100,000 items is 30 MB of JSON. Raises DocumentHeld as `report_in`."""
    head = replace(asked.head, number=number)
    if chosen.name in _LINES_IN:
        body = b"".join(chosen.streams[KIND](head, lines(services, asked)))
        return body, JSON_1.renderers[KIND](head).decode()
    whole = replace(head, lines=tuple(lines(services, asked)))
    return chosen.renderers[KIND](whole), JSON_1.renderers[KIND](whole).decode()


def kept_report(canonical: str, format_name: str, body: Callable[[], bytes]) -> InventoryReport:
    """The report that was sent, from what is kept of it."""
    head = parse_inventory_report(canonical.encode())
    read = _LINES_IN.get(format_name)
    return head if read is None else replace(head, lines=read(body()))


_LINES_IN: Mapping[str, Callable[[bytes], tuple[InventoryLine, ...]]] = {
    "csv-1": read_lines,
    "json-1": lambda body: parse_inventory_report(body).lines,
}
