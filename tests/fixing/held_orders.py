"""A gateway with a small catalogue and stock, and an account whose orders it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from gateway.accounts import publish_catalogue, table_rows
from gateway.fixing import Fix, NamedCause, cause_of, fix_for
from gateway.fixing.foreseeing import Foreseen, foresee_fix
from gateway.fixing.proposals import Proposal, propose
from gateway.replaying.running import step
from gateway.services import Services
from gateway.store.revisions import account_scope
from mappings.revision import ItemRow, Pack, Product, StockRow, UnitRow
from tests.api.builders import Gateway, Sender

PRODUCTS = (
    Product("OAT-1L", "Oat drink 1 l", "EA", gtin="9521234000006"),
    Product("OAT-BAR", "Oat drink barista 1 l", "EA"),
    Product("SOY-1L", "Soy drink 1 l", "EA"),
    Product("RYE-500", "Crispbread 500 g", "EA"),
)
PACKS = (Pack("OAT-1L", "XCT", Decimal(12), gtin="9521234000013"), Pack("SOY-1L", "XCT", Decimal(6)))
ACCOUNT = "acme"


class Held(Gateway):
    """With the account `acme`, which orders by cartons (KRT) of its own numbers."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        publish_catalogue(services.store, {"product": PRODUCTS, "pack": PACKS}, author="test", reason="test")
        services.store.stock.record([stock_row("OAT-1L", 4000), stock_row("SOY-1L", 100)])
        self.sender: Sender = self.account(ACCOUNT, policies={"unknown_ship_to": "hold", "price_mismatch": "hold"})

    def settle(self) -> None:
        """Go on with replays until there is nothing to do for any."""
        while step(self.services):
            self.work()

    def publish(self, *rows: Any) -> None:
        """Put these rows into the account's mapping."""
        written = list(table_rows(rows))
        self.services.store.revisions.put(account_scope(ACCOUNT), written, author="test", reason="test")

    def ordered(self, count: int, first: int = 1, **line: Any) -> list[str]:
        """So many orders of one such line each, judged; their messages."""
        ids = []
        for number in range(first, first + count):
            one = {"line_number": "1", "buyer_item": "PL-9", "quantity": "10", "unit": "KRT", **line}
            answer = self.send(self.sender, self.order(f"PO-{number}", [one]))
            assert answer.status_code == 202, answer.text
            ids.append(answer.json["message_id"])
        self.work()
        return ids

    @staticmethod
    def order(number: str, lines: Sequence[Mapping[str, Any]], **more: Any) -> dict[str, Any]:
        return {"order_number": number, "currency": "EUR", "issue_date": "2026-11-23", "lines": lines, **more}

    def cause(self, code: str = "unknown_item") -> NamedCause:
        """The one open cause of this code."""
        (found,) = [one for one in self.services.store.problems.all() if one.code == code]
        cause = cause_of(self.services, found.fingerprint)
        assert cause is not None
        return cause

    def fix(self, code: str = "unknown_item") -> Fix:
        found = fix_for(self.services, self.cause(code))
        assert found is not None
        return found

    def proposed(self, code: str = "unknown_item", **typed: str) -> Proposal:
        """What is filled in, with what was typed."""
        fix = self.fix(code)
        return propose(self.services, fix, {**fix.filled.cells, **typed})

    def foreseen(self, code: str = "unknown_item", **typed: str) -> Foreseen:
        return foresee_fix(self.services, self.proposed(code, **typed))

    def statuses(self, ids: Sequence[str]) -> set[str | None]:
        return {self.services.store.messages.status(one) for one in ids}


def stock_row(product: str, on_hand: int, site: str = "MAIN") -> StockRow:
    return StockRow(product, site, datetime(2026, 11, 1, tzinfo=UTC), Decimal(on_hand))


def other_row() -> UnitRow:
    """A row about something else."""
    return UnitRow("PAL", None, "EA", Decimal(480))


def item(sku: str, product: str) -> ItemRow:
    """That their number is one of our products."""
    return ItemRow(sku, None, product)
