"""One cause as people read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from gateway.causes.words import amounts, counted, due, shortened, span
from gateway.store.problem_states import ProblemState, SeenCause, State, What
from gateway.store.problems import Worth
from schemas.fault_codes import FAULTS

_TABLES = {
    "unknown_item": "items",
    "item_conflict": "items",
    "unknown_unit": "units",
    "unknown_ship_to": "sites",
    "unknown_supply_site": "sites",
    "price_mismatch": "prices",
    "no_contract_price": "prices",
}
_SAID_IN_ROWS = ("unknown_item", "unknown_unit")
_POSITIONS = re.compile(r"/\d+(?=/|$)")
_HOUR = 3_600_000_000
_NOT_BY_A_CLOCK = 24
"""What has no time of its own stands among what is due in a day."""
THINGS = {"message": "order", "document": "document", "file": "file"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One cause. `count` is of `what`: messages, documents or files. Times are microseconds since 1970; `path`, `value`
    and `detail` are those of the newest of them."""

    fingerprint: str
    account_id: str
    account_name: str = ""
    code: str
    what: What
    count: int
    first_at: int
    last_at: int
    path: str = ""
    value: str | None = None
    detail: str = ""
    endpoint: str | None = None
    """Of documents and files: where they go or come from."""
    location: str = ""
    expected: str | None = None
    last_id: str | None = None
    """The newest message or document."""
    tests: int = 0
    due_at: int | None = None
    worth: Worth = ()
    unpriced: int = 0
    state: State = "open"
    known: ProblemState | None = None
    """What was written down of it; None where nobody has looked yet."""
    owner: str | None = None
    """The name of whom it is assigned to."""

    @property
    def title(self) -> str:
        """The kind of cause in a few words."""
        return title_of(self.code)

    @property
    def remedy(self) -> str:
        """What our people do about it."""
        return FAULTS[self.code].remedy if self.code in FAULTS else ""

    @property
    def table(self) -> str | None:
        """The account's table where it is mended; None where it is mended elsewhere."""
        return _TABLES.get(self.code)

    @property
    def looked_for(self) -> str | None:
        """What to look for in that table; None where its rows don't say it so."""
        return self.value if self.code in _SAID_IN_ROWS else None

    @property
    def whose(self) -> str:
        """The account's name, or its id where it has none."""
        return self.account_name or self.account_id

    @property
    def name(self) -> str:
        """`Unknown item 12345`."""
        return self.title if not self.value else f"{self.title} {shortened(self.value)}"

    @property
    def assigned_to(self) -> str | None:
        """The id of whom it is assigned to."""
        return self.known.assigned_to if self.known else None

    @property
    def how_many(self) -> str:
        """`37 orders`, `37 orders, 2 of them tests`, `2 test orders`."""
        thing = THINGS[self.what]
        if not self.count:
            return ""
        if self.tests == self.count:
            return counted(self.count, f"test {thing}")
        of_them = f", {self.tests:,} of them {'a test' if self.tests == 1 else 'tests'}" if self.tests else ""
        return counted(self.count, thing) + of_them

    def facts(self, now: int) -> Iterator[str]:
        """What stands behind the colon, part by part."""
        if self.how_many:
            yield self.how_many
        if worth := amounts(self.worth):
            yield worth
        age = span(now - self.first_at)
        yield f"oldest {age}" if self.count > 1 else f"{age} old" if self.count else f"for {age}"
        if said := due(self.due_at, now):
            yield said

    def sentence(self, now: int) -> str:
        """`Unknown item 12345 from ACME Retail: 37 orders, 18,400.00 EUR, oldest 2 h, response due in 2 h`."""
        return f"{self.name} {self.preposition} {self.whose}: {', '.join(self.facts(now))}"

    @property
    def preposition(self) -> str:
        """Messages come from an account, documents go to it."""
        return "for" if self.what == "document" else "from"

    def why(self) -> Iterator[tuple[str, str]]:
        """(what, as it is in all of them): why they are one problem, and which version of the rule said so."""
        yield "Account", f"{self.whose} ({self.account_id})"
        yield "Kind of cause", f"{self.title} ({self.code})"
        if self.path:
            place = _POSITIONS.sub("/*", self.path)
            yield "Place", place if place == self.path else f"{place}, on whatever line"
        if self.value is not None and self.endpoint is None:
            yield "Value", shortened(self.value) or "nothing"
        if self.endpoint:
            yield "Endpoint", self.endpoint
        version = self.fingerprint.partition("-")[0]
        yield "Rule", f"version {version}: account, kind of cause, place without its line, and value are equal"

    def is_overdue(self, now: int) -> bool:
        """Whether an answer should have gone out by now."""
        return self.due_at is not None and self.due_at < now

    def risk(self, now: int) -> tuple[int, Decimal, int, int]:
        """What is most at risk sorts first: by when the next answer is due (to the hour; overdue before all), by what
        it is worth, by how many wait, by how long. Tests alone come last."""
        hours = _NOT_BY_A_CLOCK if self.due_at is None else max(-1, (self.due_at - now) // _HOUR)
        if self.what == "message" and self.due_at is None:
            hours = 1_000_000
        most = max((one for _, one in self.worth), default=Decimal(0))
        return hours, -most, -self.count, self.first_at

    @property
    def seen(self) -> SeenCause:
        """As it is written down."""
        return SeenCause(
            self.fingerprint, self.account_id, self.code, self.what, self.endpoint or self.value, self.path, self.detail
        )


def title_of(code: str) -> str:
    """The kind of cause in a few words."""
    return FAULTS[code].title if code in FAULTS else code.replace("_", " ")
