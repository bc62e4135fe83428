"""Every invoice and credit note of the corpus: read, or refused with faults that say what is wrong and where.

Goldens are written by reading the documents, never by running the code.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.trade.invoice_sums import net_amount, tax_subtotals, totals
from schemas.documents.invoice import Invoice
from schemas.fault_codes import FAULTS
from schemas.faults import DocumentRejected, Fault
from schemas.formats.json_1 import JSON_1
from schemas.formats.ubl_2_1 import PEPPOL_BIS_3, UBL_2_1
from tests.corpus.test_ubl_orders import assert_contains

GOLDENS = Path(__file__).with_name("goldens") / "ubl_invoices"
KINDS = ("invoice", "credit_note")


@pytest.fixture(scope="module")
def documents(corpus_dir: Path) -> list[Path]:
    found = [path for kind in KINDS for path in sorted((corpus_dir / "ubl" / kind).iterdir())]
    assert found
    return found


def read_or_refuse(body: bytes) -> Invoice | tuple[Fault, ...]:
    """By what it is, not by the folder that it lies in."""
    faults: tuple[Fault, ...] = ()
    for kind in KINDS:
        try:
            found = UBL_2_1.parsers[kind](body)
        except DocumentRejected as refused:
            if not faults or faults[0].code == "wrong_document":
                faults = refused.faults
        else:
            assert isinstance(found, Invoice)
            return found
    return faults


def as_json(invoice: Invoice) -> Any:
    return json.loads(JSON_1.renderers["invoice"](invoice))


def test_every_invoice_is_read_as_its_golden_says(
    documents: list[Path], corpus_count: Callable[[str, int], None]
) -> None:
    taken = 0
    for document in documents:
        found = read_or_refuse(document.read_bytes())
        golden = GOLDENS / f"{document.stem}.json"
        expected = json.loads(golden.read_text(encoding="utf-8")) if golden.exists() else {}
        if isinstance(found, Invoice):
            assert "faults" not in expected, document.name
            assert_contains(as_json(found), expected, document.name)
            taken += 1
        else:
            assert found
            assert all(fault.code in FAULTS and fault.detail and fault.location for fault in found)
            assert not golden.exists() or "faults" in expected, found
            if golden.exists():
                assert_contains([fault.as_json() for fault in found], expected["faults"], document.name)
    for kind in KINDS:
        corpus_count(f"ubl/{kind}", sum(document.parent.name == kind for document in documents))
    assert taken
    print(f"{taken} of {len(documents)} UBL invoices and credit notes of the corpus are read, the others refused")


def test_no_golden_is_for_a_document_that_is_not_there(documents: list[Path]) -> None:
    assert {path.stem for path in GOLDENS.glob("*.json")} <= {path.stem for path in documents}


def test_what_was_read_comes_back(documents: list[Path]) -> None:
    """What a document says beyond the canonical invoice is lost when it is read, and nothing from then on."""
    for document in documents:
        found = read_or_refuse(document.read_bytes())
        if not isinstance(found, Invoice):
            continue
        plain = read_or_refuse(UBL_2_1.renderers["invoice"](found))
        assert isinstance(plain, Invoice)
        assert plain == found, document.name
        peppol = read_or_refuse(PEPPOL_BIS_3.renderers["invoice"](found))
        assert isinstance(peppol, Invoice)
        assert (peppol.totals, peppol.taxes, len(peppol.lines)) == (found.totals, found.taxes, len(found.lines))


def test_our_arithmetic_is_theirs(documents: list[Path]) -> None:
    """Published examples of EN 16931 add up by our own sums, to the cent."""
    checked = 0
    for document in documents:
        found = read_or_refuse(document.read_bytes())
        if not document.name.startswith("eInvoicing-EN16931") or not isinstance(found, Invoice):
            continue
        for line in found.lines if "ubl-tc434-example3" not in document.name else ():  # 2 at 800 are 800 there
            assert line.net_amount == net_amount(line.quantity, line.price, line.charges), document.name
        ours = tax_subtotals(found.lines, found.charges)
        assert {(one.category, one.percent or 0, one.taxable_amount, one.tax_amount) for one in ours} == {
            (one.category, one.percent or 0, one.taxable_amount, one.tax_amount) for one in found.taxes
        }, document.name
        sums = totals(found.lines, found.charges, ours, prepaid=found.totals.prepaid)
        assert sums.with_tax == found.totals.with_tax
        assert abs(sums.payable + found.totals.rounding - found.totals.payable) == Decimal(0), document.name
        checked += 1
    assert checked
    print(f"{checked} published examples of EN 16931 add up")
