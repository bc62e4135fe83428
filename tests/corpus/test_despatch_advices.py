"""Other people's despatch advices: each is read as its golden says, or refused with faults that say what and where.

The goldens were written by reading the documents. A document without one must still be read or refused so.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from schemas.documents.common import AnyDocument
from schemas.documents.despatch_advice import judged_despatch_advice
from schemas.fault_codes import FAULTS
from schemas.faults import DocumentRejected, Fault
from schemas.formats import Format
from schemas.formats.cxml_1_2 import CXML_1_2
from schemas.formats.ubl_2_1 import UBL_2_1

GOLDENS = Path(__file__).with_name("goldens") / "despatch_advices"
KINDS: dict[str, Format] = {"ubl/despatch_advice": UBL_2_1, "cxml/ship_notice_request": CXML_1_2}


def read_or_refuse(known: Format, body: bytes) -> AnyDocument | tuple[Fault, ...]:
    try:
        return known.parsers["despatch_advice"](body)
    except DocumentRejected as refused:
        return refused.faults


@pytest.mark.parametrize("kind", KINDS)
def test_every_despatch_advice_is_read_as_its_golden_says(
    kind: str, corpus_dir: Path, corpus_count: Callable[[str, int], None]
) -> None:
    documents = sorted((corpus_dir / kind).glob("*.xml"))
    assert documents
    for document in documents:
        golden = GOLDENS / f"{document.stem}.json"
        found = read_or_refuse(KINDS[kind], document.read_bytes())
        if isinstance(found, tuple):
            assert found
            assert all(fault.code in FAULTS and fault.detail and fault.location for fault in found)
        if golden.exists():
            assert_as_written(found, golden)
    corpus_count(kind, len(documents))
    print(f"{len(documents)} documents of the corpus's {kind} read or refused")


def assert_as_written(found: AnyDocument | tuple[Fault, ...], golden: Path) -> None:
    expected = json.loads(golden.read_text(encoding="utf-8"))
    if "faults" in expected:
        assert isinstance(found, tuple)
        shown = [{name: fault.as_json()[name] for name in ("code", "path", "location", "value")} for fault in found]
        assert shown == expected["faults"]
    else:
        assert found == judged_despatch_advice(expected)


def test_no_golden_is_for_a_document_that_is_not_there(corpus_dir: Path) -> None:
    there = {path.stem for kind in KINDS for path in (corpus_dir / kind).glob("*.xml")}
    assert {path.stem for path in GOLDENS.glob("*.json")} <= there
