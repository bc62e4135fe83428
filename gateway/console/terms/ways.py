"""How a kind of document leaves, as inputs: the way, and what each way needs, of which the chosen one's counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.console.terms.fields import Field, Form, Group, Input, Tree, at, put_at, split, text_of
from mappings.transports import WAYS

_MAILBOX = "mailbox"
_TITLES = {
    "webhook": "Webhook: a signed POST to their system",
    "cxml_post": "cXML: a POST to their system",
    "https": "HTTPS: a plain POST to their system",
    "sftp": "SFTP: a file put to their server",
    "email": "E-mail",
}
_BY_NAME = "A secret's name, never the secret itself."
_KEYS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "webhook": (
        ("webhook", "URL", "Such as https://acme.example/edi."),
        ("secret", "Secret", f"{_BY_NAME} Two, with a comma, during a rotation."),
    ),
    "cxml_post": (("cxml_post", "URL", ""), ("secret", "Secret", f"Our SharedSecret. {_BY_NAME}")),
    "https": (
        ("https", "URL", ""),
        ("bearer", "Bearer token", _BY_NAME),
        ("basic.user", "User", "Of basic authentication."),
        ("basic.password", "Password", _BY_NAME),
        ("client_certificate", "Client certificate", _BY_NAME),
        ("ca", "Authorities", f"Where theirs is none of the usual ones. {_BY_NAME}"),
    ),
    "sftp": (
        ("sftp", "URL", "Such as sftp://us@files.acme.example/in."),
        ("host_key", "The server's key", "As ssh-keygen -l tells it: SHA256: and 43 characters."),
        ("key", "Our key", _BY_NAME),
        ("password", "Or a password", _BY_NAME),
    ),
    "email": (("email", "Addresses", "With commas between them."),),
}
"""(key, label, what to say of it) of each way; the first is where it leads."""
_MAY_BE_SEVERAL = frozenset(("email", "secret"))


@dataclass(frozen=True, slots=True)
class Way:
    """`transport` of a kind of document."""

    place: tuple[str, ...]

    @property
    def name(self) -> str:
        """As faults name it."""
        return ".".join(self.place)

    def groups(self, tree: Mapping[str, Any]) -> Iterator[Group]:
        """The way, then a group for each that has terms of its own."""
        terms = at(tree, self.place)
        chosen = _way_of(terms)
        options = ((_MAILBOX, "mailbox: they come for it"), *((way, _TITLES[way].split(":")[0]) for way in WAYS))
        said = "Below is what each way needs; only what belongs to the chosen one counts."
        yield Group((Input(self.name, "It goes by", chosen, options, said, kind="choice"),))
        for way, keys in _KEYS.items():
            own = terms if way == chosen else {}
            yield Group(tuple(self._input(way, key, own) for key in keys), _TITLES[way], is_folded=way != chosen)

    def _input(self, way: str, key: tuple[str, str, str], terms: Any) -> Input:
        name, label, said = key
        return Input(f"{self.name}.{way}.{name}", label, text_of(at(terms, name.split("."))), said=said)

    def put(self, tree: Tree, form: Form) -> None:
        """The chosen way with its own terms. One that isn't offered keeps what it has."""
        if self.name not in form:
            return
        way = form[self.name]
        if way in _KEYS:
            put_at(
                tree, self.place, _typed(way, {key: form.get(f"{self.name}.{way}.{key}", "") for key, *_ in _KEYS[way]})
            )
        elif way != _way_of(at(tree, self.place)):
            put_at(tree, self.place, _MAILBOX)

    def seen(self, tree: Mapping[str, Any]) -> Any:
        """Its terms."""
        return at(tree, self.place)


def _typed(way: str, texts: Mapping[str, str]) -> Tree:
    """The terms that were typed. The way's own key stays, also where nothing says where it leads: that is a fault."""
    terms: Tree = {way: ""}
    for key, text in texts.items():
        value: Any = text.strip()
        if key in _MAY_BE_SEVERAL and "," in value:
            value = split(value)
        if value:
            put_at(terms, key.split("."), value)
    return terms


def _way_of(terms: Any) -> str:
    if isinstance(terms, Mapping):
        return next((way for way in (*WAYS, *terms) if way in terms), _MAILBOX)
    return _MAILBOX


@dataclass(frozen=True, slots=True)
class Agreed:
    """The format of a kind of document, without which nothing is agreed of it: then its other terms go as well."""

    format: Field

    @property
    def place(self) -> tuple[str, ...]:
        """All that is agreed of the document."""
        return self.format.place[:-1]

    def groups(self, tree: Mapping[str, Any]) -> Iterator[Group]:
        """The format."""
        return self.format.groups(tree)

    def put(self, tree: Tree, form: Form) -> None:
        """The format; of what isn't agreed, nothing."""
        self.format.put(tree, form)
        if self.format.name in form and not form[self.format.name].strip():
            put_at(tree, self.place, None)

    def seen(self, tree: Mapping[str, Any]) -> Any:
        """The format."""
        return self.format.seen(tree)
