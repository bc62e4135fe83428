"""A replay before it is begun: the exact set, what will not repeat, what would come of it; and its beginning."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import redirect, request, url_for

from gateway.console.frame import actor, console, needs, page, services, user
from gateway.replaying import CantReplay, Plan, plan, wanted_from
from gateway.replaying.beginning import begin_planned
from gateway.replaying.foreseeing import dry_run
from gateway.replaying.repeats import not_repeated
from gateway.replaying.wanting import BadQuery
from gateway.store.replays import REASON_LENGTH, Mapped
from gateway.store.users import NotSignedIn

LARGE = 500
"""Messages of a replay from which on whoever starts it says the password again."""
_SHOWN = 25
"""Messages of a group of a dry run that are shown."""


@console.get("/replays/new")
@needs("support", ours_alone=True)
def begin_replay() -> Any:
    """What a replay would be of, and what would come of it. Nothing is done yet."""
    try:
        planned = _planned()
    except (BadQuery, CantReplay) as why:
        return page("trouble", 400, title="Nothing to replay", said=str(why))
    return _shown(planned)


@console.post("/replays/new")
@needs("support", ours_alone=True)
def start_replay() -> Any:
    """Freeze the set that was shown, and start."""
    try:
        planned = _planned()
    except (BadQuery, CantReplay) as why:
        return page("trouble", 400, title="Nothing to replay", said=str(why))
    if request.form.get("mark") != _mark(planned):
        said = "The set is another one by now: look at it again. Nothing was started."
        return _shown(planned, 409, changed=said)
    reason = request.form.get("reason", "").strip()
    wrong = {}
    if not reason or len(reason) > REASON_LENGTH:
        wrong["reason"] = f"Say why, in at most {REASON_LENGTH:,} characters."
    if not wrong and len(planned.messages) > LARGE:
        wrong |= _wrong_password()
    if wrong or not planned.messages:
        return _shown(planned, 400, wrong=wrong)
    at_once = request.form.get("at_once") == "yes"
    replay_id = begin_planned(
        services(), planned, mapping=_mapping(), reason=reason, actor=actor(), all_at_once=at_once
    )
    return redirect(url_for("console.replay", replay_id=replay_id), 303)


def _wrong_password() -> dict[str, str]:
    """What is wrong with the password that a large replay takes; nothing where it is right."""
    try:
        somebody = services().store.users.admit(user().name, request.form.get("password", ""))
    except NotSignedIn as refused:
        if refused.seconds:
            return {"password": f"Too many wrong passwords: try again in {refused.seconds} seconds."}
        return {"password": "That is not your password."}
    return {} if somebody.id == user().id else {"password": "That is not your password."}


def _planned() -> Plan:
    return plan(services(), wanted_from(request.args.to_dict(flat=False)))


def _mapping() -> Mapped:
    return "pinned" if request.values.get("mapping") == "pinned" else "current"


def _mark(planned: Plan) -> str:
    """Of exactly these messages in exactly these runs."""
    told = "\n".join(f"{one.id} {one.run}" for one in planned.messages)
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:32]


def _shown(planned: Plan, status: int = 200, *, wrong: dict[str, str] | None = None, changed: str = "") -> Any:
    mapping, query = _mapping(), planned.wanted.as_query
    published = services().store.revisions.current(planned.accounts)
    return page(
        "begin_replay",
        status,
        within="console.replay_list",
        plan=planned,
        mark=_mark(planned),
        mapping=mapping,
        action=url_for("console.begin_replay", **query),
        current_address=url_for("console.begin_replay", **query),
        pinned_address=url_for("console.begin_replay", **query, mapping="pinned"),
        published=published,
        repeats=not_repeated(services(), planned),
        ahead=dry_run(services(), planned, mapping) if planned.messages else None,
        shown=_SHOWN,
        is_large=len(planned.messages) > LARGE,
        wrong=wrong or {},
        changed=changed,
        reason=request.form.get("reason", "")[: REASON_LENGTH + 1],
    )
