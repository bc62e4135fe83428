"""What is kept of a cXML request: never its shared secret, however that is written and whatever is broken around it."""

from __future__ import annotations

import base64
import quopri

import pytest

from schemas.formats.cxml_1_2.keeping import document_and_files, entity_of, without_secrets
from tests.api.test_cxml import CANARY, document

SECRET = CANARY.encode()
TYPE = 'multipart/related; boundary=b-1; type="text/xml"'
INSIDE = {
    "plain": SECRET,
    "CDATA": b"<![CDATA[" + SECRET + b"]]>",
    "CDATA with the end in it": b"<![CDATA[</SharedSecret>" + SECRET + b"]]>",
    "comment with the end in it": b"<!--</SharedSecret>-->" + SECRET,
    "instruction with the end in it": b"<?x </SharedSecret>?>" + SECRET,
    "beginning in a comment": b"<!--<SharedSecret></SharedSecret>-->" + SECRET,
    "in an element": b"x<b>" + SECRET + b"</b>",
    "behind an element": b"x<b/>" + SECRET,
    "entity": b"x&" + SECRET + b";y",
    "ended twice": b"x</SharedSecret>" + SECRET,
    "second one": b"x</SharedSecret><SharedSecret>x&" + SECRET + b";",
}
AROUND = {
    "whole": lambda body: body,
    "broken later": lambda body: body.replace(b"</OrderRequest>", b"</OrderRequestX>"),
    "cut later": lambda body: body[:-30],
    "cut before its end": lambda body: body[: body.rindex(b"</SharedSecret") + 5],
    "a name space": lambda body: body.replace(b"<cXML ", b'<cXML xmlns="urn:x" '),
    "a prefix": lambda body: body.replace(b"<SharedSecret>", b'<p:SharedSecret xmlns:p="urn:x">').replace(
        b"</SharedSecret>", b"</p:SharedSecret>"
    ),
    "an attribute with a sign": lambda body: body.replace(b"<SharedSecret>", b'<SharedSecret a=">">'),
}


def parts(*bodies: bytes) -> bytes:
    listed = (b"--b-1\r\nContent-ID: <%d>\r\n\r\n%b\r\n" % (number, body) for number, body in enumerate(bodies))
    return entity_of(TYPE, b"".join(listed) + b"--b-1--\r\n")


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("inside", INSIDE)
def test_no_shared_secret_is_kept(inside: str, around: str) -> None:
    body = AROUND[around](document(CANARY).replace(SECRET, INSIDE[inside]))
    assert SECRET in body
    kept = without_secrets(body)
    assert SECRET not in kept
    assert b'payloadID="p-1@harbor.example"' in kept
    assert without_secrets(kept) == kept
    wide = without_secrets(body.replace(b"UTF-8", b"UTF-16").decode().encode("utf-16"))
    assert CANARY not in wide.decode("utf-16")
    assert SECRET not in without_secrets(parts(body))


def test_what_can_be_read_is_kept_byte_for_byte_but_for_its_secret() -> None:
    body = document(CANARY)
    assert without_secrets(body) == body.replace(SECRET, b"")
    body = body.replace(b"<SharedSecret>", b"<SharedSecret a='>'>")
    assert without_secrets(body) == body.replace(SECRET, b"")


def test_a_copy_of_the_secret_elsewhere_is_blanked_as_well() -> None:
    remark = b"<!-- " + SECRET + b" --></cXML>"
    kept = without_secrets(parts(document(CANARY).replace(b"</cXML>", remark), document(CANARY), b"as told: " + SECRET))
    assert SECRET not in kept
    read = document_and_files(kept)
    assert read.document.endswith(b"<!--  --></cXML>")
    assert [file.content[-9:] for file in read.files.values()] == [b"t></cXML>", b"as told: "]


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
@pytest.mark.parametrize("before", range(77))
def test_a_copy_in_an_encoded_attachment_is_blanked_as_well(encoding: str, before: int) -> None:
    """Wherever it begins in a group of Base64, and wherever a line of the encoding breaks it."""
    encode = base64.encodebytes if encoding == "base64" else quopri.encodestring
    untouched = base64.encodebytes(b"%PDF-1.7 \x00\xff") + b"\r\n"
    head = f"Content-Transfer-Encoding: {encoding}\r\nContent-ID: <log>\r\n\r\n".encode()
    told = b"x" * before + b"\xe4 " + SECRET + b" it was"
    body = b"--b\r\n\r\n" + document(CANARY) + b"\r\n--b\r\n" + head + encode(told)
    body += b"\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\n" + untouched + b"\r\n--b--"
    kept = without_secrets(entity_of("multipart/related; boundary=b", body))
    read = document_and_files(kept)
    assert read.document == document(CANARY).replace(SECRET, b"")
    assert read.files["log"].content.rstrip() == b"x" * before + b"\xe4  it was"
    assert untouched in kept


def test_a_word_that_is_the_secret_too_stays() -> None:
    body = document("AN-HARBOR-1234", from_=("NetworkID", "AN-HARBOR-1234"))
    assert b"<Identity>AN-HARBOR-1234</Identity>" in without_secrets(body)
    body = document("C-1")
    assert b'orderID="C-1"' in without_secrets(body)
