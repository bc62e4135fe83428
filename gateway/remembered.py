"""What is costly to make, remembered by its key: of so many the last used. Shared by a process's threads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

Key = tuple[object, ...]
_Made = TypeVar("_Made")


class Remembered:
    """Nothing in it is ever changed: what a key names says the same for ever."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Key, Any] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """How much is remembered."""
        with self._lock:
            return len(self._kept)

    def found(self, key: Key) -> Any:
        """What is remembered under this key; None where nothing is."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def made(self, key: Key, make: Callable[[], _Made]) -> _Made:
        """The same, made where nothing is. Two threads that ask at once may both make it."""
        found: _Made | None = self.found(key)
        if found is not None:
            return found
        made = make()
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made

    def forget(self, is_over: Callable[[Key], bool]) -> None:
        """Forget what stands under such keys."""
        with self._lock:
            for key in [one for one in self._kept if is_over(one)]:
                del self._kept[key]
