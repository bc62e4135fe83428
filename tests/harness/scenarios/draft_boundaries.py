"""Whoever edits, publishes and tries out a draft, killed just before and just after each commit on purpose.

`python -m tests.harness.scenarios.draft_boundaries URL` prints how many boundaries each of them has. It forks a child
for each try, and for each look afterwards; it opens no database itself, since an open SQLite file must not be carried
over a fork.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from gateway.accounts import table_rows
from gateway.drafting import draft_tests
from gateway.drafting.drafts import Draft, draft_of, edit, publish_draft
from gateway.drafting.importing import Outdated, apply_import, begin_import, dry_run
from gateway.drafting.publishing import roll_back
from gateway.services import Services
from gateway.store.database import Collision
from gateway.store.drafts import Change
from gateway.store.revisions import StoredRevision, account_scope
from gateway.store.statements import fetch
from gateway.store.store import Store
from mappings.revision import ItemRow
from tests.harness.accounts import garden_order
from tests.harness.figures import Figures
from tests.harness.gateway import ROOT
from tests.harness.scenarios.boundaries import child, must_end
from tests.harness.site import Site
from tests.harness.storing import keep
from tests.harness.working import services_on, work_once

ACCOUNT, USER, MESSAGES = "garden-world", "kim", 4
_SCOPE = account_scope(ACCOUNT)
_WHO = {"author": "user Kim", "reason": "tried"}
_MOST = 12


@dataclass(frozen=True, slots=True)
class Step:
    """Something that people or workers do with a draft. `prepare` says of what it is done, `act` does it, and `settle`
    checks that it is done whole or not at all, and does it again."""

    name: str
    least: int
    """Commits that it has at least."""
    prepare: Callable[[Services, str], Any]
    act: Callable[[Services, Any], object]
    settle: Callable[[Services, Any], None]


def every_draft_boundary_is_safe(site: Site) -> None:
    """All steps, at each of their commits, on an account of some orders that were answered before."""
    figures = Figures(f"commit boundaries of drafts on {site.kind}")
    keep(site.store, [garden_order(f"D-{number}", [1, 2]) for number in range(MESSAGES)])
    services = services_on(site.store)
    while site.books.waiting():
        work_once(services)
    command = [sys.executable, "-P", "-m", __name__, site.url]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300, check=False)
    if ran.returncode != 0:
        raise AssertionError(f"the tries failed: {ran.stdout[-2000:]} {ran.stderr[-4000:]}")
    boundaries = json.loads(ran.stdout.splitlines()[-1])
    figures.note(**boundaries)
    figures.show()
    few = [step.name for step in STEPS if boundaries[step.name] < 2 * step.least]
    if few:
        raise AssertionError(f"fewer boundaries than they have: {few} of {boundaries}")


def main() -> int:
    """Try every boundary of every step in turn."""
    url = sys.argv[1]
    told = {step.name: _tried(url, step) for step in STEPS}
    sys.stdout.write(json.dumps(told) + "\n")
    return 0


def _tried(url: str, step: Step) -> int:
    """How many times it was killed."""
    killed = 0
    for number in range(1, _MOST):
        died = False
        for moment in ("commit", "done"):
            known = _told(lambda mark=f"{step.name}-{number}-{moment}": _prepared(url, step, mark))  # type: ignore[misc]
            this = child(lambda known=known: _acted(url, step, known), number, moment)  # type: ignore[misc]
            must_end(child(lambda known=known: _settled(url, step, known)))  # type: ignore[misc]
            died, killed = died or this, killed + this
        if not died:
            break
    return killed


def _told(make: Callable[[], Any]) -> Any:
    """What a child made, by a pipe."""
    end, begin = os.pipe()

    def write() -> None:
        os.write(begin, json.dumps(make()).encode())

    must_end(child(write))
    os.close(begin)
    with os.fdopen(end, "rb") as pipe:
        return json.loads(pipe.read())


@contextmanager
def _services(url: str) -> Any:
    store = Store(url, max_losses=100)
    yield services_on(store)
    store.close()


def _prepared(url: str, step: Step, mark: str) -> Any:
    with _services(url) as services:
        return step.prepare(services, mark)


def _acted(url: str, step: Step, known: Any) -> None:
    with _services(url) as services:
        step.act(services, known)


def _settled(url: str, step: Step, known: Any) -> None:
    with _services(url) as services:
        step.settle(services, known)
        rows = _rows(services, "SELECT scope, kind, natural_key FROM revision_rows WHERE removed_in IS NULL")
        _same([row for row, count in Counter(map(tuple, rows)).items() if count > 1], [], "rows that stand twice")
        _same(list(services.store.audit.broken()), [], "the audit trail")


# --- a file put into the draft -----------------------------------------------------------------------------------
def _upload(services: Services, mark: str) -> Any:
    if _edits(services):
        services.store.drafts.discard_all(ACCOUNT, draft_of(services, ACCOUNT).version, author=USER)
    text = f"account_sku,product\n{mark}-a,OAT-1L\n{mark}-b,OAT-1L\n"
    upload = begin_import(services, ACCOUNT, USER, "item", "items.csv", text.encode())
    return {"upload": upload.id, "mark": dry_run(services, upload).mark}


def _import(services: Services, known: Any) -> None:
    upload = services.store.uploads.of(ACCOUNT, USER, "item", known["upload"])
    if upload is None:
        raise AssertionError("the upload is gone")
    apply_import(services, upload, known["mark"], author="user Kim")


def _imported(services: Services, known: Any) -> None:
    upload = services.store.uploads.of(ACCOUNT, USER, "item", known["upload"])
    before = len(_edits(services))
    if before not in (0, 2) or (upload is None and not before):
        raise AssertionError(f"{before} of 2 rows of the import, and the upload is {upload}")
    if upload is not None and before:
        try:
            apply_import(services, upload, known["mark"], author="user Kim")
        except Outdated:
            pass
        else:
            raise AssertionError("what was done already is done again unseen")
    if upload is not None:
        apply_import(services, upload, dry_run(services, upload).mark, author="user Kim")
    _same({one.batch for one in _edits(services)}, {known["upload"]}, "the edits' import")
    _same(len(_edits(services)), 2, "edits after the retry")
    _same(services.store.uploads.of(ACCOUNT, USER, "item", known["upload"]), None, "the upload")


# --- a draft published, and an earlier revision again ------------------------------------------------------------
def _edited(services: Services, mark: str) -> Any:
    rows = list(table_rows(ItemRow(f"{mark}-{letter}", None, "OAT-1L") for letter in "ab"))

    def changes(draft: Draft) -> list[Change]:
        return [draft.change(row.kind, row.natural_key, None, row.body) for row in rows]

    edit(services, ACCOUNT, changes, author="user Kim")
    found = draft_of(services, ACCOUNT)
    return {"number": found.number, "edits": len(found.edits), "keys": [row.natural_key for row in rows]}


def _publish(services: Services, _known: Any) -> None:
    publish_draft(services, draft_of(services, ACCOUNT), **_WHO)


def _published(services: Services, known: Any) -> None:
    stands, edits = _current(services), len(_edits(services))
    if (stands.number, edits) not in ((known["number"], known["edits"]), (known["number"] + 1, 0)):
        raise AssertionError(f"revision {stands.number} and {edits} edits, of {known}")
    there = {row.natural_key for row in stands.rows} & set(known["keys"])
    _same(len(there), 0 if edits else 2, f"rows of the draft in revision {stands.number}")
    if edits:
        _publish(services, known)
        _same((_current(services).number, _edits(services)), (known["number"] + 1, ()), "what was published again")


def _two_revisions(services: Services, mark: str) -> Any:
    known = _edited(services, mark)
    _publish(services, known)
    return {"number": known["number"] + 1, "back_to": known["number"]}


def _go_back(services: Services, known: Any) -> None:
    roll_back(services, ACCOUNT, known["back_to"], seen_current=known["number"], **_WHO)


def _went_back(services: Services, known: Any) -> None:
    stands, old = _current(services), services.store.revisions.load(_SCOPE, known["back_to"])
    if stands.number == known["number"]:
        _go_back(services, known)
        stands = _current(services)
    else:
        try:
            _go_back(services, known)
        except Collision:
            pass
        else:
            raise AssertionError("gone back twice")
    _same(stands.number, known["number"] + 1, "the revision after going back")
    _same(set(stands.rows), set(old.rows) if old else None, "its rows")


# --- a draft tried out -------------------------------------------------------------------------------------------
def _begin_test(services: Services, mark: str) -> Any:
    _edited(services, mark)
    return {"test": draft_tests.begin(services, ACCOUNT, 200, "user Kim")}


def _test(services: Services, _known: Any) -> None:
    while draft_tests.step(services):  # without a pause, though each message may be a chunk of its own
        pass


def _tested(services: Services, known: Any) -> None:
    services.store.draft_tests.leases.end_leases(
        services.store.draft_tests.leases.lessees()
    )  # as the sweeper does of the dead
    _test(services, known)
    found = draft_tests.found(services, known["test"])
    if found is None:
        raise AssertionError("the test is gone")
    _same((found.test.status, found.test.done, found.test.total), ("done", MESSAGES, MESSAGES), "the test")
    _same(found.effects.messages, MESSAGES, "messages that were tried")
    _same(_rows(services, "SELECT count(*) FROM messages")[0][0], MESSAGES, "messages")


STEPS = (
    Step("import", 2, _upload, _import, _imported),
    Step("publish", 1, _edited, _publish, _published),
    Step("roll_back", 1, _two_revisions, _go_back, _went_back),
    Step("test", 2, _begin_test, _test, _tested),
)


# --- what stands -------------------------------------------------------------------------------------------------
def _edits(services: Services) -> Any:
    return services.store.drafts.of(ACCOUNT).edits


def _current(services: Services) -> StoredRevision:
    number = services.store.revisions.current([ACCOUNT])[ACCOUNT]
    stored = services.store.revisions.load(_SCOPE, number)
    if stored is None:
        raise AssertionError(f"revision {number} is named and isn't there")
    return stored


def _rows(services: Services, query: str) -> list[Any]:
    with services.store.database.read() as connection:
        return fetch(connection, query, [])


def _same(found: Any, wanted: Any, what: str) -> None:
    if found != wanted:
        raise AssertionError(f"{what}: {found}, not {wanted}")


if __name__ == "__main__":
    sys.exit(main())
