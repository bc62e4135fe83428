"""The text of a map → a compiled map, or every mistake in it. Maps that write are compiled by `writing.Templates`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mappings.fieldmaps import from_json, from_xml
from mappings.fieldmaps.contexts import Level, Source, Told
from mappings.fieldmaps.groups import ReadMap
from mappings.fieldmaps.jmes import parse_jmespath
from mappings.fieldmaps.language import AnyMap
from mappings.fieldmaps.mistakes import Mistakes, Place
from mappings.fieldmaps.models import whole_model
from mappings.fieldmaps.plans import Plans
from mappings.fieldmaps.reading import OrdersPlan, ReadingMap
from mappings.fieldmaps.templates import MODELS, WriteMap
from mappings.fieldmaps.values import Rules, SourceOf
from mappings.fieldmaps.writing import Templates, WritingMap
from mappings.fieldmaps.xpath import XPath, parse_xpath
from mappings.fieldmaps.yaml_text import read_yaml
from schemas.documents.order import Order
from schemas.json_schema import DOCUMENTS

CompiledMap = ReadingMap | WritingMap
RulesOf = Callable[[AnyMap, Mistakes, SourceOf], Rules]


def compile_map(text: str, name: str) -> CompiledMap:
    """The map, compiled: one that reads or one that writes. `name` is its file's: `order_response_map.yaml` is one for
    order responses.

    Raises MapRejected with every mistake, each with its line and column.
    """
    tree, mistakes = read_yaml(text, name)
    if isinstance(tree, dict) and "writes" in tree:
        return templates_of(tree, mistakes, name).compiled()
    return _reading(tree, mistakes)


def compile_reading_map(text: str, name: str) -> ReadingMap:
    """A map that reads, compiled. Raises MapRejected, also for one that writes."""
    return _reading(*read_yaml(text, name))


def compile_writing_map(text: str, name: str) -> WritingMap:
    """A map that writes, compiled. Raises MapRejected, also for one that reads."""
    return templates_of(*read_yaml(text, name), name).compiled()


def templates_of(tree: Any, mistakes: Mistakes, name: str, templates: type[Templates] = Templates) -> Templates:
    """What compiles the map of this file. Raises MapRejected where nobody knows what it is a map of."""
    document = DOCUMENTS.get(name.removesuffix("_map.yaml"))
    if document is None:
        known = ", ".join(f"{one}_map.yaml" for one in DOCUMENTS)
        mistakes.add((), f"{name} names no document", f"one of {known}", name)
    language = tree.get("writes") if isinstance(tree, dict) else None
    model = MODELS.get(language, WriteMap) if isinstance(language, str) else WriteMap
    written = whole_model(tree, model, mistakes)
    if document is None or (model is WriteMap and language != "csv"):
        mistakes.raise_any()  # nobody knows which fields there are, or what the template is one of
    return templates(written, document or DOCUMENTS["order"], mistakes)


def _reading(tree: Any, mistakes: Mistakes) -> ReadingMap:
    plan = plan_of(tree, mistakes)
    mistakes.raise_any()
    return ReadingMap(plan)


def plan_of(tree: Any, mistakes: Mistakes, rules_of: RulesOf = Rules) -> OrdersPlan:
    """The plan of a map that reads, as far as what is wrong with it leaves one: that is in `mistakes`. Raises
    MapRejected where it leaves none."""
    if not isinstance(tree, dict):
        mistakes.add((), "is no mapping of keys to values", "reads, order and what else a map has")
        mistakes.raise_any()
    return _plan(whole_model(tree, ReadMap, mistakes), mistakes, rules_of)


# --- maps that read -----------------------------------------------------------------------------------------------
def _plan(written: ReadMap, mistakes: Mistakes, rules_of: RulesOf) -> OrdersPlan:
    document = Level(None, 0)
    is_repeated = written.orders is not None
    order = Level(document if is_repeated else None, 1 if is_repeated else 0, is_order=True)
    expressions = _expressions(written, mistakes)
    orders = None
    if written.orders is not None:
        orders = expressions.source(written.orders, "here", document, ("orders",), True)
    rules = rules_of(written, mistakes, expressions.source)
    plans = Plans(rules, "/" if written.reads == "xml" else ".")
    group = plans.group(written.order, Order, order, ("order",))
    told = Told(("orders",), mistakes.location(mistakes.mark(("orders",))))
    keeps = written.unread in ("keep", "warn")
    inside_lost = tuple(name + plans.between for name in written.lost)
    return OrdersPlan(
        written.reads, expressions.root, document, order, orders, group,
        keeps, written.unread == "warn", set(written.lost), inside_lost, told,
        frozenset(written.namespaces.values()),
    )  # fmt: skip


def _expressions(written: ReadMap, mistakes: Mistakes) -> _Expressions:
    if mistakes.has_lost(("reads",)):
        return _OfNobodyKnowsWhat(written, mistakes)
    return _Xml(written, mistakes) if written.reads == "xml" else _Json(written, mistakes)


class _AnyPrefix(dict[str, str]):
    """Namespaces of which some were left out."""

    def __contains__(self, prefix: object) -> bool:
        return True


class _Expressions:
    """Parses each expression once a place and tells where it starts."""

    root: str | None = None

    def __init__(self, written: ReadMap, mistakes: Mistakes) -> None:
        self._mistakes = mistakes
        self._namespaces: Mapping[str, str] = written.namespaces
        if mistakes.has_lost_of("namespaces"):
            self._namespaces = _AnyPrefix(written.namespaces)
        if written.reads == "json" and not mistakes.has_lost(("reads",)):
            for key in ("root", "namespaces"):
                if key in written.model_fields_set:
                    mistakes.add((key,), f"{key} is for XML", f"no {key} here")

    def target(self, scope: str, level: Level, place: Place) -> Level | None:
        """The level that `of` names."""
        target = level.named(scope)
        if target is None:
            self._mistakes.add(
                (*place[:-1], "of"), f"there is no {scope} around this", "here, order or document", scope
            )
        return target

    def source(self, text: str, scope: str, level: Level, place: Place, for_groups: bool) -> Source | None:
        """The source of an expression; None where it, or what it starts at, is a mistake."""
        target = self.target(scope, level, place)
        try:
            return None if target is None else self.parsed(text, level, target, for_groups)
        except ValueError as error:
            self._mistakes.add(place, str(error), "an expression that can be taken", text)
            return None

    def parsed(self, text: str, level: Level, target: Level, for_groups: bool) -> Source:
        """The source. Raises ValueError."""
        raise NotImplementedError


class _OfNobodyKnowsWhat(_Expressions):
    """Where the map doesn't say what it reads: expressions aren't judged, and the rest of the rules is."""

    def source(self, text: str, scope: str, level: Level, place: Place, for_groups: bool) -> Source | None:
        """None."""
        self.target(scope, level, place)
        return None


class _Xml(_Expressions):
    def __init__(self, written: ReadMap, mistakes: Mistakes) -> None:
        super().__init__(written, mistakes)
        for prefix, namespace in written.namespaces.items():
            if not namespace:
                mistakes.add(("namespaces", prefix), "is empty", "a namespace")
        if written.root is not None:
            self.root = self._root(written.root)

    def _root(self, text: str) -> str | None:
        try:
            names = parse_xpath(text, self._namespaces).plain
        except ValueError as error:
            self._mistakes.add(("root",), str(error), "an element's name", text)
            return None
        if names is None or len(names) != 1:
            self._mistakes.add(("root",), "is no single name", "an element's name", text)
            return None
        return names[0]

    def parsed(self, text: str, level: Level, target: Level, for_groups: bool) -> Source:
        """An XPath from the root is one of the document's whole, and plain where the root is the one it names."""
        xpath = parse_xpath(text, self._namespaces)
        if for_groups and (xpath.attribute or (not xpath.steps and not xpath.ups and xpath.start == "here")):
            raise ValueError("names no elements inside")
        if xpath.start == "root":
            names = XPath(text, xpath.steps, xpath.attribute).plain
            outermost = list(level.around())[-1]
            if names is not None and self.root is None and not outermost.is_order:
                self.root = names[0]
            if names is not None and names[0] == self.root and (len(names) > 1 or not for_groups):
                return from_xml.source_of(XPath(text, xpath.steps[1:], xpath.attribute), level, outermost, for_groups)
        return from_xml.source_of(xpath, level, target, for_groups)


class _Json(_Expressions):
    def parsed(self, text: str, level: Level, target: Level, for_groups: bool) -> Source:
        """A JMESPath."""
        return from_json.source_of(parse_jmespath(text), level, target, for_groups)
