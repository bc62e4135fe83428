"""A document as text that is edited, and back to the letter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.resubmitting.document import NotText, opened, written

ENCODINGS = ["utf-8", "iso-8859-1", "windows-1252"]
TEXTS = st.text(st.characters(codec="iso-8859-1", exclude_characters="\0\x85"), max_size=200)


def as_a_browser_sends(text: str) -> str:
    """What a form's field makes of the ends of lines (HTML, "normalize newlines")."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")


@given(TEXTS, st.sampled_from(["", "\ufeff"]))
def test_what_was_not_edited_stays_to_the_letter(text: str, mark: str) -> None:
    body = (mark + "{" + text).encode()
    document = opened(body)
    assert written(document, document.text) == body
    assert written(document, as_a_browser_sends(document.text)) == body


@pytest.mark.parametrize("encoding", [*ENCODINGS, "UTF-16"])
def test_the_declared_encoding_is_kept(encoding: str) -> None:
    body = f'<?xml version="1.0" encoding="{encoding}"?>\r\n<a>\r<b>Bär</b>\n</a>'.encode(encoding)
    document = opened(body)
    assert "Bär" in document.text
    assert written(document, as_a_browser_sends(document.text)) == body
    edited = written(document, as_a_browser_sends(document.text.replace("Bär", "Tür")))
    assert edited == f'<?xml version="1.0" encoding="{encoding}"?>\r\n<a>\r<b>Tür</b>\n</a>'.encode(encoding)


def test_lines_that_come_end_as_most_do() -> None:
    assert written(opened(b"a\r\nb\r\nc\n"), "a\nnew\nb\nc\n") == b"a\r\nnew\r\nb\r\nc\n"
    assert written(opened(b"a\nb"), "a\nb\n") == b"a\nb\n"
    assert written(opened(b"a\nb\n"), "a\nb") == b"a\nb"
    assert written(opened(b"one"), "one\ntwo") == b"one\ntwo"
    assert written(opened(b"one"), "") == b""


@pytest.mark.parametrize(
    "body", [b"\xff\xfe\xff", b'{"a": "\xe4"}', b"a\0b", b'<?xml version="1.0" encoding="x-no"?><a/>']
)
def test_what_is_no_text_is_told_so(body: bytes) -> None:
    with pytest.raises(NotText):
        opened(body)


def test_a_character_that_the_encoding_lacks_is_named() -> None:
    document = opened(b'<?xml version="1.0" encoding="iso-8859-1"?><a/>')
    with pytest.raises(NotText, match=r"no character '€' \(U\+20AC\)"):
        written(document, document.text.replace("<a/>", "<a>€</a>"))
