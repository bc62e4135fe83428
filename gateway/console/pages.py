"""Every page of the console, put into the application."""

from __future__ import annotations

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
    *(signing, overview, searching, people, audit, settings, styles),
    *(problem_list, problem, problem_deliveries, fixing),
    *(message_list, message, corrections, erasing, replays, begin_replay),
    *(order_lists, order_pages, documents),
    *(account_list, accounts, notices, keys, new_account, set_up, terms),
    *(editing, tables, table_edits, imports, drafts, testing, revisions, sent_under, rule_history),
)
"""Each has put its views into the console as it was imported."""


def mount(app: Flask, secret_key: str) -> None:
    """Put the console into the application; its cookies are signed by this key."""
    frame.mount(app, secret_key)
