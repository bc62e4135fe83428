"""The demo: sample orders sent in, and what came back."""

from __future__ import annotations

import click

from gateway.commands.opening import begun, settings_now
from gateway.commands.screen import DONE, FAILED, Screen, reports


@click.command()
@reports
@click.option("--url", metavar="URL", help="Where the gateway serves. Default: where `gateway up` does.")
def demo(screen: Screen, url: str | None) -> int:
    """Send the demo accounts' samples and show what comes back.

    Imports the demo's catalogue, stock and accounts where they aren't there yet. A sample that came before is not sent
    again: what became of it is shown. Then the demo's warehouse ships what was accepted of them.
    """
    from gateway.bootstrap import demo_folder, usual_data_folder
    from gateway.demo import DemoFailed
    from gateway.demo.accounts import prepare
    from gateway.demo.sending import orders_of, send_samples
    from gateway.demo.telling import pasted_command, shipment_story, story, try_it_lines
    from gateway.demo.warehouse import ship_what_was_accepted
    from gateway.health import address_at, serving_address

    settings = settings_now()
    served = url or serving_address(settings.data_dir) or address_at(settings.host, settings.port)
    base, program = served.rstrip("/"), pasted_command(settings.data_dir, usual_data_folder())
    with begun(settings) as services:
        try:
            accounts = prepare(services, demo_folder(), settings.accounts_dir, settings.data_dir / "demo")
            sent, shipped = [], []
            for one in send_samples(services, base, accounts, program):
                sent.append(one)
                if not screen.as_json:
                    screen.result(None, "", *story(one, program))
            numbers = orders_of(sent)
            for left in ship_what_was_accepted(services, base, accounts, numbers, settings.data_dir / "demo"):
                shipped.append(left)
                if not screen.as_json:
                    screen.result(None, "", *shipment_story(left))
        except DemoFailed as failure:
            screen.failure(str(failure))
            return FAILED
    told = {"url": base, "docs": f"{base}/v1/docs", "sent": [one.as_json() for one in sent]}
    told["shipped"] = [one.as_json() for one in shipped]
    screen.result(told, "", *try_it_lines(base, accounts))
    return FAILED if any(one.is_wrong() for one in sent) else DONE
