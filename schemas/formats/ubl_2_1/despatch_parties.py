"""The parties of a despatch advice as Peppol's T16 has them, and the contacts that stand beside them.

Who despatches and who receives has an electronic address and a registered name; buyer and seller have an id and a name.
"""

from __future__ import annotations

from schemas.documents.common import Address, Identifier, Party
from schemas.documents.known_parties import PartyTexts
from schemas.formats.ubl_2_1.parties import address_text, contact_text
from schemas.formats.ubl_2_1.reading import Found
from schemas.formats.ubl_2_1.text import element, group, identified


# --- reading ----------------------------------------------------------------------------------------------------
def settle_contact(found: Found, field: str) -> None:
    """The contact beside a party is the party's, where it has none of its own."""
    contact = found.pop(f"{field}_contact", None)
    if contact is not None:
        found.setdefault(field, {}).setdefault("contact", contact)


# --- writing ----------------------------------------------------------------------------------------------------
def despatching_party_text(ship_from: Party | None, seller: Party | None) -> str:
    """DespatchSupplierParty: where the goods left, at the seller's electronic address where it has none of its own."""
    party = _reachable(ship_from or seller, seller)
    inner = "" if party is None else _DESPATCHING.of(party)
    return f"<cac:DespatchSupplierParty>{inner}</cac:DespatchSupplierParty>"


def receiving_party_text(ship_to: Party | None, buyer: Party | None) -> str:
    """DeliveryCustomerParty: where the goods go, at the buyer's electronic address where it has none of its own."""
    party = _reachable(ship_to or buyer, buyer)
    inner = "" if party is None else _RECEIVING.of(party)
    return f"<cac:DeliveryCustomerParty>{inner}</cac:DeliveryCustomerParty>"


def party_by_name_text(name: str, party: Party | None) -> str:
    """Buyer or seller, by its id and its name; one of whom neither is known is left out (PEPPOL-T16-R008, R009)."""
    if party is None or (_number(party) is None and _name(party) is None):
        return ""
    return f"<cac:{name}>{_BY_NAME.of(party)}</cac:{name}>"


def with_endpoint(party: Party, other: Party | None) -> Party:
    """The party with an electronic address: its own, the other's, or the first of its ids that has a scheme."""
    if party.endpoint is not None:
        return party
    known = (*((other.endpoint,) if other is not None else ()), *party.known_as(), *(other.known_as() if other else ()))
    found = next((one for one in known if one is not None and one.scheme is not None), None)
    return party if found is None else party.model_copy(update={"endpoint": found})


def peppol_address(address: Address | None) -> Address | None:
    """The address with what T16 has of one. It demands the country: without it there is no address."""
    if address is None or address.country is None:
        return None
    street = " ".join(filter(None, (address.street, address.building_number))) or None
    lines = (", ".join(address.lines),) if address.lines else ()
    return address.model_copy(update={"street": street, "building_number": None, "lines": lines})


def _reachable(party: Party | None, other: Party | None) -> Party | None:
    return None if party is None else with_endpoint(party, other)


def _name(party: Party) -> str | None:
    return party.legal_name or party.name


def _number(party: Party) -> Identifier | None:
    """The one identification that T16 has room for."""
    if party.id is not None:
        return Identifier(id=party.id, scheme=party.scheme)
    return next(iter(party.identifiers), None)


def _identification(party: Party) -> str:
    number = _number(party)
    return "" if number is None else group("PartyIdentification", identified("ID", number.id, number.scheme))


def _endpoint(endpoint: Identifier | None) -> str:
    return "" if endpoint is None else identified("EndpointID", endpoint.id, endpoint.scheme)


def _registered(party: Party) -> str:
    return (
        _endpoint(party.endpoint)
        + _identification(party)
        + group("PostalAddress", address_text(peppol_address(party.address)))
        + group("PartyLegalEntity", element("RegistrationName", _name(party)))
    )


def _contact(name: str, party: Party) -> str:
    contact = party.contact
    return "" if contact is None else group(name, contact_text(contact.model_copy(update={"id": None})))


def _despatching(party: Party) -> str:
    return group("Party", _registered(party) + _contact("Contact", party))


def _receiving(party: Party) -> str:
    """The receiver's contact stands beside its party."""
    return group("Party", _registered(party)) + _contact("DeliveryContact", party)


def _by_name(party: Party) -> str:
    return group(
        "Party",
        _identification(party)
        + group("PartyName", element("Name", party.name or party.legal_name))
        + group("PostalAddress", address_text(peppol_address(party.address))),
    )


_DESPATCHING, _RECEIVING, _BY_NAME = PartyTexts(_despatching), PartyTexts(_receiving), PartyTexts(_by_name)
