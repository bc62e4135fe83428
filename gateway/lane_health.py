"""Whether each lane has a worker: a lane that nobody serves is rung for in vain, and nothing in it ever happens."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.lanes import DELIVERY, DRAFTS, LANES, QUEUES, REPLAYS, Lanes

_WORK = {
    DELIVERY: "sends documents and picks orders up",
    REPLAYS: "has messages judged again",
    DRAFTS: "tries drafts on past orders",
}


def lanes_served(lanes: Lanes, told: Iterable[str]) -> tuple[bool, str]:
    """(whether somebody should know, what was found): of the workers that run, wherever they do, as they say in Redis;
    where none runs, of the lanes that this machine's settings name (`told`)."""
    served = lanes.served()
    runs = bool(served)
    missing = [name for name in QUEUES if name not in (served or set(told))]
    if missing:
        named = ", ".join(f"{name} ({_WORK.get(name, 'judges orders')})" for name in missing)
        whose = "no worker that runs serves" if runs else "GATEWAY_LANES here leaves out"
        return True, f"{whose} {named}; `gateway worker --lanes {','.join(missing)}` does, on any machine"
    every = f"{', '.join((*LANES, DELIVERY, REPLAYS, DRAFTS))}"
    return False, f"each has a worker: {every}" if runs else f"no worker runs; one of this machine would serve {every}"
