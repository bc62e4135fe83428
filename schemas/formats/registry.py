"""The list of the formats. A new one is a folder beside this file and a line here."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.formats import Format
from schemas.formats.csv_1 import CSV_1
from schemas.formats.cxml_1_2 import CXML_1_2
from schemas.formats.json_1 import JSON_1
from schemas.formats.ubl_2_1 import PEPPOL_ADVANCED_3, PEPPOL_BIS_3, UBL_2_1

FORMATS: Mapping[str, Format] = {
    known.name: known for known in (JSON_1, UBL_2_1, PEPPOL_BIS_3, PEPPOL_ADVANCED_3, CXML_1_2, CSV_1)
}
"""By the name that `account.yaml` and `--to` use. The order is that in which `sniff` asks: the general before the
special, so a Peppol order is ubl-2.1, which reads it all the same."""


def format_by_name(name: str) -> Format:
    """The format of this name. Raises KeyError for a name that is not in the list."""
    return FORMATS[name]


def sniff(body: bytes) -> Format | None:
    """The first format that recognises these bytes as its own, or None."""
    return next((known for known in FORMATS.values() if known.sniff(body)), None)
