"""What a map may say, as pydantic models; README.md explains it with examples.

A rule says where one value comes from and what is made of it. The models judge the keys; whether an expression can be
parsed, and whether keys go together for a field of this kind, is judged when the map is compiled.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StringConstraints,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

Expression = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Short = Annotated[str, StringConstraints(max_length=1_000)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Scope = Literal["here", "parent", "order", "document"]


def _as_several(found: Any) -> Any:
    return (found,) if isinstance(found, str) else found


Formats = Annotated[tuple[Expression, ...], BeforeValidator(_as_several)]


def _flag(value: Any) -> Any:
    """Only true and false: YAML's other words for them (yes, NO, on) are texts to us."""
    if value in ("true", "false"):
        return value == "true"
    if isinstance(value, bool):
        return value
    raise ValueError("must be true or false")


Flag = Annotated[bool, BeforeValidator(_flag)]


class Part(BaseModel):
    """Frozen, and refusing what it doesn't know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Short2Long(Part):
    """A part that may be written as a text alone, which is then its `from`."""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, found: Any) -> Any:
        return {"from": found} if isinstance(found, str) else found

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        written = handler.resolve_ref_schema(handler(schema))
        text = {"type": "string", "minLength": 1, "maxLength": 500, "description": "an expression"}
        return {"anyOf": [text, written]}


class Replace(Part):
    """Every match of `pattern` (RE2) by `by`, in which `\\1` is the first group."""

    pattern: Expression
    by: Short = Field(alias="with")


class Split(Part):
    """The `part`-th piece, from 1 (from the end: -1), of the text split at `at`."""

    at: Name
    part: int = Field(ge=-1_000, le=1_000)


class Pad(Part):
    """Filled up to `length` characters with `fill` in front."""

    length: int = Field(ge=1, le=200)
    fill: Annotated[str, StringConstraints(min_length=1, max_length=1)] = "0"


class Cut(Part):
    """`length` characters from the `start`-th on, counted from 1."""

    start: int = Field(default=1, ge=1, le=100_000)
    length: int = Field(default=100_000, ge=1, le=100_000)


Word = Literal["upper", "lower", "strip_leading_zeros", "strip_spaces", "digits_only", "one_line"]


class Cleaning(Part):
    """One step: a word, or one of these."""

    word: Word | None = None
    extract: Expression | None = Field(
        default=None, description="the first group (or all) of this pattern; else nothing"
    )
    replace: Replace | None = None
    split: Split | None = None
    pad: Pad | None = None
    cut: Cut | None = None
    prefix: Short | None = None
    suffix: Short | None = None

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        written = handler.resolve_ref_schema(handler(schema))
        return {"anyOf": [{"enum": list(get_args(Word))}, written]}

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, found: Any) -> Any:
        if isinstance(found, Mapping):
            return found
        words, others = get_args(Word), [name for name in cls.model_fields if name != "word"]
        if isinstance(found, str) and found in words:
            return {"word": found}
        keys = ", ".join(f"{{{name}: …}}" for name in others)
        near = get_close_matches(str(found), [*words, *others], 1)
        meant = f"did you mean {near[0]}? Steps" if near else "steps"
        raise ValueError(f"is no step; {meant} are {', '.join(words)}, and {keys}")

    @model_validator(mode="after")
    def _one_each(self) -> Cleaning:
        if len(self.model_fields_set) != 1:
            raise ValueError("one step each: extract, replace, split, pad, cut, prefix or suffix")
        return self


class NumberFormat(Part):
    """How numbers are written."""

    decimal: Literal[".", ","] = "."
    thousands: Literal[".", ",", "'", " ", "’"] | None = None
    implied: int | None = Field(default=None, ge=1, le=10, description="decimals without a sign: 1250 is 12.50")
    places: int | None = Field(default=None, ge=0, le=10, description="written: at least so many decimals")

    @model_validator(mode="after")
    def _two_signs(self) -> NumberFormat:
        if self.thousands == self.decimal:
            raise ValueError("decimal and thousands must differ")
        return self


class FlagFormat(Part):
    """The words for true and false. Written is the first of them."""

    true: tuple[Short, ...] = Field(min_length=1)
    false: tuple[Short, ...] = Field(min_length=1)


class Join(Part):
    """Several values as one text; those that say nothing are left out."""

    parts: tuple[Rule, ...] = Field(min_length=1, max_length=20)
    between: Short = " "


class Position(Part):
    """The number of the line (or other member) by its place: `start`, `start + step`, …"""

    start: int = Field(default=1, ge=0, le=1_000_000)
    step: int = Field(default=1, ge=1, le=1_000)


class Condition(Part):
    """What must hold. One test of one value, or several conditions together."""

    source: Expression | None = Field(default=None, alias="from")
    of: Scope = "here"
    equals: Short | None = None
    among: tuple[Short, ...] | None = Field(default=None, alias="in")
    matches: Expression | None = Field(default=None, description="a pattern (RE2) that is found in it")
    exists: Flag | None = None
    every: tuple[Condition, ...] | None = Field(default=None, alias="all")
    some: tuple[Condition, ...] | None = Field(default=None, alias="any")
    none: Condition | None = Field(default=None, alias="not")


class Case(Part):
    """What is used where the condition holds."""

    condition: Condition = Field(alias="if")
    use: Rule


Table = dict[Short, Short]


class Rule(Short2Long):
    """Where a value comes from (one of from, first, join, value, position, when) and what is made of it."""

    source: Expression | None = Field(default=None, alias="from", description="an expression")
    of: Scope = Field(default="here", description="where the expression starts")
    first: tuple[Rule, ...] | None = Field(
        default=None, min_length=1, max_length=20, description="the first that says something"
    )
    join: Join | None = None
    value: Short | None = Field(default=None, description="a constant")
    position: Position | None = None
    when: tuple[Case, ...] | None = Field(default=None, min_length=1, max_length=100)
    otherwise: Rule | None = None
    several: Literal["fault", "first", "last", "join"] = Field(
        default="fault", description="where the expression finds several values"
    )
    between: Short = Field(default=" ", description="what stands between them, for join")
    clean: tuple[Cleaning, ...] = Field(default=(), max_length=20, description="one after the other")
    emptied: Literal["fault", "empty"] = Field(
        default="fault", description="what a value becomes of which clean leaves nothing"
    )
    table: Name | Table | None = Field(default=None, description="a table of the map by name, or written here")
    unknown: Literal["fault", "keep", "default", "empty"] = Field(
        default="fault", description="what a code that the table doesn't have becomes"
    )
    number: NumberFormat | None = None
    date: Formats | None = Field(
        default=None, description="a format such as DD.MM.YYYY, or several; iso, epoch_seconds, epoch_millis"
    )
    flag: FlagFormat | None = None
    default: Short | None = None
    required: Flag = False


class Defaults(Part):
    """How values are written in this map where a rule says nothing else."""

    number: NumberFormat | None = None
    date: Formats | None = None
    flag: FlagFormat | None = None


class AnyMap(Part):
    """What both kinds of maps have."""

    note: str | None = Field(default=None, description="for people")
    time_zone: Name | None = Field(
        default=None, description="IANA name; days of moments with an offset are this zone's"
    )
    tables: dict[Name, Table] = Field(default_factory=dict)
    defaults: Defaults = Defaults()
    namespaces: dict[Annotated[str, StringConstraints(max_length=100)], Short] = Field(
        default_factory=dict, description="prefix → namespace; '' is that of names without a prefix"
    )


for _model in (Join, Condition, Case, Rule):
    _model.model_rebuild()
