"""Translating one document, offline."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from gateway.commands.screen import USAGE, Failed, Screen, reports
from schemas.faults import DocumentFailure, DocumentRejected, Fault

if TYPE_CHECKING:
    from gateway.services import Services
    from schemas.documents.common import AnyDocument
    from schemas.documents.order import Order
    from schemas.formats import Format


@click.command()
@reports
@click.argument("file", metavar="FILE", type=click.File("rb"))
@click.option(
    "--to",
    "to_name",
    metavar="FORMAT",
    required=True,
    help="Such as json-1, ubl-2.1, peppol-bis-3; custom with --account.",
)
@click.option("--from", "from_name", metavar="FORMAT", help="Default: found out from the document.")
@click.option(
    "--account",
    metavar="ID|DIR",
    help="Look items and units up in this account's published mapping, and know its own layout. Of a folder that is "
    "not imported its own layout alone counts.",
)
def convert(screen: Screen, file: BinaryIO, to_name: str, from_name: str | None, account: str | None) -> int:
    """Translate one document to standard output; FILE may be -.

    As written: nothing is looked up, unless an account is named. An account's own layout is the format custom, by the
    field maps in its mapping. Faults go to standard error, and the exit code is 1.
    """
    with _known(account) as (formats, look_up):
        return _convert(screen, file.read(), formats, to_name, from_name, look_up)


def _convert(
    screen: Screen,
    body: bytes,
    formats: Mapping[str, Format],
    to_name: str,
    from_name: str | None,
    look_up: LookUp,
) -> int:
    wanted = _format(formats, to_name)
    source = _format(formats, from_name) if from_name else _recognised(formats, body)
    read, faults = look_up(_read(source, body), body)
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


LookUp = Callable[[_Read, bytes], tuple[_Read, tuple[Fault, ...]]]
"""The document with what an account's mapping says of it, and what is wrong with it then."""


@contextmanager
def _known(account: str | None) -> Iterator[tuple[Mapping[str, Format], LookUp]]:
    """The formats that there are, for this account where one is named, and what looks its documents up."""
    from gateway.commands.opening import opened
    from mappings.own_format import formats_of
    from schemas.formats.registry import FORMATS

    if account is None:
        yield FORMATS, _as_written
        return
    if (Path(account) / "account.yaml").is_file():
        yield _formats_of_folder(Path(account)), _as_written
        return
    with opened() as services:
        revision = services.terms.current([account]).get(account)
        if revision is None:
            raise Failed(f"There is no account {account}.")
        yield formats_of(revision), partial(_looked_up, services, account)


def _formats_of_folder(folder: Path) -> Mapping[str, Format]:
    """Raises FilesRejected with every fault of the folder."""
    from mappings.files.account_folder import read_account
    from mappings.own_format import CUSTOM, own_format
    from schemas.formats.registry import FORMATS

    own = own_format(read_account(folder).maps)
    return FORMATS if own is None else {CUSTOM: own, **FORMATS}


def _as_written(read: _Read, body: bytes) -> tuple[_Read, tuple[Fault, ...]]:
    return read, ()


def _format(formats: Mapping[str, Format], name: str) -> Format:
    if name not in formats:
        hint = " custom is an account's own layout: name the account with --account." if name == "custom" else ""
        raise Failed(f"There is no format {name!r}: {', '.join(formats)}.{hint}", USAGE)
    return formats[name]


def _recognised(formats: Mapping[str, Format], body: bytes) -> Format:
    found = next((known for known in formats.values() if known.sniff(body)), None)
    if found is not None:
        return found
    if not body.strip():
        raise DocumentRejected([Fault("empty_body", "The document is empty.", expected="a document")])
    start = body[:40].decode("ascii", "replace")
    detail = "No format begins like this. Name one with --from."
    raise DocumentRejected([Fault("unknown_format", detail, value=start, expected=", ".join(formats))])


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


def _looked_up(services: Services, account: str, read: _Read, body: bytes) -> tuple[_Read, tuple[Fault, ...]]:
    """An order with our item numbers beside the account's own, and everything that is wrong with it; in any other
    document there is nothing to look up."""
    from gateway.validation import validate

    if read.kind != "order":
        return read, ()
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
