"""Changes line by line that say a part of a line, in each format that has them: the rest stands."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from mappings.files.account_folder import read_account
from tests.examples.order_lines import order
from tests.examples.small_gateway import ACCOUNTS, SmallGateway, outcomes
from tests.examples.threads import PINE, change

TO_YARD_2 = {"line_number": "1", "buyer_item": "PH-0101", "quantity": "4", "unit": "DOOS", "ship_to": {"id": "YARD-2"}}
BIRCH, BIRCH_BUYER = "birch-timber", "9521234002000"
UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
OTHER_SITE = (
    '<cac:Delivery><cac:DeliveryLocation><cbc:ID schemeID="0088">9521234003014</cbc:ID></cac:DeliveryLocation>'
    "</cac:Delivery>"
)
SITE = OTHER_SITE.replace("9521234003014", "9521234003007")


def stands(gateway: SmallGateway, account: str, number: str) -> tuple[dict[str, Any], dict[str, tuple[str, str]]]:
    """The order's first line as it is kept, and line → (ordered, unit) in its ledger."""
    (kept,) = gateway.store.orders.by_number(account, number)
    canonical = json.loads(gateway.store.orders.versions(kept.id)[-1].canonical)
    ledger = gateway.store.orders.ledger(kept.id)
    return canonical["lines"][0], {one.line_number: (f"{one.ordered:f}", one.unit or "") for one in ledger}


def test_json_1(gateway: SmallGateway) -> None:
    gateway.settle(PINE, order(TO_YARD_2))
    changed = gateway.settle(PINE, change({"line_number": "1", "action": "change", "quantity": "5"}))
    assert (changed.status, gateway.faults(changed.id)) == ("done", [])
    line, ledger = stands(gateway, PINE, "PH-4001")
    assert ledger == {"1": ("5", "DOOS")}
    assert (line["ship_to"]["id"], line["buyer_item"]) == ("YARD-2", "PH-0101")
    assert "action" not in line


def test_a_quantity_that_its_schedule_contradicts_is_held(gateway: SmallGateway) -> None:
    parts = [{"quantity": "2", "requested_delivery": {"start": day}} for day in ("2026-12-01", "2026-12-02")]
    gateway.settle(PINE, order({**TO_YARD_2, "schedule": parts}))
    held = gateway.settle(PINE, change({"line_number": "1", "action": "change", "quantity": "5"}))
    assert (held.status, gateway.faults(held.id)) == ("held", [("schedule_mismatch", "/lines/0/schedule")])
    assert stands(gateway, PINE, "PH-4001")[1] == {"1": ("4", "DOOS")}


def test_a_replacing_change_is_whole(gateway: SmallGateway) -> None:
    """Without an action the order is said anew: the line goes where the order goes."""
    gateway.settle(PINE, order(TO_YARD_2))
    gateway.settle(PINE, change({**TO_YARD_2, "quantity": "5", "ship_to": None}))
    line, ledger = stands(gateway, PINE, "PH-4001")
    assert ("ship_to" in line, ledger) == (False, {"1": ("5", "DOOS")})


# --- UBL ---------------------------------------------------------------------------------------------------------
def ubl(root: str, head: str, line: str) -> bytes:
    namespaces = (
        f'xmlns="{UBL}{root}-2" xmlns:cac="{UBL}CommonAggregateComponents-2" xmlns:cbc="{UBL}CommonBasicComponents-2"'
    )
    buyer = f'<cac:PartyIdentification><cbc:ID schemeID="0088">{BIRCH_BUYER}</cbc:ID></cac:PartyIdentification>'
    party = f"<cac:BuyerCustomerParty><cac:Party>{buyer}</cac:Party></cac:BuyerCustomerParty>{SITE}"
    lines = f"<cac:OrderLine><cac:LineItem><cbc:ID>1</cbc:ID>{line}</cac:LineItem></cac:OrderLine>"
    return f"<{root} {namespaces}>{head}{party}{lines}</{root}>".encode()


def ubl_order(line: str) -> bytes:
    head = "<cbc:ID>U-1</cbc:ID><cbc:IssueDate>2026-11-23</cbc:IssueDate>"
    return ubl("Order", f"{head}<cbc:DocumentCurrencyCode>SEK</cbc:DocumentCurrencyCode>", line)


def ubl_change(line: str, number: str = "2") -> bytes:
    head = (
        f"<cbc:ID>CH-{number}</cbc:ID><cbc:IssueDate>2026-11-23</cbc:IssueDate>"
        f"<cbc:SequenceNumberID>{number}</cbc:SequenceNumberID>"
        "<cbc:DocumentCurrencyCode>SEK</cbc:DocumentCurrencyCode>"
        "<cac:OrderReference><cbc:ID>U-1</cbc:ID></cac:OrderReference>"
    )
    return ubl("OrderChange", head, line)


ITEM = "<cac:Item><cac:BuyersItemIdentification><cbc:ID>BT-7001</cbc:ID></cac:BuyersItemIdentification></cac:Item>"
FOUR_BOXES = f'<cbc:Quantity unitCode="BX">4</cbc:Quantity>{OTHER_SITE}{ITEM}'


@pytest.mark.parametrize("item", [ITEM, "<cac:Item/>"])
def test_ubl(gateway: SmallGateway, item: str) -> None:
    gateway.settle(BIRCH, ubl_order(FOUR_BOXES))
    asked = f"<cbc:LineStatusCode>3</cbc:LineStatusCode><cbc:Quantity>5</cbc:Quantity>{item}"
    changed = gateway.settle(BIRCH, ubl_change(asked))
    assert (changed.status, gateway.faults(changed.id)) == ("done", [])
    line, ledger = stands(gateway, BIRCH, "U-1")
    assert (line["ship_to"]["id"], ledger) == ("9521234003014", {"1": ("5", "BX")})


@pytest.mark.parametrize("quantity", ["", *(f"<cbc:Quantity>{one}</cbc:Quantity>" for one in ("", "0", "9"))])
def test_a_line_is_deleted_whole_whatever_its_quantity(gateway: SmallGateway, quantity: str) -> None:
    gateway.settle(BIRCH, ubl_order(FOUR_BOXES))
    deleted = gateway.settle(BIRCH, ubl_change(f"<cbc:LineStatusCode>2</cbc:LineStatusCode>{quantity}<cac:Item/>"))
    assert (deleted.status, gateway.faults(deleted.id)) == ("done", [])
    assert outcomes(gateway.response(deleted.id)) == {"1": [("cancelled", "4", "BX")]}


@pytest.mark.parametrize("status", ["1", "3"])
def test_another_line_needs_its_quantity(gateway: SmallGateway, status: str) -> None:
    gateway.settle(BIRCH, ubl_order(FOUR_BOXES))
    refused = gateway.settle(BIRCH, ubl_change(f"<cbc:LineStatusCode>{status}</cbc:LineStatusCode>{ITEM}"))
    assert (refused.status, gateway.faults(refused.id)) == ("rejected", [("missing_field", "/lines/0/quantity")])


def test_a_sequence_number_that_is_none_passes_nobody(gateway: SmallGateway) -> None:
    """Number 3 waits for 2; what R4 is nobody knows."""
    gateway.settle(BIRCH, ubl_order(FOUR_BOXES))
    asked = "<cbc:LineStatusCode>3</cbc:LineStatusCode><cbc:Quantity>{}</cbc:Quantity><cac:Item/>"
    waits = gateway.settle(BIRCH, ubl_change(asked.format(5), "3"))
    held = gateway.settle(BIRCH, ubl_change(asked.format(6), "R4"))
    assert (waits.status, held.status) == ("received", "held")
    (fault,) = gateway.store.messages.faults(held.id)
    assert (fault.code, fault.path, fault.value) == ("unsupported_document", "/version", "R4")
    assert fault.location == "cbc:SequenceNumberID"
    assert stands(gateway, BIRCH, "U-1")[1] == {"1": ("4", "BX")}


# --- a layout of one's own ---------------------------------------------------------------------------------------
MAP = """reads: json
order:
  order_number: {from: no, required: true}
  function: {from: kind, table: {new: original, change: change}}
  version: rev
  issue_date: {value: 2026-11-23}
  ship_to: {id: to}
  lines:
    each: rows
    line_number: no
    action: do
    buyer_item: art
    quantity: {from: qty, required: true}
    unit: uom
    ship_to: {id: to}
"""


def test_a_map(gateway: SmallGateway) -> None:
    linden = "linden-works"
    folder = read_account(ACCOUNTS / linden)
    gateway.publish(replace(folder, maps={**folder.maps, "order_map.yaml": MAP}))
    row = {"no": "1", "art": "000713", "qty": "2", "uom": "KILOGRAM", "to": "HALA-3"}
    first = gateway.settle(linden, {"no": "L-1", "kind": "new", "to": "HALA-3", "rows": [row]})
    assert (first.status, gateway.faults(first.id)) == ("done", [])
    asked = {"no": "L-1", "kind": "change", "rev": 2, "rows": [{"no": "1", "do": "change", "qty": "3"}]}
    changed = gateway.settle(linden, asked)
    assert (changed.status, gateway.faults(changed.id)) == ("done", [])
    line, ledger = stands(gateway, linden, "L-1")
    assert (line["ship_to"]["id"], ledger) == ("HALA-3", {"1": ("3", "KILOGRAM")})
