"""A document that went out, in another format than it went out in, or on paper: made of its canonical form, which is
kept with it."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.cxml_answers import CXML
from gateway.inventory import KIND, kept_report
from gateway.printing.papers import PAPERS, Paper
from gateway.services import Services
from gateway.standing_orders import beside_the_order
from gateway.store.documents import Documents, StoredDocument
from mappings.own_format import formats_of
from mappings.revision import MappingRevision
from schemas.documents.common import AnyDocument
from schemas.documents.order_response import OrderResponse
from schemas.formats import Format
from schemas.formats.registry import format_by_name


def formats_for(kind: str, revision: MappingRevision) -> Mapping[str, Format]:
    """The formats that a document of this type can be rendered in, for this account."""
    return {name: known for name, known in formats_of(revision).items() if kind in known.renderers}


def ways(services: Services, stored: StoredDocument) -> Mapping[str, Format | Paper]:
    """The formats and papers that a document can be had in besides the one that it went out in, by the account's terms
    of now. Raises ValueError where these can't be used."""
    revision = services.terms.current([stored.account_id])[stored.account_id]
    papers = {name: paper for name, paper in PAPERS.items() if stored.type in paper.renderers}
    return {**formats_for(stored.type, revision), **papers}


def rendered_anew(documents: Documents, stored: StoredDocument, chosen: Format | Paper) -> bytes:
    """The same document in another format; its canonical form is json-1's. Raises DocumentHeld where that can't hold
    it."""
    document = _document(documents, stored)
    if chosen.name == CXML and isinstance(document, OrderResponse) and document.outcome == "rejected":
        document = _as_cxml_says_it(documents, stored, document)
    return chosen.renderers[stored.type](document)


def _document(documents: Documents, stored: StoredDocument) -> AnyDocument:
    canonical = documents.canonical(stored.id)
    if stored.type == KIND:
        return kept_report(canonical, stored.format, lambda: documents.body(stored.id))
    return format_by_name("json-1").parsers[stored.type](canonical.encode())


def _as_cxml_says_it(documents: Documents, stored: StoredDocument, refusal: OrderResponse) -> OrderResponse:
    """A refusal in cXML, whose `reject` is the order's: it is not for what leaves an order as it stands."""
    return beside_the_order(refusal) if documents.leaves_an_order(stored.id) else refusal
