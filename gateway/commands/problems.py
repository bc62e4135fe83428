"""Failures grouped by cause: of messages, of documents on their way out, and of places orders are picked up from."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.opening import opened
from gateway.commands.problem_fix import fix
from gateway.commands.screen import CONFLICT, Failed, Screen, counted, fault_lines, person, remedies, reports
from gateway.commands.times import moment, seen
from schemas.faults import Fault

if TYPE_CHECKING:
    from gateway.causes import Cause
    from gateway.services import Services
    from gateway.store.users import User


_COLUMNS = [
    *("fingerprint", "account", "code", "value", "state", "owner", "messages", "documents", "at_risk", "due_at"),
    *("last_at", "detail"),
]
_SHOWN = ("open", "acknowledged")
"""Those that want somebody, where no state is asked for."""
_LAST_RESOLVED = 200
_REASON = click.option("--reason", default="", help="Why, for whoever looks next.")


@click.group()
def problems() -> None:
    """What waits for one of us, grouped by cause."""


problems.add_command(fix)


@problems.command("list")
@reports
@click.option("--account", metavar="ID", help="Only this account's.")
@click.option(
    "--state",
    type=click.Choice(["open", "acknowledged", "ignored", "resolved", "all"]),
    help="Only those that stand so; without it those that are open or acknowledged.",
)
@click.option("--owner", metavar="NAME", help="Only those that are assigned to this person of the console.")
@click.option("--mine", is_flag=True, help="Only those that are assigned to whoever has your name in the console.")
def list_problems(screen: Screen, account: str | None, state: str | None, owner: str | None, mine: bool) -> None:
    """List why messages and documents are stuck, most at risk first.

    Messages are held or have failed; documents were given up, rejected or asked about by their receiver or held, are
    not answered in time, or their endpoint wants nothing more; orders can't be picked up from a place, or files there
    can't be taken. What else is wrong with messages, but would hold none of them, stands at each message
    (`gateway messages show`).
    """
    from gateway.causes.acting import resolved_cause
    from gateway.causes.gathering import gather, tell

    states = _SHOWN if state is None else (state,)
    with opened() as services:
        theirs = _named(services, owner or getpass.getuser()) if owner or mine else None
        found = gather(services.store, account) if state != "resolved" else []
        if state in ("resolved", "all"):
            found += [resolved_cause(one) for one in services.store.problem_states.resolved(account, _LAST_RESOLVED)]
        shown = [one for one in found if state == "all" or one.state in states]
        shown = [one for one in shown if theirs is None or one.assigned_to == theirs.id]
        rows = [_row(one) for one in tell(services, shown)]
    screen.table(rows, _COLUMNS, "No problems.")


@problems.command()
@reports
@click.argument("fingerprint")
def show(screen: Screen, fingerprint: str) -> None:
    """Show one cause, what to do about it, and what is stuck."""
    with opened() as services:
        cause = _of(services, fingerprint)
        shown = {"message": _show_messages, "document": _show_documents, "file": _show_pickup}
        shown[cause.what](screen, services, cause)


@problems.command()
@reports
@click.argument("fingerprint")
@_REASON
def acknowledge(screen: Screen, fingerprint: str, reason: str) -> None:
    """Say that somebody has seen it."""
    from gateway.causes.acting import acknowledge as act

    _change(screen, fingerprint, lambda services, cause: act(services, cause, person(), reason))


@problems.command()
@reports
@click.argument("fingerprint")
@click.option("--to", "name", metavar="NAME", help="A person of the console, of the role support or above.")
@click.option("--nobody", is_flag=True, help="Nobody's from now on.")
@_REASON
def assign(screen: Screen, fingerprint: str, name: str | None, nobody: bool, reason: str) -> None:
    """Give it to somebody."""
    from gateway.causes.acting import assign as act

    if bool(name) == nobody:
        raise click.UsageError("Name who takes it by --to, or say --nobody.")

    def give(services: Services, cause: Cause) -> None:
        act(services, cause, _named(services, name) if name else None, person(), reason)

    _change(screen, fingerprint, give)


@problems.command()
@reports
@click.argument("fingerprint")
@click.option("--until", required=True, metavar="TIME", help="8h, 3d or 2w from now, or 2026-12-01T08:00+01:00.")
@click.option("--reason", required=True, help="Why, for whoever looks next.")
def ignore(screen: Screen, fingerprint: str, until: str, reason: str) -> None:
    """Ask nobody about it before that time; then it is open again."""
    from gateway.causes.acting import ignore as act
    from gateway.causes.acting import until_of

    _change(screen, fingerprint, lambda services, cause: act(services, cause, until_of(until), person(), reason))


@problems.command()
@reports
@click.argument("fingerprint")
@_REASON
def reopen(screen: Screen, fingerprint: str, reason: str) -> None:
    """Have it open again, whatever was said of it."""
    from gateway.causes.acting import reopen as act

    _change(screen, fingerprint, lambda services, cause: act(services, cause, person(), reason))


def _change(screen: Screen, fingerprint: str, act: Callable[[Services, Cause], None]) -> None:
    from gateway.causes import CantChange

    with opened() as services:
        try:
            act(services, _of(services, fingerprint))
        except CantChange as reason:
            raise Failed(str(reason), CONFLICT) from None
        changed = _of(services, fingerprint)
    screen.result(_row(changed), changed.sentence(seen()), f"    {_standing(changed)}")


def _of(services: Services, fingerprint: str) -> Cause:
    from gateway.causes import one_cause

    found = one_cause(services, fingerprint)
    if found is None:
        raise Failed(f"There is no problem {fingerprint}.")
    return found


def _named(services: Services, name: str) -> User:
    found = services.store.users.named(name)
    if found is None:
        raise Failed(f"Nobody of the console is named {name}.")
    return found


def _standing(cause: Cause) -> str:
    """How it stands, in a sentence."""
    said = f"it is {cause.state}"
    if cause.state == "ignored" and cause.known:
        said += f" until {moment(cause.known.ignored_until)}"
    if cause.state == "resolved" and cause.known and cause.known.resolved_at:
        said += f" since {moment(cause.known.resolved_at)}"
    said += f", {cause.owner}'s" if cause.owner else ""
    return said + (f": {cause.known.reason}" if cause.known and cause.known.reason else "")


def _show_messages(screen: Screen, services: Services, one: Cause) -> None:
    ids = services.store.problems.messages(one.fingerprint)
    numbers = services.store.messages.order_numbers(ids)
    fault = Fault(one.code, one.detail, one.path, one.location, one.value, one.expected)
    told = {"message_ids": ids, "order_numbers": [numbers.get(each) for each in ids]}
    lines = [
        f"{counted(len(ids), 'message')} of {one.account_id}:",
        *(f"    {message_id}{f', order {numbers[message_id]}' if message_id in numbers else ''}" for message_id in ids),
        f"to judge all of them again then: gateway replay --problem {one.fingerprint} --reason TEXT",
    ]
    _show(screen, services, one, fault, told, lines if ids else [])


def _show(
    screen: Screen, services: Services, one: Cause, fault: Fault, told: Mapping[str, Any], lines: list[str]
) -> None:
    """The cause as all kinds read, and what is its kind's own."""
    history = services.store.problem_states.history(one.fingerprint)
    remedy = remedies([one.code]).get(one.code, "")
    times = [{**entry, "at": moment(entry["at"])} for entry in history]
    screen.result(
        _row(one) | {"remedy": remedy, "why": dict(one.why()), "history": times, **told},
        one.sentence(seen()) if one.count else f"{one.name} {one.preposition} {one.whose}: nothing waits for it",
        f"    {_standing(one)}",
        *fault_lines(fault),
        f"    what to do: {remedy}",
        *lines,
        *(["what became of it:"] if history else []),
        *(f"    {moment(entry['at'])} {_entry(entry)}" for entry in history),
    )


def _entry(entry: Mapping[str, Any]) -> str:
    body = entry["body"]
    said = f"{entry['kind']} by {entry['actor']}"
    said += f" to {body['to']}" if body.get("to") else ""
    said += f" until {moment(body['until'])}" if body.get("until") else ""
    return said + (f": {body['reason']}" if body.get("reason") else "")


def _show_documents(screen: Screen, services: Services, cause: Cause) -> None:
    from gateway.causes.sending_again import sent_again

    found = services.store.delivery_problems.all(fingerprint=cause.fingerprint)
    fault = Fault(cause.code, cause.detail, value=cause.endpoint)
    if not found:
        return _show(screen, services, cause, fault, {"document_ids": [], "numbers": []}, [])
    one = found[0]
    listed, (when, command) = services.store.delivery_problems.documents(one), sent_again(one)
    told = {"document_ids": [each for each, _ in listed], "numbers": [each for _, each in listed], "command": command}
    more = one.documents - len(listed)
    lines = [
        f"{counted(one.documents, 'document')} of {one.account_id}:",
        *(f"    {document_id}, {number}" for document_id, number in listed),
        *([f"    and {more} more"] if more > 0 else []),
        f"{when}: {command}",
    ]
    return _show(screen, services, cause, fault, told, lines)


def _show_pickup(screen: Screen, services: Services, one: Cause) -> None:
    from gateway.store.pickups import REFUSED

    refused = services.store.pickups.refused(one.account_id) if one.code == REFUSED else []
    files = [file for endpoint, file in refused if endpoint == one.endpoint]
    told = {"refused": [{"name": file.name, "moved_to": file.moved_to, "detail": file.detail} for file in files]}
    lines = [f"    {file.name} {file.detail}; it is in {file.moved_to or 'its place'}" for file in files]
    _show(screen, services, one, Fault(one.code, one.detail, value=one.endpoint), told, lines)


def _row(one: Cause) -> dict[str, Any]:
    """For programs, and for people's table; a document's endpoint, and a place, is the value."""
    from gateway.causes.words import amounts
    from gateway.store.columns import in_full

    known = one.known
    worth = [{"currency": currency, "amount": in_full(amount)} for currency, amount in one.worth]
    told: dict[str, Any] = {
        "fingerprint": one.fingerprint,
        "account": one.account_id,
        "account_name": one.account_name,
        "code": one.code,
        "sentence": one.sentence(seen()),
        "state": one.state,
        "owner": one.owner,
        "reason": known.reason if known else None,
        "ignored_until": moment(known.ignored_until) if known else None,
        "resolved_at": moment(known.resolved_at) if known else None,
        "times_reopened": known.times_reopened if known else 0,
        "messages": one.count if one.what == "message" else 0,
        "documents": one.count if one.what == "document" else 0,
        "files": one.count if one.what == "file" else 0,
        "tests": one.tests,
        "worth": worth,
        "at_risk": amounts(one.worth),
        "unpriced": one.unpriced,
        "due_at": moment(one.due_at),
        "first_at": moment(one.first_at),
        "last_at": moment(one.last_at),
        "path": one.path,
        "location": one.location,
        "detail": one.detail,
        "value": one.endpoint or one.value,
        "expected": one.expected,
    }
    if one.what != "file":
        told[f"last_{one.what}_id"] = one.last_id
    return told
