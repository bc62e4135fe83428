"""An order of 20,000 lines: time and memory, each in a fresh process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.bench.measuring import Figure, Report, median
from tests.bench.orders import ubl_order
from tests.bench.world import World, world

pytestmark = pytest.mark.bench

LINES = int(os.environ.get("BENCH_LINES", "20000"))
ROUNDS = 3
_MOST_BYTES = 230_000_000


def test_a_large_order(tmp_path: Path, report: Report) -> None:
    order = tmp_path / "order.xml"
    with world(tmp_path / "gateway") as here:
        runs = []
        for turn in range(ROUNDS):
            order.write_bytes(ubl_order(f"LARGE-{turn}", LINES))
            runs.append((_run(here, order, "parse"), _run(here, order, "answer")))
    bare = [parse["parse"] for parse, _ in runs]
    took = [answer["stored"] + answer["answered"] for _, answer in runs]
    ratio = median([mine / least for mine, least in zip(took, bare, strict=True)])
    what = f"{LINES:,}-line order, {order.stat().st_size / 1e6:.0f} MB, stored and answered"
    aim_text = "0.9 s where the bare parse takes 0.15 s"
    report.add(Figure(what, median(took), median(bare), "s", ratio, 0.9 / 0.15, aim_text, less_is_better=True))
    stored = median([answer["stored"] for _, answer in runs])
    report.remark(f"of it until stored: {stored:.2f} s")
    peaks = [float(answer["peak_bytes"]) for _, answer in runs]
    lowest = median([float(parse["peak_bytes"]) for parse, _ in runs])
    what = f"{LINES:,}-line order, peak memory of the process"
    aim = _MOST_BYTES / lowest
    report.add(
        Figure(
            what, median(peaks) / 1e6, lowest / 1e6, "MB", median(peaks) / lowest, aim, "230 MB", less_is_better=True
        )
    )


def _run(here: World, order: Path, step: str) -> dict[str, Any]:
    command = [sys.executable, "-P", "-m", "tests.bench.large", str(here.settings.data_dir), str(order), step]
    ran = subprocess.run(command, env=here.environment, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    measured: dict[str, Any] = json.loads(ran.stdout)
    return measured
