"""Hypothesis strategies for every canonical document, realistic and nasty: long texts, all of Unicode, 30 digits.

`codes` and `texts` are arguments, because what a text may hold differs by format: XML can't keep a carriage return.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, TypeVar

from hypothesis import strategies as st

from schemas.documents import common, order_response
from schemas.documents.common import AnyDocument, fields_of
from schemas.documents.order import Order, OrderLine, ScheduleLine
from schemas.documents.order_response import OrderResponse
from schemas.values import EXACT

D = TypeVar("D", bound=AnyDocument)
Texts = st.SearchStrategy[str]

CHARACTERS = st.characters(
    exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff", include_characters="\t\n"
)
CODES: Texts = st.one_of(
    st.sampled_from(
        ["PO-1001", "4012345000009", "0042", "1.10", "NO", "10.0", "-0", "1E-7", 'say "1.0', "Größe 7/8~1"]
    ),
    st.text(CHARACTERS, max_size=30).map(str.strip).filter(bool),
    st.text(CHARACTERS, max_size=3).map(lambda text: (text.strip() * 200)[:200].strip()).filter(bool),
)
"""Without white space around them: it is no part of an identifier."""
TEXTS: Texts = st.one_of(
    CODES,
    st.text(CHARACTERS, min_size=1, max_size=30),
    st.sampled_from(['"quantity":"10.0"', "a\tb\nc", "]}<&>'\"\\", "𝔘𝔫𝔦 e\u0301 \u202eright"]),
    st.text(CHARACTERS, min_size=1, max_size=4).map(lambda text: (text * 10_000)[:10_000]),
)
TRIMMED_CODES: Texts = st.one_of(
    st.sampled_from(["PO-1001", "4012345000009", "0042", "1.10", "NO", "Größe 7/8"]),
    st.text(
        st.characters(exclude_categories=["Cs", "Cc", "Z"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=40
    ),
)
"""For formats that trim: no white space in them."""

CURRENCIES = st.sampled_from(["EUR", "USD", "JPY", "BHD"])
FLAGS = st.one_of(st.none(), st.booleans())
DATES = st.dates(date(1900, 1, 1), date(2200, 12, 31))
OFFSETS = st.one_of(
    st.just(UTC), st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
)
DATE_TIMES = st.datetimes(datetime(1900, 1, 2), datetime(2200, 12, 30), timezones=st.one_of(st.none(), OFFSETS))  # noqa: DTZ001
TIMES = st.times(timezones=st.one_of(st.none(), OFFSETS)).map(lambda found: found.replace(fold=0))


def _decimal(digits: int, places: int) -> Decimal:
    return Decimal(digits % 10 ** (20 + places)).scaleb(-places, context=EXACT)


COUNTS = st.one_of(
    st.sampled_from([Decimal("0"), Decimal("10"), Decimal("10.0"), Decimal("0.0000000001"), Decimal("12.50")]),
    st.builds(_decimal, st.integers(0, 10**30), st.integers(0, 10)),
)
"""Zero and above, of up to 20 digits before and 10 after the point, zeros at the end included."""
QUANTITIES = COUNTS.filter(bool)
AMOUNTS = st.builds(lambda number, negative: number.copy_negate() if negative else number, COUNTS, st.booleans())


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), values)


def several(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(values, max_size=2).map(tuple)


def every_field_of(model: type[D], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[D]:
    """Documents of this model. A field that the strategy forgets is an error, so that none goes untested."""
    forgotten = set(fields_of(model)) ^ set(fields)
    if forgotten:
        raise TypeError(f"{model.__name__}: {sorted(forgotten)}")
    return st.builds(model, **fields)


def periods() -> st.SearchStrategy[common.Period]:
    return every_field_of(
        common.Period, start=maybe(DATES), end=maybe(DATES), start_time=maybe(TIMES), end_time=maybe(TIMES)
    )


def identifiers(codes: Texts = CODES) -> st.SearchStrategy[common.Identifier]:
    return every_field_of(common.Identifier, id=codes, scheme=maybe(codes))


def addresses(texts: Texts = TEXTS) -> st.SearchStrategy[common.Address]:
    names = ("street", "additional_street", "building_number", "city", "postal_code", "region", "country")
    return every_field_of(common.Address, lines=several(texts), **{name: maybe(texts) for name in names})


def parties(codes: Texts = CODES, texts: Texts = TEXTS) -> st.SearchStrategy[common.Party]:
    contact = every_field_of(
        common.Contact, id=maybe(codes), name=maybe(texts), telephone=maybe(texts), email=maybe(texts)
    )
    return every_field_of(
        common.Party,
        id=maybe(codes),
        scheme=maybe(codes),
        name=maybe(texts),
        endpoint=maybe(identifiers(codes)),
        identifiers=several(identifiers(codes)),
        legal_name=maybe(texts),
        registration=maybe(identifiers(codes)),
        vat_id=maybe(codes),
        address=maybe(addresses(texts)),
        contact=maybe(contact),
    )


def prices(codes: Texts = CODES) -> st.SearchStrategy[common.Price]:
    return every_field_of(
        common.Price,
        amount=AMOUNTS,
        base_quantity=QUANTITIES,
        unit=maybe(codes),
        unit_code=maybe(codes),
        gross=maybe(AMOUNTS),
    )


def charges(codes: Texts = CODES, texts: Texts = TEXTS) -> st.SearchStrategy[common.Charge]:
    return every_field_of(
        common.Charge,
        is_charge=st.booleans(),
        amount=AMOUNTS,
        reason_code=maybe(codes),
        reason=maybe(texts),
        base_amount=maybe(AMOUNTS),
        factor=maybe(AMOUNTS),
    )


def attachments(codes: Texts = CODES, texts: Texts = TEXTS) -> st.SearchStrategy[common.Attachment]:
    return every_field_of(
        common.Attachment,
        id=maybe(codes),
        document_type=maybe(texts),
        description=maybe(texts),
        filename=maybe(texts),
        media_type=maybe(codes),
        uri=maybe(texts),
        size=maybe(st.integers(0, 2**40)),
        sha256=maybe(st.binary(min_size=32, max_size=32).map(bytes.hex)),
    )


def extensions(texts: Texts = TEXTS) -> st.SearchStrategy[common.Extension]:
    return every_field_of(common.Extension, name=texts, value=st.one_of(st.just(""), texts))


def order_lines(codes: Texts = CODES, texts: Texts = TEXTS) -> st.SearchStrategy[OrderLine]:
    schedule = every_field_of(ScheduleLine, quantity=QUANTITIES, requested_delivery=maybe(periods()))
    return every_field_of(
        OrderLine,
        line_number=codes,
        action=maybe(st.sampled_from(["add", "delete", "change", "nothing"])),
        buyer_line_reference=maybe(codes),
        buyer_item=maybe(codes),
        seller_item=maybe(codes),
        gtin=maybe(codes),
        description=maybe(texts),
        quantity=QUANTITIES,
        unit=maybe(codes),
        unit_code=maybe(codes),
        pack_size=maybe(QUANTITIES),
        pack_unit=maybe(codes),
        pack_unit_code=maybe(codes),
        price=maybe(prices(codes)),
        ship_to=maybe(parties(codes, texts)),
        requested_delivery=maybe(periods()),
        schedule=several(schedule),
        partial_allowed=FLAGS,
        backorder_allowed=FLAGS,
        charges=several(charges(codes, texts)),
        note=maybe(texts),
        extensions=several(extensions(texts)),
    )


def orders(codes: Texts = CODES, texts: Texts = TEXTS) -> st.SearchStrategy[Order]:
    """Orders of one to three lines, whose line numbers differ."""
    party = maybe(parties(codes, texts))
    lines = st.lists(order_lines(codes, texts), min_size=1, max_size=3, unique_by=lambda line: line.line_number)
    return every_field_of(
        Order,
        function=st.sampled_from(["original", "change", "cancel"]),
        version=st.integers(0, 2**63 - 1),
        order_type=st.sampled_from(["stand_alone", "blanket", "release", "consignment", "other"]),
        test=st.booleans(),
        order_number=codes,
        change_number=maybe(codes),
        other_lines=st.sampled_from([None, "deleted", "kept", "unsaid"]),
        issue_date=maybe(DATES),
        issued_at=maybe(DATE_TIMES),
        currency=maybe(CURRENCIES),
        contract=maybe(codes),
        rush=st.booleans(),
        respond_by=maybe(DATES),
        cancel_after=maybe(DATES),
        note=maybe(texts),
        buyer=party,
        seller=party,
        bill_to=party,
        final_recipient=party,
        ship_to=party,
        requested_delivery=maybe(periods()),
        partial_allowed=FLAGS,
        response_requested=st.booleans(),
        customization=maybe(codes),
        profile=maybe(codes),
        charges=several(charges(codes, texts)),
        attachments=several(attachments(codes, texts)),
        total=maybe(AMOUNTS),
        extensions=several(extensions(texts)),
        lines=lines.map(tuple),
    ).map(_only_what_it_can_say)


def _only_what_it_can_say(order: Order) -> Order:
    """What is done with a line, and with those that aren't named, only a change says."""
    if order.function != "original":
        return order
    lines = tuple(line.model_copy(update={"action": None}) for line in order.lines)
    return order.model_copy(update={"other_lines": None, "lines": lines})


def response_lines(codes: Texts = CODES, texts: Texts = TEXTS) -> st.SearchStrategy[order_response.ResponseLine]:
    outcome = every_field_of(
        order_response.LineOutcome,
        status=st.sampled_from(["accepted", "changed", "backordered", "rejected", "cancelled"]),
        quantity=COUNTS,
        unit=maybe(codes),
        unit_code=maybe(codes),
        price=maybe(prices(codes)),
        promised_delivery=maybe(DATES),
        reason=maybe(texts),
    )
    return every_field_of(
        order_response.ResponseLine,
        line_number=codes,
        buyer_line_reference=maybe(codes),
        buyer_item=maybe(codes),
        seller_item=maybe(codes),
        gtin=maybe(codes),
        description=maybe(texts),
        outcomes=st.lists(outcome, min_size=1, max_size=3).map(tuple),
    )


def order_responses(codes: Texts = CODES, texts: Texts = TEXTS) -> st.SearchStrategy[OrderResponse]:
    """Order responses of no to three lines."""
    lines = st.lists(response_lines(codes, texts), max_size=3, unique_by=lambda line: line.line_number)
    return every_field_of(
        OrderResponse,
        number=codes,
        order_number=codes,
        order_version=st.integers(1, 2**63 - 1),
        change_number=maybe(codes),
        issue_date=DATES,
        issued_at=maybe(DATE_TIMES),
        outcome=st.sampled_from(["accepted", "changed", "rejected", "received"]),
        test=st.booleans(),
        currency=maybe(CURRENCIES),
        note=maybe(texts),
        order_issue_date=maybe(DATES),
        buyer=maybe(parties(codes, texts)),
        seller=maybe(parties(codes, texts)),
        lines=lines.map(tuple),
    )
