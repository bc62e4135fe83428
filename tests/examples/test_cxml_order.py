"""A cXML order through the whole house: sent, judged, and answered with a confirmation."""

from __future__ import annotations

from dataclasses import replace

from lxml import etree

from mappings.files.account_folder import read_account
from tests.examples.small_gateway import ACCOUNTS, SmallGateway

ORDER = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.045/cXML.dtd">
<cXML payloadID="1@pine.example" timestamp="2026-11-23T09:00:00+01:00">
  <Header>
    <From><Credential domain="NetworkID"><Identity>AN-PINE</Identity></Credential></From>
    <To><Credential domain="GLN"><Identity>9521234009993</Identity></Credential></To>
    <Sender><Credential domain="NetworkID"><Identity>AN-PINE</Identity></Credential><UserAgent>x</UserAgent></Sender>
  </Header>
  <Request deploymentMode="production">
    <OrderRequest>
      <OrderRequestHeader orderID="PH-CX-1" orderDate="2026-11-23T09:00:00+01:00" type="new">
        <Total><Money currency="EUR">1.00</Money></Total>
        <ShipTo><Address addressID="YARD-1"><Name xml:lang="nl">Magazijn</Name></Address></ShipTo>
        <BillTo><Address><Name xml:lang="nl">Pine</Name></Address></BillTo>
      </OrderRequestHeader>
      <ItemOut quantity="4" lineNumber="010">
        <ItemID><SupplierPartID></SupplierPartID><BuyerPartID>PH-0102</BuyerPartID></ItemID>
        <ItemDetail>
          <UnitPrice><Money currency="EUR"></Money></UnitPrice>
          <Description xml:lang="nl">Klauwhamer</Description>
          <UnitOfMeasure>STUK</UnitOfMeasure>
          <Classification domain="UNSPSC">27111602</Classification>
        </ItemDetail>
      </ItemOut>
    </OrderRequest>
  </Request>
</cXML>"""


def test_a_cxml_order_is_answered_with_a_confirmation(gateway: SmallGateway) -> None:
    folder = read_account(ACCOUNTS / "pine-hardware")
    terms = folder.account.model_dump(mode="json", by_alias=True)
    terms["identifiers"] = [{"scheme": "NetworkID", "id": "AN-PINE"}]
    terms["inbound"] = {"formats": ["cxml-1.2"]}
    terms["outbound"]["order_response"] = {"format": "cxml-1.2", "transport": "mailbox"}
    gateway.publish(replace(folder, account=type(folder.account).model_validate(terms)))
    message = gateway.settle("pine-hardware", ORDER.encode())
    assert (message.status, gateway.faults(message.id)) == ("done", [])
    (kept,) = gateway.store.documents.of_messages([message.id])
    headers = {"Authorization": f"Bearer {gateway.key('pine-hardware')}", "Accept": "text/xml"}
    answer = gateway.client.get(f"/v1/documents/{kept.id}", headers=headers)
    assert answer.mimetype == "text/xml"
    root = etree.fromstring(answer.data)
    header, item = root.find(".//ConfirmationHeader"), root.find(".//ConfirmationItem")
    assert header is not None
    assert item is not None
    assert header.get("type") == "accept"
    assert root.find(".//OrderReference").get("orderID") == "PH-CX-1"  # type: ignore[union-attr]
    assert (item.get("lineNumber"), item.get("quantity"), item.findtext("UnitOfMeasure")) == ("010", "4", "STUK")
