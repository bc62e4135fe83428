"""The processes' entry: `python -m workers.main up | web | worker | scheduler`, settings from the environment.

`up` supervises the others. Exit codes: 0 done, 1 failed, 2 usage, 4 the data folder or the port is in use.
"""

from __future__ import annotations

import argparse
import fcntl
import gc
import importlib
import json
import logging
import os
import pkgutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError
from setproctitle import setproctitle

from config.settings import PREFIX, Settings
from gateway.embedded_redis import EmbeddedRedis, redis_url
from workers.beat import Beat
from workers.logs import set_up_logging
from workers.supervise import Part, Supervisor
from workers.web import WebLimits, address_of, listen, serve

if TYPE_CHECKING:
    from gateway.services import Services

_USAGE, _CONFLICT = 2, 4
_DELIVERY = "delivery"
_UPLOADS_SECONDS = 3_600.0
_WORDS_SECONDS = 1.0
"""Between some hundred messages of earlier releases and the next, so that orders go first."""
_SEAL_SECONDS = 60.0
_RETENTION_SECONDS = 300.0
_SWITCH_SECONDS = 0.001
"""How long a thread that computes, such as a preview, keeps Python's lock from one that takes an order in. At Python's
own 5 ms two previews without a pause made the 95th percentile of a POST 172 ms instead of 17, at this one 82; how many
orders are taken in a second is the same (measured)."""
_RUN_BY_PARTS = ("config", "gateway", "mappings", "schemas", "workers")
_loaded_all: list[bool] = []
_RUN_BY_HAND = ("gateway.cli", "gateway.commands", "gateway.demo", "gateway.store.migrations.")
_CLI = "import sys; from gateway.cli import main; sys.exit(main())"

logger = logging.getLogger("workers")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one process until it is stopped; returns its exit code."""
    told = _parser().parse_args(arguments)
    try:
        settings = _settings(told)
    except ValidationError as error:
        for problem in error.errors():
            print(f"{PREFIX}{str(problem['loc'][0]).upper()}: {problem['msg']}", file=sys.stderr)  # noqa: T201
        return _USAGE
    _set_up_logging(settings)
    setproctitle(_title(settings, told.part))
    parts: dict[str, Callable[[Settings, argparse.Namespace], int]] = {
        "up": up,
        "web": web,
        "worker": worker,
        "scheduler": scheduler,
    }
    gc.disable()  # while a part is loaded: see _loaded
    try:
        return parts[told.part](settings, told)
    finally:
        gc.enable()


def up(settings: Settings, told: argparse.Namespace) -> int:
    """Everything on this machine, supervised, until SIGINT or SIGTERM."""
    _loaded()
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = _lock(settings.data_dir / "up.lock")
    except OSError as failure:
        raise SystemExit(f"The data folder can't be used: {failure}") from failure
    if lock is None:
        logger.error("%s is in use by another `gateway up`", settings.data_dir)
        return _CONFLICT
    try:
        listening = listen(settings.host, settings.port)
    except OSError as error:
        logger.error("Can't listen on %s port %d: %s", settings.host, settings.port, error.strerror)
        return _CONFLICT
    settings.secret()
    address = address_of(listening)
    environment = _children_environment(settings, listening.getsockname()[1])
    if told.demo:  # the demo's answers are to be read, not a line for every request; what is set explicitly stands
        quiet = {f"{PREFIX}LOG_LEVEL": "WARNING", f"{PREFIX}LOG_FORMAT": "text"}
        environment |= {name: value for name, value in quiet.items() if name not in os.environ}
    _address_file(settings).unlink(missing_ok=True)  # it serves there no more; one that ended is asked for there
    Supervisor(
        _parts(settings, listening.fileno(), environment, address if told.demo else None),
        heartbeat_seconds=settings.heartbeat_seconds,
        stop_seconds=settings.stop_seconds,
        on_first_sign=lambda name: _say_serving(name, address, settings),
    ).run()
    if settings.log_format != "json":
        print("Stopped.", flush=True)  # noqa: T201
    return 0


def web(settings: Settings, told: argparse.Namespace) -> int:
    """The web process. It brings the database to this program's version first."""
    stop = threading.Event()
    wake: list[Callable[[], None]] = []

    def end() -> None:
        stop.set()
        for each in wake:
            each()

    _on_stop(end)
    from gateway.app import create_app
    from gateway.warm_up import warm_up

    try:
        listening = (
            listen(settings.host, settings.port) if told.listen_fd is None else socket.socket(fileno=told.listen_fd)
        )
    except OSError as error:
        logger.error("Can't listen on %s port %d: %s", settings.host, settings.port, error.strerror)
        return _CONFLICT
    services = _services(settings, "web", prepares=True)
    warm_up(services, receives=True)
    limits = WebLimits(settings.threads, settings.connections, settings.max_body_bytes)
    app = create_app(services, settings.threads, settings.wait_seconds, settings.secret())
    _loaded()
    sys.setswitchinterval(_SWITCH_SECONDS)
    serve(app, listening, limits, Beat(told.beat_fd), stop, wake.append)
    app.door.close()
    services.store.close()
    return 0


def worker(settings: Settings, told: argparse.Namespace) -> int:
    """A worker on its lanes, until it is stopped or used up; `--burst`: until nothing waits."""
    from gateway.delivering import Deliverer
    from gateway.lanes import DELIVERY
    from gateway.picking import Picker
    from gateway.warm_up import warm_up
    from workers.jobs import Desk, look
    from workers.names import worker_name
    from workers.rq_parts import Stop, resolve_jobs, work
    from workers.sweep import sweep_once

    stop = Stop()
    stop.listen()
    services = _services(settings, worker_name())
    warm_up(services, receives=False)
    deliverer = Deliverer(services) if DELIVERY in settings.lanes else None
    picker = Picker(services) if DELIVERY in settings.lanes and not told.burst else None
    beat = Beat(told.beat_fd)

    def beat_while_all_goes_on() -> None:
        if deliverer is not None and not deliverer.is_alive and not stop.requested:
            raise SystemExit("what sends documents has ended")
        if picker is not None and not picker.is_alive and not stop.requested:
            raise SystemExit("what picks up orders has ended")
        beat()

    desk = Desk(
        *(services, settings.lanes, beat_while_all_goes_on, lambda: stop.requested, settings.drain_batches),
        wake_deliverer=deliverer.wake if deliverer is not None else None,
    )
    if told.burst:
        sweep_once(services)
    _loaded()
    if deliverer is not None:
        deliverer.start()
    if picker is not None:
        picker.start()
    work(
        desk,
        services.lanes.url,
        stop,
        jobs=resolve_jobs(),
        look=lambda: look(desk),
        max_jobs=settings.worker_max_jobs,
        max_rss_bytes=settings.worker_max_rss_bytes,
        burst=told.burst,
    )
    if picker is not None:
        picker.stop(settings.stop_seconds / 4)
    if deliverer is not None:
        if told.burst:
            deliverer.finish()
        deliverer.stop(settings.stop_seconds / 2)
    services.store.close()
    return 0


def scheduler(settings: Settings, told: argparse.Namespace) -> int:
    """What runs by the clock. Reports and invoices run beside the rest: a long one takes a while, and nothing is to
    wait for it. So do notices: what is told, e-mails and calls each by themselves, because a server may hang."""
    from gateway.auditing.sealing import Sealer
    from gateway.billing_schedule import bill_due
    from gateway.bootstrap import keyring_of
    from gateway.causes import follow
    from gateway.inventory_schedule import Schedules
    from gateway.retention.keeping import Keeper
    from gateway.searching.older import index_older
    from workers.notices import notice_tasks
    from workers.schedule import Task, run_schedule
    from workers.sweep import sweep_once

    stop = threading.Event()
    _on_stop(stop.set)
    services = _services(settings, "scheduler")
    reports = Task("inventory reports", settings.sweep_seconds, Schedules(services).send_due)
    invoices = Task("invoices", settings.sweep_seconds, lambda: bill_due(services))
    problems = Task("problems", settings.sweep_seconds, lambda: follow(services))
    uploads = Task("uploads", _UPLOADS_SECONDS, services.store.uploads.drop_old)
    seals = Task("audit seals", _SEAL_SECONDS, Sealer(services.store, keyring_of(settings), settings.data_dir).seal)
    retention = Task("retention", _RETENTION_SECONDS, Keeper(services.store).keep)
    words = Task("words of older messages", _WORDS_SECONDS, lambda: index_older(services))
    documents = [problems, invoices, reports, uploads, words, retention]
    beside = [
        threading.Thread(target=run_schedule, args=(tasks, lambda: None, stop), name=name, daemon=True)
        for name, tasks in {"documents": documents, "seals": [seals], **notice_tasks(services)}.items()
    ]
    _loaded()
    for one in beside:
        one.start()
    run_schedule(
        [Task("sweep", settings.sweep_seconds, lambda: sweep_once(services))],
        Beat(told.beat_fd),
        stop,
    )
    ends = time.monotonic() + settings.stop_seconds / 2
    for one in beside:  # what is not saved by then is sent at the next start
        one.join(timeout=max(0.0, ends - time.monotonic()))
    services.store.close()
    return 0


def _parts(settings: Settings, listen_fd: int, environment: dict[str, str], demo_at: str | None) -> list[Part]:
    """What `up` supervises. The web process comes first: it prepares the database that the others open."""
    web_command = ("web", "--listen-fd", str(listen_fd))
    parts = [
        Part("web", web_command, environment, main, pass_fds=(listen_fd,), prepare=_load),
        Part("scheduler", ("scheduler",), environment, main, starts_after="web"),
        *_workers(settings, environment),
    ]
    if settings.redis_url is None:
        parts.insert(0, _redis_part(EmbeddedRedis(settings.data_dir / "redis")))
    if demo_at:
        command: tuple[str, ...] = (sys.executable, "-P", "-c", _CLI, "demo", "--url", demo_at)
        command += ("--json",) if settings.log_format == "json" else ()
        parts.append(Part("demo", command, environment, beats=False, starts_after="worker-1", runs_once=True))
    return parts


def _load() -> None:
    """All that the parts run, once for all of them: one that is replaced after the program's files were changed is what
    the others are. Called when Redis has been started, which loads its own meanwhile, and again before each start."""
    if _loaded_all:
        return
    for package in _RUN_BY_PARTS:
        found = importlib.import_module(package)
        for one in pkgutil.walk_packages(found.__path__, f"{package}."):
            if one.name.startswith(_RUN_BY_HAND):
                continue
            try:
                importlib.import_module(one.name)
            except Exception:  # whatever needs it fails by itself, and nothing else
                logger.exception("%s can't be loaded", one.name)
    _loaded_all.append(True)
    gc.freeze()  # the forks' collectors would write to each object, and so copy what they share


def _workers(settings: Settings, environment: dict[str, str]) -> Iterator[Part]:
    """Workers on the orders' lanes, and one that sends documents: neither waits for the other."""
    lanes = [one for one in settings.lanes if one != _DELIVERY]
    if lanes:
        told = {**environment, f"{PREFIX}LANES": ",".join(lanes)}
        for number in range(1, settings.workers + 1):
            yield Part(f"worker-{number}", ("worker",), told, main, starts_after="web")
    if _DELIVERY in settings.lanes:
        told = {**environment, f"{PREFIX}LANES": _DELIVERY}
        yield Part(_DELIVERY, ("worker",), told, main, starts_after="web")


def _redis_part(server: EmbeddedRedis) -> Part:
    def start_empty() -> None:
        if aside := server.set_aside():
            logger.error("The private Redis could not read its files; they are kept in %s, it starts empty", aside)

    return Part(
        "redis",
        tuple(server.command()),
        beats=False,
        probe=server.answers,
        is_lost=lambda: not server.folder_is_whole(),
        prepare=server.prepare,
        on_stillborn=start_empty,
        start_seconds=20.0,
        stops_last=True,
    )


def _children_environment(settings: Settings, port: int) -> dict[str, str]:
    """The settings that arguments have changed, as the parts read them."""
    return {
        f"{PREFIX}DATA_DIR": str(settings.data_dir),
        f"{PREFIX}HOST": settings.host,
        f"{PREFIX}PORT": str(port),
        f"{PREFIX}WORKERS": str(settings.workers),
        f"{PREFIX}REDIS_URL": redis_url(settings.redis_url, settings.data_dir),
    }


def _services(settings: Settings, name: str, *, prepares: bool = False) -> Services:
    from sqlalchemy.exc import OperationalError

    from gateway.bootstrap import build_services
    from gateway.store.database import StoreUnavailable

    try:
        return build_services(settings, worker_name=name, upgrade=prepares)
    except StoreUnavailable as failure:
        raise SystemExit(f"The database can't be used: {failure}") from failure
    except OperationalError as failure:  # before there is a store: while its tables are looked at
        raise SystemExit(f"The database can't be used: {str(failure.orig).partition(chr(10))[0]}") from failure


def _lock(path: Path) -> int | None:
    """Hold the file for as long as this process lives; None where another holds it."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _say_serving(name: str, address: str, settings: Settings) -> None:
    """To whoever started it, and to commands on the same data folder (`gateway.health.serving_address`)."""
    if name != "web":
        return
    said = f"Serving at {address} (Ctrl-C stops it)"
    if settings.log_format == "json":
        said = json.dumps({"serving": address})
    file = _address_file(settings)
    try:
        file.parent.mkdir(mode=0o700, exist_ok=True)
        file.write_text(address + "\n", encoding="ascii")
    except OSError as failure:  # a convenience: it serves without it
        logger.warning("%s can't be written: %s", file, failure.strerror)
    print(said, flush=True)  # noqa: T201


def _address_file(settings: Settings) -> Path:
    return settings.data_dir / "run" / "address"


def _on_stop(act: Callable[[], object]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: act())


def _title(settings: Settings, part: str) -> str:
    """What lists of processes call it."""
    lanes = f" {','.join(settings.lanes)}" if part == "worker" else ""
    return f"gateway {part}{lanes} in {settings.data_dir}"


def _set_up_logging(settings: Settings) -> None:
    as_json = settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())
    set_up_logging(settings.log_level, as_json=as_json)
    for noisy in ("rq.worker", "rq.job", "alembic", "sqlalchemy", "httpcore"):  # the last logs whole headers
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # A line for each request that finds no free thread, when there is least time to write it; /metrics has the times.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="workers.main", description=__doc__)
    parts = parser.add_subparsers(dest="part", required=True)
    everything = parts.add_parser("up")
    everything.add_argument("--data", dest="data_dir", type=Path)
    everything.add_argument("--workers", type=int)
    everything.add_argument("--demo", action="store_true")
    serving = parts.add_parser("web")
    serving.add_argument("--listen-fd", type=int)
    working = parts.add_parser("worker")
    working.add_argument("--lanes")
    working.add_argument("--burst", action="store_true")
    timing = parts.add_parser("scheduler")
    for part in (everything, serving):
        part.add_argument("--host")
        part.add_argument("--port", type=int)
    for part in (serving, working, timing):
        part.add_argument("--beat-fd", type=int)
    return parser


def _loaded() -> None:
    """What is loaded by now stays: the collector need not walk it again and again, as it did meanwhile for a tenth of
    the time."""
    gc.freeze()
    gc.enable()


def _settings(told: argparse.Namespace) -> Settings:
    names = ("data_dir", "host", "port", "workers", "lanes")
    return Settings(**{name: value for name in names if (value := getattr(told, name, None)) is not None})


if __name__ == "__main__":
    sys.exit(main())
