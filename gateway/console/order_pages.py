"""Orders: one with its thread, those that have a number, those that should have left by now, and why a line is so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from flask import redirect, request, url_for

from gateway.console.frame import Missing, console, needs, page, services, user
from gateway.explaining import Explanation, NoSuchLine, explain_line
from gateway.order_page import overdue
from gateway.order_page.thread import LINES, thread_of
from gateway.store.ids import now_us
from gateway.store.order_threads import OrderHead
from gateway.store.orders import StoredOrder

_AT_ONCE = 25
_OF_A_NUMBER = 50
_LONGEST_NUMBER = 200
"""Characters: no order number that is kept is longer."""
_LINES_TO_SKIP = 10_000_000
MOST_EXPLAINED = 2_000
"""Lines of an order whose lines are explained here: to explain one the whole order is judged once more."""
_CURSOR = re.compile(r"([0-9]{1,18})-([0-9a-zA-Z]{1,40})")


@console.get("/orders")
@needs("viewer")
def order_list() -> Any:
    """The orders of a number: the one, or a list of them; else the messages that came under it."""
    number, own = request.args.get("number", "").strip(), user().account_id
    if not number:
        return page("orders_of_number", number="", orders=[], messages=[])
    account = own or request.args.get("account") or None
    found: Sequence[OrderHead] = ()
    if len(number) <= _LONGEST_NUMBER:
        found = services().store.order_threads.of_number(account, number, _OF_A_NUMBER)
    if len(found) == 1:
        return redirect(url_for("console.order_thread", order_id=found[0].order.id), 303)
    messages = () if found else services().store.messages.of_order_number(number[:_LONGEST_NUMBER], account, _AT_ONCE)
    return page("orders_of_number", number=number[:_LONGEST_NUMBER], orders=found, messages=messages)


@console.get("/orders/overdue")
@needs("viewer")
def overdue_orders() -> Any:
    """The orders of which something should have been announced by now and hasn't left, the longest overdue first."""
    own, now = user().account_id, now_us()
    account = own or request.args.get("account") or None
    found = overdue.overdue_orders(services(), now, account, _AT_ONCE + 1, after=_after(request.args.get("after", "")))
    shown = found[:_AT_ONCE]
    last = shown[-1].order if len(found) > _AT_ONCE else None
    behind = "" if last is None else f"{last.notice_due}-{last.id}"
    return page("orders_overdue", orders=shown, behind=behind, account=account, now=now, most_lines=overdue.MOST_LINES)


@console.get("/orders/<order_id>")
@needs("viewer")
def order_thread(order_id: str) -> Any:
    """One order's thread."""
    head = _head(order_id)
    account_name, time_zone = _account(head.order.account_id)
    thread = thread_of(services(), head, _skipped(), now_us(), time_zone)
    if thread.skipped and not thread.lines:
        raise Missing
    return page(
        "order",
        thread=thread,
        head=head,
        order=head.order,
        account_name=account_name,
        time_zone=time_zone,
        lines_at_once=LINES,
        is_explained=thread.count <= MOST_EXPLAINED,
        within="console.account_list",
    )


@console.get("/orders/<order_id>/lines/<path:line_number>")
@needs("viewer", ours_alone=True)
def order_line(order_id: str, line_number: str) -> Any:
    """Why one of its lines came out so."""
    head = _head(order_id)
    count = services().store.order_threads.count_lines(head.order.id)
    told: Explanation | None = None
    if count <= MOST_EXPLAINED:
        told = _explained(head.order, line_number)
    return page(
        "order_line",
        head=head,
        order=head.order,
        line_number=line_number,
        account_name=_account(head.order.account_id)[0],
        told=None if told is None else told.as_json(),
        most=MOST_EXPLAINED,
        within="console.account_list",
    )


def _explained(order: StoredOrder, line_number: str) -> Explanation:
    try:
        return explain_line(services(), order, line_number)
    except NoSuchLine:
        raise Missing from None


def _head(order_id: str) -> OrderHead:
    """The order, where whoever asks may see it. Raises Missing."""
    found = services().store.order_threads.one(user().account_id, order_id)
    if found is None:
        raise Missing
    return found


def _account(account_id: str) -> tuple[str, str]:
    """(name, time zone) of the account by its terms of now; its id and UTC where they can't be used."""
    try:
        revision = services().terms.current([account_id]).get(account_id)
    except ValueError:  # pydantic's, of terms that this version of the program can't read
        revision = None
    return (account_id, "UTC") if revision is None else (revision.account.name, revision.account.time_zone)


def _skipped() -> int:
    """How many lines of the ledger come before those that are asked for."""
    told = request.args.get("lines", "0")
    if not (told.isascii() and told.isdigit()) or len(told) > 9 or int(told) > _LINES_TO_SKIP:
        raise Missing
    return int(told)


def _after(text: str) -> tuple[int, str] | None:
    if not text:
        return None
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise Missing
    return int(found[1]), found[2]
