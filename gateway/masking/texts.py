"""Secrets in a text, found by their names and by their form.

What names a secret is looked for as plain words, which costs little in a large document, and only around each of them
is it asked what it is the name of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from xml.sax.saxutils import escape, unescape

MASK = "[masked]"
_QUOTED = f'"{MASK}"'
"""In JSON, where a number may have stood."""
_WORDS = (
    *("secret", "password", "passwd", "passphrase", "passcode", "pwd", "passwort", "kennwort", "geheimnis"),
    *("motdepasse", "api_key", "api-key", "apikey", "accesskey", "access_key", "access-key", "privatekey"),
    *("private_key", "private-key", "token", "authorization", "credentialmac", "cv2id", "cvv", "cardnumber"),
    *("card_number", "card-number", "primaryaccountnumber"),
)
"""What a name holds that is a secret's, in lower case."""
_FORMS = ("bearer ", "basic ", "://", "private key-", "eyj", "<pcard", ":pcard")
"""The same of what is told by its form."""
_SIGN = re.compile(r"[\w.\-]")
_REST_OF_NAME = re.compile(r"[\w.\-]*")
_NAMES_IT = re.compile(r"(?:^|[\s{,\"'])(?:name|key|id|type|field)[\"']?\s*[=:]\s*[\"']$", re.IGNORECASE)
"""What stands before a name that is itself a value: `name="`, `"key": "`."""
_QUOTED_VALUE = re.compile(r"\s*=\s*(?:\"(?P<double>[^\"<]*)|'(?P<single>[^'<]*))")
_MEMBER = re.compile(r"\"\s*:\s*(?P<found>\"(?:[^\"\\]|\\.)*\"?|[\[{]|[^\s,\]}\"]+)")
_VALUE = re.compile(r"\"value\"\s*:\s*(?P<found>\"(?:[^\"\\]|\\.)*\"|[^\s,\]}\"\[{]+)", re.IGNORECASE)
_VALUE_ATTRIBUTE = re.compile(r"\bvalue\s*=\s*(?:\"(?P<double>[^\"<]*)|'(?P<single>[^'<]*))", re.IGNORECASE)
_BRACKETS = re.compile(r"\"(?:[^\"\\]|\\.)*\"|[\[\]{}]")
_BY_FORM = (
    re.compile(r"<(?:[\w.\-]{0,40}:)?PCard\s[^<>]*?\bnumber\s*=\s*[\"'](?P<found>[^\"'<]*)", re.IGNORECASE),
    re.compile(r"\b(?:bearer|basic)\s+(?P<found>[\w.~+/\-]{8,}=*)", re.IGNORECASE),
    re.compile(r"://[^\s/@:\"'<>]{0,200}:(?P<found>[^\s/@\"'<>]{1,200})@"),
    re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?P<found>.*?)(?:-----END|\Z)", re.DOTALL),
    re.compile(r"\b(?P<found>eyJ[\w\-]{8,}\.[\w\-]{8,}\.[\w\-]*)"),
)
_LONGEST_NAME, _LONGEST_TAG, _LONGEST_GROUP = 200, 1_000, 400
_SHORTEST = 6
"""Characters of a secret that is looked for outside its place: a shorter one may be any word."""
_MOST_BESIDE = 10_000
"""Names that are values themselves, whose own values are looked for around them; behind the last all is masked."""
_MOST = 20
"""Secrets that are."""

Secrets = tuple[str, ...]
"""What is a secret, the longest first."""


class _Place(NamedTuple):
    start: int
    end: int
    instead: str = MASK


def masked_text(text: str, secrets: Secrets = ()) -> str:
    """The text with MASK in the place of every secret of its own, and of these."""
    places = _merged(_places(text))
    pieces, done = [], 0
    for start, end, instead in places:
        pieces += [text[done:start], instead]
        done = end
    masked = "".join([*pieces, text[done:]]) if places else text
    return _without(masked, [*_known(text, places), *secrets])


def secrets_in(text: str) -> Secrets:
    """The secrets of the text, as they are written and as they are read."""
    return tuple(_known(text, _merged(_places(text))))


def names_a_secret(place: str) -> bool:
    """Whether the last step of a place, a pointer or a path, is a secret's name."""
    last = place.partition(" (")[0].rpartition("/")[2].lower()
    return any(word in last for word in _WORDS)


def _places(text: str) -> Iterator[_Place]:
    """Where secrets stand; a large text without any of their words costs a look for each word."""
    lower = text.lower()
    if len(lower) != len(text):  # a letter that is two in lower case, of which no name of a secret is made
        lower = "".join(one.lower() if one.isascii() else one for one in text)
    seen = beside = 0
    for at in sorted({at for word in _WORDS for at in _all(lower, word)}):
        if at < seen:
            continue
        start = at
        while start and at - start < _LONGEST_NAME and _SIGN.match(text, start - 1):
            start -= 1
        end = _REST_OF_NAME.match(text, at, at + _LONGEST_NAME).end()  # type: ignore[union-attr]  # it may be nothing
        beside += _is_value(text, start, end)
        if beside > _MOST_BESIDE:
            yield _Place(at, len(text))
            return
        for place in _named(text, start, end):
            yield place
            seen = max(seen, place.end)
    if any(form in lower for form in _FORMS):
        for pattern in _BY_FORM:
            yield from (_Place(*one.span("found")) for one in pattern.finditer(text))


def _is_value(text: str, start: int, end: int) -> bool:
    """Whether the name stands in quotes, and is no member's."""
    quote = text[start - 1 : start]
    return quote in ('"', "'") and text[end : end + 1] == quote and text[end + 1 : end + 2] != ":"


def _all(lower: str, word: str) -> Iterator[int]:
    at = lower.find(word)
    while at >= 0:
        yield at
        at = lower.find(word, at + 1)


def _named(text: str, start: int, end: int) -> Iterator[_Place]:
    """What the name that stands here is the name of."""
    before = text[start - 1 : start]
    if before == "<" or (before == ":" and _opens(text, start)):
        yield from _element(text, text.rfind("<", 0, start) + 1, end)
    elif found := _QUOTED_VALUE.match(text, end):
        yield _Place(*found.span("double" if found["double"] is not None else "single"))
    elif before == '"' and (found := _MEMBER.match(text, end)):
        at = found.start("found")
        yield _Place(at, _closed(text, at) if text[at] in "[{" else found.end("found"), _QUOTED)
    elif before in ('"', "'") and _NAMES_IT.search(text, max(0, start - 60), start):
        yield from _beside(text, start)


def _opens(text: str, start: int) -> bool:
    """Whether `<prefix:` stands before."""
    at = start - 1
    while at and start - at < _LONGEST_NAME and _SIGN.match(text, at - 1):
        at -= 1
    return text[at - 1 : at] == "<"


def _element(text: str, name: int, end: int) -> Iterator[_Place]:
    """What is between the tags; where the element doesn't end, all that comes behind it: nobody can say what of that is
    the secret."""
    opened = text.find(">", end)
    if opened < 0:
        yield _Place(end, len(text))
    elif text[opened - 1] != "/":
        closed = text.find(f"</{text[name:end]}", opened)
        yield _Place(opened + 1, len(text) if closed < 0 else closed)


def _beside(text: str, start: int) -> Iterator[_Place]:
    """The value of which this is the name: `<Extrinsic name="Password">`, `{"name": "password", "value": …}`."""
    tag = text.rfind("<", max(0, start - _LONGEST_TAG), start)
    if tag >= 0 and ">" not in text[tag:start]:
        opened = text.find(">", start, tag + _LONGEST_TAG)
        found = _VALUE_ATTRIBUTE.search(text, tag, opened if opened >= 0 else tag + _LONGEST_TAG)
        if found:
            yield _Place(*found.span("double" if found["double"] is not None else "single"))
        if opened >= 0 and text[opened - 1] != "/":
            name = re.match(r"[\w:.\-]+", text[tag + 1 : tag + _LONGEST_NAME])
            closed = text.find(f"</{name[0] if name else ''}", opened)
            yield _Place(opened + 1, len(text) if closed < 0 else closed)
        return
    group = max(0, start - _LONGEST_GROUP, text.rfind("{", max(0, start - _LONGEST_GROUP), start))
    for found in _VALUE.finditer(text, group, _closed(text, group, start + _LONGEST_GROUP)):
        yield _Place(*found.span("found"), _QUOTED)


def _closed(text: str, start: int, until: int | None = None) -> int:
    """Where the list or object ends that begins here; at the end of the text, or there, where it doesn't before."""
    deep, last = 0, len(text) if until is None else min(until, len(text))
    for sign in _BRACKETS.finditer(text, start, last):
        deep += 1 if sign[0] in ("[", "{") else -1 if sign[0] in ("]", "}") else 0
        if deep == 0:
            return sign.end()
    return last


def _merged(places: Iterable[_Place]) -> list[_Place]:
    """In their order, none inside another, and none of nothing."""
    found: list[_Place] = []
    for one in sorted(places):
        if found and one.start < found[-1].end:
            found[-1] = found[-1]._replace(end=max(one.end, found[-1].end))
        elif one.end > one.start:
            found.append(one)
    return found


def _known(text: str, places: Iterable[_Place]) -> list[str]:
    found: dict[str, None] = {}
    for start, end, _ in places:
        if len(found) >= 10 * _MOST:
            break
        written = text[start:end].strip().strip("\"'")
        parts = [written, *re.split(r"<!\[CDATA\[|\]\]>|<!--|-->|</?[A-Za-z_:][^<>]*>", written)]
        found |= {one.strip(): None for part in parts for one in (part, unescape(part))}
    several = [one for one in found if len(one) >= _SHORTEST and one != MASK]
    return sorted(several[:_MOST], key=len, reverse=True)


def _without(text: str, secrets: Iterable[str]) -> str:
    for secret in sorted(set(secrets), key=len, reverse=True):
        for written in {secret, escape(secret)}:
            text = text.replace(written, MASK)
    return text
