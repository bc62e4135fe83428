"""Account folders into the accounts' drafts, where mappings from git are reviewed and tested before they count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.commands.differences import difference_lines
from gateway.commands.screen import CONFLICT, Failed, counted, person

if TYPE_CHECKING:
    from gateway.services import Services
    from mappings.files.account_folder import AccountFolder
    from schemas.faults import Fault


def take_into_draft(
    services: Services, content: AccountFolder, problems: list[Fault], dry_run: bool, reason: str
) -> tuple[dict[str, Any], list[str]]:
    """Make the draft the folder's content, or only say what would change; what is said of it to programs and to
    people. Raises Failed where somebody edited the draft meanwhile."""
    from gateway.drafting.draft_imports import draft_folder, plan_of_draft
    from gateway.drafting.drafts import draft_of
    from gateway.store.drafts import Overtaken

    account_id = content.account.id
    plan = plan_of_draft(draft_of(services, account_id), content)
    if not dry_run:
        try:
            draft_folder(services, content, author=person(), note=reason)
        except Overtaken:
            raise Failed(f"The draft of {account_id} was edited meanwhile. Nothing was stored.", CONFLICT) from None
    draft = draft_of(services, account_id)
    told: dict[str, Any] = {"id": account_id, "draft": True, "dry_run": dry_run, "revision": draft.number}
    told |= {"version": draft.version, "edits": len(draft.edits), "changed": bool(plan.differences)}
    told |= {"warnings": [problem.as_json() for problem in problems]}
    told |= {"differences": [one.as_json() for one in plan.differences]}
    return told, _lines(told, difference_lines(plan.differences))


def _lines(told: dict[str, Any], differences: list[str]) -> list[str]:
    if not told["changed"]:
        return [f"{told['id']}: the draft is equal to it already."]
    if told["dry_run"]:
        return [f"{told['id']}: the draft would change. Nothing was stored.", *differences]
    edits = counted(told["edits"], "edit")
    return [f"{told['id']}: the draft has {edits} now, and nothing of it counts before it is published.", *differences]
