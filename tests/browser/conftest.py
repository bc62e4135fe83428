"""Pages in a real browser, of the gateway as it runs: one of each for a test process.

SHOTS=FOLDER keeps pictures of what `shot` is asked for: light, dark, and 360 pixels wide.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from gateway.store.users import Role
from tests.browser.stack import PASSWORD, Stack, started
from tests.harness.gateway import ROOT

CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
AXE = ROOT / ".venv" / "console" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")
WIDE, NARROW, ZOOMED = (1280, 800), (360, 740), (320, 256)
"""1280 pixels at 400 % are 320."""


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The running gateway, an order accepted and one held."""
    folder = Path(tempfile.mkdtemp(prefix="gwpages"))
    try:
        with started(folder) as found:
            found.send("acme-retail", "01-accepted")
            found.send("acme-retail", "03-unknown-item")
            yield found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The machine's own: ./test sees that there is one. It is gone before other tests of this process go on: as long as
    Playwright runs, asyncio takes its loop for theirs."""
    found = os.environ.get("BROWSER_PATH") or next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        pytest.fail("no Chromium: apt-get install chromium-headless-shell, or name one by BROWSER_PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


class Pages:
    """Opens pages of somebody who is signed in, and keeps what their browser complained of."""

    def __init__(self, stack: Stack, chromium: Browser) -> None:
        self._stack = stack
        self._chromium = chromium
        self._open: list[BrowserContext] = []
        self.complaints: list[str] = []

    def of(self, role: Role | None = "admin", account: str | None = None, *, name: str = "", **terms: Any) -> Page:
        """A page of somebody of this role (None: of nobody); with a `name` of somebody else than without. `terms` are
        those of a browser's context, such as color_scheme, viewport=(360, 740) and java_script_enabled."""
        width, height = terms.pop("viewport", WIDE)
        state = {} if role is None else {"storage_state": self._signed_in(role, account, name)}
        context = self._chromium.new_context(
            base_url=self._stack.base_url,
            viewport={"width": width, "height": height},
            **state,
            **terms,
        )
        context.set_default_timeout(10_000)
        self._open.append(context)
        page = context.new_page()
        page.on("console", lambda said: self._complain(page, said.type, said.text))
        page.on("pageerror", lambda failure: self._complain(page, "error", str(failure)))
        return page

    def _signed_in(self, role: Role, account: str | None, name: str) -> Any:
        """The cookies of somebody of this role, who came by their link once for all tests."""
        called = name or f"{role} of {account or 'ours'}"
        if called not in self._stack.cookies:
            page = self.of(None)
            page.goto(self._stack.link_of(called, role, account))
            page.get_by_label("Password", exact=True).fill(PASSWORD)
            page.get_by_label("The same again").fill(PASSWORD)
            page.get_by_role("button", name="Take it, and sign in").click()
            page.get_by_role("heading", name="Overview").wait_for()
            self._stack.cookies[called] = page.context.storage_state()
        return self._stack.cookies[called]

    def _complain(self, page: Page, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(f"{page.url}: {text}")

    def close(self) -> None:
        """Close them all."""
        for context in self._open:
            context.close()


@pytest.fixture
def pages(stack: Stack, chromium: Browser) -> Iterator[Pages]:
    """`pages.of("viewer", color_scheme="dark")`; a browser that complains fails the test."""
    opened = Pages(stack, chromium)
    yield opened
    opened.close()
    assert opened.complaints == []


@pytest.fixture
def page(pages: Pages) -> Page:
    """A page of one of our admins."""
    return pages.of("admin")


@pytest.fixture
def base_url(stack: Stack) -> str:
    """Where the gateway serves."""
    return stack.base_url


@cache
def _axe_source() -> str:
    return AXE.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], None]:
    """`axe(page)` fails on what axe finds serious or critical."""

    def look(page: Page) -> None:
        if not page.evaluate("typeof axe === 'object'"):
            page.evaluate(f"{_axe_source()}; undefined")
        found = page.evaluate("axe.run({resultTypes: ['violations']}).then((one) => one.violations)")
        serious = [
            f"{one['id']}: {one['help']} at {node['target']} ({node['failureSummary']})"
            for one in found
            if one["impact"] in SERIOUS
            for node in one["nodes"]
        ]
        assert serious == [], f"{page.url}:\n" + "\n".join(serious)

    return look


@pytest.fixture(scope="session")
def shot() -> Callable[[Page, str], None]:
    """`shot(page, "account")` keeps the page as three pictures, where SHOTS names a folder."""

    def keep(page: Page, name: str) -> None:
        if not (folder := os.environ.get("SHOTS")):
            return
        for kind, scheme, (width, height) in (
            ("light", "light", WIDE),
            ("dark", "dark", WIDE),
            ("narrow", "light", NARROW),
        ):
            with _as(page, scheme, width, height):
                page.screenshot(path=Path(folder) / f"{name}-{kind}.png", full_page=True)

    return keep


@contextmanager
def _as(page: Page, scheme: Any, width: int, height: int) -> Iterator[None]:
    before = page.viewport_size
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": height})
    try:
        yield
    finally:
        page.emulate_media(color_scheme="no-preference")
        if before is not None:
            page.set_viewport_size(before)


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
