"""A UBL OrderCancellation, read and written. It may cancel several orders, and has no lines: each of them goes as a
whole."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from schemas.documents.order import Order
from schemas.documents.validation import faults_of
from schemas.faults import Fault
from schemas.formats.large_xml import Arriving
from schemas.formats.ubl_2_1.names import cac, cbc, qualified
from schemas.formats.ubl_2_1.order import ORDER, PEPPOL_ADVANCED, holders_text, issued_text, settled
from schemas.formats.ubl_2_1.order_change import ORDER_REFERENCE
from schemas.formats.ubl_2_1.reading import Found, Reading, Table
from schemas.formats.ubl_2_1.steps import texts
from schemas.formats.ubl_2_1.text import document, element, escaped, group
from schemas.formats.xml import Element

PEPPOL_CANCELLATION = "urn:fdc:peppol.eu:poacc:trns:order_cancellation:3"
OTHERS = "others"
"""Where the reading has the orders after the first: each its `order_number`, and its `extensions` where it has any."""
FOR_ALL = "for_all"
"""How many of the first order's extensions are the document's own, and so every order's."""

MAX_CANCELLED = 500
"""Orders of one cancellation; each is kept with all that the document says."""


def _cancelled_order(reading: Reading, element: Element, found: Found, path: str) -> None:
    """One of the orders; what its reference says beside the number is kept aside with that order alone."""
    of_all, reading.kept = reading.kept, []
    reference = reading.group(element, ORDER_REFERENCE, f"{path}cac:OrderReference/")
    if reading.kept:
        reference["extensions"] = reading.kept
    reading.kept = of_all
    orders = found.setdefault(OTHERS, [])
    orders.append(reference)
    if len(orders) > MAX_CANCELLED:
        raise reading.beyond(element, f"{MAX_CANCELLED:,} orders in one cancellation", MAX_CANCELLED)


def _no_line(reading: Reading, element: Element, found: Found, path: str) -> None:
    """A line here would be meant for a part of the order, which a cancellation can't have: the first is told."""
    if next(element.itersiblings(str(element.tag), preceding=True), None) is None:
        detail = f"a cancellation is of the whole order, but {qualified(element.tag)} stands here"
        reading.misuse(element, "bad_value", detail, "no lines; an OrderChange deletes some of them")


_OF_AN_ORDER = (
    *map(cbc, ("UBLVersionID", "CustomizationID", "ProfileID", "IssueDate", "IssueTime", "Note")),
    *map(cac, ("Contract", "BuyerCustomerParty", "SellerSupplierParty", "OriginatorCustomerParty")),
)
ORDER_CANCELLATION: Table = {
    **{tag: ORDER[tag] for tag in _OF_AN_ORDER},
    cbc("ID"): "change_number",
    cbc("CancellationNote"): texts("note"),
    cac("OrderReference"): _cancelled_order,
    cac("OrderLine"): _no_line,
}


def read_order_cancellation(reading: Reading, root: Element | Arriving) -> Found:
    """The fields of the first order's cancellation as they are validated, and under OTHERS those of the others."""
    found = reading.group(root, ORDER_CANCELLATION, "")
    found["function"], found["version"] = "cancel", 0
    first, *others = found.pop(OTHERS, None) or [reading.open(root)]
    if "order_number" in first:
        found["order_number"] = first["order_number"]
    settled(reading, found)
    if others:
        found[OTHERS], found[FOR_ALL] = others, len(found.get("extensions", []))
    if "extensions" in first:
        found["extensions"] = [*found.get("extensions", []), *first["extensions"]]
    return found


def also_cancelled(first: Order, for_all: int, others: Sequence[Found]) -> tuple[list[Order], list[Fault]]:
    """The other orders' cancellations, alike but for what their references say; and the faults of those."""
    orders: list[Order] = []
    faults: list[Fault] = []
    for index, one in enumerate(others):
        try:
            own = Order.model_validate({**one, "function": "cancel"})
        except ValidationError as error:
            faults += faults_of(error, prefix=f"/{OTHERS}/{index}")
            continue
        extensions = first.extensions[:for_all] + own.extensions
        orders.append(first.model_copy(update={"order_number": own.order_number, "extensions": extensions}))
    return orders, faults


# --- writing ----------------------------------------------------------------------------------------------------
def render_order_cancellation(order: Order) -> bytes:
    """The cancellation as a UBL 2.1 OrderCancellation."""
    return _cancellation_text(order, order.customization, order.profile)


def render_peppol_order_cancellation(order: Order) -> bytes:
    """The cancellation as Peppol's advanced ordering has it (T115)."""
    return _cancellation_text(order, PEPPOL_CANCELLATION, PEPPOL_ADVANCED)


def _cancellation_text(order: Order, customization: str | None, profile: str | None) -> bytes:
    """UBL demands a reason, so one that isn't known is an empty element."""
    return document(
        "OrderCancellation",
        element("CustomizationID", customization)
        + element("ProfileID", profile)
        + element("ID", order.change_number)
        + issued_text(order)
        + f"<cbc:CancellationNote>{escaped(order.note or '')}</cbc:CancellationNote>"
        + group("OrderReference", element("ID", order.order_number))
        + group("Contract", element("ID", order.contract))
        + holders_text(order),
    )
