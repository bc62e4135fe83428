"""What a message hasn't reached yet, or won't, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.timeline.steps import STAGES, NotReached, Sent, Stage, Step, Told
from gateway.timeline.words import clock, named, plain

_READING: tuple[Stage, ...] = ("decoded", "mapped", "decided")


def not_reached(told: Told, steps: Sequence[Step]) -> Iterator[NotReached]:
    """The stages without a step in the last run, in their order. Of a message that others stand for none is."""
    reached = {step.stage for step in steps}
    if told.message.parts or told.message.status in ("duplicate", "superseded"):
        return
    for stage, title in STAGES.items():
        if stage not in reached and (why := _why(stage, told, reached)):
            yield NotReached(stage, title, why)


def _why(stage: Stage, told: Told, reached: set[Stage]) -> str:
    message = told.message
    if stage in ("delivered", "receipted"):
        return _of_documents(stage, told)
    if message.status == "received":
        if message.waits_for_version is not None:
            return f"It waits for order {message.order_number}."
        return "It waits for a worker."
    if message.status == "processing":
        return "A worker has it now."
    if message.status == "done":
        return _of_done(stage, told)
    if message.status == "dismissed":
        return "It was closed without an answer."
    faults = named([fault.code for fault in told.faults]) or "nobody told why"
    if stage == "decoded":
        return f"It can't be read: {faults}."
    if stage in _READING:
        return "It couldn't be read." if "decoded" not in reached else f"Before that came: {faults}."
    if message.status == "held":
        return f"It is held until we mend it: {faults}. Then it can be replayed."
    if message.status == "failed":
        return "The gateway failed at it. It can be replayed when the cause is mended."
    return "The sender was told at once, when it sent it." if not message.stages else "The account takes no answer."


def _of_done(stage: Stage, told: Told) -> str:
    if told.spoken_of or stage == "received":
        return ""
    return "The account takes no answer." if stage == "answered" else ""


def _of_documents(stage: Stage, told: Told) -> str:
    """Why nothing of what was answered has arrived, or been spoken of."""
    if not told.sent:
        is_ahead = stage == "delivered" and not told.spoken_of and told.message.status != "done"
        return "Nothing has been answered that could be." if is_ahead else ""
    if stage == "delivered":
        return " ".join(filter(None, map(_standing, told.sent)))
    due = [one.delivery.answer_due_at for one in told.sent if one.delivery and one.delivery.answer_due_at]
    if due:
        return f"The account has said nothing of it yet; its word is expected by {clock(min(due))}."
    return "The account has said nothing of it; no word of it is expected."


def _standing(one: Sent) -> str:
    delivery = one.delivery
    name = f"{plain(one.document.type).capitalize()} {one.document.number}"
    if delivery is None:
        return f"{name} waits in the mailbox."
    why = f": {delivery.detail}" if delivery.detail else ""
    if delivery.status == "waiting":
        again = f", next at {clock(delivery.next_attempt_at)}" if delivery.next_attempt_at else ""
        return f"{name} waits to be sent{again}{why}."
    said = {"sending": "is being sent", "given_up": "was given up", "held": "is held", "dismissed": "was closed"}
    return f"{name} {said.get(delivery.status, 'is ' + plain(delivery.status))}{why}."
