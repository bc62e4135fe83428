"""An order that comes again after it was cancelled, or changed: nobody is told that it is accepted as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.examples.order_lines import BOLTS, HAMMERS, order
from tests.examples.small_gateway import SmallGateway
from tests.examples.threads import PINE, cancel, change, taken


def post(gateway: SmallGateway, asked: Any, key: str | None = None, wait: int | None = None) -> Any:
    """The answer to it, once it is settled."""
    headers = {"Authorization": f"Bearer {gateway.key(PINE)}"} | ({"Idempotency-Key": key} if key else {})
    path = "/v1/orders" + (f"?wait={wait}" if wait is not None else "")
    answer = gateway.client.post(path, data=json.dumps(asked).encode(), headers=headers)
    assert answer.status_code in (200, 202), answer.text
    gateway.work()
    return answer


def settled(gateway: SmallGateway, asked: Any, key: str | None = None) -> str:
    return str(post(gateway, asked, key).json["message_id"])


NEWS = [pytest.param(cancel(), "cancelled", id="cancelled"), pytest.param(change(HAMMERS), "changed", id="changed")]


@pytest.mark.parametrize(("after", "became"), NEWS)
@pytest.mark.parametrize("written", ["4", "4.0"])
def test_a_transmission_of_its_own_is_held(
    on_either: SmallGateway, after: dict[str, Any], became: str, written: str
) -> None:
    first = settled(on_either, order(BOLTS), "k-1")
    second = settled(on_either, after, "k-2")
    left = taken(on_either, "BOLT-M8"), taken(on_either, "HAMMER-16")
    anew = settled(on_either, order({**BOLTS, "quantity": written}), "k-3")
    assert on_either.message(anew).status == "held"
    (fault,) = on_either.store.messages.faults(anew)
    assert (fault.code, fault.path) == ("order_number_reused", "/order_number")
    assert f"was {became} since (message {second})" in fault.detail
    assert first in fault.detail
    assert on_either.responses([anew]) == []
    assert (taken(on_either, "BOLT-M8"), taken(on_either, "HAMMER-16")) == left


def test_the_policy_says_what_becomes_of_it(gateway: SmallGateway) -> None:
    gateway.set_policies(PINE, same_number_other_content="reject")
    settled(gateway, order(BOLTS), "k-1")
    settled(gateway, cancel(), "k-2")
    refused = settled(gateway, order(BOLTS), "k-3")
    assert gateway.message(refused).status == "rejected"
    assert "was cancelled since" in str(gateway.response(refused).note)
    gateway.set_policies(PINE, same_number_other_content="change")
    late = settled(gateway, order({**BOLTS, "quantity": "4.0"}), "k-4")
    assert (gateway.message(late).status, gateway.faults(late)) == (
        "rejected",
        [("order_cancelled", "/order_number")],
    )


@pytest.mark.parametrize("key", [None, "k-1"])
@pytest.mark.parametrize("after", [cancel(), change(HAMMERS)])
def test_a_resend_is_answered_by_what_stands(on_either: SmallGateway, after: dict[str, Any], key: str | None) -> None:
    """Without an id, or under the one that it had: the answer is that to the cancellation or the change."""
    first = settled(on_either, order(BOLTS), key)
    second = settled(on_either, after)
    again = post(on_either, order(BOLTS), key)
    assert (again.json["message_id"], again.json["duplicate"]) == (second, True)
    in_other_words = on_either.message(settled(on_either, order({**BOLTS, "quantity": "4.0"})))
    assert (in_other_words.status, in_other_words.duplicate_of) == ("duplicate", second)
    answer = post(on_either, order(BOLTS), key, wait=1)
    (stands,) = on_either.store.documents.of_messages([second])
    assert (answer.status_code, answer.headers["Location"]) == (200, f"/v1/documents/{stands.id}")
    assert on_either.message(first).status == "done"


def test_of_a_body_of_several_each_by_what_stands(on_either: SmallGateway) -> None:
    both = [order(BOLTS), order(HAMMERS, number="PH-4002")]
    first = post(on_either, both).json["children"]
    gone = settled(on_either, cancel())
    again = post(on_either, both).json["children"]
    assert [one["message_id"] for one in again] == [gone, first[1]["message_id"]]
