"""Accounts that usually have sent by now and haven't: noticed once, until they send."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.notifying import silent_accounts
from gateway.notifying.silence import SilenceWatch
from gateway.notifying.told import Told
from gateway.notifying.words import headline
from gateway.store.ids import id_from, new_id
from gateway.store.statements import run
from tests.examples.small_gateway import SmallGateway
from tests.notifying.conftest import HOUR, MINUTE, PINE, Desk, agree, order

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MONDAY = date(2026, 11, 23)


def at(day: date, clock: str) -> int:
    return int(datetime.combine(day, time.fromisoformat(clock), AMSTERDAM).timestamp()) * 1_000_000


def sent(gateway: SmallGateway, moments: Iterable[int], *, test: bool = False) -> None:
    """The account sent an order at each of these moments."""
    message_id = gateway.send(PINE, order("PO-1", "PH-0102"), test=test)
    with gateway.store.database.write() as connection:
        columns = (
            "account_id, test, status, lane, due_at, received_at, source, payload_sha256, size, run, losses, fence, "
        )
        columns += "event_count, event_hash, is_test, kind"
        copy = f"INSERT INTO messages (id, {columns}) SELECT ?, {columns} FROM messages WHERE id = ?"
        run(connection, copy, [(new_id(moment), message_id) for moment in moments])
        run(connection, "DELETE FROM messages WHERE id = ?", [(message_id,)])


def mondays(clock: str, weeks: Iterable[int] = range(1, 9)) -> list[int]:
    return [at(MONDAY - timedelta(weeks=week), clock) for week in weeks]


@pytest.fixture
def watch(on_either: SmallGateway) -> SilenceWatch:
    agree(on_either)
    return SilenceWatch(on_either.services)


def test_an_account_that_has_not_sent_is_noticed_half_an_hour_after_its_time(
    watch: SilenceWatch, on_either: SmallGateway
) -> None:
    sent(on_either, mondays("08:00"))
    assert watch.look(at(MONDAY, "08:29")) == (0, 0)
    assert watch.look(at(MONDAY, "08:30")) == (1, 0)
    (silence,) = silent_accounts(on_either.services)
    assert (silence.account_id, silence.usual_by, silence.sent_days) == (PINE, at(MONDAY, "08:30"), 8)
    assert silence.last_sent_at == at(MONDAY - timedelta(weeks=1), "08:00")
    assert silent_accounts(on_either.services, "birch-timber") == []
    assert watch.look(at(MONDAY, "09:00")) == (0, 0), "it is noticed already"
    assert watch.look(at(MONDAY + timedelta(days=1), "09:00")) == (0, 0), "and stays silent until it sends"
    sent(on_either, [at(MONDAY + timedelta(days=1), "09:30")])
    assert watch.look(at(MONDAY + timedelta(days=1), "09:31")) == (0, 1)
    assert silent_accounts(on_either.services) == []


def test_one_that_has_sent_today_is_not_silent(watch: SilenceWatch, on_either: SmallGateway) -> None:
    sent(on_either, [*mondays("08:00"), at(MONDAY, "00:05")])
    assert watch.look(at(MONDAY, "09:00")) == (0, 0)
    assert watch.look(at(MONDAY, "23:59")) == (0, 0)


@pytest.mark.parametrize(
    ("moments", "why"),
    [
        ([], "it never sent"),
        (mondays("08:00", range(1, 7)), "six weeks are no habit"),
        (mondays("08:00", (1, 3, 5, 7, 9, 11, 13)), "every other week"),
        ([at(MONDAY - timedelta(days=day), "08:00") for day in range(1, 7)], "a new account that sends daily"),
    ],
)
def test_others_never_alarm(watch: SilenceWatch, on_either: SmallGateway, moments: list[int], why: str) -> None:
    sent(on_either, moments)
    assert watch.look(at(MONDAY, "23:59")) == (0, 0), why


def test_tests_are_no_orders(watch: SilenceWatch, on_either: SmallGateway) -> None:
    sent(on_either, mondays("08:00", range(1, 9)))
    sent(on_either, [at(MONDAY, "07:00")], test=True)
    assert watch.look(at(MONDAY, "08:30")) == (1, 0)


def test_on_a_public_holiday_nobody_is_missed(on_either: SmallGateway) -> None:
    agree(on_either, {"calendar": "NL"})
    christmas = date(2026, 12, 25)
    sent(on_either, [at(christmas - timedelta(weeks=week), "08:00") for week in range(1, 9)])
    assert SilenceWatch(on_either.services).look(at(christmas, "12:00")) == (0, 0)


def test_where_the_terms_say_so_nobody_looks(watch: SilenceWatch, on_either: SmallGateway) -> None:
    sent(on_either, mondays("08:00"))
    assert watch.look(at(MONDAY, "09:00")) == (1, 0)
    agree(on_either, notices_silence=False)
    assert watch.look(at(MONDAY, "09:05")) == (0, 1)


def test_people_are_told_once_and_once_when_it_sends_again(desk: Desk, on_either: SmallGateway) -> None:
    sent(on_either, mondays("08:00"))
    watch = SilenceWatch(desk.services)
    watch.look(at(MONDAY, "08:30"))
    desk.at = at(MONDAY, "08:30")
    desk.look()
    assert desk.look(MINUTE) == 2
    (silence,) = Told.of_text(desk.services.store.notices.page()[0].body).items
    assert (silence.kind, silence.path) == ("silence", f"/accounts/{PINE}")
    sent(on_either, [at(MONDAY, "09:00")])
    watch.look(at(MONDAY, "09:01"))
    desk.at = at(MONDAY, "09:01")
    desk.look()
    assert desk.look(MINUTE) == 2
    assert [one[0] for one in desk.told()].count("resolved") == 2
    over = desk.services.store.notices.page(limit=1)[0]
    assert headline(over.kind, Told.of_text(over.body)) == "settled: Orders have come again"
    assert desk.look(HOUR) == 0


def test_looking_costs_a_few_seeks_an_account(watch: SilenceWatch, on_either: SmallGateway) -> None:
    """However much it sent: ten thousand orders a Monday."""
    sent(on_either, [moment + second * 1_000_000 for moment in mondays("08:00") for second in range(1_000)])
    firsts = on_either.store.silences.firsts
    asked: list[int] = []
    on_either.store.silences.firsts = lambda account, spans: asked.append(len(spans)) or firsts(account, spans)  # type: ignore[method-assign,func-returns-value]
    for minute in range(30):
        watch.look(at(MONDAY, f"08:{minute:02}"))
    looked = sum(asked)
    watch.look(at(MONDAY, "08:59"))
    assert looked <= 3 * 8, "three accounts, eight days each, once a day"
    assert sum(asked) == looked + 1


def test_the_time_of_an_id_is_that_of_its_receipt(on_either: SmallGateway) -> None:
    moment = int(datetime(2026, 11, 23, 7, tzinfo=UTC).timestamp()) * 1_000_000
    assert new_id(moment).startswith(id_from(moment))
    sent(on_either, [moment])
    assert on_either.store.silences.firsts(PINE, [(moment, moment + 1_000), (moment + 1_000, moment + HOUR)]) == [
        moment,
        None,
    ]
    assert json.dumps(on_either.store.silences.last(PINE)) == str(moment)
