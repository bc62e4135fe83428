"""The proof of a document: its bytes, what was recorded of them when they were made, every attempt to send them with
the partner's answer, every receipt, and what the partner's system sent about it, as one zip that whoever doubts it can
read without us."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from gateway.delivery.transport import Parcel
from gateway.services import Services
from gateway.store.documents import StoredDocument
from gateway.store.ids import now_us

_TEXT = "proof.json"
_ABOUT = (
    "The file beside this one has the document's bytes as they were sent (cXML: without our SharedSecret, which is put "
    "in as it is sent). recorded is what the audit chain says of them since they were made. Of each answer to an "
    "attempt the beginning was kept. What the account's system sent about the document stands in files of its own "
    "(message_<id>), which the receipts name. Times are UTC."
)


@dataclass(frozen=True, slots=True)
class Proof:
    """The zip, and what stands in its proof.json. `is_as_recorded`: None where the chain is of before digests were
    recorded."""

    zipped: bytes
    told: Mapping[str, Any]
    is_as_recorded: bool | None


def proof_of(services: Services, stored: StoredDocument) -> Proof:
    """Everything that is known of the document's way, as of now."""
    body = services.store.documents.body(stored.id)
    sha256, recorded = hashlib.sha256(body).hexdigest(), _recorded(services, stored)
    name = _parcel(stored, body).filename
    way = _way(services, stored.id)
    sent = _sent_about_it(services, way["receipts"])
    told: dict[str, Any] = {
        "about": _ABOUT,
        "made_at": _moment(now_us()),
        "sender": services.supplier.legal_name,
        "document": {
            "file": name,
            "sha256": sha256,
            "bytes": len(body),
            "id": stored.id,
            "type": stored.type,
            "number": stored.number,
            "order_number": stored.order_number,
            "account": stored.account_id,
            "test": stored.test,
            "format": stored.format,
            "media_type": stored.media_type,
            "created_at": _moment(stored.created_at),
        },
        "recorded": recorded,
        **way,
    }
    is_as_recorded = None if recorded is None else recorded["sha256"] == sha256
    return Proof(_zipped({name: body, **sent}, told, stored.created_at), told, is_as_recorded)


def _sent_about_it(services: Services, receipts: Sequence[dict[str, Any]]) -> dict[str, bytes]:
    """File name → what the account's system sent about the document, but for what is erased; noted at each receipt."""
    files: dict[str, bytes] = {}
    for one in receipts:
        body = None if one["message_id"] is None else services.store.messages.body(one["message_id"])
        if body is not None:
            one["file"] = f"message_{one['message_id']}.xml"
            one["sha256"] = hashlib.sha256(body).hexdigest()
            files[one["file"]] = body
    return files


def _recorded(services: Services, stored: StoredDocument) -> dict[str, Any] | None:
    """What the event says by which the document was made: its digest cannot be changed without breaking the chain."""
    for event in services.store.audit.of(stored.message_id):
        digests = (event["body"].get("documents") or {}).get(stored.id)
        if digests:
            at = _moment(event["at"])
            return {"stream": stored.message_id, "event": event["number"], "at": at, "sha256": digests[0]}
    return None


def _way(services: Services, document_id: str) -> dict[str, Any]:
    """How it stands, each attempt, each receipt, and who had it sent again."""
    store = services.store.deliveries
    delivery = store.one(document_id)
    events = services.store.audit.of(f"delivery/{document_id}")
    return {
        "delivery": delivery
        and {
            "transport": delivery.transport,
            "endpoint": delivery.endpoint,
            "status": delivery.status,
            "attempts": delivery.attempts,
            "updated_at": _moment(delivery.updated_at),
        },
        "attempts": [asdict(one) | {"at": _moment(one.at)} for one in store.attempts(document_id)],
        "receipts": [asdict(one) | {"at": _moment(one.at)} for one in store.receipts(document_id)],
        "events": [{**event, "at": _moment(event["at"])} for event in events],
    }


def _parcel(stored: StoredDocument, body: bytes) -> Parcel:
    return Parcel(
        document_id=stored.id,
        account_id=stored.account_id,
        type=stored.type,
        number=stored.number,
        order_number=stored.order_number,
        media_type=stored.media_type,
        body=body,
        test=stored.test,
    )


def _zipped(files: Mapping[str, bytes], told: Mapping[str, Any], created_at: int) -> bytes:
    """All files, dated as the document."""
    at = datetime.fromtimestamp(created_at // 1_000_000, UTC).timetuple()[:6]
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        text = json.dumps(told, ensure_ascii=False, indent=2).encode("utf-8", "replace")
        for each, content in (*files.items(), (_TEXT, text)):
            archive.writestr(zipfile.ZipInfo(each, at), content, zipfile.ZIP_DEFLATED)
    return written.getvalue()


def _moment(at: int) -> str:
    """Microseconds since 1970 as ISO 8601, to the millisecond."""
    return datetime.fromtimestamp(at / 1_000_000, UTC).isoformat(timespec="milliseconds")
