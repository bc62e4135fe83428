"""What the editor shows of a map and a sample: read, in our terms, answered, with nothing stored and nothing taken."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from gateway import previewing
from gateway.previewing import Preview, SampleTooLarge, TooManyPreviews, preview
from mappings.revision import StockRow
from tests.api.builders import Gateway, services_at
from tests.harness.mapped_account import ANSWERS, MAPS, ORDERS, SAMPLE, publish_mapped


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    opened = Gateway(services_at(f"sqlite:///{tmp_path / 'gateway.db'}", f"unix://{tmp_path / 'nobody.sock'}"))
    publish_mapped(opened.services)
    yield opened
    opened.close()


def shown(gateway: Gateway, sample: object = SAMPLE, name: str = "1.json", **maps: str) -> Preview:
    """The preview with another text in the editor."""
    revision = gateway.services.terms.current(["acme"])["acme"]
    edited = {f"{one}.yaml": text for one, text in maps.items()} or {"order_map.yaml": ORDERS}
    return preview(
        gateway.services,
        revision,
        maps={**MAPS, **edited},
        chosen=next(iter(edited)),
        sample_name=name,
        body=sample if isinstance(sample, bytes) else json.dumps(sample).encode(),
    )


def test_an_order_is_read_mapped_and_answered(gateway: Gateway) -> None:
    made = shown(gateway)
    (order,) = made.orders
    assert (made.faults, made.mistakes, made.format_name, order.status, order.faults) == (
        (),
        (),
        "custom",
        "answered",
        (),
    )
    assert [(line["product"], line["base_quantity"], line["base_unit"]) for line in order.lines] == [
        ("OAT-1L", "2", "EA")
    ]
    assert order.response is not None
    assert json.loads(order.response.text)["lines"][0]["n"] == "1"
    assert [(one.name, one.line) for one in made.strip.placeholders] == [("order.lines.seller_item", 9)]
    assert [one.name for one in made.strip.unused] == ["odd"]
    assert [one.name for one in made.strip.constants] == ["order.currency"]


def test_what_stands_in_the_editor_counts_and_nothing_is_stored(gateway: Gateway) -> None:
    made = shown(gateway, order_map=ORDERS.replace("quantity: q", "quantity: {from: q, number: {implied: 1}}"))
    assert made.orders[0].lines[0]["base_quantity"] == "0.2"
    assert gateway.services.store.messages.page(account_id="acme", limit=5) == []
    assert shown(gateway).orders[0].lines[0]["base_quantity"] == "2"


def test_faults_are_told_with_their_place(gateway: Gateway) -> None:
    unknown = {**SAMPLE, "items": [{**SAMPLE["items"][0], "sku": "WHAT-1"}]}
    (fault,) = shown(gateway, unknown).orders[0].faults
    assert (fault.code, fault.path, fault.location) == ("unknown_item", "/lines/0/seller_item", "/items/0/sku")
    many = {**SAMPLE, "items": [{**SAMPLE["items"][0], "q": "many"}]}
    (fault,) = shown(gateway, many).orders[0].faults
    assert (fault.code, fault.location) == ("not_a_number", "/items/0/q")


def test_every_mistake_of_the_map_is_told(gateway: Gateway) -> None:
    made = shown(gateway, order_map=ORDERS.replace("unit: u", "unti: u\n    note: '['"))
    assert [one.location for one in made.mistakes] == [
        "order_map.yaml line 11 column 5",
        "order_map.yaml line 12 column 5",
    ]
    assert (made.orders, made.source[:5]) == ((), '{"nr"')
    made = shown(gateway, order_response_map=ANSWERS.replace("outcome\n", "outcme\n"))
    assert [one.location for one in made.mistakes] == ["order_response_map.yaml line 5 column 5"]
    assert made.orders[0].lines


def test_an_answer_that_cant_be_written_is_held(gateway: Gateway) -> None:
    made = shown(gateway, order_response_map=ANSWERS.replace("remark: note", "remark: {from: note, required: true}"))
    (order,) = made.orders
    assert (order.status, order.faults[-1].location) == ("held", "order_response_map.yaml line 6 column 5")


def test_a_sample_in_a_shared_format_shows_the_answers_map(gateway: Gateway) -> None:
    order = {
        "order_number": "PO-2",
        "lines": [{"line_number": "1", "seller_item": "OAT-1L", "quantity": "1", "unit": "EA"}],
    }
    made = shown(gateway, order, order_response_map=ANSWERS)
    assert (made.format_name, made.reading, made.orders[0].order_number) == ("json-1", None, "PO-2")
    assert made.orders[0].response is not None
    assert json.loads(made.orders[0].response.text)["answerTo"] == "PO-2"


def test_a_sample_of_what_we_send_is_written(gateway: Gateway) -> None:
    response = {"number": "OR-1", "order_number": "PO-1", "issue_date": "2026-11-24", "outcome": "accepted"}
    made = shown(gateway, response, "7.order_response.json", order_response_map=ANSWERS)
    assert made.written is not None
    assert json.loads(made.written.text) == {"answerTo": "PO-1", "state": "accepted", "lines": []}
    assert [one.name for one in made.strip.unused][:2] == ["number", "issue_date"]
    broken = shown(gateway, {"number": "OR-1"}, "7.order_response.json", order_response_map=ANSWERS)
    assert {one.code for one in broken.faults} == {"missing_field"}


def test_of_many_orders_the_first_are_judged(gateway: Gateway) -> None:
    many = {"orders": [{**SAMPLE, "nr": f"PO-{number}"} for number in range(30)]}
    made = shown(gateway, many, order_map=ORDERS.replace("order:", "orders: orders\norder:", 1))
    assert (len(made.orders), made.more_orders, made.orders[19].order_number) == (20, 10, "PO-19")
    assert {one.status for one in made.orders} == {"answered"}


def test_stock_is_asked_and_not_taken(gateway: Gateway) -> None:
    row = StockRow("OAT-1L", "MAIN", datetime(2026, 11, 20, tzinfo=UTC), Decimal(3))
    gateway.services.store.stock.record([row])
    for _ in range(2):
        (order,) = shown(gateway, {**SAMPLE, "items": [{**SAMPLE["items"][0], "q": "5"}]}).orders
        assert order.response is not None
        outcomes = json.loads(order.response.text)["lines"][0]["is"]
        assert outcomes[0] == {"s": "accepted", "q": "3"}


def test_a_sample_too_large_is_refused(gateway: Gateway) -> None:
    with pytest.raises(SampleTooLarge):
        shown(gateway, b" " * 20_000_001)


def test_a_runaway_expression_is_cut_off_in_words(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previewing, "SECONDS", 0.2)  # by the clock, before the steps that every map may take are over
    runaway = "[@,@,@,@][]." * 10 + "nr"
    made = shown(gateway, order_map=ORDERS.replace("issue_date: day", f"note: {{from: '{runaway}', several: first}}"))
    (fault,) = made.faults
    assert fault.detail == "order.note takes too long for a preview; it was cut off"
    assert (fault.location, made.orders) == ("order_map.yaml line 4 column 3", ())


def test_the_clock_ends_it(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previewing, "SECONDS", 0.0)
    made = shown(gateway)
    assert [(one.code, "too long for a preview" in one.detail) for one in made.faults] == [("map_limit", True)]


def test_two_are_made_at_once_and_the_next_is_told(gateway: Gateway) -> None:
    before = set(threading.enumerate())
    with previewing._turn(), previewing._turn(), pytest.raises(TooManyPreviews):
        shown(gateway)
    assert shown(gateway).orders
    assert set(threading.enumerate()) <= before
