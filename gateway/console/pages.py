"""Every page of the console, put into the application."""

from __future__ import annotations

from flask import Flask

from gateway.console import (
    account_list,
    accounts,
    drafts,
    editing,
    fixing,
    frame,
    imports,
    keys,
    new_account,
    overview,
    people,
    revisions,
    rule_history,
    searching,
    sent_under,
    set_up,
    signing,
    styles,
    table_edits,
    tables,
    testing,
)
from gateway.console.terms import pages as terms

PAGES = (
    *(signing, overview, searching, account_list, accounts, keys, new_account, set_up, terms),
    *(editing, tables, table_edits, imports, drafts, testing, revisions, sent_under, rule_history, people, styles),
    fixing,
)
"""Each has put its views into the console as it was imported."""


def mount(app: Flask, secret_key: str) -> None:
    """Put the console into the application; its cookies are signed by this key."""
    frame.mount(app, secret_key)
