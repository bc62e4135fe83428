"""What of an account's set-up is done, and what is to be done next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.onboarding.sample import ReadSample
from gateway.onboarding.unknown import Unknown
from mappings.own_format import CUSTOM
from mappings.revision import MappingRevision


@dataclass(frozen=True, slots=True)
class Step:
    """A step of setting an account up: whether it is done, and what to do else. `leads_to` names what does it: a part
    of the page, or the field map."""

    title: str
    is_done: bool
    otherwise: str
    leads_to: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an account is beyond its mapping."""

    is_published: bool
    has_key: bool
    has_answered: bool


def steps_of(
    revision: MappingRevision | None, read: ReadSample | None, unknown: Unknown, standing: Standing
) -> list[Step]:
    """All steps in the order in which they are done. `revision` is None where the draft's terms can't be used, `read`
    where there is no sample."""
    return [*_of_mapping(revision, read, unknown), *_beyond(standing)]


def _of_mapping(revision: MappingRevision | None, read: ReadSample | None, unknown: Unknown) -> Iterator[Step]:
    account = revision.account if revision else None
    is_custom = account is not None and CUSTOM in account.inbound.formats
    yield Step(
        "Their sample order is read",
        read is not None and read.is_read,
        "Say in the field map where its values stand." if is_custom else "See below what is wrong with it.",
        "map" if is_custom else "wrong",
    )
    has_manager = account is not None and account.manager is not None
    yield Step("A manager is named", has_manager, "Who is their single contact? Others ask for that person.", "manager")
    is_read = read is not None and bool(read.orders)
    yield Step("Its items are mapped", is_read and not unknown.items, "Say which of our products each is.", "items")
    yield Step("Its units are mapped", is_read and not unknown.units, "Say what each is in our units.", "units")
    yield Step(
        "Its places are known",
        is_read and not unknown.places,
        "Say whence each is supplied, or take any address.",
        "places",
    )
    has_prices = revision is not None and bool(revision.prices)
    otherwise = "Without contract prices, what an order says is taken: import them where prices are agreed."
    yield Step("Contract prices are there", has_prices, otherwise, "prices")


def _beyond(standing: Standing) -> Iterator[Step]:
    yield Step("The mapping is published", standing.is_published, "Publish it below: nothing counts before.", "publish")
    yield Step("There is a key", standing.has_key, "Make one, and hand it over in a safe way.", "keys")
    yield Step("An order was answered", standing.has_answered, "Send the sample as a test order below.", "test")
