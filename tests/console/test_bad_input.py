"""Every page of the console, with fields that nobody types: what they say is refused or kept, and no page fails."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.console import set_up
from tests.api.builders import Gateway, order, services_at
from tests.console.conftest import Browser, csrf, signed_in
from tests.console.test_roles import NEEDS, TABLE, UNIT, upload_of, with_draft
from tests.store.conftest import database_url, postgres, postgres_with_tables

__all__ = ["database_url", "postgres", "postgres_with_tables"]

FIELDS = (
    *("account", "account_unit", "add", "after", "against", "answers", "as", "batch", "before", "behind"),
    *("code", "column.0", "count", "current", "days", "default_unit", "did", "do", "edit", "edited"),
    *("encoding", "factor", "fault", "faults", "file", "find", "format", "from", "id", "identifier.0", "in"),
    *("kept", "kept_name", "kept_sample", "key", "kind", "known", "last", "late", "line", "lines"),
    *("manager.name", "manner", "map", "mark", "name", "newest", "note", "now", "number", "of", "order"),
    *("outcome", "override", "owner", "page", "part", "product", "publish", "q", "reason", "sample", "saved"),
    *("seen", "separator", "shown", "sign", "state", "status", "take", "text", "tier", "time_zone", "to"),
    *("token", "told", "type", "unit", "until", "version", "view", "writes"),
)
BAD = {
    "nul": "a\0b",
    "huge": "x\u00e4" * 20_000,
    "long number": "9" * 5_000,
    "other digits": "\u0663\u0664",
    "fraction": "\u00bd",
    "negative": "-1",
    "beyond": "1e400",
    "surrogate": "%ED%A0%80\ud800",
    "path": "samples/../../etc/passwd\0",
    "header": "a\r\nSet-Cookie: x=1",
    "key": "a|b\\|c\\",
}


@pytest.fixture
def gateway(tmp_path: Path, database_url: str) -> Iterator[Gateway]:
    opened = Gateway(services_at(database_url, f"unix://{tmp_path / 'nobody.sock'}"))
    yield opened
    opened.close()


def told_to(route: str, ids: dict[str, str]) -> dict[str, str]:
    """What a page's form would say."""
    sample = json.dumps(order())
    told = {**UNIT, "newest": ids["key_id"], "text": sample, "sample": base64.b64encode(sample.encode()).decode()}
    told |= {"version": "3", "number": "3", "current": "3", "reason": "why", "override": "because"}
    told |= {"id": "fresh", "name": "Fresh", "tier": "gold", "time_zone": "UTC", "answers": "json-1"}
    if route.endswith("/mapping/save"):
        told |= {"text": "reads: json\n", "sample": "samples/po-1.json"}
    return told


def ask(browser: Browser, method: str, path: str, told: dict[str, str]) -> Any:
    encoded = {name.encode(): text.encode("utf-8", "surrogatepass") for name, text in told.items()}
    if method == "GET":
        return browser.client.get(path, query_string={name: text[:20_000] for name, text in encoded.items()})
    return browser.client.post(path, data=encoded)


def path_of(gateway: Gateway, route: str, ids: dict[str, str]) -> str:
    upload = upload_of(gateway, "admin", None) if "<upload_id>" in route else ""
    path = route.replace(TABLE.rpartition("/")[2], "units")
    for name, value in {
        **ids,
        "account_id": "acme",
        "section": "basics",
        "int:number": "2",
        "path:line_number": "1",
        "upload_id": upload,
    }.items():
        path = path.replace(f"<{name}>", value)
    return path


def test_no_page_fails_whatever_its_fields_say(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(set_up, "_WAITS", 0)
    ids = with_draft(gateway)
    browser = signed_in(gateway, "admin")
    token = csrf(browser.open("/"))
    failed = []
    for method, route in sorted(NEEDS.keys() - {("POST", "/sign-out")}):
        for bad in said_to(gateway):
            told = {**told_to(route, ids), **dict.fromkeys(FIELDS, BAD[bad][:_OF_EACH]), "csrf_token": token}
            answer = ask(browser, method, path_of(gateway, route, ids), told)
            if answer.status_code >= 500 or "x=1" in answer.headers.get("Set-Cookie", ""):
                failed.append((method, route, bad, answer.status_code))
    assert not failed


_OF_EACH = 600
"""Characters of each of all fields: more of them are refused before anybody reads what they say."""
_FOR_POSTGRESQL = ("nul", "surrogate", "path", "huge")
"""What the two databases may take differently."""


def said_to(gateway: Gateway) -> list[str]:
    return sorted(BAD if gateway.services.store.database.is_sqlite else _FOR_POSTGRESQL)


@pytest.mark.parametrize(
    ("method", "route", "field"),
    [
        ("GET", "/accounts", "after"),
        ("GET", TABLE, "edit"),
        ("POST", f"{TABLE}/remove", "seen"),
        ("POST", f"{TABLE}/undo", "seen"),
        ("POST", "/accounts", "sample"),
        ("POST", "/accounts/<account_id>/setup/publish", "version"),
        ("POST", "/accounts/<account_id>/draft/publish", "reason"),
        ("POST", "/problems/<fingerprint>/fix", "product"),
        ("POST", "/problems/<fingerprint>/fix", "factor"),
        ("GET", "/problems/<fingerprint>/fix", "unit"),
    ],
)
def test_nor_where_one_field_does(gateway: Gateway, method: str, route: str, field: str) -> None:
    """Where one of them did."""
    ids = with_draft(gateway)
    browser = signed_in(gateway, "admin")
    token = csrf(browser.open("/"))
    for bad in said_to(gateway):
        told = {**told_to(route, ids), "csrf_token": token, field: BAD[bad]}
        assert ask(browser, method, path_of(gateway, route, ids), told).status_code < 500, bad


@pytest.mark.parametrize("zone", ["Europe", "x" * 5_000, "../../etc/passwd"])
def test_a_time_zone_that_is_none_is_told(gateway: Gateway, zone: str) -> None:
    """The first is a folder of them, the second no file's name at all."""
    browser = signed_in(gateway, "integration")
    told = told_to("/accounts", {"key_id": ""}) | {"csrf_token": csrf(browser.open("/")), "time_zone": zone}
    answer = browser.client.post("/accounts", data=told)
    assert (answer.status_code, "IANA time zone" in answer.text) == (400, True)


@pytest.mark.parametrize("name", ["Fr\0esh", "Fresh\nFoods", "Fre\x1bsh"])
def test_a_name_that_nobody_can_read_is_told(gateway: Gateway, name: str) -> None:
    """One with a NUL was kept, and failed as it was published: PostgreSQL takes it in no text."""
    browser = signed_in(gateway, "integration")
    told = told_to("/accounts", {"key_id": ""}) | {"csrf_token": csrf(browser.open("/")), "name": name}
    answer = browser.client.post("/accounts", data=told)
    assert (answer.status_code, "without control characters" in answer.text) == (400, True)
