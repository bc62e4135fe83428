"""An order judged without effect: what `POST /v1/orders/validate` and the commands show of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from gateway.contracting import contract_faults_now
from gateway.intake import recognise
from gateway.reading import Bodies, decode_one, load, located, map_one
from gateway.services import Services
from gateway.store.changes import ClaimedMessage
from gateway.store.ids import now_us
from gateway.store.queue import Claim
from gateway.supplying import unknown_supply_now
from gateway.work import Work
from mappings.mapped import MappedLine
from mappings.own_format import formats_of
from schemas.documents.order import Order
from schemas.faults import Fault, in_document_order
from schemas.values import MAX_FRACTION_DIGITS, half_up, shortest


@dataclass(frozen=True, slots=True)
class Validated:
    """An order judged without effect: as read, its lines in our terms, and everything that is wrong with it."""

    order: Order | None
    lines: list[dict[str, str | None]]
    faults: tuple[Fault, ...]
    orders: tuple[Validated, ...] = ()
    """Of a body of several orders: each of them."""


def validate(services: Services, account_id: str, test: bool, body: bytes) -> Validated:
    """decode → map → check of one document; nothing is stored, and how much is in stock is not asked. Raises
    LookupError where the account has no mapping."""
    revision = services.terms.current([account_id])[account_id]
    format_name, faults, orders = recognise(revision.account, formats_of(revision), body)
    if faults:
        return Validated(None, [], faults)
    now = now_us()
    parts: Sequence[int | None] = [None] if orders == 1 else range(1, orders + 1)
    messages = tuple(
        ClaimedMessage("", account_id, test, 0, now, now, "validate", format_name, body, 1, 0, 0, b"", None, None, part)
        for part in parts
    )
    works = load(services, Claim("", messages))
    bodies = Bodies(works)
    judged = tuple(_judged(services, work, bodies) for work in works)
    return judged[0] if orders == 1 else Validated(None, [], (), judged)


def _judged(services: Services, work: Work, bodies: Bodies) -> Validated:
    decode_one(services, work, bodies)
    map_one(services, work)
    if work.mapped is None or work.read is None:
        return Validated(None, [], work.settlement.faults if work.settlement else ())
    lines = mapped_lines(work.mapped.lines)
    supply = unknown_supply_now(services, work)
    contract = contract_faults_now(services, work)
    faults = in_document_order((*work.faults, *supply, *contract, *work.read.warnings))
    return Validated(work.read.order, lines, located(work, faults))


def mapped_lines(lines: Iterable[MappedLine]) -> list[dict[str, str | None]]:
    """An order's lines in our terms, as they are told."""
    return [
        {
            "line_number": line.line.line_number,
            "product": line.product.product if line.product else None,
            "quantity": _number(line.sales_quantity),
            "unit": line.sales_unit,
            "base_quantity": _number(line.base_quantity),
            "base_unit": line.product.base_unit if line.product else None,
            "price": _fraction(_ordered_price(line)),
            "contract_price": _fraction(line.contract_price),
        }
        for line in lines
    ]


def _ordered_price(line: MappedLine) -> Fraction | None:
    """For one ordered unit, as the contract's is told; as it was written where the line's unit isn't known."""
    price = line.line.price
    if line.ordered_price is not None or price is None:
        return line.ordered_price
    return Fraction(price.amount) / Fraction(price.base_quantity)


def _number(value: Decimal | None) -> str | None:
    return None if value is None else f"{shortest(value):f}"


def _fraction(value: Fraction | None) -> str | None:
    """A price as a decimal, with cents at least; one that has no end is rounded to 10 places."""
    if value is None:
        return None
    rounded = half_up(value, MAX_FRACTION_DIGITS)
    cents = half_up(value)
    return f"{cents:f}" if cents == rounded else f"{shortest(rounded):f}"
