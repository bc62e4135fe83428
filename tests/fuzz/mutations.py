"""Documents that are nearly right: samples with bytes, elements or members changed, as Hypothesis strategies.

A change is a few small numbers, so a failure shrinks to the fewest changes of the first sample that shows it.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from lxml import etree

VALUES = (
    *("", " ", "0", "-1", "1e3", "1E-400", "NaN", "1,5", "1.234,50", "9" * 200, "0" * 120 + ".5", "\u0663"),
    *("2026-02-30", "2026-11-23T99:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-23:59", "-0", "24:00"),
    *("EUR", "XCT", "0088", "0160", "true", "NO", "new", "delete", "220", "x" * 11_000, "\ufeff", "a\u0301"),
    *("\U0001f4e6", "&amp;", "<![CDATA[x]]>", "]]>", "--", "=1+1", "../../x", "\r\n"),
)  # fmt: skip
"""What has been trouble somewhere: beyond limits, of other alphabets, of a calendar that isn't."""
BYTES = (
    *(b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3", b"<", b">", b"&", b'"', b"'", b"{", b"}", b"[", b"]", b":", b","),
    *(b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"<!--", b"-->", b"<?a", b"?>", b"&b;", b"<![CDATA[", b"]]>", b"xmlns='x'"),
    *(b'<?xml version="1.0" encoding="UTF-7"?>', b'encoding="utf-16"', b"1E999999999", b"null", b"\\u0000", b"\\ud800"),
    *(b"<a>" * 300, b"[" * 300, b"9" * 300, b" " * 300, b"\n", b"\t", b"- ", b"&x *x", b"!!python/object:x ", b"<<: "),
)  # fmt: skip
"""Signs that mean something to a parser."""
_WORDS = re.compile(rb"[A-Za-z0-9_.:@-]{2,40}")
_CHANGES = "sssbbddddtacmrx"
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

_numbers = st.integers(0, 2**20)


def any_bytes() -> st.SearchStrategy[bytes]:
    """Nothing known about them."""
    return st.one_of(st.binary(max_size=200), st.lists(st.sampled_from(BYTES), max_size=12).map(b"".join))


def changed_bytes(samples: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """A sample with pieces cut out, put in, doubled or exchanged with a word of another sample."""
    words = sorted({word for sample in samples for word in _WORDS.findall(sample)})[:2_000]
    piece = st.one_of(st.sampled_from(BYTES), st.sampled_from(words or [b"x"]), st.binary(max_size=8))
    change = st.tuples(_numbers, st.integers(0, 40), st.integers(0, 2), piece)
    return st.builds(_with_bytes, st.sampled_from(list(samples)), st.lists(change, min_size=1, max_size=6))


def _with_bytes(body: bytes, changes: list[tuple[int, int, int, bytes]]) -> bytes:
    for number, length, kind, piece in changes:
        at = number % (len(body) + 1)
        cut = body[at : at + length]
        body = body[:at] + (piece, b"", cut + cut)[kind] + body[at + (length if kind < 2 else 0) :]
    return body


def changed_xml(samples: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """A sample whose tree is changed: texts and attributes of other elements, or worse; elements gone, doubled, moved,
    renamed, wrapped."""
    value = st.one_of(st.sampled_from(VALUES), st.text(max_size=6))
    change = st.tuples(_numbers, _numbers, st.sampled_from(_CHANGES), value)
    return st.builds(_with_tree, st.sampled_from(list(samples)), st.lists(change, min_size=1, max_size=4))


def _with_tree(body: bytes, changes: list[tuple[int, int, str, str]]) -> bytes:
    root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    for number, other, kind, value in changes:
        elements = list(root.iter("*"))
        element, target = elements[number % len(elements)], elements[other % len(elements)]
        _change(element, target, kind, _ILLEGAL.sub("", value), other)
    return etree.tostring(root, encoding="UTF-8")


def _change(element: Any, target: Any, kind: str, value: str, number: int) -> None:
    parent = element.getparent()
    if kind == "t":
        element.text = value
    elif kind == "s":
        alike = [one for one in element.getroottree().iter(element.tag) if not len(one)]
        element.text = alike[number % len(alike)].text if alike and not len(element) else element.text
    elif kind == "b" and element.attrib and target.attrib:
        element.set(sorted(element.attrib)[0], target.attrib[sorted(target.attrib)[0]])
    elif kind == "a" and element.attrib:
        element.set(sorted(element.attrib)[number % len(element.attrib)], value)
    elif parent is None:
        return
    elif kind == "d":
        parent.remove(element)
    elif kind == "c":
        parent.append(copy.deepcopy(element))
    elif kind == "m" and target is not element and element not in target.iterancestors():
        target.append(element)
    elif kind == "r":
        element.tag = target.tag
    elif kind == "x":
        around = etree.SubElement(parent, target.tag)
        around.text, around.tail = value, value
        around.append(element)


def changed_json(samples: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """A sample whose members are changed: values of others of the same name, of other names, or worse; members gone
    and renamed."""
    value = st.one_of(
        st.sampled_from([*VALUES, None, True, False, 0, -1, 10**30, [], {}, [[]], [None]]), st.text(max_size=6)
    )
    change = st.tuples(_numbers, _numbers, st.sampled_from("aaaaaadvmn"), value)
    return st.builds(_with_members, st.sampled_from(list(samples)), st.lists(change, min_size=1, max_size=6))


def _with_members(body: bytes, changes: list[tuple[int, int, str, Any]]) -> bytes:
    found = json.loads(body)
    for number, other, kind, value in changes:
        places = _places(found)
        if not places:
            break
        (node, step), (there, known) = places[number % len(places)], places[other % len(places)]
        if kind == "v":
            node[step] = copy.deepcopy(value)
        elif kind == "a":
            alike = [around[name] for around, name in places if name == step]
            node[step] = copy.deepcopy(alike[other % len(alike)])
        elif kind == "d":
            del node[step]
        elif kind == "m":
            node[step] = copy.deepcopy(there[known])
        elif isinstance(node, dict):
            node[str(known)] = node.pop(step)
    return json.dumps(found, ensure_ascii=bool(changes[0][0] % 2)).encode("utf-8", "surrogatepass")


def _places(value: Any) -> list[tuple[Any, Any]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found: list[tuple[Any, Any]] = []
    for step, child in members:
        found += [(value, step), *_places(child)]
    return found
