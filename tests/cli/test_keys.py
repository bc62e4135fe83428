"""Keys: shown once, listed without their secret, ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.services import Services
from tests.cli.conftest import Run


def test_a_key_is_printed_once_and_works(run: Run, services: Services) -> None:
    made = run("keys", "create", "--account", "acme-retail", "--json").json
    assert set(made) == {"id", "key", "expires_at"}
    found = services.store.keys.verify(made["key"])
    assert found is not None
    assert (found.id, found.account_id, found.test, found.expires_at) == (made["id"], "acme-retail", False, None)
    plain = run("keys", "create", "--account", "acme-retail", "--test")
    key = services.store.keys.verify(plain.out.strip())
    assert key is not None
    assert key.test
    assert plain.out.strip() not in plain.err
    listed = run("keys", "list", "--account", "acme-retail")
    assert made["key"] not in listed.out
    assert made["id"] in listed.out


def test_a_back_office_key(run: Run, services: Services) -> None:
    found = services.store.keys.verify(run("keys", "create", "--backoffice", "--json").json["key"])
    assert found is not None
    assert found.account_id is None
    assert run("keys", "create", "--backoffice", "--account", "acme-retail").code == 2
    assert run("keys", "create", "--backoffice", "--test").code == 2


def test_the_last_day_of_all_is_no_end(run: Run) -> None:
    said = run("keys", "create", "--backoffice", "--expires", "9999-12-31")
    assert said.code == 2
    assert "9999-12-31 is too late to be kept; a key without --expires has no end" in said.err
    assert "a date such as 2027-01-31" in run("keys", "create", "--backoffice", "--expires", "2027-13-31").err
    assert run("keys", "create", "--backoffice", "--expires", "9999-12-30").code == 0
    assert run("keys", "list").code == 0
    (newest, *_) = run("keys", "list", "--json").json
    assert (newest["account"], newest["backoffice"]) == (None, True)
    names, newest_line, *_ = (line.split("\t") for line in run("keys", "list").out.splitlines())
    assert dict(zip(names, newest_line, strict=True))["backoffice"] == "yes"


def test_a_key_expires_at_the_end_of_a_day(run: Run, services: Services) -> None:
    run("keys", "create", "--account", "acme-retail", "--expires", "2999-01-31")
    (newest, *_) = run("keys", "list", "--json").json
    assert newest["expires_at"] == "2999-02-01T00:00:00.000+00:00"
    line = run("keys", "list").out.splitlines()[1]
    assert "2999-02-01T00:00:00.000+00:00" in line.split("\t")
    made = run("keys", "create", "--account", "acme-retail", "--expires", "2999-01-31", "--json").json
    assert made["expires_at"] == "2999-02-01T00:00:00.000+00:00"
    told = run("keys", "create", "--account", "acme-retail", "--expires", "2999-01-31")
    assert "It expires at 2999-02-01" in told.err
    assert "It does not expire" in run("keys", "create", "--account", "acme-retail").err
    run("keys", "create", "--account", "acme-retail", "--expires", "90d")
    (newest, *_) = run("keys", "list", "--json").json
    ahead = datetime.fromisoformat(newest["expires_at"]) - datetime.now(UTC)
    assert timedelta(90) < ahead <= timedelta(91)
    for wrong in ("tomorrow", "2020-01-01", "9999-12-31", "-3d"):
        assert run("keys", "create", "--account", "acme-retail", "--expires", wrong).code == 2


def test_a_revoked_key_is_dead(run: Run, services: Services) -> None:
    made = run("keys", "create", "--account", "acme-retail", "--json").json
    assert run("keys", "revoke", made["id"]).code == 0
    assert services.store.keys.verify(made["key"]) is None
    states = {row["id"]: row["state"] for row in run("keys", "list", "--json").json}
    assert states[made["id"]] == "revoked"
    assert run("keys", "revoke", "nothing").code == 1


def test_nobody_gets_a_key_for_an_account_that_is_not_there(run: Run) -> None:
    said = run("keys", "create", "--account", "nobody")
    assert (said.code, said.out) == (1, "")
