"""What nobody knows of an invoice, told at what of the back office's request asks for it."""

from __future__ import annotations

from typing import Any

from tests.examples.billing import PINE, agree, office
from tests.examples.order_lines import BOLTS, HAMMERS, line, order
from tests.examples.small_gateway import SmallGateway

LEFT_AT = "2026-11-23T12:00:00+01:00"


def ship(gateway: SmallGateway, number: str, *parts: tuple[str, str, str, str]) -> None:
    """(order, line, product, base quantity) of each part, in one carton."""
    lines = [
        {
            "order_number": order_number,
            "account": PINE,
            "line_number": of,
            "product": product,
            "base_quantity": quantity,
        }
        for order_number, of, product, quantity in parts
    ]
    told = {"shipment_number": number, "shipped_at": LEFT_AT, "packages": [{"id": "C1", "lines": lines}]}
    answer = office(gateway, "shipments", told)
    assert answer.status_code == 201, answer.text


def refused(gateway: SmallGateway, **asked: Any) -> list[tuple[str, str, str]]:
    """(code, path in the invoice, place in the request)."""
    answer = office(gateway, "invoices", {"request_number": "R-1", "account": PINE, **asked})
    assert answer.status_code == 422, answer.text
    return [(one["code"], one["path"], one["location"]) for one in answer.json["faults"]]


def named(shipment: str, order_number: str, number: str, **said: str) -> dict[str, str]:
    return {"shipment_number": shipment, "order_number": order_number, "line_number": number, **said}


def test_goods_without_a_tax_rule(on_either: SmallGateway) -> None:
    """Each is told where it is asked for: by its shipment, or by its own line of the request."""
    gateway = on_either
    agree(gateway, None, taxes=())
    gateway.settle(PINE, order(BOLTS, HAMMERS))
    ship(gateway, "LS-1", ("PH-4001", "1", "BOLT-M8", "50"))
    ship(gateway, "LS-2", ("PH-4001", "1", "BOLT-M8", "50"), ("PH-4001", "2", "HAMMER-16", "3"))
    asked = [named("LS-2", "PH-4001", "2"), named("LS-2", "PH-4001", "1", base_quantity="50")]
    assert refused(gateway, shipments=["LS-1"], lines=asked) == [
        ("no_tax_rule", "/lines/0/tax", "/shipments/0"),
        ("no_tax_rule", "/lines/1/tax", "/lines/1"),
        ("no_tax_rule", "/lines/2/tax", "/lines/0"),
    ]


def test_goods_without_a_price(on_either: SmallGateway) -> None:
    """Of three lines the first and the last have none: each is told at its own place, on the invoice as well."""
    gateway = on_either
    agree(gateway, None, prices=False)
    bare = [line("1", "PH-0101", "4", "DOOS"), HAMMERS, line("3", "PH-0104", "5", "KILO")]
    gateway.settle(PINE, order(*bare))
    goods = [("1", "BOLT-M8", "50"), ("2", "HAMMER-16", "3"), ("3", "SAND-KG", "5")]
    ship(gateway, "LS-1", *(("PH-4001", *one) for one in goods))
    asked = [named("LS-1", "PH-4001", number) for number in ("3", "2", "1")]
    assert refused(gateway, lines=asked) == [
        ("no_agreed_price", "/lines/0/price", "/lines/2"),
        ("no_agreed_price", "/lines/2/price", "/lines/0"),
    ]


def test_invoicees_that_nobody_knows(on_either: SmallGateway) -> None:
    """What is on no line is told at the first goods of its invoice."""
    gateway = on_either
    agree(gateway, None)
    gateway.settle(PINE, order(BOLTS))
    gateway.settle(PINE, order(BOLTS, number="PH-4002", bill_to={"id": "PAY-1", "name": "Payer"}))
    gateway.settle(PINE, order(BOLTS, number="PH-4003", bill_to={"id": "PAY-2", "name": "Another"}))
    for number in ("PH-4001", "PH-4002", "PH-4003"):
        ship(gateway, f"LS-{number}", (number, "1", "BOLT-M8", "50"))
    asked = [f"LS-{number}" for number in ("PH-4003", "PH-4001", "PH-4002")]
    assert refused(gateway, shipments=asked) == [
        ("invoice_incomplete", "/buyer/address/country", "/shipments/2"),
        ("invoice_incomplete", "/buyer/address/country", "/shipments/0"),
    ]
