"""Log lines for machines are one JSON object each, whatever is logged."""

from __future__ import annotations

import json
import logging

import pytest

from workers.logs import JsonLines


def logged(caplog: pytest.LogCaptureFixture) -> dict[str, object]:
    (record,) = caplog.records
    written = JsonLines().format(record)
    assert "\n" not in written
    read: dict[str, object] = json.loads(written)
    return read


def test_a_line_says_when_how_bad_where_and_what(caplog) -> None:
    logging.getLogger("gateway.x").warning("kept %d\nmessages", 3, extra={"message_id": "m1"})
    line = logged(caplog)
    assert (line["level"], line["logger"], line["message"]) == ("warning", "gateway.x", "kept 3\nmessages")
    assert line["message_id"] == "m1"
    assert str(line["time"]).endswith("+00:00")


def test_an_exception_stays_on_the_line(caplog) -> None:
    try:
        raise RuntimeError("out of order")
    except RuntimeError:
        logging.getLogger("gateway.x").exception("failed")
    assert "RuntimeError: out of order" in str(logged(caplog)["exception"])
