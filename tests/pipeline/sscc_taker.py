"""One of several processes (`tests.harness.forks`) that ship cartons until no SSCC is left."""

from __future__ import annotations

from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path

import time_machine

from gateway.shipping import ShipmentRefused, take_shipment
from gateway.store.database import StoreUnavailable
from schemas.documents.shipment import Shipment
from tests.examples.small_gateway import SmallGateway
from tests.harness.forks import heard

_CARTONS = 2
_PINE = "pine-hardware"


def take(connection: Connection, url: str, folder: Path, prefix: str, order_number: str) -> None:
    """Say that it is ready; then, for each moment that it is told, ship the order's cartons under our company prefix,
    and say the SSCCs of each shipment and at last what refused one."""
    folder.mkdir()
    gateway = SmallGateway.at(url, folder)
    gateway.become(gs1_company_prefix=prefix)
    connection.send("ready")
    for moment in heard(connection):
        assert isinstance(moment, datetime)
        with time_machine.travel(moment):
            connection.send(_shipped(gateway, moment.isoformat(), order_number))


def _shipped(gateway: SmallGateway, moment: str, order_number: str) -> tuple[list[list[str]], list[str]]:
    """Some cartons at a time and at last one by one, until that is refused."""
    cartons, told = _CARTONS, list[list[str]]()
    while True:
        shipment = _shipment(f"{order_number}-{moment}-{len(told)}", moment, order_number, cartons)
        try:
            told.append(list(take_shipment(gateway.services, shipment, "test").packages.values()))
        except StoreUnavailable:
            continue  # the others were faster each time: it is sent again
        except ShipmentRefused as refused:
            if cartons > 1:
                cartons = 1
                continue
            return told, [f"{one.code} {one.path}" for one in refused.faults]


def _shipment(number: str, moment: str, order_number: str, cartons: int) -> Shipment:
    line = {"order_number": order_number, "account": _PINE, "line_number": "1", "product": "BOLT-M8"}
    packages = [{"id": f"C{index}", "lines": [{**line, "base_quantity": "1"}]} for index in range(cartons)]
    return Shipment.model_validate({"shipment_number": number, "shipped_at": moment, "packages": packages})
