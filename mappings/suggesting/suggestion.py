"""What a suggestion says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Found = Literal["name", "shape", "unclear", "not_found"]
"""How a field was found: by the names around its place, by how its values look, not for sure (its rule is a comment, to
be decided), or not at all."""
TODO = "TODO"
"""The expression that stands where a required field was not found: it compiles, finds nothing, and so an order is
refused until somebody has put in what it is. A comment that begins with it is something else to decide."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the sample: the expression of a rule, and a value that stands there."""

    where: str
    example: str


@dataclass(frozen=True, slots=True)
class SuggestedField:
    """A canonical field (`lines.price.amount`), and where it seems to be.

    `sure` is 0 to 100. `also` are other places that it may as well be; `said` is what a person should know of it.
    """

    path: str
    found: Found
    where: str | None = None
    example: str | None = None
    sure: int = 0
    also: tuple[Place, ...] = ()
    said: str = ""
    rule: str = ""
    """The rule as it stands in the map; empty where there is none."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What names the buyer: for account.yaml."""

    kind: Literal["gln", "id", "vat_id", "name", "currency"]
    value: str
    where: str
    scheme: str | None = None
    """0088 of a GLN."""
    party: str = ""
    """buyer, ship_to, bill_to; empty where the sample doesn't say whose it is."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A field map that one sample suggests."""

    language: Literal["json", "xml"]
    text: str
    """order_map.yaml."""
    fields: tuple[SuggestedField, ...]
    unused: tuple[Place, ...]
    """What no rule takes."""
    identifiers: tuple[Identity, ...]
    placeholders: tuple[str, ...] = field(default=())
    """Canonical paths of required fields that were not found: their rules are `TODO`, but `lines.line_number`'s, which
    is the line's place."""
    is_cut: bool = False
    """Whether the sample was so large that only its beginning was looked at."""

    def as_json(self) -> dict[str, Any]:
        """All of it, for programs."""
        return {
            "language": self.language,
            "text": self.text,
            "fields": [
                {
                    "path": one.path, "found": one.found, "where": one.where, "example": one.example,
                    "sure": one.sure, "also": [_told(place) for place in one.also], "said": one.said, "rule": one.rule,
                }
                for one in self.fields
            ],
            "unused": [_told(place) for place in self.unused],
            "identifiers": [
                {"kind": one.kind, "value": one.value, "where": one.where, "scheme": one.scheme, "party": one.party}
                for one in self.identifiers
            ],
            "placeholders": list(self.placeholders),
            "is_cut": self.is_cut,
        }  # fmt: skip


def _told(place: Place) -> dict[str, str]:
    return {"where": place.where, "example": place.example}
