"""Where an account's orders are picked up, as `inbound.pickup` in account.yaml says it: what each kind of place needs,
and whether it can be used."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from mappings import mailboxes
from mappings.transports import BadTerms, sftp_place

_NAME = re.compile(r"[^/\\\0-\x1f\x7f]{1,100}")
_EVERY = re.compile(r"(\d{1,5})([smh])")
_EVERY_UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}
_LOGINS = ("key", "password")
DONE, REFUSED = "done", "refused"
"""Folders beside the files, where nothing else is said."""


def folder_name(terms: Mapping[str, Any]) -> str:
    """The watched folder, relative to the one that the operator allows; `/` between its parts. Raises BadTerms."""
    named = terms.get("folder")
    parts = named.split("/") if isinstance(named, str) else []
    if not parts or not all(_NAME.fullmatch(part) and part not in (".", "..") for part in parts):
        raise BadTerms("folder must be a folder's name such as acme/in, below the one that GATEWAY_PICKUP_DIR names")
    return "/".join(parts)


def done_folder(terms: Mapping[str, Any]) -> str:
    """Where files go that were taken. Raises BadTerms."""
    return _beside(terms, "done", DONE)


def refused_folder(terms: Mapping[str, Any]) -> str:
    """Where files go that could not be taken. Raises BadTerms."""
    return _beside(terms, "refused", REFUSED)


def _beside(terms: Mapping[str, Any], key: str, default: str) -> str:
    named = terms.get(key, default)
    parts = named.split("/") if isinstance(named, str) else []
    if not parts or not all(_NAME.fullmatch(part) and part not in (".", "..") for part in parts):
        raise BadTerms(f"{key} must be the name of a folder below the one that is looked at, such as {default}")
    return "/".join(parts)


def is_test(terms: Mapping[str, Any]) -> bool:
    """Whether what comes there is a test. Raises BadTerms."""
    said = terms.get("test", False)
    if said in (True, "true"):
        return True
    if said in (False, "false"):
        return False
    raise BadTerms("test must be true or false")


def interval(terms: Mapping[str, Any]) -> timedelta | None:
    """How long after one look the next is made; None where nothing is said. Raises BadTerms."""
    said = terms.get("every")
    if said is None:
        return None
    match = _EVERY.fullmatch(str(said))
    if match is None or not int(match[1]):
        raise BadTerms("every must be a whole number and s, m or h, such as 30s")
    return timedelta(**{_EVERY_UNITS[match[2]]: int(match[1])})


_ALL = frozenset(("test", "every", "done", "refused"))
_NEEDS: Mapping[str, tuple[Callable[[Mapping[str, Any]], Any], frozenset[str]]] = {
    # What a place needs gives its name as it is, or something with an `endpoint`.
    "folder": (folder_name, frozenset(("folder",))),
    "sftp": (sftp_place, frozenset(("sftp", "host_key", *_LOGINS))),
    "imap": (mailboxes.mailbox_of, mailboxes.KEYS),
}
PLACES = tuple(_NEEDS)
"""The kinds of places that orders are picked up from."""


def place_of(terms: Mapping[str, Any]) -> str:
    """Which of PLACES these terms name. Raises BadTerms."""
    named = [one for one in PLACES if one in terms]
    if len(named) != 1:
        raise BadTerms(f"a pickup names one of {', '.join(PLACES)}, such as {{folder: acme/in}}")
    return named[0]


def endpoint_of(terms: Mapping[str, Any]) -> str:
    """Which place these terms lead to, as people read it and as places are told apart; never with a secret. Raises
    BadTerms."""
    needs, _ = _NEEDS[place_of(terms)]
    found = needs(terms)
    return f"folder:{found}" if isinstance(found, str) else str(found.endpoint)


def folders_of(terms: Mapping[str, Any]) -> tuple[str, tuple[str, str]]:
    """(the folder that is looked at, the two that its files are put to), by terms that can be used: each as a text that
    is the same however the terms write it, so that places compare."""
    place = place_of(terms)
    if place == "folder":
        where, folder = "folder:", folder_name(terms)
    elif place == "sftp":
        server = sftp_place(terms)
        where, folder = f"sftp://{server.user}@{server.host}:{server.port}/", server.folder
    else:
        mailbox = mailboxes.mailbox_of(terms)  # by either port: it is encrypted one way or the other
        where, folder = f"imap://{mailbox.user}@{mailbox.host}/", "/".join(mailbox.folder)
    here, done, refused = (
        where + posixpath.normpath(posixpath.join(folder, below))
        for below in ("", done_folder(terms), refused_folder(terms))
    )
    return here, (done, refused)


def may_share(terms: Mapping[str, Any], others: Mapping[str, Any]) -> bool:
    """Whether two accounts may have a place together, by terms that can be used: each takes only what is its own."""
    if place_of(terms) != "imap" or place_of(others) != "imap":
        return False
    return mailboxes.are_apart(mailboxes.mailbox_of(terms), mailboxes.mailbox_of(others))


def check(terms: Mapping[str, Any]) -> None:
    """Raises BadTerms where nothing can be picked up by these terms."""
    place = place_of(terms)
    needs, known = _NEEDS[place]
    needs(terms)
    is_test(terms)
    interval(terms)
    if done_folder(terms) == refused_folder(terms):
        raise BadTerms("done and refused must be two folders")
    strange = [str(one) for one in terms if one not in known | _ALL]
    if strange:
        raise BadTerms(f"{', '.join(strange)} is nothing that {place} knows: {', '.join(sorted(known | _ALL))}")


def secrets_named(terms: Mapping[str, Any]) -> Iterator[str]:
    """The secrets that terms which can be used name."""
    if place_of(terms) != "folder":
        yield terms.get("key") or terms["password"]
    if "ca" in terms:
        yield terms["ca"]
