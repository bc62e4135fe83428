"""Orders that are picked up from an SFTP server, a real one on loopback."""

from __future__ import annotations

import os
import threading
from typing import Any

import pytest

from gateway.pickup.sftp import Sftp
from gateway.pickup.source import Deadline, Gone, NotSettled
from gateway.pickup_look import Seen
from tests.harness.waiting import until
from tests.pickup.conftest import FOLDER, Serve, Yard, an_order
from tests.pickup.server import OTHER_KEY


@pytest.mark.parametrize("login", [{}, {"key": None, "password": "WORD"}])
def test_an_order_on_a_server_is_answered(yard_on_either: Yard, serve: Serve, login: dict[str, Any]) -> None:
    yard, server = yard_on_either, serve()
    terms = {name: value for name, value in {**server.terms, **login}.items() if value is not None}
    yard.agree(terms)
    server.put("PO-1.json", an_order())
    server.put("PO-2.json.part", an_order("PH-4002"))
    (server.root / "out" / "deeper").mkdir()
    yard.begin()
    until(lambda: server.names("out/done"), 20, "its file is moved")
    yard.gateway.work()
    ((message_id, source, status),) = yard.rows("SELECT id, source, status FROM messages")
    assert (source, status) == ("sftp", "done")
    assert server.names("out/done") == [f"{message_id}_PO-1.json"]
    assert server.names() == ["PO-2.json.part"]
    assert yard.gateway.response(message_id).order_number == "PH-4001"


def test_refused_and_odd_files(yard: Yard, serve: Serve) -> None:
    server = serve()
    yard.agree(server.terms)
    yard.limit(max_body_bytes=1_000)
    server.put("huge.json", b" " * 5_000)
    server.put(b"two\nlines caf\xe9.json", an_order())
    server.put("broken.xml", b"<Order")
    looked = yard.look()
    assert looked.detail is None
    assert sorted(one.name for one in looked.picked) == ["broken.xml", "huge.json", "two\\nlines caf\\xe9.json"]
    assert server.names() == []
    assert len(server.names("out/done")) == 1
    assert [name.partition("_")[2] for name in server.names("out/refused")] == ["broken.xml", "huge.json"] or sorted(
        name.partition("_")[2] for name in server.names("out/refused")
    ) == ["broken.xml", "huge.json"]
    assert not [one for one in server.log if one.startswith("open") and "huge" in one]  # its size was enough


def test_a_server_that_lists_files_as_they_are_not_is_told(yard: Yard, serve: Serve) -> None:
    """They would be left for ever, and nobody would know."""
    server = serve()
    server.lists_more = 1
    yard.agree(server.terms)
    server.put("PO-1.json", an_order())
    seen = Seen(0.0)
    details = [yard.look(seen).detail for _ in range(3)]
    assert details[:2] == [None, None]
    assert "PO-1.json is listed by the server with another size or time" in (details[2] or "")
    server.lists_more = 0
    looked = yard.look(seen)
    assert (looked.detail, len(looked.picked)) == (None, 1)


def test_another_server_s_key_and_nothing_is_read(yard: Yard, serve: Serve) -> None:
    server = serve(key=OTHER_KEY)
    yard.agree(server.terms)
    server.put("PO-1.json", an_order())
    looked = yard.look()
    assert "the server's key isn't the one that is agreed" in (looked.detail or "")
    assert looked.is_out
    assert server.log == []
    state = yard.state()
    assert (state.failures, state.failing_since is not None, state.succeeded_at) == (1, True, None)
    assert state.due_in_seconds > 0


def test_a_private_address_isn_t_called(yard: Yard, serve: Serve) -> None:
    server = serve()
    yard.agree(server.terms)
    yard.networks = []
    assert "only public addresses are called" in (yard.look().detail or "")
    assert server.log == []


def test_a_secret_that_isn_t_set_is_told(yard: Yard, serve: Serve) -> None:
    server = serve()
    yard.agree(server.terms)
    yard.secrets = {}
    assert yard.look().detail == "the secret OURS isn't set: `gateway secrets set OURS`"
    assert server.log == []


def test_a_user_that_isn_t_let_in(yard: Yard, serve: Serve) -> None:
    server = serve()
    yard.agree({**server.terms, "sftp": server.terms["sftp"].replace("us@", "them@")})
    assert yard.look().detail == "them isn't let in"


def test_a_folder_that_isn_t_there(yard: Yard, serve: Serve) -> None:
    server = serve()
    yard.agree({**server.terms, "sftp": server.terms["sftp"].replace("/out", "/nowhere")})
    assert "the folder can't be read" in (yard.look().detail or "")


def test_a_server_that_is_away_and_comes_back(yard: Yard, serve: Serve) -> None:
    server = serve()
    yard.agree(server.terms)
    server.close()
    first = yard.look()
    assert first.is_out
    waits = [yard.state().due_in_seconds]
    yard.look()
    waits.append(yard.state().due_in_seconds)
    assert waits[1] > waits[0]  # it is asked less and less often


def test_a_move_that_is_denied_is_one_message_and_told(yard: Yard, serve: Serve) -> None:
    server = serve(denies=("rename",))
    yard.agree(server.terms)
    server.put("PO-1.json", an_order())
    for _ in range(3):
        assert "PO-1.json can't be moved to done: not yours" in (yard.look().detail or "")
    assert yard.messages() == [("sftp", "received")]
    assert len([one for one in server.log if one.startswith("open")]) == 1  # nor is it read again
    server.denies.clear()
    assert yard.look().detail is None
    assert server.names() == []
    assert yard.messages() == [("sftp", "received")]


def test_a_file_that_can_t_be_read_keeps_no_other_waiting(yard: Yard, serve: Serve) -> None:
    server = serve(denies=("open",))
    yard.agree(server.terms)
    yard.pick(most_files=2)
    for number in range(2):
        server.put(f"a{number}.json", b"secret")
    assert "can't be read: not yours" in (yard.look().detail or "")
    server.denies.clear()
    server.put("z.json", an_order())
    yard.look()
    assert ("sftp", "received") in yard.messages()


def test_a_file_that_is_gone(yard: Yard, serve: Serve) -> None:
    server = serve()
    yard.agree(server.terms)
    file = server.put("PO-1.json", an_order())
    (place,) = yard.places()
    with Sftp().open(place.terms, yard.means, Deadline(10)) as opened:
        (found,) = opened.found()
        file.unlink()
        with pytest.raises(Gone):
            opened.read(found, 1_000)
        with pytest.raises(Gone):
            opened.settle(found, "x", refused=False)


def test_nothing_is_overwritten(yard: Yard, serve: Serve) -> None:
    server = serve()
    yard.agree(server.terms)
    file, written = server.put("PO-1.json", an_order()), 1_700_000_000
    os.utime(file, (written, written))
    (place,) = yard.places()
    with Sftp().open(place.terms, yard.means, Deadline(10)) as opened:
        (found,) = opened.found()
        assert opened.settle(found, "same", refused=False) == "done/same_PO-1.json"
        file.write_bytes(an_order("PH-4002"))
        os.utime(file, (written, written))
        with pytest.raises(NotSettled, match="is there already"):
            opened.settle(found, "same", refused=False)
    assert (server.root / "out" / "done" / "same_PO-1.json").read_bytes() == an_order()


def test_servers_that_hang_hold_up_no_other_place(yard: Yard, serve: Serve) -> None:
    """Nor does stopping wait for them."""
    hanging = [serve(f"hangs-{number}", hangs=True) for number in range(4)]
    yard.agree(*(server.terms for server in hanging), FOLDER)
    yard.pick(look_seconds=30.0)
    picker = yard.begin()
    until(lambda: all(any("scandir" in one for one in server.log) for server in hanging), 20, "all of them hang")
    yard.put("PO-1.json", an_order())
    took = until(lambda: yard.messages() == [("folder", "received")], 10, "the order is taken")
    assert took < 5
    assert picker.is_alive
    hung = [thread.name for thread in threading.enumerate() if thread.name.startswith("pickup-")]
    assert len(hung) >= 4


def test_a_look_at_a_server_that_hangs_ends(yard: Yard, serve: Serve) -> None:
    server = serve(hangs=True)
    yard.agree(server.terms)
    yard.pick(look_seconds=0.5)
    assert yard.look().detail == "not done within 0.5 seconds"


def test_a_file_that_is_replaced_while_it_is_taken_is_not_moved_unread(yard: Yard, serve: Serve) -> None:
    server = serve()
    yard.agree(server.terms)
    file = server.put("order.json", an_order())
    (place,) = yard.places()
    with Sftp().open(place.terms, yard.means, Deadline(10)) as opened:
        (found,) = opened.found()
        file.write_bytes(an_order("PH-4002") + b" ")
        with pytest.raises(Gone):
            opened.settle(found, "x", refused=False)
        with pytest.raises(Gone):
            opened.read(found, 10_000)
    assert server.names() == ["order.json"]


@pytest.mark.parametrize("denied", ["scandir", "open", "rename"])
def test_words_of_a_server_that_no_database_keeps_hold_up_nothing(
    yard_on_either: Yard, serve: Serve, denied: str
) -> None:
    yard, server = yard_on_either, serve(denies=(denied,))
    server.says = "not\0yours" + "!" * 2_000
    yard.agree(server.terms)
    server.put("PO-1.json", an_order())
    yard.look()
    assert "not\ufffdyours" in (yard.state().detail or "")
    server.denies.clear()
    yard.look()
    assert (yard.state().detail, yard.messages()) == (None, [("sftp", "received")])


def test_what_lies_beside_the_files_takes_none_of_their_room(
    yard: Yard, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folders and half-written files are no files of the place. Else a listing that was cut would pass for a whole one,
    and a file that was taken already for one that is gone."""
    monkeypatch.setattr("gateway.pickup.sftp.MOST_LISTED", 5)
    server = serve()
    yard.agree(server.terms)
    for number in range(8):
        server.put(f"PO-{number}.json.part", b"{")
        (server.root / "out" / f"folder {number}").mkdir()
    server.put("PO-1.json", an_order())
    (place,) = yard.places()
    with Sftp().open(place.terms, yard.means, Deadline(10)) as opened:
        assert [one.name for one in opened.found()] == ["PO-1.json"]
    for number in range(2, 9):
        server.put(f"PO-{number}.json", an_order())
    with Sftp().open(place.terms, yard.means, Deadline(10)) as opened:
        assert len(opened.found()) == 5


def test_a_server_that_repeats_the_password_has_it_kept_nowhere(
    yard: Yard, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(denies=("scandir",))
    server.says = "sésame opens nothing here"
    terms = {name: value for name, value in server.terms.items() if name != "key"}
    yard.agree({**terms, "password": "WORD"})
    looked = yard.look()
    assert looked.detail == yard.state().detail == "the folder can't be read: *** opens nothing here"
    server.denies = {"open"}
    server.put("PO-1.json", an_order())
    assert yard.look().detail == "PO-1.json can't be read: *** opens nothing here"
    assert yard.rows("SELECT detail FROM pickup_files") == [("can't be read: *** opens nothing here",)]
    assert "sésame" not in caplog.text
