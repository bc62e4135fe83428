"""From each page of the support desk to what belongs to it, and back."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.resubmitting.correcting import agree, correct, original_of
from gateway.store.ids import now_us
from gateway.store.silences import Silence
from gateway.store.statements import run
from tests.api.builders import Gateway, Sender, order
from tests.console.conftest import Browser, signed_in


def links(browser: Browser) -> list[str]:
    return [str(one) for one in browser.root.xpath("//main//a/@href")]


def held(gateway: Gateway, sender: Sender, number: str) -> str:
    line = {"line_number": "1", "seller_item": "OAT-1L", "quantity": "2", "unit": "BTL"}
    message_id = str(gateway.send(sender, {"order_number": number, "lines": [line]}).json["message_id"])
    gateway.work()
    return message_id


def corrected(gateway: Gateway, message_id: str) -> str:
    """A correction of it that waits; its id."""
    original = original_of(gateway.services, "acme", message_id)
    assert original is not None
    edited = json.loads(original.body)
    edited["lines"][0] |= {"unit": "EA", "quantity": "3"}
    return correct(gateway.services, original, json.dumps(edited).encode(), "a typo", "user Ann").id


def test_a_correction_is_seen_from_the_start_page_and_its_message_and_leads_to_its_copy(gateway: Gateway) -> None:
    message_id = held(gateway, gateway.account("acme"), "PO-1")
    browser = signed_in(gateway, "support")
    browser.open("/")
    assert "Corrections" not in browser.root.xpath("string(//main)")
    correction_id = corrected(gateway, message_id)
    browser.open("/")
    assert browser.root.xpath("//main//a[@href='/corrections']")[0].text == ("1 correction waits for a second person")
    browser.open("/corrections")
    assert f"/corrections/{correction_id}" in links(browser)
    browser.open(f"/messages/{message_id}")
    assert f"/corrections/{correction_id}" in links(browser)
    waiting = gateway.services.store.resubmissions.one(correction_id)
    assert waiting is not None
    agree(gateway.services, waiting, "user Bob", "looked at it")
    gateway.work()
    done = gateway.services.store.resubmissions.one(correction_id)
    assert done is not None
    browser.open(f"/messages/{message_id}")
    assert (f"/messages/{done.child_id}" in links(browser), "An edited copy took its place." in browser.text) == (
        True,
        True,
    )
    assert "repeats" not in browser.text
    browser.open(f"/messages/{done.child_id}")
    assert f"/messages/{message_id}" in links(browser)
    assert "Edited from another message." in browser.text
    assert "It was sent again" not in browser.text


def test_what_can_be_mended_leads_to_its_form_and_an_admin_to_erasing(gateway: Gateway) -> None:
    message_id = held(gateway, gateway.account("acme"), "PO-1")
    (cause,) = gateway.services.store.problems.all("acme")
    form = f"/problems/{cause.fingerprint}/fix"
    for role, may_mend, may_erase in (("viewer", False, False), ("support", True, False), ("admin", True, True)):
        browser = signed_in(gateway, role)
        browser.open(f"/messages/{message_id}")
        assert (form in links(browser), f"/messages/{message_id}/erase" in links(browser)) == (may_mend, may_erase)
        if may_mend:
            assert browser.open(form).status_code == 200
    own = signed_in(gateway, "admin", "acme")
    own.open(f"/messages/{message_id}")
    assert not [one for one in links(own) if one.endswith(("/fix", "/erase", "/edit"))]


def test_a_problem_leads_to_its_replays_and_they_to_it(gateway: Gateway) -> None:
    held(gateway, gateway.account("acme"), "PO-1")
    (cause,) = gateway.services.store.problems.all("acme")
    browser, page = signed_in(gateway, "support"), f"/problems/{cause.fingerprint}"
    browser.open(f"/replays/new?problem={cause.fingerprint}")
    answer = browser.send(f"/replays/new?problem={cause.fingerprint}", reason="to see")
    replay = answer.headers["Location"]
    browser.open(page)
    assert replay in links(browser)
    browser.open(replay)
    assert page in links(browser)


def test_an_order_leads_to_its_messages(gateway: Gateway) -> None:
    acme = gateway.account("acme")
    gateway.send(acme, order("PO-9"))
    gateway.work()
    (found,) = gateway.services.store.orders.by_number("acme", "PO-9")
    for browser in (signed_in(gateway, "viewer"), signed_in(gateway, "viewer", "acme")):
        browser.open(f"/orders/{found.id}")
        (to,) = [one for one in links(browser) if one.startswith("/messages?")]
        browser.open(to)
        assert "PO-9" in browser.text


@pytest.fixture
def troubled(gateway: Gateway) -> Gateway:
    acme = gateway.account("acme")
    for number in range(3):
        held(gateway, acme, f"PO-{number}")
    gateway.send(acme, order("PO-LATE"))
    gateway.send(acme, order("PO-WAITS"))
    with gateway.services.store.database.write() as connection:
        late = "order_number IN ('PO-0', 'PO-1') OR status = 'received'"
        run(connection, f"UPDATE messages SET due_at = ? WHERE {late}", [(now_us() - 1_000,)])
        run(connection, "UPDATE open_causes SET due_at = (SELECT due_at FROM messages WHERE id = message_id)", [()])
    silence = Silence("acme", now_us() - 1, 9, 10, now_us(), now_us() - 10**12)
    gateway.services.store.silences.change([silence], [])
    return gateway


def test_every_number_of_the_start_page_leads_to_what_it_counts(troubled: Gateway) -> None:
    for account in (None, "acme"):
        browser = signed_in(troubled, "support", account)
        browser.open("/")
        figures: dict[str, tuple[str, str]] = {}
        for one in browser.root.xpath("//dl[@class='figures']/div"):
            (link,) = one.xpath(".//dd/a[1]")
            figures[one.findtext("dt")] = (str(link.get("href")), str(link.text))
        assert {name: said for name, (_, said) in figures.items() if name != "Last order"} == {
            "Orders at risk": "3 orders",
            "Responses overdue": "2 orders",
            "Waiting too long": "2 orders",
        }
        for href, said in figures.values():
            browser.open(href)
            if href.startswith("/messages?"):
                assert f"{len(browser.root.xpath('//tbody/tr'))} orders" == said, href
        assert parse_qs(urlsplit(figures["Responses overdue"][0]).query) == {"status": ["open"], "late": ["yes"]}


def test_the_start_page_names_silent_accounts_to_us(troubled: Gateway) -> None:
    ours, theirs = signed_in(troubled, "viewer"), signed_in(troubled, "viewer", "acme")
    ours.open("/")
    (silent,) = ours.root.xpath("//section[@aria-labelledby='silent']//li")
    assert silent.text_content().startswith("acme usually has sent by ")
    theirs.open("/")
    assert not theirs.root.xpath("//section[@aria-labelledby='silent']")


SELDOM: dict[tuple[str, str | None], list[str]] = {
    ("viewer", None): ["Corrections"],
    ("support", None): ["Corrections", "Audit"],
    ("admin", None): ["Corrections", "Audit", "People", "Settings"],
    ("admin", "acme"): [],
}


@pytest.mark.parametrize(("who", "seldom"), SELDOM.items())
def test_the_bar_has_five_places_and_the_others_stand_behind_more(
    gateway: Gateway, who: tuple[Any, str | None], seldom: list[str]
) -> None:
    gateway.account("acme")
    browser = signed_in(gateway, *who)
    browser.open("/")
    main = [one.text for one in browser.root.xpath("//nav[@aria-label='Pages']//a")]
    assert main == ["Overview", "Problems", "Messages", *(["Replays"] if who[1] is None else []), "Accounts"]
    more = browser.root.xpath("//nav[@aria-label='More pages']//a")
    assert [one.text for one in more] == seldom
    for one in more:
        browser.open(one.get("href"))
        assert browser.root.xpath("//nav[@aria-label='More pages']//details[@class='here']//a[@aria-current='page']")
