"""What waits for somebody, as causes that read alike: of messages, of documents, of places to pick orders up from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.holding import holding_faults
from gateway.mended_in import SAID_IN_ROWS, TABLES
from gateway.services import Services
from schemas.fault_codes import FAULTS


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause. `count` is of `what`: messages, documents or files."""

    title: str
    value: str | None
    account_id: str
    count: int
    what: str
    detail: str
    code: str
    fingerprint: str
    first_at: int
    last_at: int

    @property
    def table(self) -> str | None:
        """The account's table where it is mended; None where it is mended elsewhere."""
        return TABLES.get(self.code)

    @property
    def looked_for(self) -> str | None:
        """What to look for in that table; None where its rows don't say it so."""
        return self.value if self.code in SAID_IN_ROWS else None


def of_messages(services: Services, account_id: str | None) -> list[Cause]:
    """Why messages are held or have failed, most of them first; one account's or all."""
    found = services.store.problems.all(account_id, holds=holding_faults(services.terms))
    return [
        Cause(
            *(_title(one.code), one.value, one.account_id, one.messages, "message", one.detail, one.code),
            *(one.fingerprint, one.first_at, one.last_at),
        )
        for one in found
    ]


def of_documents(services: Services, account_id: str | None) -> list[Cause]:
    """Why documents didn't arrive, weren't taken or aren't answered, and why orders can't be picked up."""
    return [*_of_deliveries(services, account_id), *_of_pickups(services, account_id)]


def _of_deliveries(services: Services, account_id: str | None) -> Iterator[Cause]:
    for one in services.store.delivery_problems.all(account_id):
        said = f"{one.detail} ({one.endpoint})" if one.endpoint else one.detail
        yield Cause(
            *(_title(one.code), None, one.account_id, one.documents, "document", said, one.code, one.fingerprint),
            *(one.first_at, one.last_at),
        )


def _of_pickups(services: Services, account_id: str | None) -> Iterator[Cause]:
    for one in services.store.pickups.problems(account_id):
        yield Cause(
            *(_title(one.code), None, one.account_id, one.files, "file", f"{one.detail} ({one.endpoint})", one.code),
            *(one.fingerprint, one.first_at, one.last_at),
        )


def _title(code: str) -> str:
    return FAULTS[code].title if code in FAULTS else code
