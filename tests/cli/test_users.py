"""`gateway users`: who may use the console, and how they get in."""

from __future__ import annotations

from gateway.services import Services
from tests.cli.conftest import Run


def test_somebody_is_made_known_by_a_link(run: Run, services: Services) -> None:
    made = run("users", "create", "Kim", "--role", "support", "--json").json
    assert set(made) == {"id", "name", "role", "link", "url"}
    assert made["url"] == f"http://127.0.0.1:8080{made['link']}"
    found = services.store.users.of_link(made["link"].removeprefix("/sign-in/"))
    assert found is not None
    assert (found.id, found.name, found.role, found.account_id) == (made["id"], "Kim", "support", None)
    again = run("users", "link", "kim")
    assert services.store.users.of_link(made["link"].removeprefix("/sign-in/")) is None
    assert services.store.users.of_link(again.out.strip().rpartition("/")[2]) is not None
    assert "within 15 minutes, once" in again.err
    taken = run("users", "create", "KIM", "--role", "admin")
    assert (taken.code, taken.err) == (4, "There is somebody of the name KIM already.\n")


def test_what_cant_be_is_said(run: Run, services: Services) -> None:
    assert run("users", "create", "Kim", "--role", "king").code == 2
    assert run("users", "create", " ", "--role", "admin").code == 2
    nobody = run("users", "create", "Kim", "--role", "viewer", "--account", "nobody")
    assert (nobody.code, nobody.err) == (1, "There is no account nobody.\n")
    for command in (["link"], ["change", "--role", "admin"], ["disable", "--reason", "x"], ["enable", "--reason", "x"]):
        missing = run("users", command[0], "Kim", *command[1:])
        assert (missing.code, missing.err) == (1, "There is nobody of the name Kim.\n")
    assert run("users", "list").err == "Nobody yet: `gateway users create NAME --role admin`.\n"


def test_people_are_listed_changed_and_disabled(run: Run, services: Services) -> None:
    run("users", "create", "Kim", "--role", "support")
    run("users", "create", "Ada of Acme", "--role", "viewer", "--account", "acme-retail")
    rows = run("users", "list", "--json").json
    assert [(row["name"], row["role"], row["account"], row["state"]) for row in rows] == [
        ("Ada of Acme", "viewer", "acme-retail", "invited"),
        ("Kim", "support", None, "invited"),
    ]
    assert run("users", "change", "Kim", "--role", "admin").out == "Kim is admin now.\n"
    assert run("users", "disable", "Kim", "--reason", "left").code == 0
    assert run("users", "disable", "Kim", "--reason", "left").code == 4
    assert run("users", "link", "Kim").code == 4
    assert {row["name"]: row["state"] for row in run("users", "list", "--json").json}["Kim"] == "disabled"
    assert run("users", "enable", "Kim", "--reason", "back").code == 0
    assert run("users", "enable", "Kim", "--reason", "back").code == 4
    assert run("audit", "verify").code == 0
