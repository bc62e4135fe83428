"""What an event says, in words: who did it stands before it, why and what was before and after stand behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from gateway.store.audit_log import Entry

SUBJECTS: Mapping[str, str] = {
    "message": "message",
    "account": "account's mapping",
    "catalogue": "catalogue",
    "draft": "draft of a mapping",
    "key": "key",
    "user": "person",
    "secret": "secret",
    "delivery": "delivery",
    "endpoint": "endpoint",
    "pickup": "places orders are picked up from",
    "problem": "problem",
    "replay": "replay",
    "notice": "notices",
    "retention": "retention",
    "shipment": "shipment",
    "invoice": "invoice or credit note",
    "inventory_report": "inventory report",
    "system": "the gateway itself",
}
"""Kind of what events are about, as their streams begin → as people call it."""

SENTENCES: Mapping[str, str] = {
    # messages
    "received": "received message {about}",
    "resent": "had message {about} tried again, by sending it again",
    "answered": "answered message {about}",
    "held": "held message {about}",
    "rejected": "refused message {about}",
    "failed": "failed at message {about}",
    "recognised as a resend": "recognised message {about} as a resend",
    "waits": "let message {about} wait for its order",
    "moved up": "moved message {about} up one lane",
    "quarantined": "set message {about} aside: it had ended its worker several times",
    "decided": "decided on the order of message {about}",
    "replay": "had message {about} judged again",
    "dismiss": "dismissed message {about}",
    "supersede": "replaced message {about} by an edited one",
    "edit asked for": "asked for a second person to agree to an edit of message {about}",
    "edit declined": "declined an edit of message {about}",
    "edit withdrawn": "took back an edit of message {about}",
    # documents on their way
    "retried": "had document {about} sent again",
    "dismissed": "dismissed what stood in the way of document {about}",
    "enabled": "had documents sent to {about} again",
    "refused_files_dismissed": "dismissed files of {about} that could not be picked up",
    # what is made
    "shipped": "told of shipment {about}",
    "delivered": "told that shipment {about} arrived",
    "invoiced": "made invoice {number}",
    "credited": "made credit note {number}",
    "sent": "sent inventory report {about}",
    # mappings
    "published": "published revision {number} of {about}",
    "draft changed": "changed the draft of {about}",
    "draft discarded": "threw the draft of {about} away",
    "draft kept": "kept the draft of {about} beside what was published meanwhile",
    "draft test asked for": "had the draft of {about} tried on past orders",
    "draft test cancelled": "stopped a test of the draft of {about}",
    # keys, people and secrets
    "created": "made {subject} {name}",
    "rotated": "made a key in place of key {about}",
    "revoked": "revoked key {about}",
    "role changed": "gave {name} another role",
    "disabled": "signed {name} out for good",
    "link made": "made a link by which {name} gets in",
    "password chosen": "chose a password",
    "signed in": "signed in",
    "set": "set the secret {about}",
    "removed": "removed the secret {about}",
    "reencrypted": "encrypted the secret {about} anew",
    # replays
    "replay asked for": "had {messages} messages judged again, as replay {about}",
    "replay paused": "paused replay {about}",
    "replay resumed": "had replay {about} go on",
    "replay cancelled": "cancelled replay {about}",
    "replay stopped": "stopped replay {about}",
    "replay done": "ended replay {about}",
    # problems and notices
    "opened": "opened problem {about}",
    "came back": "opened problem {about} again: it came back",
    "resolved": "resolved problem {about}: nothing waits for it any more",
    "ignored no more": "opened problem {about} again: the time to ignore it is over",
    "acknowledged": "acknowledged problem {about}",
    "assigned": "gave problem {about} to somebody",
    "ignored": "ignored problem {about} for a while",
    "reopened": "opened problem {about} again",
    "tested": "tried how the people of {about} are told",
    # retention
    "payloads erased": "erased content of {about}",
    "messages forgotten": "took out {messages} messages of {about} whose time was over",
}
"""Kind of an event → what was done. In braces: `about` is what the event's stream is of, `subject` its kind, `name` a
name that its first event gave it, and whatever stands in the event's body."""

_OF_PEOPLE: Mapping[tuple[str, str], str] = {("user", "enabled"): "let {name} in again"}
"""The same where the word means something else of this kind of subject."""
_NOT_SHOWN = {
    *("reason", "note", "before", "after", "status", "documents", "sealed", "sha256", "account", "name", "number"),
    *("test", "streams", "messages", "payloads", "seconds", "received_before_ms"),
}
_LONGEST = 200


def said(entry: Entry, names: Mapping[str, str] | None = None) -> str:
    """What was done, as a sentence goes on behind who did it. `names`: id → what people call it."""
    template = _OF_PEOPLE.get((entry.subject, entry.kind)) or SENTENCES.get(entry.kind)
    about = "the catalogue" if entry.subject == "catalogue" else entry.about
    if template is None:
        return f"{entry.kind.replace('_', ' ')}: {SUBJECTS.get(entry.subject, entry.subject)} {about}"
    name = (names or {}).get(entry.about) or entry.body.get("name") or about
    told = {"about": about, "subject": _kind_of(entry), "name": name}
    return template.format_map(_Told({**entry.body, **told}))


class _Told(dict[str, Any]):
    """What isn't told reads as that."""

    def __missing__(self, key: str) -> str:
        return "?"


def _kind_of(entry: Entry) -> str:
    if entry.subject == "key":
        return "test key" if entry.body.get("test") else "key"
    return SUBJECTS.get(entry.subject, entry.subject)


def reason_of(entry: Entry) -> str:
    """Why, as whoever did it said; empty where they said nothing."""
    for name in ("reason", "note"):
        if isinstance(told := entry.body.get(name), str) and told:
            return told
    return ""


def changes_of(entry: Entry) -> list[tuple[str, str, str]]:
    """(what, before, after), where the event tells them: as `before` and `after`, each a value or several by name."""
    before, after = entry.body.get("before"), entry.body.get("after")
    if before is None and after is None:
        return []
    if isinstance(before, dict) or isinstance(after, dict):
        was, now = _members(before), _members(after)
        return [(name, _short(was.get(name)), _short(now.get(name))) for name in _names(was, now)]
    return [("", _short(before), _short(after))]


def _members(told: Any) -> Mapping[str, Any]:
    return told if isinstance(told, dict) else {}


def _names(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    return (name for name in {**was, **now} if was.get(name) != now.get(name))


_MICROSECONDS = 10**15
"""No number that is told is as large but moments, in microseconds since 1970."""


def _short(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, int) and _MICROSECONDS <= value < 100 * _MICROSECONDS:
        return datetime.fromtimestamp(value // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def details_of(entry: Entry) -> list[tuple[str, str]]:
    """What else the event tells, in small: names and plain values."""
    told = _NOT_SHOWN | ({"role"} if changes_of(entry) else set())
    return [
        (name.replace("_", " "), _short(value))
        for name, value in entry.body.items()
        if name not in told and isinstance(value, str | int) and value not in ("", False)
    ]


def who(actor: str) -> str:
    """Who it was, as people say it."""
    kind, slash, name = actor.partition("/")
    if slash and kind == "cli":
        return f"{name} at the command line"
    if slash and kind in ("key", "account"):
        return f"{kind} {name}"
    if actor == "cli":
        return "somebody at the command line"
    return actor.removeprefix("user ") or "nobody"
