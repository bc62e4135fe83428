"""UBL orders of the demo account acme-retail, of any length, that are accepted whatever day it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, timedelta

from gateway.store.arrivals import NewMessage
from gateway.store.ids import now_us

ACCOUNT = "acme-retail"
HIGH = 1
"""The lane of a platinum account."""

PRODUCTS = ("OAT-1L", "RYE-500", "SOY-1L", "JAM-RASP", "WATER-050")
_LINES = (
    ("PL-0042", "10", "12.50", "ACME oat drink 1 l"),
    ("PL-0107", "5", "31.00", "ACME crispbread 500 g"),
    ("PL-0044", "7", "13.20", "ACME soy drink 1 l"),
    ("PL-0310", "3", "22.40", "ACME raspberry jam 340 g"),
    ("PL-0211", "9", "6.96", "ACME spring water 0.5 l"),
)

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"
       xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
       xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  <cbc:CustomizationID>urn:fdc:peppol.eu:poacc:trns:order:3</cbc:CustomizationID>
  <cbc:ProfileID>urn:fdc:peppol.eu:poacc:bis:ordering:3</cbc:ProfileID>
  <cbc:ID>{number}</cbc:ID>
  <cbc:IssueDate>{issued}</cbc:IssueDate>
  <cbc:OrderTypeCode>220</cbc:OrderTypeCode>
  <cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
  <cac:BuyerCustomerParty>
    <cac:Party>
      <cbc:EndpointID schemeID="0088">4012345000009</cbc:EndpointID>
      <cac:PartyIdentification>
        <cbc:ID schemeID="0088">4012345000009</cbc:ID>
      </cac:PartyIdentification>
      <cac:PostalAddress>
        <cbc:StreetName>Speicherstrasse 1</cbc:StreetName>
        <cbc:CityName>Hamburg</cbc:CityName>
        <cbc:PostalZone>20457</cbc:PostalZone>
        <cac:Country>
          <cbc:IdentificationCode>DE</cbc:IdentificationCode>
        </cac:Country>
      </cac:PostalAddress>
      <cac:PartyLegalEntity>
        <cbc:RegistrationName>ACME Retail SE</cbc:RegistrationName>
      </cac:PartyLegalEntity>
    </cac:Party>
  </cac:BuyerCustomerParty>
  <cac:SellerSupplierParty>
    <cac:Party>
      <cbc:EndpointID schemeID="0088">9521234000006</cbc:EndpointID>
      <cac:PartyIdentification>
        <cbc:ID schemeID="0088">9521234000006</cbc:ID>
      </cac:PartyIdentification>
      <cac:PostalAddress>
        <cac:Country>
          <cbc:IdentificationCode>NO</cbc:IdentificationCode>
        </cac:Country>
      </cac:PostalAddress>
      <cac:PartyLegalEntity>
        <cbc:RegistrationName>Halden Provisions AS</cbc:RegistrationName>
      </cac:PartyLegalEntity>
    </cac:Party>
  </cac:SellerSupplierParty>
  <cac:Delivery>
    <cac:DeliveryLocation>
      <cbc:ID schemeID="0088">4012345000016</cbc:ID>
    </cac:DeliveryLocation>
    <cac:RequestedDeliveryPeriod>
      <cbc:StartDate>{wanted}</cbc:StartDate>
      <cbc:EndDate>{until}</cbc:EndDate>
    </cac:RequestedDeliveryPeriod>
  </cac:Delivery>
"""
LINE = """  <cac:OrderLine>
    <cac:LineItem>
      <cbc:ID>{number}</cbc:ID>
      <cbc:Quantity unitCode="XCS">{quantity}</cbc:Quantity>
      <cbc:LineExtensionAmount currencyID="EUR">125.00</cbc:LineExtensionAmount>
      <cac:Price>
        <cbc:PriceAmount currencyID="EUR">{price}</cbc:PriceAmount>
        <cbc:BaseQuantity unitCode="XCS">1</cbc:BaseQuantity>
      </cac:Price>
      <cac:Item>
        <cbc:Name>{name}</cbc:Name>
        <cac:BuyersItemIdentification>
          <cbc:ID>{sku}</cbc:ID>
        </cac:BuyersItemIdentification>
      </cac:Item>
    </cac:LineItem>
  </cac:OrderLine>
"""


def dates() -> dict[str, date]:
    """Issued today and wanted in two weeks, as HEAD names them."""
    today = date.today()  # noqa: DTZ011  # the day on any calendar will do: it is two weeks early
    return {"issued": today, "wanted": today + timedelta(days=14), "until": today + timedelta(days=15)}


def ubl_order(number: str, lines: int = 5) -> bytes:
    """An order of so many lines, issued today and wanted in two weeks."""
    head = HEAD.format(number=number, **dates())
    return (head + "".join(_lines(lines)) + "</Order>\n").encode()


def _lines(count: int) -> Iterator[str]:
    for index in range(count):
        sku, quantity, price, name = _LINES[index % len(_LINES)]
        yield LINE.format(number=index + 1, quantity=quantity, price=price, name=name, sku=sku)


def arrivals(prefix: str, count: int, lines: int = 5) -> list[NewMessage]:
    """So many different orders as intake hands them to the store."""
    pattern = ubl_order("@NUMBER@", lines)
    bodies = [pattern.replace(b"@NUMBER@", f"{prefix}-{index:07d}".encode()) for index in range(count)]
    return [arrival(body) for body in bodies]


def arrival(body: bytes, account: str = ACCOUNT) -> NewMessage:
    """An order of the account, as intake hands it to the store."""
    digest = hashlib.sha256(body).digest()
    due_at = now_us() + 4 * 3_600_000_000
    return NewMessage(account, False, HIGH, due_at, "http", "ubl-2.1", "application/xml", body, digest)
