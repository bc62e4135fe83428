"""Which tax goods bear: a row of taxes.csv, by tax class, countries and the buyer's VAT standing, at the tax point.

An empty cell fits everything, and so does `any` in `buyer_vat`. The most specific row counts: it says all that the
other fitting rows say, and more. Where no row fits, or none is the most specific, that is a fault, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from gateway.trade.invoice_sums import Exemption
from mappings.revision import TaxRow
from mappings.validity import in_force
from schemas.documents.invoice import TaxCategory
from schemas.faults import DocumentHeld, Fault
from schemas.values import shortest

_STANDING = {"registered": True, "yes": True, "none": False, "no": False}
"""`buyer_vat`: whether the buyer has a VAT number; `any` and an empty cell fit both."""
_USUAL = {"AE": "VATEX-EU-AE", "K": "VATEX-EU-IC", "G": "VATEX-EU-G", "O": "VATEX-EU-O"}
"""The code of a category that has one reason (CEF VATEX list); E has many, and none is the usual one."""
_REASONS: Mapping[str, str] = {
    "VATEX-EU-AE": "Reverse charge",
    "VATEX-EU-IC": "Intra-Community supply",
    "VATEX-EU-G": "Export outside the EU",
    "VATEX-EU-O": "Not subject to VAT",
    "VATEX-EU-132": "Exempt based on article 132 of Council Directive 2006/112/EC",
    "VATEX-EU-143": "Exempt based on article 143 of Council Directive 2006/112/EC",
    "VATEX-EU-148": "Exempt based on article 148 of Council Directive 2006/112/EC",
    "VATEX-EU-151": "Exempt based on article 151 of Council Directive 2006/112/EC",
    "VATEX-EU-309": "Exempt based on article 309 of Council Directive 2006/112/EC",
    "VATEX-EU-79-C": "Exempt based on article 79, point c of Council Directive 2006/112/EC",
    "VATEX-EU-D": "Travel agents' margin scheme",
    "VATEX-EU-F": "Second-hand goods' margin scheme",
    "VATEX-EU-I": "Works of art's margin scheme",
    "VATEX-EU-J": "Collectors' items' margin scheme",
}
_REASON_OF = {
    "E": "Exempt from VAT",
    "AE": "Reverse charge",
    "K": "Intra-Community supply",
    "G": "Export",
    "O": "No VAT",
}
"""Where a code isn't in the list above."""


@dataclass(frozen=True, slots=True)
class Supply:
    """Between which countries goods go, and whether the buyer has a VAT number, at the tax point."""

    ship_from_country: str | None
    ship_to_country: str | None
    buyer_registered: bool
    tax_point: date


@dataclass(frozen=True, slots=True)
class AppliedTax:
    """The tax of a line, why there is none where there is none, and the rule that said so."""

    tax: TaxCategory
    exemption: Exemption | None
    rule: TaxRow


def tax_of(tax_class: str | None, supply: Supply, rules: Iterable[TaxRow], path: str = "") -> AppliedTax:
    """The tax of goods of this class. Raises DocumentHeld with `no_tax_rule` or `tax_rule_ambiguous` at `path`."""
    fitting = [rule for rule in in_force(tuple(rules), supply.tax_point) if _fits(rule, tax_class, supply)]
    best = [rule for rule in fitting if all(_said(rule) >= _said(other) for other in fitting)]
    if len(best) != 1:
        raise DocumentHeld([_fault(fitting, tax_class, supply, path)])
    return _applied(best[0])


def _fits(rule: TaxRow, tax_class: str | None, supply: Supply) -> bool:
    standing = _STANDING.get(rule.buyer_vat or "any")
    return (
        rule.tax_class in (None, tax_class)
        and rule.ship_from_country in (None, supply.ship_from_country)
        and rule.ship_to_country in (None, supply.ship_to_country)
        and standing in (None, supply.buyer_registered)
    )


def _said(rule: TaxRow) -> frozenset[str]:
    """What the row restricts itself to; of fitting rows the same columns say the same."""
    named = {name for name in ("tax_class", "ship_from_country", "ship_to_country") if getattr(rule, name) is not None}
    return frozenset(named | ({"buyer_vat"} if rule.buyer_vat in _STANDING else set()))


def _applied(rule: TaxRow) -> AppliedTax:
    category = rule.category
    percent = None if category == "O" else shortest(rule.percent or Decimal(0))
    tax = TaxCategory(category=category, percent=percent)  # type: ignore[arg-type]  # the table's words are these
    if category not in _REASON_OF:
        return AppliedTax(tax, None, rule)
    code = rule.exemption_code or _USUAL.get(category)
    return AppliedTax(tax, Exemption(code, _REASONS.get(code or "", _REASON_OF[category])), rule)


def _fault(fitting: Sequence[TaxRow], tax_class: str | None, supply: Supply, path: str) -> Fault:
    told = (
        f"tax class {tax_class or '(none)'} from {supply.ship_from_country or '(no country)'} to "
        f"{supply.ship_to_country or '(no country)'}, buyer with{'' if supply.buyer_registered else 'out'} a VAT number"
        f", on {supply.tax_point}"
    )
    if not fitting:
        return Fault("no_tax_rule", f"no row of taxes.csv fits {told}", path, value=told)
    rows = "; ".join(_written(rule) for rule in fitting)
    detail = f"{len(fitting)} rows of taxes.csv fit {told}, and none is the most specific: {rows}"
    return Fault("tax_rule_ambiguous", detail, path, value=told, expected="one most specific row")


def _written(rule: TaxRow) -> str:
    """The row as its file has it."""
    cells = (rule.tax_class, rule.ship_from_country, rule.ship_to_country, rule.buyer_vat, rule.category)
    percent = "" if rule.percent is None else f"{rule.percent:f}"
    dates = (one.isoformat() if one else "" for one in (rule.valid_from, rule.valid_to))
    return ",".join((*(cell or "" for cell in cells), percent, rule.exemption_code or "", *dates))
