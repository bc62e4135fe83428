"""Notices at the command line: what was told, a test of it, and what the doctor says."""

from __future__ import annotations

import pytest

from gateway.notifying.told import Open, told_of
from gateway.services import Services
from gateway.store.ids import now_us
from gateway.store.notices import NewNotice
from tests.cli.conftest import Run
from tests.delivery.partner import partner
from tests.delivery.postbox import Postbox, mail_server
from tests.delivery.test_over_http import NEW

DANA = "dana@example.com"


def tell(services: Services, number: int = 1) -> None:
    item = Open(
        subject=f"problem/{number}",
        kind="problem",
        account_id="acme-retail",
        title="Unknown item 12345",
        path="/problems/1-abc",
        count=37,
        of="order",
    )
    made = NewNotice(
        key=f"opened/{number}",
        account_id="acme-retail",
        kind="opened",
        channel="email",
        recipient=DANA,
        body=told_of("acme-retail", "ACME Retail", "UTC", [item]).as_text(),
    )
    services.store.notices.tell_resolved([], [made], now_us())


def doctor_says(run: Run) -> list[tuple[bool, str]]:
    checks = run("doctor", "--json").json["checks"]
    return [(one["warning"], one["detail"]) for one in checks if one["name"] == "notices"]


def test_notices_are_listed(run: Run, services: Services) -> None:
    assert "No notices." in run("notices", "list").err
    tell(services)
    (one,) = run("notices", "list", "--json").json
    assert (one["account"], one["recipient"], one["status"]) == ("acme-retail", DANA, "waiting")
    assert one["said"] == "Unknown item 12345, 37 orders"
    assert run("notices", "list", "--account", "blue-harbor", "--json").json == []
    assert len(run("notices", "list", "--status", "waiting", "--json").json) == 1
    assert run("notices", "list", "--status", "sent", "--json").json == []


def test_a_test_reaches_the_people_and_our_system(
    run: Run, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    postbox = Postbox()
    with mail_server(postbox, "us", "secret") as port, partner() as ours:
        monkeypatch.setenv("GATEWAY_SMTP_URL", f"smtp://us:secret@127.0.0.1:{port}")
        monkeypatch.setenv("GATEWAY_SMTP_SENDER", "gateway@halden.example")
        monkeypatch.setenv("GATEWAY_NOTICE_WEBHOOK", ours.url("/n"))
        monkeypatch.setenv("GATEWAY_SECRET_NOTICES", NEW)
        monkeypatch.setenv("GATEWAY_DELIVERY_NETWORKS", "127.0.0.0/8")
        ran = run("notices", "test", "--account", "acme-retail", "--json")
        assert ran.code == 0, ran.err
        assert {one["outcome"] for one in ran.json["sent"]} == {"delivered"}
        assert len(postbox.kept) == len(ran.json["sent"]) - 1
        assert "This is a test" in postbox.kept[0].get_content()
        assert len(ours.requests) == 1
        postbox.answers["DATA"] = "550 no"
        ran = run("notices", "test", "--account", "acme-retail")
        assert (ran.code, "rejected, SMTP 550: no" in ran.out) == (3, True)
    assert services.store.notices.page() == [], "a test is kept nowhere"
    assert [one["kind"] for one in services.store.audit.of("notice/acme-retail")] == ["tested"] * 2


def test_a_test_that_reaches_nobody_says_why(run: Run, services: Services) -> None:
    ran = run("notices", "test", "--account", "acme-retail")
    assert (ran.code, "no mail server is set" in ran.out) == (1, True)
    assert run("notices", "test", "--account", "nobody").code == 1


def test_the_doctor_says_what_keeps_notices_from_people(
    run: Run, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(services)
    said = doctor_says(run)
    assert said[0][0] is False
    assert said[0][1].startswith("1 waits to go by e-mail, oldest ")
    assert any(warns and "GATEWAY_SMTP_URL isn't set" in detail for warns, detail in said)
    assert any(warns and "GATEWAY_CONSOLE_URL isn't set" in detail for warns, detail in said)
    monkeypatch.setenv("GATEWAY_NOTICE_WEBHOOK", "https://desk.example/n")
    monkeypatch.setenv("GATEWAY_CONSOLE_URL", "https://gateway.example/")
    claimed = services.store.notices.claim("email", 1.0)
    assert claimed is not None
    services.store.notices.settle(claimed, "given_up", "no such mailbox")
    said = doctor_says(run)
    assert said[0] == (True, "none waits; 1 given up: `gateway notices list --status given_up` says why")
    assert any(warns and "the secret NOTICES isn't set" in detail for warns, detail in said)
    assert not any("CONSOLE_URL" in detail for _, detail in said)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GATEWAY_NOTICE_WEBHOOK", "ftp://desk.example"),
        ("GATEWAY_NOTICE_WEBHOOK", "https://us:secret@desk.example"),
        ("GATEWAY_NOTICE_WEBHOOK", "https://["),
        ("GATEWAY_CONSOLE_URL", "gateway.example"),
        ("GATEWAY_CONSOLE_URL", "https://gateway.example/?x=1"),
    ],
)
def test_settings_that_lead_nowhere_are_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    ran = run("notices", "list")
    assert (ran.code, variable in ran.err) == (2, True)
