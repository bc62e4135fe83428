"""Logistic labels: the barcode is read back from the page, and is the document's SSCC; nothing leaves its room."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from hypothesis import HealthCheck, given, settings

from gateway.printing.labels import labels_of
from gateway.printing.pdf import label_pdf
from gateway.printing.words import shown
from gateway.printing.zpl import BAR_HEIGHT, DOTS, MODULE, WIDTH, label_zpl
from schemas.documents.despatch_advice import DespatchAdvice, judged_despatch_advice
from schemas.formats import ubl_2_1
from tests.formats import ubl_despatch_strategies as ubl

EXAMPLE = Path(ubl_2_1.__file__).parent / "examples" / "despatch_advice" / "peppol-pallet-of-cartons.json"
SOME = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@pytest.fixture
def advice() -> DespatchAdvice:
    return judged_despatch_advice(json.loads(EXAMPLE.read_text(encoding="utf-8")))


def pages(body: bytes) -> Iterator[Any]:
    document = pypdfium2.PdfDocument(body)
    try:
        yield from document
    finally:
        document.close()


def text_of(page: Any) -> str:
    return str(page.get_textpage().get_text_range())


def test_the_barcode_read_back_from_the_label_is_the_documents_sscc(advice: DespatchAdvice) -> None:
    read = []
    for page in pages(label_pdf(advice)):
        (barcode,) = zxingcpp.read_barcodes(page.render(scale=3).to_pil())
        assert barcode.content_type == zxingcpp.ContentType.GS1
        assert barcode.symbology_identifier == "]C1", "GS1-128: FNC1 right behind the start"
        read.append(barcode.bytes.decode())
    assert read == [f"00{one.sscc}" for one in advice.packages]


def test_the_bars_are_as_wide_and_high_as_goods_in_transit_want_them(advice: DespatchAdvice) -> None:
    """0.5 mm a module and 32 mm high, with ten modules of white on each side (GS1 General Specifications 5.12.3)."""
    scale = 10
    for page in pages(label_pdf(advice)):
        image = page.render(scale=scale).to_pil().convert("L")
        row = image.height - int(20 / 25.4 * 72 * scale)
        dark = [x for x in range(image.width) if image.getpixel((x, row)) < 128]
        millimetres = (dark[-1] - dark[0]) / scale / 72 * 25.4
        assert abs(millimetres - 156 * 0.5) < 0.5
        assert dark[0] / scale / 72 * 25.4 >= 5
        assert (image.width - dark[-1]) / scale / 72 * 25.4 >= 5
        column = [y for y in range(image.height) if image.getpixel((dark[0] + 2, y)) < 128]
        assert max(_runs(column)) / scale / 72 * 25.4 >= 31.9


def _runs(found: list[int]) -> Iterator[int]:
    start = found[0]
    for one, following in zip(found, [*found[1:], -2], strict=True):
        if following != one + 1:
            yield one - start + 1
            start = following


def test_the_label_says_where_from_where_to_and_what(advice: DespatchAdvice) -> None:
    pallet, carton, _ = (text_of(page) for page in pages(label_pdf(advice)))
    for said in ("Haferwerk, Lager Nord", "Kai 4", "20457 Hamburg", "Nordfracht", "NF-4471 0092", "PO-2026-0815"):
        assert said in pallet
        assert said in carton
    assert "(00) 340987650000000011" in pallet
    assert "2 items" in pallet
    assert "L-2611" not in pallet, "there are several items in it"
    for said in ("PL-0042", "04098765001215", "1 XCS", "L-2611", "2027-05-31", "LS-70031 · Carton", "2 / 3"):
        assert said in carton


def test_one_item_in_several_lots_has_no_lot(advice: DespatchAdvice) -> None:
    lines = tuple(replace(line, package="340987650000000028") for line in advice.lines[:2])
    labels = list(labels_of(replace(advice, lines=lines)))
    assert [title for title, _ in labels[1].contents] == ["Item", "GTIN", "Description", "Quantity"]
    assert ("Quantity", "1 XCS + 7 EA") in labels[1].contents
    assert labels[0].contents == labels[1].contents, "the pallet holds the carton's goods"
    assert labels[2].contents == ()
    assert ("GTIN", "04098765001215") in labels[0].contents
    loose = (lines[0], replace(lines[1], gtin="04098765001208"))
    contents = next(labels_of(replace(advice, lines=loose))).contents
    assert [title for title, _ in contents] == ["Item", "Description", "Quantity"], "a carton's GTIN is not the piece's"
    same = tuple(replace(line, lot="L-1", expiry=date(2027, 1, 31)) for line in lines)
    assert ("Lot", "L-1") in next(labels_of(replace(advice, lines=same))).contents


def test_a_label_printer_gets_the_same_barcode(advice: DespatchAdvice) -> None:
    labels = label_zpl(advice).decode().split("^XA")[1:]
    assert len(labels) == len(advice.packages)
    for written, package in zip(labels, advice.packages, strict=True):
        # >; starts in subset C, >8 is FNC1
        (place,) = re.findall(
            rf"\^FO(\d+),\d+\^BY{MODULE}\^BCN,{BAR_HEIGHT},N,N,N\^FD>;>800{package.sscc}\^FS", written
        )
        quiet = 10 * MODULE
        assert int(place) >= quiet
        assert int(place) + 156 * MODULE + quiet <= WIDTH
        assert f"^FD(00) {package.sscc}^FS" in written
        assert "Nordlicht Märkte, Lager Ost" in written
    assert 0.495 <= MODULE / DOTS <= 0.94


@SOME
@given(ubl.everything())
def test_any_advice_can_be_printed(advice: DespatchAdvice) -> None:
    """Whatever its texts are: a label each, and no text of the account's is a command to the printer."""
    expected = [one.sscc for one in labels_of(advice)]
    assert len(list(pages(label_pdf(advice)))) == max(len(expected), 1)
    written = label_zpl(advice).decode()
    commands = re.findall(r"\^(XA|XZ|CI28|PW\d+|LL\d+|LH0,0|FO|A0N|FH|FD|FS|FB|GB|BY|BC)|([\^~])", written)
    assert not [other for _, other in commands if other]
    assert re.findall(r">;>800(\d{18})\^FS", written) == expected
    assert written.count("^XA") == len(expected)


def test_characters_that_the_fonts_have_not_lose_their_marks_or_show_that_they_are_missing() -> None:
    assert shown("Łódź  Größe\n5 €") == "Lódz Größe 5 €"
    assert shown("東京 Ω") == "?? ?"


@pytest.mark.parametrize(
    ("said", "printed"),
    [
        ("Cafe\u0301 fu\u0308r", "Café für"),
        ("ﬁxing №5, 3㎏", "fixing No5, 3kg"),
        ("⅓ inch, 10⁴ h, CO₂", "1/3 inch, 10^4 h, CO2"),
        ("−5 °C, M8‑40, ⌀ 12 ≤ 3 μm", "-5 °C, M8-40, Ø 12 <= 3 µm"),
        ("١٢ and １２", "12 and 12"),
        ("a\u200bb\ufeff\u202ec\u00add\x07\x00e", "abcde"),
        ("👍\ufe0f", "?"),
        ("\u0301", ""),
    ],
)
def test_what_reads_the_same_in_other_characters_is_written_in_them(said: str, printed: str) -> None:
    """Above all numbers: a third is not 1, and ten to the fourth not 104. What nobody sees is left out."""
    assert shown(said) == printed
