"""Correcting a message's document: edited, looked at before it counts, and agreed to by somebody else where the
account's policy says so.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from flask import redirect, request, url_for

from gateway.console.frame import Missing, actor, console, needs, page, services, takes
from gateway.resubmitting.comparing import Looked, look
from gateway.resubmitting.correcting import (
    Erased,
    Original,
    OwnEdit,
    Unfit,
    agree,
    correct,
    looked_at,
    original_of,
)
from gateway.resubmitting.document import NotText, Opened, opened, written
from gateway.resubmitting.words import difference_words, outcome_words, touched_words
from gateway.states import ImpossibleMove
from gateway.store.database import Collision
from gateway.store.resubmissions import NotWaiting, Resubmission, SameBytes
from schemas.faults import Fault

_MOST_TEXT = 1_000_000
"""Characters that are edited in a page; a larger document is edited elsewhere and comes back as a file."""
_MOST_BYTES = 21_000_000
_MOST_DIFFERENCES = 200
_LONGEST_REASON = 1_000
_MOVED = "The message was judged again, or somebody else corrected it, since this page was loaded. Nothing was done."
_SAME = "These bytes came before, to the letter: nothing was edited, or another message has them."


@dataclass(frozen=True, slots=True)
class _Sent:
    """What the form came with."""

    body: bytes | None
    """None: nothing was edited yet."""
    text: str | None
    reason: str
    wrong: str = ""
    file: str = ""
    """The file's name, where it came as one."""

    @property
    def kept(self) -> str:
        """A file's bytes for the next step, where they are few enough to be in the page; in base64."""
        is_kept = self.file and self.body is not None and len(self.body) <= _MOST_TEXT
        return base64.b64encode(self.body or b"").decode() if is_kept else ""


@console.get("/messages/<message_id>/edit")
@needs("support", ours_alone=True)
def edit_message(message_id: str) -> Any:
    """The document to be edited, and what is wrong with it."""
    original, trouble = _original(message_id)
    return trouble if original is None else _form(original, _Sent(None, None, ""))


@console.post("/messages/<message_id>/edit")
@takes(_MOST_BYTES)
@needs("support", ours_alone=True)
def edit_message_now(message_id: str) -> Any:
    """Show what an edit changes; or have what was shown judged in the original's place."""
    original, trouble = _original(message_id)
    if original is None:
        return trouble
    sent = _sent(original)
    if sent.body is None:
        return _form(original, sent, 400)
    looked = look(services(), original.stored, original.body, sent.body)
    wants_it = request.form.get("do") == "resubmit"
    if not wants_it:
        return _form(original, sent, 400 if looked.faults else 200, looked)
    if request.form.get("seen") != _seen(original, sent.body):
        said = "It was edited since you looked at what it changes, or the message was judged again: look once more."
        return _form(original, sent, 409, looked, said)
    if not sent.reason:
        return _form(original, sent, 400, looked, "Say why: whoever looks at it later will ask.")
    try:
        kept = correct(services(), original, sent.body, sent.reason, actor())
    except Unfit as unfit:
        return _form(original, sent, 400, looked, "It can't be taken so.", unfit.faults)
    except SameBytes:
        return _form(original, sent, 400, looked, _SAME)
    except (Collision, ImpossibleMove):
        return _form(original, sent, 409, looked, _MOVED)
    return redirect(url_for("console.correction", resubmission_id=kept.id), 303)


@console.get("/corrections")
@needs("viewer", ours_alone=True)
def correction_list() -> Any:
    """Corrections that wait for a second person, oldest first."""
    found = services().store.resubmissions.waiting()
    numbers = services().store.messages.order_numbers([one.message_id for one in found])
    return page("corrections", corrections=found, numbers=numbers, touched=touched_words, me=actor())


@console.get("/corrections/<resubmission_id>")
@needs("viewer", ours_alone=True)
def correction(resubmission_id: str) -> Any:
    """One correction: what it changes, who asked for it and why, and what became of it."""
    return _shown(_correction(resubmission_id))


@console.post("/corrections/<resubmission_id>/agree")
@needs("support", ours_alone=True)
def agree_to_correction(resubmission_id: str) -> Any:
    """Somebody else agrees: it takes the original's place."""
    found = _correction(resubmission_id)
    try:
        agree(services(), found, actor(), _reason())
    except OwnEdit:
        return _shown(found, 409, "You asked for it: somebody else has to agree.")
    except NotWaiting as decided:
        return _shown(decided.resubmission, 409, _not_waiting(decided.resubmission))
    except Unfit as unfit:
        return _shown(found, 409, f"It can't be taken any more: {unfit}")
    except SameBytes:
        return _shown(found, 409, _SAME)
    except (Collision, ImpossibleMove):
        return _shown(_correction(resubmission_id), 409, "The message moved just then. Nothing was done; look again.")
    return redirect(url_for("console.correction", resubmission_id=found.id), 303)


@console.post("/corrections/<resubmission_id>/close")
@needs("support", ours_alone=True)
def close_correction(resubmission_id: str) -> Any:
    """Somebody declines it, or whoever asked takes it back."""
    found, reason = _correction(resubmission_id), _reason()
    if not reason:
        return _shown(found, 400, "Say why: whoever asked for it will want to know.")
    try:
        status = "withdrawn" if found.asked_by == actor() else "declined"
        services().store.resubmissions.close(found, status, actor(), reason)  # type: ignore[arg-type]
    except NotWaiting as decided:
        return _shown(decided.resubmission, 409, _not_waiting(decided.resubmission))
    except Collision:
        return _shown(found, 409, "The message moved just then. Nothing was done; try again.")
    return redirect(url_for("console.correction", resubmission_id=found.id), 303)


def _not_waiting(found: Resubmission) -> str:
    if found.status == "outdated":
        return "The message went on since it was corrected, so this came to nothing. Correct it as it is now."
    return "Somebody has decided on it already."


# --- a form of a document ----------------------------------------------------------------------------------------
def _original(message_id: str) -> tuple[Original | None, Any]:
    """The message to be corrected; or the page that says why it can't be. Raises Missing."""
    try:
        found = original_of(services(), None, message_id)
    except ImpossibleMove as failure:
        return None, page("trouble", 409, title="It can't be corrected", said=str(failure))
    except Erased:
        said = "Its bytes were erased, so there is nothing to correct. Ask the partner to send it again."
        return None, page("trouble", 409, title="It can't be corrected", said=said)
    if found is None:
        raise Missing
    return found, None


def _sent(original: Original) -> _Sent:
    """What was edited, in a field or as a file."""
    reason, file = _reason(), request.files.get("file")
    if file is not None and file.filename:
        return _Sent(file.read(), None, reason, file=file.filename)
    if kept := request.form.get("kept"):
        try:
            return _Sent(base64.b64decode(kept, validate=True), None, reason, file=request.form.get("name") or "a file")
        except ValueError:
            return _Sent(None, None, reason, "Choose the corrected document, as a file.")
    text = request.form.get("text")
    if text is None:
        return _Sent(None, None, reason, "Choose the corrected document, as a file.")
    try:
        return _Sent(written(opened(original.body), text), text, reason)
    except NotText as failure:
        return _Sent(None, text, reason, str(failure))


def _reason() -> str:
    return " ".join(request.form.get("reason", "").split())[:_LONGEST_REASON]


def _seen(original: Original, edited: bytes) -> str:
    """What a page has shown: the original's run, and what it is edited into."""
    return f"{original.stored.run}-{hashlib.sha256(edited).hexdigest()}"


def _form(
    original: Original,
    sent: _Sent,
    status: int = 200,
    looked: Looked | None = None,
    said: str = "",
    faults: tuple[Fault, ...] = (),
) -> Any:
    stored, document = original.stored, _opened(original)
    text = sent.text if sent.text is not None else document.text if document is not None else None
    waiting = next(
        (one for one in services().store.resubmissions.of_message(stored.id) if one.status == "waiting"), None
    )
    return page(
        "edit_message",
        status,
        message=stored,
        text=None if text is None or len(text) > _MOST_TEXT else text,
        why_no_text="" if document is not None else "It is no text that could be edited here.",
        reason=sent.reason,
        wrong=said or sent.wrong,
        waiting=waiting,
        faults=services().store.messages.faults(stored.id),
        unfit=faults or (looked.faults if looked else ()),
        seen=_seen(original, sent.body) if looked is not None and sent.body is not None and not looked.faults else "",
        file=sent.file,
        kept=sent.kept,
        **_look(looked),
    )


def _opened(original: Original) -> Opened | None:
    try:
        return opened(original.body)
    except NotText:
        return None


def _look(looked: Looked | None) -> dict[str, Any]:
    """What a page shows of what a correction changes."""
    if looked is None:
        return {"looked": None}
    return {
        "looked": looked,
        "differences": [difference_words(one) for one in looked.differences[:_MOST_DIFFERENCES]],
        "more_differences": max(0, len(looked.differences) - _MOST_DIFFERENCES),
        "before": outcome_words(looked.before),
        "after": outcome_words(looked.after),
        "touches": touched_words(looked.touches),
        "is_same": not any(one.sign in "+-" for one in looked.lines) and not looked.differences,
    }


# --- one correction ----------------------------------------------------------------------------------------------
def _correction(resubmission_id: str) -> Resubmission:
    found = services().store.resubmissions.one(resubmission_id)
    if found is None:
        raise Missing
    return found


def _shown(found: Resubmission, status: int = 200, wrong: str = "") -> Any:
    looked = looked_at(services(), found) if found.status == "waiting" else None
    store = services().store
    return page(
        "correction",
        status,
        correction=found,
        message=store.messages.one(None, found.message_id),
        child=None if found.child_id is None else store.messages.one(None, found.child_id),
        wrong=wrong,
        is_own=found.asked_by == actor(),
        kept=[difference_words(one) for one in found.differences[:_MOST_DIFFERENCES]],
        kept_more=max(0, len(found.differences) - _MOST_DIFFERENCES),
        waits_for=touched_words(found.touches),
        **_look(looked),
    )
