"""A problem mended in the console: the form, what it would do, and publishing and replaying in one step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.builders import services_at
from tests.console.conftest import Browser, signed_in
from tests.fixing.held_orders import Held, item, other_row

CARTONS = {"product": "OAT-1L", "factor": "12", "unit": "EA"}


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Held]:
    opened = Held(services_at(f"sqlite:///{tmp_path / 'gateway.db'}", f"unix://{tmp_path / 'nobody.sock'}"))
    yield opened
    opened.close()


def at_fix(gateway: Held, role: Any = "support", code: str = "unknown_item") -> tuple[Browser, str]:
    browser = signed_in(gateway, role)
    path = f"/problems/{gateway.cause(code).fingerprint}/fix"
    assert browser.open(path).status_code == 200, browser.text
    return browser, path


def test_the_item_is_entered_its_effect_seen_and_everything_replayed(gateway: Held) -> None:
    ids = gateway.ordered(37)
    browser, path = at_fix(gateway)
    assert "Say which product of ours PL-9 is." in browser.text
    assert browser.send(path, ("show", "1"), **CARTONS).status_code == 200
    assert "37 orders: 37 would be answered (33 accepted, 4 with back-order)." in browser.text
    assert "10 KRT → 10 × 12 EA = 120 EA" in browser.text
    assert "No other order of this account was answered yet" in browser.text
    answer = browser.send(path, ("publish", "1"), reason="new item")
    assert answer.status_code == 303, browser.text
    gateway.settle()
    assert gateway.statuses(ids) == {"done"}
    assert len(gateway.services.store.documents.of_messages(ids)) == 37


def test_nothing_is_published_that_was_not_shown(gateway: Held) -> None:
    ids = gateway.ordered(3)
    browser, path = at_fix(gateway)
    answer = browser.send(path, ("publish", "1"), reason="at once", **CARTONS)
    assert answer.status_code == 409
    assert "Nothing is published before you have seen what it does." in browser.text
    answer = browser.send(path, ("publish", "1"), reason="another", **{**CARTONS, "factor": "24"})
    assert answer.status_code == 409
    assert "10 KRT → 10 × 24 EA = 240 EA" in browser.text
    gateway.publish()
    assert gateway.statuses(ids) == {"held"}
    assert gateway.services.store.revisions.current(["acme"]) == {"acme": 1}


def test_why_is_asked_and_what_was_typed_stays(gateway: Held) -> None:
    gateway.ordered(1)
    browser, path = at_fix(gateway)
    browser.send(path, ("show", "1"), **CARTONS)
    assert browser.send(path, ("publish", "1")).status_code == 400
    assert "Say why" in browser.text
    assert browser.send(path, ("publish", "1"), reason="x").status_code == 303


def test_every_fault_stands_at_its_field(gateway: Held) -> None:
    gateway.ordered(1)
    browser, path = at_fix(gateway)
    wrong = {"product": "OAT-2L", "factor": "-1", "unit": "", "valid_from": "soon"}
    assert browser.send(path, ("show", "1"), **wrong).status_code == 422
    told = {one.get("id"): " ".join(one.text_content().split()) for one in browser.root.xpath("//p[@class='fault']")}
    assert set(told) == {f"fix-{name}-fault" for name in wrong}, told
    assert "OAT-2L" in told["fix-product-fault"]


def test_a_suggestion_is_taken_by_a_button_and_found_by_its_name(gateway: Held) -> None:
    gateway.ordered(1, description="Soy drink", unit="EA")
    browser, path = at_fix(gateway)
    assert browser.root.xpath("//button[@name='take']/@value")[0] == "SOY-1L"
    assert browser.root.get_element_by_id("fix-product").get("value") == "", "nobody chooses but people"
    browser.send(path, ("find", "1"), product="crisp")
    assert browser.root.xpath("//button[@name='take']/@value") == ["RYE-500"]
    browser.send(path, ("take", "RYE-500"))
    assert browser.root.get_element_by_id("fix-product").get("value") == "RYE-500"
    assert "1 order: 1 would be answered" in browser.text


def test_who_published_meanwhile_is_told_and_the_effect_shown_anew(gateway: Held) -> None:
    gateway.ordered(1)
    browser, path = at_fix(gateway)
    browser.send(path, ("show", "1"), **CARTONS)
    gateway.publish(other_row())
    assert browser.send(path, ("publish", "1"), reason="x").status_code == 409
    assert "Something was published since this page was loaded" in browser.text
    assert browser.send(path, ("publish", "1"), reason="x").status_code == 303


def test_somebody_of_the_account_and_a_viewer_may_not(gateway: Held) -> None:
    gateway.ordered(1)
    path = f"/problems/{gateway.cause().fingerprint}/fix"
    for role, account in (("viewer", None), ("admin", "acme")):
        assert signed_in(gateway, role, account).open(path).status_code == 403
    assert signed_in(gateway, "support").open("/problems/1-0/fix").status_code == 404


@pytest.mark.parametrize("text", ["\ud800", "x" * 90_000, "=A1+1", "‮", "'; DROP TABLE"])
def test_bad_input_is_answered_with_what_is_wrong(gateway: Held, text: str) -> None:
    gateway.ordered(1)
    browser, path = at_fix(gateway)
    told = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    for name in ("product", "factor", "account_sku", "shown", "reason"):
        data = {**CARTONS, "csrf_token": browser.root.xpath("//input[@name='csrf_token']/@value")[0], name: told}
        answer = browser.client.post(path, data={**data, "publish": "1"})
        assert answer.status_code in (400, 409, 422), answer.text


def test_what_the_terms_lack_leads_there(gateway: Held) -> None:
    gateway.ordered(1, buyer_item=None, seller_item="OAT-1L", unit=None)
    browser, _ = at_fix(gateway, "integration", "unknown_unit")
    assert "Name the unit that counts where a line says none" in browser.text
    (place,) = browser.root.xpath("//section[@id='fix']//a[contains(@href, '/terms/')]/@href")
    assert browser.open(place).status_code == 200
    browser, _ = at_fix(gateway, "support", "unknown_unit")
    assert "That takes somebody of the role integration." in browser.text


def test_a_cause_that_no_row_mends_says_what_else_to_do(gateway: Held) -> None:
    gateway.ordered(1, buyer_item=None)
    browser, path = at_fix(gateway)
    assert "No row of the account's tables mends this. What to do:" in browser.text
    assert browser.root.xpath(f"//form[@action='{path}']") == []
    token = browser.root.xpath("//input[@name='csrf_token']/@value")[0]
    assert browser.client.post(path, data={"csrf_token": token, "publish": "1"}).status_code == 409


def test_while_somebody_types_the_effect_alone_is_answered(gateway: Held) -> None:
    gateway.ordered(2)
    browser, path = at_fix(gateway)
    token = browser.root.xpath("//input[@name='csrf_token']/@value")[0]
    typed = {"csrf_token": token, "account_sku": "PL-9", **CARTONS}
    answer = browser.client.post(path, data={**typed, "publish": "1", "reason": "x"}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "2 orders: 2 would be answered (2 accepted)." in answer.text
    answer = browser.client.post(path, data={**typed, "factor": ""}, headers={"HX-Request": "true"})
    assert (answer.status_code, "fix-factor" in answer.text) == (200, True)
    assert gateway.services.store.revisions.current(["acme"]) == {"acme": 1}, "typing publishes nothing"


def test_orders_that_would_fail_are_asked_about(gateway: Held) -> None:
    gateway.publish(item("PL-1", "OAT-1L"))
    gateway.ordered(2, first=100, buyer_item="PL-1", unit="EA")
    gateway.ordered(1)
    browser, path = at_fix(gateway)
    wrong = {"account_sku": "PL-1", "product": "SOY-1L", "factor": "", "unit": ""}
    browser.send(path, ("show", "1"), **wrong)
    assert "Of their last 2 answered orders 2 would come out otherwise, 2 of them would fail:" in browser.text
    assert "It would free none of them." in browser.text
    answer = browser.send(path, ("publish", "1"), reason="x")
    assert answer.status_code == 409
    assert "Tick that you want it all the same" in browser.text
    assert browser.send(path, ("publish", "1"), reason="x", although="1").status_code == 303


def test_the_form_stands_in_the_problems_page(gateway: Held) -> None:
    gateway.ordered(2)
    browser, path = at_fix(gateway)
    assert browser.open(path.removesuffix("/fix")).status_code == 200
    assert "Say which product of ours PL-9 is." in browser.text
    browser.send(path, ("show", "1"), **CARTONS)
    assert "2 orders: 2 would be answered (2 accepted)." in browser.text
    viewer = signed_in(gateway, "viewer")
    assert viewer.open(path.removesuffix("/fix")).status_code == 200
    assert "That takes somebody of the role support." in viewer.text
    assert signed_in(gateway, "viewer", "acme").open(path.removesuffix("/fix")).status_code == 200
