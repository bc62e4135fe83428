"""Somebody is told of a place that orders can't be picked up from, and of files that nobody could take."""

from __future__ import annotations

import pytest

from gateway.named_secrets import NamedSecrets
from gateway.pickup_health import pickup_findings
from tests.pickup.conftest import FOLDER, PINE, Serve, Yard, an_order


def make_older(yard: Yard, seconds: int) -> None:
    with yard.gateway.store.database.write() as connection:
        connection.exec_driver_sql(f"UPDATE pickups SET failing_since = failing_since - {seconds * 1_000_000}")


def test_a_place_that_fails_for_a_quarter_of_an_hour_is_a_problem(yard_on_either: Yard, serve: Serve) -> None:
    yard, server = yard_on_either, serve()
    yard.agree(server.terms)
    yard.secrets = {}
    yard.look()
    pickups = yard.gateway.store.pickups
    make_older(yard, 890)
    assert pickups.problems() == []
    make_older(yard, 20)
    (problem,) = pickups.problems(PINE)
    endpoint = f"sftp://us@127.0.0.1:{server.port}/out"
    assert (problem.code, problem.endpoint, problem.detail) == (
        "pickup_failed",
        endpoint,
        "the secret OURS isn't set: `gateway secrets set OURS`",
    )
    assert pickups.problems(fingerprint=problem.fingerprint) == [problem]
    assert pickups.problems("nobody") == []
    assert pickups.failing() == {PINE: 1}
    yard.secrets = dict(yard.known_secrets)
    yard.look()
    assert pickups.problems() == []
    assert pickups.failing() == {}


def test_metrics_and_the_doctor_say_which_places_fail(yard: Yard, serve: Serve) -> None:
    server = serve()
    yard.agree(server.terms, FOLDER)
    yard.secrets = {}
    for number in range(2):
        yard.look(number=number)
    assert f'gateway_pickups_failing{{account="{PINE}"}} 1.0' in yard.gateway.client.get("/metrics").text
    said = list(pickup_findings(yard.gateway.store, NamedSecrets()))
    assert said[0] == (False, "2 places to pick orders up from")
    assert any(is_wrong and "without the secret OURS, which isn't set" in line for is_wrong, line in said)
    assert any("fails since" in line for _, line in said)


def test_refused_files_are_one_problem_a_place(yard_on_either: Yard) -> None:
    yard = yard_on_either
    yard.limit(max_body_bytes=1_000)
    for number in range(3):
        yard.put(f"huge-{number}.json", b" " * 1_001)
    yard.put("PO-1.json", an_order())
    yard.look()
    (problem,) = yard.gateway.store.pickups.problems()
    assert (problem.code, problem.files, problem.endpoint) == ("pickup_refused", 3, "folder:pine/in")
    assert yard.gateway.store.pickups.dismiss(PINE, "cli/test", "sent anew") == 3
    (event,) = yard.gateway.store.audit.of(f"pickup/{PINE}")
    assert (event["actor"], event["body"]["reason"], len(event["body"]["files"])) == ("cli/test", "sent anew", 3)
    assert yard.gateway.store.pickups.problems() == []


@pytest.mark.parametrize("looks", [0, 1])
def test_a_place_that_nobody_looks_at_is_told(yard: Yard, looks: int) -> None:
    for _ in range(looks):
        yard.look()
    with yard.gateway.store.database.write() as connection:
        connection.exec_driver_sql("UPDATE pickups SET looked_at = looked_at - 1000000000")
    found = pickup_findings(yard.gateway.store, NamedSecrets())
    assert any(wants_somebody and "nobody has looked there" in said for wants_somebody, said in found)


def test_a_place_that_no_terms_name_any_more_is_forgotten(yard_on_either: Yard) -> None:
    yard = yard_on_either
    yard.places()
    assert [one.endpoint for one in yard.gateway.store.pickups.all()] == ["folder:pine/in"]
    yard.agree({"folder": "pine/other"})
    yard.places()
    assert [one.endpoint for one in yard.gateway.store.pickups.all()] == ["folder:pine/other"]
