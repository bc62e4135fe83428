"""A compiled map that reads: an account's own document → canonical orders, or every fault."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from mappings.fieldmaps import from_json, from_xml
from mappings.fieldmaps.budget import TooMuchWork, beyond
from mappings.fieldmaps.contexts import MAX_KEPT, Here, Level, Reading, Source, Told
from mappings.fieldmaps.jmes import FailedExpression
from mappings.fieldmaps.plans import KEPT, GroupPlan, Reader, located
from schemas.documents.order import Order, says_no_version
from schemas.documents.partly_read import rejection
from schemas.documents.validation import duplicate_lines, faults_of, only_in_a_change, shown, trusting_validator
from schemas.faults import DocumentHeld, DocumentRejected, Fault
from schemas.formats import Locator, ReadOrder, ReadPart
from schemas.formats.large_xml import judged_root
from schemas.formats.xml import head, parse, root_start
from schemas.safe_json.places import line_of
from schemas.safe_json.reader import read_json
from schemas.safe_json.text import looks_like_json

MAX_FAULTS = 1_000
MAX_PLACED_FAULTS = 100
MAX_PLACED_BODY = 200_000
"""As json-1: faults beyond are told without their place, and lines are counted in smaller bodies only."""
MAX_WARNINGS = 100
MAX_AROUND = 100
"""Values of the document around the orders that are kept with each."""
_LONGEST_KEPT = 100_000
_LONGEST_NAME = 1_000
_MAX_NUMBER = 200
_order_model = trusting_validator(Order)
_NAME = re.compile(r"(?:[^\s<>/:!?]+:)?([^\s<>/:!?]+)")
CHECK_WORK = 100_000
"""Steps that finding a document's orders may take where it comes in."""
LARGE_BODY = 1_000_000
"""Bytes from which on a document is judged without building its tree."""


@dataclass(frozen=True, slots=True)
class OrdersPlan:
    """What is compiled of a map that reads."""

    language: str
    root: str | None
    """The root element's name, with its namespace."""
    document: Level
    order: Level
    orders: Source | None
    group: GroupPlan
    keeps: bool
    warns: bool
    lost: set[str]
    inside_lost: tuple[str, ...]
    """What the names of all that is inside those begin with."""
    orders_told: Told
    namespaces: frozenset[str] = frozenset()
    """Those that its expressions name."""


class ReadingMap:
    """A map for documents that come in. It is compiled once and holds nothing of a document."""

    def __init__(self, plan: OrdersPlan) -> None:
        self._plan = plan
        self._is_xml = self.is_xml = plan.language == "xml"
        self._reader = Reader(from_xml.scan if self._is_xml else from_json.scan)
        self.media_type = "application/xml" if self._is_xml else "application/json"
        self.names = frozenset(plan.document.branch.members) | frozenset(plan.order.branch.members)
        """What it looks for in the outermost object, or in an order."""
        self.namespaces = plan.namespaces

    def sniff(self, body: bytes) -> bool:
        """Whether this may be a document of the map's; looks at the first bytes only."""
        if not self._is_xml:
            return looks_like_json(body)
        start = head(body)
        found = _NAME.match(start, root_start(start.encode("latin-1", "replace")))
        return found is not None and (self._plan.root is None or self._plan.root.rpartition("}")[2] == found[1])

    def check(self, body: bytes) -> int:
        """Can the bytes be safely read, is it the document that the map is for, and how many orders are in it? Raises
        DocumentRejected.

        Of the map only `orders` is worked out, and of that no more than CHECK_WORK steps, so no map makes it slow: what
        takes longer counts as one order, for whoever reads it to find out.
        """
        if self._plan.orders is None and self._is_xml and len(body) >= LARGE_BODY:
            self._judge_root(judged_root(body))
            return 1
        reading = Reading(keeps=False, steps=CHECK_WORK)
        try:
            return len(self._orders(reading, self._document(reading, body)))
        except DocumentHeld:
            return 1

    def read(self, body: bytes) -> tuple[ReadOrder, ...]:
        """The orders in the document.

        Raises DocumentRejected with every fault of every order (where there are several, the pointers begin with the
        order's index), and DocumentHeld (`map_limit`) where the map asks for too much.
        """
        read: list[ReadOrder] = []
        faults: list[Fault] = []
        reading = Reading(self._plan.keeps)
        document = self._document(reading, body)
        nodes = self._orders(reading, document)
        for node, index in nodes:
            one = self._judged(reading, document, node, index, body)
            if isinstance(one, ReadOrder):
                read.append(one)
            elif len(nodes) == 1:
                raise one
            else:
                faults += (replace(fault, path=f"/{index}{fault.path}") for fault in one.faults)
            if len(faults) >= MAX_FAULTS:
                break
        if faults:
            raise DocumentRejected(faults[:MAX_FAULTS])
        return tuple(read)

    def read_each(self, body: bytes) -> Iterator[ReadOrder | DocumentRejected]:
        """The orders one by one, each as read or as rejected, so that a bad one holds up none of the others. Raises
        DocumentRejected where the document as a whole can't be read, and DocumentHeld."""
        reading = Reading(self._plan.keeps)
        document = self._document(reading, body)
        for node, index in self._orders(reading, document):
            yield self._judged(reading, document, node, index, body)

    def read_parts(self, body: bytes, parts: Iterable[int]) -> dict[int, ReadPart]:
        """The orders of these numbers, from 1, each as read or as rejected. Raises as `read_each`."""
        wanted = frozenset(parts)
        reading = Reading(self._plan.keeps)
        document = self._document(reading, body)
        return {
            index + 1: self._judged(reading, document, node, index, body)
            for node, index in self._orders(reading, document)
            if index + 1 in wanted
        }

    def locate(self, body: bytes, pointers: Sequence[str], part: int = 1) -> list[str]:
        """Where values of the order of this number stand in the body, in words. Raises as `read_each`."""
        return self.locator(body)(pointers, part)

    def locator(self, body: bytes) -> Locator:
        """`locate` for any order of the body, which is read here and kept. Raises as `read_each`."""
        reading = Reading(keeps=False)
        document = self._document(reading, body)
        orders = self._orders(reading, document)

        def places(pointers: Sequence[str], part: int) -> list[str]:
            node, index = orders[part - 1]
            return self._places(document, node, index, pointers, body)

        return places

    # --- a document ---
    def _judge_root(self, root: Any) -> None:
        if self._plan.root is not None and root.tag != self._plan.root:
            raise _wrong_root(root, self._plan.root)

    def _document(self, reading: Reading, body: bytes) -> Here:
        if self._is_xml:
            node: Any = parse(body)
            self._judge_root(node)
        else:
            node = read_json(body, nulls=False, exactly=False)
        if self._plan.orders is None:
            return Here(node, None, self._plan.document)
        try:
            return self._reader.enter(reading, node, None, self._plan.document)
        except TooMuchWork:
            raise beyond("orders", self._plan.orders_told.location) from None

    def _orders(self, reading: Reading, document: Here) -> list[tuple[Any, int]]:
        source = self._plan.orders
        if source is None:
            nodes = [document.node]
        else:
            try:
                nodes = source.groups(reading, document)
            except TooMuchWork:
                raise beyond("orders", self._plan.orders_told.location) from None
            except FailedExpression as failed:
                raise _no_orders(f"the map's orders can't be found: {failed}", source.located(document)) from None
        if not self._is_xml and not all(type(node) is dict for node in nodes):
            raise _no_orders("what stands where an order should is no object", _place(self._is_xml, document))
        if not nodes:
            raise _no_orders("there is no order in it", "" if source is None else source.located(document))
        return [(node, index) for index, node in enumerate(nodes)]

    # --- an order ---
    def _order(self, reading: Reading, document: Here, node: Any, index: int) -> tuple[Here, dict[str, Any]]:
        here = Here(node, None if self._plan.orders is None else document, self._plan.order)
        here.each, here.index, here.position = self._plan.orders, index, index
        reading.kept, reading.pending = [], []
        try:
            self._reader.scan(reading, here, self._plan.order)
            reading.budget.spend(self._plan.group.work)
        except TooMuchWork:
            raise beyond("order", self._plan.group.told.location) from None
        found = self._reader.group(self._plan.group, reading, here, is_alone=False) or {}
        if says_no_version(found):
            found["version"] = 0
        return here, found

    def _judged(
        self, reading: Reading, document: Here, node: Any, index: int, body: bytes
    ) -> ReadOrder | DocumentRejected:
        try:
            here, found = self._order(reading, document, node, index)
        except DocumentRejected as rejected:
            return rejected
        warnings = self._keep(reading, document, here, found) if reading.keeps else ()
        lines = found.get("lines", ())
        numbers = [line.get("line_number") for line in lines]
        try:
            order = _order_model(found)
        except ValidationError:
            return self._rejected(document, node, index, body, found)
        if len({line.line_number for line in order.lines}) < len(numbers):
            return self._rejected(document, node, index, body, found)
        if _says_what_only_a_change_can(found):
            return self._rejected(document, node, index, body, found)
        return ReadOrder(order, warnings=warnings)

    def _rejected(self, document: Here, node: Any, index: int, body: bytes, found: dict[str, Any]) -> DocumentRejected:
        faults: list[Fault] = []
        try:
            Order.model_validate(found)
        except ValidationError as error:
            faults += (_readable(fault) for fault in faults_of(error)[:MAX_FAULTS])
        faults += duplicate_lines(line.get("line_number") for line in found.get("lines", ()))
        faults += _says_what_only_a_change_can(found)
        faults = faults[:MAX_FAULTS]
        places = self._places(document, node, index, [fault.path for fault in faults[:MAX_PLACED_FAULTS]], body)
        told = [replace(fault, location=place) for fault, place in zip(faults, places, strict=False)]
        return rejection(found, faults, told + faults[MAX_PLACED_FAULTS:], _answer_to(found))

    def _places(self, document: Here, node: Any, index: int, pointers: Sequence[str], body: bytes) -> list[str]:
        try:
            root = self._placed(document, node, index)
        except (DocumentRejected, DocumentHeld):
            return [_place(self._is_xml, document) for _ in pointers]
        steps = [[step.replace("~1", "/").replace("~0", "~") for step in one.split("/")[1:]] for one in pointers]
        found = [located(root, one, lambda here: _place(self._is_xml, here)) for one in steps]
        return found if self._is_xml else [_with_line(body, place) for place in found]

    def _placed(self, document: Here, node: Any, index: int) -> dict[str, Any]:
        """The same reading once more, in which every group remembers where it was read."""
        return self._order(Reading(keeps=False, is_placed=True), document, node, index)[1]

    # --- what no rule reads ---
    def _keep(self, reading: Reading, document: Here, here: Here, found: dict[str, Any]) -> tuple[Fault, ...]:
        """Puts it among the extensions of the line or order that it stands in, or makes warnings of it."""
        try:
            for place, prefix, kept in (*reading.pending, (here, "", reading.kept)):
                self._add(reading, place, prefix, kept, MAX_KEPT)
            if self._plan.orders is not None:
                self._add(reading, document, "/", reading.kept, MAX_KEPT + MAX_AROUND)
        except TooMuchWork:
            said = f"more than {MAX_KEPT:,} values that no rule reads, or one longer than {_LONGEST_KEPT:,} characters,"
            raise beyond("unread", self._plan.group.told.location, said) from None
        parts = [(found, reading.kept), *((line, line.pop(KEPT, [])) for line in found.get("lines", ()))]
        if self._plan.warns:
            return _warnings(name for _, kept in parts for name, _ in kept)
        for part, kept in parts:
            if kept:
                part["extensions"] = [*part.get("extensions", ()), *({"name": n, "value": v} for n, v in kept)]
        return ()

    def _add(self, reading: Reading, place: Here, prefix: str, kept: list[tuple[str, str]], most: int) -> None:
        if not place.unread and not place.choices:
            return
        leaves = from_xml.leaves if self._is_xml else from_json.leaves
        for name, text in leaves(reading, place, prefix, self._plan.lost):
            if len(kept) >= most or len(text) > _LONGEST_KEPT:
                raise TooMuchWork
            if name not in self._plan.lost and not name.startswith(self._plan.inside_lost):
                kept.append((name[:_LONGEST_NAME], text))


def _says_what_only_a_change_can(found: dict[str, Any]) -> tuple[Fault, ...]:
    actions = (line.get("action") for line in found.get("lines", ()))
    return only_in_a_change(found.get("function"), found.get("other_lines"), actions)


def _warnings(names: Iterable[str]) -> tuple[Fault, ...]:
    each_once = list(dict.fromkeys(names))[:MAX_WARNINGS]
    return tuple(
        Fault(
            "unread_value",
            f"{name} is read by no rule of the map",
            location=name,
            expected="a rule, or its name in lost",
        )
        for name in each_once
    )


def _readable(fault: Fault) -> Fault:
    """A value that a rule needs and that isn't there has none to show."""
    if fault.code != "missing_field":
        return fault
    name = fault.path.rpartition("/")[2]
    return replace(fault, value=None, detail=f"{name} is missing or empty")


def _answer_to(found: dict[str, Any]) -> str | None:
    """The order number that a negative answer can name, unless the order wants none."""
    number, wanted = found.get("order_number"), found.get("response_requested", True)
    return number if isinstance(number, str) and len(number) <= _MAX_NUMBER and wanted is True else None


def _place(is_xml: bool, here: Here) -> str:
    return from_xml.place_of(here.node) if is_xml else from_json.where(here) or "/"


def _with_line(body: bytes, place: str) -> str:
    path = place.split(" ")[0]
    if len(body) > MAX_PLACED_BODY:
        return place
    steps = [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]
    line = line_of(body, steps if path != "/" else [])
    return place if line is None else f"{place} (line {line})"


def _no_orders(detail: str, location: str) -> DocumentRejected:
    return DocumentRejected(
        [Fault("wrong_document", detail, "", location, None, "an order where the map looks for it")]
    )


def _wrong_root(root: Any, expected: str) -> DocumentRejected:
    location = from_xml.place_of(root)
    detail = f"the document is {root.tag[:200]}, not {expected}"
    return DocumentRejected([Fault("wrong_document", detail, "", location, shown(root.tag), expected)])
