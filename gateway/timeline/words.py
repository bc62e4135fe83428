"""Who did it, in people's words."""

from __future__ import annotations

from datetime import UTC, datetime

from schemas.fault_codes import FAULTS

_SHOWN = 3


def who(actor: str, *, for_account: bool) -> str | None:
    """An actor of the audit chain; None for the gateway itself. The account isn't told who of us it was."""
    kind, _, name = actor.partition("/")
    if actor == "gateway":
        return None
    if kind == "account":
        return "your system" if for_account else f"the system of {name}"
    if for_account:
        return "the supplier"
    if kind == "cli":
        return f"{name} at the command line" if name else "somebody at the command line"
    if kind == "key":
        return f"the back office, by its key {name}"
    return actor.removeprefix("user ")


def named(codes: list[str]) -> str:
    """Faults by their titles, each once: `Unknown item, Unknown unit and 3 more`."""
    titles = list(dict.fromkeys(FAULTS[code].title if code in FAULTS else code for code in codes))
    more = len(titles) - _SHOWN
    shown = ", ".join(titles[:_SHOWN])
    return f"{shown} and {more} more" if more > 0 else shown


def size(count: int) -> str:
    """Bytes for people."""
    for unit, most in (("MB", 1_000_000), ("kB", 1_000)):
        if count >= most:
            return f"{count / most:.1f} {unit}"
    return "1 byte" if count == 1 else f"{count:,} bytes"


def clock(at: int) -> str:
    """A moment within a sentence, in UTC."""
    return datetime.fromtimestamp(at // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def lasted(microseconds: int) -> str:
    """How long something took: `3 ms`, `1.2 s`, `4 min`, `2 h`."""
    seconds = microseconds / 1_000_000
    if seconds < 0.001:
        return "under 1 ms"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3_600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3_600:.0f} h" if seconds < 172_800 else f"{seconds / 86_400:.0f} days"


def plain(code: str) -> str:
    """`order_response` as `order response`."""
    return code.replace("_", " ")
