"""How a notice reads: as an e-mail to people, and as JSON to our own system."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from email.message import EmailMessage
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from gateway.amounts import worth_said
from gateway.notifying.told import Open, Told

_LONGEST_SUBJECT = 150
_ONE = {"opened": "{}", "digest": "still open: {}", "resolved": "settled: {}"}
_SEVERAL = {
    "opened": "{} things wait for somebody",
    "digest": "{} things are still open",
    "resolved": "{} things are settled",
}
_BEGINS = {
    "opened": "This waits for somebody:",
    "digest": "This is still open:",
    "resolved": "This is settled, nothing waits for it any more:",
    "test": "This is a test. Notices of {} would come like this one; nothing is wrong.",
}


def mail_of(kind: str, told: Told, console: str) -> EmailMessage:
    """The e-mail with its subject and content; who it is from and to is its sender's to say."""
    message = EmailMessage()
    message["Subject"] = _in_one_line(f"{told.name}: {headline(kind, told)}")[:_LONGEST_SUBJECT]
    message.set_content("\n".join(_lines(kind, told, console)))
    return message


def call_of(kind: str, told: Told, console: str, at: int) -> bytes:
    """The body of the call to our own system: `type`, `timestamp` and `data`, as Standard Webhooks has them."""
    shown = {
        "type": f"notice.{kind}",
        "timestamp": _iso(at),
        "data": {
            "account": {"id": told.account_id, "name": told.name, "link": _account_link(told, console)},
            "items": [_item(kind, one, told.time_zone, console) for one in told.items],
            "more": told.more,
        },
    }
    return json.dumps(shown, ensure_ascii=False).encode()


def sentence(one: Open, time_zone: str, *, is_over: bool = False) -> str:
    """`Unknown item 12345: 37 orders, 18,400.00 EUR, oldest since Fri 27 Nov 08:12, due Fri 27 Nov 12:30`; of what is
    over no more than what it was."""
    facts = list(_facts(one, time_zone, is_over=is_over))
    title = _title(one, is_over=is_over)
    return f"{title}: {', '.join(facts)}" if facts else title


def _title(one: Open, *, is_over: bool) -> str:
    return "Orders have come again" if is_over and one.kind == "silence" else one.title


def _facts(one: Open, time_zone: str, *, is_over: bool) -> Iterator[str]:
    if one.count:
        yield _counted(one.count, one.of)
    for amount, currency in one.amounts:
        yield worth_said(Decimal(amount), currency)
    if is_over:
        return
    if one.kind == "silence":
        if one.due_at is not None:
            yield f"usually by {_clock(one.due_at, time_zone)}"
        yield (
            "nothing is known of earlier ones" if one.oldest_at is None else f"last {_clock(one.oldest_at, time_zone)}"
        )
        return
    if one.oldest_at is not None:
        yield f"{'oldest' if one.count > 1 else 'since'} {_clock(one.oldest_at, time_zone)}"
    if one.due_at is not None:
        yield f"{'first ' if one.count > 1 else ''}due {_clock(one.due_at, time_zone)}"


def link(path: str, console: str) -> str:
    """The address of a page; its path alone where nobody has said where the console is."""
    return console + quote(path)


def _lines(kind: str, told: Told, console: str) -> Iterator[str]:
    yield f"{_in_one_line(told.name)} ({told.account_id})"
    yield ""
    yield _BEGINS[kind].format(_in_one_line(told.name))
    for one in told.items:
        yield ""
        yield sentence(one, told.time_zone, is_over=kind == "resolved")
        yield link(one.path, console)
    if told.more:
        yield ""
        yield f"And {told.more:,} more."
    yield ""
    times = f"Times are those of {told.time_zone}. " if told.items else ""
    yield f"{times}Who is told of this account stands at {_account_link(told, console)}"


def headline(kind: str, told: Told) -> str:
    """What it tells, in a few words: `Unknown item 12345, 37 orders`."""
    count = len(told.items) + told.more
    if not count:
        return "a test of its notices"
    if count == 1:
        (one,) = told.items
        counted = f", {_counted(one.count, one.of)}" if one.count else ""
        return _ONE[kind].format(f"{_title(one, is_over=kind == 'resolved')}{counted}")
    return _SEVERAL[kind].format(f"{count:,}")


def _item(kind: str, one: Open, time_zone: str, console: str) -> dict[str, Any]:
    return {
        "subject": one.subject,
        "kind": one.kind,
        "sentence": sentence(one, time_zone, is_over=kind == "resolved"),
        "link": link(one.path, console),
        "count": one.count,
        "of": one.of or None,
        "amounts": [{"amount": amount, "currency": currency} for amount, currency in one.amounts],
        "oldest_at": _iso(one.oldest_at),
        "due_at": _iso(one.due_at),
    }


def _account_link(told: Told, console: str) -> str:
    return link(f"/accounts/{told.account_id}", console)


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _clock(at: int, time_zone: str) -> str:
    """`Fri 27 Nov 08:12`, as the clocks of the account show it."""
    return datetime.fromtimestamp(at // 1_000_000, ZoneInfo(time_zone)).strftime("%a %d %b %H:%M")


def _iso(at: int | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at // 1_000_000, UTC).isoformat()


def _in_one_line(text: str) -> str:
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())
