"""What an order response, despatch advice or invoice goes out in as cXML: from us to the account, about the request
that it answers.

Everything follows from the order, the response and what was confirmed before, so that the same decision made again is
the same document.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.cxml_names import our_credentials, payload_id
from gateway.standing_orders import Confirmed
from gateway.work import Work
from mappings.account import Account
from mappings.revision import Supplier
from schemas.documents.common import Party
from schemas.documents.despatch_advice import DespatchAdvice
from schemas.documents.invoice import Invoice
from schemas.documents.order_response import OrderResponse
from schemas.faults import DocumentRejected
from schemas.formats.cxml_1_2.envelope import Credential, Envelope, credentials_of, read_envelope
from schemas.formats.cxml_1_2.keeping import document_and_files
from schemas.formats.cxml_1_2.text import instant, noon

CXML = "cxml-1.2"


def confirmation_envelope(
    work: Work, response: OrderResponse, supplier: Supplier, before: Confirmed | None = None
) -> Envelope:
    """The envelope of the answer to this message. With `before` it updates what was confirmed then: the same confirmID,
    and a reference to the confirmation that it replaces."""
    ours = our_credentials(supplier) or credentials_of(response.seller)
    at = response.issued_at
    return Envelope(
        payload_id=payload_id(supplier, response.number),
        timestamp=instant(at) if at is not None and at.tzinfo is not None else noon(response.issue_date),
        from_=ours,
        to=_recipient(work.account, response.buyer),
        sender=ours[:1],
        test=response.test,
        order_payload_id=_payload_id_of(work),
        order_date=_order_date(work),
        confirm_id=before.first if before else None,
        replaces=payload_id(supplier, before.latest) if before and before.latest else None,
        complete=before is None or not before.is_refusal,
    )


def sent_envelope(
    account: Account,
    document: DespatchAdvice | Invoice | OrderResponse,
    supplier: Supplier,
    order_payload_ids: Mapping[str, str],
) -> Envelope:
    """The envelope of a despatch advice or invoice, or of an order response to no request. `order_payload_ids` are
    those of the requests that its orders came in, by order number; an order that came in another format has none."""
    ours = our_credentials(supplier) or credentials_of(document.seller)
    at = document.issued_at
    return Envelope(
        payload_id=payload_id(supplier, document.number),
        timestamp=instant(at) if at is not None and at.tzinfo is not None else noon(document.issue_date),
        from_=ours,
        to=_recipient(account, document.buyer),
        sender=ours[:1],
        test=document.test,
        order_payload_ids=order_payload_ids,
    )


def _recipient(account: Account, buyer: Party | None) -> tuple[Credential, ...]:
    """Who the account is in cXML: as it sent the order, where it is one of several, else as its terms say."""
    listed = [Credential(one.domain, one.identity) for one in account.cxml.from_] if account.cxml else []
    said = credentials_of(buyer)
    keys = {one.key() for one in said}
    return tuple(one for one in listed if one.key() in keys) or tuple(listed) or said


def _payload_id_of(work: Work) -> str | None:
    """That of the request that is answered, also where its order could not be read whole."""
    if work.read is not None or work.message.format != CXML:
        return work.read.envelope_id if work.read else None
    try:
        return read_envelope(document_and_files(work.message.body).document).payload_id
    except DocumentRejected:
        return None


def _order_date(work: Work) -> str | None:
    issued_at = work.read.order.issued_at if work.read else None
    return instant(issued_at) if issued_at is not None and issued_at.tzinfo is not None else None
