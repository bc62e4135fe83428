"""Translating one document, offline."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from gateway.commands.screen import FAILED, USAGE, Failed, Screen, reports
from gateway.commands.written import in_json
from schemas.faults import DocumentFailure, DocumentRejected, Fault

if TYPE_CHECKING:
    from gateway.printing.papers import Paper
    from gateway.services import Services
    from schemas.documents.common import AnyDocument
    from schemas.documents.order import Order
    from schemas.formats import Format, ReadOrder


_TAKES_LISTS = "json-1"


@click.command()
@reports
@click.argument("file", metavar="FILE", type=click.File("rb"))
@click.option(
    "--to",
    "to_name",
    metavar="FORMAT",
    required=True,
    help="Such as json-1, ubl-2.1, peppol-bis-3; custom with --account. On paper: label-pdf, label-zpl, "
    "packing-list-pdf, invoice-pdf.",
)
@click.option("--from", "from_name", metavar="FORMAT", help="Default: found out from the document.")
@click.option("--order", "number", metavar="N", type=click.IntRange(1), help="Only the N-th order of several in FILE.")
@click.option(
    "--account",
    metavar="ID|DIR",
    help="Look items and units up in this account's published mapping, and know its own layout. Of a folder that is "
    "not imported its own layout alone counts.",
)
def convert(
    screen: Screen, file: BinaryIO, to_name: str, from_name: str | None, number: int | None, account: str | None
) -> int:
    """Translate one document to standard output; FILE may be -.

    As written: nothing is looked up, unless an account is named. An account's own layout is the format custom, by the
    field maps in its mapping. Several orders are a list in json-1; in any other format, one of them by --order. Faults
    go to standard error, and the exit code is 1.
    """
    with _known(account) as (formats, look_up):
        return _convert(screen, file.read(), formats, to_name, from_name, number, look_up)


def _convert(
    screen: Screen,
    body: bytes,
    formats: Mapping[str, Format],
    to_name: str,
    from_name: str | None,
    number: int | None,
    look_up: LookUp,
) -> int:
    from gateway.printing.papers import PAPERS

    paper = PAPERS.get(to_name)
    wanted = paper or _format(formats, to_name, papers=PAPERS)
    try:
        source = _format(formats, from_name) if from_name else _recognised(formats, body)
        if paper is not None and source.name == "custom":
            raise Failed(_not_printed(paper))
        read = _read(source, body) if number is None else _read_one(source, body, number)
    except DocumentFailure as failure:
        if paper is None:
            raise
        screen.faults(failure.faults, _not_printed(paper))
        return FAILED
    read, faults = look_up(source, read, body, number)
    written = _written(read, wanted)
    warnings = _of_their_orders([one.warnings for one in read])
    if screen.as_json:
        told = {"type": read[0].kind, "format": wanted.name, "from": source.name, **in_json(written, wanted.media_type)}
        screen.result({**told, "warnings": [fault.as_json() for fault in warnings]})
    else:
        sys.stdout.buffer.write(written if written.endswith(b"\n") else written + b"\n")
        sys.stdout.buffer.flush()
        screen.faults(warnings)
    if faults:
        screen.faults(faults)
    return 1 if faults else 0


def _not_printed(paper: Paper) -> str:
    """What can be printed, for whoever has a document as its account got it."""
    return (
        "Only a document in json-1, UBL or cXML can be printed. One that went out in an account's own layout is "
        f"printed by its number: gateway documents show NUMBER --format {paper.name}"
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """A document in the file: its type, the document, and what is odd about it."""

    kind: str
    document: AnyDocument
    warnings: tuple[Fault, ...] = ()


LookUp = Callable[["Format", list[_Read], bytes, int | None], tuple[list[_Read], list[Fault]]]
"""The documents of a format, or the one of this number, with what an account's mapping says of them, and what is wrong
then."""


@contextmanager
def _known(account: str | None) -> Iterator[tuple[Mapping[str, Format], LookUp]]:
    """The formats that there are, for this account where one is named, and what looks its documents up."""
    from gateway.commands.opening import folder_at, opened
    from mappings.own_format import formats_of
    from schemas.formats.registry import FORMATS

    if account is None:
        yield FORMATS, _as_written
        return
    if (folder := folder_at(account)) is not None:
        yield _formats_of_folder(folder), _as_written
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


def _as_written(source: Format, read: list[_Read], body: bytes, number: int | None) -> tuple[list[_Read], list[Fault]]:
    return read, []


def _format(formats: Mapping[str, Format], name: str, papers: Collection[str] = ()) -> Format:
    """Raises Failed, which names what there is: these formats, and `papers` where one of them would do."""
    if name not in formats:
        hint = " custom is an account's own layout: name the account with --account." if name == "custom" else ""
        on_paper = f" On paper: {', '.join(papers)}." if papers and not hint else ""
        raise Failed(f"There is no format {name!r}: {', '.join(formats)}.{on_paper}{hint}", USAGE)
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


def _read(source: Format, body: bytes) -> list[_Read]:
    """What is in the bytes: orders, or one document of another type. Where it is none of the types, the faults of the
    one that comes nearest."""
    if not source.parsers:
        raise Failed(f"{source.name} is only written, never read.")
    failures: list[DocumentFailure] = []
    for kind, parse in source.parsers.items():
        try:
            return _orders(source.parse_orders(body)) if kind == "order" else [_other(kind, parse(body))]
        except DocumentFailure as failure:
            failures.append(failure)
    known = [failure for failure in failures if failure.faults[0].code != "wrong_document"]
    raise min(known or failures, key=lambda failure: len(failure.faults))


def _other(kind: str, document: AnyDocument) -> _Read:
    """A document that is no order. Invoices and credit notes are one model, which says itself which it is."""
    from schemas.documents.invoice import Invoice

    return _Read(document.type if isinstance(document, Invoice) else kind, document)


def _read_one(source: Format, body: bytes, number: int) -> list[_Read]:
    """The order of this number alone: the faults of the others are not its own."""
    found = source.read_parts(body, [number]).get(number)
    if found is None:
        raise Failed(f"There is no order {number} in the document; the last is {source.check(body)}.")
    if isinstance(found, DocumentFailure):
        raise found
    return _orders((found,))


def _orders(found: Sequence[ReadOrder]) -> list[_Read]:
    return [_Read("order", one.order, one.warnings) for one in found]


def _written(read: Sequence[_Read], wanted: Format | Paper) -> bytes:
    render = wanted.renderers.get(read[0].kind)
    if render is None:
        raise Failed(f"{wanted.name} has no {read[0].kind}.")
    if len(read) == 1:
        return render(read[0].document)
    if wanted.name != _TAKES_LISTS:
        detail = (
            f"There are {len(read)} orders in the document, and {wanted.name} holds one: "
            f"name it with --order, or convert all to {_TAKES_LISTS}."
        )
        raise DocumentRejected([Fault("wrong_document", detail, value=f"{len(read)} orders", expected="one order")])
    return b"[\n" + b",\n".join(render(one.document).rstrip(b"\n") for one in read) + b"\n]\n"


def _of_their_orders(faults: Sequence[Iterable[Fault]]) -> list[Fault]:
    """The faults of each order; of several with the order's place in the list in front: `/1/lines/0/unit`."""
    return [
        replace(fault, path=f"/{index}{fault.path}") if len(faults) > 1 else fault
        for index, found in enumerate(faults)
        for fault in found
    ]


def _looked_up(
    services: Services, account: str, source: Format, read: list[_Read], body: bytes, number: int | None
) -> tuple[list[_Read], list[Fault]]:
    """Orders with our item numbers beside the account's own, and everything that is wrong with them; in any other
    document there is nothing to look up."""
    from gateway.validation import validate

    if read[0].kind != "order":
        return read, []
    _judge_agreed(services, account, source, body)
    judged = validate(services, account, False, body)
    orders = judged.orders or (judged,)
    orders = orders if number is None or len(orders) == 1 else orders[number - 1 : number]
    faults = _of_their_orders([one.faults for one in orders])
    known = [
        replace(one, document=_with_our_items(ours.order, ours.lines))
        for one, ours in zip(read, orders, strict=False)  # a body that the account may not send is one refusal
        if ours.order is not None
    ]
    if len(known) < len(read):
        raise DocumentRejected(faults or [_too_few_orders(account)])
    return known, faults


def _judge_agreed(services: Services, account: str, source: Format, body: bytes) -> None:
    """Raises DocumentRejected where the account's documents are told apart otherwise than this one was read: it would
    be looked up as what it is not."""
    from gateway.intake import recognise
    from mappings.own_format import formats_of

    revision = services.terms.current([account])[account]
    formats = formats_of(revision)
    taken_for, faults, _ = recognise(revision.account, formats, body)
    if faults or taken_for is None:
        return  # said by judging it
    if formats[taken_for].parse_orders is not source.parse_orders:
        detail = f"What {account} sends like this is taken for {taken_for}, so it can't be looked up as {source.name}."
        raise DocumentRejected([Fault("format_not_agreed", detail, value=source.name, expected=taken_for)])


def _too_few_orders(account: str) -> Fault:
    detail = f"The mapping of {account} finds fewer orders in the document than its format does."
    return Fault("wrong_document", detail, expected="the same orders")


def _with_our_items(order: Order, mapped: list[dict[str, Any]]) -> Order:
    lines = tuple(
        line.model_copy(update={"seller_item": ours["product"] or line.seller_item})
        for line, ours in zip(order.lines, mapped, strict=True)
    )
    return order.model_copy(update={"lines": lines})
