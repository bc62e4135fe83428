"""supplier.yaml: who we are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from mappings.files.yaml_model import read_model
from mappings.revision import CREDIT_NOTE_NUMBERS, INVOICE_NUMBERS, Numbering, Supplier, SupplySite


class _Name(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _SupplierEndpoint(_Name):
    scheme: str
    id: str


class _SupplierAddress(_Name):
    street: str | None = None
    city: str | None = None
    postal_code: str | None = None
    region: str | None = None
    country: str | None = None


class _SupplierCredential(_Name):
    domain: str
    identity: str


class _Site(_Name):
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    vat_id: str | None = None


class _Numbering(_Name):
    prefix: Annotated[str, StringConstraints(pattern=r"^([A-Z0-9/.-]|\{year\}){1,20}$")] | None = None
    digits: int = Field(default=8, ge=1, le=12)
    gapless: bool = True

    def of(self, usual: Numbering) -> Numbering:
        return Numbering(self.prefix or usual.prefix, self.digits, self.gapless)


class _Numberings(_Name):
    invoice: _Numbering = _Numbering()
    credit_note: _Numbering = _Numbering()


class _SupplierFile(_Name):
    """config/supplier.yaml, as the contract names its keys."""

    legal_name: str
    address: _SupplierAddress = _SupplierAddress()
    vat_id: str | None = None
    registration: str | None = None
    gln: str | None = None
    endpoint: _SupplierEndpoint | None = None
    iban: str | None = None
    bic: str | None = None
    gs1_company_prefix: Annotated[str, StringConstraints(pattern=r"^[0-9]{4,12}$")] | None = None
    cxml: tuple[_SupplierCredential, ...] = ()
    time_zone: str = "UTC"
    sites: dict[str, _Site] = Field(default_factory=dict)
    numbering: _Numberings = _Numberings()


def read_supplier(path: Path) -> Supplier:
    """Who we are, from supplier.yaml. Raises FilesRejected with every fault."""
    said = read_model(path, _SupplierFile)
    return Supplier(
        legal_name=said.legal_name,
        vat_id=said.vat_id,
        registration=said.registration,
        gln=said.gln,
        endpoint_scheme=said.endpoint.scheme if said.endpoint else None,
        endpoint_id=said.endpoint.id if said.endpoint else None,
        address=said.address.model_dump(exclude_none=True),
        iban=said.iban,
        bic=said.bic,
        gs1_company_prefix=said.gs1_company_prefix,
        cxml=tuple((credential.domain, credential.identity) for credential in said.cxml),
        time_zone=said.time_zone,
        sites={name: SupplySite(site.country, site.vat_id or said.vat_id) for name, site in said.sites.items()},
        invoices=said.numbering.invoice.of(INVOICE_NUMBERS),
        credit_notes=said.numbering.credit_note.of(CREDIT_NOTE_NUMBERS),
    )
