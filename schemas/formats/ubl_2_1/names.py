"""UBL's names: namespaces, tags as lxml writes them and as people write them, and the elements known to be UBL's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.formats.ubl_2_1.vocabulary import AGGREGATE, BASIC

CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
EXT = "urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2"
DOCUMENTS = "urn:oasis:names:specification:ubl:schema:xsd:"
SBDH = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"

ORDER = f"{{{DOCUMENTS}Order-2}}Order"
ORDER_CHANGE = f"{{{DOCUMENTS}OrderChange-2}}OrderChange"
ORDER_CANCELLATION = f"{{{DOCUMENTS}OrderCancellation-2}}OrderCancellation"
ORDER_RESPONSE = f"{{{DOCUMENTS}OrderResponse-2}}OrderResponse"
DESPATCH_ADVICE = f"{{{DOCUMENTS}DespatchAdvice-2}}DespatchAdvice"
INVOICE = f"{{{DOCUMENTS}Invoice-2}}Invoice"
CREDIT_NOTE = f"{{{DOCUMENTS}CreditNote-2}}CreditNote"
ENVELOPE = f"{{{SBDH}}}StandardBusinessDocument"
ENVELOPE_HEADER = f"{{{SBDH}}}StandardBusinessDocumentHeader"

_PREFIXES = {CBC: "cbc:", CAC: "cac:", EXT: "ext:"}


def cbc(name: str) -> str:
    """The tag of a basic component: a value."""
    return f"{{{CBC}}}{name}"


def cac(name: str) -> str:
    """The tag of an aggregate component: a group."""
    return f"{{{CAC}}}{name}"


def qualified(tag: Any) -> str:
    """The name with the prefix UBL's own examples use, whatever prefix the document has: `cbc:ID`; foreign ones
    as `{namespace}name`, and a document's root without a prefix."""
    known = KNOWN.get(tag)
    if known is not None:
        return known
    namespace, _, local = str(tag).rpartition("}")
    prefix = _PREFIXES.get(namespace[1:])
    if prefix is not None:
        return prefix + local
    return local if namespace[1:].startswith(DOCUMENTS) else str(tag)


def is_known(tag: Any) -> bool:
    """Whether UBL has an element of this name as far as orders go. Extensions may hold anything."""
    return tag in KNOWN or str(tag).startswith(_EXTENSIONS)


_EXTENSIONS = f"{{{EXT}}}"
KNOWN: Mapping[Any, str] = {
    **{cbc(name): f"cbc:{name}" for name in BASIC},
    **{cac(name): f"cac:{name}" for name in AGGREGATE},
}
"""The tags of the elements that an order is likely to hold, with their qualified names."""
