"""From a dropped sample order to an answered one, without a script in the browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import mappings
from gateway.drafting.drafts import draft_of
from gateway.onboarding.dropped import LARGEST, proposed_id, sample_name
from tests.api.builders import Gateway, order, ubl_order
from tests.console.conftest import Browser, signed_in
from tests.console.small_catalogue import JSON_ORDER, XML_ORDER, stocked

DEMO = Path(mappings.__file__).parent / "accounts"
OURS = {"1": "OAT-1L", "2": "SOY-1L", "3": "RYE-500"}


class Person:
    """Somebody at a browser, whose clicks, typed fields and chosen files are counted."""

    def __init__(self, browser: Browser) -> None:
        self.browser, self.actions = browser, 0

    def does(self, action: str, **fields: Any) -> None:
        """Fill these fields in and press the form's button; go where that leads."""
        self.actions += len(fields) + 1
        answer = self.browser.fill(action, {name.replace("__", "."): one for name, one in fields.items()})
        assert answer.status_code in (200, 303), self.browser.text
        if answer.status_code == 303:
            self.browser.open(answer.headers["Location"])


def names(browser: Browser, label: str) -> list[str]:
    """The fields that this label is of, in their order."""
    return [str(one.get("for")) for one in browser.root.iter("label") if one.text_content().strip() == label]


@pytest.mark.parametrize(
    ("file_name", "sample", "account", "unit", "manager"),
    [
        ("B-2026-118.json", JSON_ORDER, "kaufhaus-nord", "KRT", "Jan Petersen"),
        ("requisition.xml", XML_ORDER, "lakeside-hotels", "TRAY", "Ruth Harker"),
    ],
)
def test_from_a_foreign_sample_to_an_answered_order_in_15_actions(
    gateway: Gateway,
    monkeypatch: pytest.MonkeyPatch,
    file_name: str,
    sample: bytes,
    account: str,
    unit: str,
    manager: str,
) -> None:
    """New account 1; file, read it 3; start 4; manager's name and e-mail 6; three products 9; what their unit is:
    factor and unit of ours 11; whence the place is supplied 12; save 13; publish 14; send the sample 15."""
    stocked(gateway.services)
    waiting = gateway.app.extensions["door"].waiting
    monkeypatch.setattr(waiting, "until_settled", lambda *_: gateway.work())  # the worker of this test
    person = Person(signed_in(gateway, "integration"))
    browser = person.browser
    person.browser.open("/accounts/new")
    person.actions += 1
    person.does("/accounts/new", sample=(sample, file_name))
    person.does("/accounts")
    assert f"1 {unit} is" in browser.text
    person.does(
        f"/accounts/{account}/setup",
        manager__name=manager,
        manager__email="buying@example.com",
        **dict(zip(names(browser, "Our product"), OURS.values(), strict=True)),
        **_of_all(browser, unit),
        **{names(browser, "Supplied from")[0]: "HAMBURG"},
    )
    assert "Everything in it is understood." in browser.text
    person.does(f"/accounts/{account}/setup/publish")
    person.does(f"/accounts/{account}/setup/test")
    assert "It was answered." in browser.text
    assert person.actions <= 15
    revision = gateway.services.terms.current([account])[account]
    assert revision.account.manager is not None
    assert (revision.number, revision.account.manager.name) == (1, manager)
    (response,) = [json.loads(one.text) for one in browser.root.iter("pre")]
    assert {one["status"] for line in response["lines"] for one in line["outcomes"]} == {"accepted"}


def _of_all(browser: Browser, unit: str) -> dict[str, str]:
    """The fields of the unit for all items, which stand behind those of each item."""
    (factor,) = [one for one in names(browser, f"1 {unit} is") if one.startswith("unit.")]
    (ours,) = [one for one in names(browser, "of our unit") if one.startswith("unit.")]
    return {factor: "12", ours: "EA"}


def test_what_the_suggested_map_does_not_read_is_named(gateway: Gateway) -> None:
    browser = signed_in(gateway, "integration")
    browser.open("/accounts/new")
    sample = json.loads(JSON_ORDER)
    sample["Bestellung"]["Rampe"] = "Tor 4 <b>"
    browser.fill("/accounts/new", {"text": json.dumps(sample)})
    (unread,) = browser.root.xpath("//table[caption='What no rule reads']")
    assert "Bestellung.RampeTor 4 <b>" in unread.text_content()
    assert "look for a day, a place or a note" in browser.text


def test_nothing_counts_before_it_is_published(gateway: Gateway) -> None:
    browser = signed_in(gateway, "integration")
    browser.open("/accounts/new")
    browser.fill(
        "/accounts/new", {"text": json.dumps(order(item="WHAT-1", buyer={"id": "77", "name": "Blue Bar Ltd"}))}
    )
    assert "Blue Bar Ltd" in browser.text
    answer = browser.send("/accounts", tier="gold")
    assert answer.headers["Location"] == "/accounts/blue-bar/setup"
    assert gateway.services.store.revisions.accounts() == []
    terms = draft_of(gateway.services, "blue-bar").terms
    assert (terms["tier"], terms["inbound"]["formats"], terms["identifiers"]) == ("gold", ["json-1"], [{"id": "77"}])
    browser.open("/accounts/blue-bar/setup")
    assert "nothing of it counts before it is published" in browser.text


def test_a_format_that_all_share_is_recognised_and_answered_in_kind(gateway: Gateway) -> None:
    browser = signed_in(gateway, "integration")
    browser.open("/accounts/new")
    browser.fill("/accounts/new", {"sample": (ubl_order().encode(), "../../etc/PO 1.XML")})
    assert "This is order PO-1 in ubl-2.1, with 1 line" in browser.text
    assert browser.send("/accounts", id="acme", name="Acme").status_code == 303
    draft = draft_of(gateway.services, "acme")
    assert draft.terms["outbound"] == {"order_response": {"format": "ubl-2.1", "transport": "mailbox"}}
    assert [edit.natural_key for edit in draft.edits if edit.kind == "file"] == ["samples/PO-1.xml"]
    browser.open("/accounts/acme/setup")
    assert "Everything in it is understood." in browser.text


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        (b"", "There is nothing in it."),
        (b"PO-1;OAT-1L;2", "neither a JSON object or list nor XML"),
        (b'{"a": ', "This can't be taken for an order"),
        (b" " * 10 + b"{" + b" " * LARGEST + b"}", "one may have 1,000,000"),
    ],
)
def test_what_is_no_order_is_told_and_what_was_pasted_stays(gateway: Gateway, sample: bytes, said: str) -> None:
    browser = signed_in(gateway, "integration")
    browser.open("/accounts/new")
    answer = browser.fill("/accounts/new", {"text": sample.decode()})
    assert (answer.status_code, said in browser.text) == (400, True)
    assert browser.root.xpath("string(//textarea)").strip() == sample.decode().strip()


def test_a_taken_id_is_told_at_its_field_and_nothing_typed_is_lost(gateway: Gateway) -> None:
    gateway.account("acme")
    browser = signed_in(gateway, "integration")
    for wanted, said in (("acme", "acme is taken"), ("new", "new is taken"), ("Acme & Co", "2 to 63 small letters")):
        browser.open("/accounts/new")
        browser.fill("/accounts/new", {"text": json.dumps(order())})
        answer = browser.send("/accounts", id=wanted, name="Acme <b>", time_zone="Mars/Base")
        assert answer.status_code == 400
        wrong = [" ".join(one.text_content().split()) for one in browser.root.find_class("wrong")]
        assert any(said in one for one in wrong), wrong
        assert browser.root.xpath("//input[@name='name']/@value") == ["Acme <b>"]
    assert any("an IANA time zone" in one for one in wrong)
    assert gateway.services.store.drafts.open_accounts() == []


def test_a_sample_with_scripts_in_it_is_text(gateway: Gateway) -> None:
    nasty = "<script>alert(1)</script>"
    browser = signed_in(gateway, "integration")
    browser.open("/accounts/new")
    sent = order(item=nasty, buyer={"id": nasty, "name": nasty}, ship_to={"id": nasty, "name": nasty})
    assert nasty not in browser.fill("/accounts/new", {"text": json.dumps(sent)}).text
    browser.send("/accounts", id="nasty")
    assert nasty not in browser.open("/accounts/nasty/setup").text
    assert nasty in browser.text
    assert not browser.root.xpath("//script[not(@src)]")


def test_a_sample_of_20_megabytes_is_refused_and_says_so(gateway: Gateway) -> None:
    browser = signed_in(gateway, "integration")
    browser.open("/accounts/new")
    answer = browser.fill("/accounts/new", {"sample": (b"{" + b" " * 20_000_000 + b"}", "large.json")})
    assert (answer.status_code, answer.mimetype) == (413, "text/html")
    assert "More than 2.0 MB can't be sent here." in browser.text
    answer.request.environ["wsgi.input"].close()  # nobody read it to its end


def test_a_peppol_order_is_answered_in_peppols_words(gateway: Gateway) -> None:
    browser = signed_in(gateway, "integration")
    sample = DEMO / "acme-retail" / "samples" / "01-accepted.xml"
    browser.open("/accounts/new")
    browser.fill("/accounts/new", {"sample": (sample.read_bytes(), sample.name)})
    assert browser.root.xpath("//select[@name='answers']/option[@selected]/@value") == ["peppol-bis-3"]


def test_a_cxml_order_says_by_which_credentials_they_come(gateway: Gateway) -> None:
    browser = signed_in(gateway, "integration")
    sample = DEMO / "blue-harbor" / "samples" / "01-accepted.xml"
    browser.open("/accounts/new")
    browser.fill("/accounts/new", {"sample": (sample.read_bytes(), sample.name)})
    assert browser.send("/accounts", id="harbor", name="Harbor").status_code == 303
    terms = draft_of(gateway.services, "harbor").terms
    assert [set(one) for one in terms["cxml"]["from"]] == [{"domain", "identity"}]
    assert terms["outbound"]["order_response"]["format"] == "cxml-1.2"


@pytest.mark.parametrize(
    ("buyer", "taken", "found"),
    [
        ("Kaufhaus Süd GmbH & Co. KG", (), "kaufhaus-sud"),
        ("ACME", ("acme", "acme-2"), "acme-3"),
        ("株式会社", (), "new-account"),
        ("", ("new-account",), "new-account-2"),
        ("x" * 80, (), "x" * 40),
        ("AG", (), "ag"),
    ],
)
def test_an_id_is_proposed_of_the_buyers_name(buyer: str, taken: tuple[str, ...], found: str) -> None:
    assert proposed_id(buyer, taken) == found


@pytest.mark.parametrize(
    ("file_name", "found"),
    [
        ("PO 7.XML", "PO-7.json"),
        ("..\\..\\etc\\passwd", "passwd.json"),
        ("a/b/order.expected.json", "order.json"),
        ("", "first-order.json"),
        ("💥.json", "first-order.json"),
    ],
)
def test_a_samples_name_is_a_plain_one(file_name: str, found: str) -> None:
    assert sample_name(file_name, ".json") == found
