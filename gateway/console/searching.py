"""One box for whatever somebody has in hand: an account's name, an order's number, a message's or a document's id, or
words of an order. Where it can only be one thing, it leads straight there."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from gateway.console.frame import console, needs, page, services, user
from gateway.searching.filters import LONGEST_QUERY, Search, read_search
from gateway.searching.rows import rows_of
from gateway.store.documents import StoredDocument
from gateway.store.ids import now_us
from gateway.store.message_search import TooBroad
from gateway.store.messages import StoredMessage

_SHOWN = 20
"""Of each kind."""


@console.get("/search")
@needs("viewer")
def search() -> Any:
    """What fits; of an account's people in their account alone."""
    text, own = request.args.get("q", "").strip(), user().account_id
    if not text:
        return page("search", text="")
    if len(text) > LONGEST_QUERY or "\0" in text:
        return page("search", text=text[:LONGEST_QUERY], accounts=[], messages=[], documents=[])
    exact = services().store.messages.find(text, own, _SHOWN + 1)
    documents, accounts = _documents(text, own), _accounts(text, own)
    if not accounts and len(exact) + len(documents) == 1:
        return redirect(_place_of(text, exact, documents), 303)
    found = exact or _by_words(text, own)
    if not accounts and not documents and len(found) == 1:
        return redirect(_place_of(text, found, []), 303)
    return page(
        "search",
        text=text,
        accounts=accounts,
        messages=rows_of(services().store, found[:_SHOWN]),
        more_messages=len(found) > _SHOWN,
        documents=documents,
    )


def _place_of(text: str, messages: list[StoredMessage], documents: list[StoredDocument]) -> str:
    """The order's, where its number was asked for and it stands; else the message's or the document's."""
    if messages:
        only = messages[0]
        if only.order_id is not None and text == only.order_number:
            return url_for("console.order_thread", order_id=only.order_id)
        return url_for("console.message", message_id=messages[0].id)
    return url_for("console.document", document_id=documents[0].id)


def _by_words(text: str, own: str | None) -> list[StoredMessage]:
    """Those that have these words, where it is words."""
    words, wrong = read_search({"q": [text]}, now_us())
    if wrong:
        return []
    try:
        return services().store.search.page(Search(q=words.q).of_account(own), limit=_SHOWN + 1).messages
    except TooBroad:
        return []


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
