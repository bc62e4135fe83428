"""Large blocks that are freed go back to the system, whatever was freed before."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BLOCK = 12_000_000
PROGRAM = """
import sys
from pathlib import Path
from gateway.allocator import return_large_blocks

def resident():
    return int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0]) * 1024

if sys.argv[1] == "told":
    return_large_blocks()
before = resident()
for _ in range(3):
    block = b"x" * {block}
    del block
print(resident() - before)
"""


def test_a_block_as_large_as_one_before_goes_back() -> None:
    assert kept("told") < BLOCK / 10
    if platform.libc_ver()[0] == "glibc":
        assert kept("untold") > BLOCK / 2


def kept(how: str) -> int:
    """Bytes that a process has more after it has freed three such blocks, one after the other."""
    command = [sys.executable, "-P", "-c", PROGRAM.format(block=BLOCK), how]
    ran = subprocess.run(command, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True)
    return int(ran.stdout)
