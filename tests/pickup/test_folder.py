"""Orders that are put into a folder of this machine: each becomes one order, and its file is moved only then."""

from __future__ import annotations

import gzip
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.pickup.folder import Folder
from gateway.pickup.source import Brought, Deadline, Found, Gone, NotSettled, PickupFailed
from gateway.pickup_look import Seen
from gateway.pickup_now import look_now
from gateway.store.database import StoreUnavailable
from mappings.pickups import check
from mappings.transports import BadTerms
from tests.harness.waiting import until
from tests.pickup.conftest import FOLDER, PINE, Yard, an_order


def test_an_order_in_a_folder_is_answered_in_the_mailbox(yard_on_either: Yard) -> None:
    yard = yard_on_either
    yard.put("PO-1.json", an_order())
    yard.begin()
    until(lambda: yard.names("pine/in/done"), 20, "its file is moved")
    yard.gateway.work()
    ((message_id, source),) = yard.rows("SELECT id, source FROM messages")
    assert (source, yard.gateway.message(message_id).status) == ("folder", "done")
    assert yard.names("pine/in") == []
    assert yard.names("pine/in/done") == [f"{message_id}_PO-1.json"]
    assert yard.gateway.response(message_id).order_number == "PH-4001"
    answer = yard.gateway.client.get("/v1/documents", headers={"Authorization": f"Bearer {yard.gateway.key(PINE)}"})
    assert [one["order_number"] for one in answer.json["documents"]] == ["PH-4001"]
    until(lambda: yard.state().succeeded_at is not None, 5, "the look is told of")
    assert yard.rows("SELECT count(*) FROM pickup_files") == [(0,)]


def test_the_message_says_what_its_file_was_called(yard: Yard) -> None:
    yard.put("PO-1.json", an_order())
    yard.look()
    ((message_id,),) = yard.rows("SELECT id FROM messages")
    first = yard.gateway.store.audit.of(message_id)[0]
    assert (first["kind"], first["body"]["source"], first["body"]["file"]) == ("received", "folder", "PO-1.json")


def test_a_place_for_tests_brings_tests(yard: Yard) -> None:
    yard.agree({**FOLDER, "test": True, "done": "read/ok"})
    yard.put("PO-1.json", an_order())
    yard.look()
    assert yard.rows("SELECT test FROM messages") == [(1,)]
    assert len(yard.names("pine/in/read/ok")) == 1


@pytest.mark.parametrize("killed_at", ["settle", "taken"])
def test_killed_between_stored_and_moved_it_is_one_order_and_moved_at_the_next_look(
    yard_on_either: Yard, killed_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard = yard_on_either
    yard.put("PO-1.json", an_order())
    killed_while_moving(yard, monkeypatch)
    assert yard.messages() == [("folder", "received")]
    assert yard.names("pine/in") == ["PO-1.json"]
    if killed_at == "taken":
        yard.gateway.work()
    looked = yard.look()
    ((message_id,),) = yard.rows("SELECT id FROM messages")
    assert [(one.message_id, one.moved_to) for one in looked.picked] == [(message_id, f"done/{message_id}_PO-1.json")]
    assert yard.names("pine/in") == []
    assert yard.rows("SELECT count(*) FROM pickup_files") == [(0,)]


def test_killed_before_an_unreadable_file_was_moved_it_is_rejected_once(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard.put("PO-1.json", b"{not JSON")
    killed_while_moving(yard, monkeypatch)
    yard.look()
    ((message_id, status),) = yard.rows("SELECT id, status FROM messages")
    assert status == "rejected"
    assert yard.names("pine/in/refused") == [f"{message_id}_PO-1.json"]


class Killed(BaseException):
    """The process ends here: nothing after it is done."""


def killed_while_moving(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look whose process is gone when the first file is to be moved; its lease is over."""
    with monkeypatch.context() as patched:

        def kill(*_: Any, **__: Any) -> None:
            raise Killed

        patched.setattr(os, "rename", kill)
        with pytest.raises(Killed):
            yard.look()
    with yard.gateway.store.database.write() as connection:
        connection.exec_driver_sql("UPDATE pickups SET leased_until = 0")


def test_the_same_file_put_there_again_is_a_resend(yard: Yard) -> None:
    for _ in range(2):
        yard.put("PO-1.json", an_order())
        yard.look()
        yard.gateway.work()
    assert yard.messages() == [("folder", "done"), ("folder", "duplicate")]
    assert yard.rows("SELECT count(*) FROM orders") == [(1,)]
    assert len(yard.names("pine/in/done")) == 2


def test_the_same_name_with_other_content_is_a_new_message(yard: Yard) -> None:
    for number in ("PH-4001", "PH-4002"):
        yard.put("order.json", an_order(number))
        yard.look()
    assert yard.messages() == [("folder", "received")] * 2
    assert len(yard.names("pine/in/done")) == 2


def test_a_file_that_is_being_written_is_left_until_it_stands_still(yard: Yard) -> None:
    body, seen = an_order(), Seen(0.05)
    file = yard.put("PO-1.json", body[:40])
    assert yard.look(seen).ripens
    time.sleep(0.06)  # the time that a file has to stand still: what is tested
    file.write_bytes(body[:90])
    assert yard.look(seen).ripens
    assert yard.messages() == []
    file.write_bytes(body)
    until(lambda: yard.look(seen).picked, 10, "it stands still, and is taken")
    assert yard.messages() == [("folder", "received")]


@pytest.mark.parametrize("name", [".PO-1.json", "PO-1.json.part", "PO-1.json.TMP", "a.filepart", "b.writing"])
def test_a_name_that_says_it_is_being_written_is_left(yard: Yard, name: str) -> None:
    yard.put(name, an_order())
    looked = yard.look()
    assert (looked.picked, looked.ripens, yard.names("pine/in")) == ([], False, [name])


def test_what_can_t_be_read_is_rejected_and_its_file_refused(yard: Yard) -> None:
    yard.put("PO-1.xml", b"<Order")
    yard.look()
    ((message_id, status),) = yard.rows("SELECT id, status FROM messages")
    assert status == "rejected"
    assert yard.gateway.faults(message_id)
    assert yard.names("pine/in/refused") == [f"{message_id}_PO-1.xml"]
    assert yard.state().refused == 1
    (problem,) = yard.gateway.store.pickups.problems()
    assert (problem.code, f"message {message_id} says why" in problem.detail) == ("pickup_refused", True)


def test_a_file_that_is_too_large_is_refused_unread_and_told(yard: Yard) -> None:
    yard.limit(max_body_bytes=1_000)
    yard.put("huge.json", b"[" + b" " * 2_000 + b"]")
    yard.put("PO-1.json", an_order())
    yard.look()
    assert yard.messages() == [("folder", "received")]
    (refused,) = yard.names("pine/in/refused")
    assert refused.endswith("_huge.json")
    ((endpoint, file),) = yard.gateway.store.pickups.refused()
    assert (endpoint, file.name, file.status, file.moved_to) == (
        "folder:pine/in",
        "huge.json",
        "refused",
        f"refused/{refused}",
    )
    assert "larger than 1,000 bytes" in (file.detail or "")
    (problem,) = yard.gateway.store.pickups.problems()
    assert (problem.code, problem.account_id, problem.files) == ("pickup_refused", PINE, 1)
    assert yard.gateway.store.pickups.dismiss(PINE, "test", "seen") == 1
    assert yard.gateway.store.pickups.problems() == []


def test_a_refusal_that_nobody_lived_to_tell_is_told(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    yard.limit(max_body_bytes=1_000)
    file = yard.put("huge.json", b"x" * 2_000)
    killed_while_moving(yard, monkeypatch)
    file.unlink()  # or moved, and then killed
    yard.look()
    ((_, told),) = yard.gateway.store.pickups.refused()
    assert (told.name, told.status) == ("huge.json", "refused")


def test_gzip_is_unzipped_within_the_limits(yard: Yard) -> None:
    yard.put("PO-1.json.gz", gzip.compress(an_order()))
    yard.put("bomb.json.gz", gzip.compress(b" " * 5_000_000))
    yard.put("broken.json.gz", b"no gzip")
    yard.look()
    assert yard.messages() == [("folder", "received")]
    assert len(yard.names("pine/in/refused")) == 2
    assert len(yard.names("pine/in/done")) == 1
    said = {file.name: file.detail or "" for _, file in yard.gateway.store.pickups.refused()}
    assert "100 times" in said["bomb.json.gz"]
    assert "is not gzip" in said["broken.json.gz"]


def test_odd_names_break_nothing(yard: Yard) -> None:
    odd = [
        b"two\nlines.json",
        b"caf\xe9.json",
        b"back\\slash.json",
        "søk 漢字.json".encode(),
        b"-rf *.json",
        b"x" * 250,
    ]
    for number, name in enumerate(odd):
        yard.put(name, an_order(f"PH-42{number:02d}"))
    looked = yard.look()
    assert len(looked.picked) == len(odd) == len(yard.messages())
    assert looked.detail is None
    assert yard.names("pine/in") == []
    assert len(yard.names("pine/in/done")) == len(odd)
    names = {one.name for one in looked.picked}
    assert {"two\\nlines.json", "caf\\xe9.json", "back\\\\slash.json", "søk 漢字.json"} <= names


def test_links_and_folders_are_left_alone(yard: Yard, tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_bytes(an_order())
    yard.put("PO-1.json", an_order())
    here = yard.root / "pine" / "in"
    (here / "link.json").symlink_to(secret)
    (here / "deeper").mkdir()
    os.mkfifo(here / "pipe.json")
    assert [one.name for one in yard.look().picked] == ["PO-1.json"]
    assert (here / "link.json").is_symlink()
    assert secret.exists()


def test_a_link_out_of_the_allowed_folder_is_not_followed(yard: Yard, tmp_path: Path) -> None:
    outside = tmp_path / "outside" / "in"
    outside.mkdir(parents=True)
    (outside / "PO-1.json").write_bytes(an_order())
    (yard.root / "pine").symlink_to(tmp_path / "outside")
    looked = yard.look()
    assert "is no folder, or a link" in (looked.detail or "")
    assert yard.messages() == []
    assert (outside / "PO-1.json").exists()
    assert yard.state().failing_since is not None


def test_done_can_t_lead_out_by_a_link(yard: Yard, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    yard.put("PO-1.json", an_order())
    (yard.root / "pine" / "in" / "done").symlink_to(tmp_path / "elsewhere")
    looked = yard.look()
    assert "can't be moved to done" in (looked.detail or "")
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert yard.names("pine/in") == ["PO-1.json"]


@pytest.mark.parametrize("name", ["../etc", "/etc", "a/../../b", "a//b", "", ".", "a\0b"])
def test_terms_can_t_name_a_folder_outside(name: str) -> None:
    with pytest.raises(BadTerms):
        check({"folder": name})


def block_done(yard: Yard) -> Path:
    """Nothing can be moved to the folder of what is done."""
    here = yard.root / "pine" / "in"
    here.mkdir(parents=True, exist_ok=True)
    (here / "done").symlink_to("nowhere")
    return here / "done"


def test_a_file_that_can_t_be_moved_is_one_message_and_told(yard_on_either: Yard) -> None:
    yard = yard_on_either
    yard.put("PO-1.json", an_order())
    blocked = block_done(yard)
    for _ in range(3):
        looked = yard.look()
        assert "PO-1.json can't be moved to done" in (looked.detail or "")
        assert not looked.is_out  # the next look is not put off: new orders come in all the same
    assert yard.messages() == [("folder", "received")]
    assert (yard.state().unmoved, yard.state().failures) == (1, 3)
    blocked.unlink()
    yard.put("PO-2.json", an_order("PH-4002"))
    yard.look()
    assert yard.messages() == [("folder", "received")] * 2
    assert yard.names("pine/in") == []
    assert (yard.state().detail, yard.state().unmoved) == (None, 0)


def test_what_can_t_be_moved_keeps_nothing_new_from_being_taken(yard: Yard) -> None:
    """Also where more than one look's files are stuck."""
    yard.pick(most_files=3)
    block_done(yard)
    for number in range(7):
        yard.put(f"PO-{number}.json", an_order(f"PH-43{number:02d}"))
    for _ in range(4):
        yard.look()
    assert yard.messages() == [("folder", "received")] * 7


def test_a_file_that_can_t_be_moved_is_told_once_of_all_looks_together(yard: Yard) -> None:
    yard.pick(most_files=2)
    block_done(yard)
    for number in range(5):
        yard.put(f"PO-{number}.json", an_order(f"PH-44{number:02d}"))
    (place,) = yard.places()
    looked = look_now(yard.services, place, yard.means)
    assert sorted(one.name for one in looked.picked) == [f"PO-{number}.json" for number in range(5)]
    assert all(one.message_id for one in looked.picked)


def test_a_file_that_disappears_meanwhile_is_nobody_s_trouble(yard: Yard) -> None:
    for name in ("a.json", "b.json"):
        yard.put(name, an_order(f"PH-{name}"))

    place = yard.places()[0]
    with Folder().open(place.terms, yard.means, Deadline(5)) as opened:
        found = {one.name: one for one in opened.found()}
        (yard.root / "pine" / "in" / "a.json").unlink()
        with pytest.raises(Gone):
            opened.read(found["a.json"], 1_000)
        with pytest.raises(Gone):
            opened.settle(found["a.json"], "x", refused=False)
    looked = yard.look()
    assert [one.name for one in looked.picked] == ["b.json"]
    assert looked.detail is None


def test_a_folder_that_is_made_at_the_first_look(yard: Yard) -> None:
    assert yard.look().detail is None
    assert (yard.root / "pine" / "in").is_dir()


def test_a_folder_that_others_make_at_the_same_moment_is_there(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two places below one folder, at their first look."""
    make = os.mkdir

    def be_second(*told: Any, **said: Any) -> None:
        make(*told, **said)
        make(*told, **said)

    monkeypatch.setattr(os, "mkdir", be_second)
    assert yard.look().detail is None
    assert (yard.root / "pine" / "in").is_dir()


def test_an_allowed_folder_that_isn_t_there_is_told(yard: Yard) -> None:
    os.rename(yard.root, yard.root.with_name("away"))
    assert "can't be opened: No such file" in (yard.look().detail or "")
    os.rename(yard.root.with_name("away"), yard.root)
    assert yard.look().detail is None
    assert yard.state().failing_since is None


def test_two_accounts_that_name_one_folder_get_nothing_from_it(yard: Yard) -> None:
    others = sorted(row[0] for row in yard.rows("SELECT id FROM accounts") if row[0] != PINE)
    yard.agree(FOLDER, account=others[0])
    yard.put("PO-1.json", an_order())
    for number in range(2):
        assert "to be picked up from there as well" in (yard.look(number=number).detail or "")
    assert yard.messages() == []


@pytest.mark.parametrize("terms", [{"folder": "pine/in/done"}, {"folder": "pine/in/refused"}, {"folder": "pine"}])
def test_where_one_account_s_files_are_put_is_no_other_s_place(yard: Yard, terms: dict[str, str]) -> None:
    """Its orders would become the other's as well, once they are taken."""
    other = min(row[0] for row in yard.rows("SELECT id FROM accounts") if row[0] != PINE)
    yard.agree({**terms, "done": "in"} if terms["folder"] == "pine" else terms, account=other)
    yard.put("PO-1.json", an_order())
    for number in range(2):
        assert "is to be picked up from there as well" in (yard.look(number=number).detail or "")
    assert yard.messages() == []


def test_two_processes_take_each_file_once(yard_on_either: Yard) -> None:
    yard = yard_on_either
    for number in range(60):
        yard.put(f"PO-{number:03d}.json", an_order(f"PH-5{number:03d}"))
    yard.pick(most_files=7)
    for _ in range(3):
        yard.begin()
    until(lambda: len(yard.names("pine/in/done")) == 60, 60, "all files are moved")
    assert yard.messages() == [("folder", "received")] * 60


def test_only_one_looks_at_a_place_at_once(yard_on_either: Yard) -> None:
    yard = yard_on_either
    (place,) = yard.places()
    pickups, claimed = yard.gateway.store.pickups, []
    barrier = threading.Barrier(8)

    def claim() -> None:
        barrier.wait()
        claimed.append(pickups.claim([place.key], 1, 60.0))

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(map(len, claimed)) == 1
    assert pickups.claim_now(place.key, 60.0) is None


def test_files_are_taken_oldest_first_and_so_many_a_look(yard: Yard) -> None:
    for number in range(25):
        file = yard.put(f"PO-{99 - number}.json", an_order(f"PH-6{number:03d}"))
        os.utime(file, ns=(0, 1_700_000_000_000_000_000 + number * 1_000_000))
    yard.pick(most_files=10)
    counts = []
    while True:
        looked = yard.look()
        counts.append(len(looked.picked))
        if not looked.has_more:
            break
    assert counts == [10, 10, 5]
    yard.gateway.work()
    numbers = [row[0] for row in yard.rows("SELECT order_number FROM messages ORDER BY received_at, id")]
    assert numbers == [f"PH-6{number:03d}" for number in range(25)]


def test_files_that_nobody_can_read_are_not_tried_without_a_rest(yard: Yard) -> None:
    """Also where there are more of them than one look tries: each look would begin another at once, for ever."""

    class Unreadable(Folder):
        @contextmanager
        def open(self, *told: Any) -> Iterator[Any]:
            with super().open(*told) as opened:
                opened.read = deny  # type: ignore[method-assign]
                yield opened

    def deny(found: Found, most_bytes: int) -> Sequence[Brought]:
        raise NotSettled("can't be read: Permission denied")

    yard.pick(most_files=2, every_seconds=30.0)
    for number in range(5):
        yard.put(f"PO-{number}.json", an_order(f"PH-71{number:02d}"))
    for is_in_turn in (True, True, False, False):  # so long there are some that nobody has tried
        looked = yard.look(sources={"folder": Unreadable()})
        assert "Permission denied" in (looked.detail or "")
        assert (looked.has_more, yard.state().due_in_seconds > 20) == (is_in_turn, not is_in_turn)
    for _ in range(3):
        yard.look()
    assert yard.messages() == [("folder", "received")] * 5


def test_a_database_that_is_away_is_tried_again(yard: Yard) -> None:
    yard.put("PO-1.json", an_order())
    with yard.gateway.full_disk():
        for _ in range(2):
            try:
                yard.look()
            except StoreUnavailable:
                break
    assert yard.names("pine/in") == ["PO-1.json"] or yard.messages() == [("folder", "received")]
    yard.begin()
    with yard.gateway.store.database.write() as connection:
        connection.exec_driver_sql("UPDATE pickups SET leased_until = 0")
    until(lambda: yard.names("pine/in/done"), 20, "it is moved")
    assert yard.messages() == [("folder", "received")]


def test_an_allowed_folder_cant_be_looked_at_beyond_its_deadline(yard: Yard) -> None:
    (place,) = yard.places()
    with (
        pytest.raises(PickupFailed, match="not done within"),
        Folder().open(place.terms, yard.means, Deadline(0)) as it,
    ):
        it.found()


@pytest.mark.parametrize("replaced", ["rename", "write"])
def test_a_file_that_is_replaced_while_it_is_taken_is_not_moved_unread(yard: Yard, replaced: str) -> None:
    file = yard.put("order.json", an_order())
    (place,) = yard.places()
    with Folder().open(place.terms, yard.means, Deadline(5)) as opened:
        (found,) = opened.found()
        opened.read(found, 10_000)
        if replaced == "rename":
            yard.put(".order", an_order("PH-4002")).rename(file)
        else:
            file.write_bytes(an_order("PH-4002"))
        with pytest.raises(Gone):
            opened.settle(found, "x", refused=False)
        with pytest.raises(Gone):
            opened.read(found, 10_000)
    assert file.read_bytes() == an_order("PH-4002")
    assert yard.names("pine/in/done") == []


def test_a_database_that_goes_during_a_look_holds_the_place_up_no_longer(yard: Yard) -> None:
    """The look's lease is not waited for."""

    class Goes(Folder):
        """The first look's database is away when its file was listed."""

        is_first = True

        def open(self, *told: Any) -> Any:
            if Goes.is_first:
                Goes.is_first = False
                raise StoreUnavailable("gone")
            return super().open(*told)

    yard.put("PO-1.json", an_order())
    yard.begin({"folder": Goes()})
    until(lambda: yard.names("pine/in/done"), 10, "it is taken soon after")
