"""Large XML documents without their trees: judged as a whole, or read while they are parsed.

A tree takes some ten times its document's bytes. What is said of a document here is what `schemas.formats.xml.parse`
says of it; the tests hold one against the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from lxml import etree

from schemas.faults import DocumentRejected
from schemas.formats.xml import (
    MAX_NODE_CHARACTERS,
    OPTIONS,
    UTF_16_STARTS,
    Element,
    check_log,
    check_start,
    parse,
    refuse_doctype,
    root_start,
    syntax_fault,
)

_CHUNK = 65_536
"""Bytes that are parsed at a time."""
_MOST_LINES_KNOWN = 65_535
"""libxml2 counts no further for an element that has nothing in it."""
_MOST_BYTES_A_BYTE = 3
"""UTF-8 has three for the euro sign, which windows-1252 has one for."""
_START_TAG = re.compile(rb"[^\s<>/=\"']+(?:\s+[^\s<>/=\"']+\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))*\s*>")
"""From behind its `<` on; not of an element that has nothing in it (`<a/>`). What begins each part can't end the one
before, so that it gives up in a time that grows with the text alone. (Possessive, it would match `<a b="1" c>` on
Python 3.11.0 to 3.11.4.)"""
_LONGEST_START_TAG = 65_536
"""Bytes. A longer one is left to the tree."""
_COMMENT, _INSTRUCTION = re.compile(rb"!(?<=<!)"), re.compile(rb"\?(?<=<\?)")
"""Where one starts, or CDATA; the sign in it that is the rarer one is found ten times faster."""
_LEVEL = b"one-level-more"


def judged_root(body: bytes) -> Element:
    """The root element of a document that `parse` takes, mostly without what is in it. Raises as `parse` does.

    libxml2 judges the document and builds nothing. Of what only its tree builder refuses, `_needs_no_tree` sees that
    there is none; and as the builder takes one level less than the parser, the parser is given one more. In all doubt
    the tree is built.
    """
    check_start(body, ())
    root = root_of(body)
    return root if root is not None and _needs_no_tree(body) and _is_well_formed(body) else parse(body)


def root_of(body: bytes) -> Element | None:
    """The root element without what is in it; None where its start tag alone doesn't tell."""
    end = _start_tag_end(body)
    if end is None:
        return None
    parser = etree.XMLPullParser(("start",), **OPTIONS)
    try:
        parser.feed(body[:end] + b"    ")  # it looks at nothing before it has four bytes
        root = next((element for _, element in parser.read_events()), None)
    except etree.XMLSyntaxError:
        return None
    if root is None or root.getroottree().docinfo.doctype or (root.sourceline or 0) >= _MOST_LINES_KNOWN:
        return None
    return root


class Arriving:
    """The root element of a large document that is read while it is parsed, so that it never stands in memory whole.

    `arriving[:]` are the root's children, each once it and what follows it up to the next element are complete; those
    named `repeated` are emptied as soon as they were read. Where the document turns out wrong it raises
    DocumentRejected as `parse` does, only later: what was read of it before is then worth nothing.
    """

    def __init__(
        self,
        body: bytes,
        root_tag: str,
        repeated: str,
        most_others: int,
        too_many: Callable[[Element], Exception],
    ) -> None:
        """Raises DocumentRejected; ValueError where the root has another tag. Of children with other names than
        `repeated` so many are handed out; then it raises what `too_many` makes of the next."""
        self._repeated, self._left, self._too_many = repeated, most_others, too_many
        self._stages = _stages(body, root_tag)
        for root, is_whole in self._stages:
            self._root, self._is_whole = root, is_whole
            if is_whole or _first_child(root) is not None:
                break
        if self._root.tag != root_tag:
            raise ValueError(f"the root is not {root_tag}")

    @property
    def tag(self) -> str:
        """The root's."""
        return str(self._root.tag)

    @property
    def sourceline(self) -> int | None:
        """The root's."""
        return self._root.sourceline

    @property
    def text(self) -> str | None:
        """What stands before the root's first child."""
        return self._root.text

    def __getitem__(self, every: slice) -> Iterator[Element]:
        """The children, once."""
        child = None
        for root, is_whole in chain([(self._root, self._is_whole)], self._stages):
            child = _first_child(root) if child is None else child
            while child is not None:
                following = child.getnext()
                if following is None and not is_whole:
                    break
                is_repeated = child.tag == self._repeated
                if not is_repeated:
                    self._left -= 1
                    if self._left < 0:
                        raise self._too_many(child)
                yield child
                if is_repeated:
                    child.clear()
                child = following


def _stages(body: bytes, root_tag: str) -> Iterator[tuple[Element, bool]]:
    """The root after each piece that was parsed, and whether it is whole now."""
    plain = check_start(body, ())
    parser = etree.XMLPullParser(("start",), tag=root_tag, **OPTIONS)
    root = None
    try:
        for start in range(0, len(body), _CHUNK):
            parser.feed(body[start : start + _CHUNK])
            for _, element in parser.read_events():
                root = element if root is None and element.getparent() is None else root
            if root is not None:
                yield root, False
        root = parser.close()
    except etree.XMLSyntaxError as error:
        raise DocumentRejected([syntax_fault(error, parser)]) from None
    check_log(parser)
    if not plain:
        refuse_doctype(root)
    yield root, True


def _first_child(root: Element) -> Element | None:
    return next(iter(root), None)


def _start_tag_end(body: bytes) -> int | None:
    """Where the root's start tag ends; None where it isn't found by simply looking."""
    if body[:2] in UTF_16_STARTS:
        return None
    start = root_start(body)
    found = _START_TAG.match(body, start, start + _LONGEST_START_TAG)
    return None if found is None else found.end()


def _needs_no_tree(body: bytes) -> bool:
    """Whether there can be nothing that only the tree's builder refuses: an xml:id, which must be a name and stand
    once, and a text of too many characters. Texts that a comment stands between are one, and `<` in a comment parts
    none."""
    if b"xml:id" in body or _LEVEL in body:
        return False
    longest = MAX_NODE_CHARACTERS // _MOST_BYTES_A_BYTE
    if len(body) <= longest:
        return True
    first = root_start(body)
    if _COMMENT.search(body, first) or _INSTRUCTION.search(body, first):
        return False
    places = range(longest // 2, len(body), longest // 2)
    return all(body.find(b"<", place) - body.rfind(b"<", 0, place) < longest for place in places)


def _is_well_formed(body: bytes) -> bool:
    """Whether it is, with one more element around all that is in the root. False in doubt."""
    start, end = _start_tag_end(body), body.rfind(b"</")
    if start is None or end < start:
        return False
    parser: Any = etree.XMLParser(target=_Nothing(), **OPTIONS)  # type: ignore[call-overload]  # wants more methods
    try:
        etree.parse(_Pieces(_one_level_more(body, start, end)), parser)
    except etree.XMLSyntaxError:
        return False
    return not len(parser.error_log)


def _one_level_more(body: bytes, start: int, end: int) -> Iterator[bytes]:
    """The document piece by piece, with an element around what stands in its root, from `start` to `end`."""
    yield b"%b<%b>" % (body[:start], _LEVEL)
    for position in range(start, end, _CHUNK):
        yield body[position : min(position + _CHUNK, end)]
    yield b"</%b>%b" % (_LEVEL, body[end:])


class _Pieces:
    """A file that is read a piece at a time, however much is asked for; a large document isn't copied for it."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def read(self, _size: int = -1, /) -> bytes:
        """The next piece, nothing at the end."""
        return next(self._pieces, b"")


class _Nothing:
    """A parser's target that is called for nothing but the end: libxml2 judges, and builds nothing."""

    def close(self) -> None:
        """What comes of it."""
