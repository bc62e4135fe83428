"""Whatever the bytes and whatever the map: nothing but their own faults comes out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mappings.fieldmaps import MapRejected, compile_map
from schemas.documents.order import Order
from schemas.fault_codes import FAULTS
from schemas.faults import DocumentFailure, DocumentHeld, DocumentRejected

ACCOUNTS = Path(__file__).with_name("accounts")
MAPS = {
    name: compile_map((ACCOUNTS / name / "order_map.yaml").read_text(encoding="utf-8"), "order_map.yaml")
    for name in ("marketplace", "gobl", "hardware")
}
TEXTS = {name: (ACCOUNTS / name / "order_map.yaml").read_text(encoding="utf-8") for name in MAPS}
SAMPLE = (ACCOUNTS / "hardware" / "two-orders.xml").read_bytes()

_leaf = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.sampled_from(["2019-05-23T10:00:00Z", "1"])
)
_names = st.sampled_from(
    ["purchaseOrderNumber", "orderDetails", "items", "orderedQuantity", "amount", "buyingParty", "partyId", "netCost",
     "itemSequenceNumber", "purchaseOrderDate", "deliveryWindow", "address", "isBackOrderAllowed", "doc", "lines", "x"]
)  # fmt: skip
JSON: st.SearchStrategy[Any] = st.recursive(
    _leaf,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_names, inner, max_size=6)),
    max_leaves=20,
)
_TAGS = ["Artikelgruppe", "Artikel", "Teil", "Palette", "Lieferung", "Termin", "Hinweis", "Ort", "Neu"]
_KEYS = ["nr", "menge", "preis_in_cent", "je", "storniert", "waehrung", "am", "filiale", "eilig"]


def _element(tag: str, attributes: dict[str, str], text: str, children: list[str]) -> str:
    said = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<{tag}{said}>{text}{''.join(children)}</{tag}>"


_values = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='<&"\ufffe\uffff'), max_size=6)
_attributes = st.dictionaries(
    st.sampled_from(_KEYS), st.one_of(_values, st.sampled_from(["1", "1,5", "ja"])), max_size=4
)
XML = st.recursive(
    st.builds(_element, st.sampled_from(_TAGS), _attributes, _values, st.just([])),
    lambda inner: st.builds(_element, st.sampled_from(_TAGS), _attributes, _values, st.lists(inner, max_size=4)),
    max_leaves=12,
)


def _told(refused: DocumentFailure, where: str = "") -> None:
    assert refused.faults
    for fault in refused.faults:
        assert fault.code in FAULTS
        assert fault.detail
        assert fault.location.startswith(where)


def read(name: str, body: bytes) -> None:
    """Reads it, and holds what comes out against what may."""
    compiled = MAPS[name]
    compiled.sniff(body)
    try:
        orders = compiled.read(body)
    except (DocumentRejected, DocumentHeld) as refused:
        _told(refused)
        return
    assert orders
    for one in orders:
        assert Order.model_validate(one.order.model_dump()) == one.order


@given(st.sampled_from(sorted(MAPS)), st.binary(max_size=200))
def test_any_bytes(name: str, body: bytes) -> None:
    read(name, body)


@given(st.sampled_from(["marketplace", "gobl"]), JSON, st.booleans())
def test_any_json(name: str, value: Any, wrapped: bool) -> None:
    read(name, json.dumps({"orders": [value]} if wrapped else value).encode())


@given(XML, st.booleans())
def test_any_xml(element: str, as_order: bool) -> None:
    inner = f"<Bestellung nr='1'><Termin>24.11.2026</Termin>{element}</Bestellung>" if as_order else element
    read("hardware", f'<Bestellungen xmlns="urn:example:bestellung">{inner}</Bestellungen>'.encode())


@given(st.integers(0, len(SAMPLE)), st.integers(0, 40), st.binary(max_size=10))
def test_a_document_with_a_piece_replaced(start: int, length: int, piece: bytes) -> None:
    read("hardware", SAMPLE[:start] + piece + SAMPLE[start + length :])


def compiles(text: str) -> None:
    """Compiles it, or is told why not, and where."""
    try:
        compile_map(text, "order_map.yaml")
    except MapRejected as refused:
        _told(refused, "order_map.yaml line ")


@given(st.text(max_size=300))
def test_any_text_as_a_map(text: str) -> None:
    compiles(text)


@given(st.text(st.sampled_from("{}[]:,-#&*!|>'\"%@` \n\tab?~"), max_size=60))
def test_any_yaml_signs_as_a_map(text: str) -> None:
    compiles(text)


@given(st.sampled_from(sorted(TEXTS)), st.integers(0, 4_000), st.integers(0, 30), st.text(max_size=12))
def test_a_map_with_a_piece_replaced(name: str, start: int, length: int, piece: str) -> None:
    text = TEXTS[name]
    compiles(text[: start % len(text)] + piece + text[start % len(text) + length :])


_word = st.one_of(
    st.sampled_from(
        ["a", "//b", "@c", "a.b[0]", "[@, @][]", "x:y", "true", "1", "(", "iso", "join('', a)", "\\d+", "T"]
    ),
    st.text(max_size=6),
)
_tree = st.recursive(
    _word,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["from", "each", "value", "clean", "table", "join", "parts", "when", "if", "use", "first", "number",
                 "date", "order_number", "lines", "ship_to", "quantity", "line_number", "of", "equals", "several",
                 "position", "extract"]
            ),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=15,
)  # fmt: skip


@given(
    st.sampled_from(["xml", "json"]),
    st.dictionaries(st.sampled_from(["order_number", "lines", "note", "total", "issue_date"]), _tree),
)
def test_any_tree_of_rules(language: str, order: Any) -> None:
    compiles(json.dumps({"reads": language, "order": order}))


@given(st.sampled_from(["json", "xml", "csv"]), _tree, _tree)
def test_any_tree_of_a_template(language: str, template: Any, columns: Any) -> None:
    compiles(json.dumps({"writes": language, "template": template, "columns": columns}))
