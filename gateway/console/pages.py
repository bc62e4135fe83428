"""Every page of the console, put into the application."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from flask import Flask

from gateway.console import (
    account_list,
    accounts,
    audit,
    begin_replay,
    corrections,
    documents,
    drafts,
    editing,
    erasing,
    fixing,
    frame,
    imports,
    keys,
    message,
    message_list,
    new_account,
    notices,
    order_lists,
    order_pages,
    overview,
    people,
    problem,
    problem_deliveries,
    problem_list,
    replays,
    revisions,
    rule_history,
    searching,
    sent_under,
    set_up,
    settings,
    signing,
    styles,
    table_edits,
    tables,
    testing,
)
from gateway.console.terms import pages as terms

PAGES = (
    *(signing, overview, searching, account_list, accounts, keys, new_account, set_up, terms, corrections),
    *(problem_list, problem, notices, message, editing, tables, table_edits, imports, drafts, testing),
    *(revisions, sent_under, rule_history, people, styles, order_pages, order_lists, documents),
    *(problem_deliveries, message_list, audit, settings, erasing, fixing, replays, begin_replay),
)
"""Each has put its views into the console as it was imported."""


def mount(app: Flask, secret_key: str) -> None:
    """Put the console into the application; its cookies are signed by this key."""
    frame.mount(app, secret_key)
    app.url_build_error_handlers.append(_not_there_yet)


_PLACES: Mapping[str, str] = {
    "console.message_list": "/messages",
    "console.message": "/messages/{message_id}",
    "console.edit_message": "/messages/{message_id}/edit",
    "console.problem_list": "/problems",
    "console.problem": "/problems/{fingerprint}",
    "console.fix_problem": "/problems/{fingerprint}/fix",
    "console.replay_list": "/replays",
    "console.replay": "/replays/{replay_id}",
    "console.begin_replay": "/replays/new",
    "console.order_thread": "/orders/{order_id}",
    "console.overdue_orders": "/orders/overdue",
    "console.document": "/documents/{document_id}",
    "console.audit": "/audit",
    "console.settings": "/settings",
}
"""Pages that others lead to before they are there."""


def _not_there_yet(failure: Exception, endpoint: str, values: dict[str, Any]) -> str:
    place = _PLACES.get(endpoint)
    if place is None:
        raise failure
    named = set(re.findall(r"{(\w+)}", place))
    query = {name: value for name, value in values.items() if name not in named and not name.startswith("_") and value}
    address = place.format(**{name: quote(str(values[name]), safe="") for name in named})
    return f"{address}?{urlencode(query, doseq=True)}" if query else address
