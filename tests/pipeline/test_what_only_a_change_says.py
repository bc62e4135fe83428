"""A new order that says what to do with its lines is none: nothing of it ships, and nothing of what stands changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mappings.files.account_folder import read_account
from tests.examples.order_lines import BOLTS, HAMMERS, order
from tests.examples.small_gateway import ACCOUNTS, ORDERS, SmallGateway
from tests.examples.threads import PINE, confirmed, settle, taken
from tests.pipeline.test_lines_in_part import MAP

BIRCH, LINDEN = "birch-timber", "linden-works"
UBL_ORDER = (ORDERS / "birch-timber.xml").read_bytes()


@pytest.mark.parametrize("action", ["add", "delete", "change", "nothing"])
@pytest.mark.parametrize("policy", ["hold", "change", "reject"])
def test_an_action_in_json_1(gateway: SmallGateway, action: str, policy: str) -> None:
    gateway.set_policies(PINE, same_number_other_content=policy)
    settle(gateway, order(BOLTS, HAMMERS))
    refused = gateway.settle(PINE, order({**BOLTS, "action": action}))
    assert (refused.status, gateway.faults(refused.id)) == ("rejected", [("bad_value", "/lines/0/action")])
    assert confirmed(gateway) == {"1": ("4", "4", "0"), "2": ("3", "3", "0")}


@pytest.mark.parametrize("said", [{"other_lines": "kept"}, {"function": "original", "other_lines": "unsaid"}])
def test_other_lines_in_json_1(gateway: SmallGateway, said: dict[str, Any]) -> None:
    refused = gateway.settle(PINE, order(BOLTS, **said))
    assert (refused.status, gateway.faults(refused.id)) == ("rejected", [("bad_value", "/other_lines")])
    assert gateway.response(refused.id).outcome == "rejected"
    assert taken(gateway, "BOLT-M8") == 0


def test_a_layout_of_ones_own(gateway: SmallGateway) -> None:
    folder = read_account(ACCOUNTS / LINDEN)
    gateway.publish(replace(folder, maps={**folder.maps, "order_map.yaml": MAP}))
    row = {"no": "1", "art": "000713", "qty": "2", "uom": "KILOGRAM", "to": "HALA-3", "do": "delete"}
    refused = gateway.settle(LINDEN, {"no": "L-1", "kind": "new", "to": "HALA-3", "rows": [row]})
    assert (refused.status, gateway.faults(refused.id)) == ("rejected", [("bad_value", "/lines/0/action")])
    (fault,) = gateway.store.messages.faults(refused.id)
    assert (fault.location, fault.value) == ("/rows/0/do", "delete")


# --- UBL: what the sender's own system says of a line ----------------------------------------------------------------
def with_status(code: str) -> bytes:
    """The example's order, its first line with this status."""
    return UBL_ORDER.replace(
        b"<cbc:Quantity", f"<cbc:LineStatusCode>{code}</cbc:LineStatusCode><cbc:Quantity".encode(), 1
    )


@pytest.mark.parametrize("code", ["2", "07", "8", "42", "Cancelled", "Disputed"])
def test_a_line_that_may_not_be_wanted_holds_its_order(gateway: SmallGateway, code: str) -> None:
    held = gateway.settle(BIRCH, with_status(code))
    assert (held.status, gateway.faults(held.id)) == ("held", [("unsupported_document", "/lines/0")])
    (fault,) = gateway.store.messages.faults(held.id)
    assert fault.value == code
    assert gateway.store.orders.by_number(BIRCH, "BT-900") == []


@pytest.mark.parametrize("code", ["1", "3", "4", "NoStatus", "Original", "0"])
def test_a_line_that_is_wanted_ships(gateway: SmallGateway, code: str) -> None:
    assert gateway.settle(BIRCH, with_status(code)).status == "done"


def test_a_line_of_an_order_that_comes_again_is_not_deleted(gateway: SmallGateway) -> None:
    gateway.set_policies(BIRCH, same_number_other_content="change")
    gateway.settle(BIRCH, UBL_ORDER)
    held = gateway.settle(BIRCH, with_status("2"))
    assert (held.status, gateway.faults(held.id)) == ("held", [("unsupported_document", "/lines/0")])
    (stands,) = gateway.store.orders.by_number(BIRCH, "BT-900")
    assert stands.version == 1
