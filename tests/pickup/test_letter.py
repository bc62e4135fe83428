"""What is taken from an e-mail, and what is not, however it is made."""

from __future__ import annotations

import base64
import contextlib
import time
from email.message import EmailMessage

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.pickup.letter import _BEGINNINGS_OF_OTHERS, check_is_no_reply, documents_of, read_letter
from gateway.pickup.mail_sender import is_authenticated, sender_of
from gateway.pickup.mime import whole
from gateway.pickup.source import Brought, Unfit
from tests.pickup.mails import ACME, XML, mail, raw

MOST = 100_000


def taken(message: bytes | EmailMessage, most: int = MOST) -> list[Brought]:
    letter = read_letter(message if isinstance(message, bytes) else raw(message))
    check_is_no_reply(letter)
    return documents_of(letter, most)


def names(message: bytes | EmailMessage) -> list[str]:
    return [one.name for one in taken(message)]


def written(*lines: str) -> bytes:
    return "\r\n".join(lines).encode("latin-1")


# --- attachments ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("media_type", "name"),
    [
        ("application/xml", "order.xml"),
        ("text/xml", "order.xml"),
        ("application/ubl+xml", "order"),
        ("application/json", "order.json"),
        ("text/csv", "order.csv"),
        ("application/vnd.ms-excel", "order.csv"),
        ("application/edifact", "order.edi"),
        ("application/EDI-X12", "order.x12"),
        ("application/octet-stream", "order.xml"),
        ("application/octet-stream", "order"),
        ("application/gzip", "order.xml.gz"),
        ("text/plain", "order.txt"),
        ("application/xml", "Bestellung Größe 4711.xml"),
        ("application/xml", "注文.xml"),
    ],
)
def test_an_attachment_comes_with_its_own_bytes(media_type: str, name: str) -> None:
    (document,) = taken(mail((media_type, name, XML)))
    assert (document.body, document.name, document.media_type) == (XML, name, media_type.lower())


@pytest.mark.parametrize(
    ("media_type", "name", "body"),
    [
        ("application/pdf", "order.pdf", b"%PDF-1.7"),
        ("application/zip", "order.zip", b"PK\x03\x04"),
        ("image/png", "logo.png", b"\x89PNG"),
        ("application/octet-stream", "logo.png", b"x"),
        ("application/octet-stream", "order", b"%PDF-1.7"),
        ("application/octet-stream", "order.xml", b"PK\x03\x04"),
        ("application/vnd.ms-excel", "order.xls", b"x"),
        ("application/ms-tnef", "winmail.dat", b"x"),
        ("application/pkcs7-signature", "smime.p7s", b"x"),
        ("text/calendar", "meeting.ics", b"x"),
        ("text/html", "order.html", b"<html>"),
        ("text/plain", "note", b"Dear all"),
    ],
)
def test_what_is_no_order_is_left_out(media_type: str, name: str, body: bytes) -> None:
    assert names(mail((media_type, name, body), ("application/xml", "order.xml", XML))) == ["order.xml"]
    with pytest.raises(Unfit, match="no attachment that could be an order"):
        taken(mail((media_type, name, body)))


def test_all_that_is_attached_comes_in_turn_also_inline() -> None:
    made = mail(("application/xml", "one.xml", b"<a/>"), ("application/json", "two.json", b"{}"))
    for part in made.iter_attachments():
        part.replace_header("Content-Disposition", part["Content-Disposition"].replace("attachment", "inline"))
    assert names(made) == ["one.xml", "two.json"]


def test_a_forwarded_mail_is_looked_into_and_one_within_that_is_not() -> None:
    inner, outer, outermost = mail(("application/xml", "order.xml", XML)), mail(), mail()
    outer.add_attachment(inner)
    outermost.add_attachment(outer)
    assert [(one.name, one.body) for one in taken(outer)] == [("order.xml", XML)]
    with pytest.raises(Unfit, match="no attachment"):
        taken(outermost)


@pytest.mark.parametrize(
    "text", ['<?xml version="1.0"?>\n<Order/>\n', "\n  <Order>1</Order>\n", '{"order": 1}\n', "[{}]\n"]
)
def test_a_text_that_is_a_document_is_one(text: str) -> None:
    (document,) = taken(mail(text=text))
    assert document.body.decode().split() == text.split()
    assert document.name == "mail text"


def test_a_text_beside_an_order_is_none() -> None:
    assert names(mail(("application/xml", "order.xml", XML), text="<Order/>\n")) == ["order.xml"]


@pytest.mark.parametrize("text", ["Dear all,\n<Order/>\n", "< 3 pieces please\n", "\n"])
def test_a_text_that_people_wrote_is_none(text: str) -> None:
    with pytest.raises(Unfit, match="its text is none"):
        taken(mail(text=text))


def test_a_page_is_no_document() -> None:
    made = mail()
    made.set_content("<Order/>", subtype="html")
    with pytest.raises(Unfit, match="its text is none"):
        taken(made)


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_the_bytes_are_the_senders_whatever_charset_is_claimed(encoding: str) -> None:
    coded = (
        base64.encodebytes(XML)
        if encoding == "base64"
        else b'<?xml version=3D"1.0" encoding=3D"ISO-8859-1"?>=0A<Order>=E9</Order>=0A'
    )
    made = written(
        f"From: {ACME}",
        "Content-Type: application/xml; charset=x-nobody-knows; name=a.xml",
        f"Content-Transfer-Encoding: {encoding.upper()} ",
        "",
        coded.decode(),
    )
    (document,) = taken(made)
    assert document.body.rstrip() == XML.rstrip()


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ('attachment; filename="../../etc/order.xml"', "order.xml"),
        ('attachment; filename="C:\\\\orders\\\\order.xml"', "order.xml"),
        ("attachment; filename*=UTF-8''Gr%C3%B6%C3%9Fe.xml", "Größe.xml"),
        ("attachment; filename*0=or; filename*1=der.xml", "order.xml"),
        ('attachment; filename="=?UTF-8?Q?Gr=C3=B6=C3=9Fe=2Exml?="', "Größe.xml"),
        ("attachment; filename*=x-nobody''or%41der.xml", "orAder.xml"),
        ('attachment; filename="a\x07b.xml"', "ab.xml"),
        ("attachment", "mail text"),
    ],
)
def test_a_file_name_is_a_name_and_no_path(said: str, name: str) -> None:
    assert names(
        written(f"From: {ACME}", "Content-Type: application/xml", f"Content-Disposition: {said}", "", "<a/>")
    ) == [name]


# --- odd mails -----------------------------------------------------------------------------------------------------
def multipart(*parts: str, boundary: str = "b", end: str = "--b--") -> bytes:
    lines = [f"From: {ACME}", f'Content-Type: multipart/mixed; boundary="{boundary}"', ""]
    for part in parts:
        lines += ["--b", "Content-Type: application/xml; name=a.xml", "", part]
    return written(*lines, end)


def test_a_last_part_that_is_not_closed_goes_to_the_end() -> None:
    assert [one.body for one in taken(multipart("<a/>", "<b/>", end=""))] == [b"<a/>", b"<b/>\r\n"]


def test_what_stands_after_the_end_is_none_of_it() -> None:
    assert [one.body for one in taken(multipart("<a/>", end="--b--\r\nList of friends <z/>"))] == [b"<a/>"]


def test_an_empty_part_is_the_intakes_to_judge() -> None:
    assert [one.body for one in taken(multipart("", "<b/>"))] == [b"", b"<b/>"]


def test_lines_that_only_look_like_a_boundary_are_the_documents() -> None:
    assert [one.body for one in taken(multipart("<a>\r\n--bc\r\n --b\r\n</a>"))] == [b"<a>\r\n--bc\r\n --b\r\n</a>"]


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (multipart("<a/>", boundary="other"), "its boundary stands nowhere"),
        (written(f"From: {ACME}", "Content-Type: multipart/mixed", "", "--b", "", "x"), "no boundary"),
        (multipart(*["<a/>"] * 501), "more than 500 parts"),
        (multipart(*["<a/>"] * 51), "more than 50 attachments"),
        (written("X: " + "x" * 300_000, "", "<a/>"), "bytes of headers"),
        (
            written("Content-Type: application/xml; name=a.xml", "Content-Transfer-Encoding: x-uuencode", "", "<a/>"),
            "a.xml: the encoding 'x-uuencode' is unknown",
        ),
        (
            written("Content-Type: application/xml; name=a.xml", "Content-Transfer-Encoding: base64", "", "PGE+!"),
            "a.xml: its base64 can't be decoded",
        ),
        (b"", "no attachment"),
        (b"\r\n", "no attachment"),
        (b"no header at all", "no attachment"),
        (mail(("application/xml", "big.xml", b"x" * (MOST + 1))), "brings big.xml of 100,001 bytes; 100,000 are taken"),
    ],
)
def test_why_a_mail_is_refused(message: bytes | EmailMessage, why: str) -> None:
    with pytest.raises(Unfit, match=why):
        taken(message)


@pytest.mark.parametrize("within", ["multipart/mixed; boundary=b", "message/rfc822"])
def test_a_mail_may_not_be_nested_for_ever(within: str) -> None:
    begins = "--b\r\n" if "multipart" in within else ""
    deep = "".join(
        f"Content-Type: {within.replace('=b', f'=b{n}')}\r\n\r\n{begins.replace('b', f'b{n}')}" for n in range(3_000)
    )
    with pytest.raises(Unfit, match="nested more than 10 deep"):
        taken(written(f"From: {ACME}") + b"\r\n" + deep.encode())


def test_a_large_mail_of_many_boundaries_is_read_in_little_time() -> None:
    """Nine levels, and two million lines that begin as each level's boundary does."""
    lines = [f"From: {ACME}"]
    for n in range(9):
        lines += [f"Content-Type: multipart/mixed; boundary={'-' * 60}{n}", "", f"--{'-' * 60}{n}"]
    lines += ["Content-Type: application/xml; name=a.xml", "", *["--" + "-" * 60] * 300_000]
    started = time.process_time()
    (document,) = taken(written(*lines), most=50_000_000)
    assert len(document.body) > 18_000_000
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "header",
    [
        "From: " + " \r\n " * 50_000,
        "From: " + '"\\' * 100_000,
        "Subject: " + "=?a?q?" * 40_000,
        'Content-Type: multipart/mixed; boundary="' + ";" * 250_000,
        'Content-Disposition: attachment; filename="' + ";" * 250_000,
        "Content-Type: application/xml" + "".join(f"; name*{n}*=x" for n in range(15_000)),
        *(["Authentication-Results: " + one * 60_000 for one in ("(", '"\\"', "; dkim=", "((a)")]),
        "\r\n".join(["Authentication-Results: " + '"\\"' * 1_600] * 50),
    ],
)
def test_no_header_takes_long_to_be_read(header: str) -> None:
    started = time.process_time()
    message = f"{header}\r\nMIME-Version: 1.0\r\n\r\n<a/>".encode()
    with contextlib.suppress(Unfit):
        letter = read_letter(message)
        check_is_no_reply(letter)
        sender_of(letter.mail)
        is_authenticated(letter.mail, ACME, "mail.us.example")
        documents_of(letter, MOST)
    assert time.process_time() - started < 1


# --- machines' mails -----------------------------------------------------------------------------------------------
def test_a_delivery_report_is_no_order_and_says_whose() -> None:
    made = written(
        "From: MAILER-DAEMON@mail.us.example",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
        "",
        "--b",
        "",
        "<sorry/>",
        "--b",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mail.us.example",
        "",
        "Final-Recipient: rfc822; edi@acme.example",
        "Action: failed",
        "Status: 5.1.1",
        "--b--",
    )
    with pytest.raises(Unfit, match=r"report on a mail that was sent: rfc822; edi@acme.example, failed, 5\.1\.1"):
        taken(made)


@pytest.mark.parametrize(
    ("said", "is_refused"),
    [("auto-replied", True), ("Auto-Replied; x=y", True), ("auto-generated", False), ("no", False)],
)
def test_an_automatic_answer_is_no_order_and_a_systems_mail_is(said: str, is_refused: bool) -> None:
    made = mail(("application/xml", "order.xml", XML), Auto_Submitted=said)
    if is_refused:
        with pytest.raises(Unfit, match="automatic answer"):
            taken(made)
    else:
        assert names(made) == ["order.xml"]


# --- who sent it ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("said", "sender"),
    [
        ("purchasing@acme.example", ACME),
        ("<Purchasing@ACME.example>", ACME),
        ('"Acme, Purchasing" <purchasing@acme.example>', ACME),
        ("Acme (orders) <purchasing@acme.example>", ACME),
        ("purchasing@acme.example (Acme)", ACME),
        ("purchasing@acme.example <purchasing@acme.example>", ACME),
        ('"boss@evil.example" <purchasing@acme.example>', ACME),
        ("=?UTF-8?Q?Eink=C3=A4ufer?= <purchasing@acme.example>", ACME),
        ("Acme\r\n <purchasing@acme.example>", ACME),
        ("purchasing@acme.example, other@evil.example", None),
        ("other@evil.example <purchasing@acme.example>", None),
        ("<purchasing@acme.example> <other@evil.example>", None),
        ("purchasing@acme.example)other@evil.example", None),
        ("purchasing@acme.example other@evil.example", None),
        ("Group: purchasing@acme.example;", None),
        ("purchasing", None),
        ("", None),
    ],
)
def test_who_a_mail_is_from_is_one_address_or_not_known(said: str, sender: str | None) -> None:
    assert sender_of(whole(f"From: {said}\r\nTo: x\r\n\r\n".encode())) == sender


def test_two_froms_are_none() -> None:
    assert sender_of(whole(f"From: {ACME}\r\nFrom: {ACME}\r\n\r\n".encode())) is None


@pytest.mark.parametrize(
    ("found", "is_so"),
    [
        ("mail.us.example; dmarc=pass header.from=acme.example", True),
        ("Mail.US.example 1; spf=fail smtp.mailfrom=x.example; dmarc=pass (p=reject) header.from=acme.example", True),
        ("mail.us.example; dkim=pass header.d=acme.example header.s=s1", True),
        ("mail.us.example; dkim=pass header.i=@acme.example", True),
        ("mail.us.example; spf=pass smtp.mailfrom=bounces@acme.example", True),
        ("mail.us.example; dkim=pass header.d=example", False),
        ("mail.us.example; dkim=pass header.d=evil.example", False),
        ("mail.us.example; dkim=pass header.d=evilacme.example", False),
        ("mail.us.example; dkim=pass", False),
        ("mail.us.example; dkim=fail header.d=acme.example", False),
        ("mail.us.example; dmarc=pass header.from=evil.example", False),
        ("mail.us.example; spf=pass smtp.mailfrom=evil@evil.example", False),
        ("mail.us.example; spf=pass smtp.helo=acme.example", False),
        ('mail.us.example; spf=fail reason="x; dmarc=pass header.from=acme.example"', False),
        ("mail.us.example; spf=fail (x; dmarc=pass header.from=acme.example)", False),
        ("mail.us.example; x-dmarc=pass header.from=acme.example", False),
        ("mail.us.example; none", False),
        ("mail.evil.example; dmarc=pass header.from=acme.example", False),
    ],
)
def test_what_our_mail_server_found_counts_where_it_is_about_the_senders_domain(found: str, is_so: bool) -> None:
    made = whole(f"Authentication-Results: {found}\r\nFrom: {ACME}\r\n\r\n".encode())
    assert is_authenticated(made, ACME, "mail.us.example") is is_so


def test_only_our_servers_topmost_word_counts() -> None:
    good, bad = (
        f"Authentication-Results: mail.us.example; dmarc={one} header.from=acme.example\r\n" for one in ("pass", "fail")
    )
    other = "Authentication-Results: other.example; dmarc=pass header.from=acme.example\r\n"
    for headers, is_so in ((good + bad, True), (other + good, True), (bad + good, False), ("", False)):
        assert is_authenticated(whole(f"{headers}From: {ACME}\r\n\r\n".encode()), ACME, "mail.us.example") is is_so


# --- whatever comes ------------------------------------------------------------------------------------------------
_HEADERS = [
    "From: purchasing@acme.example",
    "From: =?x?q?=?= <a@b>",
    "Subject: =?utf-8?b?=ff?=",
    "Message-ID: <>",
    "Content-Type: multipart/mixed; boundary=b",
    'Content-Type: multipart/mixed; boundary="',
    "Content-Type: message/rfc822",
    "Content-Type: application/xml; name*0*=x''%FF; name*1=\"",
    "Content-Type: application/xml; name==?utf-8?q?=ZZ?=",
    "Content-Type: ;;;",
    "Content-Disposition: attachment; filename*=''''",
    "Content-Disposition: attachment; filename*1=a; filename*0*=utf-16''%00",
    "Content-Transfer-Encoding: base64",
    "Content-Transfer-Encoding: quoted-printable",
    "Authentication-Results: mail.us.example; dkim=pass header.d=((((",
    "Auto-Submitted: ;",
]
_LINES = st.one_of(
    st.sampled_from([*map(str.encode, _HEADERS), b"", b"--b", b"--b--", b"PGE+", b"=E9=", b"<a/>", b" folded", b"{}"]),
    st.binary(max_size=30),
)


@settings(max_examples=600, deadline=None)
@given(st.lists(_LINES, max_size=30), st.sampled_from([b"\r\n", b"\n"]))
@example([b"Content-Type: application/xml; name*=a'b"], b"\n")
def test_whatever_comes_is_taken_or_unfit(lines: list[bytes], line_end: bytes) -> None:
    message = line_end.join(lines)
    try:
        letter = read_letter(message)
        sender = sender_of(letter.mail)
        is_authenticated(letter.mail, sender or ACME, "mail.us.example")
        check_is_no_reply(letter)
        for document in documents_of(letter, MOST):
            assert document.name.isprintable()
            document.name.encode()
    except Unfit as why:
        said = str(why)
        assert said.isprintable()  # it may be raised or not


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_mail_with_a_few_bytes_changed_is_taken_or_unfit(data: st.DataObject) -> None:
    inner = mail(("application/xml", "Größe.xml", XML))
    outer = mail(("application/json", "a.json", b"{}"))
    outer.add_attachment(inner)
    message = bytearray(raw(outer))
    for _ in range(data.draw(st.integers(1, 5))):
        message[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
    try:
        letter = read_letter(bytes(message))
        sender_of(letter.mail)
        check_is_no_reply(letter)
        documents_of(letter, MOST)
    except Unfit:
        pass


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.binary(max_size=200), min_size=1, max_size=4), st.sampled_from(["application/xml", "application/json"])
)
def test_any_bytes_come_through_as_they_were(bodies: list[bytes], media_type: str) -> None:
    made = mail(*((media_type, f"{n}.xml", body) for n, body in enumerate(bodies)))
    may_be_orders = [one for one in bodies if not one.startswith(_BEGINNINGS_OF_OTHERS)]
    if may_be_orders:
        assert [one.body for one in taken(made)] == may_be_orders
