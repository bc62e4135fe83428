"""An order whose buyer has several numbers is one order, whichever of them comes first, and whichever are left out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.pipeline import drain
from gateway.services import Limits
from gateway.store.queue import WorkQueue
from gateway.store.statements import fetch, run
from mappings.account import Account, SchemedId
from mappings.buyers import LONGEST_KEY, buyer_numbers
from mappings.files.account_folder import read_account
from schemas.documents.common import Identifier, Party
from tests.examples.order_lines import BOLTS, line, order
from tests.examples.small_gateway import ACCOUNTS, ALL_LANES, SmallGateway
from tests.examples.threads import PINE, change, confirmed, taken

MAIN, OTHER, THIRD = ({"id": number, "scheme": "0106"} for number in ("68750110", "68750111", "68750112"))
BOTH: dict[str, Any] = {**MAIN, "identifiers": [OTHER]}
SWAPPED: dict[str, Any] = {**OTHER, "identifiers": [MAIN]}
SIX = {**BOLTS, "quantity": "6"}
TEN = line("1", "PH-0101", "10", "DOOS", "5.40")


def release(*lines: dict[str, Any], **header: Any) -> dict[str, Any]:
    """A release of the blanket order BL-1."""
    return order(*lines, order_type="release", contract="BL-1", **header)


def name_buyers(gateway: SmallGateway, **policies: Any) -> None:
    """The account has three numbers."""
    folder = read_account(ACCOUNTS / PINE)
    terms = folder.account.model_dump(mode="json", by_alias=True)
    terms["policies"] |= policies
    terms["identifiers"] = [MAIN, OTHER, THIRD]
    gateway.publish(replace(folder, account=Account.model_validate(terms)))


def kept_key(gateway: SmallGateway) -> str:
    with gateway.store.database.read() as connection:
        ((key,),) = fetch(connection, "SELECT order_key FROM orders WHERE order_number = ?", ["PH-4001"])
    return str(key)


@pytest.mark.parametrize("again", [SWAPPED, MAIN, OTHER])
def test_the_same_order_is_never_two(on_either: SmallGateway, again: dict[str, Any]) -> None:
    name_buyers(on_either)
    on_either.settle(PINE, order(BOLTS, buyer=BOTH))
    held = on_either.settle(PINE, order(BOLTS, buyer=again))
    assert (held.status, on_either.faults(held.id)) == ("held", [("order_number_reused", "/order_number")])
    assert confirmed(on_either) == {"1": ("4", "4", "0")}
    assert taken(on_either, "BOLT-M8") == 200


def test_the_two_in_one_batch(on_either: SmallGateway) -> None:
    name_buyers(on_either)
    messages = [on_either.send(PINE, order(BOLTS, buyer=buyer)) for buyer in (OTHER, BOTH)]
    on_either.work()
    assert [on_either.message(one).status for one in messages] == ["done", "held"]
    assert taken(on_either, "BOLT-M8") == 200


def test_the_two_at_two_workers(on_either: SmallGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under two keys: what is decided first is saved only once the second has been."""
    name_buyers(on_either)
    on_either.services = replace(on_either.services, limits=Limits(batch_size=1))
    later, earlier = (on_either.send(PINE, order(BOLTS, buyer=buyer)) for buyer in (SWAPPED, OTHER))
    save, calls = WorkQueue.save, []

    def save_second_first(work_queue: WorkQueue, *arguments: Any) -> None:
        calls.append(1)
        if len(calls) == 1:
            drain(on_either.services, ALL_LANES, lambda: None, batches=1)
        save(work_queue, *arguments)

    monkeypatch.setattr(WorkQueue, "save", save_second_first)
    on_either.work()
    assert [on_either.message(one).status for one in (later, earlier)] == ["held", "done"]
    assert taken(on_either, "BOLT-M8") == 200


@pytest.mark.parametrize(("first", "second"), [(BOTH, SWAPPED), (BOTH, OTHER), (OTHER, BOTH), (SWAPPED, MAIN)])
@pytest.mark.parametrize("function", ["change", "cancel"])
def test_a_change_finds_its_order(
    on_either: SmallGateway, first: dict[str, Any], second: dict[str, Any], function: str
) -> None:
    name_buyers(on_either)
    on_either.settle(PINE, order(BOLTS, buyer=first))
    on_either.settle(PINE, order(SIX, function=function, version=2, buyer=second))
    assert confirmed(on_either) == {"1": ("6", "6", "0") if function == "change" else ("4", "0", "4")}


def test_an_order_that_comes_as_a_change(on_either: SmallGateway) -> None:
    name_buyers(on_either, same_number_other_content="change")
    on_either.settle(PINE, order(BOLTS, buyer=BOTH))
    on_either.settle(PINE, order(SIX, buyer=SWAPPED))
    assert confirmed(on_either) == {"1": ("6", "6", "0")}


@pytest.mark.parametrize("before", [MAIN, OTHER])
def test_orders_of_before_are_found_by_the_number_that_came_first(
    on_either: SmallGateway, before: dict[str, Any]
) -> None:
    """Their keys have one number only, whichever their document began with."""
    name_buyers(on_either)
    on_either.settle(PINE, order(BOLTS, buyer=BOTH))
    assert kept_key(on_either) == "68750110\x1e68750111\x1fPH-4001"
    with on_either.store.database.write() as connection:
        run(connection, "UPDATE orders SET order_key = ?", [(f"{before['id']}\x1fPH-4001",)])
    again = on_either.settle(PINE, json.dumps(order(BOLTS, buyer=BOTH), indent=1).encode())
    assert again.status == "duplicate"
    assert on_either.settle(PINE, order(SIX, buyer=SWAPPED)).status == "held"
    on_either.settle(PINE, change(SIX, buyer=SWAPPED))
    assert confirmed(on_either) == {"1": ("6", "6", "0")}


@pytest.mark.parametrize("function", ["original", "change"])
def test_a_number_in_common_and_another_on_either_side_is_not_guessed(on_either: SmallGateway, function: str) -> None:
    """A group's number and those of two of its companies, or three numbers of one company: a person knows."""
    name_buyers(on_either)
    on_either.settle(PINE, order(BOLTS, buyer=BOTH))
    mixed = {**MAIN, "identifiers": [THIRD]}
    held = on_either.settle(PINE, order(SIX, function=function, version=2, buyer=mixed))
    assert (held.status, on_either.faults(held.id)) == ("held", [("order_unclear", "/order_number")])
    assert confirmed(on_either) == {"1": ("4", "4", "0")}


def test_a_buyer_of_its_own_is_another(on_either: SmallGateway) -> None:
    name_buyers(on_either)
    messages = [on_either.settle(PINE, order(BOLTS, buyer=buyer)) for buyer in (BOTH, THIRD)]
    assert [one.status for one in messages] == ["done", "done"]
    assert len(on_either.store.orders.by_number(PINE, "PH-4001")) == 2


@pytest.mark.parametrize("function", ["original", "change"])
def test_a_release_is_of_its_own_buyers_blanket_order(on_either: SmallGateway, function: str) -> None:
    """Whichever of the buyer's numbers the two documents begin with, and whichever the release leaves out."""
    name_buyers(on_either)
    of_both, _ = (
        on_either.settle(PINE, order(TEN, number="BL-1", order_type="blanket", buyer=buyer)) for buyer in (BOTH, THIRD)
    )
    first = release(BOLTS, buyer=OTHER)
    if function == "change":
        on_either.settle(PINE, first)
        first = release(SIX, function="change", version=2, buyer=SWAPPED)
    drawn = on_either.settle(PINE, first)
    assert (drawn.status, on_either.faults(drawn.id)) == ("done", [])
    with on_either.store.database.read() as connection:
        contracts = fetch(connection, "SELECT DISTINCT contract_id FROM contract_movements")
    assert [row[0] for row in contracts] == [of_both.order_id]


VAT = {"id": "NL123456789B01", "scheme": "9944"}


def name_two_sites(gateway: SmallGateway, *more: dict[str, str]) -> None:
    """The account has two sites with a number each, and one of both."""
    folder = read_account(ACCOUNTS / PINE)
    terms = folder.account.model_dump(mode="json", by_alias=True)
    terms["identifiers"] = [MAIN, OTHER, VAT, *more]
    gateway.publish(replace(folder, account=Account.model_validate(terms)))


@pytest.mark.parametrize("turned", [False, True])
def test_two_sites_that_share_a_number_are_two_buyers(on_either: SmallGateway, turned: bool) -> None:
    name_two_sites(on_either)
    one: dict[str, Any] = {**MAIN, "identifiers": [VAT]}
    other: dict[str, Any] = {**VAT, "identifiers": [OTHER]} if turned else {**OTHER, "identifiers": [VAT]}
    messages = [on_either.settle(PINE, order(BOLTS, buyer=buyer)) for buyer in (one, other)]
    assert [message.status for message in messages] == ["done", "done"]
    assert len(on_either.store.orders.by_number(PINE, "PH-4001")) == 2
    changed = on_either.settle(PINE, change(SIX, buyer=other))
    assert (changed.status, changed.order_id) == ("done", messages[1].order_id)
    unclear = on_either.settle(PINE, change({**BOLTS, "quantity": "7"}, buyer=VAT))
    assert on_either.faults(unclear.id) == [("order_unclear", "/order_number")]


def test_other_numbers_of_different_schemes_tell_nothing_apart(on_either: SmallGateway) -> None:
    """The one has a site's number, the other a department's: they may be one buyer."""
    department = {"id": "NL-7", "scheme": "9999"}
    name_two_sites(on_either, department)
    on_either.settle(PINE, order(BOLTS, buyer={**MAIN, "identifiers": [VAT]}))
    held = on_either.settle(PINE, order(BOLTS, buyer={**department, "identifiers": [VAT]}))
    assert (held.status, on_either.faults(held.id)) == ("held", [("order_unclear", "/order_number")])


# --- places of delivery with several numbers ---------------------------------------------------------------------
BY_PLACE = ["buyer", "order_number", "ship_to"]
GATE: dict[str, Any] = {"id": "GATE-1"}
YARD: dict[str, Any] = {"id": "YARD-1"}
YARD_AND_GATE: dict[str, Any] = {**YARD, "identifiers": [GATE]}


@pytest.mark.parametrize("again", [{**GATE, "identifiers": [YARD]}, YARD, GATE])
def test_the_same_place_is_known_by_any_of_its_numbers(on_either: SmallGateway, again: dict[str, Any]) -> None:
    name_buyers(on_either, order_key=BY_PLACE)
    on_either.settle(PINE, order(BOLTS, ship_to=YARD_AND_GATE))
    held = on_either.settle(PINE, order(BOLTS, ship_to=again))
    assert held.status == "held"
    assert ("order_number_reused", "/order_number") in on_either.faults(held.id)
    assert len(on_either.store.orders.by_number(PINE, "PH-4001")) == 1


def test_orders_of_before_have_the_places_first_number(on_either: SmallGateway) -> None:
    name_buyers(on_either, order_key=BY_PLACE)
    on_either.settle(PINE, order(BOLTS, ship_to=YARD_AND_GATE, buyer=MAIN))
    assert kept_key(on_either) == "68750110\x1fPH-4001\x1fGATE-1\x1eYARD-1"
    with on_either.store.database.write() as connection:
        run(connection, "UPDATE orders SET order_key = ?", [("68750110\x1fPH-4001\x1fYARD-1",)])
    again = json.dumps(order(BOLTS, ship_to=YARD_AND_GATE, buyer=MAIN), indent=1).encode()
    assert on_either.settle(PINE, again).status == "duplicate"


def test_places_that_share_a_number_are_two(on_either: SmallGateway) -> None:
    """What they share may be their company's."""
    name_buyers(on_either, order_key=BY_PLACE)
    messages = [
        on_either.settle(PINE, order(BOLTS, ship_to={**own, "identifiers": [VAT]}, buyer=MAIN))
        for own in (YARD, {"id": "YARD-2"})
    ]
    assert [one.status for one in messages] == ["done", "done"]
    assert len(on_either.store.orders.by_number(PINE, "PH-4001")) == 2


# --- which numbers count -----------------------------------------------------------------------------------------
def account(*numbers: str) -> Account:
    """pine-hardware with these numbers."""
    known = read_account(Path(ACCOUNTS / PINE)).account
    return known.model_copy(update={"identifiers": tuple(SchemedId(scheme="0106", id=one) for one in numbers)})


def party(*numbers: str, endpoint: str | None = None) -> Party:
    """A buyer with these numbers, in this order."""
    ids = [Identifier(id=one, scheme="0106") for one in numbers]
    first = {"id": ids[0].id, "scheme": ids[0].scheme} if ids else {}
    mail = Identifier(id=endpoint, scheme="0106") if endpoint else None
    return Party(**first, identifiers=tuple(ids[1:]), endpoint=mail)


@pytest.mark.parametrize(
    ("buyer", "listed", "kept"),
    [
        (party("2", "1"), ("1", "2"), ("1", "2")),
        (party("dept", "1"), ("1", "2"), ("1",)),
        (party("2", "1"), (), ("1", "2")),
        (party("9"), ("1", "2"), ("9",)),
        (party(endpoint="2"), ("1", "2"), ("2",)),
        (party("1", endpoint="2"), ("1", "2"), ("1",)),
        (party(endpoint="9"), ("1",), ("1",)),
        (party(), ("1",), ("1",)),
        (party(), ("1", "2"), ()),
        (None, ("1",), ("1",)),
    ],
)
def test_which_numbers_are_the_buyer(buyer: Party | None, listed: tuple[str, ...], kept: tuple[str, ...]) -> None:
    assert buyer_numbers(buyer, account(*listed)).kept == kept


def test_a_key_stays_short_enough_for_an_index() -> None:
    numbers = [f"{index:0150}" for index in range(4)]
    kept = buyer_numbers(party(*reversed(numbers)), account()).kept
    assert kept == (numbers[0],)
    assert sum(len(one) for one in kept) <= LONGEST_KEY
