"""Telling our people for an account what waits for somebody: once when it opens, every hour while it does, once when it
is over; by e-mail and to our own system, as a sentence and a link, never with a document.

`gathering` says what is open, `people` who is told, `making` writes notices as rows, `sending` sends them. An account
that usually has sent by now and hasn't is one of the things that are told (`silence`).
"""

from __future__ import annotations

from gateway.notifying.gathering import current_problems, everything_open
from gateway.notifying.silence import silent_accounts

__all__ = ["current_problems", "everything_open", "silent_accounts"]
