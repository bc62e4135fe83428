"""What every test may ask for: where the corpus and the official schemas are, and a count of corpus documents read.

The count goes through pytest's reports, so it is right under xdist too; it is printed at the end and, where
TEST_COUNTS_FILE names a file, written there for the build server.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile(
    "gateway", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.load_profile("gateway")
"""No property is judged by how long it took: the machine may be busy."""

ROOT = Path(__file__).resolve().parent.parent
_PRINTED = re.compile(r"^corpus: read (\d+) documents?(?: of (\S+))?", re.MULTILINE)
_PASSED = pytest.StashKey[int]()
_CORPUS = pytest.StashKey["Counter[str]"]()


def _outside_folder(variable: str, beside: str) -> Path:
    told = os.environ.get(variable)
    folder = Path(told) if told else ROOT.parent / "shared" / beside
    if told and not folder.is_dir():
        pytest.fail(f"{variable} names {folder}, which is no folder")
    if not folder.is_dir():
        pytest.skip(f"no {beside} beside the project: set {variable}")
    return folder


@pytest.fixture(scope="session")
def corpus_dir() -> Path:
    """The folder of collected documents: CORPUS_DIR, or `../shared/corpus`."""
    return _outside_folder("CORPUS_DIR", "corpus")


@pytest.fixture(scope="session")
def schemas_dir() -> Path:
    """The folder of official schemas: SCHEMAS_DIR, or `../shared/schemas`."""
    return _outside_folder("SCHEMAS_DIR", "schemas")


@pytest.fixture
def corpus_count(record_property: Callable[[str, object], None]) -> Callable[[str, int], None]:
    """`corpus_count("ubl/order", 9)`: this test read nine corpus documents of that kind."""

    def count(kind: str, documents: int) -> None:
        record_property("corpus", f"{documents} {kind}")

    return count


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_PASSED] = 0
    config.stash[_CORPUS] = Counter()


class _Tally:
    """Collects the counts from the reports, which reach the controlling process from every xdist worker."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" or not report.passed:
            return
        self._config.stash[_PASSED] += 1
        self._config.stash[_CORPUS].update(_documents_read(report))


def _documents_read(report: pytest.TestReport) -> Counter[str]:
    counted: Counter[str] = Counter()
    for name, entry in report.user_properties:
        if name == "corpus":
            documents, kind = str(entry).split(" ", 1)
            counted[kind] += int(documents)
    for documents, kind in _PRINTED.findall(report.capstdout):
        counted[kind or "documents"] += int(documents)
    return counted


def pytest_sessionstart(session: pytest.Session) -> None:
    session.config.pluginmanager.register(_Tally(session.config), "corpus-tally")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    read = config.stash[_CORPUS]
    for kind, documents in sorted(read.items()):
        terminalreporter.write_line(f"corpus: {documents} documents of {kind} read")
    if read:
        terminalreporter.write_line(f"corpus: {read.total()} documents read")
    if (counts := os.environ.get("TEST_COUNTS_FILE")) and not hasattr(config, "workerinput"):
        Path(counts).write_text(f"passed {config.stash[_PASSED]}\ncorpus {read.total()}\n", encoding="utf-8")
