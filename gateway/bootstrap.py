"""Putting the program together, once, for web, workers, scheduler, CLI and tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from config.settings import Settings
from gateway.embedded_redis import redis_url
from gateway.lanes import Lanes
from gateway.services import Limits, Services
from gateway.store.store import Store
from gateway.terms import Terms
from mappings.revision import Supplier


def build_services(settings: Settings, *, worker_name: str = "worker", upgrade: bool = False) -> Services:
    """Everything a process needs, with the database opened; `upgrade` first brings it to this program's version.

    Raises `gateway.store.database.StoreUnavailable` where the database can't be reached.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = Store(settings.database, lease_seconds=settings.lease_seconds, max_losses=settings.claim_attempts)
    if upgrade:
        store.upgrade()
    return Services(
        store=store,
        lanes=Lanes(redis_url(settings.redis_url, settings.data_dir)),
        terms=Terms(store),
        supplier=read_supplier(settings.supplier_file),
        limits=Limits(
            max_body_bytes=settings.max_body_bytes,
            batch_size=settings.batch_size,
            lease_seconds=settings.lease_seconds,
        ),
        worker_name=worker_name,
    )


def read_supplier(path: Path) -> Supplier:
    """Who we are, from YAML. Raises OSError or ValueError with the field that is missing."""
    written: dict[str, Any] = YAML(typ="safe").load(path.read_text(encoding="utf-8")) or {}
    if not written.get("legal_name"):
        raise ValueError(f"{path}: legal_name is missing")
    endpoint = written.get("endpoint") or {}
    plain = ("vat_id", "registration", "gln", "iban", "bic", "gs1_company_prefix")
    return Supplier(
        legal_name=str(written["legal_name"]),
        **{name: str(written[name]) for name in plain if written.get(name)},
        endpoint_scheme=str(endpoint["scheme"]) if endpoint.get("scheme") else None,
        endpoint_id=str(endpoint["id"]) if endpoint.get("id") else None,
        address={name: str(value) for name, value in (written.get("address") or {}).items()},
        cxml=tuple((str(one["domain"]), str(one["identity"])) for one in written.get("cxml") or ()),
        time_zone=str(written.get("time_zone") or "UTC"),
    )
