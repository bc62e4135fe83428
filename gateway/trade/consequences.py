"""What each fault of an order leads to, under the account's policies: one table, and its verdict on an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from mappings.account import Policies
from schemas.fault_codes import FAULTS
from schemas.faults import Fault, line_index

Consequence = Literal[
    "reject_order",  # no order stands; the sender is told why
    "hold_order",  # nothing happens until one of our people acts
    "reject_line",  # the line is refused with its reason, the others go on
    "hold_line",  # the line waits, back-ordered without a date, the others go on
    "round_up",  # the line's quantity is raised to the next whole unit of sale
    "accept_contract_price",  # the line is confirmed at the contract's price
    "change_date",  # confirmed for a later date, and said so
    "note",  # recorded with the order, nothing else
]


@dataclass(frozen=True, slots=True)
class ByPolicy:
    """The account decides: the value of this policy → the consequence."""

    policy: str
    leads_to: Mapping[str, Consequence]


_LINES_MAY_WAIT = ByPolicy(
    "unknown_item", {"hold": "hold_order", "hold_line": "hold_line", "reject_line": "hold_order"}
)
"""What is missing on our side for one line; accounts that let a line with an unknown item wait let these wait too."""

CONSEQUENCES: Mapping[str, Consequence | ByPolicy] = {
    # parties and kind of document
    "wrong_buyer": "reject_order",
    "wrong_recipient": "reject_order",
    "unsupported_document": "hold_order",
    "unknown_revision": "hold_order",
    "missing_field": "reject_order",
    "bad_value": "reject_line",
    "quantity_not_positive": "reject_order",
    "duplicate_line": "reject_order",
    "release_without_contract": "reject_order",
    "unknown_contract": "hold_order",
    "not_in_contract": "reject_line",
    "contract_exceeded": "reject_line",
    "less_than_released": "reject_order",
    "dates_contradict": "reject_order",
    "schedule_mismatch": "hold_order",
    # under `change` it is one, unless the order can't be changed any more
    "order_number_reused": ByPolicy(
        "same_number_other_content", {"hold": "hold_order", "change": "hold_order", "reject": "reject_order"}
    ),
    "order_unclear": "hold_order",
    "envelope_id_reused": "hold_order",
    # changes of an order that stands
    "unknown_order": "reject_order",
    "change_missing": "hold_order",
    "version_reused": "hold_order",
    "stale_change": "note",
    "change_overtaken": "hold_order",
    "order_cancelled": "reject_order",
    "change_refused": "reject_order",
    "unknown_line": "reject_order",
    "line_exists": "reject_order",
    "line_not_named": "hold_order",
    "change_unclear": "hold_order",
    # items, units, places
    "unknown_item": ByPolicy(
        "unknown_item", {"hold": "hold_order", "hold_line": "hold_line", "reject_line": "reject_line"}
    ),
    "item_conflict": _LINES_MAY_WAIT,
    "unknown_unit": _LINES_MAY_WAIT,
    "pack_contradiction": _LINES_MAY_WAIT,
    "fractional_unit": ByPolicy(
        "fractional_unit", {"reject": "reject_line", "hold": "hold_order", "round_up": "round_up"}
    ),
    "unknown_ship_to": ByPolicy(
        "unknown_ship_to", {"hold": "hold_order", "accept_address": "note", "reject": "reject_line"}
    ),
    "unknown_supply_site": "hold_order",
    # contract and catalogue
    "currency_mismatch": "hold_order",
    "no_contract_price": _LINES_MAY_WAIT,
    "price_mismatch": ByPolicy(
        "price_mismatch",
        {"hold": "hold_order", "accept_contract_price": "accept_contract_price", "reject_line": "reject_line"},
    ),
    "inactive_product": "reject_line",
    "below_minimum": "reject_line",
    "not_a_multiple": "reject_line",
    "past_date": ByPolicy("past_date", {"accept": "note", "hold": "hold_order", "change_date": "change_date"}),
    # the gateway itself
    "internal_error": "hold_order",
    "quarantined": "hold_order",
}


def consequence_of(code: str, policies: Policies) -> Consequence:
    """What a fault of this code leads to. A code without a row: its sender's fault rejects, all else holds."""
    row = CONSEQUENCES.get(code)
    if row is None:
        return "reject_order" if FAULTS[code].actor == "sender" else "hold_order"
    return row.leads_to[getattr(policies, row.policy)] if isinstance(row, ByPolicy) else row


@dataclass(slots=True)
class Judgement:
    """What an order's faults lead to. Keys are line indexes.

    `order`: the whole order is rejected or held. A rejection wins over a hold: the sender has to correct the order
    whatever we find out, and what it sends then is judged afresh.
    """

    order: Literal["reject_order", "hold_order"] | None = None
    order_faults: list[Fault] = field(default_factory=list)
    """The faults that reject the whole order."""
    rejected: dict[int, list[Fault]] = field(default_factory=dict)
    held: dict[int, list[Fault]] = field(default_factory=dict)
    rounded: dict[int, Fault] = field(default_factory=dict)
    repriced: set[int] = field(default_factory=set)


_NOTHING_WRONG = Judgement()
"""What most orders get. It is everyone's: nothing is ever put into it."""


def judge(faults: Sequence[Fault], policies: Policies) -> Judgement:
    """Every fault's consequence, sorted by what it touches."""
    if not faults:
        return _NOTHING_WRONG
    judgement = Judgement()
    for fault in faults:
        _apply(judgement, fault, consequence_of(fault.code, policies))
    return judgement


_OF_THE_HEADER: Mapping[Consequence, Consequence] = {"reject_line": "reject_order", "hold_line": "hold_order"}
"""A header has no line to refuse or to keep back: what is wrong there concerns all of them."""


def keeps_from_an_answer(code: str, of_line: bool, policies: Policies) -> bool:
    """Whether a fault of this code, of a line or the header, is one that the whole order waits or is refused for."""
    consequence = consequence_of(code, policies)
    if not of_line:
        consequence = _OF_THE_HEADER.get(consequence, consequence)
    return consequence in ("reject_order", "hold_order")


def _apply(judgement: Judgement, fault: Fault, consequence: Consequence) -> None:
    index = line_index(fault)
    if index is None:
        consequence = _OF_THE_HEADER.get(consequence, consequence)
    if consequence == "reject_order":
        judgement.order = "reject_order"
        judgement.order_faults.append(fault)
    elif consequence == "hold_order":
        judgement.order = judgement.order or "hold_order"
    elif index is not None:
        _apply_to_line(judgement, index, fault, consequence)


def _apply_to_line(judgement: Judgement, index: int, fault: Fault, consequence: Consequence) -> None:
    if consequence == "reject_line":
        judgement.rejected.setdefault(index, []).append(fault)
    elif consequence == "hold_line":
        judgement.held.setdefault(index, []).append(fault)
    elif consequence == "round_up":
        judgement.rounded[index] = fault
    elif consequence == "accept_contract_price":
        judgement.repriced.add(index)
