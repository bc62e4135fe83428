"""Messages: what came in, what was wrong with it, and what went out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.opening import opened
from gateway.commands.screen import DONE, FAILED, Failed, Screen, fault_lines, person, remedies, reports
from gateway.commands.times import moment
from gateway.commands.written import give_out
from gateway.states import STATUSES
from schemas.faults import DocumentFailure

if TYPE_CHECKING:
    from gateway.services import Services
    from gateway.store.arrivals import Child
    from gateway.store.documents import StoredDocument
    from gateway.store.messages import StoredMessage
    from schemas.faults import Fault
    from schemas.formats import Format

_ACCOUNT = click.option("--account", metavar="ID", help="Only this account's.")
_LIMIT = click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most so many.")
_STUCK = ("held", "failed")
_WELL = ("done", "duplicate")
"""Of which nobody wants anything."""
_COLUMNS = ["id", "received_at", "account", "status", "order_number", "format", "faults"]


@click.group()
def messages() -> None:
    """What came in and went out."""


@messages.command("list")
@reports
@_ACCOUNT
@click.option("--status", type=click.Choice(STATUSES), help="Only those of this status.")
@click.option("--before", metavar="ID", help="Go on behind this message.")
@click.option("--parent", metavar="ID", help="Only the orders of this body of several, in their order.")
@_LIMIT
def list_messages(
    screen: Screen, account: str | None, status: str | None, before: str | None, parent: str | None, limit: int
) -> None:
    """List messages, newest first."""
    if parent is not None and (account is not None or before is not None):
        raise click.UsageError("--parent goes with --status and --limit alone.")
    with opened() as services:
        if parent is None:
            found = services.store.messages.page(account_id=account, status=status, before=before, limit=limit)
        else:
            found = _orders_of(services, parent, status)[:limit]
        screen.table([_row(services, one) for one in found], _COLUMNS, "No messages.")


@messages.command()
@reports
@click.argument("text")
@_ACCOUNT
@_LIMIT
def find(screen: Screen, text: str, account: str | None, limit: int) -> int:
    """Find messages by id, order number or the sender's key.

    Keys are the Idempotency-Key, the SBDH InstanceIdentifier and the cXML payloadID. What repeats a message that is
    found is found too, and by the key of an envelope of several orders each of them
    (`gateway messages list --parent ID` has the orders of a body by its id).
    A document of ours by this number or id is named besides. Exit code 1 where no message is found.
    """
    with opened() as services:
        found = [_row(services, one) for one in services.store.messages.find(text, account, limit)]
        sent = [one for one in services.store.documents.named(text) if account in (None, one.account_id)]
    screen.table(found, _COLUMNS, "No message has this id, number or key.")
    for document in sent:
        screen.note(_document_line(document))
    return DONE if found else FAILED


@messages.command()
@reports
@click.argument("message_id", metavar="ID")
@click.option(
    "--view",
    type=click.Choice(["raw", "canonical", "outbound", "timeline"]),
    help="The bytes as they came, the order as read, what was answered, or every step.",
)
def show(screen: Screen, message_id: str, view: str | None) -> None:
    """Show one message: its status and faults, or a view of it.

    Of one that is held or has failed also what to do about it, and the commands for that.
    """
    with opened() as services:
        stored = services.store.messages.one(None, message_id)
        if stored is None:
            raise Failed(f"There is no message {message_id}.")
        if view is None:
            _show(screen, services, stored)
        elif view == "raw":
            _write(screen, _body(services, stored))
        elif view == "canonical":
            _write(screen, _canonical(services, stored))
        elif view == "outbound":
            _show_outbound(screen, services, stored)
        else:
            _show_timeline(screen, services, stored)


@messages.command()
@reports
@click.argument("message_id", metavar="ID")
@click.option("--reason", required=True, help="Why, for the record.")
def dismiss(screen: Screen, message_id: str, reason: str) -> None:
    """Close a message that needs no answer any more."""
    with opened() as services:
        stored = services.store.messages.dismiss(message_id, person(), reason)
    if stored is None:
        raise Failed(f"There is no message {message_id}.")
    screen.result({"id": stored.id, "status": stored.status}, f"Message {stored.id} is {stored.status}.")


def _document_line(one: StoredDocument) -> str:
    """What a document is that somebody takes for a message; a message that it came of is named."""
    shown = f"{one.type.replace('_', ' ').capitalize()} {one.number} of {one.account_id}: "
    shown += f"`gateway documents show {one.id}`"
    return shown if "/" in one.message_id else f"{shown}. It came of message {one.message_id}"


def _orders_of(services: Services, parent: str, status: str | None) -> list[StoredMessage]:
    """The messages of a body's orders that have this status."""
    children = services.store.messages.children(parent)
    wanted = [child.message_id for child in children if status in (None, child.status)]
    return [found for one in wanted if (found := services.store.messages.one(None, one)) is not None]


def _row(services: Services, stored: StoredMessage) -> dict[str, Any]:
    from gateway.lanes import lane_name

    faults = services.store.messages.faults(stored.id)
    original = _original(services, stored)
    return {
        "id": stored.id,
        "account": stored.account_id,
        "status": stored.status,
        "test": stored.test or (original is not None and original.test),
        "received_at": moment(stored.received_at),
        "due_at": moment(stored.due_at),
        "settled_at": moment(stored.settled_at),
        "lane": lane_name(stored.lane),
        "moved_up": stored.moved_up,
        "source": stored.source,
        "format": stored.format,
        "order_number": stored.order_number or (original.order_number if original else None),
        "waits_for": _waits_for(stored),
        "duplicate_of": stored.duplicate_of,
        "parent": stored.parent_id,
        "part": stored.part,
        "mapping_revision": stored.mapping_revision,
        "run": stored.run,
        "faults": list(dict.fromkeys(fault.code for fault in faults)),
    }


def _file_name(services: Services, stored: StoredMessage) -> str | None:
    """What the file was called that it came in, or the body that it is an order of; None where it came in none."""
    streams = [one for one in (stored.id, stored.parent_id) if one is not None]
    return next((file for one in streams if (file := _file_of(services.store.audit.of(one)))), None)


def _file_of(events: Sequence[Mapping[str, Any]]) -> str | None:
    return events[0]["body"].get("file") if events else None


def _original(services: Services, stored: StoredMessage) -> StoredMessage | None:
    """The message that this one repeats: the same bytes again are not read again."""
    return services.store.messages.one(None, stored.duplicate_of) if stored.duplicate_of else None


def _waits_for(stored: StoredMessage) -> dict[str, Any] | None:
    """What a change waits for: its order, or this version of it."""
    from gateway.amending import waits_until

    if stored.waits_for_version is None:
        return None
    until = moment(waits_until(stored.received_at))
    return {"order_number": stored.order_number, "version": stored.waits_for_version or None, "until": until}


def _wait_line(wait: Mapping[str, Any]) -> str:
    version = f"version {wait['version']} of " if wait["version"] else ""
    return f"waits for: {version}order {wait['order_number']}, until {wait['until']}"


def _show(screen: Screen, services: Services, stored: StoredMessage) -> None:
    row = _row(services, stored)
    faults = services.store.messages.faults(stored.id)
    answers = services.store.documents.of_messages(services.store.messages.answering(stored))
    row["file"] = _file_name(services, stored)
    row["faults"] = [fault.as_json() for fault in faults]
    row["remedies"] = remedies(_codes_that_hold(faults)) if stored.status in _STUCK else {}
    row["problems"] = services.store.problems.of_message(stored.id)
    row["documents"] = [{"id": one.id, "type": one.type, "number": one.number, "format": one.format} for one in answers]
    spoken_of = services.store.answers.of_message(stored.duplicate_of or stored.id)
    row["answers"] = [asdict(one) for one in spoken_of]
    children = services.store.messages.children(stored.duplicate_of or stored.id)
    row["children"] = [one._asdict() for one in children]
    row["awaited_by"] = waiting = _awaited_by(services, stored)
    lines = [f"{name.replace('_', ' ')}: {value}" for name, value in row.items() if isinstance(value, str | int)]
    lines += [_wait_line(row["waits_for"])] if row["waits_for"] else []
    lines += [line for fault in faults for line in fault_lines(fault)]
    lines += [f"{one.type.replace('_', ' ')} {one.number}, {one.format}: document {one.id}" for one in answers]
    lines += [
        f"says {one.word.replace('_', ' ')} of {one.type.replace('_', ' ')} {one.number}: document {one.document_id}"
        for one in spoken_of
    ]
    lines += _of_several(children)
    lines += [f"a change or cancellation of its order waits for it: message {one}" for one in waiting]
    if stored.status in _STUCK:
        lines += _way_on(stored.id, row["remedies"], row["problems"])
    screen.result(row, *lines)


def _codes_that_hold(faults: Sequence[Fault]) -> Iterator[str]:
    """What is only remarked on needs no remedy."""
    from gateway.holding import REMARKS

    return (fault.code for fault in faults if fault.code not in REMARKS)


def _of_several(children: Sequence[Child]) -> list[str]:
    """How many of a body's orders became what, and each of them; those that want somebody first."""
    if not children:
        return []
    counts = Counter(child.status for child in children)
    told = ", ".join(f"{count} {status}" for status, count in sorted(counts.items(), key=lambda one: one[0] in _WELL))
    inward = sorted(children, key=lambda child: (child.status in _WELL, child.part))
    return [f"{len(children)} orders: {told}", *map(_child_line, inward)]


def _awaited_by(services: Services, stored: StoredMessage) -> list[str]:
    """What waits for the order that this message would bring, were it not held or failed."""
    if stored.status not in _STUCK or stored.order_number is None:
        return []
    return services.store.messages.waiting_for(stored.account_id, stored.order_number)


def _child_line(child: Child) -> str:
    named = f" ({child.order_number})" if child.order_number else ""
    return f"order {child.part} of it{named}: message {child.message_id}, {child.status}"


def _way_on(message_id: str, remedies: Mapping[str, str], problems: Sequence[str]) -> list[str]:
    """What one of us can do about a message that is held or has failed, and the commands for it."""
    return [
        *(f"what to do about {code}: {remedy}" for code, remedy in remedies.items()),
        *(f"others with this cause: gateway problems show {fingerprint}" for fingerprint in problems),
        f"to judge it again then: gateway replay {message_id} --reason TEXT",
        f"to close it without an answer: gateway messages dismiss {message_id} --reason TEXT",
    ]


def _body(services: Services, stored: StoredMessage) -> bytes:
    body = services.store.messages.body(stored.id)
    if body is None:
        raise Failed("Its bytes are erased.")
    return body


def _canonical(services: Services, stored: StoredMessage) -> bytes:
    """The order as read, in json-1; the orders as a list where there are several; what it says of documents of ours,
    where it is no order. Raises DocumentFailure where one can't be read."""
    from schemas.formats.registry import FORMATS

    body = _body(services, stored)
    known = _formats(services, stored).get(stored.format or "")
    if known is None:
        raise Failed("It is in no format that this program can read.")
    if known.answers is not None and known.answers.sniff(body):
        return json.dumps(asdict(known.answers.read(body)), ensure_ascii=False, indent=2).encode() + b"\n"
    if stored.part is None:
        orders = [read.order for read in known.parse_orders(body)]
    else:
        read = known.read_parts(body, [stored.part])[stored.part]
        if isinstance(read, DocumentFailure):
            raise read
        orders = [read.order]
    written = [FORMATS["json-1"].renderers["order"](order) for order in orders]
    return written[0] if len(written) == 1 else b"[" + b",\n".join(written) + b"]\n"


def _formats(services: Services, stored: StoredMessage) -> Mapping[str, Format]:
    """Those that there were for its account under the mapping that it was worked on with, or are now."""
    from mappings.own_format import formats_of
    from schemas.formats.registry import FORMATS

    number = stored.mapping_revision or services.store.revisions.current([stored.account_id]).get(stored.account_id)
    return FORMATS if number is None else formats_of(services.terms.mapping(stored.account_id, number))


def _show_outbound(screen: Screen, services: Services, stored: StoredMessage) -> None:
    answers = services.store.documents.of_messages(services.store.messages.answering(stored))
    if not answers:
        raise Failed("Nothing was answered.")
    if screen.as_json:
        bodies = [services.store.documents.body(one.id).decode(errors="replace") for one in answers]
        screen.result(
            [
                {"id": one.id, "type": one.type, "number": one.number, "format": one.format, "document": body}
                for one, body in zip(answers, bodies, strict=True)
            ]
        )
        return
    for one in answers:
        _write(screen, services.store.documents.body(one.id))


def _show_timeline(screen: Screen, services: Services, stored: StoredMessage) -> None:
    steps = [{**event, "at": moment(event["at"])} for event in services.store.audit.of(stored.id)]
    rows = [{**step, "detail": ", ".join(f"{name} {value}" for name, value in _said(step["body"]))} for step in steps]
    screen.table(steps if screen.as_json else rows, ["at", "kind", "actor", "detail"], "Nothing happened.")


_SAID = ("source", "file", "status", "run", "reason", "order_number", "version", "lane", "moved_up", "due_at", "faults")


def _said(body: dict[str, Any]) -> list[tuple[str, Any]]:
    from gateway.lanes import lane_name

    in_words: dict[str, Callable[[Any], Any]] = {"lane": lane_name, "due_at": moment}
    return [
        (name, in_words[name](value) if name in in_words else value) for name, value in body.items() if name in _SAID
    ]


def _write(screen: Screen, body: bytes) -> None:
    if screen.as_json:
        screen.result({"document": body.decode(errors="replace")})
    else:
        give_out(screen, body)
