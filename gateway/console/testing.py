"""A draft tried on the account's last messages: begun, watched, cancelled, and what it changes down to the line."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from flask import current_app, redirect, request, url_for

from gateway.console.frame import Missing, actor, console, needs, own_account, page, services, user
from gateway.drafting import draft_tests
from gateway.drafting.draft_tests import MOST_LAST, USUAL_LAST, CantTest, Found
from gateway.drafting.drafts import draft_of
from gateway.effects.effects import Group
from gateway.store.draft_tests import DraftTest

_SAID = {
    "waiting": ("wait", "It waits for a worker: orders go first."),
    "running": ("wait", "It is being done."),
    "done": ("good", "It is done."),
    "cancelled": ("wait", "It was cancelled: what was compared by then stands here."),
    "outdated": ("wait", "The draft was edited or published meanwhile, so the test ended. Begin another one."),
    "failed": ("bad", "It could not be done."),
}
"""Status → its standing, and what it means."""
_SEVERITY = {
    "newly_fails": ("bad", "Newly fails"),
    "changed": ("wait", "Changed"),
    "now_passes": ("good", "Passes now"),
}


@console.post("/accounts/<account_id>/draft/tests")
@needs("support", ours_alone=True)
def begin_draft_test(account_id: str) -> Any:
    """Try the draft on its last messages, and show how that goes on."""
    wanted = own_account(account_id)
    last = _last()
    if last is None:
        said = f"The number of messages must be a whole number from 1 to {MOST_LAST:,}."
        return page("trouble", 400, title="Nothing was tested", said=said)
    try:
        test_id = draft_tests.begin(services(), wanted, last, actor())
    except CantTest as reason:
        return page("trouble", 409, title="This draft can't be tested", said=str(reason))
    return redirect(url_for("console.draft_test", account_id=wanted, test_id=test_id), 303)


@console.get("/accounts/<account_id>/draft/tests")
@needs("viewer", ours_alone=True)
def draft_test_list(account_id: str) -> Any:
    """The account's tests, newest first."""
    found = services().store.draft_tests.of_account(own_account(account_id))
    draft = draft_of(services(), account_id)
    if not (found or draft.number or draft.edits):
        raise Missing
    told: dict[str, Any] = {
        "account_id": account_id,
        "tests": found,
        "said": _SAID,
        "last": USUAL_LAST,
        "most": MOST_LAST,
    }
    told |= {"draft_page": _draft_page(account_id), "is_new": not draft.number}
    return page("draft_tests", **told, may_begin=user().may("support"), within="console.account_list")


@console.get("/accounts/<account_id>/draft/tests/<test_id>")
@needs("viewer", ours_alone=True)
def draft_test(account_id: str, test_id: str) -> Any:
    """One test: how far it is, and what it found so far."""
    found = _found(account_id, test_id)
    test, draft = found.test, draft_of(services(), account_id)
    return page(
        "draft_test",
        account_id=account_id,
        within="console.account_list",
        test=test,
        effects=found.effects,
        reached=_percent(test) // 25 * 25,
        kinds=[(*_SEVERITY[kind], list(groups)) for kind, groups in groupby(found.effects.groups, _severity)],
        said=_SAID[test.status],
        is_of_this_draft=(draft.number, draft.version) == (test.revision, test.version),
        may_begin=user().may("support"),
        draft_page=_draft_page(account_id),
    )


@console.post("/accounts/<account_id>/draft/tests/<test_id>/cancel")
@needs("support", ours_alone=True)
def cancel_draft_test(account_id: str, test_id: str) -> Any:
    """End it; what it found by then stays."""
    found = _found(account_id, test_id)
    draft_tests.cancel(services(), found.test.id, actor())
    return redirect(url_for("console.draft_test", account_id=account_id, test_id=test_id), 303)


def _found(account_id: str, test_id: str) -> Found:
    """The test of this account. Raises Missing."""
    wanted = own_account(account_id)
    found = None if "\0" in test_id else draft_tests.found(services(), test_id)
    if found is None or found.test.account_id != wanted:
        raise Missing
    return found


def _percent(test: DraftTest) -> int:
    """How much of it is done."""
    return 100 if not test.is_open else min(99, test.done * 100 // max(1, test.total))


def _draft_page(account_id: str) -> str | None:
    """Where the draft itself is shown."""
    shown = "console.draft" in current_app.view_functions
    return url_for("console.draft", account_id=account_id) if shown else None


def _severity(group: Group) -> str:
    return group.severity


def _last() -> int | None:
    """How many messages the form asks for; None where that is no such number."""
    told = request.form.get("last", str(USUAL_LAST)).strip()
    if not (told.isascii() and told.isdigit()) or len(told) > len(str(MOST_LAST)):
        return None
    return int(told) if 1 <= int(told) <= MOST_LAST else None
