"""Where orders are picked up: one file for each kind of place, and what they share. `SOURCES` is the list."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.pickup.folder import Folder
from gateway.pickup.imap import Imap
from gateway.pickup.sftp import Sftp
from gateway.pickup.source import Source

SOURCES: Mapping[str, Source] = {one.name: one for one in (Folder(), Sftp(), Imap())}
"""Name in account.yaml → the kind of place."""
