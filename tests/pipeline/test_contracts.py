"""Blanket orders and what is released of them: ceilings by product and in money, changes, tests, workers at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.pipeline import drain
from gateway.services import Limits, Services
from gateway.store.messages import StoredMessage
from gateway.store.statements import fetch
from gateway.store.store import Store
from gateway.terms import Terms
from mappings.files.account_folder import read_account
from schemas.faults import Fault
from tests.examples.order_lines import BOLTS, HAMMERS, SAWS, line, order
from tests.examples.small_gateway import ACCOUNTS, ALL_LANES, SmallGateway, outcomes

PINE = "pine-hardware"
BLANKET = "BL-1"
BOXES = line("1", "PH-0101", "20", "DOOS", "5.40")
"""20 boxes of 50 bolts, at the price from 10 boxes on; fewer are 6.00."""


def blanket(*lines: dict[str, Any], **header: Any) -> dict[str, Any]:
    """The blanket order BL-1, of 20 boxes of bolts where no lines are given."""
    return order(*(lines or (BOXES,)), number=BLANKET, **{"order_type": "blanket", **header})


def release(number: str, *lines: dict[str, Any], **header: Any) -> dict[str, Any]:
    """A release of it."""
    return order(*lines, number=number, **{"order_type": "release", "contract": BLANKET, **header})


def bolts(quantity: str, unit: str = "DOOS") -> dict[str, Any]:
    """So many bolts, in boxes of 50 or by another unit, at the contract's price."""
    return line("1", "PH-0101", quantity, unit)


def boxes(of: dict[str, str]) -> list[dict[str, Any]]:
    """Line number → boxes of bolts."""
    return [line(number, "PH-0101", quantity, "DOOS") for number, quantity in of.items()]


def faults(gateway: SmallGateway, message: StoredMessage) -> list[Fault]:
    """All of what is wrong with it."""
    return gateway.store.messages.faults(message.id)


def drawn(gateway: SmallGateway, number: str = BLANKET, *, test: bool = False) -> tuple[dict[str, Decimal], Decimal]:
    """Product → base units that are drawn of the blanket order; and what they cost. The movements' sums and their
    running totals agree, and neither passes its ceiling."""
    (stands,) = [one for one in gateway.store.orders.by_number(PINE, number) if one.test == test]
    with gateway.store.database.read() as connection:
        rows = fetch(
            connection,
            "SELECT number, product, quantity, amount, drawn, amount_drawn FROM contract_movements "
            "WHERE contract_id = ? ORDER BY number",
            [stands.id],
        )
    sums: dict[str, Decimal] = {}
    amount = Decimal(0)
    for index, (count, product, quantity, cost, total, total_amount) in enumerate(rows, 1):
        sums[product] = sums.get(product, Decimal(0)) + Decimal(quantity)
        amount += Decimal(cost)
        assert (count, Decimal(total), Decimal(total_amount)) == (index, sums[product], amount)
    return {product: quantity for product, quantity in sums.items() if quantity}, amount


def taken(gateway: SmallGateway) -> Decimal:
    """Bolts taken of the stock."""
    return sum((one.taken for one in gateway.store.stock.load(["BOLT-M8"], [PINE]).positions.values()), Decimal(0))


def test_releases_draw_until_nothing_is_left(on_either: SmallGateway) -> None:
    gateway = on_either
    agreed = gateway.settle(PINE, blanket())
    assert (agreed.status, gateway.response(agreed.id).outcome, taken(gateway)) == ("done", "accepted", 0)
    (stands,) = gateway.store.orders.by_number(PINE, BLANKET)
    (ceiling,) = gateway.store.orders.ledger(stands.id)
    assert (stands.status, ceiling.ordered, ceiling.open, ceiling.confirmed) == ("open", 20, 20, 0)

    first = gateway.settle(PINE, release("R-1", bolts("12")))
    assert (first.status, gateway.response(first.id).outcome, taken(gateway)) == ("done", "accepted", 600)
    assert drawn(gateway) == ({"BOLT-M8": Decimal(600)}, Decimal("64.80"))
    assert gateway.settle(PINE, release("R-1", bolts("12"))).id == first.id, "sent again, it draws nothing more"
    assert drawn(gateway) == ({"BOLT-M8": Decimal(600)}, Decimal("64.80"))

    beyond = gateway.settle(PINE, release("R-2", bolts("9")))
    assert (beyond.status, gateway.response(beyond.id).outcome) == ("rejected", "rejected")
    (fault,) = faults(gateway, beyond)
    assert (fault.code, fault.path, fault.value, fault.expected) == (
        *("contract_exceeded", "/lines/0/quantity"),
        *("9", "at most 8 DOOS"),
    )
    assert "is for 20 DOOS of this item, of which 12 DOOS are released already; 8 DOOS are left" in fault.detail
    last = gateway.settle(PINE, release("R-3", bolts("400", "STUK")))
    assert (last.status, faults(gateway, last)) == ("done", [])
    assert drawn(gateway)[0] == {"BOLT-M8": Decimal(1000)}
    (fault,) = faults(gateway, gateway.settle(PINE, release("R-4", bolts("1"))))
    assert (fault.code, fault.expected) == ("contract_exceeded", "nothing: all of it is released")


def test_line_by_line(gateway: SmallGateway) -> None:
    """What fits is released; two lines of one item share what is left."""
    gateway.settle(PINE, blanket())
    other = line("3", "PH-0102", "3", "STUK", "11.50")
    sent = gateway.settle(PINE, release("R-1", bolts("15"), {**bolts("6"), "line_number": "2"}, other))
    assert [(fault.code, fault.path) for fault in faults(gateway, sent)] == [
        ("contract_exceeded", "/lines/1/quantity"),
        ("not_in_contract", "/lines/2/buyer_item"),
    ]
    assert outcomes(gateway.response(sent.id)) == {
        "1": [("accepted", "15", "DOOS")],
        "2": [("rejected", "6", "DOOS")],
        "3": [("rejected", "3", "STUK")],
    }
    assert drawn(gateway)[0] == {"BOLT-M8": Decimal(750)}


def test_the_total_is_a_ceiling_too(gateway: SmallGateway) -> None:
    gateway.settle(PINE, blanket(total="60.00"))
    assert gateway.settle(PINE, release("R-1", bolts("7"))).status == "done"
    (fault,) = faults(gateway, gateway.settle(PINE, release("R-2", bolts("4"))))
    assert (fault.code, fault.value, fault.expected) == ("contract_exceeded", "24.00 EUR", "at most 18.00 EUR")
    assert "is for 60.00 EUR in all, of which 42.00 are released already" in fault.detail
    assert gateway.settle(PINE, release("R-3", bolts("3"))).status == "done"
    assert drawn(gateway)[1] == Decimal("60.00")


def test_without_its_blanket_order(gateway: SmallGateway) -> None:
    """Never guessed: held until it is there, or the account's terms name the contract."""
    held = gateway.settle(PINE, release("R-1", BOLTS))
    (fault,) = faults(gateway, held)
    assert (held.status, fault.code, fault.path, fault.value) == ("held", "unknown_contract", "/contract", BLANKET)
    gateway.settle(PINE, order(BOLTS, number=BLANKET + "0"))
    plain = gateway.settle(PINE, release("R-2", BOLTS, contract=BLANKET + "0"))
    assert gateway.faults(plain.id) == [("unknown_contract", "/contract")], "an order of another kind is no contract"
    gateway.settle(PINE, blanket())
    assert gateway.settle(PINE, release("R-1", BOLTS)).id == held.id
    assert (gateway.message(held.id).status, drawn(gateway)[0]) == ("done", {"BOLT-M8": Decimal(200)})


def test_a_contract_without_ceilings(gateway: SmallGateway) -> None:
    folder = read_account(ACCOUNTS / PINE)
    terms = folder.account.model_dump(mode="json", by_alias=True) | {"contracts": ["FRAME-7"]}
    gateway.publish(replace(folder, account=type(folder.account).model_validate(terms)))
    sent = gateway.settle(PINE, release("R-1", BOLTS, contract="FRAME-7"))
    assert (sent.status, faults(gateway, sent)) == ("done", [])


def test_in_one_batch(gateway: SmallGateway) -> None:
    """The releases that came with their blanket order are decided on it, and on one another."""
    sent = [gateway.send(PINE, one) for one in (blanket(), release("R-1", bolts("12")), release("R-2", bolts("9")))]
    gateway.work()
    assert [gateway.message(one).status for one in sent] == ["done", "done", "rejected"]
    again = [gateway.send(PINE, release(f"R-{number}", bolts("3"))) for number in (3, 4, 5)]
    gateway.work()
    assert [gateway.message(one).status for one in again] == ["done", "done", "rejected"]
    assert drawn(gateway)[0] == {"BOLT-M8": Decimal(900)}


def test_a_release_has_the_price_of_its_own_quantity(gateway: SmallGateway) -> None:
    """20 boxes were agreed at the price from 10 on; 2 of them cost what 2 cost."""
    gateway.settle(PINE, blanket())
    gateway.settle(PINE, release("R-1", bolts("2")))
    assert drawn(gateway)[1] == Decimal("12.00")
    (fault,) = faults(gateway, gateway.settle(PINE, release("R-2", BOXES | {"quantity": "2"})))
    assert (fault.code, fault.value) == ("price_mismatch", "5.40 EUR per DOOS, 10 % below")


# --- changes ----------------------------------------------------------------------------------------------------------
def test_a_release_that_is_changed(on_either: SmallGateway) -> None:
    gateway = on_either
    gateway.settle(PINE, blanket(total="120.00"))
    gateway.settle(PINE, release("R-1", bolts("12")))
    gateway.settle(PINE, release("R-2", bolts("5")))
    more = {"function": "change", "version": 2}
    beyond = gateway.settle(PINE, release("R-1", bolts("16"), **more))
    assert (beyond.status, gateway.faults(beyond.id)) == ("rejected", [("contract_exceeded", "/lines/0/quantity")])
    assert drawn(gateway)[0] == {"BOLT-M8": Decimal(850)}, "the release stands as it was"
    assert taken(gateway) == 850
    assert gateway.settle(PINE, release("R-1", bolts("15"), **more)).status == "done"
    assert drawn(gateway) == ({"BOLT-M8": Decimal(1000)}, Decimal("111.00"))
    assert gateway.settle(PINE, release("R-1", bolts("2"), **more | {"version": 3})).status == "done"
    assert drawn(gateway) == ({"BOLT-M8": Decimal(350)}, Decimal("42.00"))
    cancelled = gateway.settle(PINE, release("R-2", bolts("5"), function="cancel", version=2))
    assert (cancelled.status, faults(gateway, cancelled)) == ("done", [])
    assert drawn(gateway) == ({"BOLT-M8": Decimal(100)}, Decimal("12.00"))


def test_a_refused_line_of_a_release_draws_as_it_stands(on_either: SmallGateway) -> None:
    """In the unit that it had, not in the one that was asked: neither less nor more than was confirmed."""
    gateway = on_either
    gateway.settle(PINE, blanket(BOXES, {**HAMMERS, "quantity": "30"}))
    gateway.settle(PINE, release("R-1", bolts("12"), HAMMERS))
    change = {"function": "change", "version": 2}
    fewer = gateway.settle(PINE, release("R-1", bolts("601", "STUK"), {**HAMMERS, "quantity": "6"}, **change))
    assert (fewer.status, gateway.faults(fewer.id)) == ("done", [("fractional_unit", "/lines/0/quantity")])
    assert outcomes(gateway.response(fewer.id)) == {
        "1": [("changed", "12", "DOOS")],
        "2": [("accepted", "6", "STUK")],
    }
    both = {"BOLT-M8": Decimal(600), "HAMMER-16": Decimal(6)}
    assert drawn(gateway) == (both, Decimal("133.80"))
    beyond = gateway.settle(PINE, release("R-2", bolts("12")))
    assert gateway.faults(beyond.id) == [("contract_exceeded", "/lines/0/quantity")]

    gateway.settle(PINE, release("R-3", bolts("400", "STUK")))
    more = gateway.settle(PINE, release("R-3", bolts("0.401", "PALLET"), HAMMERS, **change))
    assert (more.status, gateway.faults(more.id)) == ("done", [("fractional_unit", "/lines/0/quantity")])
    assert drawn(gateway)[0]["BOLT-M8"] == 1000


@pytest.mark.parametrize(
    "after",
    [
        pytest.param({"1": "10", "2": "10"}, id="from-the-line-that-comes-after"),
        pytest.param({"2": "10", "1": "10"}, id="from-the-line-that-comes-before"),
        pytest.param({"3": "5", "4": "15"}, id="renumbered"),
        pytest.param({"2": "20"}, id="one-line-deleted"),
        pytest.param({"1": "5", "3": "15"}, id="one-line-as-it-was"),
    ],
)
def test_a_release_may_share_out_anew_what_it_has(gateway: SmallGateway, after: dict[str, str]) -> None:
    """All of the blanket order is released, in quantity and in money; the release asks for no more than it has."""
    gateway.settle(PINE, blanket(total="111.00"))
    gateway.settle(PINE, release("R-1", *boxes({"1": "5", "2": "15"})))
    assert drawn(gateway) == ({"BOLT-M8": Decimal(1000)}, Decimal("111.00"))
    changed = gateway.settle(PINE, release("R-1", *boxes(after), function="change", version=2))
    assert (changed.status, faults(gateway, changed)) == ("done", [])
    assert drawn(gateway)[0] == {"BOLT-M8": Decimal(1000)}
    more = {**after, "9": "1"}
    beyond = gateway.settle(PINE, release("R-1", *boxes(more), function="change", version=3))
    assert (beyond.status, {fault.code for fault in faults(gateway, beyond)}) == ("rejected", {"contract_exceeded"})


def test_a_refused_line_of_a_release_gives_nothing_back(gateway: SmallGateway) -> None:
    gateway.settle(PINE, blanket())
    gateway.settle(PINE, release("R-1", *boxes({"1": "5", "2": "15"})))
    less = line("2", "PH-0101", "499", "STUK")
    changed = gateway.settle(PINE, release("R-1", *boxes({"1": "10"}), less, function="change", version=2))
    assert (changed.status, {fault.code for fault in faults(gateway, changed)}) == (
        "rejected",
        {"fractional_unit", "contract_exceeded"},
    )
    assert drawn(gateway)[0] == {"BOLT-M8": Decimal(1000)}


def test_a_line_refused_for_want_of_stock_gives_nothing_back_either(on_either: SmallGateway) -> None:
    """Line 3 counts on the boxes of line 1, which keeps them: there aren't that many saws."""
    gateway = on_either
    gateway.settle(PINE, blanket(BOXES, {**SAWS, "quantity": "3000"}))
    gateway.settle(PINE, release("R-1", *boxes({"1": "20"})))
    saws = {**SAWS, "line_number": "1", "quantity": "2000", "backorder_allowed": False, "partial_allowed": False}
    lines = [saws, *boxes({"3": "20"})]
    changed = gateway.settle(PINE, release("R-1", *lines, function="change", version=2))
    assert (changed.status, gateway.faults(changed.id)) == ("rejected", [("contract_exceeded", "/lines/1/quantity")])
    assert [(one.code, one.location) for one in faults(gateway, changed)] == [
        ("contract_exceeded", "/lines/1/quantity")
    ]
    assert drawn(gateway)[0] == {"BOLT-M8": Decimal(1000)}
    assert taken(gateway) == 1000
    fewer = [saws, *boxes({"2": "1"}), {**SAWS, "line_number": "3", "quantity": "2"}]
    again = gateway.settle(PINE, release("R-1", *fewer, function="change", version=2))
    assert gateway.faults(again.id) == [("contract_exceeded", "/lines/1/quantity")]
    other = {**SAWS, "line_number": "3", "quantity": "2"}
    beside = gateway.settle(PINE, release("R-1", saws, other, function="change", version=3))
    assert outcomes(gateway.response(beside.id)) == {
        "1": [("changed", "20", "DOOS")],
        "3": [("accepted", "2", "STUK")],
    }
    assert drawn(gateway)[0] == {"BOLT-M8": Decimal(1000), "SAW-600": Decimal(2)}


@pytest.mark.parametrize(
    ("said", "path", "expected"),
    [
        ({"contract": "BL-2"}, "/contract", BLANKET),
        ({"contract": "BL-2", "other_lines": "kept"}, "/contract", BLANKET),
        ({"order_type": "stand_alone"}, "/order_type", "release"),
        ({"order_type": "blanket"}, "/order_type", "release"),
    ],
)
def test_a_change_makes_no_order_another_kind_or_contract(
    gateway: SmallGateway, said: dict[str, str], path: str, expected: str
) -> None:
    gateway.settle(PINE, blanket())
    gateway.settle(PINE, order(BOXES, number="BL-2", order_type="blanket"))
    gateway.settle(PINE, release("R-1", bolts("5")))
    changed = gateway.settle(PINE, release("R-1", bolts("6"), **{"function": "change", "version": 2, **said}))
    (fault,) = faults(gateway, changed)
    assert (changed.status, gateway.response(changed.id).outcome) == ("rejected", "rejected")
    assert (fault.code, fault.path, fault.value, fault.expected) == (
        *("bad_value", path),
        *(said[path.removeprefix("/")], expected),
    )
    assert drawn(gateway)[0] == {"BOLT-M8": Decimal(250)}, "the release stands as it was"


@pytest.mark.parametrize("said", [{}, {"other_lines": "kept"}, {"order_type": "stand_alone"}])
def test_a_stand_alone_order_may_name_a_renewed_contract(gateway: SmallGateway, said: dict[str, str]) -> None:
    """Nothing is counted against it: it is a reference, which goes back to the buyer as the change says it."""
    gateway.settle(PINE, order(bolts("4"), number="SA-1", contract="C77"))
    change = {"function": "change", "version": 2, "contract": "C78", **said}
    changed = gateway.settle(PINE, order(bolts("5"), number="SA-1", **change))
    assert (changed.status, outcomes(gateway.response(changed.id))) == ("done", {"1": [("accepted", "5", "DOOS")]})
    assert _contract_on_the_books(gateway, "SA-1") == "C78"
    silent = gateway.settle(PINE, order(bolts("6"), number="SA-1", function="change", version=3))
    assert (silent.status, _contract_on_the_books(gateway, "SA-1")) == ("done", "C78")


def _contract_on_the_books(gateway: SmallGateway, number: str) -> str | None:
    (stored,) = gateway.store.orders.by_number(PINE, number)
    return next(iter(gateway.store.threads.standing([stored.id]).values())).order.contract


def test_a_change_that_says_neither_kind_nor_contract(gateway: SmallGateway) -> None:
    gateway.settle(PINE, blanket())
    gateway.settle(PINE, release("R-1", bolts("5")))
    changed = gateway.settle(PINE, order(bolts("6"), number="R-1", function="change", version=2))
    assert (changed.status, faults(gateway, changed)) == ("done", [])
    assert drawn(gateway)[0] == {"BOLT-M8": Decimal(300)}


def test_a_blanket_order_is_never_less_than_what_is_released(on_either: SmallGateway) -> None:
    gateway = on_either
    gateway.settle(PINE, blanket(total="120.00"))
    gateway.settle(PINE, release("R-1", bolts("12")))
    change = {"function": "change", "version": 2}
    less = gateway.settle(PINE, blanket(bolts("11"), total="60.00", **change))
    assert (less.status, gateway.faults(less.id)) == (
        "rejected",
        [("less_than_released", "/total"), ("less_than_released", "/lines/0/quantity")],
    )
    gone = gateway.settle(PINE, blanket(line("2", "PH-0102", "9", "STUK", "11.50"), total="120.00", **change))
    assert (gone.status, gateway.faults(gone.id)) == ("rejected", [("less_than_released", "/lines")])
    cancel = gateway.settle(PINE, blanket(function="cancel", version=2))
    assert (cancel.status, gateway.faults(cancel.id)) == ("rejected", [("less_than_released", "")])
    (stands,) = gateway.store.orders.by_number(PINE, BLANKET)
    assert (stands.version, stands.status) == (1, "open")
    assert gateway.settle(PINE, blanket(bolts("12"), total="72.00", **change)).status == "done"
    (fault,) = faults(gateway, gateway.settle(PINE, release("R-2", bolts("1"))))
    assert fault.code == "contract_exceeded"
    gateway.settle(PINE, release("R-1", bolts("12"), function="cancel", version=2))
    assert gateway.settle(PINE, blanket(function="cancel", version=3)).status == "done"
    late = gateway.settle(PINE, release("R-3", bolts("1")))
    (fault,) = faults(gateway, late)
    assert (late.status, fault.code) == ("held", "unknown_contract")
    assert "was cancelled" in fault.detail


def test_what_is_released_is_told_in_the_accounts_words(gateway: SmallGateway) -> None:
    """Its item and its unit, also where what was sent names neither."""
    gateway.settle(PINE, blanket())
    gateway.settle(PINE, release("R-1", bolts("600", "STUK")))
    change = {"function": "change", "version": 2}
    gone = line("2", "PH-0102", "9", "STUK", "11.50")
    for sent, ending in (
        (blanket(function="cancel", version=2), "it can't be cancelled"),
        (blanket(gone, **change), "no less can be agreed"),
        (blanket(bolts("11"), **change), "no less can be agreed"),
    ):
        (fault,) = faults(gateway, gateway.settle(PINE, sent))
        assert fault.detail == f"12 DOOS of PH-0101 were released of BL-1: {ending}. It stands as it was."
        assert fault.expected == ("12 DOOS or more" if fault.path else "its releases cancelled first")


# --- what is shown ----------------------------------------------------------------------------------------------------
def test_a_blanket_order_shows_its_releases(gateway: SmallGateway) -> None:
    gateway.settle(PINE, blanket())
    for sent in (release("R-1", bolts("12")), release("R-2", bolts("4")), release("R-3", bolts("2"))):
        gateway.settle(PINE, sent)
    gateway.settle(PINE, release("R-2", bolts("4"), function="cancel", version=2))
    asked = {"Authorization": f"Bearer {gateway.key(PINE)}"}
    thread = gateway.client.get(f"/v1/orders/{BLANKET}", headers=asked).json
    assert (thread["order_type"], thread["lines"][0]["open"]) == ("blanket", "20")
    assert thread["releases"] == [
        {"order_number": "R-1", "product": "BOLT-M8", "base_quantity": "600", "amount": "64.80"},
        {"order_number": "R-3", "product": "BOLT-M8", "base_quantity": "100", "amount": "12.00"},
    ]
    assert gateway.client.get("/v1/orders/R-1", headers=asked).json["releases"] == []


# --- tests ------------------------------------------------------------------------------------------------------------
def test_test_releases_see_test_blankets_only(gateway: SmallGateway) -> None:
    gateway.settle(PINE, blanket())
    held = gateway.settle(PINE, release("R-1", bolts("5")), test=True)
    assert gateway.faults(held.id) == [("unknown_contract", "/contract")]
    assert gateway.settle(PINE, blanket(bolts("6")), test=True).status == "done"
    sent = gateway.settle(PINE, release("R-2", bolts("5"), test=True))
    response = gateway.response(sent.id)
    assert (sent.status, response.test, response.outcome) == ("done", True, "accepted")
    beyond = gateway.settle(PINE, release("R-3", bolts("5")), test=True)
    assert gateway.faults(beyond.id) == [("contract_exceeded", "/lines/0/quantity")]
    assert (drawn(gateway, test=True)[0], drawn(gateway)[0]) == ({"BOLT-M8": Decimal(250)}, {})
    assert taken(gateway) == 0


# --- workers at once --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("quantity", ["1", "3"])
def test_two_workers_release_what_is_left_and_no_more(on_either: SmallGateway, tmp_path: Path, quantity: str) -> None:
    gateway = on_either
    gateway.settle(PINE, blanket())
    gateway.set_policies(PINE, order_rate_per_minute=0)
    sent = [gateway.send(PINE, release(f"R-{number}", bolts(quantity))) for number in range(40)]

    def work(_: int) -> int:
        store = Store(gateway.store.database.url.render_as_string(hide_password=False))
        services = Services(
            store, gateway.services.lanes, Terms(store), gateway.services.supplier, Limits(batch_size=3)
        )
        settled = 0
        while store.queue.waiting():
            store.queue.sweep()
            settled += drain(services, ALL_LANES, lambda: None)
        store.close()
        return settled

    with ThreadPoolExecutor(2) as threads:
        assert sum(threads.map(work, range(2))) == len(sent)
    statuses = [gateway.message(one).status for one in sent]
    fit = 20 // int(quantity)
    assert (statuses.count("done"), statuses.count("rejected")) == (fit, 40 - fit)
    assert drawn(gateway)[0] == {"BOLT-M8": Decimal(fit * int(quantity) * 50)}
