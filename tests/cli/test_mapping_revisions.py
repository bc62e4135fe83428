"""Mappings that live in git: into the draft, published, compared, and taken back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.drafting.drafts import Draft, draft_of, edit, terms_text
from gateway.services import Services
from gateway.store.drafts import Change
from mappings.files.account_folder import read_account
from tests.cli.conftest import ACCOUNTS, Run
from tests.drafting.test_publishing import Ran, keep

ACME = "acme-retail"


@pytest.fixture
def folder(services: Services, tmp_path: Path) -> Path:
    """The account's folder, its oat drink by 120 in a case and without the honey; what is published has neither."""
    found = shutil.copytree(ACCOUNTS / ACME, tmp_path / ACME)
    rewrite(found / "items.csv", "EA,12,", "EA,120,")
    rewrite(found / "account.yaml", "partial: ", "partial: all_or_nothing #")
    return found


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def without_last_row(path: Path) -> str:
    *kept, gone = path.read_text().splitlines(keepends=True)
    path.write_text("".join(kept))
    return gone


def test_a_folder_becomes_the_drafts_edits_and_counts_when_published(
    run: Run, services: Services, folder: Path
) -> None:
    gone = without_last_row(folder / "prices.csv")
    dry = run("accounts", "import", str(folder), "--draft", "--dry-run", "--json").json
    assert (dry["changed"], dry["edits"], dry["version"]) == (True, 0, 0)
    done = run("accounts", "import", str(folder), "--draft", "--reason", "from git", "--json").json
    assert (done["edits"], done["revision"], done["differences"]) == (3, 1, dry["differences"])
    assert {one["file"] for one in done["differences"]} == {"account.yaml", "items.csv", "prices.csv"}
    assert services.store.revisions.current([ACME]) == {ACME: 1}
    again = run("accounts", "import", str(folder), "--draft", "--json").json
    assert (again["changed"], again["edits"]) == (False, 3)
    told = run("mappings", "draft", ACME, "--json").json
    assert {one["note"] for one in told["edits"]} == {"from git"}
    assert len({one["batch"] for one in told["edits"]}) == 1
    said = run("mappings", "draft", ACME).out
    assert "acme-retail: 3 edits after revision 1." in said
    assert "+ factor 120" in said
    published = run("mappings", "publish", ACME, "--reason", "reviewed", "--json")
    assert (published.code, published.json["revision"], published.json["edits"]) == (0, 2, 3)
    run("accounts", "export", ACME, str(folder.parent / "out"))
    exported, wanted = read_account(folder.parent / "out"), read_account(folder)
    assert exported.account == wanted.account
    assert {kind: set(rows) for kind, rows in exported.rows().items()} == {
        kind: set(rows) for kind, rows in wanted.rows().items()
    }
    assert gone not in (folder.parent / "out" / "prices.csv").read_text()


def test_a_new_accounts_folder_is_a_draft_first(run: Run, services: Services, tmp_path: Path) -> None:
    new = shutil.copytree(ACCOUNTS / ACME, tmp_path / "newco")
    rewrite(new / "account.yaml", "id: acme-retail", "id: newco")
    for name in ("samples", "prices.csv"):
        shutil.rmtree(new / name) if (new / name).is_dir() else (new / name).unlink()
    assert run("accounts", "import", str(new), "--draft").code == 0
    assert "newco" not in {one["id"] for one in run("accounts", "list", "--json").json}
    assert "of a new account" in run("mappings", "draft", "newco").out
    assert run("mappings", "publish", "newco", "--reason", "they begin").code == 0
    assert run("mappings", "publish", "newco", "--reason", "again").code == 1
    assert "newco" in {one["id"] for one in run("accounts", "list", "--json").json}


def test_a_draft_is_taken_back_with_a_reason(run: Run, services: Services, folder: Path) -> None:
    run("accounts", "import", str(folder), "--draft")
    assert run("mappings", "draft", ACME, "--discard").code == 2
    assert run("mappings", "draft", ACME, "--discard", "--reason", "not now", "--json").json["discarded"] == 2
    assert run("mappings", "draft", ACME, "--discard", "--reason", "again").code == 0
    assert "not now" in str(services.store.audit.of(f"draft/{ACME}")[-1])
    assert run("mappings", "draft", "nobody").code == 1


def test_conflicts_and_faults_keep_it_from_being_published(run: Run, services: Services, folder: Path) -> None:
    run("accounts", "import", str(folder), "--draft")
    other = shutil.copytree(ACCOUNTS / ACME, folder.parent / "other")
    rewrite(other / "items.csv", "EA,12,", "EA,6,")
    run("accounts", "import", str(other))
    refused = run("mappings", "publish", ACME, "--reason", "x")
    assert (refused.code, "1 edit of what was published otherwise meanwhile" in refused.err) == (4, True)
    assert "published otherwise meanwhile" in run("mappings", "draft", ACME).out
    run("mappings", "draft", ACME, "--discard", "--reason", "x")

    def changes(draft: Draft) -> list[Change]:
        return [draft.change("terms", "", draft.body("terms", ""), terms_text({"id": ACME, "name": "A", "tier": "x"}))]

    edit(services, ACME, changes, author="Kim")
    refused = run("mappings", "publish", ACME, "--reason", "x", "--json")
    assert (refused.code, "bad_value" in refused.err) == (1, True)


def test_a_test_that_says_no_is_overridden_by_a_reason(
    run: Run, services: Services, send: Callable[[str, str], str], folder: Path
) -> None:
    send(ACME, "01-accepted.xml")
    run("accounts", "import", str(folder), "--draft")
    draft = draft_of(services, ACME)
    keep(services, Ran(draft.number, draft.version, newly_failing=1), ACME)
    refused = run("mappings", "publish", ACME, "--reason", "x")
    assert (refused.code, "--override TEXT" in refused.err) == (1, True)
    done = run("mappings", "publish", ACME, "--reason", "x", "--override", "they know")
    assert done.code == 0
    newest = run("mappings", "history", ACME, "--json").json[0]
    assert newest["reason"].endswith("1 order that was answered would fail: they know)")


def test_any_two_states_are_compared(run: Run, services: Services, folder: Path) -> None:
    assert run("mappings", "diff", ACME, "1", "published").out == "Nothing is different.\n"
    run("accounts", "import", str(folder), "--draft")
    for new in ("draft", str(folder)):
        told = run("mappings", "diff", ACME, "published", new, "--json").json
        assert [one["file"] for one in told["differences"]] == ["account.yaml", "items.csv"]
    assert ["-", "factor 120"] in run("mappings", "diff", ACME, "draft", "1", "--json").json["differences"][1]["lines"]
    assert "    + factor 120" in run("mappings", "diff", ACME, "1", "draft").out
    for wrong in ("7", "nonsense", "99999999999"):
        assert run("mappings", "diff", ACME, "1", wrong).code == 1


def test_rolling_back_tells_what_went_out(
    run: Run, services: Services, send: Callable[[str, str], str], folder: Path
) -> None:
    run("accounts", "import", str(folder), "--reason", "wrong factor")
    send(ACME, "01-accepted.xml")
    assert run("mappings", "rollback", ACME, "1").code == 2
    dry = run("mappings", "rollback", ACME, "1", "--dry-run")
    assert "+ factor 12\n" in dry.out
    assert "1 document went out under what is taken back:" in dry.out
    assert "Nothing was done." in dry.out
    assert services.store.revisions.current([ACME]) == {ACME: 2}
    done = run("mappings", "rollback", ACME, "1", "--reason", "12, not 120", "--json").json
    assert (done["revision"], done["taken_back"], done["more_documents"]) == (3, [2], False)
    assert [one["order_number"] for one in done["documents"]] == ["ACME-1001"]
    first, *_ = run("mappings", "history", ACME, "--json").json
    assert (first["revision"], first["restores"], first["reason"]) == (3, 1, "12, not 120")
    assert run("mappings", "diff", ACME, "1", "3", "--json").json["differences"] == []
    assert run("mappings", "rollback", ACME, "3", "--dry-run").code == 1
    assert run("mappings", "rollback", "nobody", "1", "--dry-run").code == 1
