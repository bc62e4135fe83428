"""What an installed gateway has: every folder of code that a clone has."""

from __future__ import annotations

import tomllib
from pathlib import Path

from setuptools import find_packages

ROOT = Path(__file__).resolve().parents[1]
FLOORS = ("config", "gateway", "mappings", "schemas", "workers")


def test_every_folder_of_code_is_packaged() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]
    folders = {
        ".".join(file.parent.relative_to(ROOT).parts) for floor in FLOORS for file in (ROOT / floor).rglob("*.py")
    }
    assert set(find_packages(str(ROOT), **declared)) == folders
