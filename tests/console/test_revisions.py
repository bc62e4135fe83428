"""Revisions: what each changed, going back to one, what went out meanwhile, and who changed which rule."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from gateway.drafting.drafts import draft_of, edit
from gateway.services import Services
from gateway.store.revisions import Row
from tests.api.builders import Gateway, order
from tests.console.conftest import signed_in
from tests.drafting.test_drafts import CARTON, CASE, OAT, put, row, unit
from tests.drafting.test_publishing import change_terms

AT = "/accounts/acme/revisions"
TERMS = {"id": "acme", "name": "Acme", "policies": {"unknown_ship_to": "accept_address"}}


def publish(services: Services, *rows: Any, reason: str = "because", author: str = "user Kim", **terms: Any) -> None:
    stored = [one if isinstance(one, Row) else row(one) for one in rows]
    services.store.revisions.publish_account({**TERMS, **terms}, stored, author=author, reason=reason)


def rules(text: str) -> Row:
    return Row("file", "order_map.yaml", json.dumps({"text": text}))


def begin_newco(services: Services) -> None:
    """A new account, of which nothing is published."""
    text = json.dumps({"id": "newco", "name": "New Company", "inbound": {"formats": ["json-1"]}})
    edit(services, "newco", lambda draft: [draft.change("terms", "", None, text)], author="test")


@pytest.fixture
def services(gateway: Gateway) -> Services:
    publish(gateway.services, OAT, CASE, reason="first")
    return gateway.services


def test_all_revisions_are_listed_page_by_page(services: Services, gateway: Gateway) -> None:
    for factor in range(13, 40):
        publish(services, OAT, unit("KRT", str(factor)), reason=f"factor {factor}")
    browser = signed_in(gateway, "viewer")
    browser.open(AT)
    assert "Revision 28 ✓ counts now" in browser.text
    assert "user Kim factor 39 +1 −1" in browser.text
    (more,) = browser.root.xpath("//a[.='Earlier ones']/@href")
    browser.open(more)
    assert "first" in browser.text
    assert "Revision 28" not in browser.text
    assert browser.root.xpath("//a[.='Earlier ones']") == []


def test_the_one_that_counts_leads_to_the_way_back(services: Services, gateway: Gateway) -> None:
    publish(services, OAT, unit("KRT", "120"), reason="wrong")
    browser = signed_in(gateway, "support")
    browser.open(f"{AT}/2")
    (back,) = browser.root.xpath("//a[.='Take it back']/@href")
    assert back == f"{AT}/1/roll-back"
    assert browser.root.xpath("//a[@rel='prev']/@href") == [f"{AT}/1"]
    assert browser.root.xpath("//a[@rel='next']") == []
    browser.open(f"{AT}/1")
    assert browser.root.xpath("//a[.='Take it back']") == []
    assert browser.root.xpath("//a[@rel='next']/@href") == [f"{AT}/2"]


def test_an_account_that_is_only_a_draft_has_none_and_says_what_to_do(gateway: Gateway) -> None:
    begin_newco(gateway.services)
    browser = signed_in(gateway, "support")
    for path in ("/accounts/newco/revisions", "/accounts/newco/draft/tests"):
        assert browser.open(path).status_code == 200
        assert "Nothing is published yet" in browser.text
        assert browser.root.xpath("//main//a/@href").count("/accounts/newco/setup") == 1
        assert browser.root.xpath("//main//button") == []
    assert browser.open("/accounts/nobody/revisions").status_code == 404


def test_one_says_what_is_different_from_another(services: Services, gateway: Gateway) -> None:
    publish(services, OAT, unit("KRT", "120"), rules("a\nb\n"))
    publish(services, OAT, unit("KRT", "120"), rules("a\nc\n"), name="Acme <Ltd>")
    browser = signed_in(gateway, "viewer")
    browser.open(f"{AT}/2")
    assert "− factor 12 + factor 120" in browser.text
    browser.open(f"{AT}/3")
    assert "− b + c" in browser.text
    assert "− Acme + Acme <Ltd>" in browser.text
    assert "factor" not in browser.text
    browser.open(f"{AT}/3?against=1")
    assert "− factor 12 + factor 120" in browser.text
    for path in (f"{AT}/4", f"{AT}/3?against=9", f"{AT}/3?against=x", f"{AT}/99999999999", f"{AT}?before=-1"):
        assert browser.open(path).status_code == 404, path


def test_going_back_shows_first_what_changes_and_what_went_out(services: Services, gateway: Gateway) -> None:
    acme = gateway.services.store.keys.create("acme", actor="test")[1]
    publish(services, OAT, unit("KRT", "120"), reason="wrong")
    body = json.dumps(order()).encode()
    headers = {"Authorization": f"Bearer {acme}", "Content-Type": "application/json"}
    gateway.client.post("/v1/orders", data=body, headers=headers)
    gateway.work()
    put(services, CARTON)
    browser = signed_in(gateway, "support")
    browser.open(f"{AT}/1")
    (asked,) = browser.root.xpath("//a[.='Roll back to this']/@href")
    browser.open(asked)
    assert "− factor 120 + factor 12" in browser.text
    assert "1 document went out under revision 2" in browser.text
    assert "order response" in browser.text
    assert "PO-1" in browser.text
    assert "The draft stays, with its 1 edit." in browser.text
    assert browser.send(asked).status_code == 400
    answer = browser.send(asked, reason="12, not 120")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{AT}/3")
    browser.open(answer.headers["Location"])
    for said in ("It publishes revision 1 again. Taken back: revision 2.", "1 document went out", "12, not 120"):
        assert said in browser.text
    assert browser.root.xpath("//a[.='Take it back']") == [], "the wrong one isn't offered again"
    assert services.terms.current(["acme"])["acme"].units["KRT", None].factor == 12
    assert len(draft_of(services, "acme").edits) == 1
    (documents,) = browser.root.xpath(
        "//main//a[contains(@href, '/revisions/') and contains(@href, '/documents')]/@href"
    )
    browser.open(documents)
    assert "What went out under revision 2" in browser.text
    (download,) = browser.root.xpath("//a[contains(@href, '.csv')]/@href")
    answer = browser.open(download)
    assert answer.headers["Content-Type"].startswith("text/csv")
    (told,) = csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert (told["type"], told["order_number"], told["revision"]) == ("order_response", "PO-1", "2")
    browser.open(f"{AT}/1")
    assert "Published again as revision 3." in browser.text


def test_it_is_refused_where_another_was_published_meanwhile(services: Services, gateway: Gateway) -> None:
    publish(services, OAT)
    browser = signed_in(gateway)
    browser.open(f"{AT}/1/roll-back")
    publish(services, CARTON)
    assert browser.send(f"{AT}/1/roll-back", reason="x").status_code == 409
    assert "Another revision was published" in browser.text
    assert "PAL" in browser.text
    assert browser.send(f"{AT}/1/roll-back").status_code == 303, "its reason still stands in the form"
    for path in (f"{AT}/4/roll-back", f"{AT}/9/roll-back"):
        assert browser.open(path).status_code == 404


def test_support_takes_no_rules_back(services: Services, gateway: Gateway) -> None:
    publish(services, OAT, CASE, rules("a"))
    browser = signed_in(gateway, "support")
    browser.open(f"{AT}/1/roll-back")
    assert "needs somebody of the role integration" in browser.text
    assert not browser.root.xpath("//input[@name='reason']")


def test_one_that_cannot_be_used_any_more_says_so(services: Services, gateway: Gateway) -> None:
    publish(services, OAT, tier="gilded")
    publish(services, OAT)
    browser = signed_in(gateway)
    browser.open(f"{AT}/2/roll-back")
    assert "It can't be used any more: account.yaml: tier" in browser.text
    assert not browser.root.xpath("//input[@name='reason']")


def test_what_waits_can_be_judged_again_after_going_back(services: Services, gateway: Gateway) -> None:
    key = gateway.services.store.keys.create("acme", actor="test")[1]
    publish(services, CASE)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    line = {"line_number": "1", "buyer_item": "PL-0042", "quantity": "2", "unit": "EA"}
    body = json.dumps({"order_number": "PO-1", "lines": [line]}).encode()
    gateway.client.post("/v1/orders", data=body, headers=headers)
    gateway.work()
    browser = signed_in(gateway)
    browser.open(f"{AT}/1/roll-back")
    browser.send(f"{AT}/1/roll-back", reason="the item is theirs")
    browser.open(f"{AT}/3")
    assert browser.root.xpath("//a[starts-with(@href, '/replays/new?problem=')]")


def test_formulas_are_text_in_the_download(services: Services, gateway: Gateway) -> None:
    key = gateway.services.store.keys.create("acme", actor="test")[1]
    publish(services, CASE)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    body = json.dumps(order("=HYPERLINK(1)")).encode()
    gateway.client.post("/v1/orders", data=body, headers=headers)
    gateway.work()
    answer = signed_in(gateway).open(f"{AT}/1/documents.csv")
    (told,) = csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert told["order_number"] == "'=HYPERLINK(1)"


def test_each_rule_says_who_changed_it_when_and_why(services: Services, gateway: Gateway) -> None:
    publish(services, rules("reads: json\nfields:\n"), author="user Ada", reason="begun")
    publish(services, rules("reads: json\nfields:\n  <b>\n"), reason="bold")
    browser = signed_in(gateway, "viewer")
    browser.open(f"{AT}/lines?file=order_map.yaml")
    assert "1reads: json 2 user Ada" in browser.text
    assert "begun 2fields: as above 3 <b> 3 user Kim" in browser.text
    change_terms(services, tier="gold")
    browser.open(f"{AT}/lines?file=account.yaml")
    assert "tiergold ● draft user Kim" in browser.text
    assert "nameAcme 1 user Kim" in browser.text
    assert browser.open(f"{AT}/lines").status_code == 200
    assert browser.open(f"{AT}/lines?file=nothing.yaml").status_code == 404
    assert browser.open("/accounts/nobody/revisions/lines").status_code == 404
