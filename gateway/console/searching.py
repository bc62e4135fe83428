"""One box for whatever somebody has in hand: an account's name, an order's number, a message's or a document's id."""

from __future__ import annotations

from typing import Any

from flask import request

from gateway.console.frame import console, needs, page, services, user
from gateway.store.documents import StoredDocument

_SHOWN = 20
"""Of each kind."""
_LONGEST = 200
"""Characters: no number or key that is kept is longer."""


@console.get("/search")
@needs("viewer")
def search() -> Any:
    """What fits; of an account's people in their account alone."""
    text, own = request.args.get("q", "").strip(), user().account_id
    if not text:
        return page("search", text="")
    if len(text) > _LONGEST or "\0" in text:
        return page("search", text=text[:_LONGEST], accounts=[], messages=[], documents=[])
    found = services().store.messages.find(text, own, _SHOWN + 1)
    return page(
        "search",
        text=text,
        accounts=_accounts(text, own),
        messages=found[:_SHOWN],
        more_messages=len(found) > _SHOWN,
        documents=_documents(text, own),
    )


def _accounts(text: str, own: str | None) -> list[dict[str, Any]]:
    """Those whose id, or a word of whose name, begins with it."""
    wanted = text.casefold()
    known = (one for one in services().store.revisions.accounts() if own in (None, one["id"]))
    return [one for one in known if _begins(wanted, str(one["id"]), str(one["name"]))][:_SHOWN]


def _begins(wanted: str, account_id: str, name: str) -> bool:
    words = name.casefold().split()
    starts = [account_id.casefold(), *(" ".join(words[at:]) for at in range(len(words)))]
    return any(one.startswith(wanted) for one in starts)


def _documents(text: str, own: str | None) -> list[StoredDocument]:
    return [one for one in services().store.documents.named(text) if own in (None, one.account_id)][:_SHOWN]
