"""What is unknown in a sample, answered on one form: all of it or some, and never half of an answer."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from gateway.drafting.drafts import draft_of, draft_revision, edit
from gateway.onboarding.dropped import look_at
from gateway.onboarding.starting import Wanted, start_account
from tests.api.builders import Gateway
from tests.console.conftest import Browser, signed_in
from tests.console.small_catalogue import JSON_ORDER, stocked

AT = "/accounts/nord/setup"


def started(gateway: Gateway, sample: bytes = JSON_ORDER) -> None:
    stocked(gateway.services)
    dropped = look_at("sample.json", sample)
    wanted = Wanted("nord", "Kaufhaus Nord", "gold", "Europe/Berlin", dropped.identifiers, "json-1")
    start_account(gateway.services, dropped, wanted, author="test")


def json_1(*lines: dict[str, Any], **members: Any) -> bytes:
    numbered = [{"line_number": str(number), "quantity": "2", **line} for number, line in enumerate(lines, 1)]
    return json.dumps({"order_number": "PO-1", "lines": numbered, **members}).encode()


def named(browser: Browser, kind: str, column: str) -> list[str]:
    fields = [str(one.get("name") or "") for one in browser.root.iter("input", "select")]
    return [one for one in fields if one.startswith(f"{kind}.") and one.endswith(f".{column}")]


def wrong(browser: Browser) -> list[str]:
    return [" ".join(one.text_content().split()) for one in browser.root.find_class("wrong")]


def test_some_is_answered_and_the_rest_stays_open(gateway: Gateway) -> None:
    started(gateway)
    browser = signed_in(gateway, "integration")
    browser.open(AT)
    first, *_ = named(browser, "item", "product")
    assert browser.fill(AT, {first: "OAT-1L"}).status_code == 303
    browser.open(AT)
    assert len(named(browser, "item", "product")) == 2
    assert "Not yet: its items are mapped" in browser.text
    revision = draft_revision(gateway.services, draft_of(gateway.services, "nord"))
    assert {row.product for rows in revision.items_by_sku.values() for row in rows} == {"OAT-1L"}
    assert gateway.services.store.revisions.accounts() == []


def test_an_item_can_have_a_unit_of_its_own(gateway: Gateway) -> None:
    started(gateway)
    browser = signed_in(gateway, "integration")
    browser.open(AT)
    product, unit, factor = (named(browser, "item", column)[0] for column in ("product", "unit", "factor"))
    assert browser.fill(AT, {product: "OAT-1L", unit: "XCT", factor: "2"}).status_code == 303
    (row,) = draft_revision(gateway.services, draft_of(gateway.services, "nord")).items_by_sku["KN-1001"]
    assert (row.account_unit, row.unit, row.factor) == ("KRT", "XCT", Decimal(2))


def test_what_is_wrong_stands_at_its_field_and_nothing_is_saved(gateway: Gateway) -> None:
    started(gateway)
    browser = signed_in(gateway, "integration")
    browser.open(AT)
    before = draft_of(gateway.services, "nord").version
    first, second, third = named(browser, "item", "product")
    sent = {first: "OAT-1L", second: "NO-SUCH", "manager.email": "who@example.com"}
    sent |= {named(browser, "item", "factor")[2]: "12", named(browser, "unit", "factor")[0]: "-1"}
    sent |= {named(browser, "unit", "unit")[0]: "XCT", named(browser, "place", "transit_days")[0]: "two"}
    sent |= {named(browser, "place", "supply_site")[0]: "HAMBURG"}
    assert browser.fill(AT, sent).status_code == 400
    said = wrong(browser)
    for one in ("there is no product NO-SUCH", "which product of ours is it?", "must be above zero", "is missing"):
        assert any(one in each for each in said), (one, said)
    assert len(said) == 5
    (first_wrong,) = browser.root.xpath("//a[.='Go to the first']/@href")
    assert browser.root.xpath("//*[@aria-invalid='true']/@id")[0] == first_wrong[1:]
    values = {one.get("name"): one.get("value") for one in browser.root.iter("input")}
    assert (values[second], values["manager.email"], values[third]) == ("NO-SUCH", "who@example.com", "")
    assert browser.root.xpath(f"//input[@name='{second}']/@aria-invalid") == ["true"]
    assert draft_of(gateway.services, "nord").version == before


@pytest.mark.parametrize(
    ("product", "unit", "said"),
    [("HONEY", "XCT", "Honey by the kilo has no XCT; it has KGM"), ("OAT-1L", "KGM", "has no KGM; it has EA, XCT")],
)
def test_a_unit_that_the_product_does_not_have_is_refused(gateway: Gateway, product: str, unit: str, said: str) -> None:
    started(gateway)
    browser = signed_in(gateway, "integration")
    browser.open(AT)
    fields = [named(browser, "item", column)[0] for column in ("product", "unit", "factor")]
    assert browser.fill(AT, dict(zip(fields, (product, unit, "1"), strict=True))).status_code == 400
    assert any(said in one for one in wrong(browser)), wrong(browser)


def test_a_word_that_does_not_fit_one_product_is_asked_for_it_alone(gateway: Gateway) -> None:
    sample = json_1({"seller_item": "OAT-1L", "unit": "KRT"}, {"seller_item": "HONEY", "unit": "KRT"})
    started(gateway, sample)
    browser = signed_in(gateway, "integration")
    browser.open(AT)
    (factor,), (unit,) = named(browser, "unit", "factor"), named(browser, "unit", "unit")
    assert browser.fill(AT, {factor: "1", unit: "XCT"}).status_code == 303
    browser.open(AT)
    assert "KRT of Honey by the kilo alone" in browser.text
    (factor,), (unit,) = named(browser, "unit", "factor"), named(browser, "unit", "unit")
    assert browser.fill(AT, {factor: "5", unit: "KGM"}).status_code == 303
    browser.open(AT)
    assert "Everything in it is understood." in browser.text


def test_only_what_has_the_very_number_is_proposed(gateway: Gateway) -> None:
    sample = json_1(
        {"buyer_item": "OAT-1L", "unit": "EA"},
        {"buyer_item": "9521234000037", "unit": "EA"},
        {"buyer_item": "OAT-1", "unit": "EA"},
    )
    started(gateway, sample)
    browser = signed_in(gateway, "integration")
    browser.open(AT)
    proposed = [browser.root.xpath(f"//input[@name='{one}']/@value")[0] for one in named(browser, "item", "product")]
    assert proposed == ["OAT-1L", "SOY-1L", ""]
    assert "OAT-1L (Oat drink 1 l) has this very number." in browser.text


def test_lines_without_a_unit_get_one_for_all(gateway: Gateway) -> None:
    started(gateway, json_1({"seller_item": "OAT-1L"}))
    browser = signed_in(gateway, "integration")
    browser.open(AT)
    assert browser.send(AT, default_unit="XX").status_code == 400
    assert any("nobody knows a unit XX" in one for one in wrong(browser))
    assert browser.send(AT, default_unit="XCT").status_code == 303
    browser.open(AT)
    assert "Everything in it is understood." in browser.text


def test_any_address_can_be_taken_instead_of_mapping_places(gateway: Gateway) -> None:
    started(gateway, json_1({"seller_item": "OAT-1L", "unit": "EA"}, ship_to={"id": "X1", "name": "Somewhere"}))
    browser = signed_in(gateway, "integration")
    browser.open(AT)
    assert browser.send(AT, accept_addresses="on").status_code == 303
    assert draft_of(gateway.services, "nord").terms["policies"]["unknown_ship_to"] == "accept_address"
    browser.open(AT)
    assert "✓ Its places are known" in browser.text


def test_a_place_without_a_number_gets_one_of_ours(gateway: Gateway) -> None:
    address = {"street": "Kai 4", "city": "Hamburg", "postal_code": "20457", "country": "DE"}
    started(gateway, json_1({"seller_item": "OAT-1L", "unit": "EA"}, ship_to={"name": "DC East", "address": address}))
    browser = signed_in(gateway, "integration")
    browser.open(AT)
    assert browser.fill(AT, {named(browser, "place", "supply_site")[0]: "HAMBURG"}).status_code == 303
    revision = draft_revision(gateway.services, draft_of(gateway.services, "nord"))
    (row,) = revision.sites["DC-EAST"]
    assert (row.street, row.supply_site, row.role) == ("Kai 4", "HAMBURG", "ship_to")
    browser.open(AT)
    assert "✓ Its places are known" in browser.text


def test_who_was_slower_is_told_and_sees_what_they_typed(gateway: Gateway) -> None:
    started(gateway)
    browser, other = signed_in(gateway, "integration"), signed_in(gateway, "admin")
    browser.open(AT)
    other.open(AT)
    assert other.fill(AT, {"manager.name": "Kim"}).status_code == 303
    (first, *_) = named(browser, "item", "product")
    assert browser.fill(AT, {"manager.name": "Sam", first: "OAT-1L"}).status_code == 409
    assert "Somebody else changed this meanwhile" in browser.text
    assert draft_of(gateway.services, "nord").terms["manager"] == {"name": "Kim"}
    assert browser.root.xpath(f"//input[@name='{first}']/@value") == ["OAT-1L"]


def test_what_somebody_publishes_is_what_they_looked_at(gateway: Gateway) -> None:
    started(gateway)
    browser, other = signed_in(gateway, "integration"), signed_in(gateway, "admin")
    browser.open(AT)
    other.open(AT)
    other.fill(AT, {"manager.name": "Kim"})
    assert browser.send(f"{AT}/publish").status_code == 409
    assert gateway.services.store.revisions.accounts() == []
    assert browser.send(f"{AT}/publish").status_code == 303
    assert [one["id"] for one in gateway.services.store.revisions.accounts()] == ["nord"]


def test_terms_that_cannot_be_used_are_told_and_not_published(gateway: Gateway) -> None:
    started(gateway)
    draft = draft_of(gateway.services, "nord")
    bad = json.dumps({**draft.terms, "tier": "gilded"}, sort_keys=True, ensure_ascii=False)
    edit(
        gateway.services,
        "nord",
        lambda now: [now.change("terms", "", now.body("terms", ""), bad)],
        author="test",
    )
    browser = signed_in(gateway, "integration")
    assert browser.open(AT).status_code == 200
    assert "What keeps it from being published" in browser.text


def test_a_test_order_that_is_held_says_why(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    started(gateway)
    monkeypatch.setattr(gateway.app.extensions["door"].waiting, "until_settled", lambda *_: gateway.work())
    browser = signed_in(gateway, "integration")
    browser.open(AT)
    browser.send(f"{AT}/publish")
    browser.open(AT)
    answer = browser.send(f"{AT}/test")
    browser.open(answer.headers["Location"])
    assert "It is held: something is still to be mapped by us." in browser.text
    assert "nothing of ours is known by the account's item number KN-1001" in browser.text
    assert browser.root.xpath("//main//a[.='Map what is missing, and send it again']/@href") == [AT]
    assert browser.open(f"{AT}/test/nobody").status_code == 404


def test_a_viewer_sees_how_far_it_is_and_changes_nothing(gateway: Gateway) -> None:
    started(gateway)
    browser = signed_in(gateway, "viewer")
    browser.open(AT)
    assert "Not yet: a manager is named" in browser.text
    assert browser.root.xpath("//main//form") == []
    assert browser.open("/accounts/nobody/setup").status_code == 404


def test_one_more_sample_is_looked_at_beside_the_first(gateway: Gateway) -> None:
    started(gateway)
    browser = signed_in(gateway, "integration")
    browser.open(AT)
    more = json_1({"seller_item": "OAT-1L", "unit": "XCT"})
    for name in ("sample.json", "sample.json"):
        answer = browser.fill(f"{AT}/sample", {"sample": (more, name)})
        assert answer.status_code == 303
        browser.open(answer.headers["Location"])
    assert [one.text for one in browser.root.xpath("//a[contains(@href, 'sample=')]")] == [
        "sample-2.json",
        "sample-3.json",
        "sample.json",
    ]
    assert browser.fill(f"{AT}/sample", {"sample": (b"no order", "x.json")}).status_code == 400
    assert "That is no sample order" in browser.text


def test_a_map_with_open_places_says_what_is_missing_and_blocks_nothing_else(gateway: Gateway) -> None:
    started(gateway, b'{"nr": "7", "zeilen": [{"x": "1"}]}')
    browser = signed_in(gateway, "integration")
    browser.open(AT)
    assert "Not yet: their sample order is read" in browser.text
    assert "lines must be at least one line" in browser.text
    (editor,) = browser.root.xpath("//a[text()='To the field map']/@href")
    assert browser.open(editor).status_code == 200
    browser.open(AT)
    assert browser.fill(AT, {"manager.name": "Kim"}).status_code == 303


def test_what_is_published_already_is_not_published_past_its_tests(gateway: Gateway) -> None:
    started(gateway)
    browser = signed_in(gateway, "integration")
    browser.open(AT)
    assert browser.send(f"{AT}/publish").status_code == 303
    browser.open(AT)
    browser.fill(AT, {"manager.name": "Kim"})
    browser.open(AT)
    assert "Its draft is tried out on its own orders before it counts" in browser.text
    version = draft_of(gateway.services, "nord").version
    token = browser.root.xpath("string(//input[@name='csrf_token']/@value)")
    sent = {"csrf_token": token, "version": str(version)}
    assert browser.client.post(f"{AT}/publish", data=sent).status_code == 409
    assert gateway.services.store.revisions.current(["nord"]) == {"nord": 1}


def test_an_item_that_they_name_by_its_gtin_alone_is_known_by_that(gateway: Gateway) -> None:
    lines = [
        {"gtin": "4012345000030", "unit": "XCT", "description": "Two\nlines " + "x" * 5_000},
        {"gtin": "12", "unit": "XCT"},
    ]
    started(gateway, json_1(*lines))
    browser = signed_in(gateway, "integration")
    browser.open(AT)
    first, second = named(browser, "item", "product")
    assert browser.fill(AT, {first: "OAT-1L", second: "OAT-1L"}).status_code == 400
    assert any("gtin '12' is not 8, 12, 13 or 14 digits" in one for one in wrong(browser)), wrong(browser)
    assert browser.fill(AT, {second: ""}).status_code == 303
    revision = draft_revision(gateway.services, draft_of(gateway.services, "nord"))
    ((row,),) = revision.items_by_gtin.values()
    assert (row.account_sku, row.product, (row.description or "")[:12]) == (None, "OAT-1L", "Two lines xx")
