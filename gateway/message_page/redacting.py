"""A document with everything blanked but what an order is about: its numbers of items, quantities, units, dates.

A value is kept by its name, or not at all: what nobody has said may stay is blanked, letter for letter (`x`) and digit
for digit (`9`), so that the document's shape stays for whoever looks for a fault in it. Names of elements and members
are the layout's own, and stay; but for those that are data themselves.

Of a text that is no JSON, less is certain: a quotation mark too few makes a name of a value, and a value of what
comes after it. What is kept then stands before the first place that can't be read, and is named by a name on the list;
other names go, and from that place on everything.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice, zip_longest

from gateway.message_page.breaking import json_breaks_at
from mappings.tracing import trace_reading
from mappings.tracing.tag_text import ATTRIBUTE, TORN_TOKEN

CANONICAL = frozenset(
    (
        *("function", "version", "order_type", "test", "order_number", "issue_date", "issued_at", "currency", "rush"),
        *("respond_by", "cancel_after", "start", "end", "start_time", "end_time", "partial_allowed"),
        *("backorder_allowed", "line_number", "buyer_line_reference", "buyer_item", "seller_item", "gtin", "quantity"),
        *("unit", "unit_code", "base_quantity", "pack_size", "line_status"),
    )
)
"""Fields of the canonical order that are kept."""
_UBL = frozenset(
    (
        *("Order/ID", "OrderChange/ID", "OrderCancellation/ID", "OrderReference/ID", "OrderLine/LineItem/ID"),
        *("UBLVersionID", "CustomizationID", "ProfileID", "IssueDate", "IssueTime", "OrderTypeCode"),
        *("SequenceNumberID", "DocumentCurrencyCode", "LineItem/ID", "LineStatusCode", "Quantity", "BaseQuantity"),
        *("BuyersItemIdentification/ID", "SellersItemIdentification/ID", "StandardItemIdentification/ID"),
        *("StartDate", "EndDate", "StartTime", "EndTime", "PartialDeliveryIndicator", "BackOrderAllowedIndicator"),
        *("@unitCode", "@currencyID", "StandardItemIdentification/ID/@schemeID", "@unitCodeListID"),
    )
)
_CXML = frozenset(
    (
        *("cXML/@version", "cXML/@timestamp", "Request/@deploymentMode", "OrderRequestHeader/@orderID"),
        *("OrderRequestHeader/@orderDate", "OrderRequestHeader/@orderType", "OrderRequestHeader/@orderVersion"),
        *("OrderRequestHeader/@type", "ItemOut/@quantity", "ItemOut/@lineNumber", "ItemOut/@requestedDeliveryDate"),
        *("ItemOut/@itemType", "ItemOut/@compositeItemType", "ItemOut/@parentLineNumber"),
        *("ItemID/SupplierPartID", "ItemID/BuyerPartID", "UnitOfMeasure", "PriceBasisQuantity/@quantity", "EANID"),
        *("Money/@currency", "ScheduleLine/@quantity", "ScheduleLine/@requestedDeliveryDate"),
    )
)
_BY_FORMAT: Mapping[str, frozenset[str]] = {"ubl-2.1": _UBL, "peppol-bis-3": _UBL, "cxml-1.2": _CXML}
_NO_LETTERS = re.compile(r"[^\W\d_]")
_NO_DIGITS = re.compile(r"\d")
_ENTITY = re.compile(r"(&(?:#\d+|#x[0-9A-Fa-f]+|\w+);)")
_ESCAPE = re.compile(r"(\\u[0-9A-Fa-f]{4}|\\[\"\\/bfnrt])")
_LETTER = re.compile(r"\\u(?!00[01])")
"""An escape that is no control character."""
_NAME = re.compile(r"[A-Za-z_$@#][\w.$:\-]{0,60}")
"""A member's name that is a layout's; another one may be somebody's."""
_JSON = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{},:]|[^\s\[\]{},:"]+')
_DECLARATION = re.compile(r"<\?xml\s[^<>]{0,200}\?>|<!DOCTYPE\s[^<>\[]{0,500}>")
_PIECE = 65_536
"""Characters that are blanked at once where all that follows is."""
_STEPS = 4
"""Of a path, from its end: no name of a value to keep has more."""
_SECONDS = 3.0
"""For the trace by which is known what may stay."""
_STRUCTURE = ("{", "}", "[", "]", ",", ":")
_WORDS = ("true", "false", "null")
Span = tuple[int, int]


def redacted(document: str, format_name: str | None, map_text: str | None, body: bytes, most: int | None = None) -> str:
    """The document's text without what is nobody else's business. `map_text`: the rules of the account's own layout,
    by which is known what its values are; without them nothing of it is kept. Of a document of more than `most`
    characters the beginning, of so many at least."""
    kept = _traced(map_text, body, document) if format_name == "custom" and map_text is not None else frozenset()
    start = document.lstrip()[:1]
    if start == "<":
        names = _BY_FORMAT.get(format_name or "", frozenset[str]())
        return "".join(_beginning(_xml(document, lambda path: _ends(path, names), kept), most))
    if start in ("{", "["):
        names = CANONICAL if format_name == "json-1" else frozenset[str]()
        breaks_at = json_breaks_at(document)
        pieces = _json(document, names, kept) if breaks_at is None else _torn_json(document, names, breaks_at)
        return "".join(_beginning(pieces, most))
    return blanked(document[: None if most is None else most + 1])


def _beginning(pieces: Iterable[str], most: int | None) -> Iterator[str]:
    length = 0
    for piece in pieces:
        yield piece
        length += len(piece)
        if most is not None and length > most:
            return


def blanked(text: str) -> str:
    """Every letter as x, every digit as 9."""
    return _NO_DIGITS.sub("9", _NO_LETTERS.sub("x", text))


def _blanked_from(text: str, start: int) -> Iterator[str]:
    return (blanked(text[at : at + _PIECE]) for at in range(start, len(text), _PIECE))


def _blanked_xml(text: str) -> str:
    """But for entities, which are signs."""
    return "".join(part if index % 2 else blanked(part) for index, part in enumerate(_ENTITY.split(text)))


def _traced(map_text: str, body: bytes, document: str) -> frozenset[Span]:
    """Where values stand that a rule makes a kept field of; none where the text isn't the one that was traced."""
    until = time.monotonic() + _SECONDS
    reading = trace_reading(map_text, body, is_over=lambda: time.monotonic() > until)
    if reading.source.removeprefix("\ufeff") != document:
        return frozenset()
    return frozenset(
        (origin.start, origin.end)
        for value in reading.values
        if value.pointer.rpartition("/")[2] in CANONICAL
        for origin in value.origins
        if origin.start is not None and origin.end is not None
    )


# --- XML ----------------------------------------------------------------------------------------------------------
def _ends(path: str, names: frozenset[str]) -> bool:
    parts = path.split("/")
    return any("/".join(parts[at:]) in names for at in range(len(parts)))


def _xml(text: str, keeps: Callable[[str], bool], kept: frozenset[Span]) -> Iterator[str]:
    path: list[str] = []
    done = 0
    for token in TORN_TOKEN.finditer(text):
        yield _value(text, done, token.start(), "/".join(path[-_STEPS:]), keeps, kept, _blanked_xml)
        done = token.end()
        if token["name"] is None:
            yield _aside(token[0])
        elif token["end"]:
            yield token[0]
            if path:
                path.pop()
        else:
            path.append(token["name"].rpartition(":")[2])
            yield from _tag(text, token, "/".join(path[-_STEPS:]), keeps, kept)
            if token[0].endswith("/>"):
                path.pop()
    yield _value(text, done, len(text), "/".join(path[-_STEPS:]), keeps, kept, _blanked_xml)


def _aside(written: str) -> str:
    """A declaration stays; of comments, instructions and CDATA what is in them goes."""
    if _DECLARATION.fullmatch(written):
        return written
    for begin, end in (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")):
        if written.startswith(begin):
            inside = written.removeprefix(begin)
            return begin + blanked(inside.removesuffix(end)) + (end if inside.endswith(end) else "")
    return "<!>"


def _tag(
    text: str, token: re.Match[str], path: str, keeps: Callable[[str], bool], kept: frozenset[Span]
) -> Iterator[str]:
    start, end = token.span("attributes")
    yield text[token.start() : start]
    done = start
    for one in ATTRIBUTE.finditer(text, start, end):
        value = one.span(2 if one[2] is not None else 3)
        yield blanked(text[done : one.start()])
        yield text[one.start() : value[0]]
        name = one[1].rpartition(":")[2]
        is_structure = one[1].startswith("xmlns") or one[1] == "xml:lang"
        is_kept = is_structure or value in kept or keeps(f"{path}/@{name}")
        yield text[slice(*value)] if is_kept else _blanked_xml(text[slice(*value)])
        done = value[1]
    yield blanked(text[done:end]) + text[end : token.end()]


def _value(
    text: str,
    start: int,
    end: int,
    path: str,
    keeps: Callable[[str], bool],
    kept: frozenset[Span],
    blank: Callable[[str], str],
) -> str:
    found = text[start:end]
    if not found.strip():
        return found
    inside = (end - len(found.lstrip()), start + len(found.rstrip()))
    return found if inside in kept or keeps(path) else blank(found)


# --- JSON ---------------------------------------------------------------------------------------------------------
def _json(text: str, names: frozenset[str], kept: frozenset[Span]) -> Iterator[str]:
    groups: list[str] = []
    name, done = "", 0
    following = islice(_JSON.finditer(text), 1, None)
    for token, then in zip_longest(_JSON.finditer(text), following):
        yield text[done : token.start()]
        done, sign = token.end(), token[0]
        if sign in ("{", "["):
            groups.append(name)
            yield sign
        elif sign in ("}", "]"):
            name = groups.pop()
            yield sign
        elif sign in (",", ":") or sign in _WORDS:
            yield sign
        elif then is not None and then[0] == ":":
            name = sign[1:-1]
            yield sign if _NAME.fullmatch(name) else _blanked_json(sign)
        else:
            inside = (token.start() + 1, token.end() - 1) if sign[0] == '"' else token.span()
            yield sign if inside in kept or name in names else _blanked_json(sign)
    yield text[done:]


def _torn_json(text: str, names: frozenset[str], until: int) -> Iterator[str]:
    """Of a text that is JSON up to there. A value stays where it is all that follows a name on the list: a text that
    goes on for too long is followed by what was in the next one."""
    name, before, done = "", "", 0
    following = islice(_JSON.finditer(text), 1, None)
    for token, then in zip_longest(_JSON.finditer(text), following):
        if token.end() > until:
            break
        yield text[done : token.start()]
        done, sign, after = token.end(), token[0], then[0] if then is not None else ""
        is_name = sign[0] == '"' and after == ":"
        is_certain = is_name or (before == ":" and after in (",", "}", "]"))
        name = sign[1:-1] if is_name else name
        is_kept = is_certain and name in names
        yield sign if is_kept or sign in _STRUCTURE or sign in _WORDS else _blanked_json(sign)
        before = sign
    yield from _blanked_from(text, done)


def _blanked_json(sign: str) -> str:
    """Each escape stays one, so that it stays JSON."""
    if sign[0] != '"':
        return blanked(sign)
    return "".join(
        blanked(part) if not index % 2 else r"\u0078" if _LETTER.match(part) else part
        for index, part in enumerate(_ESCAPE.split(sign))
    )
