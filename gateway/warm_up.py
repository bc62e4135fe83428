"""What the first orders after a start would wait for, made ready before they come.

The catalogue, an account's mapping and its calendar of public holidays are compiled or imported once and then kept. The
first order after a start would wait for them, 0.1 s for the calendar alone.
"""

from __future__ import annotations

import logging
import time

from gateway.services import Services
from gateway.store.database import StoreUnavailable
from gateway.store.ids import now_us
from gateway.trade.hours import answer_due

_SECONDS = 1.0
"""A supplier with hundreds of accounts must not wait for all of them; the others wait for their first order."""

logger = logging.getLogger(__name__)


def warm_up(services: Services, *, receives: bool) -> None:
    """Load the catalogue and the published mappings, as many as a second allows; where this process `receives`, the
    calendars by which answers are due as well. What can't be had now is left to the first order that needs it."""
    until = time.monotonic() + _SECONDS
    try:
        services.terms.catalogue()
        for account in services.store.revisions.accounts():
            if time.monotonic() >= until:
                break
            _load(services, account["id"], receives=receives)
    except StoreUnavailable as failure:
        logger.warning("the accounts' mappings can't be loaded yet: %s", failure)


def _load(services: Services, account_id: str, *, receives: bool) -> None:
    try:
        current = services.terms.current([account_id])
    except (LookupError, ValueError):
        logger.warning("the published mapping of %s can't be used", account_id)
        return
    for revision in current.values() if receives else ():
        answer_due(revision.account, now_us())
