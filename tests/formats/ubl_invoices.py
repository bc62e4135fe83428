"""Invoices and credit notes as UBL carries them: every canonical one, less what the README says it has no place for."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from schemas.documents.common import Address, Contact, Identifier, Party, Price
from schemas.documents.invoice import Invoice, InvoiceCharge, InvoiceLine, PaymentTerms
from schemas.units import rec_20
from tests import outbound_strategies
from tests.formats import ubl_strategies as ubl

_LISTED = re.compile(r"[0-9]{4}|[A-Z]{2}")


def invoices() -> st.SearchStrategy[Invoice]:
    """Invoices as `ubl-2.1` carries them."""
    return some_invoices().map(carried_invoice)


def peppol_invoices() -> st.SearchStrategy[Invoice]:
    """Invoices as `peppol-bis-3` carries them. A code that is in no list of ours is read as a word, and written as one
    then: nothing changes from the second time on."""
    return some_invoices().map(carried_by_peppol).map(carried_by_peppol)


def some_invoices() -> st.SearchStrategy[Invoice]:
    """UBL has no invoice without lines or tax."""
    found = outbound_strategies.invoices(ubl.CODES.filter(lambda code: code != "NA"), ubl.TEXTS)
    return found.filter(lambda invoice: bool(invoice.lines and invoice.taxes)).map(_with_parties)


def _with_parties(invoice: Invoice) -> Invoice:
    """Nobody's invoice is none."""
    return replace(invoice, seller=_somebody(invoice.seller), buyer=_somebody(invoice.buyer))


def _somebody(party: Party) -> Party:
    return party.model_copy(update={"legal_name": party.legal_name or party.name or "ACME SE"})


def carried_invoice(invoice: Invoice) -> Invoice:
    """The invoice less what UBL has no place for."""
    _, issued_at = ubl.issued_as_carried(invoice.issue_date, invoice.issued_at)
    own_code = {"invoice": "380", "credit_note": "381"}[invoice.type]
    return replace(
        invoice,
        type_code=None if invoice.type_code == own_code else invoice.type_code,
        test=False,
        issued_at=issued_at,
        seller=_named(invoice.seller),
        buyer=_named(invoice.buyer),
        ship_to=_place(invoice.ship_to),
        payment=None if invoice.payment == PaymentTerms() else invoice.payment,
        lines=tuple(_line(line, invoice) for line in invoice.lines),
    )


def _named(party: Party) -> Party:
    named = party.model_copy(update={"legal_name": party.legal_name or party.name, "address": _one_line(party.address)})
    return ubl.party_as_carried(named) or named


def _one_line(address: Address | None) -> Address | None:
    return address and address.model_copy(update={"lines": (", ".join(address.lines),) if address.lines else ()})


def _place(place: Party | None) -> Party | None:
    return place and ubl.party_as_carried(place.model_copy(update={"address": _one_line(place.address)}))


def _line(line: InvoiceLine, invoice: Invoice) -> InvoiceLine:
    """In the unit's Rec 20 code, with a name, and with the head's references where it has none of its own."""
    return replace(
        line,
        order_number=line.order_number or invoice.order_number,
        despatch_number=line.despatch_number or invoice.despatch_number,
        description=line.description or line.buyer_item or line.seller_item or line.gtin or "NA",
        price=_price(line.price),
        **_unit(line.unit, line.unit_code),
    )


def _unit(unit: str | None, code: str | None) -> dict[str, Any]:
    written = code or unit
    return {"unit": written, "unit_code": rec_20(written)}


def _price(price: Price) -> Price:
    return price.model_copy(update=_unit(price.unit, price.unit_code))


def carried_by_peppol(invoice: Invoice) -> Invoice:
    """The same less what Peppol BIS Billing 3 has no place for."""
    carried, place = carried_invoice(invoice), invoice.ship_to
    return replace(
        carried,
        issued_at=None,
        seller=_peppol_party(invoice.seller, several=True),
        buyer=_peppol_party(invoice.buyer, several=False),
        ship_to=None if place is None else _peppol_place(place),
        charges=tuple(_peppol_charge(one) for one in carried.charges),
        lines=tuple(
            _peppol_line(line, written, invoice) for line, written in zip(carried.lines, invoice.lines, strict=True)
        ),
    )


def _peppol_party(party: Party, *, several: bool) -> Party:
    own = (Identifier(id=party.id, scheme=party.scheme),) if party.id is not None else ()
    numbers = [_listed(one) for one in (own + party.identifiers if several else own)]
    schemed = (one for one in party.known_as() if one.scheme is not None and _LISTED.fullmatch(one.scheme))
    endpoint = party.endpoint or next(schemed, None)
    return Party(
        id=numbers[0].id if numbers else None,
        scheme=numbers[0].scheme if numbers else None,
        identifiers=tuple(numbers[1:]),
        endpoint=_listed(endpoint) if endpoint else None,
        name=party.name,
        legal_name=party.legal_name or party.name,
        registration=_listed(party.registration) if party.registration else None,
        vat_id=party.vat_id,
        address=_peppol_address(party.address),
        contact=None
        if party.contact is None
        else ubl.unless_empty(party.contact.model_copy(update={"id": None}), Contact()),
    )


def _listed(known: Identifier) -> Identifier:
    is_listed = known.scheme is not None and _LISTED.fullmatch(known.scheme)
    return known if is_listed else Identifier(id=known.id)


def _peppol_address(address: Address | None) -> Address | None:
    if address is None:
        return None
    street = " ".join(part for part in (address.street, address.building_number) if part) or None
    lines = (", ".join(address.lines),) if address.lines else ()
    found = address.model_copy(update={"street": street, "building_number": None, "lines": lines})
    return None if found == Address() else found


def _peppol_place(place: Party) -> Party | None:
    own = _listed(Identifier(id=place.id, scheme=place.scheme)) if place.id is not None else None
    found = Party(
        id=own.id if own else None,
        scheme=own.scheme if own else None,
        name=place.name,
        address=_peppol_address(place.address),
    )
    return None if found == Party() else found


def _peppol_charge(charge: InvoiceCharge) -> InvoiceCharge:
    whole = charge.percent is not None and charge.base_amount is not None
    return charge if whole else replace(charge, percent=None, base_amount=None)


def _peppol_unit(unit: str | None, code: str | None) -> dict[str, Any]:
    """A word that is no code is one that the two agreed on."""
    written = unit if unit is None or code or rec_20(unit) else "ZZ"
    return _unit(written, code)


def _peppol_line(line: InvoiceLine, written: InvoiceLine, invoice: Invoice) -> InvoiceLine:
    """References that the head doesn't have stand in the note."""
    said = [line.note] if line.note is not None else []
    if line.order_number is not None and line.order_number != invoice.order_number:
        said.append(f"Order {line.order_number}")
    if line.despatch_number is not None and line.despatch_number != invoice.despatch_number:
        said.append(f"Despatch advice {line.despatch_number}")
    return replace(
        line,
        order_number=invoice.order_number,
        despatch_number=invoice.despatch_number,
        despatch_line_number=None,
        note="\n".join(said) or None,
        price=line.price.model_copy(update=_peppol_unit(written.price.unit, written.price.unit_code)),
        **_peppol_unit(written.unit, written.unit_code),
        charges=tuple(_peppol_charge(one) for one in line.charges),
    )
