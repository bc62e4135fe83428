"""An order that was answered, and its answer that didn't arrive, for tests of every page."""

from __future__ import annotations

from gateway.store.statements import run
from tests.api.builders import Gateway, Sender, order

ENDPOINT = "https://acme.example/edi"


def with_thread(gateway: Gateway, sender: Sender, number: str = "PO-77") -> dict[str, str]:
    """The ids of the order, of its response, and of the problem that this was given up."""
    message_id = gateway.send(sender, order(number)).json["message_id"]
    gateway.work()
    return {"order_id": _order(gateway, sender, number), **given_up(gateway, message_id)}


def given_up(gateway: Gateway, message_id: str) -> dict[str, str]:
    """The ids of what came of the message, which can't be delivered, and of that problem."""
    store = gateway.services.store
    (document,) = store.documents.of_messages([message_id])
    with store.database.write() as connection:
        text = (
            "UPDATE deliveries SET transport = 'webhook', endpoint = ?, status = 'given_up', code = 'delivery_failed', "
            "detail = 'HTTP 404' WHERE document_id = ?"
        )
        run(connection, text, [(ENDPOINT, document.id)])
    (problem,) = store.delivery_problems.all(document.account_id)
    return {"document_id": document.id, "fingerprint": problem.fingerprint}


def _order(gateway: Gateway, sender: Sender, number: str) -> str:
    return gateway.services.store.orders.by_number(sender.account_id, number)[0].id
