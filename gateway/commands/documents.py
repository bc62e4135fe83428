"""Documents that went out: which there are, and one of them in any format or on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gateway.commands.opening import opened
from gateway.commands.screen import Failed, Screen, reports
from gateway.commands.times import moment
from gateway.commands.written import give_out, in_json

if TYPE_CHECKING:
    from gateway.services import Services
    from gateway.store.documents import StoredDocument

_COLUMNS = ["created_at", "account", "type", "number", "order_number", "format", "id"]


@click.group()
def documents() -> None:
    """What went out: to see, or to print."""


@documents.command("list")
@reports
@click.option("--account", metavar="ID", help="Only this account's.")
@click.option("--order", "order_number", metavar="NUMBER", help="Only those of this order.")
@click.option("--type", "kind", metavar="TYPE", help="Only of this type, such as despatch_advice.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most so many.")
def list_documents(screen: Screen, account: str | None, order_number: str | None, kind: str | None, limit: int) -> None:
    """List documents that went out, newest first."""
    from gateway.store.documents import DOCUMENT_TYPES

    if kind is not None and kind not in DOCUMENT_TYPES:
        raise click.UsageError(f"There is no type {kind!r}: {', '.join(DOCUMENT_TYPES)}.")
    with opened() as services:
        found = services.store.documents.newest(account, kind=kind, order_number=order_number, limit=limit)
    screen.table([_row(one) for one in found], _COLUMNS, "No documents.", limit)


@documents.command()
@reports
@click.argument("document", metavar="ID|NUMBER")
@click.option(
    "--format",
    "format_name",
    metavar="FORMAT",
    help="Another one than it went out in, such as json-1. On paper: label-pdf, label-zpl, packing-list-pdf, "
    "invoice-pdf.",
)
def show(screen: Screen, document: str, format_name: str | None) -> None:
    """Show a document to standard output.

    As it went out, byte by byte; with --format rendered anew from what is kept of it, which no layout of the account's
    own hinders.
    """
    with opened() as services:
        stored = the_one(document, services.store.documents.named(document))
        body, name, media_type = _body(services, stored, format_name)
    if screen.as_json:
        screen.result({**_row(stored), "format": name, "media_type": media_type, **in_json(body, media_type)})
    else:
        give_out(screen, body, media_type)


def _row(one: StoredDocument) -> dict[str, Any]:
    return {
        "created_at": moment(one.created_at),
        "account": one.account_id,
        "type": one.type,
        "number": one.number,
        "order_number": one.order_number,
        "test": one.test,
        "format": one.format,
        "media_type": one.media_type,
        "id": one.id,
    }


def the_one(text: str, found: list[StoredDocument]) -> StoredDocument:
    """The document that a person means by this id or number. Raises Failed where there is none, or several."""
    if not found:
        raise Failed(f"There is no document {text}. `gateway documents list` names them.")
    if len(found) > 1:
        listed = "; ".join(f"{_kind(one)}: {one.id}" for one in found)
        raise Failed(f"{len(found)} documents have the number {text}. Name one by its id: {listed}.")
    return found[0]


def _kind(one: StoredDocument) -> str:
    return one.type.replace("_", " ")


def _body(services: Services, stored: StoredDocument, wanted: str | None) -> tuple[bytes, str, str]:
    """The bytes, the name of their format and its media type."""
    from gateway.rendered_anew import rendered_anew, ways
    from schemas.faults import DocumentHeld

    repository = services.store.documents
    if wanted in (None, stored.format):
        return repository.body(stored.id), stored.format, stored.media_type
    known = ways(services, stored)
    chosen = known.get(wanted or "")
    if chosen is None:
        names = dict.fromkeys((stored.format, *known))
        raise Failed(f"{_kind(stored).capitalize()} {stored.number} is to be had as {', '.join(names)}.")
    try:
        return rendered_anew(repository, stored, chosen), chosen.name, chosen.media_type_of(stored.type)
    except DocumentHeld as held:
        detail = f"{stored.number} can't be written in {chosen.name}: {held.faults[0].detail}"
        raise Failed(detail) from held
