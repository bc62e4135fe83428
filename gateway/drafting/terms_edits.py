"""An account's terms as somebody edits them: as a tree of texts, as YAML, judged as a folder's account.yaml is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from gateway.accounts import kept_terms
from gateway.drafting.drafts import Draft, terms_text
from gateway.store.drafts import TERMS_KEY, TERMS_KIND, Change, Overtaken
from mappings.account import Account
from mappings.files.terms import account_in
from mappings.files.text import FilesRejected
from mappings.files.writing import yaml_text
from schemas.faults import Fault

Tree = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class JudgedTerms:
    """Terms as they can be used; or, where `faults` say what is wrong with them, none."""

    account: Account | None
    faults: tuple[Fault, ...] = ()


def judge_tree(tree: Tree) -> JudgedTerms:
    """These terms, judged as a folder's account.yaml is."""
    return judge_text(yaml_text(tree))


def judge_text(text: str) -> JudgedTerms:
    """The same of an account.yaml's text; its faults are at their lines."""
    try:
        return JudgedTerms(account_in(text))
    except FilesRejected as rejected:
        return JudgedTerms(None, tuple(rejected.faults))


def said_of(fault: Fault) -> str:
    """What is wrong, for whoever sees the field that it is about: `can't be 'gilded': one of platinum, gold, standard`.
    Of what has no field, the key stands in front."""
    told = fault.detail.removeprefix(f"{fault.location}: ")
    key = ".".join(fault.path.split("/")[1:])
    told = told.removeprefix(f"{key}: ").removeprefix(f"{key} ")
    return told if not fault.expected or fault.expected in told else f"{told}: {fault.expected}"


def terms_change(draft: Draft, account: Account) -> list[Change]:
    """The draft's terms become these, whatever they are now; nothing where they are the same."""
    now, wanted = draft.body(TERMS_KIND, TERMS_KEY), terms_text(kept_terms(account))
    same = terms_text(terms_tree(draft)) == wanted
    return [] if same else [draft.change(TERMS_KIND, TERMS_KEY, now, wanted)]


def terms_tree(draft: Draft) -> dict[str, Any]:
    """The draft's terms with every default; as they stand where they can't be used."""
    try:
        return kept_terms(Account.model_validate(draft.terms))
    except ValidationError:
        found: dict[str, Any] = json.loads(json.dumps(draft.terms))
        return found


def seen_mark(part: Any) -> str:
    """What a form says it saw: two parts of terms with one mark say the same."""
    text = json.dumps(part, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def refuse_overtaken(draft: Draft, part: Any, seen: str) -> None:
    """Raises Overtaken where this part of the draft's terms isn't any more what a form saw."""
    if seen_mark(part) != seen:
        raise Overtaken({(TERMS_KIND, TERMS_KEY): draft.body(TERMS_KIND, TERMS_KEY)})
