"""The XPath of maps names what libxml2's names."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from lxml import etree

from mappings.fieldmaps.budget import Budget, TooMuchWork
from mappings.fieldmaps.xpath import Node, parse_xpath, string_value

NAMES = ("a", "b", "n:c")
NAMESPACES = {"n": "urn:n"}
TAGS = ("a", "b", "{urn:n}c")


def _tree(shape: list[object], depth: int = 0) -> etree._Element:
    tag, attributes, text, children = shape
    element = etree.Element(TAGS[tag], {name: str(value) for name, value in attributes.items()})  # type: ignore[index,attr-defined]
    element.text = text or None  # type: ignore[assignment]
    for child in children:  # type: ignore[attr-defined]
        element.append(_tree(child, depth + 1))
    return element


ATTRIBUTES = st.dictionaries(st.sampled_from(["x", "y"]), st.sampled_from([1, 2, 3]), max_size=2)
TEXTS = st.sampled_from(["", "1", "2", "u", "uv"])
TREES = st.recursive(
    st.tuples(st.integers(0, 2), ATTRIBUTES, TEXTS, st.just([])),
    lambda inner: st.tuples(st.integers(0, 2), ATTRIBUTES, TEXTS, st.lists(inner, max_size=4)),
    max_leaves=25,
)
_name = st.sampled_from([*NAMES, "*"])
_inner = st.sampled_from(["a", "b", "n:c", "@x", "@y", ".", "a/@x", "*/b"])
_test = st.one_of(
    _inner,
    st.integers(1, 3).map(str),
    st.just("last()"),
    st.just("position()=last()"),
    st.builds("position(){}{}".format, st.sampled_from(["=", "!=", "<", ">="]), st.integers(1, 3)),
    st.builds("{}{}'{}'".format, _inner, st.sampled_from(["=", "!="]), st.sampled_from(["1", "2", "u"])),
    st.builds("{}{}{}".format, _inner, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), st.integers(1, 3)),
    st.builds("{}({},'{}')".format, st.sampled_from(["contains", "starts-with"]), _inner, st.sampled_from(["u", "v"])),
    st.builds("count({})>{}".format, st.sampled_from(["a", "*", "@x"]), st.integers(0, 2)),
    st.builds("not({})".format, _inner),
)
_tests = st.one_of(
    _test,
    st.builds("{} and {}".format, _test.filter(lambda one: not one.isdigit() and one != "last()"), st.just("@x")),
    st.builds("({} or {})".format, st.just("@y"), st.sampled_from(["@x='1'", "not(a)"])),
)
_step = st.one_of(_name, st.builds("{}[{}]".format, _name, _tests))
EXPRESSIONS = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "", "/", "//", ".//", "../", "../../", "./"]),
    st.lists(_step, min_size=1, max_size=3).map("/".join),
    st.sampled_from(["", "", "/@x", "/@y"]),
)


@given(TREES, EXPRESSIONS, st.integers(0, 30))
def test_it_names_what_libxml2_names(shape: list[object], text: str, start: int) -> None:
    everything = list(_tree(shape).iter())
    element = everything[start % len(everything)]
    assume(len(list(element.iterancestors())) >= text.count(".."))
    found = parse_xpath(text, NAMESPACES).nodes(element, Budget())
    wanted = element.xpath(text, namespaces=NAMESPACES)
    assert isinstance(wanted, list)
    if text.endswith(("/@x", "/@y")):
        assert [(node.element, string_value(node, Budget())) for node in found] == [
            (one.getparent(), str(one))  # type: ignore[union-attr]
            for one in wanted
        ]
    else:
        assert found == [Node(one) for one in wanted]  # type: ignore[arg-type]


def test_all_text_in_an_element_is_its_value() -> None:
    element = etree.fromstring("<a>one <b>two</b> three</a>")
    assert string_value(Node(element), Budget()) == "one two three"


@pytest.mark.parametrize(
    "text",
    ["", "a//b", "a[//b]", "following::a", "a | b", "id('x')", "a[b=c]", "string(a)", "a[", "a/", "@", "a[.='x'", "x:a",
     "a[b<'1']", "a[position()]", "../", "a b", "$x", "a[../b]", "a" * 501],
)  # fmt: skip
def test_what_could_take_long_or_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_xpath(text, NAMESPACES)


def test_every_node_is_paid_for() -> None:
    root = etree.fromstring("<a>" + "<b/>" * 1_000 + "</a>")
    with pytest.raises(TooMuchWork):
        parse_xpath("b[@x]", {}).nodes(root, Budget(500))
