"""Publishing what mends a cause and replaying what waits for it: both or neither."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from sqlalchemy.engine import Connection

from gateway.drafting.drafts import draft_of
from gateway.fixing.causes import Cause
from gateway.fixing.foreseeing import effects_on_others
from gateway.fixing.proposals import Proposal
from gateway.lanes import REPLAYS
from gateway.replaying import Wanted, plan, ready
from gateway.services import Services
from gateway.store.database import Collision
from gateway.store.replays import ReadyReplay


class BreaksOthers(Exception):
    """Orders that are answered today would fail under it, and nobody said that it is to be published all the same."""

    def __init__(self, orders: int) -> None:
        super().__init__(f"{orders} answered orders would fail")
        self.orders = orders


@dataclass(frozen=True, slots=True)
class Fixed:
    """What was done: the revision that is published now, the replay that was begun (None: none was wanted), and of how
    many messages, counted as it was begun."""

    revision: int
    replay_id: str | None
    messages: int


def publish_fix(
    services: Services, proposal: Proposal, *, actor: str, reason: str, replays: bool = True, although: bool = False
) -> Fixed:
    """Publish the row as one change of the revision that was seen, whatever the account's draft holds, and begin to
    replay what waits for the cause, in one transaction. A row that is published already is not published again.

    Raises Collision where another revision is published by now; BreaksOthers where answered orders would fail and it
    isn't to be done `although` they do.
    """
    fix = proposal.fix
    published = draft_of(services, fix.account_id).published
    if published.number != proposal.number:
        raise Collision(f"revision {published.number} of {fix.account_id} was published meanwhile")
    if not although and (fails := effects_on_others(services, fix, proposal.revision).newly_fail):
        raise BreaksOthers(fails)
    replay = _replay_of(services, fix.cause, reason, actor) if replays else None
    removed, added = ([], []) if proposal.changes_nothing else (list(proposal.removed), [proposal.added])
    done = services.store.revisions.publish_changes(
        published,
        published.terms,
        removed,
        added,
        author=actor,
        reason=reason,
        also=partial(_begin, services, replay),
    )
    if replay is None:
        return Fixed(done.number, None, 0)
    services.lanes.ring(REPLAYS)
    return Fixed(done.number, replay.replay_id, len(replay.messages))


def _begin(services: Services, replay: ReadyReplay | None, connection: Connection) -> None:
    """In the transaction that publishes: what comes apart here is neither."""
    if replay is not None:
        services.store.replays.write(connection, replay)


def _replay_of(services: Services, cause: Cause, reason: str, actor: str) -> ReadyReplay | None:
    """The replay of what waits for the cause now, not begun yet; None where nothing of it can be judged again."""
    planned = plan(services, Wanted(problem=cause.fingerprint))
    if not planned.messages:
        return None
    return ready(services, planned, mapping="current", reason=reason, actor=actor)
