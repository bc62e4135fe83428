"""What an account's people see of others: nothing, and no sign of it. Generated from the URL map, with the ids of every
kind of object; a page whose address names something that has no case here fails."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import Any

import openpyxl
import pytest

from gateway.causes import acting, one_cause
from gateway.console import set_up
from gateway.services import Services
from gateway.store.statements import run
from tests.api.builders import Gateway, Sender
from tests.console.conftest import Browser, csrf, person, signed_in
from tests.console.test_roles import IDS, NEEDS, ask, with_draft
from tests.console.threads import with_thread

CANARY = "Kanarienvogel"
MISSING = dict.fromkeys(IDS, f"0{'f' * 27}") | {"fingerprint": f"1-{'f' * 32}"}
_TOKEN = re.compile(r'(name="csrf_token" value=")[^"]+')
_MOMENT = re.compile(r"<time .*?</time>|\b\d+ (?:s|min|h|d|second|minute|hour|day)s?\b")
"""When something was, and how long ago: another one each time."""
ARGUMENTS = re.compile(r"<(?:[^<>:]+:)?([a-z_]+)>")


def canary_order(number: str, **members: Any) -> dict[str, Any]:
    """With the canary in every text, and a unit that nobody knows unless it is told otherwise."""
    line = {
        "line_number": "1",
        "buyer_item": f"{CANARY}-1",
        "description": f"{CANARY} food",
        "quantity": "7",
        "unit": f"{CANARY[:6]}",
        "price": {"amount": "987654.32"},
    }
    place = {"name": f"{CANARY} Dock", "address": {"street": f"{CANARY} 1", "city": CANARY, "country": "DE"}}
    told = {
        "order_number": f"{CANARY}-{number}",
        "note": CANARY,
        "contract": CANARY,
        "currency": "EUR",
        "buyer": {"name": f"{CANARY} Retail"},
        "ship_to": place,
        "lines": [line],
    }
    return {**told, **members}


def filled(gateway: Gateway) -> dict[str, str]:
    """An account that has something of everything, its name and all its texts the canary's; the ids of these."""
    ids = with_draft(gateway)
    store = gateway.services.store
    sender = Sender("acme", store.keys.create("acme", actor="test")[1])
    held = gateway.send(sender, canary_order("HELD")).json["message_id"]
    line = {"line_number": "1", "seller_item": "OAT-1L", "quantity": "2", "unit": "EA", "description": CANARY}
    done = gateway.send(sender, canary_order("DONE", lines=[line])).json["message_id"]
    gateway.work()
    with store.database.write() as connection:
        run(connection, "UPDATE messages SET due_at = 1 WHERE id = ?", [(held,)])
        run(connection, "UPDATE open_causes SET due_at = 1 WHERE message_id = ?", [(held,)])
    return {**ids, "canary_held": held, "canary_done": done}


def several(ids: dict[str, str]) -> Iterator[dict[str, str]]:
    """The ids, each kind of message and of problem in its turn."""
    yield ids
    for name in ("canary_held", "canary_done"):
        yield {**ids, "message_id": ids[name]}
    yield {**ids, "fingerprint": ids["held_fingerprint"]}


def plain(answer: Any, ids: dict[str, str]) -> str:
    """The answer without what it was asked with, and what is another one each time."""
    text = _TOKEN.sub(r"\1", answer.text) + answer.headers.get("Location", "")
    for value in sorted((*ids.values(), "acme", "nobody"), key=len, reverse=True):
        text = text.replace(value, "")
    return text


@pytest.mark.parametrize("role", ["viewer", "support", "admin"])
def test_what_is_anothers_answers_as_what_isnt_there(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    monkeypatch.setattr(set_up, "_WAITS", 0)
    ids = filled(gateway)
    with_thread(gateway, gateway.account("delta"), "PO-OWN")
    browser = signed_in(gateway, role, "delta")
    token = csrf(browser.open("/"))
    looked = refused = 0
    leaks = []
    for method, route in sorted(NEEDS):
        named = set(ARGUMENTS.findall(route))
        if not named:
            continue
        assert named <= {*IDS, "account_id", "section", "number", "line_number", "table"}, f"{route} has no case"
        for own in several(ids):
            foreign = ask(browser, method, route, own, token)
            gone = {**own, **MISSING, "held_fingerprint": MISSING["fingerprint"], "account_id": "nobody"}
            missing = ask(browser, method, route, gone, token)
            is_same = foreign.status_code == missing.status_code and plain(foreign, own) == plain(missing, gone)
            if not is_same or CANARY in foreign.text:
                leaks.append((method, route, own["message_id"], foreign.status_code, missing.status_code))
            refused += foreign.status_code in (403, 404)
            looked += 1
    assert not leaks
    assert looked > 100
    assert refused > looked * 0.9


QUERIES = (
    *("", "account=acme", f"q={CANARY}", f"q={CANARY.lower()}*", "q=PO-77", "q=OAT-1L", "status=open", "late=yes"),
    *(
        "account=acme&status=open",
        "order=PO-77",
        f"number={CANARY}-DONE",
        "owner=nobody&account=acme",
        "state=resolved",
    ),
    "before=ffffffffffffffffffffffffffff",
)


def lists(ids: dict[str, str]) -> Iterator[str]:
    """Addresses of every list, search and export that people of an account may see, and of their own account's."""
    queries = (*QUERIES, *(f"q={one}" for one in ids.values()), f"problem={ids['held_fingerprint']}")
    for method, route in sorted(NEEDS):
        path = route.replace("<account_id>", "delta")
        if method == "GET" and not NEEDS[method, route].startswith("our") and "<" not in path:
            yield from (f"{path}?{query}" for query in queries)


def _first_difference(before: str, after: str) -> tuple[str, str]:
    """Where two pages part."""
    at = next((index for index, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), 0)
    return before[max(0, at - 80) : at + 80], after[max(0, at - 80) : at + 80]


def read(browser: Browser, path: str) -> str:
    answer = browser.open(path)
    if answer.mimetype.endswith("sheet"):
        rows = openpyxl.load_workbook(io.BytesIO(answer.data), read_only=True).active
        return json.dumps([[str(cell) for cell in row] for row in rows.values])
    text = _MOMENT.sub("", _TOKEN.sub(r"\1", answer.text))
    return f"{answer.status_code} {answer.headers.get('Location', '')} {text}"


def test_no_list_search_or_export_changes_by_what_another_account_has(gateway: Gateway) -> None:
    delta = gateway.account("delta")
    with_thread(gateway, delta, "PO-OWN")
    gateway.send(delta, {"order_number": "PO-DELTA", "lines": [{"line_number": "1", "quantity": "1", "unit": "XYZ"}]})
    gateway.work()
    browser = signed_in(gateway, "admin", "delta")
    places = list(lists(dict.fromkeys((*IDS, "held_fingerprint"), "")))
    before = {path: read(browser, path) for path in places}
    assert {text[:3] for text in before.values()} <= {"200", "303", "404", '[["'}
    assert not [path for path, text in before.items() if "/sign-in" in text]
    ids = filled(gateway)
    changed = {path: read(browser, path) for path in places}
    assert not [_first_difference(before[path], changed[path]) for path in places if changed[path] != before[path]]
    known = {*ids.values(), CANARY, CANARY.lower(), "PO-77", "PO-HELD", "987654", "987,654"}
    leaks = []
    for path in lists(ids):
        text = read(browser, path)
        asked = path.partition("?")[2]
        seen = {one for one in known if one in text and one not in asked}
        leaks += [(path, one) for one in seen]
    assert not leaks


# --- what their own pages don't tell them ---------------------------------------------------------------------------
OURS = "Colleague Kanarienvogel"
WHY = "geheimer Grund"


def worked_on(gateway: Gateway, ids: dict[str, str]) -> None:
    """Everything that one of us does to an account's things, with a name and a reason."""
    services, actor = gateway.services, f"user {OURS}"
    person(gateway, OURS, "admin")
    browser = Browser(gateway)
    assert browser.sign_in(OURS).status_code == 303
    (us,) = [one for one in acting.takers(services) if one.name == OURS]
    for fingerprint in (ids["held_fingerprint"], ids["fingerprint"]):
        _take(services, fingerprint, us, actor)
    token = csrf(browser.open("/"))
    told = {"csrf_token": token, "reason": WHY}
    store = services.store
    again = browser.client.post(f"/documents/{ids['document_id']}/send-again", data=told)
    assert again.status_code in (303, 409)
    page = browser.open(f"/replays/new?message={ids['canary_held']}")
    assert page.status_code == 200
    mark = browser.root.xpath("string(//input[@name='mark']/@value)")
    assert browser.client.post(
        f"/replays/new?message={ids['canary_held']}", data={**told, "mark": mark}
    ).status_code in (302, 303)
    gateway.work()
    store.messages.dismiss(ids["canary_held"], actor, WHY)
    waiting = store.resubmissions.waiting()
    assert waiting
    assert browser.client.post(f"/corrections/{ids['resubmission_id']}/agree", data=told).status_code in (303, 409)
    gateway.work()


def _take(services: Services, fingerprint: str, us: Any, actor: str) -> None:
    cause = one_cause(services, fingerprint)
    assert cause is not None
    acting.acknowledge(services, cause, actor, WHY)
    acting.assign(services, cause, us, actor, WHY)


def own_pages(ids: dict[str, str]) -> Iterator[str]:
    for method, route in sorted(NEEDS):
        if method != "GET" or NEEDS[method, route].startswith("our"):
            continue
        for own in several(ids):
            path = ARGUMENTS.sub(lambda found, own=own: {**own, "account_id": "acme"}[found[1]], route)
            yield path
            if route == "/messages/<message_id>":
                yield from (f"{path}?view={view}" for view in ("canonical", "lines", "documents", "receipts"))
            if "<" not in route:
                yield from (f"{path}?{query}" for query in ("state=resolved", "state=acknowledged", "status=dismissed"))


@pytest.mark.parametrize("role", ["viewer", "admin"])
def test_an_accounts_people_arent_told_who_of_us_did_what_and_why(gateway: Gateway, role: str) -> None:
    ids = filled(gateway)
    worked_on(gateway, ids)
    browser = signed_in(gateway, role, "acme")
    refused = gateway.services.store.resubmissions.one(ids["resubmission_id"])
    assert refused is not None
    ids["message_id"] = refused.message_id
    leaks = []
    for path in dict.fromkeys(own_pages(ids)):
        text = read(browser, path)
        assert text[:3] in ("200", "303", "404", "409", '[["'), (path, text[:3])
        content = _without_frame(text).replace("Somebody closed it", "")
        leaks += [(path, told) for told in (OURS, WHY, "a typo", "Somebody", "user ") if told in content]
    assert not leaks


def _without_frame(text: str) -> str:
    """The page's own content."""
    return text.partition("<main")[2] or text
