"""Whom an SBDH envelope is for."""

from __future__ import annotations

import re

from schemas.documents.common import Identifier
from schemas.formats.ubl_2_1.names import ENVELOPE, ENVELOPE_HEADER, SBDH
from schemas.formats.xml import Element

_RECEIVER = f"{ENVELOPE_HEADER}/{{{SBDH}}}Receiver/{{{SBDH}}}Identifier"
_WITH_SCHEME = re.compile(r"([0-9]{4}):(\S{1,200})")
"""Peppol's: the scheme's ISO 6523 number before the identifier."""
_OF_GS1 = frozenset(("GS1", "GLN", "EAN.UCC"))
"""Authorities whose identifiers are GLNs."""
_LONGEST = 200


def receivers_of(root: Element) -> tuple[Identifier, ...]:
    """The Receivers of the envelope around a document; one without a scheme that is known has none."""
    envelope = root.getparent()
    if envelope is None or envelope.tag != ENVELOPE:
        return ()
    found = ((one.text or "").strip() for one in envelope.iterfind(_RECEIVER))
    authorities = ((one.get("Authority") or "").strip().upper() for one in envelope.iterfind(_RECEIVER))
    return tuple(
        _identifier(text, authority)
        for text, authority in zip(found, authorities, strict=True)
        if text and len(text) <= _LONGEST
    )


def _identifier(text: str, authority: str) -> Identifier:
    if match := _WITH_SCHEME.fullmatch(text):
        return Identifier(id=match[2], scheme=match[1])
    return Identifier(id=text, scheme="0088" if authority in _OF_GS1 else None)
