"""Secrets stay secret: nothing that the gateway writes or shows has one in it, on either database, at DEBUG."""

from __future__ import annotations

import base64
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import redis
import sqlalchemy as sa
from click.testing import CliRunner, Result

from gateway.accounts import publish_folder
from gateway.cli import program
from mappings.files.account_folder import read_account
from tests.delivery.partner import Call, Partner, partner
from tests.harness.accounts import garden_order, garden_world
from tests.harness.gateway import Gateway, running
from tests.harness.site import Site
from tests.harness.waiting import until

KEY, KEY_BEFORE = "canary-present-key-0123456789-abcdef", "canary-key-before-0123456789-abcdef"
HOOK = f"whsec_{base64.b64encode(b'canary of the webhook, long enough').decode()}"
VALUES = {
    "HOOK": HOOK,
    "TOKEN": "canary-of-the-token",
    "PASSWORD": "canary-of-the-password",
    "BROKEN": "canary-that-is-no-webhook's",
    "NO_KEY": "-----BEGIN OPENSSH PRIVATE KEY-----\ncanary-that-is-no-key\n-----END OPENSSH PRIVATE KEY-----",
    "HUB": "canary-of-the-network",
    "GONE": "canary-that-was-removed",
    "CHANGED": "canary-that-was-changed",
}
WAYS: dict[str, Callable[[str], dict[str, Any]]] = {
    "by-webhook": lambda url: {"webhook": f"{url}/webhook", "secret": "HOOK"},
    "by-token": lambda url: {"https": f"{url}/echo", "bearer": "TOKEN"},
    "by-password": lambda url: {"https": f"{url}/echo", "basic": {"user": "us", "password": "PASSWORD"}},
    "by-broken": lambda url: {"webhook": f"{url}/webhook", "secret": "BROKEN"},
    "by-no-key": lambda url: {"sftp": "sftp://us@127.0.0.1:9/in", "host_key": f"SHA256:{'A' * 43}", "key": "NO_KEY"},
}
STATUSES = {
    "by-webhook": "delivered",
    "by-token": "rejected",
    "by-password": "rejected",
    "by-broken": "held",
    "by-no-key": "held",
}


def echoes(call: Call) -> None:
    """Refuses, and says back all that it got."""
    request = call.take()
    said = "\n".join(f"{name}: {value}" for name, value in request.headers.items())
    call.answer(422, said.encode(), f"X-Seen: {request.headers['authorization']}")


def test_no_secret_is_anywhere_but_encrypted(site: Site) -> None:
    with partner({"/echo": echoes}) as there:
        accounts = agree(site, there)
        told = {"secret_key": KEY, "log_level": "DEBUG", "delivery_networks": "127.0.0.0/8", "delivery_per_endpoint": 1}
        with running(site.gateway(**told)) as gateway:
            set_all(gateway)
            send_orders(site, gateway, accounts)
            until(lambda: statuses(site) == STATUSES, 60, "every document is sent, refused or held")
            shown = list(everything_shown(site, gateway, accounts))
            kept = dict(everything_kept(site, gateway))
        kept |= dict(files_of(site.folder))
    assert there.had(), "something was sent"
    assert_found(kept, b"garden-world", "the search finds what is there")
    assert_found(kept, b"BROKEN", "and the names of secrets")
    assert any("HOOK" in one for one in shown)
    forms = {form for value in (*VALUES.values(), KEY, KEY_BEFORE) for form in written(value)}
    assert [(place, form) for place, content in kept.items() for form in forms if form in content] == []
    assert [form for one in shown for form in forms if form in one.encode()] == []


def agree(site: Site, there: Partner) -> dict[str, str]:
    """An account for each way, and one that a network sends cXML for; account → its key."""
    url = there.url("").rstrip("/")
    keys = {}
    for account_id, way in WAYS.items():
        content = garden_world(site.folder)
        terms = json.loads(content.account.model_dump_json(by_alias=True))
        terms |= {"id": account_id, "name": account_id}
        terms["outbound"] = {"order_response": {"format": "json-1", "transport": way(url)}}
        hub = {"domain": "NetworkID", "identity": "AN-HUB", "secret": "HUB"}
        terms["cxml"] = {"from": [{"domain": "NetworkID", "identity": account_id}], "senders": [hub]}
        account = type(content.account).model_validate(terms)
        publish_folder(site.store, replace(content, account=account), author="test", reason="test")
        keys[account_id] = site.store.keys.create(account_id, actor="test")[1]
    return keys


def command(gateway: Gateway, *arguments: str, stdin: str = "", **environment: str) -> Result:
    """A command as it is run beside the gateway, with its settings."""
    told = {**gateway.env, **environment}
    return CliRunner().invoke(program, list(arguments), input=stdin, env=told, prog_name="gateway")


def set_all(gateway: Gateway) -> None:
    """Under the key before, and then encrypted anew under the present one."""
    before = {"GATEWAY_SECRET_KEY": KEY_BEFORE}
    for name, value in (("CHANGED", "canary-as-it-was"), *VALUES.items()):
        done = command(gateway, "secrets", "set", name, stdin=value, **before)
        assert done.exit_code == 0, done.output
    assert command(gateway, "secrets", "remove", "GONE", "--reason", "t", **before).exit_code == 0
    done = command(gateway, "secrets", "reencrypt", GATEWAY_SECRET_KEY_BEFORE=KEY_BEFORE)
    assert (done.exit_code, done.stderr) == (0, "")


def send_orders(site: Site, gateway: Gateway, accounts: dict[str, str]) -> None:
    """An order of each account over HTTP, and the network's cXML, let in and not."""
    for number, (account_id, key) in enumerate(accounts.items()):
        order = garden_order(f"CANARY-{number}", [1])
        headers = {"Authorization": f"Bearer {key}", "Content-Type": order.media_type}
        answer = httpx.post(f"{gateway.address}/v1/orders", content=order.body, headers=headers, trust_env=False)
        assert answer.status_code == 202, (account_id, answer.text)
    for secret, is_let_in in ((VALUES["HUB"], True), (f"{VALUES['HUB']}x", False)):
        headers = {"Content-Type": "text/xml"}
        answer = httpx.post(f"{gateway.address}/v1/cxml", content=cxml(secret), headers=headers, trust_env=False)
        assert ('code="401"' not in answer.text) == is_let_in


def cxml(secret: str) -> bytes:
    def party(name: str, identity: str, more: str = "") -> str:
        return f'<{name}><Credential domain="NetworkID"><Identity>{identity}</Identity>{more}</Credential>'

    shared = f"<SharedSecret>{secret}</SharedSecret>"
    header = (
        f"{party('From', 'by-webhook')}</From>{party('To', 'AN-US')}</To>"
        f"{party('Sender', 'AN-HUB', shared)}<UserAgent>test</UserAgent></Sender>"
    )
    return (
        f'<?xml version="1.0"?><cXML payloadID="canary" timestamp="2026-11-23T09:00:00+00:00"><Header>{header}</Header>'
        "<Request><OrderRequest/></Request></cXML>"
    ).encode()


def statuses(site: Site) -> dict[str, str]:
    """Account → how its document stands."""
    return {one.account_id: one.status for one in site.store.deliveries.page(limit=100)}


# --- where it is looked for --------------------------------------------------------------------------------------
def everything_shown(site: Site, gateway: Gateway, accounts: dict[str, str]) -> Iterator[str]:
    """What commands say, and what they write."""
    asked = [
        ("secrets", "list"),
        ("doctor",),
        ("problems", "list"),
        ("deliveries", "list"),
        ("messages", "list"),
        ("audit", "verify"),
        ("accounts", "list"),
    ]
    asked += [("problems", "show", one.fingerprint) for one in site.store.delivery_problems.all(None)]
    for one in site.store.deliveries.page(limit=100):
        asked += [("deliveries", "show", one.document_id)]
        asked += [("deliveries", "proof", one.document_id, "--to", str(site.folder / f"{one.document_id}.zip"))]
    asked += [("deliveries", "test", account_id) for account_id in accounts]
    for account_id in accounts:
        asked.append(("accounts", "export", account_id, str(site.folder / "exported" / account_id)))
    for arguments in asked:
        for as_json in ((), ("--json",)):
            done = command(gateway, *arguments, *as_json)
            assert done.exception is None or isinstance(done.exception, SystemExit), arguments
            yield f"{done.stdout}{done.stderr}"
    yield httpx.get(f"{gateway.address}/metrics", trust_env=False).text
    exported = [read_account(site.folder / "exported" / account_id) for account_id in accounts]
    assert len(exported) == len(WAYS)
    for proof in site.folder.glob("*.zip"):
        with zipfile.ZipFile(proof) as opened:
            yield from (opened.read(name).decode() for name in opened.namelist())


def everything_kept(site: Site, gateway: Gateway) -> Iterator[tuple[str, bytes]]:
    """Every value of every table, and of Redis, packed ones unpacked."""
    engine = site.store.database.engine
    for table in sa.inspect(engine).get_table_names():
        with engine.connect() as connection:
            for row in connection.execute(sa.text(f'SELECT * FROM "{table}"')):
                for column, value in row._mapping.items():
                    yield f"{table}.{column}", b"".join(_unpacked(value))
    with closing(redis.Redis.from_url(gateway.redis.url)) as client:
        for key in client.scan_iter():
            yield f"redis {key!r}", bytes(client.dump(key) or b"")
            with suppress(redis.ResponseError):
                for name, value in client.hgetall(key).items():
                    yield f"redis {key!r} {name!r}", b"".join(_unpacked(value))


def _unpacked(value: Any) -> Iterator[bytes]:
    raw = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
    yield raw
    with suppress(zlib.error):
        yield zlib.decompress(raw)


def files_of(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file: the database with its WAL, Redis's, the log, exports."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield str(path.relative_to(folder)), path.read_bytes()


def written(value: str) -> Iterator[bytes]:
    """The ways in which somebody might have written a value down."""
    raw = value.encode()
    yield from (raw, raw.hex().encode(), base64.b64encode(raw), json.dumps(value)[1:-1].encode())
    yield base64.b64encode(f"us:{value}".encode())
    if value.startswith("whsec_"):
        yield base64.b64decode(value.removeprefix("whsec_"))
        yield value.removeprefix("whsec_").encode()


def assert_found(kept: dict[str, bytes], what: bytes, why: str) -> None:
    assert any(what in content for content in kept.values()), why
