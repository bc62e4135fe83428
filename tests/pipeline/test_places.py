"""Where faults stand in what was sent, however many there are of them."""

from __future__ import annotations

import pytest

from gateway.reading import locate
from gateway.store.changes import ClaimedMessage
from schemas.faults import Fault
from schemas.formats.registry import FORMATS
from schemas.formats.ubl_2_1 import codec
from tests.bench.orders import ubl_order


class CountedPlaces(codec.Places):
    """Places that count how often a document is read for them."""

    readings = 0

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        CountedPlaces.readings += 1


def message(body: bytes) -> ClaimedMessage:
    return ClaimedMessage("", "acme-retail", False, 0, 0, 0, "test", "ubl-2.1", body, 1, 0, 0, b"", None)


def test_a_document_is_read_once_for_the_places_of_all_its_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read for each fault, an order of 20,000 unknown items would keep a worker for hours."""
    monkeypatch.setattr(CountedPlaces, "readings", 0)
    monkeypatch.setattr(codec, "Places", CountedPlaces)
    faults = [Fault("unknown_item", "", f"/lines/{index}/buyer_item") for index in range(300)]
    known = Fault("bad_value", "", "/lines/1/unit", "line 1: here")
    placeless = Fault("order_number_reused", "")
    found = locate(message(ubl_order("P-1", 300)), FORMATS, [known, *faults, faults[0], placeless])
    assert CountedPlaces.readings == 1
    assert (found[0], found[-1]) == (known, placeless)
    assert found[-2] == found[1]
    element = "cac:LineItem/cac:Item/cac:BuyersItemIdentification/cbc:ID"
    for index, fault in enumerate(found[1:301], 1):
        assert fault.location.endswith(f": cac:OrderLine[{index}]/{element}")


def test_a_document_is_not_read_where_every_place_is_known() -> None:
    faults = (Fault("bad_value", "", "/lines/1/unit", "line 1: here"), Fault("order_number_reused", ""))
    assert locate(message(b"no document"), FORMATS, faults) == faults
