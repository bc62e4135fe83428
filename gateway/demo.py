"""The demo: what it needs is imported once, then every sample is sent as an account's system would send it, over HTTP,
and what came back is told in words and compared with what the sample says must come.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import shlex
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any

from gateway.accounts import publish_catalogue, publish_folder
from gateway.pipeline import validate
from gateway.samples import Judged, Sample, differences, samples_in
from gateway.services import Services
from gateway.store.store import Store
from mappings.account import Account
from mappings.files.account_folder import AccountFolder, read_account
from mappings.files.tables import read_packs, read_products, read_stock, read_taxes
from schemas.documents.order import Order, OrderLine
from schemas.documents.order_response import LineOutcome, OrderResponse, ResponseLine
from schemas.faults import FAULTS, DocumentFailure, Fault
from schemas.formats.registry import FORMATS, sniff
from schemas.values import shortest

_AUTHOR, _REASON = "demo", "the demo's own"
_READY_SECONDS = 30.0
_WAIT_SECONDS = 10
_OPEN = ("received", "processing")
_LINE = re.compile(r"/lines/(\d+)(?:/|$)")
_OF_THE_CLOCK = "past_date"
"""Samples have fixed dates, so this remark comes once they are over; it is no difference."""


class DemoFailed(Exception):
    """The demo can't go on; the sentence says why."""


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """A demo account with the key its samples are sent with, which stands in `key_file` for its owner only."""

    account: Account
    folder: Path
    samples: tuple[Sample, ...]
    key: str
    key_file: Path


# --- what it needs -------------------------------------------------------------------------------------------------
def prepare(services: Services, demo_files: Path, accounts_dir: Path, key_dir: Path) -> list[DemoAccount]:
    """Import the catalogue, stock and accounts that aren't there yet, and see that each account has a key.

    Raises FilesRejected with every fault, and DemoFailed where there is no account.
    """
    folders = {path.parent: read_account(path.parent) for path in sorted(accounts_dir.glob("*/account.yaml"))}
    if not folders:
        raise DemoFailed(f"There is no account's folder in {accounts_dir}.")
    _import_catalogue(services.store, demo_files)
    there = {known["id"] for known in services.store.revisions.accounts()}
    for content in folders.values():
        if content.account.id not in there:
            publish_folder(services.store, content, author=_AUTHOR, reason=_REASON)
    key_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return [_demo_account(services.store, path, content, key_dir) for path, content in folders.items()]


def _import_catalogue(store: Store, files: Path) -> None:
    if store.revisions.current_catalogue():
        return
    rows = {
        "product": read_products(files / "products.csv"),
        "pack": read_packs(files / "packs.csv"),
        "tax": read_taxes(files / "taxes.csv"),
    }
    store.stock.record(read_stock(files / "stock.csv"))
    publish_catalogue(store, rows, author=_AUTHOR, reason=_REASON)


def _demo_account(store: Store, folder: Path, content: AccountFolder, key_dir: Path) -> DemoAccount:
    file = key_dir / f"{content.account.id}.key"
    try:
        samples = tuple(samples_in(content.samples))
    except ValueError as error:
        raise DemoFailed(f"{folder}: {error}") from error
    return DemoAccount(content.account, folder, samples, _key(store, content.account.id, file), file)


def _key(store: Store, account_id: str, file: Path) -> str:
    """The account's key in the file; a new one where that is none, or no longer live."""
    kept = file.read_text(encoding="ascii", errors="replace").strip() if file.exists() else ""
    known = store.keys.verify(kept) if kept else None
    if known is not None and known.account_id == account_id:
        return kept
    _, text = store.keys.create(account_id, actor=_AUTHOR)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as written:
        written.write(text + "\n")
    draft.replace(file)
    return text


# --- sending -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Sent:
    """One sample, and what came of it."""

    sender: DemoAccount
    sample: Sample
    order: Order | None
    mapped: Mapping[str, str]
    """Line number → the line in our terms, in words."""
    message_id: str
    message_url: str
    sent_before: bool
    """Its bytes were here already: nothing was sent now, and this is what has become of them since."""
    judged: Judged
    document_format: str | None
    document_url: str | None
    differences: tuple[str, ...]
    """From what is expected; a sample that came before may have been mended, replayed or dismissed since."""
    program: str
    """The gateway's command as it can be pasted."""

    def story(self) -> list[str]:
        """Who ordered what and what came back, as a newcomer reads it."""
        told = self._known() if self.sent_before else [*self._asked(), *self._answered()]
        wrong = () if self.sent_before else self.differences
        return [*told, *(f"  DIFFERS from what is expected: {one}" for one in wrong)]

    def is_wrong(self) -> bool:
        """It was sent now, and something else came than is expected."""
        return bool(self.differences) and not self.sent_before

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        response = self.judged.response
        return {
            "account": self.sender.account.id,
            "sample": self.sample.name,
            "order_number": self.order.order_number if self.order else None,
            "message_id": self.message_id,
            "status": self.judged.status,
            "sent_before": self.sent_before,
            "outcome": response.outcome if response else None,
            "response_number": response.number if response else None,
            "response_format": self.document_format,
            "document": self.document_url,
            "faults": [fault.as_json() for fault in self.judged.faults],
            "differences": list(self.differences),
        }

    def _asked(self) -> Iterator[str]:
        yield f"{self.sender.account.name} sends {self._named()}"
        if self.order is None:
            return
        for line in self.order.lines:
            yield f"    line {line.line_number}: {_wanted(line)}{self.mapped.get(line.line_number, '')}"
        if not self.differences and (story := (self.sample.expected or {}).get("story")):
            yield f"    ({story})"

    def _named(self) -> str:
        file = _relative(self.sender.folder / "samples" / self.sample.name)
        return file if self.order is None else f"order {self.order.order_number} ({file})"

    def _known(self) -> Iterator[str]:
        """What has become of a sample that came before."""
        response, status = self.judged.response, self.judged.status
        yield f"{self.sender.account.name}: {self._named()}"
        if response is not None:
            yield f"  Sent before: answered as {response.number}, {response.outcome}: {self.document_url}"
            return
        if status in ("held", "failed", "rejected"):
            yield f"  Sent before: {'still held' if status == 'held' else status} because"
            yield from self._faults()
        else:
            yield f"  Sent before: {_KNOWN.get(status, status)}"
        yield f"  Message: {self.message_url}"

    def _answered(self) -> Iterator[str]:
        response = self.judged.response
        if response is not None:
            yield f"  {_OUTCOMES[response.outcome]}"
            if response.note:
                yield f"    {response.note}"
            for line in response.lines:
                yield f"    line {line.line_number}: {_answer(line)}"
            yield f"  Order response {response.number} in {self.document_format}: {self.document_url}"
            return
        yield f"  {_STATUSES.get(self.judged.status, self.judged.status)}"
        yield from self._faults()
        yield f"  Message: {self.message_url}"

    def _faults(self) -> Iterator[str]:
        """What is wrong, what to do about it, and the commands to paste then."""
        for fault in self.judged.faults:
            yield f"    {self._place(fault)}{fault.detail}"
        for code in dict.fromkeys(fault.code for fault in self.judged.faults if fault.code in FAULTS):
            yield f"    What to do: {FAULTS[code].remedy}"
        if self.judged.status in ("held", "failed"):
            yield f"    Then: {self.program} replay {self.message_id} --reason 'mended'"
            yield f"    Or: {self.program} messages dismiss {self.message_id} --reason 'not wanted'"

    def _place(self, fault: Fault) -> str:
        """The line's number as the account gave it."""
        found = _LINE.match(fault.path)
        lines = self.order.lines if self.order else ()
        return f"line {lines[int(found[1])].line_number}: " if found and int(found[1]) < len(lines) else ""


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


def send_samples(services: Services, base: str, accounts: Sequence[DemoAccount], program: str) -> Iterator[Sent]:
    """Each account's samples in name order, each once the one before is answered; one that came before is not sent, it
    is told what became of it. Raises DemoFailed."""
    _until_ready(base, program)
    for sender in accounts:
        for sample in sender.samples:
            known = services.store.messages.of_bytes(sender.account.id, False, hashlib.sha256(sample.body).digest())
            message_id, came_before = (known.id, True) if known else _post(base, sender, sample)
            yield _told(services, base, sender, sample, message_id, came_before, program)


def _until_ready(base: str, program: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            if _ask(f"{base}/readyz").status == 200:
                return
        except DemoFailed:
            pass  # not there yet; the deadline below says so in the end
        if time.monotonic() > deadline:
            raise DemoFailed(f"Nothing serves at {base}. Start it with `{program} up`.")
        time.sleep(0.05)


def _post(base: str, sender: DemoAccount, sample: Sample) -> tuple[str, bool]:
    """Send it: its message, and whether that was there before."""
    recognised = sniff(sample.body)
    media_type = recognised.media_type if recognised else "application/octet-stream"
    answer = _ask(f"{base}/v1/orders?wait={_WAIT_SECONDS}", sender.key, sample.body, media_type)
    said = answer.json() if answer.status != 200 else {}
    message_id = answer.headers.get("Gateway-Message-Id") or said.get("message_id")
    if not message_id:
        raise DemoFailed(
            f"{sample.name} of {sender.account.id} was not taken: {answer.status} {said.get('detail', '')}"
        )
    return message_id, answer.headers.get("Gateway-Duplicate") == "true" or bool(said.get("duplicate"))


def _told(
    services: Services,
    base: str,
    sender: DemoAccount,
    sample: Sample,
    message_id: str,
    came_before: bool,
    program: str,
) -> Sent:
    """What came of the sample's message."""
    message = _settled(base, sender.key, message_id)
    answers = [one for one in message["documents"] if one["type"] == "order_response"]
    document = answers[0]["href"] if answers else None
    response = _order_response(base, sender.key, document) if document else None
    judged = Judged(message["status"], response, tuple(Fault(**fault) for fault in message["faults"]))
    order, mapped = _in_our_terms(services, sender.account.id, sample.body)
    return Sent(
        sender,
        sample,
        order,
        mapped,
        message_id,
        f"{base}/v1/messages/{message_id}",
        came_before,
        judged,
        answers[0]["format"] if answers else None,
        f"{base}{document}" if document else None,
        tuple(unexpected(sample, judged)),
        program,
    )


def _settled(base: str, key: str, message_id: str) -> dict[str, Any]:
    """The message once it is judged; as it stands where that takes longer than the wait again."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        message = _ask(f"{base}/v1/messages/{message_id}", key).json()
        if "status" not in message or "faults" not in message:
            raise DemoFailed(f"Message {message_id} can't be read: {message.get('detail', '')}")
        if message["status"] not in _OPEN or time.monotonic() > deadline:
            return message
        time.sleep(0.05)


def _order_response(base: str, key: str, document: str) -> OrderResponse:
    answer = _ask(f"{base}{document}?format=json-1", key)
    try:
        read = FORMATS["json-1"].parsers["order_response"](answer.body)
    except DocumentFailure as failure:
        raise DemoFailed(f"{base}{document} is no order response: {failure}") from failure
    if not isinstance(read, OrderResponse):
        raise DemoFailed(f"{base}{document} is no order response.")
    return read


def unexpected(sample: Sample, judged: Judged) -> list[str]:
    """Where what came differs from what the sample says must come, whatever the year."""
    if sample.expected is None:
        return []
    expected = {fault["code"] for fault in sample.expected.get("faults", ())}
    faults = tuple(fault for fault in judged.faults if fault.code != _OF_THE_CLOCK or fault.code in expected)
    return differences(sample.expected, Judged(judged.status, judged.response, faults))


def _in_our_terms(services: Services, account_id: str, body: bytes) -> tuple[Order | None, dict[str, str]]:
    """The order as read, and what its lines are in our products and base units."""
    read = validate(services, account_id, False, body)
    products = services.terms.catalogue().products
    mapped = {}
    for line in read.lines:
        product = products.get(line["product"] or "")
        if product is not None and line["base_quantity"] is not None:
            mapped[str(line["line_number"])] = f" ({product.name}) = {line['base_quantity']} {line['base_unit']}"
    return read.order, mapped


# --- in words ------------------------------------------------------------------------------------------------------
def _wanted(line: OrderLine) -> str:
    item = line.buyer_item or line.seller_item or line.gtin or line.description or "an unnamed item"
    return f"{shortest(line.quantity):f} {line.unit or 'pieces'} of {item}"


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
    recognised = sniff(sample.body) if sample else None
    if sample is None or recognised is None:
        return []
    try:
        number = recognised.parse_orders(sample.body)[0].order.order_number
    except DocumentFailure:
        return []
    if not number.replace("-", "").isalnum():
        return []
    file = shlex.quote(_relative(one.folder / "samples" / sample.name))
    return [
        f'sed "s/{number}/TRY-$(date +%s)/" {file} | curl -sS --data-binary @- \\',
        f"""  -H "Authorization: Bearer $(cat {shlex.quote(_relative(one.key_file))})" \\""",
        f"  -H 'Content-Type: {recognised.media_type}' '{base}/v1/orders?wait={_WAIT_SECONDS}'; echo",
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


# --- HTTP ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Message
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises DemoFailed where it is none."""
        try:
            said = json.loads(self.body)
        except ValueError as error:
            raise DemoFailed(f"An answer {self.status} is not JSON: {self.body[:100]!r}") from error
        return said if isinstance(said, dict) else {}


_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Without the environment's proxy: it can't reach this machine's own address."""


def _ask(url: str, key: str | None = None, body: bytes | None = None, media_type: str | None = None) -> _Answer:
    """One request. Raises DemoFailed where nobody answers."""
    request = urllib.request.Request(url, body)  # noqa: S310  # the address that we serve at
    if key is not None:
        request.add_header("Authorization", f"Bearer {key}")
    if media_type is not None:
        request.add_header("Content-Type", media_type)
    try:
        with _DIRECT.open(request, timeout=_WAIT_SECONDS + 10) as answer:
            return _Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return _Answer(refused.code, refused.headers, refused.read())
    except (OSError, http.client.HTTPException, ValueError) as failure:
        raise DemoFailed(f"{url.partition('?')[0]} can't be reached: {failure}") from failure
