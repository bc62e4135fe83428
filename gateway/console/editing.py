"""The mapping editor: a sample, a map of the account's draft, and what comes of them while somebody writes it.

Without scripts the form comes back with the results; with them `editor.js` asks for the results alone as somebody
writes. Saving goes into the account's draft: nothing is used before that is published.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, jsonify, redirect, request, url_for
from pydantic import ValidationError

from gateway.accounts import file_text, kept_file, maps_in
from gateway.console.accounts import Unusable
from gateway.console.editor_samples import Sample, chosen_sample, samples_to_choose
from gateway.console.edits import fingerprint
from gateway.console.frame import Missing, actor, console, needs, own_account, page, services, takes, user
from gateway.console.traced_page import ShownPreview, shown
from gateway.drafting.drafts import Draft, draft_of, draft_revision, edit
from gateway.drafting.marked import Marked, marked_bodies
from gateway.previewing import MAX_SAMPLE, SECONDS, SampleTooLarge, TooManyPreviews, preview
from gateway.store.drafts import Change, Overtaken
from mappings.account import SENT
from mappings.fieldmaps import map_schema
from mappings.fieldmaps.yaml_text import MAX_CHARACTERS
from mappings.own_format import ORDER_MAP, map_of

_LARGEST_FORM = MAX_SAMPLE + 1_000_000
"""A sample, a map, and a sample kept from before."""
_WRITES = re.compile(r"^writes:\s*[\"']?(json|xml|csv)\b", re.MULTILINE)
_SOON = {"Retry-After": "1"}


@dataclass(frozen=True, slots=True)
class Editor:
    """What stands in the editor: the map's file, its text, and the sample beside it."""

    draft: Draft
    chosen: str
    text: str
    sample: Sample | None

    @property
    def account_id(self) -> str:
        """Whose it is."""
        return self.draft.account_id

    @property
    def kept(self) -> str | None:
        """The map as the draft has it."""
        return self.draft.body("file", self.chosen)


@console.get("/accounts/<account_id>/mapping")
@needs("viewer", ours_alone=True)
def mapping(account_id: str) -> Any:
    """The editor, with what the map makes of the sample."""
    return _page(_editor(account_id))


@console.post("/accounts/<account_id>/mapping")
@needs("viewer", ours_alone=True)
@takes(_LARGEST_FORM)
def mapping_previewed(account_id: str) -> Any:
    """The same with what was written."""
    return _page(_editor(account_id))


@console.post("/accounts/<account_id>/mapping/preview")
@needs("viewer", ours_alone=True)
@takes(_LARGEST_FORM)
def preview_mapping(account_id: str) -> Any:
    """The results alone, for the page's script."""
    editor = _editor(account_id)
    made, refused, status = _previewed(editor)
    text, _ = page("mapping_results", editor=editor, found=made, refused=refused)
    return text, status, _SOON if status == 429 else {}


@console.post("/accounts/<account_id>/mapping/save")
@needs("integration", ours_alone=True)
@takes(_LARGEST_FORM)
def save_mapping(account_id: str) -> Any:
    """Put the map's text into the draft. Nothing is saved over what somebody else wrote meanwhile."""
    editor = _editor(account_id)
    if len(editor.text) > MAX_CHARACTERS:
        return _page(editor, 400, wrong=f"A map has at most {MAX_CHARACTERS:,} characters; nothing was saved.")
    try:
        edit(services(), editor.account_id, lambda draft: _changes(draft, editor), author=actor())
    except Overtaken:
        wrong = "Somebody else saved this map since you opened it. Nothing of yours was saved; it is in the editor."
        now = _editor(account_id)
        return _page(now, 409, wrong=wrong, differs=_differs(now))
    sample = request.form.get("sample") or None
    chosen = editor.chosen
    return redirect(
        url_for("console.mapping", account_id=editor.account_id, map=chosen, sample=sample, saved=chosen), 303
    )


@console.get("/accounts/<account_id>/mapping/schema.json")
@needs("viewer", ours_alone=True)
def mapping_schema(account_id: str) -> Response:
    """What may stand in the map, for the editor's completion."""
    draft, chosen = _draft(account_id), _chosen()
    if chosen == ORDER_MAP:
        return jsonify(map_schema())
    said = _WRITES.search(_text_of(draft, chosen))
    wanted = request.args.get("writes") or (said[1] if said else "json")
    if wanted not in ("json", "xml", "csv"):
        raise Missing
    return jsonify(map_schema(wanted))


# --- what was asked -----------------------------------------------------------------------------------------------
def _draft(account_id: str) -> Draft:
    draft = draft_of(services(), own_account(account_id))
    if not draft.number and not draft.edits:
        raise Missing
    return draft


def _editor(account_id: str) -> Editor:
    draft, chosen = _draft(account_id), _chosen()
    text = request.form.get("text")
    written = _text_of(draft, chosen) if text is None else text.replace("\r\n", "\n")
    return Editor(draft, chosen, written, chosen_sample(services(), draft, chosen))


def _chosen() -> str:
    """The file of the map that is edited."""
    found = request.values.get("map", ORDER_MAP)
    if found not in MAPS:
        raise Missing
    return found


MAPS = {ORDER_MAP: "orders that come in", **{map_of(kind): f"{words} that go out" for kind, words in SENT.items()}}
"""Every map that an account may have, and what it is for."""
_KINDS = {map_of(kind): kind for kind in SENT}


def _text_of(draft: Draft, name: str) -> str:
    body = draft.body("file", name)
    return "" if body is None else file_text(body)


def _changes(draft: Draft, editor: Editor) -> list[Change]:
    """Nothing where the text is what stands there already; no map where there is no text."""
    kept = draft.body("file", editor.chosen)
    body = kept_file(editor.text) if editor.text.strip() else None
    if body == kept:
        return []
    seen = kept if request.form.get("seen", "") == fingerprint(kept) else ""
    return [draft.change("file", editor.chosen, seen, body)]


# --- what is shown ------------------------------------------------------------------------------------------------
def _previewed(editor: Editor) -> tuple[ShownPreview | None, str, int]:
    """The preview, or why there is none, and the answer's status."""
    if editor.sample is None:
        return None, "Choose or drop a sample: a document as the account sends it.", 200
    if len(editor.text) > MAX_CHARACTERS:
        return None, f"A map has at most {MAX_CHARACTERS:,} characters.", 200
    if not editor.text.strip():
        return None, "There is no text: saved so, the account has no such map.", 200
    maps = {**maps_in(editor.draft.files), editor.chosen: editor.text}
    try:
        revision = draft_revision(services(), editor.draft)
        name, body = editor.sample.name, editor.sample.body
        made = preview(services(), revision, maps=maps, chosen=editor.chosen, sample_name=name, body=body)
    except ValidationError:
        raise Unusable from None
    except SampleTooLarge:
        return None, f"The sample has {len(editor.sample.body):,} bytes; a sample may have {MAX_SAMPLE:,}.", 413
    except TooManyPreviews:
        return None, "Others are previewing just now; this is tried again in a moment.", 429
    return shown(made, editor.chosen), "", 200


def _faults(made: ShownPreview | None) -> list[dict[str, object]]:
    """The map's mistakes as the editor's script takes them."""
    found = () if made is None else made.mistakes
    return [{"line": one.line, "column": one.column, "message": one.name} for one in found if one.line is not None]


def _differs(editor: Editor) -> list[Marked]:
    """What stands in the draft against what is in the editor."""
    return marked_bodies(("file", editor.chosen), editor.kept, kept_file(editor.text))


def _needs_none(editor: Editor) -> str:
    """Why there need not be such a map; nothing where the account's own layout is agreed."""
    terms, kind = editor.draft.terms, _KINDS.get(editor.chosen)
    if kind is None:
        formats = (terms.get("inbound") or {}).get("formats") or []
        need = "needs" if len(formats) == 1 else "need"
        said = f"Their orders come in as {', '.join(formats)}, which {need} no map."
        return "" if "custom" in formats or not formats else said
    agreed = ((terms.get("outbound") or {}).get(kind) or {}).get("format")
    if agreed is None:
        return f"No {SENT[kind]} are agreed with them."
    return "" if agreed == "custom" else f"Their {SENT[kind]} go out as {agreed}, which needs no map."


def _page(editor: Editor, status: int = 200, *, wrong: str = "", differs: Sequence[Marked] = ()) -> Any:
    made, refused, previewed = _previewed(editor)
    status = status if status != 200 else 200 if previewed == 200 else previewed
    known = maps_in(editor.draft.files)
    return page(
        "mapping",
        status,
        editor=editor,
        found=made,
        refused=refused,
        wrong=wrong,
        differs=differs,
        needs_none="" if editor.text.strip() else _needs_none(editor),
        agreed_at=_KINDS.get(editor.chosen, "formats"),
        saved=request.args.get("saved") == editor.chosen,
        seen=fingerprint(editor.kept),
        is_edited=_text_of(editor.draft, editor.chosen) != editor.text,
        may_save=user().may("integration"),
        maps=[(name, words, name in known) for name, words in MAPS.items()],
        samples=samples_to_choose(services(), editor.draft),
        seconds=SECONDS,
        within="console.account_list",
        faults=_faults(made),
    )
