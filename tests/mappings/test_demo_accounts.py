"""The demo accounts hold together: valid samples, stories that come true; and a folder is all a new one takes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from lxml import etree

from gateway.intake import recognise
from gateway.sent_samples import write_samples
from gateway.trade.checks import check
from gateway.trade.response import decide
from gateway.trade.stock import Position, Stock
from mappings.account import SENT, Account
from mappings.compile import catalogue_faults, compile_catalogue, compile_revision
from mappings.engine import to_ours
from mappings.files.account_folder import AccountFolder, read_account
from mappings.files.sent_samples import is_of_what_we_send, sent_samples_in
from mappings.files.supplier import read_supplier
from mappings.files.tables import read_packs, read_products, read_stock, read_taxes
from mappings.mapped import MappedOrder
from mappings.own_format import formats_of
from mappings.revision import Catalogue, MappingRevision, StockRow
from schemas.documents.order import Order
from schemas.faults import DocumentRejected
from schemas.values import is_gs1_number, shortest
from tests.formats.en16931 import broken_rules
from tests.mappings.small_world import ISSUED, codes

ROOT = Path(__file__).resolve().parents[2]
ACCOUNTS = ROOT / "mappings" / "accounts"
DEMO = ROOT / "config" / "demo"
SAMPLES = sorted(
    path
    for path in ACCOUNTS.glob("*/samples/*")
    if not path.name.endswith(".expected.json") and not is_of_what_we_send(path.name)
)
FORMATS_IN = {
    "acme-retail": "ubl-2.1",
    "blue-harbor": "cxml-1.2",
    "delta-foods": "custom",
    "evergreen-diy": "custom",
    "nordic-office": "json-1",
}
"""Account → the format of its samples."""
SUPPLIER = read_supplier(ROOT / "config" / "supplier.yaml")


def demo_catalogue() -> Catalogue:
    return compile_catalogue(1, read_products(DEMO / "products.csv"), read_packs(DEMO / "packs.csv"))


def compiled(folder: AccountFolder) -> MappingRevision:
    return compile_revision(folder.account, 1, folder.items, folder.units, folder.sites, folder.prices, folder.maps)


@cache
def folder_of(account: str) -> AccountFolder:
    return read_account(ACCOUNTS / account)


@cache
def mapping_of(account: str) -> MappingRevision:
    return compiled(folder_of(account))


class Sampled(NamedTuple):
    """One order of a sample, and what must come of it."""

    sample: Path
    part: int
    expected: dict[str, Any]

    @property
    def account(self) -> str:
        return self.sample.parent.parent.name


def every_order() -> Iterator[Sampled]:
    for sample in SAMPLES:
        expected = json.loads(sample.with_suffix(".expected.json").read_text(encoding="utf-8"))
        assert expected["story"].endswith(".")
        for part, one in enumerate(expected.get("orders", [expected]), 1):
            yield Sampled(sample, part, one)


ORDERS = list(every_order())
EACH_ORDER = pytest.mark.parametrize("order", ORDERS, ids=lambda one: f"{one.account}-{one.sample.stem}-{one.part}")


def read_order(order: Sampled) -> Order:
    """As it is read when it comes: in the format that the account may send and that its bytes tell. Raises
    DocumentRejected."""
    revision, body = mapping_of(order.account), order.sample.read_bytes()
    name, faults, _ = recognise(revision.account, formats_of(revision), body)
    assert (name, faults) == (FORMATS_IN[order.account], ())
    read = formats_of(revision)[name or ""].read_parts(body, [order.part])[order.part]
    if isinstance(read, DocumentRejected):
        raise read
    assert read.warnings == ()
    return read.order


def mapped(order: Sampled) -> MappedOrder:
    return to_ours(read_order(order), mapping_of(order.account), demo_catalogue(), SUPPLIER, ISSUED)


def test_each_demo_account_has_its_samples() -> None:
    assert Counter(sample.parent.parent.name for sample in SAMPLES) == {
        "acme-retail": 5,
        "blue-harbor": 5,
        "delta-foods": 6,
        "evergreen-diy": 5,
        "nordic-office": 5,
    }


@EACH_ORDER
def test_the_mapping_finds_what_the_story_says(order: Sampled) -> None:
    """Every fault of an order that can be read is one of mapping or price, so the engine must find exactly those
    expected."""
    expected = order.expected
    try:
        faults = mapped(order).all_faults()
    except DocumentRejected as rejected:
        faults = rejected.faults
        assert expected["status"] == "rejected"
    assert codes(faults) == [(fault["code"], fault["path"]) for fault in expected["faults"]]
    assert expected["story"].endswith(".")
    assert expected["status"] in ("done", "held", "rejected")


@EACH_ORDER
def test_expected_outcomes_sum_to_what_is_ordered(order: Sampled) -> None:
    expected = order.expected
    lines = mapped(order).lines if expected.get("lines") else ()
    for line, answer in zip(lines, expected.get("lines", []), strict=True):
        assert answer["line_number"] == line.line.line_number
        raised = 2 if order.sample.stem == "05-by-the-piece" and answer["line_number"] == "1" else 0
        assert sum(Decimal(part["quantity"]) for part in answer["outcomes"]) == line.line.quantity + raised
        assert {part["unit"] for part in answer["outcomes"]} == {line.unit}


def demo_stock() -> Stock:
    rows = read_stock(DEMO / "stock.csv")
    sites: dict[str, tuple[str, ...]] = {}
    for row in sorted(rows, key=lambda row: row.site):
        sites[row.product] = (*sites.get(row.product, ()), row.site)
    return Stock({(row.product, row.site): position(row) for row in rows}, sites)


def position(row: StockRow) -> Position:
    due = (row.next_receipt_date, row.next_receipt_quantity)
    return Position(row.product, row.site, 1, row.on_hand, row.reserved_other, *due)


def test_the_stories_come_true_when_the_samples_are_decided_in_order() -> None:
    """Mapped, checked and decided on the demo stock, one after another, as `gateway demo` sends them."""
    stock = demo_stock()
    for number, order in enumerate(one for one in ORDERS if one.expected["status"] != "rejected"):
        ours, expected = mapped(order), order.expected
        decision = decide(
            ours,
            (*ours.all_faults(), *check(ours, ISSUED)),
            stock,
            folder_of(order.account).account,
            SUPPLIER,
            response_number=f"R-{number}",
            received_on=ISSUED,
            issued_at=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
        )
        assert codes(decision.faults) == [(fault["code"], fault["path"]) for fault in expected["faults"]]
        assert {"answered": "done"}.get(decision.verdict, decision.verdict) == expected["status"]
        response = decision.response
        assert (response.outcome if response else None) == expected["outcome"], order
        answered = response.lines if response else ()
        assert [
            {
                "line_number": line.line_number,
                "outcomes": [
                    {"status": part.status, "quantity": f"{shortest(part.quantity):f}", "unit": part.unit}
                    for part in line.outcomes
                ],
            }
            for line in answered
        ] == expected["lines"]


def test_ubl_samples_are_valid_ubl(schemas_dir: Path) -> None:
    schema = etree.XMLSchema(etree.parse(str(schemas_dir / "ubl-2.1" / "maindoc" / "UBL-Order-2.1.xsd")))
    ubl = [sample for sample in SAMPLES if FORMATS_IN[sample.parent.parent.name] == "ubl-2.1"]
    assert len(ubl) == 5
    for sample in ubl:
        schema.assertValid(etree.parse(str(sample)))


def test_cxml_samples_are_valid_cxml(schemas_dir: Path) -> None:
    dtd = etree.DTD(str(schemas_dir / "cxml" / "cXML.dtd"))
    cxml = [sample for sample in SAMPLES if sample.parent.parent.name == "blue-harbor"]
    assert len(cxml) == 5
    for sample in cxml:
        assert dtd.validate(etree.parse(str(sample))), dtd.error_log


SENT_IN = {
    "acme-retail": {
        "despatch_advice": "peppol-bis-3",
        "inventory_report": "csv-1",
        "invoice": "peppol-bis-3",
        "credit_note": "peppol-bis-3",
    },
    "blue-harbor": {
        "order_response": "cxml-1.2",
        "despatch_advice": "cxml-1.2",
        "inventory_report": "csv-1",
        "invoice": "cxml-1.2",
    },
    "delta-foods": dict.fromkeys(SENT, "custom"),
    "evergreen-diy": dict.fromkeys(SENT, "custom"),
}
"""Account → kind of document → the format of its sample of what we send."""


@pytest.mark.parametrize("account", SENT_IN)
def test_each_account_gets_each_document_as_its_samples_say(account: str) -> None:
    written = write_samples(mapping_of(account), sent_samples_in(folder_of(account).samples))
    assert {one.sample.kind: one.format_name for one in written} == SENT_IN[account]
    for one in written:
        assert (one.differences, one.faults) == ([], ()), one.sample.name


@pytest.mark.parametrize("account", SENT_IN)
def test_each_account_has_agreed_on_all_that_we_send(account: str) -> None:
    outbound = folder_of(account).account.outbound
    assert outbound.keys() == set(SENT) - {"credit_note"}
    assert outbound["inventory_report"].schedule is not None
    assert outbound["invoice"].when == "shipped"
    own = [kind for kind, terms in outbound.items() if terms.format == "custom"]
    assert own in ([], list(outbound))


def _expected(account: str, kind: str) -> bytes:
    (path,) = (ACCOUNTS / account / "samples").glob(f"*.{kind}.expected.*")
    return path.read_bytes()


@pytest.mark.parametrize(
    ("kind", "schema"),
    [("despatch_advice", "DespatchAdvice"), ("invoice", "Invoice"), ("credit_note", "CreditNote")],
)
def test_what_acme_is_to_get_is_valid(kind: str, schema: str, schemas_dir: Path) -> None:
    """By UBL's schemas, and what is an invoice by EN 16931's rules: what was written by hand is held to them, too."""
    body = _expected("acme-retail", kind)
    ubl = etree.XMLSchema(etree.parse(str(schemas_dir / "ubl-2.1" / "maindoc" / f"UBL-{schema}-2.1.xsd")))
    ubl.assertValid(etree.fromstring(body))
    assert kind == "despatch_advice" or broken_rules(body) == []


@pytest.mark.parametrize(
    ("kind", "name"),
    [("order_response", "Fulfill"), ("despatch_advice", "Fulfill"), ("invoice", "InvoiceDetail")],
)
def test_what_blue_harbor_is_to_get_is_valid(kind: str, name: str, schemas_dir: Path) -> None:
    dtd = etree.DTD(str(schemas_dir / "cxml" / f"{name}.dtd"))
    assert dtd.validate(etree.fromstring(_expected("blue-harbor", kind))), dtd.error_log


def test_catalogue_and_supplier_hold_together() -> None:
    catalogue = demo_catalogue()
    assert len(catalogue.products) == 15
    assert catalogue_faults(catalogue) == ()
    assert {row.site for row in read_stock(DEMO / "stock.csv")} == {"HALDEN", "HAMBURG"}
    assert {row.product for row in read_stock(DEMO / "stock.csv")} <= catalogue.products.keys()
    taxed = {(row.tax_class, row.ship_to_country) for row in read_taxes(DEMO / "taxes.csv")}
    assert taxed == {(name, country) for name in ("food", "standard") for country in ("DE", "NL", "NO")}
    assert is_gs1_number(SUPPLIER.gln or "", (13,))
    assert {gtin[1:8] for gtin in catalogue.by_gtin} == {SUPPLIER.gs1_company_prefix}


@pytest.mark.parametrize("account", FORMATS_IN)
def test_every_product_and_site_that_an_account_names_is_there(account: str) -> None:
    folder, catalogue = folder_of(account), demo_catalogue()
    named = {row.product for row in (*folder.items, *folder.prices)} | {row.product for row in folder.units}
    assert named - {None} <= catalogue.products.keys()
    assert {row.supply_site for row in folder.sites} <= {"HALDEN", "HAMBURG"}


def test_a_new_account_is_onboarded_by_a_folder_alone(tmp_path: Path) -> None:
    (tmp_path / "account.yaml").write_text(
        "id: corner-shop\nname: Corner Shop\nidentifiers: [{scheme: GLN, id: 4012345000030}]\nterms: {currency: EUR}\n"
    )
    (tmp_path / "items.csv").write_text("account_sku,product,account_unit,unit,factor\n007,SOY-1L,TRAY,EA,24\n")
    (tmp_path / "units.csv").write_text("account_unit,product,unit,factor\nDOZ,,EA,12\n")
    (tmp_path / "sites.csv").write_text("account_site,name,supply_site\nSHOP,Shop,HALDEN\n")
    (tmp_path / "prices.csv").write_text("product,unit,currency,price\nSOY-1L,XCT,EUR,13.20\n")
    order = Order.model_validate(
        {
            "order_number": "1",
            "issue_date": "2026-11-23",
            "buyer": {"id": "4012345000030", "scheme": "0088"},
            "ship_to": {"id": "SHOP"},
            "lines": [
                {
                    "line_number": "1",
                    "buyer_item": "007",
                    "quantity": "3",
                    "unit": "TRAY",
                    "price": {"amount": "26.40"},
                },
                {"line_number": "2", "buyer_item": "007", "quantity": "2", "unit": "DOZ", "price": {"amount": "13.20"}},
            ],
        }
    )
    result = to_ours(order, compiled(read_account(tmp_path)), demo_catalogue(), SUPPLIER)
    assert result.all_faults() == ()
    assert result.currency == "EUR"
    assert [(line.base_quantity, line.sales_quantity) for line in result.lines] == [(72, 6), (24, 2)]
    assert [line.contract_price for line in result.lines] == [Decimal("26.40"), Decimal("13.20")]
    assert result.site is not None
    assert result.site.supply_site == "HALDEN"


def test_account_ids_are_their_folders_names() -> None:
    for folder in sorted(path for path in ACCOUNTS.iterdir() if path.is_dir()):
        account: Account = read_account(folder).account
        assert account.id == folder.name
