"""Nothing is refused in the name of an order that stands: what came under its number is, and the answer tells the
order, in whatever format."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from gateway.pipeline import drain
from gateway.services import Limits
from gateway.store.messages import StoredMessage
from gateway.store.queue import WorkQueue
from mappings.files.account_folder import read_account
from tests.examples.order_lines import BOLTS, HAMMERS, SAWS, line, order
from tests.examples.small_gateway import ACCOUNTS, ALL_LANES, SmallGateway, outcomes
from tests.examples.threads import PINE, change, confirmed

OTHER = order({**BOLTS, "quantity": "9"}, HAMMERS)
"""Not what the order that stands says: another quantity, and a line more."""
REFUSED = "The order that came again under this number was refused and the order stands as it was confirmed."


def answer_in(gateway: SmallGateway, format_name: str, **policies: str) -> None:
    """pine-hardware is answered in that format."""
    folder = read_account(ACCOUNTS / PINE)
    terms = folder.account.model_dump(mode="json", by_alias=True)
    terms["outbound"]["order_response"] = {"format": format_name, "transport": "mailbox"}
    terms["policies"] |= {"same_number_other_content": "reject", **policies}
    gateway.publish(replace(folder, account=type(folder.account).model_validate(terms)))


def answer_to(gateway: SmallGateway, message: StoredMessage) -> bytes:
    (document,) = gateway.store.documents.of_messages([message.id])
    return gateway.store.documents.body(document.id)


def as_cxml(gateway: SmallGateway, message: StoredMessage) -> Any:
    """The one document that came of the message, asked for as cXML."""
    headers = {"Authorization": f"Bearer {gateway.key(PINE)}"}
    (document,) = gateway.store.documents.of_messages([message.id])
    got = gateway.client.get(f"/v1/documents/{document.id}?format=cxml-1.2", headers=headers)
    assert got.status_code == 200
    return etree.fromstring(got.data)


def test_an_order_that_comes_again_is_answered_by_how_the_first_stands(gateway: SmallGateway) -> None:
    answer_in(gateway, "json-1")
    first = gateway.settle(PINE, order(BOLTS))
    again = gateway.settle(PINE, OTHER)
    stood, told = gateway.response(first.id), gateway.response(again.id)
    assert (again.status, told.outcome) == ("rejected", "changed")
    assert outcomes(told) == {"1": [("changed", "4", "DOOS")], "2": [("rejected", "3", "STUK")]}
    assert told.lines[0].outcomes[0].promised_delivery == stood.lines[0].outcomes[0].promised_delivery
    assert told.lines[1].buyer_item == "PH-0102"
    assert str(told.note).startswith(f"{REFUSED}\nOrder PH-4001 is on the books with other content")
    assert (told.order_version, told.currency) == (stood.order_version, stood.currency)
    assert confirmed(gateway) == {"1": ("4", "4", "0")}
    thread: Any = gateway.client.get("/v1/orders/PH-4001", headers={"Authorization": f"Bearer {gateway.key(PINE)}"})
    assert [one["number"] for one in thread.json["documents"]] == [stood.number, told.number]


@pytest.mark.parametrize("format_name", ["ubl-2.1", "peppol-bis-3", "peppol-advanced-3"])
def test_in_ubl_it_is_no_rejection(gateway: SmallGateway, schemas_dir: Path, format_name: str) -> None:
    """RE with the order's number and nothing else would be the order's."""
    answer_in(gateway, format_name)
    gateway.settle(PINE, order(BOLTS))
    told = etree.fromstring(answer_to(gateway, gateway.settle(PINE, OTHER)))
    schema = etree.XMLSchema(etree.parse(schemas_dir / "ubl-2.1" / "maindoc" / "UBL-OrderResponse-2.1.xsd"))
    schema.assertValid(told)
    assert told.findtext("{*}OrderResponseCode") == "CA"
    assert [one.findtext(".//{*}LineStatusCode") for one in told.iterfind("{*}OrderLine")] == ["3", "7"]
    assert told.findtext("{*}OrderLine/{*}LineItem/{*}Quantity") == "4"


def test_in_cxml_it_updates_the_orders_confirmation(gateway: SmallGateway) -> None:
    answer_in(gateway, "cxml-1.2")
    first = gateway.settle(PINE, order(BOLTS))
    header = etree.fromstring(answer_to(gateway, gateway.settle(PINE, OTHER))).find(".//ConfirmationHeader")
    assert header is not None
    number = gateway.response(first.id).number
    assert (header.get("type"), header.get("operation"), header.get("confirmID")) == ("detail", "update", number)
    replaced = header.find("DocumentReference")
    assert replaced is not None
    assert str(replaced.get("payloadID")).startswith(number)
    more = gateway.settle(PINE, change({**BOLTS, "quantity": "5"}))
    header = etree.fromstring(answer_to(gateway, more)).find(".//ConfirmationHeader")
    assert header is not None
    assert (header.get("type"), header.get("confirmID")) == ("accept", number)


def test_in_an_accounts_own_layout_as_well(gateway: SmallGateway) -> None:
    gateway.set_policies("linden-works", same_number_other_content="reject")
    asked = {"order_number": "L-1", "currency": "EUR"}
    lines = [line("1", "000711", pieces, "EA") for pieces in ("50", "100")]
    first, again = [gateway.settle("linden-works", {**asked, "lines": [one]}) for one in lines]
    assert (first.status, again.status) == ("done", "rejected"), gateway.faults(first.id)
    assert gateway.response(again.id).outcome == "changed"
    assert outcomes(gateway.response(again.id))["1"][0][1:] == ("50", "EA")


def test_both_in_one_batch(gateway: SmallGateway) -> None:
    """The second is decided on what was saved of the first, so that it can tell it."""
    answer_in(gateway, "json-1")
    first, again = gateway.send(PINE, order(BOLTS)), gateway.send(PINE, OTHER)
    gateway.work()
    assert [gateway.message(one).status for one in (first, again)] == ["done", "rejected"]
    assert outcomes(gateway.response(again))["1"] == [("changed", "4", "DOOS")]


def test_nothing_is_said_where_nobody_was_told_how_the_order_stands(gateway: SmallGateway) -> None:
    answer_in(gateway, "json-1")
    gateway.settle(PINE, order(BOLTS, response_requested=False))
    again = gateway.settle(PINE, OTHER)
    assert again.status == "rejected"
    assert gateway.faults(again.id) == [("order_number_reused", "/order_number")]
    assert gateway.responses([again.id]) == []


def test_an_order_that_is_taken_as_a_change_and_refused(gateway: SmallGateway) -> None:
    """It has no number of its own either."""
    answer_in(gateway, "json-1", same_number_other_content="change", price_mismatch="reject_line")
    gateway.settle(PINE, order(BOLTS))
    refused = gateway.settle(PINE, order(line("1", "PH-0101", "6", "DOOS", "99")))
    assert (refused.status, gateway.response(refused.id).outcome) == ("rejected", "changed")
    assert outcomes(gateway.response(refused.id)) == {"1": [("changed", "4", "DOOS")]}
    assert confirmed(gateway) == {"1": ("4", "4", "0")}


def test_a_wrong_buyers_order_of_this_number_refuses_nothing(gateway: SmallGateway) -> None:
    answer_in(gateway, "json-1")
    wrong: dict[str, Any] = {"buyer": {"id": "11111111", "scheme": "0106"}}
    alone = gateway.settle(PINE, order(BOLTS, **wrong))
    assert gateway.response(alone.id).outcome == "rejected"
    gateway.settle(PINE, order(BOLTS))
    beside = gateway.settle(PINE, order(SAWS, **wrong))
    assert (beside.status, gateway.responses([beside.id])) == ("rejected", [])
    assert ("wrong_buyer", "/buyer/id") in gateway.faults(beside.id)


def test_it_is_decided_anew_where_the_order_changes_meanwhile(
    on_either: SmallGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Saved second, it tells what stands then."""
    answer_in(on_either, "json-1")
    on_either.services = replace(on_either.services, limits=Limits(batch_size=1))
    on_either.settle(PINE, order(BOLTS))
    again, applied = on_either.send(PINE, OTHER), on_either.send(PINE, change({**BOLTS, "quantity": "5"}))
    save, calls = WorkQueue.save, []

    def save_second_first(work_queue: WorkQueue, *arguments: Any) -> None:
        calls.append(1)
        if len(calls) == 1:
            drain(on_either.services, ALL_LANES, lambda: None, batches=1)
        save(work_queue, *arguments)

    monkeypatch.setattr(WorkQueue, "save", save_second_first)
    on_either.work()
    assert [on_either.message(one).status for one in (again, applied)] == ["rejected", "done"]
    assert outcomes(on_either.response(again))["1"] == [("changed", "5", "DOOS")]


# --- asked for in another format -------------------------------------------------------------------------------------
def test_a_refused_change_is_no_reject_in_cxml(gateway: SmallGateway) -> None:
    answer_in(gateway, "json-1", price_mismatch="reject_line")
    first = gateway.settle(PINE, order(BOLTS))
    refused = gateway.settle(PINE, change(line("1", "PH-0101", "6", "DOOS", "99")))
    assert gateway.response(refused.id).outcome == "rejected"
    header = as_cxml(gateway, refused).find(".//ConfirmationHeader")
    assert header.get("type") == "detail"
    assert "99" in header.findtext("Comments")
    assert as_cxml(gateway, first).find(".//ConfirmationHeader").get("type") == "accept"


def test_a_refused_order_is_a_reject_in_cxml(gateway: SmallGateway) -> None:
    """Also where a corrected one of its number stands by now, and where it is on the books as refused."""
    answer_in(gateway, "json-1")
    refused = gateway.settle(PINE, order({**BOLTS, "quantity": "0"}))
    gateway.settle(PINE, order(BOLTS))
    assert as_cxml(gateway, refused).find(".//ConfirmationHeader").get("type") == "reject"
    gateway.set_policies(PINE, unknown_item="reject_line")
    booked = gateway.settle(PINE, order(line("1", "NOBODY-KNOWS", "1"), number="PH-4002"))
    assert gateway.response(booked.id).outcome == "rejected"
    assert as_cxml(gateway, booked).find(".//ConfirmationHeader").get("type") == "reject"
    gateway.set_policies(PINE, same_number_other_content="reject")
    told = gateway.settle(PINE, OTHER)
    assert {one.get("type") for one in as_cxml(gateway, told).iter("ConfirmationHeader")} == {"except"}
