"""An account's orders, newest first, or those that wait for us, the most urgent first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from flask import request

from gateway.console.frame import Missing, console, needs, own_account, page, services
from gateway.store.ids import now_us

_AT_ONCE = 25
_MESSAGE = re.compile(r"[0-9a-zA-Z]{1,40}")
_STATUSES = ("open", "awaiting_decision", "awaiting_buyer")
"""Of orders of which something is to be done: those that are listed by how urgent they are."""


@console.get("/accounts/<account_id>/orders")
@needs("viewer")
def account_orders(account_id: str) -> Any:
    """The account's orders."""
    wanted, asked = known_account(account_id), request.args
    status = asked.get("status", "")
    if status not in ("", *_STATUSES):
        raise Missing
    rows, behind, is_short = _urgent(wanted, status) if status else _newest(wanted)
    return page(
        "account_orders",
        account_id=wanted,
        within="console.account_list",
        rows=rows,
        behind=behind,
        is_short=is_short,
        stands=status,
        statuses=_STATUSES,
        is_first="after" not in asked,
        now=now_us(),
    )


def known_account(account_id: str) -> str:
    """The account's id, where it is published or a draft, and whoever is signed in may see it. Raises Missing."""
    wanted, store = own_account(account_id), services().store
    if wanted not in store.revisions.current([wanted]) and not store.drafts.size(wanted):
        raise Missing
    return wanted


def _newest(account_id: str) -> tuple[Sequence[dict[str, Any]], str, bool]:
    """(rows, what continues them, whether more may be behind that)."""
    before = request.args.get("after") or None
    if before is not None and not _MESSAGE.fullmatch(before):
        raise Missing
    found = services().store.order_threads.orders_page(account_id, before=before, limit=_AT_ONCE)
    rows = [
        {
            "id": one.order.id,
            "order_number": one.order.order_number,
            "test": one.order.test,
            "status": one.order.status,
            "outcome": one.order.outcome,
            "version": one.order.version,
            "at": one.at,
            "site": one.ship_to_site,
            "notice_due": one.notice_due,
        }
        for one in found.orders
    ]
    return rows, found.behind or "", found.is_short


def _urgent(account_id: str, status: str) -> tuple[Sequence[dict[str, Any]], str, bool]:
    try:
        found = services().store.worklist.page(status, account_id, request.args.get("after") or None, _AT_ONCE + 1)
    except ValueError:
        raise Missing from None
    rows = [
        {
            "id": one.id,
            "order_number": one.order_number,
            "test": False,
            "status": one.status,
            "outcome": one.outcome,
            "version": one.version,
            "at": one.created_at,
            "site": one.ship_to_site,
            "notice_due": one.notice_due,
        }
        for one in found[:_AT_ONCE]
    ]
    return rows, found[_AT_ONCE - 1].cursor if len(found) > _AT_ONCE else "", False
