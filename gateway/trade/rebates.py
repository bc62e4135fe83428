"""What an account gets back of what it bought in a period: account.yaml's `terms.rebates`. Pure and exact.

A rebate counts what was invoiced less what was credited, per currency. What is counted is divided among the tiers, each
part has its rate, and each tier's rebate is rounded half up by itself, so that whoever adds up the printed figures gets
the total. What is open of it is settled by credit note, in the taxes of what was invoiced.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from typing import NamedTuple

from gateway.trade.invoice_sums import (
    NOTHING,
    Exemption,
    TaxGroup,
    exact_sum,
    group_of,
    percentage,
    tax_subtotals,
    totals,
)
from gateway.trade.invoicing import lawful
from gateway.trade.shares import divided
from mappings.account import PercentTier, Rebate
from mappings.validity import during
from schemas.documents.common import Party, Price
from schemas.documents.invoice import Invoice, InvoiceLine, InvoiceReference, InvoiceType, TaxCategory
from schemas.values import EXACT

_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_ONE = "C62"
"""Rec 20: one. A rebate has no unit of its own, and EN 16931 wants one."""


# --- what is counted ----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class RebatePeriod:
    """The days that are counted, both included, by the account's dates."""

    start: date
    end: date

    @property
    def valid_from(self) -> date:
        return self.start

    @property
    def valid_to(self) -> date:
        return self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedLine:
    """What a line of an invoice or credit note counts with: its net, less its part of the document's allowances."""

    product: str
    net: Decimal
    base_quantity: Decimal = Decimal(0)
    tax: TaxCategory
    exemption: Exemption | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedDocument:
    """An invoice or credit note as rebates count it. Amounts are positive in both."""

    type: InvoiceType
    number: str
    issue_date: date
    currency: str
    lines: tuple[CountedLine, ...]
    our_vat_id: str | None = None
    """The VAT number of ours that it is under: what left another country's warehouse is under that country's."""


@dataclass(frozen=True, slots=True)
class Sold:
    """What a line of an invoice or credit note is of, in our terms."""

    product: str
    base_quantity: Decimal


def counted(invoice: Invoice, sold: Mapping[str, Sold]) -> CountedDocument:
    """The document as rebates count it. `sold` is by line number; a line that isn't there counts for nothing, such as
    that of an earlier rebate. The document's allowances are divided among the lines of their tax; charges such as
    freight are nothing that was bought."""
    reasons = {one.category: Exemption(one.exemption_code, one.exemption_reason) for one in invoice.taxes}
    off = _document_allowances(invoice)
    lines = tuple(
        CountedLine(
            product=sold[line.line_number].product,
            net=EXACT.subtract(line.net_amount, part),
            base_quantity=sold[line.line_number].base_quantity,
            tax=line.tax,
            exemption=reasons.get(line.tax.category),
        )
        for line, part in zip(invoice.lines, off, strict=True)
        if line.line_number in sold
    )
    return CountedDocument(
        type=invoice.type,
        number=invoice.number,
        issue_date=invoice.issue_date,
        currency=invoice.currency,
        lines=lines,
        our_vat_id=invoice.seller.vat_id,
    )


def _document_allowances(invoice: Invoice) -> list[Decimal]:
    """Each line's part of the document's allowances, by their taxes."""
    off = [NOTHING] * len(invoice.lines)
    for charge in invoice.charges:
        if charge.is_charge or charge.tax is None:
            continue
        group = group_of(charge.tax)
        same = [index for index, line in enumerate(invoice.lines) if group_of(line.tax) == group]
        parts = divided(charge.amount, [invoice.lines[index].net_amount for index in same])
        for index, part in zip(same, parts, strict=True):
            off[index] = EXACT.add(off[index], part)
    return off


def period_of(rebate: Rebate, day: date) -> RebatePeriod:
    """The month, quarter or year of the calendar that the day is in, as far as the rebate is agreed. Raises ValueError
    where it isn't agreed for any day of it."""
    months = _MONTHS[rebate.period]
    first = (day.month - 1) // months * months + 1
    last = first + months - 1
    start, end = date(day.year, first, 1), date(day.year, last, monthrange(day.year, last)[1])
    found = RebatePeriod(max(start, rebate.valid_from or start), min(end, rebate.valid_to or end))
    if found.end < found.start:
        raise ValueError(f"{rebate.name} is agreed {during(rebate)}, and for nothing from {start} to {end}")
    return found


# --- the statement ------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class DocumentShare:
    """A document that was counted: what it adds, below nothing for a credit note."""

    type: InvoiceType
    number: str
    issue_date: date
    net: Decimal
    base_quantity: Decimal


@dataclass(frozen=True, slots=True)
class TierShare:
    """A tier from `start` to below `end` (None: without end). `part` is what of the basis is in it, `net` the money of
    that part, and `rebate` so many per cent of the money, rounded half up."""

    start: Decimal
    end: Decimal | None
    percent: Decimal
    part: Decimal
    net: Decimal
    rebate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class RebateStatement:
    """Every figure of a rebate of one period in one currency. `basis` is what the tiers are reached by: money, or base
    units. `total` is the sum of the tiers' rebates; `open` what is left of it after `settled`, below nothing where
    later credit notes took back what was settled."""

    rebate: Rebate
    period: RebatePeriod
    currency: str
    documents: tuple[DocumentShare, ...]
    net: Decimal
    basis: Decimal
    tiers: tuple[TierShare, ...]
    total: Decimal
    settled: Decimal
    open: Decimal


def statements(
    rebate: Rebate,
    period: RebatePeriod,
    documents: Iterable[CountedDocument],
    settled: Mapping[str, Decimal] | None = None,
    currency: str | None = None,
) -> tuple[RebateStatement, ...]:
    """The rebate's statements of the period, one for each currency that something was invoiced or settled in.

    `documents` are the account's invoices and credit notes, of any days; those that rebates were settled by count for
    nothing (`counted` without their lines). For a rebate by what was paid they are those that are paid. `settled` is
    what earlier credit notes had of this rebate in this period, by currency. `currency` is the account's own: a rebate
    that names none counts in that alone, and where there is none in every one by itself.
    """
    only, before = rebate.currency or currency, settled or {}
    by_currency: dict[str, list[CountedDocument]] = {name: [] for name in before if only in (None, name)}
    for document in documents:
        if period.start <= document.issue_date <= period.end and only in (None, document.currency):
            by_currency.setdefault(document.currency, []).append(document)
    return tuple(
        _statement(rebate, period, name, by_currency[name], before.get(name, NOTHING)) for name in sorted(by_currency)
    )


def _statement(
    rebate: Rebate, period: RebatePeriod, currency: str, documents: Sequence[CountedDocument], settled: Decimal
) -> RebateStatement:
    shares = tuple(share for share in (_share(one, rebate) for one in documents) if share is not None)
    net = exact_sum(share.net for share in shares)
    quantity = _sum(share.base_quantity for share in shares)
    basis = quantity if rebate.basis == "quantity" else net
    tiers = tuple(_tier_shares(rebate, basis, net))
    total = exact_sum(tier.rebate for tier in tiers)
    return RebateStatement(
        rebate=rebate,
        period=period,
        currency=currency,
        documents=tuple(sorted(shares, key=lambda share: (share.issue_date, share.type, share.number))),
        net=net,
        basis=basis,
        tiers=tiers,
        total=total,
        settled=EXACT.add(settled, NOTHING),
        open=EXACT.subtract(total, settled),
    )


def _share(document: CountedDocument, rebate: Rebate) -> DocumentShare | None:
    """None where nothing of the document is counted."""
    lines = list(_lines_of(document, rebate))
    if not lines:
        return None
    net = exact_sum(_signed(document, line.net) for line in lines)
    quantity = _sum(_signed(document, line.base_quantity) for line in lines)
    return DocumentShare(document.type, document.number, document.issue_date, net, quantity)


def _lines_of(document: CountedDocument, rebate: Rebate) -> Iterator[CountedLine]:
    for line in document.lines:
        if not rebate.products or line.product in rebate.products:
            yield line


def _sum(quantities: Iterable[Decimal]) -> Decimal:
    return reduce(EXACT.add, quantities, Decimal(0))


def _signed(document: CountedDocument, amount: Decimal) -> Decimal:
    return amount if document.type == "invoice" else amount.copy_negate()


def _tier_shares(rebate: Rebate, basis: Decimal, net: Decimal) -> Iterator[TierShare]:
    """What falls in each tier, from nothing on. Where more was credited than invoiced, nothing does."""
    tiers = _ladder(rebate.tiers)
    ends = [*(tier.from_ for tier in tiers[1:]), None]
    counts = max(basis, Decimal(0))
    inside = _within if rebate.method == "marginal" else _reached
    parts = [inside(counts, tier.from_, end) for tier, end in zip(tiers, ends, strict=True)]
    is_quantity = rebate.basis == "quantity"
    nets = _divided_net(net, parts) if is_quantity else [EXACT.add(part, NOTHING) for part in parts]
    for tier, end, part, money in zip(tiers, ends, parts, nets, strict=True):
        yield TierShare(tier.from_, end, tier.percent, part, money, percentage(money, tier.percent))


def _ladder(tiers: Sequence[PercentTier]) -> list[PercentTier]:
    """By where they begin, of equal ones the last; from nothing on, where there is no rebate before the first."""
    by_start = {tier.from_: tier for tier in tiers}
    if not by_start or min(by_start) > 0:
        by_start[Decimal(0)] = PercentTier.model_validate({"from": 0, "percent": 0})
    return [by_start[start] for start in sorted(by_start)]


def _within(counts: Decimal, start: Decimal, end: Decimal | None) -> Decimal:
    """Marginal: what lies in the tier."""
    upper = counts if end is None else min(counts, end)
    return EXACT.subtract(upper, start) if upper > start else Decimal(0)


def _reached(counts: Decimal, start: Decimal, end: Decimal | None) -> Decimal:
    """Retroactive: all of it, in the tier that it reaches."""
    return counts if start <= counts and (end is None or counts < end) else Decimal(0)


def _divided_net(net: Decimal, parts: Sequence[Decimal]) -> list[Decimal]:
    """The money of quantities: in proportion, in cents, summing to the whole."""
    if net <= 0 or not any(parts):
        return [NOTHING for _ in parts]
    return list(divided(net, parts))


# --- its settlement -----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class SettledTax:
    """What of a settlement is in one tax."""

    tax: TaxCategory
    exemption: Exemption | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class SettlementPart:
    """What can stand on one credit note, and the invoices that it is about."""

    taxes: tuple[SettledTax, ...]
    invoices: tuple[InvoiceReference, ...]
    our_vat_id: str | None = None
    """Ours on these invoices, and so on the credit note (EN 16931 BT-31)."""

    @property
    def amount(self) -> Decimal:
        """Net of tax."""
        return exact_sum(one.amount for one in self.taxes)


def settlement_parts(statement: RebateStatement, documents: Iterable[CountedDocument]) -> tuple[SettlementPart, ...]:
    """What is open of the statement, divided as what was invoiced is among its taxes; nothing where nothing is open.
    Almost always one part. What is not subject to VAT stands alone (EN 16931 BR-O-11), and so does a category that has
    a second reason for being exempt (one by category, BG-23), and what was invoiced under another VAT number of ours:
    tax is lowered where it was charged. `documents` are those of the statement, and may be more.
    The parts' amounts sum to what is open."""
    if statement.open <= 0:
        return ()
    nets, invoices = _by_tax(statement, documents)
    taxed = {key: net for key, net in nets.items() if net > 0}
    amounts = divided(statement.open, tuple(taxed.values()))
    if not amounts:
        raise ValueError(f"{statement.open} is open of {statement.rebate.name}, and nothing was invoiced")
    parts: list[dict[_TaxKey, Decimal]] = []
    for key, amount in zip(taxed, amounts, strict=True):
        if not amount:
            continue
        fitting = next((part for part in parts if _stand_together(key, part)), None)
        if fitting is None:
            fitting = {}
            parts.append(fitting)
        fitting[key] = amount
    return tuple(_part(part, invoices) for part in parts)


class _TaxKey(NamedTuple):
    """What is settled in one line: by our VAT number, the tax, and why there is none."""

    our_vat_id: str | None
    group: TaxGroup
    reason: Exemption | None


def products_of(statement: RebateStatement, documents: Iterable[CountedDocument]) -> set[str]:
    """What the statement counts. `documents` are those of the statement, and may be more."""
    return {line.product for one in _counted(statement, documents) for line in _lines_of(one, statement.rebate)}


def _counted(statement: RebateStatement, documents: Iterable[CountedDocument]) -> list[CountedDocument]:
    """Those of the documents that the statement counts."""
    wanted = {(share.type, share.number) for share in statement.documents}
    return [one for one in documents if (one.type, one.number) in wanted and one.currency == statement.currency]


def _by_tax(
    statement: RebateStatement, documents: Iterable[CountedDocument]
) -> tuple[dict[_TaxKey, Decimal], dict[_TaxKey, list[InvoiceReference]]]:
    """What was counted, and the invoices, by tax and reason; taxes in the order in which they came."""
    nets: dict[_TaxKey, Decimal] = {}
    invoices: dict[_TaxKey, list[InvoiceReference]] = {}
    for document in sorted(_counted(statement, documents), key=lambda one: (one.issue_date, one.number)):
        reference = InvoiceReference(number=document.number, issue_date=document.issue_date)
        for line in _lines_of(document, statement.rebate):
            key = _TaxKey(document.our_vat_id, group_of(line.tax), line.exemption)
            nets[key] = EXACT.add(nets.get(key, NOTHING), _signed(document, line.net))
            about = invoices.setdefault(key, [])
            if document.type == "invoice" and reference not in about[-1:]:
                about.append(reference)
    return nets, invoices


def _stand_together(key: _TaxKey, part: Mapping[_TaxKey, Decimal]) -> bool:
    """Whether this tax can be on a document with those."""
    category, _ = key.group
    if any(one.our_vat_id != key.our_vat_id for one in part):
        return False
    others = {one.group[0] for one in part}
    if "O" in others | {category} and others != {category}:
        return False
    return all(key.reason == one.reason for one in part if one.group[0] == category)


def _part(amounts: Mapping[_TaxKey, Decimal], invoices: Mapping[_TaxKey, Sequence[InvoiceReference]]) -> SettlementPart:
    about = {(one.number, one.issue_date): one for key in amounts for one in invoices[key]}
    taxes = tuple(
        SettledTax(TaxCategory(category=key.group[0], percent=key.group[1]), key.reason, amount)
        for key, amount in amounts.items()
    )
    ordered = sorted(about.values(), key=lambda one: (one.issue_date or date.min, one.number))
    return SettlementPart(taxes, tuple(ordered), next(iter(amounts)).our_vat_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementFacts:
    """What a settlement's credit note says beside its lines. `seller` are we, `buyer` is whom the account's invoices
    are for. A delivery within the EU needs the country that it went to and a day (BR-IC-11, BR-IC-12): the period's
    last that has come, where nothing else is said."""

    number: str
    issue_date: date
    issued_at: datetime | None = None
    seller: Party
    buyer: Party
    ship_to: Party | None = None
    delivered_on: date | None = None
    buyer_reference: str | None = None
    contract: str | None = None
    test: bool = False


def settlement_of(statement: RebateStatement, part: SettlementPart, facts: SettlementFacts) -> Invoice:
    """The credit note that settles this part: a line for each tax, about the invoices of the period. Raises
    DocumentHeld with what EN 16931 demands and nobody knows."""
    lines = tuple(_settled_line(str(number), one, statement) for number, one in enumerate(part.taxes, 1))
    reasons: dict[str, Exemption] = {one.tax.category: one.exemption for one in part.taxes if one.exemption is not None}
    taxes = tax_subtotals(lines, (), reasons)
    return lawful(
        Invoice(
            type="credit_note",
            number=facts.number,
            issue_date=facts.issue_date,
            issued_at=facts.issued_at,
            due_date=facts.issue_date,
            tax_point=facts.issue_date,
            test=facts.test,
            currency=statement.currency,
            buyer_reference=facts.buyer_reference,
            contract=facts.contract,
            credits=part.invoices,
            note=_name(statement),
            seller=facts.seller,
            buyer=facts.buyer,
            ship_to=facts.ship_to,
            delivered_on=facts.delivered_on or min(statement.period.end, facts.issue_date),
            taxes=taxes,
            totals=totals(lines, (), taxes),
            lines=lines,
        )
    )


def _settled_line(number: str, settled: SettledTax, statement: RebateStatement) -> InvoiceLine:
    return InvoiceLine(
        line_number=number,
        description=_name(statement),
        quantity=Decimal(1),
        unit=_ONE,
        unit_code=_ONE,
        price=Price(amount=settled.amount, unit=_ONE, unit_code=_ONE),
        net_amount=settled.amount,
        tax=settled.tax,
    )


def _name(statement: RebateStatement) -> str:
    """`Rebate from 2026-01-01 to 2026-12-31`."""
    return f"{statement.rebate.name} {during(statement.period)}"
