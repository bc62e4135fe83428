"""What the API answers as JSON, one model an answer: the routes fill them in, the OpenAPI document describes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any

from flask import Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema

from gateway.states import STATUSES
from schemas.faults import Fault
from schemas.values import shortest

MessageStatus = Annotated[str, Field(json_schema_extra={"enum": list(STATUSES)})]


class Answer(BaseModel):
    """Frozen, and nothing but what is declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FaultAnswer(Answer):
    """One thing that is wrong with a document, and where."""

    code: str = Field(description="Permanent code; /v1/docs/faults tells each one's story.")
    path: str = Field(description="JSON Pointer into the canonical order.")
    location: str = Field(description="Line, element, segment or pointer in what was sent.")
    detail: str
    value: str | None = Field(description="What stood there.")
    expected: str | None = Field(description="What would have been right.")

    @classmethod
    def of(cls, fault: Fault) -> FaultAnswer:
        """The fault as the API shows it."""
        return cls.model_construct(
            code=fault.code,
            path=fault.path,
            location=fault.location,
            detail=fault.detail,
            value=fault.value,
            expected=fault.expected,
        )


class Problem(Answer):
    """RFC 9457 problem+json. `faults` has all faults of a document, not the first."""

    type: str = Field(description="Address of the code's page.")
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    code: str
    message_id: str | None = Field(default=None, description="The message, where the document was kept all the same.")
    faults: list[FaultAnswer] | None = None


class TakenPackage(Answer):
    """A package that left."""

    id: str
    sscc: str = Field(description="The one that was given, or the one that was made for it.")


class TakenDocument(Answer):
    """A document that came of it, in its account's mailbox."""

    id: str
    account: str
    type: str
    number: str


class TakenShipment(Answer):
    """A shipment that is in the books."""

    shipment_number: str
    duplicate: bool | None = Field(default=None, description="`true` where it had been taken before; else absent.")
    packages: list[TakenPackage]
    documents: list[TakenDocument]


class Billed(Answer):
    """What came of a request to invoice or to credit."""

    request_number: str
    duplicate: bool | None = Field(default=None, description="`true` where it had been done before; else absent.")
    documents: list[TakenDocument]


class TakenDelivery(Answer):
    """When a shipment was there, as it is noted."""

    shipment_number: str
    duplicate: bool | None = Field(default=None, description="`true` where it had been noted before; else absent.")
    delivered_at: str


class MessageLinks(Answer):
    """Where to go on from a message."""

    message: str
    documents: str


class ChildAnswer(Answer):
    """The message that stands for one order of a body that holds several."""

    part: int = Field(ge=1, description="Which of them it is, from 1.")
    message_id: str
    status: MessageStatus
    order_number: str | None = Field(description="Null until it is read, and where it can't be.")
    links: MessageLinks


class Accepted(Answer):
    """The document is durably stored."""

    message_id: str
    status: MessageStatus
    duplicate: bool | None = Field(default=None, description="True where this content was received before.")
    faults: list[FaultAnswer] | None = Field(default=None, description="With ?wait=: why it was rejected or is held.")
    children: list[ChildAnswer] | None = Field(
        default=None, description="Of a body of several orders: the message of each, in their order."
    )
    links: MessageLinks


class Stage(Answer):
    """One step that a message has been through."""

    name: str
    at: str


class DocumentEntry(Answer):
    """One document of the mailbox."""

    id: str
    type: str
    number: str
    order_number: str | None
    format: str
    media_type: str
    created_at: str
    href: str
    test: bool


class WaitAnswer(Answer):
    """What a change or cancellation waits for, and until when: what hasn't come by then refuses or holds it."""

    order_number: str
    version: int | None = Field(description="The version of the order that has to come first; null: the order itself.")
    until: str


class AnsweredEntry(Answer):
    """A document of ours that a message says something of."""

    id: str
    type: str
    number: str
    status: str = Field(
        description="received, in_process, queried, conditionally_accepted, accepted, rejected or paid."
    )


class MessageAnswer(Answer):
    """A message as it stands. A duplicate shows the documents of the message that it repeats, a body of several orders
    those of its children."""

    message_id: str
    status: MessageStatus
    test: bool = Field(description="Sent with a test key or, once it is read, marked as a test by itself.")
    received_at: str
    due_at: str = Field(description="When the answer is due: as agreed, or sooner where the order itself asks for it.")
    settled_at: str | None
    format: str | None
    media_type: str | None
    size: int = Field(description="Bytes.")
    order_number: str | None
    waits_for: WaitAnswer | None = Field(description="While a change is `received` and waits for what it changes.")
    duplicate_of: str | None
    parent: str | None = Field(description="The message of the body, where that holds several orders.")
    part: int | None = Field(description="Which order of that body this is, from 1.")
    children: list[ChildAnswer] = Field(description="The messages of the orders in this body, where it holds several.")
    mapping_revision: int | None = Field(description="Revision of the account's mapping that it was read with.")
    catalogue_revision: int | None
    stages: list[Stage]
    faults: list[FaultAnswer]
    documents: list[DocumentEntry]
    answers: list[AnsweredEntry] = Field(
        description="What it says of documents of ours, where it is an ApplicationResponse or a StatusUpdateRequest."
    )
    links: MessageLinks


class LedgerLineAnswer(Answer):
    """One line in the account's unit: ordered + raised = confirmed + backordered + rejected + cancelled + open. What
    left, came back, was billed and credited is counted in base units: where that is no decimal in the account's unit
    (7 pieces of a case of 12), the six decimals below it stand there, and `base_…` says it exactly."""

    line_number: str
    buyer_item: str | None
    seller_item: str | None
    gtin: str | None
    product: str | None = Field(description="Our item number.")
    unit: str | None
    ordered: str
    raised: str = Field(description="What we added to it to make whole packs, where that is agreed; else 0.")
    confirmed: str
    backordered: str
    rejected: str
    cancelled: str
    open: str
    shipped: str
    returned: str
    invoiced: str
    credited: str
    base_unit: str | None
    base_shipped: str
    base_returned: str
    base_invoiced: str
    base_credited: str


_ORDER_VERSION = (
    "What order responses call this version: the number that its document says, or one more than that of the version "
    "before where it says none, or none that is higher."
)


class VersionEntry(Answer):
    """A version of an order, by the message that made it."""

    version: int
    order_version: int = Field(description=_ORDER_VERSION)
    message_id: str


class ReleaseEntry(Answer):
    """What a release has drawn of one product of a blanket order, and not given back: in base units, and what that
    costs."""

    order_number: str
    product: str
    base_quantity: str
    amount: str


class ShippedQuantity(Answer):
    """How much of a line is in a shipment: in your unit, and exactly in base units."""

    line_number: str
    quantity: str
    unit: str | None
    base_quantity: str
    base_unit: str | None


class AdviceEntry(Answer):
    """A despatch advice, which is among the documents."""

    number: str
    document_id: str


class ShipmentEntry(Answer):
    """What left of the order in one shipment. A shipment may have goods of other orders, too."""

    shipment_number: str
    shipped_at: str
    estimated_delivery: str | None
    carrier: str | None
    tracking: str | None
    despatch_advices: list[AdviceEntry]
    lines: list[ShippedQuantity]


class OrderAnswer(Answer):
    """One order as it stands, with its quantities and the documents that belong to it."""

    order_number: str
    test: bool
    version: int = Field(description="Our count: 1, and one more with each change that was applied.")
    order_version: int = Field(description=_ORDER_VERSION)
    status: str
    outcome: str
    order_type: str
    currency: str | None
    issue_date: str | None
    message_id: str
    mapping_revision: int
    created_at: str
    updated_at: str
    versions: list[VersionEntry] = Field(description="The order and its changes, the first one first.")
    lines: list[LedgerLineAnswer]
    shipments: list[ShipmentEntry] = Field(description="What left of it, the first shipment first.")
    releases: list[ReleaseEntry] = Field(description="Of a blanket order: what was released of it, and by which order.")
    documents: list[DocumentEntry]


class OrderThread(OrderAnswer):
    """The newest order of the number; `others` are those before it, or of other stores, under the same number."""

    others: list[OrderAnswer]


class DocumentPage(Answer):
    """A page of the mailbox, oldest first. `next` goes into `after` for the following page; null: that's all now."""

    documents: list[DocumentEntry]
    next: str | None


class Receipt(Answer):
    """The account's word on the document, with the time when it was said first."""

    id: str
    received_at: str
    status: str
    """received, in_process, queried, conditionally_accepted, accepted, rejected or paid."""


class SchemaEntry(Answer):
    """One JSON Schema, by the type of document that it describes."""

    type: str
    href: str


class ValidatedLine(Answer):
    """One line in our terms: `quantity` counts our unit of sale."""

    line_number: str
    product: str | None
    quantity: str | None
    unit: str | None
    base_quantity: str | None
    base_unit: str | None
    price: str | None = Field(description="As ordered, for one ordered unit: to be held against `contract_price`.")
    contract_price: str | None = Field(
        description="As agreed, for one ordered unit. Where that has no finite decimal (100 for three), it is rounded "
        "half up to 10 places."
    )


class ValidatedPart(Answer):
    """An order judged without effect. `order` is null where it can't be read."""

    order: dict[str, Any] | None
    lines: list[ValidatedLine]
    faults: list[FaultAnswer]


class ValidatedOrder(ValidatedPart):
    """The same of a body. Where it holds several orders they stand in `orders`, and `order` is null."""

    orders: list[ValidatedPart] | None = Field(
        default=None, description="Of a body of several orders: each of them, in their order."
    )


class SchemaList(Answer):
    """The JSON Schemas there are."""

    schemas: list[SchemaEntry]


class Readiness(Answer):
    """Whether this process can do its work."""

    status: str
    redis: str | None = Field(default=None, description="`up`, or `down`: orders are taken all the same.")


ANSWERS: tuple[type[Answer], ...] = (
    Accepted,
    Billed,
    DocumentPage,
    MessageAnswer,
    OrderThread,
    Problem,
    Readiness,
    Receipt,
    SchemaList,
    TakenDelivery,
    TakenShipment,
    ValidatedOrder,
)


@cache
def component_schemas(answers: tuple[type[Answer], ...] = ANSWERS) -> Mapping[str, dict[str, Any]]:
    """Answers as OpenAPI's `components.schemas`."""
    reference = "#/components/schemas/{model}"
    _, found = models_json_schema([(answer, "serialization") for answer in answers], ref_template=reference)
    definitions: Mapping[str, dict[str, Any]] = found["$defs"]
    return definitions


def as_json(answer: Answer, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """The answer as a response; members that may be absent are left out where they are None."""
    absent = _optional(type(answer))
    left_out = {name for name in absent if getattr(answer, name) is None} if absent else None
    body = answer.model_dump_json(exclude=left_out)
    return Response(body, status, headers=headers, mimetype="application/json")


@cache
def _optional(answer: type[Answer]) -> tuple[str, ...]:
    return tuple(name for name, field in answer.model_fields.items() if not field.is_required())


def fault_answers(faults: Iterable[Fault]) -> list[FaultAnswer]:
    """Faults as the API shows them."""
    return [FaultAnswer.of(fault) for fault in faults]


def moment(at: int) -> str:
    """Microseconds since 1970 as ISO 8601 in UTC, with its offset."""
    seconds, rest = divmod(at, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest).isoformat(timespec="milliseconds")


def quantity(value: Decimal) -> str:
    """A quantity as the API writes it: exact, no exponent, no zeros at its end."""
    return f"{shortest(value):f}"
