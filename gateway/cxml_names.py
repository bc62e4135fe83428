"""The payloadIDs of what we send as cXML, and who we are there."""

from __future__ import annotations

from mappings.revision import Supplier
from schemas.formats.cxml_1_2.envelope import Credential
from schemas.formats.cxml_1_2.parties import domain_of

_UNNAMED = "gateway"


def payload_id(supplier: Supplier, name: str) -> str:
    """Unlike any other's as far as `name` is (cXML 1.2, payloadID: a local part, `@`, and who gave it)."""
    return f"{name}@{supplier.cxml[0][1] if supplier.cxml else _UNNAMED}"


def names_of_us(supplier: Supplier) -> frozenset[tuple[str, str]]:
    """Every name that To may have for us: our credentials, our GLN and our endpoint, which an order that comes in
    another way may name us by as well."""
    known = ((supplier.gln, "0088"), (supplier.endpoint_id, supplier.endpoint_scheme))
    named = [Credential(word, number) for number, scheme in known if number and scheme for word in _words_for(scheme)]
    return frozenset(one.key() for one in (*our_credentials(supplier), *named))


def _words_for(scheme: str) -> tuple[str, str]:
    """An identifier scheme's code, and cXML's domain for it."""
    return scheme, domain_of(scheme)


def our_credentials(supplier: Supplier) -> tuple[Credential, ...]:
    """Who we are in cXML; the first is the one that we send as."""
    return tuple(Credential(domain, identity) for domain, identity in supplier.cxml)
