"""What events say in words: every kind that the code writes has its sentence."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.auditing.sentences import SENTENCES, SUBJECTS, changes_of, details_of, reason_of, said, who
from gateway.store.audit_log import Entry
from gateway.store.changes import _EVENT_NAMES
from gateway.store.verification import ERASED, FORGOT

ROOT = Path(__file__).resolve().parents[2] / "gateway"
_KIND_AT = {"note": 2, "next_event": 3, "written_event": 3}
"""Which argument is the kind, by what writes an event."""
_WRITES = re.compile(rf"\b({'|'.join(_KIND_AT)})\(")


def kinds_in(file: Path) -> Iterator[str]:
    """Literal kinds of the events that a file writes."""
    text = file.read_text("utf-8")
    if not _WRITES.search(text):  # most don't, and to parse all takes seconds of each test process
        return
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name == "note" and not (isinstance(node.func, ast.Attribute) and "audit" in ast.unparse(node.func.value)):
            continue
        if name not in _KIND_AT:
            continue
        flat = [part for one in node.args for part in (one.value.elts if _is_spread(one) else [one])]  # type: ignore[attr-defined]
        if len(flat) > _KIND_AT[name]:
            yield from _texts(flat[_KIND_AT[name]])


def _is_spread(node: ast.AST) -> bool:
    return isinstance(node, ast.Starred) and isinstance(node.value, ast.Tuple)


def _texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)


WRITTEN = sorted(
    {kind for file in ROOT.rglob("*.py") for kind in kinds_in(file)}
    | {*_EVENT_NAMES.values(), "replay", "dismiss", ERASED, FORGOT}
)


def test_the_kinds_are_found_where_they_are_written() -> None:
    assert {"revoked", "published", "role changed", "shipped", "invoiced", "credited", "waits", "resent"} <= {*WRITTEN}


@pytest.mark.parametrize("kind", WRITTEN)
def test_every_kind_has_its_sentence(kind: str) -> None:
    assert kind in SENTENCES, "say in gateway/auditing/sentences.py what it means"


def entry(stream: str, kind: str, **body: object) -> Entry:
    return Entry(stream, 1, 1, kind, "user Dana", dict(body))


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (entry("key/k-1", "created", account="acme", test=True), "made test key k-1"),
        (entry("user/u-1", "created", name="Dana", role="support"), "made person Dana"),
        (entry("user/u-1", "enabled", reason="back"), "let Sam in again"),
        (entry("endpoint/https://x.example", "enabled", reason="t"), "had documents sent to https://x.example again"),
        (entry("account/acme", "published", number=7), "published revision 7 of acme"),
        (entry("catalogue", "published", number=2), "published revision 2 of the catalogue"),
        (entry("catalogue", "published"), "published revision ? of the catalogue"),
        (entry("0" * 28, "dismiss", reason="t"), f"dismissed message {'0' * 28}"),
        (entry("account/{x.__class__}", "published", number=1), "published revision 1 of {x.__class__}"),
        (entry("problem/p-1", "something new", reason="t"), "something new: problem p-1"),
    ],
)
def test_an_event_says_what_was_done(event: Entry, sentence: str) -> None:
    assert said(event, {"u-1": "Sam"} if event.kind == "enabled" else None) == sentence


def test_before_and_after_are_told_by_name() -> None:
    assert changes_of(entry("user/u", "role changed", before="viewer", after="admin")) == [("", "viewer", "admin")]
    both = entry("problem/p", "x", before={"owner": None, "state": "open"}, after={"owner": "Dana", "state": "open"})
    assert changes_of(both) == [("owner", "nothing", "Dana")]
    assert changes_of(entry("key/k", "revoked")) == []


def test_reasons_and_the_rest_are_apart() -> None:
    event = entry("draft/acme", "draft changed", rows=3, note="cartons", documents={"a": []})
    assert reason_of(event) == "cartons"
    assert details_of(event) == [("rows", "3")]


def test_who_is_named_as_people_say_it() -> None:
    assert [who(one) for one in ("user Dana", "cli/root", "cli", "key/k-1", "")] == [
        *("Dana", "root at the command line", "somebody at the command line", "key k-1", "nobody"),
    ]


def test_every_subject_is_a_word() -> None:
    assert all(name and word for name, word in SUBJECTS.items())
