"""load → work out → number → render → save: what accounts get back of what they bought, and the credit notes of it.

A statement is made anew of the period's invoices and credit notes whenever somebody asks. What is open of it is settled
once: its settlements are numbered by period and currency, and of two that were worked out from the same, one is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from gateway.billing import rows_of, settled
from gateway.local_time import local_date, local_time
from gateway.numerals import Numerals
from gateway.services import Services
from gateway.store.ids import now_us
from gateway.store.invoices import InvoiceRows, StoredInvoice
from gateway.store.rebate_settlements import Settlement
from gateway.trade.invoice_sums import exact_sum
from gateway.trade.parties import account_party
from gateway.trade.rebate_periods import CalendarPeriod, period_around
from gateway.trade.rebates import (
    CountedDocument,
    RebatePeriod,
    RebateStatement,
    SettlementFacts,
    SettlementPart,
    Sold,
    counted,
    period_of,
    products_of,
    settlement_of,
    settlement_parts,
    statements,
)
from gateway.trade.response import seller_party
from mappings.account import Account, Rebate
from mappings.mixed_units import by_base_unit, told_by_unit
from mappings.revision import MappingRevision
from schemas.documents.common import Address, Party
from schemas.documents.invoice import Invoice
from schemas.formats.json_1.reading import parse_invoice

_AT_ONCE = 200
"""Documents are read so many at a time: a year of a large account has tens of thousands."""


@dataclass(frozen=True, slots=True)
class Accrued:
    """A rebate of one period of the calendar in one currency: its statement, and what settled it before."""

    period: CalendarPeriod
    statement: RebateStatement
    before: tuple[Settlement, ...]
    following: int
    """The number that its next settlement has."""


@dataclass(slots=True)
class Rebates:
    """What an account gets back. `left_out` says in sentences which rebates can't be worked out, and why."""

    revision: MappingRevision
    accrued: list[Accrued] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    bought: list[_Bought] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Settled:
    """A settlement's credit note, and what it settles."""

    accrued: Accrued
    note: Invoice


@dataclass(frozen=True, slots=True)
class _Bought:
    """An invoice or credit note as it counts, whom it was for, and the country that its goods went to."""

    counted: CountedDocument
    buyer: Party
    country: str | None
    reference: str | None
    orders: Mapping[str, str]
    """Product → an order that it was sold by."""


# --- loading -----------------------------------------------------------------------------------------------------
def rebates_of(services: Services, account_id: str, asked: CalendarPeriod | None, at: int) -> Rebates:
    """The account's rebates as its present terms have them: those by the kind of period that is asked for, or each in
    the period that `at` is in. Raises LookupError where there is no such account."""
    revision = services.terms.current([account_id])[account_id]
    found, account = Rebates(revision), revision.account
    wanted = list(_wanted(found, asked, local_date(at, revision)))
    settlements = services.store.rebate_settlements.of(account_id, (period.name for _, period, _ in wanted))
    if wanted:
        first, last = min(days.start for _, _, days in wanted), max(days.end for _, _, days in wanted)
        found.bought += _bought(services, account_id, first, last)
    for rebate, period, days in wanted:
        found.accrued += _accrued(account, rebate, period, days, [one.counted for one in found.bought], settlements)
    _leave_out_several_units(services, found)
    return found


def _wanted(
    found: Rebates, asked: CalendarPeriod | None, today: date
) -> Iterator[tuple[Rebate, CalendarPeriod, RebatePeriod]]:
    """The rebates that can be worked out, each with its period; why the others can't be is told."""
    terms = found.revision.account.terms
    for rebate in terms.rebates:
        if asked is not None and asked.kind != rebate.period:
            continue
        period = asked or period_around(rebate.period, today)
        if rebate.basis == "net_paid":
            found.left_out.append(f"{rebate.name} is by what was paid, which nobody tells.")
        elif terms.is_confused(rebate):
            found.left_out.append(
                f"Several rebates by {rebate.period} are named {rebate.name}; give each its own name."
            )
        else:
            try:
                yield rebate, period, period_of(rebate, period.first)
            except ValueError as none:
                found.left_out.append(f"{none}.")


def _bought(services: Services, account_id: str, first: date, last: date) -> Iterator[_Bought]:
    issued = services.store.invoices.issued(account_id, first.isoformat(), last.isoformat())
    for start in range(0, len(issued), _AT_ONCE):
        some = issued[start : start + _AT_ONCE]
        lines = services.store.invoices.lines_of_orders(one.id for one in some)
        of_orders: list[StoredInvoice] = [one for one in some if one.id in lines]  # a settlement has no such lines
        canonicals = services.store.documents.canonicals([one.document_id for one in of_orders])
        for one in of_orders:
            sold = {number: Sold(line.product, line.base_quantity) for number, line in lines[one.id].items()}
            invoice = parse_invoice(canonicals[one.document_id].encode())
            by_product = {line.product: line.order_id for line in lines[one.id].values()}
            whole = counted(invoice, sold)
            yield _Bought(whole, invoice.buyer, _country(invoice), invoice.buyer_reference, by_product)


def _country(invoice: Invoice) -> str | None:
    place = invoice.ship_to
    return place.address.country if place is not None and place.address is not None else None


def _accrued(
    account: Account,
    rebate: Rebate,
    period: CalendarPeriod,
    days: RebatePeriod,
    documents: Sequence[CountedDocument],
    settlements: Sequence[Settlement],
) -> Iterator[Accrued]:
    """What was settled counts for these days: one of the same name for other days of the period is another rebate."""
    named = [one for one in settlements if (one.rebate, one.period) == (rebate.name, period.name)]
    before: dict[str, list[Settlement]] = {}
    for one in named:
        if one.first_day <= days.end.isoformat() and days.start.isoformat() <= one.last_day:
            before.setdefault(one.currency, []).append(one)
    sums = {currency: exact_sum(one.net for one in some) for currency, some in before.items()}
    for statement in statements(rebate, days, documents, sums, account.terms.currency):
        taken = [one.sequence for one in named if one.currency == statement.currency]
        yield Accrued(period, statement, tuple(before.get(statement.currency, ())), max(taken, default=0) + 1)


def _leave_out_several_units(services: Services, found: Rebates) -> None:
    """Pieces and kilograms are no sum: statements by quantity that would add them up are told instead."""
    if not any(one.statement.rebate.basis == "quantity" for one in found.accrued):
        return
    documents, units = [one.counted for one in found.bought], _base_units(services, found.bought)
    kept: list[Accrued] = []
    for one in found.accrued:
        rebate, currency = one.statement.rebate, one.statement.currency
        of = by_base_unit(products_of(one.statement, documents), units) if rebate.basis == "quantity" else {}
        if len(of) < 2:
            kept.append(one)
            continue
        found.left_out.append(
            f"{rebate.name} is by quantity, and would add up {told_by_unit(of)} in {currency}: nothing of it is "
            "settled. Give each unit's products a rebate of their own."
        )
    found.accrued = kept


def _base_units(services: Services, bought: Sequence[_Bought]) -> dict[str, str]:
    """Product → its base unit, by the catalogue; of one that isn't in it any more by that of an order which has it."""
    rows = dict(services.terms.catalogue().products)
    gone = {product: order for one in bought for product, order in one.orders.items() if product not in rows}
    catalogues = {order.id: number for order, number in services.store.invoices.orders(gone.values())}
    for product, order_id in gone.items():
        then = services.terms.catalogue(catalogues[order_id]).products
        rows |= {product: then[product]} if product in then else {}
    return {product: row.base_unit for product, row in rows.items()}


# --- settling ----------------------------------------------------------------------------------------------------
def settle_rebates(
    services: Services, account_id: str, asked: CalendarPeriod, reason: str, actor: str
) -> list[Settled]:
    """Credit what is open of the account's rebates for this period; the credit notes are in its mailbox. All of it or
    nothing. Raises LookupError where there is no such account, DocumentHeld with what a credit note lacks, and
    StoreUnavailable where it can't be written."""
    made: list[Settled] = []

    def save() -> None:
        at = now_us()
        rows = InvoiceRows(at=at, actor=actor)
        numerals = Numerals(services, rows)
        found = rebates_of(services, account_id, asked, at)
        made[:] = _notes(services, found, at, lambda day: numerals.next("credit_note", day))
        for one in made:
            _add(services, found.revision, one, rows, reason)
        if made:
            services.store.invoices.save(rows)

    settled(save)
    return made


def settlement_notes(services: Services, found: Rebates, at: int) -> list[Settled]:
    """The credit notes that would settle what is open, without numbers; nothing is written. Raises DocumentHeld."""
    return _notes(services, found, at, lambda _: "0")


def _notes(services: Services, found: Rebates, at: int, number: Callable[[date], str]) -> list[Settled]:
    made: list[Settled] = []
    documents = [one.counted for one in found.bought]
    for one in found.accrued:
        parts = settlement_parts(one.statement, documents)
        trials = [settlement_of(one.statement, part, _facts(services, found, part, at)) for part in parts]
        for position, trial in enumerate(trials):
            accrued = Accrued(one.period, one.statement, one.before, one.following + position)
            made.append(Settled(accrued, trial))
    return [Settled(one.accrued, _numbered(one.note, number)) for one in made]  # a number only for what is one


def _numbered(note: Invoice, number: Callable[[date], str]) -> Invoice:
    return replace(note, number=number(note.issue_date))


def _facts(services: Services, found: Rebates, part: SettlementPart, at: int) -> SettlementFacts:
    now = local_time(at, found.revision)
    numbers = {one.number for one in part.invoices}
    about = [one for one in found.bought if one.counted.type == "invoice" and one.counted.number in numbers]
    newest = about[-1]
    references = {one.reference for one in about}
    return SettlementFacts(
        number="0",
        issue_date=now.date(),
        issued_at=now,
        seller=seller_party(services.supplier).model_copy(update={"vat_id": part.our_vat_id}),
        buyer=_buyer(about, found.revision.account),
        ship_to=Party(address=Address(country=newest.country)) if newest.country is not None else None,
        buyer_reference=newest.reference if len(references) == 1 else None,
    )


def _buyer(about: Sequence[_Bought], account: Account) -> Party:
    """Whom all of these invoices are for; the account itself where they are for several."""
    invoicees = {(one.buyer.vat_id, one.buyer.legal_name or one.buyer.name) for one in about}
    return about[-1].buyer if len(invoicees) == 1 else account_party(account)


def _add(services: Services, revision: MappingRevision, one: Settled, rows: InvoiceRows, reason: str) -> None:
    statement, note = one.accrued.statement, one.note
    written = rows_of(services, note, revision, {})
    told: Mapping[str, str] = {
        "rebate": statement.rebate.name,
        "period": one.accrued.period.name,
        "settled": f"{note.totals.without_tax:f} {note.currency}",
        "reason": reason,
    }
    written.told = {**written.told, **told}
    rows.invoices.append(written)
    rows.settlements.append(
        Settlement(
            account_id=revision.account.id,
            rebate=statement.rebate.name,
            period=one.accrued.period.name,
            currency=statement.currency,
            sequence=one.accrued.following,
            first_day=statement.period.start.isoformat(),
            last_day=statement.period.end.isoformat(),
            net=note.totals.without_tax,
            invoice_id=written.id,
            settled_at=rows.at,
        )
    )
