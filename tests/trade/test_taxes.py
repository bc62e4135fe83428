"""The most specific row of taxes.csv counts; none, or none most specific, is a fault."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.trade.taxes import Supply, tax_of
from mappings.files.tables import read_taxes
from mappings.files.text import FilesRejected
from mappings.revision import TaxRow
from schemas.faults import DocumentHeld

HEADER = "tax_class,ship_from_country,ship_to_country,buyer_vat,category,percent,exemption_code,valid_from,valid_to\n"
DAY = date(2026, 11, 24)


def rules(tmp_path: Path, *rows: str) -> tuple[TaxRow, ...]:
    file = tmp_path / "taxes.csv"
    file.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return read_taxes(file)


def supply(source: str = "DE", target: str = "DE", registered: bool = True, day: date = DAY) -> Supply:
    return Supply(source, target, registered, day)


def fault_of(found: tuple[TaxRow, ...], tax_class: str | None, to: Supply) -> str:
    with pytest.raises(DocumentHeld) as held:
        tax_of(tax_class, to, found, "/lines/3/tax")
    (fault,) = held.value.faults
    assert fault.path == "/lines/3/tax"
    return f"{fault.code}: {fault.detail}"


def test_the_row_that_says_more_counts(tmp_path: Path) -> None:
    found = rules(
        tmp_path,
        ",,,,S,25,,,",
        "food,,,any,S,15,,,",
        "food,DE,,any,S,7,,,",
        "food,DE,FR,registered,K,,,,",
        "food,DE,FR,no,S,5.5,,,",
    )
    told = [
        tax_of(tax_class, supply(source, target, registered), found).tax
        for tax_class, source, target, registered in (
            ("tools", "DE", "FR", True),
            ("food", "NO", "DE", True),
            ("food", "DE", "DE", True),
            ("food", "DE", "FR", True),
            ("food", "DE", "FR", False),
            (None, "NO", "NO", False),
        )
    ]
    assert [(tax.category, tax.percent) for tax in told] == [
        ("S", 25),
        ("S", 15),
        ("S", 7),
        ("K", 0),
        ("S", Decimal("5.5")),
        ("S", 25),
    ]


def test_rows_that_say_different_things_are_no_guess(tmp_path: Path) -> None:
    found = rules(tmp_path, "food,DE,,any,S,7,,,", "food,,FR,any,S,5.5,,,")
    told = fault_of(found, "food", supply(target="FR"))
    assert told.startswith("tax_rule_ambiguous: 2 rows of taxes.csv fit tax class food from DE to FR")
    assert "food,DE,,any,S,7,,,; food,,FR,any,S,5.5,,," in told
    both = rules(tmp_path, "food,DE,,any,S,7,,,", "food,,FR,any,S,5.5,,,", "food,DE,FR,any,S,6,,,")
    assert tax_of("food", supply(target="FR"), both).tax.percent == 6


def test_two_that_say_the_same_are_ambiguous_and_dates_tell_them_apart(tmp_path: Path) -> None:
    twice = rules(tmp_path, "food,DE,DE,any,S,7,,2026-01-01,", "food,DE,DE,any,S,5,,2026-07-01,")
    assert fault_of(twice, "food", supply()).startswith("tax_rule_ambiguous")
    ended = rules(tmp_path, "food,DE,DE,any,S,7,,2026-01-01,2026-06-30", "food,DE,DE,any,S,5,,2026-07-01,")
    assert tax_of("food", supply(day=date(2026, 6, 30)), ended).tax.percent == 7
    assert tax_of("food", supply(day=date(2026, 7, 1)), ended).tax.percent == 5
    assert fault_of(ended, "food", supply(day=date(2025, 12, 31))).startswith("no_tax_rule: no row of taxes.csv fits")


def test_what_bears_no_tax_has_its_reason(tmp_path: Path) -> None:
    found = rules(
        tmp_path,
        "a,,,any,AE,0,,,",
        "k,,,any,K,0,,,",
        "g,,,any,G,,VATEX-EU-G,,",
        "o,,,any,O,,,,",
        "e,,,any,E,0,VATEX-EU-132,,",
        "x,,,any,E,0,,,",
        "z,,,any,Z,0,,,",
    )
    reasons = {one: tax_of(one, supply(), found) for one in "akgoexz"}
    told = {one: (found.exemption and (found.exemption.code, found.exemption.reason)) for one, found in reasons.items()}
    assert told == {
        "a": ("VATEX-EU-AE", "Reverse charge"),
        "k": ("VATEX-EU-IC", "Intra-Community supply"),
        "g": ("VATEX-EU-G", "Export outside the EU"),
        "o": ("VATEX-EU-O", "Not subject to VAT"),
        "e": ("VATEX-EU-132", "Exempt based on article 132 of Council Directive 2006/112/EC"),
        "x": (None, "Exempt from VAT"),
        "z": None,
    }
    assert reasons["o"].tax.percent is None


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("food,DE,DE,any,S,0,,,", "percent"),
        ("food,DE,DE,any,S,,,,", "percent"),
        ("food,DE,DE,any,K,19,,,", "percent"),
        ("food,DE,DE,any,S,7,VATEX-EU-G,,", "exemption_code"),
        ("food,Germany,DE,any,S,7,,,", "ship_from_country"),
        ("food,DE,DE,maybe,S,7,,,", "buyer_vat"),
        ("food,DE,DE,any,AA,7,,,", "category"),
        ('food,DE,DE,any,S,"7,0",,,', "percent"),
    ],
)
def test_a_row_that_no_invoice_could_keep_is_a_fault(tmp_path: Path, row: str, column: str) -> None:
    with pytest.raises(FilesRejected) as refused:
        rules(tmp_path, row)
    assert {fault.path for fault in refused.value.faults} == {f"/0/{column}"}


CELLS = st.sampled_from([None, "DE", "FR"])
ROWS = st.builds(
    TaxRow, st.sampled_from([None, "food"]), CELLS, CELLS, st.sampled_from([None, "any", "registered", "none"]),
    st.just("S"), st.sampled_from([Decimal(7), Decimal(19)]),
)  # fmt: skip


@given(st.lists(ROWS, max_size=6), CELLS.filter(bool), CELLS.filter(bool), st.booleans())
def test_what_is_chosen_says_all_that_the_others_say(
    found: list[TaxRow], source: str, target: str, registered: bool
) -> None:
    """By counting the named cells of the rows that fit, worked out another way."""

    def named(row: TaxRow) -> set[str]:
        told = {"class": row.tax_class, "from": row.ship_from_country, "to": row.ship_to_country}
        said = {name for name, value in told.items() if value}
        return said | ({"vat"} if row.buyer_vat in ("registered", "none") else set())

    fitting = [
        row
        for row in found
        if (not row.ship_from_country or row.ship_from_country == source)
        and (not row.ship_to_country or row.ship_to_country == target)
        and row.buyer_vat in (None, "any", "registered" if registered else "none")
    ]
    try:
        chosen = tax_of("food", Supply(source, target, registered, DAY), found).rule
    except DocumentHeld as held:
        (fault,) = held.faults
        winners = [row for row in fitting if all(named(row) > named(other) for other in fitting if other is not row)]
        assert winners == []
        assert fault.code == ("tax_rule_ambiguous" if fitting else "no_tax_rule")
    else:
        assert all(named(chosen) > named(other) for other in fitting if other is not chosen)
