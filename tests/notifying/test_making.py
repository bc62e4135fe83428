"""Who is told what, and how often: once when something opens, once an hour while it is, once when it is over."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import pytest

from gateway.notifying import gathering, making
from gateway.notifying.making import Noticing
from gateway.notifying.told import Told
from gateway.store.statements import run
from tests.examples.small_gateway import ORDERS, SmallGateway
from tests.notifying.conftest import DANA, HOUR, MINUTE, PINE, SAM, Desk, agree, order, with_places

BOTH = [("opened", "email", DANA), ("opened", "email", SAM)]


def items_of(desk: Desk, kind: str) -> list[tuple[str, int]]:
    """(title, count) of what the newest notice of this kind tells."""
    newest = next(one for one in desk.services.store.notices.page(limit=100) if one.kind == kind)
    return [(one.title, one.count) for one in Told.of_text(newest.body).items]


def trip(gateway: SmallGateway, orders: int = 1, item: str = "NOBODY-KNOWS") -> list[str]:
    """So many orders that are held for one item."""
    found = [gateway.send(PINE, order(f"PO-{item}-{number}", item)) for number in range(orders)]
    gateway.work()
    assert {gateway.message(one).status for one in found} == {"held"}
    return found


def dismiss(gateway: SmallGateway, messages: list[str]) -> None:
    for one in messages:
        gateway.store.messages.dismiss(one, "test", "it is over")


def test_a_burst_of_one_cause_is_one_notice_to_each_of_the_people(desk: Desk, on_either: SmallGateway) -> None:
    trip(on_either, 37)
    assert desk.look() == 0, "others may come with it"
    assert desk.look(MINUTE) == 2
    assert desk.told() == BOTH
    assert items_of(desk, "opened") == [("Unknown item NOBODY-KNOWS", 37)]
    on_either.settle(PINE, order("PO-MORE"))
    assert (desk.look(MINUTE), desk.look(MINUTE)) == (0, 0), "more of the same is not told again"


def test_causes_that_open_within_a_minute_are_told_together(desk: Desk, on_either: SmallGateway) -> None:
    trip(on_either, 2, "FIRST")
    desk.look()
    trip(on_either, 1, "SECOND")
    desk.look(MINUTE // 2)
    assert desk.look(MINUTE // 2) == 2
    assert sorted(items_of(desk, "opened")) == [("Unknown item FIRST", 2), ("Unknown item SECOND", 1)]
    trip(on_either, 1, "THIRD")
    desk.look(MINUTE)
    assert desk.look(MINUTE) == 2
    assert items_of(desk, "opened") == [("Unknown item THIRD", 1)]


def test_what_is_still_open_is_told_every_hour(desk: Desk, on_either: SmallGateway) -> None:
    trip(on_either, 2)
    desk.look()
    desk.look(MINUTE)
    assert desk.look(HOUR - 1) == 0
    on_either.settle(PINE, order("PO-MORE"))
    assert desk.look(1) == 2
    assert items_of(desk, "digest") == [("Unknown item NOBODY-KNOWS", 3)]
    assert desk.look(HOUR) == 2
    assert desk.look(10 * HOUR) == 2, "one after an outage, and not ten"


def test_what_is_over_is_told_once(desk: Desk, on_either: SmallGateway) -> None:
    messages = trip(on_either, 2)
    desk.look()
    desk.look(MINUTE)
    dismiss(on_either, messages)
    assert desk.look(MINUTE) == 0, "it may come back"
    assert desk.look(MINUTE) == 2
    assert items_of(desk, "resolved") == [("Unknown item NOBODY-KNOWS", 2)]
    assert [desk.look(HOUR) for _ in range(3)] == [0, 0, 0]
    assert desk.services.store.notices.subjects() == []
    assert desk.services.store.notices.digests_due(desk.at + 100 * HOUR) == []


def test_what_comes_back_within_a_minute_was_never_over(desk: Desk, on_either: SmallGateway) -> None:
    messages = trip(on_either, 1)
    desk.look()
    desk.look(MINUTE)
    dismiss(on_either, messages)
    desk.look(MINUTE // 2)
    on_either.settle(PINE, order("PO-MORE"))
    assert [desk.look(MINUTE) for _ in range(3)] == [0, 0, 0]
    assert desk.told() == BOTH


def test_what_comes_back_later_is_told_anew(desk: Desk, on_either: SmallGateway) -> None:
    messages = trip(on_either, 1)
    desk.look()
    desk.look(MINUTE)
    dismiss(on_either, messages)
    desk.look(MINUTE)
    desk.look(MINUTE)
    on_either.settle(PINE, order("PO-MORE"))
    desk.look(MINUTE)
    assert desk.look(MINUTE) == 2
    assert [one[0] for one in desk.told()].count("opened") == 4


def test_what_is_over_within_a_minute_is_told_to_nobody(desk: Desk, on_either: SmallGateway) -> None:
    messages = trip(on_either, 1)
    desk.look()
    dismiss(on_either, messages)
    assert [desk.look(MINUTE) for _ in range(3)] == [0, 0, 0]
    assert desk.told() == []


def test_another_process_tells_nothing_again(desk: Desk, on_either: SmallGateway) -> None:
    trip(on_either, 1)
    desk.look()
    desk.look(MINUTE)
    afresh = Desk(desk.services)
    afresh.at = desk.at
    assert afresh.look(MINUTE) == 0
    assert desk.told() == BOTH


def test_of_several_schedulers_one_tells(desk: Desk, on_either: SmallGateway) -> None:
    trip(on_either, 1, "ONE")
    trip(on_either, 1, "TWO")
    desk.look()
    made: list[int] = []
    begin = threading.Barrier(4)

    def look() -> None:
        looks = Noticing(desk.services)
        begin.wait()
        made.append(looks.look(desk.at + MINUTE))

    several = [threading.Thread(target=look) for _ in range(4)]
    for one in several:
        one.start()
    for one in several:
        one.join()
    assert sum(made) == 2
    assert desk.told() == BOTH


def test_the_terms_say_who_is_told(desk: Desk, on_either: SmallGateway) -> None:
    for number, (who, expected) in enumerate({"manager": [DANA], "team": [SAM], "nobody": []}.items()):
        agree(on_either, notices_to=who)
        trip(on_either, 1, f"ITEM-{number}")
        before = len(desk.told())
        desk.look(1)
        desk.look(MINUTE)
        newest = desk.services.store.notices.page(limit=100)[: len(desk.told()) - before]
        assert sorted(one.recipient for one in newest if one.kind == "opened") == expected, who


def test_what_stands_as_an_address_and_is_none_is_left_out(desk: Desk, on_either: SmallGateway) -> None:
    agree(
        on_either, {"manager": {"name": "D", "email": "dana at halden"}, "team": [{"name": "S", "email": f" {SAM} "}]}
    )
    trip(on_either, 1)
    desk.look()
    assert desk.look(MINUTE) == 1
    assert desk.told() == [("opened", "email", SAM)]


def test_our_own_system_is_told_unless_the_terms_say_otherwise(desk: Desk, on_either: SmallGateway) -> None:
    told = Desk(with_places(on_either.services, webhook="https://desk.example/notices"))
    told.at = desk.at
    trip(on_either, 1)
    told.look()
    assert told.look(MINUTE) == 3, "e-mails wait for a mail server"
    assert ("opened", "webhook", "") in told.told()
    assert told.look(HOUR) == 1, "a digest would be old by then"
    agree(on_either, notices_webhook=False)
    assert told.look(HOUR) == 0


def test_late_answers_are_told_with_what_they_are_worth(desk: Desk, on_either: SmallGateway) -> None:
    agree(on_either, acknowledge_within="1h")
    trip(on_either, 2)
    desk.look()
    desk.look(MINUTE)
    desk.look(HOUR)
    assert desk.look(MINUTE) == 2
    assert items_of(desk, "opened") == [("Order responses are overdue", 2)]
    newest = next(one for one in desk.services.store.notices.page(limit=100) if one.kind == "opened")
    (late,) = Told.of_text(newest.body).items
    assert (late.amounts, late.path) == ((("46.00", "EUR"),), f"/messages?account={PINE}&late=yes")
    assert late.due_at is not None
    assert late.due_at <= desk.at


def test_late_despatch_notices_are_told(desk: Desk, on_either: SmallGateway) -> None:
    assert on_either.settle(PINE, (ORDERS / "pine-hardware.json").read_bytes()).status == "done"
    with on_either.store.database.write() as connection:
        assert run(connection, "UPDATE orders SET notice_due = ? WHERE account_id = ?", [(desk.at - 1, PINE)]) == 1
    desk.look()
    assert desk.look(MINUTE) == 2
    assert items_of(desk, "opened") == [("Despatch notices are overdue", 1)]


def test_a_notice_has_nothing_of_a_document(desk: Desk, on_either: SmallGateway) -> None:
    canary = {"note": "CANARY-NOTE", "buyer": {"id": "68750110", "scheme": "0106", "name": "CANARY-BUYER"}}
    sent = {**order("CANARY-NUMBER"), **canary}
    sent["lines"][0]["description"] = "CANARY-DESCRIPTION"
    on_either.settle(PINE, sent)
    desk.look()
    desk.look(MINUTE)
    told = json.dumps([one.body for one in desk.services.store.notices.page()])
    assert "NOBODY-KNOWS" in told
    assert "CANARY" not in told


def test_a_clock_that_is_put_back_holds_nothing_up(desk: Desk, on_either: SmallGateway) -> None:
    trip(on_either, 1)
    desk.look()
    assert desk.look(-10 * MINUTE) == 2


def test_ignored_problems_are_left_out_and_are_not_over(
    desk: Desk, on_either: SmallGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    trip(on_either, 1)
    desk.look()
    desk.look(MINUTE)
    everything = gathering.everything_open
    monkeypatch.setattr(
        making, "everything_open", lambda *told: [replace(one, is_quiet=True) for one in everything(*told)]
    )
    assert [desk.look(HOUR) for _ in range(3)] == [0, 0, 0]
    monkeypatch.undo()
    assert desk.look(HOUR) == 2
    assert [one[0] for one in desk.told()].count("digest") == 2
