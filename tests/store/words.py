"""What accounts' systems say of documents, as the tests of the store say it for them."""

from __future__ import annotations

from typing import Any

from gateway.store.answers import RECEIPT, Said
from gateway.store.ids import now_us
from gateway.store.store import Store


def receipt(store: Store, document_id: str) -> int:
    """The account acme says that it has the document; when it said so first."""
    return store.answers.keep(Said(document_id=document_id, account_id="acme", at=now_us(), kind=RECEIPT))


def say(store: Store, document_id: str, word: Any, *reasons: str, at: int | None = None, **more: Any) -> int:
    """Acme's system says this of the document, `at` this microsecond or now; when it said so first."""
    moment = now_us() if at is None else at
    said = Said(
        document_id=document_id,
        account_id="acme",
        at=moment,
        kind="application_response",
        word=word,
        reasons=reasons,
        **more,
    )
    return store.answers.keep(said)
