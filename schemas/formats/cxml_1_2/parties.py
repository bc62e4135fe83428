"""Credentials, addresses and contacts, read and written."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from schemas.documents.check_digits import GLN, is_gln
from schemas.documents.common import Address, Contact, Party
from schemas.formats.cxml_1_2.reading import Found, Reading, Step, Table, Through, lost
from schemas.formats.cxml_1_2.text import LANGUAGE, attribute, element, escaped, group
from schemas.formats.xml import Element, parse
from schemas.formats.xml_order.reading import Remembered

SCHEMES = {"GLN": GLN, "DUNS": "0060"}
"""ISO 6523's numbers for what cXML's domains name."""
_DOMAINS = {number: name for name, number in SCHEMES.items()}
_ORDERERS = frozenset(("purchasingAgent", "endUser", "buyer", "requester", "buyerAccount"))
"""Roles of a header's Contact that speak for the buyer."""
OUR_ROLE = "purchasingAgent"
"""The role that a buyer's contact has where the canonical order doesn't say one."""


def scheme_of(domain: str) -> str:
    """The canonical scheme of a credential's or address id's domain. Domains compare without case."""
    return SCHEMES.get(domain.upper(), domain)


def _check(reading: Reading, found: Found) -> None:
    if found.get("scheme") == GLN and "id" in found and not is_gln(found["id"]):
        reading.wrong_check_digits = True


# --- credentials ------------------------------------------------------------------------------------------------


def header_parts(request: Element) -> dict[Any, Element]:
    """From, To and Sender of the document that the request stands in, by their names; the first of each."""
    around = request.getparent()
    document = around.getparent() if around is not None else None
    for child in document[:] if document is not None else ():
        if child.tag == "Header":
            return {part.tag: part for part in child[::-1]}
    return {}


def credentials(reading: Reading, holder: Element) -> Found:
    """The party that From or To names: the first credential is its id, further ones stand beside it."""
    party = reading.open(holder)
    if not reading.locates and (said := _only_credential(holder)) is not None:
        party["id"], party["scheme"], is_right = _known_credential(*said)
        if not is_right:
            reading.wrong_check_digits = True
        return party
    for one in holder.iterchildren("Credential"):
        for identity in one.iterchildren("Identity"):
            if number := (identity.text or "").strip():
                _credential(reading, one, reading.located(number, identity), party)
            break
    return party


def _only_credential(holder: Element) -> tuple[str, str] | None:
    """Domain and identity of a party that has one Credential with one Identity and nothing more, as nearly all have."""
    if len(holder) != 1 or (known := holder[0]).tag != "Credential" or len(known) != 1:
        return None
    identity, domain = known[0], (known.get("domain") or "").strip()
    number = (identity.text or "").strip()
    return (domain, number) if identity.tag == "Identity" and number and domain else None


@lru_cache(maxsize=1_024)
def _known_credential(domain: str, number: str) -> tuple[str, str, bool]:
    """The id with its scheme, and whether its check digit is right: an account's orders name the same few."""
    scheme = scheme_of(domain)
    return number, scheme, scheme != GLN or is_gln(number)


def _credential(reading: Reading, element: Element, number: str, party: Found) -> None:
    known = party if "id" not in party else reading.open(element)
    known["id"] = number
    if domain := (element.get("domain") or "").strip():
        known["scheme"] = reading.located(scheme_of(domain), element, "domain")
    _check(reading, known)
    if known is not party:
        reading.add("identifiers", known, element, party)


# --- addresses --------------------------------------------------------------------------------------------------
def _street(reading: Reading, element: Element, found: Found, path: str) -> None:
    """The first two Streets have fields, counted with those that say nothing."""
    place = found["streets"] = found.get("streets", 0) + 1
    value = reading.text(element)
    if value is None:
        return
    if place > len(_STREETS):
        reading.keep(element, path)
    else:
        found[_STREETS[place - 1]] = value


_STREETS = ("street", "additional_street")


def _deliver_to(reading: Reading, element: Element, found: Found, path: str) -> None:
    value = reading.text(element)
    if value is not None:
        reading.add("lines", value, element, found)


def _country(reading: Reading, element: Element, found: Found, path: str) -> None:
    """Country's ISO code; its name only where it has none."""
    value = reading.text(element)
    code = (element.get("isoCountryCode") or "").strip()
    if "country" in found:
        reading.again(element, path)
    elif code:
        found["country"] = reading.located(code, element, "isoCountryCode")
    elif value is not None:
        found["country"] = value


def _postal_address(reading: Reading, element: Element, found: Found, path: str) -> None:
    if "address" in found:
        reading.keep(element, path)
        return
    address = reading.group(element, _POSTAL_ADDRESS, f"{path}PostalAddress/")
    address.pop("streets", None)
    if address:
        found["address"] = address


_POSTAL_ADDRESS = Table(
    {
        "DeliverTo": _deliver_to,
        "Street": _street,
        "City": "city",
        "State": "region",
        "PostalCode": "postal_code",
        "Country": _country,
    },
    {"name": lost},
)


def _email(reading: Reading, element: Element, found: Found, path: str) -> None:
    contact = _contact_of(reading, element, found)
    value = reading.text(element)
    if "email" in contact:
        reading.keep(element, path)
    elif value is not None:
        contact["email"] = value


def _phone(reading: Reading, element: Element, found: Found, path: str) -> None:
    """A TelephoneNumber's parts as one text: +1 800 5551212 x12."""
    contact = _contact_of(reading, element, found)
    number = next(element.iterchildren("TelephoneNumber"), None)
    if "telephone" in contact or number is None:
        reading.keep(element, path)
        return
    parts: dict[Any, str] = {}
    for child in number:
        if child.tag not in _NUMBER_PARTS:
            reading.keep(child, f"{path}Phone/TelephoneNumber/")
        elif value := (child.text or "").strip():
            parts[child.tag] = value
    if "CountryCode" in parts:
        parts["CountryCode"] = "+" + parts["CountryCode"].removeprefix("+")
    if "Extension" in parts:
        parts["Extension"] = "x" + parts["Extension"]
    if text := " ".join(parts.values()):
        contact["telephone"] = reading.located(text, number)


_NUMBER_PARTS = frozenset(("CountryCode", "AreaOrCityCode", "Number", "Extension"))


def _contact_of(reading: Reading, element: Element, found: Found) -> Found:
    """The contact of the party around the element; `settle_party` takes away one that says nothing."""
    if "contact" not in found:
        found["contact"] = reading.open(element)
    contact: Found = found["contact"]
    return contact


def _domain(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    found["scheme"] = reading.as_read(scheme_of(value), value)


def _id_reference(reading: Reading, element: Element, found: Found, path: str) -> None:
    """One more identifier of the party; Creator and Description are kept aside."""
    known = reading.group(element, _ID_REFERENCE, f"{path}IdReference/")
    if "id" in known:
        _check(reading, known)
        reading.add("identifiers", known, element, found)


_ID_REFERENCE = Table({}, {"identifier": "id", "domain": _domain})
ADDRESS = Table(
    {"Name": "name", "PostalAddress": _postal_address, "Email": _email, "Phone": _phone},
    {"addressID": "id", "addressIDDomain": _domain},
)
_PLACE = Table({"Address": Through(ADDRESS), "IdReference": _id_reference})


def place(field: str) -> Step:
    """The step of a ShipTo or BillTo: a party with its address."""

    def step(reading: Reading, element: Element, found: Found, path: str) -> None:
        if field in found:
            reading.again(element, path)
            return
        below = f"{path}{element.tag!s}/"
        party = reading.remembered(element, _read_place, path)
        if party is None:
            party = settled_party(reading.group(element, _PLACE, below))
            _check(reading, party)
        if party:
            found[field] = party

    return step


def settled_party(party: Found) -> Found:
    """Without a contact that says nothing, and without a scheme of no id."""
    if "contact" in party and not party["contact"]:
        del party["contact"]
    if "id" not in party:
        party.pop("scheme", None)
    return party


@lru_cache(maxsize=1_024)
def _read_place(written: bytes) -> Remembered | None:
    """The place that is written so: an account's orders name the same few again and again."""
    reading, root = Reading(), parse(written)
    party = settled_party(reading.group(root, _PLACE, f"{root.tag!s}/"))
    _check(reading, party)
    return reading.to_remember(Party, party)


_PARTY_CONTACT = Table(
    {
        "Name": "name",
        "PostalAddress": _postal_address,
        "Email": _email,
        "Phone": _phone,
        "IdReference": _id_reference,
    },
    {"addressID": "id", "addressIDDomain": _domain, "role": lost},
)


def party_contact(fields: Mapping[str, str]) -> Step:
    """The step of a Contact that is a party of its own: role → field. Of each role the first is taken."""

    def step(reading: Reading, element: Element, found: Found, path: str) -> None:
        field = fields.get((element.get("role") or "").strip())
        if field is None or field in found:
            reading.keep(element, path)
            return
        party = settled_party(reading.group(element, _PARTY_CONTACT, f"{path}Contact/"))
        _check(reading, party)
        if party:
            found[field] = party

    return step


_CONTACT = Table(
    {"Name": "name", "Email": _email, "Phone": _phone},
    {"addressID": "id", "role": lost},
)


def header_contact(reading: Reading, element: Element, found: Found, path: str) -> None:
    """The first Contact that speaks for the buyer is the buyer's; any other is kept aside whole."""
    role = (element.get("role") or "").strip()
    if "buyer_contact" in found or (role and role not in _ORDERERS):
        reading.keep(element, path)
        return
    below = f"{path}Contact/"
    contact = reading.remembered(element, _read_contact, path)
    if contact is None:
        contact = _whole_contact(reading, element, below)
    if contact:
        found["buyer_contact"] = contact
        if role and role != OUR_ROLE:
            reading.keep_value(f"{below}@role", role)


def _whole_contact(reading: Reading, element: Element, path: str) -> Found:
    """The party's way to be reached is the contact's own."""
    contact = reading.group(element, _CONTACT, path)
    contact.update(contact.pop("contact", {}))
    return contact


@lru_cache(maxsize=1_024)
def _read_contact(written: bytes) -> Remembered | None:
    """The contact that is written so: an account's buyers are few."""
    reading = Reading()
    contact = _whole_contact(reading, parse(written), "Contact/")
    return reading.to_remember(Contact, contact)


# --- writing ----------------------------------------------------------------------------------------------------
def credential_text(domain: str, identity: str, secret: str | None = None) -> str:
    """One Credential."""
    inner = element("Identity", identity) + element("SharedSecret", secret)
    return f"<Credential{attribute('domain', domain)}>{inner}</Credential>"


def domain_of(scheme: str | None) -> str:
    """The domain that cXML has for a scheme."""
    return _DOMAINS.get(scheme or "", scheme or "")


def place_text(name: str, party: Party | None) -> str:
    """A ShipTo or BillTo."""
    if party is None:
        return ""
    return group(name, f"<Address{_address_id(party)}>{_reached_text(party)}</Address>{_references_text(party)}")


def party_contact_text(role: str, party: Party | None) -> str:
    """A Contact that is a party of its own."""
    if party is None:
        return ""
    named = attribute("role", role) + _address_id(party)
    return f"<Contact{named}>{_reached_text(party)}{_references_text(party)}</Contact>"


def _address_id(party: Party) -> str:
    named = attribute("addressID", party.id)
    if party.id is not None and party.scheme is not None:
        named += attribute("addressIDDomain", domain_of(party.scheme))
    return named


def _reached_text(party: Party) -> str:
    contact = party.contact or Contact()
    name = f'<Name xml:lang="{LANGUAGE}">{escaped(party.name or "")}</Name>'
    return name + postal_text(party.address) + element("Email", contact.email) + phone_text(contact.telephone)


def _references_text(party: Party) -> str:
    return "".join(
        f"<IdReference{attribute('identifier', one.id)}{attribute('domain', domain_of(one.scheme))}/>"
        for one in party.identifiers
    )


def postal_text(address: Address | None) -> str:
    """cXML demands Street, City and Country: what isn't known is empty."""
    if address is None:
        return ""
    street = " ".join(part for part in (address.street, address.building_number) if part is not None)
    streets = [street, *([address.additional_street] if address.additional_street is not None else [])]
    return group(
        "PostalAddress",
        "".join(element("DeliverTo", line) for line in address.lines)
        + "".join(f"<Street>{escaped(one)}</Street>" for one in streets)
        + f"<City>{escaped(address.city or '')}</City>"
        + element("State", address.region)
        + element("PostalCode", address.postal_code)
        + f"<Country{attribute('isoCountryCode', address.country or '')}></Country>",
    )


def phone_text(telephone: str | None) -> str:
    """A Phone. The number isn't taken apart: nobody wrote down where its parts end."""
    if telephone is None:
        return ""
    code = '<CountryCode isoCountryCode=""></CountryCode><AreaOrCityCode></AreaOrCityCode>'
    return f"<Phone><TelephoneNumber>{code}{element('Number', telephone)}</TelephoneNumber></Phone>"


def contact_text(contact: Contact | None) -> str:
    """The buyer's Contact."""
    if contact is None or contact == Contact():
        return ""
    inner = f'<Name xml:lang="{LANGUAGE}">{escaped(contact.name or "")}</Name>'
    inner += element("Email", contact.email) + phone_text(contact.telephone)
    return f'<Contact role="{OUR_ROLE}"{attribute("addressID", contact.id)}>{inner}</Contact>'
