"""Webhooks: the partner signs what came with the secret that it has, and compares."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from tests.delivery.conformance.adapter import Unusable
from tests.delivery.conformance.days import Day
from tests.delivery.conformance.over_http import OverHttp
from tests.delivery.partner import Request

_OURS, _OTHER = (base64.b64encode(bytes([one]) * 32).decode() for one in (7, 8))


class WebhookAdapter(OverHttp):
    name = way = "webhook"
    inapplicable: ClassVar[Mapping[str, str]] = {
        **OverHttp.inapplicable,
        Day.REJECTS: "Standard Webhooks has no such word: whatever is neither 2xx nor 410 asks to be tried again",
        Day.ECHOES: "the secret signs and doesn't travel",
    }

    @property
    def secrets(self) -> Mapping[str, str]:
        return {"KEY": f"whsec_{_OURS}"}

    @property
    def wrong_secrets(self) -> Mapping[str, str]:
        return {"KEY": f"whsec_{_OTHER}"}

    @property
    def unusable(self) -> Sequence[Unusable]:
        short = base64.b64encode(b"canary").decode()
        values = (f"whsec_{short}", "whsec_sésame-canary", "sesame-canary\udcff")
        return [Unusable(one, "canary" if "canary" in one else short) for one in values]

    def further_terms(self) -> dict[str, Any]:
        return {"secret": "KEY"}

    def lets_in(self, request: Request) -> bool:
        told = request.headers
        signed = f"{told['webhook-id']}.{told['webhook-timestamp']}.".encode() + request.body
        ours = hmac.new(base64.b64decode(_OURS), signed, hashlib.sha256).digest()
        return told["webhook-signature"] == f"v1,{base64.b64encode(ours).decode()}"
