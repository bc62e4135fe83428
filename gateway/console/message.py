"""One message: what happened to it, its document with every fault's place lit, what was read, its lines, its documents
and what was said of them; as files to take along, and closed with a reason."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Response, g, redirect, request, url_for

from gateway.console.frame import Missing, actor, console, needs, page, services, user
from gateway.console.pieces import Row, Span, Value, tree
from gateway.console.sheet import Line, Part, Sheet
from gateway.console.words import upper_first
from gateway.fixing import has_form
from gateway.masking import Secrets, masked_fault, masked_text, secrets_in, shown_document
from gateway.mended_in import SAID_IN_ROWS, TABLES
from gateway.message_page.lines import NotMapped, ShownLines, shown_lines
from gateway.message_page.moves import moves
from gateway.message_page.places import Lines, Place, places_of
from gateway.message_page.read_again import Canonical, Unread, canonical, plain_values
from gateway.message_page.readable import Readable, readable
from gateway.message_page.relatives import relatives
from gateway.message_page.sharing import shared
from gateway.states import ImpossibleMove
from gateway.store.fault_rows import fingerprint
from gateway.store.messages import StoredMessage
from gateway.timeline import STAGES, Sent, load, load_sent, timeline
from gateway.timeline.words import lasted, size
from schemas.documents.order import canonical_json
from schemas.fault_codes import FAULTS
from schemas.faults import DocumentFailure, Fault

VIEWS = {"raw": "Raw", "canonical": "Canonical", "lines": "Lines", "documents": "Documents", "receipts": "Receipts"}
"""The tabs, in the order of their keys."""
_FAULTS = 50
"""Of one page; more are behind."""
_VALUES = 400
"""Canonical values that are shown at once."""
_DOCUMENTS = 50
_PLACING_SECONDS = 0.3
"""For the places of a page's faults. What is left then is looked for when somebody opens it."""
_LONGEST_REASON = 1_000
_LARGEST = 1_000_000_000
_STANDINGS = {"done": "good", "duplicate": "good", "held": "bad", "failed": "bad", "rejected": "bad"}
_MEANS = {
    "received": "It waits for a worker.",
    "processing": "A worker has it now.",
    "done": "It is answered; nothing is to be done.",
    "held": "We must act: mend what is missing, then replay it.",
    "rejected": "The sender must act: it was told why.",
    "failed": "The gateway failed at it: replay it when the cause is mended.",
    "duplicate": "It was here before: the earlier message answers for it.",
    "superseded": "An edited copy took its place.",
    "dismissed": "Somebody closed it, with a reason.",
}


@dataclass(frozen=True, slots=True)
class ShownFault:
    """A fault as it stands beside the document. `number` from 1; `part`: which part of the text its place is in, and
    the anchor there; `said`: what kind of place that is."""

    number: int
    fault: Fault
    title: str
    said: str = ""
    line: int | None = None
    part: int | None = None
    anchor: str = ""
    is_here: bool = False
    """Whether that part is shown."""
    mend: str | None = None
    """Where it is mended."""


@dataclass(frozen=True, slots=True)
class ShownText:
    """Some of the document's text."""

    part: Part
    parts: int
    lines: Sequence[Line]
    all_lines: int


@console.get("/messages/<message_id>")
@needs("viewer")
def message(message_id: str) -> Any:
    """The message, and of its tabs the one that is asked for."""
    return _page(_message(message_id))


@console.get("/messages/<message_id>/raw")
@needs("viewer")
def message_raw(message_id: str) -> Any:
    """Its document as a file, without secrets."""
    stored = _message(message_id)
    document = shown_document(_body(stored)).document
    return _file(document, f"{stored.id}{_ending(document)}", "application/octet-stream")


@console.get("/messages/<message_id>/canonical.json")
@needs("viewer")
def message_canonical(message_id: str) -> Any:
    """What was read of it as a file, in json-1."""
    stored = _message(message_id)
    body = _body(stored)
    try:
        written = canonical(services(), stored, body).as_json().decode()
    except (DocumentFailure, Unread) as failure:
        return _unread(stored, failure)
    return _file(masked_text(written, _secrets(body)).encode(), f"{stored.id}.json", "application/json")


@console.get("/messages/<message_id>/redacted")
@needs("viewer")
def message_redacted(message_id: str) -> Any:
    """Everything of it in one file, without what is nobody else's business."""
    stored = _message(message_id)
    told = shared(services(), stored, services().store.messages.body(stored.id))
    return _file(told.encode(), f"{stored.id}-redacted.txt", "text/plain; charset=utf-8")


@console.post("/messages/<message_id>/dismiss")
@needs("support", ours_alone=True)
def dismiss_message(message_id: str) -> Any:
    """Close it, with a reason."""
    stored = _message(message_id)
    reason = request.form.get("reason", "").strip()[:_LONGEST_REASON]
    if not reason:
        return _page(stored, 400, refused="Say why: whoever looks at it later will ask. It was not closed.")
    try:
        services().store.messages.dismiss(stored.id, actor(), _storable(reason))
    except ImpossibleMove as impossible:
        return _page(_message(message_id), 409, refused=f"{impossible} Nothing was done.")
    return redirect(url_for("console.message", message_id=stored.id), 303)


# --- the page -----------------------------------------------------------------------------------------------------
def _message(message_id: str) -> StoredMessage:
    """The message, where whoever is signed in may see it. Raises Missing."""
    found = services().store.messages.one(user().account_id, message_id)
    if found is None:
        raise Missing
    return found


def _body(stored: StoredMessage) -> bytes:
    """Raises Missing where it is erased."""
    body = services().store.messages.body(stored.id)
    if body is None:
        raise Missing
    return body


def _page(stored: StoredMessage, status: int = 200, refused: str = "") -> Any:
    asked = request.args.get("view", "raw") if request.method == "GET" else "raw"
    view = asked if asked in VIEWS else "raw"
    body = services().store.messages.body(stored.id)
    secrets = _secrets(body) if body is not None else ()
    faults = [masked_fault(one, secrets) for one in services().store.messages.faults(stored.id)]
    ours = user().account_id is None
    told = load(services(), stored, for_account=not ours)
    shown: dict[str, Any] = _TABS[view](stored, body, faults, secrets)
    return page(
        "message",
        status,
        message=stored,
        view=view,
        views=VIEWS,
        is_erased=body is None,
        standing=(_STANDINGS.get(stored.status, "wait"), _MEANS[stored.status]),
        timeline=timeline(replace(told, faults=faults)),
        stages=STAGES,
        of=relatives(services(), stored),
        can=moves(stored, is_erased=body is None),
        may_act=ours and user().may("support"),
        ours=ours,
        refused=refused,
        lasted=lasted,
        size=size(stored.size),
        problems=_waits_for(stored) if stored.status in ("held", "failed") and ours else [],
        corrections=services().store.resubmissions.of_message(stored.id) if ours else [],
        may_erase=ours and user().may("admin") and body is not None,
        within="console.message_list",
        **{"faults": [], "all_faults": len(faults), "first_fault": 1, **shown},
    )


def _secrets(body: bytes) -> Secrets:
    text = readable(body).text
    return secrets_in(text) if text is not None else ()


def _number(name: str) -> int | None:
    """A number from 1 that the address asks for; None where it is none."""
    text = request.args.get(name, "")
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(_LARGEST)):
        return None
    return max(1, int(text))


def _storable(text: str) -> str:
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


# --- its tabs -----------------------------------------------------------------------------------------------------
_Tab = Callable[[StoredMessage, bytes | None, Sequence[Fault], Secrets], dict[str, Any]]


def _raw(stored: StoredMessage, body: bytes | None, faults: Sequence[Fault], secrets: Secrets) -> dict[str, Any]:
    first = min(_number("faults") or 1, max(1, len(faults)))
    chosen = faults[first - 1 : first - 1 + _FAULTS]
    if body is None:
        return {"faults": _without_places(stored, chosen, first), "first_fault": first}
    found = shown_document(body)
    text = readable(found.document)
    told = {"decoded": text, "first_fault": first, "files": found.files, "behind_faults": _behind(faults, first)}
    if text.text is None:
        return told | {"faults": _without_places(stored, chosen, first)}
    sheet = Sheet(text.text)
    places = _places(sheet, chosen, first, stored.part or 1)
    part = _part(sheet, places, first)
    shown = _shown_faults(stored, sheet, chosen, places, first, part)
    spans, anchors = _spans(places, first)
    lines = list(sheet.written(part, spans, anchors))
    return told | {"faults": shown, "text": ShownText(part, len(sheet.parts), lines, sheet.lines)}


def _places(sheet: Sheet, faults: Sequence[Fault], first: int, order: int) -> list[Place | None]:
    """Of each; the one that is asked for first of all, the others as long as there is time."""
    lines = Lines(sheet.text, sheet.span_of)
    asked = (_number("fault") or 0) - first
    if len(sheet.text) < 200_000:
        return places_of(faults, lines, part=order)
    found: list[Place | None] = [None] * len(faults)
    until = time.monotonic() + _PLACING_SECONDS
    for index in sorted(range(len(faults)), key=lambda index: index != asked):
        if time.monotonic() < until or index == asked:
            (found[index],) = places_of([faults[index]], lines, part=order)
    return found


def _part(sheet: Sheet, places: Sequence[Place | None], first: int) -> Part:
    """The part that is asked for: by its number, by a line, by a fault; else the first."""
    fault, line, number = _number("fault"), _number("line"), _number("part")
    if fault is not None and 0 <= fault - first < len(places) and (place := places[fault - first]) is not None:
        return sheet.part_at(place.start)
    if line is not None:
        span = sheet.span_of(min(line, sheet.lines))
        return sheet.part_at(span[0] if span else 0)
    return sheet.parts[min(number or 1, len(sheet.parts)) - 1]


def _spans(places: Sequence[Place | None], first: int) -> tuple[list[Span], dict[str, str]]:
    """What is lit: places that touch are one, which leads to the first of their faults."""
    spans: list[Span] = []
    for number, place in sorted(
        ((first + index, place) for index, place in enumerate(places) if place is not None),
        key=lambda one: (one[1].start, -one[1].end),
    ):
        if spans and place.start < spans[-1].end:
            before = spans[-1]
            spans[-1] = replace(before, end=max(before.end, place.end), pointers=(*before.pointers, str(number)))
        else:
            spans.append(Span(place.start, place.end, "fault", (str(number),), anchor=f"place-{number}"))
    return spans, {number: f"fault-{number}" for one in spans for number in one.pointers}


_HOW = {
    "exactly": "",
    "around": "what is missing would stand in it",
    "line": "somewhere on this line",
    "value": "found by its value",
}


def _shown_faults(
    stored: StoredMessage,
    sheet: Sheet,
    faults: Sequence[Fault],
    places: Sequence[Place | None],
    first: int,
    part: Part,
) -> list[ShownFault]:
    anchors = {int(number): one.anchor for one in _spans(places, first)[0] for number in one.pointers}
    found = []
    for number, (one, place) in enumerate(zip(_without_places(stored, faults, first), places, strict=True), first):
        if place is None:
            found.append(one)
            continue
        of_place = sheet.part_at(place.start)
        found.append(
            replace(
                one,
                said=_HOW[place.how],
                line=sheet.number_at(place.start),
                part=of_place.number,
                anchor=anchors[number],
                is_here=of_place.number == part.number,
            )
        )
    return found


def _without_places(stored: StoredMessage, faults: Sequence[Fault], first: int) -> list[ShownFault]:
    return [
        ShownFault(number, one, FAULTS[one.code].title if one.code in FAULTS else one.code, mend=_mend(stored, one))
        for number, one in enumerate(faults, first)
    ]


def _mend(stored: StoredMessage, fault: Fault) -> str | None:
    """Where one of us mends it: the form of its problem, or the table, with what to look for."""
    if user().account_id is not None or stored.status not in ("held", "failed"):
        return None
    if has_form(fault.code) and user().may("support"):
        cause = fingerprint(stored.account_id, fault)
        if cause in _waits_for(stored):
            return url_for("console.fix_problem", fingerprint=cause)
    table = TABLES.get(fault.code)
    if table is None:
        return None
    looked_for = fault.value if fault.code in SAID_IN_ROWS else None
    return url_for("console.table", account_id=stored.account_id, table=table, q=looked_for and looked_for[:200])


def _waits_for(stored: StoredMessage) -> list[str]:
    """The fingerprints of its open causes, asked for once a page."""
    if "waits_for" not in g:
        g.waits_for = services().store.problems.of_message(stored.id)
    found: list[str] = g.waits_for
    return found


def _behind(faults: Sequence[Fault], first: int) -> int:
    return first + _FAULTS if first - 1 + _FAULTS < len(faults) else 0


def _canonical(stored: StoredMessage, body: bytes | None, faults: Sequence[Fault], secrets: Secrets) -> dict[str, Any]:
    if body is None:
        return {}
    try:
        found = canonical(services(), stored, body)
    except Unread as why:
        return {"unread": str(why), "faults": _without_places(stored, faults[:_FAULTS], 1)}
    except DocumentFailure as failure:
        several = [masked_fault(one, secrets) for one in failure.faults[:_FAULTS]]
        return {"unread": "It can't be read as an order.", "faults": _without_places(stored, several, 1)}
    first = _number("from") or 1
    rows, total = _rows(found, first, secrets)
    behind = first + _VALUES if first - 1 + _VALUES < total else 0
    return {"rows": rows, "all_values": total, "first_value": first, "behind_values": behind}


def _rows(found: Canonical, first: int, secrets: Secrets) -> tuple[list[Row], int]:
    """Values from this one on under the names of their groups, and how many there are."""
    import json

    if found.answer is not None:
        values = list(plain_values(json.loads(found.as_json())))
    else:
        several = len(found.orders) > 1
        values = [
            value
            for index, order in enumerate(found.orders)
            for value in plain_values(json.loads(canonical_json(order)), f"/{index}" if several else "")
        ]
    masked = _masked_values(values[first - 1 : first - 1 + _VALUES], secrets)
    return list(tree(masked)), len(values)


def _masked_values(values: Sequence[tuple[str, str]], secrets: Secrets) -> Iterator[Value]:
    """What is kept aside under a secret's name is one: there the name is a value itself."""
    name = ""
    for pointer, text in values:
        last = pointer.rpartition("/")[2]
        masked = masked_text(text, secrets)
        if (
            last == "value"
            and masked_text(f'{{"name": "{name}", "value": "x"}}') != f'{{"name": "{name}", "value": "x"}}'
        ):
            masked = "[masked]"
        name = text if last == "name" else name
        yield Value(pointer, masked)


def _lines(stored: StoredMessage, body: bytes | None, faults: Sequence[Fault], secrets: Secrets) -> dict[str, Any]:
    if body is None:
        return {}
    if stored.parts:
        return {"unread": "Each of its orders is a message of its own, with its own lines."}
    try:
        found: ShownLines = shown_lines(services(), stored, body, faults, _number("from") or 1)
    except (Unread, NotMapped) as why:
        return {"unread": str(why)}
    except DocumentFailure as failure:
        several = [masked_fault(one, secrets) for one in failure.faults[:_FAULTS]]
        return {"unread": "It can't be read as an order.", "faults": _without_places(stored, several, 1)}
    return {"lines": found, "masked": lambda text: masked_text(text, secrets), "mend": lambda one: _mend(stored, one)}


def _documents(stored: StoredMessage, _: bytes | None, __: Sequence[Fault], ___: Secrets) -> dict[str, Any]:
    sent, more = _sent(stored)
    return {"sent": sent, "more_sent": more}


def _receipts(stored: StoredMessage, _: bytes | None, __: Sequence[Fault], ___: Secrets) -> dict[str, Any]:
    from gateway.timeline import sending

    sent, more = _sent(stored)
    said = [
        (one, [step for step in sending(one, for_account=user().account_id is not None) if step.stage == "receipted"])
        for one in sent
    ]
    return {"sent": sent, "said": said, "more_sent": more, "spoken_of": services().store.answers.of_message(stored.id)}


def _sent(stored: StoredMessage) -> tuple[list[Sent], int]:
    """The documents that answer it, each with how it stands, and how many more there are."""
    store = services().store
    documents = store.documents.of_messages(store.messages.answering(stored))
    return [load_sent(services(), one) for one in documents[:_DOCUMENTS]], max(0, len(documents) - _DOCUMENTS)


_TABS: Mapping[str, _Tab] = {
    "raw": _raw,
    "canonical": _canonical,
    "lines": _lines,
    "documents": _documents,
    "receipts": _receipts,
}


# --- files --------------------------------------------------------------------------------------------------------
def _file(content: bytes, name: str, media_type: str) -> Response:
    """A download, whatever it holds: no browser shows it as a page of ours."""
    answer = Response(content, content_type=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _ending(document: bytes) -> str:
    text: Readable = readable(document[:200])
    start = (text.text or "").lstrip()[:1]
    return {"<": ".xml", "{": ".json", "[": ".json"}.get(start, ".txt" if text.text is not None else ".bin")


def _unread(stored: StoredMessage, failure: Exception) -> Any:
    said = str(failure) if isinstance(failure, Unread) else "It can't be read as an order; the message says why."
    return page("trouble", 409, title="There is no canonical order", said=upper_first(said))
