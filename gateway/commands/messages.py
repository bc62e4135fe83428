"""Messages: what came in, what was wrong with it, and what went out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.filtering import filtering
from gateway.commands.opening import opened
from gateway.commands.screen import (
    CONFLICT,
    DONE,
    FAILED,
    PARTLY,
    Failed,
    Screen,
    fault_lines,
    person,
    remedies,
    reports,
)
from gateway.commands.times import moment
from gateway.commands.written import give_out
from schemas.faults import DocumentFailure, DocumentRejected

if TYPE_CHECKING:
    from gateway.message_page.lines import ShownLine
    from gateway.searching import Search
    from gateway.services import Services
    from gateway.store.arrivals import Child
    from gateway.store.documents import StoredDocument
    from gateway.store.messages import StoredMessage
    from schemas.faults import Fault

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
@filtering
@click.option("--before", metavar="ID", help="Go on behind this message.")
@click.option("--parent", metavar="ID", help="Only the orders of this body of several, in their order.")
@_LIMIT
def list_messages(screen: Screen, search: Search, before: str | None, parent: str | None, limit: int) -> None:
    """List messages, newest first: those that every filter fits."""
    if parent is not None and (replace(search, status=()) or before is not None):
        raise click.UsageError("--parent goes with --status and --limit alone.")
    with opened() as services:
        if parent is None:
            found = services.store.messages.several(services.store.search.ids(search, limit, before=before).ids)
        else:
            found = _orders_of(services, parent, search.statuses)[:limit]
        screen.table([_row(services, one) for one in found], _COLUMNS, "No messages.", limit)


@messages.command()
@reports
@click.argument("text")
@filtering
@_LIMIT
def find(screen: Screen, text: str, search: Search, limit: int) -> int:
    """Find messages by id, number, key or words.

    Numbers are those of the order, its parties, items and contract, and of documents; words those of its texts, all of
    which have to be there. With a * behind it the beginning of the last is enough.
    Keys are the Idempotency-Key, the SBDH InstanceIdentifier and the cXML payloadID. What repeats a message that is
    found is found too, and by the key of an envelope of several orders each of them
    (`gateway messages list --parent ID` has the orders of a body by its id).
    A document of ours by this number or id is named besides. Exit code 1 where no message is found.
    """
    if search.q:
        raise click.UsageError("What is looked for is said once: as TEXT.")
    account = search.account or None
    with opened() as services:
        search = replace(search, q=text)
        found = [
            _row(services, one) for one in services.store.messages.several(services.store.search.ids(search, limit).ids)
        ]
        sent = [one for one in services.store.documents.named(text) if account in (None, one.account_id)]
    screen.table(found, _COLUMNS, "No message has this id, number or key, nor these words.", limit)
    for document in sent:
        screen.note(_document_line(document))
    return DONE if found else FAILED


@messages.command()
@reports
@click.argument("message_id", metavar="ID")
@click.option(
    "--view",
    type=click.Choice(["raw", "canonical", "outbound", "timeline", "lines"]),
    help="The document as it came, the order as read, what was answered, what happened, or its lines in our terms.",
)
@click.option("--unmasked", is_flag=True, help="Show passwords and other secrets in the document too.")
def show(screen: Screen, message_id: str, view: str | None, unmasked: bool) -> None:
    """Show one message: its status and faults, or a view of it.

    Of one that is held or has failed also what to do about it, and the commands for that. Secrets in its document are
    shown as [masked]; with --unmasked the raw view has every byte as it is kept.
    """
    if unmasked and view != "raw":
        raise click.UsageError("--unmasked goes with --view raw.")
    with opened() as services:
        stored = services.store.messages.one(None, message_id)
        if stored is None:
            raise Failed(f"There is no message {message_id}.")
        if view is None:
            _show(screen, services, stored)
        elif view == "raw":
            _write(screen, _raw(services, stored, unmasked=unmasked))
        elif view == "canonical":
            _write(screen, _canonical(services, stored))
        elif view == "lines":
            _show_lines(screen, services, stored)
        elif view == "outbound":
            _show_outbound(screen, services, stored)
        else:
            _show_timeline(screen, services, stored)


@messages.command()
@reports
@click.argument("message_id", metavar="ID")
def share(screen: Screen, message_id: str) -> None:
    """Print a message to hand on, without names and prices.

    It tells what happened and what is wrong, and shows the document with names, addresses, prices and free text
    blanked. What it leaves out stands at its top.
    """
    from gateway.message_page.sharing import shared

    with opened() as services:
        stored = services.store.messages.one(None, message_id)
        if stored is None:
            raise Failed(f"There is no message {message_id}.")
        told = shared(services, stored, services.store.messages.body(stored.id))
    if screen.as_json:
        screen.result({"text": told})
    else:
        give_out(screen, told.encode())


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


@messages.command()
@reports
@click.argument("message_id", metavar="ID")
@click.option("--reason", required=True, help="Why, for the record: a request for erasure, for instance.")
def erase(screen: Screen, message_id: str, reason: str) -> None:
    """Erase the bytes that came in as a message, and the files in it.

    What was read from them stays: the order book, answers and invoices; and their digest, which recognises a resend.
    Exit code 4 where the message still waits for an answer, or a correction of it for a second person: its bytes are
    what they look at.
    """
    from gateway.retention.forgetting import forget_content
    from gateway.store.retention import Retention, StillNeeded

    with opened() as services:
        store = services.store
        try:
            erased = Retention(store.database, store.audit, forget_content).erase(message_id, person(), reason)
        except StillNeeded:
            raise Failed(
                f"Message {message_id}, or a correction of it, still waits and is judged by its bytes.", CONFLICT
            ) from None
    if erased is None:
        raise Failed(f"There is no message {message_id}.")
    screen.result({"id": message_id, "erased": erased}, f"Message {message_id}: its bytes are erased.")


def _document_line(one: StoredDocument) -> str:
    """What a document is that somebody takes for a message; a message that it came of is named."""
    shown = f"{one.type.replace('_', ' ').capitalize()} {one.number} of {one.account_id}: "
    shown += f"`gateway documents show {one.id}`"
    return shown if "/" in one.message_id else f"{shown}. It came of message {one.message_id}"


@messages.command()
@reports
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@filtering
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=100_000, show_default=True, help="At most so many.")
def export(screen: Screen, file: Path, search: Search, limit: int) -> int:
    """Write the messages that fit to FILE, as CSV or XLSX.

    XLSX where the file's name ends so. Exit code 3 where more fit than were written.
    """
    from gateway.searching.exporting import write_file

    with opened() as services:
        try:
            count, is_cut = write_file(services.store, search, file, limit)
        except OSError as failure:
            raise Failed(f"{file} can't be written: {failure.strerror}.") from failure
    more = "; more fit" if is_cut else ""
    screen.result({"file": str(file), "messages": count, "cut": is_cut}, f"{count:,} messages in {file}{more}.")
    return PARTLY if is_cut else DONE


def _orders_of(services: Services, parent: str, statuses: frozenset[str] | None) -> list[StoredMessage]:
    """The messages of a body's orders that have one of these statuses, or any."""
    children = services.store.messages.children(parent)
    wanted = [child.message_id for child in children if statuses is None or child.status in statuses]
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
    faults = _faults(services, stored)
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


def _raw(services: Services, stored: StoredMessage, *, unmasked: bool) -> bytes:
    """The document as it came; without its secrets where it isn't to be shown with them."""
    from gateway.masking import masked_bytes, shown_document

    body = _body(services, stored)
    if unmasked:
        return body
    return masked_bytes(body) if shown_document(body).document != body else body


def _faults(services: Services, stored: StoredMessage) -> tuple[Fault, ...]:
    """Those of its last run, without secrets of its document."""
    from gateway.masking import masked_faults

    return masked_faults(services.store.messages.faults(stored.id), services.store.messages.body(stored.id))


def _canonical(services: Services, stored: StoredMessage) -> bytes:
    """The order as read, in json-1; the orders as a list where there are several; what it says of documents of ours,
    where it is no order. Raises DocumentFailure where one can't be read."""
    from gateway.masking import masked_faults, masked_text, secrets_in
    from gateway.message_page.read_again import Unread, canonical
    from gateway.message_page.readable import readable

    body = _body(services, stored)
    try:
        written = canonical(services, stored, body).as_json().decode()
    except Unread as why:
        raise Failed(str(why)) from None
    except DocumentFailure as failure:
        raise DocumentRejected(masked_faults(failure.faults, body)) from None
    return masked_text(written, secrets_in(readable(body).text or "")).encode()


def _show_lines(screen: Screen, services: Services, stored: StoredMessage) -> None:
    from gateway.masking import masked_faults
    from gateway.message_page.lines import NotMapped, shown_lines
    from gateway.message_page.read_again import Unread

    try:
        found = shown_lines(
            services, stored, _body(services, stored), _faults(services, stored), most=services.limits.max_lines
        )
    except (Unread, NotMapped) as why:
        raise Failed(str(why)) from None
    except DocumentFailure as failure:
        raise DocumentRejected(masked_faults(failure.faults, _body(services, stored))) from None
    screen.table([_line_row(one) for one in found.lines], _LINE_COLUMNS, "It names no lines.")


_LINE_COLUMNS = ["line", "item", "product", "quantity", "arithmetic", "price", "contract_price", "outcome", "missing"]


def _line_row(one: ShownLine) -> dict[str, Any]:
    return {
        "line": one.number,
        "item": one.theirs,
        "product": one.product,
        "quantity": one.quantity,
        "sold": one.sold,
        "arithmetic": one.arithmetic,
        "price": one.price,
        "contract_price": one.contract_price,
        "outcome": "; ".join(one.outcomes),
        "missing": "; ".join(fault.detail for fault in one.faults),
    }


def _show_outbound(screen: Screen, services: Services, stored: StoredMessage) -> None:
    answers = services.store.documents.of_messages(services.store.messages.answering(stored))
    if not answers:
        raise Failed("Nothing was answered.")
    bodies = [_without_secrets(services, stored, services.store.documents.body(one.id)) for one in answers]
    if screen.as_json:
        screen.result(
            [
                {
                    "id": one.id,
                    "type": one.type,
                    "number": one.number,
                    "format": one.format,
                    "document": body.decode(errors="replace"),
                }
                for one, body in zip(answers, bodies, strict=True)
            ]
        )
        return
    for body in bodies:
        _write(screen, body)


def _without_secrets(services: Services, stored: StoredMessage, written: bytes) -> bytes:
    """A document of ours, without what it repeats of the message's secrets."""
    from gateway.masking import masked_bytes, masked_text, secrets_in
    from gateway.message_page.readable import readable

    body = services.store.messages.body(stored.id)
    secrets = secrets_in(readable(body).text or "") if body is not None else ()
    if not secrets:
        return masked_bytes(written)
    return masked_text(written.decode("utf-8", "surrogateescape"), secrets).encode("utf-8", "surrogateescape")


def _show_timeline(screen: Screen, services: Services, stored: StoredMessage) -> None:
    """The chain's events for programs; for people what they say, with what happened to its documents."""
    from gateway.timeline import load, timeline
    from gateway.timeline.words import lasted

    if screen.as_json:
        screen.table([{**event, "at": moment(event["at"])} for event in services.store.audit.of(stored.id)], [], "")
        return
    told = timeline(load(services, stored))
    rows = [
        {
            "at": moment(step.at),
            "run": run.number,
            "what": step.said,
            "took": "" if step.took is None else lasted(step.took),
            "who": step.who or "gateway",
            "reason": step.reason,
            "mapping_revision": step.mapping_revision,
        }
        for run in told.runs
        for step in run.steps
    ]
    screen.table(rows, ["at", "run", "what", "took", "who", "reason", "mapping_revision"], "Nothing happened.")
    for ahead in told.not_reached:
        screen.note(f"not reached: {ahead.title.lower()}. {ahead.why}")


def _write(screen: Screen, body: bytes) -> None:
    if screen.as_json:
        screen.result({"document": body.decode(errors="replace")})
    else:
        give_out(screen, body)
