"""The DOCTYPE that cXML documents have: it is allowed, and nothing of it is ever fetched."""

from __future__ import annotations

import re

from schemas.formats.xml import AllowedDoctype

_FOLDER = r"https?://(?:xml|www)\.cxml\.org/schemas/cXML/[\w.]{1,20}/"
DOCTYPES: tuple[AllowedDoctype, ...] = (
    ("cXML", re.compile(rf"(?:{_FOLDER}\w{{1,40}}|(?:cXML|Fulfill|InvoiceDetail))\.dtd", re.IGNORECASE | re.ASCII)),
)
"""Any DTD in cXML's own folder, whichever way a sender writes the host's name, and the official ones by their names
alone. Senders name DTDs that are not there: what they send is read all the same, and nothing is read of the DTD."""
