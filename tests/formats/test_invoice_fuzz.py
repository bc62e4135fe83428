"""Invoices that are nearly right: read, or refused with faults in documented codes; and what is read can be written in
every format, and read again without a change where it lost nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from schemas.documents.invoice import Invoice
from schemas.fault_codes import FAULTS
from schemas.faults import DocumentRejected
from schemas.formats import Format
from schemas.formats.cxml_1_2 import CXML_1_2
from schemas.formats.json_1 import JSON_1
from schemas.formats.ubl_2_1 import PEPPOL_BIS_3, UBL_2_1
from tests.fuzz.mutations import changed_bytes, changed_xml

EXAMPLES = Path(__file__).resolve().parents[2] / "schemas" / "formats" / "ubl_2_1" / "examples"
KINDS = ("invoice", "credit_note")
UBL = tuple(path.read_bytes() for kind in KINDS for path in sorted((EXAMPLES / kind).glob("*.xml")))
CXML = tuple(
    CXML_1_2.renderers[kind](JSON_1.parsers[kind](path.read_bytes()))
    for kind in KINDS
    for path in sorted((EXAMPLES / kind).glob("*.json"))
)
MANY = settings(max_examples=80, suppress_health_check=list(HealthCheck))


def read(known: Format, body: bytes) -> Invoice | None:
    """The invoice, or None where it was refused as it should be."""
    for kind in KINDS:
        try:
            found = known.parsers[kind](body)
        except DocumentRejected as refused:
            told = refused.faults
            continue
        assert isinstance(found, Invoice)
        return found
    assert told
    for fault in told:
        assert fault.code in FAULTS, fault
        assert fault.detail, fault
        json.dumps(fault.as_json()).encode()
    return None


def assert_usable(known: Format, body: bytes) -> None:
    found = read(known, body)
    if found is None:
        return
    assert JSON_1.parsers[found.type](JSON_1.renderers[found.type](found)) == found
    again = read(UBL_2_1, UBL_2_1.renderers[found.type](found))
    if again is not None:
        assert read(UBL_2_1, UBL_2_1.renderers[again.type](again)) == again
    for other in (PEPPOL_BIS_3, CXML_1_2):
        read(other, other.renderers[found.type](found))


@MANY
@given(changed_xml(UBL))
def test_ubl_with_other_elements(body: bytes) -> None:
    assert_usable(UBL_2_1, body)


@MANY
@given(changed_bytes(UBL))
def test_ubl_with_other_bytes(body: bytes) -> None:
    assert_usable(UBL_2_1, body)


@MANY
@given(changed_xml(CXML))
def test_cxml_with_other_elements(body: bytes) -> None:
    assert_usable(CXML_1_2, body)


@MANY
@given(changed_bytes(CXML))
def test_cxml_with_other_bytes(body: bytes) -> None:
    assert_usable(CXML_1_2, body)


@pytest.mark.parametrize("known", [UBL_2_1, PEPPOL_BIS_3, CXML_1_2], ids=lambda known: known.name)
def test_a_price_for_nothing_can_be_written(known: Format) -> None:
    body = UBL[0].replace(b'<cbc:BaseQuantity unitCode="EA">12<', b'<cbc:BaseQuantity unitCode="EA">0<')
    found = read(UBL_2_1, body)
    assert found is not None
    assert found.lines[0].price.base_quantity == 0
    assert read(known, known.renderers["invoice"](found)) is not None
