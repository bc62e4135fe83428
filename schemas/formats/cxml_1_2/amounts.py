"""Money, prices and charges, read and written."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from schemas.documents.common import Charge, Price
from schemas.documents.order import OrderLine
from schemas.documents.validation import Unreadable
from schemas.formats.cxml_1_2.reading import Found, Reading, Step, Table, Through
from schemas.formats.cxml_1_2.text import LANGUAGE, NO_CURRENCY, attribute, element, escaped, money
from schemas.formats.xml import Element
from schemas.units import KNOWN as REC_20

SHIPPING = "FC"
"""UNCL 7161: freight service."""


def amount(field: str) -> Step:
    """Money in the order's currency; the first amount's, which is the Total's, is the order's."""

    def step(reading: Reading, element: Element, found: Found, path: str) -> None:
        attributes = element.items()
        if attributes == [("currency", reading.currency)] and not (reading.locates or field in found or len(element)):
            if text := (element.text or "").strip():
                found[field] = reading.number(text)
            return
        value, is_foreign = reading.text(element), other_currency(reading, element)
        if value is None:
            return
        if field in found:
            reading.again(element, path)
            return
        if is_foreign:
            shown = f"{value} {element.get('currency')}"
            found[field] = reading.as_read(Unreadable(shown, "bad_value", f"in {reading.currency}"), value)
        else:
            found[field] = reading.number(value)
        if len(attributes) > 1 or (attributes and attributes[0][0] != "currency"):
            reading.keep_attributes(element, attributes, f"{path}Money/", "currency")

    return step


def other_currency(reading: Reading, element: Element) -> bool:
    """Whether the amount is in another currency than the order's."""
    currency = (element.get("currency") or "").strip()
    if not currency or currency == NO_CURRENCY:
        return False
    if reading.currency is None:
        reading.currency = reading.located(currency, element, "currency")
    return currency != reading.currency


def _is_foreign(reading: Reading, element: Element) -> bool:
    """Whether any amount in the charge is in another currency: then it is kept aside whole, with a warning."""
    for money_element in element.iter("Money"):
        if other_currency(reading, money_element):
            detail = f"the {element.tag!s} is in {money_element.get('currency')}, the order in {reading.currency}"
            reading.remark("other_currency", detail, money_element)
            return True
    return False


# --- charges ----------------------------------------------------------------------------------------------------
def shipping(reading: Reading, element: Element, found: Found, path: str) -> None:
    """Shipping as a charge; its Modifications are kept aside."""
    if "shipping" in found:
        reading.again(element, path)
    elif _is_foreign(reading, element):
        reading.keep(element, path)
    else:
        charge = reading.group(element, _SHIPPING, f"{path}Shipping/")
        if "amount" in charge:
            charge["is_charge"], charge["reason_code"] = True, SHIPPING
            reading.add("charges", charge, element, found)


_SHIPPING = Table({"Money": amount("amount"), "Description": "reason"})


def modification(reading: Reading, element: Element, found: Found, path: str) -> None:
    """A Modification of the order's total by an amount. One by a percentage is kept aside: of what, it doesn't say."""
    mark = len(reading.kept)
    if not _is_foreign(reading, element):
        charge = reading.group(element, _MODIFICATION, f"{path}Modification/")
        if "amount" in charge:
            reading.add("charges", charge, element, found)
            return
        del reading.kept[mark:]
    reading.keep(element, path)


def _changed_by(is_charge: bool) -> Step:
    read = amount("amount")

    def step(reading: Reading, element: Element, found: Found, path: str) -> None:
        read(reading, element, found, path)
        if "amount" in found:
            found.setdefault("is_charge", is_charge)

    return step


_MODIFICATION = Table(
    {
        "OriginalPrice": Through(Table({"Money": amount("base_amount")})),
        "AdditionalDeduction": Through(
            Table({"DeductionAmount": Through(Table({"Money": _changed_by(is_charge=False)}))}),
        ),
        "AdditionalCost": Through(Table({"Money": _changed_by(is_charge=True)})),
        "ModificationDetail": Through(Table({}, {"name": "reason", "code": "reason_code"})),
    }
)
MODIFICATIONS = Through(Table({"Modification": modification}))


# --- prices -----------------------------------------------------------------------------------------------------
def _positive(field: str) -> Any:
    def step(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
        read = reading.number(value)
        if isinstance(read, Decimal) and read <= 0:
            read = reading.as_read(Unreadable(value, "bad_value", "more than 0"), value)
        found[field] = read

    return step


def _factor(reading: Reading, value: str, element: Element, found: Found, path: str) -> None:
    """@conversionFactor; what it means depends on the units around it, so a wrong one is a fault of its element."""
    factor = reading.number(value)
    if isinstance(factor, Decimal) and factor > 0:
        found["factor"] = factor
    else:
        detail = f"conversionFactor must be a number above 0, but is {value[:200]}"
        reading.misuse(element, "bad_value", detail, "a number above 0")


_BASIS = Table({"UnitOfMeasure": "unit"}, {"quantity": _positive("quantity"), "conversionFactor": _factor})


def price_basis(reading: Reading, element: Element, found: Found, path: str) -> None:
    """PriceBasisQuantity. Most say that the price is for one of the ordered unit, which needs no look at its parts."""
    if "price_basis" in found:
        reading.again(element, path)
    elif not reading.locates and "price" in found and _is_one_of(element, found.get("unit")):
        found["price_basis"] = _SETTLED
        price = found["price"]
        price["base_quantity"], price["unit"] = _ONE, found["unit"]
        if "unit_code" in found:
            price["unit_code"] = found["unit_code"]
    elif basis := reading.group(element, _BASIS, f"{path}PriceBasisQuantity/"):
        found["price_basis"] = basis


def _is_one_of(element: Element, unit: str | None) -> bool:
    """Whether it is written `quantity="1" conversionFactor="1"` with that unit and nothing else."""
    if len(element) != 1 or element.text is not None or element.items() != _ONE_OF_IT:
        return False
    of = element[0]
    if unit is None or of.text != unit or of.tag != "UnitOfMeasure":
        return False
    return of.tail is None and not len(of) and not of.items()


_SETTLED: Found = {}
"""Stands for a basis that is in the price already."""
_ONE = Decimal(1)
_ONE_OF_IT = [("quantity", "1"), ("conversionFactor", "1")]
_PRICE = Table({"Money": amount("amount")})
"""What modifies the price of one unit is kept aside: whether Money has it already, cXML doesn't say."""


def unit_price(reading: Reading, element: Element, found: Found, path: str) -> None:
    """UnitPrice. Nearly all are one amount in the order's currency, which needs no look at more."""
    if "price" in found:
        reading.again(element, path)
        return
    if len(element) == 1 and element.text is None and not element.items() and not reading.locates:
        paid = element[0]
        is_plain = paid.tag == "Money" and paid.tail is None and not len(paid)
        if is_plain and (text := paid.text) and paid.items() == [("currency", reading.currency)]:
            if text := text.strip():
                found["price"] = {"amount": reading.number(text)}
            return
    if price := reading.group(element, _PRICE, f"{path}UnitPrice/"):
        found["price"] = price


def settle_price(reading: Reading, line: Found) -> None:
    """UnitPrice is for PriceBasisQuantity/@quantity of its own unit, of which one ordered unit has @conversionFactor.

    The price stays in that unit, so nothing is divided or rounded; the factor is the document's own word on what is in
    one ordered unit (`pack_size`). In the ordered unit itself it can only be one: any other contradicts it.
    """
    basis = line.pop("price_basis")
    if not basis:
        return
    factor, unit = basis.get("factor"), basis.get("unit")
    is_same = unit in (None, line.get("unit"))
    price = line.get("price")
    if price is not None:
        _settle_basis(basis, price)
    else:
        for name, field in (("@quantity", "quantity"), ("UnitOfMeasure", "unit")):
            if field in basis:
                reading.keep_value(f"ItemDetail/PriceBasisQuantity/{name}", str(basis[field]))
    if factor is None or (is_same and factor == 1):
        return
    if is_same and price is not None:
        if isinstance(price.get("base_quantity", factor), Decimal):
            expected = f"a conversionFactor of 1: ordered and priced in {unit or 'the same unit'}"
            wrong = Unreadable(f"conversionFactor {factor:f}", "bad_value", expected)
            price["base_quantity"] = reading.as_read(wrong, str(factor))
        return
    line["pack_size"] = factor
    if (unit := unit or line.get("unit")) is not None:
        line["pack_unit"] = unit
        if unit in REC_20:
            line["pack_unit_code"] = unit


def _settle_basis(basis: Found, price: Found) -> None:
    if "quantity" in basis:
        price["base_quantity"] = basis["quantity"]
    if (unit := basis.get("unit")) is not None:
        price["unit"] = unit
        if unit in REC_20:
            price["unit_code"] = unit


# --- writing ----------------------------------------------------------------------------------------------------
def modifications_text(charges: tuple[Charge, ...], currency: str | None) -> str:
    """The charges and allowances of an order's total."""
    inner = "".join(_modification_text(charge, currency) for charge in charges)
    return f"<Modifications>{inner}</Modifications>" if inner else ""


def _modification_text(charge: Charge, currency: str | None) -> str:
    base = "" if charge.base_amount is None else f"<OriginalPrice>{money(charge.base_amount, currency)}</OriginalPrice>"
    paid = money(charge.amount, currency)
    what = (
        f"<AdditionalCost>{paid}</AdditionalCost>"
        if charge.is_charge
        else f"<AdditionalDeduction><DeductionAmount>{paid}</DeductionAmount></AdditionalDeduction>"
    )
    named = attribute("name", charge.reason or "") + attribute("code", charge.reason_code)
    detail = f"<ModificationDetail{named}/>" if charge.reason is not None or charge.reason_code is not None else ""
    return f"<Modification>{base}{what}{detail}</Modification>"


def shipping_text(charges: tuple[Charge, ...], currency: str | None) -> str:
    """A line's freight, the one charge that a line has a place for."""
    freight = freight_of(charges)
    if freight is None:
        return ""
    named = f'<Description xml:lang="{LANGUAGE}">{escaped(freight.reason or "")}</Description>'
    return f"<Shipping>{money(freight.amount, currency)}{named}</Shipping>"


def freight_of(charges: tuple[Charge, ...]) -> Charge | None:
    """The first charge that is freight."""
    return next((one for one in charges if one.is_charge and one.reason_code == SHIPPING), None)


def unit_price_text(price: Price | None, currency: str | None) -> str:
    """A UnitPrice; cXML demands one, so an unknown price is an empty amount."""
    if price is None:
        return f'<UnitPrice><Money currency="{currency or NO_CURRENCY}"></Money></UnitPrice>'
    return f"<UnitPrice>{money(price.amount, currency)}</UnitPrice>"


def price_basis_text(line: OrderLine) -> str:
    """What the price is for, unless that is one of the ordered unit. The factor is 1 in the same unit, in another one
    what the order says is in the ordered unit, where it counts in that."""
    price, unit = line.price, line.unit
    if price is None or (price.base_quantity == 1 and price.unit is None):
        return ""
    factor = "1" if price.unit in (None, unit) else ""
    if not factor and line.pack_size is not None and line.pack_unit == price.unit:
        factor = f"{line.pack_size:f}"
    named = attribute("quantity", f"{price.base_quantity:f}") + attribute("conversionFactor", factor)
    return f"<PriceBasisQuantity{named}>{element('UnitOfMeasure', price.unit or '')}</PriceBasisQuantity>"
