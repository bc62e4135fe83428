"""Where orders are picked up from, as inputs: a folder of ours, a folder of an SFTP server, a mailbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.console.terms.fields import Field, Form, Rows, Tree, at, put_at
from mappings.pickups import PLACES

_KIND, _ADDRESS = "kind", "address"
_BY_NAME = "A secret's name, never the secret itself."
_KINDS = {"folder": "a folder of ours", "sftp": "a folder of an SFTP server", "imap": "a mailbox"}
_FIELDS = (
    Field((_KIND,), "Kind of place", options=(("", "none"), *((one, _KINDS[one]) for one in PLACES))),
    Field(
        (_ADDRESS,),
        "Where",
        "acme/in, sftp://us@files.acme.example/out, imaps://orders%40us.example@mail.us.example/INBOX",
    ),
    Field(("host_key",), "The server's key", "SFTP: as ssh-keygen -l tells it."),
    Field(("key",), "Our key", f"SFTP. {_BY_NAME}"),
    Field(("password",), "Password", f"SFTP and mailboxes. {_BY_NAME}"),
    Field(("ca",), "Authorities", f"Mailboxes. {_BY_NAME}"),
    Field(("from",), "Senders", "Mailboxes: whose mails are orders, with commas between them, or any.", is_list=True),
    Field(("others",), "Mails of others", "Mailboxes.", (("", "refuse"), ("leave", "leave for others"))),
    Field(("authenticated_by",), "Signed by", "Mailboxes: the name by which our mail server signs."),
    Field(("every",), "Looked at every", "Such as 30s; empty: as for all."),
    Field(("test",), "What comes there", "", (("", "orders"), ("true", "test orders"))),
    Field(("done",), "Where taken files go", "Empty: done."),
    Field(("refused",), "Where refused files go", "Empty: refused."),
)


@dataclass(frozen=True, slots=True)
class Places:
    """`inbound.pickup`."""

    place: tuple[str, ...] = ("inbound", "pickup")

    @property
    def _rows(self) -> Rows:
        return Rows(self.place, "Place", _FIELDS, "Of the fields below only those of its kind count.")

    def groups(self, tree: Mapping[str, Any]) -> Any:
        """A group for each place, and one for the next."""
        shown: Tree = {}
        put_at(shown, self.place, [_shown(one) for one in at(tree, self.place) or ()])
        return self._rows.groups(shown)

    def put(self, tree: Tree, form: Form) -> None:
        """The places that were typed."""
        typed: Tree = {}
        self._rows.put(typed, form)
        if any(name.startswith(f"{self._rows.name}.") for name in form):
            put_at(tree, self.place, [_kept(one) for one in at(typed, self.place) or ()] or None)

    def seen(self, tree: Mapping[str, Any]) -> Any:
        """Its places."""
        return at(tree, self.place)


def _shown(terms: Mapping[str, Any]) -> Tree:
    kind = next((one for one in PLACES if one in terms), "")
    told: Tree = {_KIND: kind, _ADDRESS: terms.get(kind, ""), **{key: one for key, one in terms.items() if key != kind}}
    if told.get("others") == "refuse":
        del told["others"]
    return {**told, "test": "true"} if str(terms.get("test")).lower() == "true" else {**told, "test": ""}


def _kept(typed: Tree) -> Tree:
    """As account.yaml has it; one without a kind keeps its words, so that the fault says what is missing."""
    kind = typed.get(_KIND)
    rest = {key: one for key, one in typed.items() if key not in (_KIND, _ADDRESS)}
    senders = rest.get("from")
    if isinstance(senders, list) and len(senders) == 1:
        rest["from"] = senders[0]
    return {kind: typed.get(_ADDRESS, ""), **rest} if kind else {**rest, _ADDRESS: typed.get(_ADDRESS, "")}
