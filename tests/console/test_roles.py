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
from gateway.intake import Arrival, take_in
from gateway.onboarding.trying import send_sample
from gateway.resubmitting.correcting import correct, original_of
from gateway.services import Services
from gateway.store.replays import ToReplay
from gateway.store.revisions import account_scope
from gateway.store.users import ROLES
from mappings.revision import UnitRow
from mappings.tables import natural_key
from tests.api.builders import Gateway, order
from tests.console.conftest import Browser, csrf, signed_in
from tests.console.threads import with_thread

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
    ("GET", "/accounts/<account_id>/notices"): "our viewer",
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
    ("GET", "/messages/<message_id>/edit"): "our support",
    ("POST", "/messages/<message_id>/edit"): "our support",
    ("GET", "/corrections"): "our viewer",
    ("GET", "/corrections/<resubmission_id>"): "our viewer",
    ("POST", "/corrections/<resubmission_id>/agree"): "our support",
    ("POST", "/corrections/<resubmission_id>/close"): "our support",
    ("GET", "/accounts/<account_id>/orders"): "viewer",
    ("GET", "/accounts/<account_id>/documents"): "viewer",
    ("GET", "/orders"): "viewer",
    ("GET", "/orders/overdue"): "viewer",
    ("GET", "/orders/<order_id>"): "viewer",
    ("GET", "/orders/<order_id>/lines/<path:line_number>"): "our viewer",
    ("GET", "/documents/<document_id>"): "viewer",
    ("GET", "/documents/<document_id>/file"): "viewer",
    ("GET", "/documents/<document_id>/proof"): "our viewer",
    ("POST", "/documents/<document_id>/send-again"): "support",
    ("POST", "/documents/<document_id>/dismiss"): "our support",
    ("GET", "/problems/<fingerprint>/documents"): "viewer",
    ("POST", "/problems/<fingerprint>/send-again"): "our support",
    ("POST", "/problems/<fingerprint>/close-documents"): "our support",
    ("GET", "/messages/<message_id>"): "viewer",
    ("GET", "/messages/<message_id>/raw"): "viewer",
    ("GET", "/messages/<message_id>/canonical.json"): "viewer",
    ("GET", "/messages/<message_id>/redacted"): "viewer",
    ("POST", "/messages/<message_id>/dismiss"): "our support",
    ("GET", "/messages"): "viewer",
    ("GET", "/messages/export.csv"): "viewer",
    ("GET", "/messages/export.xlsx"): "viewer",
    ("POST", "/messages/saved"): "viewer",
    ("POST", "/messages/saved/remove"): "viewer",
    ("GET", "/problems/<fingerprint>/fix"): "our support",
    ("POST", "/problems/<fingerprint>/fix"): "our support",
    ("GET", "/people"): "our admin",
    ("GET", "/problems"): "viewer",
    ("GET", "/problems/<fingerprint>"): "viewer",
    ("POST", "/problems/<fingerprint>/acknowledge"): "our support",
    ("POST", "/problems/<fingerprint>/assign"): "our support",
    ("POST", "/problems/<fingerprint>/ignore"): "our support",
    ("POST", "/problems/<fingerprint>/reopen"): "our support",
    ("GET", "/audit"): "our support",
    ("GET", "/audit.csv"): "our support",
    ("GET", "/settings"): "our admin",
    ("GET", "/messages/<message_id>/erase"): "our admin",
    ("POST", "/messages/<message_id>/erase"): "our admin",
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


IDS = (
    *("key_id", "message_id", "test_id", "upload_id", "order_id", "document_id", "fingerprint", "resubmission_id"),
    "replay_id",
)
PALLET = UnitRow("PAL", None, "EA", Decimal(480))
FILE = b"account_unit,unit,factor\nCTN,EA,6\n"
UNIT = {"account_unit": "BTL", "product": "", "unit": "EA", "factor": "12", "key": "", "seen": ""}


def ask(browser: Browser, method: str, route: str, ids: dict[str, str], token: str) -> Any:
    if route.endswith("/fix"):
        ids = {**ids, "fingerprint": ids.get("held_fingerprint", "x")}
    path = route.replace(TABLE.rpartition("/")[2], "units")
    for name, value in {
        "account_id": "acme",
        "token": "x",
        "section": "basics",
        "int:number": "2",
        "path:line_number": "1",
        **ids,
    }.items():
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
    thread = with_thread(gateway, sender)
    gateway.send(sender, held_order())
    gateway.work()
    held = next(one for one in services.store.problems.all() if one.code == "unknown_unit")
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
    return {
        "key_id": key.id,
        "test_id": test_id,
        "message_id": send_sample(services, "acme", b"{}"),
        "resubmission_id": correction_of(gateway),
        "replay_id": replay_of_nothing(services),
        "held_fingerprint": held.fingerprint,
        **thread,
    }


def correction_of(gateway: Gateway) -> str:
    """A correction of a document that could not be read, which waits for a second person."""
    mapping = gateway.services.terms.current(["acme"])["acme"]
    refused = take_in(gateway.services, Arrival(mapping.account, False, b"{", "http", "application/json"))
    original = original_of(gateway.services, "acme", refused.kept.message_id)
    assert original is not None
    return correct(gateway.services, original, json.dumps(order()).encode(), "a typo", "user Somebody").id


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
    answer = ask(browser, *case, dict.fromkeys(IDS, "x"), token)
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
