"""The part of XPath 1.0 that maps may use: parsed here, walked here, every node that is looked at paid for.

    Head/Number            elements inside, by name             @number, Head/@date    attributes
    Head/*                 any name                             .  text()              the element itself, its text
    ../@site               out of the element, at the beginning
    /Orders/Order  //Date  from the document's root; // only at the beginning
    Date[@type='order']    [1] [last()] [position()>1] [Code] [not(Code)] [@a='x' and B!='y'] [contains(Text,'x')]
                           [starts-with(.,'x')] [count(Line)>2]

What is more is done by the rule's other keys (join, clean, when). Nothing here can take longer than the document is
large times the expression is long, and the budget ends it before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from mappings.fieldmaps.budget import Budget
from schemas.formats.xml import Element
from schemas.values import exact

MAX_EXPRESSION = 500
_TOKEN = re.compile(
    r"\s*(?:(?P<op>//|\.\.|!=|<=|>=|[/.@*\[\]()=<>,|])|(?P<text>'[^']*'|\"[^\"]*\")|(?P<number>\d+)"
    r"|(?P<name>[^\W\d][\w\-.]*(?::[^\W\d][\w\-.]*)?))"
)
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
_TEXT_FUNCTIONS = {"contains": str.__contains__, "starts-with": str.startswith}


class Node(NamedTuple):
    """An element, or one of its attributes."""

    element: Element
    attribute: str | None = None


Judge = Callable[[Element, int, int, Budget], bool]
"""Whether an element at this position of so many is meant."""


@dataclass(frozen=True, slots=True)
class Step:
    """The children of one name (any where None) that every judge takes."""

    tag: str | None
    judges: tuple[Judge, ...] = ()


@dataclass(frozen=True, slots=True)
class XPath:
    """One expression."""

    text: str
    steps: tuple[Step, ...]
    attribute: str | None = None
    start: str = "here"
    """here, root (`/`) or anywhere (`//`)."""
    ups: int = 0
    is_below: bool = False
    """Whether the first step may be at any depth below (`.//`)."""

    @property
    def plain(self) -> tuple[str, ...] | None:
        """The names of the children on the way, where there is nothing else to it."""
        if self.start != "here" or self.ups or self.is_below:
            return None
        if any(step.tag is None or step.judges for step in self.steps):
            return None
        return tuple(step.tag for step in self.steps if step.tag is not None)

    def nodes(self, element: Element, budget: Budget) -> list[Node]:
        """What it names, from this element, in the document's order."""
        return [node for above in self._start(element) for node in self.inside(above, budget)]

    def inside(self, above: Element, budget: Budget) -> list[Node]:
        """The same from where `..` led to, or from the root where it starts there."""
        found = [above] if self.start == "here" else [above.getroottree().getroot()]
        steps, first = self.steps, True
        for step in steps:
            if first and (self.is_below or self.start == "anywhere"):
                found = [one for above in found for one in _below(above, step, budget, self.start)]
            elif first and self.start == "root":
                found = [one for one in found if _named(one, step) and _judged([one], step.judges, budget)]
            else:
                found = [one for above in found for one in _children(above, step, budget)]
            first = False
        if len(found) > 1 and (self.is_below or self.start == "anywhere"):
            found = _in_order(above, found, budget)
        if self.attribute is None:
            return [Node(one) for one in found]
        return [Node(one, self.attribute) for one in found if one.get(self.attribute) is not None]

    def _start(self, element: Element) -> list[Element]:
        if self.start != "here":
            return [element.getroottree().getroot()]
        above: Element | None = element
        for _ in range(self.ups):
            above = None if above is None else above.getparent()
        return [] if above is None else [above]


def _named(element: Element, step: Step) -> bool:
    return step.tag is None or element.tag == step.tag


def _children(element: Element, step: Step, budget: Budget) -> list[Element]:
    children = element[:]
    budget.spend(len(children) + 1)
    return _judged([child for child in children if _named(child, step)], step.judges, budget)


def _below(element: Element, step: Step, budget: Budget, start: str) -> list[Element]:
    """Descendants; a position counts among those of one parent. From the document the root is one as well."""
    found = []
    if start == "anywhere" and _named(element, step):
        found += _judged([element], step.judges, budget)
    for above in element.iter():
        found += _children(above, step, budget)
    return found


def _in_order(above: Element, found: list[Element], budget: Budget) -> list[Element]:
    """In the document's order: one found deeper may stand before one found higher."""
    among = set(found)
    everything = list(above.getroottree().getroot().iter())
    budget.spend(len(everything))
    return [one for one in everything if one in among]


def _judged(elements: list[Element], judges: tuple[Judge, ...], budget: Budget) -> list[Element]:
    for judge in judges:
        size = len(elements)
        elements = [one for index, one in enumerate(elements, 1) if judge(one, index, size, budget)]
    return elements


def string_value(node: Node, budget: Budget) -> str:
    """The node's text: an attribute's, or all text in an element."""
    element, attribute = node
    if attribute is not None:
        return element.get(attribute) or ""
    if not len(element):
        return element.text or ""
    texts = list(element.itertext(with_tail=True))
    budget.spend(len(texts))
    return "".join(texts)


# --- parsing ------------------------------------------------------------------------------------------------------
def parse_xpath(text: str, namespaces: Mapping[str, str]) -> XPath:
    """The expression. Raises ValueError with what is wrong and where."""
    if len(text) > MAX_EXPRESSION:
        raise ValueError(f"is longer than {MAX_EXPRESSION} characters")
    return _Parser(text, namespaces).whole()


class _Parser:
    def __init__(self, text: str, namespaces: Mapping[str, str]) -> None:
        self._text = text
        self._namespaces = namespaces
        self._tokens = _tokens(text)
        self._at = 0

    def whole(self) -> XPath:
        found = self._path(in_predicate=False)
        if self._at < len(self._tokens):
            raise self._wrong("nothing more")
        return found

    # --- tokens ---
    @property
    def _next(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _kind(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    def _take(self, *wanted: str) -> bool:
        if self._next in wanted and self._kind() == "op":
            self._at += 1
            return True
        return False

    def _need(self, wanted: str) -> None:
        if not self._take(wanted):
            raise self._wrong(repr(wanted))

    def _wrong(self, wanted: str) -> ValueError:
        here = self._tokens[self._at][2] + 1 if self._at < len(self._tokens) else len(self._text) + 1
        seen = repr(self._next) if self._next else "the end"
        return ValueError(
            f"{seen} at character {here}, where {wanted} is expected; "
            "the XPath that maps take is in mappings/fieldmaps/README.md"
        )

    # --- paths ---
    def _path(self, in_predicate: bool) -> XPath:
        start, ups, below = "here", 0, False
        if not in_predicate and self._take("//"):
            start = "anywhere"
        elif not in_predicate and self._take("/"):
            start = "root"
        elif not in_predicate and self._next == "..":
            ups = self._ups()
            if self._tokens[self._at - 1][1] != "/":
                return XPath(self._text, (), None, start, ups)
        elif self._take("."):
            below = not in_predicate and self._take("//")
            if not below and not self._take("/"):
                return XPath(self._text, ())
        steps, attribute = self._steps()
        return XPath(self._text, tuple(steps), attribute, start, ups, below)

    def _ups(self) -> int:
        ups = 0
        while self._take(".."):
            ups += 1
            if not self._take("/"):
                break
        return ups

    def _steps(self) -> tuple[list[Step], str | None]:
        steps: list[Step] = []
        while True:
            if self._take("@"):
                return steps, self._name(of_attribute=True)
            if self._next == "text" and self._following() == "(":
                self._at += 1
                self._need("(")
                self._need(")")
                return steps, None
            steps.append(self._step())
            if not self._take("/"):
                return steps, None

    def _following(self) -> str:
        return self._tokens[self._at + 1][1] if self._at + 1 < len(self._tokens) else ""

    def _step(self) -> Step:
        tag = None if self._take("*") else self._name(of_attribute=False)
        judges = []
        while self._take("["):
            judges.append(self._either())
            self._need("]")
        return Step(tag, tuple(judges))

    def _name(self, of_attribute: bool) -> str:
        if self._kind() != "name":
            raise self._wrong("a name")
        prefix, _, local = self._next.rpartition(":")
        if prefix and prefix not in self._namespaces:
            raise ValueError(f"the prefix {prefix} is not in the map's namespaces")
        self._at += 1
        namespace = self._namespaces.get(prefix) if prefix or not of_attribute else None
        return f"{{{namespace}}}{local}" if namespace else local

    # --- predicates ---
    def _either(self) -> Judge:
        judges = [self._both()]
        while self._kind() == "name" and self._next == "or":
            self._at += 1
            judges.append(self._both())
        return judges[0] if len(judges) == 1 else lambda *where: any(judge(*where) for judge in judges)

    def _both(self) -> Judge:
        judges = [self._one()]
        while self._kind() == "name" and self._next == "and":
            self._at += 1
            judges.append(self._one())
        return judges[0] if len(judges) == 1 else lambda *where: all(judge(*where) for judge in judges)

    def _one(self) -> Judge:
        if self._take("("):
            inner = self._either()
            self._need(")")
            return inner
        name = self._next if self._following() == "(" and self._kind() == "name" else ""
        if name == "not":
            self._at += 2
            refused = self._either()
            self._need(")")
            return lambda *where: not refused(*where)
        if name in _TEXT_FUNCTIONS:
            return self._text_function(_TEXT_FUNCTIONS[name])
        if name in ("position", "last", "count"):
            return self._counted(name)
        if name and name != "text":
            raise ValueError(
                f"the function {name} is not taken; taken are not, contains, starts-with, position, last, count"
            )
        if self._kind() == "number":
            wanted = int(self._number())
            return lambda element, index, size, budget: index == wanted
        return self._compared(self._path(in_predicate=True))

    def _number(self) -> Decimal:
        if self._kind() != "number":
            raise self._wrong("a whole number")
        self._at += 1
        return exact(self._tokens[self._at - 1][1])

    def _counted(self, name: str) -> Judge:
        self._at += 2
        path = self._path(in_predicate=True) if name == "count" else None
        self._need(")")
        compare = self._comparison()
        if name == "last" and compare is None:
            return lambda element, index, size, budget: index == size
        if compare is None:
            raise self._wrong("a comparison with a number")
        last = name == "position" and self._next == "last" and self._following() == "("
        if last:
            self._at += 2
            self._need(")")
            return lambda element, index, size, budget: compare(Decimal(index), Decimal(size))
        wanted = self._number()
        if path is not None:
            return lambda element, index, size, budget: compare(Decimal(len(path.nodes(element, budget))), wanted)
        return lambda element, index, size, budget: compare(Decimal(index if name == "position" else size), wanted)

    def _text_function(self, function: Callable[[str, str], bool]) -> Judge:
        self._at += 2
        path = self._path(in_predicate=True)
        self._need(",")
        wanted = self._literal()
        self._need(")")

        def judge(element: Element, index: int, size: int, budget: Budget) -> bool:
            nodes = path.nodes(element, budget)
            return function(string_value(nodes[0], budget) if nodes else "", wanted)

        return judge

    def _literal(self) -> str:
        if self._kind() != "text":
            raise self._wrong("a text in quotes")
        self._at += 1
        return self._tokens[self._at - 1][1][1:-1]

    def _comparison(self) -> Callable[[Decimal, Decimal], bool] | None:
        sign = self._next
        return _COMPARE[sign] if self._take(*_COMPARISONS) else None

    def _compared(self, path: XPath) -> Judge:
        sign = self._next
        compare = self._comparison()
        if compare is None:
            return lambda element, index, size, budget: bool(path.nodes(element, budget))
        if self._kind() == "text":
            literal = self._literal()
            if sign not in ("=", "!="):
                raise ValueError(f"{sign} compares numbers only")
            return lambda element, index, size, budget: any(
                (string_value(node, budget) == literal) == (sign == "=") for node in path.nodes(element, budget)
            )
        wanted = self._number()

        def judge(element: Element, index: int, size: int, budget: Budget) -> bool:
            numbers = (_number_of(string_value(node, budget)) for node in path.nodes(element, budget))
            return any(compare(number, wanted) if number is not None else sign == "!=" for number in numbers)

        return judge


_COMPARE: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def _number_of(text: str) -> Decimal | None:
    try:
        return exact(text)
    except ValueError:
        return None


def _tokens(text: str) -> list[tuple[str, str, int]]:
    tokens, at = [], 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            if not text[at:].strip():
                break
            raise ValueError(f"{text[at:].strip()[0]!r} at character {at + 1} is not taken")
        tokens.append((found.lastgroup, found[found.lastgroup], found.start(found.lastgroup)))
        at = found.end()
    if not tokens:
        raise ValueError("is empty")
    return tokens
