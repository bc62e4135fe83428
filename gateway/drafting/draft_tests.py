"""Drafts tried on the account's last messages, with no effect: a chunk at a time, so that the test can be watched,
stopped and gone on with by another worker.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import ValidationError

from gateway.drafting.drafts import Draft, draft_of, draft_revision
from gateway.effects.comparing import compare
from gateway.effects.effects import Effects
from gateway.lanes import DRAFTS
from gateway.services import Services
from gateway.store.database import StoreUnavailable
from gateway.store.draft_tests import ClaimedTest, DraftTest, Status
from gateway.store.ids import new_id, now_us
from mappings.revision import MappingRevision

USUAL_LAST, MOST_LAST = 200, 10_000
"""Messages that a draft is tried on, and how many at most."""
_STEP_SECONDS = 0.5

logger = logging.getLogger(__name__)


class CantTest(Exception):
    """There is nothing to compare, in a sentence."""


@dataclass(frozen=True, slots=True)
class Found:
    """A test with what came of it so far."""

    test: DraftTest
    effects: Effects


def begin(services: Services, account_id: str, last: int, actor: str) -> str:
    """Have the account's draft tried on its last so many messages; the test's id. The one that is open where the same
    was asked for already. Raises CantTest."""
    draft = draft_of(services, account_id)
    both(services, draft)
    total = services.store.messages.counted(account_id, last)
    test_id = services.store.draft_tests.begin(account_id, draft.number, draft.version, last, total, actor=actor)
    services.lanes.ring(DRAFTS)
    return test_id


def both(services: Services, draft: Draft) -> tuple[MappingRevision, MappingRevision]:
    """The account's published mapping, and its draft. Raises CantTest."""
    if not draft.number:
        raise CantTest("Nothing is published yet that the draft could be compared with.")
    try:
        return services.terms.mapping(draft.account_id, draft.number), draft_revision(services, draft)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_url=False))
        raise CantTest(f"The terms can't be used: {wrong}") from error


def keep(services: Services, draft: Draft, last: int, effects: Effects, actor: str) -> None:
    """What came of the draft where it was tried at once: it counts as any other test of it."""
    done = effects.messages
    asked = (new_id(), draft.account_id, draft.number, draft.version, last)
    ran = DraftTest(*asked, "done", done, done, effects.newly_fail, None, None, actor, now_us(), None)
    services.store.draft_tests.keep(ran, json.dumps(effects.as_json()))


def found(services: Services, test_id: str) -> Found | None:
    """The test; None where there is none of that id."""
    stored = services.store.draft_tests.found(test_id)
    if stored is None:
        return None
    test, result = stored
    return Found(test, _effects(result))


def _effects(result: str | None) -> Effects:
    return Effects() if result is None else Effects.from_json(json.loads(result))


def cancel(services: Services, test_id: str, actor: str) -> bool:
    """End a test that waits or runs: at the latest when the chunk is done that is worked on. False where it has
    ended."""
    return services.store.draft_tests.cancel(test_id, actor=actor)


# --- what a worker does ------------------------------------------------------------------------------------------
def _never() -> bool:
    return False


def step(services: Services, pauses: Callable[[], bool] = _never) -> bool:
    """Do a chunk of the oldest test that waits, for half a second or until something else is to be done (`pauses`), but
    some of it in any case. False where none waits."""
    claimed = services.store.draft_tests.claim(services.worker_name)
    if claimed is None:
        return False
    test = claimed.test
    try:
        _do_chunk(services, claimed, pauses)
    except StoreUnavailable:  # the sweeper has it gone on with when the database is back
        raise
    except Exception:  # a bug ends this test and none of the others
        logger.exception("the test %s of the draft of %s failed: a bug", test.id, test.account_id)
        _save(services, claimed, "failed", "The gateway failed at this test; its log says more.")
    return True


def _do_chunk(services: Services, claimed: ClaimedTest, pauses: Callable[[], bool]) -> None:
    test, draft = claimed.test, draft_of(services, claimed.test.account_id)
    if (draft.number, draft.version) != (test.revision, test.version):
        _save(services, claimed, "outdated")
        return
    try:
        before, after = both(services, draft)
    except CantTest as reason:
        _save(services, claimed, "failed", str(reason))
        return
    effects, done, cursor = _effects(claimed.result), test.done, test.cursor
    status: Status = "done"
    until = time.monotonic() + _STEP_SECONDS
    for page in compare(services, before, after, test.last - done, behind=cursor):
        effects.merge(page.effects)
        done, cursor = done + page.messages, page.cursor
        if not page.is_last and (time.monotonic() >= until or pauses()):
            status = "running"
            break
    services.store.draft_tests.save(claimed, status, done, cursor, json.dumps(effects.as_json()), effects.newly_fail)


def _save(services: Services, claimed: ClaimedTest, status: Status, detail: str | None = None) -> None:
    """End the test with what came of it before."""
    test = claimed.test
    services.store.draft_tests.save(claimed, status, test.done, test.cursor, claimed.result, test.newly_failing, detail)
