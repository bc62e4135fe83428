"""Prices, allowances and charges, read and written."""

from __future__ import annotations

from decimal import Decimal

from schemas.documents.common import Charge, Price
from schemas.formats.ubl_2_1.names import cac, cbc
from schemas.formats.ubl_2_1.reading import Found, Reading, Table
from schemas.formats.ubl_2_1.steps import amount, flag, number, other_currency, quantity
from schemas.formats.ubl_2_1.text import element, flagged, group, measured, money
from schemas.formats.xml import Element
from schemas.values import EXACT

_AMOUNTS = frozenset([cbc("Amount"), cbc("BaseAmount")])

CHARGE: Table = {
    cbc("ChargeIndicator"): flag("is_charge"),
    cbc("AllowanceChargeReasonCode"): "reason_code",
    cbc("AllowanceChargeReason"): "reason",
    cbc("MultiplierFactorNumeric"): number("factor"),
    cbc("Amount"): amount("amount"),
    cbc("BaseAmount"): amount("base_amount"),
}


def charge(reading: Reading, element: Element, found: Found, path: str) -> None:
    """An allowance or charge of the order or line; one in another currency is kept aside whole, with a warning."""
    for child in element:
        if child.tag in _AMOUNTS and other_currency(reading, child):
            detail = f"the allowance or charge is in {child.get('currencyID')}, the order in {reading.currency}"
            reading.remark("other_currency", detail, child)
            reading.keep(element, path)
            return
    reading.add("charges", reading.group(element, CHARGE, f"{path}cac:AllowanceCharge/"), element, found)


def total(reading: Reading, element: Element, found: Found, path: str) -> None:
    """The order's payable amount; in another currency than the order's it is kept aside, with a warning."""
    if reading.is_second(element):
        return
    if other_currency(reading, element):
        detail = f"the total is in {element.get('currencyID')}, the order in {reading.currency}"
        reading.remark("other_currency", detail, element)
        reading.keep(element, path)
    else:
        _TOTAL(reading, element, found, path)


def price(reading: Reading, element: Element, found: Found, path: str) -> None:
    """The net price; its own allowance tells the gross one."""
    if "price" in found:
        reading.again(element, path)
        return
    group = reading.group(element, PRICE, f"{path}cac:Price/")
    if "discount" in group:
        _settle_discount(reading, group, f"{path}cac:Price/")
    if group:
        found["price"] = group
    else:
        reading.blank(element)


def _settle_discount(reading: Reading, price: Found, path: str) -> None:
    """The allowance's own amount is what gross and net tell too; one that is anything else is kept aside."""
    discount, element = price.pop("discount"), price.pop("discount_element")
    net, gross = price.get("amount"), price.get("gross")
    if not (isinstance(net, Decimal) and isinstance(gross, Decimal) and EXACT.subtract(gross, net) == discount):
        reading.keep(element, f"{path}cac:AllowanceCharge/")


def _price_allowance(reading: Reading, element: Element, found: Found, path: str) -> None:
    """Price/AllowanceCharge: BaseAmount is the gross price. A charge, or a second one, is kept aside whole."""
    for child in element:
        if child.tag == _CHARGE_INDICATOR and (child.text or "").strip() not in ("false", "0", ""):
            reading.keep(element, path)
            return
    if "gross" in found:
        reading.keep(element, path)
        return
    reading.into(found, element, _PRICE_ALLOWANCE, f"{path}cac:AllowanceCharge/")


def _discount(reading: Reading, element: Element, found: Found, path: str) -> None:
    value = reading.text(element)
    if "discount" in found:
        reading.again(element, path)
    elif value is None:
        reading.blank(element)
    else:
        found["discount"], found["discount_element"] = reading.number(value), element


def _said(reading: Reading, element: Element, found: Found, path: str) -> None:
    """ChargeIndicator false: that `gross` is there says it."""
    reading.text(element)
    reading.is_second(element)


_CHARGE_INDICATOR = cbc("ChargeIndicator")
_TOTAL = amount("total")
_PRICE_ALLOWANCE: Table = {
    _CHARGE_INDICATOR: _said,
    cbc("Amount"): _discount,
    cbc("BaseAmount"): amount("gross"),
}
PRICE: Table = {
    cbc("PriceAmount"): amount("amount"),
    cbc("BaseQuantity"): quantity("base_quantity", "unit"),
    cac("AllowanceCharge"): _price_allowance,
}


# --- writing ----------------------------------------------------------------------------------------------------
def charge_text(charge: Charge, currency: str) -> str:
    """An AllowanceCharge in the schema's order."""
    factor = (
        "" if charge.factor is None else f"<cbc:MultiplierFactorNumeric>{charge.factor:f}</cbc:MultiplierFactorNumeric>"
    )
    return group(
        "AllowanceCharge",
        flagged("ChargeIndicator", charge.is_charge)
        + element("AllowanceChargeReasonCode", charge.reason_code)
        + element("AllowanceChargeReason", charge.reason)
        + factor
        + money("Amount", charge.amount, currency)
        + money("BaseAmount", charge.base_amount, currency),
    )


def price_text(price: Price | None, currency: str) -> str:
    """A Price: net amount, what it is for unless that is one, and the gross price as the base of its allowance."""
    if price is None:
        return ""
    base = "" if price.base_quantity == 1 and price.unit is None else _base_text(price)
    return group("Price", money("PriceAmount", price.amount, currency) + base + _gross_text(price, currency))


def _base_text(price: Price) -> str:
    return measured("BaseQuantity", price.base_quantity, price.unit)


def _gross_text(price: Price, currency: str) -> str:
    if price.gross is None:
        return ""
    return group(
        "AllowanceCharge",
        "<cbc:ChargeIndicator>false</cbc:ChargeIndicator>"
        + money("Amount", EXACT.subtract(price.gross, price.amount), currency)
        + money("BaseAmount", price.gross, currency),
    )
