"""load → judge once more → tell: why a line of an order came out so, from what was ordered to what was billed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from gateway.local_time import local_date
from gateway.services import Services
from gateway.store.invoices import stream_of
from gateway.store.line_history import DecidedByErp, LineBilled, QuantityMovement, StockMovement
from gateway.store.messages import StoredMessage
from gateway.store.orders import OrderVersion, StoredOrder
from gateway.trade.billed_line import billed_figures, tax_rule
from gateway.trade.checks import check
from gateway.trade.explanation import Case, Step, StockSeen, explained, supply_sites
from gateway.trade.response import takes_stock
from mappings.engine import to_ours
from mappings.mapped import MappedLine
from mappings.revision import MappingRevision
from schemas.documents.order import Order
from schemas.documents.order_response import LineOutcome
from schemas.formats.json_1 import parse_order_response
from schemas.formats.json_1.reading import parse_invoice
from schemas.values import shortest

_IN_BASE_UNITS = ("shipped", "returned", "invoiced", "credited")


class NoSuchLine(LookupError):
    """The order has no line of this number; `numbers` are those that it has, or had."""

    def __init__(self, numbers: Sequence[str]) -> None:
        super().__init__(f"its lines are {', '.join(numbers)}")
        self.numbers = tuple(numbers)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A line of an order with every figure's reason; `as_json` is the whole of it.

    `case` is the newest version that has the line, judged by the revisions that it was judged by then; None where these
    can't be used any more. `steps` are its figures.
    """

    order: StoredOrder
    version: int
    message_id: str
    line_number: str
    case: Case | None
    steps: tuple[Step, ...]
    stock: tuple[StockSeen, ...]
    told: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """For programs, quantities as texts."""
        head = {
            "account": self.order.account_id,
            "order_number": self.order.order_number,
            "test": self.order.test,
            "line_number": self.line_number,
            "version": self.version,
            "message_id": self.message_id,
            "mapping_revision": self.case.revision.number if self.case else None,
            "catalogue_revision": self.case.catalogue.number if self.case else None,
        }
        return head | {"figures": [_step_json(one) for one in self.steps]} | dict(self.told)


def explain_line(services: Services, order: StoredOrder, line_number: str) -> Explanation:
    """Why the line came out so. Raises NoSuchLine."""
    versions = services.store.orders.versions(order.id)
    version, ordered = _with_line(versions, line_number)
    history = services.store.line_history
    billed = history.billed(order.id, line_number)
    sources = _sources(services, order, versions, billed)
    quantities = history.quantities(order.id, line_number)
    case = _case(services, order, version, ordered, line_number, quantities, sources)
    stock = tuple(_stock(services, order, line_number, case, quantities, sources))
    told = {
        "stock": [_stock_json(one) for one in stock],
        "answers": list(_answers(services, order, line_number, sources)),
        "movements": [_movement_json(one, sources) for one in quantities],
        "shipments": list(_shipments(services, order, line_number, case)),
        "invoices": list(_invoices(services, billed, case)),
    }
    steps = explained(case) if case is not None else ()
    return Explanation(order, version.version, version.message_id, line_number, case, steps, stock, told)


def _with_line(versions: Sequence[OrderVersion], line_number: str) -> tuple[OrderVersion, Order]:
    """The newest version of the order that has the line: a change may have cancelled it."""
    numbers: dict[str, None] = {}
    for version in reversed(versions):
        order = Order.model_validate_json(version.canonical)
        if any(line.line_number == line_number for line in order.lines):
            return version, order
        numbers |= dict.fromkeys(line.line_number for line in order.lines)
    raise NoSuchLine(list(numbers))


# --- what moved it ------------------------------------------------------------------------------------------------
class _Sources(NamedTuple):
    """What the movements of an order name as what made them."""

    versions: Mapping[str, int]
    """Message → the version that it made."""
    decisions: Mapping[str, DecidedByErp]
    shipments: Mapping[str, str]
    """`shipment/<id>` → its number."""
    invoices: Mapping[str, str]
    """`invoice/<id>` → what it is, for people."""

    def words(self, source: str) -> str:
        """Who or what moved it, for people."""
        if source in self.versions:
            return f"message {source}, version {self.versions[source]}"
        if source in self.decisions:
            return f"decision of the back office on version {self.decisions[source].version}"
        if source in self.shipments:
            return f"shipment {self.shipments[source]}"
        return self.invoices.get(source, source)


def _sources(
    services: Services, order: StoredOrder, versions: Sequence[OrderVersion], billed: Sequence[LineBilled]
) -> _Sources:
    history = services.store.line_history
    return _Sources(
        {one.message_id: one.version for one in versions},
        {one.id: one for one in history.decisions(order.id)},
        {f"shipment/{key}": number for key, number in history.shipment_numbers(order.id).items()},
        {stream_of(one.invoice_id): _billed_words(one) for one in billed},
    )


def _billed_words(one: LineBilled) -> str:
    if one.credits_number is None:
        return f"{one.type.replace('_', ' ')} {one.number}"
    return f"credit note {one.number} of invoice {one.credits_number}"


def _decided_at(version: int, quantities: Sequence[QuantityMovement], sources: _Sources) -> int | None:
    """When the line was last decided as of this version, by its message or by the back office."""
    times = [
        one.at
        for one in quantities
        if sources.versions.get(one.source) == version
        or (one.source in sources.decisions and sources.decisions[one.source].version == version)
    ]
    return max(times, default=None)


# --- judged once more ---------------------------------------------------------------------------------------------
def _case(
    services: Services,
    order: StoredOrder,
    version: OrderVersion,
    ordered: Order,
    line_number: str,
    quantities: Sequence[QuantityMovement],
    sources: _Sources,
) -> Case | None:
    """The line as it was judged then; None where its revisions can't be used any more."""
    message = services.store.messages.one(None, version.message_id)
    if message is None or message.mapping_revision is None or message.catalogue_revision is None:
        return None
    try:
        revision = services.terms.mapping(order.account_id, message.mapping_revision)
        catalogue = services.terms.catalogue(message.catalogue_revision)
    except (LookupError, ValueError):  # ValueError: pydantic's, of terms that this version of the program can't read
        return None
    received_on = local_date(message.received_at, revision)
    mapped = to_ours(ordered, revision, catalogue, services.supplier, received_on)
    line = next(one for one in mapped.lines if one.line_number == line_number)
    decided_at = _decided_at(version.version, quantities, sources) or message.settled_at or message.received_at
    return Case(
        mapped=mapped,
        line=line,
        revision=revision,
        catalogue=catalogue,
        received_on=received_on,
        decided_on=local_date(decided_at, revision),
        faults=(*mapped.all_faults(), *check(mapped, received_on)),
        test=order.test,
    )


# --- stock --------------------------------------------------------------------------------------------------------
def _stock(
    services: Services,
    order: StoredOrder,
    line_number: str,
    case: Case | None,
    quantities: Sequence[QuantityMovement],
    sources: _Sources,
) -> Iterator[StockSeen]:
    """What the line took and gave back, and the sites at which a decision found nothing for it; in their order."""
    history = services.store.line_history
    moved = history.stock(order.id, line_number)
    percents = _percents(services, order, sources)
    if case is not None and case.line.product is not None:
        product = case.line.product.product
        sites = supply_sites(case, history.sites_of(product))
        took = {(one.source, one.site) for one in moved}
        for one in quantities:
            if one.source in sources.decisions or (one.source in sources.versions and _is_from_stock(case)):
                moved += [
                    _nothing_taken(services, order, one, product, site)
                    for site in sites
                    if (one.source, site) not in took
                ]
    yield from (_seen(services, one, percents) for one in sorted(moved, key=lambda one: (one.at, one.site)))


def _is_from_stock(case: Case) -> bool:
    """Whether its message was decided from what is in stock."""
    return takes_stock(case.mapped.order, case.revision.account, test=case.test)


def _percents(services: Services, order: StoredOrder, sources: _Sources) -> Mapping[str, int]:
    """The account's share of the stock, by what decided: of the revision that it was decided under."""
    of_version: dict[int, int] = {}
    found: dict[str, int] = {}
    for message_id, version in sources.versions.items():
        revision = _revision_of(services, order, services.store.messages.one(None, message_id))
        of_version[version] = 100 if revision is None else revision.account.policies.allocation_percent
        found[message_id] = of_version[version]
    newest = of_version[max(of_version)] if of_version else 100
    found |= {key: of_version.get(one.version, newest) for key, one in sources.decisions.items()}
    return found | dict.fromkeys(sources.shipments, newest)


def _revision_of(services: Services, order: StoredOrder, message: StoredMessage | None) -> MappingRevision | None:
    number = order.mapping_revision if message is None else message.mapping_revision
    try:
        return None if number is None else services.terms.mapping(order.account_id, number)
    except (LookupError, ValueError):  # as above
        return None


def _seen(services: Services, moved: StockMovement, percents: Mapping[str, int]) -> StockSeen:
    """The movement beside what the warehouse had said by then."""
    counted = services.store.line_history.counted(moved.product, moved.site, moved.at)
    return StockSeen(
        source=moved.source,
        at=moved.at,
        site=moved.site,
        as_of=counted.as_of if counted else None,
        on_hand=counted.on_hand if counted else Decimal(0),
        reserved_other=counted.reserved_other if counted else Decimal(0),
        taken_before=moved.taken_before,
        own_before=moved.own_before,
        percent=percents.get(moved.source, 100),
        took=moved.quantity,
        next_receipt_date=counted.next_receipt_date if counted else None,
        next_receipt_quantity=counted.next_receipt_quantity if counted else None,
    )


def _nothing_taken(
    services: Services, order: StoredOrder, one: QuantityMovement, product: str, site: str
) -> StockMovement:
    """A site from which the line took nothing, as it stood."""
    taken, own = services.store.line_history.balance(product, site, order.account_id, one.at)
    return StockMovement(product, site, one.source, one.at, Decimal(0), taken, own)


# --- answers, shipments, invoices ---------------------------------------------------------------------------------
def _answers(services: Services, order: StoredOrder, line_number: str, sources: _Sources) -> Iterator[dict[str, Any]]:
    """What the account was told of the line, response by response."""
    history = services.store.line_history
    for number, message_id, canonical, at in history.answers(order.id, order.account_id, order.order_number):
        response = parse_order_response(canonical.encode())
        for line in response.lines:
            if line.line_number == line_number:
                for outcome in line.outcomes:
                    yield {
                        "order_response": number,
                        "message_id": message_id,
                        "version": sources.versions.get(message_id),
                        "at": at,
                        **_outcome_json(outcome),
                    }


def _outcome_json(outcome: LineOutcome) -> dict[str, Any]:
    price, day = outcome.price, outcome.promised_delivery
    return {
        "status": outcome.status,
        "quantity": f"{outcome.quantity:f}",
        "unit": outcome.unit,
        "price": None if price is None else f"{price.amount:f}",
        "price_base_quantity": None if price is None else f"{price.base_quantity:f}",
        "promised_delivery": None if day is None else day.isoformat(),
        "reason": outcome.reason,
    }


def _shipments(services: Services, order: StoredOrder, line_number: str, case: Case | None) -> Iterator[dict[str, Any]]:
    """What of the line left, package by package, and where the despatch advice tells it."""
    for one in services.store.line_history.shipped(order.id, line_number):
        yield {
            "shipment_number": one.shipment_number,
            "shipped_at": one.shipped_at,
            "base_quantity": f"{shortest(one.base_quantity):f}",
            "base_unit": _base_unit(case.line) if case else None,
            "package": one.package,
            "sscc": one.sscc,
            "lot": one.lot,
            "despatch_advice": one.advice_number,
            "despatch_advice_line": one.advice_line,
        }


def _base_unit(line: MappedLine) -> str | None:
    return line.product.base_unit if line.product is not None else None


def _invoices(services: Services, billed: Sequence[LineBilled], case: Case | None) -> Iterator[dict[str, Any]]:
    """Where the line was billed and credited, each with its arithmetic and the rule of its tax."""
    product = case.line.product if case is not None else None
    canonicals = services.store.documents.canonicals(list({one.document_id for one in billed}))
    for one in billed:
        invoice = parse_invoice(canonicals[one.document_id].encode())
        line = next(line for line in invoice.lines if line.line_number == one.line_number)
        rule: str | None
        if one.type == "credit_note":
            rule, revision = f"as on invoice {one.credits_number}", None
        else:
            catalogue = services.terms.catalogue(services.store.revisions.catalogue_at(one.made_at))
            tax_class = product.tax_class if product else None
            rule, revision = tax_rule(invoice, line, tax_class, catalogue, services.supplier)
        yield {
            "type": one.type,
            "number": one.number,
            "issue_date": invoice.issue_date.isoformat(),
            "line": one.line_number,
            "credits": one.credits_number,
            "credits_line": one.credits_line,
            "base_quantity": f"{shortest(one.base_quantity):f}",
            **billed_figures(invoice, line),
            "tax_rule": rule,
            "tax_revision": revision,
            "note": line.note,
        }


# --- for programs -------------------------------------------------------------------------------------------------
def _step_json(one: Step) -> dict[str, Any]:
    return {
        "figure": one.figure,
        "value": one.value,
        "rule": one.rule,
        "revision": one.revision,
        "arithmetic": one.arithmetic,
    }


def _stock_json(one: StockSeen) -> dict[str, Any]:
    return {
        "source": one.source,
        "at": one.at,
        "site": one.site,
        "as_of": one.as_of,
        "on_hand": f"{shortest(one.on_hand):f}",
        "reserved_other": f"{shortest(one.reserved_other):f}",
        "taken_before": f"{shortest(one.taken_before):f}",
        "taken_by_account_before": f"{shortest(one.own_before):f}",
        "allocation_percent": one.percent,
        "free": f"{shortest(one.free):f}",
        "took": f"{shortest(one.took):f}",
        "next_receipt_date": one.next_receipt_date,
        "next_receipt_quantity": _text(one.next_receipt_quantity),
        "arithmetic": one.arithmetic,
    }


def _text(quantity: Decimal | None) -> str | None:
    return None if quantity is None else f"{shortest(quantity):f}"


def _movement_json(one: QuantityMovement, sources: _Sources) -> dict[str, Any]:
    return {
        "number": one.number,
        "at": one.at,
        "source": one.source,
        "said": sources.words(one.source),
        "added": {name: f"{shortest(amount):f}" for name, amount in one.added.items()},
        "base_units": [name for name in one.added if name in _IN_BASE_UNITS],
    }
