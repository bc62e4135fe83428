"""What is billed by itself: each despatch advice once it is due, by its account's terms.

The next time is a row, and whoever bills settles that row in the same transaction, so that of several schedulers one
has billed it. What can't be billed (no tax rule, no agreed price) is kept with its reasons and tried again, because
somebody mends it meanwhile; what of the same account and time can be billed is.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from gateway.billing import Contended, Unbilled, add, held_faults, settled, unbilled, written_invoice
from gateway.numerals import Numerals
from gateway.services import Services
from gateway.store.ids import now_us
from gateway.store.invoices import Billable, InvoiceRows
from gateway.trade.billing import Bill, bills
from schemas.faults import DocumentHeld, Fault, TryAgain

_FIRST_PAUSE_US = 600_000_000
_LONGEST_PAUSE_US = 6 * 3_600_000_000
_AT_ONCE = 200
"""Groups that are billed in one go; the rest comes with the next."""
_ACTOR = "gateway"

logger = logging.getLogger(__name__)


def bill_due(services: Services, at: int | None = None) -> int:
    """Bill everything that is due. Returns how many invoices were made."""
    now, made = now_us() if at is None else at, 0
    for _ in range(_AT_ONCE):
        due = services.store.invoices.due(now)
        if not due:
            break
        made += _billed(services, due, now)
    return made


def _billed(services: Services, due: Sequence[Billable], now: int) -> int:
    """Bill what is due together. What fails of it holds up nothing else: it is tried again after a while."""
    account_id = due[0].account_id
    try:
        return _bill(services, due, now)
    except Contended:
        logger.warning("The orders of %s were changed all the time; their billing is tried again", account_id)
        why = "The invoice could not be made: its orders were changed all the time."
    except TryAgain:
        raise
    except Exception as failure:
        logger.exception("Billing of %s failed; it is tried again", account_id)
        why = f"The invoice could not be made: {type(failure).__name__}."
    _put_off(services, due, now, Fault("invoice_failed", why))
    return 0


def _put_off(services: Services, due: Sequence[Billable], now: int, why: Fault) -> None:
    """Try again after a while what nobody else has billed or put off meanwhile."""

    def save() -> None:
        waits = services.store.invoices.still_due(one.document_id for one in due)
        left = [one for one in waits if one.due_at is not None and one.due_at <= now]
        failed = [_again(one, now, (why,)) for one in left]
        services.store.invoices.save(InvoiceRows(at=now, actor=_ACTOR, failed=failed))

    try:
        settled(save)
    except Contended:
        logger.warning("What failed of %s is settled by others at the same time", due[0].account_id)


def _bill(services: Services, due: Sequence[Billable], now: int) -> int:
    made = 0

    def save() -> None:
        nonlocal made
        left = services.store.invoices.still_due(one.document_id for one in due)
        if not left:
            return  # another scheduler has
        rows = _prepare(services, left, now)
        services.store.invoices.save(rows)
        made = len(rows.invoices)

    settled(save)
    return made


def _prepare(services: Services, due: Sequence[Billable], now: int) -> InvoiceRows:
    """The invoices of what can be billed, and what becomes of the rest."""
    parts = services.store.invoices.parts_told_in((one.document_id for one in due), (one.shipment_id for one in due))
    left = _but_consignment(unbilled(services, parts))
    rows = InvoiceRows(at=now, actor=_ACTOR)
    numerals = Numerals(services, rows)
    failed: dict[str, list[DocumentHeld]] = {}
    told_in = {(part.key.shipment_id, part.key.shipment_line): part.document_id for part in parts}
    for bill in bills(left.parts, left.orders):
        try:
            add(rows, written_invoice(services, bill, rows, lambda day: numerals.next("invoice", day)))
        except DocumentHeld as held:
            for document_id in _documents(bill, told_in):
                failed.setdefault(document_id, []).append(held)
    for one in due:
        if one.document_id in failed:
            rows.failed.append(_again(one, now, held_faults(failed[one.document_id])))
        else:
            rows.billed.append(one.document_id)
    return rows


def _but_consignment(found: Unbilled) -> Unbilled:
    """What is on consignment is billed when it is used, which only the back office knows."""
    kinds = {order_id: order.standing.order.order_type for order_id, order in found.orders.items()}
    return Unbilled([part for part in found.parts if kinds[part.order_id] != "consignment"], found.orders)


def _documents(bill: Bill, told_in: dict[tuple[str, int], str]) -> list[str]:
    return list(dict.fromkeys(told_in[part.key] for part in bill.parts))


def _again(one: Billable, now: int, faults: tuple[Fault, ...]) -> tuple[str, int, tuple[Fault, ...]]:
    """Twice as long after each failure, six hours at most."""
    pause = min(_FIRST_PAUSE_US << min(one.attempts, 16), _LONGEST_PAUSE_US)
    return one.document_id, now + pause, faults
