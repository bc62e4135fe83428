"""Every fault that an order can have once it is read leads somewhere, under every policy."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from gateway.trade.consequences import (
    CONSEQUENCES,
    ByPolicy,
    Consequence,
    consequence_of,
    judge,
    keeps_from_an_answer,
)
from mappings.account import Policies
from schemas.fault_codes import FAULTS
from schemas.faults import Fault

ROOT = Path(__file__).resolve().parents[2]
_RAISED = re.compile(r'Fault\(\s*"([a-z_]+)"')
MODULES = (
    *(f"mappings/{name}.py" for name in ("engine", "items", "units", "prices", "sites")),
    "gateway/trade/checks.py",
    "gateway/recognising.py",
)


@pytest.mark.parametrize("module", MODULES)
def test_every_code_that_mapping_and_checks_raise_has_a_consequence(module: str) -> None:
    raised = set(_RAISED.findall((ROOT / module).read_text(encoding="utf-8")))
    assert raised <= set(FAULTS)
    assert raised - set(CONSEQUENCES) == set()


def test_the_table_names_only_declared_codes_and_consequences() -> None:
    assert set(CONSEQUENCES) <= set(FAULTS)
    possible = set(get_args(Consequence))
    for row in CONSEQUENCES.values():
        assert set(row.leads_to.values() if isinstance(row, ByPolicy) else [row]) <= possible


@pytest.mark.parametrize("code", [code for code, row in CONSEQUENCES.items() if isinstance(row, ByPolicy)])
def test_every_value_of_a_policy_leads_somewhere(code: str) -> None:
    row = CONSEQUENCES[code]
    assert isinstance(row, ByPolicy)
    values = get_args(Policies.model_fields[row.policy].annotation)
    assert set(row.leads_to) == set(values)
    for value in values:
        assert consequence_of(code, Policies.model_validate({row.policy: value})) == row.leads_to[value]


@pytest.mark.parametrize(
    ("code", "consequence"),
    [
        ("unknown_item", "hold_order"),
        ("unknown_unit", "hold_order"),
        ("pack_contradiction", "hold_order"),
        ("item_conflict", "hold_order"),
        ("no_contract_price", "hold_order"),
        ("currency_mismatch", "hold_order"),
        ("unknown_ship_to", "hold_order"),
        ("price_mismatch", "hold_order"),
        ("order_number_reused", "hold_order"),
        ("unsupported_document", "hold_order"),
        ("fractional_unit", "reject_line"),
        ("inactive_product", "reject_line"),
        ("below_minimum", "reject_line"),
        ("not_a_multiple", "reject_line"),
        ("wrong_buyer", "reject_order"),
        ("wrong_recipient", "reject_order"),
        ("dates_contradict", "reject_order"),
        ("past_date", "note"),
    ],
)
def test_the_contracts_defaults(code: str, consequence: str) -> None:
    assert consequence_of(code, Policies()) == consequence


def test_a_code_without_a_row_rejects_or_holds_by_who_must_act() -> None:
    assert consequence_of("too_long", Policies()) == "reject_order"
    assert consequence_of("cannot_store", Policies()) == "hold_order"


def test_a_lines_consequence_at_the_header_concerns_the_order() -> None:
    terms = Policies(unknown_ship_to="reject")
    assert judge([Fault("unknown_ship_to", "?", "/ship_to")], terms).order == "reject_order"
    assert judge([Fault("unknown_ship_to", "?", "/lines/4/ship_to")], terms).rejected.keys() == {4}


def test_a_rejection_wins_over_a_hold_in_either_order() -> None:
    faults = [Fault("unknown_unit", "?", "/lines/0/unit"), Fault("wrong_buyer", "?", "/buyer")]
    assert judge(faults, Policies()).order == "reject_order"
    assert judge(faults[::-1], Policies()).order == "reject_order"


@pytest.mark.parametrize(
    ("code", "policies", "of_line", "keeps"),
    [
        ("fractional_unit", {"fractional_unit": "round_up"}, True, False),
        ("fractional_unit", {"fractional_unit": "hold"}, True, True),
        ("inactive_product", {}, True, False),
        ("bad_value", {}, True, False),
        ("bad_value", {}, False, True),
        ("unknown_item", {"unknown_item": "hold_line"}, True, False),
        ("unknown_item", {}, True, True),
    ],
)
def test_what_keeps_an_order_from_its_answer(code: str, policies: dict[str, str], of_line: bool, keeps: bool) -> None:
    assert keeps_from_an_answer(code, of_line, Policies.model_validate(policies)) is keeps
