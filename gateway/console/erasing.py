"""Erasing what came in as a message by hand, where somebody has the right to that."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from gateway.console.frame import Missing, actor, console, needs, page, services, user
from gateway.retention.forgetting import forget_content
from gateway.store.messages import StoredMessage
from gateway.store.retention import Retention, StillNeeded
from gateway.store.users import NotSignedIn

_LONGEST_REASON = 1_000


@console.get("/messages/<message_id>/erase")
@needs("admin", ours_alone=True)
def erase_message(message_id: str) -> Any:
    """The form: what goes and what stays, why, and the password once more."""
    return _form(_message(message_id))


@console.post("/messages/<message_id>/erase")
@needs("admin", ours_alone=True)
def erase_message_now(message_id: str) -> Any:
    """Erase it, once whoever it is has given their password again."""
    stored = _message(message_id)
    reason = request.form.get("reason", "").strip()[:_LONGEST_REASON]
    if not reason:
        return _form(stored, 400, {"reason": "Say why: it stands in the audit."})
    try:
        services().store.users.admit(user().name, request.form.get("password", ""))
    except NotSignedIn as refused:
        said = "That isn't your password."
        if refused.seconds:
            said = f"Too many wrong passwords: try again in {refused.seconds} seconds."
        return _form(stored, 429 if refused.seconds else 403, {"password": said}, reason)
    store = services().store
    try:
        Retention(store.database, store.audit, forget_content).erase(message_id, actor(), reason)
    except StillNeeded:
        return _form(_message(message_id), 409, {}, reason)
    return redirect(url_for("console.erase_message", message_id=message_id), 303)


def _message(message_id: str) -> StoredMessage:
    stored = services().store.messages.one(None, message_id)
    if stored is None:
        raise Missing
    return stored


def _form(stored: StoredMessage, status: int = 200, wrong: dict[str, str] | None = None, reason: str = "") -> Any:
    store = services().store
    return page(
        *("erase_message", status),
        message=stored,
        is_erased=store.messages.body(stored.id) is None,
        is_open=stored.status in ("received", "processing", "held", "failed"),
        correction=next((one for one in store.resubmissions.of_message(stored.id) if one.status == "waiting"), None),
        wrong=wrong or {},
        filled={"reason": reason},
    )
