"""Figures beside their floors: how a ratio is taken on a noisy machine, judged, printed and written down.

A floor is what the machine itself allows for the same work, measured in the same run. The machine may be busy with
other things, so only ratios are judged; each is the median over rounds in which ours and the floor take turns.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from lxml import etree

from tests.bench.orders import ubl_order

PARSES_A_SECOND = 27_000
"""What the machine that the aims were measured on parses of a 5-line order (`parse_seconds`)."""
FAR_BELOW = 0.7
"""A benchmark fails only where its ratio is this far from its aim; machines and neighbours differ."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure. `ratio` is ours ÷ floor; `aim` is the ratio aimed at, `aim_text` what it comes from."""

    what: str
    figure: float
    floor: float
    unit: str
    ratio: float
    aim: float
    aim_text: str
    less_is_better: bool = False
    judged: bool = True
    """False for wall-clock figures of work that needs the whole processor: a busy machine spoils those."""

    @property
    def share_of_aim(self) -> float:
        """1 and more: the aim is met."""
        return self.aim / self.ratio if self.less_is_better else self.ratio / self.aim

    @property
    def met(self) -> bool:
        """Whether the aim is met."""
        return self.share_of_aim >= 1

    def line(self) -> str:
        """What, figure, floor, ratio, aim, met or not."""
        sign = "≤" if self.less_is_better else "≥"
        verdict = "met" if self.met else f"NOT MET ({self.share_of_aim:.0%} of it)"
        return (
            f"{self.what:<58} {_number(self.figure):>8} {self.unit:<9} floor {_number(self.floor):>8}  "
            f"ratio {self.ratio:6.3f}  aim {sign} {self.aim:.3f} ({self.aim_text})  {verdict}"
        )


@dataclass
class Report:
    """Everything measured in this run, in order."""

    figures: list[Figure] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def add(self, figure: Figure) -> None:
        """Note and print a figure. One far below its aim fails the test at its end."""
        self.figures.append(figure)
        print(f"\n{figure.line()}", flush=True)

    def far_below(self, start: int) -> list[str]:
        """Figures from the `start`-th on that are far below their aim."""
        return [one.line() for one in self.figures[start:] if one.judged and one.share_of_aim < FAR_BELOW]

    def remark(self, text: str) -> None:
        """Note and print what explains a figure."""
        self.remarks.append(text)
        print(f"\n    {text}", flush=True)

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "figures": [{**asdict(one), "met": one.met} for one in self.figures],
            "remarks": self.remarks,
        }


def median(values: list[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def cpu_seconds(act: Callable[[], object], times: int) -> float:
    """CPU seconds of this process for one call, over so many."""
    started = time.process_time()
    for _ in range(times):
        act()
    return (time.process_time() - started) / times


def parse_seconds() -> float:
    """CPU seconds of one bare parse of a 5-line order: how fast this machine is just now."""
    body = ubl_order("PARSE-1")
    return cpu_seconds(lambda: etree.fromstring(body), 500)


def in_turns(
    ours: Callable[[], object], floor: Callable[[], object], times: int, rounds: int
) -> tuple[float, float, float]:
    """(ours, floor, ours ÷ floor): medians of CPU seconds a call over rounds in which the two take turns."""
    pairs = [(cpu_seconds(ours, times), cpu_seconds(floor, times)) for _ in range(rounds)]
    ratio = median([mine / least for mine, least in pairs])
    return median([mine for mine, _ in pairs]), median([least for _, least in pairs]), ratio


def in_parses(act: Callable[[], object], rounds: int) -> tuple[float, float, float]:
    """(the act, a bare parse, act ÷ parse): medians of CPU seconds over rounds. What was promised for a second or of so
    many seconds is judged so, because the machine is as fast now as it parses now."""
    pairs = [(cpu_seconds(act, 1), parse_seconds()) for _ in range(rounds)]
    ratio = median([mine / parse for mine, parse in pairs])
    return median([mine for mine, _ in pairs]), median([parse for _, parse in pairs]), ratio


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
