"""What is a secret is masked wherever it stands, and nothing else is touched."""

from __future__ import annotations

import time

import pytest

from gateway.masking import MASK, masked_bytes, masked_text, secrets_in, shown_document

CANARY = "CaNaRy-7731"

WITH_A_SECRET = {
    "an element": f"<a><SharedSecret>{CANARY}</SharedSecret><b/></a>",
    "with a prefix, and attributes": f'<x:sharedSecret a="1">\n {CANARY}\n</x:sharedSecret>',
    "CDATA and comments": f"<Password><![CDATA[{CANARY}]]><!-- {CANARY} --></Password>",
    "an element that doesn't end": f"<a><SharedSecret>{CANARY}",
    "a tag that doesn't end": f"<a><SharedSecret {CANARY}",
    "a copy elsewhere": f"<a><Token>{CANARY}</Token><!-- it was {CANARY} --></a>",
    "a copy, escaped": f"<a><Token>&amp;{CANARY}</Token><b c='&amp;{CANARY}'/></a>",
    "an Extrinsic of that name": f'<Extrinsic name="Password">{CANARY}</Extrinsic>',
    "a value of that name": f"<Field key='apiKey' value='{CANARY}'/>",
    "an attribute": f'<User password = "{CANARY}" name="x"/>',
    "a payment card": f'<PCard number="{CANARY}" expiration="2027-01"/>',
    "a member": f'{{"api_key": "{CANARY}", "a": 1}}',
    "a member that is a list": f'{{"passwords": ["{CANARY}", {{"x": "}}{CANARY}"}}], "a": 1}}',
    "a member that doesn't end": f'{{"password": "{CANARY}',
    "a name with its value": f'{{"name": "password", "value": "{CANARY}"}}',
    "a value with its name": f'{{"value": "{CANARY}", "name": "token"}}',
    "a header": f"Authorization: Bearer {CANARY}",
    "a header's value alone": f"it answered with Basic {CANARY}==",
    "an address": f"https://somebody:{CANARY}@partner.example/edi",
    "a key": f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n-----END RSA PRIVATE KEY-----",
    "German": f"<Zugang><Kennwort>{CANARY}</Kennwort></Zugang>",
}


@pytest.mark.parametrize("text", WITH_A_SECRET.values(), ids=WITH_A_SECRET.keys())
def test_a_secret_is_masked(text: str) -> None:
    masked = masked_text(text)
    assert CANARY not in masked
    assert MASK in masked
    for encoding in ("utf-8", "utf-16", "latin-1"):
        assert CANARY not in masked_bytes(text.encode(encoding)).decode(encoding)


def test_numbers_are_masked_so_that_json_stays_json() -> None:
    assert masked_text('{"token": 123456, "b": 2}') == f'{{"token": "{MASK}", "b": 2}}'


@pytest.mark.parametrize(
    "text",
    [
        "<Credential domain='DUNS'><Identity>942888711</Identity></Credential>",
        "<SharedSecret/><Item>keep</Item>",
        '{"lines": [{"buyer_item": "PL-0042", "quantity": "10"}]}',
        "see https://partner.example:8443/edi for the basic terms",
    ],
)
def test_nothing_else_is(text: str) -> None:
    assert masked_text(text) == text
    assert secrets_in(text) == ()


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"\x00\x01\xfe<a>\xff", "ä€".encode(), "ä".encode("latin-1"), b""])
def test_bytes_without_a_secret_are_as_they_were(body: bytes) -> None:
    assert masked_bytes(body) == body


def test_what_else_was_read_of_it_can_be_looked_through() -> None:
    secrets = secrets_in(f"<a><Token>{CANARY}</Token></a>")
    assert masked_text(f"the value {CANARY} is none", secrets) == f"the value {MASK} is none"


def test_the_document_of_several_parts_is_shown_alone() -> None:
    body = (
        b"Content-Type: multipart/related; boundary=x\r\n\r\n--x\r\nContent-Type: text/xml\r\n\r\n"
        b"<cXML><Extrinsic name='Password'>%b</Extrinsic></cXML>\r\n"
        b"--x\r\nContent-ID: <a@b>\r\nContent-Type: application/pdf\r\n\r\nPDF\r\n--x--\r\n" % CANARY.encode()
    )
    found = shown_document(body)
    assert found.document == b"<cXML><Extrinsic name='Password'>[masked]</Extrinsic></cXML>"
    assert list(found.files) == ["a@b"]


@pytest.mark.parametrize("sign", ["<Token>", '{"name": "token", ', '<a name="token" ', '"token": ["', "PCard <"])
def test_a_large_document_of_hostile_signs_is_done_in_time(sign: str) -> None:
    """Each of these would have been gone through to its end, again and again."""
    began = time.monotonic()
    masked_text(sign * (1_000_000 // len(sign)))
    assert time.monotonic() - began < 20
