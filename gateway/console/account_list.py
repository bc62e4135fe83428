"""The list of accounts: how each stands, searched and filtered, a page at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from flask import request
from pydantic import ValidationError

from gateway.causes import of_documents
from gateway.console.frame import console, needs, page, services, user
from mappings.account import Account

_SHOWN = 100
_LOOKED_AT = 500
"""Accounts that are asked for at once while one is searched for."""
_LONGEST_SEARCH = 200
STANDINGS = (("", "all"), ("problems", "with problems"), ("well", "well"), ("edited", "with a draft"))
Known = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One account in the list; `account` is None where its published terms can't be used."""

    id: str
    name: str
    account: Account | None
    problems: int
    last_order_at: int | None
    is_edited: bool


@console.get("/accounts")
@needs("viewer")
def account_list() -> Any:
    """The accounts that whoever looks may see, by id."""
    own = user().account_id
    text, standing = request.args.get("q", "")[:_LONGEST_SEARCH].strip(), request.args.get("standing", "")
    open_problems = _open_problems(own)
    edited = set(services().store.drafts.open_accounts()) if own is None else set[str]()
    fits = _fitting(text, standing, open_problems, edited)
    known = list(islice((one for one in _accounts(own, request.args.get("after", "")) if fits(one)), _SHOWN + 1))
    rows = [_row(one, open_problems[str(one["id"])], str(one["id"]) in edited) for one in known[:_SHOWN]]
    return page(
        "account_list",
        rows=rows,
        started=_started(edited),
        q=text,
        standing=standing,
        standings=STANDINGS,
        after=request.args.get("after", ""),
        following=rows[-1].id if len(known) > _SHOWN else None,
    )


def _accounts(own: str | None, after: str) -> Iterator[Known]:
    """Those behind an id, or the only one that somebody may see."""
    while True:
        found = services().store.revisions.accounts_after(after, _LOOKED_AT)
        yield from (one for one in found if own in (None, one["id"]))
        if len(found) < _LOOKED_AT:
            return
        after = str(found[-1]["id"])


def _open_problems(own: str | None) -> Counter[str]:
    """Account → messages that are held or failed, documents that don't arrive and files that can't be picked up."""
    counted = Counter(services().store.problems.counts(own))
    for one in of_documents(services(), own):
        counted[one.account_id] += one.count or 1
    return counted


def _fitting(text: str, standing: str, problems: Counter[str], edited: set[str]) -> Callable[[Known], bool]:
    wanted = text.casefold()
    fits: Mapping[str, Callable[[str], bool]] = {
        "problems": lambda account_id: problems[account_id] > 0,
        "well": lambda account_id: not problems[account_id],
        "edited": lambda account_id: account_id in edited,
    }
    stands = fits.get(standing, _whatever)
    return lambda one: wanted in f"{one['id']} {one['name']}".casefold() and stands(str(one["id"]))


def _whatever(_: str) -> bool:
    return True


def _row(known: Known, problems: int, is_edited: bool) -> Row:
    account_id = str(known["id"])
    newest = next(iter(services().store.messages.page(account_id=account_id, limit=1)), None)
    account = _usable(services().store.revisions.terms(account_id, int(known["revision"])))
    received = newest.received_at if newest else None
    return Row(account_id, str(known["name"]), account, problems, received, is_edited)


def _usable(terms: Mapping[str, Any]) -> Account | None:
    """The account of these terms, without its tables: there may be 1,000 accounts with 100,000 items each."""
    try:
        return Account.model_validate(terms)
    except ValidationError:
        return None


def _started(edited: set[str]) -> list[str]:
    """Accounts that somebody sets up, and that aren't there before they are published."""
    published = services().store.revisions.current(edited)
    return sorted(edited - published.keys())
