"""The DOCTYPE that cXML documents have: it is allowed, and nothing of it is ever fetched."""

from __future__ import annotations

import re

from schemas.formats.xml import AllowedDoctype

DOCTYPES: tuple[AllowedDoctype, ...] = (
    (
        "cXML",
        re.compile(r"https?://xml\.cxml\.org/schemas/cXML/1\.[12]\.\d{3}/(cXML|Fulfill|InvoiceDetail)\.dtd", re.I),
    ),
)
"""The official DTDs of any version, whichever way a sender writes the host's name."""
