"""Translating one document, offline."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from gateway.commands.screen import USAGE, Failed, Screen, reports
from schemas.faults import DocumentFailure, DocumentRejected, Fault

if TYPE_CHECKING:
    from schemas.documents.common import AnyDocument
    from schemas.documents.order import Order
    from schemas.formats import Format


@click.command()
@reports
@click.argument("file", metavar="FILE", type=click.File("rb"))
@click.option("--to", "to_name", metavar="FORMAT", required=True, help="Such as json-1, ubl-2.1, peppol-bis-3.")
@click.option("--from", "from_name", metavar="FORMAT", help="Default: found out from the document.")
@click.option("--account", metavar="ID", help="Look items and units up in this account's published mapping.")
def convert(screen: Screen, file: BinaryIO, to_name: str, from_name: str | None, account: str | None) -> int:
    """Translate one document to standard output; FILE may be -.

    As written: nothing is looked up, unless an account is named. Faults go to standard error, and the exit code is 1.
    """
    wanted = _format(to_name)
    body = file.read()
    source = _format(from_name) if from_name else _recognised(body)
    read = _read(source, body)
    faults: tuple[Fault, ...] = ()
    if account is not None:
        read, faults = _looked_up(read, body, account)
    written = _written(read, wanted)
    if screen.as_json:
        told = {"type": read.kind, "format": wanted.name, "from": source.name, "document": written.decode()}
        screen.result({**told, "warnings": [fault.as_json() for fault in read.warnings]})
    else:
        sys.stdout.buffer.write(written if written.endswith(b"\n") else written + b"\n")
        sys.stdout.buffer.flush()
        screen.faults(read.warnings)
    if faults:
        screen.faults(faults)
    return 1 if faults else 0


@dataclass(frozen=True, slots=True)
class _Read:
    """What the file has in it: a type of document, the document, and what is odd about it."""

    kind: str
    document: AnyDocument
    warnings: tuple[Fault, ...] = ()


def _format(name: str) -> Format:
    from schemas.formats.registry import FORMATS

    if name not in FORMATS:
        raise Failed(f"There is no format {name!r}: {', '.join(FORMATS)}.", USAGE)
    return FORMATS[name]


def _recognised(body: bytes) -> Format:
    from schemas.formats.registry import FORMATS, sniff

    found = sniff(body)
    if found is not None:
        return found
    if not body.strip():
        raise DocumentRejected([Fault("empty_body", "The document is empty.", expected="a document")])
    start = body[:40].decode("ascii", "replace")
    detail = "No format begins like this. Name one with --from."
    raise DocumentRejected([Fault("unknown_format", detail, value=start, expected=", ".join(FORMATS))])


def _read(source: Format, body: bytes) -> _Read:
    """The one document in the bytes. Where it is none of the types, the faults of the one that comes nearest."""
    failures: list[DocumentFailure] = []
    for kind, parse in source.parsers.items():
        try:
            return _read_order(source, body) if kind == "order" else _Read(kind, parse(body))
        except DocumentFailure as failure:
            failures.append(failure)
    known = [failure for failure in failures if failure.faults[0].code != "wrong_document"]
    raise min(known or failures, key=lambda failure: len(failure.faults))


def _read_order(source: Format, body: bytes) -> _Read:
    orders = source.parse_orders(body)
    if len(orders) > 1:
        detail = f"There are {len(orders)} orders in the document; convert them one by one."
        raise DocumentRejected([Fault("wrong_document", detail, value=f"{len(orders)} orders", expected="one order")])
    return _Read("order", orders[0].order, orders[0].warnings)


def _written(read: _Read, wanted: Format) -> bytes:
    render = wanted.renderers.get(read.kind)
    if render is None:
        raise Failed(f"{wanted.name} has no {read.kind}.")
    return render(read.document)


def _looked_up(read: _Read, body: bytes, account: str) -> tuple[_Read, tuple[Fault, ...]]:
    """The order with our item numbers and units beside the account's own, and everything that is wrong with it."""
    from dataclasses import replace

    from gateway.commands.opening import opened
    from gateway.validation import validate

    if read.kind != "order":
        raise Failed(f"Only orders are looked up; this is an {read.kind}.", USAGE)
    with opened() as services:
        if account not in services.store.revisions.current([account]):
            raise Failed(f"There is no account {account}.")
        judged = validate(services, account, False, body)
    if judged.order is None:
        raise DocumentRejected(judged.faults)
    return replace(read, document=_with_our_items(judged.order, judged.lines)), judged.faults


def _with_our_items(order: Order, mapped: list[dict[str, Any]]) -> Order:
    lines = tuple(
        line.model_copy(update={"seller_item": ours["product"] or line.seller_item})
        for line, ours in zip(order.lines, mapped, strict=True)
    )
    return order.model_copy(update={"lines": lines})
