"""What each role may do, generated from the URL map: a page without a rule fails here."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pytest

from gateway.importing import begin_import
from gateway.row_edits import save_row
from gateway.store.users import ROLES
from mappings.revision import UnitRow
from mappings.tables import natural_key
from tests.api.builders import Gateway
from tests.console.conftest import Browser, csrf, signed_in

OPEN = {("GET", "/sign-in"), ("POST", "/sign-in"), ("GET", "/sign-in/<token>"), ("POST", "/sign-in/<token>")}
"""For whoever isn't signed in."""
TABLE = "/accounts/<account_id>/<any(items, units, sites, prices):table>"
NEEDS: dict[tuple[str, str], str] = {
    ("GET", "/"): "viewer",
    ("GET", "/accounts"): "viewer",
    ("GET", "/accounts/<account_id>"): "viewer",
    ("GET", "/accounts/<account_id>/keys"): "our admin",
    ("POST", "/accounts/<account_id>/keys"): "our admin",
    ("POST", "/accounts/<account_id>/keys/<key_id>/revoke"): "our admin",
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


PALLET = UnitRow("PAL", None, "EA", Decimal(480))
FILE = b"account_unit,unit,factor\nCTN,EA,6\n"
UNIT = {"account_unit": "KRT", "product": "", "unit": "EA", "factor": "12", "key": "", "seen": ""}


def ask(browser: Browser, method: str, route: str, key_id: str, token: str, upload_id: str = "x") -> Any:
    path = route.replace("<account_id>", "acme").replace("<key_id>", key_id).replace("<token>", "x")
    path = path.replace(TABLE.rpartition("/")[2], "units").replace("<upload_id>", upload_id)
    if method == "GET":
        return browser.client.get(path, query_string={"key": natural_key(PALLET)})
    sent: dict[str, Any] = {**UNIT, "csrf_token": token, "newest": key_id}
    if route.endswith("/import"):
        sent["file"] = (io.BytesIO(FILE), "units.csv")
    return browser.client.post(path, data=sent)


def upload_of(gateway: Gateway, role: str, account: str | None) -> str:
    """A file that somebody of this role has under way."""
    person = gateway.services.store.users.named(f"{role} of {account or 'ours'}")
    assert person is not None
    return begin_import(gateway.services, "acme", person.id, "unit", "units.csv", FILE).id


def test_every_page_is_accounted_for(gateway: Gateway) -> None:
    assert pages(gateway) == OPEN | set(NEEDS)


@pytest.mark.parametrize("account", [None, "acme"])
@pytest.mark.parametrize("role", ROLES)
def test_each_role_gets_what_it_may_and_nothing_else(gateway: Gateway, role: str, account: str | None) -> None:
    gateway.account("acme")
    save_row(gateway.services, "acme", "unit", None, None, PALLET, author="test")
    (key,) = gateway.services.store.keys.all("acme")
    browser = signed_in(gateway, role, account)
    token = csrf(browser.open("/"))
    for (method, route), needed in sorted(NEEDS.items(), key=lambda one: one[0][1] == "/sign-out"):
        wanted = needed.removeprefix("our ")
        may = ROLES.index(role) >= ROLES.index(wanted) and (account is None or wanted == needed)
        answer = ask(browser, method, route, key.id, token, upload_of(gateway, role, account))
        assert (answer.status_code in (200, 303, 409)) is may, (method, route, role, answer.status_code)
        assert may or answer.status_code == 403
    live = [one for one in gateway.services.store.keys.all("acme") if one.revoked_at is None]
    assert len(live) == 1


@pytest.mark.parametrize("case", sorted(NEEDS), ids=" ".join)
def test_nobody_gets_nothing(gateway: Gateway, case: tuple[str, str]) -> None:
    gateway.account("acme")
    browser = Browser(gateway)
    token = csrf(browser.open("/sign-in"))
    answer = ask(browser, *case, "x", token)
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
