"""decode → map → check of one message: bytes in, an order in our terms and its faults out. Nothing is decided here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from gateway.answering import match_answer
from gateway.local_time import local_date
from gateway.services import Services
from gateway.store.changes import ClaimedMessage
from gateway.store.database import StoreUnavailable
from gateway.store.ids import now_us
from gateway.store.queue import Claim
from gateway.trade.checks import check
from gateway.trade.rest import faults_of_rest
from gateway.work import Work
from mappings.engine import to_ours, wrong_receiver
from mappings.own_format import CUSTOM, formats_of
from mappings.revision import MappingRevision
from schemas.documents.order import Order
from schemas.documents.partly_read import OrderPartlyRead
from schemas.faults import DocumentHeld, DocumentRejected, Fault, in_document_order
from schemas.formats import Format, Locator, ReadOrder, ReadPart

logger = logging.getLogger(__name__)


def load(services: Services, claim: Claim) -> list[Work]:
    """Each message with the mapping revision and the catalogue that it is worked on with, wholly."""
    current = services.store.revisions.current(message.account_id for message in claim.messages)
    catalogue = services.terms.catalogue()
    return [Work(message, _revision(services, message, current), catalogue) for message in claim.messages]


def _revision(services: Services, message: ClaimedMessage, current: dict[str, int]) -> MappingRevision | None:
    """The mapping the message is pinned to, or the published one; None where there is none that can be used."""
    number = message.mapping_revision or current.get(message.account_id)
    if number is None:
        return None
    try:
        return services.terms.mapping(message.account_id, number)
    except (LookupError, ValueError):  # ValueError: pydantic's; one account's broken terms are not its neighbours'
        logger.exception("revision %d of %s can't be used", number, message.account_id)
        return None


class Bodies:
    """The bodies of a batch that hold several orders: each is read once for all the orders of it that are in the batch.

    What fails as a whole is read again for each order by itself, so that the one at fault is found. For the places of
    their faults it is read once more, when the first of them has any, and kept until another body's turn comes.
    """

    def __init__(self, works: Iterable[Work]) -> None:
        self._wanted: dict[_BodyKey, list[int]] = {}
        self._read: dict[_BodyKey, dict[int, ReadPart]] = {}
        self._counted: dict[_BodyKey, int | tuple[Fault, ...]] = {}
        self._placed: tuple[_BodyKey, Locator] | None = None
        works = list(works)
        for work in works:
            if work.message.part is not None and _format_of(work) is not None:
                self._wanted.setdefault(_body_key(work), []).append(work.message.part)
        for work in works:
            self._share_places(work)

    def read(self, work: Work) -> ReadOrder:
        """The message's order. Raises what reading it raises: DocumentRejected, DocumentHeld."""
        part, key = work.message.part, _body_key(work)
        if part is None:
            raise AssertionError("its body is its own")
        if key not in self._read:
            self._placed = None  # never two documents at once
            self._check_count(work, key)
            self._read[key] = self._read_together(work, self._wanted.get(key, []))
        found = self._read[key].get(part) or _read_parts(work, [part]).get(part)
        if found is None:
            raise DocumentHeld([_no_such_part(part)])
        if not isinstance(found, ReadOrder):
            raise found
        return found

    def _check_count(self, work: Work, key: _BodyKey) -> None:
        """Raises DocumentHeld where the account's rules find another number of orders in the body by now: then this
        one's number may be another's. Raises DocumentRejected where they don't read it at all any more."""
        message, known = work.message, _format_of(work)
        if known is None or message.format != CUSTOM or message.parts is None:
            return
        if key not in self._counted:
            self._counted[key] = _count_or_faults(known, message.body)
        found = self._counted[key]
        if isinstance(found, tuple):
            raise DocumentRejected(found)
        if found != message.parts:
            raise DocumentHeld([_other_orders(message.part or 0, message.parts, found)])

    def _share_places(self, work: Work) -> None:
        known, part, key = _format_of(work), work.message.part, _body_key(work)
        if known is not None and known.locator is not None and part is not None and len(self._wanted[key]) > 1:
            work.places = partial(self._places, key, known.locator, work.message.body, part)

    def _places(
        self, key: _BodyKey, open_body: Callable[[bytes], Locator], body: bytes, part: int, pointers: Sequence[str]
    ) -> list[str]:
        if self._placed is None or self._placed[0] != key:
            self._placed = None
            self._placed = key, open_body(body)
        return self._placed[1](pointers, part)

    @staticmethod
    def _read_together(work: Work, parts: list[int]) -> dict[int, ReadPart]:
        try:
            return _read_parts(work, parts)
        except Exception:
            # nothing is passed over: each is read by itself now, and what is wrong with one of them ends that one
            logger.warning("the orders beside message %s can't be read together", work.message.id, exc_info=True)
            return {}


_BodyKey = tuple[int, str | None, str, int]


def _body_key(work: Work) -> _BodyKey:
    """The messages of one claim share their bodies, so that its place in memory tells which it is."""
    message = work.message
    return id(message.body), message.format, message.account_id, work.revision.number if work.revision else 0


def _read_parts(work: Work, parts: Sequence[int]) -> dict[int, ReadPart]:
    known = _format_of(work)
    return {} if known is None else known.read_parts(work.message.body, parts)


def _format_of(work: Work) -> Format | None:
    """The message's format, as the mapping that it is worked on with has it."""
    return formats_of(work.revision).get(work.message.format or "") if work.revision else None


def _count_or_faults(known: Format, body: bytes) -> int | tuple[Fault, ...]:
    try:
        return known.check(body)
    except DocumentRejected as rejected:
        return tuple(rejected.faults)


def _no_such_part(part: int) -> Fault:
    return _other_orders(part, part, part - 1)


def _other_orders(part: int, counted: int, found: int) -> Fault:
    detail = (
        f"This was order {part} of a body of {counted}; by the account's rules as they are now the body holds {found}, "
        "so nobody can tell which of them it is."
    )
    return Fault("unsupported_document", detail, value=str(found), expected=f"rules that find the {counted} orders")


def decode_one(services: Services, work: Work, bodies: Bodies) -> None:
    """Ends in `work.read`, or in a settlement; never raises."""
    try:
        decode_or_end(services, work, bodies)
    except Exception:  # a bug at one document: loud in the log, failed at the message, and its neighbours go on
        _end_as_bug(work)


def decode_or_end(services: Services, work: Work, bodies: Bodies) -> None:
    """Ends in `work.read`, or in a settlement with every fault: also those of what was read whole beside them."""
    try:
        decode(services, work, bodies)
    except DocumentRejected as failure:
        faults = failure.faults
        if isinstance(failure, OrderPartlyRead):
            faults = in_document_order(faults + judge_rest(services, work, failure))
            work.answer_currency, work.rest = failure.rest.order.currency, failure.rest.order
            work.is_test = work.message.test or failure.rest.order.test
        placed = located(work, faults)
        work.answer_to, work.unread_number = failure.answer_to, failure.order_number
        work.end("reject", placed, "decode")
    except DocumentHeld as failure:
        work.end("hold", located(work, failure.faults), "decode")


def map_one(services: Services, work: Work) -> None:
    """What was decoded, mapped and checked, or matched to our documents where it speaks of some. Ends in `work.mapped`,
    or in a settlement. Raises StoreUnavailable where our documents can't be looked up, and nothing else."""
    if work.settlement is not None:
        return
    try:
        if work.answer is not None:
            match_answer(services.store, work, work.answer)
        else:
            put_into_our_terms(services, work)
    except StoreUnavailable:
        raise
    except Exception:  # as above
        _end_as_bug(work)


def _end_as_bug(work: Work) -> None:
    logger.exception("message %s can't be read: a bug", work.message.id)
    work.end("fail", [bug_at(work)], "decode")


def decode(services: Services, work: Work, bodies: Bodies) -> bool:
    """Bytes → canonical order; False where the message ends here. Raises DocumentRejected and DocumentHeld."""
    if work.revision is None:
        fault = Fault("unknown_revision", f"The account {work.message.account_id} has no published mapping.")
        work.end("hold", [fault], "decode")
        return False
    known = _format_of(work)
    if known is None:
        detail = "The message's format is not known to this program, or to the account's mapping any more."
        work.end("hold", [Fault("unknown_format", detail, value=work.message.format)], "decode")
        return False
    if known.answers is not None and work.message.part is None and known.answers.sniff(work.message.body):
        work.answer = known.answers.read(work.message.body)
        work.stages["decoded"] = now_us()
        return True
    work.note_order(_only_order(known, work) if work.message.part is None else bodies.read(work))
    refuse_too_many_lines(work.order, services.limits.max_lines)
    work.stages["decoded"] = now_us()
    work.note_urgency(work.stages["decoded"])
    return True


def _only_order(known: Format, work: Work) -> ReadOrder:
    found = known.parse_orders(work.message.body)
    if len(found) != 1:
        detail = (
            f"Read by the rules as they are now, the body holds {len(found)} orders; it was received as one. Sent "
            "again, each of them becomes a message of its own."
        )
        raise DocumentHeld([Fault("unsupported_document", detail, value=str(len(found)), expected="one order")])
    return found[0]


def judge_rest(services: Services, work: Work, failure: OrderPartlyRead) -> tuple[Fault, ...]:
    """map → check of what could be read, for its faults alone."""
    if work.revision is None:
        raise AssertionError("nothing is read without a mapping")
    received_on = local_date(work.message.received_at, work.revision)
    return faults_of_rest(failure.rest, failure.faults, work.revision, work.catalogue, services.supplier, received_on)


def refuse_too_many_lines(order: Order, most: int) -> None:
    """Raises DocumentRejected for an order with more lines than one document may have."""
    if len(order.lines) > most:
        detail = f"The order has {len(order.lines)} lines; one order may have {most}."
        raise DocumentRejected(
            [Fault("too_many_lines", detail, "/lines", value=str(len(order.lines)), expected=str(most))]
        )


def put_into_our_terms(services: Services, work: Work) -> None:
    """Canonical order → our products, units, prices and sites, and what the contract says of them."""
    if work.read is None or work.revision is None:
        raise AssertionError("decode comes first")
    received_on = local_date(work.message.received_at, work.revision)
    work.mapped = to_ours(work.read.order, work.revision, work.catalogue, services.supplier, received_on)
    work.stages["mapped"] = now_us()
    received_by = wrong_receiver(work.read.receivers, services.supplier)
    work.faults = (*received_by, *work.mapped.all_faults(), *check(work.mapped, received_on))
    work.stages["checked"] = now_us()


def located(work: Work, faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
    """The faults with the place in what was sent; found only now, because most documents have none."""
    formats = formats_of(work.revision) if work.revision else {}
    return locate(work.message, formats, faults, work.places) if faults else faults


def locate(
    message: ClaimedMessage,
    formats: Mapping[str, Format],
    faults: Sequence[Fault],
    shared: Callable[[Sequence[str]], list[str]] | None = None,
) -> tuple[Fault, ...]:
    """Fill in `location` where the codec can say it; `shared` says it of a body of several orders."""
    known = formats.get(message.format or "")
    if known is None:
        return tuple(faults)
    paths = list(dict.fromkeys(fault.path for fault in faults if fault.path and not fault.location))
    if not paths:
        return tuple(faults)
    found = known.locate(message.body, paths, message.part or 1) if shared is None else shared(paths)
    places = dict(zip(paths, found, strict=True))
    return tuple(fault if fault.location else replace(fault, location=places.get(fault.path, "")) for fault in faults)


def bug_at(work: Work) -> Fault:
    """What is told of a message at which the gateway itself failed."""
    detail = "The gateway failed at this document. It is kept; it will be judged again when the cause is mended."
    return Fault("internal_error", detail, value=work.message.id)
