"""`gateway mappings test --draft` and `--against-published`: what a change would do to the orders that came."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.drafting.drafts import draft_of, edit
from gateway.services import Services
from tests.cli.conftest import ACCOUNTS, Run
from tests.cli.test_program import gateway

ACME = "acme-retail"
Send = Callable[[str, str], str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The account's folder, to be edited."""
    return shutil.copytree(ACCOUNTS / ACME, tmp_path / ACME)


def replaced(path: Path, right: str, wrong: str) -> None:
    text = path.read_text()
    assert right in text
    path.write_text(text.replace(right, wrong))


def test_a_folder_as_it_is_published_changes_nothing(run: Run, services: Services, send: Send, folder: Path) -> None:
    send(ACME, "01-accepted.xml")
    said = run("mappings", "test", str(folder), "--against-published")
    assert (said.code, said.out) == (0, "1 order compared, of 1 message: none comes out otherwise\n")


def test_a_wrong_factor_in_a_folder_is_seen_down_to_the_line(
    run: Run, services: Services, send: Send, folder: Path
) -> None:
    message_id = send(ACME, "01-accepted.xml")
    replaced(folder / "items.csv", "PL-0107,,RYE-500,,,,", "PL-0107,,RYE-500,XCS,EA,1,")
    told = run("mappings", "test", str(folder), "--against-published", "--json").json
    group = next(one for one in told["groups"] if one["kind"] == "factor")
    assert (told["account"], told["last"], told["messages"], told["orders"]) == (ACME, 200, 1, 1)
    assert group["title"].startswith("1 line: XCS of PL-0107 is 1 EA instead of 20 EA (")
    assert group["shown"][0]["message_id"] == message_id
    shown = run("mappings", "test", str(folder), "--against-published").out
    assert group["title"] in shown
    assert f"({message_id}): 20 EA → 1 EA" in shown


def test_orders_that_would_newly_fail_are_an_exit_code(run: Run, services: Services, send: Send, folder: Path) -> None:
    send(ACME, "01-accepted.xml")
    send(ACME, "03-unknown-item.xml")
    rows = [row for row in (folder / "items.csv").read_text().splitlines() if not row.startswith("PL-0107,")]
    (folder / "items.csv").write_text("\n".join([*rows, ""]))
    said = run("mappings", "test", str(folder), "--against-published", "--last", "50")
    assert said.code == 1
    assert "newly fails: 1 order newly fails: unknown item PL-0107" in said.out


def test_a_draft_is_tried_the_same_way(run: Run, services: Services, send: Send) -> None:
    send(ACME, "01-accepted.xml")
    nothing = run("mappings", "test", ACME, "--draft")
    assert (nothing.code, nothing.out.partition(":")[0]) == (0, "1 order compared, of 1 message")
    draft = draft_of(services, ACME)
    gone = [(row.kind, row.natural_key) for row in draft.rows if row.kind == "item" and "PL-0107" in row.natural_key]
    edit(services, ACME, lambda now: [now.change(*key, now.body(*key), None) for key in gone], author="test")
    said = run("mappings", "test", ACME, "--draft", "--json")
    assert (said.code, said.json["newly_fail"], said.json["against"]) == (1, 1, draft.number)


def test_a_draft_that_was_tried_here_counts_as_tested(run: Run, services: Services, send: Send) -> None:
    send(ACME, "01-accepted.xml")
    draft = draft_of(services, ACME)
    (jam,) = [(row.kind, row.natural_key) for row in draft.rows if row.kind == "item" and "PL-0310" in row.natural_key]
    edit(services, ACME, lambda now: [now.change(*jam, now.body(*jam), None)], author="test")
    refused = run("mappings", "publish", ACME, "--reason", "no jam")
    assert (refused.code, f"gateway mappings test {ACME} --draft" in refused.err) == (1, True)
    assert run("mappings", "test", ACME, "--draft").code == 0
    (kept,) = services.store.draft_tests.of_account(ACME)
    assert (kept.status, kept.done, kept.total, kept.newly_failing) == ("done", 1, 1, 0)
    assert run("mappings", "publish", ACME, "--reason", "no jam").code == 0


def test_no_messages_are_said(run: Run, services: Services) -> None:
    assert run("mappings", "test", ACME, "--draft").out == "There are no messages to compare.\n"


@pytest.mark.parametrize(
    "arguments",
    [(ACME, "--against-published"), (ACME, "--draft", "--against-published"), (str(ACCOUNTS / ACME), "--draft")],
)
def test_what_cant_be_meant_is_usage(run: Run, services: Services, arguments: tuple[str, ...]) -> None:
    assert run("mappings", "test", *arguments).code == 2


def test_an_account_that_there_isnt_is_said(run: Run, services: Services, folder: Path) -> None:
    assert "Nothing is published yet" in run("mappings", "test", "nobody", "--draft").err
    replaced(folder / "account.yaml", f"id: {ACME}", "id: newcomer")
    moved = folder.rename(folder.with_name("newcomer"))
    said = run("mappings", "test", str(moved), "--against-published")
    assert (said.code, said.err) == (1, "newcomer has no published mapping to compare with.\n")


def test_progress_is_for_terminals_alone(run: Run, services: Services, send: Send) -> None:
    send(ACME, "01-accepted.xml")
    assert "Comparing" not in run("mappings", "test", ACME, "--draft").err
    ran = gateway("mappings", "test", ACME, "--draft")
    assert (ran.returncode, ran.stderr) == (0, b""), os.environ["GATEWAY_DATA_DIR"]
