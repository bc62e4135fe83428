"""Lines that say the same share what was worked out for the first of them; the answers are as without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.trade.checks import check
from gateway.trade.decision import Decision
from gateway.trade.response import decide
from gateway.trade.stock import Stock
from mappings.engine import to_ours
from mappings.revision import MappingRevision
from schemas.documents.order import Order
from schemas.documents.order_response import canonical_response
from schemas.formats.registry import FORMATS
from tests.kept import judged_anew
from tests.mappings.small_world import CATALOGUE, OAT_PIECE, SUPPLIER
from tests.mappings.test_memory import small_account
from tests.trade.builders import stock_of

RECEIVED = date(2026, 11, 23)
ISSUED = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
PARTIES = [None, {"id": "4012345000009", "name": "ACME"}, {"id": "4012345000009", "endpoint": {"id": "1"}}]
POLICIES: list[dict[str, str]] = [
    {},
    {"price_mismatch": "accept_contract_price", "fractional_unit": "round_up", "unknown_item": "hold_line"},
    {"partial": "all_or_nothing", "price_mismatch": "reject_line"},
    {"price_date": "delivery", "partial": "ship_and_cancel", "past_date": "change_date"},
]
EXAMPLES = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
windows = st.sampled_from([None, None, {"start": "2026-11-20"}, {"end": "2026-11-24"}, {"start": "2026-12-01"}])
GOOD: list[dict[str, Any]] = [
    {"buyer_item": "PL-0042", "unit": "CS", "quantity": "2", "price": {"amount": "15.00", "unit": "CS"}},
    {"buyer_item": "PL-0042", "unit": "CS", "quantity": "2"},
    {"seller_item": "MUG", "unit": "EA", "quantity": "3", "price": {"amount": "1.25"}},
]
OTHERWISE: dict[str, list[Any]] = {
    "quantity": ["2.0", "3", "3.00", "7", "100"],
    "unit": ["EA", "XCT", "PAIR", None],
    "unit_code": ["XCT", "XCS"],
    "price": [
        *({"amount": "15.00"}, {"amount": "15.000"}, {"amount": "15.00", "unit": "CS", "unit_code": "XCS"}),
        *(
            {"amount": "1.250"},
            {"amount": "1.25", "base_quantity": "1.0"},
            {"amount": "2.50", "base_quantity": "2"},
            {"amount": "9"},
        ),
        *({"amount": "1.25", "gross": "1.5"}, {"amount": "1.25", "gross": "1.50"}, {"amount": "1.25", "unit": "EA"}),
    ],
    "buyer_item": ["MUG", "?", None],
    "seller_item": ["OAT-1L", "MUG"],
    "gtin": [OAT_PIECE],
    "description": ["oats", 'oats "1 l"'],
    "buyer_line_reference": ["10", "20"],
    "requested_delivery": [{"start": "2026-11-20"}, {"end": "2026-11-24"}, {"start": "2026-12-01"}],
    "partial_allowed": [True, False],
    "backorder_allowed": [False],
    "ship_to": [{"id": "DC", "scheme": "0088"}, {"id": "?"}],
    "schedule": [[{"quantity": "1"}, {"quantity": "1"}], [{"quantity": "1"}]],
    "note": ["fragile"],
}
"""What one line says otherwise than another: whatever an answer repeats, and what it must not."""


@st.composite
def like_lines(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Lines of which each says one or two things otherwise than the first, and some nothing."""
    first = draw(st.sampled_from(GOOD))
    found = [first]
    for _ in range(draw(st.integers(0, 3))):
        names = draw(st.lists(st.sampled_from(sorted(OTHERWISE)), max_size=2, unique=True))
        said = {**first, **{name: draw(st.sampled_from(OTHERWISE[name])) for name in names}}
        found.append({name: value for name, value in said.items() if value is not None})
    return found


def order_of(lines: Sequence[dict[str, Any]], **said: Any) -> Order:
    head = {"order_number": "PO-1", "issue_date": RECEIVED, "currency": "EUR"}
    return Order.model_validate({**head, "lines": lines, **said})


def numbered(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"line_number": str(number), **line} for number, line in enumerate(lines, 1)]


@st.composite
def several_orders(draw: st.DrawFn) -> list[Order]:
    """Orders whose lines are drawn from few, so that they repeat each other."""
    pool = draw(like_lines()) + draw(like_lines())
    lines = st.lists(st.sampled_from(pool), min_size=1, max_size=3)
    return [
        order_of(numbered(draw(lines)), buyer=draw(st.sampled_from(PARTIES)), requested_delivery=draw(windows))
        for _ in range(draw(st.integers(1, 4)))
    ]


def decided(order: Order, revision: MappingRevision, stock: Stock) -> Decision:
    mapped = to_ours(order, revision, CATALOGUE, SUPPLIER, RECEIVED)
    return decide(
        mapped,
        (*mapped.all_faults(), *check(mapped, RECEIVED)),
        stock,
        revision.account,
        SUPPLIER,
        response_number="OR-1",
        received_on=RECEIVED,
        issued_at=ISSUED,
    )


def written(decision: Decision) -> tuple[Any, ...]:
    """All that is kept of a decision, as text; a response in every format."""
    texts = [repr((decision.verdict, decision.faults, decision.ledger, decision.allocations))]
    if decision.response is not None:
        judged_anew(decision.response)
        texts.append(canonical_response(decision.response))
        renderers = [
            known.renderers["order_response"] for known in FORMATS.values() if "order_response" in known.renderers
        ]
        texts += [render(decision.response).decode() for render in renderers]
    return tuple(texts)


def levels() -> Stock:
    return stock_of({("OAT-1L", "HAM"): 150, ("MUG", "HAM"): (7, date(2026, 12, 1), 50), ("FLOUR", "KIEL"): Decimal(9)})


@given(several_orders(), st.sampled_from(POLICIES))
@EXAMPLES
def test_an_order_after_others_is_answered_as_it_would_be_alone(orders: list[Order], policies: dict[str, str]) -> None:
    remembering = small_account(**policies)
    shared, own = levels(), levels()
    for order in orders:
        afresh = decided(order, small_account(**policies), own)
        assert written(decided(order, remembering, shared)) == written(afresh)


@pytest.mark.parametrize("name", sorted(OTHERWISE))
@pytest.mark.parametrize("policies", POLICIES, ids=range(len(POLICIES)))
def test_lines_that_differ_in_one_word_are_answered_each_in_its_own(name: str, policies: dict[str, str]) -> None:
    compared = 0
    for first in GOOD:
        for one, other in permutations([first.get(name), *OTHERWISE[name]], 2):
            lines = [{word: value for word, value in {**first, name: said}.items() if value} for said in (one, other)]
            compared += compare_with_alone(lines, policies, None)
    assert compared


@given(like_lines(), st.sampled_from(POLICIES), windows)
@EXAMPLES
def test_a_line_among_others_is_answered_as_it_would_be_alone(
    lines: list[dict[str, Any]], policies: dict[str, str], window: dict[str, str] | None
) -> None:
    compare_with_alone([*lines, *lines], policies, window)


def compare_with_alone(lines: Sequence[dict[str, Any]], policies: dict[str, str], window: dict[str, str] | None) -> int:
    """Flawless lines, in test orders, which take no stock: so each line's answer is its own. How many were compared."""

    def answered(asked: Sequence[dict[str, Any]]) -> Decision:
        order = order_of(asked, test=True, requested_delivery=window)
        return decided(order, small_account(**policies), levels())

    alone = {line["line_number"]: (line, answered([line])) for line in numbered(lines)}
    flawless = {number: found for number, found in alone.items() if not found[1].faults}
    if not flawless:
        return 0
    together = answered([line for line, _ in flawless.values()])
    assert together.response is not None
    for line, ledger in zip(together.response.lines, together.ledger, strict=True):
        single = flawless[line.line_number][1]
        assert single.response is not None
        assert (repr(line), repr(ledger)) == (repr(single.response.lines[0]), repr(single.ledger[0]))
        assert canonical_response(replace(single.response, lines=(line,))) == canonical_response(single.response)
    return len(flawless)
