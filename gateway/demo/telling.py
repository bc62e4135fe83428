"""What was sent and what came back, in words, with commands to paste."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from gateway.demo.accounts import DemoAccount
from gateway.demo.asking import WAIT_SECONDS
from gateway.demo.billing import BilledNow
from gateway.demo.mailboxes import InventoryShown
from gateway.demo.sending import CXML, Sent
from gateway.demo.warehouse import ShippedNow
from schemas.documents.order import OrderLine
from schemas.documents.order_response import LineOutcome, ResponseLine
from schemas.fault_codes import FAULTS
from schemas.faults import DocumentFailure, Fault
from schemas.values import shortest

_FIRST_LINES, _LONGEST_LINE = 4, 150
"""How much of an inventory report is shown."""
_LINE = re.compile(r"/lines/(\d+)(?:/|$)")
_OUTCOMES = {
    "accepted": "ACCEPTED as ordered.",
    "changed": "ACCEPTED WITH CHANGES.",
    "rejected": "REJECTED.",
    "received": "RECEIVED; the decision follows.",
}
_STATUSES = {
    "held": "HELD: one of us must act first; until then no answer goes out.",
    "rejected": "REJECTED.",
    "failed": "FAILED: the gateway itself could not go on; the order is kept.",
    "received": "STORED, and not judged yet.",
    "processing": "STORED, and being judged.",
    "done": "DONE; the account wants no answer.",
}
_KNOWN = {
    "done": "done; the account wants no answer.",
    "dismissed": "dismissed by one of us; no answer goes out.",
    "superseded": "another message took its place.",
    "received": "stored, and not judged yet.",
    "processing": "stored, and being judged.",
}
_PARTS = {
    "accepted": "confirmed",
    "changed": "confirmed with a change",
    "backordered": "back-ordered",
    "rejected": "rejected",
    "cancelled": "cancelled",
}


def story(sent: Sent, program: str) -> list[str]:
    """Who ordered what and what came back, as a newcomer reads it. `program` is the gateway's command to paste."""
    if sent.sent_before:
        return list(_known(sent, program))
    wrong = (f"  DIFFERS from what is expected: {one}" for one in sent.differences)
    return [*_asked(sent), *_answered(sent, program), *wrong]


def shipment_story(left: ShippedNow) -> list[str]:
    """What left to whom, and what told them so."""
    return [
        f"The warehouse ships {left.number} to {left.sender.account.name}",
        *(f"    {line}" for line in left.lines),
        *(f"  Despatch advice {one['number']} in {one['format']}: {one['url']}" for one in left.documents),
    ]


def inventory_story(shown: InventoryShown) -> list[str]:
    """What the account may still order, and how its report begins."""
    lines = shown.text.splitlines()
    begins = [line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]} …" for line in lines[:_FIRST_LINES]]
    number = f" {shown.number}" if shown.number else ""
    return [
        f"{shown.sender.account.name} asks what it may still order: {shown.items} items",
        *(f"    {line}" for line in begins),
        *(["    …"] if len(lines) > _FIRST_LINES else []),
        f"  Inventory report{number} in {shown.format}: {shown.url}",
    ]


def billing_story(made: BilledNow) -> list[str]:
    """What was invoiced of what left to an account, and when the rest will be, or why it can't."""
    if not made.billed and not made.waits:
        return []
    named = {"invoice": "Invoice", "credit_note": "Credit note"}
    return [
        f"What left to {made.sender.account.name} is invoiced",
        *(
            f"  {named[one.document['type']]} {one.document['number']} over {one.payable} {one.currency} "
            f"in {one.document['format']}: {one.document['url']}"
            for one in made.billed
        ),
        *(f"  {one}" for one in made.waits),
    ]


def _asked(sent: Sent) -> Iterator[str]:
    yield f"{sent.sender.account.name} sends {_named(sent)}"
    if sent.order is None:
        return
    default_unit = sent.sender.account.policies.default_unit
    for line in sent.order.lines:
        yield f"    line {line.line_number}: {_wanted(line, default_unit)}{sent.mapped.get(line.line_number, '')}"
    if not sent.differences and (words := (sent.sample.expected or {}).get("story")):
        yield f"    ({words})"


def _named(sent: Sent) -> str:
    file = _relative(sent.sender.folder / "samples" / sent.sample.name)
    return file if sent.order is None else f"order {sent.order.order_number} ({file})"


def _known(sent: Sent, program: str) -> Iterator[str]:
    """What has become of a sample that came before."""
    response, status = sent.judged.response, sent.judged.status
    yield f"{sent.sender.account.name}: {_named(sent)}"
    if response is not None:
        yield f"  Sent before: answered as {response.number}, {response.outcome}: {sent.document_url}"
        return
    if status in ("held", "failed", "rejected"):
        yield f"  Sent before: {'still held' if status == 'held' else status} because"
        yield from _faults(sent, program)
    else:
        yield f"  Sent before: {_KNOWN.get(status, status)}"
    yield f"  Message: {sent.message_url}"


def _answered(sent: Sent, program: str) -> Iterator[str]:
    response = sent.judged.response
    if response is not None:
        yield f"  {_OUTCOMES[response.outcome]}"
        if response.note:
            yield f"    {response.note}"
        for line in response.lines:
            yield f"    line {line.line_number}: {_answer(line)}"
        yield f"  Order response {response.number} in {sent.document_format}: {sent.document_url}"
        return
    yield f"  {_STATUSES.get(sent.judged.status, sent.judged.status)}"
    yield from _faults(sent, program)
    yield f"  Message: {sent.message_url}"


def _faults(sent: Sent, program: str) -> Iterator[str]:
    """What is wrong, what to do about it, and the commands to paste then."""
    for fault in sent.judged.faults:
        yield f"    {_place(sent, fault)}{fault.detail}"
    for code in dict.fromkeys(fault.code for fault in sent.judged.faults if fault.code in FAULTS):
        yield f"    What to do: {FAULTS[code].remedy}"
    if sent.judged.status in ("held", "failed"):
        yield f"    Then: {program} replay {sent.message_id} --reason 'mended'"
        yield f"    Or: {program} messages dismiss {sent.message_id} --reason 'not wanted'"


def _place(sent: Sent, fault: Fault) -> str:
    """The line's number as the account gave it."""
    found = _LINE.match(fault.path)
    lines = sent.order.lines if sent.order else ()
    return f"line {lines[int(found[1])].line_number}: " if found and int(found[1]) < len(lines) else ""


def _wanted(line: OrderLine, default_unit: str | None) -> str:
    """The quantity as the account wrote it; where that has no unit, the one agreed for such lines. A GTIN may lead to
    another."""
    item = line.buyer_item or line.seller_item or line.gtin or line.description or "an unnamed item"
    quantity, unit = f"{shortest(line.quantity):f}", line.unit or line.unit_code
    if unit:
        return f"{quantity} {unit} of {item}"
    agreed = f": {default_unit}" if default_unit and not line.gtin else ""
    return f"{quantity} of {item} (no unit{agreed})"


def _answer(line: ResponseLine) -> str:
    return "; ".join(_part(part) for part in line.outcomes)


def _part(part: LineOutcome) -> str:
    text = f"{shortest(part.quantity):f} {part.unit or ''}".rstrip() + f" {_PARTS[part.status]}"
    if part.promised_delivery is not None:
        text += f", delivery {part.promised_delivery}"
    return f"{text} ({part.reason})" if part.reason else text


def try_it_lines(base: str, accounts: Sequence[DemoAccount]) -> list[str]:
    """Where to look, and a command that sends a new order each time it is pasted."""
    lines = [
        "EA is one piece, XCS a case, XCT a carton, KGM a kilogram (UN/ECE Recommendation 20).",
        f"The gateway: {base}    Its API, described: {base}/v1/docs",
        "Paste one of these to send a new order and see its answer:",
    ]
    for one in accounts:
        command = _try_command(base, one)
        if command:
            lines += ["", f"  # {one.account.name}", *(f"  {part}" for part in command)]
    return lines


def _try_command(base: str, one: DemoAccount) -> list[str]:
    """The account's first sample under a new order number, by sed and curl."""
    sample = next(iter(one.samples), None)
    if sample is None:
        return []
    name = one.format_of(sample.body)
    try:
        number = one.formats[name or ""].parse_orders(sample.body)[0].order.order_number
    except (KeyError, DocumentFailure):
        return []
    if not number.replace("-", "").isalnum():
        return []
    file = shlex.quote(_relative(one.folder / "samples" / sample.name))
    key = f"$(cat {shlex.quote(_relative(one.key_file))})"
    if name == CXML:
        return [
            f'sed "s/{number}/TRY-$(date +%s)/; s|<SharedSecret>|&{key}|" {file} | curl -sS --data-binary @- \\',
            f"  -H 'Content-Type: {one.media_type(sample.body)}' '{base}/v1/cxml'; echo",
        ]
    return [
        f'sed "s/{number}/TRY-$(date +%s)/" {file} | curl -sS --data-binary @- \\',
        f"""  -H "Authorization: Bearer {key}" \\""",
        f"  -H 'Content-Type: {one.media_type(sample.body)}' '{base}/v1/orders?wait={WAIT_SECONDS}'; echo",
    ]


def pasted_command(data_dir: Path, usual: Path) -> str:
    """`gateway` as a shell here finds it, on this data folder where that isn't the usual one."""
    installed = Path(sys.executable).with_name("gateway")
    found = shutil.which("gateway")
    if found is not None and Path(found) == installed:
        command = "gateway"
    elif installed.exists():
        command = shlex.quote(_relative(installed))
    else:
        command = f"{shlex.quote(_relative(Path(sys.executable)))} -m gateway.cli"
    return command if data_dir == usual else f"GATEWAY_DATA_DIR={shlex.quote(_relative(data_dir))} {command}"


def _relative(path: Path) -> str:
    """From the working directory where it is inside, so that what is printed can be pasted."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
