"""What an e-mail brings: the documents in it that may be orders, or why it brings none."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.pickup.mime import Part, Unreadable, header, parts_of, whole
from gateway.pickup.source import Brought, Unfit

MOST_DOCUMENTS = 50
_DOCUMENT_TYPES = re.compile(
    r"application/(octet-stream|x-gzip|gzip|xml|json|csv|edi[a-z0-9.+-]*|x-edi[a-z0-9.+-]*|cxml|vnd\.ms-excel)"
    r"|text/(xml|json|csv|comma-separated-values|plain)|[a-z]+/[a-z0-9.+-]+\+(xml|json)"
)
_NAMES_OF_ORDERS = re.compile(r"\.(xml|cxml|ubl|json|csv|edi|edifact|x12|txt|dat)(\.gz)?$", re.IGNORECASE)
_NEEDS_SUCH_A_NAME = ("text/plain", "application/vnd.ms-excel")
"""What people write, and spreadsheets, are of these types as well."""
_NAMES_OF_OTHERS = re.compile(
    r"\.(pdf|zip|7z|rar|tar|png|jpe?g|gif|bmp|tiff?|svg|webp|ico|docx?|xlsx?|pptx?|odt|ods|rtf|html?|p7[sm]|asc|sig|ics"
    r"|vcf|eml|msg|exe)$",
    re.IGNORECASE,
)
_BEGINNINGS_OF_OTHERS = (
    b"%PDF",
    b"PK\x03\x04",
    b"\x89PNG",
    b"GIF8",
    b"\xff\xd8\xff",
    b"\xd0\xcf\x11\xe0",
)
_BODY_IS_DOCUMENT = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<[?!A-Za-z]|[{\[])")
_LONGEST_MESSAGE_ID = 1_000
_LONGEST_REPORT = 5_000
_LONGEST_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as it was read."""

    mail: Part
    identity: str
    """Its Message-ID, or where it has none the digest of all of it."""
    subject: str


def read_letter(raw: bytes) -> Letter:
    """The mail's headers, and its parts to be looked at. Raises Unfit for what no mail is."""
    try:
        mail = whole(raw)
    except Unreadable as why:
        raise _unfit(why) from None
    said = str(mail.headers.get("Message-ID", "")).strip()
    is_named = 0 < len(said) <= _LONGEST_MESSAGE_ID
    identity = said if is_named else f"sha256:{hashlib.sha256(raw).hexdigest()}"
    return Letter(mail, identity, header(mail, "Subject")[:_LONGEST_SUBJECT])


def check_is_no_reply(letter: Letter) -> None:
    """Raises Unfit for what machines answer: a report that a mail did not arrive, an out-of-office note (RFC 3834)."""
    headers = letter.mail.headers
    if headers.get_content_type() == "multipart/report":
        raise Unfit(f"is a report on a mail that was sent: {_reported(letter)}")
    automatic = str(headers.get("Auto-Submitted", "")).partition(";")[0].strip().lower()
    if automatic in ("auto-replied", "auto-notified"):
        raise Unfit(f"is an automatic answer ({automatic})")


def _reported(letter: Letter) -> str:
    """What a delivery report says (RFC 3464), as far as it can be read."""
    try:
        for part in parts_of(letter.mail):
            if part.media_type == "message/delivery-status":
                said = part.body()[:_LONGEST_REPORT].decode("ascii", "replace")
                lines = re.findall(r"(?im)^(?:Final-Recipient|Action|Status):[ \t]*(.+?)[ \t]*\r?$", said)
                return ", ".join(lines)[:300] or letter.subject
    except Unreadable:
        pass
    return letter.subject


def documents_of(letter: Letter, most_bytes: int) -> list[Brought]:
    """What may be orders, in the mail's order. Raises Unfit where there is nothing of the kind, more than
    MOST_DOCUMENTS, one of more than so many bytes, or one that can't be decoded: nobody takes half a mail."""
    try:
        found = list(_attached(letter)) or list(_written_in(letter))
    except Unreadable as why:
        raise _unfit(why) from None
    if not found:
        raise Unfit("has no attachment that could be an order (XML, JSON, CSV or EDI), and its text is none")
    for document in found:
        if len(document.body) > most_bytes:
            raise Unfit(f"brings {document.name} of {len(document.body):,} bytes; {most_bytes:,} are taken")
    return found


def _attached(letter: Letter) -> Iterator[Brought]:
    """What is attached, also to a forwarded mail, but not to one that is forwarded in that."""
    count = 0
    for part in parts_of(letter.mail):
        if part.mails > 1 or not _may_be_order(part):
            continue
        body = _body(part)
        if body.startswith(_BEGINNINGS_OF_OTHERS):
            continue
        count += 1
        if count > MOST_DOCUMENTS:
            raise Unreadable(f"it has more than {MOST_DOCUMENTS} attachments")
        yield _brought(letter, part, body)


def _body(part: Part) -> bytes:
    """Its bytes. Raises Unreadable, which names it."""
    try:
        return part.body()
    except Unreadable as why:
        raise Unreadable(f"{part.filename() or part.media_type}: {why}") from None


def _may_be_order(part: Part) -> bool:
    name = part.filename()
    if name is None and not part.is_attached and part.media_type == "text/plain":
        return False  # what the sender writes
    if not _DOCUMENT_TYPES.fullmatch(part.media_type) or _ends(name, _NAMES_OF_OTHERS):
        return False
    return part.media_type not in _NEEDS_SUCH_A_NAME or _ends(name, _NAMES_OF_ORDERS)


def _ends(name: str | None, endings: re.Pattern[str]) -> bool:
    """Whether the name ends so; `.gz` after it counts as well."""
    return name is not None and endings.search(name) is not None


def _written_in(letter: Letter) -> Iterator[Brought]:
    """The mail's own text where that is a document."""
    for part in parts_of(letter.mail):
        if part.media_type == "text/plain" and not part.mails:
            body = part.body()
            if _BODY_IS_DOCUMENT.match(body):
                yield _brought(letter, part, body)
            return


def _brought(letter: Letter, part: Part, body: bytes) -> Brought:
    return Brought(part.filename() or "mail text", body, part.media_type, letter.identity)


def _unfit(why: Unreadable) -> Unfit:
    return Unfit(f"can't be read as a mail: {why}")
