"""A layout that nobody here has seen passes by a folder alone: imported, an order sent over HTTP, answered in kind."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.accounts import published_folder
from gateway.judging import judge_messages
from mappings.files.account_folder import read_account, read_folder, write_account
from tests.examples.small_gateway import ACCOUNTS, HERE, SmallGateway
from tests.examples.test_onboarding import mailbox, taken
from tests.harness.replaying import judge_again

ACCOUNT = """id: aspen-marine
name: Aspen Marine
time_zone: Europe/Helsinki
inbound: {formats: [ubl-2.1, custom]}
outbound: {order_response: {format: custom}}
terms: {currency: EUR}
policies: {default_unit: KPL}
"""
ORDER_MAP = """reads: xml
root: Tilaukset
orders: Tilaus
defaults: {number: {decimal: ",", thousands: " "}, date: D.M.YYYY}
order:
  order_number: {from: "@nro", required: true}
  ship_to: {id: Kohde/@koodi}
  requested_delivery: {start: Toimitus}
  lines:
    each: Rivi
    line_number: {position: {}}
    buyer_item: "@tuote"
    quantity: "@maara"
    price: {amount: "@hinta"}
"""
RESPONSE_MAP = """writes: csv
delimiter: ";"
defaults: {number: {decimal: ","}, date: D.M.YYYY}
tables: {tilat: {accepted: vahvistettu, backordered: myohemmin}}
rows: [lines, outcomes]
columns:
  Tilaus: {from: order_number, of: document}
  Rivi: {from: line_number, of: parent}
  Tila: {from: status, table: tilat}
  Maara: quantity
  Pvm: promised_delivery
otherwise: {Tilaus: order_number, Tila: outcome, Pvm: note}
"""
ITEMS = "account_sku,product,account_unit,unit,factor\nRUUVI,BOLT-M8,KPL,XBX,1\nVASARA,HAMMER-16,,,\n"
UNITS = "account_unit,product,unit,factor\nKPL,,EA,1\n"
SITES = "account_site,supply_site\nSATAMA,NORTH\n"
ORDER = b"""<Tilaukset>
  <Tilaus nro="A-17"><Kohde koodi="SATAMA"/><Toimitus>1.12.2026</Toimitus>
    <Rivi tuote="RUUVI" maara="4"/>
    <Rivi tuote="VASARA" maara="60"/>
  </Tilaus>
</Tilaukset>
"""
ANSWER = """Tilaus;Rivi;Tila;Maara;Pvm
A-17;1;vahvistettu;4;1.12.2026
A-17;2;vahvistettu;40;1.12.2026
A-17;2;myohemmin;20;
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The account as whoever onboards it writes it down."""
    path = tmp_path / "aspen-marine"
    path.mkdir()
    for name, text in {
        "account.yaml": ACCOUNT,
        "order_map.yaml": ORDER_MAP,
        "order_response_map.yaml": RESPONSE_MAP,
        "items.csv": ITEMS,
        "units.csv": UNITS,
        "sites.csv": SITES,
    }.items():
        (path / name).write_text(text, encoding="utf-8")
    return path


def faults_told(gateway: SmallGateway, body: bytes) -> Any:
    """What `POST /v1/orders/validate` finds."""
    headers = {"Authorization": f"Bearer {gateway.key('aspen-marine')}"}
    return gateway.client.post("/v1/orders/validate", data=body, headers=headers).json["faults"]


def test_a_foreign_layout_passes_by_its_folder_alone(gateway: SmallGateway, folder: Path) -> None:
    gateway.publish(read_account(folder))
    message = gateway.settle("aspen-marine", ORDER)
    assert (message.status, message.format, gateway.faults(message.id)) == ("done", "custom", [])
    answer = mailbox(gateway, "aspen-marine")
    assert answer.mimetype == "text/csv"
    assert answer.data.decode().replace("\r\n", "\n") == ANSWER
    assert taken(gateway, "aspen-marine") == {("BOLT-M8", "NORTH"): "200", ("HAMMER-16", "NORTH"): "40"}
    ((_, again),) = judge_messages(gateway.services, gateway.mapping("aspen-marine"), 1)
    assert (again.status, again.faults) == ("done", ())


def test_its_answers_are_to_be_had_in_every_format_and_its_own_in_other_revisions(
    gateway: SmallGateway, folder: Path
) -> None:
    content = read_account(folder)
    terms = {
        **content.account.model_dump(mode="json", by_alias=True),
        "outbound": {"order_response": {"format": "json-1"}},
    }
    gateway.publish(replace(content, account=type(content.account).model_validate(terms)))
    gateway.settle("aspen-marine", ORDER)
    headers = {"Authorization": f"Bearer {gateway.key('aspen-marine')}"}
    (document,) = gateway.client.get("/v1/documents", headers=headers).json["documents"]
    assert (document["format"], document["media_type"]) == ("json-1", "application/json")
    own = gateway.client.get(document["href"] + "?format=custom", headers=headers)
    assert (own.mimetype, own.data.decode().replace("\r\n", "\n")) == ("text/csv", ANSWER)
    accepting = {**headers, "Accept": "text/csv"}
    assert gateway.client.get(document["href"], headers=accepting).data == own.data


def test_changes_without_a_version_are_each_the_next_one(gateway: SmallGateway, folder: Path) -> None:
    """The layout counts nothing, so the order's thread does; a cancellation straight after the order too."""
    function = "  function: {from: '@tila', table: {muutos: change, peruutus: cancel}, default: original}\n"
    (folder / "order_map.yaml").write_text(ORDER_MAP.replace("  ship_to:", f"{function}  ship_to:"))
    answers = "writes: json\ntemplate: {object: {nro: order_number, versio: order_version, tila: outcome}}\n"
    (folder / "order_response_map.yaml").write_text(answers)
    gateway.publish(read_account(folder))

    def sent(number: bytes, state: bytes, quantity: bytes) -> str:
        body = ORDER.replace(b'"A-17"', b'"%s" tila="%s"' % (number, state)).replace(b'"4"', b'"%s"' % quantity)
        message = gateway.settle("aspen-marine", body)
        assert gateway.faults(message.id) == []
        return message.status

    original = ORDER.replace(b"A-17", b"A-18")
    assert [gateway.settle("aspen-marine", one).status for one in (ORDER, original)] == ["done", "done"]
    assert [sent(b"A-17", b"muutos", quantity) for quantity in (b"6", b"5")] == ["done", "done"]
    assert taken(gateway, "aspen-marine")["BOLT-M8", "NORTH"] == f"{(5 + 4) * 50}"
    assert [sent(number, b"peruutus", b"5") for number in (b"A-17", b"A-18")] == ["done", "done"]
    assert taken(gateway, "aspen-marine") == {}
    assert versions(gateway) == {"A-17": ["1", "2", "3", "4"], "A-18": ["1", "2"]}


def test_a_refusal_in_csv_says_why(gateway: SmallGateway, folder: Path) -> None:
    """It has no lines, so the map says its row; where it doesn't, the answer waits for it."""
    content = read_account(folder)
    silent = RESPONSE_MAP[: RESPONSE_MAP.index("otherwise:")]
    gateway.publish(replace(content, maps={**content.maps, "order_response_map.yaml": silent}))
    wrong = ORDER.replace(b'maara="4"', b'maara="viisi"')
    held = gateway.settle("aspen-marine", wrong)
    assert (held.status, gateway.faults(held.id)) == (
        "held",
        [("not_a_number", "/lines/0/quantity"), ("unwritable_answer", "")],
    )
    gateway.publish(content)
    refused = gateway.settle("aspen-marine", wrong)
    assert (refused.id, refused.status) == (held.id, "rejected")
    row = mailbox(gateway, "aspen-marine").data.decode().splitlines()[1]
    assert row.startswith("A-17;;rejected;;")
    assert "viisi" in row


def versions(gateway: SmallGateway) -> dict[str, list[str]]:
    """The numbers of versions that each order's answers tell."""
    headers = {"Authorization": f"Bearer {gateway.key('aspen-marine')}"}
    found: dict[str, list[str]] = {}
    for document in gateway.client.get("/v1/documents", headers=headers).json["documents"]:
        answer = gateway.client.get(document["href"], headers=headers).json
        found.setdefault(answer["nro"], []).append(answer["versio"])
    return {number: sorted(told) for number, told in found.items()}


def test_what_is_wrong_with_an_order_is_told_at_its_place_in_the_accounts_layout(
    gateway: SmallGateway, folder: Path
) -> None:
    gateway.publish(read_account(folder))
    wrong = ORDER.replace(b'maara="4"', b'maara="viisi"').replace(b"VASARA", b"TUNTEMATON")
    assert [(one["code"], one["path"], one["location"]) for one in faults_told(gateway, wrong)] == [
        ("not_a_number", "/lines/0/quantity", "line 3: /Tilaukset/Tilaus/Rivi[1]/@maara"),
        ("unknown_item", "/lines/1/buyer_item", "line 4: /Tilaukset/Tilaus/Rivi[2]/@tuote"),
    ]
    unknown = ORDER.replace(b'tuote="VASARA"', b'tuote="VASARA-X"')
    message = gateway.settle("aspen-marine", unknown)
    assert (message.status, gateway.faults(message.id)) == ("held", [("unknown_item", "/lines/1/buyer_item")])
    (fault,) = gateway.store.messages.faults(message.id)
    assert fault.location == "line 4: /Tilaukset/Tilaus/Rivi[2]/@tuote"


def test_a_message_is_read_and_placed_under_its_own_revision(gateway: SmallGateway, folder: Path) -> None:
    """It waits when the map is published anew; the reading and the places are those of the map that works on it."""
    gateway.publish(read_account(folder))
    message_id = gateway.send("aspen-marine", ORDER.replace(b"nro=", b"numero="))
    (folder / "order_map.yaml").write_text(ORDER_MAP.replace("@nro", "@numero"))
    second = gateway.publish(read_account(folder))
    gateway.work()
    message = gateway.message(message_id)
    assert (message.status, message.mapping_revision) == ("done", second)


def test_the_orders_of_a_body_are_those_that_the_door_counted(gateway: SmallGateway, folder: Path) -> None:
    """The map that told them apart reads them, whatever is published before a worker comes to it."""
    first = gateway.publish(read_account(folder))
    second_order = ORDER[ORDER.index(b"  <Tilaus ") : ORDER.index(b"</Tilaukset>")].replace(b"A-17", b"A-18")
    answer = gateway.post("aspen-marine", ORDER.replace(b"</Tilaukset>", second_order + b"</Tilaukset>")).json
    (folder / "order_map.yaml").write_text(ORDER_MAP.replace("@nro", "@numero"))
    gateway.publish(read_account(folder))
    gateway.work()
    found = [gateway.message(child["message_id"]) for child in answer["children"]]
    assert [(one.order_number, one.status, one.mapping_revision) for one in found] == [
        ("A-17", "done", first),
        ("A-18", "done", first),
    ]


def test_an_order_is_not_read_as_its_sibling_when_the_rules_have_changed(gateway: SmallGateway, folder: Path) -> None:
    """Held for an item, and replayed under a map that finds one order more before it: it is no other order."""
    gateway.publish(read_account(folder))
    extra = ORDER[ORDER.index(b"  <Tilaus ") : ORDER.index(b"</Tilaukset>")]
    first = extra.replace(b"A-17", b"A-16").replace(b"Tilaus ", b"Ennakko ").replace(b"/Tilaus>", b"/Ennakko>")
    held = extra.replace(b"A-17", b"A-18").replace(b"VASARA", b"UUSI")
    body = ORDER.replace(b"<Tilaukset>\n", b"<Tilaukset>\n" + first).replace(b"</Tilaukset>", held + b"</Tilaukset>")
    answer = gateway.post("aspen-marine", body).json
    gateway.work()
    last = answer["children"][1]["message_id"]
    assert (len(answer["children"]), gateway.message(last).status) == (2, "held")
    (folder / "order_map.yaml").write_text(ORDER_MAP.replace("orders: Tilaus", "orders: '*'"))
    (folder / "items.csv").write_text(ITEMS + "UUSI,HAMMER-16,,,\n")
    gateway.publish(read_account(folder))
    judge_again(gateway.store, last)
    gateway.work()
    assert (gateway.message(last).status, gateway.faults(last)) == ("held", [("unsupported_document", "")])
    (folder / "order_map.yaml").write_text(ORDER_MAP)
    gateway.publish(read_account(folder))
    judge_again(gateway.store, last)
    gateway.work()
    assert (gateway.message(last).status, gateway.message(last).order_number) == ("done", "A-18")


def test_a_map_is_kept_and_exported_as_it_was_written(gateway: SmallGateway, folder: Path, tmp_path: Path) -> None:
    text = "\ufeff# our orders\r\n" + ORDER_MAP.replace("\n", "\r\n")
    (folder / "order_map.yaml").write_bytes(text.encode())
    number = gateway.publish(read_account(folder))
    published = published_folder(gateway.store, "aspen-marine")
    assert published is not None
    write_account(tmp_path / "out", published)
    assert (tmp_path / "out" / "order_map.yaml").read_bytes() == text.encode()
    assert gateway.publish(read_account(tmp_path / "out")) == number
    (folder / "order_map.yaml").write_text(ORDER_MAP)
    assert gateway.publish(read_account(folder)) == number + 1
    assert gateway.settle("aspen-marine", ORDER).status == "done"


def test_every_mistake_of_a_map_is_told_with_the_folders_others(folder: Path) -> None:
    (folder / "order_map.yaml").write_text(
        ORDER_MAP.replace("buyer_item", "buyr_item").replace("position: {}", "from: 'a//'")
    )
    (folder / "order_response_map.yaml").write_text(RESPONSE_MAP.replace("from: status", "from: state"))
    (folder / "items.csv").write_text(ITEMS.replace("XBX,1", "XBX,x"))
    found = read_folder(folder).faults
    assert [(fault.code, fault.location) for fault in found] == [
        ("not_a_number", "items.csv line 2"),
        ("bad_value", "order_map.yaml line 11 column 19"),
        ("unknown_field", "order_map.yaml line 12 column 5"),
        ("unknown_field", "order_response_map.yaml line 9 column 10"),
    ]


def test_a_map_that_is_not_there_is_a_fault(folder: Path) -> None:
    for name in ("order_map.yaml", "order_response_map.yaml"):
        (folder / name).unlink()
    assert [(fault.code, fault.location, fault.detail) for fault in read_folder(folder).faults] == [
        ("bad_value", "account.yaml line 4", "aspen-marine may send custom, but there is no order_map.yaml"),
        (
            "bad_value",
            "account.yaml line 5",
            "aspen-marine wants order responses in custom, but there is no order_response_map.yaml",
        ),
    ]


def test_both_formats_of_an_account_are_told_apart(gateway: SmallGateway) -> None:
    """linden-works sends json-1 and JSON of its own, whatever comes first."""
    own = {"po": {"no": "LW-8", "to": "HALA-3"}, "rows": [{"no": 1, "art": "711", "qty": "3", "uom": "KARTON"}]}
    shared = {
        "order_number": "LW-9",
        "ship_to": {"id": "HALA-3"},
        "lines": [{"line_number": "1", "buyer_item": "000711", "quantity": 3, "unit": "KARTON"}],
    }
    found = [
        gateway.settle("linden-works", one)
        for one in (own, shared, {"rows": own["rows"], "x": 1, "po": {"no": "LW-10", "to": "HALA-3"}})
    ]
    assert [(one.format, one.status) for one in found] == [("custom", "done"), ("json-1", "done"), ("custom", "done")]
    answer = gateway.post("linden-works", json.dumps({"nothing": "known"}).encode())
    assert answer.status_code == 202


def test_what_the_answers_map_cannot_say_waits_until_it_is_mended(gateway: SmallGateway) -> None:
    """Nothing is taken meanwhile, and the same bytes sent again are answered once the map has the word."""
    order = (HERE / "rejected" / "unwritable_answer" / "order.json").read_bytes()
    held = gateway.settle("linden-works", order)
    assert (held.status, taken(gateway, "linden-works")) == ("held", {})
    content = read_account(ACCOUNTS / "linden-works")
    name = "order_response_map.yaml"
    mended = content.maps[name].replace("cancelled: GONE}", "cancelled: GONE, rejected: NO}")
    gateway.publish(replace(content, maps={**content.maps, name: mended}))
    answered = gateway.settle("linden-works", order)
    assert (answered.id, answered.status) == (held.id, "done")
    rows = json.loads(mailbox(gateway, "linden-works").data)["rows"]
    assert [part["state"] for row in rows for part in row["parts"]] == ["OK", "NO"]
    assert taken(gateway, "linden-works") == {("BOLT-M8", "NORTH"): "150"}


def test_several_orders_of_an_own_layout_are_messages_of_their_own(gateway: SmallGateway, folder: Path) -> None:
    """One that can't be read holds up none of the others, and its fault says where in the file it stands."""
    gateway.publish(read_account(folder))
    orders = [
        ORDER[ORDER.index(b"<Tilaus ") : ORDER.index(b"</Tilaukset>")].replace(b"A-17", b"A-2%d" % n) for n in range(3)
    ]
    orders[1] = orders[1].replace(b'maara="60"', b'maara="kuusi"')
    body = b"<Tilaukset>" + b"".join(orders) + b"</Tilaukset>"
    answer = gateway.post("aspen-marine", body)
    assert answer.status_code == 202
    children = [child["message_id"] for child in answer.json["children"]]
    gateway.work()
    assert [gateway.message(one).status for one in children] == ["done", "rejected", "done"]
    (fault,) = gateway.store.messages.faults(children[1])
    assert (fault.code, fault.location) == ("not_a_number", "line 7: /Tilaukset/Tilaus[2]/Rivi[2]/@maara")
