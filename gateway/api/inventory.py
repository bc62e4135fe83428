"""What the account may still order of its items, as of now: in full, or what changed since a report that it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from flask import Response, request
from flask_openapi3 import APIBlueprint

from gateway.api.describe import INVENTORY, KEY, account_problems, content, query
from gateway.api.door import caller, door, no_terms, parameter, sign_in
from gateway.api.examples import INVENTORY_REPORT, INVENTORY_TABLE, UBL_INVENTORY
from gateway.api.parameters import refuse_unknown_parameters
from gateway.api.problems import Refused
from gateway.inventory import KIND, Asked, Cursor, ask, formats, report_in
from gateway.inventory_plans import Plan
from schemas.faults import DocumentHeld
from schemas.formats import Format

_DEFAULTS = {"application/json": "json-1", "text/csv": "csv-1", "application/xml": "ubl-2.1"}
"""Media type → the format in which it is answered, unless the account has agreed another one of that type."""
_ALIKE = {"application/xml": "text/xml"}
_NUMBER = "Inventory-Report"
_REVALIDATED = "private, no-cache"
"""An answer may be kept, and is asked for again by its ETag."""

inventory = APIBlueprint("inventory", __name__, abp_tags=[INVENTORY], abp_security=KEY)
inventory.before_request(sign_in)
inventory.before_request(refuse_unknown_parameters)


@inventory.get(
    "/v1/inventory",
    summary="What you may still order",
    description="Each of your items by your own number and in your unit: what you may still order of it, in whole "
    "units of what is set aside for you, at all sites that supply you; what is due next, and what to keep to in "
    "ordering. What there is none of is listed too. By `Accept` as JSON, CSV or UBL's StockAvailabilityReport; in "
    "the format agreed for your scheduled reports where that is of the type asked for. `ETag` changes with the "
    "content: ask with `If-None-Match` and nothing is sent while nothing changed. Every report has a number, in CSV "
    "in the header `Inventory-Report`: `since` with it leaves out what has not changed after that report.",
    responses={
        200: content(
            "The report. `is_full` says whether it is all of it: also with `since` where other terms were published "
            "since, which concern every item.",
            "application/json",
            "text/csv",
            "application/xml",
            headers={
                "ETag": "What the content is known by.",
                _NUMBER: "The report's number, for `since` later.",
                "Cache-Control": "It may be kept, and must be asked for again.",
            },
            examples={
                "application/json": INVENTORY_REPORT,
                "text/csv": INVENTORY_TABLE,
                "application/xml": UBL_INVENTORY,
            },
        ),
        204: {"description": "With `since`, in UBL: nothing changed. UBL has no report without a line."},
        304: {"description": "Nothing changed since the ETag in `If-None-Match` was given."},
        **account_problems(406),
    },
    openapi_extensions={
        "parameters": [
            query(
                "since",
                "The number of a report that you have, asked for or from the mailbox: only what changed after it. "
                "Some of that it may have told you already; nothing is missed. An item that is none of yours any more "
                "comes once, as `discontinued`.",
                {"type": "string", "minLength": 1, "maxLength": 100},
            ),
            query("format", "A format's name, such as `csv-1`. It goes before `Accept`.", {"type": "string"}),
        ]
    },
)
def report() -> Response:
    """The caller's report, written as it is read."""
    services, who, since = door().services, caller(), _since()
    try:
        asked = ask(services, who.account_id, datetime.now(UTC), test=who.test, since=since)
    except LookupError:
        raise no_terms() from None
    chosen = _chosen_format(asked.plan)
    tag = f"{asked.tag}-{chosen.name}"
    headers = {"Vary": "Accept", "Cache-Control": _REVALIDATED, _NUMBER: asked.head.number, "ETag": f'W/"{tag}"'}
    if request.if_none_match.contains_weak(tag):
        return Response(status=304, headers=headers)
    pieces = _pieces(asked, chosen)
    if pieces is None:
        return Response(status=204, headers=headers)
    media_type = chosen.media_type_of(KIND)
    charset = "; charset=utf-8" if media_type.startswith("text/") else ""
    return Response(pieces, 200, headers=headers, content_type=media_type + charset)


def _since() -> Cursor | None:
    text = parameter("since")
    if text is None:
        return None
    try:
        return Cursor.of(text)
    except ValueError:
        sent = door().services.store.inventory_reports.cursor(caller().account_id, text)
    if sent is None:
        raise Refused("bad_parameter", "since is the number of no report of yours.")
    return Cursor.of(sent)


def _pieces(asked: Asked, chosen: Format) -> Iterator[bytes] | None:
    """The document in pieces, of which the first is there: what can't be written at all is said before anything is
    sent. None where nothing changed and the format has no word for that."""
    pieces = report_in(door().services, asked, chosen)
    try:
        first = next(pieces)
    except DocumentHeld as held:
        if not asked.head.is_full and not asked.items and not asked.gone:
            return None
        detail = f"This report can't be written in {chosen.name}: {held.faults[0].detail}"
        raise Refused("not_acceptable", detail) from held
    return _from_first(first, pieces)


def _from_first(first: bytes, others: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from others


def _chosen_format(plan: Plan) -> Format:
    """The format asked for by name or media type; JSON where nothing is. Raises Refused where it isn't to be had."""
    available = formats(door().services, plan)
    wanted = parameter("format")
    if wanted is not None:
        if wanted not in available:
            raise _not_acceptable(available)
        return available[wanted]
    agreed = plan.account.outbound.get(KIND)
    own = available.get(agreed.format) if agreed else None
    by_type = {media_type: available[name] for media_type, name in _DEFAULTS.items()}
    if own is not None:
        by_type[own.media_type_of(KIND)] = own
    best = max(by_type, key=_liked)  # of equally liked ones the first
    if not _liked(best):
        raise _not_acceptable(available)
    return by_type[best]


def _liked(media_type: str) -> float:
    accept = request.accept_mimetypes
    if not accept:
        return 1.0
    return max(accept.quality(media_type), accept.quality(_ALIKE.get(media_type, media_type)))


def _not_acceptable(available: Mapping[str, Format]) -> Refused:
    listed = ", ".join(f"{name} ({known.media_type_of(KIND)})" for name, known in available.items())
    return Refused("not_acceptable", f"This report is to be had as {listed}.")
