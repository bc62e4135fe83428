"""A change of an account's folder, to be compared with the mapping that is published."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gateway.accounts import published_folder, revision_of
from gateway.effects.comparing import compare
from gateway.effects.effects import Effects, Group
from mappings.files.account_folder import AccountFolder
from mappings.revision import MappingRevision
from tests.examples.small_gateway import SmallGateway

Change = Callable[[AccountFolder], AccountFolder]


def changed(gateway: SmallGateway, account_id: str, change: Change) -> MappingRevision:
    """The published mapping with this change, which nobody published."""
    folder = published_folder(gateway.store, account_id)
    assert folder is not None
    return revision_of(change(folder))


def rows(table: str, change: Callable[[Any], Any]) -> Change:
    """Each row of this table as `change` makes it; None leaves the row out."""

    def made(folder: AccountFolder) -> AccountFolder:
        found = [change(row) for row in getattr(folder, table)]
        kept: Any = {table: tuple(row for row in found if row is not None)}
        return replace(folder, **kept)

    return made


def terms(**members: Any) -> Change:
    """The account's terms with these members; policies are laid over those that it has."""

    def made(folder: AccountFolder) -> AccountFolder:
        told = folder.account.model_dump(mode="json", by_alias=True)
        policies = {**told["policies"], **members.get("policies", {})}
        account = type(folder.account).model_validate({**told, **members, "policies": policies})
        return replace(folder, account=account)

    return made


def effects_of(gateway: SmallGateway, account_id: str, change: Change, last: int = 100) -> Effects:
    """What the change does to the account's last messages."""
    found = Effects()
    after = changed(gateway, account_id, change)
    for page in compare(gateway.services, gateway.mapping(account_id), after, last):
        found.merge(page.effects)
    return found


def titles(effects: Effects) -> list[str]:
    return [group.title for group in effects.groups]


def only_group(effects: Effects) -> Group:
    (found,) = effects.groups
    return found
