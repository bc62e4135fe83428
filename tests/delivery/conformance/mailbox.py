"""The mailbox: nobody is called, the account comes for what is there and says that it has it. As far as the cases are
of what arrives, they are its own as well."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar
from urllib.request import Request, urlopen

from gateway.delivery.transport import Means, Parcel, Result
from gateway.store.ids import now_us
from gateway.store.outbox import Outbound
from gateway.store.statements import fetch, insert
from gateway.store.tables import deliveries, documents
from tests.api.builders import Gateway, Sender, services_at
from tests.api.conftest import served
from tests.delivery.conformance.adapter import Adapter, Opened, Taken, Unusable
from tests.delivery.conformance.days import Day

NOBODY_IS_CALLED = "nobody is called: the account comes, and what it doesn't fetch lies there"


class MailboxAdapter(Adapter):
    name = way = "mailbox"
    inapplicable: ClassVar[Mapping[str, str]] = {
        **{day: NOBODY_IS_CALLED for day in Day if day is not Day.WELL},
        "terms and secrets": "`mailbox` has no terms beside it, and no secret",
        "an address that is refused": NOBODY_IS_CALLED,
        "a name that can't be resolved": NOBODY_IS_CALLED,
        "a partner that hangs": NOBODY_IS_CALLED,
    }
    secrets: ClassVar[Mapping[str, str]] = {}
    wrong_secrets: ClassVar[Mapping[str, str]] = {}
    unusable: ClassVar[Sequence[Unusable]] = ()

    def identity(self, parcel: Parcel) -> str:
        return parcel.document_id

    @contextmanager
    def listening(self, day: Day, folder: Path) -> Iterator[Opened]:
        gateway = Gateway(services_at(f"sqlite:///{folder / 'gateway.db'}", f"unix://{folder / 'nobody.sock'}"))
        try:
            account = gateway.account("acme-retail")
            with served(gateway) as address:
                visitor = _Visitor(gateway, account, address)
                yield Opened({"mailbox": visitor}, taken=lambda: visitor.taken)
        finally:
            gateway.close()

    def send(self, opened: Opened, parcel: Parcel, means: Means, **terms: Any) -> Result:
        """Laid there, and fetched; delivered is what the account has said that it has."""
        visitor: _Visitor = opened.terms["mailbox"]
        visitor.lay(parcel)
        visitor.fetch(parcel)
        status = visitor.status_of(parcel)
        return Result(outcome="delivered" if status == "received" else "unknown", detail=status)


class _Visitor:
    """The account's system, over HTTP."""

    def __init__(self, gateway: Gateway, account: Sender, address: str) -> None:
        self._store, self._account, self._address = gateway.services.store, account, address
        self.taken: list[Taken] = []
        self._laying = threading.Lock()

    def lay(self, parcel: Parcel) -> None:
        """Written as the outbox does, once."""
        row = Outbound(
            account_id=parcel.account_id,
            kind=parcel.type,
            number=parcel.number,
            source="test",
            order_id=None,
            order_number=parcel.order_number,
            test=parcel.test,
            revision=1,
            format_name="ubl-2.1",
            media_type=parcel.media_type,
            body=parcel.body,
            canonical="{}",
            transport="mailbox",
        ).rows(now_us())
        with self._laying, self._store.database.write() as connection:
            if not fetch(connection, "SELECT 1 FROM documents WHERE number = ?", [parcel.number]):
                insert(connection, documents, [(row[1][0], parcel.document_id, *row[1][2:])])
                insert(connection, deliveries, [(parcel.document_id, *row[2][1:])])

    def fetch(self, parcel: Parcel) -> None:
        listed = json.loads(self._call("/v1/documents?limit=1000"))["documents"]
        (found,) = (one for one in listed if (one["type"], one["number"]) == (parcel.type, parcel.number))
        self.taken.append(Taken(found["id"], self._call(found["href"])))
        self._call(f"{found['href']}/receipt", "POST")

    def status_of(self, parcel: Parcel) -> str:
        query = "SELECT v.status FROM deliveries v JOIN documents d ON d.id = v.document_id WHERE d.number = ?"
        with self._store.database.read() as connection:
            return str(fetch(connection, query, [parcel.number])[0][0])

    def _call(self, path: str, method: str = "GET") -> bytes:
        request = Request(f"{self._address}{path}", headers=self._account.headers, method=method)
        with urlopen(request, timeout=30) as answer:
            return bytes(answer.read())
