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


def test_what_pages_are_made_of_is_packaged_with_what_is_built_for_them() -> None:
    """The bundle's sources are not: nothing is built where a gateway is installed."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["gateway"]
    console = ROOT / "gateway" / "console"
    folders = {
        file.parent for part in ("static", "templates") for file in (console / part).rglob("*") if file.is_file()
    }
    assert {f"{one.relative_to(ROOT / 'gateway')}/*" for one in folders} <= set(declared)
    assert "console/static/built/*" in declared
    assert not any(one.startswith("console/bundle") for one in declared)
