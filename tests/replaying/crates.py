"""Orders in crates, which nobody knows until somebody says how many pieces one has."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Any

from gateway.replaying import Wanted, begin, running
from gateway.store.replays import Replay, ReplayMessage
from mappings.files.account_folder import read_account
from mappings.revision import UnitRow
from tests.examples.order_lines import line, order
from tests.examples.small_gateway import ACCOUNTS, SmallGateway

PINE = "pine-hardware"
_numbers = count(1)


def send_crates(gateway: SmallGateway, orders: int, unit: str = "KRAT", item: str = "PH-0102") -> list[str]:
    """So many orders of a crate each, all held."""
    sent = [gateway.send(PINE, order(line("1", item, "1", unit), number=f"PH-{next(_numbers)}")) for _ in range(orders)]
    settle(gateway)
    return sent


def settle(gateway: SmallGateway) -> None:
    """Judge all that waits."""
    while gateway.work():
        pass


def know_crates(gateway: SmallGateway, unit: str = "KRAT", factor: str = "6") -> None:
    """From now on a crate is so many pieces."""
    folder = read_account(ACCOUNTS / PINE)
    gateway.publish(replace(folder, units=(*folder.units, UnitRow(unit, None, "EA", Decimal(factor)))))


def started(gateway: SmallGateway, wanted: Wanted, **told: Any) -> str:
    return begin(gateway.services, wanted, reason="crates are known now", actor="user Kim", **told)


def cause(gateway: SmallGateway, message_id: str) -> str:
    """The problem that the message has."""
    return gateway.store.problems.of_message(message_id)[0]


def found(gateway: SmallGateway, replay_id: str) -> Replay:
    replay = gateway.store.replays.found(replay_id)
    assert replay is not None
    return replay


def rows(gateway: SmallGateway, replay_id: str) -> list[ReplayMessage]:
    return gateway.store.replays.messages(replay_id, limit=100_000)


def go_on(gateway: SmallGateway) -> None:
    """As workers do, until nothing more happens."""
    while running.step(gateway.services) or gateway.work():
        pass


def agree(gateway: SmallGateway, replay_id: str) -> None:
    """The counts are those of the rows."""
    replay, of_set = found(gateway, replay_id), rows(gateway, replay_id)
    counted = {state: sum(row.state == state for row in of_set) for state in ("asked", "done", "failed", "skipped")}
    assert counted == {"asked": replay.asked, "done": replay.done, "failed": replay.failed, "skipped": replay.skipped}
    assert sum(row.state == "waiting" for row in of_set) == replay.left
    assert len(of_set) == replay.total
