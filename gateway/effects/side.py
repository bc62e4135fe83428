"""An order as it comes out under one of two mappings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from gateway.judging import Judged
from gateway.trade.decision import LineLedger
from mappings.account import Policies
from mappings.mapped import MappedLine
from schemas.documents.order_response import LineOutcome, LineStatus
from schemas.faults import Fault, line_index


@dataclass(frozen=True, slots=True)
class Side:
    """An order as it is judged under one of the two mappings, and that mapping's policies."""

    judged: Judged
    policies: Policies

    @property
    def lines(self) -> dict[str, MappedLine]:
        """Line number → the line, of an order that was read."""
        mapped = self.judged.mapped
        return {} if mapped is None else {line.line_number: line for line in mapped.lines}

    @property
    def stands(self) -> bool:
        """Whether it is answered."""
        return self.judged.status == "done"

    def line_number(self, fault: Fault) -> str | None:
        """The line that the fault is about; None for the order's header."""
        index, mapped = line_index(fault), self.judged.mapped
        if index is None:
            return None
        known = mapped is not None and index < len(mapped.lines)
        return mapped.lines[index].line_number if known and mapped is not None else str(index + 1)

    def outcomes(self) -> dict[str, Sequence[LineOutcome]]:
        """Line number → what becomes of the line: as the answer says, and where none is wanted or it says nothing of
        lines, by the order's ledger."""
        response = self.judged.response
        if response is not None and response.lines:
            return {line.line_number: line.outcomes for line in response.lines}
        return {one.line_number: _of_ledger(one) for one in self.judged.ledger}


def _of_ledger(ledger: LineLedger) -> Sequence[LineOutcome]:
    parts: Sequence[tuple[LineStatus, Decimal]] = (
        ("accepted", ledger.confirmed),
        ("backordered", ledger.backordered),
        ("rejected", ledger.rejected),
        ("cancelled", ledger.cancelled),
    )
    return [LineOutcome(status=status, quantity=amount, unit=ledger.unit) for status, amount in parts if amount]
