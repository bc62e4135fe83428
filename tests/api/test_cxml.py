"""The cXML endpoint over the application: who gets in, what is kept, and what its Response says."""

from __future__ import annotations

import gzip
import io
import threading
from dataclasses import replace
from typing import Any

import pytest
from lxml import etree

from gateway.kept_secrets import KeptSecrets
from gateway.named_secrets import NamedSecrets
from gateway.refusal_log import LINES_A_MINUTE
from gateway.sealing import Keyring
from tests.api.builders import MEGABYTE, Gateway, services_at
from tests.harness.waiting import until

US = ("NetworkID", "AN-US")
OUR_GLN = "9521234000006"
HARBOR = ("NetworkID", "AN-HARBOR")
ISLAND = ("DUNS", "123456789")
HUB = ("NetworkID", "AN-HUB")
CANARY = "canary-of-the-hub-4711"
DOCTYPE = '<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.060/cXML.dtd">'
LINE = (
    '<ItemOut quantity="2" lineNumber="1"><ItemID><SupplierPartID>OAT-1L</SupplierPartID></ItemID><ItemDetail>'
    '<UnitPrice><Money currency="USD">2.15</Money></UnitPrice><Description xml:lang="en">Oat</Description>'
    '<UnitOfMeasure>EA</UnitOfMeasure><Classification domain="UNSPSC">50202300</Classification></ItemDetail></ItemOut>'
)


def credential(who: tuple[str, str], secret: str | None = None) -> str:
    shared = "" if secret is None else f"<SharedSecret>{secret}</SharedSecret>"
    return f'<Credential domain="{who[0]}"><Identity>{who[1]}</Identity>{shared}</Credential>'


def document(
    secret: str,
    *,
    number: str = "C-1",
    payload_id: str = "p-1@harbor.example",
    at: str = "2026-11-23T09:00:00+00:00",
    sender: tuple[str, str] = HARBOR,
    from_: tuple[str, str] = HARBOR,
    to: tuple[str, str] = US,
    mode: str = "production",
    request: str | None = None,
    doctype: str = DOCTYPE,
    lines: str = LINE,
) -> bytes:
    """An order as cXML, or another request."""
    header = (
        f"<Header><From>{credential(from_)}</From><To>{credential(to)}</To>"
        f"<Sender>{credential(sender, secret)}<UserAgent>test</UserAgent></Sender></Header>"
    )
    asked = request or (
        f'<OrderRequest><OrderRequestHeader orderID="{number}" orderDate="2026-11-23T09:00:00+00:00" type="new">'
        '<Total><Money currency="USD">4.30</Money></Total><ShipTo><Address addressID="PIER-4">'
        f'<Name xml:lang="en">Pier 4</Name></Address></ShipTo></OrderRequestHeader>{lines}</OrderRequest>'
    )
    inner = f'{header}<Request deploymentMode="{mode}">{asked}</Request>'
    start = f'<?xml version="1.0" encoding="UTF-8"?>{doctype}'
    return f'{start}<cXML payloadID="{payload_id}" timestamp="{at}">{inner}</cXML>'.encode()


class CxmlGateway(Gateway):
    """A gateway with two accounts that send cXML, and a hub that sends for both."""

    def __init__(self, folder: Any, environment: Any = (("HUB", CANARY),)) -> None:
        services = services_at(f"sqlite:///{folder / 'gateway.db'}", f"unix://{folder / 'nobody.sock'}")
        self.key = Keyring(lambda: ("of some length " * 3, None))
        super().__init__(
            replace(
                services,
                supplier=replace(services.supplier, cxml=(US,), gln=OUR_GLN),
                secrets=NamedSecrets(dict(environment)).beside(KeptSecrets(services.store.secrets, self.key)),
            )
        )
        hub = {"domain": HUB[0], "identity": HUB[1], "secret": "hub"}
        self.harbor = self._account("harbor", HARBOR, hub)
        self.island = self._account("island", ISLAND, hub)

    def _account(self, account_id: str, from_: tuple[str, str], hub: dict[str, str], **terms: Any) -> Any:
        said = {"from": [{"domain": from_[0], "identity": from_[1]}], "senders": [hub]}
        return self.account(account_id, cxml=said, inbound={"formats": ["cxml-1.2"]}, **terms)

    def post(self, body: bytes, **headers: str) -> tuple[str, str]:
        """(Status/@code, its text) of the Response, which must be HTTP 200 and cXML."""
        answer = self.client.post("/v1/cxml", data=body, headers={"Content-Type": "text/xml", **headers})
        assert answer.status_code == 200
        assert answer.mimetype == "text/xml"
        root = etree.fromstring(answer.data)
        status = root.find("Response/Status")
        assert status is not None
        assert root.get("payloadID")
        assert root.get("timestamp")
        return str(status.get("code")), status.text or ""

    def kept(self) -> list[Any]:
        return self.services.store.messages.page()


@pytest.fixture
def cxml(tmp_path: Any) -> Any:
    opened = CxmlGateway(tmp_path)
    yield opened
    opened.close()


def test_an_order_is_stored_before_it_is_judged_and_names_its_message(cxml: CxmlGateway) -> None:
    code, text = cxml.post(document(cxml.harbor.key))
    (message,) = cxml.kept()
    assert code == "200"
    assert message.id in text
    assert (message.account_id, message.status, message.format, message.source) == (
        "harbor",
        "received",
        "cxml-1.2",
        "cxml",
    )
    cxml.work()
    (kept,) = cxml.kept()
    assert kept.status == "done"
    (found,) = cxml.services.store.documents.of_messages([kept.id])
    assert found.format == "cxml-1.2"


def test_the_shared_secret_is_not_kept(cxml: CxmlGateway) -> None:
    for body in (
        document(cxml.harbor.key),
        document(f"<!-- x -->{cxml.harbor.key}<![CDATA[]]>", payload_id="p-2"),
        document(cxml.harbor.key).decode().replace("UTF-8", "UTF-16").encode("utf-16"),
        document(cxml.harbor.key, payload_id="p-3")[:-20],
    ):
        cxml.post(body)
    kept = [cxml.services.store.messages.body(message.id) for message in cxml.kept()]
    assert len(kept) == 4
    for body in kept:
        assert cxml.harbor.key.encode() not in body
        assert cxml.harbor.key.encode("utf-16-le") not in body


def test_a_repeated_payload_id_is_stored_again_and_is_no_second_order(cxml: CxmlGateway) -> None:
    for at in ("2026-11-23T09:00:00+00:00", "2026-11-23T09:00:00+00:00", "2026-11-23T09:05:00+00:00"):
        assert cxml.post(document(cxml.harbor.key, at=at))[0] == "200"
    cxml.work()
    assert sorted(message.status for message in cxml.kept()) == ["done", "duplicate", "duplicate"]
    assert len(cxml.services.store.orders.by_number("harbor", "C-1")) == 1


def test_a_payload_id_with_other_content_is_held(cxml: CxmlGateway) -> None:
    cxml.post(document(cxml.harbor.key))
    cxml.work()
    assert cxml.post(document(cxml.harbor.key, number="C-2"))[0] == "200"
    cxml.work()
    newest = cxml.kept()[0]
    assert newest.status == "held"
    (fault,) = cxml.services.store.messages.faults(newest.id)
    assert fault.code == "envelope_id_reused"
    assert fault.value == "p-1@harbor.example"
    assert "payloadID" in fault.location
    assert "payloadID" in fault.detail


def test_unknown_senders_and_wrong_secrets_are_answered_alike(cxml: CxmlGateway) -> None:
    expired = cxml.services.store.keys.create("harbor", actor="test", expires_at=1)[1]
    key, revoked = cxml.services.store.keys.create("harbor", actor="test")
    cxml.services.store.keys.revoke(key.id, actor="test")
    wrong = [
        document("wrong"),
        document(""),
        document(expired),
        document(revoked),
        document(cxml.island.key),
        document(CANARY),
        document(cxml.harbor.key, sender=("NetworkID", "AN-NOBODY")),
        document("wrong", sender=HUB),
        document(cxml.services.store.keys.create(None, actor="test")[1]),
    ]
    assert {cxml.post(body) for body in wrong} == {
        ("401", "The Sender isn't known here, or its SharedSecret is wrong, expired or revoked.")
    }
    assert cxml.kept() == []


def test_a_hub_sends_for_every_account_that_lists_it_and_from_selects(cxml: CxmlGateway) -> None:
    sent = [
        document(CANARY, sender=("networkid", "AN-HUB"), from_=("NETWORKID", "AN-HARBOR"), number="C-7"),
        document(CANARY, sender=HUB, from_=ISLAND, number="C-7"),
        document(cxml.island.key, sender=HUB, from_=ISLAND, number="C-8", payload_id="p-2"),
    ]
    assert [cxml.post(body)[0] for body in sent] == ["200"] * 3
    assert [message.account_id for message in reversed(cxml.kept())] == ["harbor", "island", "island"]
    assert cxml.post(document(CANARY, sender=HUB, from_=("NetworkID", "AN-NOBODY")))[0] == "401"
    assert cxml.post(document(cxml.island.key, sender=HUB, from_=HARBOR))[0] == "401"
    cxml.work()
    assert {message.status for message in cxml.kept()} == {"done"}


def test_a_hub_s_secret_in_the_database_counts_within_a_second_or_two_from_any_process(tmp_path: Any) -> None:
    cxml = CxmlGateway(tmp_path, environment={})
    try:
        assert cxml.post(document(CANARY, sender=HUB))[0] == "401"
        elsewhere = KeptSecrets(cxml.services.store.secrets, cxml.key)
        elsewhere.set("HUB", CANARY, actor="test")
        assert until(lambda: cxml.post(document(CANARY, sender=HUB))[0] == "200", 10, "it is let in") < 3
        elsewhere.set("HUB", "another", actor="test")
        assert until(lambda: cxml.post(document(CANARY, sender=HUB))[0] == "401", 10, "the old one is refused") < 3
        assert cxml.post(document("another", sender=HUB))[0] == "200"
        elsewhere.remove("HUB", actor="test", reason="test")
        assert until(lambda: cxml.post(document("another", sender=HUB))[0] == "401", 10, "it is refused") < 3
    finally:
        cxml.close()


def test_what_is_not_for_us_is_refused_and_kept(cxml: CxmlGateway) -> None:
    code, text = cxml.post(document(cxml.harbor.key, to=("NetworkID", "AN-OTHER")))
    assert code == "400"
    assert "AN-OTHER" in text
    (message,) = cxml.kept()
    assert message.status == "rejected"
    (fault,) = cxml.services.store.messages.faults(message.id)
    assert (fault.code, fault.expected) == ("wrong_recipient", "AN-US (NetworkID)")
    assert cxml.services.store.messages.find("C-1", "harbor") == [message]
    assert list(cxml.services.store.audit.broken()) == []
    assert cxml.post(document(cxml.harbor.key, to=("networkid", "AN-US")))[0] == "200"


@pytest.mark.parametrize("domain", ["GLN", "gln", "0088"])
def test_our_gln_is_us_as_it_is_where_orders_come_otherwise(cxml: CxmlGateway, domain: str) -> None:
    assert cxml.post(document(cxml.harbor.key, to=(domain, OUR_GLN)))[0] == "200"
    assert cxml.post(document(cxml.harbor.key, to=("DUNS", OUR_GLN), payload_id="p-2"))[0] == "400"


def test_a_test_is_one_by_its_mode_or_by_its_key(cxml: CxmlGateway) -> None:
    test_key = cxml.services.store.keys.create("harbor", actor="test", test=True)[1]
    cxml.post(document(cxml.harbor.key, mode="test"))
    cxml.post(document(test_key, number="C-2", payload_id="p-2"))
    cxml.work()
    numbers = [
        document.number
        for message in cxml.kept()
        for document in cxml.services.store.documents.of_messages([message.id])
    ]
    assert len(numbers) == 2
    assert all(number.startswith("TEST-") for number in numbers)


OTHER_REQUESTS = ["PunchOutSetupRequest", "GetPendingRequest", "ConfirmationRequest"]


def test_a_status_update_says_what_became_of_a_document_of_ours(cxml: CxmlGateway) -> None:
    cxml.post(document(cxml.harbor.key))
    cxml.work()
    (order,) = cxml.kept()
    (response,) = cxml.services.store.documents.of_messages([order.id])
    payload_id = etree.fromstring(cxml.services.store.documents.body(response.id)).get("payloadID")
    status = '<Status code="406" text="Not Acceptable" xml:lang="en">the day is too late</Status>'
    said = f'<StatusUpdateRequest><DocumentReference payloadID="{payload_id}"/>{status}</StatusUpdateRequest>'
    body = document(CANARY, sender=HUB, request=said, payload_id="s-1")
    code, text = cxml.post(body)
    assert (code, text.startswith("Stored as message")) == ("200", True)
    cxml.work()
    message = next(one for one in cxml.kept() if one.id != order.id)
    assert (message.status, message.format) == ("done", "cxml-1.2")
    assert CANARY.encode() not in (cxml.services.store.messages.body(message.id) or b"")
    (word,) = cxml.services.store.deliveries.receipts(response.id)
    assert (word.kind, word.word, word.message_id) == ("status_update", "rejected", message.id)
    (problem,) = cxml.services.store.delivery_problems.all()
    assert (problem.code, "the day is too late" in problem.detail) == ("document_rejected", True)
    assert cxml.post(body)[0] == "200"
    cxml.work()
    assert len(cxml.services.store.deliveries.receipts(response.id)) == 1
    assert cxml.post(document("wrong", request=said, payload_id="s-2"))[0] == "401"


@pytest.mark.parametrize("name", OTHER_REQUESTS)
def test_other_requests_are_not_supported(cxml: CxmlGateway, name: str) -> None:
    code, text = cxml.post(document(cxml.harbor.key, request=f"<{name}/>"))
    assert (code, name in text) == ("450", True)
    assert cxml.post(document("wrong", request=f"<{name}/>"))[0] == "401"
    assert cxml.kept() == []


def test_the_profile_says_what_is_taken_and_where(cxml: CxmlGateway, schemas_dir: Any) -> None:
    body = document(cxml.harbor.key, request="<ProfileRequest/>")
    answer = cxml.client.post("/v1/cxml", data=body, base_url="https://orders.example")
    root = etree.fromstring(answer.data)
    assert etree.DTD(str(schemas_dir / "cxml" / "cXML.dtd")).validate(root)
    taken = {one.get("requestName"): one.findtext("URL") for one in root.iter("Transaction")}
    assert taken == dict.fromkeys(
        ("OrderRequest", "StatusUpdateRequest", "ProfileRequest"), "https://orders.example/v1/cxml"
    )
    assert cxml.kept() == []
    assert cxml.post(document("wrong", request="<ProfileRequest/>"))[0] == "401"
    assert cxml.post(document(cxml.harbor.key, request="<ProfileRequest/>", to=HARBOR))[0] == "400"


INTERNAL = '<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.060/cXML.dtd" [<!ENTITY a "b">]>'


@pytest.mark.parametrize(
    ("doctype", "cut", "code"),
    [
        (DOCTYPE, 20, "xml_not_well_formed"),
        (INTERNAL, 0, "xml_doctype_refused"),
        ('<!DOCTYPE cXML SYSTEM "http://evil.example/x.dtd">', 0, "xml_doctype_refused"),
    ],
)
def test_what_cannot_be_read_is_kept_where_its_sender_can(cxml: CxmlGateway, doctype: str, cut: int, code: str) -> None:
    def body(secret: str) -> bytes:
        whole = document(secret, doctype=doctype)
        return whole[: len(whole) - cut]

    assert cxml.post(body("wrong"))[0] == "400"
    assert cxml.kept() == []
    assert cxml.post(body(cxml.harbor.key))[0] == "400"
    (message,) = cxml.kept()
    assert message.status == "rejected"
    assert [fault.code for fault in cxml.services.store.messages.faults(message.id)] == [code]
    (found,) = cxml.services.store.messages.find("p-1@harbor.example")
    assert found.id == message.id


@pytest.mark.parametrize(
    "body", [b"", b"   ", b"{}", b"<Order/>", b"<cXML/>", b"\0\1\2", b"<cXML><Header></Header></cXML>"]
)
def test_nothing_is_so_odd_that_it_is_not_answered(cxml: CxmlGateway, body: bytes) -> None:
    assert cxml.post(body)[0] in ("400", "401")
    assert cxml.kept() == []


def test_size_coding_and_chunks_are_as_for_orders(cxml: CxmlGateway) -> None:
    body = document(cxml.harbor.key)
    code, text = cxml.post(body.ljust(MEGABYTE + 1))
    assert (code, str(MEGABYTE) in text) == ("400", True)
    assert cxml.post(gzip.compress(body), **{"Content-Encoding": "gzip"})[0] == "200"
    assert cxml.post(body, **{"Content-Encoding": "gzip"})[0] == "400"
    assert cxml.post(body, **{"Content-Encoding": "br"})[0] == "400"
    answer = cxml.client.post(
        "/v1/cxml",
        input_stream=io.BytesIO(body),
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )
    assert b'code="200"' in answer.data


def multipart(cxml: CxmlGateway, boundary: str = "b-1", encoding: str = "8bit") -> bytes:
    import base64

    link = '<Comments><Attachment><URL>cid:plan@harbor</URL></Attachment></Comments><Extrinsic name="x">y</Extrinsic>'
    order = document(cxml.harbor.key).replace(b"</OrderRequestHeader>", link.encode() + b"</OrderRequestHeader>")
    root = base64.encodebytes(order) if encoding == "base64" else order
    return (
        f"--{boundary}\r\nContent-Type: text/xml\r\nContent-ID: <root>\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    ).encode() + (
        root
        + f"\r\n--{boundary}\r\nContent-Type: application/pdf; name=plan.pdf\r\nContent-ID: <plan@harbor>\r\n"
        f"\r\n%PDF-1.7 a plan\r\n--{boundary}--\r\n".encode()
    )


@pytest.mark.parametrize("encoding", ["8bit", "base64"])
def test_attachments_are_kept_with_their_order(cxml: CxmlGateway, encoding: str) -> None:
    kind = 'multipart/related; type="text/xml"; boundary=b-1; start="<root>"'
    assert cxml.post(multipart(cxml, encoding=encoding), **{"Content-Type": kind})[0] == "200"
    cxml.work()
    (message,) = cxml.kept()
    assert message.status == "done"
    assert cxml.harbor.key.encode() not in cxml.services.store.messages.body(message.id)
    (order,) = cxml.services.store.orders.by_number("harbor", "C-1")
    (version,) = cxml.services.store.orders.versions(order.id)
    assert '"filename":"plan.pdf"' in version.canonical.replace(": ", ":")
    with cxml.services.store.database.read() as connection:
        bodies = [bytes(row[0]) for row in connection.exec_driver_sql("SELECT body FROM payloads")]
    assert any(b"a plan" in body for body in bodies)


def test_parts_that_cannot_be_told_are_a_400_and_kept(cxml: CxmlGateway) -> None:
    assert cxml.post(multipart(cxml)[:-20], **{"Content-Type": "multipart/related; boundary=b-1"})[0] == "400"
    (message,) = cxml.kept()
    assert message.status == "rejected"
    assert cxml.harbor.key.encode() not in cxml.services.store.messages.body(message.id)
    assert cxml.post(multipart(cxml), **{"Content-Type": "multipart/related"})[0] == "400"


def test_over_rate_and_what_cannot_be_stored_are_for_another_try(cxml: CxmlGateway, monkeypatch: Any) -> None:
    from gateway.store import intake
    from gateway.store.database import StoreUnavailable

    cxml._account("harbor", HARBOR, {"domain": HUB[0], "identity": HUB[1]}, policies={"order_rate_per_minute": 1})
    key = cxml.services.store.keys.create("harbor", actor="test")[1]

    def no_room(*_: Any, **__: Any) -> None:
        raise StoreUnavailable("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(intake.Intake, "keep_together", no_room)
        code, text = cxml.post(document(cxml.island.key, sender=ISLAND, from_=ISLAND))
        assert (code, "Send the same again" in text) == ("503", True)
    codes = [cxml.post(document(key, payload_id=f"p-{number}"))[0] for number in range(3)]
    assert codes == ["200", "503", "503"]
    assert len(cxml.kept()) == 1


def test_a_bug_is_a_500_without_its_words(cxml: CxmlGateway, monkeypatch: Any) -> None:
    from gateway import cxml_intake

    def broken(*_: Any) -> None:
        raise RuntimeError("canary")

    monkeypatch.setattr(cxml_intake, "read_envelope", broken)
    code, text = cxml.post(document(cxml.harbor.key))
    assert (code, "canary" in text) == ("500", False)


def test_twenty_resends_at_once_are_one_order(cxml: CxmlGateway) -> None:
    codes: list[str] = []
    sent = [document(cxml.harbor.key, at=f"2026-11-23T09:00:{number % 4:02}+00:00") for number in range(20)]
    threads = [threading.Thread(target=lambda body=body: codes.append(cxml.post(body)[0])) for body in sent]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cxml.work()
    assert codes == ["200"] * 20
    assert sorted(message.status for message in cxml.kept()) == ["done"] + ["duplicate"] * 19
    assert len(cxml.services.store.documents.page("harbor", kind=None, order_number=None, after=None, limit=9)) == 1


def test_nothing_of_a_secret_is_logged(cxml: CxmlGateway, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    cxml.post(document(CANARY, sender=HUB))
    cxml.post(document(CANARY, sender=HUB)[:-30])
    cxml.post(document(f"{CANARY}x", sender=HUB))
    assert CANARY not in caplog.text
    assert "'AN-HUB'" in caplog.text
    assert CANARY not in repr(cxml.services)


def test_who_is_not_let_in_is_logged_and_counted_and_fills_no_disk(
    cxml: CxmlGateway, caplog: pytest.LogCaptureFixture
) -> None:
    stranger = ("NetworkID", "AN-NOBODY\nnot let in: somebody else")
    for _ in range(LINES_A_MINUTE + 5):
        assert cxml.post(document("wrong", sender=stranger))[0] == "401"
    lines = [record.getMessage() for record in caplog.records if record.name == "gateway.refusal_log"]
    assert len(lines) == LINES_A_MINUTE
    assert lines[0].startswith("not let in: cXML Sender 'AN-NOBODY")
    assert all("\n" not in line and "wrong," not in line.partition(": The")[0] for line in lines)
    assert cxml.post(document(CANARY, sender=HUB))[0] == "200"
    told = cxml.client.get("/metrics").text
    for code, count in (("200", 1), ("401", LINES_A_MINUTE + 5), ("450", 0)):
        assert f'gateway_cxml_answers_total{{status="{code}"}} {count}.0' in told


@pytest.mark.parametrize("door", ["cxml", "orders"])
@pytest.mark.parametrize("written", ["x&{};y", "<!--</SharedSecret>-->{}", "<![CDATA[{}]]>", "x<{}>"])
def test_no_secret_is_kept_nor_told_of_what_cannot_be_read(cxml: CxmlGateway, door: str, written: str) -> None:
    body = document(written.format(CANARY), sender=HUB).replace(b"<cXML ", b'<cXML xmlns:x="urn:x" ')
    for number, sent in enumerate(
        (body, body.replace(b"</OrderRequest>", b"</OrderRequestX>"), body.replace(b"xmlns:x=", b"xmlns="))
    ):
        if door == "cxml":
            told = cxml.post(sent)[1]
        else:
            headers = {"Authorization": f"Bearer {cxml.harbor.key}", "Content-Type": "text/xml"}
            told = cxml.client.post("/v1/orders", data=sent, headers=headers).text
            assert len(cxml.kept()) == number + 1
        assert CANARY not in told
    for message in cxml.kept():
        assert CANARY.encode() not in cxml.services.store.messages.body(message.id)
        assert CANARY not in repr(cxml.services.store.messages.faults(message.id))


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"</Request>", b"</Request><Request><OrderRequest/></Request>", "repeated_element"),
        (b"</OrderRequest>", b"</OrderRequest><OrderRequest/>", "repeated_element"),
        (b"</Header>", b"</Header><Header/>", "repeated_element"),
        (b"</From>", b"</From><From/>", "repeated_element"),
        (b'"production"', b'"produktion"', "bad_value"),
    ],
)
def test_a_second_order_or_sender_and_an_unknown_mode_are_refused(
    cxml: CxmlGateway, old: bytes, new: bytes, code: str
) -> None:
    body = document(cxml.harbor.key).replace(old, new)
    assert cxml.post(body)[0] == "400"
    headers = {"Authorization": f"Bearer {cxml.harbor.key}", "Content-Type": "text/xml"}
    cxml.client.post("/v1/orders", data=body, headers=headers)
    assert len(cxml.kept()) == 2
    for message in cxml.kept():
        assert message.status == "rejected"
        (fault,) = cxml.services.store.messages.faults(message.id)
        assert fault.code == code
        assert "line 1: " in fault.location
