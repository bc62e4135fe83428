"""Orders as they stand."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.opening import opened
from gateway.commands.screen import Failed, Screen, reports
from gateway.commands.times import moment, seen

if TYPE_CHECKING:
    from gateway.order_page.overdue import Overdue, ToShip
    from gateway.services import Services
    from gateway.store.contracts import Released
    from gateway.store.messages import StoredMessage
    from gateway.store.orders import LedgerLine, OrderVersion, StoredOrder
    from gateway.store.shipments import OrderShipment

_QUANTITIES = ("ordered", "confirmed", "backordered", "rejected", "cancelled", "open", "shipped", "invoiced")
_NAMED = 10
"""So many messages of an order that isn't on the books are named."""


@click.group()
def orders() -> None:
    """Orders on the accounts' books."""


@orders.command()
@reports
@click.argument("order_number", metavar="NUMBER")
@click.option("--account", metavar="ID", help="Only this account's.")
def show(screen: Screen, order_number: str, account: str | None) -> None:
    """Show what became of an order, line by line.

    Every order of this number is shown, quantities in the account's units. Where none is on the books, because it is
    held or was refused, its messages are named; the exit code is 1.
    """
    with opened() as services:
        found = [_thread(services, one) for one in services.store.orders.by_number(account, order_number)]
        carrying = [] if found else services.store.messages.of_order_number(order_number, account, _NAMED + 1)
        accounts = {one.account_id for one in carrying}
        waiting = {one for each in accounts for one in services.store.messages.waiting_for(each, order_number)}
    if not found:
        raise Failed(_not_on_the_books(order_number, carrying, waiting))
    if screen.as_json:
        screen.result(found)
        return
    for order in found:
        kind = "" if order["order_type"] == "stand_alone" else f", {order['order_type']}"
        kind += ", a test" if order["test"] else ""
        first, *later = order["versions"]
        screen.result(
            None,
            f"Order {order['order_number']} of {order['account']}{kind}: {order['outcome']}, {order['status']}; "
            f"decided {order['created_at']}, sent in message {first['message_id']}",
            *(
                f"Version {one['version']}{_as_answered(one)}: decided {one['decided_at']}, "
                f"sent in message {one['message_id']}"
                for one in later
            ),
            *(f"{one['type'].replace('_', ' ')} {one['number']}: document {one['id']}" for one in order["documents"]),
            *map(_left, order["shipments"]),
        )
        ordered, *became = _QUANTITIES
        raised = ["raised"] if any(line["raised"] != "0" for line in order["lines"]) else []
        back = [name for name in ("returned", "credited") if any(line[name] != "0" for line in order["lines"])]
        columns = ["line_number", "product", "unit", ordered, *raised, *became, *back]
        screen.table(order["lines"], columns, "No lines.")
        if order["order_type"] == "blanket":
            columns = ["order_number", "product", "base_quantity", "amount"]
            screen.table(order["releases"], columns, "Nothing is released of it.")


@orders.command()
@reports
@click.argument("order_number", metavar="NUMBER")
@click.option("--line", "line_number", required=True, metavar="N", help="The line, by the account's number of it.")
@click.option("--account", metavar="ID", help="Only this account's.")
def explain(screen: Screen, order_number: str, line_number: str, account: str | None) -> None:
    """Explain why a line of an order came out so.

    Each figure with the rule that says it (the row as its file has it, or the policy), of which revision, and the
    arithmetic; the stock that it found; what the account was told; what moved it; what left; what was billed and
    credited. It is judged once more by the revisions that it was judged by; nothing is changed. Where the order is not
    on the books, its messages are named; the exit code is 1.
    """
    from gateway.explaining import NoSuchLine, explain_line

    found, without = [], []
    with opened() as services:
        orders_of = services.store.orders.by_number(account, order_number)
        for one in orders_of:
            try:
                found.append(_explained(explain_line(services, one, line_number).as_json()))
            except NoSuchLine as missing:
                without.append(f"Order {order_number} of {one.account_id} has no line {line_number}; {missing}.")
        carrying = [] if orders_of else services.store.messages.of_order_number(order_number, account, _NAMED + 1)
        accounts = {one.account_id for one in carrying}
        waiting = {one for each in accounts for one in services.store.messages.waiting_for(each, order_number)}
    if not orders_of:
        raise Failed(_not_on_the_books(order_number, carrying, waiting))
    if not found:
        raise Failed("\n".join(without))
    if screen.as_json:
        screen.result(found)
        return
    for told in found:
        _show_explanation(screen, told)


def _explained(told: dict[str, Any]) -> dict[str, Any]:
    """With moments as commands show them."""
    for table, name in (("stock", "at"), ("answers", "at"), ("movements", "at"), ("shipments", "shipped_at")):
        for row in told[table]:
            row[name] = moment(row[name])
    return told


def _show_explanation(screen: Screen, told: dict[str, Any]) -> None:
    kind = ", a test" if told["test"] else ""
    screen.result(
        None,
        f"Order {told['order_number']} of {told['account']}{kind}, line {told['line_number']}: version "
        f"{told['version']}, message {told['message_id']}",
    )
    nothing = "The mapping or catalogue that it was judged by can't be used any more."
    screen.table(told["figures"], ["figure", "value", "rule", "revision", "arithmetic"], nothing)
    if told["stock"]:
        screen.result(None, "", "Stock, in base units")
        rows = [one | {"decided_at": one["at"], "counted": one["as_of"]} for one in told["stock"]]
        screen.table(rows, ["site", "took", "arithmetic", "counted", "decided_at", "source"], "")
    if told["answers"]:
        screen.result(None, "", "What the account was told")
        columns = ["order_response", "version", "status", "quantity", "unit", "price", "promised_delivery", "reason"]
        screen.table(told["answers"], columns, "")
    screen.result(None, "", "What moved it")
    moved = [one | {"moved_at": one["at"], "added": _added(one), "by": one["said"]} for one in told["movements"]]
    screen.table(moved, ["moved_at", "added", "by"], "Nothing.")
    if told["shipments"]:
        screen.result(None, "", "What left")
        columns = ["shipment_number", "shipped_at", "base_quantity", "base_unit", "sscc", "despatch_advice"]
        screen.table(told["shipments"], columns, "")
    if told["invoices"]:
        screen.result(None, "", "What was billed")
        columns = ["issue_date", "type", "number", "credits", "quantity", "unit", "net", "currency", "arithmetic"]
        columns += ["tax_category", "tax_percent", "tax_rule"]
        screen.table(told["invoices"], columns, "")


def _added(movement: dict[str, Any]) -> str:
    """`confirmed +4, shipped +200 (base units)`."""
    return ", ".join(
        f"{name} {'' if amount.startswith('-') else '+'}{amount}"
        + (" (base units)" if name in movement["base_units"] else "")
        for name, amount in movement["added"].items()
    )


@orders.command()
@reports
@click.option("--account", metavar="ID", help="Only this account's.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="So many at most.")
def overdue(screen: Screen, account: str | None, limit: int) -> None:
    """List the orders that should have left by now.

    Of each something should have been announced, and hasn't left.
    That is what was confirmed for a day, as long before its arrival as the account's despatch_notice_before_arrival
    says, or when it would have to be on the road; the longest overdue first.
    """
    from gateway.order_page.overdue import overdue_orders

    with opened() as services:
        found = overdue_orders(services, seen(), account, limit, most_lines=None)
    rows = [_overdue(one) for one in found]
    columns = ["account", "order_number", "ship_to_site", "notice_due_at", "to_ship"]
    screen.table(rows, columns, "Nothing is overdue.", limit)


def _overdue(one: Overdue) -> dict[str, Any]:
    lines = [_to_ship(line) for line in one.lines]
    return {
        "account": one.order.account_id,
        "order_number": one.order.order_number,
        "id": one.order.id,
        "ship_to_site": one.order.ship_to_site,
        "notice_due_at": moment(one.order.notice_due),
        "to_ship": ", ".join(f"line {line['line_number']}: {line['to_ship']} of {line['product']}" for line in lines),
        "lines": lines,
    }


def _to_ship(line: ToShip) -> dict[str, Any]:
    """What is confirmed of the line and hasn't left, in base units where it can be said so."""
    left = None if line.left is None else f"{line.left:f}"
    return {"line_number": line.line_number, "product": line.product, "to_ship": left}


def _not_on_the_books(order_number: str, carrying: Sequence[StoredMessage], waiting: Collection[str]) -> str:
    """That there is no such order, and the messages that came under its number, which may be held or refused, or be
    changes that wait for it."""
    if not carrying:
        return f"There is no order {order_number}."
    named = ", ".join(
        f"{one.id} ({'a change or cancellation, waits for the order' if one.id in waiting else one.status})"
        for one in carrying[:_NAMED]
    )
    if len(carrying) > _NAMED:
        many = f"more than {_NAMED} messages carry it, the newest"
    else:
        many = "1 message carries it" if len(carrying) == 1 else f"{len(carrying)} messages carry it"
    return f"There is no order {order_number} on the books; {many}: {named}. `gateway messages show ID` says why."


def _thread(services: Services, order: StoredOrder) -> dict[str, Any]:
    documents = services.store.documents.page(
        order.account_id, kind=None, order_number=order.order_number, after=None, limit=1000
    )
    is_blanket = order.order_type == "blanket"
    released = services.store.contracts.released(order.id) if is_blanket else []
    ledger = services.store.orders.ledger(order.id)
    versions = services.store.orders.versions(order.id)
    return {
        "account": order.account_id,
        "order_number": order.order_number,
        "test": order.test,
        "order_type": order.order_type,
        "version": order.version,
        "order_version": versions[-1].order_version,
        "status": order.status,
        "outcome": order.outcome,
        "message_id": order.message_id,
        "mapping_revision": order.mapping_revision,
        "created_at": moment(order.created_at),
        "updated_at": moment(order.updated_at),
        "versions": [_version(services, order, one) for one in versions],
        "lines": [_line(line) for line in ledger],
        "shipments": [_shipment(one, ledger) for one in services.store.shipments.of_order(order.id)],
        "releases": [_release(one) for one in released],
        "documents": [
            {"id": one.id, "type": one.type, "number": one.number, "format": one.format}
            for one in documents
            if one.order_id in (order.id, None)  # of several orders, this among them
        ],
    }


def _shipment(one: OrderShipment, ledger: Sequence[LedgerLine]) -> dict[str, Any]:
    from schemas.values import shortest

    lines = {line.line_number: line for line in ledger}
    return {
        "shipment_number": one.number,
        "shipped_at": moment(one.shipped_at),
        "estimated_delivery": one.estimated_delivery,
        "carrier": one.carrier,
        "tracking": one.tracking,
        "despatch_advices": [{"number": number, "document_id": document} for number, document in one.advices],
        "lines": [
            {
                "line_number": part.line_number,
                "quantity": f"{shortest(lines[part.line_number].in_unit(part.base_quantity)):f}",
                "unit": lines[part.line_number].unit,
                "base_quantity": f"{shortest(part.base_quantity):f}",
                "base_unit": lines[part.line_number].base_unit,
            }
            for part in one.lines
        ],
    }


def _left(shipment: dict[str, Any]) -> str:
    """A shipment in a line: when and by whom, what, and what told of it."""
    way = [one for one in (shipment["carrier"], shipment["tracking"]) if one]
    parts = [f"line {one['line_number']}: {one['quantity']} {one['unit'] or ''}".rstrip() for one in shipment["lines"]]
    advices = ", ".join(one["number"] for one in shipment["despatch_advices"])
    left = ", ".join([f"Shipment {shipment['shipment_number']} left {shipment['shipped_at']}", *way])
    return f"{left}; {', '.join(parts)}; told in {advices}"


def _as_answered(version: Mapping[str, Any]) -> str:
    """What answers call it, where that isn't our count."""
    return "" if version["order_version"] == version["version"] else f" (answered as {version['order_version']})"


def _version(services: Services, order: StoredOrder, one: OrderVersion) -> dict[str, Any]:
    """What made it, and when: the first with the order, a later one when its message was settled."""
    message = None if one.version == 1 else services.store.messages.one(None, one.message_id)
    decided_at = message.settled_at if message else order.created_at
    return {
        "version": one.version,
        "order_version": one.order_version,
        "message_id": one.message_id,
        "decided_at": None if decided_at is None else moment(decided_at),
    }


def _release(one: Released) -> dict[str, str]:
    from schemas.values import shortest

    return {
        "order_number": one.order_number,
        "product": one.product,
        "base_quantity": f"{shortest(one.base_quantity):f}",
        "amount": f"{one.amount:f}",
    }


def _line(line: LedgerLine) -> dict[str, Any]:
    from schemas.values import shortest

    told: dict[str, Any] = {"line_number": line.line_number, "product": line.product, "unit": line.unit}
    names = (*_QUANTITIES, "raised", "returned", "credited")
    return told | {name: f"{shortest(getattr(line, name)):f}" for name in names}
