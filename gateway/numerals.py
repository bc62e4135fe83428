"""The numbers that invoices and credit notes get: the next one of the series that supplier.yaml says.

A new prefix may be one whose numbers an ERP has used, or that was ours before. Nothing is numbered on a guess then: who
numbers without gaps waits for a prefix whose numbers are free, and where there may be gaps what is used is passed over.
"""

from __future__ import annotations

from datetime import date

from gateway.services import Services
from gateway.store.database import Collision
from gateway.store.invoices import InvoiceRows, StoredInvoice
from schemas.documents.invoice import InvoiceType
from schemas.faults import DocumentHeld, Fault

_MOST_PASSED = 1_000
"""Used numbers that are passed over for one document; the next try goes on behind them."""


class Numerals:
    """The numbers of what is made at once; those without gaps are claimed when it is saved."""

    def __init__(self, services: Services, rows: InvoiceRows) -> None:
        self._services = services
        self._rows = rows

    def next(self, kind: InvoiceType, day: date) -> str:
        """The next number of this kind, for a document of this day. Raises DocumentHeld where that is on another
        document, and Collision where somebody has just got it."""
        numbering = self._services.supplier.numbering(kind)
        series = numbering.series(day.year)
        if not numbering.gapless:
            return self._next_free(kind, series)
        number = self._following(kind, series)
        name = numbering.name(series, number)
        holder = self._services.store.invoices.one(kind, name)
        if holder is not None:
            if self._following(kind, series) != number:
                raise Collision(f"{name} was given to {holder.account_id} meanwhile")
            raise DocumentHeld([_in_use(holder, series)])
        self._rows.claims.append((kind, number, series))
        return name

    def _following(self, kind: InvoiceType, series: str) -> int:
        """The number behind those that are given and those that are about to be claimed here."""
        mine = sum((kind, series) == (claim[0], claim[2]) for claim in self._rows.claims)
        return self._services.store.numbers.following(kind, series)[0] + mine

    def _next_free(self, kind: InvoiceType, series: str) -> str:
        numbering, store = self._services.supplier.numbering(kind), self._services.store
        holder = None
        for _ in range(_MOST_PASSED):
            name = numbering.name(series, store.numbers.take(kind, 1, series=series)[0])
            holder = store.invoices.one(kind, name)
            if holder is None:
                return name
        raise DocumentHeld([_in_use(holder, series)] if holder else [])


def _in_use(holder: StoredInvoice, series: str) -> Fault:
    what = holder.type.replace("_", " ")
    detail = (
        f"{holder.number} is the next number of the series {series!r}, and on the {what} of {holder.issue_date} for "
        f"{holder.account_id}"
    )
    expected = f"a prefix for {what}s in supplier.yaml whose numbers are on no document"
    return Fault("number_in_use", detail, "/number", value=holder.number, expected=expected)
