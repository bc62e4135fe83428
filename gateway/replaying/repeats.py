"""What a replay will not repeat, in sentences: what took effect already stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.replaying.planning import Plan
from gateway.services import Services
from gateway.store.repeating import Effects

_STANDING = (
    "under a number of these messages. None is made again: the same content is answered with what it got, other "
    "content goes by the account's rule for a number that is used already."
)
_ANSWERED = (
    "that stay as they are, with their numbers{numbers}; the account has {arrived:,} of them. None is made or sent "
    "again: what is judged now is answered by a new document."
)


@dataclass(frozen=True, slots=True)
class NotRepeated:
    """Something that took effect already and will not happen again: how many, of what (`one`, `many`), and what becomes
    of them."""

    count: int
    one: str
    many: str
    said: str

    def __str__(self) -> str:
        return f"{self.count:,} {self.one if self.count == 1 else self.many} {self.said}"


def not_repeated(services: Services, planned: Plan) -> list[NotRepeated]:
    """What took effect already for these messages, or for orders of their numbers, by what is stored now."""
    return list(_found(services.store.repeating.of(planned.messages)))


def _found(there: Effects) -> Iterator[NotRepeated]:
    answered = _ANSWERED.format(numbers=_range(there.numbers), arrived=there.arrived)
    for found in (
        NotRepeated(there.standing, "order that stands", "orders that stand", _STANDING),
        NotRepeated(there.answers, "answer to these messages", "answers to these messages", answered),
        NotRepeated(there.to_come, "of these answers", "of these answers", "not arrived yet: they go out as they are."),
        NotRepeated(
            *(there.notices, "despatch advice or invoice", "despatch advices and invoices"),
            "of these orders: numbers stay, nothing is made or sent again.",
        ),
        NotRepeated(there.ssccs, "SSCC", "SSCCs", "of packages of these orders: they stay, and none is drawn anew."),
    ):
        if found.count:
            yield found


def _range(numbers: tuple[str, str] | None) -> str:
    if numbers is None:
        return ""
    first, last = numbers
    return f" ({first})" if first == last else f" ({first} to {last})"
