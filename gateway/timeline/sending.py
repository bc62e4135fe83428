"""A document's way out, as sentences: where it waits, every attempt (folded where there are many), what people did
about it, and what the account said of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from gateway.masking import masked_text
from gateway.store.deliveries import Attempt, SaidReceipt
from gateway.timeline.steps import Kind, Sent, Step
from gateway.timeline.words import clock, plain, who

_SHOWN_ATTEMPTS = 4
"""More of them are folded: the first and the last stay."""
_MOST_FOLDED = 200
_OUTCOMES: dict[str, tuple[Kind, str]] = {
    "delivered": ("good", "Delivered"),
    "rejected": ("bad", "Refused by the account's system"),
    "failed": ("wait", "Not delivered"),
    "unknown": ("wait", "Nobody knows whether it arrived"),
    "gone": ("bad", "The account's system wants nothing more"),
}
_WORDS: dict[str, tuple[Kind, str]] = {
    "received": ("good", "has it"),
    "accepted": ("good", "accepts it"),
    "rejected": ("bad", "refuses it"),
    "queried": ("wait", "asks about it"),
    "in_process": ("wait", "is working on it"),
}
_LONGEST = 300


def sending(sent: Sent, *, for_account: bool = False) -> Iterator[Step]:
    """Everything about one document since it was made, in its order."""
    yield from sorted(_steps(sent, for_account=for_account), key=lambda one: one.at)


def _steps(sent: Sent, *, for_account: bool) -> Iterator[Step]:
    name, delivery, document_id = name_of(sent), sent.delivery, sent.document.id
    if delivery is not None and delivery.transport == "mailbox":
        yield Step(
            sent.document.created_at,
            f"{name} was put into the account's mailbox.",
            "good",
            "delivered",
            document_id=document_id,
        )
    yield from _attempts(sent.attempts, name, document_id)
    for event in sent.events:
        said = {
            "retried": f"{name} is to be sent again.",
            "dismissed": f"What stood in the way of {_lower(name)} was closed.",
        }
        reason = None if for_account else event["body"].get("reason")
        text = said.get(event["kind"], f"{name}: {plain(event['kind'])}.")
        actor = who(event["actor"], for_account=for_account)
        yield Step(event["at"], text, who=actor, reason=reason, document_id=document_id)
    for one in sent.receipts:
        yield _receipt(one, name, document_id)


def name_of(sent: Sent) -> str:
    """`Order response OR-7`."""
    return f"{plain(sent.document.type).capitalize()} {sent.document.number}"


def _attempts(attempts: Sequence[Attempt], name: str, document_id: str) -> Iterator[Step]:
    steps = [_attempt(one, name, document_id) for one in attempts]
    if len(steps) <= _SHOWN_ATTEMPTS:
        yield from steps
        return
    first, *between, last = steps
    yield first
    until, outcome = clock(between[-1].at), _lower(between[-1].said)
    said = f"{name}: {len(between):,} more attempts until {until}, the last of them: {outcome}"
    folded, outward = tuple(between[-_MOST_FOLDED:]), f"{name}: {len(between):,} more attempts until {until}."
    yield Step(between[0].at, said, "wait", document_id=document_id, folded=folded, outward=outward)
    yield last


def _attempt(one: Attempt, name: str, document_id: str) -> Step:
    kind, outcome = _OUTCOMES.get(one.outcome, ("", plain(one.outcome).capitalize()))
    where = f" to {masked_text(one.endpoint)}" if one.endpoint else ""
    why = "" if one.outcome == "delivered" else "; ".join(filter(None, (one.detail, one.answer)))
    said = f"{outcome}: attempt {one.number} to send {_lower(name)}{where}"
    said += f" ({masked_text(' '.join(why.split()))[:_LONGEST]})." if why else "."
    outward = f"{outcome}: attempt {one.number} to send {_lower(name)}."
    took = None if one.milliseconds is None else one.milliseconds * 1_000
    stage = "delivered" if one.outcome == "delivered" else ""
    return Step(one.at, said, kind, stage, took, document_id=document_id, outward=outward)  # type: ignore[arg-type]  # of the two


def _receipt(one: SaidReceipt, name: str, document_id: str) -> Step:
    kind, word = _WORDS.get(one.word, ("", f"says {plain(one.word)}"))
    body = json.loads(one.body) if one.body else {}
    reasons = "; ".join(str(reason) for reason in body.get("reasons", ()))
    code = f" ({body['code']})" if body.get("code") else ""
    said = f"The account {word}: {_lower(name)}{code}" + (
        f", because: {masked_text(reasons)[:_LONGEST]}." if reasons else "."
    )
    outward = f"The account {word}: {_lower(name)}."
    return Step(one.at, said, kind, "receipted", message_id=one.message_id, document_id=document_id, outward=outward)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
