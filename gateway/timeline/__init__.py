"""What happened to a message, as one list of sentences: received, read, put into our terms, decided, answered,
delivered, and what the account said of it; run by run, and what hasn't happened yet, and why.

load(services, message)     everything that is known of it; a handful of queries, however much there is of it
timeline(told)              the sentences, of that alone
sending(document, …)        those of one document that goes out, for a page that is about it

The console's page of a message, that of an order and `gateway messages show --view timeline` say the same with it.
"""

from __future__ import annotations

from gateway.timeline.building import timeline
from gateway.timeline.loading import load, load_sent
from gateway.timeline.sending import sending
from gateway.timeline.steps import STAGES, NotReached, Run, Sent, Step, Timeline, Told

__all__ = [
    "STAGES",
    "NotReached",
    "Run",
    "Sent",
    "Step",
    "Timeline",
    "Told",
    "load",
    "load_sent",
    "sending",
    "timeline",
]
