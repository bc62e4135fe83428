"""Our own documents as they are kept, held against pydantic: making one judges nothing, so the tests do."""

from __future__ import annotations

from lxml import etree
from pydantic import TypeAdapter

from gateway.store.statements import fetch
from gateway.store.store import Store
from gateway.terms import Terms
from mappings.own_format import CUSTOM, formats_of
from schemas.documents.order import without_exponents
from schemas.documents.order_response import OrderResponse, canonical_response
from schemas.formats.registry import FORMATS

_RESPONSES = TypeAdapter(OrderResponse)


def as_pydantic_writes(response: OrderResponse) -> str:
    """The response as pydantic writes it, but for its exponents."""
    return without_exponents(_RESPONSES.dump_json(response, exclude_none=True)).decode()


def judged_anew(response: OrderResponse) -> OrderResponse:
    """The response read back from what is kept of it, every value judged: it must be the same, and be written so."""
    kept = canonical_response(response)
    again = _RESPONSES.validate_json(kept)
    assert again == response
    assert as_pydantic_writes(again) == kept
    return again


def check_documents(store: Store) -> int:
    """Every document in the store is what pydantic would have written, and its body what its format makes of that;
    how many there are."""
    with store.database.read() as connection:
        query = "SELECT canonical, format, body, account_id, mapping_revision FROM documents WHERE type = ?"
        rows = fetch(connection, query, ["order_response"])
    terms = Terms(store)
    for canonical, format_name, body, account_id, revision in rows:
        response = judged_anew(_RESPONSES.validate_json(canonical))
        assert canonical_response(response) == canonical
        formats = formats_of(terms.mapping(account_id, revision)) if format_name == CUSTOM else FORMATS
        if not _tells_how_an_order_stands(response, bytes(body)):
            rendered = formats[format_name].renderers["order_response"](response)
            assert _without_envelope(rendered) == _without_envelope(body)
    return len(rows)


def _tells_how_an_order_stands(response: OrderResponse, body: bytes) -> bool:
    """Whether the body is cXML's answer to a refused change: the refusal's reasons, and lines that others say."""
    header = etree.fromstring(body).find(".//ConfirmationHeader") if b"<ConfirmationRequest>" in body else None
    if header is None or response.outcome != "rejected" or header.get("type") != "detail":
        return False
    refused, *reasons = (header.findtext("Comments") or "").split("\n")
    assert refused.endswith("was refused and the order stands as it was confirmed.")
    assert reasons == (response.note or "").split("\n")
    return True


def _without_envelope(body: bytes) -> bytes:
    """What of a cXML confirmation follows from the response alone: its lines and comments. Other documents as they
    are."""
    if b"<ConfirmationRequest>" not in body:
        return bytes(body)
    asked = etree.fromstring(body).find("Request/ConfirmationRequest")
    assert asked is not None
    return b"".join(etree.tostring(one) for name in ("Comments", "ConfirmationItem") for one in asked.iter(name))
