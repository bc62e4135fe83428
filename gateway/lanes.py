"""Priority → lane → RQ queue: how urgent a message is, and the doorbell that wakes a worker for it.

The only file that enqueues. Redis holds no truth here: a ring that can't be rung, or is lost, is rung again by the
sweeper, so nothing in this file ever fails its caller, and a Redis that hangs slows intake down once, not every time.

Rings are coalesced. Whoever stores a message rings *after* the commit, and enqueues a job unless one is queued: a
worker takes that one out of the queue *before* it claims, so its claim will see the message.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer
from rq.worker_registration import get_keys

LANES = ("critical", "high", "standard", "bulk")
"""Most urgent first. The position is the lane's number in the store; the name is its RQ queue."""

DELIVERY = "delivery"
"""The queue of what leaves: its ring wakes whoever sends documents."""
REPLAYS = "replays"
"""The queue of replays, whose ring has the next messages of one judged again. Orders of any lane go first."""
DRAFTS = "drafts"
"""The queue of drafts that are tried on past orders. It stands behind all others."""
QUEUES = (*LANES, DELIVERY, REPLAYS, DRAFTS)
"""All that a worker may listen on."""

DRAIN = "workers.jobs.drain"
DELIVER = "workers.jobs.deliver"
REPLAY = "workers.jobs.replay"
TEST_DRAFTS = "workers.jobs.test_drafts"
JOBS = (DRAIN, DELIVER, REPLAY, TEST_DRAFTS)
"""Every function that a job may name. Workers run nothing else."""

_JOB_OF = {DELIVERY: DELIVER, REPLAYS: REPLAY, DRAFTS: TEST_DRAFTS}
"""Queue → the job that its ring is; every other queue's is DRAIN."""
_TIER_LANES = {"platinum": 1, "gold": 2, "standard": 3}
_JOB_TTL = 86_400
"""Seconds after which what RQ keeps of a job is gone: one that failed, or one whose worker died with it."""
_SOCKET_SECONDS = 0.5
_AWAY_SECONDS = 1.0
_GATHER_SECONDS = 0.01
"""So long Redis is not asked again about a lane in which a job was queued a moment ago. To ask for every group that
intake commits takes 24 µs an order, a sixteenth of what the web process does for it (measured)."""
_CHANNEL = "gateway:settled"

logger = logging.getLogger(__name__)


def lane_of(tier: str, *, rush: bool = False, share_of_time_left: float | None = None) -> int:
    """The number of the lane for an account's tier: platinum high, gold standard, standard bulk.

    A rush order, or one with less than a quarter of its time to acknowledge left, moves up one.
    """
    urgent = rush or (share_of_time_left is not None and share_of_time_left < 0.25)
    return _TIER_LANES.get(tier, len(LANES) - 1) - int(urgent)


def lane_name(lane: int | str) -> str:
    """The queue's name, for a lane's number or a name. Raises ValueError for one that there isn't."""
    name = LANES[lane] if isinstance(lane, int) and 0 <= lane < len(LANES) else lane
    if name not in QUEUES:
        raise ValueError(f"no lane {lane!r}: {', '.join(QUEUES)}")
    return str(name)


def connect(url: str, *, socket_seconds: float = _SOCKET_SECONDS) -> redis.Redis:
    """A client that gives up soon, and dials once more where its connection went stale with a restart."""
    return redis.Redis.from_url(
        url,
        socket_timeout=socket_seconds,
        socket_connect_timeout=socket_seconds,
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    )


class Lanes:
    """The doorbells of all lanes on one Redis. Safe between threads."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._redis = connect(url)
        self._queues = {name: Queue(name, connection=self._redis, serializer=JSONSerializer) for name in QUEUES}
        self._away_until = 0.0
        self._is_away = False

    def ring(self, lane: int | str) -> bool:
        """Wake a worker for the lane, after the commit. False where Redis can't be reached: the sweeper will ring."""
        return self.ring_if_needed(lane) is not None

    def ring_if_needed(self, lane: int | str) -> bool | None:
        """The same; whether it was needed: False where a worker had been rung for that hasn't come yet. None where
        Redis can't be reached."""
        queue = self._queues[lane_name(lane)]
        is_needed = False

        def enqueue_unless_queued() -> None:
            nonlocal is_needed
            is_needed = not self._redis.llen(queue.key)
            if is_needed:
                self._enqueue(queue)

        return is_needed if self._attempt(enqueue_unless_queued) else None

    def announce(self, message_ids: Iterable[str]) -> bool:
        """Tell whoever waits that these messages are settled."""
        ids = list(message_ids)
        if not ids:
            return True
        return self._attempt(lambda: self._redis.publish(_CHANNEL, json.dumps(ids)))

    def depths(self) -> dict[str, int] | None:
        """Jobs in each lane's queue, or None where Redis can't be reached."""
        found: dict[str, int] = {}
        reached = self._attempt(lambda: found.update({name: len(self._queues[name]) for name in LANES}))
        return found if reached else None

    def served(self) -> set[str] | None:
        """The queues that a living worker listens on, as workers say here: one that was killed is counted for a minute
        and a half. None where Redis can't be reached."""
        found: set[str] = set()

        def look() -> None:
            for name in QUEUES:
                workers = get_keys(self._queues[name])
                if workers and self._redis.exists(*workers):
                    found.add(name)

        return found if self._attempt(look, unless_away=False) else None

    def answers(self) -> bool:
        """Whether Redis answers just now."""
        return self._attempt(self._redis.ping, unless_away=False)

    def close(self) -> None:
        """Give back the connections."""
        self._redis.close()

    def _enqueue(self, queue: Queue) -> None:
        with self._redis.pipeline() as pipeline:
            queue.enqueue_call(
                _JOB_OF.get(queue.name, DRAIN),
                args=(queue.name,),
                timeout=-1,  # the lease and the supervisor's heartbeat end what runs too long
                result_ttl=0,
                ttl=_JOB_TTL,
                failure_ttl=_JOB_TTL,
                description=f"ring {queue.name}",
                pipeline=pipeline,
            )
            pipeline.execute()

    def _attempt(self, act: Callable[[], object], *, unless_away: bool = True) -> bool:
        """Do it unless Redis was just found away; one caller a second tries again, the others don't wait for it."""
        now = time.monotonic()
        if self._is_away:
            if unless_away and now < self._away_until:
                return False
            self._away_until = now + _AWAY_SECONDS
        try:
            act()
        except (redis.RedisError, OSError) as error:
            self._away_until = time.monotonic() + _AWAY_SECONDS
            if not self._is_away:
                self._is_away = True
                logger.warning("Redis is away (%s); messages are kept, the sweeper rings when it is back", error)
            return False
        if self._is_away:
            self._is_away = False
            logger.warning("Redis is back")
        return True


class Bell:
    """Rings lanes beside whoever asks for it, so that nobody waits for Redis. One thread, started when first needed."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._asked: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._pending: set[int] = set()
        """Lanes that were asked for and not rung for since."""
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def ring(self, lane: int) -> None:
        """Ring soon: once for all that ask for the lane meanwhile."""
        if lane in self._pending:
            return
        self._pending.add(lane)
        self._asked.put(lane)
        if self._thread is None:
            self._start()

    def stop(self) -> None:
        """Ring what was asked for, and end the thread."""
        with self._starting:  # one that is just being started can't be joined yet
            thread = self._thread
        if thread is not None:
            self._asked.put(None)
            thread.join(timeout=5)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="bell", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        asked: set[int | None] = set()
        rung: set[int | None] = set()
        while None not in asked:
            asked = self._gather(rung)
            self._pending.difference_update(asked)  # before Redis is asked: who asks from now on is not among them
            rung = {lane for lane in asked if lane is not None and self._lanes.ring_if_needed(lane) is False}

    def _gather(self, rung: set[int | None]) -> set[int | None]:
        """What is asked for, once it is. Lanes that were just found `rung` wait a little for others: the worker that
        comes for them sees what is stored meanwhile."""
        asked: set[int | None] = set()
        ends = time.monotonic() + _GATHER_SECONDS
        while asked <= rung:
            left = max(0.0, ends - time.monotonic()) if asked else None
            try:
                asked.add(self._asked.get(timeout=left))
            except queue.Empty:
                break
        while not self._asked.empty():
            asked.add(self._asked.get())
        return asked


class Listener:
    """Hears which messages are settled, for requests that wait. One thread per process, started when first needed.

    While Redis is away nothing is heard: whoever waits looks into the database now and then as well.
    """

    def __init__(self, url: str) -> None:
        self._redis = connect(url, socket_seconds=5.0)
        self._waiting: dict[str, list[threading.Event]] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()

    @contextmanager
    def expect(self, message_id: str) -> Iterator[threading.Event]:
        """An event that is set when the message is settled. Look into the database once after entering, and again
        whenever the event is set: it is also set when the connection was lost and something may have been missed."""
        arrived = threading.Event()
        with self._lock:
            self._waiting.setdefault(message_id, []).append(arrived)
            self._start()
        try:
            yield arrived
        finally:
            with self._lock:
                others = self._waiting[message_id]
                others.remove(arrived)
                if not others:
                    del self._waiting[message_id]

    def stop(self) -> None:
        """End the thread and give back the connection."""
        self._stopped.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(timeout=5)
        self._redis.close()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._listen, name="settled-listener", daemon=True)
            self._thread.start()

    def _listen(self) -> None:
        while not self._stopped.is_set():
            try:
                self._hear()
            except (redis.RedisError, OSError):
                self._stopped.wait(0.5)

    def _hear(self) -> None:
        with self._redis.pubsub() as channel:  # type: ignore[no-untyped-call]
            channel.subscribe(_CHANNEL)
            while not self._stopped.is_set():
                heard = channel.get_message(timeout=0.5)
                if heard is None:
                    continue
                if heard["type"] == "subscribe":
                    self._wake_all()
                elif heard["type"] == "message":
                    self._wake(heard["data"])

    def _wake(self, announced: bytes) -> None:
        try:
            ids = json.loads(announced)
        except ValueError:
            return
        with self._lock:
            for message_id in ids:
                for event in self._waiting.get(str(message_id), ()):
                    event.set()

    def _wake_all(self) -> None:
        with self._lock:
            for events in self._waiting.values():
                for event in events:
                    event.set()
