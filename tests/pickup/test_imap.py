"""The mails of a mailbox, at a real IMAP server on loopback: what is found, fetched and moved, and who is believed."""

from __future__ import annotations

import contextlib
import logging
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from gateway.delivery.guard import AddressGuard
from gateway.named_secrets import NamedSecrets
from gateway.pickup.imap import Imap
from gateway.pickup.source import Deadline, Found, Gone, NotSettled, Opened, PickupFailed, PickupMeans, Unfit
from mappings.pickups import check, endpoint_of, secrets_named
from mappings.transports import BadTerms
from mappings.yaml_tree import read_tree
from tests.pickup.mail_server import PASSWORD, USER, MailServer
from tests.pickup.mails import ACME, XML, mail

MOST = 100_000
AUTHORITY, STRANGER = trustme.CA(), trustme.CA()
SECRETS = {
    "BOX": PASSWORD,
    "WRONG": "not it",
    "CA": AUTHORITY.cert_pem.bytes().decode(),
    "NO_PEM": "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----",
}
Serve = Callable[..., MailServer]


def certified(*names: str, by: trustme.CA = AUTHORITY) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    by.issue_cert(*names).configure_cert(context)
    return context


@pytest.fixture
def script() -> Iterator[Callable[..., Scripted]]:
    opened: list[Scripted] = []

    def start(*answers: bytes, drips: bytes = b"") -> Scripted:
        opened.append(Scripted(*answers, drips=drips))
        return opened[-1]

    yield start
    for server in opened:
        server.close()


@pytest.fixture
def serve() -> Iterator[Serve]:
    opened: list[MailServer] = []

    def start(*told: Any, **behaves: Any) -> MailServer:
        opened.append(MailServer(*told, **behaves))
        return opened[-1]

    yield start
    for server in opened:
        server.close()


def means(
    networks: tuple[str, ...] = ("127.0.0.0/8",), resolve: Callable[[str, int], list[str]] = lambda *_: ["127.0.0.1"]
) -> PickupMeans:
    return PickupMeans(AddressGuard(networks, resolve), NamedSecrets(SECRETS), Path("unused"))


def terms(port: int, scheme: str = "imap", host: str = "127.0.0.1", folder: str = "", **changed: Any) -> dict[str, Any]:
    known = {"imap": f"{scheme}://orders%40us.example@{host}:{port}/{folder}", "password": "BOX", "from": ACME}
    return {name: value for name, value in {**known, **changed}.items() if value is not None}


@contextlib.contextmanager
def opened(told: dict[str, Any], seconds: float = 10.0, **changed: Any) -> Iterator[Opened]:
    with Imap().open(told, means(**changed), Deadline(seconds)) as found:
        yield found


def read(folder: Opened, found: Found) -> list[tuple[str, bytes]]:
    return [(one.name, one.body) for one in folder.read(found, MOST)]


ORDER = ("application/xml", "order.xml", XML)


# --- the way of a mail ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("lacks", [(), ("MOVE",), ("MOVE", "UIDPLUS")])
def test_a_mail_is_found_read_and_moved(serve: Serve, lacks: tuple[str, ...]) -> None:
    server = serve(lacks=lacks)
    server.put(mail(ORDER))
    server.put(mail(Subject="Second", From="other@acme.example"))
    with opened(terms(server.port)) as folder:
        first, second = sorted(folder.found(), key=lambda one: one.order)
        assert (first.name, second.name, first.is_whole) == ("Our order", "Second", True)
        assert first.size == len(server.mails()[0])
        assert read(folder, first) == [("order.xml", XML)]
        assert folder.settle(first, "id-1", refused=False) == "INBOX/done"
        with pytest.raises(Unfit, match=r"is from other@acme\.example"):
            folder.read(second, MOST)
        assert folder.settle(second, "id-2", refused=True) == "INBOX/refused"
        for one in (first, second):
            with pytest.raises(Gone):
                folder.settle(one, "id-3", refused=False)
    assert server.mails() == []
    assert (server.subjects("INBOX/done"), server.subjects("INBOX/refused")) == (["Our order"], ["Second"])
    with opened(terms(server.port)) as folder:
        assert folder.found() == []


def test_reading_marks_nothing_and_can_be_done_again(serve: Serve) -> None:
    server = serve()
    server.put(mail(ORDER))
    for _ in range(2):
        with opened(terms(server.port)) as folder:
            (found,) = folder.found()
            assert read(folder, found) == read(folder, found) == [("order.xml", XML)]
    with opened(terms(server.port)) as folder:
        assert [one.stands for one in folder.found()] == [found.stands]


def test_folders_have_their_names_in_any_script(serve: Serve) -> None:
    server = serve()
    server.make("Bestellungen &- Auftr&AOQ-ge")
    server.put(mail(ORDER), "Bestellungen &- Auftr&AOQ-ge")
    told = terms(server.port, folder="Bestellungen%20&%20Auftr%C3%A4ge", done="erledigt/2026 ✓", refused="*")
    for _ in range(2):  # the second time the folders are there
        with opened(told) as folder:
            for found in folder.found():
                assert folder.settle(found, "id", refused=False) == "Bestellungen & Aufträge/erledigt/2026 ✓"
        server.put(mail(ORDER), "Bestellungen &- Auftr&AOQ-ge")
    assert len(server.mails("Bestellungen &- Auftr&AOQ-ge/erledigt/2026 &JxM-")) == 2
    with opened(told) as folder:  # what stands for anything in a list is a name like any other
        (found,) = folder.found()
        assert folder.settle(found, "id", refused=True) == "Bestellungen & Aufträge/*"


def test_a_mail_that_went_meanwhile_is_gone(serve: Serve) -> None:
    server = serve()
    server.put(mail(ORDER))
    with opened(terms(server.port)) as folder:
        (found,) = folder.found()
        server.delete()
        with pytest.raises(Gone):
            folder.settle(found, "id", refused=False)
        with pytest.raises(Gone):
            folder.read(found, MOST)


def test_a_folder_that_was_made_anew_has_other_mails(serve: Serve) -> None:
    """Also where they have the same numbers."""
    stood = []
    for _ in range(2):
        server = serve()
        server.put(mail(ORDER))
        with opened(terms(server.port)) as folder:
            (found,) = folder.found()
            stood.append(found.stands)
        server.close()
    assert stood[0].partition("/")[2] == stood[1].partition("/")[2]
    assert stood[0] != stood[1]


def test_mails_marked_as_deleted_are_left(serve: Serve) -> None:
    server = serve()
    server.put(mail(ORDER), flags="\\Deleted")
    with opened(terms(server.port)) as folder:
        assert folder.found() == []


def test_a_folder_of_many_mails_is_listed_whole_and_oldest_first(serve: Serve) -> None:
    server = serve()
    for number in range(3):
        server.put(mail(Subject=str(number)))
    from gateway.pickup import imap

    before, imap._AT_ONCE = imap._AT_ONCE, 2
    try:
        with opened(terms(server.port)) as folder:
            assert [one.name for one in sorted(folder.found(), key=lambda one: one.order)] == ["0", "1", "2"]
    finally:
        imap._AT_ONCE = before


def test_a_huge_mail_is_not_fetched(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    server = serve()
    server.put(mail(("application/xml", "order.xml", b"x" * 2_000_000)))
    with caplog.at_level(logging.DEBUG, "pymap.imap"), opened(terms(server.port)) as folder:
        (found,) = folder.found()
        with pytest.raises(Unfit, match=r"has 2,7\d\d,\d\d\d bytes as a mail; 1,150,000 are taken"):
            folder.read(found, MOST)
        assert folder.settle(found, "id", refused=True) == "INBOX/refused"
    asked = [one for one in caplog.messages if "-->| " in one]
    assert [one for one in asked if "RFC822.SIZE" in one]
    assert not [one for one in asked if "BODY.PEEK[]" in one]


def test_where_no_folder_can_be_made_the_mail_stays(serve: Serve) -> None:
    server = serve()
    server.put(mail(ORDER))
    with opened(terms(server.port, done="archive")) as folder:
        (found,) = folder.found()
        folder._session._client._imap.create = lambda *_: ("NO", [b"[NOPERM] no rights"])  # type: ignore[attr-defined]
        with pytest.raises(NotSettled, match=r"can't be moved to INBOX/archive: .*no rights"):
            folder.settle(found, "id", refused=False)
    assert len(server.mails()) == 1


def test_a_folder_that_isnt_there_is_told(serve: Serve) -> None:
    with (
        pytest.raises(PickupFailed, match="the folder Orders/In can't be opened"),
        opened(terms(serve().port, folder="Orders/In")),
    ):
        pass


# --- who sent it ---------------------------------------------------------------------------------------------------
def test_an_address_is_agreed_in_capitals_too(serve: Serve) -> None:
    server = serve()
    server.put(mail(ORDER, From="ACME <Purchasing@Acme.EXAMPLE>"))
    for said in ("PURCHASING@acme.example", ["x@acme.example", ACME], "any"):
        with opened(terms(server.port, **{"from": said})) as folder:
            assert len(folder.read(folder.found()[0], MOST)) == 1


def test_mails_of_others_are_left_where_that_is_agreed(serve: Serve) -> None:
    server = serve()
    for sender in (ACME, "orders@pine.example", "a@x.example, b@x.example"):
        server.put(mail(ORDER, From=sender, Subject=sender[:6]))
    with opened(terms(server.port, others="leave")) as folder:
        assert [one.name for one in folder.found()] == ["purcha"]
    with opened(terms(server.port)) as folder:
        assert len(folder.found()) == 3


def test_a_from_that_nobody_vouches_for_is_refused_where_that_is_agreed(serve: Serve) -> None:
    server = serve()
    vouched = f"mail.us.example; dmarc=pass header.from={ACME.partition('@')[2]}"
    server.put(mail(ORDER, Authentication_Results=vouched))
    server.put(mail(ORDER, Authentication_Results=vouched.replace("pass", "fail")))
    server.put(mail(ORDER))
    with opened(terms(server.port, authenticated_by="mail.us.example")) as folder:
        first, *others = sorted(folder.found(), key=lambda one: one.order)
        assert len(folder.read(first, MOST)) == 1
        for one in others:
            with pytest.raises(
                Unfit, match=r"mail\.us\.example doesn't say that it really is from purchasing@acme\.example"
            ):
                folder.read(one, MOST)


@pytest.mark.parametrize(
    ("sender", "why"), [("a@x.example, b@x.example", "doesn't say who"), (USER, "our own address")]
)
def test_even_anybody_is_somebody_else(serve: Serve, sender: str, why: str) -> None:
    server = serve()
    server.put(mail(ORDER, From=sender))
    with opened(terms(server.port, **{"from": "any"})) as folder, pytest.raises(Unfit, match=why):
        folder.read(folder.found()[0], MOST)


# --- who is let in, and who is believed ----------------------------------------------------------------------------
@pytest.mark.parametrize("encrypted", [True, False])
def test_a_mailbox_elsewhere_is_spoken_to_encrypted(serve: Serve, encrypted: bool) -> None:
    server = serve(certified("mail.us.example"), encrypted=encrypted)
    server.put(mail(ORDER))
    with opened(terms(server.port, "imaps" if encrypted else "imap", "mail.us.example", ca="CA")) as folder:
        assert read(folder, folder.found()[0]) == [("order.xml", XML)]


@pytest.mark.parametrize("encrypted", [True, False])
@pytest.mark.parametrize(
    ("certificate", "ca", "why"),
    [
        (lambda: certified("mail.us.example", by=STRANGER), "CA", "unable to get local issuer"),
        (lambda: certified("mail.us.example"), None, "unable to get local issuer|self.signed"),
        (lambda: certified("other.us.example"), "CA", "Hostname mismatch"),
        (lambda: certified("127.0.0.1"), "CA", "Hostname mismatch"),
    ],
)
def test_another_certificate_is_not_believed(
    serve: Serve, encrypted: bool, certificate: Any, ca: str | None, why: str
) -> None:
    server = serve(certificate(), encrypted=encrypted)
    told = terms(server.port, "imaps" if encrypted else "imap", "mail.us.example", ca=ca)
    with pytest.raises(PickupFailed, match=f"certificate isn't to be trusted: .*({why})"), opened(told):
        pass


def test_a_server_elsewhere_that_knows_no_encryption_gets_no_password(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve()
    with (
        caplog.at_level(logging.DEBUG, "pymap.imap"),
        pytest.raises(PickupFailed, match="STARTTLS"),
        opened(terms(server.port, "imap", "mail.us.example", ca="CA")),
    ):
        pass
    assert not [one for one in caplog.messages if "AUTHENTICATE" in one or "LOGIN " in one]


def test_a_wrong_password_is_told_and_not_shown(serve: Serve) -> None:
    with pytest.raises(PickupFailed) as told, opened(terms(serve().port, password="WRONG")):
        pass
    assert str(told.value) == "orders@us.example isn't let in"


def test_a_password_that_the_server_cannot_be_told(script: Callable[..., Scripted]) -> None:
    server = script(HELLO, CAPABLE)
    with pytest.raises(PickupFailed, match="beyond ASCII"), opened(terms(server.port)):
        pass


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"password": "UNSET"}, "the secret UNSET isn't set"),
        ({"ca": "UNSET"}, "the secret UNSET isn't set"),
        ({"ca": "NO_PEM"}, "can't be read as PEM"),
    ],
)
def test_secrets_that_cannot_be_used_are_the_terms_fault(changed: dict[str, str], why: str) -> None:
    with pytest.raises(BadTerms, match=why), opened(terms(1, **changed)):
        pass


def test_an_address_that_is_not_called(serve: Serve) -> None:
    with (
        pytest.raises(PickupFailed, match="only public addresses are called"),
        opened(terms(serve().port), networks=()),
    ):
        pass


def test_the_second_address_is_tried_where_the_first_is_away(serve: Serve) -> None:
    server = serve()
    server.put(mail(ORDER))
    with opened(terms(server.port), resolve=lambda *_: ["127.0.0.2", "127.0.0.1"]) as folder:
        assert len(folder.found()) == 1


# --- servers that don't behave -------------------------------------------------------------------------------------
class Scripted:
    """Says what it is told to, line after line: to each that it hears, or, where `drips`, a byte at a time for ever."""

    def __init__(self, *answers: bytes, drips: bytes = b"") -> None:
        self._answers, self._drips = list(answers), drips
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            connection, _ = self._listening.accept()
            with connection, connection.makefile("rb") as heard:
                line = b""
                for answer in self._answers:
                    tag = line.split(b" ")[0]
                    connection.sendall(answer.replace(b"TAG OK", tag + b" OK done"))
                    line = heard.readline()
                while self._drips and not self._over.wait(0.05):
                    connection.sendall(self._drips)
                self._over.wait(20)

    def close(self) -> None:
        self._over.set()
        self._listening.close()
        self._thread.join(10)


HELLO = b"* OK [CAPABILITY IMAP4rev1] hello\r\n"
CAPABLE = b"* CAPABILITY IMAP4rev1\r\nTAG OK\r\n"
LET_IN = (HELLO, CAPABLE, b"TAG OK\r\n", b'* LIST () "/" ""\r\nTAG OK\r\n')
FOLDER_OF_ONE = b"* 1 EXISTS\r\n* OK [UIDVALIDITY 1] ok\r\nTAG OK [READ-WRITE]\r\n"
ONE = (b"* 1 FETCH (UID 7 FLAGS () RFC822.SIZE 10 INTERNALDATE NIL BODY[HEADER] {2}\r\n\r\n)\r\nTAG OK\r\n",)


@pytest.mark.parametrize(
    ("says", "drips"),
    [
        ((), b""),
        ((b"* OK",), b" x"),
        ((HELLO, CAPABLE), b""),
        ((*LET_IN,), b"* 1 RECENT\r\n"),
        ((*LET_IN, FOLDER_OF_ONE, *ONE, b"* 1 FETCH (UID 7 BODY[] {10}\r\n"), b""),
        ((*LET_IN, FOLDER_OF_ONE, *ONE), b"*"),
    ],
)
def test_a_server_that_hangs_or_drips_is_left_at_the_deadline(
    script: Callable[..., Scripted], says: tuple[bytes, ...], drips: bytes
) -> None:
    server = script(*says, drips=drips)
    started = time.monotonic()
    with (
        pytest.raises(PickupFailed, match=r"not done within 0\.6 seconds"),
        opened(terms(server.port, password="WRONG"), 0.6) as folder,
    ):
        folder.read(folder.found()[0], MOST)
    assert time.monotonic() - started < 3
    server.close()


def test_a_server_that_drips_in_the_handshake_is_left_at_the_deadline(script: Callable[..., Scripted]) -> None:
    server = script(b"\x16\x03\x03\x3f\xff", drips=b"\x00")
    started = time.monotonic()
    with pytest.raises(PickupFailed, match="not done within"), opened(terms(server.port, "imaps"), 0.6):
        pass
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    ("says", "why"),
    [
        ((b"220 smtp.example\r\n",), "unexpected response|smtp"),
        ((b"* BYE overloaded\r\n",), "overloaded"),
        ((HELLO, b"* CAPABILITY IMAP2\r\nTAG OK\r\n"), "IMAP4 compliant"),
        ((HELLO, b"x" * 2_000_000), "more than"),
        ((*LET_IN[:3], b"* LIST {}\r\nTAG OK\r\n", b"* BYE\r\n"), "."),
        ((*LET_IN, FOLDER_OF_ONE.replace(b"1 EXISTS", b"many EXISTS")), "."),
        ((*LET_IN, FOLDER_OF_ONE, b"* 1 FETCH seven\r\nTAG OK\r\n"), "."),
        ((*LET_IN, FOLDER_OF_ONE, b"* 1 FETCH (" + b"(" * 5_000 + b"\r\nTAG OK\r\n"), "."),
        ((*LET_IN, FOLDER_OF_ONE, b"* 1 FETCH (UID 7 RFC822.SIZE big)\r\nTAG OK\r\n"), "."),
        ((*LET_IN, FOLDER_OF_ONE, *ONE, b"* 1 FETCH (UID 7 BODY[] {9999999999}\r\n"), "more than it was asked for"),
        ((*LET_IN, FOLDER_OF_ONE, *ONE, b"* 1 FETCH (UID 7 BODY[] {-5}\r\n"), "."),
    ],
)
def test_whatever_a_server_says_is_a_failure_of_the_place(
    script: Callable[..., Scripted], says: tuple[bytes, ...], why: str
) -> None:
    server = script(*says)
    with pytest.raises(PickupFailed, match=why) as told, opened(terms(server.port, password="WRONG"), 1.5) as folder:
        folder.read(folder.found()[0], MOST)
    assert str(told.value).isprintable()
    assert len(str(told.value)) < 500


def test_nothing_is_left_open(serve: Serve) -> None:
    """No thread and no connection stays of a look that went well, nor of one that didn't."""
    server = serve(certified("mail.us.example"), encrypted=True)
    before = {one.name for one in threading.enumerate()}
    for host, fails in (("mail.us.example", False), ("wrong.us.example", True)):
        told = terms(server.port, "imaps", host, ca="CA")
        with contextlib.suppress(PickupFailed), opened(told) as folder:
            assert folder.found() == []
            assert not fails
    left = [one for one in threading.enumerate() if one.name not in before and not one.name.startswith("resolver")]
    assert [one for one in left if isinstance(one, threading.Timer) and not one.finished.is_set()] == []


# --- terms ---------------------------------------------------------------------------------------------------------
def test_where_terms_lead() -> None:
    assert endpoint_of(terms(1993, "imaps", "mail.us.example", "Orders/Größe")) == (
        "imaps://orders%40us.example@mail.us.example:1993/Orders/Größe"
    )
    assert endpoint_of({"imap": "imap://us@mail", "password": "X", "from": "any"}) == "imap://us@mail:143/INBOX"
    assert endpoint_of({"imap": "imaps://us@[::1]/", "password": "X", "from": "any"}) == "imaps://us@[::1]:993/INBOX"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"imap": "https://us@mail.us.example"}, "imap must be a URL"),
        ({"imap": "imaps://mail.us.example"}, "imap must be a URL"),
        ({"imap": "imaps://us@mail.us.example:0"}, "imap must be a URL"),
        ({"imap": "imaps://us@mail.us.example:x"}, "imap must be a URL"),
        ({"imap": "imaps://us@mail.us.example/a//b"}, "imap must be a URL"),
        ({"imap": "imaps://us@mail.us.example/a%0d%0ab"}, "imap must be a URL"),
        ({"imap": "imaps://us@mail.us.example/INBOX?x"}, "imap must be a URL"),
        ({"imap": 7}, "imap must be a URL"),
        ({"imap": "imaps://us:word@mail.us.example"}, "must not have a password in it"),
        ({"password": None}, "needs password beside it"),
        ({"ca": 7}, "ca must be a secret"),
        ({"from": None}, "needs from beside it"),
        ({"from": []}, "needs from beside it"),
        ({"from": ["any"]}, "from must be addresses"),
        ({"from": "acme.example"}, "from must be addresses"),
        ({"others": "delete"}, "others must be refuse or leave"),
        ({"others": "leave", "from": "any"}, "there are no others"),
        ({"authenticated_by": "a; b"}, "authenticated_by must be the name"),
    ],
)
def test_terms_that_cannot_be_used(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(BadTerms, match=why):
        endpoint_of(terms(993, "imaps", "mail.us.example", **changed))


@pytest.mark.parametrize("readme", ["README.md", "mappings/accounts/README.md"])
def test_the_terms_that_are_explained_can_be_used(readme: str) -> None:
    text = (Path(__file__).resolve().parents[2] / readme).read_text(encoding="utf-8")
    found = re.findall(r"^    - (\{imap: .*\})$", text, re.MULTILINE)
    assert found
    for one in found:
        told = read_tree(one).value
        check(told)
        assert endpoint_of(told) == "imaps://orders%40us.example@mail.us.example:993/INBOX"


@pytest.mark.parametrize(
    ("changed", "why"),
    [({"host_key": "x"}, "host_key is nothing that imap knows"), ({"done": "refused"}, "two folders")],
)
def test_terms_are_judged_as_those_of_every_place(changed: dict[str, Any], why: str) -> None:
    told = terms(993, "imaps", ca="CA", authenticated_by="mail.us.example", others="leave", done="read", every="5m")
    check(told)
    assert sorted(secrets_named(told)) == ["BOX", "CA"]
    with pytest.raises(BadTerms, match=why):
        check({**told, **changed})
