"""A new account with its own SKUs, units and sites is onboarded by a folder alone, whatever format it writes.

Nothing of `accounts/` is in Python: the folders are read and published, as `gateway accounts import` does it. What the
orders in `orders/` get is worked out by hand from the folders and `catalogue/`.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from mappings.files.account_folder import read_account
from tests.examples.small_gateway import ACCOUNTS, ORDERS, SmallGateway

HERE = Path(__file__).resolve().parent

DEMO_ACCOUNTS = HERE.parent.parent / "mappings" / "accounts"
UBL = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
FOLDERS = sorted(path for path in ACCOUNTS.iterdir() if path.is_dir())


def mailbox(gateway: SmallGateway, account: str) -> Any:
    """The one document in the account's mailbox, fetched as the account does it."""
    headers = {"Authorization": f"Bearer {gateway.key(account)}"}
    (document,) = gateway.client.get("/v1/documents", headers=headers).json["documents"]
    return gateway.client.get(document["href"], headers=headers)


def taken(gateway: SmallGateway, account: str) -> dict[tuple[str, str], str]:
    """(our product, site) → base units that the account has taken."""
    with (HERE / "catalogue" / "products.csv").open(newline="") as file:
        products = [row["product"] for row in csv.DictReader(file)]
    positions = gateway.store.stock.load(products, [account]).positions
    return {key: f"{position.taken:f}" for key, position in positions.items() if position.taken}


def test_an_account_that_writes_json(gateway: SmallGateway) -> None:
    """12 DOOS are 600 bolts and reach the price from 10 on; 2.5 KRUIWAGEN of 80 kg are 200 kg at 12.00 for 100; 60
    hammers without unit or price are STUK at 11.50, of which there are 40, and none are due."""
    message = gateway.settle("pine-hardware", (ORDERS / "pine-hardware.json").read_bytes())
    assert (message.status, gateway.faults(message.id)) == ("done", [])
    answer = mailbox(gateway, "pine-hardware")
    assert answer.mimetype == "application/json"
    response = json.loads(answer.data)
    assert (response["order_number"], response["outcome"], response["issue_date"]) == (
        "PH-900",
        "changed",
        "2026-11-23",
    )
    assert [
        (
            line["line_number"],
            one["status"],
            one["quantity"],
            one["unit"],
            one["promised_delivery"],
            one["price"]["amount"],
        )
        for line in response["lines"]
        for one in line["outcomes"]
    ] == [
        ("10", "accepted", "12", "DOOS", "2026-12-01", "5.40"),
        ("20", "accepted", "2.5", "KRUIWAGEN", "2026-12-01", "9.60"),
        ("30", "accepted", "40", "STUK", "2026-12-01", "11.50"),
        ("30", "backordered", "20", "STUK", None, "11.50"),
    ]
    assert taken(gateway, "pine-hardware") == {
        ("BOLT-M8", "NORTH"): "600",
        ("HAMMER-16", "NORTH"): "40",
        ("SAND-KG", "NORTH"): "200",
    }


def test_an_account_that_writes_ubl(gateway: SmallGateway) -> None:
    """2 BX are 100 bolts, at 1.38 a piece exactly the 69.00 a box of the contract; of 12 saws there are 10, and more
    on 2 December, which are at the sawmill a day later."""
    message = gateway.settle("birch-timber", (ORDERS / "birch-timber.xml").read_bytes())
    assert (message.status, gateway.faults(message.id)) == ("done", [])
    answer = mailbox(gateway, "birch-timber")
    assert answer.mimetype == "application/xml"
    root = etree.fromstring(answer.data)
    assert etree.QName(root).localname == "OrderResponse"
    assert texts(root, "cac:OrderReference/cbc:ID") == ["BT-900"]
    assert texts(root, "cbc:OrderResponseCode") == ["CA"]
    assert texts(root, "cac:BuyerCustomerParty//cac:PartyIdentification/cbc:ID") == ["9521234002000"]
    assert texts(root, "cac:SellerSupplierParty//cac:PartyIdentification/cbc:ID") == ["9521234009993"]
    lines = root.findall("cac:OrderLine/cac:LineItem", UBL)
    assert [
        (
            *texts(line, "cbc:LineStatusCode"),
            *amounts(line),
            *texts(line, "cac:Item/cac:BuyersItemIdentification/cbc:ID"),
            *texts(line, "cac:Price/cbc:PriceAmount"),
            *texts(line, ".//cac:PromisedDeliveryPeriod/cbc:StartDate"),
        )
        for line in lines
    ] == [
        ("5", "Quantity", "3", "C62", "BT-7002", "131.00", "2026-11-26"),
        ("5", "Quantity", "2", "BX", "BT-7001", "1.38", "2026-11-26"),
        ("5", "Quantity", "10", "C62", "BT-7003", "205.50", "2026-11-26"),
        ("3", "MaximumBackorderQuantity", "2", "C62", "BT-7003", "205.50", "2026-12-03"),
    ]
    assert taken(gateway, "birch-timber") == {
        ("BOLT-M8", "NORTH"): "100",
        ("HAMMER-16", "NORTH"): "3",
        ("SAW-600", "NORTH"): "10",
    }


def test_an_account_that_writes_json_of_its_own(gateway: SmallGateway) -> None:
    """Read and answered by its field maps: 711 is their 000711; of 50 hammers 40 are there; numbers have a comma."""
    message = gateway.settle("linden-works", (ORDERS / "linden-works.json").read_bytes())
    assert (message.status, message.format, gateway.faults(message.id)) == ("done", "custom", [])
    answer = mailbox(gateway, "linden-works")
    assert answer.mimetype == "application/json"
    response = json.loads(answer.data)
    assert response.pop("confirmation").startswith("OR-")
    assert response == {
        "po": "LW-1",
        "rows": [
            {"no": 1, "parts": [{"state": "OK", "qty": "3,00", "uom": "KARTON", "on": "26.11.2026"}]},
            {
                "no": 2,
                "parts": [
                    {"state": "OK", "qty": "40,00", "uom": "SZT", "on": "26.11.2026"},
                    {"state": "LATER", "qty": "10,00", "uom": "SZT"},
                ],
            },
            {"no": 3, "parts": [{"state": "OK", "qty": "12,50", "uom": "KILOGRAM", "on": "25.11.2026"}]},
        ],
    }
    assert taken(gateway, "linden-works") == {
        ("BOLT-M8", "NORTH"): "150",
        ("HAMMER-16", "NORTH"): "40",
        ("SAND-KG", "NORTH"): "12.5",
    }


def amounts(line: Any) -> list[str]:
    """What will be delivered and what comes later: the element's name, its quantity and its unit."""
    return [
        part
        for name in ("Quantity", "MaximumBackorderQuantity")
        for found in line.findall(f"cbc:{name}", UBL)
        for part in (name, str(found.text), str(found.get("unitCode")))
    ]


def texts(element: Any, path: str) -> list[str]:
    """The texts of the elements there."""
    return [found.text for found in element.findall(path, UBL)]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.name))
def test_the_accounts_are_nobody_elses(folder: Path) -> None:
    """No item number, unit or place of theirs is a demo account's, and no code of ours knows their names."""
    own = read_account(folder)
    for demo in (read_account(path) for path in DEMO_ACCOUNTS.iterdir() if path.is_dir()):
        assert not {row.account_sku for row in own.items} & {row.account_sku for row in demo.items}
        assert not {row.account_site for row in own.sites} & {row.account_site for row in demo.sites}
        assert not {row.account_unit for row in own.units} & {row.account_unit for row in demo.units}
    assert {path.suffix for path in folder.iterdir()} == {".csv", ".yaml"}
    root = HERE.parent.parent
    for package in ("gateway", "mappings", "schemas", "workers", "config"):
        for source in (root / package).rglob("*.py"):
            assert own.account.id not in source.read_text("utf-8")
