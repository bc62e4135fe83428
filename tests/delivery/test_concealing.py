"""What a partner sends back of a secret is kept nowhere."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from gateway.delivery import TRANSPORTS
from gateway.named_secrets import NamedSecrets
from tests.delivery.partner import Call, partner
from tests.delivery.test_over_http import CXML, means_with, parcel

WORD = 'open <sesame> & "shut"'
TOKEN = "a-token-of-some-length"


def echoes(call: Call) -> None:
    """Answers with every header and the body that it got, as tools for looking at requests do."""
    request = call.take()
    said = "\n".join(f"{name}: {value}" for name, value in request.headers.items())
    call.answer(500, said.encode() + b"\n" + request.body, "Location: /" + TOKEN)


@pytest.mark.parametrize(
    ("way", "terms"),
    [
        ("https", {"bearer": "TOKEN"}),
        ("https", {"basic": {"user": "us", "password": "WORD"}}),
        ("cxml_post", {"secret": "WORD"}),
    ],
)
def test_a_partner_that_says_everything_back_has_no_secret_of_ours_kept(way: str, terms: dict[str, Any]) -> None:
    means = means_with(NamedSecrets({"TOKEN": TOKEN, "WORD": WORD}))
    try:
        with partner({"/": echoes}) as there:
            body = CXML if way == "cxml_post" else parcel().body
            result = TRANSPORTS[way].send(parcel(body=body), {way: there.url("/"), **terms}, means)
    finally:
        means.http.close()
    (request,) = there.requests
    sent = f"{request.headers} {request.body.decode()}"
    basic = base64.b64encode(f"us:{WORD}".encode()).decode()
    forms = [TOKEN, "sesame&gt;", basic]
    assert any(form in sent for form in forms), "it was sent"
    told = repr(result)
    assert "content-type" in told, "the rest of the answer is kept"
    assert not [form for form in forms if form in told]


def test_a_place_that_we_are_sent_to_tells_none_either() -> None:
    means = means_with(NamedSecrets({"TOKEN": TOKEN}))

    def leads_elsewhere(call: Call) -> None:
        call.take()
        call.answer(302, b"", f"Location: /login?{TOKEN}")

    try:
        with partner({"/": leads_elsewhere}) as there:
            result = TRANSPORTS["https"].send(parcel(), {"https": there.url("/"), "bearer": "TOKEN"}, means)
    finally:
        means.http.close()
    assert result.detail == "HTTP 302: redirects are not followed (to /login?***)"
