"""Invoices and credit notes as UBL: what their author says they mean, what comes back, what is valid and lawful."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from lxml import etree

from schemas.documents.invoice import Invoice, judged_invoice
from schemas.fault_codes import FAULTS
from schemas.faults import DocumentRejected
from schemas.formats.json_1 import JSON_1
from schemas.formats.ubl_2_1 import PEPPOL_BIS_3, UBL_2_1
from schemas.formats.ubl_2_1.names import cac, cbc
from tests.formats import ubl_invoices as ubl
from tests.formats.en16931 import broken_rules
from tests.valid_invoices import valid_invoices

FORMATS = Path(__file__).resolve().parents[2] / "schemas" / "formats"
EXAMPLES = FORMATS / "ubl_2_1" / "examples"
KINDS = ("invoice", "credit_note")
DOCUMENTS = sorted(path for kind in KINDS for path in (EXAMPLES / kind).glob("*.xml"))
REJECTED = sorted((EXAMPLES / "rejected_invoice").glob("*.xml"))
NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
"""Each example takes a hundredth of a second by the standard's rules: made smaller it would take minutes."""
MANY = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

Valid = Callable[[bytes], None]


@pytest.fixture(scope="module")
def valid(schemas_dir: Path) -> Valid:
    """Whether a document is valid by the official schema of its root."""
    schemas = {
        name: etree.XMLSchema(etree.parse(schemas_dir / "ubl-2.1" / "maindoc" / f"UBL-{name}-2.1.xsd"))
        for name in ("Invoice", "CreditNote")
    }

    def check(body: bytes) -> None:
        root = etree.fromstring(body)
        schemas[etree.QName(root).localname].assertValid(root)

    return check


def read(body: bytes, kind: str = "invoice") -> Invoice:
    found = UBL_2_1.parsers[kind](body)
    assert isinstance(found, Invoice)
    return found


def written_by(path: Path) -> Any:
    return PEPPOL_BIS_3 if path.stem.startswith("peppol") else UBL_2_1


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_an_example_says_what_its_golden_says_and_is_written_the_same(path: Path, valid: Valid) -> None:
    body = path.read_bytes()
    assert written_by(path).sniff(body)
    assert UBL_2_1.sniff(body)
    found = read(body, path.parent.name)
    assert found == judged_invoice(json.loads(path.with_suffix(".json").read_text(encoding="utf-8")))
    rendered = written_by(path).renderers[path.parent.name](found)
    without_indents = etree.fromstring(body, etree.XMLParser(remove_blank_text=True))
    assert etree.tostring(etree.fromstring(rendered), method="c14n") == etree.tostring(without_indents, method="c14n")
    valid(rendered)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_an_example_keeps_the_rules_of_en_16931(path: Path) -> None:
    assert broken_rules(path.read_bytes(), warnings=written_by(path) is PEPPOL_BIS_3) == []


@pytest.mark.parametrize(
    "path", sorted(path for kind in KINDS for path in (FORMATS / "json_1" / "examples" / kind).glob("*.json"))
)
def test_the_json_examples_keep_the_rules_as_peppol(path: Path, valid: Valid) -> None:
    found = JSON_1.parsers[path.parent.name](path.read_bytes())
    rendered = PEPPOL_BIS_3.renderers[path.parent.name](found)
    valid(rendered)
    assert broken_rules(rendered, warnings=True) == []


@pytest.mark.parametrize("path", REJECTED, ids=lambda path: path.stem)
def test_a_rejected_example_has_exactly_its_faults(path: Path) -> None:
    with pytest.raises(DocumentRejected) as refused:
        UBL_2_1.parsers["invoice"](path.read_bytes())
    shown = [
        {name: fault.as_json()[name] for name in ("code", "path", "location", "value")}
        for fault in refused.value.faults
    ]
    assert shown == json.loads(path.with_suffix(".faults.json").read_text(encoding="utf-8"))
    assert all(fault.code in FAULTS and fault.detail for fault in refused.value.faults)


def test_each_parser_takes_its_own_kind_only() -> None:
    for path in DOCUMENTS:
        other = KINDS[1 - KINDS.index(path.parent.name)]
        with pytest.raises(DocumentRejected) as refused:
            UBL_2_1.parsers[other](path.read_bytes())
        assert [fault.code for fault in refused.value.faults] == ["wrong_document"]


def test_an_invoice_in_an_envelope_is_read() -> None:
    body = DOCUMENTS[-1].read_bytes().partition(b"?>")[2]
    sbdh = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
    wrapped = (
        f'<StandardBusinessDocument xmlns="{sbdh}"><StandardBusinessDocumentHeader/>'.encode()
        + body
        + b"</StandardBusinessDocument>"
    )
    assert read(wrapped, DOCUMENTS[-1].parent.name) == read(body, DOCUMENTS[-1].parent.name)


@MANY
@given(ubl.invoices())
def test_an_invoice_comes_back_from_ubl(invoice: Invoice) -> None:
    body = UBL_2_1.renderers[invoice.type](invoice)
    assert UBL_2_1.parsers[invoice.type](body) == invoice


@MANY
@given(ubl.peppol_invoices())
def test_an_invoice_comes_back_from_peppol(invoice: Invoice) -> None:
    body = PEPPOL_BIS_3.renderers[invoice.type](invoice)
    assert PEPPOL_BIS_3.parsers[invoice.type](body) == invoice


@MANY
@given(invoice=ubl.some_invoices())
def test_what_is_lost_is_what_the_readme_says(valid: Valid, invoice: Invoice) -> None:
    """Any invoice, written and read, is the invoice less what its format has no place for; and it is valid UBL."""
    plain, peppol = (known.renderers[invoice.type](invoice) for known in (UBL_2_1, PEPPOL_BIS_3))
    assert UBL_2_1.parsers[invoice.type](plain) == ubl.carried_invoice(invoice)
    assert PEPPOL_BIS_3.parsers[invoice.type](peppol) == ubl.carried_by_peppol(invoice)
    valid(plain)
    valid(peppol)


@settings(max_examples=40, phases=NO_SHRINKING)
@given(invoice=valid_invoices())
def test_invoices_that_add_up_keep_every_rule_of_en_16931(valid: Valid, invoice: Invoice) -> None:
    """BR-CO-10 to -17, BR-S-08 and its sisters, and all others, by the standard's own check, in both formats; Peppol's
    without a warning, so that nothing is written that EN 16931 has no term for."""
    for known, warnings in ((UBL_2_1, False), (PEPPOL_BIS_3, True)):
        body = known.renderers[invoice.type](invoice)
        valid(body)
        assert broken_rules(body, warnings=warnings) == []


@settings(max_examples=40)
@given(valid_invoices())
def test_peppol_has_its_own_rules(invoice: Invoice) -> None:
    """Of Peppol BIS Billing 3's: R003, R008, R010, R020, R040 to R042, R046, R120, R130."""
    root = etree.fromstring(PEPPOL_BIS_3.renderers[invoice.type](invoice))
    assert root.find(cbc("BuyerReference")) is not None or root.find(f"{cac('OrderReference')}/{cbc('ID')}") is not None
    assert all(len(one) or (one.text or "").strip() for one in root.iter())
    for party in ("AccountingSupplierParty", "AccountingCustomerParty"):
        endpoint = root.find(f"{cac(party)}/{cac('Party')}/{cbc('EndpointID')}")
        assert endpoint is not None
        assert endpoint.get("schemeID")
    for charge in root.iter(cac("AllowanceCharge")):
        percent, base = (charge.findtext(cbc(name)) for name in ("MultiplierFactorNumeric", "BaseAmount"))
        if charge.getparent().tag == cac("Price"):
            net = charge.getparent().findtext(cbc("PriceAmount"))
            assert Decimal(net) == Decimal(base) - Decimal(charge.findtext(cbc("Amount")))
        else:
            assert (percent is None) == (base is None)
            if percent is not None:
                expected = Decimal(base) * Decimal(percent) / 100
                assert abs(Decimal(charge.findtext(cbc("Amount"))) - expected) <= Decimal("0.02")
    for line in (*root.iter(cac("InvoiceLine")), *root.iter(cac("CreditNoteLine"))):
        amount = next(one for one in line if one.tag in (cbc("InvoicedQuantity"), cbc("CreditedQuantity")))
        base = line.find(f"{cac('Price')}/{cbc('BaseQuantity')}")
        assert base is None or base.get("unitCode") in (None, amount.get("unitCode"))


def test_a_wrong_sum_is_seen_by_the_rules() -> None:
    """The check itself checks."""
    path = next(path for path in DOCUMENTS if path.parent.name == "invoice")
    found = read(path.read_bytes())
    wrong = replace(found, totals=replace(found.totals, payable=found.totals.payable + 1))
    broken = broken_rules(UBL_2_1.renderers["invoice"](wrong))
    assert [one.partition(":")[0].rpartition("[")[2] for one in broken] == ["BR-CO-16"]


SUMS = "<cac:LegalMonetaryTotal>"
SECOND = '<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">9</cbc:TaxAmount></cac:TaxTotal>'
END = "</cbc:ID></cac:TaxScheme></cac:ClassifiedTaxCategory>"


def changed(old: str, new: str) -> bytes:
    """The first plain example with a part of it written otherwise."""
    path = next(path for path in DOCUMENTS if path.stem == "ubl-two-orders")
    text = path.read_text(encoding="utf-8")
    assert old in text
    return text.replace(old, new, 1).encode()


def test_the_tax_in_another_currency_is_kept_out_of_the_sums() -> None:
    accounted = '<cac:TaxTotal><cbc:TaxAmount currencyID="SEK">9</cbc:TaxAmount></cac:TaxTotal><cac:TaxTotal>'
    assert read(changed("<cac:TaxTotal>", accounted)) == read(changed("<cac:TaxTotal>", "<cac:TaxTotal>"))


@pytest.mark.parametrize(
    ("old", "new", "code", "path", "value"),
    [
        (SUMS, SECOND + SUMS, "repeated_element", "", None),
        (f"VAT{END}", f"GST{END}", "bad_value", "/lines/0/tax", "GST"),
        ('<cbc:PayableAmount currencyID="EUR">', '<cbc:PayableAmount currencyID="GBP">', "bad_value", "/totals/payable",
         "225.85 GBP"),
        ("<cbc:ID>K</cbc:ID>", "<cbc:ID>X</cbc:ID>", "bad_value", "/charges/0/tax/category", "X"),
    ],
)  # fmt: skip
def test_what_could_be_taken_for_something_else_is_a_fault(
    old: str, new: str, code: str, path: str, value: str | None
) -> None:
    with pytest.raises(DocumentRejected) as refused:
        read(changed(old, new))
    (fault,) = refused.value.faults
    assert (fault.code, fault.path, fault.value) == (code, path, value)
    assert fault.location is not None
    assert fault.location.startswith("line ")


def test_other_type_codes_are_kept() -> None:
    corrected = read(changed(">380<", ">384<"))
    assert corrected.type_code == "384"
    assert ">384<" in UBL_2_1.renderers["invoice"](corrected).decode()


def test_a_lower_rate_is_a_standard_rated_one() -> None:
    """UNCL 5305's AA and H are S in EN 16931, whatever the rate."""
    found = read(changed("<cbc:ID>K</cbc:ID><cbc:Percent>0<", "<cbc:ID>AA</cbc:ID><cbc:Percent>7<"))
    (lowered,) = (one for one in (*found.charges, *found.lines) if one.tax and one.tax.percent == 7)
    assert lowered.tax is not None
    assert lowered.tax.category == "S"
