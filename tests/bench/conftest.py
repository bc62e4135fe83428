"""The report that every benchmark writes to: a table at the end, and JSON where BENCH_FILE names a file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bench.measuring import Report
from tests.store.postgres import fresh_database, postgres_server

_REPORT = pytest.StashKey[Report]()


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Iterator[Report]:
    """Where figures are noted. A test fails where one of its own is far below its aim."""
    noted = request.config.stash.setdefault(_REPORT, Report())
    already = len(noted.figures)
    yield noted
    far_below = noted.far_below(already)
    if far_below:
        pytest.fail("far below the aim:\n" + "\n".join(far_below), pytrace=False)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """One PostgreSQL server for the run."""
    with postgres_server(durable=True) as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Any) -> Iterator[str]:
    """A new, empty database."""
    with fresh_database(postgres) as url:
        yield url


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    report = config.stash.get(_REPORT, None)
    if report is None:
        return
    terminalreporter.section("benchmarks: ours, floor, ratio, aim")
    for figure in report.figures:
        terminalreporter.write_line(figure.line())
    for text in report.remarks:
        terminalreporter.write_line(f"    {text}")
    if target := os.environ.get("BENCH_FILE"):
        Path(target).write_text(json.dumps(report.as_json(), indent=2, ensure_ascii=False), encoding="utf-8")
