"""What keeps notices from our people: settings that are missing, accounts of which nobody is told, what waits long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from gateway.named_secrets import NamedSecrets
from gateway.notifying.people import People
from gateway.notifying.sending import EMAIL
from gateway.services import NoticePlaces
from gateway.store.ids import now_us
from gateway.store.store import Store

_LATE_US = 900_000_000
"""So long no notice waits where somebody sends."""
_NAMED = 5


def notice_findings(
    store: Store, secrets: NamedSecrets, places: NoticePlaces, *, has_mail: bool
) -> Iterator[tuple[bool, str]]:
    """(whether somebody should look, a sentence) of each thing that is to be said of notices."""
    yield _waiting(store)
    people = People(store)
    whom = [people.at(str(one["id"]), int(one["revision"])) for one in store.revisions.accounts()]
    by_mail = [one.account_id for one in whom if one.emails]
    if by_mail and not has_mail:
        yield True, f"the people of {_named(by_mail)} can't be told by e-mail: GATEWAY_SMTP_URL isn't set"
    for one in whom:
        for text in one.unusable:
            yield True, f"{one.account_id}: {text!r} is no address that notices can be sent to"
    nobody = [one.account_id for one in whom if not one.emails and not (one.webhook and places.webhook)]
    if nobody:
        yield True, f"nobody is told of problems of {_named(nobody)}: no manager or team with an e-mail address"
    if places.webhook and secrets.of(places.webhook_secret) is None:
        name = places.webhook_secret
        yield True, f"GATEWAY_NOTICE_WEBHOOK can't be called: the secret {name} {secrets.remedy(name)}"
    if not places.console and (by_mail or places.webhook):
        yield True, "links in notices are their paths alone: GATEWAY_CONSOLE_URL isn't set"


def _waiting(store: Store) -> tuple[bool, str]:
    counts, open_now = store.notices.counts(), store.notices.oldest_waiting()
    said = (
        "none waits" if not open_now else "; ".join(_of_channel(one, *told) for one, told in sorted(open_now.items()))
    )
    late = any(now_us() - oldest > _LATE_US for _, oldest in open_now.values())
    if given_up := counts["given_up"]:
        said += f"; {given_up} given up: `gateway notices list --status given_up` says why"
    return late or bool(given_up), said


def _of_channel(channel: str, count: int, oldest: int) -> str:
    since = datetime.fromtimestamp(oldest // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    return (
        f"{count} wait{'s' if count == 1 else ''} to go by {'e-mail' if channel == EMAIL else channel}, oldest {since}"
    )


def _named(accounts: list[str]) -> str:
    shown = ", ".join(accounts[:_NAMED])
    return f"{shown} and {len(accounts) - _NAMED:,} more" if len(accounts) > _NAMED else shown
