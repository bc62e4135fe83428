"""Three accounts that differ where accounts differ, two of the demo's and one made by a folder alone, and their orders.

`acme-retail` sends UBL in its own numbers by the case and gets Peppol responses; `nordic-office` sends json-1 with
leading zeros and Norwegian units; `garden-world` comes from a folder written here. No account has a rate limit: that is
another test's.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from decimal import Decimal
from importlib import resources
from itertools import cycle
from pathlib import Path

from gateway.accounts import publish_catalogue, publish_folder
from gateway.bootstrap import demo_folder
from gateway.store.store import Store
from mappings.files.account_folder import AccountFolder, read_account
from mappings.files.tables import read_catalogue, read_stock
from mappings.revision import StockRow

ACCOUNTS = ("acme-retail", "nordic-office", "garden-world")

_GARDEN = {
    "account.yaml": """\
id: garden-world
name: Garden World Stores
tier: gold
time_zone: Europe/Vienna
inbound: {formats: [json-1]}
outbound:
  order_response: {format: ubl-2.1, transport: mailbox}
policies: {default_unit: DOZ, order_rate_per_minute: 0, partial: ship_and_cancel}
terms: {currency: EUR}
""",
    "items.csv": """\
account_sku,gtin,product,account_unit,unit,factor,description,valid_from,valid_to
GW-1,,NAPKIN-100,DOZ,EA,12,Napkins by the dozen,,
GW-2,,OAT-1L,TRAY,EA,24,Oat drink by the tray of two cartons,,
""",
    "units.csv": "account_unit,product,unit,factor\nCAN,OIL-5L,EA,1\n",
    "sites.csv": """\
account_site,scheme,role,name,street,city,postal_code,country,supply_site,transit_days,receiving_days,valid_from,valid_to
WIEN,,ship_to,Lager Wien,Hafen 1,Wien,1020,AT,HALDEN,2,1,,
""",
    "prices.csv": """\
product,unit,currency,price,base_quantity,min_quantity,valid_from,valid_to
NAPKIN-100,EA,EUR,2.10,1,0,,
OAT-1L,EA,EUR,1.05,1,0,,
""",
}


@dataclass(frozen=True, slots=True)
class SentOrder:
    """An order as an account sends it. `ordered` is what each line asks for, in the account's unit."""

    account_id: str
    number: str
    body: bytes
    media_type: str
    ordered: tuple[str, ...]


def set_up_accounts(store: Store, folder: Path, *, on_hand: str | None = None) -> dict[str, str]:
    """Publish the catalogue, the stock and the three accounts; account → its key.

    `folder` is an empty place for the account that is onboarded by its folder. `on_hand` puts that much of everything
    on stock instead of what the demo has.
    """
    demo = demo_folder()
    publish_catalogue(store, read_catalogue(demo), author="test", reason="test")
    store.stock.record([with_on_hand(row, on_hand) for row in read_stock(demo / "stock.csv")])
    for content in (demo_account("acme-retail"), demo_account("nordic-office"), garden_world(folder)):
        publish_folder(store, content, author="test", reason="test")
    return {account: store.keys.create(account, actor="test")[1] for account in ACCOUNTS}


def with_on_hand(row: StockRow, on_hand: str | None) -> StockRow:
    """The row of stock, with another quantity where one is told."""
    return row if on_hand is None else replace(row, on_hand=Decimal(on_hand), reserved_other=Decimal(0))


def demo_account(account_id: str) -> AccountFolder:
    """One of the demo's folders, without a rate limit."""
    content = read_account(Path(str(resources.files("mappings"))) / "accounts" / account_id)
    policies = content.account.policies.model_copy(update={"order_rate_per_minute": 0})
    return replace(content, account=content.account.model_copy(update={"policies": policies}))


def garden_world(folder: Path) -> AccountFolder:
    """The account that is onboarded by a folder alone, written to `folder` and read from there."""
    place = folder / "garden-world"
    place.mkdir(parents=True, exist_ok=True)
    for name, text in _GARDEN.items():
        (place / name).write_text(text, encoding="utf-8")
    return read_account(place)


def orders_of_all(count: int, chance: random.Random, prefix: str = "K") -> list[SentOrder]:
    """`count` different orders of the three accounts in turn, of one to four lines."""
    makers = {"acme-retail": acme_order, "nordic-office": nordic_order, "garden-world": garden_order}
    made = []
    for index in range(count):
        account = ACCOUNTS[index % len(ACCOUNTS)]
        quantities = [chance.randint(1, 6) for _ in range(chance.randint(1, 4))]
        made.append(makers[account](f"{prefix}-{index:05d}", quantities))
    return made


def nordic_order(number: str, quantities: list[int]) -> SentOrder:
    """Cartons of oat drink, crispbread and jam, kilograms of coffee."""
    items = [("0042", "KRT"), ("0107", "KRT"), ("0310", "KRT"), ("0400", "KG")]
    lines = [
        {"line_number": str(at + 1), "buyer_item": item, "quantity": str(quantity + 4 * (unit == "KG")), "unit": unit}
        for at, (quantity, (item, unit)) in enumerate(zip(quantities, cycle(items), strict=False))
    ]
    return _json_order(
        "nordic-office",
        {
            "order_number": number,
            "issue_date": "2026-11-23",
            "currency": "NOK",
            "buyer": {"id": "987654325", "scheme": "0192"},
            "ship_to": {"id": "OSLO-01"},
            "lines": lines,
        },
    )


def garden_order(number: str, quantities: list[int]) -> SentOrder:
    """Dozens of napkins and trays of oat drink."""
    items = [("GW-1", "DOZ"), ("GW-2", "TRAY")]
    lines = [
        {"line_number": f"{10 * (at + 1)}", "buyer_item": item, "quantity": str(quantity), "unit": unit}
        for at, (quantity, (item, unit)) in enumerate(zip(quantities, cycle(items), strict=False))
    ]
    return _json_order("garden-world", {"order_number": number, "ship_to": {"id": "WIEN"}, "lines": lines})


def _json_order(account_id: str, order: dict[str, object]) -> SentOrder:
    lines: list[dict[str, str]] = order["lines"]  # type: ignore[assignment]
    ordered = tuple(line["quantity"] for line in lines)
    return SentOrder(account_id, str(order["order_number"]), json.dumps(order).encode(), "application/json", ordered)


def acme_order(number: str, quantities: list[int]) -> SentOrder:
    """Cases of oat drink, crispbread, jam and barista oat drink, as UBL."""
    items = cycle(["PL-0042", "PL-0107", "PL-0310", "PL-0043"])
    lines = "".join(
        _ACME_LINE.format(line=at + 1, quantity=quantity, item=item)
        for at, (quantity, item) in enumerate(zip(quantities, items, strict=False))
    )
    body = _ACME_ORDER.format(number=number, lines=lines).encode()
    return SentOrder("acme-retail", number, body, "application/xml", tuple(map(str, quantities)))


_ACME_ORDER = """<?xml version="1.0" encoding="UTF-8"?>
<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"
       xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
       xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  <cbc:CustomizationID>urn:fdc:peppol.eu:poacc:trns:order:3</cbc:CustomizationID>
  <cbc:ProfileID>urn:fdc:peppol.eu:poacc:bis:ordering:3</cbc:ProfileID>
  <cbc:ID>{number}</cbc:ID>
  <cbc:IssueDate>2026-11-23</cbc:IssueDate>
  <cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
  <cac:BuyerCustomerParty><cac:Party>
    <cbc:EndpointID schemeID="0088">4012345000009</cbc:EndpointID>
    <cac:PartyIdentification><cbc:ID schemeID="0088">4012345000009</cbc:ID></cac:PartyIdentification>
    <cac:PartyLegalEntity><cbc:RegistrationName>ACME Retail SE</cbc:RegistrationName></cac:PartyLegalEntity>
  </cac:Party></cac:BuyerCustomerParty>
  <cac:SellerSupplierParty><cac:Party>
    <cbc:EndpointID schemeID="0088">9521234000006</cbc:EndpointID>
    <cac:PartyIdentification><cbc:ID schemeID="0088">9521234000006</cbc:ID></cac:PartyIdentification>
    <cac:PartyLegalEntity><cbc:RegistrationName>Halden Provisions AS</cbc:RegistrationName></cac:PartyLegalEntity>
  </cac:Party></cac:SellerSupplierParty>
  <cac:Delivery>
    <cac:DeliveryLocation><cbc:ID schemeID="0088">4012345000016</cbc:ID></cac:DeliveryLocation>
  </cac:Delivery>{lines}
</Order>
"""
_ACME_LINE = """
  <cac:OrderLine><cac:LineItem>
    <cbc:ID>{line}</cbc:ID>
    <cbc:Quantity unitCode="XCS">{quantity}</cbc:Quantity>
    <cac:Item>
      <cbc:Name>Item {item}</cbc:Name>
      <cac:BuyersItemIdentification><cbc:ID>{item}</cbc:ID></cac:BuyersItemIdentification>
    </cac:Item>
  </cac:LineItem></cac:OrderLine>"""
