"""`inbound.pickup` in account.yaml: what can be picked up from, and what is said of a place that can't be."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mappings.files.account_folder import read_account
from mappings.pickups import (
    check,
    done_folder,
    endpoint_of,
    folders_of,
    interval,
    is_test,
    place_of,
    refused_folder,
    secrets_named,
)
from mappings.transports import BadTerms
from schemas.faults import DocumentFailure
from tests.cli.conftest import ACCOUNTS

KEY = "SHA256:" + "A" * 43
SFTP = {"sftp": "sftp://us@files.acme.example/out", "host_key": KEY, "key": "ACME"}


@pytest.mark.parametrize(
    ("terms", "place", "endpoint", "secrets"),
    [
        ({"folder": "acme/in"}, "folder", "folder:acme/in", []),
        ({"folder": "acme", "test": "true", "every": "5m", "done": "a/b", "refused": "c"}, "folder", "folder:acme", []),
        (SFTP, "sftp", "sftp://us@files.acme.example:22/out", ["ACME"]),
        ({**SFTP, "every": "2h"}, "sftp", "sftp://us@files.acme.example:22/out", ["ACME"]),
    ],
)
def test_what_can_be_picked_up_from(terms: dict[str, Any], place: str, endpoint: str, secrets: list[str]) -> None:
    check(terms)
    assert (place_of(terms), endpoint_of(terms), list(secrets_named(terms))) == (place, endpoint, secrets)


def test_what_is_meant_where_nothing_is_said() -> None:
    terms = {"folder": "in"}
    assert (is_test(terms), interval(terms), done_folder(terms), refused_folder(terms)) == (
        False,
        None,
        "done",
        "refused",
    )
    assert interval({"folder": "in", "every": "90s"}) == timedelta(seconds=90)


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({}, "a pickup names one of"),
        ({"folder": "in", **SFTP}, "a pickup names one of"),
        ({"folder": "../in"}, "folder must be a folder's name"),
        ({"folder": ["in"]}, "folder must be a folder's name"),
        ({"folder": "in", "test": "perhaps"}, "test must be true or false"),
        ({"folder": "in", "every": "soon"}, "every must be a whole number"),
        ({"folder": "in", "every": "0s"}, "every must be a whole number"),
        ({"folder": "in", "done": "../done"}, "done must be the name of a folder"),
        ({"folder": "in", "done": "x", "refused": "x"}, "must be two folders"),
        ({"folder": "in", "key": "ACME"}, "key is nothing that folder knows"),
        ({**SFTP, "host_key": "none"}, "host_key must be the server's key"),
        ({**SFTP, "sftp": "sftp://us:secret@files.acme.example/out"}, "must not have a password in it"),
    ],
)
def test_what_can_t_be_used_is_said(terms: dict[str, Any], said: str) -> None:
    with pytest.raises(BadTerms, match=said) as raised:
        check(terms)
    assert "secret@" not in str(raised.value)


def test_an_account_s_folder_names_its_mistake_and_the_line(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(ACCOUNTS / "acme-retail", tmp_path / "acme-retail"))
    text = (folder / "account.yaml").read_text("utf-8")
    assert "inbound:" in text
    lines = [line for line in text.splitlines() if not line.startswith("inbound:")]
    lines += [
        "inbound:",
        "  formats: [ubl-2.1]",
        "  pickup:",
        "    - {folder: in}",
        "    - {folder: ../in}",
        "    - {folder: in}",
        "    - {folder: in/done}",
        "    - {folder: deep, done: in/it}",
        "    - {folder: deep/in/it}",
    ]
    (folder / "account.yaml").write_text("\n".join(lines) + "\n", "utf-8")
    with pytest.raises(DocumentFailure) as raised:
        read_account(folder)
    found = {fault.path: fault.detail for fault in raised.value.faults}
    assert set(found) == {f"/inbound/pickup/{index}" for index in (1, 2, 3, 5)}
    assert f"account.yaml line {len(lines) - 4}: inbound.pickup.1: folder must be" in found["/inbound/pickup/1"]
    assert "folder:in is named twice" in found["/inbound/pickup/2"]
    for index in (3, 5):
        assert "is put to another, and would be taken again" in found[f"/inbound/pickup/{index}"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"folder": "acme/in"}, {"folder": "acme/in"}),
        (SFTP, {**SFTP, "sftp": f"{SFTP['sftp']}/"}),
        (SFTP, {**SFTP, "sftp": str(SFTP["sftp"]).replace("/out", "/./out"), "done": "elsewhere"}),
        (
            {"imap": "imap://orders@mail.us.example/INBOX", "password": "W", "from": "any"},
            {"imap": "imaps://orders@mail.us.example/inbox", "password": "W", "from": "any"},
        ),
    ],
)
def test_a_place_is_the_same_however_it_is_written(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert folders_of(one)[0] == folders_of(other)[0]
    assert folders_of(one)[1][1] == f"{folders_of(one)[0]}/refused"
