"""What our people for an account were told, and whether it reached them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from gateway.console.accounts import revision_of
from gateway.console.frame import console, needs, page, services
from gateway.notifying.people import Whom
from gateway.notifying.told import Told
from gateway.notifying.words import sentence
from gateway.store.notices import Notice

_PAGE = 50
_STATUSES = {
    "waiting": ("wait", "waits to be sent"),
    "sending": ("wait", "is being sent"),
    "sent": ("good", "sent"),
    "given_up": ("bad", "given up"),
}
_KINDS = {"opened": "Waits for somebody", "digest": "Still open", "resolved": "Settled"}


@dataclass(frozen=True, slots=True)
class Line:
    """One notice as the page shows it."""

    id: str
    kind: str
    said: tuple[tuple[str, str], ...]
    """(sentence, where it leads) of each thing that it tells."""
    more: int
    to: str
    mark: str
    standing: str
    detail: str | None
    created_at: int
    sent_at: int | None


@console.get("/accounts/<account_id>/notices")
@needs("viewer", ours_alone=True)
def notice_list(account_id: str) -> Any:
    """The newest first; `before` goes on behind one."""
    account = revision_of(account_id).account
    before = request.args.get("before") or None
    found = services().store.notices.page(account_id=account.id, before=before, limit=_PAGE + 1)
    shown = found[:_PAGE]
    older = url_for("console.notice_list", account_id=account.id, before=shown[-1].id) if len(found) > _PAGE else None
    return page(
        "notices",
        within="console.account_list",
        account=account,
        whom=Whom.of(account),
        mail_is_set=services().calls.mail is not None,
        tells_our_system=bool(services().notices.webhook),
        notices=[_line(one) for one in shown],
        older=older,
        is_first=before is None,
    )


def _line(one: Notice) -> Line:
    told = Told.of_text(one.body)
    mark, standing = _STATUSES.get(one.status, ("wait", one.status))
    over = one.kind == "resolved"
    return Line(
        id=one.id,
        kind=_KINDS.get(one.kind, one.kind),
        said=tuple((sentence(item, told.time_zone, is_over=over), item.path) for item in told.items),
        more=told.more,
        to=one.recipient or "our own system",
        mark=mark,
        standing=standing,
        detail=one.detail if one.status != "sent" else None,
        created_at=one.created_at,
        sent_at=one.sent_at,
    )
