"""One message on its way through the pipeline, and the document that comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.store.changes import ClaimedMessage, Settlement
from mappings.mapped import MappedOrder
from mappings.revision import Catalogue, MappingRevision
from schemas.faults import Fault
from schemas.formats import ReadOrder


@dataclass(slots=True)
class Work:
    """One message on its way. Either `settlement` says how it ended early, or `mapped` is ready to be decided."""

    message: ClaimedMessage
    revision: MappingRevision | None
    catalogue: Catalogue
    stages: dict[str, int] = field(default_factory=dict)
    read: ReadOrder | None = None
    mapped: MappedOrder | None = None
    faults: tuple[Fault, ...] = ()
    content: bytes = b""
    settlement: Settlement | None = None

    @property
    def is_test(self) -> bool:
        """Sent with a test key, or marked as a test by its sender."""
        return self.message.test or (self.read is not None and self.read.order.test)

    def end(self, event: str, faults: Sequence[Fault], stage: str, **known: object) -> None:
        """Settle without a decision."""
        pinned = self.revision.number if self.revision else None
        self.settlement = Settlement(
            event,
            dict(self.stages),
            tuple(faults),
            stage,
            mapping_revision=pinned,
            catalogue_revision=self.catalogue.number,
            content_sha256=self.content or None,
            order_number=self.read.order.order_number if self.read else None,
            **known,  # type: ignore[arg-type]
        )


@dataclass(frozen=True, slots=True)
class Rendered:
    """A document in the account's format, ready to leave."""

    format_name: str
    media_type: str
    body: bytes
    canonical: str
    transport: str
