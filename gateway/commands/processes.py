"""Starting the processes: all together, or one by one on several machines."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from gateway.commands.screen import Screen, reports

_HOST = click.option("--host", help="Address to listen on.")
_PORT = click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.")


@click.command()
@reports
@_HOST
@_PORT
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Folder of everything that is kept.")
@click.option("--workers", type=click.IntRange(1, 64), help="Worker processes.")
@click.option("--demo", is_flag=True, help="Import the demo accounts, send their samples, show the answers.")
def up(screen: Screen, host: str | None, port: int | None, data: Path | None, workers: int | None, demo: bool) -> None:
    """Run everything on this machine until Ctrl-C.

    Web, workers, scheduler and a private Redis; a part that dies or stops beating is replaced.
    """
    told = _told(("--host", host), ("--port", port), ("--data", data), ("--workers", workers))
    _become(screen, "up", *told, *(["--demo"] if demo else []))


@click.command()
@reports
@_HOST
@_PORT
def web(screen: Screen, host: str | None, port: int | None) -> None:
    """Run the web server."""
    _become(screen, "web", *_told(("--host", host), ("--port", port)))


@click.command()
@reports
@click.option("--lanes", metavar="NAMES", help="Lanes to drain, such as critical,high. Default: all.")
@click.option("--burst", is_flag=True, help="End when nothing waits.")
def worker(screen: Screen, lanes: str | None, burst: bool) -> None:
    """Run one worker."""
    _become(screen, "worker", *_told(("--lanes", lanes)), *(["--burst"] if burst else []))


@click.command()
@reports
def scheduler(screen: Screen) -> None:
    """Run what is done by the clock: the sweep for what waits."""
    _become(screen, "scheduler")


def _told(*options: tuple[str, object]) -> list[str]:
    """`--port 8080` for what was given."""
    return [text for name, value in options if value is not None for text in (name, str(value))]


def _become(screen: Screen, *command: str) -> None:
    """Turn this process into the other one, so that signals and the exit code are that one's."""
    sys.stdout.flush()
    environment = {**os.environ, "GATEWAY_LOG_FORMAT": "json"} if screen.as_json else os.environ
    arguments = [sys.executable, "-P", "-m", "workers.main", *command]
    os.execve(sys.executable, arguments, environment)  # noqa: S606  # a fixed command
