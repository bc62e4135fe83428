"""What is each HTTP way's own: how it is signed or let in, and what each answer says of a document. What every way out
bears is tried in `conformance`."""

from __future__ import annotations

import base64
import ssl
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from standardwebhooks import Webhook, WebhookVerificationError

from gateway.delivery import TRANSPORTS
from gateway.delivery.guard import AddressGuard
from gateway.delivery.http import HttpCaller, Reply
from gateway.delivery.over_http import retry_after
from gateway.delivery.transport import Means, Parcel, Result
from gateway.delivery.webhook import signature
from gateway.named_secrets import NamedSecrets
from mappings.transports import BadTerms
from tests.delivery.partner import Behaviour, Partner, partner, response, says

OLD, NEW = (f"whsec_{base64.b64encode(bytes([one]) * 32).decode()}" for one in (1, 2))
SECRETS = {"OLD": OLD, "NEW": NEW, "SHORT": "whsec_c2hvcnQ=", "WORD": "sésame, ouvre-toi"}
CXML = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.060/cXML.dtd">\n'
    b'<cXML payloadID="p" timestamp="2026-11-26T08:00:00+00:00"><Header><From><Credential domain="GLN"><Identity>1'
    b'</Identity></Credential></From><To><Credential domain="GLN"><Identity>2</Identity></Credential></To><Sender>'
    b'<Credential domain="GLN"><Identity>1</Identity></Credential><UserAgent>x</UserAgent></Sender></Header></cXML>'
)


def parcel(**changed: Any) -> Parcel:
    known = {
        "document_id": "019abc",
        "account_id": "acme-retail",
        "type": "order_response",
        "number": "OR-00000001",
        "order_number": "PO-1\u00e9",
        "media_type": "application/xml",
        "body": b"<a>\xc3\xa9</a>",
    }
    return Parcel(**{**known, **changed})


def means_with(secrets: NamedSecrets, seconds: float = 5.0) -> Means:
    """What calls a partner on loopback."""
    guard = AddressGuard(["127.0.0.0/8"])
    return Means(guard, HttpCaller(guard), secrets, seconds)


@pytest.fixture
def means() -> Iterator[Means]:
    opened = means_with(NamedSecrets(SECRETS))
    yield opened
    opened.http.close()


def sent(means: Means, there: Partner, way: str, path: str = "/", **terms: Any) -> Result:
    body = CXML if way == "cxml_post" else parcel().body
    return TRANSPORTS[way].send(parcel(body=body), {way: there.url(path), **terms}, means)


def outcome_of(means: Means, way: str, behaviour: Behaviour, **terms: Any) -> Result:
    with partner({"/": behaviour}) as there:
        return sent(means, there, way, **terms)


# --- webhooks ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("secret", "knows"),
    [("OLD", {"OLD"}), (["NEW", "OLD"], {"OLD", "NEW"}), ("NEW", {"NEW"})],
    ids=["before", "during", "after"],
)
def test_the_standards_own_library_verifies_us_around_a_rotation(means: Means, secret: Any, knows: set[str]) -> None:
    with partner() as there:
        assert sent(means, there, "webhook", secret=secret).outcome == "delivered"
    (request,) = there.requests
    for name in ("OLD", "NEW"):
        verified = Webhook(SECRETS[name])
        if name in knows:
            _verify(verified, request.body, request.headers)
        else:
            with pytest.raises(WebhookVerificationError):
                _verify(verified, request.body, request.headers)
    with pytest.raises(WebhookVerificationError):
        _verify(Webhook(SECRETS[next(iter(knows))]), request.body + b" ", request.headers)


def _verify(webhook: Webhook, body: bytes, headers: dict[str, str]) -> None:
    """The library reads the body as JSON once it is verified; ours is XML."""
    try:
        webhook.verify(body.decode(), headers)
    except ValueError as error:
        if isinstance(error, WebhookVerificationError):
            raise


def test_a_webhook_says_which_document_it_brings(means: Means) -> None:
    with partner() as there:
        sent(means, there, "webhook", secret="OLD")
    (request,) = there.requests
    told = {
        "webhook-id": "019abc",
        "document-id": "019abc",
        "document-type": "order_response",
        "document-number": "OR-00000001",
        "order-number": "PO-1%C3%A9",
        "content-type": "application/xml",
    }
    assert {name: request.headers[name] for name in told} == told
    assert request.body == parcel().body


@pytest.mark.parametrize(
    ("status", "outcome", "is_outage"),
    [
        (200, "delivered", False),
        (204, "delivered", False),
        (301, "failed", False),
        (400, "failed", False),
        (410, "gone", False),
        (429, "failed", True),
        (500, "failed", True),
        (503, "failed", True),
    ],
)
def test_what_a_status_says_to_a_webhook(means: Means, status: int, outcome: str, is_outage: bool) -> None:
    result = outcome_of(means, "webhook", says(status, b"why"), secret="OLD")
    assert (result.outcome, result.is_outage) == (outcome, is_outage)
    assert str(status) in result.detail


def test_a_redirect_says_where_it_would_have_led(means: Means) -> None:
    behaviour = says(302, b"", "Location: http://169.254.169.254/latest")
    result = outcome_of(means, "webhook", behaviour, secret="OLD")
    assert result.detail == "HTTP 302: redirects are not followed (to http://169.254.169.254/latest)"


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({}, "webhook needs a secret's name"),
        ({"secret": []}, "webhook needs a secret's name"),
        ({"secret": ["OLD", "NEW", "OLD"]}, "webhook needs a secret's name"),
        ({"secret": "SHORT"}, "the secret SHORT must be whsec_ and 24 to 64 bytes"),
    ],
)
def test_secrets_that_cannot_sign_are_our_fault_and_never_shown(means: Means, terms: dict[str, Any], said: str) -> None:
    with partner() as there:
        with pytest.raises(BadTerms, match=said) as raised:
            sent(means, there, "webhook", **terms)
        assert not any(secret in str(raised.value) for secret in SECRETS.values())
    assert there.requests == []


# --- cXML -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("answer", "outcome", "is_outage"),
    [
        (says(200, response(200)), "delivered", False),
        (says(200, response(201, "Accepted", "will follow")), "delivered", False),
        (says(200, response(400, "Bad", "no such order")), "rejected", False),
        (says(200, response(450, "Not Implemented")), "rejected", False),
        (says(200, response(401, "Unauthorized")), "failed", False),
        (says(200, response(500, "Down")), "failed", True),
        (says(200, response(560, "Temporary")), "failed", True),
        (says(200, b"<html>welcome</html>"), "failed", False),
        (says(200, b""), "failed", False),
        (says(500, b"down"), "failed", True),
        (says(500, response(200)), "delivered", False),
        (says(302, b""), "failed", False),
    ],
)
def test_a_cxml_responses_status_counts(means: Means, answer: Behaviour, outcome: str, is_outage: bool) -> None:
    result = outcome_of(means, "cxml_post", answer, secret="WORD")
    assert (result.outcome, result.is_outage) == (outcome, is_outage)


def test_cxml_post_of_something_else_is_our_fault(means: Means) -> None:
    with partner() as there, pytest.raises(BadTerms, match="cxml_post sends cXML"):
        TRANSPORTS["cxml_post"].send(parcel(), {"cxml_post": there.url(), "secret": "WORD"}, means)


# --- HTTPS ------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_of(authority: trustme.CA, *, asks: bool = False) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    if asks:
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def with_certificates(authority: trustme.CA) -> NamedSecrets:
    ours = authority.issue_cert("gateway.example")
    pem = "".join(part.bytes().decode() for part in (ours.private_key_pem, *ours.cert_chain_pems))
    return NamedSecrets({**SECRETS, "OURS": pem, "CA": authority.cert_pem.bytes().decode()})


@pytest.mark.parametrize(
    ("terms", "outcome"),
    [
        # TLS 1.3 tells that there is no certificate only once something was sent
        ({"bearer": "OLD", "ca": "CA"}, {"failed", "unknown"}),
        ({"client_certificate": "OURS"}, {"failed"}),
    ],
    ids=["no certificate", "unknown authority"],
)
def test_without_a_certificate_or_its_authority_nothing_arrives(
    authority: trustme.CA, terms: dict[str, Any], outcome: set[str]
) -> None:
    means = means_with(with_certificates(authority))
    with partner(tls=server_of(authority, asks=True)) as there:
        result = sent(means, there, "https", **terms)
    means.http.close()
    assert result.outcome in outcome
    assert there.requests == []


@pytest.mark.parametrize(
    "terms",
    [
        {},
        {"bearer": "OLD", "client_certificate": "OURS"},
        {"bearer": 1},
        {"basic": "us"},
        {"basic": {"user": "us"}},
    ],
)
def test_terms_that_let_nobody_in_are_our_fault(authority: trustme.CA, terms: dict[str, Any]) -> None:
    means = means_with(with_certificates(authority))
    with partner() as there, pytest.raises(BadTerms):
        sent(means, there, "https", **terms)
    assert there.requests == []


@pytest.mark.parametrize(("status", "outcome"), [(201, "delivered"), (422, "rejected"), (404, "failed"), (410, "gone")])
def test_what_a_status_says_over_https(means: Means, status: int, outcome: str) -> None:
    assert outcome_of(means, "https", says(status), bearer="OLD").outcome == outcome


OVER_HTTP = ("cxml_post", "https", "webhook")


# --- all of them ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("way", OVER_HTTP)
@pytest.mark.parametrize(
    "url",
    [
        "",
        None,
        "acme.example",
        "ftp://acme.example/",
        "https://",
        "https://us:sesame1@acme.example/",
        "https://a b/",
        "https://x:99999/",
    ],
)
def test_a_url_that_cannot_be_called_is_our_fault(way: str, url: Any) -> None:
    with pytest.raises(BadTerms) as raised:
        TRANSPORTS[way].endpoint({way: url})
    assert "sesame1" not in str(raised.value)


@pytest.mark.parametrize("way", OVER_HTTP)
def test_an_endpoint_is_told_by_a_digest_of_its_query(way: str) -> None:
    """It may be a token; and one account's 410 is not that of another one of the same hub."""
    one, other = (TRANSPORTS[way].endpoint({way: f"https://acme.example/edi?token={word}"}) for word in "xy")
    assert one != other
    assert one.startswith("https://acme.example/edi?#")
    assert "x" not in one.partition("?")[2]
    assert TRANSPORTS[way].endpoint({way: "https://acme.example/edi"}) == "https://acme.example/edi"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("120", 120.0), ("0", 0.0), ("", None), ("soon", None), ("-5", None), ("99999999999", None)],
)
def test_retry_after_in_seconds(said: str, seconds: float | None) -> None:
    assert retry_after(Reply(503, {"retry-after": said})) == seconds


def test_retry_after_as_a_date() -> None:
    now = datetime(2026, 11, 26, 8, tzinfo=UTC)
    for apart, seconds in ((timedelta(minutes=5), 300.0), (timedelta(minutes=-5), 0.0)):
        reply = Reply(503, {"retry-after": format_datetime(now + apart, usegmt=True)})
        assert retry_after(reply, lambda: now) == seconds


def test_a_key_with_a_password_is_our_fault_and_asks_nobody(authority: trustme.CA, tmp_path: Path) -> None:
    """On a terminal OpenSSL would ask for the password, and the thread would wait for somebody who types it."""
    key = serialization.load_pem_private_key(authority.issue_cert("gateway.example").private_key_pem.bytes(), None)
    locked = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"sesame"),
    )
    file = tmp_path / "locked.pem"
    file.write_bytes(locked + authority.issue_cert("gateway.example").cert_chain_pems[0].bytes())
    asked = subprocess.run([sys.executable, "-c", _ON_A_TERMINAL, str(file)], timeout=60, check=False)
    assert asked.returncode == 0


_ON_A_TERMINAL = """
import os, pty, select, sys
child, terminal = pty.fork()
if child == 0:
    from pathlib import Path
    from gateway.delivery.https import BadTerms, _made_context
    try:
        _made_context(Path(sys.argv[1]).read_text(), "", "OURS")
    except BadTerms:
        os._exit(0)
    os._exit(1)
said = b""
while select.select([terminal], [], [], 20)[0]:
    try:
        part = os.read(terminal, 1000)
    except OSError:
        break
    said += part
    if b"pass" in said.lower() or not part:
        break
if b"pass" in said.lower():
    os.kill(child, 9)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_large_document_is_signed_as_it_lies() -> None:
    """Sixty-four may leave at once: a copy of each would be twice the memory."""
    body = bytes(20_000_000)
    tracemalloc.start()
    signature(b"k" * 32, "019abc", "1", body)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1_000_000
