"""One way to read and one way to write, on SQLite and on PostgreSQL.

SQLite: WAL, `synchronous=FULL` (a commit survives a power cut; a claim need not), `BEGIN IMMEDIATE` for writes (a
deferred transaction that upgrades fails at once), and a file lock around write transactions, because SQLite's own lock
is unfair: a busy intake starved a worker 5 : 1 without it.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from gateway.store.statements import ExactSum
from schemas.faults import Fault, TryAgain

BUSY_SECONDS = 5.0
_FROZEN_MS = 10_000
"""A transaction in which nothing has been asked for so long is ended by PostgreSQL: nothing is computed inside one."""
_READING_MS = 600_000
"""One that only reads: a look through the whole database on a busy machine may pause, and holds up only vacuum."""
_POLL_SECONDS = 0.0002
"""Between two tries of a process that waits for another's write to end."""
_YIELD_SECONDS = 0.0005
"""After a write that others waited for: long enough for one of them to take the lock, or a busy writer starves them."""
_PAGE_BYTES = 8192
"""Of a new SQLite file. An order writes some 15 kB: twice SQLite's own page halves the frames that a commit writes."""
_LIGHT = "gateway_light"
"""Marks a SQLite connection that is lent for a light write."""
_MANY = 1_000
"""Rows written at once by which a planner that doesn't know of them goes wrong."""
_FRESH_SECONDS = 1.0
"""A connection that was in use so lately is lent without asking the server whether it is still there."""


class StoreUnavailable(TryAgain):
    """The database can't take a write now: locked, full, or away. Nothing was stored."""

    def __init__(self, cause: str) -> None:
        detail = "The order could not be stored durably. It is safe to send the same request again."
        super().__init__([Fault("cannot_store", detail, value=cause[:200])], after_seconds=2)


class Collision(Exception):
    """Somebody else wrote what this transaction was decided on: load again, decide again."""


class Database:
    """An engine with the house's rules. `read()` and `write()` give a connection; leaving commits or rolls back."""

    def __init__(self, url: str | URL, *, pool_size: int = 20) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(self.url) if self.is_sqlite else _postgres_engine(self.url, pool_size)
        self._driver: Any = self.engine.dialect.loaded_dbapi
        self._reading = self._engine_for("AUTOCOMMIT")
        self._at_one_moment = self._engine_for("REPEATABLE READ")
        self._lightly = self.engine.execution_options(gateway_light=True)
        self._gate = _FileGate(Path(f"{self.url.database}.write-lock")) if self.is_sqlite else None

    def _engine_for(self, isolation: str) -> Engine:
        """The same pool, with other transactions. SQLite's connections are in autocommit unless a transaction is begun;
        setting it for each loan runs a PRAGMA that makes SQLite prepare every statement anew (measured: 4 ms a batch).
        """
        if self.is_sqlite:
            return self.engine.execution_options(gateway_deferred=True)
        return self.engine.execution_options(isolation_level=isolation)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading; each statement sees what is committed."""
        with self._loan(self._reading.connect) as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection whose statements all see the same moment. It only reads, so that nobody waits for it."""
        with self._loan(self._at_one_moment.begin) as connection:
            if not self.is_sqlite:
                connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = {_READING_MS}")
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One write transaction, committed on leaving. Raises StoreUnavailable, or Collision on a broken unique key."""
        with self._gate or nullcontext(), self._loan(self.engine.begin) as connection:
            yield connection

    @contextmanager
    def write_lightly(self) -> Iterator[Connection]:
        """A write that a power cut may take back, because nobody outside is told of it: nothing waits for the disk.

        What is committed after it is not on disk before it is.
        """
        with self._gate or nullcontext(), self._loan(self._lightly.begin) as connection:
            if not self.is_sqlite:
                connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
            yield connection

    def has_grown(self, table: str, rows: int) -> None:
        """So many rows were written at once: have PostgreSQL count the table now, and not a minute later. Until then it
        thinks that the new ones are few, and takes an index by which it reads all of them (measured: 2.5 s a page)."""
        if not self.is_sqlite and rows >= _MANY:
            with self.read() as connection:
                connection.exec_driver_sql(f"ANALYZE {table}")

    @contextmanager
    def _loan(self, opening: Callable[[], AbstractContextManager[Connection]]) -> Iterator[Connection]:
        """The connection, with the driver's errors named: bare from `statements`, wrapped from SQLAlchemy."""
        try:
            with opening() as connection:
                try:
                    yield connection
                except self._driver.Error:
                    if getattr(connection.connection.driver_connection, "closed", False):
                        connection.invalidate()  # else the pool would lend it again
                    raise
        except (self._driver.Error, SQLAlchemyError) as error:
            ours = self._named(error)
            if ours is None:
                raise
            raise ours from error

    def _named(self, error: Exception) -> Collision | StoreUnavailable | None:
        """What the error means for whoever asked; None where it is a bug."""
        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(cause, self._driver.IntegrityError) or _is_serialization_failure(cause):
            return Collision(str(cause))
        is_lost = isinstance(error, DBAPIError) and error.connection_invalidated
        is_full = isinstance(cause, self._driver.Error) and "full" in str(cause)
        if is_lost or is_full or isinstance(cause, (self._driver.OperationalError, NoFreeConnection)):
            return StoreUnavailable(str(cause))
        return None

    def close(self) -> None:
        """Give back every connection, and the files that writers wait at."""
        self.engine.dispose()
        if self._gate is not None:
            self._gate.close()


def _is_serialization_failure(cause: BaseException | None) -> bool:
    return getattr(cause, "sqlstate", None) in ("40001", "40P01")


class _FileGate:
    """A lock between the threads and processes that write to one SQLite file.

    Whoever leaves it lets those that wait for it go first: a thread that waits is counted, a process that waits holds
    the second file, shared. Raises StoreUnavailable where it can't be had in BUSY_SECONDS.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = threading.Lock()
        self._waiting = 0
        self._descriptor: int | None = None
        self._queue: int | None = None

    def __enter__(self) -> None:
        deadline = time.monotonic() + BUSY_SECONDS
        if not self._threads.acquire(blocking=False):
            self._wait_for_thread()
        try:
            self._lock(deadline)
        except BaseException:
            self._threads.release()
            raise

    def close(self) -> None:
        """Close both files, unless somebody is inside for long; whoever comes after that opens them again."""
        if not self._threads.acquire(timeout=BUSY_SECONDS):
            return
        try:
            for descriptor in (self._descriptor, self._queue):
                if descriptor is not None:
                    os.close(descriptor)
            self._descriptor = self._queue = None
        finally:
            self._threads.release()

    def _wait_for_thread(self) -> None:
        self._waiting += 1  # a count lost between two threads costs one pause, and is made good when both are through
        try:
            if not self._threads.acquire(timeout=BUSY_SECONDS):
                raise StoreUnavailable("database is locked")
        finally:
            self._waiting -= 1

    def _lock(self, deadline: float) -> None:
        if self._descriptor is None or self._queue is None:
            self._descriptor = _opened(self._path)
            self._queue = _opened(self._path.with_name(f"{self._path.name}.queue"))
        if _locked(self._descriptor, fcntl.LOCK_EX):
            return
        is_queueing = _locked(self._queue, fcntl.LOCK_SH)
        try:
            while not _locked(self._descriptor, fcntl.LOCK_EX):
                if time.monotonic() > deadline:
                    raise StoreUnavailable("database is locked")
                time.sleep(_POLL_SECONDS)
        finally:
            if is_queueing:
                fcntl.flock(self._queue, fcntl.LOCK_UN)

    def __exit__(self, *_: object) -> None:
        if self._descriptor is None or self._queue is None:
            raise AssertionError("left before it was entered")
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        others_wait = self._others_queue(self._queue)
        self._threads.release()
        if others_wait:
            time.sleep(_YIELD_SECONDS)

    @staticmethod
    def _others_queue(queue: int) -> bool:
        if not _locked(queue, fcntl.LOCK_EX):
            return True
        fcntl.flock(queue, fcntl.LOCK_UN)
        return False


def _opened(path: Path) -> int:
    return os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)


def _locked(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write_ahead(cursor: Any, locked: type[Exception]) -> None:
    """Have the file use WAL. Where several make a new file at once, SQLite refuses all but one without waiting."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except locked:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def _bind_as_they_are(driver: Any) -> None:
    """Have the driver take NULL and bytes without looking for how they would be adapted: unless somebody says so it
    asks each for attributes that it hasn't, which takes a microsecond a value, five times what binding it takes."""
    driver.register_adapter(type(None), _as_it_is)
    driver.register_adapter(bytes, _as_it_is)


def _as_it_is(value: Any) -> Any:
    return value


def _sqlite_engine(url: URL) -> Engine:
    import pysqlite3.dbapi2 as sqlite

    _bind_as_they_are(sqlite)
    engine = sa.create_engine(
        url,
        module=sqlite,
        pool_size=20,
        max_overflow=20,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False, "cached_statements": 256},
    )

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA page_size={_PAGE_BYTES}")
        _write_ahead(cursor, sqlite.OperationalError)
        for pragma in (
            "synchronous=FULL",
            f"busy_timeout={int(BUSY_SECONDS * 1000)}",
            "cache_size=-16384",
            "wal_autocheckpoint=4000",
            "temp_store=MEMORY",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        connection.create_aggregate("exact_sum", 1, ExactSum)

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        driver: Any = connection.connection.driver_connection
        if options.get("gateway_light"):
            connection.info[_LIGHT] = True
            driver.execute("PRAGMA synchronous=NORMAL")
        driver.execute("BEGIN" if options.get("gateway_deferred") else "BEGIN IMMEDIATE")

    @sa.event.listens_for(engine, "checkin")
    def restore(connection: Any, record: Any) -> None:
        if record.info.pop(_LIGHT, False) and connection is not None:
            connection.execute("PRAGMA synchronous=FULL")

    return engine


def _postgres_engine(url: URL, pool_size: int) -> Engine:
    import psycopg

    engine = sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_use_lifo=True,
        connect_args={"connect_timeout": int(BUSY_SECONDS)},
    )

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        # A machine that froze inside a transaction would hold its locks until TCP gives it up, after hours.
        connection.execute(f"SET idle_in_transaction_session_timeout = {_FROZEN_MS}")
        # Every query that is asked here has its index. A plan made while a table was small must not scan it later.
        connection.execute("SET enable_seqscan = off")
        connection.execute("SET jit = off")
        connection.commit()

    @sa.event.listens_for(engine, "checkin")
    def note_use(_connection: Any, record: Any) -> None:
        record.info["used"] = time.monotonic()

    @sa.event.listens_for(engine, "checkout")
    def ask_whether_alive(connection: Any, record: Any, _loan: object) -> None:
        if time.monotonic() - record.info.get("used", 0.0) < _FRESH_SECONDS:
            return
        try:
            connection.autocommit = True
            connection.execute("")
            connection.autocommit = False
        except psycopg.OperationalError as error:  # its neighbours in the pool are as old, and gone as well
            raise InvalidatePoolError("the server was restarted") from error

    return engine
