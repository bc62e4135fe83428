"""An account's terms as `account.yaml` says them: who they are, how documents travel, and every policy.

Read once per revision; everything downstream gets the frozen model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from mappings.schedules import checked
from mappings.term_values import (
    USUAL_WAITS,
    AccountId,
    AllowanceReason,
    Currency,
    Day,
    DayHours,
    Duration,
    ShownName,
    TimeZone,
    Wait,
)

TRANSPORTS = ("mailbox", "webhook", "cxml_post", "https", "sftp", "email", "as2")
"""The ways by which a document leaves."""
SENT: Mapping[str, str] = {
    "order_response": "order responses",
    "despatch_advice": "despatch advices",
    "inventory_report": "inventory reports",
    "invoice": "invoices",
    "credit_note": "credit notes",
}
"""The documents that we send, as `outbound` has them, in words. Credit notes go as invoices do, unless they are agreed
by themselves."""
_WORKING_DAY: DayHours = ((8 * 60, 17 * 60),)


def _one_way(transport: Any) -> Any:
    """A mapping names its way beside that way's settings, in any order: `{webhook: https://…, secret: NAME}`."""
    if transport == "mailbox" or (isinstance(transport, dict) and sum(way in transport for way in TRANSPORTS) == 1):
        return transport
    others = ", ".join(way for way in TRANSPORTS if way != "mailbox")
    raise ValueError(f"mailbox, or one of {others} with where to, such as {{webhook: https://acme.example/edi}}")


class Terms(BaseModel):
    """Base of every part of account.yaml: unknown keys are refused, so that a typo is never a silent default."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SchemedId(Terms):
    scheme: str | None = None
    id: str


class Person(Terms):
    name: str
    role: str | None = None
    email: str | None = None
    phone: str | None = None


class LegalAddress(Terms):
    street: str | None = None
    city: str | None = None
    postal_code: str | None = None
    region: str | None = None
    country: str | None = None


class LegalParty(Terms):
    name: str | None = None
    vat_id: str | None = None
    registration: str | None = None
    address: LegalAddress | None = None
    endpoint: SchemedId | None = None


class CxmlCredential(Terms):
    domain: str
    identity: str
    secret: str | None = None


class CxmlTerms(Terms):
    from_: tuple[CxmlCredential, ...] = Field(default=(), alias="from")
    senders: tuple[CxmlCredential, ...] = ()


class Inbound(Terms):
    formats: tuple[str, ...] = ("json-1",)
    pickup: tuple[dict[str, Any], ...] | None = None
    """Places that orders are picked up from (`mappings.pickups`)."""


class Outbound(Terms):
    """How one kind of document leaves. `transport` is `mailbox` or a mapping naming one transport and its settings."""

    format: str
    transport: Annotated[str | dict[str, Any], BeforeValidator(_one_way)] = "mailbox"
    schedule: str | None = Field(default=None, description="When a report is made, as cron has it: 0 6 * * *.")
    when: Literal["shipped", "delivered", "daily", "weekly", "monthly"] | None = Field(
        default=None, description="When an invoice is made."
    )
    answer_within: Duration | None = Field(
        default=None,
        description="So long their system has to say that it has one; later somebody is told. Empty: nothing is "
        "expected.",
    )

    @field_validator("schedule")
    @classmethod
    def _comes(cls, schedule: str | None) -> str | None:
        return None if schedule is None else checked(schedule)

    @property
    def way(self) -> str:
        """Which of `TRANSPORTS` it is, without that way's settings."""
        if isinstance(self.transport, str):
            return self.transport
        return next(way for way in TRANSPORTS if way in self.transport)


class BusinessHours(Terms):
    """When people work for the account, in its time zone, on days that are no public holiday of its calendar."""

    monday: DayHours = _WORKING_DAY
    tuesday: DayHours = _WORKING_DAY
    wednesday: DayHours = _WORKING_DAY
    thursday: DayHours = _WORKING_DAY
    friday: DayHours = _WORKING_DAY
    saturday: DayHours = ()
    sunday: DayHours = ()

    @model_validator(mode="after")
    def _opens(self) -> BusinessHours:
        if not any(self.week):
            raise ValueError("a week with an open hour")
        return self

    @property
    def week(self) -> tuple[DayHours, ...]:
        """The hours of Monday to Sunday."""
        working = (self.monday, self.tuesday, self.wednesday, self.thursday, self.friday)
        return (*working, self.saturday, self.sunday)


Checked = Literal["price", "quantity", "ship_to", "item"]
"""What of an order is checked by a second person where somebody corrects its document by hand."""


class Policies(Terms):
    """What happens where an order doesn't fit, per account (rules of the trade; defaults are the contract's). The
    descriptions are what whoever decides reads."""

    decision: Literal["gateway", "backoffice"] = Field(
        default="gateway",
        description="Who decides what an order gets: the gateway from stock, or the ERP at the back office.",
    )
    order_key: tuple[Literal["buyer", "order_number", "ship_to"], ...] = Field(
        default=("buyer", "order_number"),
        description="What makes two orders one and the same; the place only where they repeat numbers per store.",
    )
    order_number_reuse_months: int = Field(
        default=24, ge=1, le=240, description="So many months on, an order number may come again for a new order."
    )
    same_number_other_content: Literal["hold", "change", "reject"] = Field(
        default="hold", description="What an order is whose number is on the books with other content."
    )
    unnamed_lines: Literal["hold", "delete", "keep"] = Field(
        default="hold", description="What becomes of an order's lines that a change to it doesn't name."
    )
    unknown_item: Literal["hold", "hold_line", "reject_line"] = Field(
        default="hold", description="What happens where nothing of ours is known by an item's numbers."
    )
    unknown_ship_to: Literal["hold", "accept_address", "reject"] = Field(
        default="hold", description="What happens where a place of delivery is none of theirs that we know."
    )
    fractional_unit: Literal["reject", "hold", "round_up"] = Field(
        default="reject", description="What happens where an order asks for a part of a pack that we sell whole."
    )
    default_unit: str | None = Field(default=None, description="What a line is counted in that names no unit.")
    price_tolerance_percent: Decimal = Field(
        default=Decimal("1.0"),
        ge=0,
        le=100,
        description="By so many per cent an ordered price may differ from the contract's and is taken all the same.",
    )
    price_mismatch: Literal["hold", "accept_contract_price", "reject_line"] = Field(
        default="hold", description="What happens where a price differs by more than that."
    )
    price_date: Literal["order", "delivery", "despatch"] = Field(
        default="order", description="The day whose contract prices count."
    )
    past_date: Literal["accept", "hold", "change_date"] = Field(
        default="accept", description="What happens where goods are asked for by a day that is over."
    )
    partial: Literal["ship_and_cancel", "backorder", "all_or_nothing"] = Field(
        default="backorder", description="What happens where there isn't enough; what the order says of it wins."
    )
    changed_order_binding: bool = Field(
        default=True, description="Whether an answer with changes stands at once, or waits until the buyer agrees."
    )
    order_charges: Literal["first", "pro_rata"] = Field(
        default="first", description="On which invoices an order's charges stand: the first, or each by its share."
    )
    allocation_percent: int = Field(
        default=100, ge=0, le=100, description="So much of the last stock snapshot may go to this account."
    )
    acknowledge_within: Duration = Field(
        default=timedelta(hours=4), description="So soon an order is answered, in business hours of the calendar."
    )
    despatch_notice_before_arrival: Duration = Field(
        default=timedelta(hours=4), description="So long before goods arrive the despatch advice is to be there."
    )
    order_rate_per_minute: int = Field(
        default=600, ge=0, description="So many orders may come in a minute; 0 is no limit."
    )
    keep_payloads_days: int = Field(
        default=0,
        ge=0,
        le=36_500,
        description="So many days the bytes that came in are kept; 0 is for ever. What the order book says stays.",
    )
    keep_messages_days: int = Field(
        default=0,
        ge=0,
        le=36_500,
        description="So many days messages are kept of which no order came, with all that is known of them; 0 is for "
        "ever. No fewer than their bytes, and than order_number_reuse_months has.",
    )
    delivery_waits: tuple[Wait, ...] = Field(
        default=USUAL_WAITS,
        max_length=50,
        description="The pauses between attempts to deliver a document; after the last there is one more attempt.",
    )
    delivery_in_turn: bool = Field(
        default=False,
        description="Whether a document waits until those before it of its order are there, or were given up.",
    )
    notices_to: Literal["manager_and_team", "manager", "team", "nobody"] = Field(
        default="manager_and_team",
        description="Which of our people get an e-mail when something of the account waits for somebody.",
    )
    notices_webhook: bool = Field(
        default=True, description="Whether our own system is told as well, at GATEWAY_NOTICE_WEBHOOK."
    )
    notices_silence: bool = Field(
        default=True, description="Whether they are told when the account has usually sent by now and hasn't."
    )

    second_person: tuple[Checked, ...] = Field(
        default=("price", "quantity", "ship_to", "item"),
        description="What of a document nobody corrects by hand alone: somebody else has to agree.",
    )

    @field_validator("order_key")
    @classmethod
    def _tells_orders_apart(cls, key: tuple[str, ...]) -> tuple[str, ...]:
        """Without its number every order of the account would be the first one again, with other content."""
        if "order_number" not in key:
            raise ValueError("a list with order_number in it")
        return key

    @field_validator("keep_messages_days")
    @classmethod
    def _outlives_its_bytes(cls, days: int, info: ValidationInfo) -> int:
        """Bytes of which nothing is known any more would be nobody's; and what recognises a resend has to be there for
        as long as its order number stands for it."""
        payloads, months = info.data.get("keep_payloads_days"), info.data.get("order_number_reuse_months")
        if days and payloads is not None and (not payloads or payloads > days):
            kept = f"{payloads} days" if payloads else "for ever"
            raise ValueError(f"no fewer days than the bytes are kept, which is {kept} (keep_payloads_days)")
        if days and months is not None and days < months * 30.4:
            least = math.ceil(months * 30.4)
            raise ValueError(f"{least} days or more: so long {months} months are (order_number_reuse_months)")
        return days


class PaymentDiscount(Terms):
    days: int = Field(ge=0)
    percent: Decimal = Field(ge=0, le=100)


class Payment(Terms):
    days: int = Field(ge=0)
    from_: Literal["invoice", "delivery", "end_of_month"] = Field(default="invoice", alias="from")
    discount: PaymentDiscount | None = None


class PercentTier(Terms):
    """From this quantity or amount on, so many per cent."""

    from_: Decimal = Field(alias="from", ge=0)
    percent: Decimal = Field(ge=0, le=100)


def _begin_apart(tiers: tuple[PercentTier, ...]) -> tuple[PercentTier, ...]:
    """Of two tiers that begin with one figure nobody knows which is meant."""
    if len({tier.from_ for tier in tiers}) < len(tiers):
        raise ValueError("tiers that each begin with another figure")
    return tiers


Tiers = Annotated[tuple[PercentTier, ...], AfterValidator(_begin_apart)]


class AgreedDiscount(Terms):
    """What is taken off a line, or off the document, from day to day: per cent, an amount (of a line off each ordered
    unit), or by tiers."""

    of: Literal["line", "document"] = "line"
    percent: Decimal | None = Field(default=None, ge=0, le=100)
    amount: Decimal | None = Field(default=None, gt=0, decimal_places=2)
    tiers: Tiers = ()
    by: Literal["quantity", "amount"] = "amount"
    currency: Currency | None = None
    products: tuple[str, ...] = ()
    valid_from: Day | None = None
    valid_to: Day | None = None
    reason_code: AllowanceReason = "95"
    reason: str = Field(default="Discount", min_length=1, max_length=1000)

    @property
    def is_of_money(self) -> bool:
        """Whether it names amounts, which mean nothing without a currency."""
        return self.amount is not None or (bool(self.tiers) and self.by == "amount")

    @model_validator(mode="after")
    def _says_one_thing(self) -> AgreedDiscount:
        if (self.percent is not None) + (self.amount is not None) + bool(self.tiers) != 1:
            raise ValueError("exactly one of percent, amount and tiers")
        if self.by == "quantity" and not self.tiers:
            raise ValueError("tiers beside by: quantity")
        if self.of == "document" and (self.products or self.by == "quantity"):
            raise ValueError("products and by: quantity only where it is of: line")
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("a valid_to that is not before valid_from")
        return self


def _in_a_currency(discount: AgreedDiscount, info: ValidationInfo) -> AgreedDiscount:
    """25.00 is nothing that can be taken off an invoice in whatever currency it comes."""
    if discount.is_of_money and discount.currency is None and info.data.get("currency") is None:
        raise ValueError("a currency beside its amounts, here or in terms")
    return discount


class Rebate(Terms):
    """What the account gets back of what it bought in a period. `name` tells rebates apart, and is what their credit
    notes say."""

    name: str = Field(default="Rebate", min_length=1, max_length=200)
    period: Literal["month", "quarter", "year"]
    basis: Literal["net_invoiced", "net_paid", "quantity"] = "net_invoiced"
    method: Literal["marginal", "retroactive"] = "marginal"
    tiers: tuple[PercentTier, ...]
    currency: Currency | None = None
    products: tuple[str, ...] = ()
    valid_from: Day | None = None
    valid_to: Day | None = None


class TradeTerms(Terms):
    currency: Currency | None = None
    payment: Payment | None = None
    discounts: tuple[Annotated[AgreedDiscount, AfterValidator(_in_a_currency)], ...] = ()
    rebates: tuple[Rebate, ...] = ()

    def is_confused(self, rebate: Rebate) -> bool:
        """Whether another rebate has its name for the same periods, so that nobody knows what was settled of which."""
        return any(other is not rebate and self._alike(rebate, other) for other in self.rebates)

    def _alike(self, one: Rebate, other: Rebate) -> bool:
        currencies = {rebate.currency or self.currency for rebate in (one, other)}
        apart = (one.valid_to or date.max) < (other.valid_from or date.min) or (other.valid_to or date.max) < (
            one.valid_from or date.min
        )
        return (
            (one.name, one.period) == (other.name, other.period)
            and (len(currencies) == 1 or None in currencies)
            and not apart
        )


class Account(Terms):
    """The whole of account.yaml."""

    id: AccountId
    name: ShownName
    tier: Literal["platinum", "gold", "standard"] = Field(
        default="standard", description="Its orders' lane, and what they are promised."
    )
    time_zone: TimeZone = Field(default="UTC", description="Such as Europe/Berlin: dates without a time are of it.")
    calendar: str | None = Field(
        default=None, description="Whose public holidays count, such as DE-HH; without one the clock never stops."
    )
    business_hours: BusinessHours | None = None
    manager: Person | None = None
    team: tuple[Person, ...] = ()
    legal: LegalParty | None = None
    identifiers: tuple[SchemedId, ...] = ()
    contracts: tuple[str, ...] = ()
    """Contracts without ceilings, by the numbers that the account's releases name."""
    cxml: CxmlTerms | None = None
    inbound: Inbound = Inbound()
    outbound: dict[str, Outbound] = Field(default_factory=dict)
    policies: Policies = Policies()
    terms: TradeTerms = TradeTerms()

    def terms_of(self, kind: str) -> Outbound | None:
        """How documents of this kind leave; None where nothing is agreed."""
        return self.outbound.get(kind) or (self.outbound.get("invoice") if kind == "credit_note" else None)

    @field_validator("business_hours")
    @classmethod
    def _counted_by_a_calendar(cls, hours: BusinessHours | None, info: ValidationInfo) -> BusinessHours | None:
        """Without a calendar the clock runs day and night: hours that count for nothing would be a silent mistake."""
        if hours is not None and info.data.get("calendar") is None:
            raise ValueError("a calendar beside it, such as calendar: DE-HH")
        return hours
