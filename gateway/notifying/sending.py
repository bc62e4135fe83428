"""Sending notices: each with the same id at each attempt, within its deadline, and again where it failed.

One call sends what is due on one channel, one after the other; each channel has a thread of its own, so that a mail
server that hangs holds up no webhook, and neither holds up anything else.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from gateway.delivering import means_of
from gateway.delivery.mail import send_mail
from gateway.delivery.retrying import wait_after
from gateway.delivery.transport import Means, Result
from gateway.delivery.webhook import post_signed
from gateway.notifying.told import Told
from gateway.notifying.words import call_of, mail_of
from gateway.services import Services
from gateway.store.ids import now_us
from gateway.store.notices import ClaimedNotice
from mappings.term_values import USUAL_WAITS
from mappings.transports import BadTerms, url_of

EMAIL, WEBHOOK = "email", "webhook"
CHANNELS = (EMAIL, WEBHOOK)
_DIGEST_US = 3_600_000_000
_WAITS_US = 3 * 86_400_000_000
"""So long a notice waits for settings that let it be sent."""
_LOOKS_AGAIN = timedelta(minutes=5)
"""Between two looks at whether those are there now."""
_MISSING = {
    EMAIL: "no mail server is set: GATEWAY_SMTP_URL and GATEWAY_SMTP_SENDER",
    WEBHOOK: "GATEWAY_NOTICE_WEBHOOK isn't set",
}
_OUTDATED = "the next digest says what is still open"
_MOST_IN_A_ROW = 200

logger = logging.getLogger(__name__)


class Teller:
    """Sends notices. One object a process; each channel is one thread's."""

    def __init__(self, services: Services, means: Means | None = None) -> None:
        self._services, self._store = services, services.store.notices
        self._means = means or means_of(services)

    def close(self) -> None:
        """Give back the connections."""
        self._means.http.close()

    def is_set(self, channel: str) -> bool:
        """Whether anything can be sent so: there is a mail server, or a URL."""
        return self._means.mail is not None if channel == EMAIL else bool(self._services.notices.webhook)

    def send_due(self, channel: str) -> int:
        """Send what is due on this channel until one fails for the server's sake; how many arrived."""
        if not self.is_set(channel):
            self._store.give_up(channel, now_us() - _WAITS_US, _MISSING[channel])
            return 0
        sent = 0
        for _ in range(_MOST_IN_A_ROW):
            claimed = self._store.claim(channel, self._means.seconds)
            if claimed is None:
                break
            result = self._attempt(claimed)
            sent += result.outcome == "delivered"
            if result.is_outage:
                break  # the others would fare no better just now
        return sent

    def _attempt(self, claimed: ClaimedNotice) -> Result:
        if claimed.kind == "digest" and now_us() > claimed.created_at + _DIGEST_US:
            result = Result(outcome="failed", detail=_OUTDATED)
            self._store.settle(claimed, "given_up", _OUTDATED)
            return result
        try:
            result = self.send(claimed)
        except BadTerms as fault:
            result = Result(outcome="failed", detail=str(fault), is_terms=True)
        except Exception as error:  # a bug of ours: loud, and the notice is not lost for it
            logger.exception("Notice %s could not be sent", claimed.id)
            result = Result(
                outcome="unknown", detail=f"the gateway itself failed ({type(error).__name__})", is_ours=True
            )
        status, wait = _fate(claimed, result)
        if status == "given_up":
            logger.error("Notice %s of %s is given up: %s", claimed.id, claimed.account_id, result.detail)
        self._store.settle(claimed, status, result.detail, wait)
        return result

    def send(self, claimed: ClaimedNotice) -> Result:
        """One attempt. Raises BadTerms where the settings can't be used."""
        told, places = Told.of_text(claimed.body), self._services.notices
        if claimed.channel == EMAIL:
            message = mail_of(claimed.kind, told, places.console)
            return send_mail(message, claimed.id, [claimed.recipient], self._means)
        body = call_of(claimed.kind, told, places.console, claimed.created_at)
        url = url_of({"webhook": places.webhook}, "webhook")
        return post_signed(url, [places.webhook_secret], claimed.id, "application/json", body, self._means)


def _fate(claimed: ClaimedNotice, result: Result) -> tuple[str, float | None]:
    """(its status, seconds until it is tried again)."""
    if result.outcome == "delivered":
        return "sent", None
    if result.outcome in ("rejected", "gone"):
        return "given_up", None
    if result.is_terms:
        is_old = now_us() > claimed.created_at + _WAITS_US
        return ("given_up", None) if is_old else ("waiting", _LOOKS_AGAIN.total_seconds())
    wait = wait_after(claimed.attempt, USUAL_WAITS, result.retry_after)
    return ("given_up", None) if wait is None else ("waiting", wait)
