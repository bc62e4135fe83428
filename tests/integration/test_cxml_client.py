"""A cXML client as another company would write it, from the DTD alone, against the running gateway.

Every document that it sends is valid by cXML's own DTD before it is sent, and so is whatever comes back.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree

from gateway.accounts import publish_catalogue
from gateway.bootstrap import demo_folder
from gateway.store.store import Store
from mappings.files.tables import read_catalogue, read_stock
from tests.harness.gateway import Gateway, running
from tests.harness.waiting import until

US = ("NetworkID", "AN05000000001")
"""As config/supplier.yaml says."""
PIER = ("NetworkID", "AN01000000077")
DOCK = ("DUNS", "987654320")
HUB = ("NetworkID", "AN02000000002")
HUB_SECRET = "canary of the hub, 4711"
DOCTYPE = '<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.060/cXML.dtd">'
Line = tuple[str, str, str]
"""Line number, our item number, pieces."""
CANISTERS: Line = ("1", "OIL-5L", "4")
NAPKINS: Line = ("2", "NAPKIN-100", "10")


@dataclass
class Partner:
    """One system that sends cXML: who it is, and what authenticates it."""

    address: str
    dtds: dict[str, etree.DTD]
    sender: tuple[str, str]
    secret: str
    from_: tuple[str, str]
    payload_ids: Iterator[int]

    def order(
        self,
        number: str,
        *lines: Line,
        kind: str = "new",
        version: str | None = None,
        payload_id: str | None = None,
        refers_to: str | None = None,
        control: str = "",
        at: str = "2026-11-23T09:00:00+01:00",
        **around: Any,
    ) -> tuple[str, bytes]:
        """An OrderRequest; its payloadID and its bytes."""
        own = payload_id or f"{next(self.payload_ids)}.{number}@partner.example"
        named = f' orderVersion="{version}"' if version else ""
        refers = f'<DocumentReference payloadID="{refers_to}"/>' if refers_to else ""
        address = (
            '<Address addressID="PIER-4" isoCountryCode="NL"><Name xml:lang="en">Pier 4</Name><PostalAddress>'
            '<Street>Waalhaven 4</Street><City>Rotterdam</City><Country isoCountryCode="NL">Netherlands</Country>'
            "</PostalAddress></Address>"
        )
        header = (
            f'<OrderRequestHeader orderID="{number}" orderDate="2026-11-23T09:00:00+01:00" type="{kind}"{named}>'
            f'<Total><Money currency="EUR">0</Money></Total><ShipTo>{address}</ShipTo><BillTo>{address}</BillTo>'
            f"{control}{refers}</OrderRequestHeader>"
        )
        inner = header + "".join(_item(*line) for line in lines or (CANISTERS,))
        return own, self.document(own, at, f"<OrderRequest>{inner}</OrderRequest>", **around)

    def document(
        self,
        payload_id: str,
        at: str,
        inner: str,
        *,
        to: tuple[str, str] = US,
        mode: str = "production",
    ) -> bytes:
        """A whole document, valid by the DTD."""
        header = (
            f"<Header><From>{_credential(self.from_)}</From><To>{_credential(to)}</To><Sender>"
            f"{_credential(self.sender, self.secret)}<UserAgent>Client from the DTD 1.0</UserAgent></Sender></Header>"
        )
        body = f'{header}<Request deploymentMode="{mode}">{inner}</Request>'
        named = f'payloadID="{payload_id}" timestamp="{at}" version="1.2.060" xml:lang="en"'
        written = f'<?xml version="1.0" encoding="UTF-8"?>\n{DOCTYPE}\n<cXML {named}>{body}</cXML>\n'.encode()
        self.valid("cXML", written)
        return written

    def valid(self, dtd: str, body: bytes) -> Any:
        """The document's root, once the DTD has nothing against it."""
        root = etree.fromstring(body)
        assert self.dtds[dtd].validate(root), f"{self.dtds[dtd].error_log}\n{body.decode()[:2000]}"
        return root

    def post(self, body: bytes, **headers: str) -> tuple[str, str]:
        """(Status/@code, its words) of the Response."""
        sent = {"Content-Type": "text/xml; charset=UTF-8", **headers}
        answer = httpx.post(f"{self.address}/v1/cxml", content=body, headers=sent, timeout=30, trust_env=False)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/xml")
        root = self.valid("cXML", answer.content)
        assert root.get("payloadID")
        status = root.find("Response/Status")
        return status.get("code"), status.text or ""


def _credential(who: tuple[str, str], secret: str | None = None) -> str:
    shared = "" if secret is None else f"<SharedSecret>{secret}</SharedSecret>"
    return f'<Credential domain="{who[0]}"><Identity>{who[1]}</Identity>{shared}</Credential>'


def _item(number: str, part: str, quantity: str, **attributes: str) -> str:
    named = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return (
        f'<ItemOut quantity="{quantity}" lineNumber="{number}"{named}><ItemID><SupplierPartID>{part}</SupplierPartID>'
        '</ItemID><ItemDetail><UnitPrice><Money currency="EUR">1.00</Money></UnitPrice>'
        f'<Description xml:lang="en">{part}</Description><UnitOfMeasure>EA</UnitOfMeasure>'
        '<Classification domain="UNSPSC">50000000</Classification></ItemDetail></ItemOut>'
    )


class Yard:
    """The running gateway with two accounts that send cXML, and partners of all kinds."""

    def __init__(self, gateway: Gateway, store: Store, dtds: dict[str, etree.DTD]) -> None:
        self.gateway = gateway
        self.store = store
        self.dtds = dtds
        self.keys = {account: self.store.keys.create(account, actor="test")[1] for account in ("pier", "dock")}
        self._payload_ids = count(1)

    def partner(self, secret: str, *, sender: tuple[str, str] = PIER, from_: tuple[str, str] = PIER) -> Partner:
        return Partner(self.gateway.address, self.dtds, sender, secret, from_, self._payload_ids)

    @property
    def pier(self) -> Partner:
        """The account pier itself, with its key."""
        return self.partner(self.keys["pier"])

    def settled(self) -> None:
        """Wait until nothing waits."""
        waiting = ("received", "processing")
        until(lambda: not any(self.store.messages.page(status=one) for one in waiting), 30, "everything is settled")

    def confirmations(self, account: str, number: str) -> list[Any]:
        """The order's ConfirmationRequests in the account's mailbox, oldest first, each valid by the DTD."""
        self.settled()
        partner = self.pier
        headers = {"Authorization": f"Bearer {self.keys[account]}"}
        with httpx.Client(base_url=self.gateway.address, headers=headers, trust_env=False, timeout=30) as client:
            page = client.get("/v1/documents", params={"order_number": number}).json()["documents"]
            assert {one["format"] for one in page} <= {"cxml-1.2"}
            return [partner.valid("Fulfill", client.get(one["href"]).content) for one in page]

    def ledger(self, number: str) -> dict[str, dict[str, str]]:
        """The order's lines as GET /v1/orders tells them."""
        self.settled()
        headers = {"Authorization": f"Bearer {self.keys['pier']}"}
        answer = httpx.get(f"{self.gateway.address}/v1/orders/{number}", headers=headers, trust_env=False, timeout=30)
        return {line["line_number"]: line for line in answer.json()["lines"]}


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory, schemas_dir: Path) -> Iterator[Yard]:
    folder = tmp_path_factory.mktemp("cxml")
    url = f"sqlite:///{folder / 'gateway.db'}"
    store = Store(url)
    store.upgrade()
    publish_catalogue(store, read_catalogue(demo_folder()), author="test", reason="test")
    store.stock.record(read_stock(demo_folder() / "stock.csv"))
    for account_id, own in (("pier", PIER), ("dock", DOCK)):
        hub = {"domain": HUB[0], "identity": HUB[1], "secret": "hub"}
        said = {"from": [{"domain": own[0], "identity": own[1]}], "senders": [hub]}
        policies = {"order_rate_per_minute": 0, "unknown_ship_to": "accept_address"}
        inbound, outbound = {"formats": ["cxml-1.2"]}, {"order_response": {"format": "cxml-1.2"}}
        if account_id == "dock":
            policies |= {"same_number_other_content": "reject"}
        terms = {"cxml": said, "policies": policies, "inbound": inbound, "outbound": outbound}
        account = {"id": account_id, "name": account_id.title(), **terms}
        store.revisions.publish_account(account, [], author="test", reason="test")
    dtds = {name: etree.DTD(str(schemas_dir / "cxml" / f"{name}.dtd")) for name in ("cXML", "Fulfill")}
    with running(Gateway(folder / "gateway", url, workers=1, secret_hub=HUB_SECRET, max_body_bytes=200_000)) as gateway:
        yield Yard(gateway, store, dtds)
        assert gateway.bugs() == []
        assert HUB_SECRET not in gateway.said()
    store.close()


def header_of(confirmation: Any) -> dict[str, str]:
    return dict(confirmation.find(".//ConfirmationHeader").attrib)


def answers_to(confirmation: Any) -> tuple[str, str]:
    """(order number, payloadID) that it refers to."""
    reference = confirmation.find(".//OrderReference")
    return reference.get("orderID"), reference.find("DocumentReference").get("payloadID")


def lines_of(confirmation: Any) -> dict[str, list[tuple[str, str]]]:
    """Line → (type, quantity) of what becomes of it."""
    return {
        item.get("lineNumber"): [(one.get("type"), one.get("quantity")) for one in item.iter("ConfirmationStatus")]
        for item in confirmation.iter("ConfirmationItem")
    }


def replaced_by(confirmed: list[Any]) -> list[str]:
    """The payloadIDs that the confirmations after the first say they replace."""
    return [one.find(".//ConfirmationHeader/DocumentReference").get("payloadID") for one in confirmed[1:]]


def test_a_new_order_is_confirmed_from_us_to_the_account(yard: Yard) -> None:
    payload_id, body = yard.pier.order("N-1", CANISTERS, NAPKINS)
    assert yard.pier.post(body)[0] == "200"
    (confirmation,) = yard.confirmations("pier", "N-1")
    assert header_of(confirmation).items() >= {"type": "accept", "operation": "new"}.items()
    assert answers_to(confirmation) == ("N-1", payload_id)
    assert lines_of(confirmation) == {"1": [("accept", "4")], "2": [("accept", "10")]}
    said = [confirmation.findtext(f"Header/{part}/Credential/Identity") for part in ("From", "To", "Sender")]
    assert said == [US[1], PIER[1], US[1]]
    assert confirmation.find("Request").get("deploymentMode") == "production"
    assert confirmation.findtext(".//SharedSecret") is None


def test_the_same_payload_id_again_is_no_second_order(yard: Yard) -> None:
    payload_id, body = yard.pier.order("N-2")
    _, later = yard.pier.order("N-2", payload_id=payload_id, at="2026-11-23T09:30:00+01:00")
    assert [yard.pier.post(one)[0] for one in (body, body, later)] == ["200"] * 3
    assert len(yard.confirmations("pier", "N-2")) == 1
    _, other = yard.pier.order("N-2-other", payload_id=payload_id)
    assert yard.pier.post(other)[0] == "200"
    assert yard.confirmations("pier", "N-2-other") == []
    (held,) = yard.store.messages.find("N-2-other")
    assert held.status == "held"
    assert [fault.code for fault in yard.store.messages.faults(held.id)] == ["envelope_id_reused"]


def test_an_update_replaces_the_order_and_a_line_that_is_gone_is_cancelled(yard: Yard) -> None:
    first, body = yard.pier.order("N-3", CANISTERS, NAPKINS)
    second, update = yard.pier.order("N-3", ("2", "NAPKIN-100", "25"), kind="update", refers_to=first)
    third, again = yard.pier.order("N-3", ("2", "NAPKIN-100", "20"), CANISTERS, kind="update", refers_to=second)
    for one in (body, update, again):
        assert yard.pier.post(one)[0] == "200"
        yard.settled()
    confirmed = yard.confirmations("pier", "N-3")
    assert [answers_to(one) for one in confirmed] == [("N-3", first), ("N-3", second), ("N-3", third)]
    headers = [header_of(one) for one in confirmed]
    assert len({one["confirmID"] for one in headers}) == 1
    assert [one["operation"] for one in headers] == ["new", "update", "update"]
    replaced = [one.find(".//ConfirmationHeader/DocumentReference") for one in confirmed]
    assert replaced[0] is None
    assert [one.get("payloadID") for one in replaced[1:]] == [one.get("payloadID") for one in confirmed[:2]]
    assert lines_of(confirmed[1])["2"] == [("accept", "25")]
    assert "1" not in lines_of(confirmed[1])
    ledger = yard.ledger("N-3")
    assert (ledger["2"]["ordered"], ledger["2"]["confirmed"]) == ("20", "20")
    assert (ledger["1"]["ordered"], ledger["1"]["confirmed"], ledger["1"]["cancelled"]) == ("4", "4", "0")


def test_the_cancelled_line_stays_in_the_ledger(yard: Yard) -> None:
    _, body = yard.pier.order("N-4", CANISTERS, NAPKINS)
    _, update = yard.pier.order("N-4", NAPKINS, kind="update")
    for one in (body, update):
        yard.pier.post(one)
        yard.settled()
    ledger = yard.ledger("N-4")
    assert (ledger["1"]["ordered"], ledger["1"]["confirmed"], ledger["1"]["cancelled"]) == ("4", "0", "4")
    assert (ledger["2"]["ordered"], ledger["2"]["confirmed"]) == ("10", "10")


def test_a_delete_cancels_the_order_and_nothing_after_it_changes_it(yard: Yard) -> None:
    first, body = yard.pier.order("N-5", CANISTERS, NAPKINS)
    second, delete = yard.pier.order("N-5", CANISTERS, NAPKINS, kind="delete", refers_to=first)
    third, late = yard.pier.order("N-5", CANISTERS, kind="update", refers_to=second)
    for one in (body, delete, late):
        assert yard.pier.post(one)[0] == "200"
        yard.settled()
    confirmed = yard.confirmations("pier", "N-5")
    assert [answers_to(one)[1] for one in confirmed] == [first, second, third]
    assert [header_of(one)["type"] for one in confirmed] == ["accept", "except", "detail"]
    assert [header_of(one)["operation"] for one in confirmed] == ["new", "update", "update"]
    assert len({header_of(one)["confirmID"] for one in confirmed}) == 1
    assert replaced_by(confirmed) == [one.get("payloadID") for one in confirmed[:2]]
    assert lines_of(confirmed[1]) == {"1": [("reject", "4")], "2": [("reject", "10")]}
    assert lines_of(confirmed[2]) == lines_of(confirmed[1])
    assert "cancelled" in confirmed[2].findtext(".//Comments")
    assert {line["cancelled"] for line in yard.ledger("N-5").values()} == {"4", "10"}


def test_an_update_that_comes_before_its_order_waits_for_it(yard: Yard) -> None:
    first, body = yard.pier.order("N-6", CANISTERS)
    second, update = yard.pier.order("N-6", ("1", "OIL-5L", "8"), kind="update", refers_to=first)
    assert yard.pier.post(update)[0] == "200"
    assert yard.pier.post(body)[0] == "200"
    until(lambda: len(yard.store.messages.page(status="received")) == 0, 90, "the update is applied")
    assert [answers_to(one)[1] for one in yard.confirmations("pier", "N-6")] == [first, second]
    assert yard.ledger("N-6")["1"]["ordered"] == "8"


def test_an_update_may_go_back_to_what_the_order_was(yard: Yard) -> None:
    sent = [yard.pier.order("N-16", ("1", "OIL-5L", "4"))]
    sent += [yard.pier.order("N-16", ("1", "OIL-5L", pieces), kind="update") for pieces in ("8", "10", "8")]
    for _, body in [*sent, sent[1]]:  # the last is the second once more
        assert yard.pier.post(body)[0] == "200"
        yard.settled()
    assert [answers_to(one)[1] for one in yard.confirmations("pier", "N-16")] == [payload_id for payload_id, _ in sent]
    assert yard.ledger("N-16")["1"]["ordered"] == "8"


def test_an_update_that_was_overtaken_changes_nothing(yard: Yard) -> None:
    for kind, version, pieces in (("new", "1", "4"), ("update", "3", "8"), ("update", "2", "20")):
        _, body = yard.pier.order("N-17", ("1", "OIL-5L", pieces), kind=kind, version=version)
        assert yard.pier.post(body)[0] == "200"
        yard.settled()
    late = yard.store.messages.page(limit=1)[0]
    assert [fault.code for fault in yard.store.messages.faults(late.id)] == ["stale_change"]
    assert yard.ledger("N-17")["1"]["ordered"] == "8"


def test_a_refused_update_is_answered_by_how_the_order_stands(yard: Yard) -> None:
    first, body = yard.pier.order("N-18", CANISTERS, NAPKINS)
    second, update = yard.pier.order("N-18", ("1", "OIL-5L", "3"), NAPKINS, kind="update")
    third, again = yard.pier.order("N-18", ("1", "OIL-5L", "6"), NAPKINS, kind="update")
    for one in (body, update, again):
        assert yard.pier.post(one)[0] == "200"
        yard.settled()
    confirmed = yard.confirmations("pier", "N-18")
    assert [answers_to(one)[1] for one in confirmed] == [first, second, third]
    headers = [header_of(one) for one in confirmed]
    assert [(one["type"], one["operation"]) for one in headers] == [
        ("accept", "new"),
        ("detail", "update"),
        ("accept", "update"),
    ]
    assert len({one["confirmID"] for one in headers}) == 1
    assert replaced_by(confirmed) == [one.get("payloadID") for one in confirmed[:2]]
    assert lines_of(confirmed[1]) == {"1": [("detail", "4")], "2": [("detail", "10")]}
    told = [item.get("deliveryDate") for one in confirmed[:2] for item in one.iter("ConfirmationStatus")]
    assert told[:2] == told[2:]
    note = confirmed[1].findtext(".//ConfirmationHeader/Comments")
    assert note.startswith("The change was refused and the order stands as it was confirmed.\nLine 1: ")
    assert yard.ledger("N-18")["1"]["confirmed"] == "6"


def test_a_new_order_under_a_number_that_stands_refuses_nothing_of_it(yard: Yard) -> None:
    dock = yard.partner(HUB_SECRET, sender=HUB, from_=DOCK)
    first, body = dock.order("N-21", CANISTERS)
    second, again = dock.order("N-21", ("1", "OIL-5L", "7"), NAPKINS)
    for one in (body, again):
        assert dock.post(one)[0] == "200"
        yard.settled()
    confirmed = yard.confirmations("dock", "N-21")
    assert [answers_to(one)[1] for one in confirmed] == [first, second]
    assert [(header_of(one)["type"], header_of(one)["operation"]) for one in confirmed] == [
        ("accept", "new"),
        ("detail", "update"),
    ]
    assert len({header_of(one)["confirmID"] for one in confirmed}) == 1
    assert replaced_by(confirmed) == [confirmed[0].get("payloadID")]
    assert lines_of(confirmed[1]) == {"1": [("detail", "4")], "2": [("reject", "10")]}
    assert "on the books with other content" in confirmed[1].findtext(".//ConfirmationHeader/Comments")
    assert yard.store.messages.page(limit=1)[0].status == "rejected"


def test_a_line_that_only_a_refused_update_has_is_refused(yard: Yard) -> None:
    _, body = yard.pier.order("N-19", CANISTERS)
    _, delete = yard.pier.order("N-19", CANISTERS, kind="delete")
    _, late = yard.pier.order("N-19", CANISTERS, NAPKINS, kind="update")
    for one in (body, delete, late):
        assert yard.pier.post(one)[0] == "200"
        yard.settled()
    told = lines_of(yard.confirmations("pier", "N-19")[2])
    assert told == {"1": [("reject", "4")], "2": [("reject", "10")]}


def test_nothing_is_said_of_a_refused_update_where_nobody_was_told_how_the_order_stands(yard: Yard) -> None:
    control = '<ControlKeys><OCInstruction value="notAllowed"/></ControlKeys>'
    _, body = yard.pier.order("N-20", CANISTERS, control=control)
    _, update = yard.pier.order("N-20", ("1", "OIL-5L", "3"), kind="update")
    for one in (body, update):
        assert yard.pier.post(one)[0] == "200"
        yard.settled()
    assert yard.confirmations("pier", "N-20") == []
    refused = yard.store.messages.page(limit=1)[0]
    assert refused.status == "rejected"
    assert yard.store.messages.faults(refused.id)
    assert yard.ledger("N-20")["1"]["confirmed"] == "4"


def test_no_confirmation_is_sent_where_none_is_wanted(yard: Yard) -> None:
    control = '<ControlKeys><OCInstruction value="notAllowed"/></ControlKeys>'
    _, body = yard.pier.order("N-7", control=control)
    assert yard.pier.post(body)[0] == "200"
    assert yard.confirmations("pier", "N-7") == []
    assert yard.ledger("N-7")["1"]["confirmed"] == "4"


def test_a_test_is_answered_as_one(yard: Yard) -> None:
    _, body = yard.pier.order("N-8", mode="test")
    assert yard.pier.post(body)[0] == "200"
    (confirmation,) = yard.confirmations("pier", "N-8")
    assert confirmation.find("Request").get("deploymentMode") == "test"


def test_a_test_touches_nothing_and_its_number_stays_free(yard: Yard) -> None:
    """deploymentMode alone makes it one: the Sender and its secret are those of real orders."""
    before = yard.store.stock.load(["OIL-5L"], ["pier"]).positions
    first, body = yard.pier.order("N-22", CANISTERS, mode="test")
    second, update = yard.pier.order("N-22", ("1", "OIL-5L", "8"), kind="update", mode="test")
    for one in (body, update):
        assert yard.pier.post(one)[0] == "200"
        yard.settled()
    tests = yard.store.messages.find("N-22")
    assert [(one.status, one.test, one.test_key) for one in tests] == [("done", True, False)] * 2
    assert yard.pier.post(body)[0] == "200"
    tried = yard.confirmations("pier", "N-22")
    assert [(answers_to(one)[1], header_of(one)["operation"]) for one in tried] == [(first, "new"), (second, "update")]
    assert all(header_of(one)["confirmID"].startswith("TEST-") for one in tried)
    after = yard.store.stock.load(["OIL-5L"], ["pier"]).positions
    assert {place: one.taken for place, one in after.items()} == {place: one.taken for place, one in before.items()}

    third, real = yard.pier.order("N-22", CANISTERS)
    assert yard.pier.post(real)[0] == "200"
    confirmation = yard.confirmations("pier", "N-22")[2]
    assert (answers_to(confirmation)[1], header_of(confirmation)["operation"]) == (third, "new")
    assert confirmation.find("Request").get("deploymentMode") == "production"
    assert yard.ledger("N-22")["1"]["ordered"] == "4"
    headers = {"Authorization": f"Bearer {yard.keys['pier']}"}
    with httpx.Client(base_url=yard.gateway.address, headers=headers, trust_env=False, timeout=30) as client:
        shown = [client.get(f"/v1/messages/{one.id}").json()["test"] for one in yard.store.messages.find("N-22")]
        listed = client.get("/v1/documents", params={"order_number": "N-22"}).json()["documents"]
    assert (sorted(shown), [one["test"] for one in listed]) == ([False, True, True, True], [True, True, False])


def test_what_is_out_of_stock_or_unknown_is_said_by_line(yard: Yard) -> None:
    _, body = yard.pier.order("N-9", ("1", "OIL-5L", "999998"), NAPKINS)
    assert yard.pier.post(body)[0] == "200"
    (confirmation,) = yard.confirmations("pier", "N-9")
    assert header_of(confirmation)["type"] == "except"
    assert set(lines_of(confirmation)) == {"1"}
    assert "backordered" in {kind for kind, _ in lines_of(confirmation)["1"]}


def test_wrong_secrets_and_wrong_recipients_are_refused(yard: Yard) -> None:
    before = len(yard.store.messages.page(limit=1000))
    _, body = yard.partner("wrong").order("N-10")
    unknown = yard.partner(yard.keys["pier"], sender=("NetworkID", "AN09"))
    assert yard.pier.post(body)[0] == "401"
    assert yard.pier.post(unknown.order("N-10")[1]) == yard.pier.post(body)
    assert len(yard.store.messages.page(limit=1000)) == before
    code, text = yard.pier.post(yard.pier.order("N-10", to=("NetworkID", "AN-OTHER"))[1])
    assert (code, "AN-OTHER" in text) == ("400", True)
    assert yard.store.messages.page(limit=1)[0].status == "rejected"
    assert yard.confirmations("pier", "N-10") == []


def test_a_network_sends_for_two_accounts(yard: Yard) -> None:
    for from_, account in ((PIER, "pier"), (DOCK, "dock")):
        hub = yard.partner(HUB_SECRET, sender=("networkid", HUB[1]), from_=from_)
        payload_id, body = hub.order("N-11")
        assert hub.post(body)[0] == "200"
        (confirmation,) = yard.confirmations(account, "N-11")
        assert answers_to(confirmation) == ("N-11", payload_id)
        assert confirmation.findtext("Header/To/Credential/Identity") == from_[1]
    stranger = yard.partner(HUB_SECRET, sender=HUB, from_=("NetworkID", "AN-STRANGER"))
    assert stranger.post(stranger.order("N-11")[1])[0] == "401"


def test_twenty_resends_at_once_are_one_order(yard: Yard) -> None:
    payload_id, body = yard.pier.order("N-12")
    sent = [body, yard.pier.order("N-12", payload_id=payload_id, at="2026-11-23T10:00:00+01:00")[1]] * 10
    with ThreadPoolExecutor(20) as pool:
        codes = list(pool.map(lambda one: yard.pier.post(one)[0], sent))
    assert codes == ["200"] * 20
    assert len(yard.confirmations("pier", "N-12")) == 1
    assert yard.ledger("N-12")["1"]["ordered"] == "4"
    found = yard.store.messages.find(payload_id)
    assert sorted(one.status for one in found) == ["done"] + ["duplicate"] * 19


def test_the_profile_is_told(yard: Yard) -> None:
    body = yard.pier.document("p@partner", "2026-11-23T09:00:00+01:00", "<ProfileRequest/>")
    url = f"{yard.gateway.address}/v1/cxml"
    answer = httpx.post(url, content=body, trust_env=False)
    root = yard.pier.valid("cXML", answer.content)
    taken = {one.get("requestName"): one.findtext("URL") for one in root.iter("Transaction")}
    assert taken == dict.fromkeys(("OrderRequest", "StatusUpdateRequest", "ProfileRequest"), url)


def test_requests_of_other_kinds_are_not_supported(yard: Yard) -> None:
    cookie = "<BuyerCookie>1</BuyerCookie>"
    punch_out = f'<PunchOutSetupRequest operation="create">{cookie}</PunchOutSetupRequest>'
    body = yard.pier.document("q@partner", "2026-11-23T09:00:00+01:00", punch_out)
    assert yard.pier.post(body)[0] == "450"


def test_attachments_come_with_their_order(yard: Yard) -> None:
    link = "<Comments>The plan<Attachment><URL>cid:plan@partner</URL></Attachment></Comments>"
    _, body = yard.pier.order("N-13", control=link)
    parts = (
        b"--b-1\r\nContent-Type: text/xml; charset=UTF-8\r\nContent-ID: <order@partner>\r\n\r\n%b\r\n"
        b"--b-1\r\nContent-Type: application/pdf; name=plan.pdf\r\nContent-ID: <plan@partner>\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjcgYSBwbGFu\r\n--b-1--\r\n"
    ) % body
    kind = 'multipart/related; boundary="b-1"; type="text/xml"; start="<order@partner>"'
    assert yard.pier.post(parts, **{"Content-Type": kind})[0] == "200"
    assert len(yard.confirmations("pier", "N-13")) == 1
    (order,) = yard.store.orders.by_number("pier", "N-13")
    assert "plan.pdf" in yard.store.orders.versions(order.id)[0].canonical


def test_what_cannot_be_read_is_a_400_with_its_place(yard: Yard) -> None:
    _, body = yard.pier.order("N-14")
    internal = body.replace(b'cXML.dtd">', b'cXML.dtd" [<!ENTITY a "b">]>')
    for broken, word in ((body[:-30], "line"), (internal, "internal subset"), (b"", "empty"), (b"<x/>", "cXML")):
        code, text = yard.pier.post(broken)
        assert (code, word in text) == ("400", True), text
    code, text = yard.pier.post(body.ljust(200_001))
    assert (code, "200000" in text) == ("400", True)
    code, text = yard.pier.post(body.ljust(900_000))
    assert (code, "200000" in text) == ("400", True)
    assert yard.confirmations("pier", "N-14") == []


def test_gzip_and_chunks_are_taken(yard: Yard) -> None:
    _, body = yard.pier.order("N-15")
    assert yard.pier.post(gzip.compress(body), **{"Content-Encoding": "gzip"})[0] == "200"

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(body), 100):
            yield body[start : start + 100]

    answer = httpx.post(f"{yard.gateway.address}/v1/cxml", content=pieces(), trust_env=False)
    assert yard.pier.valid("cXML", answer.content).find("Response/Status").get("code") == "200"
    assert len(yard.confirmations("pier", "N-15")) == 1
