"""Steps that a text goes through, one after the other, before it becomes a value."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from mappings.fieldmaps.budget import MAX_CHARACTERS, Budget, TooMuchWork
from mappings.fieldmaps.language import Cleaning
from mappings.fieldmaps.patterns import compiled_pattern
from mappings.fieldmaps.sent import SentNumber
from schemas.documents.validation import Unreadable

Step = Callable[[str, Budget], "str | None"]
_CHARACTERS_A_STEP = 16

_WORDS: dict[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "strip_leading_zeros": lambda text: text.lstrip("0") or ("0" if text else ""),
    "strip_spaces": lambda text: "".join(text.split()),
    "digits_only": lambda text: "".join(re.findall("[0-9]", text)),
    "one_line": lambda text: " ".join(text.split()),
}


def step_of(clean: Cleaning) -> Step:
    """What one step of `clean` does. Raises ValueError for a pattern that can't be taken."""
    if clean.word is not None:
        word = _WORDS[clean.word]
        return lambda text, budget: word(text)
    if clean.extract is not None:
        return _extracting(clean.extract)
    if clean.replace is not None:
        return _replacing(clean.replace.pattern, clean.replace.by)
    return _plain_step(clean)


def _plain_step(clean: Cleaning) -> Step:
    split, pad, cut = clean.split, clean.pad, clean.cut
    if split is not None:
        at, part = split.at, split.part - 1 if split.part > 0 else split.part
        if not split.part:
            raise ValueError("part counts from 1, or from -1 at the end")
        return lambda text, budget: _piece(text, at, part)
    if pad is not None:
        length, fill = pad.length, pad.fill
        return lambda text, budget: text.rjust(length, fill)
    if cut is not None:
        start, end = cut.start - 1, cut.start - 1 + cut.length
        return lambda text, budget: text[start:end]
    prefix, suffix = clean.prefix or "", clean.suffix or ""
    return lambda text, budget: f"{prefix}{text}{suffix}"


def _piece(text: str, at: str, part: int) -> str | None:
    pieces = text.split(at)
    return pieces[part].strip() if -len(pieces) <= part < len(pieces) else None


def _extracting(pattern: str) -> Step:
    compiled = compiled_pattern(pattern)
    group = 1 if compiled.groups else 0

    def extract(text: str, budget: Budget) -> str | None:
        budget.spend(len(text) // _CHARACTERS_A_STEP)
        found = compiled.search(text)
        return found.group(group) if found else None

    return extract


def _replacing(pattern: str, by: str) -> Step:
    compiled = compiled_pattern(pattern)
    try:
        compiled.sub(by, "")
        compiled.search("x")
    except Exception as error:
        raise ValueError(f"with: {error}") from None
    parts = _parts(by, compiled.groups)

    def replace(text: str, budget: Budget) -> str | None:
        """As `sub` does, but paid for match by match."""
        pieces: list[str] = []
        done = size = 0
        for match in compiled.finditer(text):
            written = "".join(part if isinstance(part, str) else match.group(part) or "" for part in parts)
            pieces += (text[done : match.start()], written)
            done = match.end()
            size += len(written)
            budget.spend(1 + (len(text) - done) // _CHARACTERS_A_STEP)
            if size > MAX_CHARACTERS:
                raise TooMuchWork
        budget.spend(len(text) // _CHARACTERS_A_STEP)
        return "".join((*pieces, text[done:]))

    return replace


_REFERENCE = re.compile(r"\\(\d)|\\(.)", re.DOTALL)


def _parts(by: str, groups: int) -> list[str | int]:
    """Texts, and the numbers of groups. Raises ValueError for a group that the pattern doesn't have."""
    parts: list[str | int] = []
    done = 0
    for found in _REFERENCE.finditer(by):
        parts.append(by[done : found.start()])
        if found[1] is not None and int(found[1]) > groups:
            raise ValueError(f"with: the pattern has no group {found[1]}")
        parts.append(int(found[1]) if found[1] is not None else found[2])
        done = found.end()
    parts.append(by[done:])
    return parts


@dataclass(frozen=True, slots=True)
class Emptied(Unreadable):
    """A value that stood in the document and of which a step left nothing."""


def wanted_by(clean: Cleaning) -> str:
    """What a value must be for this step to leave something of it."""
    if clean.extract is not None:
        return f"a value in which the map's extract {clean.extract!r} finds something"
    if clean.split is not None:
        return f"a value in which the map's split at {clean.split.at!r} finds part {clean.split.part}"
    if clean.replace is not None:
        return f"a value of which the map's replace {clean.replace.pattern!r} leaves something"
    return f"a value of which the map's {clean.word or next(iter(clean.model_fields_set))} leaves something"


def cleaned(steps: tuple[tuple[Step, str], ...], *, is_fault: bool) -> Callable[[str, Budget], str | Unreadable | None]:
    """All steps, each with what it wants of a value, as one. A text that became empty is a fault of the document, or
    says nothing."""

    def clean(text: str, budget: Budget) -> str | Unreadable | None:
        found: str | None = text
        wanted = ""
        for step, wanted in steps:  # noqa: B007  # said of the step that emptied it
            if len(found or "") > MAX_CHARACTERS:
                raise TooMuchWork
            found = step(found or "", budget)
            if not found:
                break
        if len(found or "") > MAX_CHARACTERS:
            raise TooMuchWork
        if left := (found or "").strip():
            return SentNumber(left) if type(text) is SentNumber else left
        return Emptied(text, "bad_value", wanted) if is_fault else None

    return clean
