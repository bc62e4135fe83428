"""Orders that come by e-mail: the mails of one folder of a mailbox. A mail is looked at before it is fetched, and moved
once all that it brings is kept.

Nothing is remembered of a mailbox between two looks, so that it may be emptied, or made anew, at any time.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from gateway.delivery.transport import secret_of
from gateway.pickup.imap_session import Refused, Session, session
from gateway.pickup.letter import check_is_no_reply, documents_of, read_letter
from gateway.pickup.mail_sender import is_agreed, is_authenticated, sender_of
from gateway.pickup.mime import Part, Unreadable, header, whole
from gateway.pickup.source import (
    MOST_LISTED,
    Brought,
    Deadline,
    Found,
    Gone,
    NotSettled,
    PickupFailed,
    PickupMeans,
    Unfit,
)
from mappings.mailboxes import Mailbox, mailbox_of
from mappings.pickups import done_folder, refused_folder
from mappings.transports import BadTerms

_AT_ONCE = 500
"""Mails that a server is asked about in one command."""
_HEAD = "BODY.PEEK[HEADER.FIELDS (FROM SUBJECT)]<0.4000>"
_LONGEST_NAME = 100
_DELETED = b"\\Deleted"
_THERE_ALREADY = "EXIST"
"""In RFC 9051's code ALREADYEXISTS, and in the words of servers that know no codes."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def largest_mail(most_bytes: int) -> int:
    """Bytes of a mail that is fetched: base64 and its line ends make a document longer by 37 %."""
    return most_bytes * 3 // 2 + 1_000_000


class Imap:
    """`imap: imaps://orders%40us.example@mail.us.example/INBOX`, with `password: NAME` and `from: [addresses]`."""

    name = "imap"

    @contextmanager
    def open(self, terms: Mapping[str, Any], means: PickupMeans, deadline: Deadline) -> Iterator[_Folder]:
        place = mailbox_of(terms)
        done, refused = done_folder(terms), refused_folder(terms)
        password, context = secret_of(means.secrets, place.password), _trust(place, means)
        with session(place, password, context, means, deadline) as connected:
            yield _Folder(place, connected, done, refused)


def _trust(place: Mailbox, means: PickupMeans) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cadata=secret_of(means.secrets, place.ca) if place.ca else None)
    except (ssl.SSLError, ValueError) as error:
        raise BadTerms(f"the secret {place.ca} can't be read as PEM") from error


class _Folder:
    """The folder during one look."""

    def __init__(self, place: Mailbox, connected: Session, done: str, refused: str) -> None:
        self._place, self._session = place, connected
        self._separator = self._asked_separator()
        self._name = self._separator.join(place.folder)
        self._put_to = {False: self._below(done), True: self._below(refused)}
        self._made: set[str] = set()
        self._validity, self._mails = self._select()

    def _asked_separator(self) -> str:
        """What stands between the levels of a folder's name (RFC 9051, 6.3.9); `/` where the server has none."""
        with self._session.calling() as client:
            listed = client.list_folders("", "")
        separator = listed[0][1] if listed else None
        return separator.decode("ascii") if isinstance(separator, bytes) and separator.isascii() else "/"

    def _below(self, named: str) -> str:
        return self._separator.join((self._name, *named.split("/")))

    def _select(self) -> tuple[int, int]:
        """(UIDVALIDITY, how many mails there are)."""
        try:
            with self._session.calling() as client:
                said = client.select_folder(self._name)
        except Refused as why:
            raise PickupFailed(f"the folder {self._name} can't be opened: {why}") from None
        return int(said.get(b"UIDVALIDITY", 0)), int(said.get(b"EXISTS", 0))

    # --- what lies there ---------------------------------------------------------------------------------------
    def found(self) -> Sequence[Found]:
        found: list[Found] = []
        for start in range(1, self._mails + 1, _AT_ONCE):
            found.extend(self._listed(start, min(start + _AT_ONCE - 1, self._mails)))
            if len(found) >= MOST_LISTED:
                break
        return found[:MOST_LISTED]

    def _listed(self, first: int, last: int) -> Iterator[Found]:
        """Mails by their place in the folder; those for others are left out where that is agreed."""
        with self._session.calling(by_number=True) as client:
            known = client.fetch(range(first, last + 1), ["UID", "FLAGS", "RFC822.SIZE", "INTERNALDATE", _HEAD])
            mails = [_found(self._validity, said) for said in known.values() if _is_there(said)]
        for found, head in mails:
            if not (self._place.leaves_others and self._is_of_another(head)):
                yield found

    def _is_of_another(self, head: Part) -> bool:
        sender = sender_of(head)
        return sender is None or not is_agreed(sender, self._place.senders or ())

    # --- one mail ----------------------------------------------------------------------------------------------
    def read(self, found: Found, most_bytes: int) -> Sequence[Brought]:
        most = largest_mail(most_bytes)
        if found.size > most:
            raise Unfit(f"has {found.size:,} bytes as a mail; {most:,} are taken")
        letter = read_letter(self._fetched(found, most))
        check_is_no_reply(letter)
        self._check_sender(letter.mail)
        return documents_of(letter, most_bytes)

    def _fetched(self, found: Found, most: int) -> bytes:
        try:
            with self._session.calling(may_say=most + 1_000_000) as client:
                said = client.fetch([found.handle], ["BODY.PEEK[]"]).get(found.handle, {})
        except Refused as why:
            raise NotSettled(f"can't be fetched: {why}") from None
        if b"BODY[]" not in said:
            raise Gone
        raw = said[b"BODY[]"]
        return raw if isinstance(raw, bytes) else b"" if raw is None else str(raw).encode()

    def _check_sender(self, mail: Part) -> None:
        """Raises Unfit for a mail that isn't from one whose orders are taken, or where that isn't certain enough."""
        place, sender = self._place, sender_of(mail)
        if sender is None:
            raise Unfit("doesn't say who it is from, by one address")
        if place.senders is not None and not is_agreed(sender, place.senders):
            raise Unfit(f"is from {sender}, which isn't among the addresses that may order (from)")
        if sender == place.user.lower():
            raise Unfit(f"is from {sender}, our own address")
        if place.authenticated_by is not None and not is_authenticated(mail, sender, place.authenticated_by):
            raise Unfit(f"{place.authenticated_by} doesn't say that it really is from {sender} (DMARC, DKIM or SPF)")

    # --- where it goes -----------------------------------------------------------------------------------------
    def settle(self, found: Found, label: str, *, refused: bool) -> str:
        folder = self._put_to[refused]
        try:
            self._make(folder)
            self._check_is_there(found.handle)
            self._move(found.handle, folder)
        except Refused as why:
            raise NotSettled(f"can't be moved to {folder}: {why}") from None
        return folder

    def _make(self, folder: str) -> None:
        """Have the folder there. Raises Refused."""
        if folder in self._made:
            return
        with self._session.calling() as client:
            is_there = any(name == folder for _, _, name in client.list_folders("", folder))
        if not is_there:
            try:
                with self._session.calling() as client:
                    client.create_folder(folder)
            except Refused as why:
                if _THERE_ALREADY not in str(why).upper():
                    raise
            with suppress(Refused), self._session.calling() as client:
                client.subscribe_folder(folder)  # so that people's programs show it
        self._made.add(folder)

    def _check_is_there(self, uid: int) -> None:
        """A server moves what isn't there without a word. Raises Gone."""
        with self._session.calling() as client:
            client.noop()  # until then a server may speak of mails that are gone (RFC 9051, 7.5.1)
            said = client.fetch([uid], ["FLAGS"])
        if _DELETED in said.get(uid, {}).get(b"FLAGS", (_DELETED,)):
            raise Gone

    def _move(self, uid: int, folder: str) -> None:
        """In one step where the server has it (RFC 6851); else a copy, and then the mail itself is taken away: one that
        is killed between leaves two copies at most. Without UIDPLUS the mail stays as deleted, for an EXPUNGE would
        take along what others have marked so."""
        with self._session.calling() as client:
            has_move, has_uids = client.has_capability("MOVE"), client.has_capability("UIDPLUS")
            if has_move:
                client.move([uid], folder)
                return
            client.copy([uid], folder)
        with self._session.calling() as client:
            client.add_flags([uid], [_DELETED], silent=True)
            if has_uids:
                client.uid_expunge([uid])


def _is_there(said: Mapping[bytes, Any]) -> bool:
    """Whether a mail is whole in what the server said of it, and nobody has marked it to be taken away."""
    return b"UID" in said and b"RFC822.SIZE" in said and _DELETED not in said.get(b"FLAGS", ())


def _found(validity: int, said: Mapping[bytes, Any]) -> tuple[Found, Part]:
    uid, size = int(said[b"UID"]), int(said[b"RFC822.SIZE"])
    head = _head(next((value for key, value in said.items() if key.startswith(b"BODY[HEADER")), b""))
    came = said.get(b"INTERNALDATE")
    at = int((came - _EPOCH).total_seconds() * 1_000_000) if isinstance(came, datetime) else 0
    name = _shown(header(head, "Subject")) or f"mail {uid}"
    return Found(name, size, f"{validity}/{uid}", (at, f"{uid:010d}"), is_whole=True, handle=uid), head


def _head(raw: Any) -> Part:
    try:
        return whole(raw if isinstance(raw, bytes) else b"")
    except Unreadable:
        return whole(b"")


def _shown(text: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in text)[:_LONGEST_NAME].strip()
