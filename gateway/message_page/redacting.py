"""A document with everything blanked but what an order is about: its numbers of items, quantities, units, dates.

A value is kept by its name, or not at all: what nobody has said may stay is blanked, letter for letter (`x`) and digit
for digit (`9`), so that the document's shape stays for whoever looks for a fault in it. Names of elements and members
are the layout's own, and stay; but for those that are data themselves.

Of a text that is no JSON or XML, less is certain: a quotation mark too few makes a name of a value, and a value of what
comes after it. What is kept then stands before the first place that can't be read, and is named by a name on the list;
other names go, and from that place on everything.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from encodings import normalize_encoding
from encodings.aliases import aliases
from itertools import islice, zip_longest

from gateway.message_page.breaking import json_breaks_at, xml_breaks_at
from mappings.tracing import trace_reading
from mappings.tracing.tag_text import ATTRIBUTE, TORN_TOKEN
from schemas.formats.ubl_2_1.names import CAC, CBC, DOCUMENTS, EXT, SBDH

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
_NO_DIGITS = re.compile(r"\d")
_NO_LETTERS = re.compile(r"[^\W\d_]|[^\x00-\xbf\s\u2000-\u27ff\ufffd]")
"""And what else isn't Latin but punctuation and symbols: vowel signs and accents of their own spell names too."""
_REFERENCE = re.compile(r"(&(?:#\d+|#x[0-9A-Fa-f]+|amp|lt|gt|quot|apos);)")
_SIGN = re.compile(r"&(?:[a-z]+|#(?:[12]?\d|3[01])|#x[01]?[0-9A-Fa-f]);")
"""A reference to one of XML's own signs or to a control character; each other one is a letter of somebody's name."""
_ESCAPE = re.compile(r"(\\u[0-9A-Fa-f]{4}|\\[\"\\/bfnrt])")
_LETTER = re.compile(r"\\u(?!00[01])")
"""An escape that is no control character."""
_NAME = re.compile(r"[A-Za-z_$@#][\w.$:\-]{0,60}")
"""A member's name that is a layout's; another one may be somebody's."""
_STEP = re.compile(rf"\d*|{_NAME.pattern}(?:\[\d+\])?")
_JSON = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{},:]|[^\s\[\]{},:"]+')
_DECLARATION = re.compile(
    r"(<\?xml\s+version\s*=\s*[\"']1\.[01][\"'])(?:(\s+encoding\s*=\s*[\"'])([\w.:\-]+)([\"']))?"
    r"((?:\s+standalone\s*=\s*[\"'](?:yes|no)[\"'])?\s*\?>)"
)
_DOCTYPE = re.compile(r"<!DOCTYPE\s[^<>\[\]]*>")
"""Without declarations of its own: those of entities are text of the document, wherever it names them."""
_LANGUAGE = re.compile(r"[A-Za-z]{2}(?:-(?:Latn|Cyrl|Grek|Hans|Hant))?(?:-(?:[A-Za-z]{2}|001|150|419))?")
"""Of BCP 47 what documents have: a language, a script, a region."""
_NAMESPACES = frozenset(
    (
        *(CBC, CAC, EXT, SBDH, *(f"{DOCUMENTS}{name}-2" for name in ("Order", "OrderChange", "OrderCancellation"))),
        *("http://www.w3.org/2001/XMLSchema-instance", "http://www.w3.org/2000/09/xmldsig#"),
    )
)
"""An account's own would tell whose document it is."""
_MARKUP = re.compile(r">|=\s*[\"']")
"""In a text: its start tag ended too early, and these are the tag's attributes."""
_OPENED = re.compile(r"!--|!\[CDATA\[")
"""In a text: a comment or CDATA without its `<`, so that what was in it looks like elements."""
_ENCODINGS = frozenset((*aliases, *aliases.values()))
_PREFIXES = ("", "cac:", "cbc:")
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
        return "".join(_beginning(_xml(_xml_rules(document, names, kept)), most))
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
    return _NO_LETTERS.sub("x", _NO_DIGITS.sub("9", text))


def blanked_path(path: str) -> str:
    """A fault's path or location: a step of it that is no layout's name is somebody's."""
    if not path.startswith("/"):
        return path
    return "/".join(step if _STEP.fullmatch(step) else blanked(step) for step in path.split("/"))


def _blanked_from(text: str, start: int) -> Iterator[str]:
    return (blanked(text[at : at + _PIECE]) for at in range(start, len(text), _PIECE))


def _blanked_xml(text: str) -> str:
    """Each reference stays one, so that it stays XML."""
    return "".join(
        blanked(part) if not index % 2 else part if _SIGN.fullmatch(part) else _blanked_reference(part)
        for index, part in enumerate(_REFERENCE.split(text))
    )


def _blanked_reference(written: str) -> str:
    """One to an x or an X, as long as it was: what names a letter has two digits or more."""
    begin, letter = ("&#x", "78") if written.startswith("&#x") else ("&#", "88")
    return f"{begin}{letter:0>{len(written) - len(begin) - 1}};"


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


@dataclass(frozen=True, slots=True)
class _Rules:
    """What of an XML text may stay."""

    text: str
    names: frozenset[str]
    """Of the elements and attributes whose values may: the ends of their paths."""
    kept: frozenset[Span]
    """Values that may, by where they stand."""
    until: int
    """The first character that is no XML."""
    known: frozenset[str] | None = None
    """Names of elements and attributes that may stay; None where all may, as the text is XML to its end."""

    def keeps(self, path: str) -> bool:
        return _ends(path, self.names)

    def name(self, written: str) -> str:
        """Of an element or an attribute. In a text that is no XML it may be a word of a value."""
        if self.known is None:
            return written
        prefix, colon, local = written.rpartition(":")
        is_ours = prefix + colon in _PREFIXES
        return f"{prefix if is_ours else blanked(prefix)}{colon}{local if local in self.known else blanked(local)}"


def _xml_rules(text: str, names: frozenset[str], kept: frozenset[Span]) -> _Rules:
    breaks_at = xml_breaks_at(text)
    if breaks_at is None:
        return _Rules(text, names, kept, len(text))
    known = frozenset(part.removeprefix("@") for name in names for part in name.split("/"))
    return _Rules(text, names, frozenset(), breaks_at, known)


def _xml(rules: _Rules) -> Iterator[str]:
    path: list[str] = []
    text, done, begun = rules.text, 0, False
    for token in TORN_TOKEN.finditer(text):
        is_doctype = token["name"] is None and _DOCTYPE.fullmatch(token[0]) is not None
        if token.end() > rules.until or (_is_declaration(token) and not is_doctype):
            break
        if _OPENED.search(text, done, token.start()):
            break
        is_whole = begun and (token["end"] == "/" or rules.known is None)
        yield _value(rules, (done, token.start()), "/".join(path[-_STEPS:]) if is_whole else "")
        done, begun = token.end(), False
        if token["name"] is None:
            yield _aside(token[0])
        elif token["end"]:
            yield f"</{rules.name(token['name'])}{token['attributes']}>"
            del path[-1:]
        else:
            path.append(token["name"].rpartition(":")[2])
            yield from _tag(rules, token, "/".join(path[-_STEPS:]))
            begun = not token[0].endswith("/>")
            if not begun:
                path.pop()
    yield from _blanked_from(text, done)


def _is_declaration(token: re.Match[str]) -> bool:
    return token[0].startswith("<!") and not token[0].startswith(("<!--", "<![CDATA["))


def _aside(written: str) -> str:
    """The XML declaration stays; of comments, instructions, CDATA and the DOCTYPE what is in them goes."""
    declaration = _DECLARATION.fullmatch(written)
    if declaration is not None:
        before, encoding, name, after, end = (part or "" for part in declaration.groups())
        is_known = normalize_encoding(name.lower()) in _ENCODINGS
        return f"{before}{encoding}{name if is_known else blanked(name)}{after}{end}"
    for begin, end in (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<!DOCTYPE", ">"), ("<?", "?>")):
        if written.startswith(begin):
            return begin + blanked(written.removeprefix(begin).removesuffix(end)) + end
    return blanked(written)


def _tag(rules: _Rules, token: re.Match[str], path: str) -> Iterator[str]:
    """A start tag: what stands between its attributes is white space, or goes."""
    text, (start, end) = rules.text, token.span("attributes")
    yield f"<{rules.name(token['name'])}"
    done = start
    for one in ATTRIBUTE.finditer(text, start, end):
        value = one.span(2 if one[2] is not None else 3)
        yield blanked(text[done : one.start()])
        yield rules.name(one[1]) + text[one.end(1) : value[0]]
        found = text[slice(*value)]
        is_kept = (
            value in rules.kept or rules.keeps(f"{path}/@{one[1].rpartition(':')[2]}") or _is_layout(one[1], found)
        )
        yield found if is_kept else _blanked_xml(found)
        done = value[1]
    yield blanked(text[done:end]) + text[end : token.end()]


def _is_layout(name: str, value: str) -> bool:
    """Whether it says how to read the document, as every document of its layout does."""
    if name == "xmlns" or name.startswith("xmlns:"):
        return value in _NAMESPACES
    return name == "xml:lang" and _LANGUAGE.fullmatch(value) is not None


def _value(rules: _Rules, place: Span, path: str) -> str:
    """A text; `path` is of the element whose whole text it is, and empty where it may be a part of it."""
    found = rules.text[slice(*place)]
    if not found.strip():
        return found
    inside = (place[1] - len(found.lstrip()), place[0] + len(found.rstrip()))
    is_kept = (inside in rules.kept or rules.keeps(path)) and not _MARKUP.search(found)
    return found if is_kept else _blanked_xml(found)


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
