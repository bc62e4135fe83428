"""Numbers that are none, or that nobody can mean: refused at their field, in the form of a row and in a file alike."""

from __future__ import annotations

import pytest

from gateway.drafting.row_edits import RowRefused, row_of
from mappings.compile import compile_catalogue
from mappings.sheets.choices import guessed
from mappings.sheets.plan import Standing, plan_import
from mappings.sheets.reading import read_sheet

WHY = {
    "1e400": "is written with an exponent; write all its digits",
    "1E-400": "is written with an exponent; write all its digits",
    "NaN": "is not a decimal number",
    "Infinity": "is not a decimal number",
    "\u0663": "is not a decimal number",
    "1_000": "is not a decimal number",
    "0": "must be above zero",
    "-0.0": "must be above zero",
    "-1": "must be above zero",
    "1" * 30: "is more than 20 digits before the decimal point",
    "0." + "1" * 29: "is more than 10 digits after the decimal point",
    "9" * 5_000: "is too many digits",
}


@pytest.mark.parametrize("factor", WHY)
def test_the_form_of_a_row_says_why_at_the_field(factor: str) -> None:
    with pytest.raises(RowRefused) as refused:
        row_of("unit", {"account_unit": "KRT", "unit": "EA", "factor": factor})
    ((column, (said,)),) = refused.value.faults.items()
    assert column == "factor"
    assert WHY[factor] in said
    assert len(said) < 300, "nobody reads five thousand digits"


def test_a_file_says_why_in_each_line() -> None:
    lines = [f'K{index},EA,"{factor}"' for index, factor in enumerate(WHY)]
    sheet = read_sheet("\n".join(["account_unit,unit,factor", *lines]).encode(), "units.csv", "unit")
    rows = plan_import("unit", sheet, guessed("unit", sheet), Standing({}, compile_catalogue(1, [], []))).rows
    assert [row.outcome for row in rows] == ["reject"] * len(WHY)
    for number, (row, why) in enumerate(zip(rows, WHY.values(), strict=True), start=2):
        (said,) = row.reasons
        assert said.startswith(f"line {number}, column factor: factor ")
        assert why in said
        assert len(said) < 400
