"""RQ as the gateway uses it: a job may name only what is on the list, and a worker beats, reconnects and is recycled.

What RQ keeps in Redis can be written by whoever reaches Redis, so nothing of a job's hash is imported or called: the
function's name is looked up in a table, arguments are JSON texts, and callbacks, webhooks and instances are ignored.
"""

from __future__ import annotations

import logging
import os
import signal
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from types import FrameType, MappingProxyType
from typing import Any, Protocol

import redis
from rq import Queue, SimpleWorker
from rq.exceptions import DequeueTimeout, StopRequested
from rq.job import Job
from rq.job_lifecycle import record_job_failure
from rq.serializers import JSONSerializer
from rq.worker import WorkerStatus

from gateway.lanes import JOBS, connect

_IDLE_SECONDS = 1
_WORKER_TTL = 30
_FAILURE_TTL = 86_400
_SOCKET_SECONDS = 2.0
_AWAY_SECONDS = 0.5

logger = logging.getLogger(__name__)


class JobRefused(Exception):
    """A job that names something that is not a job of ours."""


JobFunction = Callable[..., object]
"""Called with the worker's desk and the job's arguments."""


class Desk(Protocol):
    """What a worker hands to its jobs; of it, the worker itself needs the lanes and the sign of life."""

    @property
    def lanes(self) -> tuple[str, ...]: ...

    @property
    def beat(self) -> Callable[[], None]: ...


def resolve_jobs(names: Iterable[str] = JOBS) -> dict[str, JobFunction]:
    """The functions of the dotted names, imported now so that no job waits for an import."""
    return {name: _resolve(name) for name in names}


def _resolve(name: str) -> JobFunction:
    module, _, function = name.rpartition(".")
    found: JobFunction = getattr(import_module(module), function)
    if not callable(found):
        raise TypeError(f"{name} is no function")
    return found


class LaneJob(Job):
    """A job whose hash is read as untrusted text. Outside a worker it has no function."""

    desk: Desk | None = None
    allowed: Mapping[str, JobFunction] = MappingProxyType({})

    @property
    def func(self) -> JobFunction:
        """The allowed function that the job names. Raises JobRefused."""
        refusal = refusal_of(self, self.allowed)
        if refusal is not None:
            raise JobRefused(refusal)
        return self.allowed[str(self.func_name)]

    def _execute(self) -> object:
        return self.func(self.desk, *self.args)

    success_callback = failure_callback = stopped_callback = None

    def send_webhooks(self, *_: object, **__: object) -> None:
        """None: a hash could name any address."""


def refusal_of(job: Job, allowed: Mapping[str, JobFunction]) -> str | None:
    """Why the job is not run, or None where it may be."""
    try:
        name, instance, arguments, keywords = job.func_name, job.instance, job.args, job.kwargs
    except Exception as error:  # whatever the bytes make the serializer raise
        return f"its call can't be read ({type(error).__name__})"
    if name not in allowed:
        return f"{name!r} is not on the list of jobs"
    if instance is not None or keywords or not all(isinstance(argument, str) for argument in arguments):
        return f"{name} takes texts only"
    return None


class LaneWorker(SimpleWorker):
    """Works in its own process, without forking, until it is stopped, used up, or Redis goes away.

    After `work()`: `is_used_up` says that a fresh process should go on, `redis_is_away` that Redis was lost, and
    `jobs_done` how many jobs it ran.
    """

    job_class = LaneJob

    def __init__(
        self, desk: Desk, jobs: Mapping[str, JobFunction], connection: redis.Redis, *, max_rss_bytes: int
    ) -> None:
        self._desk = desk
        self._jobs = jobs
        self._max_rss_bytes = max_rss_bytes
        self._waits = False
        self._next_beat = 0.0
        self.is_used_up = False
        self.redis_is_away = False
        self.jobs_done = 0
        super().__init__(
            list(desk.lanes),
            connection=connection,
            serializer=JSONSerializer,
            worker_ttl=_WORKER_TTL,
            log_job_description=False,
        )

    @property
    def dequeue_timeout(self) -> int:
        """Seconds between two signs of life of an idle worker."""
        return _IDLE_SECONDS

    @property
    def connection_timeout(self) -> int:
        return _IDLE_SECONDS + 2

    def stop(self) -> None:
        """Called in a signal handler: end now where the worker only waits, else after the job at hand."""
        self._stop_requested = True
        if self._waits:
            raise StopRequested

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """To the supervisor each time; to Redis, where nobody replaces a worker for it, once a second."""
        self._desk.beat()
        if pipeline is not None:
            super().heartbeat(timeout, pipeline)
        elif time.monotonic() >= self._next_beat:
            with self._losing_redis(), self.connection.pipeline(transaction=False) as beating:
                super().heartbeat(timeout, beating)
                beating.execute()
            self._next_beat = time.monotonic() + _IDLE_SECONDS

    def set_state(self, state: str, pipeline: Any = None) -> None:
        if state != self.get_state():
            super().set_state(state, pipeline)

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        """RQ's own, except that a lost Redis ends the loop (the caller goes on without) and is not waited for."""
        with self._losing_redis():
            self.set_state(WorkerStatus.IDLE)
            while not self._stop_requested:
                self.heartbeat()
                if self.should_run_maintenance_tasks:
                    self.run_maintenance_tasks()
                try:
                    return self._dequeue(timeout)
                except DequeueTimeout:
                    continue
        raise StopRequested

    def _dequeue(self, timeout: int | None) -> tuple[Job, Queue] | None:
        with self._waiting():
            found: tuple[Job, Queue] | None = self.queue_class.dequeue_any(
                self._ordered_queues,
                timeout,
                connection=self.connection,
                job_class=self.job_class,
                serializer=self.serializer,
                death_penalty_class=self.death_penalty_class,
            )
        if found is not None:
            found[0].redis_server_version = self.get_redis_server_version()  # type: ignore[no-untyped-call]
        return found

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        self._waits = True
        try:
            if self._stop_requested:
                raise StopRequested
            yield
        finally:
            self._waits = False

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run it, or refuse it; a Redis that is lost meanwhile costs RQ's books, never the work.

        RQ's own writes two dozen entries before the work and three dozen after it. Here they come after it, in one
        round trip: nothing is repeated or waited for by them, and an order on an idle gateway is answered the sooner.
        """
        with self._losing_redis():
            refusal = refusal_of(job, self._jobs)
            if refusal is None:
                self._run(job, queue)
            else:
                logger.error("Job %s in lane %s was refused: %s", job.id, job.origin, refusal)
                self._set_apart(job, queue, f"refused: {refusal}")
        self._watch_memory()

    def _run(self, job: Job, queue: Queue) -> None:
        if isinstance(job, LaneJob):
            job.desk, job.allowed = self._desk, self._jobs
        self.jobs_done += 1
        started = time.monotonic()
        try:
            job.perform()
        except Exception:  # a bug: loud in the log and in RQ's list of failed jobs, and the worker goes on
            logger.exception("Job %s in lane %s failed", job.id, job.origin)
            self._set_apart(job, queue, traceback.format_exc())
            return
        with self._books(job, queue) as pipeline:
            pipeline.delete(job.key)
            self.increment_successful_job_count(pipeline)
            self.increment_total_working_time(timedelta(seconds=time.monotonic() - started), pipeline)

    def _set_apart(self, job: Job, queue: Queue, reason: str) -> None:
        """Into RQ's list of failed jobs, for a day."""
        job.failure_ttl = _FAILURE_TTL
        with self._books(job, queue) as pipeline:
            record_job_failure(job, reason, pipeline)
            pipeline.expire(job.key, _FAILURE_TTL)
            self.increment_failed_job_count(pipeline)

    @contextmanager
    def _books(self, job: Job, queue: Queue) -> Iterator[Any]:
        """What RQ is to know of a job that is over, with a heartbeat, in one transaction."""
        with self.connection.pipeline() as pipeline:
            yield pipeline
            if len(self.queues) == 1:  # a worker on one lane moves its job there to be safe; on several it pops it
                pipeline.lrem(queue.intermediate_queue_key, 1, job.id)
            self.heartbeat(pipeline=pipeline)
            pipeline.execute()

    @contextmanager
    def _losing_redis(self) -> Iterator[None]:
        """A lost Redis ends `work()` quietly; the caller goes on without."""
        try:
            yield
        except (redis.RedisError, OSError) as error:
            self.redis_is_away = True
            logger.warning("The worker lost Redis: %s", error)
            raise StopRequested from error

    def _watch_memory(self) -> None:
        if resident_bytes() > self._max_rss_bytes:
            logger.info("The worker has grown beyond %d bytes; a fresh one takes over", self._max_rss_bytes)
            self.is_used_up = True
            self._stop_requested = True

    def run_maintenance_tasks(self) -> None:
        with self._losing_redis():
            super().run_maintenance_tasks()  # type: ignore[no-untyped-call]

    def check_for_suspension(self, burst: bool) -> None:
        """None: whoever reaches Redis must not stop workers."""

    def _set_ip_address(self, connection: redis.Redis) -> None:
        """Not asked for: redis-py can't read CLIENT INFO where the socket's path has a space in it."""
        self.ip_address = "unknown"

    def subscribe(self) -> None:
        """No command channel: whoever reaches Redis must not stop workers, and it would cost a thread."""

    def unsubscribe(self) -> None: ...

    def _install_signal_handlers(self) -> None:
        """Signals belong to `workers.main`, which calls `stop`."""

    def teardown(self) -> None:
        try:
            super().teardown()  # type: ignore[no-untyped-call]
        except (redis.RedisError, OSError):
            self.redis_is_away = True


class Stop:
    """Whether SIGTERM or SIGINT asked for an end, and the worker that must hear of it at once."""

    def __init__(self) -> None:
        self.requested = False
        self.worker: LaneWorker | None = None

    def listen(self) -> None:
        """From now on signals ask for the end."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._hear)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        self.requested = True
        if self.worker is not None:
            self.worker.stop()


def work(
    desk: Desk,
    url: str,
    stop: Stop,
    *,
    jobs: Mapping[str, JobFunction],
    look: Callable[[], int],
    max_jobs: int,
    max_rss_bytes: int,
    burst: bool = False,
) -> None:
    """Work until stopped or used up (`burst`: until nothing waits), over one Redis connection after the other.

    While Redis is away nobody rings, so the worker calls `look`, which settles what waits and says how much it was.
    """
    while not stop.requested:
        connection = connect(url, socket_seconds=_SOCKET_SECONDS)
        try:
            worker = LaneWorker(desk, jobs, connection, max_rss_bytes=max_rss_bytes)
            stop.worker = worker
            worker.work(burst=burst, max_jobs=max_jobs, logging_level="WARNING")
            max_jobs -= worker.jobs_done
            if not worker.redis_is_away and (burst or worker.is_used_up or max_jobs <= 0):
                return
        except (redis.RedisError, OSError) as error:
            logger.debug("Redis is away: %s", error)
        finally:
            stop.worker = None
            connection.close()
        desk.beat()
        settled = 0 if stop.requested else look()
        if settled == 0 and not stop.requested:
            if burst:
                return
            time.sleep(_AWAY_SECONDS)


def resident_bytes() -> int:
    """Memory that this process holds just now; 0 where the system doesn't say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGESIZE")
