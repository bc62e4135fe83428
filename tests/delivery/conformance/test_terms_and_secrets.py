"""Terms that can't be used are said to be so before anything is sent, and lead nowhere but where they may. That no
secret shows in what a partner answers is asserted on each of its days, in `test_bad_days.py`."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.delivery import TRANSPORTS
from mappings.transports import BadTerms, check
from tests.delivery.conformance.adapter import Adapter
from tests.delivery.conformance.cases import case
from tests.delivery.conformance.days import Day

REFUSED = ("127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd12:3456::1")
PUBLIC = "93.184.216.34"


@case("terms and secrets")
def test_terms_that_it_works_with_are_terms_that_can_be_used(adapter: Adapter, tmp_path: Path) -> None:
    with adapter.open(Day.AWAY, tmp_path) as there:
        check(adapter.way, there.terms)
        for strange in ("retry", "Secret", ""):
            with pytest.raises(BadTerms, match=f"{strange} is nothing that {adapter.way} knows"):
                check(adapter.way, {**there.terms, strange: "1"})


@case("terms and secrets")
def test_an_endpoint_is_always_told_alike_and_without_a_secret(adapter: Adapter, tmp_path: Path) -> None:
    transport = TRANSPORTS[adapter.way]
    with adapter.open(Day.WELL, tmp_path) as there:
        before = transport.endpoint(there.terms)
        adapter.send(there, adapter.parcel(), adapter.means(there))
        assert transport.endpoint(dict(reversed(there.terms.items()))) == before
    assert not any(secret in before for secret in adapter.canaries())


@case("terms and secrets")
def test_a_secret_that_is_not_set_is_named(adapter: Adapter, tmp_path: Path) -> None:
    with adapter.open(Day.WELL, tmp_path) as there:
        there.mail_url = ""
        with pytest.raises(BadTerms, match=adapter.secret_name):
            adapter.send(there, adapter.parcel(), adapter.means(there, secrets={}))
        assert (there.connections(), there.taken()) == (0, [])


@case("terms and secrets")
def test_a_secret_that_cannot_be_used_is_named_and_not_shown(adapter: Adapter, tmp_path: Path) -> None:
    for unusable in adapter.unusable:
        with adapter.open(Day.WELL, tmp_path) as there:
            means = adapter.means(there, secrets={**adapter.secrets, "KEY": unusable.value})
            with pytest.raises(BadTerms, match=adapter.secret_name) as raised:
                adapter.send(there, adapter.parcel(), means)
            assert there.taken() == []
        assert unusable.canary not in str(raised.value)


@case("an address that is refused")
@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_refused_is_not_connected_to(
    adapter: Adapter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    with adapter.open(Day.WELL, tmp_path) as there, noted_connections(monkeypatch) as noted:
        means = adapter.means(there, 5.0, networks=(), resolve=lambda host, port: [PUBLIC, address])
        result = adapter.send(there, adapter.parcel(), means, **adapter.terms_at("partner", 443, there))
    assert (result.outcome, result.is_outage) == ("failed", True)
    assert f"partner ({address}) is " in result.detail
    assert "only public addresses are called" in result.detail
    assert noted == []


@case("an address that is refused")
def test_a_name_is_resolved_once_and_its_first_word_is_connected_to(
    adapter: Adapter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = iter(([PUBLIC], ["127.0.0.1"], ["127.0.0.1"]))
    with adapter.open(Day.WELL, tmp_path) as there, noted_connections(monkeypatch) as noted:
        means = adapter.means(there, 5.0, networks=(), resolve=lambda host, port: next(words))
        result = adapter.send(there, adapter.parcel(), means, **adapter.terms_at("partner", 443, there))
    assert (result.outcome, result.is_outage) == ("failed", True)
    assert noted == [(PUBLIC, 443)]


@case("a name that can't be resolved")
def test_a_name_that_hangs_is_left_at_the_deadline(adapter: Adapter, tmp_path: Path) -> None:
    let_go = threading.Event()

    def hangs(host: str, port: int) -> list[str]:
        let_go.wait(30)
        return ["127.0.0.1"]

    with adapter.open(Day.WELL, tmp_path) as there:
        terms = adapter.terms_at("partner", 443, there)
        means = adapter.means(there, 0.5, resolve=hangs)
        started = time.monotonic()
        result = adapter.send(there, adapter.parcel(), means, **terms)
        took = time.monotonic() - started
        let_go.set()
        assert there.taken() == []
    assert (result.outcome, result.is_outage) == ("failed", True)
    assert "partner could not be resolved in time" in result.detail
    assert took < 1.5


@case("a name that can't be resolved")
def test_a_name_without_an_address_is_said_so(adapter: Adapter, tmp_path: Path) -> None:
    def nothing(host: str, port: int) -> list[str]:
        raise OSError("Name or service not known")

    with adapter.open(Day.WELL, tmp_path) as there:
        terms = adapter.terms_at("partner", 443, there)
        result = adapter.send(there, adapter.parcel(), adapter.means(there, resolve=nothing), **terms)
        assert there.taken() == []
    assert (result.outcome, result.is_outage) == ("failed", True)
    assert "partner has no address" in result.detail


@contextmanager
def noted_connections(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[Any, ...]]]:
    """What this thread would connect to, noted in place of the socket."""
    noted: list[tuple[Any, ...]] = []
    thread, plain = threading.get_ident(), socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if threading.get_ident() != thread or self.family == socket.AF_UNIX:
            plain(self, address)
            return
        noted.append(tuple(address))
        raise ConnectionRefusedError("noted in place of the socket")

    with monkeypatch.context() as patched:
        patched.setattr(socket.socket, "connect", connect)
        yield noted
