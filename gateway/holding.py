"""Which faults keep a message from being answered: those that the account's policies hold or refuse an order for."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.trade.consequences import keeps_from_an_answer
from mappings.account import Policies
from schemas.faults import Fault

REMARKS = frozenset(("check_digit", "unknown_element", "other_currency", "unread_value"))
"""What is only remarked on beside the fault that holds the message."""


def holding_faults(faults: Sequence[Fault], policies: Policies | None) -> list[int]:
    """The places, from 0, of those among the faults of a held or failed message for which it waits.

    By the policies that the message was judged under; where it was judged under none no policy is about its faults, and
    each holds it. Of a message whose faults all seem to hold nothing each counts, so that nothing waits unseen.
    """
    told = [index for index, one in enumerate(faults) if one.code not in REMARKS]
    if policies is None:
        return told or list(range(len(faults)))
    held = [index for index in told if _holds(faults[index], policies)]
    return held or told or list(range(len(faults)))


def _holds(fault: Fault, policies: Policies) -> bool:
    return keeps_from_an_answer(fault.code, fault.path.startswith("/lines/"), policies)
