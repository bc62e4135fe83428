"""Which of an account's terms stand on which page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gateway.console.terms.fields import Field, Lines, Part, Rows, Ticks
from gateway.console.terms.places import Places
from gateway.console.terms.read_off import field_of, fields_of, values_of
from gateway.console.terms.ways import Agreed, Way
from mappings.account import (
    SENT,
    Account,
    BusinessHours,
    CxmlCredential,
    LegalParty,
    Outbound,
    Payment,
    Person,
    Policies,
    SchemedId,
    TradeTerms,
)
from mappings.own_format import CUSTOM
from schemas.formats.registry import FORMATS


@dataclass(frozen=True, slots=True)
class Section:
    """A page of terms."""

    name: str
    title: str
    said: str
    parts: Sequence[Part]

    def seen(self, tree: Mapping[str, Any]) -> list[Any]:
        """What of the terms it shows and changes."""
        return [part.seen(tree) for part in self.parts]


_EMAIL = {"email": "E-mail", "phone": "Telephone", "vat_id": "VAT number", "id": "Number", "endpoint.id": "Number"}
_HOURS = "Empty: as usual. Such as 08:00-17:00, or 08:00-12:00, 13:00-17:00, or closed."
_DAYS = {"days": "Days to pay", "from": "Counted from"}
_CXML = values_of(CxmlCredential, {"secret": "Secret's name"})
_DOCUMENT_SAID = (
    "Without a format nothing is agreed: they get none, or, of an order response, one in the format asked in."
)


_AGREED_OF = {"inventory_report": (("schedule", "Schedule"),), "invoice": (("when", "When"),)}
"""What is agreed of one kind of document alone."""


def _outbound(kind: str, words: str) -> Section:
    place = ("outbound", kind)
    writes = [name for name, known in FORMATS.items() if kind in known.renderers]
    options = (("", "nothing agreed"), *((name, name) for name in writes), (CUSTOM, "custom: by a map of their own"))
    rest = [field_of(Outbound, name, (*place, name), label) for name, label in _AGREED_OF.get(kind, ())]
    answered = field_of(Outbound, "answer_within", (*place, "answer_within"), "Answered within")
    agreed = Agreed(Field((*place, "format"), "Format", options=options))
    return Section(kind, words.capitalize(), _DOCUMENT_SAID, (agreed, Way((*place, "transport")), *rest, answered))


def _without_usual(part: Part) -> Part:
    """Of what differs from account to account, nothing is usual."""
    return replace(part, usual="") if isinstance(part, Field) else part


_READS = (*(name for name, known in FORMATS.items() if "order" in known.parsers), CUSTOM)
_HOUR_FIELDS = fields_of(BusinessHours, ("business_hours",))
SECTIONS: Mapping[str, Section] = {
    one.name: one
    for one in (
        Section(
            "people",
            "People",
            "The manager is the single contact that everybody asks for; the team are the others.",
            (
                *fields_of(Person, ("manager",), {**_EMAIL, "manager.name": "Manager", "role": "Role"}),
                Rows(("team",), "Member", values_of(Person, _EMAIL)),
            ),
        ),
        Section(
            "basics",
            "Name, tier and hours",
            f"Business hours count where there is a calendar. {_HOURS}",
            (
                Field(("name",), "Name", "What everybody calls them."),
                _without_usual(field_of(Account, "tier", ("tier",), "Tier")),
                _without_usual(field_of(Account, "time_zone", ("time_zone",), "Time zone")),
                field_of(Account, "calendar", ("calendar",), "Calendar"),
                *_HOUR_FIELDS,
            ),
        ),
        Section(
            "legal",
            "Who they are by law",
            "As invoices name them.",
            fields_of(LegalParty, ("legal",), {**_EMAIL, "legal.name": "Registered name"}),
        ),
        Section(
            "identifiers",
            "Identifiers and contracts",
            "Where any identifier is listed, an order that names another buyer is refused.",
            (
                Rows(
                    ("identifiers",), "Identifier", values_of(SchemedId, _EMAIL), "Scheme 0088 is a GLN, 0060 a DUNS."
                ),
                Lines(("contracts",), "Contracts", "Numbers that their releases name, one a line."),
                Rows(("cxml", "from"), "cXML From", _CXML, "Which From credentials are theirs."),
                Rows(("cxml", "senders"), "cXML Sender", _CXML, "Who may send for them, and by which secret."),
            ),
        ),
        Section(
            "formats",
            "Formats of their orders",
            "The first of them is that of an order response where nothing else is agreed. None ticked: json-1.",
            (Ticks(("inbound", "formats"), "They may send", _READS),),
        ),
        Section(
            "pickup", "Places that orders are picked up from", "We look there; they don't have to send.", (Places(),)
        ),
        *(_outbound(kind, words) for kind, words in SENT.items()),
        Section(
            "policies",
            "Policies",
            "What happens where an order doesn't fit. What differs from the usual stands out.",
            fields_of(Policies, ("policies",)),
        ),
        Section(
            "payment",
            "Currency and payment",
            "Discounts and rebates are lists of tiers: they are written as text.",
            (
                field_of(TradeTerms, "currency", ("terms", "currency"), "Currency"),
                *fields_of(
                    Payment, ("terms", "payment"), {**_DAYS, "terms.payment.discount.days": "Discount within days"}
                ),
            ),
        ),
    )
}
"""By the name in a page's address, in the order in which an account's page has them."""


def section_of(path: str) -> str:
    """The page on which the terms that a fault's path names are changed; `text` where none has them."""
    place = path.split("/")[1:]
    found = next((name for name, one in SECTIONS.items() if any(_is_in(place, part.place) for part in one.parts)), None)
    return found or "text"


def _is_in(place: Sequence[str], part: Sequence[str]) -> bool:
    """Whether one is around the other."""
    size = min(len(place), len(part))
    return size > 0 and tuple(place[:size]) == tuple(part[:size])
