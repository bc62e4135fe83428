"""account.yaml as text, and what is wrong with terms beyond their model: what nobody keeps, sends by or picks up from.

Judged here and not by the model, so that what was published stays readable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from mappings import pickups
from mappings.account import TRANSPORTS, Account
from mappings.calendars import UnknownCalendar, known_calendar
from mappings.files.yaml_model import Lines, model_in
from mappings.transports import BadTerms, check
from schemas.documents.validation import pointer
from schemas.faults import Fault

TERMS_FILE = "account.yaml"
_VARIABLE = "GATEWAY_SECRET_"
"""What the variables of named secrets begin with, in front of the name."""
_NAMES_SECRETS = frozenset(("secret", "password", "bearer", "client_certificate", "ca", "key"))
_TRANSPORT = "{webhook: https://acme.example/edi, secret: NAME}"


def account_in(text: str) -> Account:
    """The account that this text of an account.yaml says. Raises FilesRejected with every fault at its line."""
    found: Account = model_in(text, TERMS_FILE, Account, terms_faults)
    return found


def terms_faults(name: str, tree: Any, lines: Lines) -> Iterator[Fault]:
    """What is wrong with the terms of this tree of a file beyond their model, each at its line."""
    return chain(
        _unknown_calendar(name, tree, lines),
        _secrets_by_variable(name, tree, lines),
        _unusable_transports(name, tree, lines),
        _unusable_pickups(name, tree, lines),
    )


def _unknown_calendar(name: str, tree: Any, lines: Lines) -> Iterator[Fault]:
    """A calendar that nobody keeps."""
    calendar = tree.get("calendar") if isinstance(tree, Mapping) else None
    if not isinstance(calendar, str):
        return
    try:
        known_calendar(calendar)
    except UnknownCalendar as unknown:
        location = f"{name} line {lines[('calendar',)]}"
        detail = f"{location}: calendar: there is no calendar {calendar!r}"
        yield Fault("bad_value", detail, "/calendar", location, calendar, unknown.expected)


def _unusable_transports(name: str, tree: Any, lines: Lines) -> Iterator[Fault]:
    """A way out by which nothing can be sent."""
    outbound = tree.get("outbound") if isinstance(tree, Mapping) else None
    for kind, told in outbound.items() if isinstance(outbound, Mapping) else ():
        transport = told.get("transport") if isinstance(told, Mapping) else None
        if not isinstance(transport, Mapping):
            continue
        ways = [way for way in TRANSPORTS if way in transport]
        if len(ways) != 1 or ways == ["mailbox"]:
            continue
        try:
            check(ways[0], transport)
        except BadTerms as fault:
            at = ("outbound", kind, "transport")
            location = f"{name} line {lines.get((*at, ways[0]), lines.get(at, 1))}"
            detail = f"{location}: {'.'.join(at)}: {fault}"
            yield Fault("bad_value", detail, pointer(at), location, None, f"a transport such as {_TRANSPORT}")


def _unusable_pickups(name: str, tree: Any, lines: Lines) -> Iterator[Fault]:
    """A place from which nothing can be picked up, or that is named twice."""
    inbound = tree.get("inbound") if isinstance(tree, Mapping) else None
    places = inbound.get("pickup") if isinstance(inbound, Mapping) else None
    looked_at: set[str] = set()
    put_to: set[str] = set()
    for index, terms in enumerate(places if isinstance(places, list) else ()):
        if not isinstance(terms, Mapping):
            continue  # which the model says
        at = ("inbound", "pickup", index)
        try:
            pickups.check(terms)
            here, done = pickups.folders_of(terms)
            if here in looked_at:
                raise BadTerms(f"{pickups.endpoint_of(terms)} is named twice")
            if here in put_to or not looked_at.isdisjoint(done):
                raise BadTerms("what is taken at one place is put to another, and would be taken again")
            looked_at.add(here)
            put_to.update(done)
        except BadTerms as fault:
            location = f"{name} line {lines.get(at, lines.get(at[:2], 1))}"
            detail = f"{location}: {'.'.join(map(str, at))}: {fault}"
            yield Fault("bad_value", detail, pointer(at), location, None, "a place such as {folder: acme/in}")


def _secrets_by_variable(name: str, tree: Any, lines: Lines, place: tuple[Any, ...] = ()) -> Iterator[Fault]:
    """A secret that is named as its variable is: it would be looked for in GATEWAY_SECRET_GATEWAY_SECRET_… ."""
    members = tree.items() if isinstance(tree, Mapping) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in members:
        at = (*place, key)
        names_one = key in _NAMES_SECRETS or (isinstance(key, int) and place[-1:] and place[-1] in _NAMES_SECRETS)
        if names_one and isinstance(value, str) and value.upper().replace("-", "_").startswith(_VARIABLE):
            location, meant = f"{name} line {lines.get(at, 1)}", value.strip()[len(_VARIABLE) :]
            detail = f"{location}: {'.'.join(map(str, at))}: {value} is the variable of the secret, not its name"
            yield Fault("bad_value", detail, pointer(at), location, value, meant or "the secret's name")
        yield from _secrets_by_variable(name, value, lines, at)
