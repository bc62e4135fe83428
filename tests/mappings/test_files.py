"""Account folders and catalogue files: out and in again is equal, and every fault names its file and line."""

from __future__ import annotations

import os
import shutil
import time
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from mappings.account import Account
from mappings.files.account_folder import AccountFolder, read_account, read_folder, write_account
from mappings.files.supplier import read_supplier
from mappings.files.tables import read_packs, read_products, read_stock, read_table
from mappings.files.text import FilesRejected
from mappings.revision import ItemRow, Pack, PriceRow, SiteRow, UnitRow
from schemas.charge_codes import ALLOWANCE_REASONS
from schemas.faults import Fault

DEMO_ACCOUNTS = Path(__file__).resolve().parents[2] / "mappings" / "accounts"

MINIMAL = "id: acme\nname: ACME\n"
ITEMS_HEADER = "account_sku,gtin,product,account_unit,unit,factor,description,valid_from,valid_to\n"


def folder(tmp_path: Path, **files: str | bytes) -> Path:
    """A folder with these files; `items_csv="…"` is items.csv."""
    for name, content in {"account_yaml": MINIMAL, **files}.items():
        path = tmp_path / ".".join(name.rsplit("_", 1))
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return tmp_path


def faults_of(path: Path) -> tuple[Fault, ...]:
    with pytest.raises(FilesRejected) as rejected:
        read_account(path)
    return rejected.value.faults


def places(faults: Iterable[Fault]) -> list[tuple[str, str]]:
    return [(fault.code, fault.location) for fault in faults]


# --- out and in again ------------------------------------------------------------------------------------------------
ORDER_MAP = (
    "\ufeff# ours\r\nreads: json\r\norder: {order_number: NO, lines: {each: L, line_number: n, quantity: q}}\r\n"
)
RESPONSE_MAP = "writes: csv\nrows: lines   # one each\ncolumns: {Line: line_number}"
ANY_FILE = (
    "account.yaml, items.csv, units.csv, sites.csv, prices.csv, order_map.yaml, order_response_map.yaml, "
    "despatch_advice_map.yaml, inventory_report_map.yaml, invoice_map.yaml, credit_note_map.yaml, samples/"
)
FULL = AccountFolder(
    account=Account.model_validate(
        {
            "id": "acme",
            "name": 'NO: ACME, "Retail" # 1',
            "time_zone": "Europe/Berlin",
            "manager": {"name": "Dana", "phone": "+1 555 0100"},
            "legal": {"name": "0042", "address": {"postal_code": "01067", "country": "NO"}},
            "identifiers": [{"scheme": "0088", "id": "4012345000009"}],
            "cxml": {"from": [{"domain": "NetworkID", "identity": "~"}], "senders": []},
            "outbound": {
                "order_response": {"format": "json-1"},
                "invoice": {"format": "csv-1", "transport": {"webhook": "https://example.com", "secret": "null"}},
            },
            "policies": {
                "acknowledge_within": "90m",
                "changed_order_binding": False,
                "price_tolerance_percent": "1.10",
            },
            "terms": {
                "currency": "EUR",
                "payment": {"days": 30, "from": "invoice", "discount": {"days": 10, "percent": "2"}},
                "discounts": [
                    {"percent": "3.50", "products": ["0042", "NO"], "valid_from": "2026-12-01"},
                    {"by": "quantity", "tiers": [{"from": "10", "percent": "2.0"}], "valid_to": "2026-12-31"},
                    {"of": "document", "amount": "25.00", "reason_code": "100", "reason": "#1: ~"},
                ],
                "rebates": [{"period": "year", "tiers": [{"from": "100000.00", "percent": "2.0"}]}],
            },
        }
    ),
    items=(
        ItemRow("0042", None, "OAT-1L", "CS", "EA", Decimal("12.00"), 'Oat, "1 l"\nown label', date(2026, 1, 1), None),
        ItemRow(None, "9521234000013", "OAT-1L"),
    ),
    units=(UnitRow("CS", None, "XCT", Decimal(1)), UnitRow("CS", "MUG", "EA", Decimal("0.5"))),
    sites=(SiteRow("401", "0088", "ship_to", "DC Ost", "Kai 4", "Hamburg", "01067", "DE", "HH", 1, 2),),
    prices=(PriceRow("OAT-1L", "XCT", "EUR", Decimal("12.50"), Decimal(1), Decimal("0.0")),),
    maps={"order_map.yaml": ORDER_MAP, "order_response_map.yaml": RESPONSE_MAP},
    samples={"01.xml": b"<Order/>\x00\xff"},
)


def test_export_then_import_is_equal(tmp_path: Path) -> None:
    write_account(tmp_path / "acme", FULL)
    assert read_account(tmp_path / "acme") == FULL


def test_export_over_an_older_one_leaves_nothing_of_it(tmp_path: Path) -> None:
    write_account(tmp_path, FULL)
    bare = replace(FULL, items=(), maps={})
    write_account(tmp_path, bare)
    assert read_account(tmp_path) == bare


words = st.text(st.characters(blacklist_categories=("Cs", "Cc"), max_codepoint=0x1FFFF), min_size=1, max_size=20)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    name=words | st.sampled_from(["NO", "yes", "0042", "1.10", "null", "~", "1e3", "- a", "a: b", " x", "#", "\u0085"]),
    sku=words.map(
        lambda text: text.strip().lstrip("=@").strip() or "x"
    ),  # what begins like a formula is refused as one
)
def test_any_text_survives_the_files(tmp_path: Path, name: str, sku: str) -> None:
    content = AccountFolder(Account.model_validate({"id": "acme", "name": name}), (ItemRow(sku, None, sku),))
    write_account(tmp_path, content)
    assert read_account(tmp_path) == content


# --- reading ---------------------------------------------------------------------------------------------------------
def test_yaml_values_stay_what_was_written(tmp_path: Path) -> None:
    text = MINIMAL + (
        "legal: {name: NO, vat_id: 0042, registration: 1.10, address: {postal_code: 0x1A, region: off, city: 1e3}}\n"
        "policies: {changed_order_binding: false, allocation_percent: 50, default_unit: }\n"
        "calendar: null\nmanager: {name: 'null'}\n"
    )
    account = read_account(folder(tmp_path, account_yaml=text)).account
    assert account.legal is not None
    assert account.legal.address is not None
    assert (account.legal.name, account.legal.vat_id, account.legal.registration) == ("NO", "0042", "1.10")
    assert (account.legal.address.postal_code, account.legal.address.region, account.legal.address.city) == (
        "0x1A",
        "off",
        "1e3",
    )
    assert account.policies.changed_order_binding is False
    assert (account.policies.allocation_percent, account.policies.default_unit, account.calendar) == (50, None, None)
    assert account.manager is not None
    assert account.manager.name == "null"


def test_the_contracts_item_row_may_end_early_and_a_bom_is_no_text(tmp_path: Path) -> None:
    path = folder(tmp_path, items_csv=b"\xef\xbb\xbf" + (ITEMS_HEADER + "PL-0042,, OAT-1L ,CS,EA,12\n\n").encode())
    assert read_account(path).items == (ItemRow("PL-0042", None, "OAT-1L", "CS", "EA", Decimal(12)),)


def test_every_fault_of_every_file_at_once_with_its_line(tmp_path: Path) -> None:
    path = folder(
        tmp_path,
        account_yaml=MINIMAL + "tier: diamond\npolicies:\n  partial: maybe\n  typo: 1\ntime_zone: Mars/Base\n",
        items_csv=ITEMS_HEADER
        + 'PL-1,,P,CS,EA,0,"two\nlines",,\n'
        + "PL-2,,P,,,,,2026-02-01,2026-01-01\n"
        + "PL-3,,,,,,,31.12.2026,\n"
        + "PL-4,,P,,,,,,\n"
        + "PL-4,,P,,,,,,\n"
        + "PL-5,,P,CS,EA,1,000,,,\n",
        units_csv="account_unit,product,unit,faktor\nCS,,XCT,one\n",
        sites_csv="account_site\n\n",
        prices_csv="",
        item_csv="a,b\n",
    )
    assert places(faults_of(path)) == [
        ("unknown_field", "item.csv"),
        ("bad_value", "account.yaml line 3"),
        ("bad_value", "account.yaml line 5"),
        ("unknown_field", "account.yaml line 6"),
        ("bad_value", "account.yaml line 7"),
        ("not_a_number", "items.csv line 2"),
        ("bad_value", "items.csv line 4"),
        ("missing_field", "items.csv line 5"),
        ("not_a_date", "items.csv line 5"),
        ("duplicate_row", "items.csv line 7"),
        ("unknown_field", "items.csv line 8"),
        ("unknown_field", "units.csv line 1"),
        ("not_a_number", "units.csv line 2"),
        ("file_not_readable", "prices.csv line 1"),
    ]


def test_a_misspelt_column_is_told_and_its_cells_are_judged(tmp_path: Path) -> None:
    header = "Account SKU,product,account-unit,unit,faktor\n"
    found = faults_of(folder(tmp_path, items_csv=header + "PL-1,P,CS,EA,none\nPL-1,P,CS,EA,2\n"))
    assert [(fault.code, fault.location[10:], fault.value, fault.expected) for fault in found[:3]] == [
        ("unknown_field", "line 1", "Account SKU", "perhaps account_sku"),
        ("unknown_field", "line 1", "account-unit", "perhaps account_unit"),
        ("unknown_field", "line 1", "faktor", "perhaps factor"),
    ]
    assert places(found[3:]) == [("not_a_number", "items.csv line 2"), ("duplicate_row", "items.csv line 3")]


def test_under_a_column_that_nobody_knows_only_the_other_cells_are_judged(tmp_path: Path) -> None:
    rows = "P,EA,EURO,1,x\n,EA,EUR,-1,y\nP,EA,EUR,1,x\nP,EA,EUR,1,x\n"
    found = faults_of(folder(tmp_path, prices_csv="product,unit,currency,price,whatever\n" + rows))
    assert places(found) == [
        ("unknown_field", "prices.csv line 1"),
        ("bad_value", "prices.csv line 2"),
        ("missing_field", "prices.csv line 3"),
        ("not_a_number", "prices.csv line 3"),
    ]
    missing = faults_of(folder(tmp_path, prices_csv="product,unit,currency,product\nP,EA,EURO,Q\n"))
    assert [(fault.code, fault.value) for fault in missing] == [
        ("unknown_field", "product"),
        ("missing_field", None),
        ("bad_value", "EURO"),
    ]


@pytest.mark.parametrize(("sign", "said"), [(";", "';'"), ("\t", "tabs"), ("|", "'|'")])
def test_a_table_of_another_separator_is_told_so_and_nothing_more(tmp_path: Path, sign: str, said: str) -> None:
    units = "account_unit,product,unit,faktor\nCS,,XCT,1\n,,,\n".replace(",", sign)
    read = read_folder(folder(tmp_path, units_csv=units, items_csv=ITEMS_HEADER + "PL-1,,P,,,,,,\n"))
    (fault,) = read.faults
    assert fault.detail == (f"units.csv line 1: columns are separated by {said} here; they must be separated by commas")
    assert (fault.code, fault.location, fault.expected) == (
        "file_not_readable", "units.csv line 1", "account_unit,product,unit,factor",
    )  # fmt: skip
    assert (read.unread, len(read.rows["item"])) == ({"unit"}, 1)


def test_decimal_commas_are_no_reason_to_take_a_table_for_another(tmp_path: Path) -> None:
    text = "account_unit;product;unit;factor\nCS;;XCT;1,5\n"
    (fault,) = faults_of(folder(tmp_path, units_csv=text))
    assert "separated by ';'" in fault.detail
    assert read_account(folder(tmp_path, units_csv='account_unit,product,unit,factor\n"a;b",,EA,1\n')).units


def test_where_a_table_breaks_off_what_stands_before_is_judged(tmp_path: Path) -> None:
    broken = 'account_unit,product,unit,factor\nCS,,XCT,none\nPL,,XPX,1\n"open,,EA,1\n'
    assert places(faults_of(folder(tmp_path, units_csv=broken))) == [
        ("file_not_readable", "units.csv line 4"),
        ("not_a_number", "units.csv line 2"),
    ]


@pytest.mark.parametrize(
    ("said", "place", "detail", "expected"),
    [
        ('{\n  "statuss": "done"\n}', " line 2", "there is no key statuss", "perhaps status"),
        ('{\n  "line": []\n}', " line 2", "there is no key line", "perhaps lines"),
        ('{\n"orders": [{\n"fault": []}]\n}', " line 3", "there is no key orders.0.fault", "perhaps faults"),
        ('{\n"lines": [{"outcomes": []}]\n}', " line 2", "lines.0.line_number is missing", "a text"),
        (
            '{"lines": [{"line_number": "1",\n"outcomes": [{"quantity": 4}]}]}', " line 2",
            "lines.0.outcomes.0.quantity can't be '4'", "a text in quotes",
        ),
        ("[]", "", "the file can't be '[]'", "keys and their values, of story, status, outcome, lines, faults, orders"),
        ('{\n"status": done\n}', " line 2 column 11 (character 13)", "Expecting value", "RFC 8259 JSON"),
        ('{"status": "a", "status": "b"}', " /status", "the key stands twice in its object", None),
    ],
)  # fmt: skip
def test_an_expectation_that_would_compare_nothing_is_a_fault(
    tmp_path: Path, said: str, place: str, detail: str, expected: str | None
) -> None:
    account = shutil.copytree(DEMO_ACCOUNTS / "nordic-office", tmp_path / "nordic-office")
    name = "samples/01-accepted.expected.json"
    (account / name).write_text(said)
    (fault,) = read_folder(account).faults
    assert (fault.location, fault.detail) == (f"{name}{place}", f"{name}{place}: {detail}")
    assert fault.expected == expected


def test_an_expectation_without_its_sample_is_a_fault(tmp_path: Path) -> None:
    account = shutil.copytree(DEMO_ACCOUNTS / "nordic-office", tmp_path / "nordic-office")
    (account / "samples" / "01-accepted.json").rename(account / "samples" / "01-acepted.json")
    (account / "samples" / "unseen.expected.json").write_text("{}")
    assert [(fault.detail, fault.expected) for fault in read_folder(account).faults] == [
        ("samples/01-accepted.expected.json belongs to no sample", "perhaps 01-acepted.expected.json"),
        ("samples/unseen.expected.json belongs to no sample", "a sample unseen.json or unseen.xml beside it"),
    ]


def test_schemas_for_editors_may_lie_beside(tmp_path: Path) -> None:
    account = shutil.copytree(DEMO_ACCOUNTS / "delta-foods", tmp_path / "delta-foods")
    (account / "order_map.schema.json").write_text("{}")
    read = read_folder(account)
    assert (read.faults, read.strays) == ((), ())


@pytest.mark.parametrize("named", ["GATEWAY_SECRET_HUB", "gateway-secret-HUB"])
def test_a_secret_named_by_its_variable_is_a_fault(tmp_path: Path, named: str) -> None:
    account = shutil.copytree(DEMO_ACCOUNTS / "blue-harbor", tmp_path / "blue-harbor")
    terms = (account / "account.yaml").read_text()
    (account / "account.yaml").write_text(terms.replace("secret: NETWORK", f"secret: {named}"))
    (fault,) = read_folder(account).faults
    assert (fault.path, fault.location, fault.expected) == ("/cxml/senders/0/secret", "account.yaml line 15", "HUB")
    assert fault.detail.endswith(f"cxml.senders.0.secret: {named} is the variable of the secret, not its name")


def test_what_lies_beside_is_named(tmp_path: Path) -> None:
    """What may be meant for a table is a fault; anything else is told, for it is not kept; hidden files are not."""
    for name in ("Items.CSV", "prices.xlsx", "notes.txt", "order.map.yaml", "others.yml", ".DS_Store"):
        (tmp_path / name).write_text("x: y\n")
    (tmp_path / "order_map.yaml").write_text(ORDER_MAP)
    for name in ("old", "samples/old", ".git"):
        (tmp_path / name).mkdir(parents=True)
    read = read_folder(folder(tmp_path))
    assert [(fault.value, fault.expected) for fault in read.faults] == [
        ("Items.CSV", "perhaps items.csv"),
        ("order.map.yaml", "perhaps order_map.yaml"),
        ("others.yml", ANY_FILE),
        ("prices.xlsx", "perhaps prices.csv"),
    ]
    assert [fault.location for fault in read.strays] == ["notes.txt", "old", "samples/old"]


@pytest.mark.parametrize(
    ("calendar", "expected"),
    [
        ("DE-XX", "DE, or one of its regions: DE-BB, DE-BE, "),
        ("Germany", "a country of ISO 3166 such as NO, or a region of one such as DE-HH"),
        ("XX", "a country of ISO 3166 such as NO, or a region of one such as DE-HH"),
        ("DE-HH ", "a country of ISO 3166 such as NO, or a region of one such as DE-HH"),
    ],
)
def test_a_calendar_that_nobody_keeps(tmp_path: Path, calendar: str, expected: str) -> None:
    """Beside the file's other faults, at its line, before it can be used."""
    faults = faults_of(folder(tmp_path, account_yaml=MINIMAL + f"tier: diamond\ncalendar: '{calendar}'\n"))
    assert places(faults) == [("bad_value", "account.yaml line 3"), ("bad_value", "account.yaml line 4")]
    found = faults[1]
    assert (found.path, found.value) == ("/calendar", calendar)
    assert found.detail == f"account.yaml line 4: calendar: there is no calendar {calendar!r}"
    assert str(found.expected).startswith(expected)


def test_every_region_that_a_fault_names_is_one(tmp_path: Path) -> None:
    (fault,) = faults_of(folder(tmp_path, account_yaml=MINIMAL + "calendar: DE-XX\n"))
    regions = str(fault.expected).partition(": ")[2].split(", ")
    assert len(regions) == 16
    for region in regions:
        assert read_account(folder(tmp_path, account_yaml=MINIMAL + f"calendar: {region}\n")).account.calendar == region


def test_business_hours_and_back(tmp_path: Path) -> None:
    """Days that aren't named keep the usual hours; what is written out says all seven."""
    hours = "{friday: '08:00-12:00,13:00 - 15:30', saturday: 10:00-24:00, monday: closed}"
    text = MINIMAL + f"calendar: DE-HH\nbusiness_hours: {hours}\n"
    read = read_account(folder(tmp_path, account_yaml=text))
    usual = ((480, 1020),)
    assert read.account.business_hours is not None
    assert read.account.business_hours.week == ((), usual, usual, usual, ((480, 720), (780, 930)), ((600, 1440),), ())
    write_account(tmp_path / "again", read)
    written = (tmp_path / "again" / "account.yaml").read_text()
    assert 'friday: "08:00-12:00, 13:00-15:30"' in written
    assert "monday: closed" in written
    assert read_account(tmp_path / "again") == read


def test_an_account_without_hours_of_its_own_says_none(tmp_path: Path) -> None:
    """So a folder that was published before there were any is still equal to its revision."""
    read = read_account(folder(tmp_path, account_yaml=MINIMAL + "calendar: DE-HH\n"))
    assert "business_hours" not in read.account.model_dump(mode="json", exclude_none=True)


@pytest.mark.parametrize(
    "hours",
    [
        *("8-17", "08:00-08:00", "17:00-08:00", "08:00-12:00, 11:00-13:00", "08:00-12:00, 12:00-13:00"),
        *("08:00-24:01", "24:00-25:00", "08:60-09:00", "", "open", "[[480, 1020]]"),
    ],
)
def test_hours_that_are_none(tmp_path: Path, hours: str) -> None:
    text = MINIMAL + f"calendar: DE-HH\nbusiness_hours:\n  friday: {hours or repr(hours)}\n"
    (fault,) = faults_of(folder(tmp_path, account_yaml=text))
    assert (fault.code, fault.path, fault.location) == ("bad_value", "/business_hours/friday", "account.yaml line 5")
    assert "hours such as 08:00-17:00" in str(fault.expected)


def test_hours_that_count_for_nothing(tmp_path: Path) -> None:
    """A week without an open hour, a day that there isn't, and hours without the calendar that they belong to."""
    closed = ", ".join(f"{day}: closed" for day in ("monday", "tuesday", "wednesday", "thursday", "friday"))
    for said, code, place in (
        (f"calendar: DE-HH\nbusiness_hours: {{{closed}}}\n", "bad_value", "/business_hours"),
        ("calendar: DE-HH\nbusiness_hours: {fryday: closed}\n", "unknown_field", "/business_hours/fryday"),
        ("tier: gold\nbusiness_hours: {friday: closed}\n", "bad_value", "/business_hours"),
    ):
        (fault,) = faults_of(folder(tmp_path, account_yaml=MINIMAL + said))
        assert (fault.code, fault.path, fault.location) == (code, place, "account.yaml line 4")


@pytest.mark.parametrize("key", ["[]", "[buyer]", "[buyer, ship_to]"])
def test_a_key_that_tells_no_orders_apart(tmp_path: Path, key: str) -> None:
    found = faults_of(folder(tmp_path, account_yaml=f"{MINIMAL}policies:\n  order_key: {key}\n"))
    assert places(found) == [("bad_value", "account.yaml line 4")]
    assert found[0].expected == "a list with order_number in it"


@pytest.mark.parametrize(
    "transport",
    ["webhook", "{}", "[webhook]", "{webhok: https://acme.example/edi}", "{secret: NAME}", "{sftp: a.example, as2: b}"],
)
def test_a_transport_that_names_no_way(tmp_path: Path, transport: str) -> None:
    """A bare word has no address to go to, nothing at all could be chosen from an empty mapping, and of two ways it is
    not known which was meant."""
    terms = f"outbound:\n  order_response: {{format: json-1, transport: {transport}}}\n"
    found = faults_of(folder(tmp_path, account_yaml=MINIMAL + terms))
    assert set(places(found)) == {("bad_value", "account.yaml line 4")}


def test_fault_texts_start_with_the_place(tmp_path: Path) -> None:
    (fault,) = faults_of(folder(tmp_path, items_csv=ITEMS_HEADER + "PL-1,,P,CS,EA,-12,,,\n"))
    assert fault.detail == "items.csv line 2: factor '-12' must be above zero"
    assert (fault.path, fault.value) == ("/0/factor", "-12")


WRONG_TERMS = """id: Bad_Id
name: [a]
tier: diamond
time_zone: Mars/Base
manager: Dana
team: {name: x}
identifiers: ["0088"]
inbound: {formats: ubl-2.1}
outbound: {order_response: {transport: pigeon}}
business_hours: {friday: 8-17, fryday: closed}
policies:
  order_number_reuse_months: 0
  price_tolerance_percent: "1,5"
  changed_order_binding: maybe
  acknowledge_within: 4 hours
  order_rate_per_minute: -1
terms: {currency: euro, payment: {days: 30, discount: {days: 1}}}
zzz: 1
"""
SAID_OF_THEM = [
    ("id can't be 'Bad_Id'", "2 to 63 small letters, digits and -, beginning with a letter or digit"),
    ("name can't be '[a]'", "a text"),
    ("tier can't be 'diamond'", "one of platinum, gold, standard"),
    ("time_zone can't be 'Mars/Base'", "an IANA time zone such as Europe/Berlin"),
    ("manager can't be 'Dana'", "keys and their values, of name, role, email, phone"),
    ("team can't be '{name: x}'", "a list, each member keys and their values, of name, role, email, phone"),
    ("identifiers.0 can't be '0088'", "keys and their values, of scheme, id"),
    ("inbound.formats can't be 'ubl-2.1'", "a list, each member a text"),
    ("outbound.order_response.format is missing", "a text"),
    (
        "outbound.order_response.transport can't be 'pigeon'",
        "mailbox, or one of webhook, cxml_post, https, sftp, email, as2 with where to, such as {webhook: https://acme.example/edi}",
    ),
    (
        "business_hours.friday can't be '8-17'",
        "hours such as 08:00-17:00, or 08:00-12:00, 13:00-17:00 in turn, or closed",
    ),
    ("there is no key business_hours.fryday", "perhaps friday"),
    ("policies.order_number_reuse_months can't be '0'", "a whole number from 1 to 240"),
    ("policies.price_tolerance_percent can't be '1,5'", "a plain decimal number such as 1.5 from 0 to 100"),
    ("policies.changed_order_binding can't be 'maybe'", "true or false"),
    ("policies.acknowledge_within can't be '4 hours'", "a whole number and m, h or d, such as 4h"),
    ("policies.order_rate_per_minute can't be '-1'", "a whole number, 0 or more"),
    ("terms.currency can't be 'euro'", "three letters of ISO 4217, such as EUR"),
    ("terms.payment.discount.percent is missing", "a plain decimal number such as 1.5 from 0 to 100"),
    ("there is no key zzz", f"one of {', '.join(Account.model_fields)}"),
]


def test_every_fault_of_account_yaml_is_in_our_words(tmp_path: Path) -> None:
    """What is wrong, once, and what was expected; nothing that only the reader of a library knows."""
    found = faults_of(folder(tmp_path, account_yaml=WRONG_TERMS))
    assert [(fault.detail.partition(": ")[2], fault.expected) for fault in found] == SAID_OF_THEM
    lines = [int(fault.location.removeprefix("account.yaml line ")) for fault in found]
    assert lines == sorted(lines)
    by_path = {fault.path: fault.value for fault in found}
    assert (by_path["/team"], by_path["/policies/acknowledge_within"]) == ("{name: x}", "4 hours")


def test_discounts_that_say_nothing_or_two_things(tmp_path: Path) -> None:
    """Each at its own line, with what would have been right."""
    text = (
        "terms:\n  discounts:\n"
        "  - {percent: 3, amount: 5}\n"
        "  - {reason: Loyalty}\n"
        "  - {amount: 5.005}\n"
        "  - {amount: 0}\n"
        "  - {amount: 5}\n"
        "  - {by: quantity, percent: 3}\n"
        "  - {of: document, percent: 3, products: [OAT-1L]}\n"
        "  - {percent: 3, valid_from: 2026-12-24, valid_to: 2026-12-01}\n"
        "  - {percent: 3, valid_from: 24.12.2026}\n"
        "  - {percent: 3, valid_from: 1700000000}\n"
        "  - {percent: 3, valid_to: 2026-02-30}\n"
        "  - {percent: 3, reason_code: FC}\n"
        "  - {tiers: [{from: 10, percent: 2}, {from: 10.0, percent: 3}], currency: EUR}\n"
        "  - {tiers: [{from: 10, percent: 2}, {from: 20}], currency: EUR}\n"
        "  - {percent: 3, product: OAT-1L}\n"
        "policies: {order_charges: last}\n"
    )
    found = faults_of(folder(tmp_path, account_yaml=MINIMAL + text))
    assert [(fault.code, fault.path, fault.location.rpartition(" ")[2], fault.expected) for fault in found] == [
        ("bad_value", "/terms/discounts/0", "5", "exactly one of percent, amount and tiers"),
        ("bad_value", "/terms/discounts/1", "6", "exactly one of percent, amount and tiers"),
        ("bad_value", "/terms/discounts/2/amount", "7", "a plain decimal number such as 1.5 above 0"),
        ("bad_value", "/terms/discounts/3/amount", "8", "a plain decimal number such as 1.5 above 0"),
        ("bad_value", "/terms/discounts/4", "9", "a currency beside its amounts, here or in terms"),
        ("bad_value", "/terms/discounts/5", "10", "tiers beside by: quantity"),
        ("bad_value", "/terms/discounts/6", "11", "products and by: quantity only where it is of: line"),
        ("bad_value", "/terms/discounts/7", "12", "a valid_to that is not before valid_from"),
        ("bad_value", "/terms/discounts/8/valid_from", "13", "a day such as 2026-12-01"),
        ("bad_value", "/terms/discounts/9/valid_from", "14", "a day such as 2026-12-01"),
        ("bad_value", "/terms/discounts/10/valid_to", "15", "a day such as 2026-12-01"),
        (
            "bad_value",
            "/terms/discounts/11/reason_code",
            "16",
            f"a code of UNCL 5189 that invoices may have: {', '.join(sorted(ALLOWANCE_REASONS, key=int))}",
        ),
        ("bad_value", "/terms/discounts/12/tiers", "17", "tiers that each begin with another figure"),
        (
            "missing_field",
            "/terms/discounts/13/tiers/1/percent",
            "18",
            "a plain decimal number such as 1.5 from 0 to 100",
        ),
        ("unknown_field", "/terms/discounts/14/product", "19", "perhaps products"),
        ("bad_value", "/policies/order_charges", "20", "one of first, pro_rata"),
    ]


def test_a_key_that_is_there_twice_hides_no_other_fault(tmp_path: Path) -> None:
    text = "id: acme\nname: &n A\ntier: gold\ntier: gold\ncalendar: *n\ntime_zone: Mars\nlegal: {name: *n, vat: 1}\n"
    assert [
        (fault.code, fault.location[-6:], fault.expected) for fault in faults_of(folder(tmp_path, account_yaml=text))
    ] == [
        ("bad_value", "line 4", "each key once"),
        ("bad_value", "line 5", "the value itself"),
        ("bad_value", "line 6", "an IANA time zone such as Europe/Berlin"),
        ("bad_value", "line 7", "the value itself"),
        ("unknown_field", "line 7", "perhaps vat_id"),
    ]


@pytest.mark.parametrize(
    ("text", "location"),
    [
        ("id: acme\nname: [\n", "account.yaml line 3"),
        ("id: acme\nname: a\nname: b\n", "account.yaml line 3"),
        ("id: acme\nname: &x [a]\nteam: *x\n", "account.yaml line 3"),
        ("- a\n", "account.yaml line 1"),
        ("", "account.yaml line 1"),
        ("[" * 5000, "account.yaml"),
        ("id: acme\x01", "account.yaml"),
    ],
)
def test_yaml_that_cannot_be_taken(tmp_path: Path, text: str, location: str) -> None:
    assert location in {fault.location for fault in faults_of(folder(tmp_path, account_yaml=text))}


def test_files_that_are_no_text_or_not_there(tmp_path: Path) -> None:
    assert places(faults_of(tmp_path)) == [("file_not_readable", "account.yaml")]
    assert [fault.code for fault in faults_of(tmp_path / "nowhere")] == ["file_not_readable"]
    path = folder(tmp_path, items_csv=ITEMS_HEADER.encode() + b"PL-1,,P\xe4\n", units_csv='account_unit\n"open\n')
    assert [fault.code for fault in faults_of(path)] == ["file_not_readable"] + ["missing_field"] * 2 + [
        "file_not_readable"
    ]
    assert "items.csv line 2" in faults_of(path)[0].location


def test_supplier_file(tmp_path: Path) -> None:
    path = tmp_path / "supplier.yaml"
    path.write_text(
        'legal_name: Us AS\ngln: 0042\nendpoint: {scheme: 0088, id: "1"}\ncxml: [{domain: D, identity: I}]\n'
    )
    supplier = read_supplier(path)
    assert (supplier.gln, supplier.endpoint_scheme, supplier.cxml) == ("0042", "0088", (("D", "I"),))
    path.write_text("legal_nam: Us\n")
    with pytest.raises(FilesRejected) as rejected:
        read_supplier(path)
    assert {fault.code for fault in rejected.value.faults} == {"missing_field", "unknown_field"}


@pytest.mark.parametrize(
    ("prefix", "is_one"),
    [("9521", True), ("952123400000", True), ("952", False), ("9521234000001", False), ("95212e4", False)],
)
def test_a_company_prefix_is_one_of_gs1s(tmp_path: Path, prefix: str, is_one: bool) -> None:
    path = tmp_path / "supplier.yaml"
    path.write_text(f"legal_name: Us AS\ngs1_company_prefix: {prefix}\n")
    if is_one:
        assert read_supplier(path).gs1_company_prefix == prefix
        return
    with pytest.raises(FilesRejected) as rejected:
        read_supplier(path)
    assert [(fault.code, fault.location) for fault in rejected.value.faults] == [("bad_value", "supplier.yaml line 2")]


# --- spreadsheets ----------------------------------------------------------------------------------------------------
def spreadsheet(path: Path, rows: list[list[Any]]) -> Path:
    book = Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_spreadsheet_rows_are_the_same_rows(tmp_path: Path) -> None:
    path = spreadsheet(
        tmp_path / "packs.xlsx",
        [["product", "unit", "quantity", "gtin"], ["0042", "XCT", 12, None], [], ["0042", "XBG", 0.1, ""]],
    )
    assert read_packs(path) == (Pack("0042", "XCT", Decimal(12)), Pack("0042", "XBG", Decimal("0.1")))


def test_cells_that_lost_their_zeros_and_formulas_are_named(tmp_path: Path) -> None:
    path = spreadsheet(
        tmp_path / "products.xlsx",
        [
            ["product", "name", "base_unit", "gtin", "order_minimum"],
            [42, "Mug", "EA", 9521234000013, 1],
            ["P", "=A1", "EA", None, "=1+1"],
            ["P", "Mug", "EA", None, True],
        ],
    )
    with pytest.raises(FilesRejected) as rejected:
        read_products(path)
    assert [fault.location for fault in rejected.value.faults] == [
        "products.xlsx row 2, cell A2",
        "products.xlsx row 2, cell D2",
        "products.xlsx row 3, cell B3",
        "products.xlsx row 3, cell E3",
        "products.xlsx row 4, cell E4",
        "products.xlsx row 4",
    ]
    assert "leading zeros" in rejected.value.faults[0].detail
    assert "formula" in rejected.value.faults[2].detail


def test_dates_of_spreadsheets(tmp_path: Path) -> None:
    path = spreadsheet(
        tmp_path / "stock.xlsx",
        [
            ["product", "site", "as_of", "on_hand", "next_receipt_date", "next_receipt_quantity"],
            ["P", "S", date(2026, 11, 23), 5, date(2026, 12, 1), 10],
        ],
    )
    (row,) = read_stock(path)
    assert (row.as_of.isoformat(), row.next_receipt_date) == ("2026-11-23T00:00:00+00:00", date(2026, 12, 1))


@pytest.mark.parametrize("body", [b"", b"PK\x03\x04 no zip", b"product,name,base_unit\n"])
def test_what_is_no_spreadsheet(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "products.xlsx"
    path.write_bytes(body)
    with pytest.raises(FilesRejected) as rejected:
        read_table(path, "product")
    assert [fault.code for fault in rejected.value.faults] == ["file_not_readable"]


def test_good_rows_are_given_beside_the_faults(tmp_path: Path) -> None:
    path = tmp_path / "packs.csv"
    path.write_text("product,unit,quantity\nP,XCT,12\nP,XPX,many\n")
    read = read_table(path, "pack")
    assert [row for _, row in read.good] == [Pack("P", "XCT", Decimal(12))]
    assert [(index, fault.location) for index, fault in read.faults] == [(1, "packs.csv line 3")]


@pytest.mark.parametrize("name", ["account.yaml", "items.csv", "order_map.yaml", "samples/01.json"])
@pytest.mark.parametrize("kind", ["a pipe", "a device", "a link to nowhere"])
def test_what_is_no_regular_file_is_refused(tmp_path: Path, name: str, kind: str) -> None:
    """Nobody writes to the pipe, and the device never ends: reading one would take for ever."""
    path = folder(tmp_path, order_map_yaml="") / name
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    if kind == "a pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero" if kind == "a device" else "nowhere")
    read = read_folder(tmp_path)
    assert [fault.detail for fault in read.faults if fault.location == path.name] == [
        f"{path.name}: is no regular file"
    ]
    assert read.strays == ()


def test_a_spreadsheet_that_is_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "products.xlsx")
    with pytest.raises(FilesRejected) as refused:
        read_products(tmp_path / "products.xlsx")
    assert [fault.detail for fault in refused.value.faults] == ["products.xlsx: is no regular file"]


@pytest.mark.parametrize(
    ("place", "said"), [((20_000_000, 1), "1,048,576 rows"), ((1_048_577, 1), "1,048,576 rows"), ((9, 16_000), None)]
)
def test_a_cell_far_below_is_not_waited_for(tmp_path: Path, place: tuple[int, int], said: str | None) -> None:
    """One cell stands for all the empty rows before it: 20 million took 40 seconds."""
    path = tmp_path / "products.xlsx"
    book = Workbook()
    book.active.append(["product", "name", "base_unit"])
    book.active.append(["A", "Apples", "EA"])
    book.save(path)
    with zipfile.ZipFile(path) as read:
        parts = {name: read.read(name) for name in read.namelist()}
    row, column = place
    cell = (
        f'<row r="{row}"><c r="{get_column_letter(column)}{row}" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'
    )
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = parts[sheet].replace(b"</sheetData>", cell.encode())
    with zipfile.ZipFile(path, "w") as written:
        for name, body in parts.items():
            written.writestr(name, body)
    began = time.process_time()
    with pytest.raises(FilesRejected) as refused:
        read_products(path)
    assert time.process_time() - began < 20
    details = [fault.detail for fault in refused.value.faults]
    if said is not None:
        assert details == [f"products.xlsx: has more than {said}, empty ones among them"]
    else:
        assert all(detail.startswith("products.xlsx row 9") for detail in details)
