"""The page for people: its examples are true, its lists complete, its commands work when pasted into a shell."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import httpx
import jsonschema_rs
import pytest

from gateway.api.answers import ANSWERS as MODELS
from gateway.api.answers import component_schemas
from gateway.api.describe import PROBLEMS
from gateway.api.examples import ANSWERS, ORDER, ORDER_RESPONSE, UBL_ORDER
from gateway.api.guide import FORMAT_STORIES, LINE_MEMBERS, ORDER_MEMBERS, REMEDIES, STATUSES_MEAN
from gateway.states import STATUSES
from gateway.store.revisions import Row
from mappings.revision import ItemRow, SiteRow
from mappings.tables import natural_key, to_fields
from schemas.fault_codes import FAULTS
from schemas.formats.registry import FORMATS, format_by_name
from schemas.json_schema import schema
from tests.api.builders import Gateway, Sender


@pytest.fixture
def trading(gateway: Gateway) -> Sender:
    """An account that has agreed on what the example orders."""
    rows = (
        ItemRow("PL-0042", None, "OAT-1L", "CS", "EA", Decimal(12)),
        ItemRow("PL-0042", None, "OAT-1L", "XCS", "EA", Decimal(12)),
        SiteRow("4012345000016", "0088", "ship_to", "DC East", supply_site="HAM"),
    )
    written = {"id": "trading", "name": "Trading", "inbound": {"formats": ["json-1", "ubl-2.1"]}}
    kept = [Row(_kind(row), natural_key(row), json.dumps(to_fields(row))) for row in rows]
    gateway.services.store.revisions.publish_account(written, kept, author="test", reason="test")
    return Sender("trading", gateway.services.store.keys.create("trading", actor="test", test=True)[1])


def _kind(row: ItemRow | SiteRow) -> str:
    return "item" if isinstance(row, ItemRow) else "site"


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
def test_its_commands_work_when_pasted(trading: Sender, address: str, tmp_path: Path) -> None:
    commands = _commands(httpx.get(f"{address}/v1/docs").text)
    assert len(commands) == 7
    if shutil.which("curl") is None:
        print("no curl on this machine: what the page says to paste was not tried")
        return
    environment = {"PATH": os.environ["PATH"], "KEY": trading.key}

    def paste(command: str) -> str:
        ran = subprocess.run(
            ["sh", "-e", "-c", command], cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=True
        )
        return ran.stdout.decode()

    empty, written, judged, answered, fetched, followed, as_ubl = commands
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
    assert "<cbc:OrderResponseCode" in paste(as_ubl)


def test_the_two_example_orders_say_the_same() -> None:
    (as_json,) = format_by_name("json-1").parse_orders(json.dumps(ORDER).encode())
    (as_ubl,) = format_by_name("ubl-2.1").parse_orders(UBL_ORDER.encode())
    assert as_json.warnings == as_ubl.warnings == ()
    said, also = as_json.order, as_ubl.order
    assert (said.currency, said.issue_date, said.requested_delivery) == (
        also.currency,
        also.issue_date,
        also.requested_delivery,
    )
    assert said.ship_to is not None
    assert also.ship_to is not None
    assert (said.ship_to.id, said.ship_to.scheme) == (also.ship_to.id, also.ship_to.scheme)
    for one, other in zip(said.lines, also.lines, strict=True):
        assert (one.line_number, one.buyer_item, one.quantity) == (other.line_number, other.buyer_item, other.quantity)
        assert one.price is not None
        assert other.price is not None
        assert one.price.amount == other.price.amount


def test_every_example_answer_is_as_described() -> None:
    assert set(ANSWERS) == {model.__name__ for model in MODELS}
    components = {"components": {"schemas": component_schemas()}}
    for name, example in ANSWERS.items():
        described = {"$ref": f"#/components/schemas/{name}", **components}
        jsonschema_rs.validator_for(described).validate(example)
    jsonschema_rs.validator_for(schema("order_response")).validate(ORDER_RESPONSE)
    jsonschema_rs.validator_for(schema("order")).validate(ORDER)


def test_the_example_problem_is_what_is_answered(gateway: Gateway, acme: Sender) -> None:
    twice = b'{"order_number": "1", "lines": [{"line_number": "1", "quantity": "1", "quantity": "1"}]}'
    answered = gateway.send(acme, twice)
    example = {**ANSWERS["Problem"], "message_id": answered.json["message_id"]}
    assert (answered.status_code, answered.json) == (example["status"], example)


def test_its_lists_are_complete() -> None:
    assert list(STATUSES_MEAN) == list(STATUSES)
    assert set(FORMAT_STORIES) == set(FORMATS)
    assert set(REMEDIES) == set(PROBLEMS)
    assert {code.status for code in FAULTS.values() if code.status} - {405, 409} <= set(PROBLEMS)
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
        model = place in component_schemas()
        assert model or f'href="#{place}"' in contents, place
