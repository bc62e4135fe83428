"""Publishing a draft, and publishing an earlier revision again: one set of rules for the console and the program.

A draft is published when it has no faults and no conflicts, and a test of exactly what it is now, the one of most
messages, went through and found no order that newly fails. A test that says otherwise can be overridden, with a reason
of its own, which stands in the revision's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from gateway.drafting.draft_tests import USUAL_LAST
from gateway.drafting.drafts import (
    Conflicting,
    Draft,
    Unpublishable,
    draft_faults,
    draft_of,
    publish_draft,
    revision_faults,
)
from gateway.effects.titles import counted
from gateway.store.database import Collision
from gateway.store.draft_tests import DraftTest
from gateway.store.drafts import Key
from gateway.store.revisions import Published, Row, StoredRevision, account_scope
from gateway.store.users import ROLES, Role
from mappings.tables import TABLES
from schemas.faults import Fault

if TYPE_CHECKING:
    from gateway.services import Services

_TABLE_ROWS = frozenset(TABLES)
"""Kinds of edits that support may publish: rules, terms and samples are for integration."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What stands in the way of publishing, as a sentence."""

    kind: Literal["nothing", "role", "faults", "conflicts", "untested", "failing"]
    said: str

    @property
    def is_overridable(self) -> bool:
        """Whether a reason of its own gets past it."""
        return self.kind in ("untested", "failing")


class Blocked(Exception):
    """The draft can't be published: these stand in the way."""

    def __init__(self, obstacles: Sequence[Obstacle]) -> None:
        super().__init__(" ".join(one.said for one in obstacles))
        self.obstacles = obstacles


def may_publish(services: Services, draft: Draft, role: Role) -> list[Obstacle]:
    """What keeps somebody of this role from publishing the draft as it is now; nothing: they may."""
    return obstacles(services, draft, role, draft_faults(services, draft)[0])


def obstacles(services: Services, draft: Draft, role: Role, faults: Sequence[Fault]) -> list[Obstacle]:
    """The same, for whoever knows the faults with which it could not be used."""
    found = [*role_obstacles(draft_kinds(draft), role), *_nothing(draft)]
    if faults:
        found.append(Obstacle("faults", f"{counted(len(faults), 'fault')} would keep it from being used."))
    if draft.conflicts:
        edits = counted(len(draft.conflicts), "edit")
        found.append(Obstacle("conflicts", f"{edits} of what was published otherwise meanwhile: decide which counts."))
    return found if faults else [*found, *_of_test(services, draft)]


def draft_kinds(draft: Draft) -> set[str]:
    """The kinds of what was edited."""
    return {edit.kind for edit in draft.edits}


def role_obstacles(kinds: Iterable[str], role: Role) -> list[Obstacle]:
    """What keeps this role from publishing changes of these kinds."""
    rank, beyond = ROLES.index(role), sorted(set(kinds) - _TABLE_ROWS)
    if rank < ROLES.index("support"):
        return [Obstacle("role", "Publishing needs somebody of the role support.")]
    if not beyond or rank >= ROLES.index("integration"):
        return []
    said = " and ".join({"file": "rules or samples", "terms": "terms"}.get(kind, kind) for kind in beyond)
    return [Obstacle("role", f"It changes {said}: publishing that needs somebody of the role integration.")]


def publish(services: Services, draft: Draft, *, author: str, reason: str, override: str | None = None) -> Published:
    """Make the draft, as it was loaded, the account's mapping. Whoever calls has asked `role_obstacles`.

    Raises Conflicting; Unpublishable, with the faults; Blocked, where there is nothing to publish or the test says no
    and no `override` is given; Collision, where it was edited or something was published since it was loaded.
    """
    if draft.conflicts:
        raise Conflicting(draft.conflicts)
    if nothing := _nothing(draft):
        raise Blocked(nothing)
    stands = _of_test(services, draft)
    if stands and not override:
        faults, _ = draft_faults(services, draft)
        raise Unpublishable(faults) if faults else Blocked(stands)
    if stands:
        reason = f"{reason} (published although {_although(stands)}: {override})"
    return publish_draft(services, draft, author=author, reason=reason)


def _nothing(draft: Draft) -> list[Obstacle]:
    return [] if draft.edits else [Obstacle("nothing", "Nothing was edited since the last revision.")]


def _of_test(services: Services, draft: Draft) -> list[Obstacle]:
    if not draft.edits or not _has_messages(services, draft.account_id):
        return []
    test = counting_test(services, draft)
    if test is None:
        return [Obstacle("untested", "It wasn't tested as it is now.")]
    if test.status != "done":
        return [Obstacle("untested", "Its test didn't go through all messages.")]
    if failing := test.newly_failing:
        one, many = "1 order that was answered would fail.", f"{failing:,} orders that were answered would fail."
        return [Obstacle("failing", one if failing == 1 else many)]
    if test.last < USUAL_LAST and test.total >= test.last:
        tried = counted(test.last, "message")
        return [Obstacle("untested", f"It was tested on {tried} alone; the last {USUAL_LAST} are asked for.")]
    return []


def counting_test(services: Services, draft: Draft) -> DraftTest | None:
    """The test by which the draft, as it is now, is judged: of those that went through the one of most messages, else
    the newest. A smaller one gets nobody past what a larger one found. None where it wasn't tested."""
    tests = services.store.draft_tests.of_account(draft.account_id)
    of_this = [one for one in tests if (one.revision, one.version) == (draft.number, draft.version)]
    return max(of_this, key=_weight, default=None)


def _weight(test: DraftTest) -> tuple[bool, int, str]:
    is_done = test.status == "done"
    return is_done, test.last if is_done else 0, test.id


def _has_messages(services: Services, account_id: str) -> bool:
    return bool(services.store.messages.page(account_id=account_id, limit=1))


def _although(stands: Sequence[Obstacle]) -> str:
    said = " and ".join(one.said.removesuffix(".") for one in stands)
    return said[:1].lower() + said[1:]


# --- back to an earlier one --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class WayBack:
    """What publishing an earlier revision again changes: revision `old` in place of the current one."""

    current: StoredRevision
    old: StoredRevision
    keys: Set[Key]
    """Of the rows that the two don't have alike."""

    @property
    def account_id(self) -> str:
        """Whose they are."""
        return self.current.scope.removeprefix(account_scope(""))

    @cached_property
    def removed(self) -> list[Row]:
        """Rows that stand and go, or change."""
        return [row for row in self.current.rows if (row.kind, row.natural_key) in self.keys]

    @cached_property
    def added(self) -> list[Row]:
        """Rows that come back."""
        return [row for row in self.old.rows if (row.kind, row.natural_key) in self.keys]

    @property
    def kinds(self) -> set[str]:
        """The kinds of what changes."""
        terms = {"terms"} if self.current.terms != self.old.terms else set()
        return terms | {row.kind for row in (*self.removed, *self.added)}


def way_back(services: Services, account_id: str, number: int) -> WayBack:
    """What going back to this revision would change now. Raises LookupError where there is no such revision before the
    current one."""
    stands = draft_of(services, account_id).published
    old = services.store.revisions.load(stands.scope, number) if 0 < number < stands.number else None
    if old is None:
        raise LookupError(f"{account_id} has no revision {number} before the current one")
    went, came = (Counter(rows) for rows in services.store.revision_log.between(account_id, stands.number, number))
    unlike = (*(went - came), *(came - went))  # what went and came again is alike
    return WayBack(stands, old, {(row.kind, row.natural_key) for row in unlike})


def unusable(services: Services, way: WayBack) -> Sequence[Fault]:
    """With what this program can't use the earlier revision any more."""
    return revision_faults(way.old, services.terms.catalogue(), services.store.stock.sites())[0]


def roll_back(
    services: Services, account_id: str, number: int, *, author: str, reason: str, seen_current: int
) -> Published:
    """Publish revision `number` again, as a new one; a draft stays as it is.

    Raises LookupError where there is no such revision before the current one, Unpublishable where this program can't
    use it any more, Collision where another than `seen_current` is published by now.
    """
    way = way_back(services, account_id, number)
    if way.current.number != seen_current:
        raise Collision(f"revision {way.current.number} of {account_id} was published meanwhile")
    if faults := unusable(services, way):
        raise Unpublishable(faults)
    return services.store.revisions.publish_changes(
        way.current, way.old.terms, way.removed, way.added, author=author, reason=reason, restores=number
    )
