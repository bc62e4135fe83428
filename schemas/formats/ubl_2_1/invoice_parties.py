"""The parties of an invoice as EN 16931 and Peppol want them. They are read as an order's are."""

from __future__ import annotations

import re

from schemas.documents.common import Address, Contact, Identifier, Party
from schemas.formats.ubl_2_1.parties import address_text, contact_text, party_text
from schemas.formats.ubl_2_1.text import element, group, identified

_LISTED = re.compile(r"[0-9]{4}|[A-Z]{2}")
"""A scheme of ISO 6523 or of the EAS list (BR-CL-10, -11, -25); an account's own schemes are none."""


def listed(scheme: str | None) -> str | None:
    """The scheme, where it is one that EN 16931 knows."""
    return scheme if scheme is not None and _LISTED.fullmatch(scheme) else None


def named_party_text(party: Party) -> str:
    """The whole party; a registered name that isn't known is its name (BR-06, BR-07)."""
    named = {"legal_name": party.legal_name or party.name, "address": one_line(party.address)}
    return party_text(party.model_copy(update=named))


def one_line(address: Address | None) -> Address | None:
    """The address with the one further line that it may have (UBL-SR-51)."""
    if address is None or len(address.lines) < 2:
        return address
    return address.model_copy(update={"lines": (", ".join(address.lines),)})


def peppol_seller_text(party: Party) -> str:
    """Peppol's AccountingSupplierParty/Party, with every number of the seller (BT-29 may be repeated)."""
    return _peppol_party_text(party, (Identifier(id=party.id, scheme=party.scheme),) if party.id else (), several=True)


def peppol_buyer_text(party: Party) -> str:
    """Peppol's AccountingCustomerParty/Party, with one number of the buyer (BT-46)."""
    return _peppol_party_text(party, (Identifier(id=party.id, scheme=party.scheme),) if party.id else (), several=False)


def peppol_address_text(address: Address | None) -> str:
    """EN 16931's address: no house number of its own, and one further line."""
    known = one_line(address)
    if known is None:
        return ""
    street = " ".join(filter(None, (known.street, known.building_number))) or None
    return address_text(known.model_copy(update={"street": street, "building_number": None}))


def _peppol_party_text(party: Party, own: tuple[Identifier, ...], *, several: bool) -> str:
    endpoint = party.endpoint or next((one for one in party.known_as() if listed(one.scheme)), None)
    numbers = own + party.identifiers if several else own
    vat = element("CompanyID", party.vat_id)
    return (
        (_identifier_text("EndpointID", endpoint) if endpoint is not None else "")
        + "".join(group("PartyIdentification", _identifier_text("ID", one)) for one in numbers)
        + group("PartyName", element("Name", party.name))
        + group("PostalAddress", peppol_address_text(party.address))
        + (group("PartyTaxScheme", f"{vat}<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>") if vat else "")
        + group("PartyLegalEntity", _legal_text(party))
        + group("Contact", contact_text(_contact(party.contact)))
    )


def _identifier_text(name: str, known: Identifier) -> str:
    return identified(name, known.id, listed(known.scheme))


def _legal_text(party: Party) -> str:
    registration = _identifier_text("CompanyID", party.registration) if party.registration is not None else ""
    return element("RegistrationName", party.legal_name or party.name) + registration


def _contact(contact: Contact | None) -> Contact | None:
    return contact.model_copy(update={"id": None}) if contact is not None else None
