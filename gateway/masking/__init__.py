"""Secrets in what accounts send, blanked wherever people look at it: the console's pages and files, and the commands.

masked_bytes(body)    the same document with [masked] in the place of every secret; byte for byte where it has none
masked_text(text)     the same of a text, such as what a partner's system answered
masked_faults(…)      the same of a document's faults, which repeat what stood there
secrets_in(text)      what was masked, to be looked for in what was read of the document

What a secret is goes by its name (`SharedSecret`, `apiKey`, `Passwort`, an Extrinsic of such a name, a payment card's
number) or by its form (`Bearer …`, `https://user:password@host`, a private key). The bytes that are kept stay as they
are: cXML's shared secrets are never kept at all (`schemas.formats.cxml_1_2.keeping`), so this is what is left.
"""

from __future__ import annotations

from gateway.masking.documents import masked_bytes, shown_document
from gateway.masking.faults import masked_fault, masked_faults, without_secret
from gateway.masking.texts import MASK, Secrets, masked_text, secrets_in

__all__ = [
    "MASK",
    "Secrets",
    "masked_bytes",
    "masked_fault",
    "masked_faults",
    "masked_text",
    "secrets_in",
    "shown_document",
    "without_secret",
]
