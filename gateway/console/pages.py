"""Every page of the console, put into the application."""

from __future__ import annotations

from flask import Flask

from gateway.console import (
    accounts,
    drafts,
    frame,
    overview,
    people,
    revisions,
    rule_history,
    searching,
    sent_under,
    signing,
    styles,
    testing,
)

PAGES = (signing, overview, searching, accounts, drafts, revisions, rule_history, sent_under, testing, people, styles,)
"""Each has put its views into the console as it was imported."""


def mount(app: Flask, secret_key: str) -> None:
    """Put the console into the application; its cookies are signed by this key."""
    frame.mount(app, secret_key)
