"""Order responses worked out by hand from the rules of the trade."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from gateway.trade.decision import Decision
from gateway.trade.reasons import sentence
from gateway.trade.response import refusal_of_unread, seller_party
from mappings.revision import PriceRow, Product, SiteRow
from schemas.documents.common import Party, Period, Price
from schemas.documents.order import ScheduleLine
from schemas.faults import Fault
from schemas.formats.ubl_2_1.order_response import render_peppol_order_response
from tests.trade.builders import (
    CARTON,
    DAY,
    ISSUED,
    OAT,
    RECEIVED,
    SUPPLIER,
    account,
    decided,
    line,
    mapped,
    outcomes,
    parts,
    stock_of,
)

SHIP_AND_CANCEL = account(partial="ship_and_cancel")
ALL_OR_NOTHING = account(partial="all_or_nothing")
HAMBURG = ("OAT-1L", "HAM")
SOAP = Product("SOAP", "Soap", "EA")


def test_an_order_in_stock_is_accepted_as_ordered_and_taken() -> None:
    stock = stock_of({HAMBURG: 120})
    decision = decided(mapped(line("10", unit="CS", per_unit=CARTON, per_sales=12, buyer_item="PL-0042")), stock)
    (outcome,) = parts(decision)
    assert decision.response is not None
    assert decision.response.outcome == "accepted"
    assert (outcome.status, outcome.quantity, outcome.unit) == ("accepted", Decimal(10), "CS")
    assert outcome.price == Price(amount=Decimal("1.25"))
    assert outcome.promised_delivery == RECEIVED
    assert outcome.reason is None
    assert decision.response.lines[0].buyer_item == "PL-0042"
    (taken,) = decision.allocations
    assert (taken.product, taken.site, taken.account, taken.quantity) == ("OAT-1L", "HAM", "acme-retail", Decimal(120))
    assert stock.free("OAT-1L", "HAM", "acme-retail", 100) == 0


def test_the_responses_head() -> None:
    order = mapped(
        line("1"),
        version=3,
        change_number="PO-1-C2",
        issue_date=date(2026, 11, 22),
        buyer=Party(id="4012345000009", scheme="0088", name="ACME Retail"),
    )
    response = decided(order, stock_of({HAMBURG: 5})).response
    assert response is not None
    assert (response.number, response.order_number, response.order_version) == ("OR-1", "PO-1", 3)
    assert response.change_number == "PO-1-C2"
    assert (response.issue_date, response.issued_at, response.currency) == (RECEIVED, ISSUED, "EUR")
    assert response.order_issue_date == date(2026, 11, 22)
    assert response.buyer is order.order.buyer
    assert response.seller == seller_party(SUPPLIER)
    assert response.seller.id == "4099999000008"
    assert response.seller.address is not None
    assert response.seller.address.city == "Kiel"


def test_an_order_that_names_no_buyer_is_answered_to_its_account() -> None:
    """Peppol's T76 wants a buyer in every response, and empty elements in none."""
    response = decided(mapped(line("1")), stock_of({HAMBURG: 5})).response
    assert response is not None
    assert response.buyer is not None
    assert response.buyer.legal_name == "ACME Retail Group"
    assert b"<cac:BuyerCustomerParty/>" not in render_peppol_order_response(response)


def test_a_receipt_of_no_day_never_stops_an_order() -> None:
    """9999-12-31 is what ERPs write for none; transit can't be added to it."""
    site = SiteRow("DC", supply_site="HAM", transit_days=2)
    decision = decided(mapped(line("90", site=site), site=site), stock_of({HAMBURG: (88, date.max, 50)}))
    assert outcomes(decision) == [("accepted", "88"), ("backordered", "2")]
    assert parts(decision)[1].promised_delivery is None


# --- what is missing -----------------------------------------------------------------------------------------------


def test_90_are_88_accepted_1_backordered_1_cancelled() -> None:
    """88 on hand, 1 due before the buyer's cancel-after date, nothing more by then."""
    stock = stock_of({HAMBURG: (88, RECEIVED + 2 * DAY, 1)})
    decision = decided(mapped(line("90"), cancel_after=RECEIVED + 3 * DAY), stock)
    assert outcomes(decision) == [("accepted", "88"), ("backordered", "1"), ("cancelled", "1")]
    accepted, later, never = parts(decision)
    assert accepted.reason is None
    assert (later.promised_delivery, never.promised_delivery) == (RECEIVED + 2 * DAY, None)
    assert never.reason is not None
    assert "cancel-after date 2026-11-26" in never.reason
    (ledger,) = decision.ledger
    assert (ledger.ordered, ledger.confirmed, ledger.backordered, ledger.rejected, ledger.cancelled) == (
        Decimal(90),
        Decimal(88),
        Decimal(1),
        Decimal(0),
        Decimal(1),
    )
    assert [one.quantity for one in decision.allocations] == [Decimal(88)]


def test_the_rest_is_backordered_for_the_next_receipt() -> None:
    site = SiteRow("DC-EAST", supply_site="HAM", transit_days=2, receiving_days=1)
    stock = stock_of({HAMBURG: (88, date(2026, 12, 1), 500)})
    decision = decided(mapped(line("90", site=site), site=site), stock)
    assert outcomes(decision) == [("accepted", "88"), ("backordered", "2")]
    assert [one.promised_delivery for one in parts(decision)] == [date(2026, 11, 26), date(2026, 12, 4)]


@pytest.mark.parametrize("due", [None, (RECEIVED - DAY, 500), (RECEIVED + DAY, 1), (date.max, 500)])
def test_a_backorder_that_no_known_receipt_covers_has_no_date(due: tuple[date, int] | None) -> None:
    stock = stock_of({HAMBURG: (88, *due) if due else 88})
    decision = decided(mapped(line("90")), stock)
    assert outcomes(decision) == [("accepted", "88"), ("backordered", "2")]
    assert parts(decision)[1].promised_delivery is None


def test_ship_and_cancel() -> None:
    decision = decided(mapped(line("90")), stock_of({HAMBURG: (88, RECEIVED + DAY, 50)}), SHIP_AND_CANCEL)
    assert outcomes(decision) == [("accepted", "88"), ("cancelled", "2")]
    assert parts(decision)[1].reason


def test_nothing_there_and_nothing_to_follow_is_a_rejection_that_was_answered() -> None:
    decision = decided(mapped(line("90")), stock_of({}), SHIP_AND_CANCEL)
    assert (decision.verdict, outcomes(decision)) == ("answered", [("rejected", "90")])
    assert decision.response is not None
    assert decision.response.outcome == "rejected"
    assert decision.response.note is not None
    assert "Line 1: Not in stock" in decision.response.note
    assert decision.ledger[0].rejected == 90


def test_the_lines_flags_win_over_the_policy() -> None:
    lines = [
        line("90", index=0, backorder_allowed=False),
        line("90", index=1, product=SOAP, partial_allowed=False),
    ]
    decision = decided(mapped(*lines), stock_of({HAMBURG: 88, ("SOAP", "HAM"): 88}))
    assert outcomes(decision, 0) == [("accepted", "88"), ("cancelled", "2")]
    assert outcomes(decision, 1) == [("backordered", "90")]
    assert [one.product for one in decision.allocations] == ["OAT-1L"]
    allowed = mapped(line("90", partial_allowed=True, backorder_allowed=True))
    assert outcomes(decided(allowed, stock_of({HAMBURG: 88}), ALL_OR_NOTHING)) == [
        ("accepted", "88"),
        ("backordered", "2"),
    ]
    assert outcomes(decided(allowed, stock_of({HAMBURG: 88}), SHIP_AND_CANCEL))[1] == ("backordered", "2")


def test_the_orders_flag_wins_over_the_policy() -> None:
    order = mapped(line("90"), partial_allowed=True)
    assert outcomes(decided(order, stock_of({HAMBURG: 88}), ALL_OR_NOTHING)) == [
        ("accepted", "88"),
        ("backordered", "2"),
    ]


@pytest.mark.parametrize(("flag", "terms"), [(False, account()), (None, ALL_OR_NOTHING)])
def test_ship_complete_takes_nothing_where_a_line_is_short(flag: bool | None, terms: object) -> None:
    stock = stock_of({HAMBURG: (88, date(2026, 12, 1), None), ("SOAP", "HAM"): 500})
    lines = [line("90"), line("5", index=1, product=SOAP)]
    decision = decided(mapped(*lines, partial_allowed=flag), stock, terms)  # type: ignore[arg-type]
    assert [outcomes(decision, index) for index in (0, 1)] == [[("backordered", "90")], [("backordered", "5")]]
    assert {parts(decision, index)[0].promised_delivery for index in (0, 1)} == {date(2026, 12, 1)}
    assert decision.allocations == ()
    assert stock.free("OAT-1L", "HAM", "acme-retail", 100) == 88
    assert stock.free("SOAP", "HAM", "acme-retail", 100) == 500


def test_ship_complete_goes_out_where_all_is_there() -> None:
    stock = stock_of({HAMBURG: 90, ("SOAP", "HAM"): 5})
    decision = decided(mapped(line("90"), line("5", index=1, product=SOAP), partial_allowed=False), stock)
    assert decision.response is not None
    assert decision.response.outcome == "accepted"
    assert len(decision.allocations) == 2


def test_ship_complete_without_backorders_is_refused_whole() -> None:
    order = mapped(line("90"), line("5", index=1, product=SOAP), partial_allowed=False)
    decision = decided(order, stock_of({HAMBURG: 88, ("SOAP", "HAM"): 500}), SHIP_AND_CANCEL)
    assert (outcomes(decision, 0), outcomes(decision, 1)) == ([("rejected", "90")], [("rejected", "5")])
    reason = parts(decision, 1)[0].reason
    assert reason is not None
    assert "line 1 not in stock" in reason


def test_a_refused_line_takes_a_ship_complete_order_with_it() -> None:
    inactive = Fault("inactive_product", "Soap isn't sold.", "/lines/1/buyer_item", value="S", expected="SOAP-2")
    order = mapped(line("9"), line("5", index=1, product=SOAP), partial_allowed=False)
    decision = decided(order, stock_of({HAMBURG: 88}), faults=(inactive,))
    assert decision.verdict == "rejected"
    assert (decision.allocations, decision.ledger) == ((), ())
    assert outcomes(decision, 0) == [("rejected", "9")]


def test_only_whole_cartons_are_confirmed() -> None:
    """35 pieces are 2 cartons of twelve and 11 pieces: 2 of 3 cartons come."""
    decision = decided(mapped(line("3", unit="CS", per_unit=12, per_sales=6)), stock_of({HAMBURG: 35}))
    assert outcomes(decision) == [("accepted", "2"), ("backordered", "1")]
    assert decision.allocations[0].quantity == 24


def test_pieces_are_confirmed_in_whole_units_of_sale() -> None:
    """36 pieces sold in twelves, 35 there: 24 come."""
    decision = decided(mapped(line("36", per_sales=12)), stock_of({HAMBURG: 35}))
    assert outcomes(decision) == [("accepted", "24"), ("backordered", "12")]


def test_dozens_of_what_is_sold_in_tens_split_only_where_both_are_whole() -> None:
    """10 dozen are 12 tens. 119 pieces there; whole in dozens and in tens is every 60: 60 pieces are 5 dozen."""
    decision = decided(mapped(line("10", unit="DZN", per_unit=12, per_sales=10)), stock_of({HAMBURG: 119}))
    assert outcomes(decision) == [("accepted", "5"), ("backordered", "5")]


def test_kilograms_split_as_finely_as_they_were_ordered() -> None:
    rice = Product("RICE", "Rice", "GRM")
    order = mapped(line("12.5", product=rice, unit="KGM", per_unit=1000, per_sales=1, sales_unit="GRM"))
    decision = decided(order, stock_of({("RICE", "HAM"): 12345}))
    assert outcomes(decision) == [("accepted", "12.3"), ("backordered", "0.2")]
    assert decision.allocations[0].quantity == 12300


def test_without_a_supply_site_every_site_supplies_in_name_order() -> None:
    stock = stock_of({("OAT-1L", "KIEL"): 100, HAMBURG: 50})
    decision = decided(mapped(line("60")), stock)
    assert [(one.site, one.quantity) for one in decision.allocations] == [("HAM", 50), ("KIEL", 10)]
    assert outcomes(decision) == [("accepted", "60")]


def test_with_a_supply_site_no_other_supplies() -> None:
    site = SiteRow("DC", supply_site="HAM")
    decision = decided(mapped(line("60", site=site)), stock_of({("OAT-1L", "KIEL"): 100, HAMBURG: 50}))
    assert outcomes(decision) == [("accepted", "50"), ("backordered", "10")]


def test_an_account_takes_no_more_than_its_share() -> None:
    terms = account(allocation_percent=30)
    stock = stock_of({HAMBURG: 100})
    assert outcomes(decided(mapped(line("20")), stock, terms)) == [("accepted", "20")]
    assert outcomes(decided(mapped(line("20")), stock, terms)) == [("accepted", "10"), ("backordered", "10")]
    assert outcomes(decided(mapped(line("20")), stock, terms)) == [("backordered", "20")]


# --- dates ---------------------------------------------------------------------------------------------------------


def test_the_promise_is_the_requested_day_where_that_can_be_met() -> None:
    wanted = Period(start=date(2026, 12, 1), end=date(2026, 12, 2))
    decision = decided(mapped(line("1"), requested_delivery=wanted), stock_of({HAMBURG: 5}))
    assert parts(decision)[0].promised_delivery == date(2026, 12, 1)


def test_a_promise_after_the_window_is_a_change() -> None:
    """Lead time 5, transit 2, receiving 1: 23 November becomes 1 December."""
    slow = Product("OAT-1L", "Oat drink 1 l", "EA", lead_time_days=5)
    site = SiteRow("DC", transit_days=2, receiving_days=1)
    order = mapped(line("1", product=slow, site=site), requested_delivery=Period(end=date(2026, 11, 30)))
    decision = decided(order, stock_of({HAMBURG: 5}))
    (outcome,) = parts(decision)
    assert (outcome.status, outcome.promised_delivery) == ("changed", date(2026, 12, 1))
    assert outcome.reason is not None
    assert "2026-11-30" in outcome.reason
    assert decision.ledger[0].confirmed == 1
    assert decision.response is not None
    assert decision.response.outcome == "changed"


def test_the_lines_own_window_counts_before_the_orders() -> None:
    order = mapped(
        line("1", requested_delivery=Period(start=date(2026, 12, 9))),
        requested_delivery=Period(start=date(2026, 12, 1)),
    )
    assert parts(decided(order, stock_of({HAMBURG: 5})))[0].promised_delivery == date(2026, 12, 9)


@pytest.mark.parametrize(("policy", "status"), [("accept", "accepted"), ("change_date", "changed")])
def test_a_date_that_was_past_at_receipt(policy: str, status: str) -> None:
    past = Fault("past_date", "Over.", "/requested_delivery/end")
    order = mapped(line("1"), requested_delivery=Period(end=date(2026, 11, 20)), faults=(past,))
    decision = decided(order, stock_of({HAMBURG: 5}), account(past_date=policy))
    assert [(one.status, one.promised_delivery) for one in parts(decision)] == [(status, RECEIVED)]


def test_a_replay_a_week_later_promises_no_day_that_is_over() -> None:
    decision = decided(mapped(line("1")), stock_of({HAMBURG: 5}), issued_at=ISSUED + 7 * DAY)
    assert parts(decision)[0].promised_delivery == RECEIVED + 7 * DAY


def test_what_can_only_come_after_the_cancel_after_date_is_refused_and_not_taken() -> None:
    slow = Product("OAT-1L", "Oat drink 1 l", "EA", lead_time_days=5)
    decision = decided(mapped(line("1", product=slow), cancel_after=RECEIVED + DAY), stock_of({HAMBURG: 5}))
    assert (outcomes(decision), decision.allocations) == ([("rejected", "1")], ())


def test_a_schedule_is_confirmed_delivery_by_delivery() -> None:
    early, late = Period(start=date(2026, 12, 1)), Period(start=date(2026, 12, 15))
    parts_of = (
        ScheduleLine(quantity=Decimal(60), requested_delivery=early),
        ScheduleLine(quantity=Decimal(30), requested_delivery=late),
    )
    order = mapped(line("90", schedule=parts_of))
    assert [
        (one.status, one.quantity, one.promised_delivery) for one in parts(decided(order, stock_of({HAMBURG: 90})))
    ] == [("accepted", 60, date(2026, 12, 1)), ("accepted", 30, date(2026, 12, 15))]
    assert outcomes(decided(order, stock_of({HAMBURG: 88}))) == [
        ("accepted", "60"),
        ("accepted", "28"),
        ("backordered", "2"),
    ]


# --- price and quantity adjusted --------------------------------------------------------------------------------------


def test_the_contract_price_where_the_policy_accepts_it() -> None:
    fault = Fault("price_mismatch", "1.30 is not 1.25.", "/lines/0/price/amount", value="1.30", expected="1.25")
    order = mapped(line("2", price="1.30", contract=Fraction("1.25"), faults=(fault,)))
    (outcome,) = parts(decided(order, stock_of({HAMBURG: 5}), account(price_mismatch="accept_contract_price")))
    assert (outcome.status, outcome.quantity, outcome.price) == (
        "changed",
        Decimal(2),
        Price(amount=Decimal("1.25"), unit="EA"),
    )
    assert decided(order, stock_of({HAMBURG: 5})).verdict == "held"
    assert decided(order, stock_of({HAMBURG: 5}), account(price_mismatch="reject_line")).verdict == "rejected"


def test_a_contract_price_that_is_no_decimal_by_the_piece_is_said_by_the_dozen() -> None:
    row = PriceRow("OAT-1L", "XCT", "EUR", Decimal("10.00"))
    order = mapped(line("24", price=None, contract=Fraction(10, 12), row=row))
    (outcome,) = parts(decided(order, stock_of({HAMBURG: 50})))
    assert outcome.price == Price(amount=Decimal("10.00"), base_quantity=Decimal(12), unit="EA")


def test_an_order_without_a_price_is_answered_with_the_contracts() -> None:
    (outcome,) = parts(decided(mapped(line("1", price=None, contract=Fraction(5, 2))), stock_of({HAMBURG: 50})))
    assert str(outcome.price.amount if outcome.price else None) == "2.50"


def test_seven_of_a_carton_of_twelve() -> None:
    fault = Fault("fractional_unit", "7 EA is no carton.", "/lines/0/quantity", location="line 9", value="7")
    order = mapped(line("7", per_sales=12, sales_unit="XCT", faults=(fault,)))
    refused = decided(order, stock_of({HAMBURG: 50}))
    assert (refused.verdict, outcomes(refused)) == ("rejected", [("rejected", "7")])
    reason = parts(refused)[0].reason
    assert reason is not None
    assert reason == "7 EA is no carton. Sent: 7. (line 9)"
    assert decided(order, stock_of({HAMBURG: 50}), account(fractional_unit="hold")).verdict == "held"
    raised = decided(order, stock_of({HAMBURG: 50}), account(fractional_unit="round_up"))
    assert outcomes(raised) == [("changed", "12")]
    assert [one.quantity for one in raised.allocations] == [Decimal(12)]
    (ledger,) = raised.ledger
    assert (ledger.ordered, ledger.base_ordered, ledger.raised, ledger.confirmed) == (7, 7, 5, 12)


def test_a_reason_is_a_sentence_with_the_place_in_what_was_sent_and_no_code() -> None:
    fault = Fault(
        "unknown_item",
        "nothing of ours is known by the account's item number PL-9999",
        "/lines/0/buyer_item",
        location="/lines/0/buyer_item (line 8)",
        value="PL-9999",
        expected="an item number that is agreed",
    )
    assert sentence(fault) == (
        "Nothing of ours is known by the account's item number PL-9999. Sent: PL-9999. "
        "Expected: an item number that is agreed. (/lines/0/buyer_item, line 8)"
    )


def test_what_is_expected_is_said_once() -> None:
    day = "a date, written YYYY-MM-DD"
    fault = Fault("not_a_date", f"issue_date must be {day}", "/issue_date", value="26.11.2026", expected=day)
    assert sentence(fault) == ('"issue_date" must be a date, written YYYY-MM-DD. Sent: 26.11.2026. (/issue_date)')
    whole = Fault("fractional_unit", "7 EA is no whole pack, which is 12 EA", "/lines/0/quantity", expected="2 EA")
    assert "Expected: 2 EA." in sentence(whole), "what ends in the same is not the same"


def test_what_cannot_be_rounded_up_exactly_is_refused() -> None:
    """One dozen of what is sold in tens: two tens are 1.666… dozen."""
    fault = Fault("fractional_unit", "1 DZN is no pack of ten.", "/lines/0/quantity")
    order = mapped(line("1", unit="DZN", per_unit=12, per_sales=10, faults=(fault,)))
    assert decided(order, stock_of({HAMBURG: 50}), account(fractional_unit="round_up")).verdict == "rejected"


# --- faults --------------------------------------------------------------------------------------------------------


def test_an_unknown_item_holds_the_order_or_the_line_or_is_refused() -> None:
    unknown = Fault("unknown_item", "No row fits.", "/lines/1/buyer_item", value="X-1", expected="a number we know")
    order = mapped(line("5"), line("3", index=1, product=None, per_unit=None, faults=(unknown,)))
    held = decided(order, stock_of({HAMBURG: 50}))
    assert (held.verdict, held.response, held.ledger, held.allocations) == ("held", None, (), ())
    assert held.faults == (unknown,)
    waits = decided(order, stock_of({HAMBURG: 50}), account(unknown_item="hold_line"))
    assert (outcomes(waits, 0), outcomes(waits, 1)) == ([("accepted", "5")], [("backordered", "3")])
    (waiting,) = parts(waits, 1)
    assert waiting.promised_delivery is None
    assert (waiting.reason or "").startswith("On hold: ")
    refused = decided(order, stock_of({HAMBURG: 50}), account(unknown_item="reject_line"))
    assert (refused.verdict, outcomes(refused, 1)) == ("answered", [("rejected", "3")])
    for word in ("(/lines/1/buyer_item)", "X-1", "No row fits", "a number we know"):
        assert word in (parts(refused, 1)[0].reason or "")


def test_a_wrong_buyer_is_refused_with_its_reasons_in_the_note() -> None:
    wrong = Fault("wrong_buyer", "Not the key's buyer.", "/buyer/id", value="4000000000006", expected="4012345000009")
    unknown = Fault("unknown_item", "No row fits.", "/lines/0/buyer_item")
    order = mapped(line("5", faults=(unknown,)), faults=(wrong,))
    decision = decided(order, stock_of({HAMBURG: 50}))
    assert (decision.verdict, decision.faults) == ("rejected", (wrong, unknown))
    assert decision.response is not None
    assert decision.response.outcome == "rejected"
    note = decision.response.note or ""
    assert "4000000000006" in note
    assert "4012345000009" in note
    assert "unknown_item" not in note  # that one is for us to mend
    assert outcomes(decision) == [("rejected", "5")]


@pytest.mark.parametrize(
    ("detail", "path", "begins"),
    [
        ("unti is not a field here", "/lines/0/unti", '"unti" is not a field here.'),
        ("un ti is not a field here", "/lines/0/un ti", '"un ti" is not a field here.'),
        ("a/b~c is not a field here", "/a~1b~0c", '"a/b~c" is not a field here.'),
        ("quantity: not a decimal number", "/lines/0/quantity", '"quantity": not a decimal number.'),
        ("order_number is missing or empty", "", '"order_number" is missing or empty.'),
        ("cbc:ID must be a value", "/lines/0", '"cbc:ID" must be a value.'),
        ("the price 5 is below zero", "/lines/0/price/amount", "The price 5 is below zero."),
        ("7 EA is not whole", "/lines/7", "7 EA is not whole."),
        ("units of 7 are not whole", "/lines/0/unit", "Units of 7 are not whole."),
    ],
)
def test_a_sentence_begins_with_a_capital_letter_or_with_a_name_as_it_is_written(
    detail: str, path: str, begins: str
) -> None:
    assert sentence(Fault("bad_value", detail, path)).startswith(begins)


def test_an_order_that_could_not_be_read_whole_is_refused_by_its_number() -> None:
    fault = Fault("missing_field", "No quantity.", "/lines/0/quantity")
    response = refusal_of_unread("PO-1", [fault], account(), SUPPLIER, response_number="OR-9", issued_at=ISSUED)
    assert (response.outcome, response.order_number, response.number) == ("rejected", "PO-1", "OR-9")
    assert (response.lines, response.buyer and response.buyer.name) == ((), account().name)
    assert "No quantity" in (response.note or "")


def test_a_thousand_reasons_still_fit_the_note() -> None:
    faults = tuple(Fault("inactive_product", "Gone. " * 30, f"/lines/{index}/gtin") for index in range(1000))
    order = mapped(*(line("5", index=index) for index in range(1000)))
    response = decided(order, stock_of({}), faults=faults).response
    assert response is not None
    assert len(response.note or "") <= 10_000
    assert (response.note or "").endswith(" more.")


def test_a_line_that_the_mapping_left_open_without_a_fault_is_a_bug() -> None:
    with pytest.raises(ValueError, match="no product or quantity"):
        decided(mapped(line("5", product=None, per_unit=None)), stock_of({}))


# --- kinds ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_document", [True, False])
def test_a_test_order_is_answered_in_full_and_takes_nothing(by_document: bool) -> None:
    stock = stock_of({HAMBURG: 1})
    order = mapped(line("90"), test=by_document)
    decision = decided(order, stock, account(decision="backoffice"), test=not by_document)
    assert decision.response is not None
    assert (decision.response.test, decision.response.outcome, outcomes(decision)) == (
        True,
        "accepted",
        [("accepted", "90")],
    )
    assert decision.allocations == ()
    assert stock.free("OAT-1L", "HAM", "acme-retail", 100) == 1


def test_what_the_erp_decides_is_received_and_all_open() -> None:
    stock = stock_of({HAMBURG: 100})
    decision = decided(mapped(line("90")), stock, account(decision="backoffice"))
    assert decision.verdict == "answered"
    assert decision.response is not None
    assert (decision.response.outcome, decision.response.lines) == ("received", ())
    assert quantities(decision) == (90, 0, 0, 0, 0)
    assert decision.allocations == ()
    assert stock.free("OAT-1L", "HAM", "acme-retail", 100) == 100


def test_a_blanket_order_is_agreed_and_takes_nothing() -> None:
    """However little there is: its lines are ceilings for its releases, for no day."""
    stock = stock_of({HAMBURG: 10})
    decision = decided(mapped(line("90"), order_type="blanket"), stock)
    assert decision.response is not None
    (outcome,) = decision.response.lines[0].outcomes
    assert (decision.response.outcome, outcome.status, outcome.quantity) == ("accepted", "accepted", 90)
    assert outcome.promised_delivery is None
    assert str(decision.response.note).startswith("A blanket order")
    assert quantities(decision) == (90, 0, 0, 0, 0)
    assert decision.allocations == ()
    assert stock.free("OAT-1L", "HAM", "acme-retail", 100) == 10
    silent = decided(mapped(line("90"), order_type="blanket", response_requested=False), stock)
    assert (silent.response, silent.outcome) == (None, "accepted")
    erp = decided(mapped(line("90"), order_type="blanket"), stock, account(decision="backoffice"))
    assert erp.response is not None
    assert (erp.response.outcome, erp.outcome) == ("received", None)


def quantities(decision: Decision) -> tuple[Decimal, ...]:
    """Of the only line: ordered, confirmed, back-ordered, rejected, cancelled."""
    (one,) = decision.ledger
    return one.ordered, one.confirmed, one.backordered, one.rejected, one.cancelled


def test_consignment_is_allocated_like_any_other() -> None:
    decision = decided(mapped(line("90"), order_type="consignment"), stock_of({HAMBURG: 100}))
    assert decision.allocations[0].quantity == 90


def test_who_wants_no_response_gets_none_and_the_order_stands() -> None:
    decision = decided(mapped(line("90"), response_requested=False), stock_of({HAMBURG: 100}))
    assert decision.response is None
    assert decision.ledger[0].confirmed == 90
    assert decision.allocations[0].quantity == 90
    assert OAT.product == decision.ledger[0].product
