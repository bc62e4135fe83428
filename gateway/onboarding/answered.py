"""What somebody answered to what is unknown in a sample, as edits of the draft; and what is wrong with an answer, at
its field. What they left open stays open."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.accounts import table_rows
from gateway.drafting.drafts import Draft
from gateway.drafting.terms_edits import judge_tree, refuse_overtaken, said_of, seen_mark, terms_change
from gateway.onboarding.unknown import Unknown, UnknownItem, UnknownPlace, UnknownUnit, our_units
from gateway.store.drafts import Change
from gateway.store.revisions import Row
from mappings.account import Account
from mappings.revision import Catalogue, Product
from mappings.rows import rows_of
from mappings.units import base_per_our_unit

_LONGEST_CELL = 200
_MANAGER = ("name", "email", "phone")
_OF_TERMS = ("manager", "identifiers", "policies")


@dataclass(frozen=True, slots=True)
class Ours:
    """What answers are held against: our products, and the sites that supply."""

    catalogue: Catalogue
    sites: Collection[str]


@dataclass(slots=True)
class Answers:
    """Rows and terms that the answers make. Nothing of them counts where there are `faults`: field → what is wrong."""

    rows: list[Row] = field(default_factory=list)
    account: Account | None = None
    faults: dict[str, str] = field(default_factory=dict)

    def changes(self, draft: Draft, seen: str) -> list[Change]:
        """As edits of the draft, each of a row that isn't there yet. Raises Overtaken where the terms aren't any more
        what was seen."""
        rows = [draft.change(row.kind, row.natural_key, None, row.body) for row in self.rows]
        if self.account is None:
            return rows
        refuse_overtaken(draft, terms_asked(draft.terms), seen)
        return [*terms_change(draft, self.account), *rows]


def terms_asked(terms: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of the terms that the form may change."""
    return {name: terms.get(name) for name in _OF_TERMS}


def terms_mark(draft: Draft) -> str:
    """What a form says it saw of them."""
    return seen_mark(terms_asked(draft.terms))


def answered(form: Mapping[str, str], unknown: Unknown, draft: Draft, ours: Ours) -> Answers:
    """What the form says. Its fields are named by the marks of what is unknown: `item.<mark>.product`."""
    answers = Answers()
    for item in unknown.items:
        _item(_given(form, "item", item.mark), item, ours, answers)
    for unit in unknown.units:
        if unit.word is not None:
            _unit(_given(form, "unit", unit.mark), unit, ours, answers)
    for place in unknown.places:
        _place(_given(form, "place", place.mark), place, ours, answers)
    _terms(form, unknown, draft, ours, answers)
    return answers


def _given(form: Mapping[str, str], kind: str, mark: str) -> dict[str, str]:
    """The fields of one thing that were filled in."""
    start = f"{kind}.{mark}."
    return {
        name.removeprefix(start): text.strip() for name, text in form.items() if name.startswith(start) and text.strip()
    }


def _item(given: dict[str, str], item: UnknownItem, ours: Ours, answers: Answers) -> None:
    at = f"item.{item.mark}"
    if not given:
        return
    product = ours.catalogue.products.get(given.get("product", ""))
    if product is None:
        said = f"there is no product {given['product']}" if "product" in given else "which product of ours is it?"
        answers.faults[f"{at}.product"] = said
        return
    cells: dict[str, str | None] = {"product": product.product, "description": _line(item.description)}
    cells["gtin" if item.is_gtin else "account_sku"] = item.number
    if {"unit", "factor"} & given.keys():
        cells |= {"account_unit": item.unit, "unit": given.get("unit"), "factor": given.get("factor")}
        _judge_unit(given.get("unit"), product, ours, f"{at}.unit", answers)
    _row("item", cells, at, ("product", "unit", "factor"), answers)


def _unit(given: dict[str, str], unit: UnknownUnit, ours: Ours, answers: Answers) -> None:
    if not given:
        return
    at, product = f"unit.{unit.mark}", unit.product
    cells = {"account_unit": unit.word, "product": product.product if product else None, **given}
    if product is not None:
        _judge_unit(given.get("unit"), product, ours, f"{at}.unit", answers)
    elif "unit" in given and given["unit"] not in our_units(ours.catalogue):
        answers.faults[f"{at}.unit"] = f"no product of ours has the unit {given['unit']}"
    _row("unit", cells, at, ("unit", "factor"), answers)


def _judge_unit(unit: str | None, product: Product, ours: Ours, at: str, answers: Answers) -> None:
    if unit is not None and base_per_our_unit(product, unit, ours.catalogue) is None:
        has = [product.base_unit, *(pack for owner, pack in ours.catalogue.packs if owner == product.product)]
        answers.faults[at] = f"{product.name} has no {unit}; it has {', '.join(has)}"


def _place(given: dict[str, str], place: UnknownPlace, ours: Ours, answers: Answers) -> None:
    """Only where somebody chose whence it is supplied: its number is proposed, and so says nothing."""
    if "supply_site" not in given:
        return
    at, address = f"place.{place.mark}", place.address
    if ours.sites and given["supply_site"] not in ours.sites:
        answers.faults[f"{at}.supply_site"] = f"there is no stock of {given['supply_site']}"
    street = " ".join(part for part in (address.street, address.building_number) if part)
    cells = {
        "account_site": place.number if place.has_number else given.get("number", place.number),
        "scheme": place.scheme,
        "role": "ship_to",
        "name": _line(place.name),
        "street": _line(street),
        "city": _line(address.city),
        "postal_code": _line(address.postal_code),
        "country": address.country if address.country and len(address.country) == 2 else None,
        "supply_site": given["supply_site"],
        "transit_days": given.get("transit_days"),
    }
    _row("site", cells, at, ("supply_site", "transit_days", "number"), answers)


def _line(text: str | None) -> str | None:
    """What the sample says, as a cell can have it."""
    return " ".join(text.split())[:_LONGEST_CELL] if text else None


def _row(kind: str, cells: Mapping[str, str | None], at: str, asked: Sequence[str], answers: Answers) -> None:
    """The row of these cells, or what is wrong with each: at its field, or at the first that is asked for where the
    sample itself says it."""
    read = rows_of(kind, [cells], lambda *_: "")
    answers.rows += table_rows([row for _, row in read.good])
    for _, fault in read.faults:
        column = fault.path.rpartition("/")[2]
        told = fault.detail.removeprefix(": ")
        if column in asked:
            answers.faults.setdefault(f"{at}.{column}", told.removeprefix(f"{column} "))
        else:
            answers.faults.setdefault(f"{at}.{asked[0]}", told)


# --- terms ------------------------------------------------------------------------------------------------------------
def _terms(form: Mapping[str, str], unknown: Unknown, draft: Draft, ours: Ours, answers: Answers) -> None:
    tree: dict[str, Any] = json.loads(json.dumps(draft.terms))
    said = [*_manager(form, tree), *_identifiers(form, unknown, tree), *_policies(form, unknown, tree)]
    if not said:
        return
    judged = judge_tree(tree)
    answers.account = judged.account
    for fault in judged.faults:
        key = ".".join(fault.path.split("/")[1:])
        answers.faults.setdefault(key.removeprefix("policies."), said_of(fault))
    default = tree.get("policies", {}).get("default_unit")
    known = set(our_units(ours.catalogue)) | {word.word for word in unknown.units} | _words(draft)
    if "default_unit" in said and default not in known:
        answers.faults["default_unit"] = f"nobody knows a unit {default}"


def _words(draft: Draft) -> set[str]:
    return {str(json.loads(row.body)["account_unit"]) for row in draft.rows if row.kind == "unit"}


def _manager(form: Mapping[str, str], tree: dict[str, Any]) -> Iterator[str]:
    given = {name: form.get(f"manager.{name}", "").strip() for name in _MANAGER}
    if any(given.values()):
        tree["manager"] = {**tree.get("manager", {}), **{name: text for name, text in given.items() if text}}
        yield "manager"


def _identifiers(form: Mapping[str, str], unknown: Unknown, tree: dict[str, Any]) -> Iterator[str]:
    chosen: Sequence[Any] = [one for one in unknown.identifiers if f"identifier.{one.id}" in form]
    if chosen:
        added = [one.model_dump(exclude_none=True) for one in chosen]
        tree["identifiers"] = [*tree.get("identifiers", []), *added]
        yield "identifiers"


def _policies(form: Mapping[str, str], unknown: Unknown, tree: dict[str, Any]) -> Iterator[str]:
    policies = dict(tree.get("policies", {}))
    if "accept_addresses" in form and unknown.places:
        policies["unknown_ship_to"] = "accept_address"
        yield "accept_addresses"
    default = form.get("default_unit", "").strip()
    if default:
        policies["default_unit"] = default
        yield "default_unit"
    tree["policies"] = policies
