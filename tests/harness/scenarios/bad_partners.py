"""Partners that answer 500, redirect, hang, drip, reset, say a gigabyte or close: each gets what is theirs in the end.

Each kind is an account of its own, whose documents wait from the start. Once every kind has been met often enough for
its breaker, the partner becomes well.
"""

from __future__ import annotations

from collections import Counter

from gateway.store.statements import fetch
from tests.harness.figures import Figures
from tests.harness.gateway import Processes, ended, environment
from tests.harness.outgoing import SENDING, publish_receiver, waiting_documents
from tests.harness.partner import BAD, PartnerProcess, partner_process
from tests.harness.site import Site
from tests.harness.waiting import until

_CALL_SECONDS = 1.0
_RESTS_SECONDS = 30.0
"""So long an endpoint rests before it is tried again."""
_MET = 8


def bad_partners_get_their_documents(site: Site, each: int) -> None:
    """So many documents of each kind: every id once among the partner's effects, and no document under two ids."""
    figures = Figures(f"bad partners on {site.kind}")
    told = {**SENDING, "lease_seconds": 5, "delivery_seconds": _CALL_SECONDS, "log_level": "WARNING"}
    processes = Processes(site.folder, environment(site.folder / "var", **told, database_url=site.url))
    with partner_process(site.folder / "partner.db") as there, ended(processes):
        for kind in BAD:
            waits = ["2s"] * 50
            publish_receiver(site.store, site.folder, f"bad-{kind}", there.url(f"/bad/{kind}"), delivery_waits=waits)
            waiting_documents(site.store, f"bad-{kind}", range(each))
        processes.start("worker")
        met = until(lambda: _is_every_kind_met(there, min(each, _MET)), 60, "every kind of bad answer")
        statuses = Counter(dict(site.books.rows("SELECT status, count(*) FROM deliveries GROUP BY status")))
        there.become_well()
        settled = until(lambda: _undelivered(site) == 0, 180, "everything is delivered", pause=0.05)
        figures.note(bad_for_s=met, settled_after_s=settled, delivered_while_bad=statuses["delivered"])
        figures.note(**_check(site, there, each))
        bugs = processes.bugs()
    figures.show()
    if bugs:
        raise AssertionError(f"the log tells of bugs: {bugs[:10]}")
    if settled > 2 * _RESTS_SECONDS:
        raise AssertionError(f"settled {settled:.1f} s after the partner was well: an endpoint rested for too long")


def _is_every_kind_met(there: PartnerProcess, count: int) -> bool:
    met = dict(there.rows("SELECT path, count(*) FROM arrivals GROUP BY path"))
    return all(met.get(f"/bad/{kind}", 0) >= count for kind in BAD)


def _undelivered(site: Site) -> int:
    return int(site.books.rows("SELECT count(*) FROM deliveries WHERE status <> 'delivered'")[0][0])


def _check(site: Site, there: PartnerProcess, each: int) -> dict[str, int]:
    with site.store.database.read() as connection:
        sent = {row[0]: row[1] for row in fetch(connection, "SELECT id, number FROM documents")}
        outcomes = Counter(dict(fetch(connection, "SELECT outcome, count(*) FROM delivery_attempts GROUP BY outcome")))
    effects = there.rows("SELECT document_id, number FROM effects")
    if len(sent) != each * len(BAD) or dict(effects) != sent or len(effects) != len(sent):
        raise AssertionError(f"{len(sent)} documents, and {len(effects)} effects at the partner")
    several = there.rows("SELECT number FROM arrivals GROUP BY number HAVING count(DISTINCT document_id) > 1")
    if several:
        raise AssertionError(f"{several[0][0]} came under several ids")
    bodies = there.rows("SELECT document_id FROM arrivals GROUP BY document_id HAVING count(DISTINCT sha256) > 1")
    if bodies:
        raise AssertionError(f"{bodies[0][0]} came with several bodies")
    arrivals = there.rows("SELECT count(*) FROM arrivals")[0][0]
    return {"effects": len(effects), "arrivals": arrivals, **{f"attempts_{one}": outcomes[one] for one in outcomes}}
