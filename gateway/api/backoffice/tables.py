"""Bulk calls of rows: products, packs, taxes, stock, prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Response, request

from gateway.api.answers import as_json, fault_answers
from gateway.api.backoffice.answers import (
    CatalogueAnswer,
    OlderRow,
    PricesAnswer,
    PricesPublished,
    RowFault,
    StockAnswer,
)
from gateway.api.backoffice.blueprint import back_office
from gateway.api.backoffice.documents import refused
from gateway.api.backoffice.examples import (
    CATALOGUE_PUT,
    PACK_ROWS,
    PRICE_ROWS,
    PRICES_PUT,
    PRODUCT_ROWS,
    STOCK_PUT,
    STOCK_ROWS,
    TAX_ROWS,
    TAXES_PUT,
)
from gateway.api.bodies import read_body
from gateway.api.describe import account_problems, answer
from gateway.api.door import back_office_author, door
from gateway.api.problems import Refused
from gateway.backoffice.catalogue import CataloguePut, put_catalogue
from gateway.backoffice.prices import put_prices
from gateway.backoffice.stock import put_stock
from gateway.backoffice.uploads import MEDIA_TYPES, Placed, Uploaded, read_upload
from mappings.tables import TABLES, Column, Kind
from schemas.faults import DocumentFailure, Fault

_FAULTS_TOLD, _WARNINGS_TOLD = 10_000, 1_000
_UPSERT = (
    "Rows that aren't named stay as they are; a row that is named takes the place of the one with its key ({key}). "
    "Good rows are stored and each bad row's faults told by its index, always with a 200: `bad` says how many were not "
    "stored. The same rows again change nothing{nothing}. A body whose rows can't be told is a 400, and nothing of it "
    "is stored."
)

tables = back_office("tables", __name__)


def _described(kind: Kind, nothing: str) -> str:
    key = ", ".join(TABLES[kind].key)
    return _UPSERT.format(key=key, nothing=nothing)


def _body_of(kind: Kind, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    table = TABLES[kind]
    members = {column.name: _member(column) for column in table.columns}
    required = [column.name for column in table.columns if column.required]
    row = {"type": "object", "properties": members, "required": required, "additionalProperties": False}
    body = {
        "type": "object",
        "properties": {"rows": {"type": "array", "items": row}},
        "required": ["rows"],
        "additionalProperties": False,
    }
    files = {name: {"schema": {"type": "string", "format": "binary"}} for name in MEDIA_TYPES[1:]}
    return {
        "requestBody": {
            "required": True,
            "description": f"Rows with the columns of {table.file}; or that file, as CSV in UTF-8 or as XLSX. Numbers "
            "are texts or JSON numbers; item numbers and GTINs are always texts, so that leading zeros stay. "
            "`Content-Encoding: gzip` is taken.",
            "content": {MEDIA_TYPES[0]: {"schema": body, "example": {"rows": list(rows)}}, **files},
        }
    }


def _member(column: Column) -> dict[str, Any]:
    kinds = (
        ["string"] + (["number"] if column.type.code == "not_a_number" else []) + ([] if column.required else ["null"])
    )
    return {"anyOf": [{"type": kind} for kind in kinds], "description": column.type.expected}


@tables.put(
    "/v1/backoffice/products",
    summary="Products, new and changed",
    description=_described("product", ", and make no new revision of the catalogue"),
    responses={
        200: answer(CatalogueAnswer, "What became of each row.", example=CATALOGUE_PUT),
        **account_problems(411, 413, 415),
    },
    openapi_extensions=_body_of("product", PRODUCT_ROWS),
)
def put_products() -> Response:
    """Put products into the catalogue."""
    return _catalogue_answer(put_catalogue(door().services, _uploaded("product"), back_office_author()))


@tables.put(
    "/v1/backoffice/packs",
    summary="Packs of products, new and changed",
    description=_described("pack", ", and make no new revision of the catalogue"),
    responses={
        200: answer(CatalogueAnswer, "What became of each row.", example=CATALOGUE_PUT),
        **account_problems(411, 413, 415),
    },
    openapi_extensions=_body_of("pack", PACK_ROWS),
)
def put_packs() -> Response:
    """Put packs into the catalogue."""
    return _catalogue_answer(put_catalogue(door().services, _uploaded("pack"), back_office_author()))


@tables.put(
    "/v1/backoffice/taxes",
    summary="Taxes, new and changed",
    description=_described("tax", ", and make no new revision of the catalogue")
    + " To change a rate, send the row with a `valid_to`, and another with the new rate and its `valid_from`; the tax "
    "point decides. Two for the same goods on one day are told in `warnings`: no invoice could bear either.",
    responses={
        200: answer(CatalogueAnswer, "What became of each row.", example=TAXES_PUT),
        **account_problems(411, 413, 415),
    },
    openapi_extensions=_body_of("tax", TAX_ROWS),
)
def put_taxes() -> Response:
    """Put taxes into the catalogue."""
    return _catalogue_answer(put_catalogue(door().services, _uploaded("tax"), back_office_author()))


@tables.put(
    "/v1/backoffice/stock",
    summary="Stock as it was counted",
    description=_described("stock", "")
    + " A count that is older than what is known of its product and site is left out and named in `older`; one of the "
    "same moment corrects it. One of more than a day from now is a fault.",
    responses={
        200: answer(StockAnswer, "What became of each row.", example=STOCK_PUT),
        **account_problems(411, 413, 415),
    },
    openapi_extensions=_body_of("stock", STOCK_ROWS),
)
def put_counts() -> Response:
    """Record counts of stock."""
    put = put_stock(door().services, _uploaded("stock"), datetime.now(UTC).replace(microsecond=0))
    older = [
        OlderRow(
            row=index,
            product=one.row.product,
            site=one.row.site,
            as_of=one.row.as_of.isoformat(),
            known_as_of=one.known.isoformat(),
        )
        for index, one in zip(put.older, put.recorded.older, strict=True)
    ]
    told = _told(put.uploaded, put.recorded.stored, put.recorded.unchanged, put.warnings)
    return as_json(StockAnswer(**told, older=older))


@tables.put(
    "/v1/backoffice/prices",
    summary="Contract prices of accounts, new and changed",
    description=_described("account_price", ", and make no new revision")
    + " Each account whose prices change gets a revision of its mapping, whose author is the back office. To end a "
    "price, send its row again with a `valid_to`.",
    responses={
        200: answer(PricesAnswer, "What became of each row.", example=PRICES_PUT),
        **account_problems(411, 413, 415),
    },
    openapi_extensions=_body_of("account_price", PRICE_ROWS),
)
def put_contract_prices() -> Response:
    """Put prices into the accounts' mappings."""
    put = put_prices(door().services, _uploaded("account_price"), back_office_author())
    accounts = [
        PricesPublished(
            account=account_id,
            revision=one.number,
            published=one.published,
            stored=one.added + one.changed,
            unchanged=one.unchanged,
        )
        for account_id, one in put.of_accounts.items()
    ]
    stored, unchanged = sum(one.stored for one in accounts), sum(one.unchanged for one in accounts)
    return as_json(PricesAnswer(**_told(put.uploaded, stored, unchanged, put.warnings), accounts=accounts))


def _uploaded(kind: Kind) -> Uploaded:
    """The request's rows. Raises Refused where they can't be told."""
    limits = door().services.limits
    media_type = _media_type()
    body = read_body(request.environ, limits)
    try:
        return read_upload(kind, media_type, body, limits.max_body_bytes)
    except DocumentFailure as failure:
        raise refused(failure.faults) from failure


def _media_type() -> str:
    sent = request.mimetype
    if sent in MEDIA_TYPES:
        return sent
    named = ", ".join(MEDIA_TYPES)
    detail = f"Content-Type {sent[:100]!r} is not taken here; send {named}."
    raise Refused("media_type_unsupported", detail, headers={"Accept": named})


def _catalogue_answer(put: CataloguePut) -> Response:
    told = _told(put.uploaded, put.put.added + put.put.changed, put.put.unchanged, put.warnings)
    return as_json(CatalogueAnswer(**told, revision=put.put.number, published=put.put.published))


def _told(uploaded: Uploaded, stored: int, unchanged: int, warnings: Sequence[Fault]) -> dict[str, Any]:
    return {
        "rows": uploaded.count,
        "stored": stored,
        "unchanged": unchanged,
        "bad": uploaded.bad,
        "faults": [_row_fault(one) for one in uploaded.faults[:_FAULTS_TOLD]],
        "warnings": fault_answers(warnings[:_WARNINGS_TOLD]),
    }


def _row_fault(placed: Placed) -> RowFault:
    index, fault = placed
    return RowFault(row=index, **fault.as_json())
