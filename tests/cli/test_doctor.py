"""`gateway doctor`: right where all is right, and each thing that is wrong by name."""

from __future__ import annotations

import re
import shutil
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.accounts import publish_folder
from gateway.services import Services
from mappings.files.account_folder import read_account
from mappings.own_format import formats_of
from schemas.faults import DocumentHeld
from tests.cli.conftest import ACCOUNTS, ROOT, Run


@pytest.fixture(autouse=True)
def free_port(monkeypatch: pytest.MonkeyPatch) -> int:
    """Where nobody serves: whatever else runs on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    monkeypatch.setenv("GATEWAY_PORT", str(port))
    return port


def wrong(run: Run) -> dict[str, str]:
    """Check → what was found, of those that are wrong; the exit code agrees."""
    said = run("doctor", "--json")
    found = {check["name"]: check["detail"] for check in said.json["checks"] if not check["ok"]}
    assert (said.code == 1) == bool(found)
    assert said.json["ok"] == (not found)
    return found


def test_a_fresh_machine_is_well_and_nothing_is_made(run: Run, data_dir: Path) -> None:
    assert wrong(run) == {}
    assert not data_dir.exists()


def test_a_gateway_with_its_accounts_is_well(run: Run, services: Services) -> None:
    said = run("doctor", "--json").json
    names = {check["name"] for check in said["checks"]}
    assert names >= {
        "serving",
        "python",
        "sqlite",
        "database",
        "redis",
        "data folder",
        "free disk",
        "supplier",
        "settings",
    }
    assert names >= {"catalogue", "account acme-retail", "account nordic-office"}
    assert said["ok"]


def test_a_lane_that_nobody_serves_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def told() -> tuple[bool, str]:
        (found,) = [one for one in run("doctor", "--json").json["checks"] if one["name"] == "lanes"]
        return found["warning"], found["detail"]

    assert told()[0] is False
    monkeypatch.setenv("GATEWAY_LANES", "critical,high,standard,bulk,delivery,drafts")
    warns, said = told()
    assert warns
    assert said.startswith(
        "GATEWAY_LANES here leaves out replays (has messages judged again); `gateway worker --lanes "
    )


def test_every_setting_is_described_and_secrets_are_masked(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_SECRET_KEY", "canary-" * 8)
    settings: list[dict[str, Any]] = run("doctor", "--json").json["settings"]
    by_name = {row["variable"]: row for row in settings}
    assert by_name["GATEWAY_SECRET_KEY"]["value"] == "********"
    assert all(row["description"] for row in settings)
    assert "canary" not in run("doctor").out


def test_what_is_misspelt_or_refused_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_PROT", "81")
    assert "GATEWAY_PROT" in wrong(run)["settings"]
    monkeypatch.setenv("GATEWAY_PORT", "many")
    assert "GATEWAY_PORT" in wrong(run)["settings"]


class _Stranger(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_whether_something_serves_is_said(run: Run, free_port: int) -> None:
    def said() -> dict[str, Any]:
        return next(one for one in run("doctor", "--json").json["checks"] if one["name"] == "serving")

    nothing = said()
    assert nothing["ok"]
    assert f"nothing at http://127.0.0.1:{free_port} yet" in nothing["detail"]
    with HTTPServer(("127.0.0.1", free_port), _Stranger) as stranger:
        serving = threading.Thread(target=stranger.serve_forever)
        serving.start()
        try:
            assert "something else is there" in wrong(run)["serving"]
        finally:
            stranger.shutdown()
            serving.join(timeout=10)


def states(run: Run) -> dict[str, tuple[str, str]]:
    """Check → its state and what was found, as people see them."""
    rows = [line.split("\t") for line in run("doctor").out.split("\n\n")[0].splitlines()[1:]]
    return {check: (state, found) for state, check, found in rows}


def test_a_gateway_that_took_orders_and_is_down_is_wrong(
    run: Run, send: Callable[[str, str], str], free_port: int, data_dir: Path
) -> None:
    """It is asked for where it served last, not where it would serve by its settings."""
    assert states(run)["serving"][0] == "warning"
    assert run("doctor").code == 0
    send("acme-retail", "01-accepted.xml")
    assert f"the gateway is down: nothing at http://127.0.0.1:{free_port};" in wrong(run)["serving"]
    (data_dir / "run").mkdir(exist_ok=True)
    (data_dir / "run" / "address").write_text("http://127.0.0.1:1\n")
    assert "nothing at http://127.0.0.1:1;" in wrong(run)["serving"]
    assert states(run)["serving"][0] == "WRONG"


def test_an_empty_catalogue_is_a_warning(run: Run) -> None:
    assert run("db", "upgrade").code == 0
    state, found = states(run)["catalogue"]
    assert (state, "no products yet" in found) == ("warning", True)
    assert wrong(run) == {}


def test_what_can_not_be_reached_is_named(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GATEWAY_DATABASE_URL", "postgresql://nobody:secret-word@127.0.0.1:1/none")
    monkeypatch.setenv("GATEWAY_REDIS_URL", f"unix://{tmp_path / 'nobody.sock'}")
    monkeypatch.setenv("GATEWAY_SUPPLIER_FILE", str(tmp_path / "supplier.yaml"))
    found = wrong(run)
    assert set(found) == {"database", "redis", "supplier"}
    assert "secret-word" not in str(found)


def test_a_folder_that_can_not_be_written_to(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_DATA_DIR", "/proc/var")  # not even root may
    assert "data folder" in wrong(run)


def test_a_database_of_another_version(run: Run, services: Services) -> None:
    with services.store.database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))
    assert "is at version 0000" in wrong(run)["database"]


def test_a_mapping_that_can_not_answer(run: Run) -> None:
    run("accounts", "import", str(ACCOUNTS / "acme-retail"))
    assert "products.csv does not have" in wrong(run)["account acme-retail"]


def test_cxml_senders_that_would_be_kept_out(run: Run, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub's secret that is named and not set is a warning; one From of two accounts is wrong."""
    hub = {
        "from": [{"domain": "DUNS", "identity": "1"}],
        "senders": [{"domain": "NetworkID", "identity": "AN9", "secret": "HUB"}],
    }
    for name in ("acme-retail", "nordic-office"):
        folder = read_account(ACCOUNTS / name)
        terms = folder.account.model_dump(mode="json", by_alias=True) | {"cxml": hub}
        publish_folder(
            services.store,
            replace(folder, account=type(folder.account).model_validate(terms)),
            author="test",
            reason="cXML",
        )

    def told() -> list[tuple[bool, bool, str]]:
        checks = run("doctor", "--json").json["checks"]
        told = [(one["ok"], one["warning"], one["detail"]) for one in checks if one["name"] == "cxml"]
        return [one for one in told if "blue-harbor" not in one[2]]  # whose secret nobody has set either

    unset = "AN9 can't send by the secret HUB, which isn't set: `gateway secrets set HUB`"
    both = (False, False, "acme-retail and nordic-office have the same From, 1 (duns): what it sends is refused")
    assert told() == [(True, True, f"acme-retail: {unset}"), (True, True, f"nordic-office: {unset}"), both]
    monkeypatch.setenv("GATEWAY_SECRET_HUB", "a secret of the hub")
    assert told() == [both]


def test_a_supply_site_that_has_no_stock(run: Run, services: Services, tmp_path: Path) -> None:
    shutil.copytree(ACCOUNTS / "acme-retail", tmp_path / "acme")
    sites = tmp_path / "acme" / "sites.csv"
    sites.write_text(sites.read_text().replace("HAMBURG", "HAMBRUG"))
    run("accounts", "import", str(tmp_path / "acme"))
    assert "supply_site HAMBRUG, for which no stock was ever told" in wrong(run)["account acme-retail"]


def test_urls_that_are_none(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_REDIS_URL", "nonsense")
    assert run("db", "upgrade").code == 2
    monkeypatch.setenv("GATEWAY_DATABASE_URL", "nonsense")
    assert set(wrong(run)) == {"database", "redis"}
    assert run("accounts", "list").code == 1


LINDEN = ROOT / "tests" / "examples" / "accounts" / "linden-works"


def test_published_maps_are_compiled_and_their_cost_is_told(run: Run, services: Services, tmp_path: Path) -> None:
    folder = shutil.copytree(LINDEN, tmp_path / "linden-works")
    (folder / "samples").mkdir()
    shutil.copy(ROOT / "tests" / "examples" / "orders" / "linden-works.json", folder / "samples" / "01.json")
    assert run("accounts", "import", str(folder), "--reason", "new").code == 0
    found = {check["name"]: check for check in run("doctor", "--json").json["checks"]}
    reads, writes = (found[f"map linden-works/{name}_map.yaml"] for name in ("order", "order_response"))
    assert (reads["ok"], writes["ok"]) == (True, True)
    cost = r"compiled in \d+\.\d ms"
    assert re.fullmatch(cost + r", reads an order of its samples in \d+\.\d ms", reads["detail"])
    assert re.fullmatch(cost + r"; order_response_map\.yaml line 6 column 1: .*", writes["detail"])


def test_a_map_that_an_older_program_stored_is_named_with_its_line(run: Run, services: Services) -> None:
    """It holds what comes for it, and the account's other formats go on."""
    content = read_account(LINDEN)
    broken = {**content.maps, "order_map.yaml": content.maps["order_map.yaml"].replace("buyer_item:", "article:")}
    publish_folder(services.store, replace(content, maps=broken), author="test", reason="an older program")
    found = wrong(run)["map linden-works/order_map.yaml"]
    assert "order_map.yaml line 16 column 5: order.lines.0.article: is no key here" in found
    formats = formats_of(services.terms.current(["linden-works"])["linden-works"])
    own, shared = b'{"po": {"no": "1"}, "rows": []}', b'{"order_number": "1", "lines": []}'
    assert (formats["custom"].sniff(own), formats["custom"].check(own)) == (True, 1)
    assert not formats["custom"].sniff(shared)
    with pytest.raises(DocumentHeld) as held:
        formats["custom"].parse_orders(own)
    assert [fault.code for fault in held.value.faults] == ["unknown_revision"]
    assert "order_map.yaml line 16 column 5" in held.value.faults[0].detail
