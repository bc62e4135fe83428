"""An account's draft: what was edited and isn't published yet, what stands in its way, and publishing it."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from gateway.console.edits import batches, edited_files, fingerprint, shown_conflict
from gateway.console.frame import Denied, Missing, actor, console, needs, own_account, page, services, user
from gateway.console.places import mended_at
from gateway.drafting.draft_tests import MOST_LAST, USUAL_LAST
from gateway.drafting.drafts import Conflicting, Draft, Unpublishable, draft_faults, draft_of, edit
from gateway.drafting.publishing import Blocked, counting_test, draft_kinds, obstacles, publish, role_obstacles
from gateway.store.database import Collision
from gateway.store.drafts import Change, Edit, Overtaken
from schemas.faults import Fault

_FAULTS_SHOWN = 50
_MOVED = "Somebody edited or published something since this page was loaded. Nothing was done: here is how it stands."
_LONGEST_REASON = 1_000


@console.get("/accounts/<account_id>/draft")
@needs("viewer", ours_alone=True)
def draft(account_id: str) -> Any:
    """What would be published, and what keeps it from being."""
    return _page(_draft(account_id))


@console.post("/accounts/<account_id>/draft/discard")
@needs("support", ours_alone=True)
def discard_edits(account_id: str) -> Any:
    """Take one edit back, those of one import, or all."""
    found, drafts = _draft(account_id), services().store.drafts
    try:
        if version := request.form.get("version"):
            _let_edit({one.kind for one in found.edits})
            if version != str(found.version):
                raise Collision(f"the draft of {account_id} was changed meanwhile")
            drafts.discard_all(account_id, found.version, author=actor())
        elif batch := request.form.get("batch"):
            _let_edit({one.kind for one in found.edits if one.batch == batch})
            drafts.discard_batch(account_id, batch, author=actor())
        else:
            _take_back(found, _named_edit(found))
    except (Overtaken, Collision):
        return _page(_draft(account_id), 409, said=_MOVED)
    return redirect(url_for("console.draft", account_id=account_id), 303)


@console.post("/accounts/<account_id>/draft/keep")
@needs("support", ours_alone=True)
def keep_edit(account_id: str) -> Any:
    """Of an edit of what was published otherwise meanwhile: it counts."""
    found = _draft(account_id)
    try:
        one = _named_edit(found)
        now = found.published_body(*one.key)
        if fingerprint(now) != request.form.get("now"):
            raise Overtaken({one.key: now})
        services().store.drafts.rebase(account_id, [(one, now)], author=actor())
    except Overtaken:
        return _page(_draft(account_id), 409, said=_MOVED)
    return redirect(url_for("console.draft", account_id=account_id) + "#conflicts", 303)


@console.post("/accounts/<account_id>/draft/publish")
@needs("support", ours_alone=True)
def publish_now(account_id: str) -> Any:
    """Publish the draft as it was seen."""
    found, form = _draft(account_id), request.form
    reason, override = (form.get(name, "").strip()[:_LONGEST_REASON] for name in ("reason", "override"))
    if (form.get("number"), form.get("version")) != (str(found.number), str(found.version)):
        return _page(found, 409, said=_MOVED, reason=reason)
    if not reason:
        return _page(found, 400, said="Say why it is published: whoever looks at it later will ask.", override=override)
    _let_edit(draft_kinds(found))
    try:
        done = publish(services(), found, author=actor(), reason=reason, override=override or None)
    except (Conflicting, Unpublishable, Blocked):
        return _page(found, 409, said="It can't be published as it is.", reason=reason, override=override)
    except Collision:
        return _page(_draft(account_id), 409, said=_MOVED, reason=reason)
    return redirect(url_for("console.revision", account_id=account_id, number=done.number), 303)


def _draft(account_id: str) -> Draft:
    """The account's draft. Raises Missing where there is neither such an account nor edits of one."""
    found = draft_of(services(), own_account(account_id))
    if not found.number and not found.edits:
        raise Missing
    return found


def _let_edit(kinds: set[str]) -> None:
    """Raises Denied where what is of these kinds is for integration, and whoever asks is not."""
    if role_obstacles(kinds, user().role):
        raise Denied("integration")


def _named_edit(found: Draft) -> Edit:
    """The edit that the form names, as whoever sends it saw it. Raises Overtaken where it isn't so any more."""
    key = request.form.get("kind", ""), request.form.get("key", "")
    one = found.edited.get(key)
    if one is None or fingerprint(one.body) != request.form.get("seen"):
        raise Overtaken({key: None if one is None else one.body})
    _let_edit({one.kind})
    return one


def _take_back(found: Draft, one: Edit) -> None:
    """The row is as it is published again. Raises Overtaken where somebody edited it meanwhile."""

    def changes(now: Draft) -> list[Change]:
        return [now.change(*one.key, one.body, now.published_body(*one.key))]

    edit(services(), found.account_id, changes, author=actor())


def _page(found: Draft, status: int = 200, **told: Any) -> Any:
    faults, warnings = draft_faults(services(), found)
    stands = obstacles(services(), found, user().role, faults)
    only, after = request.args.get("file", ""), request.args.get("after", "")
    test = counting_test(services(), found)
    locked = {kind for kind in draft_kinds(found) if role_obstacles({kind}, user().role)}
    return page(
        "draft",
        status,
        account_id=found.account_id,
        within="console.account_list",
        draft=found,
        only=only,
        files=edited_files(found, only, after),
        batches=batches(found),
        conflicts=[shown_conflict(one) for one in found.conflicts],
        faults=_placed(found, faults),
        warnings=_placed(found, warnings),
        more_warnings=max(0, len(warnings) - _FAULTS_SHOWN),
        obstacles=stands,
        may_override=bool(stands) and all(one.is_overridable for one in stands),
        may_edit=user().may("support"),
        locked=locked,
        is_locked=bool(locked & draft_kinds(found)),
        newest=test or services().store.draft_tests.newest(found.account_id),
        is_tested=test is not None,
        last=USUAL_LAST,
        most=MOST_LAST,
        **told,
    )


def _placed(found: Draft, faults: tuple[Fault, ...]) -> list[tuple[Fault, str | None]]:
    return [(fault, mended_at(found.account_id, fault)) for fault in faults[:_FAULTS_SHOWN]]
