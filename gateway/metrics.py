"""What Prometheus is told.

Counts and times of requests are this web process's own: sum them over processes. What waits, and for how long, comes
from the database at each scrape, so every process tells the same; don't sum those.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from gateway.lanes import LANES, Lanes
from gateway.store.database import StoreUnavailable
from gateway.store.ids import now_us
from gateway.store.store import Store

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_CXML_CODES = ("200", "400", "401", "450", "500", "503")
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

logger = logging.getLogger(__name__)


class Metrics:
    """One registry for each application."""

    def __init__(self, store: Store, lanes: Lanes) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "gateway_http_requests",
            "Requests answered by this process",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "gateway_http_request_seconds",
            "Time to answer, waiting included",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._cxml_answers = Counter(
            "gateway_cxml_answers",
            "cXML requests answered by this process, by the Status of the Response: HTTP's is always 200",
            ("status",),
            registry=self._registry,
        )
        for code in _CXML_CODES:
            self._cxml_answers.labels(code)  # told as 0 from the start, so that the first one is seen as a rise
        self._registry.register(_Backlog(store, lanes))
        self._of_route: dict[tuple[str, str, str], tuple[Counter, Histogram]] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request under its route's template, never under its address."""
        requests, times = self._series(method, route, str(status))
        requests.inc()
        times.observe(seconds)

    def count_cxml(self, code: int) -> None:
        """Count one answer in cXML."""
        self._cxml_answers.labels(str(code)).inc()

    def _series(self, method: str, route: str, status: str) -> tuple[Counter, Histogram]:
        """The two that count such requests, remembered: looking them up by their labels takes a lock for each."""
        found = self._of_route.get((method, route, status))
        if found is None:
            found = (self._requests.labels(method, route, status), self._seconds.labels(method, route))
            self._of_route[method, route, status] = found
        return found

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self._registry)


class _Backlog(Collector):
    """What the database and Redis say at the moment of the scrape."""

    def __init__(self, store: Store, lanes: Lanes) -> None:
        self._store = store
        self._lanes = lanes

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing beforehand: registering must not ask the database."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            counts = self._store.messages.counts()
            oldest = self._store.queue.oldest_waiting_seconds()
            moved_up = self._store.backlog.moved_up()
            unbilled = self._store.invoices.held()
            overdue = self._store.worklist.overdue_counts(now_us())
            deliveries = self._store.deliveries.by_status()
            oldest_due = self._store.deliveries.oldest_due_seconds()
            unanswered = self._store.delivery_problems.overdue_counts()
            failing = self._store.pickups.failing()
            notices = self._store.notices.counts()
        except StoreUnavailable as failure:
            logger.warning("no figures from the database: %s", failure)
            yield _one("gateway_store_up", "Whether the database answers", 0)
        else:
            yield _one("gateway_store_up", "Whether the database answers", 1)
            help_text = "Despatch advices that could not be invoiced, and are tried again"
            yield _one("gateway_invoices_held", help_text, unbilled)
            yield _by("gateway_messages_open", "Messages that are not settled, or wait for a person", "status", counts)
            named = {name: oldest.get(number, 0.0) for number, name in enumerate(LANES)}
            help_text = "Seconds since the oldest message waiting in the lane was received"
            yield _by("gateway_lane_oldest_waiting_seconds", help_text, "lane", named)
            named = {name: moved_up.get(number, 0) for number, name in enumerate(LANES)}
            help_text = (
                "Messages waiting in the lane that were moved up into it: rush orders, and what runs out of time"
            )
            yield _by("gateway_lane_moved_up", help_text, "lane", named)
            help_text = "Orders of which something should have been announced by now, and has not left"
            yield _by("gateway_despatch_notices_overdue", help_text, "account", overdue)
            help_text = "Documents that are sent to accounts' systems and are not there, by how they stand"
            yield _by("gateway_deliveries_open", help_text, "status", deliveries)
            help_text = "Seconds since the oldest document was made that should be sent by now"
            yield _one("gateway_deliveries_oldest_due_seconds", help_text, oldest_due or 0.0)
            help_text = "Documents of which the account's system has said nothing in the time that its terms give"
            yield _by("gateway_answers_overdue", help_text, "account", unanswered)
            help_text = "Places that orders are picked up from, whose last look failed"
            yield _by("gateway_pickups_failing", help_text, "account", failing)
            help_text = "Notices to our people that are not sent: those that wait, and those that were given up"
            yield _by("gateway_notices_open", help_text, "status", notices)
        depths = self._lanes.depths()
        yield _one("gateway_redis_up", "Whether Redis answers", 0 if depths is None else 1)
        if depths is not None:
            yield _by("gateway_lane_rings", "Jobs in the lane's queue", "lane", depths)


def _one(name: str, help_text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help_text, value=value)


def _by(name: str, help_text: str, label: str, values: dict[str, int] | dict[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help_text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
