"""The draft of a set-up made the account's mapping."""

from __future__ import annotations

from gateway.drafting.drafts import draft_of
from gateway.drafting.publishing import publish
from gateway.services import Services
from gateway.store.database import Collision
from gateway.store.revisions import Published

REASON = "set up from a sample order"


def publish_set_up(services: Services, account_id: str, version: int, *, author: str) -> Published:
    """Make the account's draft, as it was at this version, its first mapping.

    Raises Conflicting, Unpublishable, Blocked, and Collision where it was edited or published since. What is published
    already is published from its draft's page, with a reason, and tried out on the account's own orders.
    """
    draft = draft_of(services, account_id)
    if draft.version != version or draft.number:
        raise Collision(f"the draft of {account_id} was changed meanwhile")
    return publish(services, draft, author=author, reason=REASON)
