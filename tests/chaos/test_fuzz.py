"""At least five CPU minutes of documents that are nearly right, over every codec, the maps and the map language.

The seed is printed; FUZZ_SEED=NUMBER runs the same documents again. What atheris finds is printed as base64.
"""

from __future__ import annotations

import importlib.util
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.round_trips import round_trips
from tests.fuzz.runs import shown
from tests.fuzz.targets import ROOT, targets

pytestmark = pytest.mark.chaos

CPU_SECONDS = int(os.environ.get("FUZZ_CPU_SECONDS", "12"))
"""For each of some thirty targets made up, and of some twenty by coverage: some ten minutes together."""
MOST_MEMORY_MB = 300
SEED = int(os.environ.get("FUZZ_SEED") or random.SystemRandom().randrange(1, 10**9))
NAMES = sorted(targets())
_DONE = re.compile(r"(\d+) documents in .*at most (\d+) MB")


def in_a_process(module: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", module, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60 * CPU_SECONDS,
        check=False,
    )


@pytest.mark.parametrize("name", [*NAMES, *sorted(round_trips())])
def test_documents_made_and_changed(name: str, tmp_path: Path) -> None:
    print(f"\n{name}: seed {SEED}")
    run = in_a_process("tests.fuzz.runs", tmp_path, name, str(CPU_SECONDS), str(SEED))
    print(run.stdout)
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr[-20_000:]
    done = _DONE.search(run.stdout)
    assert done is not None
    assert int(done[1]) > 0
    assert int(done[2]) <= MOST_MEMORY_MB


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris has no wheel for this Python")
@pytest.mark.parametrize("name", NAMES)
def test_by_coverage(name: str, tmp_path: Path) -> None:
    """libFuzzer counts the seconds, the memory, and those that one document takes."""
    (corpus := tmp_path / "corpus").mkdir()
    limits = (f"-max_total_time={CPU_SECONDS}", "-timeout=10", "-rss_limit_mb=1024", "-max_len=30000")
    print(f"\n{name}: seed {SEED}")
    run = in_a_process("tests.fuzz.guided", tmp_path, name, str(corpus), f"-seed={SEED}", *limits)
    found = [f"{path.name}: {shown(path.read_bytes())}" for path in tmp_path.iterdir() if path.is_file()]
    assert run.returncode == 0, "\n".join([*found, run.stdout[-5_000:], run.stderr[-10_000:]])
    print(run.stderr.strip().splitlines()[-1])
