"""One target fuzzed by coverage: atheris (libFuzzer) looks for documents that reach new lines.

`python -m tests.fuzz.guided TARGET CORPUS_FOLDER libFuzzer options`. It works in the folder that it is started in,
where a document that shows a failure is written as `crash-…`, `timeout-…` or `oom-…`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["schemas", "mappings"]):
    from tests.fuzz.targets import Target, targets


def main(name: str, corpus: str, *options: str) -> None:
    """Fuzzes until libFuzzer's own limits end it; it never returns."""
    target: Target = targets()[name]
    for number, sample in enumerate(target.samples):
        Path(corpus, f"sample-{number}").write_bytes(sample)
    atheris.Setup([sys.argv[0], corpus, *options], target.act)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
