"""The payloadIDs of what we send as cXML, and who we are there."""

from __future__ import annotations

from mappings.revision import Supplier
from schemas.formats.cxml_1_2.envelope import Credential

_UNNAMED = "gateway"


def payload_id(supplier: Supplier, name: str) -> str:
    """Unlike any other's as far as `name` is (cXML 1.2, payloadID: a local part, `@`, and who gave it)."""
    return f"{name}@{supplier.cxml[0][1] if supplier.cxml else _UNNAMED}"


def our_credentials(supplier: Supplier) -> tuple[Credential, ...]:
    """Who we are in cXML; the first is the one that we send as."""
    return tuple(Credential(domain, identity) for domain, identity in supplier.cxml)
