"""What is known of a message, from the database."""

from __future__ import annotations

from gateway.services import Services
from gateway.store.documents import StoredDocument
from gateway.store.messages import StoredMessage
from gateway.timeline.steps import Sent, Told

MOST_SENT = 20
"""Documents of one message whose way out is told: an order is answered by one, and by one more for each decision."""


def load(services: Services, message: StoredMessage, *, for_account: bool = False) -> Told:
    """All that a timeline of the message is made from."""
    store = services.store
    documents = store.documents.of_messages([message.id])
    return Told(
        message,
        store.audit.of(message.id),
        store.messages.faults(message.id),
        [load_sent(services, one) for one in documents[:MOST_SENT]],
        max(0, len(documents) - MOST_SENT),
        store.answers.of_message(message.id),
        for_account,
    )


def load_sent(services: Services, document: StoredDocument) -> Sent:
    """The same of a document's way out."""
    store, key = services.store, document.id
    delivery = store.deliveries.one(key)
    attempts = store.deliveries.attempts(key) if delivery is not None and delivery.attempts else []
    return Sent(document, delivery, attempts, store.deliveries.receipts(key), store.audit.of(f"delivery/{key}"))
