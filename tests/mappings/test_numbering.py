"""How documents are numbered, and which numbers may be ours."""

from __future__ import annotations

import pytest

from mappings.revision import Numbering


@pytest.mark.parametrize(
    ("prefix", "digits", "number", "name"),
    [("IN-", 8, 41, "IN-00000041"), ("{year}/", 4, 7, "2026/0007"), ("R{year}.", 1, 12, "R2026.12")],
)
def test_a_number_is_of_its_series(prefix: str, digits: int, number: int, name: str) -> None:
    numbering = Numbering(prefix, digits)
    assert numbering.name(numbering.series(2026), number) == name
    assert numbering.has(name)
    assert numbering.has(numbering.name(numbering.series(2031), 10**9)), "another year, and more digits"


@pytest.mark.parametrize("name", ["IN-", "IN-12a", "XIN-12", "in-00000041", "IN-1\n"])
def test_others_are_not(name: str) -> None:
    assert not Numbering("IN-").has(name)
