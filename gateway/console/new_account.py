"""A new account, of a sample order that somebody drops: what was recognised in it, and what else is to be said."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from flask import redirect, request, url_for

from gateway.console.frame import actor, console, needs, page, services, takes
from gateway.onboarding.dropped import LARGEST, Dropped, look_at, proposed_id
from gateway.onboarding.starting import Refused, Wanted, answer_formats, start_account, taken_ids, usual_answer
from schemas.faults import DocumentRejected, Fault

LARGEST_FORM = 2 * LARGEST
"""The sample comes as a file or pasted, and once more in base 64 with what is said of it."""
_TIERS = ("platinum", "gold", "standard")


@console.get("/accounts/new")
@needs("integration", ours_alone=True)
def new_account() -> Any:
    """Where a sample order is dropped."""
    return page("new_account", within="console.account_list")


@console.post("/accounts/new")
@needs("integration", ours_alone=True)
@takes(LARGEST_FORM)
def drop_sample() -> Any:
    """What is recognised in the sample, and the rest of the form. Nothing is kept yet."""
    text = request.form.get("text", "")
    try:
        dropped = look_at(*dropped_bytes())
    except DocumentRejected as rejected:
        return page("new_account", 400, within="console.account_list", text=text, faults=rejected.faults)
    return _second_step(dropped, _proposed(dropped), {})


@console.post("/accounts")
@needs("integration", ours_alone=True)
@takes(LARGEST_FORM)
def start_new_account() -> Any:
    """Make the account's draft, and go on with what is unknown in its sample."""
    form = request.form
    try:
        dropped = look_at(form.get("file_name", ""), base64.b64decode(form.get("sample", ""), validate=True))
    except (ValueError, DocumentRejected):
        lost = Fault("empty_body", "The sample was lost on its way. Drop it again.")
        return page("new_account", 400, within="console.account_list", text="", faults=[lost])
    chosen = tuple(one for number, one in enumerate(dropped.identifiers) if f"identifier.{number}" in form)
    wanted = Wanted(
        id=form.get("id", "").strip(),
        name=form.get("name", ""),
        tier=form.get("tier", ""),
        time_zone=form.get("time_zone", "").strip(),
        identifiers=chosen,
        answers=form.get("answers", ""),
    )
    try:
        account_id = start_account(services(), dropped, wanted, author=actor())
    except Refused as refused:
        return _second_step(dropped, form, refused.faults)
    return redirect(url_for("console.set_up", account_id=account_id), 303)


def dropped_bytes() -> tuple[str, bytes]:
    """The name and the bytes of the sample that came, as a file or pasted."""
    sent = request.files.get("sample")
    if sent is not None and sent.filename:
        return sent.filename, sent.read()
    return "", request.form.get("text", "").strip().encode()


def _proposed(dropped: Dropped) -> Mapping[str, str]:
    """What the form begins with: as the sample says it, and as is usual."""
    chosen = {f"identifier.{number}": "on" for number in range(len(dropped.identifiers))}
    return {
        "id": proposed_id(dropped.buyer_name, taken_ids(services())),
        "name": dropped.buyer_name,
        "tier": "standard",
        "time_zone": services().supplier.time_zone,
        "answers": usual_answer(dropped),
        **chosen,
    }


def _second_step(dropped: Dropped, filled: Mapping[str, str], wrong: Mapping[str, str]) -> Any:
    return page(
        "new_account_details",
        400 if wrong else 200,
        within="console.account_list",
        dropped=dropped,
        sample=base64.b64encode(dropped.body).decode(),
        filled=filled,
        wrong=wrong,
        tiers=_TIERS,
        formats=answer_formats(),
    )
