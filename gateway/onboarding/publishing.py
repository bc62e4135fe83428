"""The draft of a set-up made the account's mapping."""

from __future__ import annotations

from gateway.drafts import draft_of, publish_draft
from gateway.services import Services
from gateway.store.database import Collision
from gateway.store.revisions import Published

REASON = "set up from a sample order"


def publish_set_up(services: Services, account_id: str, version: int, *, author: str) -> Published:
    """Make the account's draft, as it was at this version, its first mapping.

    Raises Conflicting, Unpublishable, and Collision where it was edited since. An account that has messages is
    published where its draft is tried out on them.
    """
    draft = draft_of(services, account_id)
    if draft.version != version:
        raise Collision(f"the draft of {account_id} was changed meanwhile")
    return publish_draft(services, draft, author=author, reason=REASON)
