"""Reading by a compiled map against the built-in codec, over the very same bytes and to the same order."""

from __future__ import annotations

from itertools import cycle

import pytest

from mappings.fieldmaps import compile_map
from schemas.formats import ReadOrder
from schemas.formats.json_1 import parse_orders as read_json_1
from schemas.formats.json_1 import render
from schemas.formats.ubl_2_1 import UBL_2_1
from tests.bench.measuring import Figure, Report, in_turns
from tests.bench.orders import ubl_order
from tests.bench.test_decode import settled_memory

pytestmark = pytest.mark.bench

_PARTY = """
    id: {at}/cac:Party/cac:PartyIdentification/cbc:ID
    scheme: {at}/cac:Party/cac:PartyIdentification/cbc:ID/@schemeID
    endpoint: {{id: {at}/cac:Party/cbc:EndpointID, scheme: {at}/cac:Party/cbc:EndpointID/@schemeID}}
    legal_name: {at}/cac:Party/cac:PartyLegalEntity/cbc:RegistrationName
    address:
      street: {at}/cac:Party/cac:PostalAddress/cbc:StreetName
      city: {at}/cac:Party/cac:PostalAddress/cbc:CityName
      postal_code: {at}/cac:Party/cac:PostalAddress/cbc:PostalZone
      country: {at}/cac:Party/cac:PostalAddress/cac:Country/cbc:IdentificationCode
"""
UBL_BY_MAP = f"""
reads: xml
root: Order
lost: [LineItem/LineExtensionAmount/@currencyID, LineItem/Price/PriceAmount/@currencyID]
namespaces:
  '': urn:oasis:names:specification:ubl:schema:xsd:Order-2
  cac: urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2
  cbc: urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2
order:
  order_number: cbc:ID
  issue_date: cbc:IssueDate
  order_type: {{from: cbc:OrderTypeCode, table: {{'220': stand_alone}}}}
  currency: cbc:DocumentCurrencyCode
  customization: cbc:CustomizationID
  profile: cbc:ProfileID
  buyer:{_PARTY.format(at="cac:BuyerCustomerParty")}
  seller:{_PARTY.format(at="cac:SellerSupplierParty")}
  ship_to:
    id: cac:Delivery/cac:DeliveryLocation/cbc:ID
    scheme: cac:Delivery/cac:DeliveryLocation/cbc:ID/@schemeID
  requested_delivery:
    start: cac:Delivery/cac:RequestedDeliveryPeriod/cbc:StartDate
    end: cac:Delivery/cac:RequestedDeliveryPeriod/cbc:EndDate
  lines:
    each: cac:OrderLine
    line_number: cac:LineItem/cbc:ID
    buyer_item: cac:LineItem/cac:Item/cac:BuyersItemIdentification/cbc:ID
    description: cac:LineItem/cac:Item/cbc:Name
    quantity: cac:LineItem/cbc:Quantity
    unit: cac:LineItem/cbc:Quantity/@unitCode
    unit_code: cac:LineItem/cbc:Quantity/@unitCode
    price:
      amount: cac:LineItem/cac:Price/cbc:PriceAmount
      base_quantity: cac:LineItem/cac:Price/cbc:BaseQuantity
      unit: cac:LineItem/cac:Price/cbc:BaseQuantity/@unitCode
      unit_code: cac:LineItem/cac:Price/cbc:BaseQuantity/@unitCode
"""
_JSON_PARTY = """
    id: {at}.id
    scheme: {at}.scheme
    endpoint: {{id: {at}.endpoint.id, scheme: {at}.endpoint.scheme}}
    legal_name: {at}.legal_name
    address:
      street: {at}.address.street
      city: {at}.address.city
      postal_code: {at}.address.postal_code
      country: {at}.address.country
"""
JSON_1_BY_MAP = f"""
reads: json
order:
  function: function
  version: version
  order_type: order_type
  test: test
  order_number: order_number
  issue_date: issue_date
  currency: currency
  rush: rush
  customization: customization
  profile: profile
  buyer:{_JSON_PARTY.format(at="buyer")}
  seller:{_JSON_PARTY.format(at="seller")}
  ship_to: {{id: ship_to.id, scheme: ship_to.scheme}}
  requested_delivery: {{start: requested_delivery.start, end: requested_delivery.end}}
  lines:
    each: lines
    line_number: line_number
    buyer_item: buyer_item
    description: description
    quantity: quantity
    unit: unit
    unit_code: unit_code
    price: {{amount: price.amount, base_quantity: price.base_quantity, unit: price.unit, unit_code: price.unit_code}}
    extensions: {{each: extensions, name: name, value: value}}
"""


def said(read: ReadOrder) -> object:
    """All of the order but the values kept aside, which the codec names by its own path."""
    return read.order.model_dump(exclude_defaults=True, exclude={"lines": {"__all__": {"extensions"}}})


def test_a_map_reads_xml_at_half_the_codecs_speed(report: Report) -> None:
    bodies = [ubl_order(f"M-{number:04d}") for number in range(8)]
    read, body = compile_map(UBL_BY_MAP, "order_map.yaml").read, cycle(bodies)
    assert said(read(bodies[0])[0]) == said(UBL_2_1.parse_orders(bodies[0])[0])
    assert [one.value for one in read(bodies[0])[0].order.lines[0].extensions] == ["125.00"]
    with settled_memory():
        seconds, least, ratio = in_turns(lambda: read(next(body)), lambda: UBL_2_1.parse_orders(next(body)), 200, 15)
    report.add(Figure("read a 5-line XML order by a map", 1 / seconds, 1 / least, "docs/s", 1 / ratio, 0.5, "of UBL's"))


def test_a_map_reads_json_at_half_the_codecs_speed(report: Report) -> None:
    orders = [UBL_2_1.parse_orders(ubl_order(f"M-{number:04d}"))[0].order for number in range(8)]
    bodies = [render(order) for order in orders]
    read, body = compile_map(JSON_1_BY_MAP, "order_map.yaml").read, cycle(bodies)
    assert read(bodies[0])[0].order == orders[0]
    with settled_memory():
        seconds, least, ratio = in_turns(lambda: read(next(body)), lambda: read_json_1(next(body)), 200, 15)
    report.add(
        Figure("read a 5-line JSON order by a map", 1 / seconds, 1 / least, "docs/s", 1 / ratio, 0.5, "of json-1's")
    )
