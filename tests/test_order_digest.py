"""The digest by which a resend is known: equal for what says the same, different for anything else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from schemas.documents.common import Address, Charge, Document, Extension, Party, Price
from schemas.documents.order import DECIMALS, Order, OrderLine, canonical_json, content_digest
from schemas.formats.json_1.layout import models_of
from schemas.values import EXACT
from tests.strategies import orders


def order(quantity: str = "10", **changes: Any) -> Order:
    line = OrderLine(line_number="1", quantity=Decimal(quantity), price=Price(amount=Decimal("12.5")))
    return Order(**({"order_number": "PO-1", "lines": (line,)} | changes))


@pytest.mark.parametrize(
    ("one", "other"),
    [("10", "10.0"), ("10", "10.00"), ("1000", "1E+3"), ("0.0000001", "1E-7"), ("0.5", "0.500"), ("1.10", "1.1")],
)
def test_a_number_is_the_same_however_it_is_written(one: str, other: str) -> None:
    assert content_digest(order(one)) == content_digest(order(other))
    assert content_digest(order(total=Decimal(one))) == content_digest(order(total=Decimal(other)))


@pytest.mark.parametrize("zero", ["0", "0.00", "-0", "-0.0", "0E-10"])
def test_zero_is_zero(zero: str) -> None:
    assert content_digest(order(total=Decimal(zero))) == content_digest(order(total=Decimal(0)))
    assert content_digest(order(total=Decimal(zero))) != content_digest(order())


@pytest.mark.parametrize(
    ("one", "other"), [("10", "100"), ("10", "1"), ("0.1", "0.01"), ("1.10", "1.01"), ("105", "10.5")]
)
def test_other_numbers_differ(one: str, other: str) -> None:
    assert content_digest(order(one)) != content_digest(order(other))
    assert content_digest(order(total=Decimal(one))) != content_digest(order(total=Decimal("-" + one)))


@pytest.mark.parametrize(
    ("one", "other"), [("1", "1.0"), ("1.10", "1.1"), ("0042", "42"), ("1E-7", "0.0000001"), ("-0", "0")]
)
def test_a_text_that_looks_like_a_number_is_a_text(one: str, other: str) -> None:
    assert content_digest(order(order_number=one)) != content_digest(order(order_number=other))
    assert content_digest(order(note=one)) != content_digest(order(note=other))
    lines = tuple(OrderLine(line_number=number, quantity=Decimal(1)) for number in (one, other))
    assert content_digest(order(lines=lines)) != content_digest(order(lines=lines[::-1]))
    one_address, other_address = (Party(address=Address(lines=("x", text))) for text in (one, other))
    assert content_digest(order(buyer=one_address)) != content_digest(order(buyer=other_address))
    one_extension, other_extension = ((Extension(name="quantity", value=text),) for text in (one, other))
    assert content_digest(order(extensions=one_extension)) != content_digest(order(extensions=other_extension))


@pytest.mark.parametrize(
    "template", ['quantity":"{}', '"quantity":"{}', '"quantity":"{}"', '\\"quantity\\":\\"{}', ':"{}']
)
def test_a_text_that_looks_like_a_member_is_a_text(template: str) -> None:
    one, other = template.format("1.0"), template.format("1")
    assert content_digest(order(note=one)) != content_digest(order(note=other))
    one, other = template.format("1E-7"), template.format("0.0000001")
    assert content_digest(order(note=one)) != content_digest(order(note=other))


def test_what_stands_where_matters() -> None:
    charge = Charge(is_charge=True, amount=Decimal(1))
    digests = {
        content_digest(order(contract="A")),
        content_digest(order(note="A")),
        content_digest(order(buyer=Party(name="A"))),
        content_digest(order(seller=Party(name="A"))),
        content_digest(order(buyer=Party(id="A"))),
        content_digest(order(buyer=Party())),
        content_digest(order()),
        content_digest(order(partial_allowed=False)),
        content_digest(order(partial_allowed=True)),
        content_digest(order(charges=(charge,))),
        content_digest(order(charges=(charge, charge))),
        content_digest(order(test=True)),
    }
    assert len(digests) == 12


def test_the_decimals_are_named_and_nothing_else_has_their_names() -> None:
    kinds: dict[str, set[bool]] = {}
    for model in models_of(Order):
        for name, field in model.model_fields.items():
            kinds.setdefault(name, set()).add("Decimal" in str(field.annotation))
    assert {name for name, decimal in kinds.items() if True in decimal} == DECIMALS
    assert all(kinds[name] == {True} for name in DECIMALS)


AS_PYDANTIC_WRITES = TypeAdapter(Order)


def written(order: Order, number: Callable[[Decimal], str]) -> bytes:
    """The order as JSON, as pydantic writes it but for its decimals."""

    def member(name: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {below: member(below, one) for below, one in value.items()}
        if isinstance(value, list):
            return [member(name, one) for one in value]
        return number(Decimal(value)) if name in DECIMALS else value

    values = json.loads(AS_PYDANTIC_WRITES.dump_json(order, exclude_none=True))
    return json.dumps(member("", values), ensure_ascii=False, separators=(",", ":")).encode()


def shortest(number: Decimal) -> str:
    text = f"{number:f}" if number else "0"
    return text.rstrip("0").rstrip(".") if "." in text else text


@settings(max_examples=60, deadline=None)
@given(orders())
def test_the_canonical_order_and_its_digest_are_what_they_are_defined_as(found: Order) -> None:
    canonical = canonical_json(found)
    assert canonical == written(found, lambda number: f"{number:f}")
    digest = hashlib.sha256(written(found, shortest)).digest()
    assert content_digest(found) == digest
    assert content_digest(found, canonical) == digest


def _rewritten(value: Any) -> Any:
    """The same document with every decimal written in another way."""
    if isinstance(value, Decimal):
        return (
            value.normalize(EXACT)
            if value != value.to_integral_value()
            else Decimal(f"{value:f}".partition(".")[0] + ".0")
        )
    if isinstance(value, Document):
        return value.model_copy(update={name: _rewritten(member) for name, member in vars(value).items()})
    return tuple(map(_rewritten, value)) if isinstance(value, tuple) else value


@settings(max_examples=60, deadline=None)
@given(orders())
def test_equal_orders_have_equal_digests(found: Order) -> None:
    assert content_digest(found) == content_digest(Order.model_validate(found.model_dump()))
    assert content_digest(found) == content_digest(_rewritten(found))


@settings(max_examples=60, deadline=None)
@given(orders(), orders(), st.data())
def test_one_other_field_is_another_digest(found: Order, other: Order, data: st.DataObject) -> None:
    differing = [name for name in sorted(Order.model_fields) if getattr(found, name) != getattr(other, name)]
    assume(differing)
    name = data.draw(st.sampled_from(differing))
    changed = found.model_copy(update={name: getattr(other, name)})
    assert content_digest(changed) != content_digest(found)


def test_the_digest_is_the_same_in_every_version() -> None:
    """A digest is kept with its order for two years: one that changes would take every resend for other content."""
    text = (
        '{"function":"original","version":1,"order_type":"stand_alone","test":false,"order_number":"PO-1","rush":false,'
        '"response_requested":true,"charges":[],"attachments":[],"extensions":[],"lines":[{"line_number":"1",'
        '"quantity":"10","price":{"amount":"12.5","base_quantity":"1"},"schedule":[],"charges":[],"extensions":[]}]}'
    )
    assert content_digest(order("10.0")) == hashlib.sha256(text.encode()).digest()


@pytest.mark.parametrize("number", ["PRE-2026", "1E-7", "E+1", "1E5", '1E-7"'])
def test_a_text_like_an_exponent_stays_as_it_is(number: str) -> None:
    for quantity in ("10", "0.0000001", "-0.00000010"):
        found = order().model_copy(update={"order_number": number})
        line = found.lines[0].model_copy(update={"quantity": Decimal(quantity)})
        found = found.model_copy(update={"lines": (line,)})
        assert canonical_json(found) == written(found, lambda value: f"{value:f}")
        assert content_digest(found) == hashlib.sha256(written(found, shortest)).digest()
