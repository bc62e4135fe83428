"""What people do with one problem: acknowledge, assign, ignore until, open again; and one problem, open or not."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from gateway.causes.cause import Cause
from gateway.causes.gathering import gather, tell
from gateway.services import Services
from gateway.store.ids import now_us
from gateway.store.problem_states import LONGEST_REASON, ProblemState
from gateway.store.users import User

_SECOND = 1_000_000
_UNITS = {"min": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}
_SPAN = re.compile(r"([0-9]{1,4})\s?(min|h|d|w)")
_LONGEST_US = 366 * 86_400 * _SECOND
_LONGEST_FINGERPRINT = 100


class CantChange(Exception):
    """It can't be done, with the reason as a sentence."""


def one_cause(services: Services, fingerprint: str) -> Cause | None:
    """This problem; resolved and of nothing where nothing waits for it any more; None where nothing ever did."""
    if len(fingerprint) > _LONGEST_FINGERPRINT or not fingerprint.isascii() or "\0" in fingerprint:
        return None
    found = gather(services.store, fingerprint=fingerprint)
    if found:
        return tell(services, found)[0]
    known = services.store.problem_states.one(fingerprint)
    return None if known is None else tell(services, [resolved_cause(known)])[0]


def resolved_cause(known: ProblemState) -> Cause:
    """A problem of which nothing is left, as it was last."""
    return Cause(
        fingerprint=known.fingerprint,
        account_id=known.account_id,
        code=known.code,
        what=known.what,
        count=0,
        first_at=known.opened_at,
        last_at=known.resolved_at or known.changed_at,
        path=known.path,
        value=None if known.what != "message" else known.value,
        detail=known.detail,
        endpoint=known.value if known.what != "message" else None,
        state="resolved",
        known=known,
    )


def acknowledge(services: Services, cause: Cause, actor: str, reason: str = "") -> None:
    """Somebody has seen it. Raises CantChange."""
    services.store.problem_states.acknowledge(_open(cause).seen, actor, _fitting(reason))


def assign(services: Services, cause: Cause, somebody: User | None, actor: str, reason: str = "") -> None:
    """It is theirs from now on; None: nobody's. Raises CantChange for who can't take it."""
    if somebody is not None and somebody not in takers(services):
        raise CantChange(f"{somebody.name} can't take it: it takes one of us of the role support or above.")
    user_id, name = (None, "") if somebody is None else (somebody.id, somebody.name)
    services.store.problem_states.assign(_open(cause).seen, user_id, name, actor, _fitting(reason))


def ignore(services: Services, cause: Cause, until: int, actor: str, reason: str) -> None:
    """Nobody is asked about it until then, in microseconds since 1970. Raises CantChange without a reason, and for a
    time that isn't ahead."""
    if not reason.strip():
        raise CantChange("Say why: whoever looks next asks that first.")
    now = now_us()
    if not now < until <= now + _LONGEST_US:
        raise CantChange("It can be ignored until a time that is ahead, within a year.")
    services.store.problem_states.ignore(_open(cause).seen, until, actor, _fitting(reason))


def reopen(services: Services, cause: Cause, actor: str, reason: str = "") -> None:
    """It is open again. Raises CantChange."""
    services.store.problem_states.reopen(_open(cause).seen, actor, _fitting(reason))


def takers(services: Services) -> list[User]:
    """Who a problem can be assigned to: those of us who can do something about it, by name."""
    return [
        one
        for one in services.store.users.all()
        if one.account_id is None and one.disabled_at is None and one.may("support")
    ]


def until_of(text: str) -> int:
    """`8h`, `3d`, `2w` from now, or a time with its offset, in microseconds since 1970. Raises CantChange."""
    said = text.strip()
    if span := _SPAN.fullmatch(said):
        return now_us() + int(span[1]) * _UNITS[span[2]] * _SECOND
    try:
        moment = datetime.fromisoformat(said)
        if moment.tzinfo is None and len(said) > len("2026-12-01"):
            raise CantChange("Say the time with its offset, like 2026-12-01T08:00+01:00 or 2026-12-01T07:00Z.")
        return int(moment.astimezone(UTC).timestamp()) * _SECOND
    except (ValueError, OverflowError):
        raise CantChange("The time is 30min, 8h, 3d or 2w from now, or like 2026-12-01T08:00+01:00.") from None


def _open(cause: Cause) -> Cause:
    if not cause.count and cause.state == "resolved":
        raise CantChange("Nothing waits for it any more.")
    return cause


def _fitting(reason: str) -> str:
    if len(reason) > LONGEST_REASON:
        raise CantChange(f"The reason has more than {LONGEST_REASON:,} characters.")
    return reason
