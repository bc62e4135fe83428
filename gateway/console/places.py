"""Where something of a mapping is mended: the page of the editor, the table or the terms that a fault is about."""

from __future__ import annotations

import re
from urllib.parse import quote

from gateway.console.terms.sections import section_of
from mappings.files.terms import TERMS_FILE
from schemas.faults import Fault

_LINE = re.compile(r"^(?P<file>\S+?\.yaml)(?: line (?P<line>\d+))?")
_TABLES = {"items.csv": "items", "units.csv": "units", "sites.csv": "sites", "prices.csv": "prices"}


def mended_at(account_id: str, fault: Fault) -> str | None:
    """The address of the page; None where nobody can tell."""
    root = f"/accounts/{quote(account_id, safe='')}"
    for file, table in _TABLES.items():
        if fault.location.startswith(file):
            return f"{root}/{table}?q={quote(fault.value or '', safe='')}"
    if fault.location.startswith(TERMS_FILE):
        return f"{root}/terms/{section_of(fault.path)}"
    if found := _LINE.match(fault.location):
        line = f"#line-{found['line']}" if found["line"] else ""
        return f"{root}/mapping?map={quote(found['file'], safe='')}{line}"
    return None
