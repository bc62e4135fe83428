"""From the list of messages to a replay: of exactly those that it shows, or of none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from gateway.store.ids import now_us
from gateway.store.statements import run
from tests.api.builders import Gateway
from tests.console.conftest import Browser, csrf, signed_in

REPLAYABLE = {"held", "failed", "rejected"}


def line(unit: str, item: str = "OAT-1L") -> dict[str, Any]:
    return {"line_number": "1", "seller_item": item, "quantity": "2", "unit": unit}


@pytest.fixture
def desk(gateway: Gateway) -> tuple[Gateway, str]:
    """Messages of two accounts in every status that can be replayed, and others; the fingerprint of a cause."""
    acme, delta = gateway.account("acme"), gateway.account("delta")
    for number in range(4):
        gateway.send(acme, {"order_number": f"BOTTLES-{number}", "lines": [line("BTL")]})
    gateway.send(acme, {"order_number": "NOBODY", "lines": [line("EA", "NO-SUCH")]})
    gateway.send(acme, {"order_number": "NOTHING", "lines": [{**line("EA"), "quantity": "0"}]})
    gateway.send(delta, {"order_number": "BOTTLES-9", "lines": [line("BTL")]})
    gateway.send(delta, {"order_number": "FINE", "lines": [{**line("EA"), "gtin": None}]})
    gateway.work()
    store = gateway.services.store
    (cause,) = [one for one in store.problems.all("acme") if one.code == "unknown_unit"]
    first, second, third = store.problems.messages(cause.fingerprint)[:3]
    with store.database.write() as connection:
        run(connection, "UPDATE messages SET status = 'failed' WHERE id = ?", [(first,)])
        run(connection, "UPDATE messages SET due_at = ? WHERE id = ?", [(now_us() - 1, second)])
    store.messages.dismiss(third, "user Sam", "not wanted")  # it still has the fault that the filter looks for
    return gateway, cause.fingerprint


def shown(browser: Browser, query: str) -> list[str]:
    """The ids of the messages that their list shows, oldest first."""
    browser.open(f"/messages?{query}")
    return sorted(browser.root.xpath("//input[@name='message']/@value"))


def planned(gateway: Gateway, browser: Browser, address: str) -> tuple[list[str], int]:
    """The ids that a replay begun at this address is of, and how many its page says they are."""
    assert browser.open(address).status_code == 200
    page = browser.text
    count = int(page.partition("Replay ")[2].partition(" message")[0]) if "Nothing to replay" not in page else 0
    if not count:
        return [], 0
    mark, token = browser.root.xpath("string(//input[@name='mark']/@value)"), csrf(browser.answer)
    browser.client.post(address, data={"csrf_token": token, "mark": mark, "reason": "mended"})
    (replay, *_) = gateway.services.store.replays.page(limit=1)
    found = [one.message_id for one in gateway.services.store.replays.messages(replay.id, limit=100)]
    gateway.services.store.replays.cancel(replay.id, actor="test")
    return found, count


def queries(fingerprint: str) -> Iterator[list[tuple[str, str]]]:
    yield [("account", "acme")]
    yield [("account", "acme"), ("status", "held"), ("status", "rejected")]
    yield [("status", "open")]
    yield [("status", "failed"), ("status", "dismissed")]
    yield [("problem", fingerprint)]
    yield [("problem", fingerprint), ("status", "open")]
    yield [("problem", fingerprint), ("status", "dismissed"), ("status", "held")]
    yield [("q", "BOTTLES*")]
    yield [("q", "btl bottles*"), ("account", "acme"), ("status", "held")]
    yield [("late", "yes")]
    yield [("test", "no"), ("kind", "order"), ("since", "1h"), ("until", "2999-01-01")]
    yield from ([("lane", lane), ("status", "open")] for lane in ("critical", "high", "standard", "bulk"))


def test_all_that_fit_are_exactly_what_is_replayed(desk: tuple[Gateway, str]) -> None:
    gateway, fingerprint = desk
    browser = signed_in(gateway, "support")
    sizes = []
    for told in queries(fingerprint):
        query = urlencode(told)
        fitting = _replayable(gateway, shown(browser, query))
        sizes.append(len(fitting))
        links = browser.root.xpath("//a[.='Replay all that fit']/@href")
        if not links:
            assert not fitting
            continue
        assert planned(gateway, browser, links[0]) == (fitting, len(fitting)), query
    assert len(set(sizes)) > 4, "the filters leave different sets"


def _replayable(gateway: Gateway, message_ids: list[str]) -> list[str]:
    several = gateway.services.store.messages.several(message_ids)
    return sorted(one.id for one in several if one.status in REPLAYABLE)


def test_the_selected_are_exactly_what_is_replayed(desk: tuple[Gateway, str]) -> None:
    gateway, _ = desk
    browser = signed_in(gateway, "support")
    chosen = shown(browser, "status=open")[1:4:2]
    form = browser.root.xpath("//form[button[.='Replay the selected']] | //form[.//button[.='Replay the selected']]")[0]
    assert form.get("action") == "/replays/new"
    address = f"/replays/new?{urlencode([('message', one) for one in chosen])}"
    assert planned(gateway, browser, address) == (chosen, 2)


@pytest.mark.parametrize(
    "query",
    [
        "status=helt",
        "account=acme&status=held&status=nothing",
        "account=acme&since=yesterdy",
        "lane=fast&account=acme",
        "acount=acme&status=held",
        "kind=orders",
        "late=no",
        "q=%25",
        "account=acme&account=delta",
        "message=x&status=held",
        "again=x&status=held",
    ],
)
def test_a_filter_that_isnt_understood_stops_it(desk: tuple[Gateway, str], query: str) -> None:
    gateway, _ = desk
    browser = signed_in(gateway, "support")
    assert browser.open(f"/replays/new?{query}").status_code == 400
    assert "Nothing to replay" in browser.text
    said = browser.text.partition("Nothing to replay")[2]
    assert "." in said


def test_more_than_one_replay_takes_is_said_exactly(desk: tuple[Gateway, str], monkeypatch: pytest.MonkeyPatch) -> None:
    gateway, _ = desk
    monkeypatch.setattr("gateway.replaying.planning.MOST_MESSAGES", 3)
    browser = signed_in(gateway, "support")
    oldest = shown(browser, "status=open")[:3]
    assert planned(gateway, browser, "/replays/new?status=open") == (oldest, 3)
    browser.open("/replays/new?status=open")
    assert "More fit than the 3 that one replay takes" in browser.text
