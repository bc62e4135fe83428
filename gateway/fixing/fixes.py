"""What mends a cause: the row of which of the account's tables, with what the orders say of it filled in. What they
don't say is asked: neither a product nor a unit nor a factor nor a price is ever guessed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gateway.fixing.causes import Cause, open_messages, to_judge
from gateway.fixing.evidence import Seen, evidence_of
from gateway.fixing.filled import FILLED, Filled
from gateway.fixing.suggestions import Suggestion, suggestions_for
from gateway.services import Services
from gateway.store.account_tables import Look
from gateway.store.drafts import Edit
from gateway.store.messages import StoredMessage
from gateway.store.users import ROLES, Role, User
from mappings.revision import Catalogue, MappingRevision
from mappings.sheets.words import label
from mappings.tables import TABLES, Column, Kind, key_part

_TABLE_OF: Mapping[str, Kind] = {
    "unknown_item": "item",
    "item_conflict": "item",
    "unknown_unit": "unit",
    "unknown_ship_to": "site",
    "unknown_supply_site": "site",
    "price_mismatch": "price",
    "no_contract_price": "price",
    "currency_mismatch": "price",
}
"""Code → the table whose row mends it."""
_MOST_READ = 50
"""Orders whose lines are looked at for what they say."""


@dataclass(frozen=True, slots=True)
class FixField:
    """A field of the row that is asked for. `beside` is what the orders say about it; `choices` what it may be where
    that is known, of which others may be typed but where they are `all` there is."""

    name: str
    label: str
    value: str
    required: bool
    hint: str
    beside: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    is_main: bool = True

    @property
    def id(self) -> str:
        """Of the page's element."""
        return f"fix-{self.name}"


@dataclass(frozen=True, slots=True)
class Fix:
    """The row that is asked for to mend a cause."""

    cause: Cause
    kind: Kind
    revision: MappingRevision
    """The published mapping that it is a change of."""
    role: Role
    """Who may publish it, at least."""
    message_ids: tuple[str, ...]
    """Those that wait for it, oldest first."""
    judged: tuple[tuple[StoredMessage, bytes], ...]
    """As many of them as are judged to show what it does."""
    seen: tuple[Seen, ...]
    """Where the cause is found under the published mapping."""
    filled: Filled
    suggestions: tuple[Suggestion, ...]
    edits: tuple[Edit, ...]
    """What the account's draft has of the same subject and nobody published yet."""

    @property
    def table(self) -> str:
        """The table's name in addresses."""
        return TABLES[self.kind].file.removesuffix(".csv")

    @property
    def account_id(self) -> str:
        """Whose mapping it changes."""
        return self.cause.account_id

    @property
    def is_mended(self) -> bool:
        """Whether the published mapping has what was missing by now, so that replaying is enough."""
        return bool(self.judged) and not self.seen

    def label_of(self, name: str) -> str:
        """What a column is called."""
        return label(self.kind, name)

    def may_be_used_by(self, user: User) -> bool:
        """Whether this person may publish it."""
        return user.account_id is None and ROLES.index(user.role) >= ROLES.index(self.role)

    def fields(self, typed: Mapping[str, str] | None = None) -> list[FixField]:
        """The row's fields as they are filled in; with what somebody `typed` in place of that."""
        told = self.filled.cells if typed is None else typed
        return [
            FixField(
                column.name,
                label(self.kind, column.name),
                told.get(column.name, ""),
                column.required or column.name in self.filled.wanted,
                "" if column.type.expected == "text" else column.type.expected,
                self.filled.beside.get(column.name, ""),
                self._choices(column.name, told),
                column.name in self.filled.main,
            )
            for column in sorted(TABLES[self.kind].columns, key=self._place)
        ]

    def _place(self, column: Column) -> int:
        """The main ones in the order in which they are asked, then the others in the table's."""
        main = self.filled.main
        return main.index(column.name) if column.name in main else len(main)

    def _choices(self, name: str, told: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        if name == "product":
            return tuple((one.product.product, one.product.name) for one in self.suggestions)
        if name == "unit" and self.kind in ("item", "unit"):
            return self.filled.units_of(told.get("product", ""))
        return self.filled.choices.get(name, ())


def has_form(code: str) -> bool:
    """Whether a cause of this code is mended by a row that can be entered in its place."""
    return code in _TABLE_OF


def fix_for(services: Services, problem: Cause, user: User | None = None, *, wanted: str = "") -> Fix | None:
    """What mends this cause; None where no row of the account's tables does, or nothing is published yet. Who may not
    see our tables (`user`: somebody of an account) is shown none. `wanted` is what they look for among our products.
    """
    kind = _TABLE_OF.get(problem.code)
    if kind is None or (user is not None and user.account_id is not None):
        return None
    try:
        revision = services.terms.current([problem.account_id]).get(problem.account_id)
    except ValueError:  # its terms can't be used any more: that comes first
        return None
    if revision is None:
        return None
    message_ids = open_messages(services, problem)
    judged = to_judge(services, message_ids)
    seen = evidence_of(services, problem, judged[-_MOST_READ:], revision)
    catalogue = services.terms.catalogue()
    filled = FILLED[problem.code](services, problem, seen, revision, catalogue)
    if filled is None:
        return None
    return Fix(
        *(problem, kind, revision, "support", tuple(message_ids), tuple(judged), tuple(seen), filled),
        tuple(_suggested(kind, seen, catalogue, wanted)),
        tuple(_edits_of(services, problem.account_id, revision.number, kind, filled.cells)),
    )


def _suggested(kind: Kind, seen: Sequence[Seen], catalogue: Catalogue, wanted: str) -> list[Suggestion]:
    return suggestions_for(seen, catalogue, wanted) if kind == "item" or wanted else []


def _edits_of(services: Services, account_id: str, number: int, kind: Kind, cells: Mapping[str, str]) -> Sequence[Edit]:
    """The draft's edits of rows about the same number, unit or place of theirs."""
    first = TABLES[kind].key[0]
    if not cells.get(first):
        return ()
    look = Look(prefix=f"{key_part(first, cells[first])}|", edited_only=True)
    rows = services.store.account_tables.page(account_id, number, kind, look, "", 5)
    return [row.edit for row in rows if row.edit is not None]


Fill = Callable[[Services, Cause, Sequence[Seen], MappingRevision, Catalogue], Filled | None]
