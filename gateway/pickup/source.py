"""What every place that orders are picked up from has in common: what lies there, its bytes, and where it goes once the
orders in it are kept. Nothing is moved before that.

A look is: open, list, read one after the other, settle each. `gateway.picking` does it, and decides what is read.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from gateway.delivery.guard import AddressGuard
from gateway.named_secrets import NamedSecrets


class PickupFailed(Exception):
    """The place itself doesn't work now: a sentence for our people, never with a secret."""


class Gone(Exception):
    """It isn't there any more, or not as it was found: somebody else took it, or wrote to it. Nothing is wrong."""


class Unfit(Exception):
    """Nothing of it can be taken, now or later: why, for our people. It is settled as refused."""


class NotSettled(Exception):
    """It could not be moved or marked: why, for our people. It lies where it lay."""


class Deadline:
    """When a look must be over, by the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._ends = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds for the next step, above 0. Raises PickupFailed where there are none left."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise PickupFailed(f"not done within {self.seconds:g} seconds")
        return left

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._ends


@dataclass(frozen=True, slots=True)
class PickupMeans:
    """What sources work with."""

    guard: AddressGuard
    secrets: NamedSecrets
    folder: Path
    """Watched folders of this machine lie below it, and nowhere else."""


@dataclass(frozen=True, slots=True)
class Found:
    """One file or mail as it lies there, without its bytes."""

    name: str
    """What it is called, without a folder, as text that can be shown and kept: odd characters are escaped."""
    size: int
    """Bytes, as the place says."""
    stands: str
    """How it stands (size, time of change, id): another text once anything was written to it or put in its place."""
    order: tuple[int, str]
    """Sorts the oldest first."""
    is_whole: bool = False
    """Whether it is known to be whole, as a mail is. A file is only where it stands the same at two looks."""
    handle: Any = field(default=None, compare=False, repr=False)
    """What the source itself needs to find it again."""


@dataclass(frozen=True, slots=True)
class Brought:
    """One document that was in it: the file's bytes, or an attachment's. It becomes a message of its own."""

    name: str
    """The file's or attachment's name, for people; with the bytes it tells a resend."""
    body: bytes = field(repr=False)
    media_type: str | None = None
    came_in: str = ""
    """The id of what it came in, where that has one of its own, as a mail has: it tells a resend as well."""


class Opened(Protocol):
    """A place while a look is made at it. One thread uses it. Every call keeps to the look's deadline and raises
    PickupFailed where the place doesn't work (any more), or the time is over."""

    def found(self) -> Sequence[Found]:
        """What lies there to be taken, in any order, at most MOST_LISTED; without what is still being written by its
        name, folders, and links."""

    def read(self, found: Found, most_bytes: int) -> Sequence[Brought]:
        """Its documents, at least one; of no more than so many bytes each. Raises Gone, and Unfit (also for a larger
        one, of which no more is read than that). NotSettled: it can't be read now, and others can."""

    def settle(self, found: Found, label: str, *, refused: bool) -> str:
        """Put it to what is done with, or to what was refused, and say where it is now. `label`, a message's id, is
        unique, and goes into its name there where it gets one: nothing is ever overwritten. Raises Gone, NotSettled."""


class Source(Protocol):
    """One kind of place. The same object serves all accounts, from several threads."""

    @property
    def name(self) -> str:
        """As account.yaml names it, and as messages tell where they came from: `folder`, `sftp`, `imap`."""

    def open(self, terms: Mapping[str, Any], means: PickupMeans, deadline: Deadline) -> AbstractContextManager[Opened]:
        """Connect. Entering raises PickupFailed, and BadTerms where the terms can't be used (a secret isn't set).
        Leaving never raises anything, and never takes long."""


MOST_LISTED = 10_000
"""Files of one place that one look knows of."""
