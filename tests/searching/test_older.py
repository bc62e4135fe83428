"""Messages that earlier releases settled get their words, some at a time, and each once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.searching import Search, older
from gateway.searching.older import index_older
from gateway.store import search_words
from gateway.store.statements import run
from tests.api.builders import Gateway, order, services_at
from tests.store.conftest import database_url, postgres, postgres_with_tables
from tests.store.earlier_tables import take_back

__all__ = ["database_url", "postgres", "postgres_with_tables"]


@pytest.fixture
def gateway(tmp_path: Path, database_url: str) -> Iterator[Gateway]:
    opened = Gateway(services_at(database_url, f"unix://{tmp_path / 'nobody.sock'}"))
    yield opened
    opened.close()


def found(gateway: Gateway, text: str) -> list[str]:
    return [str(one.order_number) for one in gateway.services.store.search.page(Search(q=text)).messages]


def send(gateway: Gateway, sender: Any, *orders: Any) -> None:
    for one in orders:
        gateway.send(sender, one)
    gateway.work()


def test_an_upgrade_finds_what_was_there_before(gateway: Gateway) -> None:
    acme = gateway.account("acme")
    some = [order(f"PO-{n}", note="kiosk") for n in range(4)]
    send(
        gateway,
        acme,
        *some,
        {**order("PO-9", item="WHAT-1"), "lines": [{"line_number": "1", "quantity": "x"}], "note": "partly"},
    )
    send(gateway, acme, [order("PO-5"), order("PO-6", note="kiosk")], b"{nothing")
    before = {text: found(gateway, text) for text in ("kiosk", "partly", "oat-1l", "PO-2", "what-1")}
    assert before["kiosk"] == ["PO-6", "PO-3", "PO-2", "PO-1", "PO-0"]
    take_back(gateway.services.store, "0033")
    gateway.services.store.upgrade()
    assert gateway.services.store.search_backlog.before() is not None
    assert found(gateway, "kiosk") == []
    looked = [index_older(gateway.services, 3) for _ in range(4)]
    assert looked == [3, 3, 3, 0]
    assert {text: found(gateway, text) for text in before} == before
    assert gateway.services.store.search_backlog.before() is None
    assert index_older(gateway.services) == 0


def test_what_was_erased_or_has_words_by_now_is_left_as_it_is(gateway: Gateway) -> None:
    store = gateway.services.store
    send(gateway, gateway.account("acme"), order("PO-1", note="erased"), order("PO-2", note="kept"))
    second, first = store.messages.page()
    with store.database.write() as connection:
        search_words.forget(connection, [first.id])
        run(connection, "UPDATE payloads SET body = NULL WHERE message_id = ?", [(first.id,)])
    store.search_backlog.begin()
    assert index_older(gateway.services) == 2
    assert found(gateway, "erased") == []
    assert found(gateway, "kept") == ["PO-2"]
    assert second.order_number == "PO-2"


def test_broken_terms_are_no_bug(gateway: Gateway) -> None:
    store = gateway.services.store
    send(gateway, gateway.account("acme"), order("PO-1"))
    with store.database.write() as connection:
        run(connection, "UPDATE messages SET mapping_revision = 99", [()])
    store.search_backlog.begin()
    assert index_older(gateway.services) == 1
    assert index_older(gateway.services) == 0


def test_as_many_are_read_at_once_as_have_room_in_memory(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    send(gateway, gateway.account("acme"), *[order(f"PO-{n}", note="kiosk") for n in range(3)])
    take_back(gateway.services.store, "0033")
    gateway.services.store.upgrade()
    monkeypatch.setattr(older, "_MOST_BYTES", 1)
    assert [index_older(gateway.services) for _ in range(4)] == [1, 1, 1, 0]
    assert found(gateway, "kiosk") == ["PO-2", "PO-1", "PO-0"]
