"""JMESPath within a budget, and without what makes floats."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import jmespath
import pytest

from mappings.fieldmaps.budget import MAX_WORK, Budget, TooMuchWork
from mappings.fieldmaps.jmes import FailedExpression, parse_jmespath

FOUND = {"a": [{"b": "1", "c": [1, 2]}, {"b": "2", "c": [3]}], "d": {"e": Decimal("1.10")}, "t": "x-y"}


@pytest.mark.parametrize(
    "text",
    ["a", "a[0].b", "a[*].c[]", "a[?b=='2'].c | [0]", "d.*", "[t, d.e]", "{x: t}.x", "not_null(q, t)",
     "join('+', a[].b)",
     "a[?c[0] > `1`].b", "length(a)", "contains(t, 'x')", "reverse(t)", "keys(d)", "a[1:]", "!q && t", "a[-1].b || t"],
)  # fmt: skip
def test_it_is_jmespaths_own_value(text: str) -> None:
    assert parse_jmespath(text).value(FOUND, Budget()) == jmespath.search(text, FOUND)


@pytest.mark.parametrize(
    ("text", "plain", "looked_at"),
    [("a", ("a",), {("a",)}), ("a.b[*]", ("a", "b"), {("a", "b")}), ("a.b[]", ("a", "b"), {("a", "b")}),
     ("@", (), {()}), ("a.b[0].c", None, {("a", "b")}), ("a.x || b[0]", None, {("a", "x"), ("b",)}),
     ("join('', [a.x, b])", None, {("a", "x"), ("b",)})],
)  # fmt: skip
def test_what_is_plain_and_what_is_looked_at(text: str, plain: Any, looked_at: set[Any]) -> None:
    found = parse_jmespath(text)
    assert found.plain == plain
    assert found.looked_at == looked_at


@pytest.mark.parametrize(
    "text",
    ["", "a.", "a[?", "to_number(a)", "sum(a)", "sort_by(a, &b)", "a == `1.5`", "nothing(a)", "a" * 501, "(" * 400],
)
def test_a_wrong_expression_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_jmespath(text)


@pytest.mark.parametrize(
    "text",
    [" | ".join(["[@, @][]"] * 40), " | ".join(["[@, @]"] * 30) + "|[]" * 30,
     "[t, t]" + "|[join('',@),join('',@)]" * 19, " | ".join(["a[].c[] | {a: [{c: @}, {c: @}]}"] * 14)],
)  # fmt: skip
def test_a_huge_expansion_is_cut_off(text: str) -> None:
    started = time.process_time()
    with pytest.raises((TooMuchWork, FailedExpression)) as cut:
        parse_jmespath(text).value({"t": "x" * 1_000, **FOUND, "a": [{"c": [1] * 9}] * 9}, Budget(MAX_WORK))
    assert cut.type is TooMuchWork
    assert time.process_time() - started < 20


def test_a_function_that_gets_something_else_fails_by_name() -> None:
    with pytest.raises(FailedExpression, match="join"):
        parse_jmespath("join('', t)").value(FOUND, Budget())
