"""The scheduler process: it sends what is due, beside its sweeping, and stops when it is told."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from config.settings import PREFIX
from gateway.store.ids import now_us
from gateway.store.silences import Silence
from gateway.store.statements import run
from gateway.store.store import Store
from tests.delivery.partner import hangs, partner
from tests.delivery.postbox import Postbox, mail_server
from tests.delivery.test_over_http import NEW
from tests.harness.new_database import new_sqlite

ROOT = Path(__file__).resolve().parents[2]
TERMS = {"id": "acme", "name": "ACME", "outbound": {"inventory_report": {"format": "csv-1", "schedule": "0 6 * * *"}}}


def _scheduler(environment: dict[str, str]) -> tuple[subprocess.Popen[bytes], int]:
    """The process, and where its signs of life come out."""
    beats, into = os.pipe()
    command = [sys.executable, "-P", "-m", "workers.main", "scheduler", "--beat-fd", str(into)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, pass_fds=(into,))
    os.close(into)
    return process, beats


def test_two_schedulers_send_a_report_that_is_due_once(tmp_path: Path, until: Callable[..., None]) -> None:
    store = Store(new_sqlite(tmp_path / "gateway.db"))
    store.revisions.publish_account(TERMS, [], author="test", reason="test")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    told = {"DATA_DIR": str(tmp_path), "DATABASE_URL": str(store.database.url), "SWEEP_SECONDS": "0.05"}
    environment = {**clean, "PYTHONPATH": str(ROOT), **{PREFIX + name: value for name, value in told.items()}}
    running = [_scheduler(environment) for _ in range(2)]
    try:
        for _, beats in running:
            assert os.read(beats, 1)
        until(lambda: "acme" in store.inventory_reports.due(), 30, "the schedule is read")
        with store.database.write() as connection:
            run(connection, "UPDATE timers SET due_at = ?", [(0,)])
        until(lambda: store.inventory_reports.due()["acme"].at > 0, 30, "the report is sent")
    finally:
        for process, _ in running:
            process.terminate()
        said = [process.communicate(timeout=20)[1].decode() for process, _ in running]
        for _, beats in running:
            os.close(beats)
    assert [process.returncode for process, _ in running] == [0, 0], said
    page = store.documents.page("acme", kind="inventory_report", order_number=None, after=None, limit=9)
    assert len(page) == 1
    assert list(store.audit.broken()) == []
    store.close()


def test_two_schedulers_tell_people_once_while_our_own_system_hangs(tmp_path: Path, until: Callable[..., None]) -> None:
    """The account is silent, which was seen two minutes ago; the call to our own system is never answered."""
    store, postbox, at = Store(new_sqlite(tmp_path / "gateway.db")), Postbox(), now_us()
    terms = {**TERMS, "manager": {"name": "Dana", "email": "dana@halden.example"}}
    store.revisions.publish_account(terms, [], author="test", reason="test")
    store.silences.change([Silence("acme", at, 8, 8, at, None)], ())
    store.notices.note([("silence/acme", "acme", "{}")], [], [], [], at - 120_000_000)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    with mail_server(postbox, "us", "secret") as port, partner({"/n": hangs}) as ours:
        told = {
            "DATA_DIR": str(tmp_path),
            "DATABASE_URL": str(store.database.url),
            "SMTP_URL": f"smtp://us:secret@127.0.0.1:{port}",
            "SMTP_SENDER": "gateway@halden.example",
            "NOTICE_WEBHOOK": ours.url("/n"),
            "SECRET_NOTICES": NEW,
            "DELIVERY_NETWORKS": "127.0.0.0/8",
        }
        environment = {**clean, "PYTHONPATH": str(ROOT), **{PREFIX + name: value for name, value in told.items()}}
        running = [_scheduler(environment) for _ in range(2)]
        try:
            until(lambda: ours.requests and postbox.kept, 30, "people and our own system are told")
            for _, beats in running:
                assert os.read(beats, 1), "and it goes on"
            until(lambda: len(store.notices.page(status="sent")) == 1, 30, "which is kept")
        finally:
            ours.let_go.set()
            for process, _ in running:
                process.terminate()
            said = [process.communicate(timeout=20)[1].decode() for process, _ in running]
            for _, beats in running:
                os.close(beats)
    assert [process.returncode for process, _ in running] == [0, 0], said
    assert [one["Subject"] for one in postbox.kept] == ["ACME: No orders yet, though they usually have come by now"]
    assert sorted(one.channel for one in store.notices.page()) == ["email", "webhook"]
    store.close()
