"""What several documents share: parties, periods, prices, allowances and charges."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Mapping
from datetime import date, time
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, ClassVar, NamedTuple, cast, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from schemas.values import ExactDecimal

Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
"""What identifies something: a number, a code. White space around it is no part of it: `" A "` is `"A"`."""
LONGEST_TEXT = 10_000
Text = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT)]


class Document(BaseModel):
    """Frozen, and refusing what it doesn't know."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=False)


class OwnDocument:
    """A document of our own, or a part of one: a dataclass, made for every answer of values that are exact and judged
    already. Making one judges nothing; pydantic judges one that comes in as text, by the same annotations. Nothing
    changes one after it is made."""

    __slots__ = ()
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


AnyDocument = Document | OwnDocument


class DocumentField(NamedTuple):
    """A field of a document: its type with all that restricts it, and what it is where nothing is said."""

    annotation: Any
    default: Any


def fields_of(model: type[AnyDocument]) -> Mapping[str, DocumentField]:
    """A document's fields by name, in their order, however it is made."""
    return _fields_of(cast("Hashable", model))


@cache  # asking a dataclass for its annotations is a third of compiling a map
def _fields_of(model: Any) -> Mapping[str, DocumentField]:
    if issubclass(model, Document):
        return {name: DocumentField(field.annotation, field.default) for name, field in model.model_fields.items()}
    types = get_type_hints(model, include_extras=True)
    return {field.name: DocumentField(types[field.name], field.default) for field in dataclasses.fields(model)}


class Identifier(Document):
    """An identifier with its scheme: an EAS or ISO 6523 code where there is one (0088 GLN, 0060 DUNS)."""

    id: Code
    scheme: Code | None = None


class Address(Document):
    """A postal address. `country` is ISO 3166-1 alpha-2 where the sender follows it."""

    street: Text | None = None
    additional_street: Text | None = None
    building_number: Text | None = None
    city: Text | None = None
    postal_code: Text | None = None
    region: Text | None = None
    country: Text | None = None
    lines: tuple[Text, ...] = ()


class Contact(Document):
    """A person or desk of a party."""

    id: Code | None = None
    name: Text | None = None
    telephone: Text | None = None
    email: Text | None = None


class Party(Document):
    """A party by its first identification, with any others it was given."""

    id: Code | None = None
    scheme: Code | None = None
    name: Text | None = None
    endpoint: Identifier | None = None
    identifiers: tuple[Identifier, ...] = ()
    legal_name: Text | None = None
    registration: Identifier | None = None
    vat_id: Code | None = None
    address: Address | None = None
    contact: Contact | None = None

    def known_as(self) -> tuple[Identifier, ...]:
        """Every identifier of the party, its endpoint included."""
        own = (Identifier(id=self.id, scheme=self.scheme),) if self.id else ()
        endpoint = (self.endpoint,) if self.endpoint else ()
        return own + self.identifiers + endpoint


class Period(Document):
    """Local dates of the account; times carry an offset where the sender gave one."""

    start: date | None = None
    end: date | None = None
    start_time: time | None = None
    end_time: time | None = None


class Price(Document):
    """`amount` for `base_quantity` of `unit` (the line's where None), net; `gross` before a price-embedded discount."""

    amount: ExactDecimal
    base_quantity: ExactDecimal = Decimal(1)
    unit: Code | None = None
    unit_code: Code | None = None
    gross: ExactDecimal | None = None


class Charge(Document):
    """A charge, or an allowance where `is_charge` is false (UBL AllowanceCharge, UNCL 7161 and 5189 codes)."""

    is_charge: bool
    amount: ExactDecimal
    reason_code: Code | None = None
    reason: Text | None = None
    base_amount: ExactDecimal | None = None
    factor: ExactDecimal | None = None


class Attachment(Document):
    """A file that came with the document; its bytes are kept aside under their SHA-256, not in here."""

    id: Code | None = None
    document_type: Text | None = None
    description: Text | None = None
    filename: Text | None = None
    media_type: Code | None = None
    uri: Text | None = None
    size: int | None = Field(default=None, ge=0)
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None


class Extension(Document):
    """A value that the canonical document has no field for, kept aside under the name it had."""

    name: Text
    value: Annotated[str, StringConstraints(max_length=100_000)]
