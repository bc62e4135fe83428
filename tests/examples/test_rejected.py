"""Every fault code has an example, and the example gives exactly its faults.

A folder of `rejected/` is named after its code and has one of these:

- `order.*`, sent over HTTP by the account that `account` names (else pine-hardware) and worked on; where there is a
  `before.*`, or several, that is sent and worked on first; `shipment.json`: what has left by then.
  `expected.json`: the message's `status`, and all its faults; with `hours_later`, what they are by then
- `account/`, an account's folder that can't be imported
- `request.json`: requests that are refused before anything is kept, each with its answer
"""

from __future__ import annotations

import gzip
import html
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner

from gateway.cli import program
from gateway.intake import Arrival, take_in
from gateway.judging import judge_messages
from gateway.shipping import take_shipment
from gateway.store.ids import now_us
from gateway.validation import validate
from mappings.account import Account
from mappings.files.account_folder import read_account
from mappings.files.text import FilesRejected
from schemas.documents.shipment import Shipment
from schemas.fault_codes import FAULTS
from schemas.formats import ReadOrder
from schemas.formats.json_1 import JSON_1
from schemas.formats.registry import FORMATS
from tests.examples.small_gateway import ACCOUNTS, ALL_LANES, SmallGateway
from tests.harness.replaying import judge_again

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
REJECTED = HERE / "rejected"
FOLDERS = sorted(path for path in REJECTED.iterdir() if path.is_dir())
COMPARED = ("code", "path", "location", "value", "expected")


def _with(kind: str) -> list[Any]:
    """The examples that have such a file or folder."""
    return [pytest.param(folder, id=folder.name) for folder in FOLDERS if any(folder.glob(kind))]


def _only(folder: Path, pattern: str) -> bytes:
    (path,) = folder.glob(pattern)
    return path.read_bytes()


def _expected(folder: Path) -> Mapping[str, Any]:
    read: Mapping[str, Any] = json.loads((folder / "expected.json").read_bytes())
    assert read["story"].endswith("."), "an example tells its story in a sentence"
    return read


def assert_faults(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    """Exactly these faults in this order. Where `detail` isn't expected word for word, it names what is wrong."""
    assert [_compared(fault) for fault in found] == [_compared(fault) for fault in expected]
    for fault, wanted in zip(found, expected, strict=True):
        if "detail" in wanted:
            assert fault["detail"] == wanted["detail"]
        else:
            assert _names_it(fault), f"{fault['detail']!r} names neither the value nor the place"


def _compared(fault: Mapping[str, Any]) -> dict[str, Any]:
    return {name: fault[name] for name in COMPARED}


def _names_it(fault: Mapping[str, Any]) -> bool:
    value, place = fault["value"], fault["path"].rpartition("/")[2]
    words = fault["detail"].replace("_", " ")
    return (
        bool(value and value in fault["detail"])
        or bool(place and place.replace("_", " ") in words)
        or bool(fault["location"] and fault["location"] in fault["detail"])
    )


# --- orders ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("folder", _with("order.*"))
def test_an_order_gives_exactly_its_faults(gateway: SmallGateway, today: time_machine.Traveller, folder: Path) -> None:
    expected = _expected(folder)
    named = folder / "account"
    account = named.read_text().strip() if named.exists() else "pine-hardware"
    for before in sorted(folder.glob("before*")):
        assert gateway.settle(account, before.read_bytes()).status == "done"
    for left in folder.glob("shipment.json"):
        take_shipment(gateway.services, Shipment.model_validate_json(left.read_bytes()), "test")
    answer = gateway.post(account, _only(folder, "order.*"))
    message_id = answer.json["message_id"]
    if answer.status_code != 202:
        assert answer.status_code == FAULTS[folder.name].status
        assert answer.json["code"] == folder.name
        assert_faults(answer.json["faults"], expected["faults"])
    gateway.work()
    if hours := expected.get("hours_later"):
        today.shift(timedelta(hours=hours))
        gateway.wake()
        gateway.work()
    headers = {"Authorization": f"Bearer {gateway.key(account)}"}
    message = gateway.client.get(f"/v1/messages/{message_id}", headers=headers).json
    assert message["status"] == expected["status"]
    assert_faults(message["faults"], expected["faults"])
    assert folder.name in {fault["code"] for fault in message["faults"]}


# --- account folders ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("folder", _with("account/account.yaml"))
def test_an_account_folder_gives_exactly_its_faults(folder: Path) -> None:
    with pytest.raises(FilesRejected) as rejected:
        read_account(folder / "account")
    assert_faults([fault.as_json() for fault in rejected.value.faults], _expected(folder)["faults"])


# --- requests ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("folder", _with("request.json"))
def test_a_request_gives_exactly_its_answer(gateway: SmallGateway, folder: Path) -> None:
    told = json.loads((folder / "request.json").read_bytes())
    gateway.set_policies("pine-hardware", **told.get("policies", {}))
    stands_for = _keys(gateway)
    if any(folder.glob("before.*")):
        settled = gateway.settle("pine-hardware", _only(folder, "before.*"))
        stands_for["document_id"] = gateway.store.documents.of_messages([settled.id])[0].id
        stands_for["order_id"] = gateway.message(settled.id).order_id or ""
    kept = gateway.count_messages()
    for one in told["exchange"]:
        answer = _ask(gateway, one["request"], stands_for)
        assert_answer(answer, one["answer"])
        kept += answer.status_code == 202
        assert gateway.count_messages() == kept, "what is refused at the door is not kept"
    assert one["answer"]["code"] == folder.name


def _keys(gateway: SmallGateway) -> dict[str, str]:
    """What `{key}` and its like stand for in a request."""
    keys = gateway.store.keys
    live = gateway.key("pine-hardware")
    revoked, revoked_text = keys.create("pine-hardware", actor="test")
    keys.revoke(revoked.id, actor="test")
    return {
        "key": live,
        "changed_key": live[:20] + ("a" if live[20] != "a" else "b") + live[21:],
        "other_key": gateway.key("birch-timber"),
        "office_key": keys.create(None, actor="test")[1],
        "revoked_key": revoked_text,
        "expired_key": keys.create("pine-hardware", actor="test", expires_at=now_us() - 1)[1],
    }


def _ask(gateway: SmallGateway, told: Mapping[str, Any], stands_for: Mapping[str, str]) -> Any:
    headers = {name: text.format_map(stands_for) for name, text in told["headers"].items()}
    sent = _body(told.get("body", "")).encode()
    if told.get("gzip"):
        sent = gzip.compress(sent)
    path = told["path"].format_map(stands_for)
    return gateway.client.open(path, method=told["method"], headers=headers, data=sent)


def _body(told: str | Mapping[str, Any]) -> str:
    """The body as written, a text over and over, or the numbers from 1 on, which pack no better than a document."""
    if isinstance(told, str):
        return told
    return "".join(map(str, range(1, told["count_to"] + 1))) if "count_to" in told else told["repeat"] * told["times"]


def assert_answer(answer: Any, expected: Mapping[str, Any]) -> None:
    """The status; where it is a refusal, a problem with this code; every header named (`*`: whatever it says)."""
    assert answer.status_code == expected["status"], answer.text
    if "code" in expected:
        assert answer.mimetype == "application/problem+json"
        problem = answer.json
        assert (problem["code"], problem["status"]) == (expected["code"], expected["status"])
        assert problem["title"] == FAULTS[expected["code"]].title
        assert problem["type"] == f"/v1/docs/faults/{expected['code']}"
        assert problem["detail"] == expected.get("detail", problem["detail"])
        assert problem["detail"]
    for name, text in expected.get("headers", {}).items():
        assert answer.headers.get(name) == (answer.headers[name] if text == "*" else text)


# --- what no document or request can bring about: the real conditions --------------------------------------------
def order_of_hammers(number: str) -> dict[str, Any]:
    """Three hammers, of which there are 40."""
    return {
        "order_number": number,
        "ship_to": {"id": "YARD-1"},
        "lines": [{"line_number": "1", "buyer_item": "PH-0102", "quantity": "3"}],
    }


def test_too_many_lines(gateway: SmallGateway) -> None:
    """100,001 lines are too many; a file of them would be too many for this project, too."""
    line = '{"line_number": "%d", "buyer_item": "PH-0102", "quantity": "3"}'
    lines = ",".join(line % number for number in range(1, 100_002))
    message = gateway.settle("pine-hardware", f'{{"order_number": "PH-1", "lines": [{lines}]}}'.encode())
    assert message.status == "rejected"
    (fault,) = gateway.store.messages.faults(message.id)
    assert (fault.code, fault.path, fault.location, fault.value) == ("too_many_lines", "/lines", "/lines", None)
    assert fault.expected == "at most 100000 lines"


def test_too_many_orders(gateway: SmallGateway) -> None:
    """2,001 orders are too many for one body; none of them is taken, and the body is kept."""
    body = b"[" + b",".join([b"{}"] * 2_001) + b"]"
    refused = gateway.post("pine-hardware", body)
    assert_answer(refused, {"status": 400, "code": "too_many_orders"})
    (fault,) = refused.json["faults"]
    assert (fault["code"], fault["value"]) == ("too_many_orders", "2001")
    assert fault["expected"] == "at most 2000 orders a body"
    assert gateway.message(refused.json["message_id"]).status == "rejected"
    assert gateway.count_messages() == 1


def test_order_unclear(gateway: SmallGateway) -> None:
    """The account has two buyers, and an order of one; the same number comes without a buyer, with other lines."""
    folder = read_account(ACCOUNTS / "pine-hardware")
    another = folder.account.identifiers[0].model_copy(update={"id": "68750111"})
    identifiers = (*folder.account.identifiers, another)
    gateway.publish(replace(folder, account=folder.account.model_copy(update={"identifiers": identifiers})))
    stands = order_of_hammers("PH-1") | {"buyer": {"id": "68750111", "scheme": "0106"}}
    assert gateway.settle("pine-hardware", stands).status == "done"
    line = stands["lines"][0] | {"quantity": "5"}
    held = gateway.settle("pine-hardware", order_of_hammers("PH-1") | {"lines": [line]})
    assert held.status == "held"
    (fault,) = gateway.store.messages.faults(held.id)
    assert (fault.code, fault.path, fault.location) == ("order_unclear", "/order_number", "/order_number")


def test_change_overtaken(gateway: SmallGateway) -> None:
    """Line 1 is changed, which is held for its price; then line 2 is, which is made. The first one is replayed when its
    price is right: nothing says whether it is still meant."""
    asked = order_of_hammers("PH-1")
    (hammers,) = asked["lines"]
    gateway.settle("pine-hardware", {**asked, "lines": [hammers, {**hammers, "line_number": "2"}]})
    by_line = {**hammers, "action": "change"}
    dear = {**by_line, "quantity": "9", "price": {"amount": "12.00"}}
    held = gateway.settle("pine-hardware", {**asked, "function": "change", "lines": [dear]})
    assert gateway.faults(held.id) == [("price_mismatch", "/lines/0/price/amount")]
    more = {**by_line, "line_number": "2", "quantity": "7"}
    assert gateway.settle("pine-hardware", {**asked, "function": "change", "lines": [more]}).status == "done"
    gateway.set_policies("pine-hardware", price_tolerance_percent="20")
    judge_again(gateway.store, held.id)
    gateway.work()
    assert (gateway.message(held.id).status, gateway.faults(held.id)) == (
        "held",
        [("change_overtaken", "/order_number")],
    )


def test_json_limit(gateway: SmallGateway) -> None:
    """More objects than any order has: refused at once, before any of them is built, and kept all the same."""
    body = b'{"order_number": "PH-1", "lines": [' + b"{}," * 600_000 + b"{}]}"
    refused = gateway.post("pine-hardware", body)
    assert_answer(refused, {"status": 413, "code": "json_limit"})
    (fault,) = refused.json["faults"]
    assert fault == {
        "code": "json_limit",
        "path": "",
        "location": "line 1 column 1800030 (character 1800030)",
        "detail": "the document has more than 600,000 objects and lists",
        "value": None,
        "expected": "at most 600,000 objects and lists",
    }


def test_unknown_revision(gateway: SmallGateway) -> None:
    """An account of which nothing is published, as after a database was put back to before it was: held, not lost."""
    account = Account(id="ash-and-sons", name="Ash & Sons")
    taken = take_in(gateway.services, Arrival(account, False, json.dumps(order_of_hammers("A-1")).encode(), "test"))
    gateway.work()
    assert gateway.message(taken.kept.message_id).status == "held"
    (fault,) = gateway.store.messages.faults(taken.kept.message_id)
    assert fault.as_json() == {
        "code": "unknown_revision",
        "path": "",
        "location": "",
        "detail": "The account ash-and-sons has no published mapping.",
        "value": None,
        "expected": None,
    }


def test_unknown_supply_site(gateway: SmallGateway) -> None:
    """A yard that is supplied from a site nobody tells stock of, for its name is misspelt: held, for unknown is not
    zero; answered once it is mended. A test order, which takes nothing, is answered all the same."""
    folder = read_account(ACCOUNTS / "pine-hardware")
    misspelt = tuple(replace(row, supply_site=row.supply_site and "NORHT") for row in folder.sites)
    gateway.publish(replace(folder, sites=misspelt))
    held = gateway.settle("pine-hardware", order_of_hammers("PH-1"))
    assert held.status == "held"
    (fault,) = gateway.store.messages.faults(held.id)
    assert fault.as_json() == {
        "code": "unknown_supply_site",
        "path": "/ship_to",
        "location": "/ship_to",
        "detail": "YARD-1 is supplied from NORHT, for which no stock was ever told",
        "value": "NORHT",
        "expected": "a site that stock is told of",
    }
    ((stored, judged),) = judge_messages(gateway.services, gateway.mapping("pine-hardware"), 1)
    assert (stored.id, judged.status, judged.faults) == (held.id, "held", (fault,))
    body = json.dumps(order_of_hammers("PH-3")).encode()
    ahead = [validate(gateway.services, "pine-hardware", test, body).faults for test in (False, True)]
    assert ahead == [(fault,), ()]
    assert gateway.settle("pine-hardware", order_of_hammers("PH-2"), test=True).status == "done"
    assert [one.status for _, one in judge_messages(gateway.services, gateway.mapping("pine-hardware"), 2)] == [
        "done",
        "held",
    ]

    gateway.publish(folder)
    judge_again(gateway.store, held.id)
    gateway.work()
    assert gateway.message(held.id).status == "done"
    assert gateway.faults(held.id) == []


def test_what_the_erp_decides_asks_for_no_stock(gateway: SmallGateway) -> None:
    folder = read_account(ACCOUNTS / "pine-hardware")
    policies = folder.account.policies.model_copy(update={"decision": "backoffice"})
    misspelt = tuple(replace(row, supply_site=row.supply_site and "NORHT") for row in folder.sites)
    account = folder.account.model_copy(update={"policies": policies})
    gateway.publish(replace(folder, account=account, sites=misspelt))
    assert gateway.settle("pine-hardware", order_of_hammers("PH-1")).status == "done"


def test_a_site_that_has_none_of_the_product_is_known(gateway: SmallGateway) -> None:
    """SOUTH has no hammers, but bolts: what is there is nothing, and the order is answered."""
    order = order_of_hammers("PH-1") | {"ship_to": {"id": "YARD-2"}}
    assert gateway.settle("pine-hardware", order).status == "done"


def test_internal_error(gateway: SmallGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """A format whose reader has a bug: the document fails alone, and is answered when that is mended."""

    def parse_orders(body: bytes) -> tuple[ReadOrder, ...]:
        raise ZeroDivisionError("a bug")

    mended = JSON_1.parse_orders
    buggy = replace(JSON_1, name="buggy-1", sniff=lambda body: b"buggy" in body, parse_orders=parse_orders)
    monkeypatch.setitem(FORMATS, "buggy-1", buggy)  # type: ignore[arg-type]  # the list is a dict
    folder = read_account(ACCOUNTS / "pine-hardware")
    inbound = folder.account.inbound.model_copy(update={"formats": ("buggy-1", "json-1")})
    gateway.publish(replace(folder, account=folder.account.model_copy(update={"inbound": inbound})))
    failing = gateway.send("pine-hardware", order_of_hammers("PH-1") | {"note": "buggy"})
    neighbour = gateway.send("pine-hardware", order_of_hammers("PH-2"))
    gateway.work()
    assert gateway.message(neighbour).status == "done"
    assert gateway.message(failing).status == "failed"
    (fault,) = gateway.store.messages.faults(failing)
    assert (fault.code, fault.value, fault.path) == ("internal_error", failing, "")
    assert "a bug" not in fault.detail

    monkeypatch.setitem(FORMATS, "buggy-1", replace(buggy, parse_orders=mended))  # type: ignore[arg-type]
    judge_again(gateway.store, failing)
    gateway.work()
    assert gateway.message(failing).status == "done"
    assert gateway.faults(failing) == []


def test_quarantined(filled: Path, tmp_path: Path, today: time_machine.Traveller) -> None:
    """A document that three workers claimed and never settled is set apart; the one beside it is answered."""
    gateway = SmallGateway(filled, tmp_path, lease_seconds=0, max_losses=3)
    poison = gateway.send("pine-hardware", order_of_hammers("PH-1"))
    for loss in range(1, 4):
        claim = gateway.store.queue.claim("a worker that dies", ALL_LANES, 50)
        assert claim is not None
        assert [message.id for message in claim.messages] == [poison]
        swept = gateway.store.queue.sweep()
        assert swept.quarantined == ((poison,) if loss == 3 else ())
    assert gateway.message(poison).status == "failed"
    (fault,) = gateway.store.messages.faults(poison)
    assert (fault.code, fault.path, fault.value) == ("quarantined", "", "3")
    assert "3 times" in fault.detail
    gateway.close()

    reopened = SmallGateway.on(gateway.database)
    assert reopened.settle("pine-hardware", order_of_hammers("PH-2")).status == "done"
    assert reopened.message(poison).status == "failed"
    judge_again(reopened.store, poison)
    reopened.work()
    assert reopened.message(poison).status == "done"
    reopened.close()


def test_cannot_store(gateway: SmallGateway) -> None:
    """A full disk: 503 with Retry-After, nothing taken; the same request is taken once there is room."""
    key = gateway.key("pine-hardware")
    body = json.dumps(order_of_hammers("PH-1") | {"note": "x" * 9_000}).encode()
    with gateway.full_disk():
        refused = gateway.post("pine-hardware", body)
    assert_answer(refused, {"status": 503, "code": "cannot_store", "headers": {"Retry-After": "2"}})
    assert gateway.count_messages() == 0
    taken = gateway.client.post("/v1/orders", data=body, headers={"Authorization": f"Bearer {key}"})
    assert_answer(taken, {"status": 202})
    assert gateway.work() == 1


# --- completeness ------------------------------------------------------------------------------------------------
TESTED_HERE = {
    "too_many_lines": test_too_many_lines,
    "too_many_orders": test_too_many_orders,
    "order_unclear": test_order_unclear,
    "change_overtaken": test_change_overtaken,
    "json_limit": test_json_limit,
    "unknown_revision": test_unknown_revision,
    "unknown_supply_site": test_unknown_supply_site,
    "internal_error": test_internal_error,
    "quarantined": test_quarantined,
    "cannot_store": test_cannot_store,
}
"""Codes without a folder, and the test that brings the fault about."""

TESTED_ELSEWHERE = {
    "no_sscc_left": "tests/pipeline/test_sscc_numbers.py",
    "number_in_use": "tests/pipeline/test_invoice_numbers.py",
    "tax_rule_ambiguous": "tests/trade/test_taxes.py",
    "taxes_not_together": "tests/trade/test_invoicing.py",
    **dict.fromkeys(
        (
            *("already_invoiced", "invoice_failed", "invoice_incomplete", "more_than_invoiced", "more_than_shipped"),
            *("no_agreed_price", "no_tax_rule", "not_on_invoice", "several_invoices", "unknown_invoice"),
            *("amount_too_long", "unknown_shipment"),
        ),
        "tests/pipeline/test_invoices.py",
    ),
    **dict.fromkeys(
        ("delivery_failed", "delivery_rejected", "delivery_terms", "endpoint_gone"), "tests/delivery/test_deliverer.py"
    ),
    **dict.fromkeys(("pickup_failed", "pickup_refused"), "tests/pickup/test_problems.py"),
    **dict.fromkeys(
        ("answer_overdue", "answer_unclear", "document_rejected", "unknown_document"), "tests/pipeline/test_answers.py"
    ),
    "document_queried": "tests/store/test_answers.py",
}
"""Codes, most of invoices and of what is sent, and the tests that bring the faults about."""
NOT_ANSWERED_YET: dict[str, str] = {}
"""Codes that nothing gives yet, and why they are there. A folder or a test takes their place with the first use."""


def test_every_code_has_its_example() -> None:
    folders = {folder.name for folder in FOLDERS}
    assert folders | TESTED_HERE.keys() | NOT_ANSWERED_YET.keys() | TESTED_ELSEWHERE.keys() == FAULTS.keys()
    for code, file in TESTED_ELSEWHERE.items():
        assert f'"{code}' in (ROOT / file).read_text("utf-8")
    assert not folders & TESTED_HERE.keys()
    assert not NOT_ANSWERED_YET.keys() & (folders | TESTED_HERE.keys())


def test_every_example_is_run() -> None:
    for folder in FOLDERS:
        kinds = [kind for kind in ("order.*", "account/account.yaml", "request.json") if any(folder.glob(kind))]
        assert len(kinds) == 1, f"{folder.name} has {kinds}"


def test_codes_without_a_use_have_none() -> None:
    """A code that is declared as unused is used nowhere, or its example is missing."""
    sources = [*ROOT.glob("gateway/**/*.py"), *ROOT.glob("mappings/*.py"), *ROOT.glob("workers/*.py")]
    for code in NOT_ANSWERED_YET:
        using = [path.name for path in sources if f'"{code}"' in path.read_text("utf-8")]
        assert using == [], f"{code} is given in {using}"


# --- documentation -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("code", sorted(FAULTS))
def test_every_code_tells_its_story(code: str) -> None:
    told = FAULTS[code]
    assert told.code == code
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", code)
    assert re.fullmatch(r"[A-Z][^.]*", told.title), "a title is no sentence"
    for sentences in (told.meaning, told.remedy, told.told_sender):
        assert re.fullmatch(r"[A-Z0-9].+\.", sentences)
        assert "  " not in sentences
    assert told.status is None or 400 <= told.status <= 503


def test_a_sender_is_told_nothing_of_our_files_and_commands() -> None:
    ours = re.compile(r"\.csv|\.yaml|replay|dismiss|import|\bWe:|policies|the log|worker died")
    assert [code for code, told in FAULTS.items() if told.actor != "world" and ours.search(told.told_sender)] == []


def test_no_two_codes_tell_the_same_story() -> None:
    for part in ("title", "meaning"):
        told = [getattr(fault, part) for fault in FAULTS.values()]
        assert len(set(told)) == len(told), part


def test_codes_are_permanent() -> None:
    """codes.txt has every code ever released, in the order of the alphabet; one that was released stays declared."""
    released = (HERE / "codes.txt").read_text("utf-8").split()
    assert released == sorted(set(released))
    assert [code for code in released if code not in FAULTS] == [], "a released code is never taken away or renamed"
    assert [code for code in FAULTS if code not in released] == [], "add the new code to codes.txt: it is for good"


def test_every_code_is_shown_to_people(gateway: SmallGateway) -> None:
    page = html.unescape(gateway.client.get("/v1/docs/faults").text)
    for code, told in FAULTS.items():
        assert code in page
        assert told.meaning in page
        assert told.told_sender in page
        assert gateway.client.get(f"/v1/docs/faults/{code}").status_code == 200


def test_every_code_is_listed_by_the_program() -> None:
    listed = CliRunner().invoke(program, ["faults", "--json"])
    assert listed.exit_code == 0
    assert json.loads(listed.output) == [asdict(told) for told in FAULTS.values()]
    table = CliRunner().invoke(program, ["faults"])
    assert table.exit_code == 0
    assert [code for code in FAULTS if not re.search(rf"\b{code}\b", table.output)] == []
