"""A replay of many messages while workers, and the whole gateway, are killed: each is judged again exactly once, and
what is shown of its progress is so after every restart.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from gateway.accounts import publish_folder
from gateway.replaying import Wanted, begin
from gateway.store.database import Database
from gateway.store.replays import Replay
from gateway.store.statements import fetch
from gateway.store.store import Store
from mappings.revision import ItemRow
from tests.harness.accounts import SentOrder, garden_world
from tests.harness.figures import Figures
from tests.harness.gateway import Gateway
from tests.harness.site import Site
from tests.harness.storing import keep
from tests.harness.waiting import until
from tests.harness.working import services_on, work_once

ITEM = "GW-NEW"
"""Nobody knows it until somebody says what it is."""
LEASE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class ReplayKills:
    """How many messages, and how often a worker and the whole gateway are killed meanwhile."""

    messages: int
    workers: int
    gateways: int


def a_replay_survives_kills(site: Site, kills: ReplayKills) -> None:
    """All of it."""
    figures = Figures(f"a replay of {kills.messages:,} on {site.kind}")
    folder = site.folder / "new-item"
    orders = held_orders(site.store, folder, kills.messages, "R")
    services = services_on(site.store)
    ids = [row[0] for row in site.books.rows("SELECT id FROM messages WHERE status = 'held' ORDER BY id")]
    _equal(len(ids), kills.messages, "messages that are held before")
    know_item(site.store, folder)
    replay_id = begin(services, Wanted.of_messages(ids), reason="the item is known", actor="user Kim")
    faults = ["worker"] * kills.workers + ["gateway"] * kills.gateways
    figures.chance.shuffle(faults)
    began = time.monotonic()
    _among_faults(site, replay_id, faults, kills.messages, figures)
    figures.note(replayed_in_s=round(time.monotonic() - began, 1), kills=len(faults))
    each_exactly_once(site.store, replay_id, ids)
    figures.note(**site.books.check(orders))
    figures.show()


def _among_faults(site: Site, replay_id: str, faults: list[str], messages: int, figures: Figures) -> None:
    """Kill at places of the set drawn by chance, and see each time that what is shown of it is so."""
    places = sorted(figures.chance.randint(1, messages * 9 // 10) for _ in faults)
    gateway = _gateway(site)
    try:
        for place, fault in zip(places, faults, strict=True):
            until(lambda: _is_there(_found(site, replay_id), place), 600, "so many are asked for", pause=0.001)  # noqa: B023
            if fault == "worker":
                until(lambda: gateway.kill("worker"), 30, "a worker to kill", pause=0.001)  # noqa: B023  at once
            else:
                gateway.end()
            figures.add(f"{fault}_kills")
            progress_is_right(site.store.database, replay_id)
            if fault == "gateway":
                gateway = _gateway(site)
                progress_is_right(site.store.database, replay_id)
        rest = until(lambda: not _found(site, replay_id).is_open, 600, "the replay is done", pause=0.05)
        figures.note(gateway_started_in_s=gateway.start_seconds, done_after_s=rest)
        progress_is_right(site.store.database, replay_id)
        if bugs := gateway.bugs():
            raise AssertionError(f"the log tells of bugs: {bugs[:10]}")
        gateway.stop()
    except BaseException:
        print(gateway.said()[-6000:])
        raise
    finally:
        gateway.end()


def _gateway(site: Site) -> Gateway:
    """With two workers. A message whose worker is lost several times is taken for poison: aimed kills make a chance of
    that which no real outage has, so the bound is raised."""
    return site.gateway(lease_seconds=LEASE_SECONDS, heartbeat_seconds=30, claim_attempts=12, workers=2)


def _is_there(replay: Replay, place: int) -> bool:
    return replay.reached >= place or not replay.is_open


def _found(site: Site, replay_id: str) -> Replay:
    found = site.store.replays.found(replay_id)
    if found is None:
        raise AssertionError("the replay is gone")
    return found


# --- what holds at every moment, and at the end --------------------------------------------------------------------
def progress_is_right(database: Database, replay_id: str) -> None:
    """What pages show of it (its own row) is what its rows and the messages say, at one moment."""
    counts = "total, asked, done, failed, skipped, returned, reached"
    with database.snapshot() as connection:
        shown = fetch(connection, f"SELECT {counts} FROM replays WHERE id = ?", [replay_id])[0]
        rows = dict(
            fetch(
                connection,
                "SELECT state, count(*) FROM replay_messages WHERE replay_id = ? GROUP BY state",
                [replay_id],
            )
        )
        moved = fetch(
            connection,
            "SELECT count(*) FROM replay_messages r JOIN messages m ON m.id = r.message_id AND m.run = r.run "
            "WHERE r.replay_id = ?",
            [replay_id],
        )[0][0]
        unsettled = fetch(
            connection,
            "SELECT count(*) FROM replay_messages r JOIN messages m ON m.id = r.message_id WHERE r.replay_id = ? "
            "AND r.state IN ('done', 'failed') AND m.status IN ('received', 'processing')",
            [replay_id],
        )[0][0]
    total, asked, done, failed, skipped, _, reached = shown
    counted = [rows.get(state, 0) for state in ("asked", "done", "failed", "skipped")]
    _equal([asked, done, failed, skipped], counted, "the counts, and the rows that they are of")
    _equal(rows.get("waiting", 0), total - asked - done - failed - skipped, "those that wait")
    _equal(reached, asked + done + failed + skipped, "how far it is")
    _equal(moved, asked + done + failed, "messages in the run that they were asked for")
    _equal(unsettled, 0, "those that count as judged and are not")


def each_exactly_once(store: Store, replay_id: str, message_ids: list[str]) -> None:
    """Each was asked for by one event, judged by one run, and answered by one document."""
    with store.database.read() as connection:
        ended = fetch(connection, "SELECT status, total, done FROM replays WHERE id = ?", [replay_id])[0]
        _equal(tuple(ended), ("done", len(message_ids), len(message_ids)), "the replay")
        runs = dict(fetch(connection, "SELECT id, run FROM messages WHERE status = 'done'"))
        asked: dict[str, int] = {}
        for stream, body in fetch(connection, "SELECT stream, body FROM events WHERE kind = 'replay'"):
            asked[stream] = asked.get(stream, 0) + (json.loads(body)["replay"] == replay_id)
        answers = dict(fetch(connection, "SELECT message_id, count(*) FROM documents GROUP BY message_id"))
    for what, found, times in (("runs", runs, 2), ("replayed", asked, 1), ("answers", answers, 1)):
        wrong = {one: found.get(one) for one in message_ids if found.get(one) != times}
        _equal(dict(list(wrong.items())[:5]), {}, f"{what} of a message, which should be {times}")


def _equal(found: Any, expected: Any, what: str) -> None:
    if found != expected:
        raise AssertionError(f"{what}: {found} where {expected} should be")


# --- orders that are held, until their item is known ----------------------------------------------------------------
def held_orders(store: Store, folder: Path, count: int, mark: str) -> list[SentOrder]:
    """So many orders of an item that nobody knows, held."""
    publish_folder(store, garden_world(folder), author="test", reason="without the item")
    orders = [_order(f"{mark}-{number:05d}") for number in range(count)]
    keep(store, orders)
    services = services_on(store)
    while store.queue.waiting():
        work_once(services)
    return orders


def know_item(store: Store, folder: Path) -> None:
    """From now on it is known."""
    known = garden_world(folder)
    row = ItemRow(ITEM, None, "OAT-1L", account_unit="DOZ", unit="EA", factor=Decimal(12))
    publish_folder(store, replace(known, items=(*known.items, row)), author="test", reason="with the item")


def _order(number: str) -> SentOrder:
    line = {"line_number": "10", "buyer_item": ITEM, "quantity": "1", "unit": "DOZ"}
    order = {"order_number": number, "ship_to": {"id": "WIEN"}, "lines": [line]}
    return SentOrder("garden-world", number, json.dumps(order).encode(), "application/json", ("1",))
