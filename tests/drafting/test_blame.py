"""Texts line by line: what changed in them, and who last changed each line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.drafting.blame import blame, blame_terms
from gateway.drafting.line_differences import blocks, line_differences
from gateway.drafting.marked import MOST_ROWS, first_marked, marked
from gateway.store.revisions import Row

TEXTS = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=12)


@given(TEXTS, TEXTS)
def test_blocks_make_the_new_text_of_the_old_one(old: list[str], new: list[str]) -> None:
    made: list[str] = []
    place = 0
    for block in blocks(old, new):
        assert block.old_from == place
        place = block.old_to
        made += old[block.old_from : block.old_to] if block.stayed else new[block.new_from : block.new_to]
    assert (made, place) == (new, len(old))


def test_what_stayed_is_shown_only_around_what_changed() -> None:
    old = "\n".join(f"line {number}" for number in range(20))
    found = line_differences(old, old.replace("line 10\n", "line ten\n"))
    assert [f"{one.sign} {one.text}" for one in found] == [
        "… 7 lines as before",
        "  line 7",
        "  line 8",
        "  line 9",
        "- line 10",
        "+ line ten",
        "  line 11",
        "  line 12",
        "  line 13",
        "… 6 lines as before",
    ]
    assert line_differences(old, old) == []


def test_each_line_has_the_version_that_it_came_with() -> None:
    versions = [("one", "a\nb\nc"), ("two", "a\nB\nc\nd"), ("three", "new\na\nB\nc\nd")]
    assert blame(versions) == [("three", "new"), ("one", "a"), ("two", "B"), ("one", "c"), ("two", "d")]
    assert blame([("one", "a"), ("gone", ""), ("back", "a")]) == [("back", "a")]


@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_the_lines_are_those_of_the_last_text(texts: list[list[str]]) -> None:
    found = blame([(number, "\n".join(lines)) for number, lines in enumerate(texts)])
    assert [line for _, line in found] == "\n".join(texts[-1]).splitlines()


def test_each_key_of_the_terms_too() -> None:
    versions = [
        ("one", {"id": "acme", "policies": {"partial": "backorder", "price_tolerance_percent": "1.0"}}),
        ("two", {"id": "acme", "policies": {"partial": "all_or_nothing", "price_tolerance_percent": "1"}}),
    ]
    found = {(version, key) for version, key, _ in blame_terms(versions)}
    assert found == {("one", "id"), ("two", "policies.partial"), ("one", "policies.price_tolerance_percent")}


def test_differences_are_marked_by_what_went_and_came() -> None:
    old = [
        Row("unit", "K|", '{"account_unit": "K", "unit": "EA", "factor": "12"}'),
        Row("file", "order_map.yaml", '{"text": "a\\nb"}'),
    ]
    new = [
        Row("unit", "K|", '{"account_unit": "K", "unit": "EA", "factor": "120"}'),
        Row("file", "order_map.yaml", '{"text": "a\\nc"}'),
    ]
    found = marked({"tier": "gold"}, {"tier": "platinum"}, old, new)
    told = {one.file: [f"{line.sign} {line.text}" for line in one.lines] for one in found}
    assert told == {
        "account.yaml": ["- gold", "+ platinum"],
        "units.csv": ["- factor 12", "+ factor 120"],
        "order_map.yaml": ["  a", "- b", "+ c"],
    }


def test_of_very_many_rows_the_first_are_shown_files_before_all() -> None:
    new = [Row("unit", f"K{number:05}|", "{}") for number in range(3_000)]
    found, left_out = first_marked({}, {}, [], [*new, Row("file", "order_map.yaml", '{"text": "a"}')])
    assert (len(found), left_out, found[-1].file) == (MOST_ROWS, 1_001, "order_map.yaml")
