"""What tells our people what waits for them, by the clock: each of these lists of tasks has a thread of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from gateway.notifying.making import Noticing
from gateway.notifying.sending import CHANNELS, Teller
from gateway.notifying.silence import SilenceWatch
from gateway.services import Services
from gateway.store.ids import now_us
from workers.schedule import Task

_LOOK_SECONDS, _SILENCE_SECONDS, _SEND_SECONDS, _OLD_SECONDS = 15.0, 120.0, 3.0, 3_600.0
_KEPT_US = 90 * 86_400_000_000


def notice_tasks(services: Services) -> Mapping[str, Sequence[Task]]:
    """A thread's name → what it does: one looks and writes notices, and one for each channel sends them."""
    teller = Teller(services)
    looking = [
        Task("silent accounts", _SILENCE_SECONDS, SilenceWatch(services).look),
        Task("notices", _LOOK_SECONDS, Noticing(services).look),
        Task("old notices", _OLD_SECONDS, lambda: services.store.notices.drop_old(now_us() - _KEPT_US)),
    ]
    sending = {
        f"notices by {channel}": [Task(f"notices by {channel}", _SEND_SECONDS, partial(teller.send_due, channel))]
        for channel in CHANNELS
    }
    return {"notices": looking, **sending}
