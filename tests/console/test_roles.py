"""What each role may do, generated from the URL map: a page without a rule fails here."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from gateway.accounts import file_row
from gateway.console import set_up
from gateway.drafts import edit
from gateway.onboarding.trying import send_sample
from gateway.store.users import ROLES
from tests.api.builders import Gateway, order
from tests.console.conftest import Browser, csrf, signed_in

OPEN = {("GET", "/sign-in"), ("POST", "/sign-in"), ("GET", "/sign-in/<token>"), ("POST", "/sign-in/<token>")}
"""For whoever isn't signed in."""
LET_IN = (200, 303, 400, 409)
"""Whatever came of what somebody was let do."""
NEEDS: dict[tuple[str, str], str] = {
    ("GET", "/"): "viewer",
    ("GET", "/accounts"): "viewer",
    ("POST", "/accounts"): "our integration",
    ("GET", "/accounts/new"): "our integration",
    ("POST", "/accounts/new"): "our integration",
    ("GET", "/accounts/<account_id>"): "viewer",
    ("GET", "/accounts/<account_id>/setup"): "our viewer",
    ("POST", "/accounts/<account_id>/setup"): "our integration",
    ("POST", "/accounts/<account_id>/setup/sample"): "our integration",
    ("POST", "/accounts/<account_id>/setup/publish"): "our integration",
    ("GET", "/accounts/<account_id>/setup/test"): "our integration",
    ("POST", "/accounts/<account_id>/setup/test"): "our integration",
    ("GET", "/accounts/<account_id>/setup/test/<message_id>"): "our viewer",
    ("GET", "/accounts/<account_id>/keys"): "our admin",
    ("POST", "/accounts/<account_id>/keys"): "our admin",
    ("POST", "/accounts/<account_id>/keys/<key_id>/revoke"): "our admin",
    ("GET", "/accounts/<account_id>/terms/<section>"): "our integration",
    ("POST", "/accounts/<account_id>/terms/<section>"): "our integration",
    ("GET", "/accounts/<account_id>/terms/text"): "our integration",
    ("POST", "/accounts/<account_id>/terms/text"): "our integration",
    ("GET", "/accounts/<account_id>/keys/<key_id>/rotate"): "our admin",
    ("POST", "/accounts/<account_id>/keys/<key_id>/rotate"): "our admin",
    ("GET", "/people"): "our admin",
    ("GET", "/style"): "viewer",
    ("POST", "/sign-out"): "viewer",
}


def pages(gateway: Gateway) -> set[tuple[str, str]]:
    return {
        (method, rule.rule)
        for rule in gateway.app.url_map.iter_rules()
        if rule.endpoint.startswith("console.") and rule.endpoint != "console.static"
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }


def ask(browser: Browser, method: str, route: str, ids: dict[str, str], token: str) -> Any:
    path = route
    for name, value in {"account_id": "acme", "token": "x", "section": "basics", **ids}.items():
        path = path.replace(f"<{name}>", value)
    if method == "GET":
        return browser.client.get(path)
    sample = json.dumps(order())
    told = {"newest": ids["key_id"], "text": sample, "sample": base64.b64encode(sample.encode()).decode()}
    told |= {"version": "1", "id": "fresh", "name": "Fresh", "tier": "gold", "time_zone": "UTC", "answers": "json-1"}
    if route.endswith("/setup/test"):
        told["sample"] = "po-1.json"
    return browser.client.post(path, data={"csrf_token": token, **told})


def with_draft(gateway: Gateway) -> dict[str, str]:
    """An account with a key, a draft that has a sample, and a test order; the ids of what pages are about."""
    services = gateway.services
    gateway.account("acme")
    (key,) = services.store.keys.all("acme")
    row = file_row("samples/po-1.json", json.dumps(order()).encode())
    edit(services, "acme", lambda draft: [draft.change(row.kind, row.natural_key, None, row.body)], author="test")
    return {"key_id": key.id, "message_id": send_sample(services, "acme", b"{}")}


def test_every_page_is_accounted_for(gateway: Gateway) -> None:
    assert pages(gateway) == OPEN | set(NEEDS)


@pytest.mark.parametrize("account", [None, "acme"])
@pytest.mark.parametrize("role", ROLES)
def test_each_role_gets_what_it_may_and_nothing_else(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, role: str, account: str | None
) -> None:
    monkeypatch.setattr(set_up, "_WAITS", 0)
    ids = with_draft(gateway)
    browser = signed_in(gateway, role, account)
    token = csrf(browser.open("/"))
    for (method, route), needed in sorted(NEEDS.items(), key=lambda one: one[0][1] == "/sign-out"):
        wanted = needed.removeprefix("our ")
        may = ROLES.index(role) >= ROLES.index(wanted) and (account is None or wanted == needed)
        answer = ask(browser, method, route, ids, token)
        assert (answer.status_code in LET_IN) is may, (method, route, role, answer.status_code)
        assert may or answer.status_code == 403
    live = [one for one in gateway.services.store.keys.all("acme") if one.revoked_at is None]
    assert len(live) == 1


@pytest.mark.parametrize("case", sorted(NEEDS), ids=" ".join)
def test_nobody_gets_nothing(gateway: Gateway, case: tuple[str, str]) -> None:
    gateway.account("acme")
    browser = Browser(gateway)
    token = csrf(browser.open("/sign-in"))
    answer = ask(browser, *case, {"key_id": "x", "message_id": "x"}, token)
    assert (answer.status_code, answer.headers["Location"].startswith("/sign-in")) == (303, True)


def test_an_accounts_people_see_it_alone(gateway: Gateway) -> None:
    for account in ("acme", "delta"):
        gateway.account(account, name=f"The {account} company")
    browser = signed_in(gateway, "admin", "acme")
    browser.open("/accounts")
    assert "The acme company" in browser.text
    assert "delta" not in browser.answer.text
    foreign, missing = browser.open("/accounts/delta"), browser.open("/accounts/nobody")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.text.replace("delta", "") == missing.text.replace("nobody", "")
    browser.open("/")
    assert "Lanes" not in browser.text
