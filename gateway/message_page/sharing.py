"""A message in one text to hand to a partner or a colleague: what happened and what is wrong with it, without what is
nobody else's business."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.masking import masked_faults, masked_text, secrets_in, shown_document
from gateway.message_page.readable import readable
from gateway.message_page.redacting import CANONICAL, blanked_path, redacted
from gateway.services import Services
from gateway.store.messages import StoredMessage
from gateway.timeline import Timeline, load, timeline
from gateway.timeline.words import clock, size
from mappings.own_format import CUSTOM, ORDER_MAP
from schemas.fault_codes import FAULTS
from schemas.faults import Fault

LARGEST = 1_000_000
"""Characters of a document that are told."""
MOST_FAULTS = 500
_LEFT_OUT = """\
This file can be handed on. It leaves out, on purpose:
- whose message it is, and every name, address, e-mail address, telephone number and identifier of a party;
- prices, amounts, discounts, notes, descriptions and every other free text;
- secrets, files that came with the document, and what people of ours wrote or are called.
In the document below a letter that is left out is an x, a digit a 9. Kept as they came are the order's and the items'
numbers, line numbers, quantities, units, the currency and dates: they are what it is about. Of what is wrong, the value
that was seen is told where it is one of these."""


def shared(services: Services, stored: StoredMessage, body: bytes | None) -> str:
    """The text; `body` is None where the document is erased."""
    faults = masked_faults(services.store.messages.faults(stored.id), body)
    told = timeline(load(services, stored, for_account=True))
    document = shown_document(body) if body is not None else None
    text = readable(document.document) if document is not None else None
    secrets = secrets_in(readable(body).text or "") if body is not None else ()
    sections = [
        _LEFT_OUT,
        "\n".join(_head(stored)),
        "WHAT HAPPENED\n" + "\n".join(_steps(told)),
        "WHAT IS WRONG\n" + ("\n".join(_faults(faults)) or "Nothing."),
    ]
    if text is None:
        sections.append("THE DOCUMENT\nIt is erased.")
    elif text.text is None or document is None:
        sections.append(f"THE DOCUMENT\nIt is no text; its {size(stored.size)} are left out.")
    else:
        whole = redacted(text.text, stored.format, _map_text(services, stored), document.document, LARGEST)
        more = len(text.text) - LARGEST if len(whole) > LARGEST else 0
        rest = f"\n… and {more:,} more characters, which are left out." if more > 0 else ""
        sections.append(f"THE DOCUMENT\n{whole[:LARGEST].rstrip()}{rest}")
    return masked_text("\n\n".join(sections) + "\n", secrets)


def _head(stored: StoredMessage) -> Iterator[str]:
    yield f"MESSAGE {stored.id}"
    yield f"status: {stored.status}, judged {stored.run} time{'' if stored.run == 1 else 's'}"
    yield f"received: {clock(stored.received_at)}"
    if stored.settled_at is not None:
        yield f"settled: {clock(stored.settled_at)}"
    yield f"format: {stored.format or 'not known'}, {size(stored.size)}"
    if stored.order_number is not None:
        yield f"order: {stored.order_number}"
    if stored.part is not None:
        yield f"it is order {stored.part} of a body of several: message {stored.parent_id}"
    if stored.parts:
        yield f"it holds {stored.parts} orders"
    if stored.duplicate_of is not None:
        yield f"it repeats message {stored.duplicate_of}"
    if stored.test:
        yield "it is a test"


def _steps(told: Timeline) -> Iterator[str]:
    """Without what is free text in them: files' names, addresses, what systems answered."""
    for run in told.runs:
        if len(told.runs) > 1:
            yield f"run {run.number}"
        for step in run.steps:
            yield f"{clock(step.at)}  {step.outward or step.said}"
    for ahead in told.not_reached:
        yield f"not yet: {ahead.title.lower()}"


def _faults(faults: Sequence[Fault]) -> Iterator[str]:
    for number, fault in enumerate(faults[:MOST_FAULTS], 1):
        title = FAULTS[fault.code].title if fault.code in FAULTS else fault.code
        yield f"{number}. {title} ({fault.code})"
        if fault.path or fault.location:
            places = filter(None, (fault.location, fault.path))
            yield f"   at {' · '.join(dict.fromkeys(map(blanked_path, places)))}"
        if fault.path.rpartition("/")[2] in CANONICAL:
            yield from (f"   {name}: {value}" for name, value in _said(fault) if value)
    if len(faults) > MOST_FAULTS:
        yield f"and {len(faults) - MOST_FAULTS:,} more"


def _said(fault: Fault) -> Iterator[tuple[str, str | None]]:
    yield "what", fault.detail
    yield "seen", fault.value
    yield "right would be", fault.expected


def _map_text(services: Services, stored: StoredMessage) -> str | None:
    """The rules by which the account's own layout was read."""
    if stored.format != CUSTOM:
        return None
    number = stored.mapping_revision or services.store.revisions.current([stored.account_id]).get(stored.account_id)
    try:
        revision = None if number is None else services.terms.mapping(stored.account_id, number)
    except (LookupError, ValueError):  # as where it is read again
        revision = None
    return None if revision is None else revision.maps.get(ORDER_MAP)
