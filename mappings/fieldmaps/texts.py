"""The texts that a source has at a place: the one that a rule wants, or all that a condition looks at."""

from __future__ import annotations

from collections.abc import Callable

from mappings.fieldmaps.budget import MAX_CHARACTERS, TooMuchWork
from mappings.fieldmaps.contexts import Here, Reading, Several, Source, Text
from mappings.fieldmaps.jmes import FailedExpression
from mappings.fieldmaps.sent import Glued
from schemas.documents.validation import Unreadable


def within(text: str) -> str:
    """The text, unless it is longer than any value on its way through a rule. Raises TooMuchWork."""
    if len(text) > MAX_CHARACTERS:
        raise TooMuchWork
    return text


def read_texts(source: Source) -> Callable[[Reading, Here], list[str]]:
    """All texts that the source has, for conditions."""

    def read(reading: Reading, here: Here) -> list[str]:
        try:
            found = source.values(reading, here)
        except FailedExpression:
            return []
        if found is None or isinstance(found, Unreadable):
            return [] if found is None else [found.text]
        return [text for text in found if isinstance(text, str)] if isinstance(found, Several) else [found]

    return read


def read_text(source: Source, several: str, between: str, *, is_prose: bool) -> Text:
    """The one text that the source has. What is no prose has no elements inside it."""

    def read(reading: Reading, here: Here) -> str | Unreadable | None:
        try:
            found = source.values(reading, here)
        except FailedExpression as failed:
            return Unreadable(str(failed), "bad_value", "values that the map's expression can be worked out for")
        if type(found) is Several:
            return _one_of(found, several, between, is_prose=is_prose)
        return _glued(found) if type(found) is Glued and not is_prose else found

    slot = source.own_slot
    if slot is None:
        return read

    def read_slot(reading: Reading, here: Here) -> str | Unreadable | None:
        """The usual case: a text, or nothing."""
        found = here.slots[slot]
        if found is None:
            return None
        return found.strip() or None if type(found) is str else read(reading, here)

    return read_slot


def _glued(found: str) -> Unreadable:
    return Unreadable(found, "bad_value", "a value, without elements inside it")


def _one_of(found: Several, several: str, between: str, *, is_prose: bool) -> str | Unreadable | None:
    texts = found if is_prose else [_glued(one) if type(one) is Glued else one for one in found]
    wrong = next((one for one in texts if isinstance(one, Unreadable)), None)
    if wrong is not None:
        return wrong
    if several == "join":
        return within(between.join(found))
    if several != "fault":
        return found[0] if several == "first" else found[-1]  # type: ignore[no-any-return]
    return Unreadable(found[1], "repeated_element", f"one value; there are {len(found)}")
