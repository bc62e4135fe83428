"""A way out that can't be used is a fault of the folder, at its line, before any document waits for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mappings.files.account_folder import read_account, read_folder
from mappings.transports import WAYS, BadTerms, check, secrets_named, sftp_place

TERMS = """id: acme
name: ACME
outbound:
  order_response:
    format: json-1
    transport: %s
"""


def folder(tmp_path: Path, transport: str) -> Path:
    (tmp_path / "account.yaml").write_text(TERMS % transport, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "transport",
    [
        "mailbox",
        "{webhook: https://acme.example/edi, secret: HOOK}",
        "{webhook: https://acme.example/edi, secret: [HOOK-2, HOOK]}",
        "{cxml_post: https://acme.example/cxml}",
        "{cxml_post: https://acme.example/cxml, secret: HUB}",
        "{https: https://acme.example/edi, bearer: TOKEN}",
        "{https: https://acme.example/edi, basic: {user: us, password: WORD}}",
        "{https: https://acme.example/edi, client_certificate: CERT, ca: CA}",
        "{webhook: http://10.1.2.3:8080/edi, secret: HOOK}",
        "{webhook: http://erp:8080/edi, secret: HOOK}",
    ],
)
def test_ways_that_can_be_used(tmp_path: Path, transport: str) -> None:
    assert read_account(folder(tmp_path, transport)).account.outbound["order_response"]


@pytest.mark.parametrize(
    ("transport", "said"),
    [
        ("{webhook: https://acme.example/edi}", "webhook needs a secret's name beside it"),
        ("{webhook: http://acme.example/edi, secret: HOOK}", "webhook must begin with https"),
        ("{webhook: acme.example/edi, secret: HOOK}", "webhook must be a URL"),
        ("{webhook: https://us:word@acme.example/, secret: HOOK}", "must not have a user name or password"),
        ("{webhook: https://acme.example/, secrets: HOOK}", "webhook needs a secret's name beside it"),
        ("{webhook: https://acme.example/, secret: HOOK, retry: 5}", "retry is nothing that webhook knows"),
        ("{https: https://acme.example/}", "https needs one of basic, bearer, client_certificate"),
        ("{https: https://acme.example/, bearer: A, client_certificate: B}", "https needs one of"),
        ("{https: https://acme.example/, basic: us}", "basic needs a user and a password's name"),
        ("{cxml_post: https://acme.example/, secret: 5}", None),
        ("{as2: https://acme.example/}", "as2 is no way out of this version"),
    ],
)
def test_a_way_that_cannot_be_used_is_a_fault_at_its_line(tmp_path: Path, transport: str, said: str | None) -> None:
    faults = read_folder(folder(tmp_path, transport)).faults
    if said is None:  # YAML's numbers stay text here: it is a name
        assert faults == ()
        return
    (fault,) = faults
    assert (fault.code, fault.path, fault.location) == (
        "bad_value",
        "/outbound/order_response/transport",
        "account.yaml line 6",
    )
    assert said in fault.detail
    assert "word@" not in fault.detail


@pytest.mark.parametrize(
    "transport",
    [
        "{webhook: https://acme.example/, secret: [HOOK, GATEWAY_SECRET_HOOK]}",
        "{https: https://acme.example/, bearer: GATEWAY_SECRET_TOKEN}",
        "{https: https://acme.example/, basic: {user: us, password: gateway-secret-word}}",
    ],
)
def test_the_variable_of_a_secret_is_not_its_name(tmp_path: Path, transport: str) -> None:
    (fault,) = read_folder(folder(tmp_path, transport)).faults
    assert "is the variable of the secret, not its name" in fault.detail


@pytest.mark.parametrize(
    ("way", "terms", "names"),
    [
        ("webhook", {"secret": ["B", "A"]}, ["B", "A"]),
        ("cxml_post", {}, []),
        ("cxml_post", {"secret": "HUB"}, ["HUB"]),
        ("https", {"bearer": "TOKEN"}, ["TOKEN"]),
        ("https", {"basic": {"user": "us", "password": "WORD"}, "ca": "CA"}, ["WORD", "CA"]),
    ],
)
def test_which_secrets_terms_name(way: str, terms: dict[str, Any], names: list[str]) -> None:
    known = {way: "https://acme.example/", **terms}
    check(way, known)
    assert list(secrets_named(way, known)) == names


def test_every_way_needs_its_url() -> None:
    for way in WAYS:
        with pytest.raises(BadTerms):
            check(way, {way: ""})


@pytest.mark.parametrize(
    "email",
    [
        "",
        "edi",
        "edi@acme",
        ["edi@acme.example", "two@"],
        [],
        ["a@acme.example"] * 21,
        "a@acme.example, b@acme.example",
        "edi@acme.example\nBcc: x@y.example",
    ],
)
def test_an_address_that_is_none(email: Any) -> None:
    with pytest.raises(BadTerms, match="email must be an address"):
        check("email", {"email": email})


PINNED = f"SHA256:{'A' * 43}"


def test_where_sftp_leads() -> None:
    terms = {"sftp": "sftp://us%40acme@files.acme.example:2222//var/in", "host_key": PINNED, "key": "OURS"}
    check("sftp", terms)
    place = sftp_place(terms)
    assert (place.host, place.port, place.user, place.folder) == ("files.acme.example", 2222, "us@acme", "/var/in")
    assert sftp_place({**terms, "sftp": "sftp://us@files.acme.example"}).folder == "."
    assert sftp_place({**terms, "sftp": "sftp://us@files.acme.example/in"}).endpoint == (
        "sftp://us@files.acme.example:22/in"
    )


@pytest.mark.parametrize(
    "terms",
    [
        {"sftp": "sftp://files.acme.example/in", "host_key": PINNED, "key": "OURS"},
        {"sftp": "sftp://us:word@files.acme.example/in", "host_key": PINNED, "key": "OURS"},
        {"sftp": "https://us@files.acme.example/in", "host_key": PINNED, "key": "OURS"},
        {"sftp": "sftp://us@files.acme.example:99999/in", "host_key": PINNED, "key": "OURS"},
        {"sftp": "sftp://us@files.acme.example/in", "key": "OURS"},
        {"sftp": "sftp://us@files.acme.example/in", "host_key": "SHA256:short", "key": "OURS"},
        {"sftp": "sftp://us@files.acme.example/in", "host_key": PINNED},
        {"sftp": "sftp://us@files.acme.example/in", "host_key": PINNED, "key": "OURS", "password": "WORD"},
        {"sftp": "sftp://us@files.acme.example/in", "host_key": PINNED, "key": "OURS", "mode": "0600"},
    ],
)
def test_sftp_that_cannot_be_used(terms: dict[str, Any]) -> None:
    with pytest.raises(BadTerms) as raised:
        check("sftp", terms)
    assert "word" not in str(raised.value).replace("password", "")
