"""Parties, addresses and contacts, read and written."""

from __future__ import annotations

from functools import lru_cache

from schemas.documents.check_digits import GLN, is_gln
from schemas.documents.common import Address, Contact, Identifier, Party
from schemas.formats.ubl_2_1.names import cac, cbc, qualified
from schemas.formats.ubl_2_1.reading import Found, Reading, Remembered, Step, Table, Through
from schemas.formats.ubl_2_1.steps import part, through, within
from schemas.formats.ubl_2_1.text import element, escaped, group, identified
from schemas.formats.xml import Element, parse

SCHEMES = {"GLN": "0088", "DUNS": "0060", "ISO6523:0088": "0088", "ISO6523:0060": "0060"}
"""Older documents name the scheme; ISO 6523 numbers it."""

_ID = cbc("ID")
_COMPANY_ID = cbc("CompanyID")
_TAX_SCHEME = cac("TaxScheme")


def identifier(reading: Reading, element: Element) -> Found | None:
    """`id` and `scheme`, the scheme by its ISO 6523 number where the document has its name."""
    value = reading.text(element)
    if value is None:
        return None
    found = reading.open(element)
    found["id"] = value
    scheme = reading.attribute(element, "schemeID")
    if scheme is not None:
        found["scheme"] = scheme = SCHEMES.get(scheme.upper(), scheme)
        if scheme == GLN and not is_gln(value):
            reading.wrong_check_digits = True
    return found


def own_identifier(reading: Reading, element: Element, found: Found, path: str) -> None:
    """An ID that is the group's own `id` and `scheme`, unless it has one already."""
    known = identifier(reading, element)
    if "id" in found:
        reading.again(element, path)
    elif known is None:
        reading.blank(element)
    else:
        found.update(known)


def _identification(reading: Reading, element: Element, found: Found, path: str) -> None:
    """PartyIdentification/ID: the first is the party's id, those of further ones stand beside it."""
    known = identifier(reading, element)
    if known is None:
        reading.blank(element)
    elif "id" not in found:
        found.update(known)
    elif not reading.is_second(element):
        reading.add("identifiers", known, element, found)


def _identified(field: str) -> Step:
    def step(reading: Reading, element: Element, found: Found, path: str) -> None:
        known = identifier(reading, element)
        if field in found:
            reading.again(element, path)
        elif known is None:
            reading.blank(element)
        else:
            found[field] = known

    return step


def _tax_scheme(reading: Reading, element: Element, found: Found, path: str) -> None:
    """PartyTaxScheme: the VAT number where the scheme is VAT or isn't said; any other is kept aside whole."""
    schemes = [child.text for group in element if group.tag == _TAX_SCHEME for child in group if child.tag == _ID]
    scheme = (schemes[0] or "").strip() if schemes else ""
    if "vat_id" in found or scheme.upper() not in ("", "VAT"):
        reading.keep(element, path)
        return
    reading.into(found, element, _VAT_SCHEME, f"{path}cac:PartyTaxScheme/")


def _vat_scheme(reading: Reading, element: Element, found: Found, path: str) -> None:
    """TaxScheme/ID: it says VAT, which `vat_id` says too."""
    reading.text(element)
    reading.is_second(element)


def _address_line(reading: Reading, element: Element, found: Found, path: str) -> None:
    line = reading.text(element)
    if line is not None and not reading.is_second(element):
        reading.add("lines", line, element, found)
    elif line is None:
        reading.blank(element)


ADDRESS: Table = {
    cbc("StreetName"): "street",
    cbc("AdditionalStreetName"): "additional_street",
    cbc("BuildingNumber"): "building_number",
    cbc("CityName"): "city",
    cbc("PostalZone"): "postal_code",
    cbc("CountrySubentity"): "region",
    cac("AddressLine"): through("cac:AddressLine", {cbc("Line"): _address_line}),
    cac("Country"): within("cac:Country", cbc("IdentificationCode"), "country"),
}
_VAT_SCHEME: Table = {_COMPANY_ID: "vat_id", _TAX_SCHEME: through("cac:TaxScheme", {_ID: _vat_scheme})}
CONTACT: Table = {
    _ID: "id",
    cbc("Name"): "name",
    cbc("Telephone"): "telephone",
    cbc("ElectronicMail"): "email",
}
_LEGAL_ENTITY: Table = {cbc("RegistrationName"): "legal_name", _COMPANY_ID: _identified("registration")}
PARTY: Table = {
    cbc("EndpointID"): _identified("endpoint"),
    cac("PartyIdentification"): through("cac:PartyIdentification", {_ID: _identification}),
    cac("PartyName"): within("cac:PartyName", cbc("Name"), "name"),
    cac("PostalAddress"): part("address", "cac:PostalAddress", ADDRESS),
    cac("PartyTaxScheme"): _tax_scheme,
    cac("PartyLegalEntity"): through("cac:PartyLegalEntity", _LEGAL_ENTITY),
    cac("Contact"): part("contact", "cac:Contact", CONTACT),
}


def party_holder(field: str, tag: str) -> dict[str, Through]:
    """The table row of a CustomerParty or SupplierParty: its Party is the canonical party, the rest is kept."""
    name = qualified(tag)
    return {tag: through(name, {cac("Party"): _party(field)})}


def _party(field: str) -> Step:
    def step(reading: Reading, element: Element, found: Found, path: str) -> None:
        if field in found:
            reading.again(element, path)
            return
        party = reading.remembered(element, _read_party, path)
        if party is None:
            party = reading.group(element, PARTY, f"{path}cac:Party/")
        if party:
            found[field] = party
        else:
            reading.blank(element)

    return step


@lru_cache(maxsize=1_024)
def _read_party(written: bytes) -> Remembered | None:
    """The party that is written so: an account's orders name the same few again and again."""
    reading = Reading()
    group = reading.group(parse(written), PARTY, "cac:Party/")
    return reading.to_remember(Party, group)


# --- writing ----------------------------------------------------------------------------------------------------
def holder_text(name: str, party: Party | None) -> str:
    """A CustomerParty or SupplierParty; UBL demands buyer and seller, so an unknown one is an empty element."""
    inner = group("Party", party_text(party)) if party is not None else ""
    return f"<cac:{name}>{inner}</cac:{name}>" if inner else f"<cac:{name}/>"


def party_text(party: Party) -> str:
    """The children of a Party in the schema's order."""
    return (
        _endpoint_text(party.endpoint)
        + _identification_text(party.id, party.scheme)
        + "".join(_identification_text(one.id, one.scheme) for one in party.identifiers)
        + group("PartyName", element("Name", party.name))
        + group("PostalAddress", address_text(party.address))
        + _vat_text(party.vat_id)
        + group("PartyLegalEntity", _legal_entity_text(party.legal_name, party.registration))
        + group("Contact", contact_text(party.contact))
    )


def address_text(address: Address | None) -> str:
    """The children of an Address in the schema's order."""
    if address is None:
        return ""
    return (
        element("StreetName", address.street)
        + element("AdditionalStreetName", address.additional_street)
        + element("BuildingNumber", address.building_number)
        + element("CityName", address.city)
        + element("PostalZone", address.postal_code)
        + element("CountrySubentity", address.region)
        + "".join(group("AddressLine", f"<cbc:Line>{escaped(line)}</cbc:Line>") for line in address.lines)
        + group("Country", element("IdentificationCode", address.country))
    )


def contact_text(contact: Contact | None) -> str:
    """The children of a Contact."""
    if contact is None:
        return ""
    return (
        element("ID", contact.id)
        + element("Name", contact.name)
        + element("Telephone", contact.telephone)
        + element("ElectronicMail", contact.email)
    )


def _endpoint_text(endpoint: Identifier | None) -> str:
    return identified("EndpointID", endpoint.id, endpoint.scheme) if endpoint is not None else ""


def _identification_text(number: str | None, scheme: str | None) -> str:
    return group("PartyIdentification", identified("ID", number, scheme))


def _vat_text(vat_id: str | None) -> str:
    if vat_id is None:
        return ""
    return group("PartyTaxScheme", element("CompanyID", vat_id) + "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>")


def _legal_entity_text(name: str | None, registration: Identifier | None) -> str:
    company = identified("CompanyID", registration.id, registration.scheme) if registration is not None else ""
    return element("RegistrationName", name) + company
