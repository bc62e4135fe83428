"""JSON read safely: decimals stay decimals, and what RFC 8259 leaves open is refused with its place.

`read_json` is one pass of the C scanner. Only where something is wrong does a second pass find every offence and its
JSON Pointer; in a large document, where that pass could take seconds, the first offence alone is said. How much there
is to read is counted before any of it is built. Nothing here knows an order; a format of an account's own JSON reads
through it as well.
"""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import islice, repeat
from typing import Any, NoReturn

from schemas.documents.validation import SHOWN, pointer, shown
from schemas.faults import DocumentRejected, Fault
from schemas.values import plain

MAX_DEPTH = 64
"""Objects and arrays inside each other; the outermost is 1."""
MAX_OFFENCES = 1_000
"""Repeated keys, refused numbers or characters that one answer lists."""
MAX_COMMAS = 4_000_000
"""In texts as well. 100,000 lines of 25 members have 2,500,000; each may become a value of some 60 bytes."""
MAX_CONTAINERS = 600_000
"""`{` and `[`, in texts as well: six for each of 100,000 lines. An object takes some 250 bytes."""
MAX_NUMBERS = 1_000_000
"""Numbers that are no strings: each becomes a decimal, which takes a microsecond."""
MAX_SEARCHED = 1_000_000
"""Characters of a document in which every offence is looked for. In a larger one the first is enough."""

_LONGEST_NUMBER = 60
"""Characters: a sign, 20 digits, a point, 10 digits, an exponent, and leeway for zeros in front."""
_NUMBER = "a finite decimal of at most 20 digits before and 10 after the point"
_NO_CHARACTER = "a control character, or half of a surrogate pair"
_CHARACTERS = "characters that XML 1.0 can carry: tab, line ends and everything printable"
_REFUSED = "a number refused"
_TWICE = "the key stands twice in its object"
_BLANK = re.compile(r"[ \t\n\r]*")
_STRING_OR_BRACKET = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[][{}]', re.DOTALL)
_UNCARRIED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 (section 2.2, Char) has no way to write, and no database takes: answers could not repeat it."""
_NONCHARACTER = re.compile("[\ufffe\uffff]")
_SUSPECT = re.compile(r"\\(?:[bf]|u(?:[dD][89a-fA-F]|[fF]{3}[eEfF]|000[0-8bcefBCEF]|001))")
_PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
"""Those as escapes: what may be one, and the two halves of a character that isn't one. Simple patterns on purpose: the
possessive ones that would do it in a single match are wrong in Python 3.11 before 3.11.5."""

Steps = Sequence[str | int]
Members = Callable[[list[tuple[str, Any]]], Any]


class _OffenceError(Exception):
    """The C scanner met something refused; the second pass says where, and what else there is."""

    def __init__(self, code: str, detail: str, text: str, expected: str) -> None:
        super().__init__(detail)
        self.code, self.detail, self.text, self.expected = code, detail, text, expected


class _TooManyNumbersError(Exception):
    """More numbers than MAX_NUMBERS."""


class _Marked:
    """A value refused, in the second pass: what stood there, and its fault's code."""

    def __init__(self, code: str, text: str) -> None:
        self.code = code
        self.text = text


class _MarkedObject(dict[str, Any]):
    """An object in which keys came twice, in the second pass."""

    repeated: tuple[str, ...] = ()


def read_json(body: bytes, *, nulls: bool = True) -> Any:
    """The JSON value in these bytes: objects as dicts, whole numbers as int, other numbers as Decimal, never a float.

    UTF-8 with or without BOM, or UTF-16 with one. `nulls=False` leaves members out whose value is null.
    Raises DocumentRejected: empty_body, unknown_encoding, json_limit, json_not_valid, json_duplicate_key, json_number,
    json_too_deep, bad_character.
    """
    text = decoded(body)
    containers = text.count("{") + text.count("[")
    _refuse_too_much(text, containers)
    try:
        value = _decoder_for(text, _members if nulls else _members_set).decode(text)
    except json.JSONDecodeError as error:
        raise DocumentRejected([_not_valid(error)]) from None
    except _TooManyNumbersError:
        raise DocumentRejected([_beyond("numbers", MAX_NUMBERS)]) from None
    except (_OffenceError, RecursionError) as error:
        _refuse(text, error)
    if containers > MAX_DEPTH and _is_deeper(value, MAX_DEPTH):
        raise DocumentRejected([_too_deep(text)])
    if "\\" in text or "\uffff" in text or "\ufffe" in text:
        _refuse_uncarried(value, text)
    return value


def decoded(body: bytes) -> str:
    """The text of these bytes without its byte order mark (RFC 8259 section 8.1, and UTF-16 where a mark says so).

    Raises DocumentRejected: empty_body, unknown_encoding.
    """
    encoding, mark = _encoding(body)
    try:
        text = body[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        place = f"byte {error.start + len(mark) + 1}"
        raise DocumentRejected([_encoding_fault(f"not {encoding.upper()} at {place}: {error.reason}", place)]) from None
    if not text or text.isspace():
        raise DocumentRejected([Fault("empty_body", "there is nothing in the document", expected="a JSON document")])
    return text


def looks_like_json(body: bytes) -> bool:
    """Whether the first character is that of a JSON object or array."""
    head = body[:256]
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        head = head.replace(b"\x00", b"")
    return head.removeprefix(codecs.BOM_UTF8).lstrip(b"\xff\xfe \t\r\n")[:1] in (b"{", b"[")


def line_of(body: bytes, steps: Steps) -> int | None:
    """The line, from 1, on which the value at these steps stands, or the nearest value around it that is there.

    None where all of the document is one line, or can't be read. What stands before is skipped by the C scanner.
    """
    try:
        text = decoded(body)
        if "\n" not in text.strip():
            return None
        return text.count("\n", 0, _position(text, steps)) + 1
    except (DocumentRejected, _OffenceError, RecursionError, ValueError, IndexError):
        return None


# --- how much there is to read -------------------------------------------------------------------------------------
def _refuse_too_much(text: str, containers: int) -> None:
    if containers > MAX_CONTAINERS:
        raise DocumentRejected([_beyond("objects and lists", MAX_CONTAINERS)])
    if len(text) > MAX_COMMAS and text.count(",") > MAX_COMMAS:
        raise DocumentRejected([_beyond("commas", MAX_COMMAS)])


def _beyond(what: str, most: int) -> Fault:
    return Fault("json_limit", f"the document has more than {most:,} {what}", expected=f"at most {most:,} {what}")


# --- encodings -----------------------------------------------------------------------------------------------------
def _encoding(body: bytes) -> tuple[str, bytes]:
    if body.startswith(codecs.BOM_UTF8):
        return "utf-8", codecs.BOM_UTF8
    if body.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise DocumentRejected([_encoding_fault("UTF-32 is not taken", "byte 1")])
    if body.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le", codecs.BOM_UTF16_LE
    if body.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be", codecs.BOM_UTF16_BE
    if b"\x00" in body[:4]:
        raise DocumentRejected([_encoding_fault("zero bytes: UTF-16 or UTF-32 without a byte order mark", "byte 1")])
    return "utf-8", b""


def _encoding_fault(detail: str, place: str) -> Fault:
    return Fault("unknown_encoding", detail, location=place, expected="UTF-8, or UTF-16 with a byte order mark")


# --- the first pass: everything the C scanner calls back for -------------------------------------------------------
def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _OffenceError("json_duplicate_key", _TWICE, _first_repeated(pairs), "each key once")
    return members


def _first_repeated(pairs: list[tuple[str, Any]]) -> str:
    seen: set[str] = set()
    return next((name for name, _ in pairs if name in seen or seen.add(name)), "")  # type: ignore[func-returns-value]


def _members_set(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = _members(pairs)
    if None in members.values():
        return {name: value for name, value in pairs if value is not None}
    return members


def _whole(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise _refused_number(text)
    number = int(text)
    if not -(10**20) < number < 10**20:
        raise _refused_number(text)
    return number


def _decimal(text: str) -> Decimal:
    if len(text) > _LONGEST_NUMBER:
        raise _refused_number(text)
    try:
        return plain(Decimal(text))
    except (ArithmeticError, ValueError):
        raise _refused_number(text) from None


def _constant(text: str) -> NoReturn:
    raise _refused_number(text)


def _refused_number(text: str) -> _OffenceError:
    return _OffenceError("json_number", _REFUSED, text, _NUMBER)


def _decoder(members: Members) -> json.JSONDecoder:
    return json.JSONDecoder(object_pairs_hook=members, parse_float=_decimal, parse_int=_whole, parse_constant=_constant)


_DECODERS: dict[Members, json.JSONDecoder] = {members: _decoder(members) for members in (_members, _members_set)}


def _decoder_for(text: str, members: Members) -> json.JSONDecoder:
    """In a large document the numbers are counted."""
    if len(text) <= MAX_NUMBERS:
        return _DECODERS[members]
    left = repeat(True, MAX_NUMBERS)

    def whole(text: str) -> int:
        if next(left, False):
            return _whole(text)
        raise _TooManyNumbersError

    def decimal(text: str) -> Decimal:
        if next(left, False):
            return _decimal(text)
        raise _TooManyNumbersError

    return json.JSONDecoder(object_pairs_hook=members, parse_float=decimal, parse_int=whole, parse_constant=_constant)


# --- the second pass: what was wrong, all of it, and where ---------------------------------------------------------
def _refuse(text: str, error: _OffenceError | RecursionError) -> NoReturn:
    if len(text) > MAX_SEARCHED and isinstance(error, _OffenceError):
        seen = _writable(error.text[:SHOWN])
        raise DocumentRejected([Fault(error.code, error.detail, value=seen, expected=error.expected)])
    try:
        value = _LENIENT.decode(text)
    except json.JSONDecodeError as found:
        raise DocumentRejected([_not_valid(found)]) from None
    except RecursionError:
        raise DocumentRejected([_too_deep(text)]) from None
    if _is_deeper(value, MAX_DEPTH):
        raise DocumentRejected([_too_deep(text)])
    faults = tuple(islice(_offences(value), MAX_OFFENCES))
    if not faults:
        raise error
    raise DocumentRejected(faults)


def _marked_number(text: str) -> Any:
    try:
        return _whole(text) if text.lstrip("-").isdigit() else _decimal(text)
    except _OffenceError:
        return _Marked("json_number", text)


def _marked_constant(text: str) -> _Marked:
    return _Marked("json_number", text)


def _marked_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = _MarkedObject(pairs)
    if len(members) != len(pairs):
        counted = Counter(name for name, _ in pairs)
        members.repeated = tuple(name for name, times in counted.items() if times > 1)
    return members


_LENIENT = json.JSONDecoder(
    object_pairs_hook=_marked_members,
    parse_float=_marked_number,
    parse_int=_marked_number,
    parse_constant=_marked_constant,
)


def _offences(value: Any) -> Iterator[Fault]:
    for steps, found in _walk(value):
        if isinstance(found, _Marked):
            yield _fault(found.code, _REFUSED, steps, found.text, _NUMBER)
        elif isinstance(found, _MarkedObject):
            for name in found.repeated:
                yield _fault("json_duplicate_key", _TWICE, [*steps, name], name)


def _walk(value: Any) -> Iterator[tuple[list[str | int], Any]]:
    """Every value in document order with the steps to it, without recursion; the list of steps changes as it goes."""
    steps: list[str | int] = []
    yield steps, value
    open_nodes = [_children(value)]
    while open_nodes:
        child = next(open_nodes[-1], None)
        if child is None:
            open_nodes.pop()
            if steps:
                steps.pop()
            continue
        step, found = child
        steps.append(step)
        yield steps, found
        open_nodes.append(_children(found))


def _children(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return iter(value.items())
    return enumerate(value) if isinstance(value, list) else iter(())


def _fault(code: str, detail: str, steps: list[str | int], value: str | None, expected: str | None = None) -> Fault:
    path = pointer(_writable(step)[:SHOWN] if isinstance(step, str) else step for step in steps)
    text = shown(value)
    return Fault(code, detail, path=path, location=path, value=text and _writable(text), expected=expected)


def _writable(text: str) -> str:
    return _UNCARRIED.sub("\ufffd", text)


def _not_valid(error: json.JSONDecodeError) -> Fault:
    place = f"line {error.lineno} column {error.colno} (character {error.pos + 1})"
    found = error.doc[error.pos : error.pos + 20] or "the end"
    return Fault("json_not_valid", error.msg, location=place, value=shown(found), expected="RFC 8259 JSON")


# --- depth ---------------------------------------------------------------------------------------------------------
def _is_deeper(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [
            member
            for node in level
            if type(node) in (dict, list)
            for member in (node.values() if type(node) is dict else node)
            if type(member) in (dict, list)
        ]
        if not level:
            return False
    return True


def _too_deep(text: str) -> Fault:
    """The fault with the place of the first bracket too deep: its path is read off the document cut there."""
    offset, closing = _first_too_deep(text)
    line = text.count("\n", 0, offset) + 1
    column = offset - text.rfind("\n", 0, offset)
    return Fault(
        "json_too_deep",
        f"objects and arrays are nested deeper than {MAX_DEPTH}",
        path=_last_path(text[:offset] + "0" + closing) if offset <= MAX_SEARCHED else "",
        location=f"line {line} column {column} (character {offset + 1})",
        expected=f"at most {MAX_DEPTH} levels",
    )


def _first_too_deep(text: str) -> tuple[int, str]:
    """Where the first bracket beyond the limit opens, and the brackets that would close those open before it."""
    closers: list[str] = []
    for token in _STRING_OR_BRACKET.finditer(text):
        sign = token[0]
        if sign in "[{":
            if len(closers) == MAX_DEPTH:
                return token.start(), "".join(reversed(closers))
            closers.append("]" if sign == "[" else "}")
        elif sign in "]}" and closers:
            closers.pop()
    return len(text), ""


def _last_path(text: str) -> str:
    try:
        value = _LENIENT.decode(text)
    except (RecursionError, ValueError):
        return ""
    steps: list[str | int] = []
    while isinstance(value, (dict, list)) and value:
        last = len(value) - 1 if isinstance(value, list) else next(reversed(value))
        steps.append(last)
        value = value[last]
    return pointer(steps)


# --- characters that no answer could repeat ----------------------------------------------------------------------
def _refuse_uncarried(value: Any, text: str) -> None:
    end = _first_uncarried(text)
    if end == len(text):
        return
    if len(text) > MAX_SEARCHED:
        place = f"line {text.count(chr(10), 0, end) + 1} (character {end + 1})"
        seen = _writable(text[end : end + 6])
        raise DocumentRejected(
            [Fault("bad_character", _NO_CHARACTER, location=place, value=seen, expected=_CHARACTERS)]
        )
    faults = tuple(islice(_uncarried(value), MAX_OFFENCES))
    if faults:
        raise DocumentRejected(faults)


def _first_uncarried(text: str) -> int:
    """Where the first of them stands in a JSON text, written out or as an escape; its length where there is none."""
    written = _NONCHARACTER.search(text)
    end = written.start() if written else len(text)
    paired = 0
    for suspect in _SUSPECT.finditer(text, 0, end):
        start = suspect.start()
        if start < paired or _is_escaped(text, start):
            continue
        pair = _PAIR.match(text, start)
        if pair is None:
            return start
        paired = pair.end()
    return end


def _is_escaped(text: str, position: int) -> bool:
    """Whether the backslash there is itself escaped: an odd number of them stands before it."""
    first = position
    while first > 0 and text[first - 1] == "\\":
        first -= 1
    return (position - first) % 2 == 1


def _uncarried(value: Any) -> Iterator[Fault]:
    for steps, found in _walk(value):
        if isinstance(found, str) and _UNCARRIED.search(found):
            yield _uncarried_fault(steps, found)
        elif isinstance(found, dict):
            yield from (_uncarried_fault([*steps, name], name) for name in found if _UNCARRIED.search(name))


def _uncarried_fault(steps: list[str | int], text: str) -> Fault:
    return _fault("bad_character", _NO_CHARACTER, steps, text, _CHARACTERS)


# --- places --------------------------------------------------------------------------------------------------------
def _position(text: str, steps: Steps) -> int:
    """The character at which the value at these steps begins, or the last one on the way that is there."""
    at = _after_blank(text, 0)
    for step in steps:
        found = _member_at(text, at, str(step)) if text[at] == "{" else _element_at(text, at, step)
        if found is None:
            break
        at = found
    return at


def _member_at(text: str, at: int, wanted: str) -> int | None:
    at = _after_blank(text, at + 1)
    while text[at] != "}":
        name, at = _LENIENT.raw_decode(text, at)
        at = _after_blank(text, _after_blank(text, at) + 1)
        if name == wanted:
            return at
        at = _next_one(text, at)
    return None


def _element_at(text: str, at: int, wanted: str | int) -> int | None:
    if text[at] != "[" or not str(wanted).isdigit():
        return None
    at = _after_blank(text, at + 1)
    for _ in range(int(wanted)):
        if text[at] == "]":
            return None
        at = _next_one(text, at)
    return None if text[at] == "]" else at


def _next_one(text: str, at: int) -> int:
    _, at = _LENIENT.raw_decode(text, at)
    at = _after_blank(text, at)
    return _after_blank(text, at + 1) if text[at] == "," else at


def _after_blank(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at
