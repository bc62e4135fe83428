"""Problems that open and are resolved by themselves, written down as they do."""

from __future__ import annotations

from gateway.causes.gathering import document_causes, message_causes, tell
from gateway.services import Services
from gateway.store.ids import now_us


def follow(services: Services) -> tuple[int, int]:
    """Write down which problems are new or came back, and which are resolved; how many of either. Anybody may, at any
    time: it is done once."""
    store, now = services.store, now_us()
    standing = store.problem_states.standing()
    documents = {one.fingerprint: one for one in document_causes(store)}
    there = store.problems.fingerprints()
    new = [one for fingerprint, one in documents.items() if fingerprint not in standing]
    if there - standing.keys():
        new += [one for one in message_causes(store) if one.fingerprint not in standing]
    gone = standing.keys() - there - documents.keys()
    store.problem_states.follow([one.seen for one in tell(services, new)], gone, now)
    return len(new), len(gone)
