"""What our own systems are to deliver: every accepted order once, most urgent first, in our products and base units."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import jsonschema_rs
import pytest

from gateway.store.schema import alembic_config
from gateway.store.statements import fetch, run
from gateway.store.store import Store
from mappings.files.account_folder import read_account
from tests.examples.small_gateway import ACCOUNTS, SmallGateway

LATE = {"start": "2026-12-10", "end": "2026-12-12"}


def order(number: str, *lines: dict[str, Any], **members: Any) -> dict[str, Any]:
    """An order of the yard in Zwolle, which is a day away; of three hammers unless lines are given."""
    numbered = [
        {"line_number": str(at), **line}
        for at, line in enumerate(lines or ({"buyer_item": "PH-0102", "quantity": "3"},), 1)
    ]
    return {"order_number": number, "ship_to": {"id": "YARD-1"}, "lines": numbered, **members}


def page(gateway: SmallGateway, query: str = "") -> Any:
    """A page of the list, under a back-office key."""
    headers = {"Authorization": f"Bearer {gateway.store.keys.create(None, actor='test')[1]}"}
    answer = gateway.client.get(f"/v1/backoffice/orders{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json


def numbers(gateway: SmallGateway, query: str = "") -> list[str]:
    return [one["order_number"] for one in page(gateway, query)["orders"]]


def test_the_most_urgent_comes_first(on_either: SmallGateway) -> None:
    folder = read_account(ACCOUNTS / "pine-hardware")
    on_either.publish(replace(folder, account=folder.account.model_copy(update={"tier": "platinum"})))
    on_either.settle("pine-hardware", order("LATE", requested_delivery=LATE))
    on_either.settle("pine-hardware", order("NO-DAY"))  # as soon as can be: of the day it came
    on_either.settle("pine-hardware", order("SOON", requested_delivery={"start": "2026-11-28"}))
    on_either.settle("pine-hardware", order("FAR", requested_delivery=LATE, ship_to={"id": "YARD-2"}))
    own = {"buyer_item": "PH-0102", "quantity": "3", "requested_delivery": {"end": "2026-11-26"}}
    on_either.settle("pine-hardware", order("LINE", own, requested_delivery=LATE))
    parts = [{"quantity": "3", "requested_delivery": {"start": one}} for one in ("2026-12-20", "2026-11-27")]
    scheduled = {"buyer_item": "PH-0102", "quantity": "6", "schedule": parts}
    on_either.settle("pine-hardware", order("PARTS", scheduled, requested_delivery=LATE))
    on_either.settle("pine-hardware", order("RUSH", rush=True, requested_delivery=LATE))
    on_either.settle("pine-hardware", order("FRAME", order_type="blanket"))
    on_either.settle("pine-hardware", order("TRIAL"), test=True)
    on_either.set_policies("pine-hardware")  # gold again
    on_either.settle("pine-hardware", order("GOLD", requested_delivery={"end": "2026-11-28"}))
    on_either.settle("pine-hardware", order("GOLD-2", requested_delivery={"end": "2026-11-28"}))

    listed = page(on_either)
    assert [(one["order_number"], one["ship_by"]) for one in listed["orders"]] == [
        ("RUSH", "2026-12-11"),
        ("NO-DAY", "2026-11-23"),
        ("LINE", "2026-11-25"),
        ("PARTS", "2026-11-26"),
        ("SOON", "2026-11-27"),
        ("GOLD", "2026-11-27"),
        ("GOLD-2", "2026-11-27"),
        ("FAR", "2026-12-09"),
        ("LATE", "2026-12-11"),
        ("FRAME", "2026-11-23"),
    ]
    assert listed["next"] is None


def test_pages_follow_one_another_and_each_order_is_on_one(on_either: SmallGateway) -> None:
    for at in range(7):
        on_either.settle("pine-hardware", order(f"PH-{at}", requested_delivery={"end": f"2026-12-0{1 + at % 3}"}))
    whole, paged, after = numbers(on_either), [], ""
    while True:
        found = page(on_either, f"?limit=2{after}")
        paged += [one["order_number"] for one in found["orders"]]
        if found["next"] is None:
            break
        after = f"&after={found['next']}"
    assert paged == whole == ["PH-0", "PH-3", "PH-6", "PH-1", "PH-4", "PH-2", "PH-5"]


@pytest.mark.parametrize("account", [None, "pine-hardware"])
def test_a_page_is_found_by_its_index(on_either: SmallGateway, account: str | None) -> None:
    on_either.settle("pine-hardware", order("PH-1"))
    after = on_either.store.worklist.page("open", account, None, 1)[0].cursor
    assert on_either.store.worklist.page("open", account, after, 5) == []
    of_account = "" if account is None else f"account_id = '{account}' AND "
    query = (
        f"SELECT id FROM orders WHERE test = 0 AND {of_account}status = 'open' AND (precedence, ship_by, lane, id) > "
        "(1, '2026-12-01', 2, 'x') ORDER BY precedence, ship_by, lane, id LIMIT 5"
    )
    with on_either.store.database.read() as connection:
        if connection.dialect.name == "sqlite":
            plan = str(fetch(connection, f"EXPLAIN QUERY PLAN {query}"))
            assert "TEMP B-TREE" not in plan
        else:
            run(connection, "SET enable_seqscan = off", [()])
            plan = str(fetch(connection, f"EXPLAIN {query}"))
            assert "Sort" not in plan
    assert ("ix_orders_precedence" if account is None else "ix_orders_account_precedence") in plan


def test_one_accounts_orders_alone(on_either: SmallGateway) -> None:
    """Page by page, in the same order; a page of all leads into the list of one."""
    hammers = {"line_number": "1", "buyer_item": "BT-7002", "quantity": "4", "unit": "EA"}
    birch = {"order_number": "B-1", "ship_to": {"id": "9521234003007"}, "lines": [hammers]}
    assert on_either.settle("birch-timber", birch).status == "done"
    for at in range(5):
        on_either.settle("pine-hardware", order(f"PH-{at}", requested_delivery={"end": f"2026-12-0{1 + at % 3}"}))
    assert set(numbers(on_either)) == {"B-1", *(f"PH-{at}" for at in range(5))}
    assert numbers(on_either, "?account=birch-timber") == ["B-1"]
    expected = ["PH-0", "PH-3", "PH-1", "PH-4", "PH-2"]
    paged, after = [], ""
    while True:
        found = page(on_either, f"?account=pine-hardware&limit=2{after}")
        paged += [one["order_number"] for one in found["orders"]]
        if found["next"] is None:
            break
        after = f"&after={found['next']}"
    assert paged == expected
    assert numbers(on_either, "?account=pine-hardware&status=shipped") == []
    behind = page(on_either, "?limit=3")["next"]
    assert numbers(on_either, f"?account=birch-timber&after={behind}") == []


def test_an_account_that_there_is_none_of_is_no_filter(gateway: SmallGateway) -> None:
    headers = {"Authorization": f"Bearer {gateway.store.keys.create(None, actor='test')[1]}"}
    answer = gateway.client.get("/v1/backoffice/orders?account=pine-hardwear", headers=headers)
    assert (answer.status_code, answer.json["code"]) == (400, "bad_parameter")
    assert "pine-hardwear" in answer.json["detail"]


def office(gateway: SmallGateway, method: str, what: str, told: dict[str, Any]) -> Any:
    key = gateway.store.keys.create(None, actor="test")[1]
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    return gateway.client.open(f"/v1/backoffice/{what}", method=method, data=json.dumps(told), headers=headers)


def ship_a_hammer(gateway: SmallGateway, number: str, **said: Any) -> Any:
    line = {"order_number": "PH-1", "account": "pine-hardware", "line_number": "1", "product": "HAMMER-16"}
    cartons = [{"id": "C1", "lines": [{**line, "base_quantity": "1", **said}]}]
    told = {"shipment_number": number, "shipped_at": "2026-11-23T12:00:00+01:00", "packages": cartons}
    return office(gateway, "POST", "shipments", told)


@pytest.mark.parametrize(
    ("tracking", "said", "lacks"),
    [
        ("lot", {"lot": "L-2611"}, ("missing_field", "/packages/0/lines/0/lot")),
        ("serial", {"serials": ["H-77"]}, ("serials_mismatch", "/packages/0/lines/0/serials")),
    ],
)
def test_a_line_tells_what_a_shipment_of_it_has_to_say(
    on_either: SmallGateway, tracking: str, said: dict[str, Any], lacks: tuple[str, str]
) -> None:
    """As the product is tracked today, whatever it was when the order came."""
    gateway = on_either
    gateway.settle("pine-hardware", order("PH-1"))

    def track(as_told: str | None) -> None:
        row = {"product": "HAMMER-16", "name": "Claw hammer 16 oz", "base_unit": "EA", "tracking": as_told}
        assert office(gateway, "PUT", "products", {"rows": [row]}).json["bad"] == 0

    assert page(gateway)["orders"][0]["lines"][0]["tracking"] is None
    track(tracking)
    assert page(gateway)["orders"][0]["lines"][0]["tracking"] == tracking
    refused = ship_a_hammer(gateway, "LS-1")
    assert refused.status_code == 422
    assert [(one["code"], one["path"]) for one in refused.json["faults"]] == [lacks]
    assert ship_a_hammer(gateway, "LS-1", **said).status_code == 201
    track(None)
    assert page(gateway)["orders"][0]["lines"][0]["tracking"] is None
    assert ship_a_hammer(gateway, "LS-2").status_code == 201


def test_a_tracking_that_nobody_knows_is_a_fault_of_its_row(gateway: SmallGateway) -> None:
    row = {"product": "HAMMER-16", "name": "Claw hammer 16 oz", "base_unit": "EA", "tracking": "batch"}
    (fault,) = office(gateway, "PUT", "products", {"rows": [row]}).json["faults"]
    assert (fault["code"], fault["path"], fault["expected"]) == ("bad_value", "/rows/0/tracking", "one of lot, serial")


def test_a_line_is_told_in_base_units_with_where_it_comes_from(on_either: SmallGateway) -> None:
    boxes = {
        "buyer_item": "PH-0101",
        "quantity": "30",
        "unit": "DOOS",
        "price": {"amount": "5.40"},
    }  # of 50; there are 24 boxes
    sand = {
        "buyer_item": "PH-0104",
        "quantity": "1.5",
        "unit": "KRUIWAGEN",
        "requested_delivery": {"end": "2026-12-01"},
    }
    ship_to = {"id": "YARD-1", "name": "Zwolle", "address": {"street": "Marsweg 10", "city": "Zwolle", "country": "NL"}}
    on_either.settle("pine-hardware", order("PH-1", boxes, sand, note="back door", ship_to=ship_to))
    (listed,) = page(on_either)["orders"]
    told = {name: listed[name] for name in ("account", "version", "status", "outcome", "note", "ship_to_site", "rush")}
    assert told == {
        "account": "pine-hardware",
        "version": 1,
        "status": "open",
        "outcome": "changed",
        "note": "back door",
        "ship_to_site": "YARD-1",
        "rush": False,
    }
    assert listed["ship_to"] == {"id": "YARD-1", "scheme": None, "name": "Zwolle", "address": ship_to["address"]}
    bolts, sacks = listed["lines"]
    assert bolts == {
        "line_number": "1",
        "product": "BOLT-M8",
        "name": "Hex bolt M8 x 40",
        "base_unit": "EA",
        "tracking": None,
        "ordered": "1500",
        "confirmed": "1200",
        "backordered": "300",
        "rejected": "0",
        "cancelled": "0",
        "open": "0",
        "shipped": "0",
        "to_ship": "1200",
        "allocations": [{"site": "NORTH", "base_quantity": "1200"}],
        "quantity": "30",
        "unit": "DOOS",
        "price": {"amount": "5.40", "base_quantity": "1", "unit": None},
        "buyer_item": "PH-0101",
        "description": None,
        "requested_delivery": None,
        "ship_to": None,
    }
    assert (sacks["product"], sacks["base_unit"], sacks["to_ship"]) == ("SAND-KG", "KGM", "120")
    assert sacks["requested_delivery"] == {"start": None, "end": "2026-12-01"}


def test_a_change_moves_the_order_in_the_list(on_either: SmallGateway) -> None:
    on_either.settle("pine-hardware", order("PH-1", requested_delivery=LATE))
    on_either.settle("pine-hardware", order("PH-2", requested_delivery={"end": "2026-12-03"}))
    assert numbers(on_either) == ["PH-2", "PH-1"]
    sooner = order("PH-1", function="change", version=2, requested_delivery={"end": "2026-12-01"})
    assert on_either.settle("pine-hardware", sooner).status == "done"
    assert numbers(on_either) == ["PH-1", "PH-2"]
    on_either.settle("pine-hardware", {"function": "cancel", "order_number": "PH-1", "version": 3, "lines": []})
    assert numbers(on_either) == ["PH-2"]
    assert numbers(on_either, "?status=cancelled") == ["PH-1"]


def test_what_the_erp_is_to_decide_has_a_list_of_its_own(on_either: SmallGateway) -> None:
    on_either.set_policies("pine-hardware", decision="backoffice")
    on_either.settle("pine-hardware", order("PH-1"))
    assert numbers(on_either) == []
    (listed,) = page(on_either, "?status=awaiting_decision")["orders"]
    (line,) = listed["lines"]
    assert (line["ordered"], line["open"], line["to_ship"], line["allocations"]) == ("3", "3", "0", [])


@pytest.mark.parametrize("query", ["?status=lost", "?limit=0", "?limit=201", "?after=x", "?after=1.2026-12-01.1"])
def test_what_is_no_parameter_is_refused(gateway: SmallGateway, query: str) -> None:
    headers = {"Authorization": f"Bearer {gateway.store.keys.create(None, actor='test')[1]}"}
    answer = gateway.client.get(f"/v1/backoffice/orders{query}", headers=headers)
    assert (answer.status_code, answer.json["code"]) == (400, "bad_parameter")


def test_orders_from_before_the_upgrade_are_listed_by_what_they_asked_for(empty_database_url: str) -> None:
    from alembic import command

    store = Store(empty_database_url)
    with store.database.engine.connect() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0008")
        connection.commit()
    at = 1_795_000_000_000_000  # 2026-11-18
    rows = [
        ("1", "NO-DAY", "stand_alone", None, None),
        ("2", "SOON", "stand_alone", "2026-11-10", "2026-11-12"),
        ("3", "LATE", "stand_alone", "2026-12-10", None),
        ("4", "FRAME", "blanket", "2026-11-01", None),
    ]
    with store.database.write() as connection:
        account = "INSERT INTO accounts (id, name, tier, revision, created_at) VALUES (?, ?, ?, ?, ?)"
        run(connection, account, [("acme", "Acme", "gold", 1, at)])
        text = (
            "INSERT INTO orders (id, account_id, test, order_key, epoch, order_number, version, status, outcome, "
            "order_type, message_id, mapping_revision, catalogue_revision, content_sha256, requested_start, "
            "requested_end, created_at, updated_at) "
            "VALUES (?, 'acme', 0, ?, 0, ?, 1, 'open', 'accepted', ?, 'm', 1, 1, ?, ?, ?, ?, ?)"
        )
        run(
            connection,
            text,
            [(one, one, number, kind, b"x", start, end, at, at) for one, number, kind, start, end in rows],
        )
    store.upgrade()
    found = [
        (one.order_number, one.precedence, one.ship_by, one.lane) for one in store.worklist.page("open", None, None, 9)
    ]
    assert found == [
        ("SOON", 1, "2026-11-12", 2),
        ("NO-DAY", 1, "2026-11-18", 2),
        ("LATE", 1, "2026-12-10", 2),
        ("FRAME", 2, "2026-11-01", 2),
    ]
    store.close()


def test_the_example_of_the_description_is_as_answered(gateway: SmallGateway) -> None:
    gateway.settle("pine-hardware", order("PH-1"))
    described = gateway.client.get("/v1/openapi.json").json
    components = {"components": described["components"]}
    listed = described["paths"]["/v1/backoffice/orders"]["get"]["responses"]["200"]["content"]["application/json"]
    decision = described["paths"]["/v1/backoffice/orders/{order_id}/decision"]["post"]
    decided = decision["responses"]["200"]["content"]["application/json"]
    sent = decision["requestBody"]["content"]["application/json"]
    for body, shown in (
        (listed, listed["example"]),
        (listed, page(gateway)),
        (decided, decided["example"]),
        *((sent, one["value"]) for one in sent["examples"].values()),
    ):
        jsonschema_rs.validator_for({**body["schema"], **components}).validate(shown)
