"""Notices on their way, to a real mail server and a real HTTP server on loopback: once each, again where it failed."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from datetime import timedelta

import pytest
import time_machine
from standardwebhooks import Webhook

from gateway.delivery.mail import MailServer
from gateway.notifying.sending import Teller
from gateway.notifying.told import told_of
from gateway.notifying.words import mail_of
from gateway.services import Services
from gateway.store.notices import Notices
from gateway.store.statements import run
from tests.delivery.partner import Partner, hangs, resets_having_taken, says
from tests.delivery.postbox import Postbox, mail_server
from tests.delivery.test_over_http import NEW
from tests.examples.small_gateway import SmallGateway
from tests.harness.waiting import until
from tests.notifying.conftest import CONSOLE, DANA, HOUR, MINUTE, PINE, SAM, Desk, agree, order, teller, with_places


def opened(desk: Desk, gateway: SmallGateway, item: str = "NOBODY-KNOWS") -> None:
    """A problem of 2 orders that is to be told now."""
    for number in range(2):
        gateway.settle(PINE, order(f"PO-{item}-{number}", item))
    desk.look()
    assert desk.look(MINUTE) == 3


def send(desk: Desk, *channels: str) -> int:
    assert desk.teller is not None
    return sum(desk.teller.send_due(one) for one in channels or ("email", "webhook"))


def statuses(services: Services) -> dict[str, str]:
    return {one.recipient: one.status for one in services.store.notices.page(limit=100)}


def due_again(services: Services) -> None:
    with services.store.database.write() as connection:
        run(connection, "UPDATE notices SET not_before = 0 WHERE status = ?", [("waiting",)])


def test_people_get_an_email_and_our_system_a_signed_call(
    sending: Desk, on_either: SmallGateway, postbox: Postbox, our_system: Partner
) -> None:
    opened(sending, on_either)
    assert send(sending) == 3
    assert send(sending) == 0
    assert sorted(to for (to,) in postbox.to) == [DANA, SAM]
    mail = postbox.kept[0]
    assert mail["Subject"] == "Pine Hardware: Unknown item NOBODY-KNOWS, 2 orders"
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_content()
    fingerprint = on_either.store.problems.all()[0].fingerprint
    assert "Unknown item NOBODY-KNOWS: 2 orders, 46.00 EUR, oldest Mon 23 Nov 11:00" in text
    assert f"{CONSOLE}/problems/{fingerprint}" in text
    assert f"{CONSOLE}/accounts/{PINE}" in text
    (call,) = our_system.requests
    told = Webhook(NEW.removeprefix("whsec_"))
    with time_machine.travel(int(call.headers["webhook-timestamp"])):
        told.verify(call.body, call.headers)
    said = json.loads(call.body)
    assert (said["type"], said["data"]["account"]["id"]) == ("notice.opened", PINE)
    (item,) = said["data"]["items"]
    assert (item["count"], item["of"], item["link"]) == (2, "order", f"{CONSOLE}/problems/{fingerprint}")
    assert set(statuses(sending.services).values()) == {"sent"}


def test_a_digest_and_an_end_read_as_such(sending: Desk, on_either: SmallGateway, postbox: Postbox) -> None:
    opened(sending, on_either)
    send(sending)
    sending.look(HOUR)
    send(sending)
    for one in on_either.store.messages.page(limit=10):
        on_either.store.messages.dismiss(one.id, "test", "it is over")
    sending.look(1)
    sending.look(MINUTE)
    send(sending)
    assert [one["Subject"] for one in postbox.kept[::2]] == [
        "Pine Hardware: Unknown item NOBODY-KNOWS, 2 orders",
        "Pine Hardware: still open: Unknown item NOBODY-KNOWS, 2 orders",
        "Pine Hardware: settled: Unknown item NOBODY-KNOWS, 2 orders",
    ]
    assert "nothing waits for it any more" in postbox.kept[-1].get_content()


def test_one_address_that_is_refused_holds_up_nobody_else(
    sending: Desk, on_either: SmallGateway, postbox: Postbox
) -> None:
    postbox.answers[DANA] = "550 no such mailbox"
    opened(sending, on_either)
    assert send(sending) == 2
    assert statuses(sending.services) == {DANA: "given_up", SAM: "sent", "": "sent"}
    (refused,) = sending.services.store.notices.page(status="given_up")
    assert "no such mailbox" in (refused.detail or "")
    assert sending.services.store.notices.counts() == {"waiting": 0, "given_up": 1}


def test_what_failed_is_sent_again_later_with_the_same_id(
    sending: Desk, on_either: SmallGateway, postbox: Postbox, our_system: Partner
) -> None:
    postbox.answers["DATA"] = "451 try later"
    our_system.behaviours["/n"] = says(503)
    opened(sending, on_either)
    assert send(sending) == 0
    assert send(sending) == 0, "it waits"
    postbox.answers.clear()
    our_system.behaviours.clear()
    due_again(sending.services)
    assert send(sending) == 3
    assert len(our_system.requests) == 2
    assert len(our_system.had()) == 1
    (mail, _) = postbox.kept
    assert mail["Message-ID"].startswith("<")


def test_an_answer_that_was_lost_is_asked_for_with_the_same_id(
    sending: Desk, on_either: SmallGateway, our_system: Partner
) -> None:
    our_system.behaviours["/n"] = resets_having_taken
    opened(sending, on_either)
    send(sending, "webhook")
    our_system.behaviours.clear()
    due_again(sending.services)
    assert send(sending, "webhook") == 1
    assert list(our_system.had().values()) == [2]


def test_a_system_that_is_gone_is_left_alone(sending: Desk, on_either: SmallGateway, our_system: Partner) -> None:
    our_system.behaviours["/n"] = says(410)
    opened(sending, on_either)
    send(sending)
    assert statuses(sending.services)[""] == "given_up"


def test_a_notice_whose_sender_was_killed_is_sent_by_another(
    sending: Desk, on_either: SmallGateway, postbox: Postbox
) -> None:
    """Its lease is of a boot that is over, as after a power cut, or has run out."""
    opened(sending, on_either)
    claimed = sending.services.store.notices.claim("email", 5.0)
    assert claimed is not None
    assert send(sending, "email") == 1, "the other one; this one is somebody's"
    with sending.services.store.database.write() as connection:
        run(connection, "UPDATE notices SET leased_until = 0 WHERE id = ?", [(claimed.id,)])
    assert send(sending, "email") == 1
    assert len(postbox.kept) == 2
    assert sending.services.store.notices.settle(claimed, "given_up", "too late") is False
    assert set(statuses(sending.services).values()) == {"sent", "waiting"}


def test_a_process_that_is_killed_while_it_sends_tells_once(
    sending: Desk, on_either: SmallGateway, our_system: Partner
) -> None:
    """Killed with the call made and not answered: sent again with the same id."""
    our_system.behaviours["/n"] = hangs
    opened(sending, on_either)
    database = sending.services.store.database.url.render_as_string(hide_password=False)
    environment = {**os.environ, "DATABASE": database, "URL": our_system.url("/n")}
    victim = subprocess.Popen([sys.executable, "-c", _SENDS], env=environment)
    until(lambda: len(our_system.requests) == 1, 30, "it has called")
    victim.kill()
    victim.wait()
    our_system.let_go.set()
    our_system.behaviours.clear()
    assert send(sending, "webhook") == 0, "its lease holds"
    with sending.services.store.database.write() as connection:
        run(connection, "UPDATE notices SET leased_until = 0 WHERE status = ?", [("sending",)])
    assert send(sending, "webhook") == 1
    assert list(our_system.had().values()) == [2]


_SENDS = """
import os
from dataclasses import replace
from gateway.lanes import Lanes
from gateway.services import Calls, Limits, NoticePlaces, Services
from gateway.store.store import Store
from gateway.terms import Terms
from tests.notifying.conftest import teller
store = Store(os.environ["DATABASE"])
services = Services(store, Lanes("unix:///nowhere"), Terms(store), None, Limits(),
                    calls=Calls(networks=("127.0.0.0/8",)), notices=NoticePlaces(os.environ["URL"]))
teller(services, 30.0).send_due("webhook")
"""


def test_a_mail_server_that_hangs_is_left_at_its_deadline(
    sending: Desk, on_either: SmallGateway, postbox: Postbox
) -> None:
    opened(sending, on_either)

    async def wait(_: object) -> None:
        await asyncio.sleep(30)

    postbox.before_data = wait
    slow = teller(sending.services, 0.5)
    started = time.monotonic()
    assert slow.send_due("email") == 0
    assert time.monotonic() - started < 5
    slow.close()
    assert set(statuses(sending.services).values()) == {"waiting"}


def test_without_a_mail_server_notices_wait_three_days_and_are_given_up_loudly(
    desk: Desk, on_either: SmallGateway, today: time_machine.Traveller
) -> None:
    without = Desk(with_places(on_either.services))
    without.teller = Teller(without.services)
    for number in range(2):
        on_either.settle(PINE, order(f"PO-{number}"))
    without.look()
    assert without.look(MINUTE) == 2
    assert send(without) == 0
    assert statuses(without.services) == {DANA: "waiting", SAM: "waiting"}
    today.shift(timedelta(days=3, minutes=2))
    assert send(without) == 0
    given_up = without.services.store.notices.page(status="given_up")
    assert [one.detail for one in given_up] == ["no mail server is set: GATEWAY_SMTP_URL and GATEWAY_SMTP_SENDER"] * 2


def test_what_waited_for_a_mail_server_is_sent_once_there_is_one(
    desk: Desk, on_either: SmallGateway, postbox: Postbox
) -> None:
    without = Desk(with_places(on_either.services))
    on_either.settle(PINE, order("PO-1"))
    without.look()
    without.look(MINUTE)
    with mail_server(postbox, "us", "secret") as port:
        mail = MailServer.of(f"smtp://us:secret@127.0.0.1:{port}", "g@halden.example")
        found = teller(with_places(on_either.services, mail=mail))
        assert found.send_due("email") == 2
        found.close()


def test_a_digest_that_is_old_is_not_sent(
    sending: Desk, on_either: SmallGateway, postbox: Postbox, today: time_machine.Traveller
) -> None:
    opened(sending, on_either)
    send(sending)
    today.shift(timedelta(hours=2))
    sending.look(HOUR)
    today.shift(timedelta(hours=2))
    before = len(postbox.kept)
    send(sending)
    assert len(postbox.kept) == before
    assert {one.status for one in sending.services.store.notices.page() if one.kind == "digest"} == {"given_up"}


def test_a_secret_that_is_missing_leaves_the_call_waiting(sending: Desk, on_either: SmallGateway) -> None:
    opened(sending, on_either)
    without = Teller(sending.services)
    assert without.send_due("webhook") == 0
    without.close()
    waiting = next(one for one in sending.services.store.notices.page() if one.channel == "webhook")
    assert (waiting.status, waiting.detail) == (
        "waiting",
        "the secret NOTICES isn't set: `gateway secrets set NOTICES`",
    )


@pytest.mark.parametrize("name", ["Evil\r\nBcc: thief@evil.example", "x" * 500])
def test_an_accounts_words_add_no_headers(name: str) -> None:
    message = mail_of("opened", told_of("acme", name, "UTC", []), "")
    assert message["Bcc"] is None
    assert len(message["Subject"]) <= 150


def test_old_notices_are_forgotten(sending: Desk, on_either: SmallGateway) -> None:
    opened(sending, on_either)
    store: Notices = sending.services.store.notices
    send(sending, "webhook")
    assert store.drop_old(sending.at + 2 * HOUR) == 1
    assert len(store.page()) == 2, "what waits stays"


def test_terms_that_lead_elsewhere_count_at_once(sending: Desk, on_either: SmallGateway, postbox: Postbox) -> None:
    opened(sending, on_either)
    agree(on_either, {"manager": {"name": "Ann", "email": "ann@halden.example"}, "team": []})
    sending.look(HOUR)
    send(sending)
    assert ["ann@halden.example"] in postbox.to
