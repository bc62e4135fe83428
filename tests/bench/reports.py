"""Write an inventory report as the web process does, and say what that took: `tests.bench.reports URL ACCOUNT`.

In a process of its own, because memory is the process's.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime

from gateway.allocator import return_large_blocks
from gateway.app import create_app
from gateway.inventory import ask, report_in
from gateway.lanes import Lanes
from gateway.services import Limits, Services
from gateway.store.store import Store
from gateway.terms import Terms
from mappings.revision import Supplier
from schemas.formats.registry import format_by_name
from tests.harness.own_memory import own_memory


def main(url: str, account: str) -> None:
    """Peak memory with all of a web process loaded, then after a report of each format, and how many rows a second."""
    return_large_blocks()
    store = Store(url)
    services = Services(store, Lanes("unix:///nobody.sock"), Terms(store), Supplier("Supplier"), Limits())
    create_app(services)
    told: dict[str, object] = {"loaded": own_memory("VmHWM")}
    started = time.process_time()
    asked = ask(services, account, datetime.now(UTC))
    told["compile_seconds"] = time.process_time() - started
    for name in ("csv-1", "json-1", "ubl-2.1"):
        started, size = time.process_time(), 0
        for piece in report_in(services, asked, format_by_name(name)):
            size += len(piece)
        seconds = time.process_time() - started
        told[name] = {"rows_a_second": len(asked.items) / seconds, "bytes": size, "peak": own_memory("VmHWM")}
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
