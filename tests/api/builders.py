"""A real application over a real store, accounts with keys, and the least documents."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from flask_openapi3 import OpenAPI

from gateway.app import create_app
from gateway.lanes import Lanes
from gateway.pipeline import drain
from gateway.services import Limits, Services
from gateway.store.revisions import Row
from gateway.store.store import Store
from gateway.terms import Terms
from mappings.revision import Product, Supplier
from mappings.tables import natural_key, to_fields
from tests.harness.new_database import new_sqlite

MEGABYTE = 1_000_000
ALL_LANES = (0, 1, 2, 3)


@dataclass(frozen=True, slots=True)
class Sender:
    """An account with a live key."""

    account_id: str
    key: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


class Gateway:
    """The application, its services, and what a test does with them."""

    def __init__(self, services: Services, threads: int = 4) -> None:
        self.services = services
        self.app: OpenAPI = create_app(services, threads)
        self.client: FlaskClient = self.app.test_client()

    def account(self, account_id: str, **terms: Any) -> Sender:
        """An account that is published with these terms, and a key of it."""
        policies = {"order_rate_per_minute": 0, "unknown_ship_to": "accept_address", **terms.pop("policies", {})}
        written = {"id": account_id, "name": account_id.title(), "policies": policies, **terms}
        self.services.store.revisions.publish_account(written, [], author="test", reason="test")
        return Sender(account_id, self.services.store.keys.create(account_id, actor="test")[1])

    def send(self, sender: Sender, order: Any, query: str = "", **headers: str) -> Any:
        """POST an order: an object as JSON, bytes as they are."""
        body = order if isinstance(order, bytes) else json.dumps(order).encode()
        sent = {"Content-Type": "application/json", **sender.headers, **headers}
        return self.client.post(f"/v1/orders{query}", data=body, headers=sent)

    def work(self) -> int:
        """Settle everything that waits."""
        return drain(self.services, ALL_LANES, lambda: None)

    def close(self) -> None:
        self.app.extensions["door"].close()
        self.services.lanes.close()
        self.services.store.close()


def order(number: str = "PO-1", item: str = "OAT-1L", **members: Any) -> dict[str, Any]:
    """The least order that is one."""
    line = {"line_number": "1", "seller_item": item, "quantity": "2", "unit": "EA"}
    return {"order_number": number, "lines": [line], **members}


def ubl_order(number: str = "PO-1", prolog: str = '<?xml version="1.0" encoding="UTF-8"?>', note: str = "") -> str:
    """The same order as UBL 2.1 text."""
    return f"""{prolog}
<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"
       xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
       xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  <cbc:ID>{number}</cbc:ID>
  <cbc:IssueDate>2026-11-23</cbc:IssueDate>
  <cbc:Note>{note}</cbc:Note>
  <cac:BuyerCustomerParty><cac:Party/></cac:BuyerCustomerParty>
  <cac:SellerSupplierParty><cac:Party/></cac:SellerSupplierParty>
  <cac:OrderLine><cac:LineItem>
    <cbc:ID>1</cbc:ID>
    <cbc:Quantity unitCode="EA">2</cbc:Quantity>
    <cac:Item><cac:SellersItemIdentification><cbc:ID>OAT-1L</cbc:ID></cac:SellersItemIdentification></cac:Item>
  </cac:LineItem></cac:OrderLine>
</Order>"""


def services_at(database_url: str, redis_url: str, limits: Limits | None = None) -> Services:
    """Services on a new database."""
    file = Path(database_url.removeprefix("sqlite:///"))
    if database_url.startswith("sqlite:///") and not file.exists():
        new_sqlite(file)
    store = Store(database_url)
    oat = Product("OAT-1L", "Oat drink 1 l", "EA")
    row = Row("product", natural_key(oat), json.dumps(to_fields(oat)))
    store.revisions.publish_catalogue([row], author="test", reason="test")
    supplier = Supplier(legal_name="Our Company Ltd")
    limits = limits or Limits(max_body_bytes=MEGABYTE)
    return Services(store, Lanes(redis_url), Terms(store), supplier, limits)
