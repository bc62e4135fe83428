"""A catalogue with packs and stock, and two sample orders in layouts of nobody else's: for the set-up of accounts."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from gateway.accounts import table_rows
from gateway.services import Services
from mappings.revision import Pack, Product, StockRow

PRODUCTS = (
    Product("OAT-1L", "Oat drink 1 l", "EA", "9521234000013", sales_unit="XCT"),
    Product("SOY-1L", "Soy drink 1 l", "EA", "9521234000037", sales_unit="XCT"),
    Product("RYE-500", "Rye crispbread 500 g", "EA", "9521234000044", sales_unit="XCT"),
    Product("HONEY", "Honey by the kilo", "KGM"),
)
PACKS = tuple(Pack(one.product, "XCT", Decimal(12)) for one in PRODUCTS[:3])

JSON_ORDER = b"""{"Bestellung": {"Nr": "B-2026-118", "Datum": "24.11.2026",
 "Besteller": {"GLN": "4012345000184", "Firma": "Kaufhaus Nord GmbH"}, "Waehrung": "EUR",
 "Lieferort": {"Filiale": "F-07", "Strasse": "Hafenstr. 2", "PLZ": "24103", "Ort": "Kiel", "Land": "DE"},
 "Positionen": [
  {"Pos": 1, "ArtNr": "KN-1001", "Text": "Haferdrink 1 l", "Menge": 20, "ME": "KRT", "Preis": "12,50"},
  {"Pos": 2, "ArtNr": "KN-1002", "Text": "Sojadrink 1 l", "Menge": 10, "ME": "KRT", "Preis": "11,00"},
  {"Pos": 3, "ArtNr": "KN-1003", "Text": "Knaeckebrot", "Menge": 5, "ME": "KRT", "Preis": "31,50"}
 ]}}"""
"""Three items and a unit that nobody knows, as a German warehouse's system writes them."""

XML_ORDER = b"""<?xml version="1.0" encoding="UTF-8"?>
<PurchaseRequisition>
  <Header PONumber="4500-881" OrderDate="2026-11-24" Currency="EUR">
    <Buyer><CompanyName>Lakeside Hotels Ltd</CompanyName><GLN>4012345000191</GLN></Buyer>
    <DeliverTo><LocationCode>KITCHEN-2</LocationCode><Name>Lakeside Central Kitchen</Name>
      <Street>12 Shore Road</Street>
      <PostCode>LA23 1AB</PostCode><City>Windermere</City><Country>GB</Country></DeliverTo>
  </Header>
  <Items>
    <Item LineNo="10"><ArticleCode>LH/OAT</ArticleCode><Description>Oat drink</Description>
      <Qty>4</Qty><UOM>TRAY</UOM></Item>
    <Item LineNo="20"><ArticleCode>LH/SOY</ArticleCode><Description>Soy drink</Description>
      <Qty>2</Qty><UOM>TRAY</UOM></Item>
    <Item LineNo="30"><ArticleCode>LH/RYE</ArticleCode><Description>Crispbread</Description>
      <Qty>5</Qty><UOM>TRAY</UOM></Item>
  </Items>
</PurchaseRequisition>"""
"""The same trouble in XML: attributes for what heads it, elements for what is in a line."""


def stocked(services: Services) -> None:
    """Publish the catalogue, and put a thousand of each product into Hamburg."""
    rows = list(table_rows((*PRODUCTS, *PACKS)))
    services.store.revisions.publish_catalogue(rows, author="test", reason="test")
    at = datetime(2026, 11, 23, tzinfo=UTC)
    services.store.stock.record([StockRow(one.product, "HAMBURG", at, Decimal(1_000)) for one in PRODUCTS])
