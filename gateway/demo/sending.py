"""The samples sent over HTTP, and what came of each."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gateway.demo import DemoFailed
from gateway.demo.accounts import DemoAccount
from gateway.demo.asking import WAIT_SECONDS, ask
from gateway.judging import Judged
from gateway.samples import Sample, differences
from gateway.services import Services
from gateway.validation import validate
from schemas.documents.order import Order
from schemas.documents.order_response import LineOutcome, OrderResponse
from schemas.faults import DocumentFailure, Fault
from schemas.formats.cxml_1_2.doctypes import DOCTYPES
from schemas.formats.registry import FORMATS
from schemas.formats.xml import parse

CXML = "cxml-1.2"
NO_SECRET = b"<SharedSecret></SharedSecret>"
"""In a cXML sample, where its sender's key is put before it is sent."""
_READY_SECONDS = 30.0
_OPEN = ("received", "processing")
_OF_THE_CLOCK = "past_date"
"""Samples have fixed dates, so this remark comes once they are over; it is no difference."""
_LATE = re.compile(r"Delivery on [0-9-]+ instead of [0-9-]+ as requested: [^.]*\.")
"""Nor is this one, which comes when they are near."""


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


def send_samples(services: Services, base: str, accounts: Sequence[DemoAccount], program: str) -> Iterator[Sent]:
    """Each account's samples in name order, each once the one before is answered; one that came before is not sent, it
    is told what became of it. Raises DemoFailed."""
    _until_ready(base, program)
    for sender in accounts:
        for sample in sender.samples:
            known = services.store.messages.of_bytes(sender.account.id, False, hashlib.sha256(sample.body).digest())
            message_id, came_before = (known.id, True) if known else _post(base, sender, sample)
            yield from _came_of_each(services, base, sender, sample, message_id, came_before)


def orders_of(sent: Sequence[Sent]) -> dict[str, set[str]]:
    """Account → the numbers of its samples' orders that are on the books."""
    numbers: dict[str, set[str]] = {}
    for one in sent:
        if one.order is not None and one.judged.status == "done":
            numbers.setdefault(one.sender.account.id, set()).add(one.order.order_number)
    return numbers


def _until_ready(base: str, program: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            if ask(f"{base}/readyz").status == 200:
                return
        except DemoFailed:
            pass  # not there yet; the deadline below says so in the end
        if time.monotonic() > deadline:
            raise DemoFailed(f"Nothing serves at {base}. Start it with `{program} up`.")
        time.sleep(0.05)


def _post(base: str, sender: DemoAccount, sample: Sample) -> tuple[str, bool]:
    """Send it: its message, and whether that was there before."""
    if sender.format_of(sample.body) == CXML:
        return _post_cxml(base, sender, sample)
    media_type = sender.media_type(sample.body)
    answer = ask(f"{base}/v1/orders?wait={WAIT_SECONDS}", sender.key, sample.body, media_type)
    said = answer.json() if answer.status != 200 else {}
    message_id = answer.headers.get("Gateway-Message-Id") or said.get("message_id")
    if not message_id:
        raise DemoFailed(
            f"{sample.name} of {sender.account.id} was not taken: {answer.status} {said.get('detail', '')}"
        )
    return message_id, answer.headers.get("Gateway-Duplicate") == "true" or bool(said.get("duplicate"))


def _came_of_each(
    services: Services, base: str, sender: DemoAccount, sample: Sample, message_id: str, came_before: bool
) -> Iterator[Sent]:
    """What came of the sample's order, or of each of its orders."""
    message = _settled(base, sender.key, message_id)
    if not message["children"]:
        yield _came_of(services, base, sender, sample, message, came_before)
    for child in message["children"]:
        one = _settled(base, sender.key, child["message_id"])
        yield _came_of(services, base, sender, sample.of_order(child["part"]), one, came_before)


def _post_cxml(base: str, sender: DemoAccount, sample: Sample) -> tuple[str, bool]:
    """Send it with the account's key as its SharedSecret; the Response's payloadID begins with the message."""
    body = sample.body.replace(NO_SECRET, NO_SECRET.replace(b"><", b">" + sender.key.encode() + b"<"))
    answer = ask(f"{base}/v1/cxml", None, body, "text/xml")
    code, text, payload_id = _status_of(answer.body)
    if answer.status != 200 or code != "200":
        raise DemoFailed(f"{sample.name} of {sender.account.id} was not taken: {answer.status} {code} {text}")
    return payload_id.partition(".")[0], False


def _status_of(body: bytes) -> tuple[str, str, str]:
    """(code, words, payloadID) of a cXML Response."""
    try:
        root = parse(body, DOCTYPES)
    except DocumentFailure as failure:
        raise DemoFailed(f"The answer is no cXML: {failure}") from failure
    status = root.find("Response/Status")
    if status is None:
        raise DemoFailed("The answer is no cXML Response.")
    return status.get("code", ""), status.text or "", root.get("payloadID", "")


def _came_of(
    services: Services,
    base: str,
    sender: DemoAccount,
    sample: Sample,
    message: dict[str, Any],
    came_before: bool,
) -> Sent:
    """What came of this message of the sample."""
    answers = [one for one in message["documents"] if one["type"] == "order_response"]
    document = answers[0]["href"] if answers else None
    response = _order_response(base, sender.key, document) if document else None
    judged = Judged(message["status"], response, tuple(Fault(**fault) for fault in message["faults"]))
    order, mapped = _in_our_terms(services, sender.account.id, sample.body, message["part"])
    return Sent(
        sender,
        sample,
        order,
        mapped,
        message["message_id"],
        f"{base}{message['links']['message']}",
        came_before,
        judged,
        answers[0]["format"] if answers else None,
        f"{base}{document}" if document else None,
        tuple(unexpected(sample, judged)),
    )


def _settled(base: str, key: str, message_id: str) -> dict[str, Any]:
    """The message once it is judged; as it stands where that takes longer than the wait again."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        message = ask(f"{base}/v1/messages/{message_id}", key).json()
        if "status" not in message or "faults" not in message:
            raise DemoFailed(f"Message {message_id} can't be read: {message.get('detail', '')}")
        if message["status"] not in _OPEN or time.monotonic() > deadline:
            return message
        time.sleep(0.05)


def _order_response(base: str, key: str, document: str) -> OrderResponse:
    answer = ask(f"{base}{document}?format=json-1", key)
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
    response = None if judged.response is None else _as_in_time(judged.response)
    return differences(sample.expected, Judged(judged.status, response, faults))


def _as_in_time(response: OrderResponse) -> OrderResponse:
    """The response as if the days asked for could still be kept: once they are near, the same goods come later."""
    lines = tuple(replace(line, outcomes=tuple(map(_in_time, line.outcomes))) for line in response.lines)
    whole = all(part.status == "accepted" for line in lines for part in line.outcomes)
    is_late = lines != response.lines
    return replace(response, lines=lines, outcome="accepted" if is_late and whole else response.outcome)


def _in_time(part: LineOutcome) -> LineOutcome:
    is_late_only = part.status == "changed" and _LATE.fullmatch(part.reason or "") is not None
    return replace(part, status="accepted", reason=None) if is_late_only else part


def _in_our_terms(
    services: Services, account_id: str, body: bytes, part: int | None
) -> tuple[Order | None, dict[str, str]]:
    """The order as read, and what its lines are in our products and base units."""
    whole = validate(services, account_id, False, body)
    read = whole if part is None else whole.orders[part - 1]
    products = services.terms.catalogue().products
    mapped = {}
    for line in read.lines:
        product = products.get(line["product"] or "")
        if product is not None and line["base_quantity"] is not None:
            mapped[str(line["line_number"])] = f" ({product.name}) = {line['base_quantity']} {line['base_unit']}"
    return read.order, mapped
