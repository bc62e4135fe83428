"""Whole documents: several orders, faults with their places, and what no rule reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mappings.fieldmaps import MapRejected, compile_map
from schemas.documents.partly_read import OrderPartlyRead
from schemas.faults import DocumentHeld, DocumentRejected
from schemas.formats import ReadOrder
from tests.mappings.fieldmaps.maps import XML, faults, json_map, one, xml_map

ACCOUNTS = Path(__file__).with_name("accounts")


def test_a_merchants_own_xml() -> None:
    """Attributes, delivery by number or by address, no unit, no issue date; the golden was written by reading."""
    folder = ACCOUNTS / "hardware"
    compiled = compile_map((folder / "order_map.yaml").read_text(encoding="utf-8"), "order_map.yaml")
    body = (folder / "two-orders.xml").read_bytes()
    assert compiled.sniff(body)
    golden = json.loads((folder / "two-orders.expected.json").read_text(encoding="utf-8"))
    assert [read.order.model_dump(mode="json", exclude_defaults=True) for read in compiled.read(body)] == golden


def test_one_bad_order_holds_up_no_other() -> None:
    compiled = xml_map("note: '@x'", top="orders: /All/O")
    body = b"<All>" + XML + b'<O nr="2"><L n="1" q="none"/></O>' + XML.replace(b'nr="1"', b'nr="3"') + b"</All>"
    first, second, third = compiled.read_each(body)
    assert isinstance(first, ReadOrder)
    assert isinstance(second, DocumentRejected)
    assert isinstance(third, ReadOrder)
    assert third.order.order_number == "3"
    assert (second.faults[0].path, second.answer_to) == ("/lines/0/quantity", "2")
    (fault,) = faults(compiled, body)
    assert (fault.path, fault.location) == ("/1/lines/0/quantity", "line 1: /All/O[2]/L/@q")


def test_every_fault_at_once_with_its_place() -> None:
    compiled = xml_map("issue_date: Head/Date\n  currency: Head/@cur\n  contract: {from: Head/Ref, required: true}")
    body = (
        b'<O nr="">\n<Head cur="euro">\n<Date>tomorrow</Date></Head>\n<L n="1" q="1"/>\n<L n="1" q="x"/>\n'
        b'<L n="3"><q/></L></O>'
    )
    found = [(fault.code, fault.path, fault.location, fault.value) for fault in faults(compiled, body)]
    assert found == [
        ("missing_field", "/order_number", "line 1: /O/@nr", None),
        ("not_a_date", "/issue_date", "line 3: /O/Head/Date", "tomorrow"),
        ("bad_value", "/currency", "line 2: /O/Head/@cur", "euro"),
        ("missing_field", "/contract", "line 1: /O has no Head/Ref", None),
        ("not_a_number", "/lines/1/quantity", "line 5: /O/L[2]/@q", "x"),
        ("missing_field", "/lines/2/quantity", "line 6: /O/L[3] has no @q", None),
        ("duplicate_line", "/lines/1/line_number", "line 5: /O/L[2]/@n", "1"),
    ]


def test_faults_of_json_have_pointers_and_lines() -> None:
    compiled = json_map(
        "ship_to: {id: a.b}", "{each: items.list, line_number: n, quantity: qty.amount}", "orders: data"
    )
    body = (
        b'{"data": [{"nr": "1",\n "a": {"b": {"c": 1}},\n'
        b' "items": {"list": [{"n": "1",\n "qty": {"amount": "1,5"}}]}}]}'
    )
    found = [(fault.code, fault.path, fault.location, fault.value) for fault in faults(compiled, body)]
    assert found == [
        ("bad_value", "/ship_to/id", "/data/0/a/b (line 2)", "an object"),
        ("not_a_number", "/lines/0/quantity", "/data/0/items/list/0/qty/amount (line 4)", "1,5"),
    ]


def test_the_place_of_what_json_does_not_have_says_so() -> None:
    compiled = json_map(
        'note: {from: a.b.c, required: true}\n  contract: {from: "a.d || a.e", required: true}',
        "{each: items, line_number: n, quantity: qty.amount}",
    )
    body = b'{"nr": "",\n "a": {\n "b": {}}, "items": [{"n": "1",\n "qty": {"amount": ""}}, {"n": "2"}]}'
    found = [(fault.code, fault.path, fault.location) for fault in faults(compiled, body)]
    assert found == [
        ("missing_field", "/order_number", "/nr (line 1)"),
        ("missing_field", "/contract", "/ has no a.d || a.e (line 1)"),
        ("missing_field", "/note", "/a/b has no c (line 3)"),
        ("missing_field", "/lines/0/quantity", "/items/0/qty/amount (line 4)"),
        ("missing_field", "/lines/1/quantity", "/items/1 has no qty.amount (line 4)"),
    ]


@pytest.mark.parametrize(
    ("each", "place"),
    [
        ("a.items || items", "/items/0/q"), ("items[?q]", "/items/0/q"),
        ("*.L[]", "/x~1y/L/0/q"),
        ("[{n: items[0].n, q: items[0].q}]", "/ [{n: items[0].n, q: items[0].q}]/0/q"),
    ],
)  # fmt: skip
def test_places_behind_an_expression(each: str, place: str) -> None:
    """What the document itself has is found in it; what the expression made has the expression and a number."""
    body = b'{"nr": "1", "a": {"items": []}, "x/y": {"L": [{"n": "1", "q": "x"}]}, "items": [{"n": "1", "q": "x"}]}'
    compiled = json_map("note: T", f"{{each: {json.dumps(each)}, line_number: n, quantity: q}}")
    (fault,) = faults(compiled, body)
    assert (fault.path, fault.location) == ("/lines/0/quantity", place)


def test_the_rest_of_a_bad_order_can_be_judged() -> None:
    compiled = xml_map("note: T")
    with pytest.raises(OrderPartlyRead) as refused:
        compiled.read(b'<O nr="1"><T>t</T><L n="1" q="1"/><L n="2" q="x"/></O>')
    rest = refused.value.rest
    assert ([line.line_number for line in rest.order.lines], rest.lines, refused.value.answer_to) == (["1"], (0,), "1")


def test_what_no_rule_reads_is_kept_where_it_stood() -> None:
    body = (
        b'<O nr="1" v="9"><H a="1">text<K>k</K>tail</H><R id="r"/><S><T u="u">t</T></S><C amt="1" why="w"/>'
        b'<L n="1" q="1" w="w"><I><J>j</J></I><X t="a">xa</X><X t="b">xb</X></L></O>'
    )
    compiled = xml_map(
        "charges: {each: C, is_charge: {value: 'true'}, amount: '@amt'}\n  contract: R/@id",
        "{each: L, line_number: '@n', quantity: '@q', description: \"X[@t='a']\"}",
        "lost: [S/T/@u]",
    )
    order = one(compiled, body)
    kept = [(one.name, one.value) for one in order.extensions]
    assert sorted(kept) == sorted(
        [("@v", "9"), ("H", "text"), ("H/@a", "1"), ("H/K", "k"), ("H", "tail"), ("S/T", "t"), ("C/@why", "w")]
    )
    line = [(one.name, one.value) for one in order.lines[0].extensions]
    assert line == [("@w", "w"), ("I/J", "j"), ("X/@t", "a"), ("X", "xb"), ("X/@t", "b")]


def test_what_no_rule_reads_of_json() -> None:
    body = (
        b'{"page": 2, "data": [{"nr": 1, "a": {"b": 1, "c": [1, {"d": null, "e": ""}], "f": false}, '
        b'"lines": [{"n": 1, "q": 1, "z": 0}]}]}'
    )
    order = one(json_map("note: a.b", top="orders: data"), body)
    assert [(one.name, one.value) for one in order.extensions] == [("a.c", "1"), ("a.f", "false"), ("/page", "2")]
    assert [(one.name, one.value) for one in order.lines[0].extensions] == [("z", "0")]


def test_what_is_lost_is_lost_with_all_inside() -> None:
    """Even where a rule reads some of it."""
    body = b'{"nr": 1, "sums": {"net": 5, "tax": {"rate": 1}}, "sumsAgo": 2, "lines": [{"n": 1, "q": 1}]}'
    order = one(json_map("total: sums.net", top="lost: [sums]"), body)
    assert (order.total, [(one.name, one.value) for one in order.extensions]) == (5, [("sumsAgo", "2")])
    xml = b'<O nr="1"><S a="1">t<N>5</N><T r="1">2</T></S><SA>2</SA><L n="1" q="1"/></O>'
    order = one(xml_map("total: S/N", top="lost: [S]"), xml)
    assert (order.total, [(one.name, one.value) for one in order.extensions]) == (5, [("SA", "2")])


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ("{first: [a, b.c]}", [("b.c", "2")]),
        ("{first: [b.c, a]}", [("a", "1")]),
        ("{first: [{from: a, clean: [{extract: x}]}, b.c]}", [("a", "1")]),
        ("{when: [{if: {from: a, equals: '1'}, use: b.c}], otherwise: d}", [("d", "3")]),
        ("{when: [{if: {from: a, equals: '2'}, use: b.c}], otherwise: d}", [("b.c", "2")]),
        ("{first: [{join: {parts: [a, b.c]}}, d]}", [("d", "3")]),
        ("{first: [e, {join: {parts: [a, b.c]}}, d]}", [("d", "3")]),
        ("{when: [{if: {from: a, equals: '1'}, use: {value: x}}]}", []),
    ],
)
def test_of_several_rules_only_the_one_taken_reads(rule: str, kept: list[tuple[str, str]]) -> None:
    """In JSON and in XML; `contract` reads d where that is no choice, so it is never kept."""
    for always in (False, True):
        expected = [one for one in kept if not (always and one[0] == "d")]
        expected += [] if always or "d" in rule else [("d", "3")]
        expected += [] if "b.c" in rule else [("b.c", "2")]
        order = f"note: {rule}" + ("\n  contract: d" if always else "")
        body = b'{"nr": "1", "a": 1, "b": {"c": 2}, "d": 3, "lines": [{"n": 1, "q": 1}]}'
        assert sorted((one.name, one.value) for one in one(json_map(order), body).extensions) == sorted(expected)
        xml = b'<O nr="1"><a>1</a><b><c>2</c></b><d>3</d><L n="1" q="1"/></O>'
        found = one(xml_map(order.replace("b.c", "b/c")), xml).extensions
        assert sorted((one.name.replace("/", "."), one.value) for one in found) == sorted(expected)


def test_a_choice_outside_a_line_is_kept_once() -> None:
    """What one line takes of its order is read, whatever the other does."""
    lines = "{each: lines, line_number: n, quantity: q, unit: {first: [u, {from: unit, of: order}]}}"
    body = b'{"nr": 1, "unit": "CS", "lines": [{"n": 1, "q": 1, "u": "EA"}, {"n": 2, "q": 1}]}'
    order = one(json_map("note: T", lines), body)
    assert ([line.unit for line in order.lines], order.extensions) == (["EA", "CS"], ())
    order = one(json_map("note: T", lines), body.replace(b', {"n": 2, "q": 1}', b""))
    assert [(one.name, one.value) for one in order.extensions] == [("unit", "CS")]


def test_a_number_of_more_digits_than_an_amount_has_is_what_was_written() -> None:
    body = (
        b'{"nr": 12345678901234567890123, "place": 52.520006599999996, "tiny": 1E-400,\n'
        b' "lines": [{"n": 1, "q": 1},\n {"n": 2, "q": 0.3333333333333333}]}'
    )
    (fault,) = faults(json_map("note: T"), body)
    assert (fault.code, fault.path, fault.value) == ("not_a_number", "/lines/1/quantity", "0.3333333333333333")
    assert fault.location == "/lines/1/q (line 3)"
    order = one(json_map("note: T"), body.replace(b"0.3333333333333333", b"0.5000000000000000"))
    assert order.order_number == "12345678901234567890123"
    assert [(one.name, one.value) for one in order.extensions] == [
        ("place", "52.520006599999996"),
        ("tiny", "1E-400"),
    ]
    assert str(order.lines[1].quantity) == "0.5000000000"
    (fault,) = faults(json_map("note: T"), body.replace(b"1E-400", b"1" * 101))
    assert (fault.code, fault.path) == ("json_number", "/tiny")


def test_or_it_is_named_in_warnings() -> None:
    compiled = xml_map("note: T", top="unread: warn\nlost: [Known]")
    (read,) = compiled.read(b'<O nr="1"><New>1</New><New>2</New><Known>1</Known><L n="1" q="1" w="1"/></O>')
    assert [(one.code, one.location) for one in read.warnings] == [("unread_value", "New"), ("unread_value", "@w")]
    assert read.order.extensions == read.order.lines[0].extensions == ()


@pytest.mark.parametrize(
    ("top", "body", "code"),
    [
        ("root: O", b"<P/>", "wrong_document"), ("orders: /P/O", b"<P/>", "wrong_document"),
        ("orders: /P/O", b"<Q><O/></Q>", "wrong_document"), ("", b"", "empty_body"), ("", b"{}", "xml_not_well_formed"),
        ("", b"<!DOCTYPE O [<!ENTITY a 'b'>]><O/>", "xml_doctype_refused"), ("", b"<O/>", "no_lines"),
    ],
)  # fmt: skip
def test_other_documents_are_refused(top: str, body: bytes, code: str) -> None:
    assert code in {fault.code for fault in faults(xml_map("note: T", top=top), body)}


@pytest.mark.parametrize(
    ("top", "body", "code"),
    [
        ("", b"[]", "wrong_document"), ("orders: o", b"{}", "wrong_document"),
        ("orders: o", b'{"o": [1]}', "wrong_document"),
        ("", b'{"nr": NaN}', "json_number"), ("", b'{"nr": 1, "nr": 2}', "json_duplicate_key"), ("", b"{}", "no_lines"),
    ],
)  # fmt: skip
def test_other_json_is_refused(top: str, body: bytes, code: str) -> None:
    assert code in {fault.code for fault in faults(json_map("note: t", top=top), body)}


def test_a_list_at_the_top_of_json() -> None:
    compiled = json_map("note: t", top='orders: "[]"')
    body = b'[{"nr": 1, "lines": [{"n": 1, "q": 1}]}, {"nr": 2, "lines": [{"n": 1, "q": 1}]}]'
    assert [read.order.order_number for read in compiled.read(body)] == ["1", "2"]


def test_where_values_stand() -> None:
    compiled = xml_map("note: T")
    body = b'<O nr="1">\n<T>t</T>\n<L n="1" q="1"/></O>'
    assert compiled.locate(body, ["/note", "/lines/0/quantity", "/lines/0", "/contract", ""]) == [
        "line 2: /O/T", "line 3: /O/L/@q", "line 3: /O/L", "line 1: /O", "line 1: /O",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "is_ours"),
    [(XML, True), (b"<?xml version='1.0'?><!-- c --><n:O xmlns:n='u'/>", True), (b"<P/>", False),
     (b"{}", False), (b"", False),
     (XML.decode().encode("utf-16"), True)],
)  # fmt: skip
def test_sniffing(body: bytes, is_ours: bool) -> None:
    assert xml_map("note: T", top="root: O").sniff(body) is is_ours


def test_a_change_and_a_cancellation() -> None:
    text = (
        "reads: xml\norder: {order_number: '@nr', function: {from: '@f', table: {N: original, C: change, D: cancel}}}"
    )
    compiled = compile_map(text, "order_map.yaml")
    assert one(compiled, b'<O nr="1" f="D"/>').function == "cancel"
    assert faults(compiled, b'<O nr="1" f="C"/>')[0].code == "no_lines"


def test_too_many_lines_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mappings.fieldmaps.plans.MAX_LINES", 3)
    (fault,) = faults(xml_map("note: T"), b'<O nr="1">' + b'<L n="1" q="1"/>' * 4 + b"</O>")
    assert fault.code == "too_many_lines"


def test_more_unread_values_than_anybody_reads_hold_the_order() -> None:
    with pytest.raises(DocumentHeld, match="map_limit"):
        xml_map("note: T").read(b'<O nr="1"><L n="1" q="1"/>' + b"<x>1</x>" * 6_000 + b"</O>")


def test_no_state_is_kept_between_documents() -> None:
    compiled = xml_map("note: '//T'\n  contract: T")
    assert one(compiled, b'<O nr="1"><T>t</T><L n="1" q="1"/></O>').note == "t"
    assert one(compiled, XML).note is None


def test_a_map_for_another_thing_is_refused() -> None:
    with pytest.raises(MapRejected):
        compile_map("", "order_map.yaml")
