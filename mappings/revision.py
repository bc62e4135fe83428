"""Everything one account's documents are read and written with, frozen.

A message is processed wholly under one `MappingRevision` and one `Catalogue`, and says which. Both are compiled
once: the look-up tables below are what the engine asks, never the rows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from mappings.account import Account
from schemas.formats import Format


@dataclass(frozen=True, slots=True)
class ItemRow:
    """items.csv: the account's SKU or a GTIN → our product; 1 `account_unit` = `factor` × `unit` where given."""

    account_sku: str | None
    gtin: str | None
    product: str
    account_unit: str | None = None
    unit: str | None = None
    factor: Decimal | None = None
    description: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class UnitRow:
    """units.csv: the account's unit code → ours, for one product or (None) for every product."""

    account_unit: str
    product: str | None
    unit: str
    factor: Decimal


@dataclass(frozen=True, slots=True)
class SiteRow:
    """sites.csv: a place of the account, where it is supplied from, and how long that takes."""

    account_site: str
    scheme: str | None = None
    role: str | None = None
    name: str | None = None
    street: str | None = None
    city: str | None = None
    postal_code: str | None = None
    country: str | None = None
    supply_site: str | None = None
    transit_days: int = 0
    receiving_days: int = 0
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class PriceRow:
    """prices.csv: `price` for `base_quantity` of `unit`, from `min_quantity` of that unit on."""

    product: str
    unit: str
    currency: str
    price: Decimal
    base_quantity: Decimal = Decimal(1)
    min_quantity: Decimal = Decimal(0)
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class AccountPrice:
    """A price as the back office tells it: a row of the prices.csv of `account`."""

    account: str
    product: str
    unit: str
    currency: str
    price: Decimal
    base_quantity: Decimal = Decimal(1)
    min_quantity: Decimal = Decimal(0)
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def row(self) -> PriceRow:
        """The same in the account's own table."""
        return PriceRow(
            self.product,
            self.unit,
            self.currency,
            self.price,
            self.base_quantity,
            self.min_quantity,
            self.valid_from,
            self.valid_to,
        )


@dataclass(frozen=True, slots=True)
class Product:
    """products.csv. `sales_unit` is the unit we sell; minimum and multiple are counted in it."""

    product: str
    name: str
    base_unit: str
    gtin: str | None = None
    status: str = "active"
    replaced_by: str | None = None
    sales_unit: str | None = None
    order_minimum: Decimal | None = None
    order_multiple: Decimal | None = None
    lead_time_days: int = 0
    tax_class: str | None = None
    net_weight_kg: Decimal | None = None
    tracking: str | None = None


@dataclass(frozen=True, slots=True)
class Pack:
    """packs.csv: `quantity` base units are in one `unit` of the product."""

    product: str
    unit: str
    quantity: Decimal
    gtin: str | None = None
    gross_weight_kg: Decimal | None = None


@dataclass(frozen=True, slots=True)
class TaxRow:
    """taxes.csv: the tax of a class of goods between two countries, by the buyer's VAT standing (EN 16931 BG-23). What
    is None fits everything."""

    tax_class: str | None
    ship_from_country: str | None
    ship_to_country: str | None
    buyer_vat: str | None
    category: str
    percent: Decimal | None = None
    exemption_code: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class StockRow:
    """stock.csv: what was there at `as_of`, in base units; `reserved_other` leaves out what came through here."""

    product: str
    site: str
    as_of: datetime
    on_hand: Decimal
    reserved_other: Decimal = Decimal(0)
    next_receipt_date: date | None = None
    next_receipt_quantity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Numbering:
    """How documents of one kind are numbered: `prefix`, in which `{year}` is the year of issue and begins a series of
    its own, and so many digits at least. `gapless`: a number is given with its document or not at all."""

    prefix: str
    digits: int = 8
    gapless: bool = True

    def series(self, year: int) -> str:
        """What the numbers of a year begin with; those of one series are counted together."""
        return self.prefix.replace("{year}", f"{year:04d}")

    def name(self, series: str, number: int) -> str:
        """The number as documents have it."""
        return f"{series}{number:0{self.digits}d}"

    def has(self, name: str) -> bool:
        """Whether a number may be one of these, now or in another year."""
        pattern = "[0-9]{4}".join(map(re.escape, self.prefix.split("{year}")))
        return re.fullmatch(f"{pattern}[0-9]+", name) is not None


INVOICE_NUMBERS, CREDIT_NOTE_NUMBERS = Numbering("IN-"), Numbering("CN-")
"""As they are numbered where supplier.yaml doesn't say."""


@dataclass(frozen=True, slots=True)
class SupplySite:
    """A warehouse of ours, as invoices need it: the country that its goods are taxed as leaving from, and the VAT
    number that we supply them under, where it isn't ours at home."""

    country: str
    vat_id: str | None = None


@dataclass(frozen=True, slots=True)
class Supplier:
    """Who we are (config/supplier.yaml), as far as documents need it."""

    legal_name: str
    vat_id: str | None = None
    registration: str | None = None
    gln: str | None = None
    endpoint_scheme: str | None = None
    endpoint_id: str | None = None
    address: Mapping[str, str] = field(default_factory=dict)
    iban: str | None = None
    bic: str | None = None
    gs1_company_prefix: str | None = None
    cxml: tuple[tuple[str, str], ...] = ()
    time_zone: str = "UTC"
    sites: Mapping[str, SupplySite] = field(default_factory=dict)
    """By the name that stock has for them. One that isn't here is where we are."""
    invoices: Numbering = INVOICE_NUMBERS
    credit_notes: Numbering = CREDIT_NOTE_NUMBERS
    compiled: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)
    """What was worked out of it once, for every document that names us."""

    def numbering(self, kind: Literal["invoice", "credit_note"]) -> Numbering:
        """How documents of this kind are numbered."""
        return self.invoices if kind == "invoice" else self.credit_notes

    def origins(self, vat_id: str | None) -> list[str]:
        """The countries that goods leave from which are invoiced under this VAT number of ours; under none, all."""
        known = [self.site(None), *self.sites.values()]
        return list(dict.fromkeys(one.country for one in known if vat_id in (None, one.vat_id)))

    def site(self, name: str | None) -> SupplySite:
        """Where goods of this site leave from, for their tax."""
        here = self.address.get("country")
        return self.sites.get(name or "") or SupplySite(here or "", self.vat_id)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Our products and packs at one catalogue revision. Build with `Catalogue.of`."""

    number: int
    products: Mapping[str, Product]
    packs: Mapping[tuple[str, str], Pack]
    by_gtin: Mapping[str, tuple[str, str]]
    """GTIN padded to 14 → (product, unit): its pack level, the base unit for the product's own GTIN."""
    taxes: tuple[TaxRow, ...] = ()


@dataclass(frozen=True, slots=True)
class MappingRevision:
    """One account's mapping at one revision, compiled. Build with `mappings.compile.compile_revision`."""

    account: Account
    number: int
    items_by_sku: Mapping[str, tuple[ItemRow, ...]]
    items_by_gtin: Mapping[str, tuple[ItemRow, ...]]
    items_by_product: Mapping[str, tuple[ItemRow, ...]]
    units: Mapping[tuple[str, str | None], UnitRow]
    sites: Mapping[str, tuple[SiteRow, ...]]
    prices: Mapping[str, tuple[PriceRow, ...]]
    own_format: Format | None = field(default=None, compare=False)
    """The account's own layout, of its field maps; `mappings.own_format.formats_of` has it beside the others."""
    maps: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """The texts of those field maps, by their files' names."""
    compiled: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)
    """What the engine worked out under this revision, kept for the next order; never part of what the revision says."""
