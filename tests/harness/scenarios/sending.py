"""A worker that sends documents, killed again and again, on purpose at every point of an attempt and at random.

Its documents wait for it before each start. Two leases after the last start everything is delivered, and what the
partner has is what the gateway says of it.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Any

from gateway.store.statements import fetch
from tests.harness.figures import Figures
from tests.harness.gateway import DRIVER, Processes, ended, environment
from tests.harness.outgoing import SENDING, publish_receiver, waiting_documents
from tests.harness.partner import PartnerProcess, partner_process
from tests.harness.scenarios.postgres_restarts import restart_hard
from tests.harness.site import Site
from tests.harness.waiting import until

LEASE_SECONDS = 3.0
RECEIVER = "receiver"
POINTS = (
    "out-claim:commit",
    "out-claim:done",
    "call:enter",
    "call:done",
    "out-save:enter",
    "out-save:commit",
    "out-save:done",
)
_AT_ONCE = ["0s"] * 50


@dataclass(frozen=True, slots=True)
class SendingKills:
    """How often at each point, how often at random, and how many documents come before each kill."""

    at_each_point: int
    at_random: int
    documents: int = 20


def documents_survive_kills(site: Site, kills: SendingKills) -> None:
    """Every document arrives, always under its id and with its bytes, whatever was killed while it was on its way."""
    figures = Figures(f"kills of who sends, on {site.kind}")
    faults = [*POINTS] * kills.at_each_point + ["random"] * kills.at_random
    figures.chance.shuffle(faults)
    told = {**SENDING, "lease_seconds": LEASE_SECONDS, "sweep_seconds": 0.3, "log_level": "WARNING"}
    env = environment(site.folder / "var", **told, database_url=site.url)
    processes = Processes(site.folder, env, module=DRIVER)
    with partner_process(site.folder / "partner.db") as there, ended(processes):
        publish_receiver(site.store, site.folder, RECEIVER, there.url("/well"), delivery_waits=_AT_ONCE)
        processes.env["HARNESS_FAULTS"] = ""
        processes.start("scheduler")
        for number, fault in enumerate(faults):
            few = range(number * kills.documents, (number + 1) * kills.documents)
            waiting_documents(site.store, RECEIVER, few)
            _kill(site, processes, fault, figures)
        _settle(site, processes, figures)
        figures.note(documents=len(faults) * kills.documents, kills=len(faults), **_check(site, there))
        bugs = processes.bugs()
    figures.show()
    if bugs:
        raise AssertionError(f"the log tells of bugs: {bugs[:10]}")


def documents_survive_postgres_restarts(site: Site, server: Any, *, restarts: int, documents_each: int) -> None:
    """PostgreSQL ends hard and comes back, time after time, while documents are sent: each arrives, under its id."""
    figures = Figures("PostgreSQL restarted hard while documents are sent")
    told = {**SENDING, "lease_seconds": LEASE_SECONDS, "sweep_seconds": 0.3, "log_level": "WARNING"}
    processes = Processes(site.folder, environment(site.folder / "var", **told, database_url=site.url))
    with partner_process(site.folder / "partner.db") as there, ended(processes):
        publish_receiver(site.store, site.folder, RECEIVER, there.url("/well"), delivery_waits=_AT_ONCE)
        for part in ("scheduler", "worker", "worker"):
            processes.start(part)
        for number in range(restarts):
            before = there.rows("SELECT count(*) FROM effects")[0][0]
            waiting_documents(site.store, RECEIVER, range(number * documents_each, (number + 1) * documents_each))
            some = before + figures.chance.randint(1, documents_each // 2)
            until(lambda some=some: there.rows("SELECT count(*) FROM effects")[0][0] >= some, 60, "some arrive")  # type: ignore[misc]
            restart_hard(server)
            site.store.database.engine.dispose()
        settled = until(lambda: _undelivered(site) == 0, 60, "everything is delivered", pause=0.02)
        figures.note(settled_after_s=settled, restarts=restarts, documents=restarts * documents_each)
        figures.note(**_check_arrivals(site, there))
        bugs = processes.bugs()
    figures.show()
    if bugs:
        raise AssertionError(f"the log tells of bugs: {bugs[:10]}")


def _kill(site: Site, processes: Processes, fault: str, figures: Figures) -> None:
    """One worker's life: it dies at the point, or some time after its first delivery."""
    processes.env["HARNESS_FAULTS"] = "" if fault == "random" else f"{fault}=kill"
    told_before = _attempts_told(site)
    worker = processes.start("worker")
    if fault == "random":
        until(lambda: _attempts_told(site) > told_before, 30, "something is told of")
        time.sleep(figures.chance.uniform(0, 0.15))
        worker.kill()
    code = worker.wait(timeout=30)
    if code != -9:
        raise AssertionError(f"the worker that was to die at {fault} ended with {code}")


def _settle(site: Site, processes: Processes, figures: Figures) -> None:
    """A last worker, which nobody kills: everything is delivered within two leases of its start."""
    processes.env["HARNESS_FAULTS"] = ""
    killed = time.monotonic()
    worker = processes.start("worker")
    until(lambda: _holds_a_lease(site, worker.pid), 60, "the worker is there")
    started = time.monotonic() - killed
    until(lambda: _undelivered(site) == 0, 120, "everything is delivered", pause=0.02)
    settled = time.monotonic() - killed
    figures.note(settled_after_s=settled, worker_started_in_s=started)
    if settled > 2 * LEASE_SECONDS + started:
        raise AssertionError(f"settled {settled:.1f} s after the last kill: more than two leases")


def _holds_a_lease(site: Site, pid: int) -> bool:
    return any(name.endswith(f"-{pid}") for (name,) in site.books.rows("SELECT worker FROM leases"))


def _attempts_told(site: Site) -> int:
    return int(site.books.rows("SELECT count(*) FROM delivery_attempts")[0][0])


def _undelivered(site: Site) -> int:
    return int(site.books.rows("SELECT count(*) FROM deliveries WHERE status <> 'delivered'")[0][0])


def _check(site: Site, there: PartnerProcess) -> dict[str, int]:
    """What the partner has against what the gateway says of every attempt."""
    figures = _check_arrivals(site, there)
    with site.store.database.read() as connection:
        attempts = dict(fetch(connection, "SELECT document_id, attempts FROM deliveries"))
        told: dict[str, list[str]] = {one: [] for one in attempts}
        for document, outcome in fetch(
            connection, "SELECT document_id, outcome FROM delivery_attempts ORDER BY document_id, number"
        ):
            told[document].append(outcome)
    for document, outcomes in told.items():
        if outcomes != ["unknown"] * (attempts[document] - 1) + ["delivered"]:
            raise AssertionError(f"{document}: {attempts[document]} attempts are told as {outcomes}")
    had = dict(there.rows("SELECT document_id, count(*) FROM arrivals GROUP BY document_id"))
    if over := [one for one, count in had.items() if count > attempts[one]]:
        raise AssertionError(f"{len(over)} documents arrived more often than they were tried, such as {over[0]}")
    unknown = sum(len(outcomes) - 1 for outcomes in told.values())
    if not unknown:
        raise AssertionError("no attempt was cut off: the kills met nothing")
    return {**figures, "unknown_attempts": unknown}


def _check_arrivals(site: Site, there: PartnerProcess) -> dict[str, int]:
    """Each document is among the effects, once, and whatever arrived was sent."""
    with site.store.database.read() as connection:
        sent = {row[0]: hashlib.sha256(bytes(row[1])).hexdigest() for row in _documents(connection)}
    arrivals = there.rows("SELECT document_id, sha256, count(*) FROM arrivals GROUP BY document_id, sha256")
    if {document: digest for document, digest, _ in arrivals} != sent or len(arrivals) != len(sent):
        raise AssertionError(f"sent {len(sent)}, and {len(arrivals)} different ids and bodies arrived")
    return {"effects": len(sent), "arrivals": sum(count for *_, count in arrivals)}


def _documents(connection: object) -> list[tuple[str, bytes]]:
    return fetch(connection, f"SELECT id, body FROM documents WHERE account_id = '{RECEIVER}'")  # type: ignore[arg-type]
