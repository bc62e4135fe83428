"""What of the audit somebody asks for, as addresses and commands say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from gateway.auditing.sentences import SUBJECTS
from gateway.store.audit_log import Place, Wanted
from gateway.store.store import Store

_DAYS = {"since": timedelta(0), "until": timedelta(1)}
"""A day alone means its beginning, or its end."""
_LARGEST = 2**62


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, and what of it is nothing that can be asked: field → why, in words."""

    wanted: Wanted
    wrong: Mapping[str, str]


def asked_of(store: Store, told: Mapping[str, str]) -> Asked:
    """Of fields `who`, `account`, `about`, `since` and `until`; what is left out asks for all."""
    wrong: dict[str, str] = {}
    times: dict[str, int | None] = {}
    for name, more in _DAYS.items():
        try:
            times[name] = moment_of(told.get(name, "").strip(), more)
        except ValueError:
            wrong[name] = "A day such as 2026-11-27, or a moment such as 2026-11-27T14:30, in UTC."
    about = told.get("about", "").strip() or None
    if about is not None and about not in SUBJECTS:
        wrong["about"] = f"One of {', '.join(SUBJECTS)}."
        about = None
    account = told.get("account", "").strip() or None
    who = told.get("who", "").strip()
    wanted = Wanted(actor_of(store, who) if who else None, account, about, times.get("since"), times.get("until"))
    return Asked(wanted, wrong)


def moment_of(text: str, whole_day: timedelta = timedelta(0)) -> int | None:
    """Microseconds since 1970; None where nothing is said. A time without an offset is UTC. Raises ValueError."""
    if not text:
        return None
    try:
        if len(text) == len("2026-11-27"):
            found = datetime.combine(date.fromisoformat(text) + whole_day, time.min, UTC)
        else:
            read = datetime.fromisoformat(text)
            found = read if read.tzinfo else read.replace(tzinfo=UTC)
        return int(found.timestamp()) * 1_000_000
    except OverflowError:
        raise ValueError(text) from None


def moment_text(at: int) -> str:
    """Microseconds since 1970 as ISO 8601 in UTC."""
    return datetime.fromtimestamp(at // 1_000_000, UTC).replace(microsecond=at % 1_000_000).isoformat()


def actor_of(store: Store, who: str) -> str:
    """As the chain names them: the name that was typed, or whoever of that name has done anything."""
    known = store.audit_log.actors()
    names = (who, f"user {who}", f"cli/{who}", f"key/{who}")
    exact = next((name for name in names if name in known), None)
    if exact is not None:
        return exact
    folded = [name.casefold() for name in names]
    return next((one for one in known if one.casefold() in folded), who)


def place_text(place: Place) -> str:
    """A place as an address has it."""
    return f"{place.at}.{place.number}.{place.stream}"


def place_of(text: str) -> Place | None:
    """The place of such a text; None where it is none."""
    at, _, rest = text.partition(".")
    number, dot, stream = rest.partition(".")
    if not dot or not (at + number).isascii() or not at.isdigit() or not number.isdigit():
        return None
    if len(at) > 18 or len(number) > 9:
        return None
    return Place(int(at), stream, int(number))
