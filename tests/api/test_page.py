"""The page for people: its examples are true, its lists complete, its commands work when pasted into a shell."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import jsonschema_rs
import pytest

from gateway.accounts import publish_catalogue
from gateway.api.answers import ANSWERS as MODELS
from gateway.api.answers import component_schemas
from gateway.api.backoffice.answers import OFFICE_ANSWERS
from gateway.api.describe import PROBLEMS
from gateway.api.examples import ANSWERS, CANCELLATION, CHANGE, ORDER, ORDER_RESPONSE, UBL_ORDER
from gateway.api.guide import FORMAT_STORIES, LINE_MEMBERS, ORDER_MEMBERS, REMEDIES, STATUSES_MEAN
from gateway.bootstrap import demo_folder
from gateway.demo.accounts import prepare
from gateway.states import STATUSES
from mappings.files.tables import read_catalogue, read_stock
from schemas.fault_codes import FAULTS
from schemas.formats.registry import FORMATS
from schemas.json_schema import schema
from tests.api.builders import Gateway, Sender

ACCOUNTS = Path(__file__).resolve().parents[2] / "mappings" / "accounts"


@pytest.fixture
def keys(gateway: Gateway, tmp_path: Path) -> Mapping[str, str]:
    """The demo's accounts, catalogue and stock; account → key, as whoever runs the demo has them."""
    store, files = gateway.services.store, demo_folder()
    publish_catalogue(store, read_catalogue(files), author="test", reason="test")
    store.stock.record(read_stock(files / "stock.csv"))
    accounts = prepare(gateway.services, files, ACCOUNTS, tmp_path / "keys")
    return {one.account.id: one.key for one in accounts}


@pytest.fixture
def at_work(gateway: Gateway) -> Iterator[None]:
    """A worker beside the server."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.02):
            gateway.work()

    worker = threading.Thread(target=work)
    worker.start()
    yield
    over.set()
    worker.join(timeout=15)
    assert not worker.is_alive()


def _commands(page: str) -> list[str]:
    """What the page says to paste, in its order."""
    return [html.unescape(block) for block in re.findall(r'<pre class="try">(.*?)</pre>', page, re.DOTALL)]


@pytest.mark.usefixtures("at_work")
def test_its_commands_work_when_pasted(keys: Mapping[str, str], address: str, tmp_path: Path) -> None:
    commands = _commands(httpx.get(f"{address}/v1/docs").text)
    assert len(commands) == 9
    if shutil.which("curl") is None:
        print("no curl on this machine: what the page says to paste was not tried")
        return
    environment = {"PATH": os.environ["PATH"], "KEY": keys["nordic-office"]}

    def paste(command: str) -> str:
        ran = subprocess.run(
            ["sh", "-e", "-c", command], cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=True
        )
        return ran.stdout.decode()

    empty, written, judged, answered, fetched, followed, changed, cancelled, as_ubl = commands
    assert json.loads(paste(empty)) == {"documents": [], "next": None}
    assert paste(written) == ""
    assert json.loads((tmp_path / "order.json").read_text()) == ORDER
    assert json.loads(paste(judged))["faults"] == []
    head, _, body = paste(answered).replace("\r", "").partition("\n\n")
    assert "200 OK" in head.splitlines()[0]
    assert json.loads(body)["order_number"] == ORDER["order_number"]
    headers = dict(line.split(": ") for line in head.splitlines()[1:])
    document_id = headers["Location"].rpartition("/")[2]
    environment |= {"LAST_ID": document_id, "DOCUMENT_ID": document_id, "MESSAGE_ID": headers["Gateway-Message-Id"]}
    later, again, receipt = (paste(line) for line in fetched.splitlines())
    assert json.loads(later)["documents"] == []
    assert json.loads(again) == json.loads(body)
    assert json.loads(receipt)["id"] == document_id
    message, thread = (json.loads(paste(line)) for line in followed.splitlines())
    assert (message["status"], thread["order_number"]) == ("done", ORDER["order_number"])
    eight = json.loads(paste(changed))["lines"][0]["outcomes"]
    assert [(one["status"], one["quantity"]) for one in eight] == [("accepted", "8")]
    gone = json.loads(paste(cancelled))
    assert (gone["outcome"], gone["note"]) == ("accepted", "Cancelled as requested.")
    environment["KEY"] = keys["acme-retail"]
    assert ">AP</cbc:OrderResponseCode>" in paste(as_ubl)


def test_the_example_orders_are_in_order_for_their_demo_accounts(gateway: Gateway, keys: Mapping[str, str]) -> None:
    as_json, as_ubl = json.dumps(ORDER).encode(), UBL_ORDER.encode()
    for account, body, sent_as in (("nordic-office", as_json, "json"), ("acme-retail", as_ubl, "xml")):
        headers = {"Authorization": f"Bearer {keys[account]}", "Content-Type": f"application/{sent_as}"}
        judged = gateway.client.post("/v1/orders/validate", data=body, headers=headers)
        assert (judged.status_code, judged.json["faults"]) == (200, []), account
        if sent_as == "json":
            assert judged.json["lines"] == ANSWERS["ValidatedOrder"]["lines"]


def test_the_example_of_being_alive_is_what_is_answered(gateway: Gateway) -> None:
    described = gateway.client.get("/v1/openapi.json").json["paths"]["/healthz"]["get"]["responses"]["200"]
    assert described["content"]["application/json"]["example"] == gateway.client.get("/healthz").json


def test_what_is_no_agreed_format_is_told_by_a_validation_as_a_fault(gateway: Gateway, keys: Mapping[str, str]) -> None:
    headers = {"Authorization": f"Bearer {keys['nordic-office']}", "Content-Type": "application/xml"}
    judged = gateway.client.post("/v1/orders/validate", data=UBL_ORDER.encode(), headers=headers)
    assert (judged.status_code, [one["code"] for one in judged.json["faults"]]) == (200, ["format_not_agreed"])
    headers["Content-Type"] = "image/png"
    assert gateway.client.post("/v1/orders/validate", data=b"x", headers=headers).status_code == 415


def test_every_example_answer_is_as_described() -> None:
    assert set(ANSWERS) == {model.__name__ for model in MODELS}
    components = {"components": {"schemas": component_schemas((*MODELS, *OFFICE_ANSWERS))}}
    for name, example in ANSWERS.items():
        described = {"$ref": f"#/components/schemas/{name}", **components}
        jsonschema_rs.validator_for(described).validate(example)
    jsonschema_rs.validator_for(schema("order_response")).validate(ORDER_RESPONSE)
    for one in (ORDER, CHANGE, CANCELLATION):
        jsonschema_rs.validator_for(schema("order")).validate(one)


def test_a_body_of_several_orders_is_described_as_it_is_answered(gateway: Gateway, keys: Mapping[str, str]) -> None:
    described = gateway.client.get("/v1/openapi.json").json
    send = described["paths"]["/v1/orders"]["post"]
    taken = send["requestBody"]["content"]["application/json"]
    judge = jsonschema_rs.validator_for(taken["schema"])
    sent = taken["examples"]["several_orders"]["value"]
    assert judge.is_valid(sent)
    assert judge.is_valid(taken["examples"]["one_order"]["value"])
    assert not judge.is_valid([])
    headers = {"Authorization": f"Bearer {keys['nordic-office']}"}
    answered = gateway.client.post("/v1/orders", json=sent, headers=headers)
    shown = send["responses"]["202"]["content"]["application/json"]["examples"]["several_orders"]["value"]
    model = {"$ref": "#/components/schemas/Accepted", "components": described["components"]}
    for one in (answered.json, shown):
        jsonschema_rs.validator_for(model).validate(one)
    assert answered.status_code == 202
    assert _without_ids(answered.json) == _without_ids(shown)
    assert json.dumps(shown, indent=2) in html.unescape(gateway.client.get("/v1/docs").text)
    judged = gateway.client.post("/v1/orders/validate", json=sent, headers=headers).json
    assert [order["faults"] for order in judged["orders"]] == [[], []]


def _without_ids(answer: object) -> object:
    return re.sub("[0-9a-f]{28}", "…", json.dumps(answer, sort_keys=True))


def test_the_example_problem_is_what_is_answered(gateway: Gateway, acme: Sender) -> None:
    twice = b'{"order_number": "1", "lines": [{"line_number": "1", "quantity": "1", "quantity": "1"}]}'
    answered = gateway.send(acme, twice)
    example = {**ANSWERS["Problem"], "message_id": answered.json["message_id"]}
    assert (answered.status_code, answered.json) == (example["status"], example)


def test_its_lists_are_complete() -> None:
    assert list(STATUSES_MEAN) == list(STATUSES)
    assert set(FORMAT_STORIES) == set(FORMATS)
    assert set(REMEDIES) == set(PROBLEMS)
    assert {code.status for code in FAULTS.values() if code.status} - {409} <= set(PROBLEMS)
    order = schema("order")
    line = order["$defs"]["OrderLine"]
    for described, members in ((order, ORDER_MEMBERS), (line, LINE_MEMBERS)):
        assert set(members) <= set(described["properties"])
        assert {name for name, words in members.items() if "Required." in words} == set(described["required"])


def test_whoever_has_no_mouse_reaches_the_content_and_every_call(gateway: Gateway) -> None:
    """The first link leads past the contents; the contents are links and name every call and every section."""
    page = gateway.client.get("/v1/docs").text
    assert re.search(r"<body>\s*<a class=\"skip\" href=\"#content\">", page)
    contents = page.partition("<nav")[2].partition("</nav>")[0]
    for place in re.findall(r'<h[23] id="([^"]+)"', page):
        model = place in component_schemas((*MODELS, *OFFICE_ANSWERS))
        assert model or f'href="#{place}"' in contents, place
