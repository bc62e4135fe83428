"""One of several processes that ship cartons until no SSCC is left: `python -m tests.pipeline.sscc_taker`.

Its arguments are the database, a folder of its own, our company prefix, and the order that it ships. It prints a line
once it is ready, and begins when it is sent the moment that it is then; then a line for each shipment: the SSCCs that
it was told, and at last the code of the fault. So for each moment.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import time_machine

from gateway.shipping import ShipmentRefused, take_shipment
from gateway.store.database import StoreUnavailable
from schemas.documents.shipment import Shipment
from tests.examples.small_gateway import SmallGateway

_CARTONS = 2
_PINE = "pine-hardware"


def main() -> None:
    """Ship at each moment that is sent."""
    url, folder, prefix, order_number = sys.argv[1:]
    gateway = SmallGateway.at(url, Path(folder))
    gateway.become(gs1_company_prefix=prefix)
    print("ready", flush=True)
    for line in sys.stdin:
        with time_machine.travel(datetime.fromisoformat(line.strip())):
            _ship(gateway, line.strip(), order_number)


def _ship(gateway: SmallGateway, moment: str, order_number: str) -> None:
    """Some cartons at a time and at last one by one, until that is refused."""
    cartons, number = _CARTONS, 0
    while True:
        told = _shipment(f"{order_number}-{moment}-{number}", moment, order_number, cartons)
        try:
            ssccs = take_shipment(gateway.services, told, "test").packages.values()
        except StoreUnavailable:
            continue  # the others were faster each time: it is sent again
        except ShipmentRefused as refused:
            if cartons > 1:
                cartons = 1
                continue
            print(*(f"{one.code} {one.path}" for one in refused.faults), flush=True)
            return
        print(*ssccs, flush=True)
        number += 1


def _shipment(number: str, moment: str, order_number: str, cartons: int) -> Shipment:
    line = {"order_number": order_number, "account": _PINE, "line_number": "1", "product": "BOLT-M8"}
    packages = [{"id": f"C{index}", "lines": [{**line, "base_quantity": "1"}]} for index in range(cartons)]
    return Shipment.model_validate({"shipment_number": number, "shipped_at": moment, "packages": packages})


if __name__ == "__main__":
    main()
