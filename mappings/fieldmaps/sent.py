"""Texts that came as something else, and so are not read as the account writes texts."""

from __future__ import annotations


class SentNumber(str):
    """A JSON number as its digits: JSON says how it is written, whatever signs the account puts into texts."""

    __slots__ = ()


class Glued(str):
    """All text in an XML element that has elements inside it: prose may be marked up so, a value is not."""

    __slots__ = ()
