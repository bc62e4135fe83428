"""A process that sends and hangs is told from one that goes on, and one answer that can't be kept from all others."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from gateway import delivering
from gateway.store.sending import Sending
from tests.delivery.conftest import Begin, agree
from tests.delivery.partner import partner, says
from tests.delivery.test_deliverer import rows, send, settled
from tests.examples.small_gateway import SmallGateway
from tests.harness.waiting import until


def test_a_round_that_hangs_is_no_life(gateway: SmallGateway, begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "_HANGS_SECONDS", 0.6)
    let_go = threading.Event()
    deliverer = begin(gateway)
    time_of_life = time.monotonic()
    until(lambda: time.monotonic() - time_of_life > 1.2, 5, "two idle rounds")
    assert deliverer.is_alive

    def hang(_: int) -> list[Any]:
        let_go.wait(20)
        return []

    monkeypatch.setattr(gateway.store.sending, "unled", hang)
    deliverer.wake()
    until(lambda: not deliverer.is_alive, 5, "a round that hangs")
    let_go.set()
    until(lambda: deliverer.is_alive, 5, "and goes on")


def test_one_answer_that_cannot_be_kept_holds_up_no_other(
    gateway: SmallGateway, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = Sending.save

    def refuse_what_is_odd(self: Sending, lease_id: str, told: Any, worker: str) -> None:
        if any(one.answer == "odd" for one in told):
            raise UnicodeError("the driver can't take it")
        save(self, lease_id, told, worker)

    monkeypatch.setattr(Sending, "save", refuse_what_is_odd)
    with partner({"/edi": says(200, b"odd")}) as there:
        agree(gateway, {"webhook": there.url("/edi"), "secret": "OLD"})
        send(gateway, 3)
        begin(gateway)
        settled(gateway, "delivered", 3)
    assert rows(gateway, "SELECT DISTINCT detail, answer FROM delivery_attempts") == [
        ("what was answered can't be kept", None)
    ]
    assert len(there.requests) == 3
