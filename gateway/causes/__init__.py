"""Why messages, documents and files wait for somebody: each cause as one problem, said as a sentence, with what is at
risk by it and what our people make of it."""

from __future__ import annotations

from gateway.causes.acting import CantChange, one_cause
from gateway.causes.cause import Cause
from gateway.causes.gathering import causes, gather, of_documents, of_messages, tell
from gateway.causes.states import follow

__all__ = ["CantChange", "Cause", "causes", "follow", "gather", "of_documents", "of_messages", "one_cause", "tell"]
