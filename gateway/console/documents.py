"""One document of ours: what it says in any format, where it went and what came of each attempt; sending it again, and
closing what is open of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, redirect, request, url_for

from gateway.console.frame import Missing, actor, console, needs, page, services, user
from gateway.console.order_lists import known_account
from gateway.delivery.transport import Parcel
from gateway.delivery_proof import proof_of
from gateway.printing.papers import PAPERS, Paper
from gateway.rendered_anew import rendered_anew, ways
from gateway.sending_again import HAD, NAMED, send_again
from gateway.store.deliveries import STUCK, Delivery
from gateway.store.documents import DOCUMENT_TYPES, StoredDocument
from gateway.store.ids import now_us
from schemas.fault_codes import FAULTS
from schemas.faults import DocumentHeld
from schemas.formats import Format

CANONICAL = "canonical"
"""Beside the formats' names: the document as it is kept."""
_AT_ONCE = 25
_SHOWN = 100_000
"""Characters of a document that a page shows; the file has all."""
_MOST_ATTEMPTS = 50
LONGEST_REASON = 1_000
_TEXTS = ("text/", "application/json", "application/xml")
_STANDS = "It stands otherwise now than when this page was loaded. Nothing was done: here is how it stands."
_SUFFIX = {"application/pdf": ".pdf", "application/zpl": ".zpl"}


@dataclass(frozen=True, slots=True)
class Text:
    """What a document says in a format: as much as is shown, and how much it is. `said`: why it can't be shown."""

    format: str
    media_type: str
    text: str
    size: int
    said: str = ""
    is_cut: bool = False


@console.get("/documents/<document_id>")
@needs("viewer")
def document(document_id: str) -> Any:
    """One document."""
    return _page(_own(document_id))


@console.get("/documents/<document_id>/file")
@needs("viewer")
def document_file(document_id: str) -> Any:
    """Its bytes as a file: as they went out, or in the format, or on the paper, that is asked for."""
    stored = _own(document_id)
    wanted = request.args.get("format", stored.format)
    try:
        body, media_type = _bytes(stored, wanted)
    except DocumentHeld as held:
        said = f"It can't be written in {wanted}: {held.faults[0].detail}"
        return page("trouble", 409, title="There is no such file", said=said)
    name = _parcel(stored, media_type).filename + _SUFFIX.get(media_type, "")
    answer = Response(body, content_type=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name.encode("ascii", "replace").decode()}"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@console.get("/documents/<document_id>/proof")
@needs("viewer", ours_alone=True)
def document_proof(document_id: str) -> Any:
    """The proof of its delivery, as a zip."""
    stored = _own(document_id)
    made = proof_of(services(), stored)
    answer = Response(made.zipped, content_type="application/zip")
    name = _parcel(stored, "").filename.encode("ascii", "replace").decode()
    answer.headers["Content-Disposition"] = f'attachment; filename="proof_{name}.zip"'
    return answer


@console.post("/documents/<document_id>/send-again")
@needs("support")
def send_document_again(document_id: str) -> Any:
    """Have it sent again; what arrived is asked about once more."""
    stored, form = _own(document_id), request.form
    delivery, reason = _delivery(stored), given_reason()
    if delivery is None or form.get("seen") != seen_of(delivery):
        return _page(stored, 409, said=_STANDS, reason=reason)
    if not reason:
        return _page(stored, 400, said="Say why it is sent again: whoever looks at it later will ask.")
    if delivery.status in HAD and form.get("known") != "yes":
        told = {"within": "console.account_list", "seen": seen_of(delivery), "reason": reason}
        attempts = services().store.deliveries.attempts(stored.id)
        had = next((one for one in reversed(attempts) if one.outcome == "delivered"), None)
        return page("document_again", stored=stored, delivery=delivery, had=had, **told)
    if not send_again(services(), [stored.id], actor(), reason, also_had=form.get("known") == "yes"):
        return _page(stored, 409, said=_STANDS, reason=reason)
    return redirect(url_for("console.document", document_id=stored.id, did="again") + "#way", 303)


@console.post("/documents/<document_id>/dismiss")
@needs("support", ours_alone=True)
def dismiss_document(document_id: str) -> Any:
    """Close what is open of it."""
    stored, reason = _own(document_id), given_reason()
    delivery = _delivery(stored)
    if delivery is None or request.form.get("seen") != seen_of(delivery):
        return _page(stored, 409, said=_STANDS, reason=reason)
    if not reason:
        return _page(stored, 400, said="Say how it was settled: whoever looks at it later will ask.")
    if not services().store.deliveries.dismiss([stored.id], actor(), reason):
        return _page(stored, 409, said=_STANDS, reason=reason)
    return redirect(url_for("console.document", document_id=stored.id, did="closed") + "#way", 303)


@console.get("/accounts/<account_id>/documents")
@needs("viewer")
def account_documents(account_id: str) -> Any:
    """The account's documents, newest first; of a type, of an order."""
    wanted, asked = known_account(account_id), request.args
    kind, number = asked.get("type", ""), asked.get("order", "").strip()
    if kind not in ("", *DOCUMENT_TYPES):
        raise Missing
    found = services().store.order_threads.documents_page(
        wanted, kind=kind or None, order_number=number[:200] or None, before=_before(asked), limit=_AT_ONCE
    )
    return page(
        "account_documents",
        account_id=wanted,
        within="console.account_list",
        found=found,
        type=kind,
        number=number,
        types=DOCUMENT_TYPES,
        is_first="before" not in asked,
        now=now_us(),
    )


def given_reason() -> str:
    """Why somebody does what the form asks, as they wrote it."""
    return request.form.get("reason", "").strip()[:LONGEST_REASON]


def seen_of(delivery: Delivery) -> str:
    """How a document stood for whoever was shown it: what they do is done to nothing else."""
    return f"{delivery.status}-{delivery.attempts}-{delivery.code or ''}"


def _own(document_id: str) -> StoredDocument:
    """The document, where whoever asks may see it. Raises Missing."""
    found = services().store.documents.one(user().account_id, document_id)
    if found is None:
        raise Missing
    return found


def _delivery(stored: StoredDocument) -> Delivery | None:
    return services().store.deliveries.one(stored.id)


def _page(stored: StoredDocument, status: int = 200, **told: Any) -> Any:
    store, delivery = services().store, _delivery(stored)
    attempts = store.deliveries.attempts(stored.id)
    failing = store.deliveries.endpoints(delivery.endpoint) if delivery and delivery.endpoint else []
    known = _ways(stored)
    now = now_us()
    return page(
        "document",
        status,
        stored=stored,
        within="console.account_list",
        revision=store.documents.revision(stored.id),
        made_of=_made_of(stored),
        delivery=delivery,
        seen=seen_of(delivery) if delivery else "",
        endpoint=next(iter(failing), None),
        attempts=attempts[-_MOST_ATTEMPTS:],
        attempts_left_out=max(0, len(attempts) - _MOST_ATTEMPTS),
        receipts=store.deliveries.receipts(stored.id),
        words=_words,
        events=store.audit.of(f"delivery/{stored.id}") if user().account_id is None else [],
        remedy=FAULTS[delivery.code].remedy if delivery and delivery.code in FAULTS else "",
        text=_text(stored, known),
        formats=[name for name in known if name not in PAPERS and name != stored.format],
        papers=[name for name in known if name in PAPERS],
        canonical=CANONICAL,
        may_send=delivery is not None and delivery.transport != "mailbox" and delivery.status in (*NAMED, *HAD),
        is_had=delivery is not None and delivery.status in HAD,
        may_dismiss=delivery is not None and (delivery.status in STUCK or _is_unanswered(delivery, now)),
        is_unanswered=delivery is not None and _is_unanswered(delivery, now),
        now=now,
        **told,
    )


def _made_of(stored: StoredDocument) -> tuple[str, str]:
    """(what, id) of what it came of: a message, or a shipment, an invoice, a schedule as they are called."""
    kind, slash, key = stored.message_id.partition("/")
    if slash:
        return kind, key
    message = services().store.messages.one(stored.account_id, stored.message_id)
    return ("", stored.message_id) if message is None else ("message", message.id)


def _is_unanswered(delivery: Delivery, now: int) -> bool:
    waits = delivery.status in ("waiting", "sending", "held", "given_up")
    return delivery.answer_due_at is not None and delivery.answer_due_at < now and not waits


def _words(body: str | None) -> Mapping[str, Any]:
    """What stands beside the account's word: its own number, its code and its reasons."""
    found: dict[str, Any] = json.loads(body) if body else {}
    return found


def _ways(stored: StoredDocument) -> Mapping[str, Format | Paper]:
    """What else it can be had as; nothing where the account's terms can't be used."""
    try:
        return ways(services(), stored)
    except (LookupError, ValueError):
        return {}


def _text(stored: StoredDocument, known: Mapping[str, Format | Paper]) -> Text:
    """What is shown of it."""
    wanted = request.args.get("format", stored.format)
    if wanted in PAPERS or wanted not in (stored.format, CANONICAL, *known):
        raise Missing
    try:
        body, media_type = _bytes(stored, wanted)
    except DocumentHeld as held:
        return Text(wanted, "", "", 0, said=f"It can't be written in {wanted}: {held.faults[0].detail}")
    if not media_type.startswith(_TEXTS):
        return Text(wanted, media_type, "", len(body), said="It is no text to read here: download it.")
    text = body[: 4 * _SHOWN].decode(errors="replace")
    return Text(wanted, media_type, text[:_SHOWN], len(body), is_cut=len(text) > _SHOWN)


def _bytes(stored: StoredDocument, wanted: str) -> tuple[bytes, str]:
    """Its bytes in this format, and their media type. Raises Missing, and DocumentHeld where it can't be so written."""
    documents = services().store.documents
    if wanted == stored.format:
        return documents.body(stored.id), stored.media_type
    if wanted == CANONICAL:
        canonical = json.loads(documents.canonical(stored.id), parse_float=str)
        return json.dumps(canonical, ensure_ascii=False, indent=2).encode("utf-8", "replace"), "application/json"
    chosen = _ways(stored).get(wanted)
    if chosen is None:
        raise Missing
    return rendered_anew(documents, stored, chosen), chosen.media_type_of(stored.type)


def _parcel(stored: StoredDocument, media_type: str) -> Parcel:
    return Parcel(
        document_id=stored.id,
        account_id=stored.account_id,
        type=stored.type,
        number=stored.number,
        order_number=stored.order_number,
        media_type=media_type,
        body=b"",
    )


def _before(asked: Mapping[str, str]) -> tuple[int, int] | None:
    """The cursor that is asked for. Raises Missing for what is none."""
    text = asked.get("before", "")
    if not text:
        return None
    parts = text.split("-")
    if len(parts) != 2 or not all(one.isascii() and one.isdigit() and len(one) <= 18 for one in parts):
        raise Missing
    return int(parts[0]), int(parts[1])
