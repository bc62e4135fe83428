"""An account's samples: judged without effect, and compared with what stands beside them as expected."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from pathlib import PurePosixPath
from typing import Any

from gateway.intake import recognise
from gateway.judging import Judged, judge, untouched
from gateway.services import Services
from gateway.store.ids import now_us
from mappings.files.sent_samples import is_of_what_we_send
from mappings.own_format import formats_of
from mappings.revision import MappingRevision
from schemas.documents.order_response import OrderResponse
from schemas.faults import DocumentFailure
from schemas.values import shortest

_EXPECTED = ".expected.json"


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample document, with what must come of it where that is said."""

    name: str
    body: bytes
    expected: Mapping[str, Any] | None

    def of_order(self, part: int) -> Sample:
        """The same of one of its orders: what must come of that."""
        orders = (self.expected or {}).get("orders", [])
        return replace(
            self, name=f"{self.name}, order {part}", expected=orders[part - 1] if part <= len(orders) else None
        )


def samples_in(files: Mapping[str, bytes]) -> list[Sample]:
    """The orders among the files of `samples/`, in name order, each with its `<name>.expected.json`.

    Raises ValueError naming an expectation that can't be read.
    """
    return [
        Sample(name, body, _expected(files, PurePosixPath(name).stem + _EXPECTED))
        for name, body in sorted(files.items())
        if not name.endswith(_EXPECTED) and not is_of_what_we_send(name)
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
    """Sentences that say where what came differs from what was expected, one for each value: `order 2 (PO-8), line 10,
    outcome 1, quantity: expected "24", came "20"`. What isn't expected isn't compared."""
    orders = [{**_told(one), "order_number": one.order_number} for one in judged.orders]
    came = {**_told(judged), "orders": orders}
    return list(_differences((), {name: expected[name] for name in came if name in expected}, came))


_MEMBERS = {"orders": "order", "lines": "line", "outcomes": "outcome", "faults": "fault"}
"""A list and what one of its members is called."""


def _differences(at: tuple[str, ...], expected: Any, came: Any) -> Iterator[str]:
    if isinstance(expected, Mapping) and isinstance(came, Mapping):
        for name, value in expected.items():
            if name != "story":  # which is for people
                yield from _differences((*at, name), value, came.get(name))
    elif isinstance(expected, list) and isinstance(came, list) and len(expected) == len(came):
        for number, (one, its) in enumerate(zip(expected, came, strict=True), 1):
            yield from _differences((*at[:-1], _member(at[-1], number, its)), one, its)
    elif came != expected:
        yield f"{', '.join(at)}: expected {_shown(expected)}, came {_shown(came)}"


def _member(members: str, number: int, came: Any) -> str:
    """How one of these is called: a line by its own number, an order by its place and its number."""
    named = came if isinstance(came, Mapping) else {}
    if members == "lines" and "line_number" in named:
        return f"line {named['line_number']}"
    order = f" ({named['order_number']})" if members == "orders" and named.get("order_number") else ""
    return f"{_MEMBERS.get(members, members)} {number}{order}"


def _told(judged: Judged) -> dict[str, Any]:
    return {
        "status": judged.status,
        "outcome": judged.response.outcome if judged.response else None,
        "lines": response_lines(judged.response),
        "faults": [{"code": fault.code, "path": fault.path} for fault in judged.faults],
    }


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


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def judge_samples(
    services: Services, revision: MappingRevision, samples: Iterable[Sample]
) -> list[tuple[Sample, Judged]]:
    """Each sample judged under this mapping of its account, on its own order date, all from one stock: what the last
    snapshots say, as if nothing had been taken since."""
    catalogue = services.terms.catalogue()
    stock = untouched(services.store.stock.load(catalogue.products, [revision.account.id]))
    return [
        (sample, judge(services, revision, catalogue, stock, sample.body, _day_of(revision, sample.body)))
        for sample in samples
    ]


def _day_of(revision: MappingRevision, body: bytes) -> int:
    """Noon of the order's issue date in microseconds since 1970, so that a sample gives the same answer next year."""
    formats = formats_of(revision)
    format_name, *_ = recognise(revision.account, formats, body)
    try:
        issued = formats[format_name or ""].parse_orders(body)[0].order.issue_date
    except (DocumentFailure, KeyError):
        issued = None
    return now_us() if issued is None else int(datetime.combine(issued, time(12), UTC).timestamp()) * 1_000_000
