"""What the commands say of field maps while one is written: mistakes with their lines, and the schema for editors."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.services import Services
from tests.cli.conftest import ROOT, Run

LINDEN = ROOT / "tests" / "examples" / "accounts" / "linden-works"


@pytest.mark.parametrize(("arguments", "reads"), [((), True), (("--writes", "json"), False)])
def test_the_schema_for_editors(run: Run, arguments: tuple[str, ...], reads: bool) -> None:
    said = run("mappings", "schema", *arguments)
    assert said.code == 0
    assert said.json["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert ("reads" in said.json["properties"]) == reads
    assert ("writes" in said.json["properties"]) != reads


def test_an_import_tells_every_mistake_of_a_map_and_stores_nothing(
    run: Run, services: Services, tmp_path: Path
) -> None:
    folder = shutil.copytree(LINDEN, tmp_path / "linden-works")
    for name, right, wrong in (
        ("order_map.yaml", "from: po.no,", "from: 'po..no',"),
        ("order_response_map.yaml", "table: states", "table: status"),
        ("units.csv", "KARTON,,XBX,1", "KARTON,,XBX,0"),
    ):
        text = (folder / name).read_text("utf-8")
        assert right in text
        (folder / name).write_text(text.replace(right, wrong), encoding="utf-8")
    for arguments in (("--dry-run",), ()):
        said = run("accounts", "import", str(folder), *arguments)
        assert said.code == 1
        for place in (
            "order_map.yaml line 6 column 18",
            "order_response_map.yaml line 18 column 46",
            "units.csv line 3",
        ):
            assert place in said.err
    assert "linden-works" not in [one["id"] for one in run("accounts", "list", "--json").json]


def test_a_map_that_no_format_asks_for_is_a_warning(run: Run, services: Services, tmp_path: Path) -> None:
    folder = shutil.copytree(LINDEN, tmp_path / "linden-works")
    terms = (folder / "account.yaml").read_text("utf-8")
    (folder / "account.yaml").write_text(
        terms.replace("[json-1, custom]", "[json-1]").replace("format: custom", "format: json-1")
    )
    said = run("accounts", "import", str(folder), "--json")
    assert said.code == 0
    found = {one["detail"] for one in said.json["warnings"]}
    assert {
        "order_map.yaml of linden-works is used by nothing",
        "order_response_map.yaml of linden-works is used by nothing",
    } <= found


def test_a_map_whose_refusals_say_no_why_is_a_warning(run: Run, services: Services, tmp_path: Path) -> None:
    """At the import, and to whoever asks the doctor."""
    folder = shutil.copytree(LINDEN, tmp_path / "linden-works")
    warning = "order_response_map.yaml line 6 column 1: template: no rule writes note"
    said = run("accounts", "import", str(folder), "--json")
    assert said.code == 0
    assert any(one["detail"].startswith(warning) for one in said.json["warnings"])
    checks = {one["name"]: one for one in run("doctor", "--json").json["checks"]}
    check = checks["map linden-works/order_response_map.yaml"]
    assert (check["ok"], check["warning"], warning in check["detail"]) == (True, True, True)


@pytest.mark.parametrize("account", ["delta-foods", "evergreen-diy"])
def test_samples_in_a_layout_of_their_own_come_out_as_expected(run: Run, services: Services, account: str) -> None:
    said = run("mappings", "test", account)
    assert (said.code, "differs" in said.out) == (0, False), said.out


SENT = (
    '{"number": "OR-7", "order_number": "PO-7", "issue_date": "2026-11-24", "outcome": "accepted", "lines": ['
    '{"line_number": "10", "outcomes": [{"status": "accepted", "quantity": "20", "unit": "CS"}]}]}'
)
AS_IT_GETS_IT = (
    '{"confirmation": "OR-7", "po": "PO-7", "rows": [{"no": 10, "parts": '
    '[{"state": "OK", "qty": "20,00", "uom": "CS"}]}]}'
)


def test_samples_of_what_we_send_are_tried_too(run: Run, services: Services, tmp_path: Path) -> None:
    """In the folder, and as it is published; a sample that comes out otherwise says where, and the command fails."""
    folder = shutil.copytree(LINDEN, tmp_path / "linden-works")
    (folder / "samples").mkdir()
    (folder / "samples" / "01-dozen.order_response.json").write_text(SENT)
    expected = folder / "samples" / "01-dozen.order_response.expected.json"
    expected.write_text(AS_IT_GETS_IT)
    assert run("accounts", "import", str(folder)).code == 0
    for account in (str(folder), "linden-works"):
        said = run("mappings", "test", account)
        assert (said.code, said.out) == (0, "01-dozen.order_response.json: written, in custom, as expected\n"), said
    expected.write_text(AS_IT_GETS_IT.replace("20,00", "24,00"))
    said = run("mappings", "test", str(folder))
    assert said.code == 1
    assert said.out.splitlines() == [
        "01-dozen.order_response.json: written, in custom, differs",
        '    /rows/0/parts/0/qty: expected "24,00", came "20,00"',
    ]
    (row,) = run("mappings", "test", str(folder), "--json").json
    assert (row["type"], row["format"], row["status"], row["ok"]) == ("order_response", "custom", "written", False)
    (folder / "samples" / "01-dozen.order_response.json").write_text(SENT.replace('"accepted", "q', '"rejected", "q'))
    said = run("mappings", "test", str(folder))
    assert said.code == 1
    assert said.out.startswith("01-dozen.order_response.json: not written, in custom\n    unwritable_answer")


LAYOUTS = ROOT / "tests" / "mappings" / "suggesting" / "layouts"


def test_a_map_is_suggested_from_a_sample(run: Run, tmp_path: Path) -> None:
    said = run("mappings", "suggest", str(LAYOUTS / "mittelstand.xml"))
    assert (said.code, said.err) == (0, "")
    assert "order_number: Kopfdaten/BestellNr" in said.out
    told = run("mappings", "suggest", str(LAYOUTS / "mittelstand.xml"), "--json").json
    assert told["text"] == said.out
    assert {"path": "order_number", "found": "name", "where": "Kopfdaten/BestellNr"}.items() <= told["fields"][
        0
    ].items()
    assert {"where": "Positionen/Position/Gesamtpreis", "example": "47,25"} in told["unused"]
    assert told["identifiers"][0]["value"] == "10077"


@pytest.mark.parametrize(
    ("body", "code"), [(b"", "empty_body"), (b"UNA:+.? '", "unknown_format"), (b"{", "json_not_valid")]
)
def test_a_sample_that_cannot_be_read_is_said_with_its_faults(run: Run, tmp_path: Path, body: bytes, code: str) -> None:
    (tmp_path / "sample").write_bytes(body)
    said = run("mappings", "suggest", str(tmp_path / "sample"))
    assert (said.code, said.out) == (1, "")
    assert code in said.err
