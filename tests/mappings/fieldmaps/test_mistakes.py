"""Every mistake of a map is told with its line and column before it can be used."""

from __future__ import annotations

import pytest

from mappings.fieldmaps import MapRejected, compile_map
from mappings.fieldmaps.yaml_text import MAX_CHARACTERS
from tests.mappings.fieldmaps.maps import mistakes

HEAD = "reads: xml\norder:\n  order_number: '@nr'\n  lines: {each: L, line_number: '@n', quantity: '@q'}\n"


@pytest.mark.parametrize(
    ("line", "column", "said"),
    [
        ("  ordr_type: T", 3, "did you mean order_type?"),
        ("  note: {from: T, requird: true}", 19, "did you mean required?"),
        ("  note: 'a//b'", 3, "'//' at character 2"),
        ("  note: 'x:T'", 3, "the prefix x is not in the map's namespaces"),
        ("  note: \"string(T)\"", 3, "'(' at character 7"),
        ("  note: \"T[substring(.,1)='x']\"", 3, "the function substring is not taken"),
        ("  note: {from: T, value: x}", 3, "has from and value"),
        ("  note: {default: x}", 3, "says no source"),
        ("  note: {value: x, clean: [upper]}", 20, "clean does nothing with value"),
        ("  note: {first: [A, B], table: {a: b}}", 25, "table does nothing with first"),
        ("  note: {from: T, several: first, between: x}", 35, "between does nothing without several: join"),
        ("  note: {from: T, unknown: keep}", 19, "unknown does nothing without table"),
        ("  note: {from: T, table: {a: b}, unknown: default}", 34, "there is no default"),
        ("  note: {from: T, emptied: empty}", 19, "emptied does nothing without clean"),
        ("  note: {from: T, table: Nowhere}", 19, "there is no table Nowhere"),
        ("  note: {from: T, clean: [{extract: '(?=a)'}]}", 27, "(?= looks around, which RE2 can't"),
        ("  note: {from: T, clean: [{extract: '('}]}", 27, "a ) is missing"),
        ("  note: {from: T, clean: [{extract: 'a)'}]}", 27, "there is a ) too many"),
        ("  note: {from: T, clean: [{extract: '(a)\\1'}]}", 27, "\\1 refers to a group inside the pattern"),
        ("  note: {from: T, clean: [{extract: '\\q'}]}", 27, "\\q means nothing"),
        ("  note: {from: T, clean: [{extract: '*a'}]}", 27, "there is nothing before * to be repeated"),
        ("  note: {from: T, clean: [{extract: 'a*+'}]}", 27, "*+ repeats what is repeated already"),
        ("  note: {from: T, clean: [{extract: 'a{3000}'}]}", 27, "{3000} repeats too often: at most 1000"),
        ("  note: {from: T, clean: [{extract: '[z-a]'}]}", 27, "z-a is no range or class of characters"),
        ("  note: {from: T, clean: [{extract: '\\'}]}", 27, "a single \\ at its end means nothing"),
        ("  note: {from: T, clean: [{extract: '(?>a)'}]}", 27, "(?> is a group that never goes back"),
        ("  note: {from: T, clean: [{extract: '(?#a)'}]}", 27, "(?# is nothing that RE2 has"),
        ("  issue_date: {from: T, date: epoch_milis}", 25, "did you mean epoch_millis?"),
        ("  note: {from: T, clean: [{replace: {pattern: a, with: '\\2'}}]}", 27, "no group 2"),
        ("  note: {from: T, clean: [{split: {at: x, part: 0}}]}", 27, "part counts from 1"),
        ("  note: {from: T, clean: [{upper: 'yes'}]}", 28, "upper: is no key here"),
        ("  note: {from: T, number: {decimal: ','}}", 19, "number is for fields that are numbers"),
        ("  rush: {from: T, date: iso}", 19, "and this one is true or false"),
        ("  issue_date: {from: T, date: DD.MM}", 25, "must name year, month and day"),
        ("  issue_date: {from: T, date: [iso, DD.MM.YYYYQ]}", 25, "the letter 'Q'"),
        ("  issue_date: {value: tomorrow}", 16, "must be a date"),
        ("  total: {from: T, number: {decimal: ',', thousands: ','}}", 20, "decimal and thousands must differ"),
        ("  total: {from: T, number: {decimal: ';'}}", 29, "input should be '.' or ','"),
        ("  total: {from: T, number: {places: 2}}", 29, "places is for what is written"),
        ("  rush: {value: NO}", 10, "must be true or false"),
        ("  rush: {from: T, default: 'yes'}", 19, "must be true or false"),
        ("  note: {from: T, required: NO}", 19, "must be true or false"),
        ("  note: {from: T, required: yes}", 19, "must be true or false"),
        ("  version: {value: '1.10'}", 13, "must be a whole number"),
        ("  function: {value: new}", 14, "one of original, change, cancel"),
        ("  function: {from: T, table: {N: new, C: change}}", 31, "N: must be one of original, change, cancel"),
        ("  function: {first: [{from: T, table: {N: new}}, U]}", 40, "must be one of original, change, cancel"),
        ("  rush: {from: T, table: {J: 'yes', N: 'false'}}", 27, "J: must be true or false"),
        ("  total: {from: T, table: {a: x}}", 28, "must be a decimal number"),
        ("  note:", 3, "has no value"),
        ("  note: ~", 3, "has no value"),
        ("  note: *a", 0, "can't be read as YAML"),
        ("  note: !!python/name:os.system x", 3, "the tag"),
        ("  note: T\n  note: U", 3, "note is there twice"),
        ("  ship_to: T", 3, "input should be a valid dictionary"),
        ("  ship_to: {adress: {street: T}}", 13, "did you mean address?"),
        ("  charges: {each: C, amount: A}", 3, "is_charge has no rule"),
        ("  charges: {each: '@c', is_charge: C, amount: A}", 13, "names no elements inside"),
        ("  note: {when: []}", 10, "at least 1 item"),
        ("  note: {when: [{if: {from: T}, use: T}]}", 18, "has 0 tests"),
        ("  note: {when: [{if: {from: T, equals: a, in: [b]}, use: T}]}", 18, "has 2 tests"),
        ("  note: {when: [{if: {equals: a}, use: T}]}", 18, "must be one test"),
        ("  note: {when: [{if: {from: T, matches: '['}, use: T}]}", 32, "a ] is missing behind ["),
        ("  note: {when: [{if: {from: T, equals: a}, use: {from: T, required: true}}]}", 59, "required stands at"),
        ("  note: {from: T, of: parent}", 19, "there is no parent around this"),
        ("  note: {from: T, of: line}", 19, "input should be 'here'"),
        ("  note: {from: T, clean: [uper]}", 27, "is no step; did you mean upper? Steps are upper, lower"),
        ("  note: {from: T, clean: [uper]}", 27, "one_line, and {extract: …}, {replace: …}"),
        ("  note: {from: T, clean: [42]}", 27, "is no step; steps are upper"),
        ("  note: 'a//b'", 3, "is in mappings/fieldmaps/README.md"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_where_it_stands(line: str, column: int, said: str) -> None:
    found = mistakes(HEAD + line + "\n")
    lines = 4 + len(line.split("\n"))
    assert any(
        at == lines and (not column or col == column) and said in f"{detail} {expected}"
        for at, col, _, detail, expected in found
    ), found


def test_a_word_of_a_named_table_that_its_field_does_not_take() -> None:
    text = f"{HEAD}  function: {{from: S, table: S}}\n  note: {{from: S, table: S}}\n"
    (found,) = mistakes(f"{text}tables:\n  S:\n    N: new\n    C: ' cancel'\n    Q: ''\n")
    assert found[:3] == (9, 5, "/tables/S/N")
    assert found[3].endswith("tables.S.N: must be one of original, change, cancel, for order.function")


def test_all_of_them_are_told_at_once_in_their_order() -> None:
    text = HEAD + "  note: 'a//b'\n  total: {from: T, date: iso}\n  contract: {from: T, table: None}\n"
    assert [(line, place) for line, _, place, _, _ in mistakes(text)] == [
        (5, "/order/note/from"), (6, "/order/total/date"), (7, "/order/contract/table"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "reads is missing"), ("[]", "mapping"),
        ("reads: csv\norder: {order_number: a}", "input should be 'xml' or 'json'"),
        ("reads: xml", "order is missing"),
        ("reads: xml\norder: {lines: {each: L, line_number: a, quantity: b}}", "no rule"),
        ("reads: xml\norder: {order_number: a}", "lines has no rule"),
        ("a: [", "YAML"), ("\x00", "YAML"), ("- a\nb: c", "YAML"),
        ("reads: json\nroot: x\norder: {order_number: a, function: f}", "root is for XML"),
        ("reads: json\norder: {order_number: 'a..b', function: f}", "is no JMESPath"),
        ("reads: json\norder: {order_number: 'to_number(a)', function: f}", "the function to_number is not"),
        ("reads: xml\nroot: a/b\norder: {order_number: a, function: f}", "is no single name"),
        ("reads: xml\ntime_zone: Mars/Base\norder: {order_number: a, function: f}", "there is no time zone"),
        ("reads: xml\ndefaults: {date: Q}\norder: {order_number: a, issue_date: b, function: f}", "'Q'"),
        ("reads: xml\ndefaults: {date: Q}\norder: {order_number: a, function: f}", "'Q'"),
        ("reads: xml\na: &x b\norder: {order_number: *x, function: f}", "aliases"),
        ("x" * (MAX_CHARACTERS + 1), "characters"), ("[" * 5_000, "deeply"), ("reads: xml\norder: {<<: {a: b}}", "<<"),
        ("? [a]\n: b", "a key that is no text"),
    ],
)  # fmt: skip
def test_a_text_that_is_no_map(text: str, said: str) -> None:
    with pytest.raises(MapRejected) as refused:
        compile_map(text, "order_map.yaml")
    found = [f"{fault.detail} {fault.expected}" for fault in refused.value.faults]
    said_so = [one for one in found if said in one.replace(": is missing", " is missing")]
    assert said_so, found
    assert all(fault.location.startswith("order_map.yaml line ") for fault in refused.value.faults)


def test_a_mistake_is_said_once_and_names_what_was_written() -> None:
    """The format, not the list of formats; and what would be right stands in one place."""
    text = (
        "defaults: {date: [iso, TT.MM.JJJJ]}\n"
        + HEAD
        + "  issue_date: {from: D, date: TT.MM}\n  respond_by: D\n  note: {from: T, clean: [uper]}\n"
    )
    with pytest.raises(MapRejected) as refused:
        compile_map(text, "order_map.yaml")
    told = [(fault.path, fault.value, fault.expected) for fault in refused.value.faults]
    formats = "a format such as DD.MM.YYYY, iso or epoch_seconds"
    assert told == [
        ("/defaults/date", "TT.MM.JJJJ", formats),
        ("/order/issue_date/date", "TT.MM", formats),
        ("/order/note/clean/0", "uper", None),
    ]


def test_mistakes_of_every_kind_are_told_at_once() -> None:
    """Keys, values, expressions and what doesn't go together; what follows from another mistake isn't told."""
    text = (
        "reads: xml\norder:\n  order_number: '@nr'\n  note: {frm: T}\n  contract: 'a//b'\n"
        "  issue_date: {from: T, date: DD.MM, requird: true}\n  rush: {value: NO}\n"
        "  lines: {each: L, line_number: '@n', quantity: '@q', unit: {from: U, clean: [uper]}, gtin: 'x:T'}\n"
    )
    assert [(line, path) for line, _, path, _, _ in mistakes(text)] == [
        (4, "/order/note/frm"),
        (5, "/order/contract/from"),
        (6, "/order/issue_date/date"),
        (6, "/order/issue_date/requird"),
        (7, "/order/rush/value"),
        (8, "/order/lines/unit/clean/0"),
        (8, "/order/lines/0/gtin/from"),
    ]
