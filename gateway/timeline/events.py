"""The events of a message's chain, each as a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.timeline.steps import Step, Told
from gateway.timeline.words import clock, named, plain, size, who

BEGINS_RUN = ("replay", "resent")
"""Events with which the message is judged again."""
_DOORS = {
    "http": "over HTTP",
    "cxml": "at the cXML address",
    "cli": "from the command line",
    "sample": "as a sample",
    "folder": "in a folder",
    "sftp": "by SFTP",
    "imap": "by e-mail",
    "console": "from the console",
}


def step_of(event: Mapping[str, Any], told: Told) -> Step:
    """What this event says. One of a kind that nobody knows yet is told by its name."""
    known = _SAID.get(event["kind"])
    return known(event, told) if known else _other(event, told)


def _step(event: Mapping[str, Any], told: Told, said: str, **more: Any) -> Step:
    body = event["body"]
    if body.get("moved_up") and event["kind"] != "moved up":
        by = f", due by {clock(body['due_at'])}" if body.get("due_at") else ""
        said = f"{said} It went a lane up ({body['moved_up']}){by}."
    reason = None if told.for_account else body.get("reason")
    revisions = {name: body.get(name) for name in ("mapping_revision", "catalogue_revision")}
    return Step(
        event["at"], said, who=who(event["actor"], for_account=told.for_account), reason=reason, **revisions, **more
    )


def _received(event: Mapping[str, Any], told: Told) -> Step:
    body = event["body"]
    if "came_in" in body:
        said = f"Taken out of a body of several orders, as its order {body['part']}."
        return _step(event, told, said, stage="received", message_id=body["came_in"])
    if "parent" in body and "size" not in body:
        return _step(event, told, "Made from another message, edited.", stage="received", message_id=body["parent"])
    door = _DOORS.get(str(body.get("source")), f"by {body.get('source')}")
    form = f"in {body['format']}" if body.get("format") else "in no format that is known"
    file = f", from the file {body['file']}" if body.get("file") else ""
    how = f"{form}, {size(int(body.get('size', told.message.size)))}."
    said, outward = f"Received {door}{file}, {how}", f"Received {door}, {how}"
    if body.get("status") == "rejected":
        refused = "It can't be read, so the sender was told at once."
        return _step(event, told, f"{said} {refused}", stage="received", kind="bad", outward=f"{outward} {refused}")
    if body.get("duplicate_of"):
        said = f"{said} The same bytes were here before: the earlier message answers for them."
        return _step(event, told, said, stage="received", message_id=body["duplicate_of"], outward=outward)
    if body.get("parts"):
        said = f"{said} It holds {body['parts']:,} orders, each of which is a message of its own."
    return _step(event, told, said, stage="received", outward=outward)


def _answered(event: Mapping[str, Any], told: Told) -> Step:
    documents = _documents(event, told)
    if event["body"].get("answers"):
        count = len(told.spoken_of)
        said = f"Matched to {count} of our documents, of which it speaks." if count != 1 else _spoke(told)
        return _step(event, told, said, kind="good", stage="answered")
    said = f"Answered with {documents}." if documents else "Done; no answer was wanted."
    return _step(event, told, said, kind="good", stage="answered", document_id=_only_document(event))


def _spoke(told: Told) -> str:
    one = told.spoken_of[0]
    return f"It says {plain(one.word)} of {plain(one.type)} {one.number}."


def _held(event: Mapping[str, Any], told: Told) -> Step:
    return _step(event, told, f"Held until we mend it: {_why(event)}.", kind="bad")


def _rejected(event: Mapping[str, Any], told: Told) -> Step:
    documents = _documents(event, told)
    said = f"Refused: {_why(event)}."
    if documents:
        said = f"{said} The sender was told with {documents}."
    stage: Any = "answered" if documents else ""
    return _step(event, told, said, kind="bad", stage=stage, document_id=_only_document(event))


def _failed(event: Mapping[str, Any], told: Told) -> Step:
    return _step(event, told, f"The gateway failed at it: {_why(event)}.", kind="bad")


def _quarantined(event: Mapping[str, Any], told: Told) -> Step:
    return _step(event, told, "Put aside: working on it ended the worker several times.", kind="bad")


def _repeats(event: Mapping[str, Any], told: Told) -> Step:
    said = "It says what an earlier message said: that one answers for it."
    return _step(event, told, said, kind="good", message_id=event["body"].get("duplicate_of"))


def _resent(event: Mapping[str, Any], told: Told) -> Step:
    resend = event["body"].get("resend")
    return _step(event, told, "Sent again by its sender, so it is judged again.", message_id=resend)


def _replayed(event: Mapping[str, Any], told: Told) -> Step:
    return _step(event, told, "To be judged again.")


def _superseded(event: Mapping[str, Any], told: Told) -> Step:
    child = event["body"].get("child") or event["body"].get("child_id")
    return _step(event, told, "Replaced by an edited copy of it.", message_id=child)


def _dismissed(event: Mapping[str, Any], told: Told) -> Step:
    return _step(event, told, "Closed without an answer.")


def _moved_up(event: Mapping[str, Any], told: Told) -> Step:
    due = event["body"].get("due_at")
    by = f": its answer is due by {clock(due)}" if due else ""
    return _step(event, told, f"Moved to a faster lane{by}.")


def _waits(event: Mapping[str, Any], told: Told) -> Step:
    body = event["body"]
    version = f"version {body['version']} of " if body.get("version") else ""
    said = f"Waits for {version}order {body['order_number']}." if body.get("order_number") else "Waits for its order."
    return _step(event, told, said, kind="wait")


def _decided(event: Mapping[str, Any], told: Told) -> Step:
    documents = _documents(event, told)
    said = f"Decided: {plain(str(event['body'].get('outcome')))}."
    if documents:
        said = f"{said} Told with {documents}."
    return _step(event, told, said, kind="good", stage="decided", document_id=_only_document(event))


def _other(event: Mapping[str, Any], told: Told) -> Step:
    return _step(event, told, f"{plain(str(event['kind'])).capitalize()}.")


_SAID = {
    "received": _received,
    "answered": _answered,
    "held": _held,
    "rejected": _rejected,
    "failed": _failed,
    "quarantined": _quarantined,
    "recognised as a resend": _repeats,
    "resent": _resent,
    "replay": _replayed,
    "supersede": _superseded,
    "dismiss": _dismissed,
    "moved up": _moved_up,
    "waits": _waits,
    "decided": _decided,
}


def _why(event: Mapping[str, Any]) -> str:
    codes = list(event["body"].get("faults") or ())
    return named(codes) if codes else "its cause isn't told"


def _documents(event: Mapping[str, Any], told: Told) -> str:
    ids = event["body"].get("documents") or {}
    names = {one.document.id: f"{plain(one.document.type)} {one.document.number}" for one in told.sent}
    known = [names.get(key, "a document") for key in ids]
    return ", ".join(known[:5]) + (f" and {len(known) - 5} more" if len(known) > 5 else "")


def _only_document(event: Mapping[str, Any]) -> str | None:
    ids = list(event["body"].get("documents") or {})
    return ids[0] if len(ids) == 1 else None
