"""Orders that are sent for one test alone: answered ones, and ones that are held for an item nobody knows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx

from tests.browser.stack import Stack
from tests.harness.waiting import until

ACCOUNT = "acme-retail"
KNOWN = "PL-0042"
"""An item of theirs that is ours: a carton of twelve."""
_SAMPLE = "03-unknown-item.xml"
_GTIN = re.compile(r"<cac:StandardItemIdentification>.*?</cac:StandardItemIdentification>", re.DOTALL)
_SECOND_LINE = re.compile(r"<cac:OrderLine>\s*<cac:LineItem>\s*<cbc:ID>2<.*</cac:OrderLine>", re.DOTALL)
_SETTLED = ("done", "held", "rejected", "failed", "duplicate")


def order(stack: Stack, number: str, sku: str = KNOWN, quantity: int = 10) -> bytes:
    """An order of ten cartons of one item, 125.00 EUR."""
    like = (stack.accounts[ACCOUNT].folder / "samples" / _SAMPLE).read_text(encoding="utf-8")
    like = _SECOND_LINE.sub("", _GTIN.sub("", like)).replace("184.40", "125.00").replace(KNOWN, sku)
    return like.replace("ACME-1003", number).replace(">10<", f">{quantity}<").encode()


def sent(stack: Stack, body: bytes) -> str:
    """Take it in; the message's id."""
    headers = {"Authorization": f"Bearer {stack.accounts[ACCOUNT].key}", "Content-Type": "application/xml"}
    answer = httpx.post(f"{stack.base_url}/v1/orders", content=body, headers=headers, timeout=40, trust_env=False)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["message_id"])


def settled(stack: Stack, ids: Sequence[str], status: str) -> None:
    """Wait until each stands so."""

    def stand_so() -> bool:
        found = {stack.store.messages.status(one) for one in ids}
        assert found <= {"received", "processing", *_SETTLED}, found
        return found == {status}

    until(stand_so, 60, f"{len(ids)} messages are {status}", pause=0.02)


def held_for(stack: Stack, sku: str, count: int) -> tuple[str, list[str]]:
    """So many orders of an item that nobody knows: the problem's fingerprint, and the messages."""
    with ThreadPoolExecutor(4) as sending:
        ids = list(sending.map(partial(sent, stack), [order(stack, f"{sku}-{at}", sku) for at in range(count)]))
    settled(stack, ids, "held")
    (problem,) = [one for one in stack.store.problems.all(ACCOUNT) if one.value == sku]
    assert problem.messages == count
    return problem.fingerprint, ids


def all_answered_once(stack: Stack, ids: Sequence[str]) -> None:
    """Each was judged once more, is one order on the books, and was answered by one order response."""
    settled(stack, ids, "done")
    messages = stack.store.messages.several(ids)
    assert {one.run for one in messages} == {2}
    assert len({one.order_id for one in messages}) == len(ids)
    for one in messages:
        assert len(stack.store.orders.by_number(ACCOUNT, one.order_number or "")) == 1
    answers = stack.store.documents.of_messages(ids)
    assert {one.type for one in answers} == {"order_response"}
    assert len(answers) == len({one.number for one in answers}) == len({one.order_id for one in answers}) == len(ids)
