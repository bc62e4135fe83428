"""What the description shows: an order as it is sent, and every answer as it comes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ORDER: Mapping[str, Any] = {
    "order_number": "PO-1001",
    "issue_date": "2026-11-23",
    "currency": "NOK",
    "ship_to": {"id": "OSLO-01"},
    "requested_delivery": {"start": "2026-12-01", "end": "2026-12-02"},
    "lines": [
        {
            "line_number": "1",
            "buyer_item": "0042",
            "quantity": "10",
            "unit": "KRT",
            "price": {"amount": "178.80"},
        }
    ],
}
"""A short order as json-1, of the demo account nordic-office."""

CHANGE: Mapping[str, Any] = {
    "function": "change",
    "order_number": "PO-1001",
    "lines": [{"line_number": "1", "action": "change", "quantity": "8"}],
}
"""A change of that order, line by line."""

CANCELLATION: Mapping[str, Any] = {"function": "cancel", "order_number": "PO-1001"}
"""The end of that order."""

SHIPMENT: Mapping[str, Any] = {
    "shipment_number": "LS-70031",
    "shipped_at": "2026-11-24T14:55:00+01:00",
    "estimated_delivery": "2026-11-26",
    "carrier": "Nordfracht",
    "tracking": "NF-4471-0092",
    "packages": [
        {"id": "P1", "type": "PX"},
        {
            "id": "C1",
            "type": "CT",
            "parent": "P1",
            "lines": [
                {
                    "order_number": "PO-1001",
                    "account": "nordic-office",
                    "line_number": "1",
                    "product": "OAT-1L",
                    "base_quantity": "72",
                    "lot": "L-2611",
                    "expiry": "2027-05-31",
                }
            ],
        },
    ],
}
"""A carton on a pallet, with part of that order."""

INVOICE_REQUEST: Mapping[str, Any] = {
    "request_number": "FA-2026-1187",
    "account": "nordic-office",
    "shipments": ["LS-70031"],
    "lines": [
        {"shipment_number": "LS-70030", "order_number": "PO-1000", "line_number": "2", "base_quantity": "36"},
    ],
}
"""All of one shipment, and part of another."""

CREDIT_NOTE_REQUEST: Mapping[str, Any] = {
    "request_number": "RMA-5512",
    "account": "nordic-office",
    "invoice_number": "IN-00000041",
    "reason": "return",
    "lines": [{"line_number": "1", "quantity": "2", "note": "Two cartons were wet."}],
}
"""What came back of that invoice."""

DELIVERY: Mapping[str, Any] = {"shipment_number": "LS-70031", "delivered_at": "2026-11-26T10:12:00+01:00"}
"""That the shipment is there."""

ORDERS_SENT: Mapping[str, Mapping[str, Any]] = {
    "one_order": {"summary": "One order", "value": ORDER},
    "several_orders": {"summary": "Several orders", "value": [ORDER, {**ORDER, "order_number": "PO-1004"}]},
    "change": {"summary": "A change, line by line", "value": CHANGE},
    "cancellation": {"summary": "A cancellation", "value": CANCELLATION},
}
"""Bodies of json-1 by name, as OpenAPI has them."""

CXML_ORDER = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.060/cXML.dtd">
<cXML payloadID="2026-11-23.4711@blue-harbor.example" timestamp="2026-11-23T09:00:00+00:00">
  <Header>
    <From><Credential domain="NetworkID"><Identity>AN01000000002</Identity></Credential></From>
    <To><Credential domain="NetworkID"><Identity>AN05000000001</Identity></Credential></To>
    <Sender>
      <Credential domain="NetworkID">
        <Identity>AN01000000002</Identity>
        <SharedSecret>gw_live_…</SharedSecret>
      </Credential>
      <UserAgent>Our purchasing 1.0</UserAgent>
    </Sender>
  </Header>
  <Request deploymentMode="production">
    <OrderRequest>
      <OrderRequestHeader orderID="PO-1003" orderDate="2026-11-23T09:00:00+00:00" type="new">
        <Total><Money currency="EUR">25.92</Money></Total>
        <ShipTo><Address addressID="PIER-4"><Name xml:lang="en">Pier 4</Name></Address></ShipTo>
      </OrderRequestHeader>
      <ItemOut quantity="24" lineNumber="1">
        <ItemID><SupplierPartID>OAT-1L</SupplierPartID></ItemID>
        <ItemDetail>
          <UnitPrice><Money currency="EUR">1.08</Money></UnitPrice>
          <Description xml:lang="en">Oat drink 1 l</Description>
          <UnitOfMeasure>EA</UnitOfMeasure>
          <Classification domain="UNSPSC">50202300</Classification>
        </ItemDetail>
      </ItemOut>
    </OrderRequest>
  </Request>
</cXML>
"""
"""A short order as cXML, of the demo account blue-harbor."""

UBL_ORDER = """\
<?xml version="1.0" encoding="UTF-8"?>
<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"
  xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
  xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  <cbc:ID>PO-1002</cbc:ID>
  <cbc:IssueDate>2026-11-23</cbc:IssueDate>
  <cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
  <cac:BuyerCustomerParty><cac:Party/></cac:BuyerCustomerParty>
  <cac:SellerSupplierParty><cac:Party/></cac:SellerSupplierParty>
  <cac:Delivery>
    <cac:DeliveryLocation>
      <cbc:ID schemeID="0088">4012345000016</cbc:ID>
    </cac:DeliveryLocation>
    <cac:RequestedDeliveryPeriod>
      <cbc:StartDate>2026-12-01</cbc:StartDate>
      <cbc:EndDate>2026-12-02</cbc:EndDate>
    </cac:RequestedDeliveryPeriod>
  </cac:Delivery>
  <cac:OrderLine>
    <cac:LineItem>
      <cbc:ID>1</cbc:ID>
      <cbc:Quantity unitCode="XCS">10</cbc:Quantity>
      <cac:Price>
        <cbc:PriceAmount currencyID="EUR">12.50</cbc:PriceAmount>
      </cac:Price>
      <cac:Item>
        <cbc:Name>Oat drink 1 l</cbc:Name>
        <cac:BuyersItemIdentification>
          <cbc:ID>PL-0042</cbc:ID>
        </cac:BuyersItemIdentification>
      </cac:Item>
    </cac:LineItem>
  </cac:OrderLine>
</Order>
"""
"""A short order as UBL 2.1, of the demo account acme-retail."""

ORDER_RESPONSE: Mapping[str, Any] = {
    "number": "OR-00000041",
    "order_number": "PO-1001",
    "order_version": 1,
    "issue_date": "2026-11-23",
    "outcome": "changed",
    "lines": [
        {
            "line_number": "1",
            "buyer_item": "0042",
            "outcomes": [
                {"status": "accepted", "quantity": "6", "unit": "KRT", "promised_delivery": "2026-12-01"},
                {
                    "status": "backordered",
                    "quantity": "4",
                    "unit": "KRT",
                    "promised_delivery": "2026-12-06",
                    "reason": "Not in stock now; follows with the next receipt.",
                },
            ],
        }
    ],
}
"""What the short order gets where only six cartons lie in stock, as json-1."""

_MESSAGE, _DOCUMENT = "01a1f0c39e5b7d2486aa03f1e7c4", "01a1f0c39ed27f19b6c0548a2b90"
_LINKS = {"message": f"/v1/messages/{_MESSAGE}", "documents": f"/v1/documents?message_id={_MESSAGE}"}
_UNKNOWN_ITEM = {
    "code": "unknown_item",
    "path": "/lines/0/buyer_item",
    "location": "/lines/0/buyer_item",
    "detail": "nothing of ours is known by the account's item number 9999",
    "value": "9999",
    "expected": "an item number that is agreed, or the item number or GTIN of something we sell",
}
_KEY_TWICE = {
    "code": "json_duplicate_key",
    "path": "/lines/0/quantity",
    "location": "/lines/0/quantity",
    "detail": "the key stands twice in its object",
    "value": "quantity",
    "expected": None,
}
_ENTRY = {
    "id": _DOCUMENT,
    "type": "order_response",
    "number": "OR-00000041",
    "order_number": "PO-1001",
    "format": "json-1",
    "media_type": "application/json",
    "created_at": "2026-11-23T09:30:01.105+00:00",
    "href": f"/v1/documents/{_DOCUMENT}",
    "test": False,
}
_LEDGER_LINE = {
    "line_number": "1",
    "buyer_item": "0042",
    "seller_item": None,
    "gtin": None,
    "product": "OAT-1L",
    "unit": "KRT",
    "ordered": "10",
    "raised": "0",
    "confirmed": "6",
    "backordered": "4",
    "rejected": "0",
    "cancelled": "0",
    "open": "0",
    "shipped": "0",
    "returned": "0",
    "invoiced": "0",
    "credited": "0",
    "base_unit": "EA",
    "base_shipped": "0",
    "base_returned": "0",
    "base_invoiced": "0",
    "base_credited": "0",
}

ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "Accepted": {"message_id": _MESSAGE, "status": "received", "links": _LINKS},
    "DocumentPage": {"documents": [_ENTRY], "next": None},
    "MessageAnswer": {
        "message_id": _MESSAGE,
        "status": "held",
        "test": False,
        "received_at": "2026-11-23T09:30:01.004+00:00",
        "due_at": "2026-11-23T13:30:01.004+00:00",
        "settled_at": "2026-11-23T09:30:01.105+00:00",
        "format": "json-1",
        "media_type": "application/json",
        "size": 294,
        "order_number": "PO-1001",
        "waits_for": None,
        "duplicate_of": None,
        "parent": None,
        "part": None,
        "children": [],
        "mapping_revision": 3,
        "catalogue_revision": 12,
        "stages": [
            {"name": "received", "at": "2026-11-23T09:30:01.004+00:00"},
            {"name": "decoded", "at": "2026-11-23T09:30:01.103+00:00"},
            {"name": "mapped", "at": "2026-11-23T09:30:01.104+00:00"},
            {"name": "held", "at": "2026-11-23T09:30:01.105+00:00"},
        ],
        "faults": [_UNKNOWN_ITEM],
        "documents": [],
        "answers": [],
        "links": _LINKS,
    },
    "OrderThread": {
        "order_number": "PO-1001",
        "test": False,
        "version": 1,
        "order_version": 1,
        "status": "open",
        "outcome": "changed",
        "order_type": "stand_alone",
        "currency": "NOK",
        "issue_date": "2026-11-23",
        "message_id": _MESSAGE,
        "mapping_revision": 3,
        "created_at": "2026-11-23T09:30:01.105+00:00",
        "updated_at": "2026-11-23T09:30:01.105+00:00",
        "versions": [{"version": 1, "order_version": 1, "message_id": _MESSAGE}],
        "lines": [_LEDGER_LINE],
        "shipments": [],
        "releases": [],
        "documents": [_ENTRY],
        "others": [],
    },
    "Problem": {
        "type": "/v1/docs/faults/json_duplicate_key",
        "title": "JSON key twice",
        "status": 400,
        "detail": "the key stands twice in its object",
        "code": "json_duplicate_key",
        "message_id": _MESSAGE,
        "faults": [_KEY_TWICE],
    },
    "Readiness": {"status": "ready", "redis": "up"},
    "Receipt": {"id": _DOCUMENT, "received_at": "2026-11-23T09:31:12.730+00:00", "status": "received"},
    "SchemaList": {"schemas": [{"type": "order", "href": "/v1/schemas/order.json"}]},
    "Billed": {
        "request_number": "FA-2026-1187",
        "documents": [
            {
                "id": "01a1f0c39ed27f19b6c0548a2b93",
                "account": "nordic-office",
                "type": "invoice",
                "number": "IN-00000041",
            }
        ],
    },
    "TakenDelivery": {"shipment_number": "LS-70031", "delivered_at": "2026-11-26T10:12:00+01:00"},
    "TakenShipment": {
        "shipment_number": "LS-70031",
        "packages": [{"id": "P1", "sscc": "095212340000000015"}, {"id": "C1", "sscc": "095212340000000022"}],
        "documents": [
            {
                "id": "01a1f0c39e5b7d2486aa03f1e7d0",
                "account": "nordic-office",
                "type": "despatch_advice",
                "number": "DA-00000001",
            }
        ],
    },
    "ValidatedOrder": {
        "order": {**ORDER},
        "lines": [
            {
                "line_number": "1",
                "product": "OAT-1L",
                "quantity": "10",
                "unit": "XCT",
                "base_quantity": "120",
                "base_unit": "EA",
                "price": "178.80",
                "contract_price": "178.80",
            }
        ],
        "faults": [],
    },
}
"""Answer's name → an example of it."""

_CHILDREN = ("01a1f0c39e5b7d2486aa03f1e7c5", "01a1f0c39e5b7d2486aa03f1e7c6")
ACCEPTED: Mapping[str, Mapping[str, Any]] = {
    "one_order": {"summary": "A body of one order", "value": ANSWERS["Accepted"]},
    "several_orders": {
        "summary": "A body of several orders",
        "value": {
            "message_id": _MESSAGE,
            "status": "done",
            "children": [
                {
                    "part": part,
                    "message_id": child,
                    "status": "received",
                    "order_number": None,
                    "links": {"message": f"/v1/messages/{child}", "documents": f"/v1/documents?message_id={child}"},
                }
                for part, child in enumerate(_CHILDREN, 1)
            ],
            "links": _LINKS,
        },
    },
}
"""What such bodies get without `wait`, by name, as OpenAPI has them."""

INVENTORY_REPORT: Mapping[str, Any] = {
    "number": "IR-20261124T050000Z-1-1-4711",
    "issue_date": "2026-11-24",
    "issued_at": "2026-11-24T06:00:00+01:00",
    "is_full": True,
    "since": None,
    "buyer": {"name": "Nordic Office Supply"},
    "seller": {"name": "Halden Provisions AS"},
    "lines": [
        {
            "buyer_item": "0042",
            "seller_item": "OAT-1L",
            "gtin": "9521234000013",
            "description": "Havredrikk 1 l",
            "status": "available",
            "quantity": "4800",
            "unit": "STK",
            "unit_code": "EA",
            "as_of": "2026-11-23T06:00:00+01:00",
            "next_receipt_date": "2026-11-30",
            "next_receipt_quantity": "9600",
            "order_multiple": "12",
            "lead_time_days": 2,
        }
    ],
}
"""An inventory report as json-1, of the demo account nordic-office."""

INVENTORY_TABLE = (
    "buyer_item,seller_item,gtin,description,status,quantity,unit,unit_code,as_of,next_receipt_date,"
    "next_receipt_quantity,order_minimum,order_multiple,lead_time_days,replaced_by\r\n"
    "0042,OAT-1L,9521234000013,Havredrikk 1 l,available,4800,STK,EA,2026-11-23T06:00:00+01:00,"
    "2026-11-30,9600,,12,2,\r\n"
)
"""The same as csv-1."""

UBL_INVENTORY = """\
<?xml version="1.0" encoding="UTF-8"?>
<StockAvailabilityReport xmlns="urn:oasis:names:specification:ubl:schema:xsd:StockAvailabilityReport-2"
    xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
    xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  <cbc:UBLVersionID>2.1</cbc:UBLVersionID>
  <cbc:ID>IR-20261124T050000Z-1-1-4711</cbc:ID>
  <cbc:IssueDate>2026-11-24</cbc:IssueDate>
  <cbc:IssueTime>06:00:00+01:00</cbc:IssueTime>
  <cac:SellerSupplierParty>
    <cac:Party><cac:PartyName><cbc:Name>Halden Provisions AS</cbc:Name></cac:PartyName></cac:Party>
  </cac:SellerSupplierParty>
  <cac:RetailerCustomerParty>
    <cac:Party><cac:PartyName><cbc:Name>Nordic Office Supply</cbc:Name></cac:PartyName></cac:Party>
  </cac:RetailerCustomerParty>
  <cac:InventoryReportingParty>
    <cac:PartyName><cbc:Name>Nordic Office Supply</cbc:Name></cac:PartyName>
  </cac:InventoryReportingParty>
  <cac:StockAvailabilityReportLine>
    <cbc:ID>1</cbc:ID>
    <cbc:Quantity unitCode="STK">4800</cbc:Quantity>
    <cbc:AvailabilityStatusCode>2</cbc:AvailabilityStatusCode>
    <cac:Item>
      <cbc:Name>Havredrikk 1 l</cbc:Name>
      <cac:BuyersItemIdentification><cbc:ID>0042</cbc:ID></cac:BuyersItemIdentification>
      <cac:SellersItemIdentification><cbc:ID>OAT-1L</cbc:ID></cac:SellersItemIdentification>
    </cac:Item>
  </cac:StockAvailabilityReportLine>
</StockAvailabilityReport>
"""
"""The same as UBL."""
