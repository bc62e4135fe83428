"""JSON Schemas (draft 2020-12) of the json-1 documents, as `/v1/schemas/<type>.json` serves them.

Read off the canonical models, with json-1's spelling of decimals, dates and times. What a schema can't say (line
numbers that differ, a quantity above zero that is written as a string) only the reader judges.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from schemas.documents.billing import CreditNoteRequest, Delivery, InvoiceRequest
from schemas.documents.common import AnyDocument
from schemas.documents.despatch_advice import DespatchAdvice
from schemas.documents.inventory_report import InventoryReport
from schemas.documents.invoice import Invoice
from schemas.documents.order import Order
from schemas.documents.order_response import OrderResponse
from schemas.documents.shipment import Shipment
from schemas.formats.json_1.spelling import (
    DATE_PATTERN,
    DATE_TIME_PATTERN,
    DECIMAL_PATTERN,
    MOMENT_PATTERN,
    TIME_PATTERN,
)

DOCUMENTS: Mapping[str, type[AnyDocument]] = {
    "order": Order,
    "order_response": OrderResponse,
    "despatch_advice": DespatchAdvice,
    "inventory_report": InventoryReport,
    "invoice": Invoice,
    "credit_note": Invoice,
}
"""Document type, as in the schema's address, → its canonical model: what accounts send and get."""
SCHEMAS: Mapping[str, type[AnyDocument]] = {
    **DOCUMENTS,
    "shipment": Shipment,
    "delivery": Delivery,
    "invoice_request": InvoiceRequest,
    "credit_note_request": CreditNoteRequest,
}
"""The same with what our own systems send."""

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(document_type: str) -> dict[str, Any]:
    """The JSON Schema of this document type. Raises KeyError for a type that has none."""
    return {**_schema(document_type), "$id": f"/v1/schemas/{document_type}.json"}


@cache
def _schema(document_type: str) -> dict[str, Any]:
    model = TypeAdapter(SCHEMAS[document_type])
    found = model.json_schema(mode="validation", schema_generator=_Json1Schema)
    for one in (found, *found.get("$defs", {}).values()):
        _allow_null(one)
    return {"$schema": _DIALECT, **found}


def _allow_null(schema_of_object: dict[str, Any]) -> None:
    """Every member that may be absent may as well be null, which says the same."""
    properties = schema_of_object.get("properties", {})
    for name in properties.keys() - set(schema_of_object.get("required", ())):
        member = properties[name]
        default = {"default": member.pop("default")} if member.get("default") is not None else {}
        member.pop("default", None)
        choices = member["anyOf"] if set(member) == {"anyOf"} else [member]
        properties[name] = {"anyOf": [*(one for one in choices if one != _NULL), _NULL], **default}


_NULL = {"type": "null"}


class _Json1Schema(GenerateJsonSchema):
    """Pydantic's generator with json-1's spelling, and without titles that only repeat the names."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> dict[str, Any]:
        return {
            "description": "an exact decimal, best as a string: at most 20 digits before the point and 10 after",
            "anyOf": [{"type": "string", "pattern": f"^{DECIMAL_PATTERN}$"}, {"type": "number"}],
        }

    def str_schema(self, schema: core_schema.StringSchema) -> dict[str, Any]:
        written = super().str_schema(schema)
        return {**written, "pattern": r"[\S\uFEFF]"} if schema.get("strip_whitespace") else written

    def date_schema(self, schema: core_schema.DateSchema) -> dict[str, Any]:
        return {"type": "string", "format": "date", "pattern": f"^{DATE_PATTERN}$"}

    def datetime_schema(self, schema: core_schema.DatetimeSchema) -> dict[str, Any]:
        is_moment = schema.get("tz_constraint") == "aware"
        told = "a date and time with its offset" + ("" if is_moment else "; without one, the account's local time")
        pattern = MOMENT_PATTERN if is_moment else DATE_TIME_PATTERN
        return {"description": told, "type": "string", "pattern": f"^{pattern}$"}

    def time_schema(self, schema: core_schema.TimeSchema) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{TIME_PATTERN}$"}

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False
