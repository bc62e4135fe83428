"""`gateway secrets`: set without being an argument, listed without a value, removed where nothing needs it."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from gateway.accounts import publish_folder
from gateway.bootstrap import build_services, read_settings
from gateway.services import Services
from mappings.files.account_folder import read_account
from tests.cli.conftest import ACCOUNTS, ROOT, Run
from tests.cli.sending import ACME, Send, agree, sending, there
from tests.cli.test_delivery_health import found
from tests.delivery.partner import Call, Partner, Request
from tests.delivery.test_over_http import NEW, OLD
from tests.harness.waiting import until

__all__ = ["there"]

CANARY = "canary-open-sesame"
FIRST, SECOND = "a first key of some length 0123456789", "a second key of some length 9876543210"
PEM = b"-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"


@pytest.fixture(autouse=True)
def loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_DELIVERY_NETWORKS", "127.0.0.0/8")


def kept(name: str) -> str | None:
    """What a process that starts now finds under this name."""
    opened = build_services(read_settings())
    try:
        secret = opened.secrets.of(name)
        return None if secret is None else secret.reveal()
    finally:
        opened.lanes.close()
        opened.store.close()


def listed(run: Run) -> dict[str, dict[str, object]]:
    return {row["name"]: row for row in run("secrets", "list", "--json").json}


@pytest.mark.parametrize(
    ("said", "value"),
    [
        (b"sesame\n", "sesame"),
        (b"sesame\r\n", "sesame"),
        (b"sesame", "sesame"),
        (b" two\n\n", " two\n"),
        (b"\xef\xbb\xbfses\xc3\xa9ame\n", "ses\u00e9ame"),
        (PEM, PEM.decode().rstrip()),
    ],
)
def test_a_value_comes_by_standard_input_or_from_a_file(run: Run, tmp_path: Path, said: bytes, value: str) -> None:
    told = run("secrets", "set", "acme-hook", "--json", stdin=said)
    assert (told.code, told.json["name"], told.json["number"]) == (0, "ACME_HOOK", 1)
    assert kept("ACME_HOOK") == value
    file = tmp_path / "value"
    file.write_bytes(said)
    again = run("secrets", "set", "ACME_HOOK", "--file", str(file))
    assert (again.code, again.out) == (
        0,
        "Secret ACME_HOOK is changed. Running processes use it within a second or two.\n",
    )
    assert kept("acme-hook") == value
    assert run("secrets", "set", "ACME_HOOK", "--file", "-", stdin=said).code == 0


@pytest.mark.parametrize(
    ("arguments", "stdin", "says"),
    [
        (("HUB", CANARY), b"", "A value is no argument"),
        (("GATEWAY_SECRET_HUB",), b"x", "the name of its secret is HUB"),
        (("KEY",), b"x", "GATEWAY_SECRET_KEY is a setting"),
        (("HUB.1",), b"x", "letters A to Z, digits, - and _"),
        (("HUB",), b"\n", "there is nothing in it"),
        (("HUB",), f"{CANARY}\0".encode(), "a NUL in it"),
        (("HUB",), b"\xff\xfe" + CANARY.encode(), "isn't UTF-8"),
    ],
)
def test_what_can_t_be_set_is_usage_and_not_shown(
    run: Run, arguments: tuple[str, ...], stdin: bytes, says: str
) -> None:
    said = run("secrets", "set", *arguments, stdin=stdin)
    assert said.code == 2
    assert says in said.err
    assert CANARY not in said.err + said.out
    assert run("secrets", "list").code == 1, "nothing was made for it"


def test_a_file_that_can_t_be_read_is_said(run: Run, tmp_path: Path) -> None:
    said = run("secrets", "set", "HUB", "--file", str(tmp_path / "nowhere"))
    assert (said.code, "nowhere can't be read: No such file" in said.err) == (1, True)


def test_the_list_says_what_there_is_and_never_a_value(run: Run, services: Services, monkeypatch) -> None:
    agree(services, {"webhook": "https://acme.example/", "secret": ["NEW", "OLD"]})
    agree(services, {"https": "https://acme.example/", "bearer": "missing"}, account="nordic-office")
    run("secrets", "set", "NEW", stdin=CANARY.encode())
    run("secrets", "set", "OLD", stdin=CANARY.encode())
    monkeypatch.setenv("GATEWAY_SECRET_OLD", f"{CANARY} of the environment")
    monkeypatch.setenv("GATEWAY_SECRET_HUB", CANARY)
    rows = listed(run)
    said = {name: (row["source"], row["state"], row["in_database"]) for name, row in rows.items()}
    said = {name: one for name, one in said.items() if name in ("HUB", "MISSING", "NEW", "OLD")}
    assert said == {
        "HUB": ("environment", "set", False),
        "MISSING": (None, "not set", False),
        "NEW": ("database", "set", True),
        "OLD": ("environment", "set", True),
    }
    assert rows["NEW"]["used_by"] == rows["OLD"]["used_by"] == ["acme-retail: order_response"]
    assert rows["MISSING"]["used_by"] == ["nordic-office: order_response"]
    assert set(rows["NEW"]) == {
        *("name", "source", "state", "in_database", "number", "created_at", "created_by", "used_by")
    }
    assert rows["NEW"]["number"] == 1
    assert str(rows["NEW"]["created_by"]).startswith("cli/")
    assert rows["NEW"]["created_at"]
    for arguments in (("list",), ("list", "--json")):
        told = run("secrets", *arguments)
        assert CANARY not in told.out + told.err
    told = run("secrets", "set", "OLD", stdin=b"x")
    assert "GATEWAY_SECRET_OLD is in the environment here, and wins" in told.err


def test_one_that_terms_name_is_removed_only_by_force(run: Run, services: Services) -> None:
    run("secrets", "set", "OLD", stdin=OLD.encode())
    run("secrets", "set", "spare", stdin=b"x")
    agree(services, {"webhook": "https://acme.example/", "secret": "old"})
    refused = run("secrets", "remove", "OLD", "--reason", "t")
    assert refused.code == 4
    assert "acme-retail: order_response" in refused.err
    assert kept("OLD") == OLD
    removed = run("secrets", "remove", "OLD", "--reason", "leaked", "--force", "--json")
    assert (removed.code, removed.json) == (
        0,
        {"name": "OLD", "removed": True, "used_by": ["acme-retail: order_response"]},
    )
    assert kept("OLD") is None
    assert run("secrets", "remove", "SPARE", "--reason", "t").code == 0
    assert run("secrets", "remove", "SPARE", "--reason", "t").code == 1
    assert run("secrets", "remove", "SPARE").code == 2
    assert [event["kind"] for event in services.store.audit.of("secret/OLD")] == ["set", "removed"]
    assert services.store.audit.of("secret/OLD")[1]["body"] == {"reason": "leaked"}
    assert run("audit", "verify").code == 0


def test_a_sender_s_secret_is_one_that_terms_name(run: Run, services: Services) -> None:
    (missing,) = [row for row in listed(run).values() if row["name"] == "NETWORK"]
    assert (missing["state"], missing["used_by"]) == ("not set", ["blue-harbor: cXML of AN02000000002"])
    run("secrets", "set", "NETWORK", stdin=b"x")
    assert run("secrets", "remove", "NETWORK", "--reason", "t").code == 4


# --- keys --------------------------------------------------------------------------------------------------------
def test_the_key_is_changed_and_doctor_says_each_step(run: Run, services: Services, monkeypatch) -> None:
    monkeypatch.setenv("GATEWAY_SECRET_KEY", FIRST)
    agree(services, {"webhook": "https://acme.example/", "secret": "OLD"})
    for name in ("OLD", "SPARE"):
        assert run("secrets", "set", name, stdin=CANARY.encode()).code == 0
    assert found(run, "secrets") == []

    monkeypatch.setenv("GATEWAY_SECRET_KEY", SECOND)
    said = run("doctor", "--json")
    wrong = [check["detail"] for check in said.json["checks"] if not check["ok"]]
    assert said.code == 1
    assert len(wrong) == 1
    assert wrong[0].startswith("OLD, SPARE: can't be decrypted with the GATEWAY_SECRET_KEY here")
    (missing,) = [one["detail"] for one in said.json["checks"] if one["name"] == "secrets" and one["warning"]]
    why = "which can't be decrypted: it was set under another GATEWAY_SECRET_KEY: `gateway secrets set OLD`"
    assert missing == f"acme-retail: its order_response can't be sent by the secret OLD, {why}"
    assert {row["state"] for row in listed(run).values() if row["in_database"]} == {"can't be decrypted"}
    assert run("secrets", "reencrypt").code == 1
    refused = run("secrets", "set", "OTHER", stdin=b"x")
    assert (refused.code, "OLD, SPARE can't be decrypted" in refused.err) == (4, True)

    monkeypatch.setenv("GATEWAY_SECRET_KEY_BEFORE", FIRST)
    old = "OLD, SPARE: still under GATEWAY_SECRET_KEY_BEFORE; `gateway secrets reencrypt` ends that"
    assert found(run, "secrets") == [(True, old)]
    assert kept("OLD") == CANARY
    assert {row["state"] for row in listed(run).values() if row["in_database"]} == {
        "set, under GATEWAY_SECRET_KEY_BEFORE"
    }
    told = run("secrets", "reencrypt", "--json")
    assert (told.code, told.json) == (0, {"reencrypted": ["OLD", "SPARE"], "left": [], "under_present_key": 2})
    assert (
        "Nothing is under another key than this shell has, GATEWAY_SECRET_KEY (2 secrets)."
        in run("secrets", "reencrypt").out
    )
    assert found(run, "secrets") == [(True, "nothing is under GATEWAY_SECRET_KEY_BEFORE any more: take it away")]

    monkeypatch.delenv("GATEWAY_SECRET_KEY_BEFORE")
    assert found(run, "secrets") == []
    assert kept("SPARE") == CANARY
    assert [event["kind"] for event in services.store.audit.of("secret/OLD")] == ["set", "reencrypted"]
    assert run("audit", "verify").code == 0


def test_what_is_lost_is_set_anew_and_the_rest_is_said(run: Run, services: Services, monkeypatch) -> None:
    monkeypatch.setenv("GATEWAY_SECRET_KEY", FIRST)
    for name in ("LOST", "GONE"):
        run("secrets", "set", name, stdin=b"x")
    monkeypatch.setenv("GATEWAY_SECRET_KEY", SECOND)
    assert run("secrets", "set", "LOST", stdin=b"anew").code == 4
    assert run("secrets", "set", "LOST", "--force", stdin=b"anew").code == 0
    assert kept("LOST") == "anew"
    partly = run("secrets", "reencrypt", "--json")
    assert (partly.code, partly.json["left"]) == (3, ["GONE"])
    assert run("secrets", "set", "GONE", stdin=b"anew").code == 0, "no other can't be decrypted"


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("at-least-32-characters-the-same-everywhere", "is that of an example"),
        ("abc" * 11, "is of too few different characters"),
    ],
)
def test_doctor_tells_of_a_key_that_is_guessed(run: Run, services: Services, monkeypatch, key: str, says: str) -> None:
    monkeypatch.setenv("GATEWAY_SECRET_KEY", FIRST)
    assert found(run, "secret key") == [(False, "set in GATEWAY_SECRET_KEY")]
    monkeypatch.setenv("GATEWAY_SECRET_KEY", key)
    ((warned, said),) = found(run, "secret key")
    assert warned
    assert said.startswith(f"GATEWAY_SECRET_KEY {says}")
    assert key not in run("doctor").out


def test_doctor_tells_where_the_key_is_and_who_can_read_it(run: Run, services: Services, data_dir: Path) -> None:
    file = data_dir / "secret_key"
    assert found(run, "secret key") == [(False, f"made at the first start, in {file}")]
    assert not file.exists()
    run("secrets", "set", "HUB", stdin=b"x")
    assert found(run, "secret key") == [(False, f"kept in {file}")]
    file.chmod(0o640)
    ((warned, said),) = found(run, "secret key")
    assert (warned, "can be read by others" in said) == (True, True)
    file.chmod(0o600)
    file.write_text("short\n")
    ((warned, said),) = found_whatever(run, "secret key")
    assert (warned, "has fewer than 32 characters" in said) == (True, True)
    file.write_text("")
    refused = run("secrets", "set", "OTHER", "--force", stdin=b"x")
    assert (refused.code, "there is no GATEWAY_SECRET_KEY" in refused.err) == (1, True)


def found_whatever(run: Run, check: str) -> list[tuple[bool, str]]:
    """The same, wherever something else is wrong."""
    checks = [one for one in run("doctor", "--json").json["checks"] if one["name"] == check]
    return [(one["warning"], one["detail"]) for one in checks]


# --- on a terminal -----------------------------------------------------------------------------------------------
def test_a_terminal_is_asked_twice_and_shows_nothing(data_dir: Path) -> None:
    code, shown = at_a_terminal("HUB", f"{CANARY}\n", f"{CANARY}\n")
    assert (code, kept("HUB")) == (0, CANARY)
    assert CANARY not in shown
    assert shown.count("Secret HUB:") == 1


def at_a_terminal(name: str, *answers: str) -> tuple[int, str]:
    """(the exit code, all that was shown) of `gateway secrets set` where somebody types these answers."""
    ours, theirs = pty.openpty()
    program = "import sys; from gateway.cli import main; sys.exit(main())"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-c", program, "secrets", "set", name]
    running = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    )
    os.close(theirs)
    shown = ""
    try:
        for count, answer in enumerate(answers, start=1):
            while shown.count(": ") < count:
                shown += _shown(ours)
            os.write(ours, answer.encode())
        while more := _shown(ours):
            shown += more
        return running.wait(timeout=30), shown
    finally:
        running.kill()
        running.wait()
        os.close(ours)


def _shown(terminal: int) -> str:
    """The next that is shown; nothing once the program has ended."""
    waiting = select.poll()  # select() takes no descriptor above 1,023
    waiting.register(terminal, select.POLLIN)
    assert waiting.poll(30_000), "nothing is shown"
    try:
        return os.read(terminal, 4096).decode()
    except OSError:  # Linux says so where the other end is closed
        return ""


# --- sending -----------------------------------------------------------------------------------------------------
def test_what_is_held_for_want_of_a_secret_goes_once_it_is_set(
    run: Run, services: Services, send: Send, there: Partner
) -> None:
    agree(services, {"webhook": there.url("/edi"), "secret": "HOOK"})
    send(ACME, "01-accepted.xml")
    (document,) = services.store.documents.newest(ACME, kind=None, order_number=None, limit=10)
    with sending():
        until(lambda: _status(services, document.id) == "held", 20, "it is held")
        (problem,) = run("problems", "list", "--json").json
        assert problem["detail"] == "the secret HOOK isn't set: `gateway secrets set HOOK`"
        remedy = run("problems", "show", problem["fingerprint"]).out
        assert "gateway secrets set" in remedy
        assert run("secrets", "set", "HOOK", stdin=OLD.encode()).code == 0
        took = until(lambda: _status(services, document.id) == "delivered", 20, "it is delivered")
    assert took < 10, "nobody waited for the look of each minute"
    assert len(there.requests) == 1


def test_what_waits_because_a_secret_is_wrong_goes_once_it_is_changed(
    run: Run, services: Services, send: Send, there: Partner
) -> None:
    def lets_in_by_sesame(call: Call) -> None:
        request = call.take()
        call.answer(200 if request.headers["authorization"] == "Bearer sesame" else 401)

    there.behaviours["/edi"] = lets_in_by_sesame
    terms = {"https": there.url("/edi"), "bearer": "WORD"}
    agree(services, terms, delivery_waits=["1d"])
    run("secrets", "set", "WORD", stdin=b"shut")
    send(ACME, "01-accepted.xml")
    (document,) = services.store.documents.newest(ACME, kind=None, order_number=None, limit=10)
    with sending():
        until(lambda: len(there.requests) == 1 and _status(services, document.id) == "waiting", 20, "it is tried")
        run("secrets", "set", "OTHER", stdin=b"x")
        run("secrets", "set", "WORD", stdin=b"sesame")
        took = until(lambda: _status(services, document.id) == "delivered", 20, "it is delivered")
    assert took < 10
    assert len(there.requests) == 2


def _status(services: Services, document_id: str) -> str | None:
    found = services.store.deliveries.one(document_id)
    return None if found is None else found.status


@pytest.fixture
def delivering() -> Iterator[None]:
    with sending():
        yield


def test_a_webhook_s_secret_is_rotated_by_name_while_documents_go(
    run: Run, services: Services, send: Send, there: Partner, delivering: None
) -> None:
    run("secrets", "set", "HOOK_1", stdin=OLD.encode())
    run("secrets", "set", "HOOK_2", stdin=NEW.encode())
    samples = iter(["01-accepted.xml", "02-short-stock.xml", "05-part-of-a-carton.xml"])
    verified = []
    for secret in ("HOOK_1", ["HOOK_2", "HOOK_1"], "HOOK_2"):
        agree(services, {"webhook": there.url("/edi"), "secret": secret})
        before = len(there.requests)
        send(ACME, next(samples))
        until(lambda before=before: len(there.requests) > before, 20, "a document arrives")  # type: ignore[misc]
        verified.append({name for name, key in (("old", OLD), ("new", NEW)) if _is_signed(key, there.requests[-1])})
    assert verified == [{"old"}, {"old", "new"}, {"new"}]
    assert run("secrets", "remove", "HOOK_1", "--reason", "rotated").code == 0
    assert run("secrets", "remove", "HOOK_2", "--reason", "rotated").code == 4


def _is_signed(key: str, request: Request) -> bool:
    """Whether the standard's own library takes it from whoever has this secret. (It reads JSON then; ours is XML.)"""
    try:
        Webhook(key).verify(request.body.decode(), request.headers)
    except WebhookVerificationError:
        return False
    except ValueError:
        return True
    return True


def test_what_opens_a_place_to_pick_up_from_is_in_use(run: Run, services: Services) -> None:
    folder = read_account(ACCOUNTS / "acme-retail")
    terms = json.loads(folder.account.model_dump_json(by_alias=True))
    host_key = f"SHA256:{'A' * 43}"
    terms["inbound"]["pickup"] = [{"sftp": "sftp://us@files.example/out", "host_key": host_key, "password": "box"}]
    changed = replace(folder, account=type(folder.account).model_validate(terms))
    publish_folder(services.store, changed, author="test", reason="pickup")
    run("secrets", "set", "BOX", stdin=b"a password")
    assert listed(run)["BOX"]["used_by"] == ["acme-retail: orders from sftp://us@files.example:22/out"]
    assert run("secrets", "remove", "BOX", "--reason", "t").code == 4
