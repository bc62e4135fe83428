"""A message that is judged again as people have it judged: by a replay of it alone."""

from __future__ import annotations

from gateway.replaying import Wanted, begin, running
from gateway.store.store import Store
from tests.harness.working import services_on


def judge_again(store: Store, message_id: str, reason: str = "again", actor: str = "user Test") -> str:
    """From now on it waits to be judged, under the mapping that is then published; the replay's id. Raises CantReplay
    where it can't be."""
    services = services_on(store)
    replay_id = begin(services, Wanted.of_messages([message_id]), reason=reason, actor=actor)
    while store.messages.status(message_id) != "received":
        if not running.step(services):
            raise AssertionError(f"message {message_id} is not asked for")
    return replay_id
