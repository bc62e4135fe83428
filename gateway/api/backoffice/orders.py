"""The orders that are to be delivered, or decided, by our own systems."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from flask import Response

from gateway.api.answers import as_json, moment, quantity
from gateway.api.backoffice.answers import (
    Allocated,
    DecisionAnswer,
    OrderedPrice,
    Place,
    Window,
    WorkLine,
    WorkOrderAnswer,
    WorkOrderPage,
)
from gateway.api.backoffice.blueprint import back_office
from gateway.api.backoffice.documents import json_body, refused
from gateway.api.backoffice.examples import DECIDED, DECISION_SCHEMA, DECISIONS, WORK_ORDERS
from gateway.api.describe import account_problems, answer, path, query
from gateway.api.door import back_office_author, door, in_path, parameter, whole_number
from gateway.api.problems import Refused, not_found
from gateway.backoffice.deciding import DecisionConflict, DecisionRefused, decide_order, read_decision
from gateway.store.ids import now_us
from gateway.store.worklist import WorkOrder
from gateway.trade.amendment import LineSums, Standing
from gateway.trade.base_units import in_base_units
from gateway.trade.stock import Allocation
from mappings.revision import Catalogue
from schemas.documents.common import Party, Period, Price
from schemas.documents.order import OrderLine
from schemas.values import EXACT

STATUSES = ("open", "awaiting_decision", "awaiting_buyer", "shipped", "closed", "cancelled")
_PAGE, _LARGEST_PAGE = 50, 200
_SHOWN = 100
"""Characters of an account that there isn't that the refusal repeats."""

office_orders = back_office("office_orders", __name__)


@office_orders.get(
    "/v1/backoffice/orders",
    summary="Orders, most urgent first",
    description="The accounts' orders in our products and base units; test orders are none of them. Rush orders come "
    "first, then those that have to leave us first (`ship_by`), of the same day those of the higher tier, then the "
    "older ones; blanket orders, which ship nothing themselves, come last. Follow `next` until it is null: an order "
    "that comes in meanwhile, or becomes more urgent, shows at its place the next time from the start.",
    responses={200: answer(WorkOrderPage, "A page.", example=WORK_ORDERS), **account_problems()},
    openapi_extensions={
        "parameters": [
            query(
                "status",
                "`open` where not given: accepted, and to be delivered. `awaiting_decision`: left to you by the "
                "account's policy; `awaiting_buyer`: changed, and the buyer has to agree.",
                {"type": "string", "enum": list(STATUSES)},
            ),
            query("account", "Its id: the orders of this account alone.", {"type": "string", "minLength": 1}),
            query("after", "`next` of the page before.", {"type": "string", "minLength": 1}),
            query(
                "limit",
                f"Orders on a page, {_PAGE} where not given.",
                {"type": "integer", "minimum": 1, "maximum": _LARGEST_PAGE},
            ),
        ]
    },
)
def list_orders() -> Response:
    """A page of orders of one status, of all accounts or of one."""
    store, status, account = door().services.store, parameter("status") or "open", parameter("account")
    if status not in STATUSES:
        raise Refused("bad_parameter", f"status must be one of {', '.join(STATUSES)}.")
    if account is not None and not store.revisions.current([account]):
        raise Refused("bad_parameter", f"There is no account {account[:_SHOWN]!r}.")
    limit, after = whole_number("limit", _PAGE, 1, _LARGEST_PAGE), parameter("after")
    try:
        found = store.worklist.page(status, account, after, limit + 1)
    except ValueError as error:
        raise Refused("bad_parameter", "after is not `next` of a page of these orders.") from error
    more = len(found) > limit
    return as_json(WorkOrderPage(orders=work_orders(found[:limit]), next=found[limit - 1].cursor if more else None))


@office_orders.post(
    "/v1/backoffice/orders/<order_id>/decision",
    summary="Decide an order",
    description="An order that the account's policy leaves to you (`awaiting_decision`) is answered line by line: "
    "`accept`, `change` (quantity, day, price), `backorder`, `reject`; `action` at the top is for every open line that "
    "isn't named. Quantities are in base units. What is confirmed is taken from stock as far as there is any; the "
    "order response goes to the account in the same transaction. Where anything is wrong with the decision nothing of "
    "it is done. The same decision again gets the first answer; another one of the same version is a 409 that says "
    "what stands.",
    responses={
        200: answer(DecisionAnswer, "Decided, now or before.", example=DECIDED),
        **account_problems(404, 409, 411, 413, 415),
    },
    openapi_extensions={
        "parameters": [path("order_id", "`id` of the list of orders.")],
        "requestBody": {
            "required": True,
            "description": "What is decided, as JSON. Every open line is named, or falls under `action`.",
            "content": {
                "application/json": {"schema": DECISION_SCHEMA, "examples": DECISIONS},
            },
        },
    },
)
def decide() -> Response:
    """Decide one order."""
    services, order_id = door().services, in_path("order_id")
    body = json_body()
    try:
        asked = read_decision(body)
        decided = None if "\0" in order_id else decide_order(services, order_id, asked, back_office_author())
    except DecisionRefused as failure:
        raise refused(failure.faults, status=400) from failure
    except DecisionConflict as conflict:
        raise Refused("conflict", str(conflict)) from conflict
    if decided is None:
        raise not_found()
    return Response(decided.answer, 200, mimetype="application/json")


def work_orders(found: Sequence[WorkOrder]) -> list[WorkOrderAnswer]:
    """These orders as they stand, with their lines."""
    services = door().services
    standing = services.store.threads.standing(one.id for one in found)
    catalogue = services.terms.catalogue() if found else None
    return [_work_order(one, standing[one.id], catalogue) for one in found]


def _work_order(listed: WorkOrder, standing: Standing, catalogue: Catalogue | None) -> WorkOrderAnswer:
    order = standing.order
    return WorkOrderAnswer(
        id=listed.id,
        account=listed.account_id,
        order_number=listed.order_number,
        version=standing.version,
        status=standing.status,
        outcome=listed.outcome,
        order_type=listed.order_type,
        rush=order.rush,
        ship_by=listed.ship_by,
        notice_due_at=None if listed.notice_due is None else moment(listed.notice_due),
        overdue=listed.is_overdue(now_us()),
        requested_delivery=_window(order.requested_delivery),
        cancel_after=order.cancel_after and order.cancel_after.isoformat(),
        partial_allowed=order.partial_allowed,
        buyer=_place(order.buyer),
        ship_to=_place(order.ship_to),
        ship_to_site=listed.ship_to_site,
        contract=order.contract,
        currency=order.currency,
        note=order.note,
        created_at=moment(listed.created_at),
        updated_at=moment(standing.updated_at),
        lines=[
            _work_line(line, sums, standing.held.get(line.line_number, ()), catalogue)
            for line in order.lines
            if (sums := standing.lines.get(line.line_number)) is not None
        ],
    )


def _work_line(line: OrderLine, sums: LineSums, held: Sequence[Allocation], catalogue: Catalogue | None) -> WorkLine:
    product = catalogue.products.get(sums.product or "") if catalogue else None

    def base(amount: Decimal) -> str | None:
        found = in_base_units(sums, amount)
        return None if found is None else quantity(found)

    confirmed = in_base_units(sums, sums.confirmed)
    return WorkLine(
        line_number=line.line_number,
        product=sums.product,
        name=product.name if product else None,
        base_unit=product.base_unit if product else None,
        tracking=product.tracking if product else None,
        ordered=base(sums.ordered),
        confirmed=base(sums.confirmed),
        backordered=base(sums.backordered),
        rejected=base(sums.rejected),
        cancelled=base(sums.cancelled),
        open=base(sums.open),
        shipped=None if confirmed is None else quantity(sums.shipped),
        to_ship=None if confirmed is None else quantity(EXACT.subtract(confirmed, sums.shipped)),
        allocations=[Allocated(site=one.site, base_quantity=quantity(one.quantity)) for one in held],
        quantity=quantity(line.quantity),
        unit=sums.unit,
        price=_price(line.price),
        buyer_item=line.buyer_item,
        description=line.description,
        requested_delivery=_window(line.requested_delivery),
        ship_to=_place(line.ship_to),
    )


def _price(price: Price | None) -> OrderedPrice | None:
    if price is None:
        return None
    return OrderedPrice(amount=f"{price.amount:f}", base_quantity=quantity(price.base_quantity), unit=price.unit)


def _window(period: Period | None) -> Window | None:
    if period is None:
        return None
    return Window(start=period.start and period.start.isoformat(), end=period.end and period.end.isoformat())


def _place(party: Party | None) -> Place | None:
    if party is None:
        return None
    address = party.address.model_dump(mode="json", exclude_defaults=True) if party.address else None
    return Place(id=party.id, scheme=party.scheme, name=party.name, address=address)
