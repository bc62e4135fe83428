"""No bytes make the cXML codec raise anything but its own fault types."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from schemas.fault_codes import FAULTS
from schemas.faults import DocumentFailure, Fault
from schemas.formats import cxml_1_2
from schemas.formats.cxml_1_2 import CXML_1_2
from schemas.formats.cxml_1_2.envelope import read_envelope

EXAMPLES = Path(cxml_1_2.__file__).parent / "examples"
BODIES = [path.read_bytes() for path in sorted(EXAMPLES.rglob("*.xml"))]
TREES = [path.read_bytes() for path in sorted((EXAMPLES / "order").glob("*.xml"))] + [
    path.read_bytes() for path in sorted((EXAMPLES / "order_response").glob("*.xml"))
]
VALUES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=5),
    st.sampled_from(["", "-1", "1e3", "NaN", "0", "2026-02-30", "2026-11-23T99:00:00Z", "0001-01-01T00:00+14:00"]),
    st.sampled_from(["9" * 200, "delete", "yes", "USD", "GLN", "EAN", "notAllowed", "9999-12-31T23:59:59-23:59"]),
)


def only_rejects(body: bytes) -> None:
    found: list[Fault] = []
    for read in (CXML_1_2.check, CXML_1_2.parse_orders, CXML_1_2.parsers["order_response"], read_envelope):
        found += faults_of_reading(read, body)
    found += faults_of_reading(lambda sent: CXML_1_2.locate(sent, ["/lines/0/quantity", "/buyer/id"]), body)
    assert all(fault.code in FAULTS for fault in found)
    assert all(fault.path == "" or fault.path.startswith("/") for fault in found)
    json.dumps([fault.as_json() for fault in found], ensure_ascii=False).encode()
    CXML_1_2.sniff(body)


def faults_of_reading(read: Callable[[bytes], object], body: bytes) -> tuple[Fault, ...]:
    """No faults for a body that is read; a failure without faults would be silence."""
    try:
        read(body)
    except DocumentFailure as failure:
        return failure.faults or (Fault("silence", "failed without a fault"),)
    return ()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_only_ever_rejected(body: bytes) -> None:
    only_rejects(body)


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(BODIES), st.integers(0), st.integers(0, 8), st.binary(max_size=8))
def test_examples_with_bytes_changed_are_read_or_rejected(body: bytes, at: int, cut: int, put: bytes) -> None:
    at %= len(body)
    only_rejects(body[:at] + put + body[at + cut :])


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(TREES),
    st.lists(st.tuples(st.integers(0), st.integers(0), st.sampled_from("tatadcmr"), VALUES), min_size=1, max_size=4),
)
def test_examples_with_their_tree_changed_are_read_or_rejected(
    body: bytes, changes: list[tuple[int, int, str, str]]
) -> None:
    """A text, an attribute, an element deleted, copied, moved into another or renamed."""
    root = etree.fromstring(body)
    for one, other, change, value in changes:
        elements = list(root.iter("*"))
        element, target = elements[one % len(elements)], elements[other % len(elements)]
        _change(element, target, change, value, other)
    only_rejects(etree.tostring(root))


def _change(element: etree._Element, target: etree._Element, change: str, value: str, number: int) -> None:
    parent = element.getparent()
    if change == "t":
        element.text = value
    elif change == "a" and element.attrib:
        element.set(sorted(element.attrib)[number % len(element.attrib)], value)
    elif parent is None:
        return
    elif change == "d":
        parent.remove(element)
    elif change == "c":
        parent.append(etree.fromstring(etree.tostring(element, with_tail=False)))
    elif change == "m" and target is not element and element not in target.iterancestors():
        target.append(element)
    elif change == "r":
        element.tag = target.tag
