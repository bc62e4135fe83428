"""One way to read and one way to write, on SQLite and on PostgreSQL.

SQLite: WAL, `synchronous=FULL` on every connection (a commit survives a power cut), `BEGIN IMMEDIATE` for writes (a
deferred transaction that upgrades fails at once), and a file lock around write transactions, because SQLite's own lock
is unfair: a busy intake starved a worker 5 : 1 without it.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from schemas.faults import Fault, TryAgain

BUSY_SECONDS = 5.0
_FROZEN_MS = 10_000
"""A transaction in which nothing has been asked for so long is ended by PostgreSQL: nothing is computed inside one."""
_YIELD_SECONDS = 0.0003
"""After a write, long enough for a waiting process to take the lock (measured: restores fairness)."""


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
        self._gate = _FileGate(Path(f"{self.url.database}.write-lock")) if self.is_sqlite else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading; each statement sees what is committed."""
        with _named_failures(), self.engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection whose statements all see the same moment."""
        options = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with _named_failures(), self.engine.connect() as connection:
            reading = connection.execution_options(gateway_deferred=True, **options)
            with reading.begin():
                yield reading

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One write transaction, committed on leaving. Raises StoreUnavailable, or Collision on a broken unique key."""
        with _named_failures():
            if self._gate is None:
                with self.engine.begin() as connection:
                    yield connection
                return
            with self._gate, self.engine.begin() as connection:
                yield connection
        if self._gate is not None:
            time.sleep(_YIELD_SECONDS)

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


@contextmanager
def _named_failures() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise Collision(str(error.orig)) from error
    except OperationalError as error:
        if _is_serialization_failure(error):
            raise Collision(str(error.orig)) from error
        raise StoreUnavailable(str(error.orig)) from error
    except (DBAPIError, TimeoutError, OSError) as error:
        cause = str(error.orig) if isinstance(error, DBAPIError) else str(error)
        if isinstance(error, DBAPIError) and not error.connection_invalidated and "full" not in cause:
            raise
        raise StoreUnavailable(cause) from error


def _is_serialization_failure(error: OperationalError) -> bool:
    return getattr(error.orig, "sqlstate", None) in ("40001", "40P01")


class _FileGate:
    """A lock between the threads and processes that write to one SQLite file, handed over fairly enough."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = threading.Lock()
        self._descriptor: int | None = None

    def __enter__(self) -> None:
        if not self._threads.acquire(timeout=BUSY_SECONDS):
            raise TimeoutError("database is locked")
        try:
            if self._descriptor is None:
                self._descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            self._lock(self._descriptor)
        except BaseException:
            self._threads.release()
            raise

    def _lock(self, descriptor: int) -> None:
        deadline = time.monotonic() + BUSY_SECONDS
        pause = 0.0002
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise TimeoutError("database is locked") from None
            time.sleep(pause)
            pause = min(pause * 1.5, 0.005)

    def __exit__(self, *_: object) -> None:
        if self._descriptor is not None:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        self._threads.release()


def _sqlite_engine(url: URL) -> Engine:
    import pysqlite3.dbapi2 as sqlite

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
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"busy_timeout={int(BUSY_SECONDS * 1000)}",
            "cache_size=-65536",
            "wal_autocheckpoint=4000",
            "temp_store=MEMORY",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("isolation_level") == "AUTOCOMMIT":
            return
        connection.exec_driver_sql("BEGIN" if options.get("gateway_deferred") else "BEGIN IMMEDIATE")

    return engine


def _postgres_engine(url: URL, pool_size: int) -> Engine:
    engine = sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        connect_args={"connect_timeout": int(BUSY_SECONDS)},
    )

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        # A machine that froze inside a transaction would hold its locks until TCP gives it up, after hours.
        connection.execute(f"SET idle_in_transaction_session_timeout = {_FROZEN_MS}")
        connection.commit()

    return engine
