"""What the back office is answered as JSON."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from gateway.api.answers import Answer, FaultAnswer


class RowFault(FaultAnswer):
    """One thing that is wrong with a row, which was not stored. `path` is in the body as JSON: `/rows/3/quantity`."""

    row: int = Field(
        ge=0, description="Index of the row among those sent, from 0; of a file, header and blank lines left out."
    )


class RowsAnswer(Answer):
    """What became of the rows sent: rows = stored + unchanged + bad, and of stock + those left out as older."""

    rows: int
    stored: int = Field(description="Rows that are new, or say something else than before.")
    unchanged: int = Field(description="Rows that stand there already.")
    bad: int = Field(description="Rows with a fault. Nothing of them was stored.")
    faults: list[RowFault] = Field(description="What is wrong with the bad rows, of the first 10,000 faults.")
    warnings: list[FaultAnswer] = Field(
        description="What doesn't hold together in what stands now; it is stored all the same. The first 1,000."
    )


class CatalogueAnswer(RowsAnswer):
    """What became of products, packs or taxes."""

    revision: int = Field(description="Of the catalogue, with these rows in it.")
    published: bool = Field(description="Whether it is a new one.")


class OlderRow(Answer):
    """A count that was left out: what is known of its place was counted later."""

    row: int
    product: str
    site: str
    as_of: str
    known_as_of: str


class StockAnswer(RowsAnswer):
    """What became of counts of stock."""

    older: list[OlderRow]


class PricesPublished(Answer):
    """One account's mapping with its prices in it."""

    account: str
    revision: int
    published: bool = Field(description="Whether it is a new one, by the back office.")
    stored: int
    unchanged: int


class PricesAnswer(RowsAnswer):
    """What became of prices, account by account."""

    accounts: list[PricesPublished]


class Allocated(Answer):
    """What a line has taken at one of our sites and not shipped yet, in base units."""

    site: str
    base_quantity: str


class Window(Answer):
    """The account's local dates."""

    start: str | None
    end: str | None


class Place(Answer):
    """Where something goes, as the order says it."""

    id: str | None
    scheme: str | None
    name: str | None
    address: dict[str, Any] | None = Field(
        description="street, additional_street, city, postal_code, country and the like."
    )


class OrderedPrice(Answer):
    """A net price as the order says it: `amount` for `base_quantity` of `unit`, or of the line's where that is null."""

    amount: str
    base_quantity: str
    unit: str | None


class WorkLine(Answer):
    """One line of an order as it stands, in our product and its base unit: ordered and what we added to it for whole
    packs are confirmed + backordered + rejected + cancelled + open. All quantities are null where the line is not in
    our terms."""

    line_number: str
    product: str | None
    name: str | None = Field(description="The product's, by our catalogue.")
    base_unit: str | None
    tracking: str | None = Field(
        description="What a shipment of it has to say, as the product is tracked today: `lot`, the `lot` of each part; "
        "`serial`, its `serials`, as many as base units; null, neither."
    )
    ordered: str | None
    confirmed: str | None
    backordered: str | None
    rejected: str | None
    cancelled: str | None
    open: str | None = Field(description="Not decided yet.")
    shipped: str | None
    to_ship: str | None = Field(description="Confirmed and not shipped yet.")
    allocations: list[Allocated] = Field(description="Which of our sites it is taken from.")
    quantity: str = Field(description="As ordered, in the account's `unit`.")
    unit: str | None = Field(description="The account's word for the unit that it orders in.")
    price: OrderedPrice | None
    buyer_item: str | None
    description: str | None
    requested_delivery: Window | None
    ship_to: Place | None = Field(description="Where the line goes somewhere else than the order.")


class WorkOrderAnswer(Answer):
    """One order as our own systems work on it."""

    id: str = Field(description="Ours; the account numbers by `order_number`.")
    account: str
    order_number: str
    version: int = Field(description="One more with each change. A decision is of a version.")
    status: str
    outcome: str
    order_type: str
    rush: bool
    ship_by: str = Field(
        description="The day by which the first of it has to leave us to be there in time: the last day asked for less "
        "transit and receiving; the day it came, where it asks for none."
    )
    notice_due_at: str | None = Field(
        description="From then on the despatch advice of the first of it that hasn't left is overdue, by the account's "
        "`despatch_notice_before_arrival`; null where nothing is to leave for a day."
    )
    overdue: bool = Field(description="Whether that has passed.")
    requested_delivery: Window | None
    cancel_after: str | None
    partial_allowed: bool | None
    buyer: Place | None
    ship_to: Place | None
    ship_to_site: str | None = Field(description="The site of the account's sites.csv that it goes to.")
    contract: str | None
    currency: str | None
    note: str | None
    created_at: str
    updated_at: str
    lines: list[WorkLine]


class WorkOrderPage(Answer):
    """Orders, most urgent first. `next` goes into `after` for the following page; null: that's all now."""

    orders: list[WorkOrderAnswer]
    next: str | None


class DecisionAnswer(Answer):
    """A decision as it was made. The same decision again gets the same answer."""

    order_id: str
    account: str
    order_number: str
    version: int
    status: str = Field(description="Of the order from then on.")
    outcome: str
    decided_at: str
    document_id: str | None = Field(
        description="The order response in the account's mailbox; null where the order wants none."
    )
    response: dict[str, Any] = Field(description="The order response as json-1.")


OFFICE_ANSWERS: tuple[type[Answer], ...] = (
    CatalogueAnswer,
    DecisionAnswer,
    PricesAnswer,
    StockAnswer,
    WorkOrderPage,
)
