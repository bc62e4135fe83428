"""Every command: there as the contract says, with help and --json, quick to start, honest in its exit codes."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout, suppress
from pathlib import Path

import click
import pytest

from gateway.cli import program
from gateway.services import Services
from tests.cli.conftest import ROOT, Run

COMMANDS = {
    "up", "web", "worker", "scheduler", "db upgrade", "doctor", "demo", "faults",
    "accounts list", "accounts import", "accounts export", "products import", "packs import", "taxes import",
    "stock import",
    "stock show", "inventory show",
    "keys create", "keys list", "keys revoke",
    "secrets set", "secrets list", "secrets remove", "secrets reencrypt",
    "convert", "messages list", "messages show", "messages find", "messages dismiss", "corrections ask",
    "corrections list", "corrections show", "corrections agree", "corrections close", "problems list",
    "problems show", "replay", "mappings test", "mappings schema", "mappings suggest", "notices list", "notices test",
    "messages share", "messages export", "problems acknowledge", "problems assign", "problems ignore",
    "problems reopen", "messages erase", "problems fix", "replays list", "replays show", "replays pause",
    "replays resume", "replays cancel",
    "mappings draft", "mappings diff", "mappings publish", "mappings rollback", "mappings history",
    "orders show", "orders explain", "orders overdue", "audit verify", "audit seal",
    "audit list", "audit show",
    "invoices list", "invoices waiting", "invoices make",
    "rebates show", "rebates settle", "documents list", "documents show",
    "deliveries list", "deliveries show", "deliveries retry", "deliveries dismiss", "deliveries test",
    "deliveries proof", "users create", "users list", "users link", "users change", "users disable", "users enable",
    "pickups list", "pickups look", "pickups dismiss",
}  # fmt: skip


def commands(group: click.Group = program, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


def test_the_commands_are_those_of_the_contract() -> None:
    assert {name for name, _ in commands()} == COMMANDS


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=lambda part: part if isinstance(part, str) else "")
def test_every_command_has_help_and_json(run: Run, name: str, command: click.Command) -> None:
    assert "--json" in [option for parameter in command.params for option in parameter.opts]
    said = run(*name.split(), "--help")
    assert (said.code, said.err) == (0, "")
    assert (command.help or "").partition("\n")[0].endswith(".")
    for parameter in command.params:
        assert isinstance(parameter, click.Argument) or (getattr(parameter, "help", "") or "").strip(), parameter.name


@pytest.mark.parametrize(
    "name", ["", *sorted(name for name, one in program.commands.items() if hasattr(one, "commands"))]
)
def test_no_summary_is_cut(run: Run, name: str) -> None:
    listed = run(*name.split(), "--help").out.partition("Commands:\n")[2]
    assert listed
    assert "..." not in listed


def test_no_command_and_a_wrong_one_are_usage(run: Run) -> None:
    assert run().code == 2
    assert run("orders", "explode").code == 2
    assert run("keys", "create").code == 2
    assert "--account ID or --backoffice" in run("keys", "create").err


def test_wrong_settings_are_usage_and_all_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_PORT", "many")
    monkeypatch.setenv("GATEWAY_WORKERS", "0")
    said = run("accounts", "list")
    assert said.code == 2
    assert "GATEWAY_PORT: " in said.err
    assert "GATEWAY_WORKERS: " in said.err


def test_a_database_that_cannot_be_used_fails_in_words(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_DATABASE_URL", "sqlite:////proc/no/such/folder/gateway.db")
    said = run("db", "upgrade")
    assert said.code == 1
    assert "can't be used" in said.err
    assert "Traceback" not in said.err


_ASKING = [
    "accounts list", "accounts export acme-retail out", "keys list", "keys revoke x", "mappings test acme-retail",
    "messages list", "messages find x", "messages show x", "messages dismiss x --reason x", "messages share x",
    "messages list", "messages find x", "messages export x", "messages show x", "messages dismiss x --reason x",
    "problems list", "problems show x", "replay x --reason x", "replay x --dry-run", "orders show x", "audit verify",
    "stock show",
    "messages list", "messages find x", "messages show x", "messages dismiss x --reason x", "problems list",
    "problems show x", "problems acknowledge x", "problems assign x --nobody", "problems reopen x",
    "problems ignore x --until 8h --reason x",
    "replay x --reason x", "replay x --dry-run", "orders show x", "audit verify", "stock show",
    "problems show x", "replay x --reason x", "replay x --dry-run", "orders show x", "audit verify", "audit list",
    "audit show x", "audit seal", "messages erase x --reason x", "stock show",
    "inventory show acme-retail", "orders explain x --line 1", "documents list", "documents show x",
    "deliveries list", "deliveries show x", "deliveries retry x --reason x", "deliveries test acme-retail",
    "deliveries proof x --to proof.zip", "pickups list", "pickups look", "pickups dismiss x --reason x",
    "mappings draft x", "mappings diff x 1 2", "mappings publish x --reason x", "mappings rollback x 1 --dry-run",
    "mappings history x",
]  # fmt: skip


@pytest.mark.parametrize("command", _ASKING)
def test_where_no_gateway_is_nothing_is_well_and_nothing_is_made(run: Run, data_dir: Path, command: str) -> None:
    """A wrong GATEWAY_DATA_DIR must not look like a gateway without problems."""
    said = run(*command.split())
    assert (said.code, said.out) == (1, "")
    assert said.err == f"There is no gateway's data in {data_dir}. GATEWAY_DATA_DIR says where it is.\n"
    assert not data_dir.exists()


def test_a_database_without_tables_is_no_gateway_either(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_DATABASE_URL", f"sqlite:///{tmp_path / 'other.db'}")
    (tmp_path / "other.db").touch()
    said = run("problems", "list")
    assert (said.code, said.out) == (1, "")
    assert said.err == "There is no gateway's data in the database that GATEWAY_DATABASE_URL names.\n"
    assert run("db", "upgrade").code == 0
    assert run("problems", "list").err == "No problems.\n"


def test_a_database_server_that_is_away_fails_in_words(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_DATABASE_URL", "postgresql://nobody:secret-word@127.0.0.1:1/none")
    said = run("accounts", "list", "--json")
    assert said.code == 1
    assert "can't be used" in said.err
    assert "secret-word" not in said.err


def test_convert_starts_without_the_web_stack_and_the_store(tmp_path: Path) -> None:
    """Start-up time counts: translating a file must not load what only servers need."""
    code = """
import sys
from gateway.cli import main
try:
    main()
finally:
    loaded = {name.partition(".")[0] for name in sys.modules}
    slow = {"flask", "sqlalchemy", "redis", "rq", "config", "rich", "openpyxl", "holidays"}
    print(sorted(loaded & slow), file=sys.stderr)
"""
    sample = ROOT / "mappings" / "accounts" / "acme-retail" / "samples" / "01-accepted.xml"
    arguments = [sys.executable, "-c", code, "convert", str(sample), "--to", "json-1"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(arguments, cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=False)
    assert ran.returncode == 0
    assert ran.stderr.decode().strip() == "[]"
    assert b'"order_number": "ACME-1001"' in ran.stdout


def test_no_part_of_the_program_loads_holidays_before_a_calendar_is_asked_for(tmp_path: Path) -> None:
    """They take an eighth of a second that most commands have no use for."""
    code = """
import sys
import gateway.app, gateway.bootstrap, gateway.cli, gateway.demo, gateway.samples
import mappings.files.account_folder, workers.jobs, workers.main
loaded = "holidays" in sys.modules
print(loaded, mappings.calendars.known_calendar("DE-HH"), "holidays" in sys.modules)
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=True
    )
    assert ran.stdout.decode().split("\n")[0] == "False ('DE', 'HH') True"


def test_every_fault_code_is_listed(run: Run) -> None:
    listed = {row["code"]: row for row in run("faults", "--json").json}
    assert listed["unknown_item"]["actor"] == "us"
    assert listed["cannot_store"]["status"] == 503
    plain = run("faults").out.splitlines()
    assert [line.split("\t")[0] for line in plain] == ["code", *listed]


def test_what_accounts_send_does_not_steer_the_terminal(run: Run) -> None:
    order = b'{"order_number": "1\\u001b[2J", "lines": [{"line_number": "1", "quantity": "x\\u001b[31m"}]}'
    said = run("convert", "-", "--to", "ubl-2.1", stdin=order)
    assert said.code == 1
    assert "\x1b" not in said.err


def test_the_database_is_brought_up_to_date_twice_without_harm(run: Run) -> None:
    assert run("db", "upgrade", "--json").json == run("db", "upgrade", "--json").json


def gateway(*arguments: str, output: int | None = None) -> subprocess.CompletedProcess[bytes]:
    """The program as a process of its own."""
    return subprocess.run(
        [sys.executable, "-P", "-c", "from gateway.cli import main; main()", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if output is None else output,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )


def test_processes_are_handed_their_arguments_and_give_back_their_exit_code() -> None:
    ran = gateway("worker", "--lanes", "critical,express", "--burst")
    assert ran.returncode == 2
    assert b"GATEWAY_LANES" in ran.stderr


def test_a_port_that_is_taken_is_a_conflict() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = gateway("up", "--port", str(taken.getsockname()[1]))
    assert ran.returncode == 4
    assert b"Can't listen" in ran.stderr


def on_a_terminal(*arguments: str) -> str:
    """What a process that runs this command shows on a terminal, without its colours; at most what a terminal takes
    unread."""
    ours, theirs = os.openpty()
    ran = gateway(*arguments, output=theirs)
    os.close(theirs)
    assert ran.returncode == 0
    return _shown(ours)


def _shown(ours: int) -> str:
    """What is left in the terminal that nobody writes to any more."""
    shown = b""
    with open(ours, "rb", buffering=0) as terminal, suppress(OSError):  # which is how it says that it is empty
        while more := terminal.read(4000):
            shown += more
    return re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).replace("\r", "")


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """`show("orders", "show", "A-1", columns=80)`: the same of a terminal so wide, without another process."""

    def run_there(*arguments: str, columns: int) -> str:
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", str(columns))
        ours, theirs = os.openpty()
        with open(theirs, "w") as terminal, redirect_stdout(terminal):
            assert program(list(arguments), prog_name="gateway", standalone_mode=False) == 0
        return _shown(ours)

    return run_there


@pytest.mark.parametrize("columns", [40, 80, 120, 200])
def test_a_terminal_of_any_width_shows_every_id_whole(
    services: Services, send: Callable[[str, str], str], run: Run, show: Callable[..., str], columns: int
) -> None:
    held = send("acme-retail", "03-unknown-item.xml")
    send("acme-retail", "02-short-stock.xml")
    (problem,) = run("problems", "list", "--json").json
    shown = show("problems", "list", columns=columns)
    for text in (problem["fingerprint"], "acme-retail", "unknown_item", "PL-9999"):
        assert text in shown
    assert "item number" in " ".join(shown.split())
    assert held in show("messages", "list", columns=columns)
    order = show("orders", "show", "ACME-1002", columns=columns)
    for name in ("ordered", "confirmed", "backordered", "rejected", "cancelled", "open", "shipped", "invoiced"):
        assert name in order
    assert "JAM-RASP" in order
    assert "…" not in shown + order


def test_a_terminal_gets_a_table(services: Services) -> None:
    shown = on_a_terminal("accounts", "list")
    assert "revision" in shown.splitlines()[0]
    assert "ACME Retail Group" in shown
    assert "\t" not in shown
