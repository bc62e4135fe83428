"""A new account's draft: its first terms, its field map and the sample, of which nothing counts before it is
published."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from gateway.accounts import SAMPLES, file_row
from gateway.drafting.drafts import Draft, edit
from gateway.drafting.terms_edits import judge_tree, said_of, terms_change
from gateway.onboarding.dropped import Dropped
from gateway.services import Services
from gateway.store.database import StoreUnavailable
from gateway.store.drafts import Change, Overtaken
from gateway.store.revisions import Row
from mappings.account import Account, SchemedId
from mappings.own_format import CUSTOM, ORDER_MAP
from schemas.formats.cxml_1_2.envelope import Credential, readable_envelope
from schemas.formats.registry import FORMATS

_TRIES = 5
_PEPPOL = "peppol-bis-3"
_OF_A_PAGE = frozenset(("new",))
"""Names that stand for pages where an account's id would stand."""


class Refused(Exception):
    """No account can be made of this: field → what is wrong with it, in words."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__("; ".join(faults.values()))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody says of the new account; the rest is told by the sample."""

    id: str
    name: str
    tier: str
    time_zone: str
    identifiers: tuple[SchemedId, ...]
    answers: str
    """The format in which its orders are answered."""


def answer_formats() -> list[str]:
    """Those in which an order can be answered without a map of the account's own."""
    return [name for name, known in FORMATS.items() if "order_response" in known.renderers]


def usual_answer(dropped: Dropped) -> str:
    """The format of the answers to orders as this sample: the same where it has answers, as others get them else."""
    if FORMATS[_PEPPOL].sniff(dropped.body):
        return _PEPPOL
    return dropped.format_name if dropped.format_name in answer_formats() else "json-1"


def taken_ids(services: Services) -> set[str]:
    """Ids of accounts that there are, or that somebody sets up."""
    published = {str(one["id"]) for one in services.store.revisions.accounts()}
    return published | set(services.store.drafts.open_accounts()) | _OF_A_PAGE


def start_account(services: Services, dropped: Dropped, wanted: Wanted, *, author: str) -> str:
    """Make the account's draft; its id. Raises Refused."""
    account = _account(dropped, wanted, taken_ids(services))

    def changes(draft: Draft) -> list[Change]:
        if draft.number or draft.edits:
            raise Refused({"id": _taken(account.id)})
        rows = [draft.change(row.kind, row.natural_key, None, row.body) for row in _files(dropped)]
        return [*terms_change(draft, account), *rows]

    try:
        edit(services, account.id, changes, author=author, note=f"a sample order was dropped: {dropped.name}")
    except Overtaken:
        raise Refused({"id": _taken(account.id)}) from None
    return account.id


def add_sample(services: Services, account_id: str, dropped: Dropped, *, author: str) -> str:
    """Put one more sample into the draft of an account that there is; its name, which no other has."""
    names: list[str] = []

    def changes(draft: Draft) -> list[Change]:
        names.append(_free_name(dropped.name, draft))
        row = file_row(SAMPLES + names[-1], dropped.body)
        return [draft.change(row.kind, row.natural_key, None, row.body)]

    for _ in range(_TRIES):
        try:
            edit(services, account_id, changes, author=author, note=f"one more sample: {dropped.name}")
        except Overtaken:
            continue  # the name was taken a moment ago
        return names[-1]
    raise StoreUnavailable(f"samples are added to {account_id} all the time")


def _free_name(name: str, draft: Draft) -> str:
    taken = {row.natural_key.removeprefix(SAMPLES) for row in draft.files}
    stem, dot, suffix = name.rpartition(".")
    numbered = (f"{stem}-{number}{dot}{suffix}" for number in range(2, len(taken) + 3))
    return next(one for one in (name, *numbered) if one not in taken)


def _account(dropped: Dropped, wanted: Wanted, taken: Collection[str]) -> Account:
    judged = judge_tree(_terms(dropped, wanted))
    faults = {fault.path.split("/")[1] if fault.path else "id": said_of(fault) for fault in judged.faults}
    if wanted.id in taken:
        faults["id"] = _taken(wanted.id)
    if not wanted.name.strip():
        faults["name"] = "is missing: what everybody calls them"
    if faults or judged.account is None:
        raise Refused(faults)
    return judged.account


def _taken(account_id: str) -> str:
    return f"{account_id} is taken: another account has this id, or somebody sets one up with it"


def _terms(dropped: Dropped, wanted: Wanted) -> dict[str, Any]:
    terms: dict[str, Any] = {
        "id": wanted.id,
        "name": wanted.name.strip(),
        "tier": wanted.tier,
        "time_zone": wanted.time_zone,
        "identifiers": [one.model_dump(exclude_none=True) for one in wanted.identifiers],
        "inbound": {"formats": [dropped.format_name]},
        "outbound": {"order_response": {"format": wanted.answers, "transport": "mailbox"}},
    }
    if dropped.currency:
        terms["terms"] = {"currency": dropped.currency}
    if dropped.format_name == "cxml-1.2" and (envelope := readable_envelope(dropped.body)) is not None:
        terms["cxml"] = {"from": _credentials(envelope.from_), "senders": _credentials(envelope.sender)}
    return terms


def _credentials(found: Iterable[Credential]) -> list[dict[str, str]]:
    return [{"domain": one.domain, "identity": one.identity} for one in found]


def _files(dropped: Dropped) -> list[Row]:
    sample = file_row(SAMPLES + dropped.name, dropped.body)
    if dropped.format_name != CUSTOM or dropped.suggestion is None:
        return [sample]
    return [file_row(ORDER_MAP, dropped.suggestion.text.encode()), sample]
