"""Documents over HTTPS, in each way of being let in."""

from __future__ import annotations

import base64
import functools
import ssl
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import trustme
from cryptography.hazmat.primitives import serialization

from tests.delivery.conformance.adapter import Unusable
from tests.delivery.conformance.days import Day
from tests.delivery.conformance.over_http import OverHttp
from tests.delivery.partner import Request


class Bearer(OverHttp):
    name, way = "https, bearer", "https"
    token = "sesame-bearer-of-ours"

    @property
    def secrets(self) -> Mapping[str, str]:
        return {"KEY": self.token}

    @property
    def wrong_secrets(self) -> Mapping[str, str]:
        return {"KEY": "sesame-bearer-of-others"}

    @property
    def unusable(self) -> Sequence[Unusable]:
        return [Unusable(one, "canary") for one in ("canary é", "canary\r\nX: y", "canary\udcff", "canary\0")]

    def further_terms(self) -> dict[str, Any]:
        return {"bearer": "KEY"}

    def lets_in(self, request: Request) -> bool:
        return request.headers["authorization"] == f"Bearer {self.token}"


class Basic(OverHttp):
    name, way = "https, basic", "https"
    password = "sésame: ouvre-toi"

    @property
    def secrets(self) -> Mapping[str, str]:
        return {"KEY": self.password}

    @property
    def wrong_secrets(self) -> Mapping[str, str]:
        return {"KEY": "sésame: reste fermé"}

    @property
    def unusable(self) -> Sequence[Unusable]:
        return [Unusable(one, "canary") for one in ("canary\udcff", "canary\0", "canary\r\nX: y")]

    def further_terms(self) -> dict[str, Any]:
        return {"basic": {"user": "us", "password": "KEY"}}

    def lets_in(self, request: Request) -> bool:
        return request.headers["authorization"] == f"Basic {self._told()}"

    def canaries(self) -> Iterable[str]:
        return self.password, self._told()

    def _told(self) -> str:
        return base64.b64encode(f"us:{self.password}".encode()).decode()


class ClientCertificate(OverHttp):
    name, way = "https, client certificate", "https"
    inapplicable: ClassVar[Mapping[str, str]] = {
        **OverHttp.inapplicable,
        Day.ECHOES: "the key signs and doesn't travel",
    }
    outcomes: ClassVar[Mapping[Day, str]] = {
        **OverHttp.outcomes,
        # TLS comes first, and without it nothing is sent
        Day.RESETS_AT_ONCE: "failed",
        Day.SILENT: "failed",
        Day.DRIPS: "failed",
        Day.SHUT: "failed|unknown",  # TLS 1.3 tells of a refused certificate only once something was sent
    }
    seconds = 1.0

    @property
    def secrets(self) -> Mapping[str, str]:
        return {"KEY": _pem(_ours()), "CA": _authority().cert_pem.bytes().decode()}

    @property
    def wrong_secrets(self) -> Mapping[str, str]:
        return {**self.secrets, "KEY": _pem(_others())}

    @property
    def unusable(self) -> Sequence[Unusable]:
        values = ("-----BEGIN canary", "canary\udcff", "canary é")
        return [*(Unusable(one, "canary") for one in values), Unusable(_locked(), _locked()[100:140])]

    def canaries(self) -> Iterable[str]:
        return [line for line in self.secrets["KEY"].splitlines() if len(line) > 20 and "-----" not in line]

    def tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        _authority().issue_cert("127.0.0.1").configure_cert(context)
        _authority().configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def further_terms(self) -> dict[str, Any]:
        return {"client_certificate": "KEY", "ca": "CA"}

    def lets_in(self, request: Request) -> bool:
        return True  # or it wouldn't be here


@functools.cache
def _authority() -> trustme.CA:
    return trustme.CA()


@functools.cache
def _ours() -> trustme.LeafCert:
    return _authority().issue_cert("gateway.example")


@functools.cache
def _others() -> trustme.LeafCert:
    return trustme.CA().issue_cert("stranger.example")


def _pem(certificate: trustme.LeafCert) -> str:
    parts = (certificate.private_key_pem, *certificate.cert_chain_pems)
    return "".join(part.bytes().decode() for part in parts)


@functools.cache
def _locked() -> str:
    """The key with a password, which nobody can give it."""
    key = serialization.load_pem_private_key(_ours().private_key_pem.bytes(), None)
    encryption = serialization.BestAvailableEncryption(b"sesame")
    written = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    return (written + _ours().cert_chain_pems[0].bytes()).decode()
