"""Which order each message of a batch means: a new one, one that comes again, a change of one that stands, or what
contradicts it.

Loaded at once for the batch, then kept up as its messages are decided in turn, so that the second of two orders in one
batch is known by what became of the first one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.amending import (
    PreparedChange,
    counts_on_what_came_before,
    prepare,
    received,
    waits_for_its_time,
    waits_for_the_unread,
)
from gateway.order_keys import Likeness
from gateway.rereading import says_the_same
from gateway.services import Services
from gateway.states import on_resend
from gateway.store.changes import Settlement
from gateway.store.envelopes import EnvelopeOwner
from gateway.store.orders import LiveOrder, OpenMessage
from gateway.store.threads import Transmission
from gateway.trade.amendment import Receipt, said_version
from gateway.work import Work
from schemas.faults import Fault

_MONTH_US = 2_629_746_000_000
"""A mean month in microseconds (Gregorian year / 12)."""
_ENVELOPE_ID_AT = {"cxml-1.2": ("payloadID", "cXML/@payloadID")}
"""Format → what its envelope's id is called, and where it stands; where none is told it is an SBDH's."""
_SBDH_ID_AT = ("InstanceIdentifier", "StandardBusinessDocumentHeader/DocumentIdentification/InstanceIdentifier")


class KnownOrders:
    """What is known of orders, and of earlier messages, while one batch is settled."""

    def __init__(self, services: Services, works: Sequence[Work], *, foresees: bool) -> None:
        self._works = works
        self._of_number = services.store.orders.of_numbers(work.of_number for work in works)
        self._orders = {
            (*number[:2], key): live for number, orders in self._of_number.items() for key, live in orders.items()
        }
        self._unclear: dict[str, list[LiveOrder]] = {}
        """Message → the orders that it may be, or may be a change of, with a party left out: nobody guesses."""
        for work in works:
            self._find_by_number(work)
        self._earlier_versions: dict[str, dict[bytes, list[Transmission]]] = {}
        self._idempotency_keys: dict[str, str] = {}
        self._envelopes = services.store.envelopes.owners(work.envelope_key for work in works if work.envelope_id)
        self._load_earlier(services)
        for work in works:
            self._know_again(services, work, self._contradicted(work))
        self._open = services.store.orders.open_messages(work.number_key for work in works)
        self.changes = self._prepare_changes(services, works)
        """Message → the change that it makes of an order that stands."""
        self._unapplied = services.store.orders.unapplied(
            work.number_key for work in works if self._has_place_by_receipt(work)
        )
        """Changes that came too late to matter: what says the same again, and nothing else, is no new one."""
        self.behind_unread = set() if foresees else self._behind_unread(services)
        """Messages whose changes count on what came before them, of which something may not be read yet."""
        if late := [work for work in works if self._comes_late(work)]:  # on what was read until nothing was unread
            self.changes |= self._prepare_changes(services, late)
        self.awaited = self._awaited(services)
        """Changes that would be told that there is no order, and whose order may be one that isn't settled yet."""
        self.tries_again: set[str] = set()
        """Earlier held or failed messages that a resend in this batch wants judged again."""
        self._tried: set[str] = set()
        """All of them so far: once is enough for a batch."""

    def _find_by_number(self, work: Work) -> None:
        """The order that a message means whose key isn't to the letter what the message says: the buyer has other
        numbers beside the one that both name, or one of them leaves a party out. Of the latter a change is of the only
        one that it may be, and so is an order that comes again, if it is the same to the letter; where it says
        something else, nobody can tell."""
        if work.order_key in self._orders:
            return
        likely: dict[Likeness, list[tuple[str, LiveOrder]]] = {}
        for key, live in self._of_number.get(work.of_number, {}).items():
            like = work.likeness(key)
            if like != "other" and not (work.order.function == "original" and _may_reuse(work, live)):
                likely.setdefault(like, []).append((key, live))
        may_be = likely.get("same") or [one for several in likely.values() for one in several]
        if not may_be:
            return
        key, live = may_be[0]
        is_change = work.order.function != "original"
        is_sure = "same" in likely or (is_change and "unsaid" in likely) or live.content_sha256 == work.content
        if len(may_be) == 1 and is_sure:
            work.order_key = (*work.order_key[:2], key)
        else:
            self._unclear[work.message.id] = [live for _, live in may_be]

    def _load_earlier(self, services: Services) -> None:
        """The versions of those orders that come again with other content than they have now, and the Idempotency-Keys
        of what came."""
        other = {
            work.message.id: live.id
            for work in self._works
            if (live := self._orders.get(work.order_key)) is not None and live.content_sha256 != work.content
        }
        threads = services.store.threads
        self._earlier_versions = threads.earlier(other.values()) if other else {}
        self._idempotency_keys = threads.idempotency_keys(other) if self._earlier_versions else {}

    def _know_again(self, services: Services, work: Work, made: Mapping[str, bytes]) -> bool:
        """Whether the message has the content of one of these (message → content) after all, which the program that
        settled that read otherwise. Then it has the digest that is known."""
        for message_id, content in made.items():
            if says_the_same(services, work, message_id):
                work.content = content
                return True
        return False

    def _contradicted(self, work: Work) -> dict[str, bytes]:
        """Message → content, of those that the message contradicts: it has the number of an order that says something
        else, or the envelope's id of a document that does."""
        live, owner = self._orders.get(work.order_key), self._envelope_owner(work)
        found: dict[str, bytes] = {}
        if live is not None and work.order.function == "original" and not _may_reuse(work, live):
            found = self._versions(live)
        if owner is not None:
            found.setdefault(owner.message_id, owner.content_sha256)
        return {} if work.content in found.values() else found

    def _versions(self, live: LiveOrder) -> dict[str, bytes]:
        """Message → content, of those that made the order what it is, and what it was."""
        found = {live.message_id: live.content_sha256}
        for content, made in self._earlier_versions.get(live.id, {}).items():
            found |= {one.message_id: content for one in made}
        return found

    def _prepare_changes(self, services: Services, works: Sequence[Work]) -> dict[str, PreparedChange]:
        changing = {work.message.id: live for work in works if (live := self._changes(work)) is not None}
        if not changing:
            return {}
        standing = services.store.threads.standing(live.id for live in changing.values())
        prepared: dict[str, PreparedChange] = {}
        for work in works:
            if (live := changing.get(work.message.id)) is not None:
                change = prepare(work, standing[live.id], services.supplier)
                if change.when == "again" and self._know_again(services, work, self._versions(live)):
                    continue
                prepared[work.message.id] = change
                work.mapped = change.mapped or work.mapped
        return prepared

    def _awaited(self, services: Services) -> set[str]:
        return {
            work.message.id
            for work in self._works
            if work.order.function != "original"
            and work.message.id not in self.changes
            and not waits_for_its_time(work)
            and _may_still_come(services, work)
        }

    def _behind_unread(self, services: Services) -> set[str]:
        return {
            work.message.id
            for work in self._works
            if (change := self.changes.get(work.message.id)) is not None
            and counts_on_what_came_before(work, change)
            and services.store.queue.has_unread_before(
                work.message.account_id,
                received(work),
                work.order.order_number,
                may_be_another_order=waits_for_the_unread(work),
            )
        }

    def _comes_late(self, work: Work) -> bool:
        """Whether a change that counts on nothing unread any more was received before what was made already."""
        change = self.changes.get(work.message.id)
        is_late = change is not None and change.when in ("stale", "overtaken")
        return is_late and not said_version(work.order) and work.message.id not in self.behind_unread

    def _changes(self, work: Work) -> LiveOrder | None:
        """The order that this message changes; None where it makes a new one, comes again or there is none."""
        live = self._orders.get(work.order_key)
        if live is None or live.content_sha256 == work.content or self._version_with(work, live) is not None:
            return None
        if work.order.function == "original":
            is_change = work.account.policies.same_number_other_content == "change"
            return live if is_change and not _may_reuse(work, live) else None
        return live

    def _version_with(self, work: Work, live: LiveOrder) -> str | None:
        """The message that made an earlier version of the order of this very content, and that this one repeats."""
        for made in self._earlier_versions.get(live.id, {}).get(work.content, ()):
            if not self._goes_back(work, made):
                return made.message_id
        return None

    def _goes_back(self, work: Work, made: Transmission) -> bool:
        """Whether what says the same as an earlier version, and no number of a change, is meant anew: the sender gave
        the two transmissions ids of their own."""
        if work.may_change and said_version(work.order):
            return False
        key = self._idempotency_keys.get(work.message.id)
        return _differ(work.envelope_id, made.envelope_id) or _differ(key, made.idempotency_key)

    def resend(self, work: Work) -> Settlement | None:
        """How the message ends where an earlier one has its content: the earlier one answers for it."""
        earlier = self._earlier(work)
        if earlier is None:
            return None
        message_id, status = self._as_it_stands(work, *earlier)
        if on_resend(status) == "try_again" and message_id not in self._tried:
            self.tries_again.add(message_id)
            self._tried.add(message_id)
        return self._duplicate(work, message_id, self.takes_envelope(work, message_id, status))

    def _earlier(self, work: Work) -> tuple[str, str] | None:
        """(id, status) of the message that this one repeats: known by its envelope's id, else by its content alone."""
        owner = self._envelope_owner(work)
        if owner is not None and owner.content_sha256 == work.content:
            return owner.message_id, owner.status
        live = self._orders.get(work.order_key)
        if live is not None and live.content_sha256 == work.content and not _may_reuse(work, live):
            return live.message_id, "done"
        if live is not None and (made := self._version_with(work, live)) is not None:
            return made, "done"
        for one in (*self._open.get(work.number_key, ()), *self._unapplied.get(work.number_key, ())):
            if one.content == work.content and _answers_for(one, work) and not self._left_behind(work, one):
                return one.id, one.status
        return None

    def _as_it_stands(self, work: Work, message_id: str, status: str) -> tuple[str, str]:
        """The message that answers for this one; where that made a version of the order which was changed or cancelled
        since, the one that made it what it is: nobody is told again of what doesn't stand any more."""
        live = self._orders.get(work.order_key)
        if status != "done" or live is None or live.content_sha256 == work.content:
            return message_id, status
        earlier = self._earlier_versions.get(live.id, {}).get(work.content, ())
        return (live.message_id if any(made.message_id == message_id for made in earlier) else message_id), status

    def _has_place_by_receipt(self, work: Work) -> bool:
        """Whether it is a change whose place among the others no number tells."""
        change = self.changes.get(work.message.id)
        return change is not None and change.when == "next" and not said_version(work.order)

    def _left_behind(self, work: Work, earlier: OpenMessage) -> bool:
        """Whether an unnumbered change says anew, in a transmission of its own, what an earlier message of this content
        can't do any more: the order went on while that was held."""
        change = self.changes.get(work.message.id)
        if change is None or said_version(work.order):
            return False
        key = self._idempotency_keys.get(work.message.id)
        if not (_differ(work.envelope_id, earlier.envelope_id) or _differ(key, earlier.idempotency_key)):
            return False
        return bool(change.standing.made_since(work.order, Receipt(earlier.received_at, earlier.id)))

    def _envelope_owner(self, work: Work) -> EnvelopeOwner | None:
        """The other message that the envelope's id stands for; one that was refused or closed stands for nothing."""
        owner = self._envelopes.get(work.envelope_key) if work.envelope_id else None
        if owner is None or owner.message_id == work.message.id or on_resend(owner.status) == "judge_afresh":
            return None
        return owner

    def takes_envelope(self, work: Work, message_id: str, status: str) -> bool:
        """Whether the envelope's id stands for this message, or the one that it repeats, from now on; what the batch
        decides next sees that."""
        if work.envelope_id is None or self._envelope_owner(work) is not None:
            return False
        self._envelopes[work.envelope_key] = EnvelopeOwner(message_id, status, work.content)
        return True

    def other_content(self, work: Work) -> tuple[Fault, ...]:
        """The faults of an order number, and of an envelope id, that stand for other content."""
        return (*self._number_reused(work), *self._may_be_known(work), *self._envelope_reused(work))

    def _envelope_reused(self, work: Work) -> tuple[Fault, ...]:
        """A transmission's id is for one document: the sender sends another by mistake, or took the id for another."""
        owner = self._envelope_owner(work)
        if owner is None or owner.content_sha256 == work.content:
            return ()
        name, place = _ENVELOPE_ID_AT.get(work.message.format or "", _SBDH_ID_AT)
        detail = (
            f"The {name} {work.sent_envelope_id} came before with other content (message {owner.message_id}), "
            "which stands. Nothing was done with this document."
        )
        expected = f"a new {name}, or the content that this one came with"
        return (Fault("envelope_id_reused", detail, "", place, work.sent_envelope_id, expected),)

    def _number_reused(self, work: Work) -> tuple[Fault, ...]:
        """An order number that is live with other content, which a change is meant to be."""
        live = self._orders.get(work.order_key)
        if live is None or work.order.function != "original" or _may_reuse(work, live):
            return ()
        if work.message.id in self.changes:
            return ()
        detail = (
            f"Order {work.order.order_number} is on the books with other content (message {live.message_id}). "
            "It stands unchanged."
        )
        expected = "another number, or the content that this number was received with"
        if earlier := self._earlier_versions.get(live.id, {}).get(work.content):
            became = "cancelled" if live.status == "cancelled" else "changed"
            detail = (
                f"Order {work.order.order_number} came with this content before (message {earlier[0].message_id}) and "
                f"was {became} since (message {live.message_id}), which stands. This was sent under another id, so it "
                "may be meant as a new order. Nothing was done with it."
            )
            expected = "another number for a new order"
        return (Fault("order_number_reused", detail, "/order_number", "", work.order.order_number, expected),)

    def _may_be_known(self, work: Work) -> tuple[Fault, ...]:
        """An order whose number is live, and which says less of its key than that, or more; or a change that may be of
        several orders."""
        known = self._unclear.get(work.message.id)
        if known is None:
            return ()
        number, messages = work.order.order_number, ", ".join(live.message_id for live in known)
        if work.order.function == "original":
            detail = (
                f"Order {number} may be the one that is on the books (message {messages}): one of them leaves out a "
                "party, or a number of its buyer, that the other names. That one stands unchanged."
            )
        elif len(known) == 1:
            detail = (
                f"The order {number} that is on the books (message {messages}) has a buyer with some of the numbers "
                "that this names, and with others. It stands unchanged."
            )
        else:
            detail = (
                f"Several orders {number} are on the books (messages {messages}), and this leaves out what tells them "
                "apart. They stand unchanged."
            )
        expected = "all that tells orders of one number apart, or a number of its own"
        return (Fault("order_unclear", detail, "/order_number", "", number, expected),)

    def is_unclear(self, work: Work) -> bool:
        """Whether it may be, or change, an order on the books, and nobody can tell which."""
        return work.message.id in self._unclear

    def has_number(self, work: Work) -> bool:
        """Whether an order of its number is on the books, whosever it is."""
        return bool(self._of_number.get(work.of_number))

    def came_again(self, work: Work) -> LiveOrder | None:
        """The order on the books whose number this one has with other content, and no leave to change it."""
        if work.order.function != "original" or work.message.id in self.changes:
            return None
        live = self._orders.get(work.order_key)
        if live is None:
            return next(iter(self._unclear.get(work.message.id, ())), None)
        return None if live.content_sha256 == work.content or _may_reuse(work, live) else live

    def _as_open(self, work: Work, status: str) -> OpenMessage:
        message = work.message
        key = self._idempotency_keys.get(message.id)
        return OpenMessage(message.id, work.content, status, message.received_at, work.envelope_id, key)

    @staticmethod
    def _duplicate(work: Work, message_id: str, takes_envelope: bool) -> Settlement:
        return Settlement(
            "mark_duplicate",
            dict(work.stages),
            mapping_revision=work.revision.number if work.revision else None,
            catalogue_revision=work.catalogue.number,
            content_sha256=work.content,
            order_number=work.order.order_number,
            duplicate_of=message_id,
            envelope_id=work.envelope_id,
            takes_envelope=takes_envelope,
            is_test=work.is_test,
            **work.described,
        )

    def place_of(self, work: Work) -> tuple[int, int]:
        """(epoch, ordinal) of a new order: how often its key was used before, how many orders its number has."""
        earlier = self._orders.get(work.order_key)
        of_number = self._of_number.get(work.of_number, {})
        ordinal = max((one.ordinal for one in of_number.values()), default=-1) + 1
        return (earlier.epoch + 1 if earlier is not None else 0), ordinal

    def see_order(self, work: Work, live: LiveOrder) -> None:
        """The message made this order."""
        key = work.order_key
        self._orders[key] = self._of_number.setdefault(work.of_number, {})[key[2]] = live

    def see_open(self, work: Work, status: str) -> None:
        """The message is held, or waits."""
        self._open.setdefault(work.number_key, []).append(self._as_open(work, status))

    def last_change(self, work: Work) -> int:
        """When an order of its number was changed last, in microseconds; 0 where there is none."""
        known = self._of_number.get(work.of_number, {}).values()
        return max((live.updated_at for live in known), default=0)


def _differ(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one != other


def _answers_for(earlier: OpenMessage, work: Work) -> bool:
    """Whether another message of this content may answer for it. One that waits and was received behind it does not: it
    is the retry of this, and would take its place among the changes."""
    receipt = Receipt(earlier.received_at, earlier.id)
    return receipt < received(work) or (earlier.status != "received" and earlier.id != work.message.id)


def _may_still_come(services: Services, work: Work) -> bool:
    """Whether what lies here unsettled may bring the order that this one changes."""
    message, number = work.message, work.order.order_number
    return services.store.orders.is_open(message.account_id, work.is_test, number, message.id)


def _may_reuse(work: Work, live: LiveOrder) -> bool:
    months = work.account.policies.order_number_reuse_months
    return work.message.received_at - live.created_at > months * _MONTH_US
