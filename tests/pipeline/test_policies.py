"""Every policy of account.yaml, from the order sent to the answer stored, with its exact outcome.

The expectations are worked out by hand from `tests/examples/catalogue` and `accounts/pine-hardware`: what YARD-1 orders
on 23 November leaves NORTH after the product's lead time of 2 days and is there a day later, on the 26th.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from mappings.account import Policies
from mappings.files.account_folder import read_account
from schemas.documents.order_response import OrderResponse
from tests.examples.order_lines import BOLTS, HAMMERS, SAWS, line, order
from tests.examples.small_gateway import ACCOUNTS, TODAY, SmallGateway

PINE = "pine-hardware"
Line = list[tuple[str, str, str, str | None, str | None]]
"""A line's outcomes: (status, quantity, unit, promised delivery, price)."""

BOLTS_ACCEPTED: Line = [("accepted", "4", "DOOS", "2026-11-26", "6.00")]
BOLTS_REJECTED: Line = [("rejected", "4", "DOOS", None, "6.00")]
HAMMERS_ACCEPTED: Line = [("accepted", "3", "STUK", "2026-11-26", "11.50")]
HAMMERS_REJECTED: Line = [("rejected", "3", "STUK", None, "11.50")]


@dataclass(frozen=True)
class Case:
    """Under these policies this order ends so; `outcome` None: no response."""

    policies: dict[str, Any]
    sent: dict[str, Any]
    status: str
    outcome: str | None
    lines: dict[str, Line] = field(default_factory=dict)
    faults: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in self.policies.items())


def promised(response: OrderResponse) -> dict[str, Line]:
    """Line number → its outcomes, with day and price."""
    return {
        told.line_number: [
            (
                one.status,
                f"{one.quantity:f}",
                one.unit or "",
                one.promised_delivery.isoformat() if one.promised_delivery else None,
                f"{one.price.amount:f}" if one.price else None,
            )
            for one in told.outcomes
        ]
        for told in response.lines
    }


STRANGE_ITEM = line("2", "PH-0901", "2", "STUK")
LOOSE_BOLTS = line("1", "PH-0101", "70", "STUK")
DEAR_BOLTS = line("1", "PH-0101", "4", "DOOS", "6.12")
UNKNOWN_YARD = {"id": "YARD-9", "name": "Bouwmarkt Almere", "address": {"city": "Almere", "country": "NL"}}
OVER = {"start": "2026-11-19", "end": "2026-11-20"}

UNKNOWN_ITEM = (("unknown_item", "/lines/1/buyer_item"),)
UNKNOWN_SHIP_TO = (("unknown_ship_to", "/ship_to/id"),)
FRACTIONAL = (("fractional_unit", "/lines/0/quantity"),)
PRICE = (("price_mismatch", "/lines/0/price/amount"),)
PAST = (("past_date", "/requested_delivery/end"),)

CASES = [
    Case({"unknown_item": "hold"}, order(BOLTS, STRANGE_ITEM), "held", None, {}, UNKNOWN_ITEM),
    Case(
        {"unknown_item": "hold_line"},
        order(BOLTS, STRANGE_ITEM),
        "done",
        "changed",
        {"1": BOLTS_ACCEPTED, "2": [("backordered", "2", "STUK", None, None)]},
        UNKNOWN_ITEM,
    ),
    Case(
        {"unknown_item": "reject_line"},
        order(BOLTS, STRANGE_ITEM),
        "done",
        "changed",
        {"1": BOLTS_ACCEPTED, "2": [("rejected", "2", "STUK", None, None)]},
        UNKNOWN_ITEM,
    ),
    Case({"unknown_ship_to": "hold"}, order(BOLTS, ship_to=UNKNOWN_YARD), "held", None, {}, UNKNOWN_SHIP_TO),
    Case(  # no site, so no days on the road: the 25th; and any of our sites may supply it
        {"unknown_ship_to": "accept_address"},
        order(BOLTS, ship_to=UNKNOWN_YARD),
        "done",
        "accepted",
        {"1": [("accepted", "4", "DOOS", "2026-11-25", "6.00")]},
        UNKNOWN_SHIP_TO,
    ),
    Case(
        {"unknown_ship_to": "reject"},
        order(BOLTS, HAMMERS, ship_to=UNKNOWN_YARD),
        "rejected",
        "rejected",
        {"1": BOLTS_REJECTED, "2": HAMMERS_REJECTED},
        UNKNOWN_SHIP_TO,
    ),
    Case(
        {"fractional_unit": "reject"},
        order(LOOSE_BOLTS, HAMMERS),
        "done",
        "changed",
        {"1": [("rejected", "70", "STUK", None, None)], "2": HAMMERS_ACCEPTED},
        FRACTIONAL,
    ),
    Case({"fractional_unit": "hold"}, order(LOOSE_BOLTS, HAMMERS), "held", None, {}, FRACTIONAL),
    Case(  # two boxes of 50, at 6.00 / 50 a piece
        {"fractional_unit": "round_up"},
        order(LOOSE_BOLTS, HAMMERS),
        "done",
        "changed",
        {"1": [("changed", "100", "STUK", "2026-11-26", "0.12")], "2": HAMMERS_ACCEPTED},
        FRACTIONAL,
    ),
    Case({"price_mismatch": "hold"}, order(DEAR_BOLTS, HAMMERS), "held", None, {}, PRICE),
    Case(
        {"price_mismatch": "accept_contract_price"},
        order(DEAR_BOLTS, HAMMERS),
        "done",
        "changed",
        {"1": [("changed", "4", "DOOS", "2026-11-26", "6.00")], "2": HAMMERS_ACCEPTED},
        PRICE,
    ),
    Case(
        {"price_mismatch": "reject_line"},
        order(DEAR_BOLTS, HAMMERS),
        "done",
        "changed",
        {"1": [("rejected", "4", "DOOS", None, "6.12")], "2": HAMMERS_ACCEPTED},
        PRICE,
    ),
    Case(  # 6.12 is 2 % above 6.00
        {"price_tolerance_percent": "2.0"},
        order(DEAR_BOLTS),
        "done",
        "accepted",
        {"1": [("accepted", "4", "DOOS", "2026-11-26", "6.12")]},
    ),
    Case({"price_tolerance_percent": "1.99"}, order(DEAR_BOLTS), "held", None, {}, PRICE),
    Case(
        {"past_date": "accept"},
        order(BOLTS, requested_delivery=OVER),
        "done",
        "accepted",
        {"1": BOLTS_ACCEPTED},
        PAST,
    ),
    Case({"past_date": "hold"}, order(BOLTS, requested_delivery=OVER), "held", None, {}, PAST),
    Case(
        {"past_date": "change_date"},
        order(BOLTS, requested_delivery=OVER),
        "done",
        "changed",
        {"1": [("changed", "4", "DOOS", "2026-11-26", "6.00")]},
        PAST,
    ),
    Case(  # the next saws come on 2 December and are a day on the road
        {"partial": "backorder"},
        order(BOLTS, SAWS),
        "done",
        "changed",
        {
            "1": BOLTS_ACCEPTED,
            "2": [
                ("accepted", "10", "STUK", "2026-11-26", "18.00"),
                ("backordered", "5", "STUK", "2026-12-03", "18.00"),
            ],
        },
    ),
    Case(
        {"partial": "ship_and_cancel"},
        order(BOLTS, SAWS),
        "done",
        "changed",
        {
            "1": BOLTS_ACCEPTED,
            "2": [("accepted", "10", "STUK", "2026-11-26", "18.00"), ("cancelled", "5", "STUK", None, "18.00")],
        },
    ),
    Case(  # all of it on the day on which the last of it can be there
        {"partial": "all_or_nothing"},
        order(BOLTS, SAWS),
        "done",
        "changed",
        {
            "1": [("backordered", "4", "DOOS", "2026-12-03", "6.00")],
            "2": [("backordered", "15", "STUK", "2026-12-03", "18.00")],
        },
    ),
    Case(  # the order's own flag wins
        {"partial": "all_or_nothing"},
        order(BOLTS, SAWS, partial_allowed=True),
        "done",
        "changed",
        {
            "1": BOLTS_ACCEPTED,
            "2": [
                ("accepted", "10", "STUK", "2026-11-26", "18.00"),
                ("backordered", "5", "STUK", "2026-12-03", "18.00"),
            ],
        },
    ),
    Case(  # so does the line's
        {"partial": "backorder"},
        order(BOLTS, SAWS | {"backorder_allowed": False}),
        "done",
        "changed",
        {
            "1": BOLTS_ACCEPTED,
            "2": [("accepted", "10", "STUK", "2026-11-26", "18.00"), ("cancelled", "5", "STUK", None, "18.00")],
        },
    ),
    Case(  # nothing is wrong with it, so it is done: it stands, refused for want of saws
        {"partial": "ship_and_cancel"},
        order(BOLTS, SAWS, partial_allowed=False),
        "done",
        "rejected",
        {"1": BOLTS_REJECTED, "2": [("rejected", "15", "STUK", None, "18.00")]},
    ),
    Case({"decision": "gateway"}, order(BOLTS), "done", "accepted", {"1": BOLTS_ACCEPTED}),
    Case({"decision": "backoffice"}, order(BOLTS), "done", "received", {}),
    Case(  # half of the 10 saws
        {"allocation_percent": 50},
        order(line("1", "PH-0107", "8", "STUK", "18.00")),
        "done",
        "changed",
        {
            "1": [
                ("accepted", "5", "STUK", "2026-11-26", "18.00"),
                ("backordered", "3", "STUK", "2026-12-03", "18.00"),
            ]
        },
    ),
    Case(
        {"allocation_percent": 100},
        order(line("1", "PH-0107", "8", "STUK", "18.00")),
        "done",
        "accepted",
        {"1": [("accepted", "8", "STUK", "2026-11-26", "18.00")]},
    ),
    Case(
        {"allocation_percent": 0},
        order(line("1", "PH-0107", "8", "STUK", "18.00")),
        "done",
        "changed",
        {"1": [("backordered", "8", "STUK", "2026-12-03", "18.00")]},
    ),
    Case(  # 6.00 a box until 30 November, 6.60 from 1 December; ordered in November
        {"price_date": "order"},
        order(line("1", "PH-0101", "4", "DOOS"), requested_delivery={"start": "2026-12-01"}),
        "done",
        "accepted",
        {"1": [("accepted", "4", "DOOS", "2026-12-01", "6.00")]},
    ),
    Case(  # delivered in December
        {"price_date": "delivery"},
        order(line("1", "PH-0101", "4", "DOOS"), requested_delivery={"start": "2026-12-01"}),
        "done",
        "accepted",
        {"1": [("accepted", "4", "DOOS", "2026-12-01", "6.60")]},
    ),
    Case(  # a day on the road: it leaves on 30 November
        {"price_date": "despatch"},
        order(line("1", "PH-0101", "4", "DOOS"), requested_delivery={"start": "2026-12-01"}),
        "done",
        "accepted",
        {"1": [("accepted", "4", "DOOS", "2026-12-01", "6.00")]},
    ),
    Case(
        {"default_unit": "DOOS"},
        order(line("1", "PH-0101", "4", price="6.00")),
        "done",
        "accepted",
        {"1": BOLTS_ACCEPTED},
    ),
    Case(
        {"default_unit": None},
        order(line("1", "PH-0101", "4", price="6.00")),
        "held",
        None,
        {},
        (("unknown_unit", "/lines/0/unit"),),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_policy_decides(gateway: SmallGateway, case: Case) -> None:
    gateway.set_policies(PINE, **case.policies)
    message = gateway.settle(PINE, case.sent)
    assert message.status == case.status
    assert gateway.faults(message.id) == list(case.faults)
    responses = gateway.responses([message.id])
    assert [response.outcome for response in responses] == ([case.outcome] if case.outcome else [])
    assert [promised(response) for response in responses] == ([case.lines] if case.outcome else [])
    stands = gateway.store.orders.by_number(PINE, "PH-4001")
    assert len(stands) == (case.status == "done")


# --- policies that show in what is kept rather than in the answer -----------------------------------------------
def test_what_the_back_office_decides_takes_nothing_yet(gateway: SmallGateway) -> None:
    gateway.set_policies(PINE, decision="backoffice")
    gateway.settle(PINE, order(BOLTS))
    (stands,) = gateway.store.orders.by_number(PINE, "PH-4001")
    assert stands.status == "awaiting_decision"
    (ledger,) = gateway.store.orders.ledger(stands.id)
    assert (ledger.ordered, ledger.open, ledger.confirmed) == (Decimal(4), Decimal(4), Decimal(0))
    assert taken(gateway, "BOLT-M8") == 0


@pytest.mark.parametrize(
    ("policies", "confirmed", "open_"),
    [({}, "100", "0"), ({"decision": "backoffice"}, "0", "100")],
)
def test_what_is_raised_to_whole_packs_is_told_beside_what_was_ordered(
    gateway: SmallGateway, policies: dict[str, str], confirmed: str, open_: str
) -> None:
    """70 pieces were ordered, whatever we make of them: two boxes of 50."""
    gateway.set_policies(PINE, fractional_unit="round_up", **policies)
    gateway.settle(PINE, order(LOOSE_BOLTS, HAMMERS))
    headers = {"Authorization": f"Bearer {gateway.key(PINE)}"}
    thread = gateway.client.get("/v1/orders/PH-4001", headers=headers).json
    told = [[line[name] for name in ("ordered", "raised", "confirmed", "open")] for line in thread["lines"]]
    assert told[0] == ["70", "30", confirmed, open_]
    assert told[1][:2] == ["3", "0"]


def test_a_test_order_never_reaches_the_back_office(gateway: SmallGateway) -> None:
    gateway.set_policies(PINE, decision="backoffice")
    response = gateway.response(gateway.settle(PINE, order(BOLTS), test=True).id)
    assert (response.outcome, response.test) == ("accepted", True)
    assert promised(response) == {"1": BOLTS_ACCEPTED}
    assert taken(gateway, "BOLT-M8") == 0


def test_what_was_allocated_since_counts_against_the_share(gateway: SmallGateway) -> None:
    """Half of 10 saws are 5; after 4 of them 1 is left, however often the account asks."""
    gateway.set_policies(PINE, allocation_percent=50)
    saws = [order(line("1", "PH-0107", count, "STUK"), number=f"PH-{count}") for count in ("4", "3", "2")]
    responses = [gateway.response(gateway.settle(PINE, one).id) for one in saws]
    quantities = [[(one.status, f"{one.quantity:f}") for one in response.lines[0].outcomes] for response in responses]
    assert quantities == [[("accepted", "4")], [("accepted", "1"), ("backordered", "2")], [("backordered", "2")]]
    assert taken(gateway, "SAW-600") == 5


@pytest.mark.parametrize(
    ("policy", "status", "outcome"),
    [("hold", "held", None), ("reject", "rejected", "changed")],
)
def test_the_same_number_with_other_content(
    gateway: SmallGateway, policy: str, status: str, outcome: str | None
) -> None:
    """The first order stands whatever the policy says, and takes its stock once; a refusal tells how it stands."""
    gateway.set_policies(PINE, same_number_other_content=policy)
    first = gateway.settle(PINE, order(BOLTS))
    second = gateway.settle(PINE, order(BOLTS | {"quantity": "5"}))
    assert (first.status, second.status) == ("done", status)
    assert gateway.faults(second.id) == [("order_number_reused", "/order_number")]
    assert [response.outcome for response in gateway.responses([second.id])] == ([outcome] if outcome else [])
    (stands,) = gateway.store.orders.by_number(PINE, "PH-4001")
    assert stands.message_id == first.id
    assert [ledger.confirmed for ledger in gateway.store.orders.ledger(stands.id)] == [Decimal(4)]
    assert taken(gateway, "BOLT-M8") == 200


@pytest.mark.parametrize(
    ("key", "statuses"),
    [
        (["buyer", "order_number"], ["done", "held", "held"]),
        (["buyer", "order_number", "ship_to"], ["done", "done", "held"]),
        (["order_number"], ["done", "held", "held"]),
    ],
)
def test_what_makes_an_order_the_same(gateway: SmallGateway, key: list[str], statuses: list[str]) -> None:
    """One number for two yards, then other content for the first: an order a yard only where the key has the yard."""
    gateway.set_policies(PINE, order_key=key)
    sent = [order(BOLTS), order(BOLTS, ship_to={"id": "YARD-2"}), order(BOLTS | {"quantity": "5"})]
    assert [gateway.settle(PINE, one).status for one in sent] == statuses
    assert len(gateway.store.orders.by_number(PINE, "PH-4001")) == statuses.count("done")


@pytest.mark.parametrize(
    ("binding", "sent", "status"),
    [
        (True, order(BOLTS, SAWS), "open"),
        (False, order(BOLTS, SAWS), "awaiting_buyer"),
        (False, order(BOLTS), "open"),
    ],
)
def test_a_changed_answer_may_wait_for_the_buyer(
    gateway: SmallGateway, binding: bool, sent: dict[str, Any], status: str
) -> None:
    """Its stock is reserved all the same."""
    gateway.set_policies(PINE, changed_order_binding=binding)
    gateway.settle(PINE, sent)
    (stands,) = gateway.store.orders.by_number(PINE, "PH-4001")
    assert stands.status == status
    assert taken(gateway, "BOLT-M8") == 200


@pytest.mark.parametrize(("within", "hours"), [("4h", 4), ("1d", 24), ("90m", 1.5)])
def test_the_deadline_to_acknowledge(gateway: SmallGateway, within: str, hours: float) -> None:
    gateway.set_policies(PINE, acknowledge_within=within)
    message = gateway.message(gateway.send(PINE, order(BOLTS)))
    assert message.due_at - message.received_at == timedelta(hours=hours) // timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("hours", "due"),
    [
        ({}, "2026-11-24T09:00:00+00:00"),  # six hours until 17:00, two from 08:00
        ({"monday": "08:00-20:00"}, "2026-11-23T18:00:00+00:00"),
        ({"monday": "closed", "tuesday": "06:00-12:00, 13:00-20:00"}, "2026-11-24T14:00:00+00:00"),
    ],
)
def test_the_deadline_to_acknowledge_in_business_hours(
    gateway: SmallGateway, today: time_machine.Traveller, hours: dict[str, str], due: str
) -> None:
    """Received on Monday at 11:00 in Amsterdam, to be acknowledged within eight hours."""
    today.move_to(TODAY, tick=False)
    folder = read_account(ACCOUNTS / PINE)
    terms = folder.account.model_dump(mode="json", by_alias=True, exclude_none=True)
    terms |= {"calendar": "NL", "policies": terms["policies"] | {"acknowledge_within": "8h"}}
    terms |= {"business_hours": hours} if hours else {}
    gateway.publish(replace(folder, account=type(folder.account).model_validate(terms)))
    message = gateway.message(gateway.send(PINE, order(BOLTS)))
    assert message.due_at == int(datetime.fromisoformat(due).timestamp()) * 1_000_000


def test_an_order_number_is_free_again_after_its_time(gateway: SmallGateway, today: time_machine.Traveller) -> None:
    gateway.set_policies(PINE, order_number_reuse_months=1)
    assert gateway.settle(PINE, order(BOLTS)).status == "done"
    today.move_to(TODAY + timedelta(days=30))
    assert gateway.settle(PINE, order(BOLTS | {"quantity": "5"})).status == "held"
    today.move_to(TODAY + timedelta(days=32))
    again = gateway.settle(PINE, order(BOLTS | {"quantity": "6"}))
    assert again.status == "done"
    newest, _ = gateway.store.orders.by_number(PINE, "PH-4001")
    assert newest.message_id == again.id


def taken(gateway: SmallGateway, product: str) -> Decimal:
    """Base units of a product that were taken at all sites."""
    positions = gateway.store.stock.load([product], [PINE]).positions.values()
    return sum((position.taken for position in positions), Decimal(0))


ELSEWHERE = {
    "order_rate_per_minute": "tests/examples/rejected/rate_limited",
    "despatch_notice_before_arrival": "tests/pipeline/test_overdue_notices.py",
    "order_charges": "tests/pipeline/test_invoices.py",
    "unnamed_lines": "tests/pipeline/test_unnamed_lines.py",
    "keep_payloads_days": "tests/retention/test_retention.py",
    "keep_messages_days": "tests/retention/test_retention.py",
    "delivery_waits": "tests/delivery/test_deliverer.py",
    "delivery_in_turn": "tests/delivery/test_deliverer.py",
    "second_person": "tests/pipeline/test_corrections.py",
    **dict.fromkeys(("notices_to", "notices_webhook"), "tests/notifying/test_making.py"),
    "notices_silence": "tests/notifying/test_silent_accounts.py",
}
HERE = {
    *(name for case in CASES for name in case.policies),
    *("same_number_other_content", "order_key", "changed_order_binding", "acknowledge_within"),
    "order_number_reuse_months",
}


def test_every_policy_is_tested() -> None:
    assert HERE | ELSEWHERE.keys() == set(Policies.model_fields)
    for name in ("unknown_item", "unknown_ship_to", "fractional_unit", "price_mismatch", "past_date", "partial"):
        values = set(Policies.model_fields[name].annotation.__args__)  # type: ignore[union-attr]
        assert values == {case.policies[name] for case in CASES if name in case.policies}
