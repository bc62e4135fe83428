"""Publishing what mends a cause and replaying what waits for it: both or neither."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.drafting.drafts import draft_of
from gateway.drafting.publishing import role_obstacles
from gateway.fixing.causes import open_messages
from gateway.fixing.foreseeing import effects_on_others
from gateway.fixing.proposals import Proposal
from gateway.fixing.replays import prepared
from gateway.services import Services
from gateway.store.database import Collision
from gateway.store.users import Role


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


def may_publish(proposal: Proposal, role: Role) -> bool:
    """Whether somebody of this role may publish the row."""
    return not role_obstacles({proposal.fix.kind}, role)


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
    waiting = open_messages(services, fix.cause) if replays else []
    replay = prepared(services, fix.cause, waiting, reason=reason, actor=actor) if waiting else None
    removed, added = ([], []) if proposal.changes_nothing else (list(proposal.removed), [proposal.added])
    done = services.store.revisions.publish_changes(
        published,
        published.terms,
        removed,
        added,
        author=actor,
        reason=reason,
        also=replay.write if replay else lambda _: None,
    )
    if replay is None:
        return Fixed(done.number, None, 0)
    replay.ring(services)
    return Fixed(done.number, replay.replay_id, replay.messages)
