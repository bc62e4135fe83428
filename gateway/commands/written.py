"""A document's bytes as a command gives them out."""

from __future__ import annotations

import base64
import sys

from gateway.commands.screen import USAGE, Failed, Screen

_PDF = "application/pdf"


def in_json(written: bytes, media_type: str) -> dict[str, str]:
    """What was written as a member of JSON: a text, or Base64 of what is none."""
    if media_type != _PDF:
        return {"document": written.decode(errors="replace")}
    return {"document": base64.b64encode(written).decode(), "encoding": "base64"}


def give_out(screen: Screen, written: bytes, media_type: str = "") -> None:
    """Bytes as they are; on a terminal without what would steer it. Raises Failed where they are no text for one."""
    if not sys.stdout.isatty():
        sys.stdout.buffer.write(written)
        sys.stdout.buffer.flush()
    elif media_type == _PDF:
        raise Failed("That is a PDF, and nothing to read on a terminal: put > FILE behind the command.", USAGE)
    else:
        screen.result(None, *written.decode(errors="replace").splitlines())
