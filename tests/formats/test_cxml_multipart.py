"""cXML with attachments beside it: multipart/related taken apart, and files put where their links are."""

from __future__ import annotations

import hashlib
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.fault_codes import FAULTS
from schemas.faults import DocumentRejected
from schemas.formats.cxml_1_2 import CXML_1_2
from schemas.formats.cxml_1_2.multipart import File, Parts, parts_of, with_files

ORDER = Path(__file__).resolve().parents[2] / "schemas/formats/cxml_1_2/examples/order/five-lines.xml"
TYPE = 'multipart/related; boundary="b 1"; type="text/xml"; start="<order@x>"'
PLAN = b"%PDF-1.7\r\n--b 2\r\n\x00\xff"


def body_of(*parts: bytes) -> bytes:
    return b"preamble\r\n" + b"".join(b"--b 1\r\n" + part + b"\r\n" for part in parts) + b"--b 1--\r\nepilogue"


def document(content: bytes = b"<cXML/>") -> bytes:
    return b"Content-Type: text/xml; charset=UTF-8\r\nContent-ID: <order@x>\r\n\r\n" + content


def attached(content_id: str = "plan@blue-harbor.example", content: bytes = PLAN, more: str = "") -> bytes:
    return f"Content-ID: <{content_id}>\r\nContent-Type: application/pdf\r\n{more}\r\n".encode() + content


def test_the_parts_come_as_they_were_sent() -> None:
    parts = parts_of(TYPE, body_of(document(), attached()))
    assert parts == Parts(b"<cXML/>", {"plan@blue-harbor.example": File(PLAN, "application/pdf")})
    assert parts_of(TYPE, body_of(attached(), document())).document == b"<cXML/>"
    assert parts_of("multipart/related; boundary=b", b"--b\n\n<cXML/>\n--b--") == Parts(b"<cXML/>")
    assert parts_of("text/xml; charset=UTF-8", b"--b") == Parts(b"--b")


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "binary"])
def test_what_pythons_own_writer_writes_is_read(encoding: str) -> None:
    order = ORDER.read_bytes()
    whole = MIMEMultipart("related", boundary="===b===")
    text = MIMEText(order.decode(), "xml", "utf-8")
    text["Content-ID"] = "<o@x>"
    whole.attach(text)
    file = MIMEApplication(PLAN, "pdf")
    file["Content-ID"] = "<plan@blue-harbor.example>"
    file.add_header("Content-Disposition", "attachment", filename="plän.pdf")
    whole.attach(file)
    _, _, body = whole.as_bytes().partition(b"\n\n")
    parts = parts_of(str(whole["Content-Type"]), body)
    assert parts.document.replace(b"\r\n", b"\n") == order
    assert parts.files["plan@blue-harbor.example"] == File(PLAN, "application/pdf", "plän.pdf")
    more = f"Content-Transfer-Encoding: {encoding}\r\n"
    written = {"base64": b"JVBERg==\r\n", "quoted-printable": b"=25PDF", "binary": b"%PDF"}[encoding]
    (found,) = parts_of(TYPE, body_of(document(), attached(content=written, more=more))).files.values()
    assert found.content == b"%PDF"


def test_files_stand_beside_the_order_under_their_hash() -> None:
    (read,) = CXML_1_2.parse_orders(ORDER.read_bytes())
    spare = File(b"spare", None, "x.txt")
    found = with_files(read, {"plan@blue-harbor.example": File(PLAN, "application/pdf", "other"), "more@x": spare})
    digest, other = hashlib.sha256(PLAN).hexdigest(), hashlib.sha256(b"spare").hexdigest()
    assert found.attachments == {digest: PLAN, other: b"spare"}
    shown = [one.model_dump(exclude_none=True) for one in found.order.attachments]
    assert shown == [
        {
            "uri": "cid:plan@blue-harbor.example",
            "filename": "plan.pdf",
            "media_type": "application/pdf",
            "size": len(PLAN),
            "sha256": digest,
        },
        {"uri": "cid:more@x", "filename": "x.txt", "size": 5, "sha256": other},
    ]
    assert with_files(read, {}) == read


@pytest.mark.parametrize(
    ("content_type", "body", "location", "said"),
    [
        ("multipart/related", body_of(document()), "the body", "boundary"),
        (f"multipart/related; boundary={'x' * 71}", body_of(document()), "the body", "boundary"),
        (TYPE, b"--b 1\r\n\r\n<cXML/>", "the body", "end"),
        (TYPE, b"--b 1--", "the body", "no part"),
        (TYPE, b"", "the body", "end"),
        (TYPE, body_of(attached()), "the body", "start"),
        (TYPE, body_of(document(), b"no header"), "part 2", "header"),
        (TYPE, body_of(document(), b"X: " + b"x" * 20_000 + b"\r\n\r\n"), "part 2", "header"),
        (TYPE, body_of(document(), attached(), attached()), "part 3", "same Content-ID"),
        (TYPE, body_of(document(), attached(more="Content-Transfer-Encoding: uu\r\n")), "part 2", "Encoding"),
        (TYPE, body_of(document(), attached(more="Content-Transfer-Encoding: base64\r\n")), "part 2", "Base64"),
        (TYPE, body_of(document(), *[attached(f"{n}@x") for n in range(201)]), "the body", "200"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(content_type: str, body: bytes, location: str, said: str) -> None:
    with pytest.raises(DocumentRejected) as refused:
        parts_of(content_type, body)
    (fault,) = refused.value.faults
    assert fault.code in FAULTS
    assert fault.location == location
    assert said in fault.detail


WHOLE = body_of(document(ORDER.read_bytes()), attached(more="Content-Transfer-Encoding: binary\r\n"))


@settings(max_examples=300, deadline=None)
@given(st.integers(0), st.integers(0, 8), st.binary(max_size=8), st.one_of(st.just(TYPE), st.text(max_size=60)))
def test_any_bytes_are_taken_apart_or_refused(at: int, cut: int, put: bytes, content_type: str) -> None:
    at %= len(WHOLE)
    body = WHOLE[:at] + put + WHOLE[at + cut :]
    for kind in (content_type, f"multipart/related; boundary={content_type}"):
        found: object = None
        try:
            parts = parts_of(kind, body)
            (read,) = CXML_1_2.parse_orders(parts.document)
            found = with_files(read, parts.files)
        except DocumentRejected as refused:
            found = refused.faults
        assert found


def kept(*parts: bytes) -> bytes:
    return f"Content-Type: {TYPE}\r\n\r\n".encode() + body_of(*parts)


@pytest.mark.parametrize("content", [ORDER.read_bytes(), ORDER.read_bytes()[:-20], ORDER.read_text().encode("utf-16")])
def test_a_second_order_is_no_attachment(content: bytes) -> None:
    body = kept(document(ORDER.read_bytes()), attached("second@x", content))
    for read in (CXML_1_2.check, CXML_1_2.parse_orders):
        with pytest.raises(DocumentRejected) as refused:
            read(body)
        (fault,) = refused.value.faults
        assert (fault.code, fault.location) == ("repeated_element", "the part second@x")


def test_another_cxml_document_is_an_attachment_like_any() -> None:
    body = kept(document(ORDER.read_bytes()), attached("cart@x", b"<cXML><Message/></cXML>"))
    (found,) = CXML_1_2.parse_orders(body)
    assert "cid:cart@x" in {one.uri for one in found.order.attachments}
