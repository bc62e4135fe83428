"""A problem's row published and its replay begun, killed at every commit on purpose: what is there is both or neither.

`python -m tests.harness.scenarios.fix_boundaries URL FOLDER` prints how often it was killed. It forks a child for each
try, as `replay_boundaries` does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from gateway.fixing import NamedCause, cause_of, fix_for
from gateway.fixing.proposals import propose
from gateway.fixing.publishing import publish_fix
from gateway.replaying import running
from gateway.services import Services
from gateway.store.store import Store
from tests.harness.gateway import ROOT
from tests.harness.scenarios.boundaries import child, must_end
from tests.harness.scenarios.replays import each_exactly_once, held_orders
from tests.harness.site import Site
from tests.harness.working import services_on, work_once

MESSAGES = 4
ACCOUNT = "garden-world"
_TYPED = {"product": "OAT-1L", "unit": "EA", "factor": "12"}
_MOST = 5
"""More commits than publishing a row has."""


def every_fix_boundary_is_safe(site: Site) -> int:
    """Tries at each commit of it; how often it was killed."""
    command = [sys.executable, "-P", "-m", __name__, site.url, str(site.folder / "items")]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300, check=False)
    if ran.returncode != 0:
        raise AssertionError(f"the tries failed: {ran.stdout[-2000:]} {ran.stderr[-4000:]}")
    return int(json.loads(ran.stdout.splitlines()[-1])["killed"])


def main() -> int:
    """Try every boundary in turn."""
    url, folder = sys.argv[1], Path(sys.argv[2])
    killed = 0
    for number in range(1, _MOST + 1):
        died = False
        for moment in ("commit", "done"):
            mark = f"{number}-{moment}"
            must_end(_in_child(url, lambda services: _prepare(services, folder, mark)))  # noqa: B023
            this = _in_child(url, _publish, number, moment)
            must_end(_in_child(url, _both_or_neither))
            died, killed = died or this, killed + this
        if not died:
            break
    sys.stdout.write(json.dumps({"killed": killed}) + "\n")
    return 0


def _in_child(url: str, act: Callable[[Services], object], number: int = 0, moment: str = "") -> bool:
    def run() -> None:
        store = Store(url, lease_seconds=0.3, max_losses=100)
        act(services_on(store, lease_seconds=0.3))
        store.close()

    return child(run, number, moment)


def _prepare(services: Services, folder: Path, mark: str) -> None:
    held_orders(services.store, folder, MESSAGES, mark)


def _cause(services: Services) -> NamedCause | None:
    found = services.store.problems.all(ACCOUNT)
    return cause_of(services, found[0].fingerprint) if found else None


def _publish(services: Services) -> None:
    cause = _cause(services)
    fix = fix_for(services, cause) if cause else None
    if fix is None:
        raise AssertionError("nothing is there to mend")
    row = propose(services, fix, {**fix.filled.cells, **_TYPED})
    publish_fix(services, row, actor="user Kim", reason="known now")


def _both_or_neither(services: Services) -> None:
    """Where the row is published its replay is begun; then that is gone on with, and everything is answered once."""
    store = services.store
    newest = store.revision_log.page(ACCOUNT, limit=1)[0]
    begun = [one for one in store.replays.page() if one.is_open]
    if (newest.reason == "known now") != (len(begun) == 1):
        raise AssertionError(f"revision {newest.number} ({newest.reason}) with {len(begun)} replays begun")
    if not begun:
        _publish(services)
        begun = [one for one in store.replays.page() if one.is_open]
    while store.replays.found(begun[0].id).is_open:  # type: ignore[union-attr]
        running.step(services)
        work_once(services)
    ids = [one.message_id for one in store.replays.messages(begun[0].id)]
    if len(ids) != MESSAGES:
        raise AssertionError(f"{len(ids)} messages were replayed")
    each_exactly_once(store, begun[0].id, ids)
    if broken := list(store.audit.broken()):
        raise AssertionError(f"the audit trail: {broken[:5]}")


if __name__ == "__main__":
    sys.exit(main())
