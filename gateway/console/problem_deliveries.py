"""The documents of a problem of deliveries: which they are, and sending all of them again or closing what is open of
them. What a problem's own page has of it stands in `problem_deliveries.html`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flask import redirect, request, url_for

from gateway.console.documents import given_reason
from gateway.console.frame import actor, console, needs, page, services, user
from gateway.sending_again import (
    MOST_AT_ONCE,
    Frozen,
    OtherNow,
    dismiss_all,
    frozen,
    may_be_dismissed,
    may_be_sent_again,
    send_again_all,
)
from gateway.store.delivery_problems import DeliveryProblem

_LISTED = 100
_FINGERPRINT = re.compile(r"[0-9a-zA-Z-]{1,80}")
_CODES = (
    *("delivery_failed", "delivery_rejected", "delivery_terms", "document_rejected", "document_queried"),
    *("answer_overdue", "endpoint_gone"),
)
"""Of problems that are of documents; of any other nothing is looked up here."""
_MOVED = "Other documents are stuck by it now than when this page was loaded. Nothing was done: these are they."
_WHY = "Say why: whoever looks at it later will ask."


@dataclass(frozen=True, slots=True)
class Stuck:
    """The documents that a problem counts now, and what may be done with all of them."""

    problem: DeliveryProblem
    frozen: Frozen

    @property
    def count(self) -> int:
        """How many they are."""
        return self.frozen.count

    @property
    def at_once(self) -> int:
        """How many of them one step is done to."""
        return len(self.frozen.ids)

    @property
    def may_be_sent_again(self) -> bool:
        """Whether sending them again mends it."""
        return may_be_sent_again(self.problem)

    @property
    def may_be_dismissed(self) -> bool:
        """Whether something is open of them."""
        return may_be_dismissed(self.problem)


@console.app_template_global()
def stuck_documents(problem: Any) -> Stuck | None:
    """What a problem's page shows of its documents; None where it is a problem of something else."""
    if getattr(problem, "code", None) not in _CODES:
        return None
    return _stuck(str(problem.fingerprint))


@console.get("/problems/<fingerprint>/documents")
@needs("viewer")
def problem_documents(fingerprint: str) -> Any:
    """The documents of this problem, and what may be done with all of them."""
    return _page(fingerprint)


@console.post("/problems/<fingerprint>/send-again")
@needs("support", ours_alone=True)
def send_problem_again(fingerprint: str) -> Any:
    """Send all of them again that were shown."""
    found, reason = _stuck(fingerprint), given_reason()
    if found is None or not found.may_be_sent_again:
        return _page(fingerprint, 409, said=_MOVED if found is None else "Sending again doesn't mend this.")
    if not reason:
        return _page(fingerprint, 400, said=_WHY)
    try:
        done = send_again_all(services(), found.problem, request.form.get("mark", ""), actor(), reason)
    except OtherNow:
        return _page(fingerprint, 409, said=_MOVED, reason=reason)
    return _done(fingerprint, "again", len(done))


@console.post("/problems/<fingerprint>/close-documents")
@needs("support", ours_alone=True)
def dismiss_problem_documents(fingerprint: str) -> Any:
    """Close what is open of all of them that were shown."""
    found, reason = _stuck(fingerprint), given_reason()
    if found is None or not found.may_be_dismissed:
        return _page(fingerprint, 409, said=_MOVED if found is None else "There is nothing open of these to be closed.")
    if not reason:
        return _page(fingerprint, 400, said=_WHY)
    try:
        done = dismiss_all(services(), found.problem, request.form.get("mark", ""), actor(), reason)
    except OtherNow:
        return _page(fingerprint, 409, said=_MOVED, reason=reason)
    return _done(fingerprint, "closed", len(done))


def _stuck(fingerprint: str) -> Stuck | None:
    """The problem's documents, of an account's people their account's."""
    if not _FINGERPRINT.fullmatch(fingerprint):
        return None
    problems = services().store.delivery_problems.all(user().account_id, fingerprint)
    return Stuck(problems[0], frozen(services(), problems[0])) if problems else None


def _done(fingerprint: str, did: str, count: int) -> Any:
    return redirect(url_for("console.problem_documents", fingerprint=fingerprint, did=did, count=count), 303)


def _page(fingerprint: str, status: int = 200, **told: Any) -> Any:
    found = _stuck(fingerprint)
    listed = services().store.delivery_problems.documents(found.problem, _LISTED) if found else []
    return page(
        "problem_documents",
        status,
        fingerprint=fingerprint,
        stuck=found,
        listed=listed,
        most=MOST_AT_ONCE,
        did=request.args.get("did", ""),
        count=_count(),
        **told,
    )


def _count() -> int:
    """How many it was done to, as the address says."""
    told = request.args.get("count", "0")
    return int(told) if told.isascii() and told.isdigit() and len(told) <= 9 else 0
