"""A document sent to an account's system on trial: marked as a test, made of a sample, and kept nowhere.

It goes through the transport that the account's terms agree for its type, as documents of that type do, so that what is
answered is what they would be answered. No order, number or stock is touched.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from gateway.accounts import published_folder
from gateway.cxml_answers import CXML, sent_envelope
from gateway.delivering import means_of
from gateway.delivery import TRANSPORTS
from gateway.delivery.transport import Parcel, Result, Transport
from gateway.inventory import ask, formats, sent_report
from gateway.local_time import local_date
from gateway.samples import judge_samples, samples_in
from gateway.services import Services
from gateway.store.ids import new_id, now_us
from gateway.store.inventory_reports import KIND as INVENTORY_REPORT
from gateway.trade.response import buyer_party, seller_party
from mappings.account import Outbound
from mappings.files.sent_samples import sent_samples_in
from mappings.own_format import format_sent
from mappings.revision import MappingRevision
from mappings.transports import BadTerms, check
from schemas.documents.despatch_advice import DespatchAdvice
from schemas.documents.invoice import Invoice
from schemas.documents.order_response import OrderResponse

Sampled = OrderResponse | DespatchAdvice | Invoice


class NoTrial(Exception):
    """Nothing can be sent on trial: why, in a sentence."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What was sent where, and what came of it."""

    parcel: Parcel
    format: str
    made_of: str
    """The sample that the document was made of, in words."""
    transport: str
    endpoint: str
    result: Result
    milliseconds: int


@dataclass(frozen=True, slots=True)
class _Draft:
    """The document, written as the account gets it."""

    number: str
    order_number: str | None
    format: str
    media_type: str
    body: bytes
    made_of: str


def send_on_trial(services: Services, revision: MappingRevision, kind: str) -> Trial:
    """Send one document of this type now. Raises NoTrial where nothing is sent, and DocumentFailure where the sample
    can't be read or the account's layout can't hold it."""
    account_id = revision.account.id
    transport, settings = _way(revision, kind)
    drafted = _draft(services, revision, kind)
    parcel = Parcel(
        document_id=new_id(),
        account_id=account_id,
        type=kind,
        number=drafted.number,
        order_number=drafted.order_number,
        media_type=drafted.media_type,
        body=drafted.body,
        test=True,
    )
    endpoint = transport.endpoint(settings)
    means, started = means_of(services), time.monotonic()
    try:
        result = transport.send(parcel, settings, means)
    except BadTerms as fault:
        raise NoTrial(f"{account_id}'s terms can't be used: {fault}.") from None
    finally:
        means.http.close()
    milliseconds = int((time.monotonic() - started) * 1000)
    return Trial(parcel, drafted.format, drafted.made_of, transport.name, endpoint, result, milliseconds)


def _way(revision: MappingRevision, kind: str) -> tuple[Transport, Mapping[str, Any]]:
    account, named = revision.account, kind.replace("_", " ")
    terms: Outbound | None = account.terms_of(kind)
    if terms is None or terms.way == "mailbox" or not isinstance(terms.transport, dict):
        raise NoTrial(f"{account.id} comes for its {named}s: its terms send none (`outbound.{kind}.transport`).")
    try:
        check(terms.way, terms.transport)
    except BadTerms as fault:
        raise NoTrial(f"{account.id}'s terms can't be used: {fault}.") from None
    return TRANSPORTS[terms.way], terms.transport


# --- the document ------------------------------------------------------------------------------------------------
def _draft(services: Services, revision: MappingRevision, kind: str) -> _Draft:
    number = f"TEST-{new_id()[-10:].upper()}"
    if kind == INVENTORY_REPORT:
        return _report(services, revision, number)
    for made_of, document in _documents(services, revision, kind):
        return _written(services, revision, kind, replace(document, number=number, test=True), made_of)
    named = kind.replace("_", " ")
    raise NoTrial(
        f"{revision.account.id} has no sample of {'an' if named[0] in 'aio' else 'a'} {named}: put one into its "
        f"folder as samples/01.{kind}.json, and import that."
    )


def _documents(services: Services, revision: MappingRevision, kind: str) -> Iterator[tuple[str, Sampled]]:
    """What a document can be made of, the best first: a sample of what we send; for an order response also the answer
    to a sample order, or no more than that an order arrived."""
    folder = published_folder(services.store, revision.account.id)
    files = folder.samples if folder is not None else {}
    for sample in sent_samples_in(files):
        document = sample.document() if sample.kind == kind else None
        if isinstance(document, Sampled):
            yield f"samples/{sample.name}", document
    if kind != "order_response":
        return
    for order in samples_in(files):
        for _, judged in judge_samples(services, revision, [order]):
            if judged.response is not None:
                yield f"our answer to samples/{order.name}", judged.response
    yield "an order that arrived, and nothing else", _arrived(services, revision)


def _arrived(services: Services, revision: MappingRevision) -> OrderResponse:
    return OrderResponse(
        number="TEST",
        order_number="TEST",
        issue_date=local_date(now_us(), revision),
        issued_at=datetime.now(UTC),
        outcome="received",
        buyer=buyer_party(revision.account),
        seller=seller_party(services.supplier),
    )


def _written(services: Services, revision: MappingRevision, kind: str, document: Sampled, made_of: str) -> _Draft:
    chosen = format_sent(revision, kind)
    around = (sent_envelope(revision.account, document, services.supplier, {}),) if chosen.name == CXML else ()
    body = chosen.renderers[kind](document, *around)
    media_type = chosen.media_type_of(kind)
    return _Draft(document.number, _order_of(document), chosen.name, media_type, body, made_of)


def _order_of(document: Sampled) -> str | None:
    """The order that the document is of, where it is one."""
    if isinstance(document, DespatchAdvice):
        return document.orders[0].order_number if len(document.orders) == 1 else None
    return document.order_number


def _report(services: Services, revision: MappingRevision, number: str) -> _Draft:
    """The inventory report as it would be sent now."""
    asked = ask(services, revision.account.id, datetime.now(UTC), test=True)
    terms, known = revision.account.terms_of(INVENTORY_REPORT), formats(services, asked.plan)
    chosen = known.get(terms.format if terms else "json-1", known["json-1"])
    body, _ = sent_report(services, asked, chosen, number)
    return _Draft(number, None, chosen.name, chosen.media_type_of(INVENTORY_REPORT), body, "what there is now")
