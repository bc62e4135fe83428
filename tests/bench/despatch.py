"""A despatch advice of so many cartons, as many pallets of them as it takes, and the least that writing one costs."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from schemas.documents.common import Address, Identifier, Party, Period
from schemas.documents.despatch_advice import Carrier, DespatchAdvice, DespatchedOrder, DespatchLine, Package
from schemas.values import gs1_check_digit

CARTONS = 5_000
ON_A_PALLET = 48


def sscc(number: int) -> str:
    """An SSCC of our own numbers."""
    body = f"3409876{number:010d}"
    return body + gs1_check_digit(body)


def advice(cartons: int = CARTONS) -> DespatchAdvice:
    """Each carton holds one line of one lot; lines are of ten orders."""
    at = datetime(2026, 11, 24, 14, 55, tzinfo=UTC)
    pallets = [Package(id=f"P{n}", type_code="PX", sscc=sscc(n)) for n in range(-(-cartons // ON_A_PALLET))]
    packed = [
        Package(id=f"C{n}", type_code="CT", sscc=sscc(100_000 + n), parent=f"P{n // ON_A_PALLET}")
        for n in range(cartons)
    ]
    return DespatchAdvice(
        number="DA-00000001",
        shipment_number="LS-70031",
        issue_date=date(2026, 11, 24),
        issued_at=at,
        despatched_at=at,
        estimated_delivery=Period(start=date(2026, 11, 26), end=date(2026, 11, 26)),
        carrier=Carrier(name="Nordfracht"),
        tracking="NF-4471 0092",
        buyer=_party("4012345000009", "Nordlicht Märkte SE"),
        seller=_party("4098765000010", "Haferwerk GmbH"),
        ship_to=_party("4012345000016", "Lager Ost"),
        orders=tuple(DespatchedOrder(order_number=f"PO-{n}") for n in range(10)),
        packages=(*pallets, *packed),
        lines=tuple(_line(n) for n in range(cartons)),
    )


def _party(number: str, name: str) -> Party:
    address = Address(street="Kai 4", city="Hamburg", postal_code="20457", country="DE")
    return Party(
        id=number,
        scheme="0088",
        name=name,
        endpoint=Identifier(id=number, scheme="0088"),
        legal_name=name,
        address=address,
    )


def _line(n: int) -> DespatchLine:
    return DespatchLine(
        line_number=str(n + 1),
        order_number=f"PO-{n % 10}",
        order_line_number=str(n // 10 + 1),
        buyer_item=f"PL-{n:04d}",
        seller_item=f"OAT-{n:04d}",
        gtin="04098765001215",
        description="Oat drink 1 l",
        quantity=Decimal(1),
        unit="XCS",
        unit_code="XCS",
        base_quantity=Decimal(12),
        base_unit="EA",
        outstanding=Decimal(8),
        outstanding_reason="Follows in another shipment",
        package=f"C{n}",
        lot=f"L-{n % 7}",
        expiry=date(2027, 5, 31),
    )


def joined(advice: DespatchAdvice) -> bytes:
    """The floor: the same lines as plain UBL has them, put together without escaping, conditions or look-ups that a
    document of another kind would need."""
    parents = {one.id: (one.sscc, one.parent) for one in advice.packages}
    texts = []
    for line in advice.lines:
        carton, parent = parents[line.package or ""]
        pallet, _ = parents[parent or ""]
        texts.append(
            f"<cac:DespatchLine><cbc:ID>{line.line_number}</cbc:ID>"
            f'<cbc:DeliveredQuantity unitCode="{line.unit}">{line.quantity:f}</cbc:DeliveredQuantity>'
            f'<cbc:OutstandingQuantity unitCode="{line.unit}">{line.outstanding:f}</cbc:OutstandingQuantity>'
            f"<cbc:OutstandingReason>{line.outstanding_reason}</cbc:OutstandingReason>"
            f"<cac:OrderLineReference><cbc:LineID>{line.order_line_number}</cbc:LineID><cac:OrderReference>"
            f"<cbc:ID>{line.order_number}</cbc:ID></cac:OrderReference></cac:OrderLineReference>"
            f"<cac:Item><cbc:Name>{line.description}</cbc:Name><cac:BuyersItemIdentification><cbc:ID>{line.buyer_item}"
            f"</cbc:ID></cac:BuyersItemIdentification><cac:SellersItemIdentification><cbc:ID>{line.seller_item}</cbc:ID>"
            f'</cac:SellersItemIdentification><cac:StandardItemIdentification><cbc:ID schemeID="0160">{line.gtin}'
            f"</cbc:ID></cac:StandardItemIdentification><cac:AdditionalItemProperty><cbc:Name>Base quantity</cbc:Name>"
            f'<cbc:Value>{line.base_quantity:f}</cbc:Value><cbc:ValueQuantity unitCode="{line.base_unit}">'
            f"{line.base_quantity:f}</cbc:ValueQuantity></cac:AdditionalItemProperty><cac:ItemInstance>"
            f"<cac:LotIdentification><cbc:LotNumberID>{line.lot}</cbc:LotNumberID><cbc:ExpiryDate>"
            f"{line.expiry!s}</cbc:ExpiryDate></cac:LotIdentification></cac:ItemInstance></cac:Item>"
            f'<cac:Shipment><cbc:ID>NA</cbc:ID><cac:TransportHandlingUnit><cbc:ID schemeID="SSCC">{pallet}</cbc:ID>'
            f"<cbc:TransportHandlingUnitTypeCode>PX</cbc:TransportHandlingUnitTypeCode><cac:Package>"
            f'<cbc:ID schemeID="SSCC">{carton}</cbc:ID><cbc:PackagingTypeCode>CT</cbc:PackagingTypeCode></cac:Package>'
            f"</cac:TransportHandlingUnit></cac:Shipment></cac:DespatchLine>"
        )
    return "".join(texts).encode()
