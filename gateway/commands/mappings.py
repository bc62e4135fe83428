"""Per-account mappings, tried out."""

from __future__ import annotations

import click

from gateway.commands.opening import opened
from gateway.commands.screen import DONE, FAILED, Failed, Screen, reports


@click.group()
def mappings() -> None:
    """The accounts' mappings."""


@mappings.command()
@reports
@click.argument("account_id", metavar="ID")
def test(screen: Screen, account_id: str) -> int:
    """Judge the account's samples under its published mapping, without effect.

    Each is compared with the *.expected.json beside it, on the stock of the last import.
    """
    from gateway.accounts import published_folder
    from gateway.samples import differences, judge_samples, samples_in

    with opened() as services:
        folder = published_folder(services.store, account_id)
        if folder is None:
            raise Failed(f"There is no account {account_id}.")
        try:
            judged = judge_samples(services, account_id, samples_in(folder.samples))
        except ValueError as wrong:
            raise Failed(str(wrong)) from wrong
    if not judged:
        raise Failed(f"{account_id} has no samples.")
    told = []
    for sample, one in judged:
        found = None if sample.expected is None else differences(sample.expected, one)
        told.append({"sample": sample.name, "status": one.status, "ok": not found, "differences": found})
    screen.result(told, *(line for row in told for line in _lines(row)))
    return DONE if all(row["ok"] for row in told) else FAILED


def _lines(row: dict[str, object]) -> list[str]:
    state = "no expectation" if row["differences"] is None else "as expected" if row["ok"] else "differs"
    found = row["differences"]
    return [f"{row['sample']}: {row['status']}, {state}", *(f"    {one}" for one in (found or ()))]  # type: ignore[attr-defined]
