"""The text of a map → a compiled map, or every mistake in it. Maps that write are compiled by `writing.Templates`."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from mappings.fieldmaps import from_json, from_xml
from mappings.fieldmaps.contexts import Level, Source, Told
from mappings.fieldmaps.groups import ReadMap
from mappings.fieldmaps.jmes import parse_jmespath
from mappings.fieldmaps.mistakes import Mistakes, Place
from mappings.fieldmaps.plans import Plans
from mappings.fieldmaps.reading import OrdersPlan, ReadingMap
from mappings.fieldmaps.templates import MODELS, WriteMap
from mappings.fieldmaps.values import Rules
from mappings.fieldmaps.writing import Templates, WritingMap
from mappings.fieldmaps.xpath import XPath, parse_xpath
from mappings.fieldmaps.yaml_text import read_yaml
from schemas.documents.order import Order
from schemas.json_schema import DOCUMENTS

CompiledMap = ReadingMap | WritingMap
_MOST_KEYS = 30
_REFERRED_TO = ("reads", "writes", "root", "orders", "tables", "defaults", "namespaces", "rows")


def compile_map(text: str, name: str) -> CompiledMap:
    """The map, compiled: one that reads or one that writes. `name` is its file's: `order_response_map.yaml` is one for
    order responses.

    Raises MapRejected with every mistake, each with its line and column.
    """
    tree, mistakes = read_yaml(text, name)
    if isinstance(tree, dict) and "writes" in tree:
        return _writing(tree, mistakes, name)
    return _reading(tree, mistakes)


def compile_reading_map(text: str, name: str) -> ReadingMap:
    """A map that reads, compiled. Raises MapRejected, also for one that writes."""
    return _reading(*read_yaml(text, name))


def compile_writing_map(text: str, name: str) -> WritingMap:
    """A map that writes, compiled. Raises MapRejected, also for one that reads."""
    return _writing(*read_yaml(text, name), name)


def _writing(tree: Any, mistakes: Mistakes, name: str) -> WritingMap:
    document = DOCUMENTS.get(name.removesuffix("_map.yaml"))
    if document is None:
        known = ", ".join(f"{one}_map.yaml" for one in DOCUMENTS)
        mistakes.add((), f"{name} names no document", f"one of {known}", name)
        mistakes.raise_any()
    language = tree.get("writes") if isinstance(tree, dict) else None
    model = MODELS.get(language, WriteMap) if isinstance(language, str) else WriteMap
    return Templates(_model(tree, model, mistakes), document or DOCUMENTS["order"], mistakes).compiled()


def _reading(tree: Any, mistakes: Mistakes) -> ReadingMap:
    if not isinstance(tree, dict):
        mistakes.add((), "is no mapping of keys to values", "reads, order and what else a map has")
        mistakes.raise_any()
    return _reading_map(_model(tree, ReadMap, mistakes), mistakes)


def _model(tree: Any, model: type[Any], mistakes: Mistakes) -> Any:
    """The map as its model; where keys or values are wrong, without those, so that the expressions of the others are
    judged as well. Raises MapRejected where nothing can be made of the rest."""
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        found = error.errors(include_url=False)
    for wrong in found:
        _add(mistakes, wrong, model)
    rest = deepcopy(tree)
    for wrong in found:
        _leave_out(rest, mistakes.known(tuple(wrong["loc"])), mistakes)
    try:
        return model.model_validate(rest)
    except ValidationError:
        mistakes.raise_any()
        raise


def _leave_out(tree: Any, place: Place, mistakes: Mistakes) -> None:
    """Takes the key at this place, or the one around it, out of the tree. Members of lists stay: the others' places
    would be other ones. Raises MapRejected where what others refer to would be missing."""
    while place and isinstance(place[-1], int):
        place = place[:-1]
    if not place or place[0] in _REFERRED_TO:
        mistakes.raise_any()
    for step in place[:-1]:
        tree = tree[step] if isinstance(tree, list) or step in tree else {}
    tree.pop(place[-1], None)
    mistakes.follow_from(place[:-1])


def _add(mistakes: Mistakes, wrong: Any, model: type[BaseModel]) -> None:
    place = tuple(wrong["loc"])
    value = wrong["input"] if isinstance(wrong["input"], str) else None
    if wrong["type"] == "missing":
        mistakes.add(place, "is missing", "a value", code="missing_field")
    elif wrong["type"] == "extra_forbidden":
        mistakes.add(place, "is no key here", _known_key(model, place), str(place[-1]), code="unknown_field")
    else:
        place = mistakes.known(place)
        said = wrong["msg"].removeprefix("Value error, ")
        mistakes.add(place, said[:1].lower() + said[1:], None, value)


def _known_key(model: type[BaseModel], place: Place) -> str:
    keys = [field.alias or name for one in _models_at(model, place[:-1]) for name, field in one.model_fields.items()]
    near = get_close_matches(str(place[-1]), keys, 1)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(dict.fromkeys(keys[:_MOST_KEYS]))}"


def _models_at(model: type[BaseModel], place: Place) -> list[type[BaseModel]]:
    models = [model]
    for step in place:
        fields = [one for known in models for name, one in known.model_fields.items() if step in (name, one.alias)]
        models = [inner for one in fields for inner in _models_in(one.annotation)] or models
    return models


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models_in(inner)]


# --- maps that read -----------------------------------------------------------------------------------------------
def _reading_map(written: ReadMap, mistakes: Mistakes) -> ReadingMap:
    document = Level(None, 0)
    is_repeated = written.orders is not None
    order = Level(document if is_repeated else None, 1 if is_repeated else 0, is_order=True)
    expressions = _Xml(written, mistakes) if written.reads == "xml" else _Json(written, mistakes)
    orders = None
    if written.orders is not None:
        orders = expressions.source(written.orders, "here", document, ("orders",), True)
    rules = Rules(written, mistakes, expressions.source)
    plans = Plans(rules, "/" if written.reads == "xml" else ".")
    group = plans.group(written.order, Order, order, ("order",))
    mistakes.raise_any()
    told = Told(("orders",), mistakes.location(mistakes.mark(("orders",))))
    keeps = written.unread in ("keep", "warn")
    inside_lost = tuple(name + plans.between for name in written.lost)
    return ReadingMap(
        OrdersPlan(
            written.reads, expressions.root, document, order, orders, group,
            keeps, written.unread == "warn", set(written.lost), inside_lost, told,
            frozenset(written.namespaces.values()),
        )
    )  # fmt: skip


class _Expressions:
    """Parses each expression once a place and tells where it starts."""

    root: str | None = None

    def __init__(self, written: ReadMap, mistakes: Mistakes) -> None:
        self._mistakes = mistakes
        self._namespaces: Mapping[str, str] = written.namespaces
        if written.reads == "json":
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
