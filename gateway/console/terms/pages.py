"""The pages on which an account's terms are edited, by forms and as text. What is saved goes into the draft."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import jsonify, redirect, request, url_for

from gateway.console.frame import Missing, actor, console, needs, own_account, page, services, takes
from gateway.console.terms.fields import Form, Group, Tree
from gateway.console.terms.sections import SECTIONS, Section
from gateway.drafting.drafts import Draft, draft_of, edit
from gateway.drafting.terms_edits import (
    JudgedTerms,
    judge_text,
    judge_tree,
    refuse_overtaken,
    said_of,
    seen_mark,
    terms_change,
    terms_tree,
)
from gateway.store.drafts import Change, Overtaken
from mappings.account import Account
from mappings.files.text import MAX_TEXT_BYTES
from mappings.files.writing import yaml_text
from schemas.faults import Fault

_LARGEST_TEXT = 2 * MAX_TEXT_BYTES
_SAVED = "saved"


class _NotUsable(Exception):
    """Terms that can't be saved."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


@console.get("/accounts/<account_id>/terms/<section>")
@needs("integration", ours_alone=True)
def terms(account_id: str, section: str) -> Any:
    """A part of the terms, as the draft has them."""
    draft = _draft(account_id)
    return _shown(draft, _section(section), terms_tree(draft), (), saved=_SAVED in request.args)


@console.post("/accounts/<account_id>/terms/<section>")
@needs("integration", ours_alone=True)
def save_terms(account_id: str, section: str) -> Any:
    """Put what the form says into the draft."""
    draft, wanted, form = _draft(account_id), _section(section), request.form

    def changes(now: Draft) -> list[Change]:
        refuse_overtaken(now, wanted.seen(terms_tree(now)), form.get("seen", ""))
        return terms_change(now, _usable(judge_tree(with_form(terms_tree(now), wanted, form))))

    try:
        edit(services(), account_id, changes, author=actor(), note=wanted.title.lower())
    except _NotUsable as refused:
        return _shown(draft, wanted, with_form(terms_tree(draft), wanted, form), refused.faults, 400)
    except Overtaken:
        now = _draft(account_id)
        return _shown(now, wanted, with_form(terms_tree(now), wanted, form), (), 409)
    return redirect(url_for("console.terms", account_id=account_id, section=section, saved=1), 303)


@console.get("/accounts/<account_id>/terms/text")
@needs("integration", ours_alone=True)
def terms_text_page(account_id: str) -> Any:
    """All of the terms, as account.yaml has them."""
    draft = _draft(account_id)
    return _text_shown(draft, yaml_text(terms_tree(draft)), (), saved=_SAVED in request.args)


@console.post("/accounts/<account_id>/terms/text")
@needs("integration", ours_alone=True)
@takes(_LARGEST_TEXT)
def save_terms_text(account_id: str) -> Any:
    """Make the draft's terms what the text says."""
    draft, text = _draft(account_id), request.form.get("text", "").replace("\r\n", "\n")
    judged = judge_text(text)
    if judged.account is not None and judged.account.id != account_id:
        judged = JudgedTerms(None, (_other_id(judged.account.id, account_id),))
    if judged.account is None:
        return _text_shown(draft, text, judged.faults, 400)
    account = judged.account

    def changes(now: Draft) -> list[Change]:
        refuse_overtaken(now, terms_tree(now), request.form.get("seen", ""))
        return terms_change(now, account)

    try:
        edit(services(), account_id, changes, author=actor(), note="terms as text")
    except Overtaken:
        return _text_shown(_draft(account_id), text, (), 409)
    return redirect(url_for("console.terms_text_page", account_id=account_id, saved=1), 303)


@console.get("/accounts/<account_id>/terms/schema.json")
@needs("integration", ours_alone=True)
def terms_schema(account_id: str) -> Any:
    """The JSON Schema of account.yaml, so that an editor completes it."""
    _draft(account_id)
    return jsonify(Account.model_json_schema(by_alias=True))


def with_form(tree: Tree, section: Section, form: Form) -> Tree:
    """The terms with what a section's form says: of a part on which others hang, last."""
    for part in reversed(section.parts):
        part.put(tree, form)
    return tree


def _other_id(other: str, account_id: str) -> Fault:
    detail = f"id can't be changed: this account is {account_id}, and {other} is another"
    return Fault("bad_value", detail, "/id", "account.yaml line 1", other, account_id)


def _usable(judged: JudgedTerms) -> Account:
    if judged.account is None:
        raise _NotUsable(judged.faults)
    return judged.account


def _draft(account_id: str) -> Draft:
    draft = draft_of(services(), own_account(account_id))
    if not draft.number and not draft.edits:
        raise Missing
    return draft


def _section(name: str) -> Section:
    if name not in SECTIONS:
        raise Missing
    return SECTIONS[name]


# --- pages ------------------------------------------------------------------------------------------------------------
def _shown(
    draft: Draft,
    section: Section,
    tree: Mapping[str, Any],
    faults: Sequence[Fault],
    status: int = 200,
    *,
    saved: bool = False,
) -> Any:
    groups = [group for part in section.parts for group in part.groups(tree)]
    now = terms_tree(draft)
    wrong, others = _at_fields(groups, faults)
    return page(
        "terms",
        status,
        **_around(draft),
        section=section,
        groups=groups,
        wrong=wrong,
        others=others,
        seen=seen_mark(section.seen(now)),
        theirs=_theirs(section, now, groups) if status == 409 else None,
        saved=saved,
    )


def _text_shown(draft: Draft, text: str, faults: Sequence[Fault], status: int = 200, *, saved: bool = False) -> Any:
    now = terms_tree(draft)
    lines = [{"line": _line(one), "column": 1, "message": said_of(one)} for one in faults]
    theirs = yaml_text(now) if status == 409 else None
    told = {"text": text, "faults": lines, "seen": seen_mark(now), "theirs": theirs, "saved": saved}
    return page("terms_text", status, **_around(draft), **told)


def _around(draft: Draft) -> dict[str, Any]:
    return {
        "within": "console.account_list",
        "account_id": draft.account_id,
        "name": draft.terms.get("name") or draft.account_id,
        "draft": draft,
        "sections": SECTIONS,
    }


def _at_fields(groups: Iterable[Group], faults: Iterable[Fault]) -> tuple[dict[str, str], list[str]]:
    """Field → what is wrong with it; and what is of no field here."""
    names = [one.name for group in groups for one in group.inputs if one.kind != "hidden"]
    wrong: dict[str, str] = {}
    others: list[str] = []
    for fault in faults:
        key = ".".join(fault.path.split("/")[1:])
        found = next((name for name in names if key and (name == key or name.startswith(f"{key}."))), None)
        found = found or next((name for name in names if key.startswith(f"{name}.")), None)
        if found is None or found in wrong:
            others.append(f"{key}: {said_of(fault)}" if found is None else said_of(fault))
        else:
            wrong[found] = said_of(fault)
    return wrong, others


def _theirs(section: Section, now: Mapping[str, Any], groups: Iterable[Group]) -> dict[str, str]:
    """Field → what it is by now, of those that somebody typed otherwise."""
    present = {one.name: one for part in section.parts for group in part.groups(now) for one in group.inputs}
    typed = {one.name: one for group in groups for one in group.inputs}
    return {
        name: present[name].shown if name in present else ""
        for name, one in typed.items()
        if one.value != (present[name].value if name in present else "")
    }


def _line(fault: Fault) -> int:
    told = fault.location.rpartition(" ")[2]
    return int(told) if told.isdigit() else 1
