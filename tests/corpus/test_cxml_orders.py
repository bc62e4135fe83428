"""Other people's cXML: each order request is read as its golden says, or refused with faults that say what and where;
what is no order is refused by name. Nothing of an order is lost that the format's README doesn't list.

The goldens were written by reading the documents, and say of each all that there is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from schemas.documents.common import Document
from schemas.fault_codes import FAULTS
from schemas.faults import DocumentRejected, Fault
from schemas.formats import ReadOrder
from schemas.formats.cxml_1_2 import CXML_1_2
from tests.corpus.test_ubl_orders import assert_contains

FORMAT = Path(__file__).resolve().parents[2] / "schemas" / "formats" / "cxml_1_2"
GOLDENS = Path(__file__).with_name("goldens") / "cxml_orders"
LISTED = re.compile(r"^- `([^`]+)`", re.MULTILINE)
FIXED = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?|\d{4}-\d{2}-\d{2}.*|[A-Z]{2,3}|yes")
"""Values whose kind the reading looks at: they can't be replaced by others without changing what is tested."""
MEANING = frozenset(
    [
        *(
            "type",
            "orderType",
            "domain",
            "addressIDDomain",
            "role",
            "operation",
            "itemType",
            "compositeItemType",
            "value",
        ),
        *("currency", "isoCountryCode", "{http://www.w3.org/XML/1998/namespace}lang"),
    ]
)
"""Attributes whose words decide how the rest is read."""


def documents(corpus_dir: Path, kind: str) -> list[Path]:
    found = sorted(path for path in (corpus_dir / "cxml" / kind).iterdir() if path.is_file())
    assert found
    return found


def read_or_refuse(body: bytes) -> ReadOrder | tuple[Fault, ...]:
    try:
        (order,) = CXML_1_2.parse_orders(body)
    except DocumentRejected as refused:
        return refused.faults
    return order


def test_every_order_request_is_read_as_its_golden_says(
    corpus_dir: Path, corpus_count: Callable[[str, int], None]
) -> None:
    paths, read = documents(corpus_dir, "order_request"), 0
    for path in paths:
        found, golden = read_or_refuse(path.read_bytes()), json.loads((GOLDENS / f"{path.name}.json").read_text())
        if isinstance(found, ReadOrder):
            read += 1
            assert found.order.model_dump(mode="json", exclude_defaults=True) == golden, path.name
        else:
            assert_contains([fault.as_json() for fault in found], golden["faults"], path.name)
            assert all(fault.code in FAULTS and fault.detail and fault.location for fault in found)
    corpus_count("cxml/order_request", len(paths))
    print(f"{len(paths)} cXML order requests of the corpus: {read} read, {len(paths) - read} refused")


def test_no_golden_is_for_a_document_that_is_not_there(corpus_dir: Path) -> None:
    names = {path.name for path in documents(corpus_dir, "order_request")}
    assert {path.name.removesuffix(".json") for path in GOLDENS.glob("*.json")} == names


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("malformed", ["GarbageRequest", "CatalogUploadRequest", "CopyRequest"]),
        ("profile", ["Response", "ProfileRequest"]),
        ("confirmation_request", ["ConfirmationRequest"]),
    ],
)
def test_what_is_no_order_is_refused_by_name(
    corpus_dir: Path, corpus_count: Callable[[str, int], None], kind: str, named: list[str]
) -> None:
    paths = documents(corpus_dir, kind)
    found = [read_or_refuse(path.read_bytes()) for path in paths]
    assert [[(fault.code, fault.value) for fault in one] for one in found if isinstance(one, tuple)] == [
        [("wrong_document", f"a cXML {name}")] for name in named
    ]
    corpus_count(f"cxml/{kind}", len(paths))
    print(f"{len(paths)} cXML documents of {kind} in the corpus refused by name")


def test_nothing_of_an_order_is_lost_but_what_the_readme_lists(corpus_dir: Path) -> None:
    """Each text of a document is made unique first, so that finding it means that it, and no other, was kept."""
    searched = 0
    examples = sorted((FORMAT / "examples" / "order").glob("*.xml"))
    for path in [*documents(corpus_dir, "order_request"), *examples]:
        if isinstance(read_or_refuse(path.read_bytes()), ReadOrder):
            assert_nothing_lost(path)
            searched += 1
    assert searched > len(examples)
    print(f"{searched} cXML orders were searched for what is lost")


def assert_nothing_lost(path: Path) -> None:
    root = etree.parse(path, etree.XMLParser(remove_comments=True, remove_blank_text=True)).getroot()
    request = next(root.iter("OrderRequest"))
    for number, element in enumerate(request.iter()):
        if (text := (element.text or "").strip()) and not FIXED.fullmatch(text):
            element.text = f"{text} {number}"
        for name, value in element.items():
            if name not in MEANING and value.strip() and not FIXED.fullmatch(value.strip()):
                element.set(name, f"{value} {number}")
    found = read_or_refuse(etree.tostring(root))
    assert isinstance(found, ReadOrder), found
    kept = "\n".join(values_of(found.order))
    numbers = set(kept.split("\n"))
    lost = [
        (name, value)
        for name, value in written_values(request)
        if not is_listed(name) and not is_kept(value, kept, numbers)
    ]
    assert lost == [], path.name


def written_values(request: Any) -> Iterator[tuple[str, str]]:
    """Every value and attribute of the order with its path of names."""
    for element in request.iter():
        chain = [element, *element.iterancestors()]
        names = "/".join(str(one.tag) for one in reversed(chain[: chain.index(request)]))
        if text := (element.text or "").strip():
            yield names, text
        for name, value in element.items():
            if value.strip():
                yield f"{names}/@{name}", value.strip()


LOST = LISTED.findall(
    (FORMAT / "README.md").read_text(encoding="utf-8").split("## What reading loses")[1].split("\n## ")[0]
)


def is_listed(path: str) -> bool:
    """Whether the README says that this is lost: `@name` anywhere, `…/tail` at any path's end, else the whole path."""
    return any(
        path.endswith(f"/{entry}")
        if entry.startswith("@")
        else path.endswith(entry[1:])
        if entry[0] == "…"
        else path == entry
        for entry in LOST
    )


def is_kept(value: str, kept: str, values: set[str]) -> bool:
    """A number as the same number, a date as its day, a text wherever it stands."""
    if re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", value):
        return f"{Decimal(value):f}" in values or any(value in one.split() or f"+{value}" in one for one in values)
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}.*", value):
        return value[:10] in values or value in values
    return value in kept


def values_of(node: Any) -> Iterator[str]:
    """Every value of a canonical document as text."""
    if isinstance(node, Document):
        for name in type(node).model_fields:
            yield from values_of(getattr(node, name))
    elif isinstance(node, tuple):
        for member in node:
            yield from values_of(member)
    elif isinstance(node, Decimal):
        yield f"{node:f}"
    elif isinstance(node, (date, datetime)):
        yield node.isoformat()
    elif node is not None:
        yield str(node)
