"""The draft's page: what was edited, what stands in the way, taking back, deciding conflicts, and publishing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.console.edits import fingerprint
from gateway.drafting.draft_tests import step
from gateway.drafting.drafts import Draft, draft_of, edit, terms_text
from gateway.services import Services
from gateway.store.drafts import Change
from mappings.revision import ItemRow
from tests.api.builders import Gateway, order
from tests.console.conftest import Browser, csrf, signed_in
from tests.drafting.test_drafts import CARTON, CASE, OAT, published, put, row, unit
from tests.drafting.test_publishing import Ran, change_terms, keep

DRAFT, DISCARD, KEEP, PUBLISH = (f"/accounts/acme/draft{end}" for end in ("", "/discard", "/keep", "/publish"))


@pytest.fixture
def services(gateway: Gateway) -> Services:
    published(gateway.services, OAT, CASE)
    return gateway.services


def put_file(services: Services, name: str, text: str) -> None:
    def changes(draft: Draft) -> list[Change]:
        body = json.dumps({"text": text}, ensure_ascii=False)
        return [draft.change("file", name, draft.body("file", name), body)]

    edit(services, "acme", changes, author="user Kim")


def put_many(services: Services, count: int, batch: str) -> None:
    items = [row(ItemRow(f"PL-{number:04}", None, "OAT-1L")) for number in range(1000, 1000 + count)]

    def changes(draft: Draft) -> list[Change]:
        return [draft.change(one.kind, one.natural_key, None, one.body) for one in items]

    edit(services, "acme", changes, author="user Ada", note="spring range", batch=batch)


def forms(browser: Browser, action: str) -> list[dict[str, str]]:
    """What is filled into each form that goes there."""
    found = [one for one in browser.root.iter("form") if one.get("action") == action]
    return [{one.get("name"): one.get("value", "") for one in form.iter("input")} for form in found]


def post(browser: Browser, action: str, form: dict[str, str], **more: str) -> Any:
    browser.answer = browser.client.post(action, data={**form, **more})
    return browser.answer


def edits(services: Services) -> set[str]:
    return {one.natural_key for one in draft_of(services, "acme").edits}


def test_an_empty_draft_says_what_to_do(services: Services, gateway: Gateway) -> None:
    browser = signed_in(gateway, "viewer")
    browser.open(DRAFT)
    assert "Nothing was edited." in browser.text
    assert forms(browser, PUBLISH) == []
    assert browser.open("/accounts/nobody/draft").status_code == 404


def test_each_edit_says_who_made_it_and_what_it_changes(services: Services, gateway: Gateway) -> None:
    put(services, unit("KRT", "120"), seen=CASE)
    put_file(services, "order_map.yaml", "reads: json\n<script>")
    browser = signed_in(gateway, "viewer")
    page = browser.open(DRAFT)
    assert "KRT changes · user Kim" in browser.text
    assert "because − factor 12 + factor 120" in browser.text
    assert "+ reads: json" in browser.text
    assert "<script>" not in page.text.partition("<main")[2]
    assert forms(browser, DISCARD) == [], "a viewer only looks"


def test_faults_lead_to_where_they_are_mended_and_block(services: Services, gateway: Gateway) -> None:
    change_terms(services, inbound={"formats": ["custom"]})
    put_file(services, "order_map.yaml", "reads: nonsense\n")
    browser = signed_in(gateway)
    browser.open(DRAFT)
    places = browser.root.xpath("//section[@aria-labelledby='faults']//a/@href")
    assert places
    assert places[0].startswith("/accounts/acme/mapping?map=order_map.yaml#line-")
    assert forms(browser, PUBLISH) == []
    assert "would keep it from being used" in browser.text


def test_one_edit_is_taken_back_as_it_was_seen(services: Services, gateway: Gateway) -> None:
    put(services, CARTON)
    browser = signed_in(gateway, "support")
    browser.open(DRAFT)
    (form,) = (one for one in forms(browser, DISCARD) if one.get("key", "").startswith("PAL"))
    put(services, unit("PAL", "500"), seen=CARTON)
    assert post(browser, DISCARD, form).status_code == 409
    assert "Somebody edited or published something" in browser.text
    (form,) = (one for one in forms(browser, DISCARD) if one.get("key", "").startswith("PAL"))
    assert post(browser, DISCARD, form).status_code == 303
    assert edits(services) == set()


def test_an_import_and_everything_is_taken_back(services: Services, gateway: Gateway) -> None:
    put(services, CARTON)
    put_many(services, 120, "b1")
    browser = signed_in(gateway, "support")
    browser.open(DRAFT)
    assert "The import of 120 rows by user Ada" in browser.text
    assert "spring range" in browser.text
    (batch,) = (one for one in forms(browser, DISCARD) if "batch" in one)
    assert post(browser, DISCARD, batch).status_code == 303
    assert len(edits(services)) == 1
    browser.open(DRAFT)
    (everything,) = (one for one in forms(browser, DISCARD) if "version" in one)
    put(services, unit("DZN", "12"))
    assert post(browser, DISCARD, everything).status_code == 409
    (everything,) = (one for one in forms(browser, DISCARD) if "version" in one)
    assert post(browser, DISCARD, everything).status_code == 303
    assert edits(services) == set()


def test_a_long_list_goes_on_behind_its_last_row(services: Services, gateway: Gateway) -> None:
    put_many(services, 120, "b1")
    browser, seen = signed_in(gateway, "viewer"), []
    at = DRAFT
    while at:
        browser.open(at)
        seen += [one.text_content() for one in browser.root.xpath("//p[@class='cause']/strong")]
        at = next(iter(browser.root.xpath("//a[starts-with(., 'More of')]/@href")), "")
    assert seen == [f"PL-{number}" for number in range(1000, 1120)]


def test_a_conflict_is_decided_for_either_side(services: Services, gateway: Gateway) -> None:
    put(services, unit("KRT", "24"), seen=CASE)
    published(services, OAT, unit("KRT", "6"))
    browser = signed_in(gateway, "support")
    browser.open(DRAFT)
    assert "− factor 12 + factor 6" in browser.text
    assert "− factor 12 + factor 24" in browser.text
    assert forms(browser, PUBLISH) == []
    (ours,) = forms(browser, KEEP)
    published(services, OAT, unit("KRT", "8"))
    assert post(browser, KEEP, ours).status_code == 409, "what is published now wasn't seen"
    (ours,) = forms(browser, KEEP)
    assert post(browser, KEEP, ours).status_code == 303
    assert draft_of(services, "acme").conflicts == ()
    assert edits(services) != set()
    published(services, OAT, unit("KRT", "9"))
    browser.open(DRAFT)
    theirs = next(one for one in forms(browser, DISCARD) if "seen" in one)
    assert post(browser, DISCARD, theirs).status_code == 303
    assert edits(services) == set()


def test_publishing_needs_a_reason_and_leads_to_the_revision(services: Services, gateway: Gateway) -> None:
    put(services, CARTON)
    browser = signed_in(gateway, "support")
    browser.open(DRAFT)
    assert browser.send(PUBLISH).status_code == 400
    assert "Say why" in browser.text
    answer = browser.send(PUBLISH, reason="pallets of theirs")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/accounts/acme/revisions/2")
    browser.open(answer.headers["Location"])
    assert "pallets of theirs" in browser.text
    assert "user support of ours" in browser.text
    assert services.store.revisions.current(["acme"]) == {"acme": 2}


def test_what_was_edited_since_is_not_published_unseen(services: Services, gateway: Gateway) -> None:
    put(services, CARTON)
    browser = signed_in(gateway)
    browser.open(DRAFT)
    put(services, unit("DZN", "12"))
    assert browser.send(PUBLISH, reason="pallets").status_code == 409
    assert "DZN" in browser.text
    assert browser.send(PUBLISH).status_code == 303, "its reason still stands in the form"


def test_support_may_publish_rows_and_is_told_that_rules_are_for_others(services: Services, gateway: Gateway) -> None:
    change_terms(services, name="Acme Ltd")
    browser = signed_in(gateway, "support")
    browser.open(DRAFT)
    assert "It changes terms: publishing that needs somebody of the role integration." in browser.text
    assert forms(browser, PUBLISH) == []
    assert forms(browser, DISCARD) == []
    token = {"csrf_token": csrf(browser.answer)}
    draft = draft_of(services, "acme")
    (one,) = draft.edits
    told = {"number": str(draft.number), "version": str(draft.version), "reason": "x"}
    assert post(browser, PUBLISH, {**told, **token}).status_code == 403
    for form in ({"version": told["version"]}, {"kind": "terms", "key": "", "seen": fingerprint(one.body)}):
        assert post(browser, DISCARD, {**form, **token}).status_code == 403
    assert signed_in(gateway, "integration").open(DRAFT).status_code == 200


def test_one_that_was_not_tested_asks_why_without(services: Services, gateway: Gateway) -> None:
    gateway.send(gateway.account("acme"), order())
    put(services, CARTON)
    browser = signed_in(gateway)
    browser.open(DRAFT)
    assert browser.root.xpath("//section[@aria-labelledby='publish']//a[@href='#test']/text()") == ["Test it"]
    assert "Why without a test?" in browser.text
    assert "test says otherwise" not in browser.text


def test_a_test_that_says_no_is_overridden_with_a_reason_of_its_own(services: Services, gateway: Gateway) -> None:
    gateway.send(gateway.account("acme"), order())
    put(services, CARTON)
    draft = draft_of(services, "acme")
    keep(services, Ran(draft.number, draft.version, newly_failing=2))
    browser = signed_in(gateway)
    browser.open(DRAFT)
    assert "2 orders that were answered would fail." in browser.text
    assert "Why although orders would fail?" in browser.text
    assert browser.send(PUBLISH, reason="pallets", override="").status_code == 409
    answer = browser.send(PUBLISH, reason="pallets", override="they know")
    assert answer.status_code == 303
    assert "they know" in browser.open(answer.headers["Location"]).text


def test_a_new_accounts_draft_is_published_as_its_first_revision(gateway: Gateway) -> None:
    terms = {"id": "newco", "name": "New Company", "inbound": {"formats": ["json-1"]}}

    def changes(draft: Draft) -> list[Change]:
        return [draft.change("terms", "", None, terms_text(terms))]

    edit(gateway.services, "newco", changes, author="user Kim")
    browser = signed_in(gateway, "integration")
    browser.open("/accounts/newco/draft")
    assert "A new account" in browser.text
    answer = browser.send("/accounts/newco/draft/publish", reason="they begin in May")
    assert browser.open(answer.headers["Location"]).status_code == 200
    assert "New Company" in browser.text


def test_what_newly_fails_is_seen_published_on_purpose_and_taken_back(services: Services, gateway: Gateway) -> None:
    """The whole way: tested, seen, overridden, rolled back."""
    key = services.store.keys.create("acme", actor="test")[1]
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    line = {"line_number": "1", "buyer_item": "PL-0042", "quantity": "2", "unit": "KRT"}
    body = json.dumps({"order_number": "PO-1", "ship_to": None, "lines": [line]}).encode()
    gateway.client.post("/v1/orders", data=body, headers=headers)
    gateway.work()
    put(services, unit("KRT", "120"), seen=CASE)
    edit(
        services, "acme", lambda draft: [draft.change("item", row(OAT).natural_key, row(OAT).body, None)], author="Kim"
    )
    browser = signed_in(gateway)
    browser.open(DRAFT)
    assert "It wasn't tested as it is now." in browser.text
    asked = browser.send("/accounts/acme/draft/tests", last="50")
    while step(services):
        pass
    assert browser.open(asked.headers["Location"]).status_code == 200
    browser.open(DRAFT)
    assert "1 order would newly fail" in browser.text
    assert "1 order that was answered would fail." in browser.text
    answer = browser.send(PUBLISH, reason="a new item number", override="they resend")
    assert browser.open(answer.headers["Location"]).status_code == 200
    assert "they resend" in browser.text
    browser.open("/accounts/acme/revisions/1/roll-back")
    assert "+ factor 12" in browser.text
    assert browser.send("/accounts/acme/revisions/1/roll-back", reason="they can't").status_code == 303
    assert services.terms.current(["acme"])["acme"].units["KRT", None].factor == 12
