"""Replays: the list, and one of them: how far it is, what came of its messages; pausing, going on, cancelling."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import redirect, request, url_for

from gateway import replaying
from gateway.console.frame import Missing, actor, console, needs, page, services, user
from gateway.store.replays import Replay

_SHOWN = 50
_MOST_PLACES = 2**31 - 1
SAID: Mapping[str, tuple[str, str]] = {
    "waiting": ("wait", "It waits for a worker."),
    "running": ("wait", "It goes on by itself: this page can be left and come back to."),
    "paused": ("wait", "It is paused: nothing more is asked for until somebody has it go on."),
    "stopped": ("bad", "It has stopped by itself."),
    "done": ("good", "It is done."),
    "cancelled": ("wait", "It was cancelled: what had been asked for by then was judged, the rest stays as it was."),
}
"""Status → its standing, and what it means."""
STATES: Mapping[str, tuple[str, str]] = {
    "done": ("good", "went through"),
    "failed": ("bad", "failed again"),
    "skipped": ("wait", "passed over"),
    "asked": ("wait", "being judged"),
    "waiting": ("wait", "not asked for yet"),
}
"""State of a message in a replay → its standing, in words."""
_OUTCOMES = {
    "done": "answered",
    "duplicate": "answered before",
    "rejected": "refused",
    "held": "held",
    "failed": "failed",
    "received": "waits for its order",
}


@console.get("/replays")
@needs("viewer", ours_alone=True)
def replay_list() -> Any:
    """Every replay, newest first."""
    before = request.args.get("before") or None
    found = services().store.replays.page(before=before, limit=_SHOWN + 1)
    more = found[_SHOWN - 1].id if len(found) > _SHOWN else None
    return page("replays", replays=found[:_SHOWN], more=more, before=before, said=SAID)


@console.get("/replays/<replay_id>")
@needs("viewer", ours_alone=True)
def replay(replay_id: str) -> Any:
    """One replay with its messages."""
    return _shown(_found(replay_id))


def _shown(found: Replay, status: int = 200, said: str = "") -> Any:
    state = request.args.get("state", "")
    only = state if state in STATES else None
    after = _place(request.args.get("after", ""))
    messages = services().store.replays.messages(found.id, state=only, after=after, limit=_SHOWN + 1)
    return page(
        "replay",
        status,
        replay=found,
        within="console.replay_list",
        said=SAID[found.status],
        refused=said,
        messages=messages[:_SHOWN],
        more=messages[_SHOWN - 1].position if len(messages) > _SHOWN else None,
        after=after,
        state=only,
        states=STATES,
        counts={
            "done": found.done,
            "failed": found.failed,
            "skipped": found.skipped,
            "asked": found.asked,
            "waiting": found.left,
        },
        outcomes=_OUTCOMES,
        reached=found.through * 100 // max(1, found.total) // 10 * 10,
        may_act=user().may("support"),
    )


@console.post("/replays/<replay_id>/pause")
@needs("support", ours_alone=True)
def pause_replay(replay_id: str) -> Any:
    """Ask for nothing more for now."""
    return _moved(replay_id, lambda: replaying.pause(services(), replay_id, actor()))


@console.post("/replays/<replay_id>/resume")
@needs("support", ours_alone=True)
def resume_replay(replay_id: str) -> Any:
    """Go on; one that has stopped by itself with all that is left, whatever comes of them."""
    anyway = request.form.get("anyway") == "yes"
    if _found(replay_id).status == "stopped" and not anyway:
        return _refused(replay_id)
    return _moved(replay_id, lambda: replaying.resume(services(), replay_id, actor(), anyway=anyway))


@console.post("/replays/<replay_id>/cancel")
@needs("support", ours_alone=True)
def cancel_replay(replay_id: str) -> Any:
    """End it."""
    return _moved(replay_id, lambda: replaying.cancel(services(), replay_id, actor()))


def _moved(replay_id: str, move: Callable[[], bool]) -> Any:
    _found(replay_id)
    return redirect(url_for("console.replay", replay_id=replay_id), 303) if move() else _refused(replay_id)


def _refused(replay_id: str) -> Any:
    return _shown(_found(replay_id), 409, "Nothing was done: it stands otherwise by now.")


def _found(replay_id: str) -> Replay:
    found = services().store.replays.found(replay_id)
    if found is None:
        raise Missing
    return found


def _place(told: str) -> int:
    return min(int(told), _MOST_PLACES) if told.isascii() and told.isdigit() and len(told) <= 10 else 0
