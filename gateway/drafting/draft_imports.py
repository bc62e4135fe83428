"""An account's folder put into its draft: what differs becomes edits, also what the folder hasn't any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.accounts import Plan, folder_rows, folder_terms
from gateway.differences import row_differences, term_differences
from gateway.drafting.drafts import Draft, edit, terms_text
from gateway.store.drafts import TERMS_KEY, TERMS_KIND, Change
from gateway.store.ids import new_id
from mappings.by_value import terms_by_value
from mappings.files.account_folder import AccountFolder

if TYPE_CHECKING:
    from gateway.services import Services


def plan_of_draft(draft: Draft, folder: AccountFolder) -> Plan:
    """What the folder would change in the draft as it is."""
    terms, rows = folder_terms(folder), folder_rows(folder)
    return Plan(draft.number, (*term_differences(draft.terms, terms), *row_differences(draft.rows, rows)))


def folder_changes(draft: Draft, folder: AccountFolder) -> list[Change]:
    """What makes the draft the folder's content. What says the same in another way stays as it is written."""
    wanted = {(row.kind, row.natural_key): row for row in folder_rows(folder)}
    standing = {(row.kind, row.natural_key): row for row in draft.rows}
    come = [
        (key, row.body)
        for key, row in wanted.items()
        if key not in standing or standing[key].by_value() != row.by_value()
    ]
    changes = [(key, None) for key in standing if key not in wanted]
    found = [draft.change(*key, draft.body(*key), body) for key, body in (*come, *changes)]
    terms = folder_terms(folder)
    if terms_by_value(terms) != terms_by_value(draft.terms):
        seen = draft.body(TERMS_KIND, TERMS_KEY)
        found.append(draft.change(TERMS_KIND, TERMS_KEY, seen, terms_text(terms)))
    return found


def draft_folder(services: Services, folder: AccountFolder, *, author: str, note: str) -> int:
    """Make the account's draft the folder's content, as one import that can be taken back; the draft's version then.
    Raises Overtaken where somebody edited it meanwhile."""

    def changes(draft: Draft) -> list[Change]:
        return folder_changes(draft, folder)

    return edit(services, folder.account.id, changes, author=author, note=note, batch=new_id())
