"""A mapping tried on the messages that came, against the one that is published: what comes out otherwise."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.screen import DONE, FAILED, Failed, Screen, counted, person

if TYPE_CHECKING:
    from gateway.effects.effects import ChangedLine, Effects, Group
    from gateway.services import Services
    from mappings.revision import MappingRevision

_SHOWN = 3
"""Lines of a group that people are shown; programs get all that are kept."""
_SEVERITY = {"newly_fails": "newly fails", "changed": "changed", "now_passes": "now passes"}


def try_draft(services: Services, screen: Screen, account_id: str, last: int) -> int:
    """The account's draft against what is published; the test is kept, for the draft to be published by it."""
    from gateway.drafting.draft_tests import CantTest, both, keep
    from gateway.drafting.drafts import draft_of

    draft = draft_of(services, account_id)
    try:
        before, after = both(services, draft)
    except CantTest as reason:
        raise Failed(f"{account_id}: {reason}") from reason
    effects = _compared(services, screen, before, after, last)
    keep(services, draft, last, effects, person())
    return _told(screen, before, last, effects)


def try_revision(services: Services, screen: Screen, after: MappingRevision, last: int) -> int:
    """A folder's mapping against what is published of its account."""
    account_id = after.account.id
    before = services.terms.current([account_id]).get(account_id)
    if before is None:
        raise Failed(f"{account_id} has no published mapping to compare with.")
    return _told(screen, before, last, _compared(services, screen, before, after, last))


def _compared(
    services: Services, screen: Screen, before: MappingRevision, after: MappingRevision, last: int
) -> Effects:
    from gateway.effects.comparing import compare
    from gateway.effects.effects import Effects

    effects = Effects()
    total = services.store.messages.counted(before.account.id, last)
    is_shown = sys.stderr.isatty() and not screen.as_json
    with click.progressbar(length=total, label="Comparing", file=sys.stderr, hidden=not is_shown) as bar:
        for page in compare(services, before, after, last):
            effects.merge(page.effects)
            bar.update(page.messages)
    return effects


def _told(screen: Screen, before: MappingRevision, last: int, effects: Effects) -> int:
    told = {"account": before.account.id, "against": before.number, "last": last, **effects.as_json()}
    screen.result(told, *effect_lines(effects))
    return FAILED if effects.newly_fail else DONE


def effect_lines(effects: Effects) -> Iterator[str]:
    """What changes, as people read it: the worst first."""
    if not effects.messages:
        yield "There are no messages to compare."
        return
    said = f"{counted(effects.orders, 'order')} compared, of {counted(effects.messages, 'message')}"
    found = f"{effects.differ} come out otherwise" if effects.differ else "none comes out otherwise"
    ends = f"; {effects.newly_fail} newly fail, {effects.now_pass} pass now" if effects.differ else ""
    yield f"{said}: {found}{ends}"
    for group in effects.groups:
        yield f"{_SEVERITY[group.severity]}: {group.title}"
        yield from (f"    {line}" for line in _places(group))
    if effects.not_compared:
        yield f"Not compared: {counted(effects.not_compared, 'message')}"
        yield from (f"    {reason}" for reason in effects.reasons())


def _places(group: Group) -> Iterator[str]:
    yield from (_place(one) for one in group.shown[:_SHOWN])
    more = group.places - min(_SHOWN, len(group.shown))
    if more > 0:
        yield f"and {more} more"


def _place(one: ChangedLine) -> str:
    named: list[Any] = [one.order_number or "no order number"]
    if one.line_number is not None:
        named.append(f"line {one.line_number}")
    return f"{', '.join(named)} ({one.message_id}): {one.before} → {one.after}"
