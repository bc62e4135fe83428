"""No mistake in a map hides another: all are told in one round, and none that only follows from another."""

from __future__ import annotations

import pytest

from mappings.fieldmaps import MapRejected, compile_map
from tests.mappings.fieldmaps.maps import mistakes

RULES = [
    "{from: T, requird: true}", "'a//b'", "'x:T'", "{from: T, value: x}", "{default: x}", "{value: x, clean: [upper]}",
    "{from: T, table: Nowhere}", "{from: T, clean: [{extract: '('}]}", "{from: T, clean: [{split: {at: x, part: 0}}]}",
    "{from: T, clean: [{upper: 'yes'}]}", "{from: T, clean: [{pad: {fill: x}}]}", "{from: T, number: {decimal: ','}}",
    "{from: T, number: {decimal: ',', thousands: ','}}", "{from: T, required: yes}", "", "{from: }", "!!x y",
    "&a {from: T, value: x}", "{when: []}", "{when: [{if: {from: T}, use: T}]}", "{when: [{if: {equals: a}, use: T}]}",
    "{when: [{if: {from: T, matches: '['}, use: T}]}", "{from: T, of: elsewhere}", "{from: T, of: line}",
    "{from: T, clean: [uper]}", "{from: T, date: [DD, HH]}", "[T, U]",
]  # fmt: skip
HEAD = "{}reads: xml\norder:\n  order_number: '@nr'\n  lines:\n"
LINE = "  - {{each: L, line_number: '@n', quantity: '@q', description: {}}}\n"


def told(text: str, before: int = 0) -> set[tuple[int, str]]:
    """(line, sentence without its place in the file), lines counted after so many."""
    return {(line - before, detail.partition(": ")[2].split(": ", 1)[1]) for line, _, _, detail, _ in mistakes(text)}


@pytest.mark.parametrize(
    ("top", "said"),
    [
        ("", None), ("time_zone: Mars/X", "there is no time zone"), ("defaults: {date: [Q, DD.MM.YYYY]}", "'Q'"),
        ("defaults: {dat: Q}", "is no key here"), ("tables: {x: {a: [b]}}", "a valid string"),
        ("tables: {x: {a: }}", "has no value"), ("root: a/b", "no single name"), ("root: {a: b}", "a valid string"),
        ("orders: {a: b}", "a valid string"), ("orders: 'a//b'", "'//'"), ("unread: some", "'keep' or 'warn'"),
        ("lost: {a: b}", "a valid tuple"), ("nothing: x", "is no key here"), ("note: &q b", None),
        ("unread: keep\nunread: warn", "is there twice"), ("namespaces: {y: }", "has no value"),
    ],
)  # fmt: skip
def test_no_mistake_hides_another(top: str, said: str | None) -> None:
    """Each rule by itself, and all of them in one map with another mistake above."""
    above = f"{top}\n" if top else ""
    expected: set[tuple[int, str]] = set()
    for number, rule in enumerate(RULES):
        alone = told(HEAD.format("") + LINE.format(rule), 5)
        assert {line for line, _ in alone} == {0}
        is_known = top.startswith("namespaces") and rule == "'x:T'"  # which prefixes there are nobody knows then
        expected |= set() if is_known else {(number, sentence) for _, sentence in alone}
    found = told(HEAD.format(above) + "".join(LINE.format(rule) for rule in RULES), 5 + above.count("\n"))
    assert {one for one in found if one[0] >= 0} == expected
    others = [sentence for line, sentence in found if line < 0]
    assert [said in one for one in others] == ([True] if said else []), others


@pytest.mark.parametrize(
    ("rule", "places"),
    [
        ("{first: [T, {from: 'a//b', clean: [{extract: '('}]}]}", ["first/1/from", "first/1/clean/0"]),
        ("{from: 'a//b', table: Nowhere, clean: [{extract: '['}]}", ["from", "table", "clean/0"]),
        ("{from: T, clean: [uper, {extract: '['}, loer], table: No}", ["clean/0", "clean/1", "clean/2", "table"]),
        ("{from: 'a//b', value: x, table: Nowhere}", ["", "from", "table"]),
        ("{when: [{if: {from: 'a//b', matches: '['}, use: 'c//d'}]}", [
            "when/0/if/from", "when/0/if/matches", "when/0/use/from",
        ]),
        ("{when: [{if: {from: 'a//b', all: [{from: T}]}, use: T}]}", [
            "when/0/if", "when/0/if/from", "when/0/if/all/0",
        ]),
        ("{from: T, table: [a], unknown: keep}", ["table"]),
        ("{from: T, between: x, several: nowhere}", ["several"]),
    ],
)  # fmt: skip
def test_all_that_is_wrong_with_one_rule(rule: str, places: list[str]) -> None:
    text = f"reads: xml\norder:\n  order_number: '@nr'\n  function: F\n  note: {rule}\n"
    found = {path.removeprefix("/order/note").removeprefix("/") for _, _, path, _, _ in mistakes(text)}
    assert found == set(places)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("order: {order_number: 'a//b', function: F, note: {default: x}}", ["/order/note", "/reads"]),
        ("reads: csv\norder: {order_number: 'a//b', function: F, note: {from: a, of: parent}}", [
            "/order/note/of", "/reads",
        ]),
        ("reads: xml\ntime_zone: Mars/X", ["/order", "/time_zone"]),
        ("reads: xml\norder: none\ntime_zone: Mars/X", ["/order", "/time_zone"]),
        ("reads: xml\nnamespaces: 7\norder: {order_number: 'x:a', function: F, note: 'a//b'}", [
            "/namespaces", "/order/note/from",
        ]),
        ("reads: xml\ntables: 7\norder: {order_number: {from: a, table: t}, function: F, note: 'a//b'}", [
            "/order/note/from", "/tables",
        ]),
    ],
)  # fmt: skip
def test_what_the_rest_of_a_map_rests_on(text: str, places: list[str]) -> None:
    """Where that is wrong, whatever can be judged without it is."""
    assert sorted(path for _, _, path, _, _ in mistakes(text)) == places


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("writes: json\nheadr: x\ntemplate: {object: {a: {from: no}, b: {each: lins, item: {from: line_number}}}}", [
            "/headr", "/template/object/a/from", "/template/object/b/each",
        ]),
        ("writes: json\ntemplate: {object: {a: {from: nothing}}, list: [{from: nowhere}], each: lines}", [
            "/template", "/template/list/0/from", "/template/object/a/from",
        ]),
        ("writes: json\ntime_zone: Mars/X", ["/template", "/time_zone"]),
        ("writes: xml\ntime_zone: Mars/X", ["/template", "/time_zone"]),
        ("writes: xml\nnamespaces: {x: [y]}\ntemplate: {element: 'x:A', text: no, children: [{elemen: B}, 'C']}", [
            "/namespaces/x", "/template/children/0/elemen", "/template/children/0/element", "/template/children/1",
            "/template/text/from",
        ]),
        ("writes: xml\ntemplate: {element: A, children: [7, {element: D, text: {from: issue_date, date: Q}}]}", [
            "/template/children/0", "/template/children/1/text/date",
        ]),
        ("writes: csv\nrows: [lines, {a: b}]\ncolumns: {N: {from: line_number, clean: [uper]}}", [
            "/columns/N/clean/0", "/rows/1",
        ]),
        ("writes: csv\nrows: lins\ncolumns: {N: {from: line_number, clean: [uper]}}", [
            "/columns/N/clean/0", "/rows/0/each",
        ]),
        ("writes: csv\nrows: lines\ncolumns: {N: [a], M: {from: nothing}}", ["/columns/M/from", "/columns/N"]),
    ],
)  # fmt: skip
def test_maps_that_write(text: str, places: list[str]) -> None:
    with pytest.raises(MapRejected) as refused:
        compile_map(text, "order_response_map.yaml")
    assert sorted(fault.path for fault in refused.value.faults) == places
