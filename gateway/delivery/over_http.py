"""What the ways over HTTP have in common: their headers, and what a status says of a document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from gateway.delivery.http import AnswerLost, NotSent, Reply
from gateway.delivery.transport import Parcel, Result
from gateway.delivery.words import as_kept

GONE = 410


def named_headers(parcel: Parcel) -> dict[str, str]:
    """What a receiver may want to know before it reads the document."""
    told = {
        "Document-Id": parcel.document_id,
        "Document-Type": parcel.type,
        "Document-Number": parcel.number,
        "Order-Number": parcel.order_number,
        "Document-Test": "true" if parcel.test else None,
    }
    return {name: _header(value) for name, value in told.items() if value is not None}


def _header(value: str) -> str:
    """A header's value: characters that it can't have are percent-encoded (RFC 9110, 5.5)."""
    return "".join(
        one if " " <= one <= "~" and one != "%" else "".join(f"%{b:02X}" for b in one.encode()) for one in value
    )


def attempt(call: Callable[[], Reply], judge: Callable[[Reply], Result], secrets: Sequence[str] = ()) -> Result:
    """The call, and what its reply says; where there was none, what is known of the document. `secrets` are what the
    partner was told and may repeat."""
    return as_kept(_outcome(call, judge), secrets)


def _outcome(call: Callable[[], Reply], judge: Callable[[Reply], Result]) -> Result:
    try:
        reply = call()
    except NotSent as failure:
        return Result(outcome="failed", detail=str(failure), is_outage=True)
    except AnswerLost as failure:
        return Result(outcome="unknown", detail=str(failure), is_outage=True)
    return judge(reply)


def shown(reply: Reply) -> str | None:
    """The answer as text."""
    return reply.body.decode("utf-8", "replace").strip() or None


def failed(reply: Reply, detail: str | None = None) -> Result:
    """A reply that asks, by what it is, to be tried again."""
    return Result(
        outcome="failed",
        detail=detail or f"HTTP {reply.status}",
        answer=shown(reply),
        retry_after=retry_after(reply),
        is_outage=reply.status >= 500 or reply.status == 429,
    )


def redirected(reply: Reply) -> Result | None:
    """A redirect is not followed: where it leads was not agreed."""
    if not 300 <= reply.status < 400:
        return None
    leads = reply.headers.get("location", "")[:200]
    return failed(reply, f"HTTP {reply.status}: redirects are not followed" + (f" (to {leads})" if leads else ""))


def retry_after(reply: Reply, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> float | None:
    """Retry-After in seconds, written as such or as a date (RFC 9110, 10.2.3); None where there is none that can be
    read."""
    said = reply.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit() and len(said) < 10:
        return float(said)
    try:
        at = parsedate_to_datetime(said)
    except (ValueError, OverflowError):  # the latter for a year that no calendar has
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now()).total_seconds())
