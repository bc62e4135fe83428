"""What each key of a rule does, on small documents."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from mappings.fieldmaps import compile_map
from tests.mappings.fieldmaps.maps import XML, faults, json_map, one, xml_map

BODY = (
    b'<O nr="1" d="x"><H k="a"><N>one</N><N>two</N><E/><P>--</P></H>'
    b'<D t="order">2026-11-24</D><D t="ship">2026-12-01</D><L n="1" q="2"/></O>'
)


def note(rule: str, body: bytes = BODY, top: str = "") -> str | None:
    """What the rule makes of the document."""
    return one(xml_map(f"note: {rule}", top=top), body).note


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("H/@k", "a"), ("{from: H/N, several: first}", "one"), ("{from: H/N, several: last}", "two"),
        ("{from: H/N, several: join, between: ' & '}", "one & two"), ("H/E", None), ("H/Q", None),
        ("{from: H/E, default: none}", "none"), ("{value: constant}", "constant"), ("'D[@t=''ship'']'", "2026-12-01"),
        ("//N[2]", "two"), ("/O/@d", "x"), ("{first: [H/Q, H/@k]}", "a"), ("{first: [H/Q, {value: v}]}", "v"),
        ("{join: {parts: [H/@k, H/Q, '@d'], between: '-'}}", "a-x"), ("{join: {parts: [H/Q, H/E]}}", None),
        ("{when: [{if: {from: H/@k, equals: b}, use: {value: B}}], otherwise: {value: O}}", "O"),
        ("{when: [{if: {from: H/@k, in: [a, b]}, use: H/@k}]}", "a"),
        ("{when: [{if: {from: H/N, matches: '^t'}, use: {value: t}}]}", "t"),
        ("{when: [{if: {from: H/Q, exists: false}, use: {value: none}}]}", "none"),
        ("{when: [{if: {not: {from: H/Q, exists: true}}, use: {value: n}}]}", "n"),
        ("{when: [{if: {all: [{from: '@d', equals: x}, {from: '@nr', equals: '1'}]}, use: {value: both}}]}", "both"),
        ("{when: [{if: {any: [{from: '@d', equals: y}, {from: '@nr', equals: '1'}]}, use: {value: any}}]}", "any"),
        ("{when: [{if: {from: '@d', equals: y}, use: {value: y}}]}", None),
        ("{from: H/@k, table: {a: A}}", "A"), ("{from: '@d', table: {a: A}, unknown: keep}", "x"),
        ("{from: '@d', table: {a: A}, unknown: default, default: D}", "D"),
        ("{from: '@d', table: {a: A}, unknown: empty}", None),
        ("{from: H/@k, table: T}", "from T"),
    ],
)  # fmt: skip
def test_where_a_value_comes_from(rule: str, value: str | None) -> None:
    assert note(rule, top="tables: {T: {a: from T}}") == value


@pytest.mark.parametrize(
    ("clean", "text", "value"),
    [
        ("upper", "ab", "AB"), ("lower", "AB", "ab"), ("strip_leading_zeros", "0042", "42"),
        ("strip_leading_zeros", "000", "0"),
        ("strip_spaces", " 40 12 ", "4012"), ("digits_only", "a1-2", "12"), ("one_line", "a\n  b", "a b"),
        ("{extract: '(\\d+)-x'}", "12-x", "12"), ("{extract: 'b+'}", "abbc", "bb"),
        ("{replace: {pattern: '(\\d)(\\d)', with: '\\2\\1'}}", "1234", "2143"),
        ("{replace: {pattern: 'q*', with: '.'}}", "ab", ".a.b."), ("{split: {at: '--', part: 2}}", "a--b", "b"),
        ("{split: {at: '--', part: -1}}", "a--b--c", "c"),
        ("{pad: {length: 4}}", "7", "0007"), ("{cut: {start: 2, length: 2}}", "abcd", "bc"),
        ("{prefix: 'PO-'}", "1", "PO-1"),
        ("{suffix: '!'}", "1", "1!"),
    ],
)  # fmt: skip
def test_steps_of_cleaning(clean: str, text: str, value: str | None) -> None:
    body = f"<O nr='1'><T>{text}</T><L n='1' q='2'/></O>".encode()
    assert note(f"{{from: T, clean: [{clean}]}}", body) == value


@pytest.mark.parametrize(
    ("clean", "text", "wanted"),
    [
        ("{extract: '([0-9.,]+) EUR'}", "9,90 USD", "in which the map's extract '([0-9.,]+) EUR' finds something"),
        ("{extract: '(q)|b'}", "abc", "in which the map's extract '(q)|b' finds something"),
        ("{split: {at: '--', part: 3}}", "a--b", "in which the map's split at '--' finds part 3"),
        ("{replace: {pattern: '-', with: ''}}", "--", "of which the map's replace '-' leaves something"),
        ("digits_only", "n/a", "of which the map's digits_only leaves something"),
        ("{cut: {start: 5}}", "abc", "of which the map's cut leaves something"),
        ("upper, {cut: {start: 2}}, {prefix: x}", "a", "of which the map's cut leaves something"),
        ("upper, {cut: {start: 2}}", "a &#160;", "of which the map's cut leaves something"),
    ],
)
def test_a_value_that_a_step_empties_is_a_fault(clean: str, text: str, wanted: str) -> None:
    """Unless its rule says that it then says nothing; the default stands where there is no value, never for one."""
    body = f"<O nr='1'><T>{text}</T><L n='1' q='2'/></O>".encode()
    rule = f"{{from: T, clean: [{clean}], default: D}}"
    (fault,) = faults(xml_map(f"note: {rule}"), body)
    shown = text.replace(" &#160;", "")
    assert (fault.code, fault.path, fault.value) == ("bad_value", "/note", shown)
    assert (fault.location, fault.expected) == ("line 1: /O/T", f"a value {wanted}")
    assert note(rule.replace("default: D", "emptied: empty"), body) is None
    assert note(rule.replace("default", "emptied: empty, default"), body) == "D"


def test_a_price_that_a_step_empties_is_no_missing_price() -> None:
    line = "{each: L, line_number: '@n', quantity: '@q', price: {amount: {from: '@p', clean: [{extract: '(.+) EUR'}]}}}"
    (fault,) = faults(xml_map("note: '@x'", lines=line), b'<O nr="1"><L n="1" q="2" p="9.90 USD"/></O>')
    assert (fault.code, fault.path, fault.value) == ("bad_value", "/lines/0/price/amount", "9.90 USD")


def test_the_first_of_several_patterns_that_finds_something() -> None:
    rule = "{first: [{from: T, clean: [{extract: 'A(.)'}]}, {from: T, clean: [{extract: 'B(.)'}]}]}"
    assert note(rule, b"<O nr='1'><T>B2</T><L n='1' q='2'/></O>") == "2"
    (fault,) = faults(xml_map(f"note: {rule}"), b"<O nr='1'><T>C3</T><L n='1' q='2'/></O>")
    assert (fault.code, fault.value) == ("bad_value", "C3")
    order = one(
        xml_map("note: {first: [{from: T, clean: [{extract: 'A(.)'}]}, U]}"),
        b"<O nr='1'><T>B2</T><U>u</U><L n='1' q='2'/></O>",
    )
    assert (order.note, [(kept.name, kept.value) for kept in order.extensions]) == ("u", [("T", "B2")])


@pytest.mark.parametrize(
    "rule", ["{from: '@nr', clean: [digits_only], emptied: empty}", "{from: '@nr', table: {a: ''}}"]
)
def test_a_value_that_stands_there_is_not_missing(rule: str) -> None:
    text = f"reads: xml\norder: {{order_number: {rule}, lines: {{each: L, line_number: '@n', quantity: '@q'}}}}\n"
    compiled = compile_map(text, "order_map.yaml")
    (fault,) = faults(compiled, b"<O nr='a'><L n='1' q='2'/></O>")
    assert (fault.code, fault.path, fault.value) == ("bad_value", "/order_number", "a")
    (fault,) = faults(compiled, b"<O><L n='1' q='2'/></O>")
    assert (fault.code, fault.path, fault.value) == ("missing_field", "/order_number", None)


def test_steps_are_taken_in_turn() -> None:
    assert (
        note(
            "{from: T, clean: [{extract: '([a-z]+)'}, upper, {prefix: x}]}",
            b"<O nr='1'><T>12ab</T><L n='1' q='2'/></O>",
        )
        == "xAB"
    )


def test_values_of_every_kind() -> None:
    lines = "{each: L, line_number: '@n', quantity: {from: '@q', number: {decimal: ','}}, partial_allowed: '@p'}"
    order = one(
        xml_map(
            "version: '@v'\n  issue_date: {from: '@d', date: DD.MM.YYYY}\n"
            "  rush: {from: '@r', flag: {'true': [J], 'false': [N]}}\n  order_type: {from: '@t', table: {A: blanket}}\n"
            "  requested_delivery: {start_time: {from: '@c', date: hhmm}}",
            lines,
        ),
        b'<O nr="1" v="3" d="24.11.2026" r="J" t="A" c="0830"><L n="1" q="2,50" p="false"/></O>',
    )
    assert (order.version, order.issue_date, order.rush, order.order_type) == (3, date(2026, 11, 24), True, "blanket")
    assert str(order.lines[0].quantity) == "2.50"
    assert order.lines[0].partial_allowed is False
    assert order.requested_delivery is not None
    assert str(order.requested_delivery.start_time) == "08:30:00"


def test_a_group_of_constants_alone_is_absent() -> None:
    compiled = xml_map("ship_to: {id: '@s', scheme: {value: '0088'}}")
    assert one(compiled, XML).ship_to is None
    site = one(compiled, XML.replace(b"<O ", b'<O s="7" ')).ship_to
    assert site is not None
    assert (site.id, site.scheme) == ("7", "0088")


def test_a_group_may_have_a_condition() -> None:
    compiled = xml_map("ship_to: {if: {from: '@use', equals: 'yes'}, id: '@s'}")
    assert one(compiled, b'<O nr="1" s="7"><L n="1" q="2"/></O>').ship_to is None
    assert one(compiled, b'<O nr="1" s="7" use="yes"><L n="1" q="2"/></O>').ship_to is not None


def test_lists_of_values_and_of_groups() -> None:
    order = one(
        xml_map(
            "ship_to: {id: '@s', address: {lines: [A1, A2, A3]}, identifiers: [{id: I1},"
            " {id: I2, scheme: {value: x}}]}\n"
            "  charges: [{each: C, is_charge: {value: 'true'}, amount: .},"
            " {each: D, is_charge: {value: 'false'}, amount: '@a'}]"
        ),
        b'<O nr="1" s="7"><A1>a</A1><A3>c</A3><I2>i</I2><C>1.5</C><C>2</C><D a="3"/><L n="1" q="2"/></O>',
    )
    assert order.ship_to is not None
    assert order.ship_to.address is not None
    assert order.ship_to.address.lines == ("a", "c")
    assert [(one.id, one.scheme) for one in order.ship_to.identifiers] == [("i", "x")]
    assert [(one.is_charge, str(one.amount)) for one in order.charges] == [(True, "1.5"), (True, "2"), (False, "3")]


def test_line_groups_inside_groups_and_beside_them() -> None:
    lines = (
        "[{each: [G, L], line_number: {position: {}}, buyer_item: {from: '@g', of: parent}, "
        "note: {from: '@nr', of: order}, quantity: '@q'}, "
        "{each: M, line_number: {position: {start: 1}}, quantity: {value: '1'}}]"
    )
    body = b'<O nr="9"><G g="x"><L q="1"/><L q="2"/></G><M/><G g="y"><L q="3"/></G></O>'
    found = [
        (one.line_number, one.buyer_item, str(one.quantity), one.note)
        for one in one(xml_map("test: {value: 'false'}", lines), body).lines
    ]
    assert found == [("1", "x", "1", "9"), ("2", "x", "2", "9"), ("3", "y", "3", "9"), ("4", None, "1", None)]


def test_lines_that_a_condition_leaves_out_keep_their_places() -> None:
    lines = "{each: L, if: {from: '@x', exists: false}, line_number: {position: {}}, quantity: '@q'}"
    read = one(
        xml_map("test: {value: 'false'}", lines), b'<O nr="1"><L q="1"/><L q="2" x=""/><L q="2" x="1"/><L q="3"/></O>'
    )
    assert [line.line_number for line in read.lines] == ["1", "2", "4"]


def test_namespaces() -> None:
    compiled = xml_map(
        "note: a:T", "{each: b:L, line_number: '@a:n', quantity: '@q'}", "namespaces: {a: urn:a, b: urn:b}"
    )
    read = one(compiled, b'<O nr="1" xmlns="urn:b" xmlns:z="urn:a"><z:T>t</z:T><L z:n="5" q="1"/></O>')
    assert (read.note, read.lines[0].line_number) == ("t", "5")


def test_json_values_are_texts_of_their_digits() -> None:
    compiled = json_map("note: n\n  rush: r\n  total: t")
    body = b'{"nr": 7, "n": 1.10, "r": true, "t": 12345678901234567890.1234567891, "lines": {"n": 1, "q": 1e2}}'
    order = one(compiled, body)
    assert (order.order_number, order.note, order.rush) == ("7", "1.10", True)
    assert order.total == Decimal("12345678901234567890.1234567891")
    assert str(order.lines[0].quantity) == "100"


COMMA = "defaults: {number: {decimal: ',', thousands: '.'}}"


@pytest.mark.parametrize(
    ("value", "total"),
    [
        ("1.500", "1.500"), ("0.500", "0.500"), ("12.345", "12.345"), ("480", "480"), ("-1.250", "-1.250"),
        ('"1.500"', "1500"), ('"1.234,5"', "1234.5"), ('"0,500"', "0.500"), ('"1,5"', "1.5"), ('"-1.500"', "-1500"),
        ('"0.500"', None), ('"00.120"', None), ('"1.5"', None), ('"1.50"', None), ('"01.500"', None),
    ],
)  # fmt: skip
def test_a_json_number_is_written_as_json_writes_it(value: str, total: str | None) -> None:
    """The account's signs are for its texts; and nobody groups thousands behind a zero."""
    body = f'{{"nr": 1, "t": {value}, "lines": {{"n": 1, "q": 1}}}}'.encode()
    for rule in ("t", "{from: t, clean: [one_line]}", "{from: t, table: {a: '1'}, unknown: keep}"):
        compiled = json_map(f"total: {rule}", top=COMMA)
        if total is None:
            assert [(one.code, one.path) for one in faults(compiled, body)] == [("not_a_number", "/total")]
        else:
            assert one(compiled, body).total == Decimal(total)


@pytest.mark.parametrize(
    ("value", "total"),
    [("1250", "12.50"), ("1250.0", "12.50"), ('"1250"', "12.50"), ("12.50", None), ("12.00", None), ('"12.5"', None)],
)
def test_implied_decimals_are_of_whole_numbers(value: str, total: str | None) -> None:
    body = f'{{"nr": 1, "t": {value}, "lines": {{"n": 1, "q": 1}}}}'.encode()
    compiled = json_map("total: {from: t, number: {implied: 2}}")
    if total is None:
        assert [(one.code, one.path) for one in faults(compiled, body)] == [("not_a_number", "/total")]
    else:
        assert one(compiled, body).total == Decimal(total)


@pytest.mark.parametrize("inside", ["<Per>80</Per>", "<a/>", "<a><b>0</b></a>"])
def test_a_value_has_no_elements_inside_it(inside: str) -> None:
    """4 with 80 a pack inside is not 480; prose may be marked up."""
    body = f"<O nr='1'><T>4{inside}</T><C>ab{inside}</C><N>dock <b>4</b></N><L n='1' q='2'/></O>".encode()
    for source in ("T", "//T", "{from: T, several: first}"):
        found = faults(xml_map(f"note: N\n  total: {source}\n  contract: C"), body)
        assert [(one.code, one.path) for one in found] == [("bad_value", "/contract"), ("bad_value", "/total")]
    assert one(xml_map("note: N"), body).note == "dock 4"
    commented = b"<O nr='1'><T>4<!-- boxes -->8</T><L n='1' q='2'/></O>"
    assert one(xml_map("total: T"), commented).total == Decimal(48)


def test_json_lists_and_expressions() -> None:
    compiled = json_map("note: {from: notes, several: join}\n  contract: \"refs[?type=='CT'].id | [0]\"")
    document: dict[str, Any] = {
        "nr": "1",
        "notes": ["a", "b"],
        "refs": [{"type": "X", "id": "0"}, {"type": "CT", "id": "c"}],
    }
    order = one(compiled, json.dumps({**document, "lines": [{"n": "1", "q": "1"}]}).encode())
    assert (order.note, order.contract) == ("a b", "c")


@pytest.mark.parametrize(
    ("rule", "value", "code"),
    [
        ("n", [1, 2], "repeated_element"), ("n", {"a": 1}, "bad_value"), ("n", [[1, 2], [3]], "bad_value"),
        ("{from: n, table: {a: b}}", "c", "bad_value"), ("{from: n, required: true}", None, "missing_field"),
        ("\"join('', n)\"", "text", "bad_value"),
    ],
)  # fmt: skip
def test_what_a_rule_refuses(rule: str, value: Any, code: str) -> None:
    body = json.dumps({"nr": "1", "n": value, "lines": [{"n": "1", "q": "1"}]}).encode()
    (fault,) = faults(json_map(f"note: {rule}"), body)
    assert (fault.code, fault.path) == (code, "/note")
    assert fault.location.startswith(("/n", "/ has no n")) or "join" in fault.location
