"""Every cause that something waits for: of messages, of documents, of places that orders are picked up from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from gateway.causes.cause import Cause
from gateway.services import Services
from gateway.store.ids import now_us
from gateway.store.problem_states import ProblemState
from gateway.store.problems import Problem
from gateway.store.store import Store


def causes(services: Services, account_id: str | None = None, fingerprint: str | None = None) -> list[Cause]:
    """What waits for somebody, most at risk first, with how each stands; one account's or all."""
    return tell(services, gather(services.store, account_id, fingerprint))


def gather(store: Store, account_id: str | None = None, fingerprint: str | None = None) -> list[Cause]:
    """The same without what is said of messages' newest fault and without names, which `tell` adds to those that are
    shown."""
    found = list(message_causes(store, account_id, fingerprint))
    if not (fingerprint and found):
        found += document_causes(store, account_id, fingerprint)
    return _in_order(store, found)


def _in_order(store: Store, found: Iterable[Cause]) -> list[Cause]:
    now, known = now_us(), store.problem_states.standing()
    standing = (_standing(one, known.get(one.fingerprint), now) for one in found)
    return sorted(standing, key=lambda one: one.risk(now))


def tell(services: Services, shown: Sequence[Cause]) -> list[Cause]:
    """These, each with its newest fault, its account's name and its owner's."""
    if not shown:
        return []
    store = services.store
    of_messages_ = {one.fingerprint: one for one in shown if one.what == "message" and not one.detail}
    asked = [
        Problem(one.fingerprint, one.account_id, one.code, 0, 0, 0, str(one.last_id)) for one in of_messages_.values()
    ]
    faults = {one.fingerprint: one for one in store.problems.detailed(asked)}
    names = store.revisions.names(one.account_id for one in shown)
    owners = {one.id: one.name for one in store.users.all()} if any(one.assigned_to for one in shown) else {}
    told: list[Cause] = []
    for one in shown:
        named = replace(
            one, account_name=names.get(one.account_id, ""), owner=owners.get(one.assigned_to or "", one.assigned_to)
        )
        if fault := faults.get(one.fingerprint):
            named = replace(
                named,
                path=fault.path,
                location=fault.location,
                detail=fault.detail,
                value=fault.value,
                expected=fault.expected,
            )
        told.append(named)
    return told


def of_messages(services: Services, account_id: str | None) -> list[Cause]:
    """Why messages are held or have failed, most at risk first."""
    return tell(services, _in_order(services.store, message_causes(services.store, account_id)))


def of_documents(services: Services, account_id: str | None) -> list[Cause]:
    """Why documents didn't arrive, weren't taken or aren't answered, and why orders can't be picked up."""
    return tell(services, _in_order(services.store, document_causes(services.store, account_id)))


def message_causes(store: Store, account_id: str | None = None, fingerprint: str | None = None) -> Iterator[Cause]:
    """Those of messages, in no order."""
    for one in store.problems.groups(account_id, fingerprint):
        yield Cause(
            fingerprint=one.fingerprint,
            account_id=one.account_id,
            code=one.code,
            what="message",
            count=one.messages,
            first_at=one.first_at,
            last_at=one.last_at,
            last_id=one.last_message_id,
            tests=one.tests,
            due_at=one.due_at,
            worth=one.worth,
            unpriced=one.unpriced,
        )


def document_causes(store: Store, account_id: str | None = None, fingerprint: str | None = None) -> Iterator[Cause]:
    """Those of documents and of files, in no order."""
    for one in store.delivery_problems.all(account_id, fingerprint):
        yield Cause(
            fingerprint=one.fingerprint,
            account_id=one.account_id,
            code=one.code,
            what="document",
            count=one.documents,
            first_at=one.first_at,
            last_at=one.last_at,
            detail=one.detail,
            endpoint=one.endpoint,
            last_id=one.last_document_id,
        )
    for place in store.pickups.problems(account_id, fingerprint):
        yield Cause(
            fingerprint=place.fingerprint,
            account_id=place.account_id,
            code=place.code,
            what="file",
            count=place.files,
            first_at=place.first_at,
            last_at=place.last_at,
            detail=place.detail,
            endpoint=place.endpoint,
        )


def _standing(one: Cause, known: ProblemState | None, now: int) -> Cause:
    return one if known is None else replace(one, known=known, state=known.now(now, is_there=True))
