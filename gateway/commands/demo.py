"""The demo: sample orders sent in, and what came back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import click

from gateway.commands.opening import begun, settings_now
from gateway.commands.screen import DONE, FAILED, Screen, reports


class _Told(Protocol):
    """What the demo tells of."""

    def as_json(self) -> dict[str, Any]: ...


@click.command()
@reports
@click.option("--url", metavar="URL", help="Where the gateway serves. Default: where `gateway up` does.")
def demo(screen: Screen, url: str | None) -> int:
    """Send the demo accounts' samples and show what comes back.

    Imports the demo's catalogue, stock and accounts where they aren't there yet. A sample that came before is not sent
    again: what became of it is shown. Then the demo's warehouse ships what was accepted of them, one order of each
    account in two parts, and what left is invoiced by the account's terms. Last each account asks what it may still
    order.
    """
    from gateway.bootstrap import demo_folder, usual_data_folder
    from gateway.demo import DemoFailed
    from gateway.demo.accounts import prepare
    from gateway.demo.billing import bill_what_left
    from gateway.demo.mailboxes import billed_before, inventory_of
    from gateway.demo.people import console_sign_in
    from gateway.demo.sending import orders_of, send_samples
    from gateway.demo.telling import (
        billing_story,
        inventory_story,
        pasted_command,
        shipment_story,
        story,
        try_it_lines,
    )
    from gateway.demo.warehouse import ship_what_was_accepted
    from gateway.health import address_at, serving_address

    settings = settings_now()
    served = url or serving_address(settings.data_dir) or address_at(settings.host, settings.port)
    base, program = served.rstrip("/"), pasted_command(settings.data_dir, usual_data_folder())
    keys = settings.data_dir / "demo"

    def tell(lines: list[str]) -> None:
        if lines and not screen.as_json:
            screen.result(None, "", *lines)

    with begun(settings) as services:
        try:
            accounts = prepare(services, demo_folder(), settings.accounts_dir, keys)
            sent, shipped, billed, inventory = [], [], [], []
            for one in send_samples(services, base, accounts, program):
                sent.append(one)
                tell(story(one, program))
            known = {one.account.id: billed_before(base, one) for one in accounts}
            for left in ship_what_was_accepted(services, base, accounts, orders_of(sent), keys):
                shipped.append(left)
                tell(shipment_story(left))
            buyers = [one for one in accounts if any(left.sender is one for left in shipped)]
            for made in bill_what_left(services, base, buyers, known):
                billed += made.billed
                tell(billing_story(made))
            for sender in accounts:
                inventory.append(inventory_of(base, sender))
                tell(inventory_story(inventory[-1]))
            console = console_sign_in(services.store, base)
        except DemoFailed as failure:
            screen.failure(str(failure))
            return FAILED
    told = {"url": base, "docs": f"{base}/v1/docs", "console": console}
    found: dict[str, Sequence[_Told]] = {"sent": sent, "shipped": shipped, "billed": billed, "inventory": inventory}
    rows = {name: [one.as_json() for one in each] for name, each in found.items()}
    screen.result({**told, **rows}, "", *try_it_lines(base, accounts), "", *_console_lines(base, console, program))
    return FAILED if any(one.is_wrong() for one in sent) else DONE


def _console_lines(base: str, link: str | None, program: str) -> list[str]:
    from gateway.demo.people import NAME

    again = f"another link: {program} users link {NAME}"
    if link is None:
        return [f"Console: {base}/ as {NAME}, with the password that you chose; {again}"]
    return [
        "Console, signed in by this link once, for a quarter of an hour:",
        f"  {link}",
        f"  then as {NAME}, by the password that you choose there; {again}",
    ]
