"""How a problem's documents are sent again, as a command."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from gateway.store.delivery_problems import DeliveryProblem

_STATUS_OF: Mapping[str, str] = {
    "delivery_failed": "given_up",
    "delivery_rejected": "rejected",
    "delivery_terms": "held",
}
_AFTERWARDS = ("document_rejected", "document_queried", "answer_overdue")


def sent_again(one: DeliveryProblem) -> tuple[str, str]:
    """(when, the command that sends its documents again, or closes what is open of them)."""
    if one.code in _AFTERWARDS:
        return "once it is settled with the account", "gateway deliveries dismiss ID ... --reason TEXT"
    which = []
    if one.code in _STATUS_OF:
        which += ["--account", one.account_id, "--status", _STATUS_OF[one.code]]
    if one.endpoint is not None:
        which += ["--endpoint", one.endpoint]
    return "to send all of them again then", f"gateway deliveries retry {shlex.join(which)} --reason TEXT"
