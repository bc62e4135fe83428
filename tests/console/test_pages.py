"""What the pages show: what waits, how accounts stand, their keys; and never more than text."""

from __future__ import annotations

import contextlib
import re

import pytest

from gateway.store import users
from gateway.store.database import StoreUnavailable
from tests.api.builders import Gateway, order
from tests.console.conftest import Browser, csrf, signed_in


def test_all_clear_says_when_something_came_last(gateway: Gateway) -> None:
    acme = gateway.account("acme")
    browser = signed_in(gateway)
    browser.open("/")
    assert "All clear. Nothing has come in yet." in browser.text
    gateway.send(acme, order())
    gateway.work()
    browser.open("/")
    assert re.search(r"All clear\. Last order (just now|\d+ seconds? ago)", browser.text)
    assert "Nothing waits." in browser.text


def test_what_waits_for_somebody_is_told_in_sentences(gateway: Gateway) -> None:
    acme = gateway.account("acme")
    gateway.send(acme, order(item="WHAT-1"))
    gateway.work()
    browser = signed_in(gateway)
    browser.open("/")
    (cause,) = browser.root.find_class("cause")
    said = " ".join(cause.text_content().split())
    assert said.startswith("Unknown item WHAT-1 from Acme: 1 order, ")
    assert "unknown_item" in browser.text
    browser.open("/accounts")
    assert "Acme acme ▲ 1 problem" in browser.text


def test_a_cause_leads_to_where_it_is_mended(gateway: Gateway) -> None:
    sent = order()
    sent["lines"] = [{"line_number": "1", "buyer_item": "WHAT-1 & more", "quantity": "2", "unit": "EA"}]
    gateway.send(gateway.account("acme"), sent)
    gateway.work()
    browser = signed_in(gateway, "support")
    (problem,) = gateway.services.store.problems.all()
    for path in ("/", "/problems", "/accounts/acme"):
        browser.open(path)
        assert browser.root.xpath("//a[.='Mend it']/@href") == [f"/problems/{problem.fingerprint}#fix"]
    browser.open(f"/problems/{problem.fingerprint}")
    assert browser.root.xpath("//section[@id='fix']//form")
    assert browser.root.xpath("//a[.='Mend it in their items']/@href") == ["/accounts/acme/items?q=WHAT-1+%26+more"]
    theirs = signed_in(gateway, "support", "acme")
    theirs.open("/")
    assert theirs.root.xpath("//a[starts-with(., 'Mend it')]") == []


def test_scripts_in_what_came_in_are_text(gateway: Gateway) -> None:
    nasty = "<script>alert(1)</script>"
    acme = gateway.account("acme", name=nasty, manager={"name": nasty, "email": "a@b.example"})
    gateway.send(acme, order(item=nasty))
    gateway.work()
    browser = signed_in(gateway)
    for path in ("/", "/accounts", "/accounts/acme"):
        page = browser.open(path)
        assert page.status_code == 200
        assert nasty not in page.text
        assert nasty in browser.text
        assert not browser.root.xpath("//script[not(starts-with(@src, '/console-static/'))]")


def test_an_account_is_shown_with_its_people_ways_and_policies(gateway: Gateway) -> None:
    gateway.account(
        "acme",
        manager={"name": "Dana Reyes", "email": "dana@example.com", "phone": "+1 555 0100"},
        outbound={
            "order_response": {
                "format": "json-1",
                "transport": {"webhook": "https://acme.example/edi", "secret": "HOOK"},
            }
        },
        policies={"fractional_unit": "round_up"},
    )
    browser = signed_in(gateway, "viewer")
    browser.open("/accounts/acme")
    for said in (
        "Dana Reyes manager dana@example.com",
        "json-1, by webhook https://acme.example/edi",
        "✓ A manager is named",
    ):
        assert said in browser.text
    others = {" ".join(one.text_content().split()) for one in browser.root.find_class("other")}
    assert any(one.startswith("fractional unit") and "usually reject" in one for one in others)
    assert not any("partial" in one for one in others)
    assert "Make a test key" not in browser.text


def test_where_documents_go_is_shown_without_what_may_be_a_secret(gateway: Gateway) -> None:
    """A URL's query may be a token; and addresses are read by people."""
    gateway.account(
        "acme",
        outbound={
            "order_response": {
                "format": "json-1",
                "transport": {"https": "https://acme.example/in?token=t0ps3cret", "bearer": "ACME"},
            },
            "invoice": {"format": "json-1", "transport": {"email": ["edi@acme.example", "ap@acme.example"]}},
            "despatch_advice": {"format": "json-1", "transport": {"as2": "https://acme.example/as2?token=t0ps3cret"}},
        },
    )
    browser = signed_in(gateway, "viewer")
    page = browser.open("/accounts/acme")
    assert "t0ps3cret" not in page.text
    assert "https https://acme.example/in" in browser.text
    assert "email mailto:edi@acme.example,ap@acme.example" in browser.text
    assert "as2, which can't be used" in browser.text


def test_a_key_is_made_shown_once_and_revoked(gateway: Gateway) -> None:
    gateway.account("acme")
    browser = signed_in(gateway)
    browser.open("/accounts/acme")
    page = browser.send("/accounts/acme/keys", button=("kind", "test"))
    (text,) = (one.text for one in browser.root.find_class("key"))
    made = gateway.services.store.keys.verify(text)
    assert page.status_code == 200
    assert made is not None
    assert (made.account_id, made.test) == ("acme", True)
    assert text not in browser.open("/accounts/acme").text
    answer = browser.send(f"/accounts/acme/keys/{made.id}/revoke")
    assert answer.headers["Location"] == "/accounts/acme#keys"
    assert [one.revoked_at is not None for one in gateway.services.store.keys.all("acme") if one.id == made.id] == [
        True
    ]
    events = gateway.services.store.audit.of(f"key/{made.id}")
    assert [(one["kind"], one["actor"]) for one in events] == [
        ("created", "user admin of ours"),
        ("revoked", "user admin of ours"),
    ]


def test_another_accounts_key_is_none_of_this_ones(gateway: Gateway) -> None:
    gateway.account("acme")
    gateway.account("delta")
    (key,) = gateway.services.store.keys.all("delta")
    browser = signed_in(gateway)
    browser.open("/accounts/delta")
    token = browser.root.xpath("//input[@name='csrf_token']/@value")[0]
    answer = browser.client.post(f"/accounts/acme/keys/{key.id}/revoke", data={"csrf_token": token})
    assert answer.status_code == 404
    assert gateway.services.store.keys.all("delta")[0].revoked_at is None


@pytest.mark.parametrize("path", ["/accounts/nobody", "/accounts/a%00b", "/accounts/..%2f"])
def test_what_is_not_there_is_said_on_a_page(gateway: Gateway, path: str) -> None:
    browser = signed_in(gateway)
    assert browser.open(path).status_code == 404


def test_a_database_that_is_away_is_said_on_a_page(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = signed_in(gateway)

    def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(gateway.services.store.problems, "groups", away)
    answer = browser.open("/")
    assert (answer.status_code, "The database doesn't answer now" in browser.text) == (503, True)


def test_every_page_has_a_title_a_heading_and_a_way_to_its_content(gateway: Gateway) -> None:
    gateway.account("acme")
    browser = signed_in(gateway)
    titles = set()
    for path in ("/", "/accounts", "/accounts/acme", "/people", "/style", "/sign-in/x"):
        browser.open(path)
        root = browser.root
        titles.add(root.findtext(".//title"))
        assert len(root.xpath("//h1")) == 1, path
        assert root.xpath("//html/@lang") == ["en"]
        assert root.xpath("//a[@href='#content']")
        assert all(one.xpath("./caption") for one in root.iter("table"))
        labels = set(root.xpath("//label/@for"))
        assert all(one.get("id") in labels for one in root.xpath("//input[not(@type='hidden')]"))
    assert len(titles) == 6


def test_terms_that_cant_be_used_hide_no_other_account(gateway: Gateway) -> None:
    gateway.account("acme")
    gateway.account("broken", tier="no such tier")
    (key,) = gateway.services.store.keys.all("broken")
    browser = signed_in(gateway)
    assert browser.open("/accounts").status_code == 200
    assert "The published terms of broken can't be used" in browser.text
    assert "Acme" in browser.text
    assert browser.open("/").status_code == 200
    assert browser.open("/accounts/broken").status_code == 409
    assert "gateway doctor" in browser.text
    token = csrf(browser.open("/accounts/acme"))
    assert browser.client.post(f"/accounts/broken/keys/{key.id}/revoke", data={"csrf_token": token}).status_code == 303
    assert [one.revoked_at is None for one in gateway.services.store.keys.all("broken")] == [False]


def test_the_list_of_accounts_compiles_no_mapping(gateway: Gateway) -> None:
    """It would push those that orders are read by out of what is remembered."""
    for number in range(3):
        gateway.account(f"acme-{number}")
    terms = gateway.services.terms
    browser = signed_in(gateway)
    assert browser.open("/accounts").status_code == 200
    assert not terms._revisions


def test_where_a_key_was_made_is_a_page(gateway: Gateway) -> None:
    gateway.account("acme")
    answer = signed_in(gateway).open("/accounts/acme/keys")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/accounts/acme#keys")


BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/accounts/", 404), ("/sign-out", 405)])
def test_an_address_that_is_none_is_a_page_for_people(gateway: Gateway, path: str, status: int) -> None:
    browser = Browser(gateway)
    answer = browser.open(path, headers=BROWSER)
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert "There is nothing here" in browser.text
    assert "style-src 'self'" in answer.headers["Content-Security-Policy"]
    assert browser.open(path).mimetype == "application/problem+json"
    assert browser.open(f"/v1{path}", headers=BROWSER).mimetype == "application/problem+json"


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_form_is_never_large(gateway: Gateway, kind: str) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' + b"z" * 200_000 + b"\r\n--x--\r\n"
    answer = Browser(gateway).client.post("/sign-in", data=body, content_type=kind)
    assert (answer.status_code, answer.mimetype) == (413, "text/html")


def test_many_that_sign_in_at_once_are_told_to_try_again(gateway: Gateway) -> None:
    browser = Browser(gateway)
    with contextlib.ExitStack() as others:
        for _ in range(4):
            others.enter_context(users._COMING)
        answer = browser.sign_in("Kim")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert "try again in a moment" in browser.text
    assert browser.sign_in("Kim").status_code == 403


def test_a_key_is_made_once_however_often_the_form_is_sent(gateway: Gateway) -> None:
    """Who loads the page anew that showed a key sends its form again."""
    gateway.account("acme")
    browser = signed_in(gateway)
    form = {"kind": "live", "newest": gateway.services.store.keys.all("acme")[0].id}
    form["csrf_token"] = browser.open("/accounts/acme") and browser.root.xpath("//input[@name='csrf_token']/@value")[0]
    assert browser.client.post("/accounts/acme/keys", data=form).status_code == 200
    again = browser.client.post("/accounts/acme/keys", data=form)
    assert (again.status_code, "so none was made now" in again.text) == (409, True)
    assert len(gateway.services.store.keys.all("acme")) == 2


def test_an_accounts_page_says_what_waits_and_its_people_see_no_commands(gateway: Gateway) -> None:
    acme = gateway.account("acme", inbound={"formats": ["json-1"], "pickup": [{"folder": "acme/in"}]})
    gateway.send(acme, order(item="WHAT-1"))
    gateway.work()
    ours, theirs = signed_in(gateway, "viewer"), signed_in(gateway, "viewer", "acme")
    for browser, sees in ((ours, True), (theirs, False)):
        for path in ("/", "/accounts/acme"):
            browser.open(path)
            assert "WHAT-1" in browser.text
            assert ("Mend it" in browser.text) is sees, path
        assert "Orders are picked up from" in browser.text
        assert ("Policies" in browser.text) is sees, "what is agreed on prices is ours"
    ours.open("/accounts")
    assert ours.root.xpath("//td/a/@href") == ["/accounts/acme#problems"]
