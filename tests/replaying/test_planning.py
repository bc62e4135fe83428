"""A set before it is begun: what it is of, what will not repeat, and what would come of it, with no effect."""

from __future__ import annotations

import pytest

from gateway.replaying import Wanted, foreseeing, plan, wanted_from
from gateway.replaying.foreseeing import dry_run
from gateway.replaying.repeats import not_repeated
from gateway.replaying.wanting import BadQuery
from tests.examples.order_lines import BOLTS, line, order
from tests.examples.small_gateway import SmallGateway
from tests.replaying.crates import PINE, cause, go_on, know_crates, rows, send_crates, started


def test_what_took_effect_already_is_said_with_its_count(on_either: SmallGateway) -> None:
    gateway = on_either
    (held,) = send_crates(gateway, 1)
    assert not_repeated(gateway.services, plan(gateway.services, Wanted.of_messages([held]))) == []
    done = gateway.settle(PINE, order(BOLTS, number="PH-7"))
    refused = gateway.settle(PINE, order({**BOLTS, "quantity": "0"}, number="PH-8"))
    other = gateway.settle(PINE, order(line("1", "PH-0102", "1", "KRAT"), number="PH-7"))
    assert (done.status, refused.status, other.status) == ("done", "rejected", "held")
    planned = plan(gateway.services, Wanted.of_messages([done.id, refused.id, other.id]))
    assert [one.id for one in planned.messages] == [refused.id, other.id]
    standing, answers, to_come = not_repeated(gateway.services, planned)
    assert str(standing).startswith("1 order that stands under a number of these messages.")
    assert (standing.count, answers.count, to_come.count) == (1, 1, 1)
    (answer,) = gateway.responses([refused.id])
    assert f"({answer.number})" in answers.said


def test_a_dry_run_groups_what_would_come_and_does_nothing(on_either: SmallGateway) -> None:
    gateway = on_either
    held = [*send_crates(gateway, 3), *send_crates(gateway, 2, unit="KIST")]
    know_crates(gateway)
    planned = plan(gateway.services, Wanted.of_messages(held))
    before = gateway.store.stock.standing()
    ahead = dry_run(gateway.services, planned, "current")
    said = [(len(group.messages), group.standing) for group in ahead.groups]
    assert said == [(3, "good"), (2, "bad")]
    assert ahead.groups[0].said.startswith("would be answered: ")
    assert ahead.groups[1].said.startswith("would still be held: ")
    assert all(one.lines for one in ahead.groups[0].messages)
    pinned = dry_run(gateway.services, planned, "pinned").groups
    assert [(len(group.messages), group.standing) for group in pinned] == [(3, "bad"), (2, "bad")]
    assert gateway.store.stock.standing() == before
    assert {gateway.message(one).status for one in held} == {"held"}


def test_a_dry_run_takes_as_many_as_have_room_in_memory(gateway: SmallGateway, monkeypatch) -> None:
    held = send_crates(gateway, 3)
    planned = plan(gateway.services, Wanted.of_messages(held))
    size = gateway.message(held[0]).size
    for most, judged in ((3 * size, 3), (3 * size - 1, 2), (1, 1)):
        monkeypatch.setattr(foreseeing, "_MOST_BYTES", most)
        ahead = dry_run(gateway.services, planned, "current")
        assert (ahead.judged, ahead.total) == (judged, 3)
        assert [one.stored.id for group in ahead.groups for one in group.messages] == held[:judged]


def test_an_address_names_messages_a_problem_a_search_or_what_failed_again(gateway: SmallGateway) -> None:
    held = send_crates(gateway, 3)
    assert wanted_from({"message": [held[1], held[0], held[1]]}).ids(gateway.services).ids == (held[1], held[0])
    assert wanted_from({"problem": [cause(gateway, held[0])]}).ids(gateway.services).ids == tuple(held)
    for query in ({"account": [PINE]}, {"status": ["held"]}, {"account": [PINE], "status": ["held"]}):
        wanted = wanted_from(query)
        assert wanted.ids(gateway.services).ids == tuple(held)
        assert wanted_from(wanted.as_query) == wanted
    assert wanted_from({"account": ["nobody"]}).ids(gateway.services).ids == ()
    assert wanted_from({}).is_empty
    replay_id = started(gateway, Wanted.of_messages(held))
    go_on(gateway)
    assert wanted_from({"again": [replay_id]}).ids(gateway.services).ids == (rows(gateway, replay_id)[0].message_id,)
    for wrong in ({"status": ["odd"]}, {"message": ["x" * 101]}, {"message": [str(one) for one in range(1_001)]}):
        with pytest.raises(BadQuery):
            wanted_from(wrong)
