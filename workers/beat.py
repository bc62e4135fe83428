"""A process's sign of life to its supervisor: a byte into the pipe it was given.

It is given from the thread that does the work, so that a loop without end and a stopped process both fall silent.
"""

from __future__ import annotations

import os


class Beat:
    """`beat()` says "I get on". Without a pipe (a part that runs on its own) it says nothing."""

    def __init__(self, descriptor: int | None = None) -> None:
        self._descriptor = descriptor
        if descriptor is not None:
            os.set_blocking(descriptor, False)
            os.set_inheritable(descriptor, False)

    def __call__(self) -> None:
        """Raises SystemExit where the supervisor is gone: nobody would stop this process any more."""
        if self._descriptor is None:
            return
        try:
            os.write(self._descriptor, b".")
        except BlockingIOError:
            return  # the supervisor is behind with reading; it has plenty of signs then
        except BrokenPipeError:
            raise SystemExit("the supervisor is gone") from None
