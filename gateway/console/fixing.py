"""A problem mended where it is shown: the form of the missing row, what it would do, and publishing and replaying it.

Nothing is published whose effect wasn't on the page: the form says which change of which revision that was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import redirect, request, url_for

from gateway.console.frame import Missing, actor, console, needs, page, services, user
from gateway.console.table_cells import in_a_line
from gateway.console.terms.sections import section_of
from gateway.drafting.row_edits import RowRefused
from gateway.fixing import Cause, Fix, NamedCause, cause_of, fix_for, has_form
from gateway.fixing.foreseeing import foresee_fix
from gateway.fixing.proposals import Proposal, propose
from gateway.fixing.publishing import BreaksOthers, Fixed, publish_fix
from gateway.store.database import Collision
from mappings.tables import TABLES, to_fields
from schemas.fault_codes import FAULTS

FIX = "/problems/<fingerprint>/fix"
_DEFAULT_UNIT, _SENT = "/policies/default_unit", "/outbound"
_LONGEST_REASON = 1_000
_ORDERS_SHOWN = 20
_MOVED = "Something was published since this page was loaded. Nothing was done: this is what it would do now."
_NOT_SEEN = (
    "Nothing is published before you have seen what it does. This is what it would do; publish it if it is right."
)


@console.get(FIX)
@needs("support", ours_alone=True)
def fix_problem(fingerprint: str) -> Any:
    """The form that mends the problem, with what the orders say filled in."""
    problem = _problem(fingerprint)
    typed = dict(request.args.items()) if any(name in request.args for name in ("product", "unit", "price")) else None
    return _page(problem, fix_for(services(), problem, user()), typed)


@console.post(FIX)
@needs("support", ours_alone=True)
def publish_fix_now(fingerprint: str) -> Any:
    """What the typed row would do; or, where that was seen, publish it and replay what waits."""
    problem, form = _problem(fingerprint), request.form
    if form.get("find") and not _is_live():
        fix = fix_for(services(), problem, user(), wanted=form.get("product", "").strip()[:200])
        return _page(problem, fix, _typed(fix), found=True)
    fix = fix_for(services(), problem, user())
    typed = _typed(fix)
    if fix is None or not fix.may_be_used_by(user()):
        return _page(problem, fix, typed, 409)
    try:
        proposal = propose(services(), fix, typed)
    except RowRefused as refused:
        return _answer(problem, fix, typed, 422, faults=refused.faults)
    if "publish" not in form or _is_live():
        return _shown(problem, fix, typed, proposal)
    if form.get("shown") != proposal.digest:
        moved = bool(form.get("shown")) and form.get("number") != str(proposal.number)
        return _shown(problem, fix, typed, proposal, 409, said=_MOVED if moved else _NOT_SEEN)
    return _publish(problem, fix, typed, proposal)


def _publish(problem: NamedCause, fix: Fix, typed: Mapping[str, str], proposal: Proposal) -> Any:
    reason = request.form.get("reason", "").strip()[:_LONGEST_REASON]
    if not reason:
        return _shown(problem, fix, typed, proposal, 400, lacks_reason=True)
    try:
        done = publish_fix(services(), proposal, actor=actor(), reason=reason, although="although" in request.form)
    except Collision:
        return _shown(problem, fix, typed, proposal, 409, said=_MOVED)
    except BreaksOthers:
        said = "Orders that pass today would fail. Tick that you want it all the same, or correct the row."
        return _shown(problem, fix, typed, proposal, 409, said=said)
    return redirect(_landing(fix, done), 303)


def _landing(fix: Fix, done: Fixed) -> str:
    if done.replay_id is None:
        return url_for("console.revision", account_id=fix.account_id, number=done.revision)
    return url_for("console.replay", replay_id=done.replay_id)


# --- what was asked ----------------------------------------------------------------------------------------------
def _problem(fingerprint: str) -> NamedCause:
    found = cause_of(services(), fingerprint)
    if found is None:
        raise Missing
    return found


def _typed(fix: Fix | None) -> dict[str, str]:
    """The row's cells as they stand in the form, with the product that a button takes."""
    names = TABLES[fix.kind].names if fix else ()
    typed = {name: request.form.get(name, "") for name in names}
    if "take" in request.form:
        typed["product"] = request.form["take"]
    return typed


def _is_live() -> bool:
    """Whether the page's script asks for the effect alone, while somebody types."""
    return request.headers.get("HX-Request") == "true"


# --- what is shown -----------------------------------------------------------------------------------------------
def _shown(
    problem: NamedCause, fix: Fix, typed: Mapping[str, str], proposal: Proposal, status: int = 200, **told: Any
) -> Any:
    replaced = [] if proposal.changes_nothing else [_in_a_line(fix, json.loads(row.body)) for row in proposal.removed]
    foreseen = foresee_fix(services(), proposal)
    told |= {"proposal": proposal, "foreseen": foreseen, "replaced": replaced}
    return _answer(problem, fix, typed, status, now=_in_a_line(fix, to_fields(proposal.row)), **told)


def _in_a_line(fix: Fix, cells: Mapping[str, str]) -> str:
    return in_a_line(fix.kind, cells)


def _answer(problem: NamedCause, fix: Fix, typed: Mapping[str, str], status: int, **told: Any) -> Any:
    if not _is_live():
        return _page(problem, fix, typed, status, **told)
    return page("fix_effect", problem=problem, fix=fix, orders_shown=_ORDERS_SHOWN, **told)


def _page(problem: NamedCause, fix: Fix | None, typed: Mapping[str, str] | None, status: int = 200, **told: Any) -> Any:
    return page(
        "fix_problem",
        status,
        within="console.problem_list",
        problem=problem,
        fix=fix,
        was_asked=True,
        typed=typed,
        reason=request.form.get("reason", "")[:_LONGEST_REASON],
        title=FAULTS[problem.code].title if problem.code in FAULTS else problem.code,
        orders_shown=_ORDERS_SHOWN,
        **told,
    )


console.add_app_template_global(has_form, "is_mended_here")


@console.app_context_processor
def _fixes() -> dict[str, Any]:
    """For the page of a problem, which has the form in it."""
    return {"fix_of": _fix_of, "remedy_of": _remedy_of, "in_terms": _in_terms}


def _fix_of(problem: Cause) -> Fix | None:
    return fix_for(services(), problem, user())


def _in_terms(problem: Cause) -> tuple[str, str] | None:
    """What the account's terms lack, where that is what no row mends: in a sentence, and the page where it is said."""
    if problem.code == "unknown_unit" and not problem.value:
        said, section = "Name the unit that counts where a line says none (default_unit).", section_of(_DEFAULT_UNIT)
    elif problem.code == "delivery_terms":
        said, section = "Correct how the account's documents are sent; they go by themselves then.", section_of(_SENT)
    else:
        return None
    return said, url_for("console.terms", account_id=problem.account_id, section=section)


def _remedy_of(code: str) -> str:
    return FAULTS[code].remedy if code in FAULTS else ""
