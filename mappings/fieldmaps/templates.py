"""What a map that writes may say: a tree in the account's layout, with rules over the canonical document."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from mappings.fieldmaps.language import AnyMap, Condition, Expression, Flag, Name, Part, Rule

XmlName = Annotated[str, StringConstraints(pattern=r"^([A-Za-z_][\w.\-]*:)?[A-Za-z_][\w.\-]*$", max_length=100)]


class Node(Rule):
    """A JSON value: a rule's, an object, a list with `each`, or a list written out."""

    members: dict[str, Node] | None = Field(default=None, alias="object")
    each: Expression | None = Field(default=None, description="a list of the document; one `item` for each in it")
    item: Node | None = None
    items: tuple[Node, ...] | None = Field(default=None, alias="list")
    kind: Literal["text", "number", "flag"] = Field(default="text", alias="as")
    condition: Condition | None = Field(default=None, alias="if")
    empty: Literal["omit", "null"] = Field(default="omit", description="what is written where there is no value")


class Element(Part):
    """An XML element; with `each` one for each in a list of the document."""

    element: XmlName
    each: Expression | None = None
    condition: Condition | None = Field(default=None, alias="if")
    attributes: dict[XmlName, Rule] = Field(default_factory=dict)
    text: Rule | None = None
    children: tuple[Element, ...] = ()
    empty: Literal["omit", "keep"] = Field(default="omit", description="whether it is written with nothing in it")


class Column(Rule):
    """A column of CSV; numbers are written bare, texts so that no spreadsheet takes them for a formula."""


def _as_list(found: Any) -> Any:
    return [found] if isinstance(found, str) else found


class WriteMap(AnyMap):
    """A map from a canonical document to the account's own layout."""

    writes: Literal["json", "xml", "csv"]
    template: Any = Field(default=None, description="JSON: a value; XML: the root element")
    rows: Annotated[tuple[Expression, ...], BeforeValidator(_as_list)] = Field(
        default=(), max_length=3, description="CSV: the lists that rows are made of, each inside the one before"
    )
    columns: dict[Name, Column] = Field(default_factory=dict, description="CSV: heading → rule, in their order")
    otherwise: dict[Name, Column] = Field(
        default_factory=dict,
        description="CSV: columns of the one row that stands where rows finds none, by rules of the whole document",
    )
    delimiter: Literal[",", ";", "\t", "|"] = ","
    quote: Literal["minimal", "all"] = "minimal"
    header: Flag = True
    newline: Literal["crlf", "lf"] = "crlf"


class JsonWriteMap(WriteMap):
    """One that writes JSON."""

    template: Node


class XmlWriteMap(WriteMap):
    """One that writes XML."""

    template: Element


Node.model_rebuild()
Element.model_rebuild()
MODELS: dict[str, type[WriteMap]] = {"json": JsonWriteMap, "xml": XmlWriteMap, "csv": WriteMap}
