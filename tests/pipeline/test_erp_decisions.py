"""Orders that the account's policy leaves to the ERP: decided line by line, once, with stock, ledger and answer."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from gateway.store.statements import fetch
from mappings.files.account_folder import read_account
from tests.examples.order_lines import BOLTS, HAMMERS, SAWS, line, order
from tests.examples.small_gateway import ACCOUNTS, SmallGateway, outcomes
from tests.examples.test_cxml_order import ORDER as CXML_ORDER

PINE = "pine-hardware"
ACCEPT = {"version": 1, "action": "accept"}


@pytest.fixture
def erp(on_either: SmallGateway) -> SmallGateway:
    """A gateway whose account is decided by the ERP."""
    on_either.set_policies(PINE, decision="backoffice")
    return on_either


def sent(gateway: SmallGateway, body: dict[str, Any]) -> str:
    """Send an order that waits for the ERP then; its id here."""
    assert gateway.settle(PINE, body).status == "done"
    newest = gateway.store.orders.by_number(PINE, body["order_number"])[0]
    assert newest.status == "awaiting_decision"
    return newest.id


def decide(gateway: SmallGateway, order_id: str, decision: Any) -> Any:
    headers = {"Authorization": f"Bearer {gateway.store.keys.create(None, actor='test')[1]}"}
    body = decision if isinstance(decision, bytes) else json.dumps(decision).encode()
    return gateway.client.post(f"/v1/backoffice/orders/{order_id}/decision", data=body, headers=headers)


def ledger(gateway: SmallGateway, order_id: str) -> dict[str, tuple[str, ...]]:
    """Line number → (ordered, confirmed, backordered, rejected, cancelled, open)."""
    names = ("ordered", "confirmed", "backordered", "rejected", "cancelled", "open")
    return {
        one.line_number: tuple(f"{getattr(one, name).normalize():f}" for name in names)
        for one in gateway.store.orders.ledger(order_id)
    }


def held(gateway: SmallGateway, order_id: str) -> dict[tuple[str, str, str], Decimal]:
    """(line, product, site) → base units that are taken for the order."""
    lines = gateway.store.threads.standing([order_id])[order_id].held
    return {(one.line_number, one.product, one.site): one.quantity for line in lines.values() for one in line}


def assert_untouched(gateway: SmallGateway, order_id: str, numbers: int = 1) -> None:
    """Nothing was decided: the order waits, takes nothing and was only told that it is received."""
    standing = gateway.store.threads.standing([order_id])[order_id]
    assert standing.status == "awaiting_decision"
    assert all(sums.is_open for sums in standing.lines.values())
    assert standing.held == {}
    with gateway.store.database.read() as connection:
        assert len(fetch(connection, "SELECT 1 FROM documents WHERE order_id = ?", [order_id])) == numbers
        assert fetch(connection, "SELECT 1 FROM decisions", []) == []


# --- what is decided ------------------------------------------------------------------------------------------------
def test_an_order_that_is_accepted_takes_stock_and_is_answered(erp: SmallGateway) -> None:
    order_id = sent(erp, order(BOLTS, HAMMERS))
    answer = decide(erp, order_id, ACCEPT)
    assert answer.status_code == 200
    told = answer.json
    assert (told["status"], told["outcome"], told["order_number"], told["account"]) == (
        "open",
        "accepted",
        "PH-4001",
        PINE,
    )
    stands = erp.store.orders.by_number(PINE, "PH-4001")[0]
    assert (stands.status, stands.outcome, stands.version) == ("open", "accepted", 1)
    assert ledger(erp, order_id) == {"1": ("4", "4", "0", "0", "0", "0"), "2": ("3", "3", "0", "0", "0", "0")}
    assert held(erp, order_id) == {("1", "BOLT-M8", "NORTH"): 200, ("2", "HAMMER-16", "NORTH"): 3}
    received, accepted = erp.responses([stands.message_id])
    assert (received.outcome, accepted.outcome, accepted.number) == ("received", "accepted", told["response"]["number"])
    assert outcomes(accepted) == {"1": [("accepted", "4", "DOOS")], "2": [("accepted", "3", "STUK")]}
    headers = {"Authorization": f"Bearer {erp.key(PINE)}"}
    mailbox = erp.client.get("/v1/documents?order_number=PH-4001", headers=headers).json["documents"]
    assert [one["id"] for one in mailbox][1:] == [told["document_id"]]
    assert list(erp.store.audit.verification().broken()) == []


def test_lines_are_decided_each_in_its_way_and_sum_to_what_was_ordered(erp: SmallGateway) -> None:
    lines = (
        line("1", "PH-0101", "10", "DOOS"),
        line("2", "PH-0102", "6", "STUK", "11.50"),
        line("3", "PH-0107", "5", "STUK"),
        line("4", "PH-0104", "3", "KRUIWAGEN"),
    )
    order_id = sent(erp, order(*lines, requested_delivery={"start": "2026-11-27", "end": "2026-11-30"}))
    decision = {
        "version": 1,
        "action": "accept",
        "lines": [
            {
                "line_number": "1",
                "action": "change",
                "base_quantity": "300",
                "backordered": 150,
                "backorder_delivery": "2026-12-09",
                "reason": "The machine is down.",
            },
            {"line_number": "2", "action": "change", "price": "11.00", "promised_delivery": "2026-12-02"},
            {"line_number": "3", "action": "reject", "reason": "No longer made."},
        ],
    }
    answer = decide(erp, order_id, decision)
    assert (answer.status_code, answer.json["outcome"]) == (200, "changed")
    response = erp.responses([erp.store.orders.by_number(PINE, "PH-4001")[0].message_id])[1]
    told = {
        one.line_number: [(o.status, f"{o.quantity:f}", str(o.promised_delivery)) for o in one.outcomes]
        for one in response.lines
    }
    assert told == {
        "1": [("accepted", "6", "2026-11-27"), ("backordered", "3", "2026-12-09"), ("cancelled", "1", "None")],
        "2": [("changed", "6", "2026-12-02")],
        "3": [("rejected", "5", "None")],
        "4": [("accepted", "3", "2026-11-27")],
    }
    hammers = response.lines[1].outcomes[0]
    assert hammers.price is not None
    assert hammers.price.amount == 11
    assert hammers.reason == (
        "Confirmed at 11.00 instead of 11.50 as ordered. Delivery on 2026-12-02 instead of 2026-11-30 as requested."
    )
    assert response.lines[0].outcomes[1].reason == "The machine is down."
    assert ledger(erp, order_id) == {
        "1": ("10", "6", "3", "0", "1", "0"),
        "2": ("6", "6", "0", "0", "0", "0"),
        "3": ("5", "0", "0", "5", "0", "0"),
        "4": ("3", "3", "0", "0", "0", "0"),
    }
    assert held(erp, order_id) == {
        ("1", "BOLT-M8", "NORTH"): 300,
        ("2", "HAMMER-16", "NORTH"): 6,
        ("4", "SAND-KG", "NORTH"): 240,
    }


def test_the_erp_may_confirm_more_than_the_gateway_knows_of(erp: SmallGateway) -> None:
    """There are ten saws; what there is of them is taken, so that nobody else is promised it."""
    order_id = sent(erp, order(SAWS))
    assert decide(erp, order_id, ACCEPT).json["outcome"] == "accepted"
    assert held(erp, order_id) == {("2", "SAW-600", "NORTH"): 10}
    assert ledger(erp, order_id) == {"2": ("15", "15", "0", "0", "0", "0")}


def test_a_line_may_be_taken_from_another_site(erp: SmallGateway) -> None:
    order_id = sent(erp, order(BOLTS))
    lines = [{"line_number": "1", "action": "accept", "site": "SOUTH"}]
    assert decide(erp, order_id, {"version": 1, "lines": lines}).status_code == 200
    assert held(erp, order_id) == {("1", "BOLT-M8", "SOUTH"): 200}


@pytest.mark.parametrize(
    ("action", "status", "outcome"), [("reject", "closed", "rejected"), ("backorder", "open", "changed")]
)
def test_all_of_an_order_is_rejected_or_follows_later(
    erp: SmallGateway, action: str, status: str, outcome: str
) -> None:
    order_id = sent(erp, order(BOLTS, HAMMERS))
    answer = decide(erp, order_id, {"version": 1, "action": action, "reason": "Strike at the plant."})
    assert (answer.json["status"], answer.json["outcome"]) == (status, outcome)
    assert held(erp, order_id) == {}
    (first, second) = answer.json["response"]["lines"]
    word = {"reject": "rejected", "backorder": "backordered"}[action]
    for one in (first, second):
        assert [(told["status"], told["reason"]) for told in one["outcomes"]] == [(word, "Strike at the plant.")]


def test_what_was_refused_when_the_order_was_read_stays_refused(erp: SmallGateway) -> None:
    """The hammers are below the minimum of three."""
    erp.set_policies(PINE, decision="backoffice")
    order_id = sent(erp, order(BOLTS, line("2", "PH-0102", "2", "STUK")))
    answer = decide(erp, order_id, ACCEPT)
    assert [[one["status"] for one in each["outcomes"]] for each in answer.json["response"]["lines"]] == [
        ["accepted"],
        ["rejected"],
    ]
    assert ledger(erp, order_id)["2"] == ("2", "0", "0", "2", "0", "0")
    named = {"version": 1, "lines": [{"line_number": "2", "action": "accept"}]}
    other = sent(erp, order(BOLTS, line("2", "PH-0102", "2", "STUK"), number="PH-2"))
    refused = decide(erp, other, named)
    assert [(one["code"], one["path"]) for one in refused.json["faults"]] == [
        ("bad_value", "/lines/0/line_number"),
        ("missing_field", "/lines"),
    ]


def test_an_order_that_wants_no_answer_gets_none(erp: SmallGateway) -> None:
    order_id = sent(erp, order(BOLTS, response_requested=False))
    answer = decide(erp, order_id, ACCEPT)
    assert (answer.json["document_id"], answer.json["outcome"]) == (None, "accepted")
    assert erp.responses([erp.store.orders.by_number(PINE, "PH-4001")[0].message_id]) == []


# --- once -----------------------------------------------------------------------------------------------------------
def test_the_same_decision_gets_the_first_answer_and_another_one_is_told_what_stands(erp: SmallGateway) -> None:
    order_id = sent(erp, order(BOLTS))
    first = decide(erp, order_id, ACCEPT)
    again = decide(erp, order_id, {"lines": [], "action": "accept", "version": 1})
    assert (again.status_code, again.data) == (200, first.data)
    other = decide(erp, order_id, {"version": 1, "action": "reject"})
    assert (other.status_code, other.json["code"]) == (409, "conflict")
    assert f"accepted (order response {first.json['response']['number']})" in other.json["detail"]
    assert held(erp, order_id) == {("1", "BOLT-M8", "NORTH"): 200}
    assert len(erp.store.documents.of_messages([erp.store.orders.by_number(PINE, "PH-4001")[0].message_id])) == 2


def test_the_same_in_other_words_is_the_same_decision(erp: SmallGateway) -> None:
    order_id = sent(erp, order(BOLTS, HAMMERS))
    one = {"line_number": "1", "action": "change", "base_quantity": "100.0", "reason": None}
    two = {"line_number": "2", "action": "reject"}
    first = decide(erp, order_id, {"version": 1, "lines": [one, two]})
    assert first.status_code == 200
    again = decide(erp, order_id, {"lines": [two, {**one, "base_quantity": 100}], "version": 1})
    assert (again.status_code, again.data) == (200, first.data)


def test_decisions_at_once_are_one(erp: SmallGateway) -> None:
    order_id = sent(erp, order(BOLTS, HAMMERS))
    keys = erp.store.keys.create(None, actor="test")[1]

    def ask(number: int) -> tuple[int, bytes]:
        action = "accept" if number % 2 else "reject"
        answer = erp.app.test_client().post(
            f"/v1/backoffice/orders/{order_id}/decision",
            json={"version": 1, "action": action},
            headers={"Authorization": f"Bearer {keys}"},
        )
        return answer.status_code, answer.data

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(ask, range(12)))
    assert sorted(status for status, _ in answers) == [200] * 6 + [409] * 6
    assert len({body for status, body in answers if status == 200}) == 1
    stands = erp.store.orders.by_number(PINE, "PH-4001")[0]
    assert len(erp.store.documents.of_messages([stands.message_id])) == 2
    assert held(erp, order_id) in ({}, {("1", "BOLT-M8", "NORTH"): 200, ("2", "HAMMER-16", "NORTH"): 3})
    assert list(erp.store.audit.verification().broken()) == []


def test_a_decision_that_was_made_between_two_looks_is_found(
    erp: SmallGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one is saved after ours has looked for it, and before ours looks at the order."""
    order_id = sent(erp, order(BOLTS))
    decisions, others = erp.store.decisions, []
    look = decisions.of

    def of(wanted: str, version: int) -> Any:
        found = look(wanted, version)
        if not others:
            others.append(None)
            others[0] = decide(erp, order_id, ACCEPT).data
        return found

    monkeypatch.setattr(decisions, "of", of)
    answer = decide(erp, order_id, ACCEPT)
    assert (answer.status_code, answer.data) == (200, others[0])


def test_orders_decided_at_once_never_take_the_same_goods(erp: SmallGateway) -> None:
    """Forty hammers for eight orders of nine: what is confirmed is the ERP's word, what is taken is what there is."""
    ids = [sent(erp, order(line("1", "PH-0102", "9", "STUK"), number=f"PH-{n}")) for n in range(8)]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda order_id: decide(erp, order_id, ACCEPT).status_code, ids))
    assert answers == [200] * 8
    assert sum(sum(held(erp, order_id).values()) for order_id in ids) == 40


def test_a_decision_is_of_a_version(erp: SmallGateway) -> None:
    """A retry that is late never decides what the buyer changed since."""
    order_id = sent(erp, order(BOLTS))
    first = decide(erp, order_id, ACCEPT)
    changed = order({**BOLTS, "quantity": "6"}, function="change", version=2)
    assert erp.settle(PINE, changed).status == "done"
    assert decide(erp, order_id, ACCEPT).data == first.data
    late = decide(erp, order_id, {"version": 1, "action": "reject"})
    assert (late.status_code, late.json["code"]) == (409, "conflict")
    assert erp.store.orders.by_number(PINE, "PH-4001")[0].status == "awaiting_decision"
    second = decide(erp, order_id, {"version": 2, "action": "accept"})
    assert (second.status_code, second.json["response"]["order_version"]) == (200, 2)
    assert ledger(erp, order_id) == {"1": ("6", "6", "0", "0", "0", "0")}
    assert held(erp, order_id) == {("1", "BOLT-M8", "NORTH"): 300}


def test_an_order_that_waits_for_no_decision_is_told_as_it_stands(on_either: SmallGateway) -> None:
    on_either.settle(PINE, order(BOLTS))
    order_id = on_either.store.orders.by_number(PINE, "PH-4001")[0].id
    answer = decide(on_either, order_id, ACCEPT)
    assert (answer.status_code, answer.json["detail"]) == (409, "Order PH-4001 stands at version 1, open (accepted).")
    assert decide(on_either, "0" * 26, ACCEPT).status_code == 404
    on_either.settle(PINE, order(BOLTS, number="TRIAL"), test=True)
    trial = on_either.store.orders.by_number(PINE, "TRIAL")[0].id
    assert decide(on_either, trial, ACCEPT).status_code == 404


# --- what can't be decided so ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("decision", "faults"),
    [
        ({"version": 1}, [("missing_field", "/lines"), ("missing_field", "/lines")]),
        ({"version": 2, "action": "accept"}, "conflict"),
        ({"action": "accept"}, [("missing_field", "/version")]),
        ({"version": 1, "action": "perhaps"}, [("bad_value", "/action")]),
        (
            {"version": 1, "lines": [{"line_number": "9", "action": "accept"}, {"line_number": "1", "action": "sell"}]},
            [("bad_value", "/lines/1/action")],
        ),
        (
            {"version": 1, "action": "accept", "lines": [{"line_number": "9", "action": "accept"}]},
            [("unknown_line", "/lines/0/line_number")],
        ),
        (
            {"version": 1, "action": "accept", "lines": [{"line_number": "1", "action": "accept"}] * 2},
            [("duplicate_line", "/lines/1/line_number")],
        ),
        (
            {
                "version": 1,
                "action": "accept",
                "lines": [{"line_number": "1", "action": "change", "base_quantity": "201"}],
            },
            [("bad_value", "/lines/0/base_quantity")],
        ),
        (
            {
                "version": 1,
                "action": "accept",
                "lines": [{"line_number": "1", "action": "change", "base_quantity": "150", "backordered": "100"}],
            },
            [("bad_value", "/lines/0/base_quantity")],
        ),
        (
            {
                "version": 1,
                "action": "accept",
                "lines": [{"line_number": "1", "action": "change", "base_quantity": "0"}],
            },
            [("bad_value", "/lines/0/base_quantity")],
        ),
        (
            {"version": 1, "action": "accept", "lines": [{"line_number": "1", "action": "accept", "price": "5"}]},
            [("bad_value", "/lines/0/price")],
        ),
        (b"{", [("json_not_valid", "")]),
        (b"[]", [("wrong_document", "")]),
    ],
)
def test_a_decision_with_a_fault_decides_nothing(erp: SmallGateway, decision: Any, faults: Any) -> None:
    order_id = sent(erp, order(BOLTS, HAMMERS))
    answer = decide(erp, order_id, decision)
    if isinstance(faults, str):
        assert (answer.status_code, answer.json["code"]) == (409, faults)
    else:
        assert answer.status_code == 400
        assert [(one["code"], one["path"]) for one in answer.json["faults"]] == faults
    assert_untouched(erp, order_id)


def test_what_is_no_exact_number_of_the_accounts_unit_is_refused(erp: SmallGateway) -> None:
    """Sand is ordered by the wheelbarrow of 80 kg: a third of 1 is none, 20 kg are a quarter."""
    folder = read_account(ACCOUNTS / PINE)
    third = [replace(row, factor=Decimal(3)) if row.account_unit == "KRUIWAGEN" else row for row in folder.items]
    policies = folder.account.policies.model_copy(update={"decision": "backoffice"})
    erp.publish(replace(folder, items=tuple(third), account=folder.account.model_copy(update={"policies": policies})))
    order_id = sent(erp, order(line("1", "PH-0104", "2", "KRUIWAGEN")))
    change = {"line_number": "1", "action": "change", "base_quantity": "4"}
    answer = decide(erp, order_id, {"version": 1, "lines": [change]})
    assert [(one["code"], one["path"]) for one in answer.json["faults"]] == [
        ("fractional_unit", "/lines/0/base_quantity")
    ]
    assert_untouched(erp, order_id)
    assert decide(erp, order_id, {"version": 1, "lines": [{**change, "base_quantity": "3"}]}).status_code == 200
    assert ledger(erp, order_id) == {"1": ("2", "1", "0", "0", "1", "0")}


def test_half_a_piece_is_refused_and_half_a_kilogram_is_not(erp: SmallGateway) -> None:
    """An opened box is the ERP's to confirm: 7 bolts of a box of 50. Seven and a half of them leave in no shipment."""
    order_id = sent(erp, order(BOLTS, line("2", "PH-0104", "12.5", "KILO")))
    bolts = {"line_number": "1", "action": "change", "base_quantity": "7.5", "backordered": "0.5"}
    sand = {"line_number": "2", "action": "change", "base_quantity": "7.5"}
    answer = decide(erp, order_id, {"version": 1, "lines": [bolts, sand]})
    assert [(one["code"], one["path"], one["expected"]) for one in answer.json["faults"]] == [
        ("fractional_unit", "/lines/0/base_quantity", "whole EA"),
        ("fractional_unit", "/lines/0/backordered", "whole EA"),
    ]
    assert_untouched(erp, order_id)
    opened = {**bolts, "base_quantity": "7", "backordered": "43"}
    assert decide(erp, order_id, {"version": 1, "lines": [opened, sand]}).status_code == 200


def test_a_day_that_nobody_can_promise_is_refused(erp: SmallGateway) -> None:
    """A program without a day writes the calendar's first or last; the account would have been told it."""
    order_id = sent(erp, order(BOLTS))
    part = {"line_number": "1", "action": "change", "base_quantity": "150", "backordered": "50"}
    for said, name in (
        ({**part, "promised_delivery": "0001-01-01"}, "promised_delivery"),
        ({**part, "promised_delivery": "2026-11-22"}, "promised_delivery"),
        ({**part, "backorder_delivery": "9999-12-31"}, "backorder_delivery"),
        ({"line_number": "1", "action": "accept", "promised_delivery": "2026-11-22"}, "promised_delivery"),
        ({"line_number": "1", "action": "backorder", "promised_delivery": "9999-12-31"}, "promised_delivery"),
    ):
        answer = decide(erp, order_id, {"version": 1, "lines": [said]})
        assert answer.status_code == 400, answer.text
        assert [(one["code"], one["path"]) for one in answer.json["faults"]] == [("bad_value", f"/lines/0/{name}")]
    assert_untouched(erp, order_id)
    today = {**part, "promised_delivery": "2026-11-23"}
    assert decide(erp, order_id, {"version": 1, "lines": [today]}).status_code == 200


# --- other kinds and formats ----------------------------------------------------------------------------------------
def test_a_blanket_order_is_accepted_as_a_ceiling_and_a_refused_release_gives_back(erp: SmallGateway) -> None:
    boxes = line("1", "PH-0101", "20", "DOOS", "5.40")
    frame = sent(erp, order(boxes, number="BL-1", order_type="blanket"))
    wrong = decide(erp, frame, {"version": 1, "action": "backorder"})
    assert [one["path"] for one in wrong.json["faults"]] == ["/action"]
    assert decide(erp, frame, ACCEPT).json["outcome"] == "accepted"
    assert (held(erp, frame), ledger(erp, frame)["1"]) == ({}, ("20", "0", "0", "0", "0", "20"))
    release = order(line("1", "PH-0101", "12", "DOOS"), number="R-1", order_type="release", contract="BL-1")
    order_id = sent(erp, release)
    drawn = erp.store.contracts.drawn_by([order_id])[order_id]
    assert [draw.quantity for draw in drawn["1"]] == [600]
    change = {"line_number": "1", "action": "change", "base_quantity": "250"}
    assert decide(erp, order_id, {"version": 1, "lines": [change]}).status_code == 200
    drawn = erp.store.contracts.drawn_by([order_id])[order_id]
    assert [draw.quantity for draw in drawn["1"]] == [250]


def test_a_cxml_decision_updates_the_confirmation_that_was_sent(erp: SmallGateway) -> None:
    folder = read_account(ACCOUNTS / PINE)
    terms = folder.account.model_dump(mode="json", by_alias=True)
    terms["identifiers"] = [{"scheme": "NetworkID", "id": "AN-PINE"}]
    terms["inbound"] = {"formats": ["cxml-1.2"]}
    terms["outbound"]["order_response"] = {"format": "cxml-1.2", "transport": "mailbox"}
    terms["policies"]["decision"] = "backoffice"
    erp.publish(replace(folder, account=type(folder.account).model_validate(terms)))
    message = erp.settle(PINE, CXML_ORDER.encode())
    order_id = erp.store.orders.by_number(PINE, "PH-CX-1")[0].id
    assert decide(erp, order_id, ACCEPT).status_code == 200
    received, accepted = erp.store.documents.of_messages([message.id])
    first, update = (etree.fromstring(erp.store.documents.body(one.id)) for one in (received, accepted))
    before, now = first.find(".//ConfirmationHeader"), update.find(".//ConfirmationHeader")
    assert before is not None
    assert now is not None
    assert (before.get("confirmID"), before.get("type"), now.get("type")) == (received.number, "detail", "accept")
    assert (now.get("confirmID"), now.get("operation")) == (received.number, "update")
    assert now.find("DocumentReference").get("payloadID") == first.get("payloadID")  # type: ignore[union-attr]
    reference = update.find(".//OrderReference/DocumentReference")
    assert reference is not None
    assert reference.get("payloadID") == "1@pine.example"
