"""What an account's folder and our own catalogue may say is explained completely, where their READMEs say it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from click.testing import CliRunner

from gateway.commands.catalogue import packs, products
from gateway.commands.stock import stock
from mappings.account import Account, Policies
from mappings.tables import TABLES

ROOT = Path(__file__).resolve().parents[2]
ACCOUNTS = (ROOT / "mappings" / "accounts" / "README.md").read_text(encoding="utf-8")
CATALOGUE = (ROOT / "config" / "README.md").read_text(encoding="utf-8")
README_OF = {
    **dict.fromkeys(("item", "unit", "site", "price"), ACCOUNTS),
    **dict.fromkeys(("product", "pack", "stock"), CATALOGUE),
}


def _rows(text: str, title: str) -> list[list[str]]:
    """The cells of the table under this heading, without its head."""
    section = re.split(r"\n##+ ", text.partition(f"# {title}\n")[2])[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" |")] for line in lines]


def _named(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_key_of_account_yaml_is_explained() -> None:
    named = [key for row in _rows(ACCOUNTS, "account.yaml") for key in _named(row[0])]
    assert sorted(named) == sorted(Account.model_fields)


def test_every_policy_is_explained_with_its_default_and_its_values() -> None:
    rows = {_named(row[0])[0]: row for row in _rows(ACCOUNTS, "Policies")}
    assert list(rows) == list(Policies.model_fields)
    defaults = Policies().model_dump(mode="json")
    for name, (_, default, values, meaning) in rows.items():
        assert _named(default) == ([] if defaults[name] is None else [_as_yaml(defaults[name])]), name
        words = _words(Policies.model_fields[name].annotation)
        assert not words or tuple(_named(values)) == words, name
        assert len(meaning) > 30


def _as_yaml(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(value)}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _words(annotation: Any) -> tuple[str, ...]:
    """The words that a policy, or a list that one is, takes."""
    found = tuple(word for word in get_args(annotation) if isinstance(word, str))
    return found or tuple(word for inner in get_args(annotation) for word in _words(inner))


@pytest.mark.parametrize("kind", README_OF)
def test_every_column_is_explained_and_said_to_be_required_where_it_is(kind: str) -> None:
    table = TABLES[kind]
    rows = _rows(README_OF[kind], table.file)
    assert tuple(name for row in rows for name in _named(row[0])) == table.names
    required = [_named(row[0])[0] for row in rows if row[1].startswith("required.")]
    assert required == [column.name for column in table.columns if column.required]


@pytest.mark.parametrize(("kind", "command"), [("product", products), ("pack", packs), ("stock", stock)])
def test_the_help_of_an_import_names_the_columns(kind: str, command: Any) -> None:
    told = CliRunner().invoke(command, ["import", "--help"]).output
    said = re.sub(r"\s+", " ", told)
    needed, _, others = said.partition("Columns: ")[2].partition("; where they say something ")
    listed = (*needed.split(", "), *others.partition(". ")[0].split(", "))
    assert sorted(listed) == sorted(TABLES[kind].names)
    assert sorted(needed.split(", ")) == sorted(column.name for column in TABLES[kind].columns if column.required)
    assert "config/README.md" in said
