"""Documents that say what became of ours, as partners write them, made for the tests."""

from __future__ import annotations

UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
SPACES = (
    f'xmlns="{UBL}ApplicationResponse-2" xmlns:cac="{UBL}CommonAggregateComponents-2" '
    f'xmlns:cbc="{UBL}CommonBasicComponents-2"'
)
PARTIES = (
    "<cac:SenderParty><cac:PartyName><cbc:Name>Acme</cbc:Name></cac:PartyName></cac:SenderParty>"
    "<cac:ReceiverParty><cac:PartyName><cbc:Name>Us</cbc:Name></cac:PartyName></cac:ReceiverParty>"
)
INVOICE_RESPONSE = f"""<?xml version="1.0" encoding="UTF-8"?>
<ApplicationResponse {SPACES}>
  <cbc:CustomizationID>urn:fdc:peppol.eu:poacc:trns:invoice_response:3</cbc:CustomizationID>
  <cbc:ProfileID>urn:fdc:peppol.eu:poacc:bis:invoice_response:3</cbc:ProfileID>
  <cbc:ID>imr-77</cbc:ID><cbc:IssueDate>2026-11-26</cbc:IssueDate>{PARTIES}
  <cac:DocumentResponse>
    <cac:Response>
      <cbc:ResponseCode listID="UNCL4343OpSubset">UQ</cbc:ResponseCode>
      <cbc:EffectiveDate>2026-11-26</cbc:EffectiveDate>
      <cac:Status>
        <cbc:StatusReasonCode listID="OPStatusReason">REF</cbc:StatusReasonCode>
        <cbc:StatusReason>The order's number
          is not ours</cbc:StatusReason>
        <cac:Condition><cbc:AttributeID>BT-13</cbc:AttributeID><cbc:Description>PO-1</cbc:Description></cac:Condition>
      </cac:Status>
      <cac:Status><cbc:StatusReasonCode listID="OPStatusAction">PIN</cbc:StatusReasonCode></cac:Status>
    </cac:Response>
    <cac:DocumentReference>
      <cbc:ID>IN-1</cbc:ID><cbc:IssueDate>2026-11-20</cbc:IssueDate>
      <cbc:DocumentTypeCode listID="UNCL1001">380</cbc:DocumentTypeCode>
    </cac:DocumentReference>
  </cac:DocumentResponse>
</ApplicationResponse>"""
MESSAGE_LEVEL = f"""<ApplicationResponse {SPACES}>
  <cbc:ID>mlr-1</cbc:ID><cbc:IssueDate>2026-11-26</cbc:IssueDate>{PARTIES}
  <cac:DocumentResponse>
    <cac:Response><cbc:ResponseCode>RE</cbc:ResponseCode><cbc:Description>Rejected</cbc:Description></cac:Response>
    <cac:DocumentReference><cbc:ID>DA-9</cbc:ID></cac:DocumentReference>
    <cac:LineResponse>
      <cac:LineReference><cbc:LineID>/DespatchAdvice/cbc:ID</cbc:LineID></cac:LineReference>
      <cac:Response><cbc:ResponseCode>RE</cbc:ResponseCode><cbc:Description>no such order</cbc:Description>
        <cac:Status><cbc:StatusReasonCode>BV</cbc:StatusReasonCode></cac:Status></cac:Response>
    </cac:LineResponse>
    <cac:LineResponse>
      <cac:LineReference><cbc:LineID>NA</cbc:LineID></cac:LineReference>
      <cac:Response><cbc:ResponseCode>RE</cbc:ResponseCode></cac:Response>
    </cac:LineResponse>
  </cac:DocumentResponse>
</ApplicationResponse>"""
IN_WORDS = f"""<ApplicationResponse {SPACES}>
  <cbc:ID>o-1</cbc:ID><cbc:IssueDate>2026-11-26</cbc:IssueDate>{PARTIES}
  <cac:DocumentResponse>
    <cac:Response><cbc:ReferenceID>IN-2</cbc:ReferenceID><cbc:ResponseCode>BusinessAccept</cbc:ResponseCode></cac:Response>
    <cac:DocumentReference>
      <cbc:ID>IN-2</cbc:ID><cbc:DocumentTypeCode>Invoice</cbc:DocumentTypeCode>
    </cac:DocumentReference>
  </cac:DocumentResponse>
  <cac:DocumentResponse>
    <cac:Response><cbc:ReferenceID>CN-3</cbc:ReferenceID><cbc:ResponseCode>technicalreject</cbc:ResponseCode></cac:Response>
    <cac:DocumentReference>
      <cbc:ID>CN-3</cbc:ID><cbc:DocumentType>Credit Note</cbc:DocumentType>
    </cac:DocumentReference>
  </cac:DocumentResponse>
</ApplicationResponse>"""


def application_response(*answers: str, number: str = "AR-1") -> bytes:
    """One with these DocumentResponses."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><ApplicationResponse {SPACES}>'
        f"<cbc:ID>{number}</cbc:ID><cbc:IssueDate>2026-11-23</cbc:IssueDate>{''.join(answers)}</ApplicationResponse>"
    ).encode()


def about(document: str, code: str, *reasons: str, kind: str = "") -> str:
    """A DocumentResponse."""
    said = "".join(
        f"<cac:Status><cbc:StatusReasonCode>BV</cbc:StatusReasonCode><cbc:StatusReason>{one}</cbc:StatusReason>"
        "</cac:Status>"
        for one in reasons
    )
    typed = f"<cbc:DocumentTypeCode>{kind}</cbc:DocumentTypeCode>" if kind else ""
    return (
        f"<cac:DocumentResponse><cac:Response><cbc:ResponseCode>{code}</cbc:ResponseCode>{said}</cac:Response>"
        f"<cac:DocumentReference><cbc:ID>{document}</cbc:ID>{typed}</cac:DocumentReference></cac:DocumentResponse>"
    )


def cxml(inner: str, payload_id: str = "su-1@hub.example") -> bytes:
    party = '<Credential domain="NetworkID"><Identity>AN1</Identity></Credential>'
    header = f"<From>{party}</From><To>{party}</To><Sender>{party}<UserAgent>a</UserAgent></Sender>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.060/cXML.dtd">'
        f'<cXML payloadID="{payload_id}" timestamp="2026-11-26T09:00:00+00:00"><Header>{header}</Header>'
        f"<Request><StatusUpdateRequest>{inner}</StatusUpdateRequest></Request></cXML>"
    ).encode()


def status(code: int, text: str = "OK", said: str = "") -> str:
    return f'<Status code="{code}" text="{text}" xml:lang="en">{said}</Status>'


OF_OURS = '<DocumentReference payloadID="OR-1@us"/>'
COMMENTS = '<Comments xml:lang="en">too dear</Comments>'


UBL_ANSWERS = tuple(one.encode() for one in (INVOICE_RESPONSE, MESSAGE_LEVEL, IN_WORDS))
CXML_ANSWERS = tuple(
    cxml(one)
    for one in (
        OF_OURS + status(200),
        status(200) + f'<InvoiceStatus type="rejected"><InvoiceIDInfo invoiceID="IN-1"/>{COMMENTS}</InvoiceStatus>',
        status(200) + '<DocumentStatus type="a"><DocumentInfo documentID="D" documentType="x"/></DocumentStatus>',
    )
)
