"""How values read on pages: moments, how long ago, numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from gateway.amounts import amount, worth_said
from gateway.causes.cause import Cause
from gateway.causes.words import amounts
from gateway.order_page.words import quantity, until
from gateway.store.ids import now_us

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))


def moment(at: int | None) -> Markup:
    """Microseconds since 1970, in UTC; the page's script shows it by the viewer's clock."""
    if at is None:
        return Markup("never")
    found = datetime.fromtimestamp(at // 1_000_000, UTC)
    exact, shown = found.isoformat(), found.strftime("%Y-%m-%d %H:%M UTC")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(exact, exact, shown)


def ago(at: int | None) -> Markup:
    """How long ago that was, the moment itself behind it."""
    if at is None:
        return Markup("never")
    found = datetime.fromtimestamp(at // 1_000_000, UTC).isoformat()
    seconds = (now_us() - at) / 1_000_000
    said = f"{lasting(seconds)} ago" if seconds >= 1 else "just now"
    return Markup('<time datetime="{}" title="{}" data-ago>{}</time>').format(found, found, said)


def lasting(seconds: float) -> str:
    """In the largest unit that says it: `3 minutes`."""
    for unit, size in _UNITS:
        count = int(seconds // size)
        if count:
            return counted(count, unit)
    return counted(max(0, int(seconds)), "second")


def counted(count: int, word: str, plural: str | None = None) -> str:
    """`1 order`, `1,204 orders`; of two that go `2 go`."""
    return f"{count:,} {word if count == 1 else plural or f'{word}s'}"


def whom(actor: str) -> str:
    """Who acted, as people call them: of one of us their name alone."""
    return actor.removeprefix("user ")


def worded(code: str) -> str:
    """`order_response` as `order response`."""
    return code.replace("_", " ")


def lower_first(text: str) -> str:
    """The sentence as a part of another."""
    return text[:1].lower() + text[1:]


def upper_first(text: str) -> str:
    """As a sentence begins."""
    return text[:1].upper() + text[1:]


def facts(cause: Cause) -> str:
    """What stands behind a problem's name: how many, what they are worth, how old, when due."""
    return ", ".join(cause.facts(now_us()))


def is_late(cause: Cause) -> bool:
    """Whether an answer should have gone out by now."""
    return cause.is_overdue(now_us())


def money(worth: Decimal, currency: str | None) -> str:
    """`18,400.00 EUR`."""
    return worth_said(worth, currency)


FILTERS: Mapping[str, Callable[..., Any]] = {
    "moment": moment,
    "ago": ago,
    "lasting": lasting,
    "whom": whom,
    "counted": counted,
    "worded": worded,
    "lower_first": lower_first,
    "upper_first": upper_first,
    "quantity": quantity,
    "amount": amount,
    "until": until,
    "facts": facts,
    "is_late": is_late,
    "money": money,
    "amounts": amounts,
}
