"""The program, run in this process on a data folder of its own, and the gateway's services on the same folder."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from config.settings import Settings
from gateway.bootstrap import build_services, demo_folder, read_settings
from gateway.cli import program
from gateway.demo.accounts import prepare
from gateway.intake import Arrival, take_in
from gateway.pipeline import drain
from gateway.services import Services
from mappings.own_format import formats_of
from tests.harness.new_database import upgrade_by_copying

ROOT = Path(__file__).resolve().parents[2]
ACCOUNTS = ROOT / "mappings" / "accounts"
DEMO = ROOT / "config" / "demo"
EVERY_LANE = (0, 1, 2, 3)


@dataclass(frozen=True)
class Ran:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that nothing is in yet, and no other setting."""
    for name in [name for name in os.environ if name.startswith("GATEWAY_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "var"
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(folder))
    return folder


@pytest.fixture(autouse=True)
def tables_by_copying(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that makes a database copies one: what migrations do isn't the subject here, and they take a third of
    a second."""
    monkeypatch.setattr("gateway.store.store.upgrade", upgrade_by_copying)


@pytest.fixture
def run() -> Run:
    """`run("keys", "list")`: the command's output and exit code."""

    def invoke(*arguments: str, stdin: bytes | None = None) -> Ran:
        result = CliRunner().invoke(program, list(arguments), input=stdin, prog_name="gateway")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ran(result.exit_code, result.stdout, result.stderr)

    return invoke


@pytest.fixture
def catalogue(run: Run) -> None:
    """The demo's products, packs and stock, imported."""
    for command in ("products", "packs", "stock"):
        assert run(command, "import", str(DEMO / f"{command}.csv")).code == 0


@pytest.fixture(scope="session")
def demo_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the demo's catalogue, stock and accounts, to be copied."""
    folder = tmp_path_factory.mktemp("demo") / "var"
    made = build_services(Settings(data_dir=folder), upgrade=True)
    prepare(made, demo_folder(), ACCOUNTS, folder / "demo")
    made.lanes.close()
    made.store.close()
    return folder


@pytest.fixture
def services(demo_data: Path, data_dir: Path) -> Iterator[Services]:
    """The gateway on the same data, with the demo's catalogue, stock and accounts. Redis is away."""
    if data_dir.exists():  # a command made it
        opened = build_services(read_settings())
        prepare(opened, demo_folder(), ACCOUNTS, data_dir / "demo")
    else:
        shutil.copytree(demo_data, data_dir)
        opened = build_services(read_settings())
    yield opened
    opened.lanes.close()
    opened.store.close()


def sample(account_id: str, name: str) -> bytes:
    """A demo account's sample."""
    return (ACCOUNTS / account_id / "samples" / name).read_bytes()


@pytest.fixture
def send(services: Services) -> Callable[[str, str], str]:
    """`send("acme-retail", "01-accepted.xml")` takes the sample in and judges it; the message's id."""

    def take(account_id: str, name: str) -> str:
        revision = services.terms.current([account_id])[account_id]
        own = revision.number if revision.own_format else None
        body, formats = sample(account_id, name), formats_of(revision)
        taken = take_in(services, Arrival(revision.account, False, body, "test", formats=formats, revision=own))
        drain(services, EVERY_LANE, lambda: None)
        return taken.kept.message_id

    return take
