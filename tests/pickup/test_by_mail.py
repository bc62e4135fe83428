"""Orders by e-mail: from a mailbox on a real IMAP server, through the intake, to the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from imapclient import IMAPClient

from gateway import pickup_look
from tests.harness.waiting import until
from tests.pickup.conftest import PINE, Yard, an_order
from tests.pickup.mail_server import PASSWORD, MailServer
from tests.pickup.mails import mail

PURCHASING = "purchasing@pine.example"


@pytest.fixture
def server() -> Iterator[MailServer]:
    started = MailServer()
    yield started
    started.close()


def terms(server: MailServer, **changed: Any) -> dict[str, Any]:
    box = f"imap://orders%40us.example@127.0.0.1:{server.port}/INBOX"
    return {"imap": box, "password": "BOX", "from": [PURCHASING], **changed}


@pytest.fixture
def ready(server: MailServer) -> Callable[..., Yard]:
    """Orders of the account come to this mailbox from now on."""

    def agree(yard: Yard, **changed: Any) -> Yard:
        yard.secrets = {"BOX": PASSWORD}
        yard.agree(terms(server, **changed))
        return yard

    return agree


def order_mail(*bodies: bytes, **headers: Any) -> Any:
    attached = [("application/json", f"PO-{number}.json", body) for number, body in enumerate(bodies)]
    return mail(*attached, **{"From": PURCHASING, **headers})


def test_an_order_by_mail_is_answered_in_the_mailbox(
    yard_on_either: Yard, server: MailServer, ready: Callable[..., Yard]
) -> None:
    yard = ready(yard_on_either)
    server.put(order_mail(an_order()))
    yard.begin()
    until(lambda: "INBOX/done" in server.folders() and server.subjects("INBOX/done"), 20, "the mail is moved")
    yard.gateway.work()
    ((message_id, source),) = yard.rows("SELECT id, source FROM messages")
    assert (source, yard.gateway.message(message_id).status) == ("imap", "done")
    assert yard.gateway.store.audit.of(message_id)[0]["body"]["file"] == "PO-0.json"
    assert yard.gateway.response(message_id).order_number == "PH-4001"
    answer = yard.gateway.client.get("/v1/documents", headers={"Authorization": f"Bearer {yard.gateway.key(PINE)}"})
    assert [one["order_number"] for one in answer.json["documents"]] == ["PH-4001"]
    assert server.mails() == []


def test_each_attachment_is_a_message_and_one_that_is_bad_holds_up_none(
    yard: Yard, server: MailServer, ready: Callable[..., Yard]
) -> None:
    ready(yard)
    server.put(order_mail(an_order("PH-1"), b"{not JSON", an_order("PH-2")))
    looked = yard.look()
    assert sorted(yard.messages()) == [("imap", "received")] * 2 + [("imap", "rejected")]
    assert [one.refused for one in looked.picked] == [True]
    assert (server.mails(), len(server.mails("INBOX/refused"))) == ([], 1)
    yard.gateway.work()
    assert yard.rows("SELECT count(*) FROM orders") == [(2,)]


@pytest.mark.parametrize("message_id", ["<1@pine.example>", "<2@pine.example>", None])
def test_a_mail_that_comes_again_makes_no_second_order(
    yard: Yard, server: MailServer, ready: Callable[..., Yard], message_id: str | None
) -> None:
    """Twice in the mailbox at once, again after it was answered, and sent anew by a person."""
    ready(yard)
    for _ in range(2):
        server.put(order_mail(an_order(), Message_ID="<1@pine.example>"))
    yard.look()
    yard.gateway.work()
    server.put(order_mail(an_order(), Message_ID=message_id))
    yard.look()
    yard.gateway.work()
    assert yard.rows("SELECT count(*) FROM orders") == [(1,)]
    assert (server.mails(), len(server.mails("INBOX/done"))) == ([], 3)


class Killed(BaseException):
    """The process is gone."""


def killed_while_moving(yard: Yard, monkeypatch: pytest.MonkeyPatch, *, moved: bool) -> None:
    """A look whose process is gone before the mail is moved, or just after; its lease is over."""
    move = IMAPClient.move

    def kill(client: Any, *told: Any) -> None:
        if moved:
            move(client, *told)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(IMAPClient, "move", kill)
        with pytest.raises(Killed):
            yard.look()
    with yard.gateway.store.database.write() as connection:
        connection.exec_driver_sql("UPDATE pickups SET leased_until = 0")


@pytest.mark.parametrize("worked", [False, True])
@pytest.mark.parametrize("moved", [False, True])
def test_killed_after_it_was_stored_each_is_one_order_and_the_mail_moved_once(
    yard_on_either: Yard,
    server: MailServer,
    ready: Callable[..., Yard],
    monkeypatch: pytest.MonkeyPatch,
    worked: bool,
    moved: bool,
) -> None:
    yard = ready(yard_on_either)
    server.put(order_mail(an_order("PH-1"), an_order("PH-2")))
    killed_while_moving(yard, monkeypatch, moved=moved)
    assert yard.messages() == [("imap", "received")] * 2
    assert len(server.mails()) == (0 if moved else 1)
    if worked:
        yard.gateway.work()
    yard.look()
    yard.gateway.work()
    assert yard.messages() == [("imap", "done")] * 2
    assert yard.rows("SELECT count(*) FROM orders") == [(2,)]
    assert (server.mails(), len(server.mails("INBOX/done"))) == ([], 1)
    assert yard.rows("SELECT count(*) FROM pickup_files") == [(0,)]


def test_killed_between_two_attachments_both_are_orders_at_the_next_look(
    yard: Yard, server: MailServer, ready: Callable[..., Yard], monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(yard)
    server.put(order_mail(an_order("PH-1"), an_order("PH-2")))
    with monkeypatch.context() as patched:
        keep, kept = pickup_look.take_in, []

        def kill(*told: Any) -> Any:
            if kept:
                raise Killed
            kept.append(keep(*told))
            return kept[0]

        patched.setattr(pickup_look, "take_in", kill)
        with pytest.raises(Killed):
            yard.look()
    with yard.gateway.store.database.write() as connection:
        connection.exec_driver_sql("UPDATE pickups SET leased_until = 0")
    assert yard.messages() == [("imap", "received")]
    assert len(server.mails()) == 1
    yard.look()
    assert yard.messages() == [("imap", "received")] * 2
    assert (server.mails(), len(server.mails("INBOX/done"))) == ([], 1)


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (order_mail(an_order(), From="thief@evil.example"), "is from thief@evil.example, which isn't among"),
        (order_mail(Subject="Where is our order?"), "has no attachment that could be an order"),
        (order_mail(an_order(), Auto_Submitted="auto-replied"), "is an automatic answer"),
        (order_mail(b" " * 600_000), "brings PO-0.json of 600,000 bytes; 500,000 are taken"),
        (order_mail(b" " * 3_000_000), "bytes as a mail; 1,750,000 are taken"),
    ],
)
def test_a_mail_that_is_no_order_of_the_account_is_put_aside_and_told(
    yard: Yard, server: MailServer, ready: Callable[..., Yard], message: Any, why: str
) -> None:
    ready(yard)
    yard.limit(max_body_bytes=500_000)
    server.put(message)
    yard.look()
    assert yard.messages() == []
    assert (server.mails(), len(server.mails("INBOX/refused"))) == ([], 1)
    ((endpoint, told),) = yard.gateway.store.pickups.refused()
    assert endpoint == f"imap://orders%40us.example@127.0.0.1:{server.port}/INBOX"
    assert why in (told.detail or "")
    assert (told.name, told.moved_to) == (message["Subject"], "INBOX/refused")
    (problem,) = yard.gateway.store.pickups.problems()
    assert (problem.code, problem.account_id) == ("pickup_refused", PINE)


def test_a_mailbox_for_tests_brings_tests(yard: Yard, server: MailServer, ready: Callable[..., Yard]) -> None:
    ready(yard, test=True, done="read")
    server.put(order_mail(an_order()))
    yard.look()
    assert yard.rows("SELECT test FROM messages") == [(1,)]
    assert len(server.mails("INBOX/read")) == 1


def test_a_text_that_is_an_order_is_one(yard: Yard, server: MailServer, ready: Callable[..., Yard]) -> None:
    ready(yard)
    server.put(order_mail().as_bytes().replace(b"Please find our order.", an_order()))
    yard.look()
    assert yard.messages() == [("imap", "received")]


def test_a_server_that_is_away_is_told_and_looked_at_again(
    yard: Yard, server: MailServer, ready: Callable[..., Yard]
) -> None:
    ready(yard)
    yard.secrets = {"BOX": "changed"}
    looked = yard.look()
    assert (looked.detail, looked.is_out) == ("orders@us.example isn't let in", True)
    server.close()
    assert "refused" in (yard.look().detail or "").lower()
    assert yard.state().failures == 2


BIRCH = "birch-timber"


def test_two_accounts_may_have_a_mailbox_together(yard: Yard, server: MailServer, ready: Callable[..., Yard]) -> None:
    """Each takes what its own people sent, and what nobody's did stays where people see it."""
    ready(yard, others="leave")
    yard.agree({**terms(server, others="leave"), "from": "purchasing@birch.example"}, account=BIRCH)
    server.put(order_mail(an_order()))
    server.put(order_mail(b"<Order/>", From="purchasing@birch.example"))
    server.put(order_mail(an_order(), From="thief@evil.example", Subject="Buy now"))
    for number in range(2):
        assert yard.look(number=number).detail is None
    assert sorted(yard.rows("SELECT account_id, count(*) FROM messages GROUP BY account_id")) == [(BIRCH, 1), (PINE, 1)]
    assert server.subjects() == ["Buy now"]


@pytest.mark.parametrize(
    ("mine", "others"),
    [({}, {}), ({"others": "leave"}, {}), ({"others": "leave"}, {"others": "leave", "from": [PURCHASING.upper()]})],
)
def test_where_it_is_not_told_whose_mails_are_whose_nobody_takes_any(
    yard: Yard, server: MailServer, ready: Callable[..., Yard], mine: dict[str, Any], others: dict[str, Any]
) -> None:
    ready(yard, **mine)
    yard.agree({**terms(server), "from": ["purchasing@birch.example"], **others}, account=BIRCH)
    server.put(order_mail(an_order()))
    for number in range(2):
        assert "nobody knows whose orders these are" in (yard.look(number=number).detail or "")
    assert (yard.messages(), len(server.mails())) == ([], 1)
