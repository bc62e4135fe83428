"""An account's samples: judged without effect, and compared with what stands beside them as expected."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import PurePosixPath
from typing import Any

from gateway.amending import stale_change
from gateway.bookkeeping import Books
from gateway.deciding import decide_changed, decide_one, waits
from gateway.intake import recognise
from gateway.local_time import local_date, local_time
from gateway.reading import located, read_one
from gateway.services import Services
from gateway.states import advance
from gateway.store.changes import ClaimedMessage
from gateway.store.ids import now_us
from gateway.store.messages import StoredMessage
from gateway.supplying import sites_without_stock, unknown_supply
from gateway.trade.decision import Decision
from gateway.trade.response import decide
from gateway.trade.stock import Stock
from gateway.work import Work
from mappings.revision import Catalogue, MappingRevision
from schemas.documents.order_response import OrderResponse
from schemas.faults import DocumentFailure, Fault, in_document_order
from schemas.formats.registry import format_by_name
from schemas.values import shortest

_EXPECTED = ".expected.json"
_SETTLED = ("done", "held", "rejected")
_EVENTS = {"answered": "answer", "held": "hold", "rejected": "reject"}


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample document, with what must come of it where that is said."""

    name: str
    body: bytes
    expected: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a document: the message's status, the response where there is one, and every fault."""

    status: str
    response: OrderResponse | None
    faults: tuple[Fault, ...]


def samples_in(files: Mapping[str, bytes]) -> list[Sample]:
    """The samples among the files of `samples/`, in name order, each with its `<name>.expected.json`.

    Raises ValueError naming an expectation that can't be read.
    """
    return [
        Sample(name, body, _expected(files, PurePosixPath(name).stem + _EXPECTED))
        for name, body in sorted(files.items())
        if not name.endswith(_EXPECTED)
    ]


def _expected(files: Mapping[str, bytes], name: str) -> Mapping[str, Any] | None:
    if name not in files:
        return None
    try:
        said = json.loads(files[name])
    except ValueError as error:
        raise ValueError(f"samples/{name} is not JSON: {error}") from error
    if not isinstance(said, dict):
        raise ValueError(f"samples/{name} is no JSON object")
    return said


def differences(expected: Mapping[str, Any], judged: Judged) -> list[str]:
    """Sentences that say where what came differs from what was expected; what isn't expected isn't compared."""
    came: dict[str, Any] = {
        "status": judged.status,
        "outcome": judged.response.outcome if judged.response else None,
        "lines": response_lines(judged.response),
        "faults": [{"code": fault.code, "path": fault.path} for fault in judged.faults],
    }
    return [
        f"{name}: expected {_shown(expected[name])}, came {_shown(_like(came[name], expected[name]))}"
        for name in came
        if name in expected and _like(came[name], expected[name]) != expected[name]
    ]


def response_lines(response: OrderResponse | None) -> list[dict[str, Any]]:
    """The outcomes of each line, as an expectation writes them."""
    return [
        {
            "line_number": line.line_number,
            "outcomes": [
                {
                    "status": part.status,
                    "quantity": f"{shortest(part.quantity):f}",
                    "unit": part.unit,
                    "promised_delivery": part.promised_delivery and part.promised_delivery.isoformat(),
                    "reason": part.reason,
                }
                for part in line.outcomes
            ],
        }
        for line in (response.lines if response else ())
    ]


def _like(came: Any, expected: Any) -> Any:
    """What came, reduced to the members that the expectation names."""
    if isinstance(expected, Mapping) and isinstance(came, Mapping):
        return {name: _like(came.get(name), value) for name, value in expected.items()}
    if isinstance(expected, list) and isinstance(came, list) and len(came) == len(expected):
        return [_like(one, like) for one, like in zip(came, expected, strict=True)]
    return came


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


# --- judging without effect ----------------------------------------------------------------------------------------
def judge(
    services: Services,
    revision: MappingRevision,
    catalogue: Catalogue,
    stock: Stock,
    body: bytes,
    at: int,
    *,
    test: bool = False,
) -> Judged:
    """What would come of the document if it had arrived at `at`, with a `test` key or not, and were decided then on
    this stock, which it takes from."""
    read = _read(services, revision, catalogue, body, at, test)
    return read if isinstance(read, Judged) else _decided(services, read, stock, at)


def foresee(services: Services, messages: Iterable[tuple[StoredMessage, bytes]]) -> list[Judged | None]:
    """What would come of replaying these messages now, one after the other: under the published mappings, on the orders
    and the stock that there are now, from which each takes. None where its account has no mapping. Nothing is done, and
    orders and stock may be others by the time of a real replay.
    """
    catalogue = services.terms.catalogue()
    read = [_read_again(services, catalogue, stored, body) for stored, body in messages]
    books = Books(services, [one for one in read if isinstance(one, Work)], foresees=True)
    return [_foreseen(services, one, books) if isinstance(one, Work) else one for one in read]


def _foreseen(services: Services, work: Work, books: Books) -> Judged:
    """As the pipeline would settle it."""
    if books.resend(work) is not None:
        return Judged("duplicate", None, ())
    prepared = books.changes.get(work.message.id)
    if work.order.function == "original" and prepared is None:
        return _judged(work, decide_one(services, work, books))
    if waits(work, prepared):
        return Judged("received", None, ())
    if prepared is not None and prepared.when == "stale":
        return Judged("done", None, located(work, (stale_change(work.order, prepared.standing.order.version),)))
    return _judged(work, decide_changed(services, work, books, prepared).decision)


def _judged(work: Work, decision: Decision) -> Judged:
    warnings = work.read.warnings if work.read else ()
    faults = in_document_order((*decision.faults, *warnings))  # in the order in which a settlement keeps them
    return Judged(advance("processing", _EVENTS[decision.verdict]), decision.response, faults)


def _read_again(services: Services, catalogue: Catalogue, stored: StoredMessage, body: bytes) -> Work | Judged | None:
    try:
        revision = services.terms.current([stored.account_id])[stored.account_id]
    except LookupError:
        return None
    return _read(services, revision, catalogue, body, stored.received_at, stored.test, stored.id)


def _read(
    services: Services,
    revision: MappingRevision,
    catalogue: Catalogue,
    body: bytes,
    at: int,
    test: bool,
    message_id: str = "",
) -> Work | Judged:
    """The document in our terms, ready to be decided; or what came of it before."""
    format_name, faults = recognise(revision.account, body)
    if faults:
        return Judged("rejected", None, faults)
    account_id = revision.account.id
    message = ClaimedMessage(message_id, account_id, test, 0, at, at, "sample", format_name, body, 1, 0, 0, b"", None)
    work = Work(message, revision, catalogue)
    read_one(services, work)
    if work.mapped is None:
        event, found = (work.settlement.event, work.settlement.faults) if work.settlement else ("fail", ())
        return Judged(advance("processing", event), None, found)
    return work


def _decided(services: Services, work: Work, stock: Stock, at: int) -> Judged:
    """The answer that would be given at that moment, on this stock."""
    revision = work.revision
    if work.mapped is None or revision is None:
        raise AssertionError("it is read first, under a mapping")
    supply = unknown_supply(work, sites_without_stock(services, [work], stock))
    decision = decide(
        work.mapped,
        located(work, in_document_order((*work.faults, *supply))),
        stock,
        revision.account,
        services.supplier,
        response_number="SAMPLE",
        received_on=local_date(work.message.received_at, revision),
        issued_at=local_time(at, revision),
        test=work.is_test,
    )
    return _judged(work, decision)


def judge_samples(services: Services, account_id: str, samples: Iterable[Sample]) -> list[tuple[Sample, Judged]]:
    """Each sample judged under the published mapping, on its own order date, all from one stock: what the last
    snapshots say, as if nothing had been taken since. Raises LookupError where the account has no mapping."""
    revision = services.terms.current([account_id])[account_id]
    catalogue = services.terms.catalogue()
    stock = _untouched(services.store.stock.load(catalogue.products, [account_id]))
    return [
        (sample, judge(services, revision, catalogue, stock, sample.body, _day_of(revision, sample.body)))
        for sample in samples
    ]


def judge_messages(services: Services, account_id: str, last: int) -> list[tuple[StoredMessage, Judged]]:
    """The account's last messages, newest first, judged again under the published mapping as of the day each came, on
    stock of which nothing is taken. What only the order book knows (a number used twice) is not judged, so messages it
    decided on are left out. Raises LookupError where the account has no mapping."""
    revision, catalogue = services.terms.current([account_id])[account_id], services.terms.catalogue()
    found = []
    for stored in services.store.messages.page(account_id=account_id, limit=last):
        body = services.store.messages.body(stored.id)
        codes = {fault.code for fault in services.store.messages.faults(stored.id)}
        if body is None or stored.status not in _SETTLED or "order_number_reused" in codes:
            continue
        stock = _untouched(services.store.stock.load(catalogue.products, [account_id]))
        found.append((stored, judge(services, revision, catalogue, stock, body, stored.received_at, test=stored.test)))
    return found


def _untouched(stock: Stock) -> Stock:
    for position in stock.positions.values():
        position.taken = position.taken * 0
        position.taken_by.clear()
    return stock


def _day_of(revision: MappingRevision, body: bytes) -> int:
    """Noon of the order's issue date in microseconds since 1970, so that a sample gives the same answer next year."""
    format_name, _ = recognise(revision.account, body)
    try:
        issued = format_by_name(format_name or "").parse_orders(body)[0].order.issue_date
    except (DocumentFailure, KeyError):
        issued = None
    return now_us() if issued is None else int(datetime.combine(issued, time(12), UTC).timestamp()) * 1_000_000
