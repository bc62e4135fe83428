"""An account's terms, edited by forms and as text: into the draft, judged as a folder's are, and over nobody."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gateway.console.places import mended_at
from gateway.console.terms.sections import SECTIONS
from gateway.drafting.drafts import draft_of
from mappings.account import SENT, Policies
from schemas.faults import Fault
from tests.api.builders import Gateway
from tests.console.conftest import Browser, signed_in


def at(section: str) -> str:
    return f"/accounts/acme/terms/{section}"


def draft_terms(gateway: Gateway) -> Any:
    return draft_of(gateway.services, "acme").terms


def editing(gateway: Gateway, section: str, **terms: Any) -> Browser:
    gateway.account("acme", **terms)
    browser = signed_in(gateway, "integration")
    assert browser.open(at(section)).status_code == 200
    return browser


def saved(browser: Browser, section: str, **fields: str) -> None:
    answer = browser.fill(at(section), {name.replace("__", "."): one for name, one in fields.items()})
    assert answer.status_code == 303, browser.text


def wrong(browser: Browser) -> list[str]:
    return [
        " ".join(one.text_content().split())
        for one in browser.root.find_class("wrong") + browser.root.find_class("bad")
    ]


def test_every_policy_has_a_form_a_sentence_and_what_is_usual(gateway: Gateway) -> None:
    browser = editing(gateway, "policies", policies={"fractional_unit": "round_up"})
    names = {str(one.get("name")) for one in browser.root.iter("input", "select")}
    for name, info in Policies.model_fields.items():
        assert f"policies.{name}" in names
        assert info.description
        assert info.description in browser.text
    others = [" ".join(one.text_content().split()) for one in browser.root.find_class("other")]
    assert any(one.startswith("Fractional unit") and "Usually reject." in one for one in others)
    assert not any(one.startswith("Partial") for one in others)


def test_a_policy_is_changed_in_the_draft_alone(gateway: Gateway) -> None:
    browser = editing(gateway, "policies")
    saved(browser, "policies", policies__unknown_item="hold_line", policies__delivery_waits="1m, 2h")
    policies = draft_terms(gateway)["policies"]
    assert (policies["unknown_item"], policies["delivery_waits"]) == ("hold_line", ["1m", "2h"])
    assert policies["order_key"] == ["buyer", "order_number"]
    assert gateway.services.terms.current(["acme"])["acme"].account.policies.unknown_item == "hold"
    browser.open(f"{at('policies')}?saved=1")
    assert "It is in the draft." in browser.text


@pytest.mark.parametrize("section", SECTIONS)
def test_what_nobody_changed_makes_no_edit(gateway: Gateway, section: str) -> None:
    outbound = {
        kind: {"format": "json-1", "transport": transport}
        for kind, transport in zip(
            SENT,
            (
                {"webhook": "https://acme.example/edi", "secret": ["ONE", "TWO"]},
                {"https": "https://acme.example/edi", "basic": {"user": "us", "password": "PASS"}},
                {"sftp": "sftp://us@acme.example/in", "host_key": f"SHA256:{'a' * 43}", "key": "KEY"},
                {"email": ["a@acme.example", "b@acme.example"]},
                "mailbox",
            ),
            strict=True,
        )
    }
    pickup = [
        {"folder": "acme/in", "test": "true", "every": "30s"},
        {"imap": "imaps://orders@mail.example/INBOX", "password": "MAIL", "from": ["a@b.example", "c@d.example"]},
    ]
    browser = editing(
        gateway,
        section,
        manager={"name": "Dana", "role": "buyer"},
        team=[{"name": "Sam"}, {"name": "Kim", "email": "k@example.com"}],
        calendar="DE-HH",
        business_hours={"saturday": "09:00-13:00", "friday": "08:00-12:00, 13:00-15:00"},
        legal={
            "name": "ACME SE",
            "address": {"city": "Hamburg"},
            "endpoint": {"scheme": "0088", "id": "4012345000009"},
        },
        identifiers=[{"scheme": "0088", "id": "4012345000009"}, {"id": "77"}],
        contracts=["K-1", "K-2"],
        cxml={"from": [{"domain": "NetworkID", "identity": "AN1"}], "senders": []},
        inbound={"formats": ["ubl-2.1", "json-1"], "pickup": pickup},
        outbound=outbound,
        terms={"currency": "EUR", "payment": {"days": 30, "discount": {"days": 10, "percent": "2"}}},
    )
    saved(browser, section)
    assert [one.text() for one in draft_of(gateway.services, "acme").differences] == []


def test_people_come_go_and_change(gateway: Gateway) -> None:
    browser = editing(gateway, "people", team=[{"name": "Sam"}, {"name": "Kim"}])
    saved(
        browser,
        "people",
        manager__name="Dana Reyes",
        manager__email="dana@example.com",
        team__0__name="",
        team__1__role="scheduler",
        team__2__name="Lee",
    )
    terms = draft_terms(gateway)
    assert terms["manager"] == {"name": "Dana Reyes", "email": "dana@example.com"}
    assert terms["team"] == [{"name": "Kim", "role": "scheduler"}, {"name": "Lee"}]


@pytest.mark.parametrize(
    ("section", "fields", "said"),
    [
        ("people", {"manager.phone": "1"}, "manager.name is missing|is missing"),
        ("basics", {"time_zone": "Mars/Base"}, "an IANA time zone"),
        ("basics", {"calendar": "ZZ"}, "there is no calendar 'ZZ'"),
        ("basics", {"business_hours.monday": "8-5"}, "hours such as 08:00-17:00"),
        ("payment", {"terms.currency": "euro"}, "three letters of ISO 4217"),
        ("payment", {"terms.payment.days": "soon"}, "a whole number"),
        ("policies", {"policies.acknowledge_within": "4 hours"}, "a whole number and m, h or d"),
        ("policies", {"policies.allocation_percent": "101"}, "from 0 to 100"),
        (
            "order_response",
            {"outbound.order_response.format": "json-1", "outbound.order_response.transport": "webhook"},
            "webhook must be a URL",
        ),
        (
            "order_response",
            {
                "outbound.order_response.format": "json-1",
                "outbound.order_response.transport": "https",
                "outbound.order_response.transport.https.https": "https://acme.example/edi",
                "outbound.order_response.transport.https.bearer": "GATEWAY_SECRET_X",
            },
            "is the variable of the secret, not its name",
        ),
        ("pickup", {"inbound.pickup.0.kind": "folder"}, "folder must be a folder's name"),
        ("pickup", {"inbound.pickup.0.address": "acme/in"}, "a pickup names one of"),
        (
            "inventory_report",
            {"outbound.inventory_report.format": "csv-1", "outbound.inventory_report.schedule": "hourly"},
            "cron|five",
        ),
    ],
)
def test_what_is_wrong_is_told_as_for_a_folder_and_nothing_typed_is_lost(
    gateway: Gateway, section: str, fields: dict[str, str], said: str
) -> None:
    browser = editing(gateway, section, calendar="DE-HH")
    assert browser.fill(at(section), fields).status_code == 400
    assert any(re.search(said, one) for one in wrong(browser)), wrong(browser)
    shown = {
        str(one.get("name")): one.get("value") or "".join(one.xpath(".//option[@selected]/@value"))
        for one in browser.root.iter("input", "select")
    }
    assert {name: shown[name] for name in fields} == fields
    assert draft_of(gateway.services, "acme").edits == ()


def test_a_way_out_is_chosen_with_what_it_needs_alone(gateway: Gateway) -> None:
    transport = {"webhook": "https://acme.example/edi", "secret": "HOOK"}
    browser = editing(gateway, "invoice", outbound={"invoice": {"format": "json-1", "transport": transport}})
    place = "outbound.invoice.transport"
    sent = {place: "email", f"{place}.email.email": "ap@acme.example, edi@acme.example"}
    assert browser.fill(at("invoice"), sent).status_code == 303
    assert draft_terms(gateway)["outbound"]["invoice"]["transport"] == {
        "email": ["ap@acme.example", "edi@acme.example"]
    }
    browser.open(at("invoice"))
    saved(browser, "invoice", outbound__invoice__format="")
    assert "invoice" not in draft_terms(gateway)["outbound"]


def test_formats_keep_their_order(gateway: Gateway) -> None:
    browser = editing(gateway, "formats", inbound={"formats": ["ubl-2.1", "json-1"]})
    form = {"inbound.formats.cxml-1.2": "on"}
    assert browser.fill(at("formats"), form, untick=["inbound.formats.json-1"]).status_code == 303
    assert draft_terms(gateway)["inbound"]["formats"] == ["ubl-2.1", "cxml-1.2"]


def test_two_at_one_part_are_both_shown_and_one_chooses(gateway: Gateway) -> None:
    browser = editing(gateway, "basics")
    other = signed_in(gateway, "admin")
    other.open(at("basics"))
    saved(other, "basics", name="Acme of theirs")
    answer = browser.fill(at("basics"), {"name": "Acme of mine", "tier": "gold"})
    assert answer.status_code == 409
    assert "Now it is: Acme of theirs." in browser.text
    assert browser.root.xpath("//input[@name='name']/@value") == ["Acme of mine"]
    assert draft_terms(gateway)["name"] == "Acme of theirs"
    saved(browser, "basics")
    assert (draft_terms(gateway)["name"], draft_terms(gateway)["tier"]) == ("Acme of mine", "gold")


def test_two_at_different_parts_are_no_conflict(gateway: Gateway) -> None:
    browser = editing(gateway, "basics")
    other = signed_in(gateway, "admin")
    other.open(at("payment"))
    saved(other, "payment", terms__currency="NOK")
    saved(browser, "basics", name="Acme of mine")
    assert (draft_terms(gateway)["name"], draft_terms(gateway)["terms"]["currency"]) == ("Acme of mine", "NOK")


def test_terms_as_text_are_judged_line_by_line(gateway: Gateway) -> None:
    browser = editing(gateway, "text", calendar="DE-HH")
    text = browser.root.xpath("string(//textarea)")
    assert "calendar: DE-HH" in text
    bad = text.replace("tier: standard", "tier: gilded").replace("calendar: DE-HH", "calendar: XX\nmangaer: {}")
    assert browser.fill(at("text"), {"text": bad}).status_code == 400
    said = wrong(browser)
    assert any(re.search(r"Line \d+: tier|Line \d+: can't be 'gilded'", one) for one in said), said
    assert any("perhaps manager" in one for one in said)
    assert any("there is no calendar 'XX'" in one for one in said)
    assert "mangaer" in browser.root.xpath("string(//textarea)")
    good = text.replace("tier: standard", "tier: gold")
    assert browser.fill(at("text"), {"text": good.replace("\n", "\r\n")}).status_code == 303
    assert draft_terms(gateway)["tier"] == "gold"


def test_text_that_is_no_yaml_or_another_account_is_refused(gateway: Gateway) -> None:
    browser = editing(gateway, "text")
    text = browser.root.xpath("string(//textarea)")
    for bad, said in (("a: [", "can't be read as YAML"), (text.replace("id: acme", "id: delta"), "can't be changed")):
        assert browser.fill(at("text"), {"text": bad}).status_code == 400
        assert any(said in one for one in wrong(browser)), wrong(browser)
    assert draft_of(gateway.services, "acme").edits == ()


def test_text_that_somebody_overtook_is_shown_beside_theirs(gateway: Gateway) -> None:
    browser = editing(gateway, "text")
    other = signed_in(gateway, "admin")
    other.open(at("basics"))
    saved(other, "basics", name="Acme of theirs")
    mine = browser.root.xpath("string(//textarea)").replace("name: Acme", "name: Acme of mine")
    assert browser.fill(at("text"), {"text": mine}).status_code == 409
    assert "name: Acme of theirs" in browser.root.xpath("string(//pre)")
    assert "name: Acme of mine" in browser.root.xpath("string(//textarea)")
    assert browser.fill(at("text"), {}).status_code == 303
    assert draft_terms(gateway)["name"] == "Acme of mine"


def test_there_is_no_such_part(gateway: Gateway) -> None:
    browser = editing(gateway, "basics")
    assert browser.open(at("nothing")).status_code == 404
    assert browser.open("/accounts/nobody/terms/basics").status_code == 404


@pytest.mark.parametrize(
    ("role", "account", "is_led"), [("integration", None, True), ("support", None, False), ("admin", "acme", False)]
)
def test_who_may_change_terms_is_led_to_where(gateway: Gateway, role: str, account: str | None, is_led: bool) -> None:
    manager = {"name": "Dana Reyes"}
    gateway.account("acme", manager=manager, outbound={"invoice": {"format": "json-1"}})
    browser = signed_in(gateway, role, account)
    browser.open("/accounts/acme")
    first = next(browser.root.iter("h2"))
    assert "People" in first.text_content(), "the manager comes first"
    leads = {str(one).rpartition("/")[2] for one in browser.root.xpath("//a/@href") if "/terms/" in str(one)}
    assert leads == ({*SECTIONS, "text"} if is_led else set())


@pytest.mark.parametrize(
    ("path", "section"),
    [
        ("/manager/name", "people"),
        ("/outbound/invoice/format", "invoice"),
        ("/inbound/formats/0", "formats"),
        ("/policies/partial", "policies"),
        ("/terms/rebates/0/name", "text"),
        ("/identifiers/0/id", "identifiers"),
        ("", "text"),
    ],
)
def test_a_fault_of_the_terms_leads_to_where_they_are_changed(path: str, section: str) -> None:
    fault = Fault("bad_value", "wrong", path, "account.yaml line 3")
    assert mended_at("acme", fault) == f"/accounts/acme/terms/{section}"


def test_an_editor_gets_the_schema_of_the_terms(gateway: Gateway) -> None:
    browser = editing(gateway, "text")
    address = browser.root.xpath("string(//textarea/@data-schema)")
    found = browser.open(address).json
    assert "What a line is counted in" in found["$defs"]["Policies"]["properties"]["default_unit"]["description"]
