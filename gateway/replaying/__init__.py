"""Replays: messages that were held, failed or rejected are judged again, as a set that is frozen when it is begun.

`wanting` is what somebody asks for, `planning` the set that it comes to and what will not repeat, `foreseeing` what
would come of it, `beginning` starts it, and `running` is what a worker does, a chunk at a time.
"""

from __future__ import annotations

from gateway.replaying.beginning import begin, cancel, pause, ready, resume
from gateway.replaying.planning import CantReplay, Plan, plan
from gateway.replaying.wanting import Fitting, Wanted, wanted_from

__all__ = [
    "CantReplay",
    "Fitting",
    "Plan",
    "Wanted",
    "begin",
    "cancel",
    "pause",
    "plan",
    "ready",
    "resume",
    "wanted_from",
]
