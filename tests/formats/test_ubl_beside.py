"""Text that stands beside a group's elements has no field; it is kept aside under the group's name, wherever it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from schemas.documents.order import Order
from schemas.faults import DocumentRejected
from schemas.formats.ubl_2_1 import UBL_2_1
from schemas.formats.ubl_2_1.codec import LARGE_BODY
from tests.formats.test_ubl_once import NUMBER, PATHS, SMALL, TEN, at, full

EXAMPLES = Path(__file__).resolve().parents[2] / "schemas" / "formats" / "ubl_2_1" / "examples" / "order"
GROUPS = [path for path in PATHS if any(other.startswith(path + "/") for other in PATHS)]
_LINE = "cac:OrderLine/cac:LineItem"
NEEDED = {"cac:OrderLine", _LINE, f"{_LINE}/cac:AllowanceCharge", "cac:AllowanceCharge"}
"""Without what is in these there is no order, or no charge."""
WORD = "Liefertor"


def read(body: bytes) -> Order:
    (found,) = UBL_2_1.parse_orders(body)
    assert found.warnings == ()
    return found.order


def kept(order: Order) -> list[tuple[str, str]]:
    lines = [(f"cac:OrderLine/{one.name}", one.value) for line in order.lines for one in line.extensions]
    return [*((one.name, one.value) for one in order.extensions), *lines]


def name_of(path: str) -> str:
    """A line's own names begin below it; text beside the line's elements has the line's."""
    return f"cac:OrderLine/{path}" if path == "cac:OrderLine" else path


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("path", PATHS)
def test_text_after_an_element_is_kept_under_its_groups_name(path: str, large: bool) -> None:
    root = full()
    element = at(root, path)
    element.tail = f"\n {WORD} "
    order = read(etree.tostring(root) + b"\n" * (LARGE_BODY if large else 0))
    group = path.rpartition("/")[0]
    assert {name for name, value in kept(order) if value == WORD} == {name_of(group) if group else "Order"}


@pytest.mark.parametrize("path", GROUPS)
def test_text_before_the_first_element_is_kept_under_its_groups_name(path: str) -> None:
    root = full()
    at(root, path).text = WORD
    assert {name for name, value in kept(read(etree.tostring(root))) if value == WORD} == {name_of(path)}


@pytest.mark.parametrize("path", GROUPS)
def test_text_instead_of_elements_is_kept_under_its_groups_name(path: str) -> None:
    root = full()
    element = at(root, path)
    for child in [*element]:
        element.remove(child)
    element.text = WORD
    if path in NEEDED:
        with pytest.raises(DocumentRejected):
            read(etree.tostring(root))
    else:
        assert {name for name, value in kept(read(etree.tostring(root))) if value == WORD} == {name_of(path)}


def test_the_white_space_between_elements_is_nothing() -> None:
    for path in EXAMPLES.glob("*.xml"):
        root = etree.parse(path, etree.XMLParser(remove_comments=True, remove_pis=True)).getroot()
        for element in root.iter():
            element.tail = "\n\t \r\n"
            if len(element):
                element.text = " \n"
        assert UBL_2_1.parse_orders(etree.tostring(root, with_tail=False)) == UBL_2_1.parse_orders(path.read_bytes())


def test_texts_beside_elements_are_counted_with_all_that_is_kept() -> None:
    header = NUMBER + "<cbc:UBLVersionID>2.1</cbc:UBLVersionID>a" * 20_001
    with pytest.raises(DocumentRejected) as refused:
        UBL_2_1.parse_orders(SMALL.format(header=header, line=TEN).encode())
    assert [fault.code for fault in refused.value.faults] == ["xml_limit"]
