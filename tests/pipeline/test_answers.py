"""What an account's system says of our documents, from the door to how the document stands."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
import time_machine

from gateway.judging import foresee, judge_messages
from gateway.pipeline import process
from gateway.store.statements import run
from tests.examples.billing import PINE, agree
from tests.examples.order_lines import BOLTS, order
from tests.examples.small_gateway import ALL_LANES, SmallGateway
from tests.formats.answers import about, application_response, cxml, status

CODES = {"AB": "received", "IP": "received", "UQ": "queried", "CA": "received", "AP": "received", "RE": "rejected"}


def answered_order(gateway: SmallGateway, number: str = "PH-4001", **more: Any) -> Any:
    """The order response to an order of pine-hardware's."""
    message = gateway.settle(PINE, order(BOLTS, order_number=number, **more))
    (document,) = gateway.store.documents.of_messages([message.id])
    return document


def stands(gateway: SmallGateway, document_id: str) -> tuple[str, str | None]:
    found = gateway.store.deliveries.one(document_id)
    assert found is not None
    return found.status, found.code


@pytest.mark.parametrize(("code", "status"), CODES.items())
def test_an_application_response_says_how_the_document_stands(gateway: SmallGateway, code: str, status: str) -> None:
    document = answered_order(gateway)
    message = gateway.settle(PINE, application_response(about(document.number, code, "the price", kind="231")))
    assert (message.status, message.order_number, gateway.faults(message.id)) == ("done", None, [])
    assert stands(gateway, document.id)[0] == status
    (said,) = gateway.store.deliveries.receipts(document.id)
    assert (said.kind, said.message_id) == ("application_response", message.id)
    assert json.loads(said.body or "") == {"number": "AR-1", "code": code, "reasons": ["BV: the price"]}
    shown = gateway.client.get(f"/v1/messages/{message.id}", headers={"Authorization": f"Bearer {gateway.key(PINE)}"})
    entry = {"id": document.id, "type": "order_response", "number": document.number, "status": said.word}
    assert shown.json["answers"] == [entry]
    settled = gateway.store.audit.of(message.id)[-1]
    assert settled["body"]["answers"] == {document.id: said.word}


def test_on_either_database_a_refusal_opens_a_problem_and_an_acceptance_closes_it(on_either: SmallGateway) -> None:
    document = answered_order(on_either)
    on_either.settle(PINE, application_response(about(document.number, "RE", "wrong price")))
    (problem,) = on_either.store.delivery_problems.all()
    assert (problem.account_id, problem.code, problem.documents) == (PINE, "document_rejected", 1)
    assert "wrong price" in problem.detail
    on_either.settle(PINE, application_response(about(document.number, "AP"), number="AR-2"))
    assert on_either.store.delivery_problems.all() == []


def test_the_same_answer_again_is_a_duplicate(on_either: SmallGateway) -> None:
    document = answered_order(on_either)
    first = on_either.settle(PINE, application_response(about(document.number, "RE")))
    again = on_either.settle(
        PINE, application_response(about(document.number, "RE")).replace(b"<cbc:ID>AR-1", b" <cbc:ID>AR-1")
    )
    assert (first.status, again.status, again.duplicate_of) == ("done", "duplicate", first.id)
    assert len(on_either.store.deliveries.receipts(document.id)) == 1


def test_one_about_a_document_that_there_isnt_is_listed_with_what_it_says(on_either: SmallGateway) -> None:
    document = answered_order(on_either)
    body = application_response(about(document.number, "AP"), about("OR-99999999", "RE", "wrong price"))
    message = on_either.settle(PINE, body)
    assert message.status == "held"
    (fault,) = on_either.store.messages.faults(message.id)
    assert (fault.code, fault.value) == ("unknown_document", "OR-99999999")
    assert "rejected (RE): BV: wrong price" in fault.detail
    assert fault.location.startswith("line 1: cac:DocumentReference")
    assert stands(on_either, document.id) == ("received", None), "what is known of the others holds"
    (problem,) = on_either.store.problems.all()
    assert (problem.code, problem.messages) == ("unknown_document", 1)
    on_either.store.messages.dismiss(message.id, "kim", "asked: another supplier's")
    assert on_either.message(message.id).status == "dismissed"


def test_an_answer_of_another_account_is_about_nothing(gateway: SmallGateway) -> None:
    document = answered_order(gateway)
    message = gateway.settle("linden-works", application_response(about(document.number, "RE")))
    assert gateway.faults(message.id) == [("unknown_document", "")]
    assert stands(gateway, document.id) == ("available", None)


def test_a_test_key_answers_tests_alone(gateway: SmallGateway) -> None:
    document = answered_order(gateway)
    tested = gateway.settle(PINE, order(BOLTS, order_number="T-1"), test=True)
    (trial,) = gateway.store.documents.of_messages([tested.id])
    message_id = gateway.send(PINE, application_response(about(document.number, "RE")), test=True)
    gateway.work()
    assert gateway.faults(message_id) == [("unknown_document", "")]
    gateway.settle(PINE, application_response(about(trial.number, "RE")), test=True)
    assert stands(gateway, trial.id)[0] == "rejected"


def test_a_status_update_in_test_mode_says_nothing_of_what_is_in_earnest(gateway: SmallGateway) -> None:
    document = answered_order(gateway)
    trial = answered_order(gateway, number="T-1", test=True)
    said = [cxml(f'<DocumentReference payloadID="{one.number}@us"/>{status(406)}') for one in (document, trial)]
    first, second = (one.replace(b"<Request>", b'<Request deploymentMode="test">') for one in said)
    assert gateway.faults(gateway.settle(PINE, first).id) == [("unknown_document", "")]
    assert stands(gateway, document.id) == ("available", None)
    assert gateway.settle(PINE, second).status == "done"
    assert stands(gateway, trial.id) == ("rejected", "document_rejected")


def test_a_document_is_found_by_number_and_type(gateway: SmallGateway) -> None:
    document = answered_order(gateway)
    message = gateway.settle(PINE, application_response(about(document.number, "RE", kind="380")))
    assert gateway.faults(message.id) == [("unknown_document", "")]
    assert "no invoice of this number" in gateway.store.messages.faults(message.id)[0].detail


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        ("", ["answer_unclear"]),
        ("<cac:DocumentResponse/>", ["answer_unclear", "answer_unclear"]),
        (about("OR-1", "ZZ"), ["answer_unclear"]),
        (about("", "AP"), ["answer_unclear"]),
        (about("", "ZZ") + about("OR-1", ""), ["answer_unclear", "answer_unclear", "answer_unclear"]),
    ],
)
def test_one_that_cant_be_understood_waits_for_a_person(gateway: SmallGateway, said: str, codes: list[str]) -> None:
    """It may be a refusal: nobody may lose it."""
    message = gateway.settle(PINE, application_response(said))
    assert message.status == "held"
    assert sorted(code for code, _ in gateway.faults(message.id)) == sorted(codes)


def test_what_is_kept_of_a_long_one_is_short(gateway: SmallGateway) -> None:
    """However much it says of however many documents: its bytes are kept besides."""
    document = answered_order(gateway)
    reasons = [f"{number} {'x' * 900}" for number in range(50)]
    message = gateway.settle(PINE, application_response(about("N" * 5_000, "RE", *reasons)))
    (fault,) = gateway.store.messages.faults(message.id)
    assert (fault.value, len(fault.detail) < 1_500) == ("N" * 200, True)
    assert "rejected (RE): BV: 0 xxx" in fault.detail
    for last in "12":
        number = "A" * 5_000 + last
        gateway.settle(PINE, application_response(about(document.number, "RE"), number=number))
    said = [json.loads(one.body or "")["number"] for one in gateway.store.deliveries.receipts(document.id)]
    assert len(set(said)) == 2, "of two numbers that begin alike"
    assert max(map(len, said)) < 100


def test_one_that_cant_be_read_is_refused_at_the_door(gateway: SmallGateway) -> None:
    answer = gateway.post(PINE, application_response()[:-10])
    assert answer.status_code == 400
    assert answer.json["code"] == "xml_not_well_formed"
    assert gateway.message(answer.json["message_id"]).status == "rejected"


def test_an_answer_is_taken_where_its_format_is_not_agreed_for_orders(gateway: SmallGateway) -> None:
    assert "ubl-2.1" not in gateway.mapping(PINE).account.inbound.formats
    assert gateway.post(PINE, application_response(about("OR-1", "AP"))).status_code == 202


def test_an_answer_in_an_envelope_is_read(gateway: SmallGateway) -> None:
    document = answered_order(gateway)
    inner = application_response(about(document.number, "RE")).decode().partition("?>")[2]
    sbdh = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
    start = f'<e:StandardBusinessDocument xmlns:e="{sbdh}"><e:StandardBusinessDocumentHeader/>'
    body = f"{start}{inner}</e:StandardBusinessDocument>"
    assert gateway.settle(PINE, body.encode()).status == "done"
    assert stands(gateway, document.id)[0] == "rejected"


def test_a_mapping_is_not_judged_by_answers(gateway: SmallGateway) -> None:
    """What comes of one is told by our documents, and not by the mapping that is tried on the account's messages."""
    document = answered_order(gateway)
    done = gateway.settle(PINE, application_response(about(document.number, "RE")))
    held = gateway.settle(PINE, application_response(about("OR-9", "RE"), number="AR-2"))
    assert (done.status, held.status) == ("done", "held")
    judged = judge_messages(gateway.services, gateway.mapping(PINE), 10)
    assert [(stored.order_number, stored.status, one.status) for stored, one in judged] == [("PH-4001", "done", "done")]
    (again,) = foresee(gateway.services, [(held, gateway.store.messages.body(held.id) or b"")])
    assert again is not None
    assert (again.status, [one.code for one in again.faults]) == ("held", ["unknown_document"])


@pytest.mark.parametrize("on_either", ["postgresql"], indirect=True)
def test_an_answer_that_cant_be_matched_for_an_outage_waits_for_its_end(on_either: SmallGateway) -> None:
    document = answered_order(on_either)
    message_id = on_either.send(PINE, application_response(about(document.number, "RE")))
    queue = on_either.store.queue
    claim = queue.claim("worker-1", ALL_LANES, 10)
    assert claim is not None

    lost: list[Any] = []

    def lose_the_database() -> None:
        if lost:
            return
        with psycopg.connect(on_either.store.database.url.render_as_string(hide_password=False)) as connection:
            lost.append(
                connection.execute(
                    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                ).fetchall()
            )

    assert process(on_either.services, claim, lose_the_database) == 0
    assert on_either.message(message_id).status == "received"
    on_either.wake()
    on_either.work()
    assert on_either.message(message_id).status == "done"
    assert stands(on_either, document.id) == ("rejected", "document_rejected")


def test_an_order_that_speaks_of_an_application_response_is_an_order(gateway: SmallGateway) -> None:
    message = gateway.settle(PINE, order(BOLTS, note="<ApplicationResponse> StatusUpdateRequest, please"))
    assert (message.status, message.order_number) == ("done", "PH-4001")


def test_what_isnt_answered_in_the_accounts_time_alerts(gateway: SmallGateway, today: time_machine.Traveller) -> None:
    agree(gateway, outbound={"order_response": {"format": "json-1", "answer_within": "4h"}})
    document = answered_order(gateway)
    found = gateway.store.deliveries.one(document.id)
    assert found is not None
    assert found.answer_due_at == document.created_at + 4 * 3_600_000_000
    assert gateway.store.delivery_problems.all() == []
    with gateway.store.database.write() as connection:
        run(connection, "UPDATE deliveries SET answer_due_at = answer_due_at - ?", [(5 * 3_600_000_000,)])
    (problem,) = gateway.store.delivery_problems.all()
    assert (problem.code, problem.documents, problem.last_document_id) == ("answer_overdue", 1, document.id)
    answer = gateway.client.post(
        f"/v1/documents/{document.id}/receipt", headers={"Authorization": f"Bearer {gateway.key(PINE)}"}
    )
    assert answer.status_code == 200
    assert gateway.store.delivery_problems.all() == []


def test_a_refusal_is_said_at_the_documents_own_address(gateway: SmallGateway) -> None:
    document = answered_order(gateway)
    headers = {"Authorization": f"Bearer {gateway.key(PINE)}"}
    path = f"/v1/documents/{document.id}/receipt"
    answer = gateway.client.post(path, headers=headers, json={"status": "rejected", "reasons": ["line 1: the price"]})
    assert answer.status_code == 200, answer.text
    assert (answer.json["id"], answer.json["status"]) == (document.id, "rejected")
    assert stands(gateway, document.id) == ("rejected", "document_rejected")
    again = gateway.client.post(path, headers=headers, json={"status": "rejected", "reasons": ["line 1: the price"]})
    assert again.json == answer.json
    for body, code in (
        ({"status": "maybe"}, "bad_value"),
        ({"state": "rejected"}, "unknown_field"),
        (["rejected"], "wrong_document"),
    ):
        refused = gateway.client.post(path, headers=headers, json=body)
        assert (refused.status_code, refused.json["code"]) == (400, code), refused.text
        assert refused.json["faults"]
