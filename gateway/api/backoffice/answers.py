"""What the back office is answered as JSON."""

from __future__ import annotations

from pydantic import Field

from gateway.api.answers import Answer, FaultAnswer


class RowFault(FaultAnswer):
    """One thing that is wrong with a row, which was not stored. `path` is in the body as JSON: `/rows/3/quantity`."""

    row: int = Field(
        ge=0, description="Index of the row among those sent, from 0; of a file, header and blank lines left out."
    )


class RowsAnswer(Answer):
    """What became of the rows sent: rows = stored + unchanged + bad, and of stock + those left out as older."""

    rows: int
    stored: int = Field(description="Rows that are new, or say something else than before.")
    unchanged: int = Field(description="Rows that stand there already.")
    bad: int = Field(description="Rows with a fault. Nothing of them was stored.")
    faults: list[RowFault] = Field(description="What is wrong with the bad rows, of the first 10,000 faults.")
    warnings: list[FaultAnswer] = Field(
        description="What doesn't hold together in what stands now; it is stored all the same. The first 1,000."
    )


class CatalogueAnswer(RowsAnswer):
    """What became of products or packs."""

    revision: int = Field(description="Of the catalogue, with these rows in it.")
    published: bool = Field(description="Whether it is a new one.")


class OlderRow(Answer):
    """A count that was left out: what is known of its place was counted later."""

    row: int
    product: str
    site: str
    as_of: str
    known_as_of: str


class StockAnswer(RowsAnswer):
    """What became of counts of stock."""

    older: list[OlderRow]


class PricesPublished(Answer):
    """One account's mapping with its prices in it."""

    account: str
    revision: int
    published: bool = Field(description="Whether it is a new one, by the back office.")
    stored: int
    unchanged: int


class PricesAnswer(RowsAnswer):
    """What became of prices, account by account."""

    accounts: list[PricesPublished]


OFFICE_ANSWERS: tuple[type[Answer], ...] = (CatalogueAnswer, StockAnswer, PricesAnswer)
