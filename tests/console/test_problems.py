"""Problems: what is listed, one of them, and what people do about it."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.causes import follow
from gateway.store.statements import run
from tests.api.builders import Gateway, order
from tests.console.conftest import Browser, signed_in


def held(gateway: Gateway, *items: str, account: str = "acme", **known: Any) -> list[str]:
    """Orders of one line each that wait for an item; the problems' fingerprints, most at risk first."""
    key = gateway.account(account)
    for number, item in enumerate(items):
        gateway.send(key, order(number=f"{account}-{number}", item=item, **known))
    gateway.work()
    return [one.fingerprint for one in gateway.services.store.problems.groups(account)]


def overdue(gateway: Gateway) -> None:
    """Their responses should have gone out by now."""
    with gateway.services.store.database.write() as connection:
        run(connection, "UPDATE messages SET due_at = received_at - 7200000000", [()])
        run(connection, "UPDATE open_causes SET due_at = received_at - 7200000000", [()])


def rows(browser: Browser) -> list[str]:
    return [" ".join(one.text_content().split()) for one in browser.root.find_class("cause")]


def test_problems_are_sentences_and_the_filters_stand_in_the_address(gateway: Gateway) -> None:
    held(gateway, "A-1", "A-1", "B-1")
    held(gateway, "C-1", account="delta")
    browser = signed_in(gateway, "support")
    browser.open("/problems")
    assert rows(browser)[0].startswith("Unknown item A-1 from Acme: ")
    assert "2 orders" in rows(browser)[0]
    assert "response due in" in rows(browser)[0]
    assert len(rows(browser)) == 3
    browser.open("/problems?account=delta")
    assert [one.partition(":")[0] for one in rows(browser)] == ["Unknown item C-1 from Delta"]
    for filters, count in (("state=ignored", 0), ("owner=me", 0), ("owner=nobody", 3), ("late=yes", 0), ("code=x", 0)):
        browser.open(f"/problems?{filters}")
        assert len(rows(browser)) == count, filters
        assert count or "No problem fits." in browser.text
    overdue(gateway)
    browser.open("/problems?late=yes")
    assert len(rows(browser)) == 3
    assert "response overdue by 2 h" in rows(browser)[0]


def test_one_problem_says_what_it_is_and_what_waits_for_it(gateway: Gateway) -> None:
    (fingerprint,) = held(gateway, "A-1", "A-1")
    browser = signed_in(gateway, "support")
    browser.open(f"/problems/{fingerprint}")
    assert browser.root.xpath("//h1")[0].text_content() == "Unknown item A-1"
    assert "From Acme: 2 orders" in browser.text
    for said in ("Open", "nobody’s", "What to do", "Why they are one problem", "version 1", "acme-0", "acme-1"):
        assert said in browser.text, said
    assert browser.root.xpath("//a[@data-key='r']/@href") == [f"/replays/new?problem={fingerprint}"]
    messages = browser.root.xpath("//tr[@data-row]//a/@href")
    assert messages == [f"/messages/{one}" for one in gateway.services.store.problems.messages(fingerprint)]


def test_it_is_acknowledged_and_taken_in_one_click_each(gateway: Gateway) -> None:
    (fingerprint,) = held(gateway, "A-1")
    page = f"/problems/{fingerprint}"
    browser = signed_in(gateway, "support")
    browser.open(page)
    assert browser.send(f"{page}/acknowledge").status_code == 303
    browser.open(page)
    assert "Acknowledged, nobody’s" in browser.text
    token = {"csrf_token": browser.root.xpath("//input[@name='csrf_token']/@value")[0]}
    assert browser.client.post(f"{page}/assign", data=token).status_code == 303
    browser.open(page)
    assert "Acknowledged, yours" in browser.text
    browser.open("/")
    assert "My problems" in browser.text
    browser.open("/problems?owner=me")
    assert len(rows(browser)) == 1
    browser.open(page)
    browser.send(f"{page}/reopen")
    browser.open(page)
    assert "Open, yours" in browser.text
    history = [one["kind"] for one in gateway.services.store.problem_states.history(fingerprint)]
    assert history == ["opened", "acknowledged", "assigned", "reopened"]


def test_ignoring_it_takes_a_reason_and_hides_it_for_that_time(gateway: Gateway) -> None:
    (fingerprint,) = held(gateway, "A-1")
    page = f"/problems/{fingerprint}"
    browser = signed_in(gateway, "support")
    browser.open(page)
    answer = browser.send(f"{page}/ignore", until="4h", reason=" ")
    assert (answer.status_code, "Say why" in browser.text) == (409, True)
    browser.open(page)
    assert browser.send(f"{page}/ignore", until="4h", reason="they mend it").status_code == 303
    browser.open("/problems")
    assert rows(browser) == []
    browser.open("/")
    assert "1 problem is ignored for now" in browser.text
    browser.open("/problems?state=ignored")
    assert len(rows(browser)) == 1
    browser.open(page)
    assert "they mend it" in browser.text
    with gateway.services.store.database.write() as connection:
        run(connection, "UPDATE problem_states SET ignored_until = 1", [()])
    browser.open("/problems")
    assert len(rows(browser)) == 1, "it is over"


@pytest.mark.parametrize("to", ["nobody at all", "viewer", "theirs"])
def test_it_is_given_to_nobody_who_can_do_nothing(gateway: Gateway, to: str) -> None:
    (fingerprint,) = held(gateway, "A-1")
    signed_in(gateway, "viewer"), signed_in(gateway, "admin", "acme")
    names = {one.name: one.id for one in gateway.services.store.users.all()}
    ids = {"viewer": names["viewer of ours"], "theirs": names["admin of acme"]}
    browser = signed_in(gateway, "support")
    browser.open(f"/problems/{fingerprint}")
    token = browser.root.xpath("//input[@name='csrf_token']/@value")[0]
    path = f"/problems/{fingerprint}/assign"
    answer = browser.client.post(path, data={"csrf_token": token, "to": ids.get(to, to)})
    assert answer.status_code == 409
    assert "can be given to one of us" in answer.text


def test_a_resolved_one_is_there_still_and_can_not_be_changed(gateway: Gateway) -> None:
    (fingerprint,) = held(gateway, "A-1")
    store, page = gateway.services.store, f"/problems/{fingerprint}"
    follow(gateway.services)
    browser = signed_in(gateway, "support")
    browser.open(page)
    token = browser.root.xpath("//input[@name='csrf_token']/@value")[0]
    store.messages.dismiss(store.problems.messages(fingerprint)[0], "cli", "no more")
    browser.open(page)
    assert "Resolved" in browser.text, "by whoever looks first"
    follow(gateway.services)
    browser.open(page)
    assert "nothing waits for it any more" in browser.text
    assert browser.root.xpath("//h1")[0].text_content() == "Unknown item A-1"
    assert browser.client.post(f"{page}/acknowledge", data={"csrf_token": token}).status_code == 409
    browser.open("/problems")
    assert "Resolved last" in browser.text
    browser.open("/problems?state=resolved")
    assert len(rows(browser)) == 1
    assert browser.open("/problems/1-nobody-knows").status_code == 404


def test_an_accounts_people_see_their_accounts_alone_and_not_our_words(gateway: Gateway) -> None:
    (ours,) = held(gateway, "A-1")
    (theirs,) = held(gateway, "C-1", account="delta")
    store = gateway.services.store
    support = signed_in(gateway, "support")
    support.open(f"/problems/{theirs}")
    support.send(f"/problems/{theirs}/ignore", until="4h", reason="they never learn")
    browser = signed_in(gateway, "admin", "delta")
    assert browser.open(f"/problems/{ours}").status_code == 404
    foreign, missing = browser.answer.text, browser.open("/problems/1-nobody-knows").text
    assert foreign.replace(ours, "") == missing.replace("1-nobody-knows", "")
    browser.open(f"/problems/{theirs}")
    assert browser.answer.status_code == 200
    for hidden in ("they never learn", "support of ours", "Acknowledge", "Replay"):
        assert hidden not in browser.text
    browser.open("/problems?account=acme&state=ignored")
    assert [one.partition(":")[0] for one in rows(browser)] == ["Unknown item C-1 from Delta"]
    assert store.problems.astray() == []


def test_documents_that_do_not_arrive_are_problems_with_states_too(gateway: Gateway) -> None:
    key = gateway.account("acme")
    gateway.send(key, order())
    gateway.work()
    with gateway.services.store.database.write() as connection:
        text = (
            "UPDATE deliveries SET status = 'given_up', code = 'delivery_failed', detail = 'HTTP 500', "
            "endpoint = 'https://acme.example', transport = 'webhook'"
        )
        run(connection, text, [()])
    (problem,) = gateway.services.store.delivery_problems.all()
    browser, page = signed_in(gateway, "support"), f"/problems/{problem.fingerprint}"
    browser.open("/problems")
    assert "for Acme: 1 document" in rows(browser)[0]
    browser.open(page)
    assert browser.root.xpath("//li[@data-row]/a/@href") == [f"/documents/{problem.last_document_id}"]
    assert f"{page}/documents" in browser.root.xpath("//a/@href")
    assert browser.root.xpath(f"//form[@action='{page}/send-again']")
    browser.send(f"{page}/acknowledge")
    browser.open("/problems?state=acknowledged")
    assert len(rows(browser)) == 1
    assert follow(gateway.services) == (0, 0)


def test_pages_are_bounded(gateway: Gateway) -> None:
    (fingerprint,) = held(gateway, *["A-1"] * 53)
    held(gateway, *[f"D-{number}" for number in range(53)], account="delta")
    browser = signed_in(gateway, "viewer")
    browser.open("/problems")
    assert len(rows(browser)) == 50
    (following,) = browser.root.xpath("//a[@rel='next']/@href")
    browser.open(following)
    assert len(rows(browser)) == 4
    browser.open(f"/problems/{fingerprint}")
    assert len(browser.root.xpath("//tr[@data-row]")) == 50
    (following,) = browser.root.xpath("//a[@rel='next']/@href")
    browser.open(following)
    assert len(browser.root.xpath("//tr[@data-row]")) == 3


def test_the_overview_says_what_is_at_risk_and_every_number_leads_there(gateway: Gateway) -> None:
    held(gateway, "A-1", "A-1", "B-1")
    overdue(gateway)
    browser = signed_in(gateway, "viewer")
    browser.open("/")
    assert "Orders at risk 3 orders" in browser.text
    assert browser.root.xpath("//dl//a[.='3 orders']/@href") == [
        "/messages?status=open&test=no",
        "/messages?status=open&late=yes",
    ]
    assert len(rows(browser)) == 2
