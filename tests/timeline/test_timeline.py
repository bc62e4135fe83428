"""What is told of a message, from rows alone."""

from __future__ import annotations

from typing import Any

from gateway.store.deliveries import Attempt, Delivery, SaidReceipt
from gateway.store.documents import StoredDocument
from gateway.store.messages import StoredMessage
from gateway.timeline import Sent, Told, timeline
from gateway.timeline.words import lasted
from schemas.faults import Fault

SECOND = 1_000_000


def message(status: str, **known: Any) -> StoredMessage:
    told: dict[str, Any] = {
        "id": "m1",
        "account_id": "acme",
        "test_key": False,
        "status": status,
        "lane": 1,
        "due_at": 0,
        "received_at": SECOND,
        "settled_at": None,
        "source": "http",
        "format": "ubl-2.1",
        "media_type": None,
        "size": 10,
        "run": 1,
        "parent_id": None,
        "duplicate_of": None,
        "mapping_revision": None,
        "catalogue_revision": None,
        "order_number": None,
        "order_id": None,
        "stages": {},
        "moved_up": None,
    }
    return StoredMessage(**(told | known))


def event(number: int, at: int, kind: str, actor: str = "gateway", **body: Any) -> dict[str, Any]:
    return {"number": number, "at": at, "kind": kind, "actor": actor, "body": body}


RECEIVED = event(1, SECOND, "received", "account/acme", source="http", format="ubl-2.1", size=10, file="Dana's.xml")
HELD = event(2, 3 * SECOND, "held", run=1, mapping_revision=4, catalogue_revision=2, faults=["unknown_item"] * 2)
REPLAY = event(3, 9 * SECOND, "replay", "user Dana", reason="mended", status="received")
ANSWERED = event(4, 12 * SECOND, "answered", run=2, mapping_revision=5, documents={"d1": ["x", "y"]})
STAGES = {"decoded": 10 * SECOND, "mapped": 10 * SECOND + 5_000, "decided": 13 * SECOND}
DOCUMENT = StoredDocument(
    *("1-1", "d1", "acme", "order_response", "OR-1", None, "PO-1", "m1", False, "json-1", "application/json"),
    12 * SECOND,
)


def delivery(status: str, attempts: int) -> Delivery:
    return Delivery(
        *("d1", "acme", "order_response", "OR-1", "PO-1", False, 12 * SECOND, "webhook", status),
        *("https://partner.example/edi", attempts, 0, None, "HTTP 500", 99 * SECOND, None),
    )


def attempt(number: int, outcome: str = "failed") -> Attempt:
    return Attempt(number, (12 + number) * SECOND, outcome, "HTTP 500", None, "https://partner.example/edi", 40, "w1")


def test_each_run_has_its_own_steps_and_the_last_its_stages() -> None:
    told = Told(
        message("done", run=2, stages=STAGES, order_number="PO-1"),
        [RECEIVED, HELD, REPLAY, ANSWERED],
        sent=[Sent(DOCUMENT, delivery("delivered", 1), [attempt(1, "delivered")])],
    )
    found = timeline(told)
    assert [[step.stage or step.said for step in run.steps] for run in found.runs] == [
        ["received", "Held until we mend it: Unknown item."],
        ["To be judged again.", "decoded", "mapped", "decided", "answered", "delivered"],
    ]
    replay, decoded, mapped, decided, answered, delivered = found.runs[1].steps
    assert (replay.who, replay.reason) == ("Dana", "mended")
    assert (decoded.took, mapped.took) == (SECOND, 5_000)
    assert (mapped.mapping_revision, decided.at) == (5, ANSWERED["at"])
    assert answered.said == "Answered with order response OR-1."
    assert delivered.took == 40_000
    assert [one.stage for one in found.not_reached] == ["receipted"]


def test_stages_of_the_run_before_are_not_this_ones() -> None:
    told = Told(message("received", run=2, stages={"decoded": 2 * SECOND}), [RECEIVED, HELD, REPLAY])
    found = timeline(told)
    assert [step.stage for step in found.runs[1].steps] == [""]
    assert {one.stage: one.why for one in found.not_reached}["decoded"] == "It waits for a worker."


def test_many_attempts_are_folded() -> None:
    attempts = [attempt(number) for number in range(1, 50)]
    sent = Sent(DOCUMENT, delivery("waiting", 49), attempts)
    found = timeline(Told(message("done", stages=STAGES), [RECEIVED, ANSWERED], sent=[sent]))
    tried = [step for step in found.steps if "attempt" in step.said]
    assert [len(step.folded) for step in tried] == [0, 47, 0]
    assert "47 more attempts until 1970-01-01 00:01 UTC" in tried[1].said
    (ahead,) = [one for one in found.not_reached if one.stage == "delivered"]
    assert ahead.why == "Order response OR-1 waits to be sent, next at 1970-01-01 00:01 UTC: HTTP 500."


def test_the_account_is_not_told_who_of_us_did_what() -> None:
    told = Told(message("received", run=2), [RECEIVED, HELD, REPLAY], for_account=True)
    steps = timeline(told).steps
    assert [step.who for step in steps] == ["your system", None, "the supplier"]
    assert all(step.reason is None for step in steps)


def test_what_goes_outward_has_no_free_text() -> None:
    said = SaidReceipt(1, 80 * SECOND, "application_response", "rejected", '{"reasons": ["ask Dana"]}', "m2")
    sent = Sent(DOCUMENT, delivery("rejected", 1), [attempt(1)], [said])
    steps = timeline(Told(message("done"), [RECEIVED, ANSWERED], sent=[sent])).steps
    inward, outward = " ".join(one.said for one in steps), " ".join(one.outward or one.said for one in steps)
    for word in ("Dana", "partner.example", "HTTP 500"):
        assert word in inward
        assert word not in outward


def test_what_was_not_reached_says_why() -> None:
    fault = Fault("xml_not_well_formed", "x")
    refused = event(1, SECOND, "received", "account/acme", source="http", status="rejected")
    found = timeline(Told(message("rejected"), [refused], [fault])).not_reached
    assert {one.stage: one.why for one in found} == {
        "decoded": "It can't be read: XML not well-formed.",
        "mapped": "It couldn't be read.",
        "decided": "It couldn't be read.",
        "answered": "The sender was told at once, when it sent it.",
        "delivered": "Nothing has been answered that could be.",
    }


def test_an_event_that_nobody_knows_yet_is_told_by_its_name() -> None:
    steps = timeline(Told(message("done"), [RECEIVED, event(2, 5, "looked_at", "key/k1", reason="why")])).steps
    assert {(step.said, step.who) for step in steps} >= {("Looked at.", "the back office, by its key k1")}


def test_that_it_went_a_lane_up_is_told_with_its_time_or_without() -> None:
    told = {"faults": ["unknown_item"], "lane": 0, "moved_up": "rush"}
    for more, said in (({}, "up (rush)."), ({"due_at": 60 * SECOND}, "up (rush), due by 1970-01-01 00:01 UTC.")):
        steps = timeline(Told(message("held"), [RECEIVED, event(2, 2 * SECOND, "held", **told, **more)])).steps
        assert steps[-1].said == f"Held until we mend it: Unknown item. It went a lane {said}"


def test_how_long_is_said_in_the_unit_that_says_it() -> None:
    times = (10, 5_000, 1_500_000, 240_000_000, 7_200_000_000, 300_000_000_000)
    assert [lasted(one) for one in times] == ["under 1 ms", "5 ms", "1.5 s", "4 min", "2 h", "3 days"]
