"""A person's word that has documents sent again, or closes what is open of them: which may be, and what is rung for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.lanes import DELIVERY
from gateway.services import Services
from gateway.store.deliveries import STUCK
from gateway.store.delivery_problems import GONE, DeliveryProblem

NAMED = (*STUCK, "waiting", "dismissed")
"""A document that stands so is sent again where it is named."""
HAD = ("delivered", "received")
"""It arrived: it is sent again only where whoever asks says that they know."""
STATUS_OF: Mapping[str, str] = {
    "delivery_failed": "given_up",
    "delivery_rejected": "rejected",
    "delivery_terms": "held",
}
"""Fault code → how the documents of such a problem stand, which are sent again all at once."""
MOST_AT_ONCE = 5_000
"""Documents of a problem that one request sends again or closes."""


class OtherNow(Exception):
    """Other documents are stuck by this problem than whoever acts has seen."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """What somebody sees of a problem, and acts on: so many documents, `ids` at most MOST_AT_ONCE of them with the
    oldest first; `mark` tells them from any others."""

    count: int
    ids: tuple[str, ...]

    @property
    def mark(self) -> str:
        """Of which they are, behind the newest of them: what comes to be stuck later is none of them."""
        return f"{max(self.ids, default='')}-{hashlib.sha256(' '.join(self.ids).encode()).hexdigest()[:24]}"


def frozen(services: Services, problem: DeliveryProblem) -> Frozen:
    """The problem's documents as of now."""
    return Frozen(problem.documents, tuple(_ids(services, problem)))


def send_again(
    services: Services, document_ids: Sequence[str], actor: str, reason: str, *, also_had: bool = False
) -> list[str]:
    """Have documents sent again at once; the ids of those that are, which stood so that they may be."""
    statuses = (*NAMED, *HAD) if also_had else NAMED
    retried = services.store.deliveries.retry(document_ids, actor, reason, statuses=statuses)
    services.lanes.ring(DELIVERY)
    return retried


def send_again_all(services: Services, problem: DeliveryProblem, mark: str, actor: str, reason: str) -> list[str]:
    """Have the documents of a problem sent again that somebody has seen; their ids. Where their endpoint wanted nothing
    more it is sent to again, and with them goes whatever waits for it. `mark`: of what was seen. Raises OtherNow, and
    ValueError for a problem that sending again doesn't mend."""
    wanted = _seen(services, problem, mark)
    if problem.code == GONE and problem.endpoint is not None:
        services.store.deliveries.enable(problem.endpoint, actor, reason)
        retried = wanted
    else:
        statuses = (STATUS_OF[problem.code],) if problem.code in STATUS_OF else ()
        if not statuses:
            raise ValueError(f"{problem.code} is not mended by sending again")
        retried = services.store.deliveries.retry(wanted, actor, reason, statuses=statuses)
    services.lanes.ring(DELIVERY)
    return retried


def dismiss_all(services: Services, problem: DeliveryProblem, mark: str, actor: str, reason: str) -> list[str]:
    """Close what is open of the documents of a problem that somebody has seen; their ids. Raises OtherNow."""
    return services.store.deliveries.dismiss(_seen(services, problem, mark), actor, reason)


def may_be_sent_again(problem: DeliveryProblem) -> bool:
    """Whether all of its documents at once may: not what the account's system refused once it had read it."""
    return problem.code == GONE or problem.code in STATUS_OF


def may_be_dismissed(problem: DeliveryProblem) -> bool:
    """Whether there is something open of its documents to be closed: not of those that only wait for an endpoint."""
    return problem.code != GONE


def _seen(services: Services, problem: DeliveryProblem, mark: str) -> list[str]:
    """Those that the mark is of. Raises OtherNow."""
    newest = mark.partition("-")[0]
    found = [one for one in _ids(services, problem) if one <= newest]
    if Frozen(len(found), tuple(found)).mark != mark:
        raise OtherNow
    return found


def _ids(services: Services, problem: DeliveryProblem) -> list[str]:
    return [document_id for document_id, _ in services.store.delivery_problems.documents(problem, MOST_AT_ONCE)]
