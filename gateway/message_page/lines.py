"""A message's lines in our terms: what was ordered, what that is for us and by which rule, what was answered of each,
and what is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from gateway.local_time import local_date
from gateway.message_page.read_again import canonical
from gateway.services import Services
from gateway.store.messages import StoredMessage
from gateway.trade.explanation import Case, Step, measured
from gateway.validation import mapped_lines
from mappings.engine import to_ours
from mappings.mapped import MappedLine, MappedOrder
from mappings.revision import Catalogue, MappingRevision
from mappings.units import count_text
from schemas.documents.order import Order
from schemas.documents.order_response import LineOutcome
from schemas.faults import Fault, line_index
from schemas.formats.json_1 import parse_order_response
from schemas.values import shortest

LINES_A_PAGE = 50


class NotMapped(Exception):
    """The lines can't be put into our terms: why, in a sentence."""


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One line. `theirs` is the number that the account has for it; quantities with their units."""

    index: int
    number: str
    theirs: str
    description: str | None
    product: str | None
    product_name: str | None
    quantity: str
    sold: str | None
    """What that is in the unit we sell."""
    arithmetic: str | None
    """`10 CS x 12 EA = 120 EA, by items.csv: PL-0042`."""
    price: str | None
    contract_price: str | None
    outcomes: tuple[str, ...]
    faults: tuple[Fault, ...]
    steps: tuple[Step, ...]
    """Every figure with its rule."""


@dataclass(frozen=True, slots=True)
class ShownLines:
    """Some lines of an order. `first` is the number of the first of them, from 1."""

    order: Order
    total: int
    first: int
    lines: tuple[ShownLine, ...]
    mapping_revision: int
    catalogue_revision: int
    is_as_judged: bool
    """Whether these are the revisions that it was judged by; else those of now."""

    @property
    def behind(self) -> int:
        """The number of the first line that comes after these; 0 where none does."""
        after = self.first + len(self.lines)
        return after if after <= self.total else 0


def shown_lines(
    services: Services,
    stored: StoredMessage,
    body: bytes,
    faults: Sequence[Fault],
    first: int = 1,
    most: int = LINES_A_PAGE,
) -> ShownLines:
    """Lines from this number on, at most so many. Raises NotMapped, and what `canonical` raises."""
    found = canonical(services, stored, body)
    if len(found.orders) != 1:
        raise NotMapped(
            "It is no single order." if found.orders else "It orders nothing: it answers documents of ours."
        )
    order = found.orders[0]
    revision, catalogue, is_as_judged = _terms(services, stored)
    received_on = local_date(stored.received_at, revision)
    mapped = to_ours(order, revision, catalogue, services.supplier, received_on)
    start = max(0, min(first, len(order.lines)) - 1)
    of_line = defaultdict[int | None, list[Fault]](list)
    for fault in faults:
        of_line[line_index(fault)].append(fault)
    outcomes = _outcomes(services, stored)
    lines = tuple(
        _shown(one, mapped, revision, catalogue, received_on, of_line[one.index], outcomes)
        for one in mapped.lines[start : start + most]
    )
    return ShownLines(order, len(order.lines), start + 1, lines, revision.number, catalogue.number, is_as_judged)


def _terms(services: Services, stored: StoredMessage) -> tuple[MappingRevision, Catalogue, bool]:
    """What it was judged by, or would be now. Raises NotMapped."""
    number = stored.mapping_revision or services.store.revisions.current([stored.account_id]).get(stored.account_id)
    if number is None:
        raise NotMapped("The account has no published mapping.")
    try:
        revision = services.terms.mapping(stored.account_id, number)
        catalogue = services.terms.catalogue(stored.catalogue_revision if stored.mapping_revision else None)
    except (LookupError, ValueError):  # ValueError: pydantic's, of terms that this version of the program can't read
        raise NotMapped("The mapping or catalogue that it was judged by can't be used any more.") from None
    return revision, catalogue, stored.mapping_revision is not None


def _outcomes(services: Services, stored: StoredMessage) -> Mapping[str, Sequence[LineOutcome]]:
    """Line number → what the last order response that came of it says."""
    documents = services.store.documents.of_messages(services.store.messages.answering(stored))
    responses = [one for one in documents if one.type == "order_response"]
    if not responses:
        return {}
    answered = parse_order_response(services.store.documents.canonical(responses[-1].id).encode())
    return {line.line_number: line.outcomes for line in answered.lines}


def _shown(
    line: MappedLine,
    mapped: MappedOrder,
    revision: MappingRevision,
    catalogue: Catalogue,
    on: date,
    faults: Sequence[Fault],
    outcomes: Mapping[str, Sequence[LineOutcome]],
) -> ShownLine:
    asked, (ours,) = line.line, mapped_lines([line])
    steps = measured(Case(mapped, line, revision, catalogue, on, on, faults))
    unit = line.unit or asked.unit or asked.unit_code or ""
    return ShownLine(
        index=line.index,
        number=line.line_number,
        theirs=asked.buyer_item or asked.gtin or asked.seller_item or "no number",
        description=asked.description,
        product=ours["product"],
        product_name=line.product.name if line.product else None,
        quantity=f"{shortest(asked.quantity):f} {unit}".strip(),
        sold=f"{ours['quantity']} {ours['unit'] or ''}".strip() if ours["quantity"] else None,
        arithmetic=_arithmetic(line, steps, unit),
        price=ours["price"],
        contract_price=ours["contract_price"],
        outcomes=tuple(map(_outcome, outcomes.get(line.line_number, ()))),
        faults=tuple(faults),
        steps=steps,
    )


def _arithmetic(line: MappedLine, steps: Sequence[Step], unit: str) -> str | None:
    """The rule by its file and the beginning of its row; the whole of it is among the steps."""
    product, size, base = line.product, line.base_per_unit, line.base_quantity
    if product is None or size is None or base is None:
        return None
    asked, inside = f"{shortest(line.line.quantity):f} {unit}", f"{count_text(size)} {product.base_unit}"
    worked = f"{asked} x {inside} = {shortest(base):f} {product.base_unit}"
    rule = next((one.rule for one in steps if one.figure == f"1 {unit}"), None)
    return worked if rule is None else f"{worked}, by {rule.partition(',')[0]}"


def _outcome(one: LineOutcome) -> str:
    said = f"{one.quantity:f} {one.unit or ''}".strip() + f" {one.status}"
    if one.promised_delivery is not None:
        said += f" for {one.promised_delivery}"
    return f"{said}: {one.reason}" if one.reason else said
