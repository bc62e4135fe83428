"""What is written directly is what the generic encoder would write: the event of a settlement, and its times."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.states import MOVES
from gateway.store.chain import as_json, next_event
from gateway.store.changes import Changes, ClaimedMessage, Settlement
from schemas.fault_codes import FAULTS
from schemas.faults import Fault

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
events = st.sampled_from(["answer", "hold", "reject", "fail", "mark_duplicate"])
settlements = st.builds(
    Settlement,
    events,
    st.dictionaries(st.sampled_from(["decoded", "mapped", "checked", "answered"]), st.integers(0, 2**60)),
    st.lists(st.sampled_from(sorted(FAULTS)).map(lambda code: Fault(code, "Wrong.")), max_size=120).map(tuple),
    mapping_revision=st.none() | st.integers(0, 10**6),
    catalogue_revision=st.none() | st.integers(0, 10**6),
    order_number=st.none() | TEXTS,
    duplicate_of=st.none() | TEXTS,
    is_change=st.booleans(),
)


@given(settlements, st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_settlement_is_written_as_the_encoder_would(end: Settlement, run: int, count: int) -> None:
    message = ClaimedMessage("m-1", "acme", False, 1, 0, 0, "http", "json-1", b"", run, 0, count, b"\1" * 32, None)
    changes = Changes(at=1_700_000_000_000_000)
    changes.settle(message, end)
    status = MOVES["processing", end.event]
    body: dict[str, Any] = {"status": status, "run": run}
    if end.is_change and status == "held":
        body["change"] = True
    body |= {
        name: value
        for name in ("mapping_revision", "catalogue_revision", "order_number", "duplicate_of")
        if (value := getattr(end, name)) is not None
    }
    if end.faults:
        body["faults"] = [fault.code for fault in end.faults[:100]]
    (event,) = changes.events
    kind = "recognised as a resend" if status == "duplicate" else "answered" if status == "done" else status
    assert event == next_event("m-1", count + 1, b"\1" * 32, kind, "gateway", body, changes.at).row()
    (update,) = changes.message_updates
    assert (update[9], update[10], update[11]) == (as_json(end.stages), count + 1, event[-1])
    assert json.loads(update[9]) == end.stages


def test_a_settlement_tells_its_documents_as_the_encoder_would() -> None:
    message = ClaimedMessage("m-1", "acme", False, 1, 0, 0, "http", "json-1", b"", 1, 0, 1, b"\1" * 32, None)
    changes = Changes(at=1_700_000_000_000_000)
    form = {"format_name": "json-1", "media_type": "application/json", "transport": "mailbox", "revision": 1}
    made = {}
    for number, body, canonical in (("OR-1", b"<x/>", '{"a": "\u00e6"}'), ("OR-2", b"", "")):
        kept = {"kind": "order_response", "number": number, "order_id": None, "order_number": "PO-1"}
        document = changes.keep_document(message, **kept, **form, body=body, canonical=canonical)  # type: ignore[arg-type]
        made[document] = [hashlib.sha256(body).hexdigest(), hashlib.sha256(canonical.encode()).hexdigest()]
    changes.settle(message, Settlement("answer", {}))
    told = {"status": "done", "run": 1, "documents": made}
    assert changes.events == [next_event("m-1", 2, b"\1" * 32, "answered", "gateway", told, changes.at).row()]
