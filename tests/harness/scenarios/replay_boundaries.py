"""A replay killed at every commit on purpose: where it is begun, where messages are asked for, judged, and counted.

`python -m tests.harness.scenarios.replay_boundaries URL FOLDER MOST` prints how often it was killed. It forks a child
for each try, and for each look afterwards; it opens no database itself, since an open SQLite file must not be carried
over a fork.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from gateway.replaying import Wanted, begin, running
from gateway.services import Services
from gateway.store.statements import fetch
from gateway.store.store import Store
from tests.harness.figures import Figures
from tests.harness.gateway import ROOT
from tests.harness.scenarios.boundaries import child, must_end
from tests.harness.scenarios.replays import each_exactly_once, held_orders, know_item, progress_is_right
from tests.harness.site import Site
from tests.harness.working import services_on, work_once

MESSAGES = 5
_LEAST = 10
"""Commits that a replay of so many has at least: the set, the first, the rest by twos, and their judging."""


def every_replay_boundary_is_safe(site: Site, most: int) -> None:
    """Tries at the first `most` commits of a replay."""
    figures = Figures(f"commit boundaries of replays on {site.kind}")
    command = [sys.executable, "-P", "-m", __name__, site.url, str(site.folder / "new-item"), str(most)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, env=env, capture_output=True, text=True, timeout=1200, check=False)
    if ran.returncode != 0:
        raise AssertionError(f"the tries failed: {ran.stdout[-2000:]} {ran.stderr[-4000:]}")
    killed = json.loads(ran.stdout.splitlines()[-1])["killed"]
    figures.note(killed=killed)
    figures.show()
    if killed < 2 * min(_LEAST, most):
        raise AssertionError(f"killed only {killed} times: fewer boundaries than a replay has")


def main() -> int:
    """Try every boundary in turn."""
    url, folder, most = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    running.CHUNK = 2
    killed = 0
    for number in range(1, most + 1):
        died = False
        for moment in ("commit", "done"):
            mark = f"{number}-{moment}"
            must_end(child(lambda: _with_services(url, lambda services: _prepare(services, folder, mark))))  # noqa: B023
            this = child(lambda: _with_services(url, lambda services: _replay(services, mark)), number, moment)  # noqa: B023
            must_end(child(lambda: _with_services(url, lambda services: _settle(services, mark))))  # noqa: B023
            died, killed = died or this, killed + this
        if not died:
            break
    sys.stdout.write(json.dumps({"killed": killed}) + "\n")
    return 0


def _with_services(url: str, act: Callable[[Services], None]) -> None:
    store = Store(url, lease_seconds=0.3, max_losses=100)
    act(services_on(store, lease_seconds=0.3))
    store.close()


def _prepare(services: Services, folder: Path, mark: str) -> None:
    held_orders(services.store, folder, MESSAGES, mark)
    know_item(services.store, folder)


def _ids(services: Services, mark: str) -> list[str]:
    query = "SELECT id FROM messages WHERE account_id = 'garden-world' AND order_number LIKE ? ORDER BY id"
    with services.store.database.read() as connection:
        return [row[0] for row in fetch(connection, query, [f"{mark}-%"])]


def _replay(services: Services, mark: str) -> None:
    """Begin it unless it is begun, and go on until it is done."""
    ids = _ids(services, mark)
    begun = services.store.replays.of_message(ids[0])
    replay_id = begun[0].id if begun else begin(services, Wanted.of_messages(ids), reason="known now", actor="user Kim")
    while services.store.replays.found(replay_id).is_open:  # type: ignore[union-attr]
        running.step(services)
        work_once(services)


def _settle(services: Services, mark: str) -> None:
    """What is shown of it is so; then it is gone on with, and each message was judged again exactly once."""
    ids = _ids(services, mark)
    begun = services.store.replays.of_message(ids[0])
    for one in begun:
        progress_is_right(services.store.database, one.id)
    _replay(services, mark)
    begun = services.store.replays.of_message(ids[0])
    if len(begun) != 1:
        raise AssertionError(f"{len(begun)} replays of the same messages")
    progress_is_right(services.store.database, begun[0].id)
    each_exactly_once(services.store, begun[0].id, ids)
    if broken := list(services.store.audit.broken()):
        raise AssertionError(f"the audit trail: {broken[:5]}")


if __name__ == "__main__":
    sys.exit(main())
