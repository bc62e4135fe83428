"""One target fuzzed for so many CPU seconds: Hypothesis with a printed seed, in rounds.

`python -m tests.fuzz.runs NAME CPU_SECONDS SEED`, with the name of a target or of a round trip, is a process of its
own, with a limit on its memory. A failure says the round's seed and the document; the same seed finds it again.
"""

from __future__ import annotations

import base64
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from lxml import etree

from schemas.faults import DocumentFailure
from schemas.safe_json.reader import read_json
from tests.fuzz.mutations import any_bytes, changed_bytes, changed_json, changed_xml
from tests.fuzz.round_trips import RoundTrip, round_trips
from tests.fuzz.targets import Target, targets
from tests.harness.own_memory import own_memory

EXAMPLES_A_ROUND = 200
SLOWEST = 5.0
"""CPU seconds that no document of a few thousand characters may take."""
MEMORY = 2 << 30
"""Bytes of address space; beyond them a target gets a MemoryError, which is no fault type."""


class TooSlowError(AssertionError):
    """A document that took longer than any may."""


def documents(target: Target) -> st.SearchStrategy[bytes]:
    """Changed samples of the target, mostly of those that can be read, and bytes that are none."""
    wild = st.one_of(changed_bytes(target.samples), any_bytes())
    change, is_one = {"xml": (changed_xml, _is_xml), "json": (changed_json, _is_json)}.get(
        target.language, (None, None)
    )
    if change is None or is_one is None:
        return wild
    known = [one for one in target.samples if is_one(one)]
    good = [one for one in known if target.is_read(one)]
    nearly_right, worse = change(good), change(known)
    return st.integers(0, 9).flatmap(lambda kind: wild if kind > 8 else worse if kind > 7 else nearly_right)


def _is_xml(body: bytes) -> bool:
    try:
        etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except etree.XMLSyntaxError:
        return False
    return True


def _is_json(body: bytes) -> bool:
    try:
        read_json(body, exactly=False)
    except DocumentFailure:
        return False
    return True


def timed(act: Callable[[Any], None]) -> Callable[[Any], None]:
    """The same, and no document may hang."""

    def within(body: Any) -> None:
        started = time.process_time()
        act(body)
        if time.process_time() - started > SLOWEST:
            raise TooSlowError(f"took more than {SLOWEST} CPU seconds")

    return within


def fuzz(target: Target | RoundTrip, cpu_seconds: float, first_seed: int) -> int:
    """Rounds of documents until the time is used; how many documents that were. Raises what slipped through."""
    started, count, number = time.process_time(), 0, first_seed
    act, made = timed(target.act), documents(target) if isinstance(target, Target) else target.made
    while time.process_time() - started < cpu_seconds:
        seen = _round(act, made, number)
        count, number = count + seen, number + 1
    return count


def _round(act: Callable[[Any], None], made: st.SearchStrategy[Any], number: int) -> int:
    seen = 0

    @seed(number)
    @settings(
        max_examples=EXAMPLES_A_ROUND,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(made)
    def one(body: Any) -> None:
        nonlocal seen
        seen += 1
        act(body)

    try:
        one()
    except Unsatisfiable:
        return seen
    except BaseException:
        print(f"seed {number}: run it again with this seed", flush=True)
        raise
    return seen


def main(name: str, cpu_seconds: str, first_seed: str) -> int:
    """Fuzzes one target in this process, and says how much and with which seeds."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    target = {**targets(), **round_trips()}[name]
    count = fuzz(target, float(cpu_seconds), int(first_seed))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    most = own_memory("VmHWM") // 2**20
    print(
        f"{name}: {count} documents in {usage.ru_utime + usage.ru_stime:.1f} CPU seconds, seeds from {first_seed} on, "
        f"at most {most} MB",
        flush=True,
    )
    return 0


def shown(body: bytes) -> str:
    """A document so that it can be pasted: base64."""
    return base64.b64encode(body).decode()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
