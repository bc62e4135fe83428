"""Floors: the least that the same work costs on this machine, written as lean as it honestly can be.

`read_lean` parses, walks the tree once with a table look-up per tag and validates into a plain pydantic model that
holds every fact of the order; it knows no faults, no places, no attachments and keeps nothing aside.
`LeanQueue` claims and completes batches of rows in two transactions, and `insert_lean` writes a batch's bytes in one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from queue import SimpleQueue
from typing import Any

import psycopg
import pysqlite3.dbapi2 as sqlite
from lxml import etree
from pydantic import BaseModel

_CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
_CAC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2}"


class LeanParty(BaseModel):
    endpoint: str | None = None
    id: str | None = None
    name: str | None = None
    street: str | None = None
    city: str | None = None
    postal_code: str | None = None
    country: str | None = None


class LeanLine(BaseModel):
    number: str
    quantity: Decimal
    unit: str | None = None
    amount: Decimal | None = None
    price: Decimal | None = None
    base_quantity: Decimal | None = None
    name: str | None = None
    buyer_item: str | None = None


class LeanOrder(BaseModel):
    customization: str | None = None
    profile: str | None = None
    number: str
    issued: date
    order_type: str | None = None
    currency: str | None = None
    buyer: LeanParty | None = None
    seller: LeanParty | None = None
    ship_to: str | None = None
    wanted: date | None = None
    until: date | None = None
    lines: list[LeanLine]


_PARTY: dict[Any, Any] = {
    _CBC + "EndpointID": "endpoint",
    _CAC + "Party": None,
    _CAC + "PartyIdentification": {_CBC + "ID": "id"},
    _CAC + "PostalAddress": {
        _CBC + "StreetName": "street",
        _CBC + "CityName": "city",
        _CBC + "PostalZone": "postal_code",
        _CAC + "Country": {_CBC + "IdentificationCode": "country"},
    },
    _CAC + "PartyLegalEntity": {_CBC + "RegistrationName": "name"},
}
_PARTY[_CAC + "Party"] = _PARTY
_LINE: dict[Any, Any] = {
    _CAC + "LineItem": {
        _CBC + "ID": "number",
        _CBC + "Quantity": ("quantity", "unitCode", "unit"),
        _CBC + "LineExtensionAmount": "amount",
        _CAC + "Price": {_CBC + "PriceAmount": "price", _CBC + "BaseQuantity": "base_quantity"},
        _CAC + "Item": {
            _CBC + "Name": "name",
            _CAC + "BuyersItemIdentification": {_CBC + "ID": "buyer_item"},
        },
    }
}
_ORDER: dict[Any, Any] = {
    _CBC + "CustomizationID": "customization",
    _CBC + "ProfileID": "profile",
    _CBC + "ID": "number",
    _CBC + "IssueDate": "issued",
    _CBC + "OrderTypeCode": "order_type",
    _CBC + "DocumentCurrencyCode": "currency",
    _CAC + "BuyerCustomerParty": ["buyer", _PARTY],
    _CAC + "SellerSupplierParty": ["seller", _PARTY],
    _CAC + "Delivery": {
        _CAC + "DeliveryLocation": {_CBC + "ID": "ship_to"},
        _CAC + "RequestedDeliveryPeriod": {_CBC + "StartDate": "wanted", _CBC + "EndDate": "until"},
    },
}
_ORDER_LINE = _CAC + "OrderLine"


def read_lean(body: bytes) -> LeanOrder:
    """The floor of decoding: parse, one pass, model."""
    found: dict[str, Any] = {"lines": []}
    lines = found["lines"]
    for child in etree.fromstring(body):
        if child.tag == _ORDER_LINE:
            line: dict[str, Any] = {}
            _into(line, child, _LINE)
            lines.append(line)
        else:
            _take(found, child, _ORDER.get(child.tag))
    return LeanOrder.model_validate(found)


def _into(found: dict[str, Any], element: Any, table: dict[Any, Any]) -> None:
    step_of = table.get
    for child in element:
        step = step_of(child.tag)
        if type(step) is str:
            found[step] = child.text
        elif step is not None:
            _take(found, child, step)


def _take(found: dict[str, Any], child: Any, step: Any) -> None:
    kind = type(step)
    if kind is str:
        found[step] = child.text
    elif kind is dict:
        _into(found, child, step)
    elif kind is tuple:
        found[step[0]] = child.text
        found[step[2]] = child.get(step[1])
    elif kind is list:
        group: dict[str, Any] = {}
        _into(group, child, step[1])
        found[step[0]] = group


# --- the database ----------------------------------------------------------------------------------------------------
_LEAN_TABLE = (
    "CREATE TABLE lean (id {serial}, status SMALLINT NOT NULL DEFAULT 0, lease INTEGER, body {bytes} NOT NULL)",
    "CREATE INDEX lean_ready ON lean (status, id)",
)


def connect_lean(url: str) -> Any:
    """A bare driver connection with the settings that the gateway uses: WAL and FULL, or PostgreSQL's own."""
    if url.startswith("sqlite"):
        connection = sqlite.connect(url.removeprefix("sqlite:///"), timeout=10, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=4000", "cache_size=-65536"):
            connection.execute(f"PRAGMA {pragma}")
        return connection
    return psycopg.connect(url, autocommit=True)


class LeanQueue:
    """One table of rows that wait, are claimed, and are done."""

    def __init__(self, url: str) -> None:
        self.is_sqlite = url.startswith("sqlite")
        self.connection = connect_lean(url)
        self._mark = "?" if self.is_sqlite else "%s"
        self._begin = "BEGIN IMMEDIATE" if self.is_sqlite else "BEGIN"
        self._lock = "" if self.is_sqlite else " FOR UPDATE SKIP LOCKED"

    def create(self) -> None:
        """Make the table."""
        serial = "INTEGER PRIMARY KEY" if self.is_sqlite else "BIGSERIAL PRIMARY KEY"
        for statement in _LEAN_TABLE:
            text = statement.replace("{serial}", serial).replace("{bytes}", "BLOB" if self.is_sqlite else "BYTEA")
            self.connection.execute(text)

    def insert(self, bodies: Sequence[bytes]) -> None:
        """One transaction of so many rows."""
        cursor = self.connection.cursor()
        cursor.execute(self._begin)
        cursor.executemany(f"INSERT INTO lean (body) VALUES ({self._mark})", [(body,) for body in bodies])
        cursor.execute("COMMIT")

    def drain(self, batch: int = 50) -> int:
        """Claim and complete until nothing waits: two transactions a batch, the bytes loaded, no work."""
        cursor, mark, done = self.connection.cursor(), self._mark, 0
        while True:
            cursor.execute(self._begin)
            cursor.execute(f"SELECT id, body FROM lean WHERE status = 0 ORDER BY id LIMIT {batch}{self._lock}")
            rows = cursor.fetchall()
            ids = [(row[0],) for row in rows]
            if ids:
                cursor.executemany(f"UPDATE lean SET status = 1, lease = 1 WHERE id = {mark}", ids)
            cursor.execute("COMMIT")
            if not ids:
                return done
            cursor.execute(self._begin)
            cursor.executemany(f"UPDATE lean SET status = 2, lease = NULL WHERE id = {mark} AND lease = 1", ids)
            cursor.execute("COMMIT")
            done += len(ids)

    def waiting(self) -> int:
        """Rows that are not done."""
        return int(self.connection.execute("SELECT count(*) FROM lean WHERE status < 2").fetchone()[0])

    def close(self) -> None:
        """Give back the connection."""
        self.connection.close()


class GroupCommit:
    """A thread that commits what has gathered since its last commit; `keep` returns after the commit."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._waiting: SimpleQueue[tuple[bytes, threading.Event]] = SimpleQueue()
        threading.Thread(target=self._write, daemon=True).start()

    def keep(self, body: bytes) -> None:
        """Durable when this returns."""
        stored = threading.Event()
        self._waiting.put((body, stored))
        stored.wait()

    def _write(self) -> None:
        lean = LeanQueue(self._url)
        while True:
            group = [self._waiting.get()]
            while len(group) < 64 and not self._waiting.empty():
                group.append(self._waiting.get())
            lean.insert([body for body, _ in group])
            for _, stored in group:
                stored.set()


def keeping_application(url: str) -> Callable[..., list[bytes]]:
    """A WSGI application that commits the body and answers 202, and does nothing else."""
    store = GroupCommit(url)
    answer = b'{"status":"received"}'

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        if environ["REQUEST_METHOD"] == "POST":  # the server also asks itself whether it is alive
            store.keep(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        start_response(
            "202 Accepted" if environ["REQUEST_METHOD"] == "POST" else "200 OK",
            [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))],
        )
        return [answer]

    return application
