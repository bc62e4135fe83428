"""Layouts of many kinds and languages: the suggested map reads of each what by hand is right, nothing more or less."""

from __future__ import annotations

import pytest

from mappings.suggesting import suggest
from tests.mappings.suggesting.reading import NAMES, expected, read, sample


@pytest.mark.parametrize("name", NAMES)
def test_the_map_reads_what_is_right(name: str) -> None:
    body = sample(name)
    assert read(suggest(body).text, body) == expected(name)
