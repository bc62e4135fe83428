"""One look at a place that orders are picked up from: what lies there whole is kept as messages, by the same intake as
over HTTP, and moved only then. It may be ended at any moment and made again: no file becomes two orders."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from gateway.delivery.words import without
from gateway.intake import Arrival, take_in
from gateway.pickup.names import words
from gateway.pickup.source import (
    MOST_LISTED,
    Brought,
    Deadline,
    Found,
    Gone,
    NotSettled,
    Opened,
    PickupFailed,
    PickupMeans,
    Source,
    Unfit,
)
from gateway.pickup.too_large import too_large
from gateway.pickup_places import PickupPlace
from gateway.services import Services
from gateway.store.database import StoreUnavailable
from gateway.store.fault_rows import storable
from gateway.store.ids import new_id
from gateway.store.pickups import PickupFile
from gateway.unzipping import BrokenGzip, UnzippedTooLarge, UnzipsTooFar, unzipped
from mappings.own_format import formats_of
from mappings.pickups import secrets_named
from mappings.transports import BadTerms

_MISSES_TOLD = 3
"""A file that is listed the same so often, and never is so when it is read, is no file that others move or write to."""
_STILL_SECONDS = 10.0
"""So long a file has to stand as it stands, at most: less where the place is looked at more often."""


class Seen:
    """How what lies at one place stood when it was last looked at, and since when. A file that nobody writes to any
    more stands the same at two looks; the server's clock is not asked, for it may be wrong."""

    def __init__(self, every_seconds: float) -> None:
        self.still_seconds = min(every_seconds, _STILL_SECONDS)
        self._stood: dict[str, tuple[str, float]] = {}
        self._missed: Counter[tuple[str, str]] = Counter()
        """Files by how they are listed → how often one stood otherwise when it was to be read."""

    def note(self, found: Sequence[Found]) -> None:
        """What was found now; what isn't there any more is forgotten."""
        now = time.monotonic()
        before = self._stood
        self._stood = {
            one.name: before[one.name] if before.get(one.name, ("",))[0] == one.stands else (one.stands, now)
            for one in found
        }
        listed = {(one.name, one.stands) for one in found}
        self._missed = Counter({one: count for one, count in self._missed.items() if one in listed})

    def misses(self, found: Found) -> int:
        """How often by now it was listed so, and stood otherwise when it was to be read."""
        self._missed[found.name, found.stands] += 1
        return self._missed[found.name, found.stands]

    def is_still(self, found: Found) -> bool:
        """Whether it stood so long as it stands now. It has to be noted."""
        return found.is_whole or time.monotonic() - self._stood[found.name][1] >= self.still_seconds


@dataclass(frozen=True, slots=True)
class Picked:
    """A file that was dealt with: its message, and where it lies now. Without a message: why nobody can take it."""

    name: str
    message_id: str | None
    moved_to: str | None
    detail: str | None = None
    refused: bool = False


@dataclass(slots=True)
class Looked:
    """What a look came to."""

    picked: list[Picked] = field(default_factory=list)
    told: dict[str, PickupFile] = field(default_factory=dict)
    """Files that lie there still, or were refused, as they stand now."""
    gone: set[str] = field(default_factory=set)
    """Files of which nothing is left to be known."""
    detail: str | None = None
    """What is wrong with the place, or with moving its files."""
    is_out: bool = False
    """Whether the place itself doesn't work."""
    has_more: bool = False
    """Whether whole files are left that there was no room or time for, and that can be read as far as is known."""
    ripens: bool = False
    """Whether there are files that may still be being written."""


class Look:
    """One look. `stops` is asked before each file: where it says so, the rest waits for the next look."""

    def __init__(
        self,
        services: Services,
        source: Source,
        place: PickupPlace,
        means: PickupMeans,
        seen: Seen,
        stops: Callable[[], bool] = lambda: False,
    ) -> None:
        self._services, self._store = services, services.store.pickups
        self._source, self._place, self._means, self._seen, self._stops = source, place, means, seen, stops
        self._deadline = Deadline(services.pickup.look_seconds)
        self.looked = Looked()

    def make(self) -> Looked:
        """What it came to. Raises StoreUnavailable; then what was kept was kept, and is known again."""
        looked = self.looked
        try:
            if self._place.others:
                others = ", ".join(self._place.others)
                raise PickupFailed(
                    f"{others} is to be picked up from there as well: nobody knows whose orders these are"
                )
            with self._source.open(self._place.terms, self._means, self._deadline) as opened:
                self._look(opened)
        except (PickupFailed, BadTerms) as failure:
            if self._deadline.is_over and looked.picked:
                looked.has_more = True  # it goes on behind what was taken
            else:
                looked.detail, looked.is_out = self._words(failure), True
        return looked

    def _look(self, opened: Opened) -> None:
        found = list(opened.found())
        self._seen.note(found)
        known = self._store.files(self._place.key)
        ids = {self._id_of(one): one for one in found}
        if len(found) < MOST_LISTED:
            self._forget([one for file_id, one in known.items() if file_id not in ids])
        unread = sorted(
            (one for file_id, one in ids.items() if file_id not in known or known[file_id].status == "taking"),
            key=lambda one: (_was_unreadable(known.get(self._id_of(one))), one.order),
        )
        still = [one for one in unread if self._id_of(one) in known or self._seen.is_still(one)]
        now, later = still[: (most := self._services.pickup.most_files)], still[most:]
        self.looked.ripens = len(still) < len(unread)
        self.looked.has_more = any(not _was_unreadable(known.get(self._id_of(one))) for one in later)
        begun = self._begin(now, known)
        self._each(now, lambda one: self._take(opened, one, begun[self._id_of(one)], self._id_of(one) in known))
        unmoved = [one for file_id, one in ids.items() if file_id in known and known[file_id].status != "taking"]
        self._each(
            unmoved[: self._services.pickup.most_files], lambda one: self._move(opened, one, known[self._id_of(one)])
        )

    def _each(self, files: Sequence[Found], act: Callable[[Found], None]) -> None:
        for number, one in enumerate(files):
            if self._stops() or (self._deadline.is_over and self.looked.picked):
                self.looked.has_more = self.looked.has_more or number < len(files)
                return
            try:
                act(one)
            except Gone:
                self.looked.gone.add(self._id_of(one))
                if self._seen.misses(one) >= _MISSES_TOLD:
                    said = "is listed by the server with another size or time than it has when it is read"
                    self.looked.detail = self._words(f"{one.name} {said}")
            except NotSettled as failure:
                self.looked.detail = self._words(f"{one.name} {failure}")

    def _forget(self, files: Sequence[PickupFile]) -> None:
        """Of files that aren't there any more, or stand differently: somebody moved them. What nobody could take is
        told all the same."""
        for one in files:
            if one.status == "unfit":
                self.looked.told[one.id] = replace(one, status="refused")
            else:
                self.looked.gone.add(one.id)

    def _begin(self, files: Sequence[Found], known: Mapping[str, PickupFile]) -> dict[str, PickupFile]:
        at = self._services.store.receipts.now()
        new = {
            file_id: PickupFile(file_id, storable(one.name), "taking", at)
            for one in files
            if (file_id := self._id_of(one)) not in known
        }
        if new:
            self._store.begin(self._place.key, list(new.values()))
        return {**new, **known}

    # --- one file -----------------------------------------------------------------------------------------------
    def _take(self, opened: Opened, found: Found, file: PickupFile, was_begun: bool) -> None:
        """Keep what is in it, then move it. `was_begun`: perhaps somebody kept it already, and didn't live to move
        it."""
        most = self._services.limits.max_body_bytes
        try:
            if found.size > most and not found.is_whole:
                raise too_large(most)
            brought = [self._unpacked(one) for one in opened.read(found, most)]
        except Unfit as failure:
            self._refuse(opened, found, replace(file, status="unfit", detail=self._words(failure)))
            return
        except NotSettled as failure:
            self.looked.told[file.id] = replace(file, detail=self._words(failure))
            raise
        if not brought:
            raise AssertionError(f"{self._source.name} brought nothing and didn't say why")
        kept = [self._keep(one, file.began_at if was_begun else None) for one in brought]
        message_id, is_resend = kept[0].message_id, kept[0].is_resend
        stored = replace(file, status="stored", message_id=message_id)
        unreadable = next((one.message_id for one in kept if one.is_unreadable), None)
        refused = unreadable is not None
        said = f"can't be read: message {unreadable} says why" if refused else None
        self.looked.told[file.id] = replace(stored, detail=said)
        picked = Picked(found.name, message_id, None, refused=refused)
        try:
            label = f"{message_id}-{new_id()[-6:]}" if is_resend else message_id
            picked = replace(picked, moved_to=opened.settle(found, label, refused=refused))
            self._settled(self.looked.told[file.id], picked.moved_to)
        except Gone:
            self._settled(self.looked.told[file.id], None)
        finally:
            self.looked.picked.append(picked)

    def _unpacked(self, brought: Brought) -> Brought:
        if not brought.name.lower().endswith(".gz"):
            return brought
        limits = self._services.limits
        try:
            body = unzipped(brought.body, limits.max_body_bytes, limits.max_gzip_ratio)
        except UnzippedTooLarge:
            raise too_large(limits.max_body_bytes) from None
        except (BrokenGzip, UnzipsTooFar) as failure:
            raise Unfit(f"is called .gz and {failure}") from None
        return replace(brought, body=body)

    def _keep(self, brought: Brought, begun_at: int | None) -> _Kept:
        place, name = self._place, storable(brought.name)
        key = idempotency_key(place.endpoint, brought)
        if begun_at is not None:
            earlier = self._store.taken_since(place.account_id, test=place.test, key=key, since=begun_at)
            if earlier is not None:
                return _Kept(earlier[0], is_unreadable=earlier[1])
        mapping = self._services.terms.current([place.account_id])[place.account_id]
        arrival = Arrival(
            mapping.account,
            place.test,
            brought.body,
            place.place,
            brought.media_type,
            key,
            formats=formats_of(mapping),
            revision=mapping.number,
            file_name=name,
        )
        taken = take_in(self._services, arrival)
        return _Kept(taken.kept.message_id, bool(taken.faults), taken.kept.duplicate)

    def _refuse(self, opened: Opened, found: Found, file: PickupFile) -> None:
        """Nobody can take it: that is on record before it is moved out of sight."""
        self._store.tell([file])
        self.looked.told[file.id] = file
        self._move(opened, found, file)

    def _move(self, opened: Opened, found: Found, file: PickupFile) -> None:
        """Of a file that was dealt with, what is left to do."""
        is_unfit, moved_to = file.status == "unfit", None
        refused = is_unfit or file.detail is not None
        label = f"{file.message_id}-{new_id()[-6:]}" if file.message_id else new_id()
        try:
            with suppress(Gone):  # somebody else moved it
                moved_to = opened.settle(found, label, refused=refused)
        finally:
            detail = file.detail if is_unfit else None
            self.looked.picked.append(Picked(found.name, file.message_id, moved_to, detail, refused))
        self._settled(file, moved_to)

    def _settled(self, file: PickupFile, moved_to: str | None) -> None:
        """Nothing is left to be done with it. That it was refused is told until a person has seen it: who put it there
        mostly hears nothing of us."""
        if file.status == "unfit" or file.detail is not None:
            self.looked.told[file.id] = replace(file, status="refused", moved_to=moved_to)
        else:
            self.looked.told.pop(file.id, None)
            self.looked.gone.add(file.id)

    def _words(self, said: object) -> str:
        """What is kept of it: a server may repeat what it was told, and with it what lets us in."""
        with suppress(BadTerms, StoreUnavailable):  # then it was told nothing
            named = [self._means.secrets.of(name) for name in secrets_named(self._place.terms)]
            said = without(str(said), [secret.reveal() for secret in named if secret is not None])
        return words(said)

    def _id_of(self, found: Found) -> str:
        return _digest(*self._place.key, found.name, found.stands)


def _was_unreadable(file: PickupFile | None) -> bool:
    """Whether it could not be read before: it must not keep those behind it from being taken."""
    return file is not None and file.detail is not None


@dataclass(frozen=True, slots=True)
class _Kept:
    """A document as it was kept."""

    message_id: str
    is_unreadable: bool
    is_resend: bool = False


def idempotency_key(endpoint: str, brought: Brought) -> str:
    """The same for the same bytes under the same name at the same place, of a mail in the same mail, and for nothing
    else; 71 characters."""
    told_by = [endpoint, brought.name, hashlib.sha256(brought.body).hexdigest()]
    if brought.came_in:
        told_by.append(brought.came_in)
    return f"pickup-{_digest(*told_by)}"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
