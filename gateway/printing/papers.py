"""The list of what goes on paper, by the names that `gateway convert --to` has for it. What draws it is loaded when it
is asked for: starting a command takes no time for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from schemas.documents.despatch_advice import DespatchAdvice
from schemas.documents.invoice import Invoice


@dataclass(frozen=True, slots=True)
class Paper:
    """A kind of paper: document type → canonical document → bytes, as a format's renderers are."""

    name: str
    media_type: str
    renderers: Mapping[str, Callable[..., bytes]]

    def media_type_of(self, kind: str) -> str:
        """As a format tells it."""
        return self.media_type


def _label_pdf(advice: DespatchAdvice) -> bytes:
    from gateway.printing.pdf import label_pdf

    return label_pdf(advice)


def _label_zpl(advice: DespatchAdvice) -> bytes:
    from gateway.printing.zpl import label_zpl

    return label_zpl(advice)


def _packing_list_pdf(advice: DespatchAdvice) -> bytes:
    from gateway.printing.packing_list import packing_list_pdf

    return packing_list_pdf(advice)


def _invoice_pdf(invoice: Invoice) -> bytes:
    from gateway.printing.invoice import invoice_pdf

    return invoice_pdf(invoice)


PAPERS: Mapping[str, Paper] = {
    known.name: known
    for known in (
        Paper("label-pdf", "application/pdf", {"despatch_advice": _label_pdf}),
        Paper("label-zpl", "application/zpl", {"despatch_advice": _label_zpl}),
        Paper("invoice-pdf", "application/pdf", {"invoice": _invoice_pdf, "credit_note": _invoice_pdf}),
        Paper("packing-list-pdf", "application/pdf", {"despatch_advice": _packing_list_pdf}),
    )
}
