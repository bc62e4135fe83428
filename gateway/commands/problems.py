"""Failures grouped by cause: of messages, of documents on their way out, and of places orders are picked up from."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.opening import opened
from gateway.commands.problem_fix import fix
from gateway.commands.screen import Failed, Screen, counted, fault_lines, remedies, reports
from gateway.commands.times import moment
from schemas.faults import Fault

if TYPE_CHECKING:
    from gateway.services import Services
    from gateway.store.delivery_problems import DeliveryProblem
    from gateway.store.pickups import PickupProblem
    from gateway.store.problems import Problem


_COLUMNS = ["fingerprint", "account", "code", "value", "messages", "documents", "last_at", "detail"]
_STATUS_OF: Mapping[str, str] = {
    "delivery_failed": "given_up",
    "delivery_rejected": "rejected",
    "delivery_terms": "held",
}


_AFTERWARDS: Mapping[str, str] = dict.fromkeys(
    ("document_rejected", "document_queried", "answer_overdue"), "once it is settled with the account"
)


@click.group()
def problems() -> None:
    """What waits for one of us, grouped by cause."""


problems.add_command(fix)


@problems.command("list")
@reports
@click.option("--account", metavar="ID", help="Only this account's.")
def list_problems(screen: Screen, account: str | None) -> None:
    """List why messages and documents are stuck, most frequent first.

    Messages are held or have failed; documents were given up, rejected or asked about by their receiver or held, are
    not answered in time, or their endpoint wants nothing more; orders can't be picked up from a place, or files there
    can't be taken. What else is wrong with messages, but would hold none of them, stands at each message
    (`gateway messages show`).
    """
    from gateway.holding import holding_faults

    with opened() as services:
        holds = holding_faults(services.terms)
        rows = [_row(one) for one in services.store.problems.all(account, holds=holds)]
        rows += [_delivery_row(one) for one in services.store.delivery_problems.all(account)]
        rows += [_pickup_row(one) for one in services.store.pickups.problems(account)]
    rows.sort(key=lambda row: (row["messages"] + row["documents"], row["last_at"]), reverse=True)
    screen.table(rows, _COLUMNS, "No problems.")


@problems.command()
@reports
@click.argument("fingerprint")
def show(screen: Screen, fingerprint: str) -> None:
    """Show one cause, what to do about it, and what is stuck by it."""
    with opened() as services:
        shown = (_show_messages, _show_documents, _show_pickup)
        if not any(show_one(screen, services, fingerprint) for show_one in shown):
            raise Failed(f"There is no open problem {fingerprint}.")


def _show_messages(screen: Screen, services: Services, fingerprint: str) -> bool:
    """Whether it is a problem of messages."""
    from gateway.holding import holding_faults

    holds = holding_faults(services.terms)
    found = services.store.problems.all(fingerprint=fingerprint, holds=holds)
    if not found:
        return False
    ids = services.store.problems.messages(fingerprint, holds=holds)
    numbers = services.store.messages.order_numbers(ids)
    one = found[0]
    fault = Fault(one.code, one.detail, one.path, one.location, one.value, one.expected)
    remedy = remedies([one.code]).get(one.code, "")
    screen.result(
        _row(one) | {"remedy": remedy, "message_ids": ids, "order_numbers": [numbers.get(each) for each in ids]},
        *fault_lines(fault),
        f"    what to do: {remedy}",
        f"{counted(len(ids), 'message')} of {one.account_id}:",
        *(f"    {message_id}{f', order {numbers[message_id]}' if message_id in numbers else ''}" for message_id in ids),
        f"to judge all of them again then: gateway replay --problem {one.fingerprint} --reason TEXT",
    )
    return True


def _show_documents(screen: Screen, services: Services, fingerprint: str) -> bool:
    """Whether it is a problem of documents that are sent."""
    found = services.store.delivery_problems.all(fingerprint=fingerprint)
    if not found:
        return False
    one = found[0]
    listed = services.store.delivery_problems.documents(one)
    remedy, command = remedies([one.code]).get(one.code, ""), _sent_again(one)
    told = {"remedy": remedy, "document_ids": [each for each, _ in listed], "numbers": [each for _, each in listed]}
    screen.result(
        _delivery_row(one) | told | {"command": command},
        *fault_lines(Fault(one.code, one.detail, value=one.endpoint)),
        f"    what to do: {remedy}",
        f"{counted(one.documents, 'document')} of {one.account_id}:",
        *(f"    {document_id}, {number}" for document_id, number in listed),
        *([f"    and {one.documents - len(listed)} more"] if one.documents > len(listed) else []),
        f"{_AFTERWARDS.get(one.code, 'to send all of them again then')}: {command}",
    )
    return True


def _show_pickup(screen: Screen, services: Services, fingerprint: str) -> bool:
    """Whether it is a problem of a place that orders are picked up from."""
    from gateway.store.pickups import REFUSED

    found = services.store.pickups.problems(fingerprint=fingerprint)
    if not found:
        return False
    one, remedy = found[0], remedies([found[0].code]).get(found[0].code, "")
    refused = services.store.pickups.refused(one.account_id) if one.code == REFUSED else []
    files = [file for endpoint, file in refused if endpoint == one.endpoint]
    told = [{"name": file.name, "moved_to": file.moved_to, "detail": file.detail} for file in files]
    screen.result(
        _pickup_row(one) | {"remedy": remedy, "refused": told},
        *fault_lines(Fault(one.code, one.detail, value=one.endpoint)),
        f"    what to do: {remedy}",
        *(f"    {file.name} {file.detail}; it is in {file.moved_to or 'its place'}" for file in files),
    )
    return True


def _sent_again(one: DeliveryProblem) -> str:
    """The command that sends a problem's documents again, or closes what is open of them."""
    if one.code in _AFTERWARDS:
        return "gateway deliveries dismiss ID ... --reason TEXT"
    which = []
    if one.code in _STATUS_OF:
        which += ["--account", one.account_id, "--status", _STATUS_OF[one.code]]
    if one.endpoint is not None:
        which += ["--endpoint", one.endpoint]
    return f"gateway deliveries retry {shlex.join(which)} --reason TEXT"


def _row(one: Problem) -> dict[str, Any]:
    row = asdict(one)
    times = {"first_at": moment(one.first_at), "last_at": moment(one.last_at)}
    return row | {"account": row.pop("account_id"), "documents": 0, **times}


def _delivery_row(one: DeliveryProblem) -> dict[str, Any]:
    """As a message's, with the endpoint as the value."""
    return {
        "fingerprint": one.fingerprint,
        "account": one.account_id,
        "code": one.code,
        "messages": 0,
        "documents": one.documents,
        "first_at": moment(one.first_at),
        "last_at": moment(one.last_at),
        "last_document_id": one.last_document_id,
        "path": "",
        "location": "",
        "detail": one.detail,
        "value": one.endpoint,
        "expected": None,
    }


def _pickup_row(one: PickupProblem) -> dict[str, Any]:
    """As a document's, with the place as the value."""
    return {
        "fingerprint": one.fingerprint,
        "account": one.account_id,
        "code": one.code,
        "messages": 0,
        "documents": 0,
        "files": one.files,
        "first_at": moment(one.first_at),
        "last_at": moment(one.last_at),
        "path": "",
        "location": "",
        "detail": one.detail,
        "value": one.endpoint,
        "expected": None,
    }
