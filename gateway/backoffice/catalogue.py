"""Our products, packs and taxes, row by row: what isn't named stays."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.accounts import table_rows
from gateway.backoffice.uploads import Uploaded, row_fault
from gateway.services import Services
from gateway.store.revisions import CATALOGUE, Put
from mappings.coherence import lost_zeros
from mappings.compile import catalogue_faults
from schemas.faults import Fault

REASON = "sent by the back office"


@dataclass(frozen=True, slots=True)
class CataloguePut:
    """The catalogue with the rows put into it. `warnings` is what doesn't hold together in all of it."""

    uploaded: Uploaded
    put: Put
    warnings: tuple[Fault, ...]


def put_catalogue(services: Services, uploaded: Uploaded, author: str) -> CataloguePut:
    """Put the good rows into the catalogue: one revision, or none where all of them stand there already."""
    zeros = lost_zeros(uploaded.good, uploaded.kind, services.terms.catalogue())
    uploaded = uploaded.without(row_fault(index, fault) for index, fault in zeros)
    rows = list(table_rows(uploaded.rows))
    put = services.store.revisions.put(CATALOGUE, rows, author=author, reason=REASON)
    return CataloguePut(uploaded, put, catalogue_faults(services.terms.catalogue()))
