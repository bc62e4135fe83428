"""A partner that hangs, by its name or its socket, takes nothing that another's calls need."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from gateway.delivery.guard import AddressGuard, HostUnknown
from gateway.delivery.http import AnswerLost, HttpCaller
from tests.delivery.partner import hangs, partner
from tests.harness.waiting import until

MOST_THREADS = 512
"""The most that `delivery_threads` may be."""


def test_a_name_that_hangs_keeps_no_other_name_waiting() -> None:
    let_go, asked = threading.Event(), []

    def resolve(host: str, _port: int) -> list[str]:
        if host == "hangs.example":
            asked.append(host)
            let_go.wait(30)
        return ["127.0.0.1"]

    guard = AddressGuard(["127.0.0.0/8"], resolve)
    with ThreadPoolExecutor(64) as calls:
        hanging = [calls.submit(guard.addresses, "hangs.example", 443, 20.0) for _ in range(64)]
        until(lambda: asked, 5, "the name is asked for")
        assert guard.addresses("well.example", 443, 2.0) == ["127.0.0.1"]
        let_go.set()
        assert {tuple(one.result(timeout=10)) for one in hanging} == {("127.0.0.1",)}


def test_a_name_that_did_not_come_in_time_is_asked_for_again() -> None:
    let_go = threading.Event()

    def resolve(_host: str, _port: int) -> list[str]:
        let_go.wait(30)
        return ["127.0.0.1"]

    guard = AddressGuard(["127.0.0.0/8"], resolve)
    with pytest.raises(HostUnknown, match="in time"):
        guard.addresses("late.example", 443, 0.1)
    let_go.set()
    assert guard.addresses("late.example", 443, 5.0) == ["127.0.0.1"]


def test_each_call_looks_the_name_up_anew() -> None:
    """What was looked up for calls before it may lead elsewhere by now."""
    answers = iter((["127.0.0.1"], ["127.0.0.2"]))
    guard = AddressGuard(["127.0.0.0/8"], lambda _host, _port: next(answers))
    assert guard.addresses("moves.example", 443, 5.0) == ["127.0.0.1"]
    assert guard.addresses("moves.example", 443, 5.0) == ["127.0.0.2"]


def test_as_many_calls_hang_as_there_may_be_threads_and_another_is_made() -> None:
    caller = HttpCaller(AddressGuard(["127.0.0.0/8"]))

    def call(url: str, seconds: float) -> int:
        return caller.post(url, {}, b"x", seconds=seconds).status

    with partner({"/hangs": hangs}) as there, ThreadPoolExecutor(MOST_THREADS) as calls:
        most = MOST_THREADS - 1
        hanging = [calls.submit(call, there.url("/hangs"), 30.0) for _ in range(most)]
        until(lambda: len(there.requests) == most, 20, "they all hang")
        assert call(there.url("/well"), 5.0) == 200
        there.let_go.set()
        wait(hanging, timeout=20)
    caller.close()
    assert all(isinstance(one.exception(), AnswerLost) for one in hanging)
