"""The demo: sample orders sent in, and what came back."""

from __future__ import annotations

import click

from gateway.commands.opening import opened, settings_now
from gateway.commands.screen import DONE, FAILED, Screen, reports


@click.command()
@reports
@click.option("--url", metavar="URL", help="Where the gateway serves. Default: the address in the settings.")
def demo(screen: Screen, url: str | None) -> int:
    """Send the demo accounts' samples to the running gateway and show what comes back.

    Imports the demo's catalogue, stock and accounts where they aren't there yet. What was sent before is a resend: it
    gets its first answer again and has no second effect.
    """
    from gateway.bootstrap import demo_folder
    from gateway.demo import DemoFailed, prepare, send_samples, try_it_lines

    settings = settings_now()
    base = (url or f"http://{settings.host}:{settings.port}").rstrip("/")
    with opened(settings) as services:
        try:
            accounts = prepare(services, demo_folder(), settings.accounts_dir, settings.data_dir / "demo")
            sent = []
            for one in send_samples(services, base, accounts):
                sent.append(one)
                if not screen.as_json:
                    screen.result(None, "", *one.story())
        except DemoFailed as failure:
            screen.failure(str(failure))
            return FAILED
    told = {"url": base, "docs": f"{base}/v1/docs", "sent": [one.as_json() for one in sent]}
    screen.result(told, "", *try_it_lines(base, accounts))
    return FAILED if any(one.differences for one in sent) else DONE
