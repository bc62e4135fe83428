"""Sending what is due: claim, one call each beside the others, and what became of it.

One object a process, with one thread that claims and saves and many that call partners. Nothing of it is needed for an
order to be answered: a partner that hangs holds some of these threads and nobody else.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from gateway.delivery import TRANSPORTS
from gateway.delivery.guard import AddressGuard
from gateway.delivery.http import HttpCaller
from gateway.delivery.retrying import wait_after
from gateway.delivery.threads import CallingThreads
from gateway.delivery.transport import Means, Parcel, Result, Transport
from gateway.delivery.words import as_kept
from gateway.delivery_health import secrets_of
from gateway.kept_secrets import spelt
from gateway.services import Services
from gateway.store.database import Collision, StoreUnavailable
from gateway.store.ids import now_us
from gateway.store.leases import LeaseLost
from gateway.store.sending import Attempted, ClaimedDelivery, Led, Unled
from mappings.account import Account, Outbound
from mappings.revision import MappingRevision
from mappings.transports import BadTerms, check

_AT_ONCE = 200
"""Documents that are led together."""
_GATHER_SECONDS = 0.005
"""So long a result waits for others, to be saved with them."""
_IDLE_SECONDS = 0.5
_HELD_SECONDS = 60.0
"""Between two looks at what is held because its account's terms couldn't be used."""
_HANGS_SECONDS = 120.0
_UNKEPT = "what was answered can't be kept"
_TERMS_SECONDS = 1.0
"""Between two looks at whether an account's terms are others now."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Terms:
    """What of an account's terms says where its documents go and when, and the revision that says it."""

    revision: int
    outbound: Mapping[str, Any]
    in_turn: bool
    secrets: frozenset[str] = frozenset()
    """The names, as they are spelt, of those that they need."""

    @classmethod
    def of(cls, mapping: MappingRevision) -> _Terms:
        account = mapping.account
        ways = {kind: one.transport for kind, one in account.outbound.items()}
        secrets = frozenset(spelt(name) for one in account.outbound.values() for name in secrets_of(one))
        return cls(mapping.number, ways, account.policies.delivery_in_turn, secrets)

    def leads_as(self, other: _Terms) -> bool:
        return (self.outbound, self.in_turn) == (other.outbound, other.in_turn)


@dataclass(frozen=True, slots=True)
class _Job:
    """A claimed document with the terms that it is sent by."""

    lease_id: str
    claimed: ClaimedDelivery
    account: Account
    transport: Transport
    terms: Mapping[str, Any]


class Deliverer:
    """Sends until it is stopped. `wake` may be called from anywhere, whenever something may be due."""

    def __init__(
        self,
        services: Services,
        means: Means | None = None,
        transports: Mapping[str, Transport] = TRANSPORTS,
    ) -> None:
        self._services = services
        self._store = services.store.sending
        self._calls = services.calls
        self._means = means or means_of(services)
        self._transports = transports
        self._news: queue.SimpleQueue[tuple[str, Attempted] | None] = queue.SimpleQueue()
        """Results with their leases; None: look again."""
        self._results: list[tuple[str, Attempted]] = []
        self._in_flight: Counter[str] = Counter()
        self._untold: set[tuple[str, str]] = set()
        """Leases and documents of the calls that are being made, or that nobody was told of yet."""
        self._is_unsure = False
        """Whether something failed that may have left claimed documents without a call."""
        self._lease_id = ""
        self._extend_at = self._look_at_held_at = self._look_at_terms_at = 0.0
        self._secrets_seen: Mapping[str, int] = {}
        """Secret → which it was when it was looked at last."""
        self._led_by: dict[str, _Terms] = {}
        """Account → the terms by which its documents were led."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="deliverer", daemon=True)
        self._callers = CallingThreads(self._calls.threads, "delivery")
        self._round_began = time.monotonic()
        self._idle = threading.Event()
        self.settled = 0
        """Attempts that were told of, for tests and gauges."""

    def start(self) -> None:
        """Begin beside whoever calls."""
        self._round_began = time.monotonic()
        self._thread.start()

    def wake(self) -> None:
        """Something may be due."""
        self._news.put(None)

    def stop(self, seconds: float = 5.0) -> None:
        """Claim nothing more, and wait so long for the calls that are being made. What isn't told of by then is found
        by its lease, and made again."""
        self._stopping.set()
        self.wake()
        self._thread.join(timeout=seconds)
        self._means.http.close()

    def finish(self) -> None:
        """Wait until nothing is due and no call is being made."""
        while self.is_alive and not (self._idle.wait(1.0) and not self._store.is_due()):
            self.wake()

    @property
    def is_alive(self) -> bool:
        """Whether it goes on: a round that takes so long hangs, in a connection that nobody answers any more."""
        return self._thread.is_alive() and time.monotonic() - self._round_began < _HANGS_SECONDS

    # --- the loop -----------------------------------------------------------------------------------------------
    def _run(self) -> None:
        is_away = False
        while not self._stopping.is_set() or self._in_flight.total() or self._results:
            try:
                self._round()
                is_away = False
            except LeaseLost:
                logger.warning("The lease of what was being sent is over; it is found, and sent again with the same id")
                self._lease_id = ""
            except (StoreUnavailable, Collision) as failure:
                if not is_away:
                    logger.warning("The database is away (%s); what is being sent is told of later", failure)
                is_away = self._is_unsure = True
                time.sleep(_IDLE_SECONDS)  # a pause: nothing tells that a database is back
            except Exception:  # a bug must be loud, and must not leave documents lying
                logger.exception("Sending failed; it goes on")
                self._is_unsure = True
                time.sleep(_IDLE_SECONDS)  # a pause, or a bug would fill the log
        if self._lease_id:
            with suppress(StoreUnavailable):  # it runs out
                self._store.end(self._lease_id)

    def _round(self) -> None:
        """One look: tell what is over, say where new documents go, claim, and wait for news where there was nothing."""
        self._round_began = time.monotonic()
        self._keep_lease()
        self._gather(0.0)
        self._save()
        self._give_back()
        claimed = 0
        if not self._stopping.is_set():
            self._look_at_terms()
            self._lead(self._store.unled(_AT_ONCE))
            claimed = self._claim()
        if not claimed:
            if not self._in_flight.total():
                self._idle.set()
            self._gather(_IDLE_SECONDS)
            self._idle.clear()
            self._save()

    def _keep_lease(self) -> None:
        now = time.monotonic()
        if not self._lease_id:
            self._lease_id = self._store.begin(self._services.worker_name)
            self._recover()
        elif now >= self._extend_at:
            self._store.extend(self._lease_id)
            self._recover()
        else:
            return
        self._extend_at = now + self._services.limits.lease_seconds / 3

    def _gather(self, seconds: float) -> None:
        """The results that are there, or come within so many seconds, and those that come just behind them."""
        found = self._results
        try:
            news = self._news.get(timeout=seconds) if seconds else self._news.get_nowait()
            ends = time.monotonic() + _GATHER_SECONDS
            while True:
                if news is not None:
                    found.append(news)
                    self._in_flight[news[1].endpoint] -= 1
                if len(found) >= _AT_ONCE:
                    break
                news = self._news.get(timeout=max(0.0, ends - time.monotonic())) if found else self._news.get_nowait()
        except queue.Empty:
            pass
        self._in_flight += Counter()  # those that have none in flight any more are forgotten

    def _save(self) -> None:
        """Tell of the results; where the database is away they are kept. Of those whose lease is over somebody else
        tells."""
        ours = [attempted for lease_id, attempted in self._results if lease_id == self._lease_id]
        if ours:
            self._save_all(ours)
            self.settled += len(ours)
        self._untold.difference_update((lease_id, attempted.document_id) for lease_id, attempted in self._results)
        self._results.clear()

    def _save_all(self, told: Sequence[Attempted]) -> None:
        """Together, or where the database takes something of them not at all, each by itself: one answer that can't be
        kept must not hold up all others."""
        worker = self._services.worker_name
        try:
            self._store.save(self._lease_id, told, worker)
            return
        except (LeaseLost, StoreUnavailable, Collision):
            raise
        except Exception:  # whatever the driver says of one value: loud, and then each is told by itself
            logger.exception("%d attempts can't be told of together", len(told))
        for one in told:
            try:
                self._store.save(self._lease_id, [one], worker)
            except (LeaseLost, StoreUnavailable, Collision):
                raise
            except Exception:  # its outcome is kept all the same, without the words that can't be
                logger.exception("What became of document %s can't be kept as it is", one.document_id)
                self._store.save(self._lease_id, [replace(one, detail=_UNKEPT, answer=None)], worker)

    def _give_back(self) -> None:
        """What was claimed when something failed, before its call could be made: it waits again, untried."""
        if not self._is_unsure:
            return
        claimed = self._store.claimed(self._lease_id)
        uncalled = [one for one in claimed if (self._lease_id, one) not in self._untold]
        if uncalled:
            self._store.release(self._lease_id, uncalled)
        self._is_unsure = False

    def _recover(self) -> None:
        """What another process claimed and didn't live to tell of: whether the partner has it nobody knows."""
        lost = self._store.recover()
        if not lost:
            return
        logger.warning("%d deliveries had lost their process; they are made again with the same ids", len(lost))
        accounts = self._accounts({one.account_id for one in lost})
        lost_detail = "the process that sent it ended before it could tell what became of it"
        told = [
            _attempted(one, accounts.get(one.account_id), Result(outcome="unknown", detail=lost_detail), now_us(), 0)
            for one in lost
        ]
        self._store.save_lost(told, self._services.worker_name)

    # --- where to -----------------------------------------------------------------------------------------------
    def _look_at_terms(self) -> None:
        """Where an account's terms were changed, what waits goes where they lead now, at once: an address is mostly
        changed because the old one doesn't work. What is held may have been mended elsewhere."""
        now = time.monotonic()
        if now >= self._look_at_terms_at:
            numbers = self._services.store.revisions.current(self._led_by)
            self._compare_terms({one for one, led in self._led_by.items() if numbers.get(one) != led.revision})
            self._look_at_secrets()
            self._look_at_terms_at = now + _TERMS_SECONDS
        if now >= self._look_at_held_at:
            self._look_at_led()
            self._store.reconsider()
            self._look_at_held_at = now + _HELD_SECONDS

    def _look_at_secrets(self) -> None:
        """A secret that was set may be the one that something is held for, or that a partner would not have: what
        waits for its next attempt goes at once."""
        now, before = self._means.secrets.numbers(), self._secrets_seen
        changed = {name for name in now.keys() | before.keys() if now.get(name) != before.get(name)}
        if not changed:
            return
        waits = {account_id for account_id, led in self._led_by.items() if changed & led.secrets}
        if waits:
            self._store.forget_endpoints(waits)
        self._look_at_held_at, self._secrets_seen = 0.0, now

    def _is_other(self, account_id: str, revision: int) -> bool:
        return account_id in self._led_by and self._led_by[account_id].revision != revision

    def _compare_terms(self, account_ids: set[str]) -> None:
        """Of accounts that have another revision now: whether it leads elsewhere. Mostly it has new prices, for which
        nothing is to be tried sooner."""
        if not account_ids:
            return
        now = {one: _Terms.of(mapping) for one, mapping in self._services.terms.current(account_ids).items()}
        changed = {one for one in account_ids if one not in now or not now[one].leads_as(self._led_by[one])}
        if changed:
            self._store.forget_endpoints(changed)
            self._look_at_held_at = 0.0
        self._led_by |= now
        for gone in account_ids - now.keys():
            del self._led_by[gone]

    def _look_at_led(self) -> None:
        """What another process led, or an earlier one, may lead elsewhere by now, and this one would never look: where
        its next attempt is hours away, or its endpoint wants nothing more."""
        led = self._store.led()
        mappings = self._services.terms.current({account_id for account_id, _ in led})
        moved = set()
        for account_id, endpoint in led:
            ways = mappings[account_id].account.outbound.values() if account_id in mappings else ()
            if not any(self._leads_to(terms, endpoint) for terms in ways):
                moved.add(account_id)
        if moved:
            self._store.forget_endpoints(moved)
        for account_id, mapping in mappings.items():
            self._led_by.setdefault(account_id, _Terms.of(mapping))

    def _lead(self, unled: Sequence[Unled]) -> None:
        if not unled:
            return
        mappings = self._services.terms.current({one.account_id for one in unled})
        self._compare_terms({one for one, now in mappings.items() if self._is_other(one, now.number)})
        self._led_by |= {one: _Terms.of(mapping) for one, mapping in mappings.items()}
        accounts = {one: mapping.account for one, mapping in mappings.items()}
        self._store.lead([self._led(one, accounts.get(one.account_id)) for one in unled])

    def _led(self, one: Unled, account: Account | None) -> Led:
        """Where the document goes by its account's terms as they are now."""
        terms = account.terms_of(one.type) if account is not None else None
        if account is None or terms is None or terms.way == "mailbox":
            return Led(document_id=one.document_id, transport="mailbox", status="available")
        try:
            check(terms.way, _settings(terms))
            endpoint = self._transports[terms.way].endpoint(_settings(terms))
        except BadTerms as fault:
            detail = str(fault)
            return Led(
                document_id=one.document_id, transport=terms.way, status="held", code="delivery_terms", detail=detail
            )
        thread = one.order_number if account.policies.delivery_in_turn else None
        return Led(document_id=one.document_id, transport=terms.way, endpoint=endpoint, thread=thread)

    def _accounts(self, ids: set[str]) -> dict[str, Account]:
        return {one: mapping.account for one, mapping in self._services.terms.current(ids).items()}

    # --- calls --------------------------------------------------------------------------------------------------
    def _claim(self) -> int:
        """Claim what there is room for and set it going; how many they were."""
        room = self._calls.threads - self._in_flight.total()
        if room <= 0:
            return 0
        claimed = self._store.claim(self._lease_id, room, self._room_of)
        mappings = self._services.terms.current({one.account_id for one in claimed})
        moved: list[str] = []
        for one in claimed:
            mapping = mappings.get(one.account_id)
            terms = mapping.account.terms_of(one.type) if mapping is not None else None
            if mapping is None or terms is None or not self._leads_to(terms, one.endpoint):
                moved.append(one.document_id)  # the terms were changed meanwhile
                continue
            job = _Job(self._lease_id, one, mapping.account, self._transports[terms.way], _settings(terms))
            self._callers.submit(partial(self._attempt, job))
            self._in_flight[one.endpoint] += 1
            self._untold.add((job.lease_id, one.document_id))
        if moved:
            self._store.release(self._lease_id, moved)
        return len(claimed)

    def _room_of(self, endpoint: str, is_probe: bool) -> int:
        return (1 if is_probe else self._calls.per_endpoint) - self._in_flight[endpoint]

    def _leads_to(self, terms: Outbound, endpoint: str) -> bool:
        try:
            check(terms.way, _settings(terms))
        except BadTerms:
            return False
        return self._transports[terms.way].endpoint(_settings(terms)) == endpoint

    def _attempt(self, job: _Job) -> None:
        """One call, in a thread of its own; whatever happens is a result."""
        began_at, started = now_us(), time.monotonic()
        try:
            result = job.transport.send(_parcel(job), job.terms, self._means)
        except BadTerms as fault:
            result = Result(outcome="failed", detail=str(fault), is_terms=True)
        except Exception as error:  # a bug of ours: loud, and the document is not lost for it
            logger.exception("Document %s could not be sent", job.claimed.document_id)
            detail = f"the gateway itself failed ({type(error).__name__})"
            result = Result(outcome="unknown", detail=detail, is_ours=True)
        milliseconds = int((time.monotonic() - started) * 1000)
        self._news.put((job.lease_id, _attempted(job.claimed, job.account, result, began_at, milliseconds)))


def means_of(services: Services) -> Means:
    """What partners are called with."""
    calls = services.calls
    guard = AddressGuard(calls.networks)
    return Means(guard, HttpCaller(guard), services.secrets, calls.seconds, calls.mail)


def _settings(terms: Outbound) -> Mapping[str, Any]:
    return terms.transport if isinstance(terms.transport, dict) else {}


def _parcel(job: _Job) -> Parcel:
    one = job.claimed
    return Parcel(
        document_id=one.document_id,
        account_id=one.account_id,
        type=one.type,
        number=one.number,
        order_number=one.order_number,
        media_type=one.media_type,
        body=one.body,
        test=one.test,
    )


def _attempted(
    one: ClaimedDelivery, account: Account | None, result: Result, began_at: int, milliseconds: int
) -> Attempted:
    """What becomes of the document by what became of the attempt. One result that the database refuses would hold up
    all that are told of."""
    result = as_kept(result)
    status, wait, code = _fate(one, account, result)
    return Attempted(
        document_id=one.document_id,
        attempt=one.attempt,
        endpoint=one.endpoint,
        began_at=began_at,
        milliseconds=milliseconds,
        outcome=result.outcome,
        detail=result.detail,
        answer=result.answer,
        status=status,
        wait_seconds=wait,
        code=code,
        is_outage=result.is_outage,
        is_gone=result.outcome == "gone",
        says_something=not (result.is_terms or result.is_ours),
    )


def _fate(one: ClaimedDelivery, account: Account | None, result: Result) -> tuple[str, float | None, str | None]:
    """(the document's status, seconds until it is tried again, the code of what somebody must look at)."""
    if result.outcome == "delivered":
        return "delivered", None, None
    if result.outcome == "rejected":
        return "rejected", None, "delivery_rejected"
    if result.outcome == "gone":
        return "waiting", 0.0, "endpoint_gone"
    if result.is_terms or account is None:
        return "held", None, "delivery_terms"
    wait = wait_after(one.tries, account.policies.delivery_waits, result.retry_after)
    if wait is None:
        return "given_up", None, "delivery_failed"
    return "waiting", wait, None
