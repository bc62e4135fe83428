"""An account's set-up: what of its sample order is unknown, answered on one form; what is done and what isn't; and its
first publishing and test order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import redirect, request, url_for
from pydantic import ValidationError

from gateway.api.door import door
from gateway.console.frame import Missing, actor, console, needs, own_account, page, services, takes
from gateway.console.new_account import LARGEST_FORM, dropped_bytes
from gateway.console.places import mended_at
from gateway.drafting.drafts import Conflicting, Draft, Unpublishable, draft_faults, draft_of, draft_revision, edit
from gateway.drafting.publishing import Blocked
from gateway.onboarding.answered import Answers, Ours, answered, terms_mark
from gateway.onboarding.checklist import Standing, steps_of
from gateway.onboarding.dropped import look_at
from gateway.onboarding.publishing import publish_set_up
from gateway.onboarding.sample import ReadSample, read_sample, samples_of
from gateway.onboarding.starting import add_sample
from gateway.onboarding.trying import send_sample, what_became
from gateway.onboarding.unknown import Unknown, our_units, unknown_in
from gateway.store.database import Collision
from gateway.store.drafts import Change, Overtaken
from gateway.store.ids import now_us
from gateway.store.keys import ApiKey
from mappings.revision import MappingRevision
from schemas.faults import DocumentRejected, Fault

_LARGEST_FORM = 500_000
"""Bytes: of a hundred items five fields each."""
_MOST_NAMED = 1_000
"""Products that a browser proposes while one is typed."""
_PARTS = ("manager", "item", "unit", "default_unit", "place")
_WAITS = 8.0
"""Seconds for which whoever sends a test order waits for its answer."""


@dataclass(frozen=True, slots=True)
class _Looked:
    """The draft, and its sample as it is read by it."""

    draft: Draft
    revision: MappingRevision | None
    samples: Mapping[str, bytes]
    read: ReadSample | None
    unknown: Unknown


@console.get("/accounts/<account_id>/setup")
@needs("viewer", ours_alone=True)
def set_up(account_id: str) -> Any:
    """How far the set-up is, and the form for what is unknown."""
    return _shown(_look(account_id), {}, Answers())


@console.post("/accounts/<account_id>/setup")
@needs("integration", ours_alone=True)
@takes(_LARGEST_FORM)
def answer_set_up(account_id: str) -> Any:
    """Put what was answered into the draft, all or nothing."""
    looked = _look(account_id)
    ours = Ours(services().terms.catalogue(), services().store.stock.sites())
    answers = answered(request.form, looked.unknown, looked.draft, ours)
    if answers.faults:
        return _shown(looked, request.form, answers, 400)
    seen = request.form.get("seen", "")

    def changes(draft: Draft) -> list[Change]:
        return answers.changes(draft, seen)

    note = f"answered what was unknown in {looked.read.name}" if looked.read else "set-up"
    try:
        edit(services(), account_id, changes, author=actor(), note=note)
    except Overtaken:
        return _shown(_look(account_id), request.form, Answers(), 409, overtaken=True)
    return redirect(url_for("console.set_up", account_id=account_id, sample=request.form.get("sample") or None), 303)


@console.post("/accounts/<account_id>/setup/sample")
@needs("integration", ours_alone=True)
@takes(LARGEST_FORM)
def add_sample_order(account_id: str) -> Any:
    """One more sample, put into the draft."""
    looked = _look(account_id)
    try:
        dropped = look_at(*dropped_bytes())
    except DocumentRejected as rejected:
        return _shown(looked, {}, Answers(), 400, refused=rejected.faults)
    name = add_sample(services(), account_id, dropped, author=actor())
    return redirect(url_for("console.set_up", account_id=account_id, sample=name), 303)


@console.post("/accounts/<account_id>/setup/publish")
@needs("integration", ours_alone=True)
def publish_set_up_now(account_id: str) -> Any:
    """Make the draft, as it was looked at, the account's first mapping."""
    looked = _look(account_id)
    version = request.form.get("version", "")
    try:
        publish_set_up(services(), account_id, int(version) if version.isdecimal() else -1, author=actor())
    except Unpublishable:
        return _shown(looked, {}, Answers(), 409)
    except (Conflicting, Blocked, Collision):
        return _shown(_look(account_id), {}, Answers(), 409, overtaken=True)
    return redirect(url_for("console.set_up", account_id=account_id) + "#test", 303)


@console.post("/accounts/<account_id>/setup/test")
@needs("integration", ours_alone=True)
def send_test_order(account_id: str) -> Any:
    """Send the sample as a test order, and wait for its answer for a few seconds."""
    looked = _look(account_id)
    name = request.form.get("sample", "") or next(iter(looked.samples), "")
    if name not in looked.samples or not looked.draft.number:
        raise Missing
    message_id = send_sample(services(), account_id, looked.samples[name])
    door().waiting.until_settled(message_id, _WAITS)
    return redirect(url_for("console.test_order", account_id=account_id, message_id=message_id), 303)


@console.get("/accounts/<account_id>/setup/test")
@needs("integration", ours_alone=True)
def test_order_again(account_id: str) -> Any:
    """For whoever comes back to the address at which a test order was sent."""
    return redirect(url_for("console.set_up", account_id=own_account(account_id)) + "#test", 303)


@console.get("/accounts/<account_id>/setup/test/<message_id>")
@needs("viewer", ours_alone=True)
def test_order(account_id: str, message_id: str) -> Any:
    """What became of a test order."""
    tried = what_became(services(), own_account(account_id), message_id)
    if tried is None:
        raise Missing
    return page("test_order", within="console.account_list", account_id=account_id, tried=tried)


def _look(account_id: str) -> _Looked:
    """Raises Missing where there is neither an account nor a draft of one."""
    draft = draft_of(services(), own_account(account_id))
    if not draft.number and not draft.edits:
        raise Missing
    samples = samples_of(draft)
    wanted = request.values.get("sample", "")
    name = wanted if wanted in samples else next(iter(samples), None)
    try:
        revision = draft_revision(services(), draft)
    except ValidationError:
        return _Looked(draft, None, samples, None, Unknown())
    if name is None:
        return _Looked(draft, revision, samples, None, Unknown())
    read = read_sample(services(), revision, name, samples[name])
    return _Looked(draft, revision, samples, read, unknown_in(read, revision, services().terms.catalogue()))


def _shown(
    looked: _Looked,
    filled: Mapping[str, str],
    answers: Answers,
    status: int = 200,
    *,
    overtaken: bool = False,
    refused: Sequence[Fault] = (),
) -> Any:
    draft, catalogue = looked.draft, services().terms.catalogue()
    blocking, warnings = draft_faults(services(), draft) if draft.edits else ((), ())
    keys = services().store.keys.all(draft.account_id)
    products = sorted(catalogue.products.values(), key=lambda one: one.product)
    return page(
        "set_up",
        status,
        within="console.account_list",
        account_id=draft.account_id,
        name=draft.terms.get("name") or draft.account_id,
        account=looked.revision.account if looked.revision else None,
        draft=draft,
        read=looked.read,
        samples=list(looked.samples),
        unknown=looked.unknown,
        steps=steps_of(looked.revision, looked.read, looked.unknown, _standing(draft, keys)),
        newest_key=keys[0].id if keys else "",
        filled=filled,
        wrong=answers.faults,
        first_wrong=min(answers.faults, key=_place_on_page, default=""),
        seen=terms_mark(draft),
        overtaken=overtaken,
        refused=refused,
        mend=partial(mended_at, draft.account_id),
        blocking=blocking,
        warnings=warnings,
        products=products if len(products) <= _MOST_NAMED else [],
        units=our_units(catalogue),
        sites=sorted(services().store.stock.sites()),
    )


def _place_on_page(name: str) -> int:
    """Of a field: which of the form's parts it is in."""
    part = name.partition(".")[0]
    return _PARTS.index(part) if part in _PARTS else len(_PARTS)


def _standing(draft: Draft, keys: Sequence[ApiKey]) -> Standing:
    newest, now = services().store.messages.page(account_id=draft.account_id, limit=20), now_us()
    return Standing(
        bool(draft.number),
        any(key.is_live(now) for key in keys),
        any(one.status == "done" for one in newest),
    )
