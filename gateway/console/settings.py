"""How this gateway is set up, and whether that holds: to be read, and changed in its environment alone."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from gateway.console.frame import console, needs, page, services


@console.get("/settings")
@needs("admin", ours_alone=True)
def settings() -> Any:
    """Every setting with its value, secrets masked, and what `gateway doctor` finds that is quick to find."""
    here = services()
    checks = list(here.installation.look())
    return page(
        "settings",
        checks=sorted(checks, key=lambda one: (one.ok, not one.warning)),
        wrong=sum(not one.ok for one in checks),
        warned=sum(one.ok and one.warning for one in checks),
        rows=here.installation.settings,
        program=_program(),
        python=".".join(map(str, sys.version_info[:3])),
        database="SQLite" if here.store.database.is_sqlite else "PostgreSQL",
        migration=here.store.version(),
        newest=here.store.seals.newest(),
    )


def _program() -> str:
    try:
        return version("order-gateway")
    except PackageNotFoundError:
        return "not installed"
