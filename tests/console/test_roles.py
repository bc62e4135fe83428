"""What each role may do, generated from the URL map: a page without a rule fails here."""

from __future__ import annotations

import base64
import io
import json
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from gateway.accounts import file_row, table_rows
from gateway.console import set_up
from gateway.drafting.drafts import edit
from gateway.drafting.importing import begin_import
from gateway.drafting.row_edits import save_row
from gateway.onboarding.trying import send_sample
from gateway.services import Services
from gateway.store.replays import ToReplay
from gateway.store.revisions import account_scope
from gateway.store.users import ROLES
from mappings.revision import UnitRow
from mappings.tables import natural_key
from tests.api.builders import Gateway, order
from tests.console.conftest import Browser, csrf, signed_in

OPEN = {("GET", "/sign-in"), ("POST", "/sign-in"), ("GET", "/sign-in/<token>"), ("POST", "/sign-in/<token>")}
"""For whoever isn't signed in."""
LET_IN = (200, 303, 400, 409)
"""Whatever came of what somebody was let do."""
TABLE = "/accounts/<account_id>/<any(items, units, sites, prices):table>"
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
    ("GET", "/replays"): "our viewer",
    ("GET", "/replays/new"): "our support",
    ("POST", "/replays/new"): "our support",
    ("GET", "/replays/<replay_id>"): "our viewer",
    ("POST", "/replays/<replay_id>/pause"): "our support",
    ("POST", "/replays/<replay_id>/resume"): "our support",
    ("POST", "/replays/<replay_id>/cancel"): "our support",
    ("GET", "/accounts/<account_id>/keys"): "our admin",
    ("POST", "/accounts/<account_id>/keys"): "our admin",
    ("POST", "/accounts/<account_id>/keys/<key_id>/revoke"): "our admin",
    ("GET", "/accounts/<account_id>/mapping"): "our viewer",
    ("POST", "/accounts/<account_id>/mapping"): "our viewer",
    ("POST", "/accounts/<account_id>/mapping/preview"): "our viewer",
    ("POST", "/accounts/<account_id>/mapping/save"): "our integration",
    ("GET", "/accounts/<account_id>/mapping/schema.json"): "our viewer",
    ("GET", "/accounts/<account_id>/draft/tests"): "our viewer",
    ("POST", "/accounts/<account_id>/draft/tests"): "our support",
    ("GET", "/accounts/<account_id>/draft/tests/<test_id>"): "our viewer",
    ("POST", "/accounts/<account_id>/draft/tests/<test_id>/cancel"): "our support",
    ("GET", "/accounts/<account_id>/draft"): "our viewer",
    ("POST", "/accounts/<account_id>/draft/discard"): "our support",
    ("POST", "/accounts/<account_id>/draft/keep"): "our support",
    ("POST", "/accounts/<account_id>/draft/publish"): "our support",
    ("GET", "/accounts/<account_id>/revisions"): "our viewer",
    ("GET", "/accounts/<account_id>/revisions/lines"): "our viewer",
    ("GET", "/accounts/<account_id>/revisions/<int:number>"): "our viewer",
    ("GET", "/accounts/<account_id>/revisions/<int:number>/documents"): "our viewer",
    ("GET", "/accounts/<account_id>/revisions/<int:number>/documents.csv"): "our viewer",
    ("GET", "/accounts/<account_id>/revisions/<int:number>/roll-back"): "our support",
    ("POST", "/accounts/<account_id>/revisions/<int:number>/roll-back"): "our support",
    ("GET", "/accounts/<account_id>/terms/<section>"): "our integration",
    ("POST", "/accounts/<account_id>/terms/<section>"): "our integration",
    ("GET", "/accounts/<account_id>/terms/schema.json"): "our integration",
    ("GET", "/accounts/<account_id>/terms/text"): "our integration",
    ("POST", "/accounts/<account_id>/terms/text"): "our integration",
    ("GET", "/accounts/<account_id>/keys/<key_id>/rotate"): "our admin",
    ("POST", "/accounts/<account_id>/keys/<key_id>/rotate"): "our admin",
    **{
        ("GET", f"{TABLE}{page}"): needed
        for page, needed in {
            "": "our viewer",
            "/history": "our viewer",
            "/file": "our viewer",
            "/import": "our support",
            "/import/<upload_id>": "our support",
            "/import/<upload_id>/rows": "our support",
            "/import/<upload_id>/rejects": "our support",
        }.items()
    },
    **{
        ("POST", f"{TABLE}{page}"): "our support"
        for page in (
            *("", "/remove", "/undo", "/import", "/import/<upload_id>", "/import/<upload_id>/apply"),
            *("/import/<upload_id>/drop", "/take-back"),
        )
    },
    ("GET", "/problems/<fingerprint>/fix"): "our support",
    ("POST", "/problems/<fingerprint>/fix"): "our support",
    ("GET", "/people"): "our admin",
    ("GET", "/problems"): "viewer",
    ("GET", "/problems/<fingerprint>"): "viewer",
    ("POST", "/problems/<fingerprint>/acknowledge"): "our support",
    ("POST", "/problems/<fingerprint>/assign"): "our support",
    ("POST", "/problems/<fingerprint>/ignore"): "our support",
    ("POST", "/problems/<fingerprint>/reopen"): "our support",
    ("GET", "/search"): "viewer",
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


PALLET = UnitRow("PAL", None, "EA", Decimal(480))
FILE = b"account_unit,unit,factor\nCTN,EA,6\n"
UNIT = {"account_unit": "BTL", "product": "", "unit": "EA", "factor": "12", "key": "", "seen": ""}


def ask(browser: Browser, method: str, route: str, ids: dict[str, str], token: str) -> Any:
    path = route.replace(TABLE.rpartition("/")[2], "units")
    for name, value in {"account_id": "acme", "token": "x", "section": "basics", "int:number": "2", **ids}.items():
        path = path.replace(f"<{name}>", value)
    if method == "GET":
        return browser.client.get(path, query_string={"key": natural_key(PALLET)} if "/units" in path else {})
    sample = json.dumps(order())
    told: dict[str, Any] = {
        **UNIT,
        "newest": ids["key_id"],
        "text": sample,
        "sample": base64.b64encode(sample.encode()).decode(),
    }
    told |= {"version": "1", "id": "fresh", "name": "Fresh", "tier": "gold", "time_zone": "UTC", "answers": "json-1"}
    told |= {"until": "8h", "to": "nobody", "reason": "they know"} if "<fingerprint>" in route else {}
    if route.endswith("/setup/test"):
        told["sample"] = "po-1.json"
    if route.endswith("/import"):
        told["file"] = (io.BytesIO(FILE), "units.csv")
    return browser.client.post(path, data={"csrf_token": token, **told})


def with_draft(gateway: Gateway) -> dict[str, str]:
    """An account with a key, a sample, a unit that its draft changes, and a test order; their ids."""
    services = gateway.services
    sender = gateway.account("acme")
    gateway.send(sender, held_order())
    gateway.work()
    (problem,) = services.store.problems.all()
    (key,) = services.store.keys.all("acme")
    sample = file_row("samples/po-1.json", json.dumps(order()).encode())
    twelve, thirteen, draft = (table_rows([UnitRow("KRT", None, "EA", Decimal(one))]) for one in (12, 13, 14))
    publish = partial(services.store.revisions.put, account_scope("acme"), author="test", reason="test")
    publish([sample, *twelve])
    (was,), (row,) = thirteen, draft
    publish([was])
    edit(services, "acme", lambda one: [one.change(row.kind, row.natural_key, was.body, row.body)], author="test")
    save_row(services, "acme", "unit", None, None, PALLET, author="test")
    test_id = services.store.draft_tests.begin("acme", 1, 0, 200, 0, actor="test")
    ids = {"key_id": key.id, "test_id": test_id, "message_id": send_sample(services, "acme", b"{}")}
    return {**ids, "fingerprint": problem.fingerprint, "replay_id": replay_of_nothing(services)}


def held_order() -> dict[str, Any]:
    """An order by a unit that nobody knows."""
    line = {"line_number": "1", "seller_item": "OAT-1L", "quantity": "2", "unit": "BTL"}
    return {"order_number": "PO-HELD", "lines": [line]}


def replay_of_nothing(services: Services) -> str:
    """A replay of a message that isn't kept any more."""
    gone = ToReplay("gone", "acme", "held", 1, None, None, True)
    told: dict[str, Any] = {"asked_for": {}, "fingerprint": None, "mapping": "current", "tries_first": False}
    return services.store.replays.begin([gone], reason="test", actor="test", **told)


def upload_of(gateway: Gateway, role: str, account: str | None) -> str:
    """A file that somebody of this role has under way."""
    person = gateway.services.store.users.named(f"{role} of {account or 'ours'}")
    assert person is not None
    return begin_import(gateway.services, "acme", person.id, "unit", "units.csv", FILE).id


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
        upload = {"upload_id": upload_of(gateway, role, account)} if "<upload_id>" in route else {}
        answer = ask(browser, method, route, {**ids, **upload}, token)
        assert (answer.status_code in LET_IN) is may, (method, route, role, answer.status_code)
        assert may or answer.status_code == 403
    live = [one for one in gateway.services.store.keys.all("acme") if one.revoked_at is None]
    assert len(live) == 1


@pytest.mark.parametrize("case", sorted(NEEDS), ids=" ".join)
def test_nobody_gets_nothing(gateway: Gateway, case: tuple[str, str]) -> None:
    gateway.account("acme")
    browser = Browser(gateway)
    token = csrf(browser.open("/sign-in"))
    ids = dict.fromkeys(("key_id", "message_id", "test_id", "upload_id", "fingerprint", "replay_id"), "x")
    answer = ask(browser, *case, ids, token)
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
