"""One problem: what it is, what to do, what it keeps, and who does something about it."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from flask import redirect, request, url_for

from gateway.causes import CantChange, Cause, one_cause
from gateway.causes import acting as acts
from gateway.causes.trend import trend
from gateway.console.frame import Missing, actor, console, needs, page, services, user
from gateway.store.ids import now_us
from gateway.store.pickups import REFUSED

_SHOWN = 50
_HISTORY = 50
_REPLAYS = 5
_LONGEST_ID = 100
SPANS = {"1h": "1 hour", "4h": "4 hours", "1d": "1 day", "3d": "3 days", "1w": "1 week", "4w": "4 weeks"}


@console.get("/problems/<fingerprint>")
@needs("viewer")
def problem(fingerprint: str) -> Any:
    """One problem; resolved ones too."""
    return _page(_cause(fingerprint))


@console.post("/problems/<fingerprint>/acknowledge")
@needs("support", ours_alone=True)
def acknowledge_problem(fingerprint: str) -> Any:
    """Somebody has seen it."""
    cause = _cause(fingerprint)
    return _done(cause, lambda: acts.acknowledge(services(), cause, actor(), request.form.get("reason", "")))


@console.post("/problems/<fingerprint>/assign")
@needs("support", ours_alone=True)
def assign_problem(fingerprint: str) -> Any:
    """It is somebody's: whoever asks, unless another one or nobody is named."""
    cause = _cause(fingerprint)
    return _done(cause, lambda: acts.assign(services(), cause, _taker(), actor(), request.form.get("reason", "")))


@console.post("/problems/<fingerprint>/ignore")
@needs("support", ours_alone=True)
def ignore_problem(fingerprint: str) -> Any:
    """Nobody is asked about it for a while."""
    cause = _cause(fingerprint)

    def ignore() -> None:
        until = acts.until_of(request.form.get("until", ""))
        acts.ignore(services(), cause, until, actor(), request.form.get("reason", ""))

    return _done(cause, ignore)


@console.post("/problems/<fingerprint>/reopen")
@needs("support", ours_alone=True)
def reopen_problem(fingerprint: str) -> Any:
    """It is open again."""
    cause = _cause(fingerprint)
    return _done(cause, lambda: acts.reopen(services(), cause, actor(), request.form.get("reason", "")))


def _done(cause: Cause, act: Any) -> Any:
    try:
        act()
    except CantChange as reason:
        return _page(cause, 409, refused=str(reason))
    return redirect(url_for("console.problem", fingerprint=cause.fingerprint), 303)


def _taker() -> Any:
    """Who is named in the form. Raises CantChange."""
    wanted = request.form.get("to", "me")
    if wanted == "nobody":
        return None
    user_id = user().id if wanted == "me" else wanted
    found = next((one for one in acts.takers(services()) if one.id == user_id), None)
    if found is None:
        raise CantChange("It can be given to one of us of the role support or above.")
    return found


def _cause(fingerprint: str) -> Cause:
    """The problem, where whoever is signed in may see it. Raises Missing."""
    found = one_cause(services(), fingerprint)
    if found is None or user().account_id not in (None, found.account_id):
        raise Missing
    return found


def _page(cause: Cause, status: int = 200, refused: str = "") -> Any:
    is_ours, now = user().account_id is None, now_us()
    store = services().store
    return page(
        "problem",
        status,
        problem=cause,
        now=now,
        facts=list(cause.facts(now)) if cause.count or cause.state != "resolved" else [],
        why=list(cause.why()),
        trend=trend(store, cause, now),
        is_ours=is_ours,
        may_act=is_ours and user().may("support"),
        takers=acts.takers(services()) if is_ours and user().may("support") else [],
        spans=SPANS,
        history=store.problem_states.history(cause.fingerprint)[-_HISTORY:] if is_ours else [],
        replays=store.replays.of_problem(cause.account_id, cause.fingerprint, _REPLAYS) if is_ours else [],
        fix=_fix(cause),
        refused=refused,
        filled=request.form,
        **_affected(cause),
    )


def _fix(cause: Cause) -> Any:
    """What can be mended at once, where that is built."""
    if cause.state == "resolved" or find_spec("gateway.fixing") is None:
        return None
    fix_for = getattr(import_module("gateway.fixing"), "fix_for", None)
    return None if fix_for is None else fix_for(services(), cause, user())


def _affected(cause: Cause) -> dict[str, Any]:
    """What waits for it: a page of it, behind the one that the address names."""
    store, after = services().store, request.args.get("after", "")[:_LONGEST_ID]
    after = after if after.isascii() and after.isprintable() else ""
    told: dict[str, Any] = {"messages": [], "documents": [], "files": [], "following": None, "after": after}
    if cause.what == "message":
        found = store.problems.page(cause.fingerprint, after, _SHOWN + 1)
        told["messages"] = found[:_SHOWN]
        told["following"] = found[_SHOWN - 1].id if len(found) > _SHOWN else None
    elif cause.what == "document":
        for one in store.delivery_problems.all(cause.account_id, cause.fingerprint):
            listed = store.delivery_problems.documents(one, _SHOWN + 1, after)
            told["documents"] = listed[:_SHOWN]
            told["following"] = listed[_SHOWN - 1][0] if len(listed) > _SHOWN else None
    elif cause.code == REFUSED:
        told["files"] = [one for place, one in store.pickups.refused(cause.account_id) if place == cause.endpoint]
    return told
