"""Other people's UBL orders, changes and cancellations: each is read as its golden says, or refused with faults that
say what and where.

The goldens were written by reading the documents. A document without one (there are others of these kinds) must still
be read or refused so, and nothing of it may be lost that the format's README doesn't name.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from schemas.documents.common import Document
from schemas.fault_codes import FAULTS
from schemas.faults import DocumentRejected, Fault
from schemas.formats import ReadOrder
from schemas.formats.ubl_2_1 import UBL_2_1
from schemas.formats.ubl_2_1.names import qualified

FORMAT = Path(__file__).resolve().parents[2] / "schemas" / "formats" / "ubl_2_1"
GOLDENS = Path(__file__).with_name("goldens") / "ubl_orders"
KINDS = ("order", "order_change", "order_cancellation")
ROOTS = ("Order", "OrderChange", "OrderCancellation")
LISTED = re.compile(r"^- `([^`]+)`", re.MULTILINE)
NUMBER = re.compile(r"-?\d+(\.\d+)?")
FIXED = re.compile(r"true|false|\d{4}-\d{2}-\d{2}.*|\d{2}:\d{2}.*|[A-Z]{3}|VAT|NoStatus|-?\d+(\.\d+)?")
"""Values whose kind the reading looks at: they can't be replaced by others without changing what is tested."""


@pytest.fixture(scope="module")
def documents(corpus_dir: Path) -> list[Path]:
    found = [sorted((corpus_dir / "ubl" / kind).glob("*.xml")) for kind in KINDS]
    assert all(found)
    return [document for of_kind in found for document in of_kind]


def read_or_refuse(body: bytes) -> ReadOrder | tuple[Fault, ...]:
    try:
        (order,) = UBL_2_1.parse_orders(body)
    except DocumentRejected as refused:
        return refused.faults
    return order


def test_every_order_is_read_as_its_golden_says(
    documents: list[Path], corpus_count: Callable[[str, int], None]
) -> None:
    for document in documents:
        golden = GOLDENS / f"{document.stem}.json"
        found = read_or_refuse(document.read_bytes())
        if golden.exists():
            assert_as_written(found, json.loads(golden.read_text(encoding="utf-8")))
        if not isinstance(found, ReadOrder):
            assert found
            assert all(fault.code in FAULTS and fault.detail and fault.location for fault in found)
    for kind in KINDS:
        count = sum(document.parent.name == kind for document in documents)
        corpus_count(f"ubl/{kind}", count)
        print(f"{count} documents of the corpus's ubl/{kind} read or refused")


def test_no_golden_is_for_a_document_that_is_not_there(documents: list[Path]) -> None:
    assert {path.stem for path in GOLDENS.glob("*.json")} <= {path.stem for path in documents}


def assert_as_written(found: ReadOrder | tuple[Fault, ...], golden: dict[str, Any]) -> None:
    if "faults" in golden:
        assert not isinstance(found, ReadOrder)
        assert_contains([fault.as_json() for fault in found], golden["faults"], "faults")
        return
    assert isinstance(found, ReadOrder), found
    if (warnings := golden.pop("warnings", None)) is not None:
        assert [warning.code for warning in found.warnings] == warnings
    assert_contains(found.order.model_dump(mode="json"), golden, found.order.order_number)


def assert_contains(found: Any, golden: Any, place: str) -> None:
    """Every value of the golden is found at its place; a list has no more members than the golden's."""
    if isinstance(golden, dict):
        assert isinstance(found, dict), place
        for name, value in golden.items():
            assert_contains(found[name], value, f"{place}/{name}")
    elif isinstance(golden, list):
        assert len(found) == len(golden), place
        for index, value in enumerate(golden):
            assert_contains(found[index], value, f"{place}/{index}")
    else:
        assert found == golden, place


def test_nothing_of_an_order_is_lost_but_what_the_readme_lists(documents: list[Path]) -> None:
    """Each text of a document is made unique first, so that finding it means that it, and no other, was kept."""
    readable = 0
    examples = [path for kind in KINDS for path in sorted((FORMAT / "examples" / kind).glob("*.xml"))]
    for document in [*documents, *examples]:
        found = read_or_refuse(document.read_bytes())
        if isinstance(found, ReadOrder):
            assert_nothing_lost(document)
            readable += document in documents
    assert readable
    print(f"{readable} UBL orders, changes and cancellations of the corpus were searched for what is lost")


def assert_nothing_lost(document: Path) -> None:
    root = next(
        etree.parse(document, etree.XMLParser(remove_comments=True, remove_pis=True))
        .getroot()
        .iter(*(f"{{urn:oasis:names:specification:ubl:schema:xsd:{name}-2}}{name}" for name in ROOTS))
    )
    for number, element in enumerate(leaves(root)):
        text = (element.text or "").strip()
        if text and not FIXED.fullmatch(text) and "Embedded" not in element.tag and not _has_meaning(element):
            element.text = f"{text} {number}"
    found = read_or_refuse(etree.tostring(root))
    assert isinstance(found, ReadOrder), found
    kept = set(values_of(found.order)) | {extension.name for extension in extensions_of(found)}
    listed = LOST if root.tag.endswith("}Order") else LOST + LOST_OF_A_CHANGE
    lost = [
        (path, value)
        for path, value in written_values(root)
        if not is_listed(path, listed) and not is_kept(value, kept, found)
    ]
    assert lost == [], document.name


def _has_meaning(element: Any) -> bool:
    """Names of profiles and tax schemes, and a line's status, which decide how the rest is read."""
    return (
        qualified(element.tag) in ("cbc:ProfileID", "cbc:LineStatusCode")
        or qualified(element.getparent().tag) == "cac:TaxScheme"
    )


def leaves(root: Any) -> Iterator[Any]:
    return (element for element in root.iter() if len(element) == 0)


def written_values(root: Any) -> Iterator[tuple[str, str]]:
    """Every value and attribute of the document with its path of names."""
    for element in root.iter():
        ancestors = [qualified(one.tag) for one in element.iterancestors() if one is not root.getparent()]
        names = [
            *reversed(ancestors[: ancestors.index(qualified(root.tag))] if qualified(root.tag) in ancestors else []),
            qualified(element.tag),
        ]
        path = "/".join(names)
        if element is not root and (text := (element.text or "").strip()):
            yield path, text
        for name, value in element.items():
            yield f"{path}/@{name}", value.strip()


def listed_under(title: str) -> list[str]:
    return LISTED.findall((FORMAT / "README.md").read_text(encoding="utf-8").split(title)[1].split("\n## ")[0])


LOST = listed_under("## What reading loses")
LOST_OF_A_CHANGE = listed_under("## What reading a change or cancellation loses beside that")


def is_listed(path: str, listed: list[str]) -> bool:
    """Whether the README says that this is lost: `@name` anywhere, `…/tail` at any path's end, else the whole path."""
    return any(
        path.endswith(f"/{entry}")
        if entry.startswith("@")
        else path.endswith(entry[1:])
        if entry[0] == "…"
        else path == entry
        for entry in listed
    )


def is_kept(value: str, kept: set[str], found: ReadOrder) -> bool:
    if value in kept or any(value in text.split("\n") for text in kept):
        return True
    if re.fullmatch(r"\d{2}:\d{2}:\d{2}.*", value):
        clock = time.fromisoformat(value).isoformat()
        return clock in kept or any(text.endswith(f"T{clock}") for text in kept)
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}(Z|[+-]\d{2}:\d{2})", value):
        return value[:10] in kept
    if NUMBER.fullmatch(value):
        return f"{Decimal(value):f}" in kept
    return "".join(value.split()) in {base64.b64encode(content).decode() for content in found.attachments.values()}


def extensions_of(found: ReadOrder) -> list[Any]:
    return [*found.order.extensions, *(kept for line in found.order.lines for kept in line.extensions)]


def values_of(node: Any) -> Iterator[str]:
    """Every value of a canonical document as text."""
    if isinstance(node, Document):
        for name in type(node).model_fields:
            yield from values_of(getattr(node, name))
    elif isinstance(node, tuple):
        for member in node:
            yield from values_of(member)
    elif isinstance(node, bool):
        yield "true" if node else "false"
    elif isinstance(node, Decimal):
        yield f"{node:f}"
    elif node is not None:
        yield node.isoformat() if hasattr(node, "isoformat") else str(node)
