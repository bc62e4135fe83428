"""A draft tried on the last 200 messages: people wait for it while they edit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.measuring import PARSES_A_SECOND, Figure, Report, in_parses
from tests.bench.test_decode import settled_memory
from tests.examples.order_lines import line, order
from tests.examples.small_gateway import SmallGateway, filled_database
from tests.pipeline.mapping_changes import effects_of
from tests.pipeline.test_effects import unit

pytestmark = pytest.mark.bench

PINE = "pine-hardware"
MESSAGES = 200
AIM_SECONDS = 1


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[SmallGateway]:
    """A gateway that was sent 200 orders of five lines."""
    gateway = SmallGateway(filled_database(tmp_path / "filled.db"), tmp_path)
    gateway.set_policies(PINE, order_rate_per_minute=0)
    goods = ("PH-0101", "DOOS"), ("PH-0102", "STUK"), ("PH-0103", "STUK"), ("PH-0104", "KRUIWAGEN"), ("PH-0107", "STUK")
    for number in range(MESSAGES):
        lines = [line(str(index), item, str(1 + number % 40), word) for index, (item, word) in enumerate(goods, 1)]
        gateway.send(PINE, order(*lines, number=f"PH-{number}"))
    gateway.work()
    yield gateway
    gateway.close()


def test_a_draft_is_tried_on_200_messages_within_a_second(report: Report, filled: SmallGateway) -> None:
    change = unit("DOOS", 2)
    assert effects_of(filled, PINE, change, MESSAGES).orders == MESSAGES
    with settled_memory():
        seconds, parse, ratio = in_parses(lambda: effects_of(filled, PINE, change, MESSAGES), 5)
    aim = AIM_SECONDS * PARSES_A_SECOND
    told = f"{AIM_SECONDS} s at {PARSES_A_SECOND:,} parses a second"
    report.add(Figure(f"compare {MESSAGES} orders", seconds, parse, "s CPU", ratio, aim, told, less_is_better=True))
