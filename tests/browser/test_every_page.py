"""What holds of every page: in light, dark and narrow windows, at 400 %, without scripts, for whoever may see it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page

from gateway.console.pages import mount
from tests.browser.conftest import NARROW, ZOOMED, Pages, overflow
from tests.browser.stack import Stack

FILLED = {"account_id": "acme-retail"}
"""What stands in addresses; pages with other arguments have tests of their own."""
NO_PAGES = {
    "/accounts/<account_id>/mapping/schema.json",
    "/accounts/<account_id>/keys",
    "/accounts/<account_id>/setup/test",
    "/accounts/<account_id>/terms/schema.json",
    "/messages/export.csv",
    "/messages/export.xlsx",
    "/audit.csv",
    "/replays/new",
}
"""They lead elsewhere, are for scripts, or are downloads."""


def _paths() -> list[str]:
    app = Flask("addresses")
    mount(app, "no secret")
    rules = [
        rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("console.") and "GET" in (rule.methods or ()) and rule.arguments <= FILLED.keys()
    ]
    adapter = app.url_map.bind("")
    filled = [(rule, {name: FILLED[name] for name in rule.arguments}) for rule in rules if rule.rule not in NO_PAGES]
    return sorted(adapter.build(rule.endpoint, told) for rule, told in filled)


PATHS = [one for one in _paths() if one != "/sign-in"]


def name_of(path: str) -> str:
    return path.strip("/").replace("/", "-") or "overview"


def look_everywhere(page: Page, axe: Callable[[Page], None]) -> None:
    """Light, dark, and two narrow windows."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        axe(page)
    assert overflow(page) <= 0, "wider than 1280 pixels"
    for width, height in (NARROW, ZOOMED):
        page.set_viewport_size({"width": width, "height": height})
        assert overflow(page) <= 0, f"wider than {width} pixels"
    axe(page)


@pytest.mark.parametrize("path", PATHS)
def test_anybody_can_use_it(
    pages: Pages, axe: Callable[[Page], None], shot: Callable[[Page, str], None], path: str
) -> None:
    page = pages.of("admin")
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 200
    assert page.url.endswith(path), "it leads elsewhere: name it in NO_PAGES"
    shot(page, name_of(path))
    look_everywhere(page, axe)


@pytest.mark.parametrize(
    "path",
    [
        "/search?q=acme",
        "/search?q=nothing",
        "/messages?q=acme&status=open&since=7d",
        "/messages?q=acme&status=odd&lane=odd",
        "/messages?q=nothing&status=rejected",
        "/nowhere",
    ],
)
def test_so_can_they_what_is_found(
    pages: Pages, axe: Callable[[Page], None], shot: Callable[[Page, str], None], path: str
) -> None:
    page = pages.of("admin")
    page.goto(path)
    pages.complaints[:] = [one for one in pages.complaints if "/nowhere" not in one]
    shot(page, name_of(path.replace("?q=", "-").replace("&", "-")))
    look_everywhere(page, axe)


@pytest.mark.parametrize("account", [None, "acme-retail"])
def test_so_can_who_may_do_little(pages: Pages, axe: Callable[[Page], None], account: str | None) -> None:
    page = pages.of("viewer", account)
    for path in ("/", "/accounts/acme-retail"):
        page.goto(path)
        axe(page)


def test_so_can_who_is_not_in_yet(
    stack: Stack, pages: Pages, axe: Callable[[Page], None], shot: Callable[[Page, str], None]
) -> None:
    page = pages.of(None)
    link = stack.link_of("Somebody new", "viewer").removeprefix(stack.base_url)
    for path, name in (("/sign-in", "sign-in"), (link, "choose-password"), ("/sign-in/used", "used-link")):
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto(path)
        pages.complaints[:] = [one for one in pages.complaints if "410" not in one]
        shot(page, name)
        look_everywhere(page, axe)


def test_without_scripts_every_page_says_and_does_the_same(pages: Pages) -> None:
    plain, live = pages.of("admin", java_script_enabled=False), pages.of("admin")
    for path in PATHS:
        for page in (plain, live):
            page.goto(path)
        assert plain.locator("h1").inner_text() == live.locator("h1").inner_text()
        for form in plain.locator("main form").all():
            assert form.locator("button:not([type=button])").count() or path == "/style", "who sends it?"
        assert plain.locator("textarea").count() == plain.locator("textarea:visible").count()
