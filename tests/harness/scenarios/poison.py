"""Documents that kill their worker, keep it for ever, or eat its memory are set apart; neighbours are answered."""

from __future__ import annotations

from tests.harness.accounts import SentOrder, garden_order, orders_of_all
from tests.harness.figures import Figures
from tests.harness.gateway import running
from tests.harness.site import Site
from tests.harness.waiting import until

_TRIES = 3
_ENDS = {"exit": "quarantined", "loop": "quarantined", "memory": "internal_error"}
"""What a poisonous document does to its worker (`driver.py`), and the fault it ends with: where Python says that there
is no memory left, the worker lives and the message is failed as a bug's; the others cost a worker at each try."""


def poison_is_set_apart(site: Site, orders: int, poisonous: int) -> None:
    """`poisonous` documents of each kind among so many healthy ones."""
    figures = Figures(f"poison on {site.kind}")
    healthy = orders_of_all(orders, figures.chance, "N")
    poison = {act: [garden_order(f"{act.upper()}-{n}", [1]) for n in range(poisonous)] for act in _ENDS}
    mixed = [*healthy, *(order for of_kind in poison.values() for order in of_kind)]
    figures.chance.shuffle(mixed)
    told = {"lease_seconds": 2, "heartbeat_seconds": 3, "claim_attempts": _TRIES}
    faults = " ".join(f"decode:{act.upper()}-={act}" for act in _ENDS)
    with running(site.gateway(faults=faults, **told)) as gateway:
        client = site.client(gateway.address)
        client.deliver_all(mixed)
        longest = 30 + 25 * poisonous
        figures.note(settled_s=until(lambda: site.books.waiting() == 0, longest, "everything is settled", pause=0.02))
        for act, of_kind in poison.items():
            _is_apart(site, act, of_kind)
        figures.note(poisonous=3 * poisonous, workers_after=len(gateway.parts("worker")))
        _close(site, 3 * poisonous)
        figures.note(**site.books.check(healthy))
        more = orders_of_all(6, figures.chance, "AFTER")
        client.deliver_all(more)
        until(lambda: site.books.waiting() == 0, 20, "the workers live on", pause=0.02)
        site.books.check([*healthy, *more])
    figures.show()


def _is_apart(site: Site, act: str, poison: list[SentOrder]) -> None:
    for order in poison:
        rows = site.books.rows(
            "SELECT m.status, f.code, m.losses FROM messages m JOIN faults f ON f.message_id = m.id "
            "JOIN payloads p ON p.id = m.payload_id WHERE p.body = ?",
            [order.body],
        )
        if [tuple(row[:2]) for row in rows] != [("failed", _ENDS[act])]:
            raise AssertionError(f"{order.number}: {rows}")
        if act != "memory" and rows[0][2] != _TRIES:
            raise AssertionError(f"{order.number} cost {rows[0][2]} workers")


def _close(site: Site, expected: int) -> None:
    """Close the poisonous messages by a person's word, so that nothing else may be open."""
    failed = site.books.rows("SELECT id FROM messages WHERE status = 'failed'")
    if len(failed) != expected:
        raise AssertionError(f"{len(failed)} messages failed, {expected} are poisonous")
    for (message_id,) in failed:
        site.store.messages.dismiss(message_id, "test", "poison")
