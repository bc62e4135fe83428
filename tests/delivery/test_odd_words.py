"""What a partner says in its own words is kept as text, whatever it is, and stops nobody's documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from gateway.delivering import Deliverer
from gateway.delivery.transport import Means, Parcel, Result
from tests.delivery.conftest import agree
from tests.delivery.test_deliverer import rows, send, settled
from tests.examples.small_gateway import SmallGateway


class Says:
    """A way out at whose end somebody says this."""

    name = "webhook"

    def __init__(self, said: str) -> None:
        self.said = said

    def endpoint(self, terms: Mapping[str, Any]) -> str:
        return str(terms["webhook"])

    def send(self, parcel: Parcel, terms: Mapping[str, Any], means: Means) -> Result:
        return Result(outcome="rejected", detail=f"the server says: {self.said}", answer=self.said)


@pytest.mark.parametrize("said", ["no\0body", "half \ud800 a pair", "x" * 1_000_000], ids=["NUL", "surrogate", "long"])
def test_whatever_is_said_is_kept_as_text(on_either: SmallGateway, said: str) -> None:
    agree(on_either, {"webhook": "https://acme.example/edi", "secret": "OLD"})
    send(on_either, 1)
    deliverer = Deliverer(on_either.services, transports={"webhook": Says(said)})
    deliverer.start()
    try:
        settled(on_either, "rejected", seconds=5)
    finally:
        deliverer.stop()
    ((detail, answer),) = rows(on_either, "SELECT detail, answer FROM delivery_attempts")
    assert detail.startswith("the server says: ")
    assert len(detail) <= 500
    assert len(answer) <= 2_000
