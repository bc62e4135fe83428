"""XML from strangers, read safely: bytes in, a tree or typed faults out.

Nothing is ever fetched, no entity is ever expanded, and a document is refused before it is parsed where its prolog has
an internal DTD subset or a DOCTYPE that its format doesn't have, or where it has more markup than any order. What
libxml2 is then given is what was scanned: only encodings in which an ASCII byte always means that ASCII character, and
UTF-16. `large_xml` reads and judges large documents with the same checks and without the whole tree.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from typing import Any, NoReturn

from lxml import etree

from schemas.faults import DocumentRejected, Fault

Element = etree._Element

MAX_DEPTH = 256
MAX_NODE_CHARACTERS = 10_000_000
MAX_PROLOG_PARTS = 1_000
MAX_MARKUP = 2_000_000
"""`<` and `=`, in texts and comments as well: an element takes one or two of the one, an attribute one of the other.
That is 100 for each of 20,000 lines. libxml2 takes 128 bytes for an element, as much for a text and twice as much for
an attribute, so that a tree stays below 512 MB; 20 MB of `<a/>` alone would take 640 MB."""

AllowedDoctype = tuple[str, re.Pattern[str]]
"""A root element's name, and the system identifiers its DOCTYPE may have (matched whole)."""

_ENCODINGS = re.compile(r"utf-?8|us-ascii|ascii|iso-?8859-\d{1,2}|latin-?1|windows-125[0-8]|cp125[0-8]", re.IGNORECASE)
_UTF_16 = re.compile(r"utf-?16(le|be)?|ucs-2|iso-10646-ucs-2", re.IGNORECASE)
_PLAIN_PROLOG = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:<\?xml\s+version=[\"']1\.0[\"'](?:\s+encoding=[\"'](?:UTF|utf)-8[\"'])?\s*\?>)?\s*<[A-Za-z_]"
)
"""UTF-8 and straight to the root element, as nearly every document is: nothing to look for."""
_PLAIN_DOCTYPE = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:<\?xml\s+version=[\"']1\.0[\"'](?:\s+encoding=[\"'](?:UTF|utf)-8[\"'])?\s*\?>)?\s*"
    rb"<!DOCTYPE\s+([A-Za-z]+)\s+SYSTEM\s+\"([!#-;=?-Z\\\]^-~]*)\"\s*>\s*<[A-Za-z_]"
)
"""UTF-8, a DOCTYPE by its system identifier alone, and straight to the root element, as cXML is written."""
_SPACE = re.compile(r"[ \t\r\n]*")
_DECLARED = re.compile(r"<\?xml\s[^>]*?encoding\s*=\s*[\"']([^\"'>]*)[\"']")
_DOCTYPE = re.compile(
    r"<!DOCTYPE\s+(?P<root>[^\s>\[\"']+)"
    r"(?:\s+(?:SYSTEM|PUBLIC\s+(?:\"[^\"]*\"|'[^']*'))\s+(?P<system>\"[^\"]*\"|'[^']*'))?\s*(?P<end>[>\[])"
)
UTF_16_STARTS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"<\x00": "utf-16-le", b"\x00<": "utf-16-be"}
_LIMIT_ERRORS = {
    etree.ErrorTypes.ERR_RESOURCE_LIMIT,
    etree.ErrorTypes.ERR_NAME_TOO_LONG,
    etree.ErrorTypes.ERR_ENTITY_LOOP,
}
_ENCODING_ERRORS = {
    etree.ErrorTypes.ERR_INVALID_ENCODING,
    etree.ErrorTypes.ERR_UNSUPPORTED_ENCODING,
    etree.ErrorTypes.ERR_UNKNOWN_ENCODING,
}
_ENTITY_ERRORS = {etree.ErrorTypes.ERR_UNDECLARED_ENTITY, etree.ErrorTypes.WAR_UNDECLARED_ENTITY}
_BLANK = b" \t\r\n\x00"
_EMPTY = "the document's bytes"
_OUR_ENCODINGS = "UTF-8, UTF-16, US-ASCII, ISO-8859-1 to -16 or windows-1250 to -1258"

OPTIONS: dict[str, Any] = {
    "resolve_entities": "internal",
    "load_dtd": False,
    "dtd_validation": False,
    "attribute_defaults": False,
    "no_network": True,
    "huge_tree": False,
    "recover": False,
    "remove_blank_text": True,
    "remove_comments": True,
    "remove_pis": True,
}
"""`collect_ids=False` would be a little faster, but makes libxml2 load the external DTD. The white space between
elements says nothing; without it a tree takes a sixth less time and a third less memory."""
_parsers = threading.local()
"""One parser a thread: lxml locks a parser while it works, and its error log is the parser's own."""


def parse(body: bytes, doctypes: Sequence[AllowedDoctype] = ()) -> Element:
    """The root element, without comments, processing instructions and the white space between elements.

    Raises DocumentRejected: `empty_body`, `unknown_encoding`, `xml_doctype_refused`, `xml_limit` or
    `xml_not_well_formed`, with line and column where the parser stopped.
    """
    plain = check_start(body, doctypes)
    parser = _parser()
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise DocumentRejected([syntax_fault(error, parser)]) from None
    check_log(parser)
    if not plain and not doctypes:
        refuse_doctype(root)
    return root


def head(body: bytes, characters: int = 8192) -> str:
    """The first characters, leniently decoded: enough to see what a document claims to be. Never raises."""
    encoding = UTF_16_STARTS.get(body[:2])
    if encoding:
        return body[: 2 * characters].decode(encoding, "replace")
    return body[:characters].decode("latin-1")


def check_start(body: bytes, doctypes: Sequence[AllowedDoctype]) -> bool:
    """Raises DocumentRejected where it is empty, has too much markup, or its prolog isn't taken; True where that is
    plainly without any."""
    if not body[:64].strip(_BLANK) and not body.strip(_BLANK):
        _refuse("empty_body", "the document is empty", "", None, _EMPTY)
    if len(body) > MAX_MARKUP:
        _refuse_too_much(body)
    plain = _PLAIN_PROLOG.match(body) is not None
    if not plain and not _has_plain_doctype(body, doctypes):
        _check_prolog(_scannable(body), doctypes)
    return plain


def _has_plain_doctype(body: bytes, doctypes: Sequence[AllowedDoctype]) -> bool:
    """Whether all that comes before the root element is a DOCTYPE that the format has."""
    found = _PLAIN_DOCTYPE.match(body) if doctypes else None
    if found is None:
        return False
    root, system = (part.decode("ascii") for part in found.groups())
    return any(root == name and pattern.fullmatch(system) for name, pattern in doctypes)


def _refuse_too_much(body: bytes) -> None:
    """Counted before anything is built of it. UTF-16 is counted as ASCII: what of a character is no sign becomes `?`"""
    encoding = UTF_16_STARTS.get(body[:2])
    signs = body if encoding is None else body.decode(encoding, "replace").encode("ascii", "replace")
    if signs.count(b"<") + signs.count(b"=") > MAX_MARKUP:
        limit = f"{MAX_MARKUP:,} signs < and ="
        detail = f"the document has more than {limit}"
        _refuse("xml_limit", detail, _place_of_sign(signs, MAX_MARKUP), None, f"at most {limit}")


def _place_of_sign(signs: bytes, number: int) -> str:
    """Where the sign after so many stands, found by halving the stretch that it must be in."""
    start, end, before = 0, len(signs), 0
    while end - start > 1:
        middle = (start + end) // 2
        there = signs.count(b"<", start, middle) + signs.count(b"=", start, middle)
        if before + there > number:
            end = middle
        else:
            start, before = middle, before + there
    line = signs.count(b"\n", 0, start) + 1
    column = start - signs.rfind(b"\n", 0, start)
    return f"line {line}, column {column}"


def _parser() -> etree.XMLParser[Element]:
    """The thread's parser."""
    parser: etree.XMLParser[Element] | None = getattr(_parsers, "parser", None)
    if parser is None:
        parser = _parsers.parser = etree.XMLParser(**OPTIONS)
    return parser


def _scannable(body: bytes) -> str:
    """The text up to and with the root's start as far as a prolog is concerned; one character a byte but for UTF-16."""
    if body[:4] in (b"\x00\x00\xfe\xff", b"\xff\xfe\x00\x00", b"\x00\x00\x00<", b"<\x00\x00\x00"):
        _refuse("unknown_encoding", "UTF-32 isn't taken", "line 1", "UTF-32", _OUR_ENCODINGS)
    encoding = UTF_16_STARTS.get(body[:2])
    if encoding is None:
        text = body[: root_start(body)].decode("latin-1").removeprefix("\xef\xbb\xbf")
        _check_declared(text)
        return text
    try:
        return body.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        detail = f"not UTF-16 from byte {error.start} on"
        _refuse("unknown_encoding", detail, f"byte {error.start}", None, "whole UTF-16 code units")


def root_start(body: bytes) -> int:
    """Just past the first `<` that starts an element, looking over declaration, comments and instructions."""
    position = body.find(b"<")
    for _ in range(MAX_PROLOG_PARTS):
        if body.startswith(b"<?", position):
            position = body.find(b"<", body.find(b"?>", position) + 1 or len(body))
        elif body.startswith(b"<!--", position):
            position = body.find(b"<", body.find(b"-->", position) + 1 or len(body))
        elif position < 0 or body.startswith(b"<!", position):
            return len(body)
        else:
            return position + 1
    return len(body)


def _check_declared(text: str) -> None:
    """Only encodings in which the scan sees what the parser will: UTF-7 could hide a DOCTYPE from it."""
    declared = _DECLARED.match(text)
    if declared is None or _ENCODINGS.fullmatch(declared[1]):
        return
    detail = f"encoding {declared[1][:40]!r} is declared"
    if _UTF_16.fullmatch(declared[1]):
        detail += ", but the bytes are not UTF-16"
    _refuse("unknown_encoding", detail, "line 1", declared[1][:200], _OUR_ENCODINGS)


def _check_prolog(text: str, doctypes: Sequence[AllowedDoctype]) -> None:
    position = _after_misc(text)
    if not text.startswith("<!", position):
        return
    line = f"line {text.count(chr(10), 0, position) + 1}"
    found = _DOCTYPE.match(text, position)
    if found is None:
        _refuse("xml_doctype_refused", "the DOCTYPE can't be read", line, text[position : position + 200], "no DOCTYPE")
    if found["end"] == "[":
        _refuse("xml_doctype_refused", "the DOCTYPE has an internal subset", line, found[0][:200], "no internal subset")
    system = (found["system"] or "")[1:-1]
    if not any(found["root"] == root and pattern.fullmatch(system) for root, pattern in doctypes):
        _refuse("xml_doctype_refused", "the format has no such DOCTYPE", line, found[0][:200], "no DOCTYPE")


def _after_misc(text: str) -> int:
    """Where declaration, comments, processing instructions and white space end (XML 1.0, production 22)."""
    position = _SPACE.match(text).end()  # type: ignore[union-attr]  # it matches nothing as well
    for _ in range(MAX_PROLOG_PARTS):
        if text.startswith("<?", position):
            end = text.find("?>", position) + 2
        elif text.startswith("<!--", position):
            end = text.find("-->", position) + 3
        else:
            return position
        if end <= position:
            return len(text)
        position = _SPACE.match(text, end).end()  # type: ignore[union-attr]
    limit = f"at most {MAX_PROLOG_PARTS} comments and instructions before the root element"
    return _refuse("xml_limit", f"more than {MAX_PROLOG_PARTS} comments and instructions come first", "", None, limit)


def check_log(parser: etree.XMLParser[Element]) -> None:
    """libxml2 logs some errors and goes on; here they are errors. Its warnings (another encoding than declared under
    a byte order mark, a relative namespace) don't make the tree doubtful."""
    if not len(parser.error_log):
        return
    errors = [entry for entry in parser.error_log if entry.level >= etree.ErrorLevels.ERROR]
    if errors:
        raise DocumentRejected([_fault_of(errors[0].type, errors[0].message, errors[0].line, errors[0].column)])


def syntax_fault(error: etree.XMLSyntaxError, parser: etree.XMLParser[Element]) -> Fault:
    """The first thing wrong: what libxml2 says after it is mostly its echo."""
    for entry in parser.error_log:
        if entry.level >= etree.ErrorLevels.ERROR:
            return _fault_of(entry.type, entry.message, entry.line, entry.column)
    line, column = error.position
    return _fault_of(error.code or 0, error.msg or "not well-formed", line, column or 0)


def _fault_of(kind: int, message: str, line: int, column: int) -> Fault:
    """What libxml2 found, in its words but where they quote what may be a secret: an entity's name is the text between
    a `&` that isn't escaped and the next semicolon; behind a `<` in a SharedSecret the name of an element is read."""
    location = f"line {line}, column {column}"
    if kind in _ENTITY_ERRORS:
        message = "an entity isn't defined; the sign & is written &amp;"
    elif "SharedSecret" in message:
        message = "SharedSecret isn't well-formed: the sign < is written &lt;, and & is written &amp;"
    if kind in _LIMIT_ERRORS or "too big" in message or "HUGE" in message:
        return _limit_fault(message, location)
    if kind in _ENCODING_ERRORS:
        return Fault("unknown_encoding", message.strip(), location=location, expected=_OUR_ENCODINGS)
    return Fault("xml_not_well_formed", message.strip(), location=location, expected="well-formed XML 1.0")


def _limit_fault(message: str, location: str) -> Fault:
    if "depth" in message:
        return Fault(
            "xml_limit",
            f"elements are nested deeper than {MAX_DEPTH}",
            location=location,
            expected=f"at most {MAX_DEPTH} levels",
        )
    if "Name too long" in message:
        return Fault(
            "xml_limit", "a name is longer than 50,000 characters", location=location, expected="shorter names"
        )
    limit = f"{MAX_NODE_CHARACTERS:,} characters"
    return Fault(
        "xml_limit", f"one node has more than {limit}", location=location, expected=f"at most {limit} in one node"
    )


def refuse_doctype(root: Element) -> None:
    if root.getroottree().docinfo.doctype:
        _refuse("xml_doctype_refused", "the document has a DOCTYPE", "", None, "no DOCTYPE")


def _refuse(code: str, detail: str, location: str, value: str | None, expected: str) -> NoReturn:
    raise DocumentRejected([Fault(code, detail, location=location, value=value, expected=expected)])
