"""What can't be carried out as it was asked for is held with its place, and nothing of it is delivered elsewhere."""

from __future__ import annotations

from tests.examples.order_lines import BOLTS, order
from tests.examples.small_gateway import ORDERS, SmallGateway

BIRCH, PINE = "birch-timber", "pine-hardware"
UBL_ORDER = (ORDERS / "birch-timber.xml").read_text("utf-8")
TWELVE = '<cbc:Quantity unitCode="C62">12</cbc:Quantity>'


def with_sites(*sites: str) -> bytes:
    """The order with its line of twelve in two deliveries of six."""
    deliveries = "".join(
        f'<cac:Delivery><cbc:Quantity unitCode="C62">6</cbc:Quantity><cac:DeliveryLocation>'
        f'<cbc:ID schemeID="0088">{site}</cbc:ID></cac:DeliveryLocation></cac:Delivery>'
        for site in sites
    )
    return UBL_ORDER.replace(TWELVE, TWELVE + deliveries).encode()


def held(gateway: SmallGateway, account: str, body: bytes) -> tuple[str, str]:
    """Detail and place of the one fault of an order that is held, with no answer and nothing taken for it."""
    message = gateway.settle(account, body)
    (fault,) = gateway.store.messages.faults(message.id)
    assert (message.status, fault.code) == ("held", "unsupported_document")
    assert gateway.responses([message.id]) == []
    taken = gateway.store.stock.load(["BOLT-M8", "HAMMER-16", "SAW-600"], [account]).positions
    assert {position.taken for position in taken.values()} <= {0}
    return fault.detail, fault.location


def test_a_ubl_line_for_two_sites_is_held(gateway: SmallGateway) -> None:
    detail, location = held(gateway, BIRCH, with_sites("9521234003007", "9521234003014"))
    assert "9521234003014 as well as to 9521234003007" in detail
    assert location.endswith("cac:OrderLine[3]/cac:LineItem/cac:Delivery[2]")


def test_a_ubl_line_in_two_deliveries_to_one_site_is_not(gateway: SmallGateway) -> None:
    assert gateway.settle(BIRCH, with_sites("9521234003007", "9521234003007")).status == "done"


def test_the_documents_own_pack_size_is_held_also_where_our_price_is_taken(gateway: SmallGateway) -> None:
    """Agreed are 50 in a box. The price for 24 of them is another one, which this account's policy lets pass."""
    gateway.set_policies(PINE, price_mismatch="accept_contract_price")
    price = {"amount": "0.25", "unit": "STUK"}
    message = gateway.settle(PINE, order({**BOLTS, "pack_size": "24", "pack_unit": "STUK", "price": price}))
    assert message.status == "held"
    assert ("pack_contradiction", "/lines/0/pack_size") in gateway.faults(message.id)
