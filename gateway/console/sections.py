"""An account's pages, as the line under the navigation names them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import request, url_for


@dataclass(frozen=True, slots=True)
class Section:
    """One of them: its name, its address, and whether the present page is it or belongs to it."""

    title: str
    address: str
    current: str | None
    """As `aria-current` has it; None where it is another."""


_TABLES = ("items", "units", "sites", "prices")


def account_sections(*, ours: bool = True) -> tuple[str, list[Section]]:
    """The account that the present page is about, and its pages, for its own people (not `ours`) those that are for
    them; none where it is about no account."""
    account_id = str((request.view_args or {}).get("account_id", ""))
    if not account_id:
        return "", []
    found = list(_addresses(account_id, ours=ours))
    within = max((address for _, address in found if _is_below(address)), key=len, default="")
    here = "page" if request.path == within else "true"
    return account_id, [Section(title, address, here if address == within else None) for title, address in found]


def _is_below(address: str) -> bool:
    return request.path == address or request.path.startswith(f"{address}/")


def _addresses(account_id: str, *, ours: bool) -> Iterator[tuple[str, str]]:
    yield "Account", url_for("console.account", account_id=account_id)
    yield "Orders", url_for("console.account_orders", account_id=account_id)
    yield "Documents", url_for("console.account_documents", account_id=account_id)
    if not ours:
        return
    yield "Set-up", url_for("console.set_up", account_id=account_id)
    yield "Mapping", url_for("console.mapping", account_id=account_id)
    for table in _TABLES:
        yield table.capitalize(), url_for("console.table", account_id=account_id, table=table)
    yield "Draft", url_for("console.draft", account_id=account_id)
    yield "Tests", url_for("console.draft_test_list", account_id=account_id)
    yield "Revisions", url_for("console.revision_list", account_id=account_id)
