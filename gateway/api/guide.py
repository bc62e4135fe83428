"""What the page for people says beyond the description for programs: what to send, what comes back, what to do then."""

from __future__ import annotations

from collections.abc import Mapping

FORMAT_STORIES: Mapping[str, str] = {
    "json-1": "Our own JSON, for those who have no format yet: an order, or a list of orders. "
    "`Content-Type: application/json`.",
    "ubl-2.1": "OASIS UBL 2.0 to 2.3, alone or in an SBDH envelope, which may hold several documents. An "
    "OrderCancellation may be of several orders: it cancels each of them. `Content-Type: application/xml`.",
    "peppol-advanced-3": "UBL as Peppol's advanced ordering has it: T116 out. `Content-Type: application/xml`.",
    "peppol-bis-3": "UBL as Peppol BIS 3 has it: ordering and order-only in, T76 out. `Content-Type: application/xml`.",
    "cxml-1.2": "cXML of any version 1.2: OrderRequests in, ConfirmationRequests out. `Content-Type: text/xml`.",
    "csv-1": "A table with a header, for inventory reports: one item a row. No orders are sent in it. `text/csv`.",
}
"""Format → what it is, for whoever has to choose."""

ORDER_MEMBERS: Mapping[str, str] = {
    "order_number": "Your number of the order. Required.",
    "function": "`original` where absent, `change` or `cancel`.",
    "version": "Of a change: one more than the last, where you count them. A lower one than the last changes nothing.",
    "issue_date": "The day it was issued; prices and items are judged at this date.",
    "currency": "ISO 4217; the agreed one where absent.",
    "ship_to": "Where the goods go: `id` as agreed with us, with its `scheme` (`0088`: GLN) where it has one, or an "
    "`address`.",
    "requested_delivery": "From `start` to `end`, local dates.",
    "partial_allowed": "Whether less than the order may be delivered; as agreed where absent.",
    "note": "Free text for people.",
    "lines": "The lines. Only a cancellation may have none.",
}
"""The members of a json-1 order that most orders have."""

LINE_MEMBERS: Mapping[str, str] = {
    "line_number": "Unlike any other in the order: the answer names it. Required.",
    "action": "In a change: `add`, `delete`, `change` or `nothing`.",
    "buyer_item": "Your item number. Give this one, ours or a GTIN; of several, all must mean the same product.",
    "seller_item": "Our item number.",
    "gtin": "GTIN, with its check digit.",
    "quantity": "More than zero, in `unit`. Required.",
    "unit": "Your word for the unit; the one of the GTIN, or the one agreed, where absent.",
    "price": "`amount`, net, for `base_quantity` (1 where absent) of the unit.",
    "requested_delivery": "Where the line has its own.",
    "schedule": "Where the line comes in parts: `quantity` and `requested_delivery` of each.",
}
"""The members of a line that most lines have."""

STATUSES_MEAN: Mapping[str, str] = {
    "received": "Durably stored; its turn comes, or it is a change or cancellation that waits for its order, a day at "
    "most, or as long as we hold that. Ask again.",
    "processing": "Being judged right now. Ask again.",
    "done": "Decided and answered: the order response is in your mailbox.",
    "held": "We must act first, and `faults` says on what. You need do nothing; the order response comes after that.",
    "rejected": "You must act: `faults`, and the order response where one could be written, say on what. The corrected "
    "order may have the same number.",
    "failed": "A failure on our side. The order is kept, and tried again once that is mended.",
    "duplicate": "The same order came before: `duplicate_of` is the message that answers for it; where the order "
    "was changed or cancelled since, that is the one which did so.",
    "superseded": "A person here put a corrected copy in its place.",
    "dismissed": "A person here closed it, by agreement with you. Sent again, it is judged afresh.",
}
"""Message status → what it means to the account, and what to do."""

REMEDIES: Mapping[int, str] = {
    400: "Correct what `faults` or `detail` names, and send it again.",
    401: "Send `Authorization: Bearer` with your key; ask us for a new one where it is lost or has expired.",
    403: "Use a key of your account.",
    404: "Check the id or number. Other accounts' things answer the same.",
    405: "Use one of the methods in the header `Allow`.",
    406: "Ask for one of the formats named in `detail`.",
    409: "See what stands, and send what fits it.",
    411: "Send a `Content-Length`.",
    413: "Split the document, or send attachments apart.",
    415: "Send a `Content-Type` and a format agreed with us.",
    422: "Use a new `Idempotency-Key` for new content.",
    429: "Send the same again after as many seconds as `Retry-After` says.",
    500: "Send the same again later; if it stays, tell us the id in `detail`.",
    503: "Send the same again after as many seconds as `Retry-After` says.",
}
"""HTTP status → what the sender does about it."""
