"""`gateway up --demo` as a newcomer starts it: real processes, answers in words, nothing left and nothing doubled."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx
import psutil
import pytest
from lxml import etree

from gateway.demo.sending import unexpected
from gateway.judging import judge
from gateway.samples import samples_in
from gateway.services import Services
from mappings.files.account_folder import read_account
from mappings.files.sent_samples import is_of_what_we_send
from tests.cli.conftest import ACCOUNTS, ROOT, Run
from tests.formats.en16931 import broken_rules

ACCOUNT_IDS = sorted(path.parent.name for path in ACCOUNTS.glob("*/account.yaml"))
ANSWERS_SAY = {
    "acme-retail": "OrderResponse",
    "blue-harbor": 'Status code="200"',
    "delta-foods": '"result":"ACCEPTED"',
    "evergreen-diy": "<EvergreenConfirmation",
    "nordic-office": '"outcome"',
}
"""Account → what stands in its answers."""
FORMATS = {
    "acme-retail": "peppol-bis-3",
    "blue-harbor": "cxml-1.2",
    "delta-foods": "custom",
    "evergreen-diy": "custom",
    "nordic-office": "json-1",
}
"""Account → the format of what it gets when goods leave."""
SENT = [
    {"sample": str(path), **one}
    for path in sorted(ACCOUNTS.glob("*/samples/*.expected.json"))
    if not is_of_what_we_send(path.name)
    for expected in [json.loads(path.read_text("utf-8"))]
    for one in expected.get("orders", [expected])
]
"""What must come of each order of the samples."""
SEVERAL = {one["sample"] for one in SENT if [other["sample"] for other in SENT].count(one["sample"]) > 1}
ANSWERED = sum(one["status"] in ("done", "rejected") for one in SENT)
HELD = sum(one["status"] == "held" for one in SENT)
STARTS, SERVES_AGAIN, ANSWERS, STOPS = 40.0, 15.0, 60.0, 30.0
"""Seconds allowed on a busy machine; on a quiet one it is a tenth of that."""


class Running:
    """`gateway up` with what it says in files."""

    def __init__(self, folder: Path, data: Path, *arguments: str) -> None:
        self.out, self.err = folder / f"out-{time.monotonic_ns()}", folder / f"err-{time.monotonic_ns()}"
        command = [sys.executable, "-P", "-c", "from gateway.cli import main; main()", "up", "--port", "0"]
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = subprocess.Popen(
                [*command, "--data", str(data), *arguments],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    def said(self) -> str:
        return self.out.read_text()

    def until(self, condition: Callable[[], object], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, f"it ended: {self.said()}\n{self.err.read_text()}"
            assert time.monotonic() < deadline, f"not within {seconds} s: {self.said()}\n{self.err.read_text()}"
            time.sleep(0.02)

    def family(self) -> list[psutil.Process]:
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def stop(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=STOPS)


Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """`start(data, "--demo")`; whatever still runs at the end is killed."""
    running: list[Running] = []

    def begin(data: Path, *arguments: str) -> Running:
        running.append(Running(tmp_path, data, *arguments))
        return running[-1]

    yield begin
    for each in running:
        if each.process.poll() is None:
            for one in each.family():
                one.kill()
            each.process.wait(timeout=10)


def test_the_demo_shows_every_answer_stops_and_comes_back(
    start: Start, run: Run, data_dir: Path, tmp_path: Path
) -> None:
    first = start(data_dir, "--demo")
    first.until(lambda: "Serving at http://127.0.0.1:" in first.said(), STARTS)
    first.until(lambda: first.said().count("; echo\n") == len(ACCOUNT_IDS), ANSWERS)
    told = first.said()
    _tells_who_ordered_what(told)
    _keeps_keys_to_their_owner(data_dir, told)
    pasted = _paste(told, tmp_path)
    family = first.family()
    assert len(family) >= 4  # supervisor, Redis, web, scheduler, worker
    _the_running_gateway_is_found(run, data_dir, told)
    assert first.stop() == 0
    assert first.said().endswith("Stopped.\n")
    _the_stopped_gateway_is_missed(run, told)
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []
    messages = run("messages", "list", "--json").json
    orders = [(message["account"], message["order_number"]) for message in messages]
    assert len(orders) == len(set(orders)) == len(SENT) + len(SEVERAL) + pasted
    (dismissed, *_) = [one["id"] for one in messages if one["status"] == "held"]
    assert run("messages", "dismiss", dismissed, "--reason", "only a demo").code == 0

    second = start(data_dir, "--demo", "--json")
    second.until(lambda: "serving" in second.said(), SERVES_AGAIN)
    second.until(lambda: second.said().count("\n") == 2, ANSWERS)
    serving, answers = map(json.loads, second.said().splitlines())
    assert serving["serving"].startswith("http://127.0.0.1:")
    assert [sent["sent_before"] for sent in answers["sent"]] == [True] * len(SENT)
    assert (answers["shipped"], answers["billed"]) == ([], [])  # all of it had left, and was told
    assert [one["account"] for one in answers["inventory"]] == ACCOUNT_IDS
    assert {sent["message_id"]: sent["status"] for sent in answers["sent"]}[dismissed] == "dismissed"
    assert len(run("messages", "list", "--json").json) == len(messages)  # nothing was sent, nothing came back
    first_answers = re.findall(r"sends order (\S+) (?:.+\n)*?  Order response (\S+) in", told)
    refused = sum(one["status"] == "rejected" for one in SENT)  # of which no more than the number could be read
    assert len(first_answers) == ANSWERED - refused
    answered_again = [sent for sent in answers["sent"] if sent["response_number"] and sent["order_number"]]
    assert [(sent["order_number"], sent["response_number"]) for sent in answered_again] == first_answers
    shown = run("demo").out  # finds the running gateway itself
    assert shown.count("Sent before: answered as OR-") == ANSWERED
    assert shown.count("Sent before: still held because") == HELD - 1
    assert shown.count("Sent before: dismissed") == 1
    assert "answered as it was then" not in shown
    assert "Nobody has told us" not in shown  # what a sample shows is told once, when it is sent
    assert second.stop() == 0
    (order,) = run("orders", "show", "ACME-1002", "--json").json
    assert [line["confirmed"] for line in order["lines"]] == ["4", "6"]
    assert run("audit", "verify").code == 0


def test_each_sample_posted_with_a_wait_gets_its_answer_and_ubl_is_valid(
    start: Start, data_dir: Path, schemas_dir: Path
) -> None:
    schema = etree.XMLSchema(etree.parse(schemas_dir / "ubl-2.1" / "maindoc" / "UBL-OrderResponse-2.1.xsd"))
    confirmation = etree.DTD(str(schemas_dir / "cxml" / "Fulfill.dtd"))
    up = start(data_dir, "--demo")
    up.until(lambda: "Serving at http://127.0.0.1:" in up.said(), STARTS)
    up.until(lambda: up.said().count("; echo\n") == len(ACCOUNT_IDS), ANSWERS)
    base = re.findall(r"Serving at (\S+)", up.said())[0]
    answered = 0
    for sample in sorted((ROOT / "mappings" / "accounts").glob("*/samples/0*")):
        if sample.name.endswith(".expected.json"):
            continue
        expected = json.loads(sample.with_name(f"{sample.stem}.expected.json").read_text("utf-8"))
        key = (data_dir / "demo" / f"{sample.parents[1].name}.key").read_text().strip()
        is_cxml = sample.parents[1].name == "blue-harbor"
        kind = "text/xml" if is_cxml else "application/xml" if sample.suffix == ".xml" else "application/json"
        headers = {"Authorization": f"Bearer {key}", "Content-Type": kind}
        answer = httpx.post(f"{base}/v1/orders?wait=10", content=sample.read_bytes(), headers=headers, timeout=30)
        is_answered = expected["status"] == "done" and "orders" not in expected
        assert answer.status_code == (200 if is_answered else 202), (sample, answer.text)
        if answer.status_code == 200:
            answered += 1
            assert answer.headers["content-type"].startswith(kind)
            if is_cxml:
                assert confirmation.validate(etree.fromstring(answer.content)), confirmation.error_log
            elif sample.parents[1].name == "acme-retail":
                schema.assertValid(etree.fromstring(answer.content))
    assert answered == sum(one["status"] == "done" for one in SENT if one["sample"] not in SEVERAL)
    _readme_holds(base, data_dir)
    assert up.said().count("The warehouse ships LS-") == 2 * len(ACCOUNT_IDS)
    assert up.said().count(" follow\n") >= len(ACCOUNT_IDS)  # of one order of each account
    assert len(re.findall(r"^  Inventory report IR-\S+ in \S+: http://", up.said(), re.MULTILINE)) == len(ACCOUNT_IDS)
    _despatch_advices_hold(base, data_dir, schemas_dir)
    _invoices_hold(base, data_dir, schemas_dir, up.said())
    _readme_ships_and_bills(base, data_dir)
    assert up.stop() == 0


def _despatch_advices_hold(base: str, data_dir: Path, schemas_dir: Path) -> None:
    """What the demo's warehouse shipped is in each account's mailbox, valid by its format, and in its ledgers."""
    advice = etree.XMLSchema(etree.parse(schemas_dir / "ubl-2.1" / "maindoc" / "UBL-DespatchAdvice-2.1.xsd"))
    notice = etree.DTD(str(schemas_dir / "cxml" / "Fulfill.dtd"))
    for account in ACCOUNT_IDS:
        key = (data_dir / "demo" / f"{account}.key").read_text().strip()
        headers = {"Authorization": f"Bearer {key}"}
        listed = httpx.get(f"{base}/v1/documents?type=despatch_advice", headers=headers).json()["documents"]
        parts: Counter[str] = Counter()
        for one in listed:
            assert one["format"] == FORMATS[account]
            body = httpx.get(f"{base}{one['href']}", headers=headers).content
            if one["format"] == "peppol-bis-3":
                advice.assertValid(etree.fromstring(body))
            elif one["format"] == "cxml-1.2":
                assert notice.validate(etree.fromstring(body)), notice.error_log
            canonical = httpx.get(f"{base}{one['href']}?format=json-1", headers=headers).json()
            parts.update(order["order_number"] for order in canonical["orders"])
            for order in canonical["orders"]:
                thread = httpx.get(f"{base}/v1/orders/{order['order_number']}", headers=headers).json()
                assert one["id"] in [document["id"] for document in thread["documents"]]
                assert any(line["base_shipped"] != "0" for line in thread["lines"])
        assert sum(count > 1 for count in parts.values()) >= 1  # an order that left in two parts


def _invoices_hold(base: str, data_dir: Path, schemas_dir: Path, told: str) -> None:
    """What left is invoiced at once where the account agreed on that: in its mailbox, in its format, and told."""
    invoice = etree.XMLSchema(etree.parse(schemas_dir / "ubl-2.1" / "maindoc" / "UBL-Invoice-2.1.xsd"))
    detail = etree.DTD(str(schemas_dir / "cxml" / "InvoiceDetail.dtd"))
    for account in ACCOUNT_IDS:
        key = (data_dir / "demo" / f"{account}.key").read_text().strip()
        headers = {"Authorization": f"Bearer {key}"}
        listed = httpx.get(f"{base}/v1/documents?type=invoice", headers=headers).json()["documents"]
        terms = read_account(ACCOUNTS / account).account.outbound["invoice"]
        assert terms.when == "shipped", account
        assert len(listed) > 1, account
        for one in listed:
            assert f" {one['number']} over " in told
            assert one["format"] == FORMATS[account]
            body = httpx.get(f"{base}{one['href']}", headers=headers).content
            if one["format"] == "peppol-bis-3":
                invoice.assertValid(etree.fromstring(body))
                assert broken_rules(body) == []
            elif one["format"] == "cxml-1.2":
                assert detail.validate(etree.fromstring(body)), detail.error_log


def _readme_holds(base: str, data_dir: Path) -> None:
    """The commands that the README sends an order with, in a shell, with this gateway's address and folder."""
    if shutil.which("curl") is None:
        print("no curl on this machine: what the README says to paste was not tried")
        return
    again, unknown, cxml = _commands("## Send an order")
    paste = partial(_pasted, base, data_dir)
    first = paste(again)
    assert first == paste(again)
    assert json.loads(first)["order_number"] == "NO-7001"
    assert json.loads(first)["outcome"] in ("accepted", "changed")  # changed, where its day is too near by now
    held, _, problems = paste(unknown).partition("\n")
    assert json.loads(held)["status"] == "held"
    assert "nothing of ours is known by the account's item number 0042-new" in problems
    assert 'Status code="200"' in paste(cxml)


def _readme_ships_and_bills(base: str, data_dir: Path) -> None:
    """What the README says to ship, and to invoice of it: pasted twice it is done once."""
    if shutil.which("curl") is None:
        return
    paste = partial(_pasted, base, data_dir)
    (ship,), (bill,) = _commands("## What left"), _commands("## What is invoiced")
    for is_again in (False, True):
        answer, shipment, shown = paste(ship).split("\n", 2)
        assert json.loads(answer)["outcome"] in ("accepted", "changed")
        shipped = json.loads(shipment)
        assert (shipped["shipment_number"], shipped.get("duplicate", False)) == ("LS-70031", is_again), shipment
        assert [one["type"] for one in shipped["documents"]] == ["despatch_advice"]
        assert "Order NO-7012 of nordic-office, consignment" in shown
        assert "line 1: 6 KRT" in shown
        invoice, listed = paste(bill).split("\n", 1)
        billed = json.loads(invoice)
        assert (billed["request_number"], billed.get("duplicate", False)) == ("FA-2026-1187", is_again), invoice
        assert listed.count("FA-2026-1187") == 1


def _commands(title: str) -> list[str]:
    """What the README's section of this title has to paste."""
    section = (ROOT / "README.md").read_text("utf-8").split(title)[1].split("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


def _pasted(base: str, data_dir: Path, command: str) -> str:
    """What the command prints, for this gateway's address and folder."""
    program = f"{shlex.quote(sys.executable)} -P -m gateway.cli"
    folder = shlex.quote(str(data_dir))
    for written, here in (
        ("http://127.0.0.1:8080", base),
        ("var/", f"{folder}/"),
        (".venv/bin/gateway", f"GATEWAY_DATA_DIR={folder} {program}"),
    ):
        command = command.replace(written, here)
    ran = subprocess.run(["sh", "-e", "-c", command], cwd=ROOT, capture_output=True, timeout=60, check=True)
    return ran.stdout.decode()


def _tells_who_ordered_what(told: str) -> None:
    assert "DIFFERS" not in told
    assert "ACME Retail Group sends order ACME-1001" in told
    assert "line 1: 10 XCS of PL-0042 (Oat drink 1 l) = 120 EA" in told
    assert re.search(r"line 2: 6 XCS confirmed(?: with a change)?, delivery \d{4}-", told)
    assert "4 XCS back-ordered" in told
    assert "20 KRT of 0042 (Oat drink 1 l) = 240 EA" in told
    accepted = told.count("ACCEPTED as ordered.") + told.count("ACCEPTED WITH CHANGES.")  # the more, the later it is
    assert accepted == sum(one.get("outcome") in ("accepted", "changed") for one in SENT)
    assert told.count("HELD: one of us must act first") == HELD
    assert "line 2: nothing of ours is known by the account's item number PL-9999" in told
    assert "What to do: Add the item to the account's items.csv" in told
    assert len(re.findall(r"Order response OR-\d{8} in peppol-bis-3: http://\S+/v1/documents/\w+", told)) == 3
    assert re.search(r"DF-4006 \(.*\n.*line 10: 24 CASE of DF-70042 \(Oat drink 1 l\) = 288 EA", told)
    assert "line 1: 10 of EV-3301 (no unit: DZ) (Pillar candle 20 cm) = 120 EA" in told
    assert "line 1: 7 of 0042 (no unit: STK) (Oat drink 1 l) = 7 EA" in told
    assert "pieces of" not in told
    assert "line 2: 2 PAL of EV-3310P (Firelighters, pack of 60) = 864 EA" in told
    assert re.search(r"Order response OR-\d{8} in custom: http://", told)
    assert "Blue Harbor Ship Supply sends order BH-5005" in told
    assert "line 1: 72 EA confirmed with a change" in told
    assert len(re.findall(r"Order response OR-\d{8} in cxml-1.2: http://\S+/v1/documents/\w+", told)) == 5
    assert "/v1/docs" in told


def _the_running_gateway_is_found(run: Run, data_dir: Path, told: str) -> None:
    base = re.findall(r"Serving at (\S+)", told)[0]
    serving = next(one for one in run("doctor", "--json").json["checks"] if one["name"] == "serving")
    assert (serving["ok"], serving["detail"]) == (True, f"the gateway answers at {base}")
    (link,) = re.findall(r"^  (http://\S+/sign-in/\S+)$", told, re.MULTILINE)
    assert "Choose a password" in httpx.get(link, trust_env=False).text
    command = re.findall(r"^    Then: (.+)$", told, re.MULTILINE)[0]
    assert f"GATEWAY_DATA_DIR={data_dir.name} " in command  # the process began in the folder above it
    environment = {name: value for name, value in os.environ.items() if name != "GATEWAY_DATA_DIR"}
    ran = subprocess.run(
        ["sh", "-c", command], cwd=data_dir.parent, env=environment, capture_output=True, timeout=60, check=False
    )
    assert ran.returncode == 1, ran.stderr
    assert b": still held: " in ran.stdout


def _the_stopped_gateway_is_missed(run: Run, told: str) -> None:
    """It is looked for where it served last, whatever else serves at the port in the settings."""
    base = re.findall(r"Serving at (\S+)", told)[0]
    said = run("doctor", "--json")
    serving = next(one for one in said.json["checks"] if one["name"] == "serving")
    assert (said.code, serving["ok"]) == (1, False)
    assert f"the gateway is down: nothing at {base};" in serving["detail"]


def _keeps_keys_to_their_owner(data_dir: Path, told: str) -> None:
    files = sorted((data_dir / "demo").iterdir())
    assert [file.name for file in files] == sorted(f"{whose}.key" for whose in (*ACCOUNT_IDS, "back-office"))
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.read_text().strip() not in told


def _paste(told: str, folder: Path) -> int:
    """What is printed to be pasted is pasted into a shell: a new order each, and its answer comes back. How many."""
    commands = re.findall(r"^  (sed .*?; echo)$", told, re.MULTILINE | re.DOTALL)
    assert len(commands) == len(ACCOUNT_IDS)
    if shutil.which("curl") is None:
        print("no curl on this machine: what is printed to be pasted was not tried")
        return 0
    for command, account_id in zip(commands, ACCOUNT_IDS, strict=True):
        ran = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, timeout=60, check=True)
        assert ANSWERS_SAY[account_id] in ran.stdout.decode()
        assert ("TRY-" in ran.stdout.decode()) == ("/v1/cxml" not in command)
    return len(commands)


@pytest.mark.parametrize("day", [datetime(2026, 11, 30, 12, tzinfo=UTC), datetime(2029, 6, 1, 12, tzinfo=UTC)])
def test_the_samples_come_out_as_they_say_years_later(services: Services, day: datetime) -> None:
    """The demo is started when the days that its samples ask for are too near, or long over."""
    at = int(day.timestamp()) * 1_000_000
    catalogue = services.terms.catalogue()
    for account_id, revision in services.terms.current(ACCOUNT_IDS).items():
        stock = services.store.stock.load(catalogue.products, [account_id])
        samples = samples_in(read_account(ACCOUNTS / account_id).samples)
        assert len(samples) >= 5
        for sample in samples:
            judged = judge(services, revision, catalogue, stock, sample.body, at)
            each = [(sample.of_order(part), one) for part, one in enumerate(judged.orders, 1)] or [(sample, judged)]
            for order, came in each:
                assert unexpected(order, came) == [], order.name


def test_the_demo_says_where_nobody_serves(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.demo.sending._READY_SECONDS", 0.2)
    said = run("demo", "--url", "http://127.0.0.1:9")
    assert said.code == 1
    assert "Nothing serves at http://127.0.0.1:9" in said.err


def test_a_data_folder_that_is_in_use_is_a_conflict(start: Start, data_dir: Path) -> None:
    first = start(data_dir)
    first.until(lambda: "Serving at" in first.said(), STARTS)
    second = start(data_dir)
    assert second.process.wait(timeout=STARTS) == 4
    assert "in use" in second.err.read_text()
    assert first.stop() == 0
