"""The deployment examples: every variable, command and path in them exists, and their commands serve an order."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import signal
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import httpx
import pytest
from ruamel.yaml import YAML

from config.settings import Settings, settings_table
from gateway.cli import program
from gateway.embedded_redis import EmbeddedRedis, start
from tests.harness.gateway import ROOT, Processes, answers, ended, environment, free_port
from tests.harness.waiting import until
from tests.store.postgres import fresh_database, postgres_server

DEPLOY = ROOT / "config" / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
TEXTS = sorted(path for path in DEPLOY.iterdir() if path.is_file())
COMPOSE = YAML(typ="safe", pure=True).load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
OURS = ("web", "worker", "scheduler")
SECRETS = {"POSTGRES_PASSWORD": "secret", "GATEWAY_SECRET_KEY": "0123456789" * 4}
STARTS, STOPS = 60, 20


def unit(path: Path) -> configparser.ConfigParser:
    read = configparser.ConfigParser(interpolation=None, strict=True, delimiters=("=",))
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read(path, encoding="utf-8")
    return read


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that the words name, and what is left of them."""
    found: click.Command = program
    while isinstance(found, click.Group):
        assert words, f"{found.name} needs a subcommand"
        assert words[0] in found.commands, f"there is no command {words[0]}"
        found, words = found.commands[words[0]], words[1:]
    return found, words


def commands_in(text: str) -> Iterator[list[str]]:
    """Every `gateway …` of a text, in backticks or at a line's start."""
    for said in re.findall(r"`(gateway [^`]+)`|^(gateway [^#\n]+)", text, re.MULTILINE):
        yield shlex.split(next(filter(None, said)))[1:]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_variable_is_a_setting(path: Path) -> None:
    named = set(re.findall(r"\bGATEWAY_[A-Z_]+\b", path.read_text(encoding="utf-8")))
    assert named <= {row.variable for row in settings_table()}


@pytest.mark.parametrize("path", [*TEXTS, ROOT / "README.md"], ids=lambda path: path.name)
def test_every_command_named_exists_with_its_options(path: Path) -> None:
    for words in commands_in(path.read_text(encoding="utf-8")):
        found, rest = command_of(words)
        known = {option for parameter in found.params for option in parameter.opts} | {"--help"}
        assert {word for word in rest if word.startswith("--")} <= known, words


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_its_head_says_what_was_tried(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.name == "README.md":
        return
    head = text[: text.find("\n\n")] if path.suffix != ".service" else text[: text.index("[Unit]")]
    assert "# Tried: " in head
    assert "Not tried: " in head


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_start_what_there_is(path: Path) -> None:
    service = unit(path)["Service"]
    folder = Path(service["WorkingDirectory"])
    program_path, *words = shlex.split(service["ExecStart"])
    assert Path(program_path) == folder / ".venv" / "bin" / "gateway"
    found, rest = command_of(words)
    found.make_context(words[0], list(rest))
    said = dict(line.split("=", 1) for line in _lines(DEPLOY / "gateway.env"))
    assert Path(said["GATEWAY_DATA_DIR"]) == Path("/var/lib") / service["StateDirectory"]
    assert int(service["TimeoutStopSec"]) > Settings(data_dir=folder).stop_seconds


def test_units_differ_in_their_command_alone() -> None:
    sections = []
    for path in UNITS:
        read = unit(path)
        del read["Service"]["ExecStart"], read["Unit"]["Description"]
        sections.append({name: dict(read[name]) for name in read.sections()})
    assert all(section == sections[0] for section in sections)


def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        print("no systemd-analyze on this machine: the units were only parsed")
        return
    binary = tmp_path / "opt/gateway/.venv/bin/gateway"
    units = tmp_path / "etc/systemd/system"
    for folder in (binary.parent, units):
        folder.mkdir(parents=True)
    binary.write_text("#!/bin/sh\n")
    binary.chmod(0o755)
    if Path("/usr/lib/systemd/system").is_dir():
        shutil.copytree("/usr/lib/systemd/system", tmp_path / "usr/lib/systemd/system", symlinks=True)
    for path in UNITS:
        name = shutil.copy(path, units / path.name.replace("@", "@1")).name
        ran = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", f"--root={tmp_path}", name], capture_output=True, text=True
        )
        assert (ran.returncode, ran.stdout + ran.stderr) == (0, ""), path.name


def test_the_environment_file_is_taken_as_it_is() -> None:
    for line in _lines(DEPLOY / "gateway.env", commented=True):
        name, value = line.split("=", 1)
        field = name.removeprefix("GATEWAY_").lower()
        Settings(**{field: value})


def _lines(path: Path, *, commented: bool = False) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    said = [line.removeprefix("#") if commented else line for line in lines]
    return [line for line in said if re.match(r"GATEWAY_[A-Z_]+=", line)]


def filled(value: str) -> str:
    """The value as compose fills it in."""
    return re.sub(r"\$\{(\w+)(?::\?[^}]*)?\}", lambda found: SECRETS[found[1]], value)


def test_compose_names_what_there_is() -> None:
    services = COMPOSE["services"]
    for name in OURS:
        service = services[name]
        found, rest = command_of(list(service["command"]))
        found.make_context(name, list(rest))
        assert set(service["depends_on"]) <= set(services)
        assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
        told = {variable: filled(value) for variable, value in service["environment"].items()}
        settings = Settings(**{variable.removeprefix("GATEWAY_").lower(): value for variable, value in told.items()})
        assert re.search(r"@(\w+)/", settings.database).group(1) in services  # type: ignore[union-attr]
        assert settings.redis_url is not None
        assert httpx.URL(settings.redis_url).host in services
        (mounted,) = (volume.split(":") for volume in service["volumes"])
        assert (DEPLOY / mounted[0]).resolve().is_file()
        assert mounted[1] == str(settings.supplier_file)
    kept = [volume.split(":")[0] for name in ("database", "redis") for volume in services[name]["volumes"]]
    assert set(kept) == set(COMPOSE["volumes"])


def test_the_image_gets_every_folder_of_code_and_nothing_else() -> None:
    bundle, written = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").split("FROM python")
    sources = re.findall(r"^COPY (?!--from)(.*) \S+$", written, re.MULTILINE)
    copied = {source for line in sources for source in line.split()}
    assert all((ROOT / source).exists() for source in copied)
    assert "COPY gateway/console/bundle /bundle\n" in bundle
    assert re.search(r"^COPY --from=console /built gateway/console/static/built$", written, re.MULTILINE)
    packaged = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]["include"]
    floors = {name.partition(".")[0] for name in packaged}
    assert copied == floors | {"requirements.lock", "pyproject.toml", "README.md"}
    command_of(json.loads(re.findall(r"^CMD (.*)$", written, re.MULTILINE)[0]))
    for variable, value in re.findall(r"(GATEWAY_\w+)=(\S+)", written):
        Settings(**{variable.removeprefix("GATEWAY_").lower(): value})


def test_the_proxy_lets_through_what_the_gateway_takes() -> None:
    written = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    settings = Settings(data_dir=ROOT)
    megabytes, seconds = re.findall(r"client_max_body_size (\d+)m|proxy_read_timeout (\d+)s", written)
    assert int(megabytes[0]) * 2**20 > settings.max_body_bytes
    assert int(seconds[1]) > settings.wait_seconds
    assert f"server {settings.host}:{settings.port};" in written
    for body in re.findall(r"return \d+ '(.*)';", written):
        problem = json.loads(body.replace("\\'", "'"))
        assert list(problem) == ["type", "title", "status", "detail", "code"]


@pytest.fixture
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = EmbeddedRedis(tmp_path_factory.mktemp("r"))
    process = start(server)
    yield server.url
    process.terminate()
    process.wait(15)


def test_the_parts_of_compose_serve_an_order(tmp_path: Path, redis_url: str) -> None:
    """Their commands and variables, with a real PostgreSQL and Valkey at other addresses."""
    services = COMPOSE["services"]
    told = {name: filled(value) for name, value in services["web"]["environment"].items()}
    port = free_port()
    with postgres_server() as postgres, fresh_database(postgres) as database_url:
        told |= {"GATEWAY_DATABASE_URL": database_url, "GATEWAY_REDIS_URL": redis_url, "GATEWAY_PORT": str(port)}
        told["GATEWAY_SUPPLIER_FILE"] = str(DEPLOY / services["web"]["volumes"][0].split(":")[0])
        env = environment(tmp_path / "var") | told
        with ended(Processes(tmp_path, env, module="gateway.cli")) as processes:
            address = f"http://127.0.0.1:{port}"
            running = [processes.start(*services["web"]["command"])]
            until(lambda: answers(address), STARTS, "the web process is ready")
            running += [processes.start(*services[name]["command"]) for name in OURS if name != "web"]
            key = _key_of_a_customer(processes)
            sample = (ROOT / "mappings/accounts/nordic-office/samples/01-accepted.json").read_bytes()
            headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
            answer = httpx.post(
                f"{address}/v1/orders?wait=30", content=sample, headers=headers, timeout=60, trust_env=False
            )
            assert (answer.status_code, answer.json()["outcome"]) == (200, "accepted")
            for process in running:
                process.send_signal(signal.SIGTERM)
            assert [process.wait(timeout=STOPS) for process in running] == [0, 0, 0]
            assert processes.bugs() == []


def _key_of_a_customer(processes: Processes) -> str:
    """What an operator does first, with the commands of the README."""
    demo, account = ROOT / "config/demo", ROOT / "mappings/accounts/nordic-office"
    for words in (
        ["products", "import", str(demo / "products.csv"), "--reason", "first"],
        ["packs", "import", str(demo / "packs.csv"), "--reason", "first"],
        ["stock", "import", str(demo / "stock.csv")],
        ["accounts", "import", str(account), "--reason", "new account"],
    ):
        assert processes.start(*words).wait(STARTS) == 0
    created = processes.start("keys", "create", "--account", "nordic-office", "--json", stdout=subprocess.PIPE)
    told: dict[str, Any] = json.loads(created.communicate(timeout=STARTS)[0])
    return str(told["key"])
