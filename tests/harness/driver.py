"""The gateway's processes with a fault put in: `HARNESS_FAULTS='POINT=ACT …' python -m tests.harness.driver PART …`.

The product has no hooks for tests, so this wraps its functions from outside and then runs `workers.main`. Under `up`
only the workers get the faults. A POINT is

  claim:commit, claim:done      inside the claim's transaction just before its commit; when it has returned
  save:enter, save:commit, save:done     before the save; inside its transaction just before the commit; after it
  keep:commit, keep:done        likewise for the intake of orders
  out-claim:…, out-save:…       as claim and save, for documents that are sent
  call:enter, call:done         before a partner is called; when its answer is there
  decode:TEXT                   while a document whose bytes have TEXT in them is read

and an ACT `kill` (-9), `stop` (SIGSTOP), `exit` (`os._exit(9)`), `loop` (for ever), `memory` (until there is none),
followed by `/FOLDER` where it may happen only as often as there are files in FOLDER: each time takes one away.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

_now = threading.local()


def main() -> int:
    """Run the part that is named, with the faults of the environment."""
    import workers.main

    if sys.argv[1] == "up":
        _hand_down(workers.main)
    else:
        _install_all()
    return workers.main.main()


def _install_all() -> None:
    for fault in os.environ["HARNESS_FAULTS"].split():
        point, _, act = fault.partition("=")
        install(point, actor(act))


def _hand_down(module: Any) -> None:
    """What `up` forks as a worker gets the faults."""
    plain = module._parts

    def driven(arguments: Sequence[str]) -> int:
        _install_all()
        return int(module.main(arguments))

    def parts(*arguments: Any) -> list[Any]:
        return [replace(one, runs=driven) if one.name.startswith("worker") else one for one in plain(*arguments)]

    module._parts = parts


def actor(act: str) -> Callable[[], None]:
    """What happens at the point."""
    name, slash, folder = act.partition("/")
    do = {"kill": _kill, "stop": _stop, "exit": _exit, "loop": _loop, "memory": _eat_memory}[name]

    def limited() -> None:
        if not slash or _take_one(Path(slash + folder)):
            do()

    return limited


def _take_one(folder: Path) -> bool:
    for token in sorted(folder.iterdir()):
        with contextlib.suppress(FileNotFoundError):
            token.unlink()
            return True
    return False


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _stop() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def _exit() -> None:
    os._exit(9)


def _loop() -> None:
    while True:
        pass


def _eat_memory() -> None:
    """As a document that needs more than there is; bounded, so that the machine does not suffer."""
    bound = psutil.Process().memory_info().vms + 300_000_000
    resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
    held = []
    while True:
        held.append(bytearray(50_000_000))


def install(point: str, act: Callable[[], None]) -> None:
    """Wrap the product's functions so that `act` is called at the point."""
    from gateway.delivery.http import HttpCaller
    from gateway.store.intake import Intake
    from gateway.store.queue import WorkQueue
    from gateway.store.sending import Sending

    where, _, moment = point.partition(":")
    if where == "decode":
        _wrap_parsers(moment.encode(), act)
        return
    owner, method = {
        "claim": (WorkQueue, "claim"),
        "save": (WorkQueue, "save"),
        "keep": (Intake, "keep_together"),
        "out-claim": (Sending, "claim"),
        "out-save": (Sending, "save"),
        "call": (HttpCaller, "post"),
    }[where]
    _wrap_method(owner, method, moment, act)
    if moment == "commit":
        _wrap_write(lambda: getattr(_now, "inside", None) == method, act)


def _wrap_method(owner: Any, method: str, moment: str, act: Callable[[], None]) -> None:
    plain = getattr(owner, method)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        if moment == "enter":
            act()
        _now.inside = method
        try:
            result = plain(*arguments, **named)
        finally:
            _now.inside = None
        if moment == "done" and (result or method == "save"):
            act()
        return result

    setattr(owner, method, wrapped)


def _wrap_write(applies: Callable[[], bool], act: Callable[[], None]) -> None:
    def before_commit() -> None:
        if applies():
            act()

    _around_writes(before_commit, lambda: None)


def at_write(number: int, moment: str, act: Callable[[], None]) -> Callable[[], int]:
    """`act` just before (`commit`) or just after (`done`) this process's write transaction of that number, from 1.

    Returns a function that says how many there were.
    """
    count = 0

    def before_commit() -> None:
        nonlocal count
        count += 1
        if count == number and moment == "commit":
            act()

    def after_it() -> None:
        if count == number and moment == "done":
            act()

    _around_writes(before_commit, after_it)
    return lambda: count


def _around_writes(before_commit: Callable[[], None], after_it: Callable[[], None]) -> None:
    """Both kinds of write transaction, those that wait for the disk and those that don't."""
    from gateway.store.database import Database

    for name in ("write", "write_lightly"):
        setattr(Database, name, _surrounded(getattr(Database, name), before_commit, after_it))


def _surrounded(plain: Callable[..., Any], before_commit: Callable[[], None], after_it: Callable[[], None]) -> Any:
    @contextlib.contextmanager
    def write(self: Any) -> Iterator[Any]:
        with plain(self) as connection:
            yield connection
            before_commit()
        after_it()

    return write


def _wrap_parsers(marked: bytes, act: Callable[[], None]) -> None:
    from schemas.formats.registry import FORMATS

    for name, known in list(FORMATS.items()):
        plain = known.parse_orders

        def parse(body: bytes, plain: Callable[[bytes], Any] = plain) -> Any:
            if marked in body:
                act()
            return plain(body)

        FORMATS[name] = replace(known, parse_orders=parse)  # type: ignore[index]


if __name__ == "__main__":
    sys.exit(main())
