"""An order's thread drawn over time: a lane for what came in and for each kind of what went out, a dot for each entry,
a mark for each time by which something is due. Time runs to the right; the longer nothing happened, the less room it
has, and a gap of a day or more says how long it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import log2
from typing import NamedTuple
from zoneinfo import ZoneInfo

from gateway.order_page.entries import LANES, Due, Entry
from gateway.order_page.words import lasting

MOST_DRAWN = 60
"""Entries; of more the newest."""
_LEFT, _TOP, _LANE, _AXIS = 96, 26, 40, 42
"""Pixels: beside the lanes, above them, of each, and below them."""
_APART, _NEAR = 30, 9
"""Pixels between two in one lane, and between any two at different times."""
_PER_DOUBLING = 6.0
"""Pixels that a gap has more each time that it is twice as long, in minutes."""
_LABEL = 62
_MINUTE, _DAY = 60_000_000, 86_400_000_000


@dataclass(frozen=True, slots=True)
class Dot:
    """An entry where it is drawn."""

    x: int
    y: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Mark:
    """Something due where it is drawn."""

    x: int
    y: int
    due: Due


@dataclass(frozen=True, slots=True)
class Label:
    """Words below the lanes, or at one of them."""

    x: int
    y: int
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn, in pixels. `now` is where the present is; None where nothing is left to come and nothing came
    lately. `left_out`: so many entries before the first one that is drawn."""

    width: int
    height: int
    left: int
    lanes: tuple[Label, ...]
    days: tuple[Label, ...]
    gaps: tuple[Label, ...]
    dots: tuple[Dot, ...]
    marks: tuple[Mark, ...]
    now: int | None
    left_out: int

    @property
    def bottom(self) -> int:
        """Where the lanes end and the days stand."""
        return self.height - _AXIS


_Thing = tuple[int, str, "Entry | Due | None"]
"""When it is, its lane (none of the present), and what it is."""


class _Placed(NamedTuple):
    at: int
    x: int


def picture(entries: Sequence[Entry], dues: Sequence[Due], now: int, time_zone: str) -> Picture | None:
    """The thread drawn; None where nothing happened."""
    drawn = entries[-MOST_DRAWN:]
    if not drawn:
        return None
    since = drawn[0].at
    marked = [one for one in dues if one.at >= since]
    last = max([one.at for one in drawn] + [one.at for one in marked])
    lanes = {lane: _TOP + _LANE * index + _LANE // 2 for index, lane in enumerate(LANES)}
    things: list[_Thing] = [(one.at, one.lane, one) for one in drawn]
    things += [(one.at, one.lane, one) for one in marked]
    if since <= now <= last + _DAY:
        things.append((now, "", None))
    places, spots = _spread(sorted(things, key=lambda one: one[0]))
    dots = [Dot(x, lanes[one.lane], one) for one, x in spots if isinstance(one, Entry)]
    marks = [Mark(x, lanes[one.lane], one) for one, x in spots if isinstance(one, Due)]
    height = _TOP + _LANE * len(lanes) + _AXIS
    return Picture(
        width=places[-1].x + _APART,
        height=height,
        left=_LEFT,
        lanes=tuple(Label(0, lanes[lane], name) for lane, name in LANES.items()),
        days=tuple(_days(places, height - _AXIS + 18, ZoneInfo(time_zone))),
        gaps=tuple(_gaps(places, _TOP - 10)),
        dots=tuple(dots),
        marks=tuple(marks),
        now=next((x for one, x in spots if one is None), None),
        left_out=len(entries) - len(drawn),
    )


def _spread(
    things: Sequence[_Thing],
) -> tuple[list[_Placed], list[tuple[Entry | Due | None, int]]]:
    """Each thing's place, never before the one of what was earlier, and far enough from its neighbour in the lane."""
    in_lane: dict[str, int] = {}
    places: list[_Placed] = []
    spots: list[tuple[Entry | Due | None, int]] = []
    for at, lane, one in things:
        x = _LEFT + _APART // 2
        if places:
            before = places[-1]
            gap = at - before.at
            x = before.x + (max(_NEAR, round(_PER_DOUBLING * log2(1 + gap / _MINUTE))) if gap else 0)
        x = max(x, in_lane.get(lane, -_APART) + _APART)
        in_lane[lane] = x
        places.append(_Placed(at, x))
        spots.append((one, x))
    return places, spots


def _days(places: Sequence[_Placed], y: int, zone: ZoneInfo) -> Iterator[Label]:
    """The day below the first of each, where there is room."""
    day, end = "", -_LABEL
    for at, x in places:
        local = datetime.fromtimestamp(at // 1_000_000, zone)
        said = f"{local.day} {local:%b}"
        if said != day and x - end >= _LABEL:
            yield Label(x, y, said)
            end = x
            day = said


def _gaps(places: Sequence[_Placed], y: int) -> Iterator[Label]:
    """How long nothing happened, where that is a day or more."""
    for before, after in pairwise(places):
        if after.at - before.at >= _DAY:
            yield Label((before.x + after.x) // 2, y, lasting(after.at - before.at))
