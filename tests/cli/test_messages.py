"""What came in, what is wrong with it, and judging it again: on real messages in a real store."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.intake import Arrival, take_in
from gateway.pipeline import drain
from gateway.services import Services
from mappings.files.account_folder import read_account
from schemas.fault_codes import FAULTS
from tests.cli.conftest import ACCOUNTS, EVERY_LANE, Run, sample
from tests.formats.answers import about, application_response

Send = Callable[[str, str], str]


def test_messages_are_listed_and_found(run: Run, send: Send) -> None:
    first, second = send("acme-retail", "01-accepted.xml"), send("nordic-office", "03-unknown-item.json")
    assert [row["id"] for row in run("messages", "list", "--json").json] == [second, first]
    assert [row["id"] for row in run("messages", "list", "--status", "held", "--json").json] == [second]
    assert [row["id"] for row in run("messages", "list", "--before", second, "--json").json] == [first]
    assert run("messages", "list", "--account", "nobody", "--json").json == []
    some, whole = (run("messages", "list", "--limit", count) for count in ("1", "3"))
    assert (len(some.out.splitlines()), some.err) == (2, "These are the first 1: --limit takes more.\n")
    assert (len(whole.out.splitlines()), whole.err) == (3, "")
    nothing = run("messages", "find", "nothing")
    assert (nothing.code, nothing.out, nothing.err) == (
        1,
        "",
        "No message has this id, number or key, nor these words.\n",
    )
    (found,) = run("messages", "find", "ACME-1001", "--json").json
    assert (found["id"], found["status"], found["faults"]) == (first, "done", [])
    header, told = run("messages", "find", second).out.splitlines()
    assert header == "id\treceived_at\taccount\tstatus\torder_number\tformat\tfaults"
    line = told.split("\t")
    assert (line[0], line[2:]) == (second, ["nordic-office", "held", "NO-7003", "json-1", "unknown_item"])


def test_messages_are_filtered_as_in_the_console(run: Run, send: Send) -> None:
    first, second = send("acme-retail", "01-accepted.xml"), send("nordic-office", "03-unknown-item.json")

    def listed(*options: str) -> list[str]:
        return [row["id"] for row in run("messages", "list", *options, "--json").json]

    assert listed("--query", "ACME-1001") == listed("--account", "acme-retail") == listed("--lane", "high") == [first]
    assert listed("--status", "open") == listed("--since", "1h", "--status", "held", "--status", "failed") == [second]
    assert listed("--kind", "order") == [second, first]
    assert listed("--until", "1h") == listed("--kind", "change") == listed("--test", "yes") == []
    assert [row["id"] for row in run("messages", "find", "no-7003", "--status", "open", "--json").json] == [second]
    assert run("messages", "find", "no-7003", "--status", "done").code == 1
    assert run("messages", "find", "%").code == 1


def test_whatever_is_wrong_with_filters_is_said_at_once(run: Run, send: Send) -> None:
    send("acme-retail", "01-accepted.xml")
    said = run("messages", "list", "--status", "odd", "--since", "soon", "--query", "%")
    assert said.code == 2
    for option in ("--status", "--since", "--query"):
        assert f"{option}: " in said.err
    assert run("messages", "find", "x", "--query", "y").code == 2
    assert run("messages", "list", "--parent", "x", "--lane", "high").code == 2


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_what_fits_is_written_to_a_file(run: Run, send: Send, tmp_path: Path, ending: str) -> None:
    for account, name in (("acme-retail", "01-accepted.xml"), ("nordic-office", "03-unknown-item.json")):
        send(account, name)
    file = tmp_path / f"messages.{ending}"
    assert run("messages", "export", str(file), "--status", "open", "--json").json["messages"] == 1
    assert file.read_bytes().startswith(b"PK" if ending == "xlsx" else b"\xef\xbb\xbfmessage,")
    cut = run("messages", "export", str(file), "--limit", "1")
    assert (cut.code, "more fit" in cut.out) == (3, True)
    missing = run("messages", "export", str(tmp_path / "no" / "such" / "x.csv"))
    assert missing.code == 1
    assert "can't be written" in missing.err


def test_what_came_again_is_found_by_the_number_of_what_it_repeats(run: Run, send: Send) -> None:
    """The same bytes again are not read again: only the message that they repeat knows the number."""
    first = send("acme-retail", "01-accepted.xml")
    assert send("acme-retail", "01-accepted.xml") == first, "the first answers for it"
    again = run("messages", "list", "--json").json[0]["id"]
    assert again != first
    for text in ("ACME-1001", first):
        found = run("messages", "find", text, "--json").json
        assert [(row["id"], row["duplicate_of"]) for row in found] == [(again, first), (first, None)]
    assert [row["id"] for row in run("messages", "find", again, "--json").json] == [again]
    assert [row["id"] for row in run("messages", "find", first, "--limit", "1", "--json").json] == [again]


def test_a_message_is_shown_with_its_faults_and_answers(run: Run, send: Send) -> None:
    held, done = send("nordic-office", "03-unknown-item.json"), send("acme-retail", "02-short-stock.xml")
    shown = run("messages", "show", held).out
    assert "status: held" in shown
    assert "unknown_item  /lines/2/buyer_item" in shown
    assert "value: 0998" in shown
    for command in ("replay", "messages dismiss"):
        assert f"gateway {command} {held} --reason" in shown
    told = run("messages", "show", held, "--json").json
    assert len(told["faults"]) == 2
    assert len(told["problems"]) == 2
    assert shown.count("what to do about") == len(told["remedies"]) == 1, "once a code"
    assert f"what to do about unknown_item: {FAULTS['unknown_item'].remedy}" in shown
    for fingerprint in told["problems"]:
        assert f"gateway problems show {fingerprint}\n" in shown
        cause = run("problems", "show", fingerprint)
        assert held in cause.out
        assert f"gateway replay --problem {fingerprint} --reason" in cause.out
    answered = run("messages", "show", done, "--json").json
    assert (answered["remedies"], answered["problems"]) == ({}, [])
    assert [(one["type"], one["format"]) for one in answered["documents"]] == [("order_response", "peppol-bis-3")]
    assert run("messages", "show", "nothing").code == 1


def test_a_change_that_waits_says_what_for_and_a_test_that_it_is_one(run: Run, services: Services) -> None:
    one = json.loads(sample("nordic-office", "01-accepted.json"))
    account = read_account(ACCOUNTS / "nordic-office").account
    body = json.dumps(one | {"function": "change", "version": 2, "test": True}).encode()
    taken = take_in(services, Arrival(account, False, body, "test"))
    drain(services, EVERY_LANE, lambda: None)
    shown, told = (
        run("messages", "show", taken.kept.message_id),
        run("messages", "show", taken.kept.message_id, "--json"),
    )
    wait = told.json["waits_for"]
    assert (wait["order_number"], wait["version"], told.json["test"]) == (one["order_number"], None, True)
    assert f"waits for: order {one['order_number']}, until {wait['until']}\n" in shown.out
    assert "test: True\n" in shown.out
    again = take_in(services, Arrival(account, False, body, "test")).kept.message_id
    assert run("messages", "show", again, "--json").json["test"] is True


def test_a_body_of_several_orders_is_shown_with_their_numbers(run: Run, services: Services) -> None:
    one = json.loads(sample("nordic-office", "03-unknown-item.json"))
    unread = {**one, "order_number": 3}
    account = read_account(ACCOUNTS / "nordic-office").account
    body = json.dumps([one, {**one, "order_number": "NO-7004"}, unread]).encode()
    sent = take_in(services, Arrival(account, False, body, "http", "application/json")).kept.message_id
    drain(services, EVERY_LANE, lambda: None)
    told = run("messages", "show", sent, "--json").json["children"]
    assert [child["order_number"] for child in told] == ["NO-7003", "NO-7004", None]
    shown = run("messages", "show", sent).out
    assert f"order 2 of it (NO-7004): message {told[1]['message_id']}, held\n" in shown
    assert f"order 3 of it: message {told[2]['message_id']}, rejected\n" in shown


def test_the_views_of_a_message(run: Run, send: Send) -> None:
    done, held = send("acme-retail", "02-short-stock.xml"), send("nordic-office", "03-unknown-item.json")
    assert run("messages", "show", done, "--view", "raw").out.encode() == sample("acme-retail", "02-short-stock.xml")
    canonical = run("messages", "show", done, "--view", "canonical").json
    assert [line["buyer_item"] for line in canonical["lines"]] == ["PL-0042", "PL-0310"]
    assert "<cbc:OrderResponseCode>CA" in run("messages", "show", done, "--view", "outbound").out
    assert run("messages", "show", held, "--view", "outbound").code == 1
    steps = run("messages", "show", held, "--view", "timeline", "--json").json
    assert [step["kind"] for step in steps] == ["received", "held"]


def test_what_a_message_says_of_documents_of_ours_is_shown(run: Run, send: Send, services: Services) -> None:
    ordered = send("acme-retail", "01-accepted.xml")
    (response,) = services.store.documents.of_messages([ordered])
    body = application_response(about(response.number, "RE", "the price"))
    account = services.terms.current(["acme-retail"])["acme-retail"].account
    said = take_in(services, Arrival(account, False, body, "test")).kept.message_id
    drain(services, EVERY_LANE, lambda: None)
    shown = run("messages", "show", said)
    assert f"says rejected of order response {response.number}: document {response.id}\n" in shown.out
    (told,) = run("messages", "show", said, "--json").json["answers"]
    assert told == {"document_id": response.id, "type": "order_response", "number": response.number, "word": "rejected"}
    read = run("messages", "show", said, "--view", "canonical").out
    assert json.loads(read)["answers"][0]["reasons"] == ["BV: the price"]
    assert "answers" in run("messages", "show", said, "--view", "timeline", "--json").out


def test_how_urgent_a_message_is(run: Run, services: Services) -> None:
    """A rush order that is held waits a lane higher than its account's, which is told in words."""
    account = read_account(ACCOUNTS / "nordic-office").account
    body = json.loads(sample("nordic-office", "03-unknown-item.json")) | {"rush": True, "respond_by": "2020-01-01"}
    held = take_in(services, Arrival(account, False, json.dumps(body).encode(), "test")).kept.message_id
    waiting = run("messages", "show", held, "--json").json
    assert (waiting["lane"], waiting["moved_up"]) == ("bulk", None)
    assert waiting["due_at"] > waiting["received_at"]
    drain(services, EVERY_LANE, lambda: None)
    shown = run("messages", "show", held).out
    assert "lane: standard\nmoved up: rush\n" in shown
    due_at = run("messages", "show", held, "--json").json["due_at"]
    assert due_at == waiting["received_at"], "it was due before it came"
    timeline = run("messages", "show", held, "--view", "timeline").out
    assert "It went a lane up (rush), due by " in timeline


def test_a_dismissed_message_is_closed(run: Run, send: Send) -> None:
    held = send("nordic-office", "03-unknown-item.json")
    assert run("messages", "dismiss", held).code == 2
    assert run("messages", "dismiss", held, "--reason", "ordered by mistake", "--json").json["status"] == "dismissed"
    again = run("messages", "dismiss", held, "--reason", "once more")
    assert again.code == 4
    assert "dismissed" in again.err
    assert run("messages", "dismiss", "nothing", "--reason", "x").code == 1
    steps = run("messages", "show", held, "--view", "timeline", "--json").json
    assert steps[-1]["body"]["reason"] == "ordered by mistake"
    assert steps[-1]["actor"].startswith("cli")


def test_a_fault_that_would_only_refuse_a_line_is_no_problem(run: Run, services: Services) -> None:
    """An unknown item holds the order; the part of a carton beside it would not have."""
    order = json.loads(sample("nordic-office", "03-unknown-item.json"))
    order["lines"][0] |= {"quantity": "7", "unit": "STK"}
    account = read_account(ACCOUNTS / "nordic-office").account
    kept = take_in(services, Arrival(account, False, json.dumps(order).encode(), "test")).kept
    drain(services, EVERY_LANE, lambda: None)
    faults = run("messages", "show", kept.message_id, "--json").json["faults"]
    assert [one["code"] for one in faults] == ["fractional_unit", "unknown_item", "unknown_item"]
    problems = run("problems", "list", "--json").json
    assert [(one["code"], one["value"]) for one in problems] == [("unknown_item", "0999"), ("unknown_item", "0998")]


def test_problems_are_grouped_by_cause(run: Run, send: Send) -> None:
    held = send("nordic-office", "03-unknown-item.json")
    send("nordic-office", "04-price-two-percent-off.json")
    send("nordic-office", "05-part-of-a-carton.json")  # answered: nobody here must act
    problems = run("problems", "list", "--json").json
    assert sorted((one["code"], one["messages"]) for one in problems) == [
        ("price_mismatch", 1), ("unknown_item", 1), ("unknown_item", 1),
    ]  # fmt: skip
    (one,) = (problem for problem in problems if problem["value"] == "0999")
    header, *listed = (line.split("\t") for line in run("problems", "list").out.splitlines())
    assert (header[0], header[-1]) == ("fingerprint", "detail")
    assert "nothing of ours is known by the account's item number 0999" in [row[-1] for row in listed]
    shown = run("problems", "show", one["fingerprint"], "--json").json
    assert (shown["message_ids"], shown["order_numbers"]) == ([held], ["NO-7003"])
    assert f"    {held}, order NO-7003\n" in run("problems", "show", one["fingerprint"]).out
    assert "items.csv" in shown["remedy"]
    assert run("problems", "list", "--account", "acme-retail").err == "No problems.\n"
    assert run("problems", "show", "1-nothing").code == 1


@pytest.fixture
def mended(run: Run, tmp_path: Path) -> Callable[[], None]:
    """Tells us what PL-9999 is."""

    def mend() -> None:
        folder = tmp_path / "acme"
        shutil.copytree(ACCOUNTS / "acme-retail", folder)
        with (folder / "items.csv").open("a") as items:
            items.write("PL-9999,,HONEY-450,,,,ACME heather honey,,\n")
        with (folder / "prices.csv").open("a") as prices:
            prices.write("HONEY-450,XCT,EUR,9.90,1,0,,\n")
        assert run("accounts", "import", str(folder)).code == 0

    return mend


def test_a_dry_run_foresees_what_stock_makes_of_a_replay(
    run: Run, send: Send, services: Services, mended: Callable[[], None], tmp_path: Path
) -> None:
    """On what is there now, and each on what those before it leave; a site that no stock was told of is a fault then,
    too; and nothing is taken."""
    first = send("acme-retail", "03-unknown-item.xml")
    other = sample("acme-retail", "03-unknown-item.xml").replace(b"ACME-1003", b"ACME-1093")
    account = read_account(ACCOUNTS / "acme-retail").account
    second = take_in(services, Arrival(account, False, other, "test")).kept.message_id
    drain(services, EVERY_LANE, lambda: None)
    mended()
    stock = tmp_path / "stock.csv"
    stock.write_text("product,site,as_of,on_hand\nHONEY-450,HAMBURG,2026-11-24T06:00:00+01:00,40\n")
    assert run("stock", "import", str(stock)).code == 0
    before = services.store.stock.standing()
    for messages in ((first, second), (second, first)):
        ahead = run("replay", *messages, "--dry-run", "--json").json
        assert [one["id"] for one in ahead["messages"]] == list(messages)
        honey = [one["would_be"]["lines"][1]["outcomes"] for one in ahead["messages"]]
        assert [[(part["status"], part["quantity"]) for part in parts] for parts in honey] == [
            [("changed", "6")],
            [("backordered", "6")],
        ]
        assert "may change until a real replay" in ahead["note"]
    assert services.store.stock.standing() == before

    (foreseen,) = run("replay", second, "--dry-run", "--json").json["messages"]
    run("replay", second, "--reason", "known now")
    drain(services, EVERY_LANE, lambda: None)
    (answer,) = services.store.documents.of_messages([second])
    came = json.loads(services.store.documents.canonical(answer.id))
    assert came["outcome"] == foreseen["would_be"]["outcome"]
    for line, told in zip(came["lines"], foreseen["would_be"]["lines"], strict=True):
        assert [{name: part.get(name) for name in told["outcomes"][0]} for part in line["outcomes"]] == told["outcomes"]

    folder = tmp_path / "acme"  # where `mended` has written it
    (folder / "sites.csv").write_text((folder / "sites.csv").read_text().replace("HAMBURG", "HAMBRUG"))
    assert run("accounts", "import", str(folder)).code == 0
    (held,) = run("replay", first, "--dry-run", "--json").json["messages"]
    assert held["would_be"] == {"status": "held", "outcome": None, "lines": []}
    assert [fault["code"] for fault in held["faults"]] == ["unknown_supply_site"]


def test_a_held_order_is_answered_once_its_item_is_known(
    run: Run, send: Send, services: Services, mended: Callable[[], None]
) -> None:
    held = send("acme-retail", "03-unknown-item.xml")
    still = run("replay", held, "--dry-run")
    assert still.code == 0
    assert "judged now: unknown_item" in still.out
    assert "would be held" in still.out
    mended()
    ahead = run("replay", held, "--dry-run")
    assert "judged now: no fault; would be done, answered changed" in ahead.out
    assert "on the orders and the stock that are there now, which may change until a real replay" in ahead.out
    assert run("messages", "show", held, "--json").json["status"] == "held"
    said = run("replay", held, "--reason", "PL-9999 is honey", "--json")
    assert (said.code, said.json["messages"][0]["status"]) == (0, "received")
    drain(services, EVERY_LANE, lambda: None)
    shown = run("messages", "show", held, "--json").json
    assert (shown["status"], shown["run"], shown["mapping_revision"]) == ("done", 2, 2)
    assert len(shown["documents"]) == 1
    refused = run("replay", held, "--reason", "again")
    assert refused.code == 4
    assert "is answered already and can't be replayed" in refused.out


@pytest.fixture
def judged_meanwhile(services: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A gateway that runs: the bell is heard, and what waits is judged beside the command."""
    monkeypatch.setattr("gateway.lanes.Lanes.ring", lambda _self, _lane: True)
    stop = threading.Event()

    def judge() -> None:
        while not stop.is_set():
            drain(services, EVERY_LANE, lambda: None)
            stop.wait(0.05)

    worker = threading.Thread(target=judge)
    worker.start()
    yield
    stop.set()
    worker.join(timeout=10)


def test_a_replay_tells_what_became_of_each(
    run: Run, send: Send, mended: Callable[[], None], judged_meanwhile: None
) -> None:
    known, dear = send("acme-retail", "03-unknown-item.xml"), send("acme-retail", "04-price-two-percent-off.xml")
    mended()
    said = run("replay", known, dear, "--reason", "PL-9999 is honey")
    assert said.code == 3  # one of them is done
    number = run("messages", "show", known, "--json").json["documents"][0]["number"]
    first, second = said.out.splitlines()
    assert first == f"{known}: answered: {number}"
    assert second.startswith(f"{dear}: still held: 12.75 EUR per XCS is 2 % above")
    said = run("replay", dear, "--reason", "once more", "--json")
    assert said.code == 1  # none is
    (again,) = said.json["messages"]
    assert (again["status"], again["answers"]) == ("held", [])
    assert [fault["code"] for fault in again["faults"]] == ["price_mismatch"]


def test_a_replay_that_nobody_judges_says_that_it_waits(run: Run, send: Send) -> None:
    held = send("acme-retail", "03-unknown-item.xml")
    said = run("replay", held, "--reason", "no gateway runs")
    assert (said.code, said.out) == (0, f"{held}: waits to be judged\n")
    assert "Redis can't be reached" in said.err


def test_a_cause_is_replayed_as_a_whole(run: Run, send: Send, services: Services, mended: Callable[[], None]) -> None:
    held = send("acme-retail", "03-unknown-item.xml")
    (problem,) = run("problems", "list", "--json").json
    mended()
    assert run("replay", "--problem", problem["fingerprint"], "--reason", "known now").code == 0
    drain(services, EVERY_LANE, lambda: None)
    assert services.store.messages.status(held) == "done"
    assert run("problems", "list", "--json").json == []
    assert run("replay", "--problem", problem["fingerprint"], "--reason", "x").code == 2


def test_a_replay_that_is_partly_possible_says_so(run: Run, send: Send) -> None:
    held, done = send("acme-retail", "03-unknown-item.xml"), send("acme-retail", "01-accepted.xml")
    said = run("replay", held, done, "nothing", "--reason", "try", "--json")
    assert said.code == 3
    assert [one["ok"] for one in said.json["messages"]] == [True, False, False]
    assert "code" not in said.json["messages"][0]
    assert run("replay", "nothing", "--reason", "try").code == 1
    foreseen = run("replay", "nothing", done, "--dry-run")
    assert (foreseen.code, len(foreseen.out.splitlines())) == (1, 2), "nothing was judged, and nothing says so"
    assert "note" not in run("replay", done, "--dry-run", "--json").json
    assert run("replay", "--reason", "try").code == 2
    assert run("replay", held).code == 2
    assert run("replay", held, "--mapping", "earlier", "--reason", "x").code == 2


def test_a_replay_of_several_orders_names_those_that_are_held(run: Run, services: Services) -> None:
    known = json.loads(sample("nordic-office", "01-accepted.json"))
    unknown = {**known, "lines": [{"line_number": "1", "buyer_item": "9999", "quantity": "7"}]}
    orders = [{**one, "order_number": f"S-{number}"} for number, one in enumerate((known, unknown, unknown))]
    account = read_account(ACCOUNTS / "nordic-office").account

    def taken(*orders: object) -> str:
        message = take_in(services, Arrival(account, False, json.dumps(orders).encode(), "test")).kept.message_id
        drain(services, EVERY_LANE, lambda: None)
        return message

    body, good = taken(*orders), taken({**orders[0], "order_number": "S-8"}, {**orders[0], "order_number": "S-9"})
    children = services.store.messages.children(body)
    assert [child.status for child in children] == ["done", "held", "held"]
    shown = run("messages", "show", body).out.splitlines()
    first = shown.index("3 orders: 2 held, 1 done")
    assert [line.partition(" of it")[0] for line in shown[first + 1 : first + 4]] == ["order 2", "order 3", "order 1"]
    assert "what to do" not in "".join(shown)
    listed = run("messages", "list", "--parent", body, "--status", "held", "--json").json
    assert [one["order_number"] for one in listed] == ["S-1", "S-2"]
    assert run("messages", "list", "--parent", body, "--account", "nordic-office").code == 2
    named = ", ".join(f"{child.message_id} (order {child.part}, held)" for child in children[1:])
    for arguments in (("--reason", "known now"), ("--dry-run",)):
        said = run("replay", body, *arguments)
        assert (said.code, said.out) == (4, f"{body}: its 3 orders are messages of their own; replay {named}\n")
    said = run("replay", good, "--reason", "try")
    assert said.out == f"{good}: its 2 orders are messages of their own; none of them is held or failed\n"


def test_an_order_is_shown_with_its_ledger(run: Run, send: Send) -> None:
    send("acme-retail", "02-short-stock.xml")
    (order,) = run("orders", "show", "ACME-1002", "--json").json
    assert (order["account"], order["outcome"]) == ("acme-retail", "changed")
    ledger = [(line["ordered"], line["confirmed"], line["backordered"], line["open"]) for line in order["lines"]]
    assert ledger == [("4", "4", "0", "0"), ("10", "6", "4", "0")]
    assert [one["type"] for one in order["documents"]] == ["order_response"]
    told = run("orders", "show", "ACME-1002").out
    assert "line_number\tproduct\tunit\tordered\tconfirmed\tbackordered\t" in told
    assert "2\tJAM-RASP\tXCS\t10\t6\t4" in told
    assert f"decided {order['created_at']}" in told
    assert run("orders", "show", "ACME-1002", "--account", "nordic-office").code == 1
    assert run("orders", "show", "nothing").code == 1


def test_a_line_is_explained_with_every_figures_rule(run: Run, send: Send) -> None:
    message = send("acme-retail", "02-short-stock.xml")
    (told,) = run("orders", "explain", "ACME-1002", "--line", "2", "--json").json
    assert (told["account"], told["version"], told["message_id"]) == ("acme-retail", 1, message)
    assert {one["status"]: one["quantity"] for one in told["answers"]} == {"changed": "6", "backordered": "4"}
    (seen,) = told["stock"]
    assert seen["source"] == message
    said = run("orders", "explain", "ACME-1002", "--line", "2").out
    assert said.startswith(f"Order ACME-1002 of acme-retail, line 2: version 1, message {message}\n")
    for part in ("figure\tvalue\trule\trevision\tarithmetic\n", seen["arithmetic"], "ordered +10, confirmed +6, back"):
        assert part in said
    assert run("orders", "explain", "ACME-1002", "--line", "7").err == (
        "Order ACME-1002 of acme-retail has no line 7; its lines are 1, 2.\n"
    )
    assert run("orders", "explain", "ACME-1002").code == 2
    assert run("orders", "explain", "nothing", "--line", "1").err == "There is no order nothing.\n"
    assert run("orders", "explain", "ACME-1002", "--line", "2", "--account", "nordic-office").code == 1


def test_each_version_of_an_order_has_its_own_message_and_time(run: Run, services: Services) -> None:
    account = read_account(ACCOUNTS / "nordic-office").account
    order = json.loads(sample("nordic-office", "01-accepted.json"))
    change = {**order, "function": "change", "version": 2, "lines": order["lines"][:1]}

    def settled(sent: object) -> str:
        message = take_in(services, Arrival(account, False, json.dumps(sent).encode(), "test")).kept.message_id
        drain(services, EVERY_LANE, lambda: None)
        return message

    first, second = settled(order), settled(change)
    (told,) = run("orders", "show", "NO-7001", "--json").json
    times = [one["decided_at"] for one in told["versions"]]
    assert [one["message_id"] for one in told["versions"]] == [first, second]
    assert times == [told["created_at"], run("messages", "show", second, "--json").json["settled_at"]]
    head, changed, *_ = run("orders", "show", "NO-7001").out.splitlines()
    assert head.endswith(f"; decided {times[0]}, sent in message {first}")
    assert changed == f"Version 2: decided {times[1]}, sent in message {second}"


def test_an_order_that_is_held_leads_to_its_message(run: Run, send: Send) -> None:
    held = send("nordic-office", "03-unknown-item.json")
    said = run("orders", "show", "NO-7003")
    assert (said.code, said.out) == (1, "")
    assert said.err == (
        f"There is no order NO-7003 on the books; 1 message carries it: {held} (held). "
        "`gateway messages show ID` says why.\n"
    )
    assert run("orders", "show", "NO-7003", "--account", "acme-retail").err == "There is no order NO-7003.\n"


def test_an_edited_event_is_found(run: Run, send: Send, services: Services) -> None:
    message = send("acme-retail", "01-accepted.xml")
    told = run("audit", "verify", "--json").json
    assert (told["ok"], told["broken"]) == (True, [])
    with services.store.database.read() as connection:
        stored = connection.execute(sa.text("SELECT stream FROM events")).scalars().all()
    assert (told["events"], told["streams"]) == (len(stored), len(set(stored)))
    assert f"{told['events']} events in {told['streams']} chains checked" in run("audit", "verify").out
    with services.store.database.write() as connection:
        edit = sa.text("UPDATE events SET actor = 'somebody' WHERE stream = :stream AND number = 1")
        assert connection.execute(edit, {"stream": message}).rowcount == 1
    said = run("audit", "verify")
    assert said.code == 1
    assert message in said.out


def test_samples_are_judged_as_they_say(run: Run, services: Services, send: Send) -> None:
    for account in ("acme-retail", "nordic-office"):
        send(account, "02-short-stock.xml" if account == "acme-retail" else "02-short-stock.json")
        said = run("mappings", "test", account, "--json")
        assert [row["differences"] for row in said.json] == [[]] * (9 if account == "acme-retail" else 5)
        assert said.code == 0
    assert services.store.queue.waiting() == 0
    assert run("mappings", "test", "nobody").code == 1


def test_a_folder_is_tried_before_it_is_imported(run: Run, services: Services, send: Send, tmp_path: Path) -> None:
    """Its samples, and what came in lately, under its own rows and not under those that are published."""
    came = send("nordic-office", "01-accepted.json")
    folder = shutil.copytree(ACCOUNTS / "nordic-office", tmp_path / "nordic")
    tried = run("mappings", "test", str(folder), "--json")
    assert (tried.code, [row["differences"] for row in tried.json]) == (0, [[]] * 5)
    (folder / "items.csv").write_text((folder / "items.csv").read_text().splitlines()[0] + "\n")
    assert run("mappings", "test", str(folder)).code == 1
    (row,) = run("mappings", "test", str(folder), "--last", "1", "--json").json
    assert (row["name"], row["status"], row["ok"]) == (came, "held", False)
    assert {fault["code"] for fault in row["faults"]} == {"unknown_item"}
    assert run("mappings", "test", "nordic-office").code == 0, "nothing was published"


def test_a_folder_with_faults_is_not_tried(run: Run, services: Services, tmp_path: Path) -> None:
    folder = shutil.copytree(ACCOUNTS / "nordic-office", tmp_path / "nordic")
    (folder / "units.csv").write_text("unit,nothing\n")
    tried = run("mappings", "test", str(folder))
    assert (tried.code, tried.out) == (1, "")
    assert "units.csv line 1" in tried.err
    (folder / "account.yaml").unlink()
    tried = run("mappings", "test", str(folder))
    assert (tried.code, tried.err) == (1, f"{folder} is no account's folder: there is no account.yaml in it.\n")


def test_a_sample_that_comes_out_otherwise_fails(run: Run, services: Services, tmp_path: Path) -> None:
    folder = tmp_path / "nordic"
    shutil.copytree(ACCOUNTS / "nordic-office", folder)
    expected = folder / "samples" / "02-short-stock.expected.json"
    said = json.loads(expected.read_text())
    said["lines"][0]["outcomes"][0]["quantity"] = "11"
    expected.write_text(json.dumps(said))
    assert run("accounts", "import", str(folder)).code == 0
    tested = run("mappings", "test", "nordic-office")
    assert tested.code == 1
    assert "02-short-stock.json: done, differs" in tested.out
    assert '"11"' in tested.out
    assert "01-accepted.json: done, as expected" in tested.out
    assert "unknown_item" not in tested.out, "of what is held as expected nothing more is said"


def test_a_sample_that_is_rejected_says_why(run: Run, services: Services, tmp_path: Path) -> None:
    folder = tmp_path / "nordic"
    shutil.copytree(ACCOUNTS / "nordic-office", folder)
    (folder / "samples" / "01-accepted.json").write_text('{"order_number": "NO-1"}')
    (folder / "samples" / "06-new.json").write_text("{")
    assert run("accounts", "import", str(folder)).code == 0
    tested = run("mappings", "test", "nordic-office")
    assert tested.code == 1
    assert "01-accepted.json: rejected, differs\n" in tested.out
    told = {row["name"]: row for row in run("mappings", "test", "nordic-office", "--json").json}
    for name in ("01-accepted.json", "06-new.json"):
        assert told[name]["faults"]
        for fault in told[name]["faults"]:
            assert f"\n    {'  '.join(part for part in (fault['code'], fault['path']) if part)}" in tested.out
            assert f"\n        {fault['detail']}\n" in tested.out


def test_of_several_orders_each_is_told_with_its_faults(run: Run, services: Services, tmp_path: Path) -> None:
    folder = tmp_path / "nordic"
    shutil.copytree(ACCOUNTS / "nordic-office", folder)
    good = json.loads(sample("nordic-office", "01-accepted.json"))
    unknown = {**good, "order_number": "NO-2", "lines": [{"line_number": "1", "buyer_item": "9999", "quantity": "7"}]}
    unreadable = {**good, "order_number": "NO-3", "lines": [{"line_number": "1", "quantity": "x"}]}
    (folder / "samples" / "06-several.json").write_text(json.dumps([good, unknown, unreadable], indent=1))
    assert run("accounts", "import", str(folder)).code == 0
    tested = run("mappings", "test", "nordic-office")
    told = tested.out.partition("06-several.json: done, no expectation\n")[2].splitlines()
    assert [line for line in told if not line.startswith("        ")] == [
        "    order 1 (NO-7001): done",
        "    order 2 (NO-2): held",
        "    order 3 (NO-3): rejected",
    ]
    assert told[2].startswith("        unknown_item  /lines/0/buyer_item  (/1/lines/0/buyer_item (line ")
    (row,) = [one for one in run("mappings", "test", "nordic-office", "--json").json if one["orders"]]
    assert [(one["order_number"], one["status"]) for one in row["orders"]] == [
        ("NO-7001", "done"), ("NO-2", "held"), ("NO-3", "rejected"),
    ]  # fmt: skip
    assert [fault for one in row["orders"] for fault in one["faults"]] == row["faults"]


def test_what_came_in_lately_is_judged_under_the_present_mapping(
    run: Run, services: Services, send: Send, mended: Callable[[], None]
) -> None:
    done, held = send("acme-retail", "01-accepted.xml"), send("acme-retail", "03-unknown-item.xml")
    before = run("mappings", "test", "acme-retail", "--last", "10", "--json")
    assert [(row["name"], row["ok"]) for row in before.json] == [(held, True), (done, True)]
    mended()
    after = run("mappings", "test", "acme-retail", "--last", "10", "--json")
    assert after.code == 1
    assert [(row["name"], row["status"], row["ok"]) for row in after.json] == [
        (held, "done", False), (done, "done", True),
    ]  # fmt: skip
    assert [event["kind"] for event in services.store.audit.of(held)] == ["received", "held"]


def test_what_the_reader_warned_of_is_no_difference(run: Run, services: Services) -> None:
    """A GTIN whose check digit is wrong is only a warning, and it is one again when the order is judged again."""
    body = sample("acme-retail", "01-accepted.xml").replace(b"19521234000010", b"19521234000011")
    account = read_account(ACCOUNTS / "acme-retail").account
    message = take_in(services, Arrival(account, False, body, "test")).kept.message_id
    drain(services, EVERY_LANE, lambda: None)
    assert "check_digit" in [fault.code for fault in services.store.messages.faults(message)]
    (row,) = run("mappings", "test", "acme-retail", "--last", "1", "--json").json
    assert (row["ok"], row["differences"]) == (True, [])


def test_a_resend_has_the_order_number_of_what_it_repeats(run: Run, services: Services, send: Send) -> None:
    first = send("acme-retail", "01-accepted.xml")
    account = read_account(ACCOUNTS / "acme-retail").account
    take_in(services, Arrival(account, False, sample("acme-retail", "01-accepted.xml"), "test"))
    again, original = run("messages", "list", "--json").json
    assert (again["status"], again["duplicate_of"], again["order_number"]) == ("duplicate", first, "ACME-1001")
    assert (original["id"], original["order_number"]) == (first, "ACME-1001")


def test_the_timeline_is_told_in_sentences(run: Run, send: Send) -> None:
    held = send("nordic-office", "03-unknown-item.json")
    told = run("messages", "show", held, "--view", "timeline")
    header, *steps = told.out.splitlines()
    assert header.split("\t") == ["at", "run", "what", "took", "who", "reason", "mapping_revision"]
    assert "Received" in steps[0]
    assert "Held until we mend it: Unknown item" in steps[-1]
    assert "not reached: answered. It is held until we mend it: Unknown item." in told.err


def test_lines_are_told_with_their_arithmetic(run: Run, send: Send) -> None:
    done, held = send("acme-retail", "01-accepted.xml"), send("nordic-office", "03-unknown-item.json")
    (first, *_) = run("messages", "show", done, "--view", "lines", "--json").json
    assert (first["line"], first["item"], first["product"]) == ("1", "PL-0042", "OAT-1L")
    assert " x 12 EA = " in first["arithmetic"]
    assert "accepted" in first["outcome"]
    lines = run("messages", "show", held, "--view", "lines").out
    assert "nothing of ours is known by the account's item number 0998" in lines


def test_secrets_are_masked_unless_somebody_says_otherwise(run: Run, services: Services) -> None:
    canary = "CaNaRy-7731-bird"
    account = services.terms.current(["nordic-office"])["nordic-office"].account
    body = sample("nordic-office", "03-unknown-item.json").replace(b"{", b'{"password": "%b", ' % canary.encode(), 1)
    held = take_in(services, Arrival(account, False, body, "test")).kept.message_id
    drain(services, EVERY_LANE, lambda: None)
    for view in ("raw", "canonical", "lines", "outbound", "timeline"):
        shown = run("messages", "show", held, "--view", view)
        assert canary not in shown.out + shown.err, view
    for rest in (("show", held), ("show", held, "--json"), ("share", held), ("share", held, "--json")):
        shown = run("messages", *rest)
        assert canary not in shown.out + shown.err, rest
    assert '"password": "[masked]"' in run("messages", "show", held, "--view", "raw").out
    assert run("messages", "show", held, "--view", "raw", "--unmasked").out.encode() == body
    assert run("messages", "show", held, "--unmasked").code == 2


def test_a_message_to_hand_on(run: Run, send: Send) -> None:
    held = send("acme-retail", "03-unknown-item.xml")
    told = run("messages", "share", held).out
    assert told.startswith("This file can be handed on. It leaves out")
    assert "PL-9999" in told
    assert "12.50" not in told
    assert run("messages", "share", "nothing").code == 1
