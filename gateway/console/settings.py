"""How this gateway is set up, and whether that holds: to be read, and changed in its environment alone."""

from __future__ import annotations

import sys
from decimal import Decimal, InvalidOperation
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from gateway.console.frame import console, needs, page, services
from gateway.services import Setting


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
        unusual={one.variable for one in here.installation.settings if _is_unusual(one)},
        program=_program(),
        python=".".join(map(str, sys.version_info[:3])),
        database="SQLite" if here.store.database.is_sqlite else "PostgreSQL",
        migration=here.store.version(),
        newest=here.store.seals.newest(),
    )


def _is_unusual(one: Setting) -> bool:
    """Whether it is set to something else than it is without being set; 30.0 seconds are 30."""
    if not one.default or one.secret:
        return False
    try:
        return Decimal(one.value) != Decimal(one.default)
    except InvalidOperation:
        return one.value != one.default


def _program() -> str:
    try:
        return version("order-gateway")
    except PackageNotFoundError:
        return "not installed"
