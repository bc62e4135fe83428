"""JMESPath with a budget: every node of an expression that is visited, and every member of what comes of it, is paid.

The expression is parsed once. Functions that make floats, that sort by expressions, or whose result isn't bounded by
what goes in are not there; a literal number must be whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import jmespath.exceptions
import jmespath.functions
import jmespath.parser
import jmespath.visitor

from mappings.fieldmaps.budget import Budget

MAX_EXPRESSION = 500
MAX_NESTING = 60
FUNCTIONS = (
    "contains",
    "ends_with",
    "join",
    "keys",
    "length",
    "not_null",
    "reverse",
    "starts_with",
    "to_array",
    "type",
    "values",
)
Path = tuple[str, ...]


class FailedExpression(Exception):
    """The expression can't be worked out for this document (a function got what it doesn't take)."""


@dataclass(frozen=True, slots=True)
class JmesPath:
    """One expression. `plain` are the names on the way where there is nothing else to it."""

    text: str
    tree: Mapping[str, Any]
    plain: Path | None
    looked_at: frozenset[Path]
    """Members, from where it starts, that it looks at."""

    def value(self, found: Any, budget: Budget) -> Any:
        """What it names. Raises TooMuchWork, FailedExpression."""
        try:
            return _Interpreter(budget).visit(self.tree, found)
        except (jmespath.exceptions.JMESPathError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise FailedExpression(str(error)[:200]) from None


def parse_jmespath(text: str) -> JmesPath:
    """The expression. Raises ValueError with what is wrong and where."""
    if len(text) > MAX_EXPRESSION:
        raise ValueError(f"is longer than {MAX_EXPRESSION} characters")
    try:
        tree = jmespath.parser.Parser().parse(text).parsed
    except jmespath.exceptions.JMESPathError as error:
        said = str(error).splitlines()
        raise ValueError(f"is no JMESPath: {said[0][:200] if said else 'empty'}") from None
    except (RecursionError, ValueError, TypeError, KeyError, IndexError) as error:
        raise ValueError(f"is no JMESPath: {str(error)[:200] or 'nested too deeply'}") from None
    _check(tree, 0)
    return JmesPath(text, tree, _plain(tree), frozenset(_looked_at(tree)))


def _children(tree: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [child for child in tree.get("children", ()) if isinstance(child, dict)]


def _check(tree: Mapping[str, Any], depth: int) -> None:
    if depth > MAX_NESTING:
        raise ValueError("is nested too deeply")
    kind = tree["type"]
    if kind == "function_expression" and tree["value"] not in FUNCTIONS:
        raise ValueError(f"the function {tree['value']} is not among those that maps take: {', '.join(FUNCTIONS)}")
    if kind == "literal" and _has_float(tree["value"]):
        raise ValueError("has a number with decimals; compare texts instead: '1.5'")
    if kind == "expref":
        raise ValueError("& is not taken")
    for child in _children(tree):
        _check(child, depth + 1)


def _has_float(value: Any) -> bool:
    if isinstance(value, (list, dict)):
        return any(map(_has_float, value.values() if isinstance(value, dict) else value))
    return isinstance(value, float)


def _plain(tree: Mapping[str, Any]) -> Path | None:
    kind = tree["type"]
    if kind == "field":
        return (tree["value"],)
    if kind in ("identity", "current"):
        return ()
    if kind in ("subexpression", "projection", "flatten", "index_expression"):
        return _plain_of(kind, _children(tree))
    return None


def _plain_of(kind: str, children: list[Mapping[str, Any]]) -> Path | None:
    """`a.b`, and `a.b[*]` and `a.b[]`, which say for each of a list what its name alone says here."""
    if kind == "projection":
        return _plain(children[0]) if children[1]["type"] == "identity" else None
    if kind == "flatten":
        return _plain(children[0])
    if kind != "subexpression" or any(child["type"] not in ("field", "subexpression") for child in children[:-1]):
        return None
    parts = [_plain(child) for child in children]
    return None if None in parts else tuple(name for part in parts if part is not None for name in part)


_FROM_THE_FIRST = ("projection", "flatten", "index_expression", "filter_projection", "value_projection", "pipe")


def _looked_at(tree: Mapping[str, Any]) -> set[Path]:
    """The members that it begins with; behind an index or a filter everything counts."""
    start = _start(tree)
    if start is not None:
        return {start[0]}
    if tree["type"] in (*_FROM_THE_FIRST, "subexpression"):
        return _looked_at(_children(tree)[0])
    return set().union(*map(_looked_at, _children(tree)))


def _start(tree: Mapping[str, Any]) -> tuple[Path, bool] | None:
    """The names on the way, and whether they are all of the expression; None where it begins with none."""
    kind, children = tree["type"], _children(tree)
    if kind in ("field", "identity", "current"):
        return ((tree["value"],) if kind == "field" else (), True)
    if kind in _FROM_THE_FIRST:
        first = _start(children[0])
        return None if first is None else (first[0], False)
    if kind != "subexpression":
        return None
    names: Path = ()
    for child in children:
        found = _start(child)
        if found is None:
            return (names, False) if names else None
        names += found[0]
        if not found[1]:
            return names, False
    return names, True


def _is_ordered(value: Any) -> bool:
    return isinstance(value, (str, int, Decimal)) and not isinstance(value, bool)


_FUNCTIONS = jmespath.functions.Functions()


class _Interpreter(jmespath.visitor.TreeInterpreter):
    """jmespath's own, paying for what it does."""

    def __init__(self, budget: Budget) -> None:
        super().__init__()
        self._budget = budget

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        """One node of the expression; a list that came of it has as many steps as members."""
        self._budget.spend(1)
        found = super().visit(node, *args, **kwargs)
        if type(found) is list:
            self._budget.spend(len(found))
        return found

    def visit_flatten(self, node: Any, value: Any) -> Any:
        """Paid before the list is built: its lists may be one list many times."""
        base = self.visit(node["children"][0], value)
        if not isinstance(base, list):
            return None
        self._budget.spend(sum(len(one) for one in base if isinstance(one, list)))
        return [inner for one in base for inner in (one if isinstance(one, list) else (one,))]

    def visit_comparator(self, node: Any, value: Any) -> Any:
        """Lists and objects are equal to nothing here: comparing two that repeat themselves has no end."""
        left, right = (self.visit(child, value) for child in node["children"])
        if isinstance(left, (list, dict)) or isinstance(right, (list, dict)):
            return node["value"] == "ne"
        if node["value"] not in ("eq", "ne") and not (_is_ordered(left) and _is_ordered(right)):
            return None
        return self.COMPARATOR_FUNC[node["value"]](left, right)

    def visit_function_expression(self, node: Any, value: Any) -> Any:
        """A function, after what it takes is weighed."""
        arguments = [self.visit(child, value) for child in node["children"]]
        if node["value"] == "join" and len(arguments) == 2 and isinstance(arguments[1], list):
            between = len(arguments[0]) if isinstance(arguments[0], str) else 0
            self._budget.spend(sum(between + len(one) for one in arguments[1] if isinstance(one, str)))
        elif node["value"] == "contains" and len(arguments) == 2:
            if isinstance(arguments[1], (list, dict)):
                raise FailedExpression("contains() looks for one value")
            self._budget.spend(len(arguments[0]) if isinstance(arguments[0], (str, list)) else 1)
        elif node["value"] == "reverse" and arguments and isinstance(arguments[0], str):
            self._budget.spend(len(arguments[0]))
        return _FUNCTIONS.call_function(node["value"], arguments)
