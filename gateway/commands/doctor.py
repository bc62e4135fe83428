"""What is wrong with this installation."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from gateway.commands.screen import DONE, FAILED, Screen, reports

if TYPE_CHECKING:
    from gateway.bootstrap import Settings
    from gateway.health import Check


@click.command()
@reports
def doctor(screen: Screen) -> int:
    """Check everything the gateway needs, and list every setting.

    Exit code 1 where something is wrong, such as a gateway that has taken orders and is down. A warning is no
    failure: nothing serves yet, or there are no products yet. Nothing is changed.
    """
    from gateway.bootstrap import BadSettings, described_settings, read_settings
    from gateway.health import Check

    try:
        settings = read_settings()
    except BadSettings as wrong:
        _show(screen, [Check("settings", False, problem) for problem in wrong.problems], [])
        return FAILED
    found = _found(settings)
    _show(screen, found, [asdict(row) for row in described_settings(settings)])
    return DONE if all(check.ok for check in found) else FAILED


def _found(settings: Settings) -> list[Check]:
    from gateway.bootstrap import misspelt_variables, place_of
    from gateway.health import Check, checks

    unknown = misspelt_variables(os.environ)
    detail = f"no settings, perhaps misspelt: {', '.join(unknown)}" if unknown else "every GATEWAY_* variable is known"
    return [Check("settings", not unknown, detail), *checks(place_of(settings))]


def _state(check: Check) -> str:
    if not check.ok:
        return "WRONG"
    return "warning" if check.warning else "ok"


def _show(screen: Screen, found: list[Check], settings: list[dict[str, object]]) -> None:
    ok = all(check.ok for check in found)
    if screen.as_json:
        screen.result({"ok": ok, "checks": [asdict(check) for check in found], "settings": settings})
        return
    rows = [{"check": one.name, "state": _state(one), "found": one.detail} for one in found]
    screen.table(rows, ["state", "check", "found"], "")
    if settings:
        screen.result(None, "")
        screen.table(settings, ["variable", "value", "description"], "")
