"""Where the database is locked for longer than a page waits, the page says so, and nothing is done; then it goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.drafting import draft_tests
from gateway.drafting.drafts import draft_of
from gateway.store import database
from tests.api.builders import Gateway, order
from tests.api.test_outages import locked
from tests.console.conftest import Browser, signed_in
from tests.drafting.test_drafts import CASE, put

DRAFT = "/accounts/acme/draft"


@pytest.fixture
def browser(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """Somebody with a draft of an account that sent an order. SQLite waits for a lock a fifth of a second here."""
    sender = gateway.account("acme")
    gateway.send(sender, order())
    gateway.work()
    put(gateway.services, CASE)
    found = signed_in(gateway, "integration")
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    gateway.services.store.database.engine.dispose()  # those that were opened before would be patient
    return found


def test_a_locked_database_is_told_on_each_page_that_writes(gateway: Gateway, browser: Browser, tmp_path: Path) -> None:
    was = draft_of(gateway.services, "acme").stored
    writing: tuple[tuple[str, str, dict[str, str]], ...] = (
        (DRAFT, f"{DRAFT}/publish", {"reason": "tried", "override": "tried"}),
        (f"{DRAFT}/tests", f"{DRAFT}/tests", {"last": "200"}),
    )
    for page, action, fields in writing:
        browser.open(page)
        with locked(tmp_path / "gateway.db"):
            refused = browser.fill(action, fields)
        assert refused.status_code == 503, browser.text
        assert "The database doesn't answer now. Nothing was done; try again in a moment." in browser.text
        assert int(refused.headers["Retry-After"]) >= 1
    assert draft_of(gateway.services, "acme").stored == was
    assert gateway.services.store.draft_tests.of_account("acme") == []
    browser.open(f"{DRAFT}/tests")
    assert browser.send(f"{DRAFT}/tests", last="200").status_code == 303
    with locked(tmp_path / "gateway.db"):
        for page in (DRAFT, f"{DRAFT}/tests", "/accounts/acme/items", "/accounts"):
            assert browser.open(page).status_code == 200, f"{page} only reads"
    assert draft_tests.step(gateway.services)
    assert gateway.services.store.draft_tests.of_account("acme")[0].status == "done"


def test_whoever_is_second_of_two_at_once_is_told_so(gateway: Gateway) -> None:
    """What the other one has written of the message by then is the next event of its chain."""
    line = {"line_number": "1", "buyer_item": "WHAT-1", "quantity": "1", "unit": "EA"}
    sent = gateway.send(gateway.account("acme"), order("PO-1", lines=[line]))
    message_id = sent.json["message_id"]
    gateway.work()
    store, browser = gateway.services.store, signed_in(gateway, "support")
    browser.open(f"/messages/{message_id}")
    with store.database.write() as connection:
        store.audit.note(connection, message_id, "replay", "user Lee", {})
    assert browser.fill(f"/messages/{message_id}/dismiss", {"reason": "by telephone"}).status_code == 409
    assert "Somebody else changed it at the same moment. Nothing was done" in browser.text
    assert store.messages.status(message_id) == "held"
