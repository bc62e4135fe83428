"""Texts about parties, each written once: orders and our answers to them name the same parties again and again."""

from __future__ import annotations

from collections.abc import Callable

from schemas.documents.common import Party

_MOST = 2_000
"""Texts kept of one kind before they are forgotten and written anew: about 1 KB each."""


class PartyTexts:
    """What `write` makes of a party, remembered by all that the party says."""

    def __init__(self, write: Callable[[Party], str]) -> None:
        self._write = write
        self._written: dict[object, str] = {}
        self._last: tuple[Party | None, str] = (None, "")

    def of(self, party: Party) -> str:
        """The text about this party."""
        last, text = self._last
        if last is party:  # we are the same seller each time
            return text
        text = self._remembered(party)
        self._last = (party, text)
        return text

    def _remembered(self, party: Party) -> str:
        key = all_of(party)
        found = self._written.get(key)
        if found is None:
            if len(self._written) >= _MOST:
                self._written.clear()
            found = self._written[key] = self._write(party)
        return found


def all_of(party: Party) -> tuple[object, ...]:
    """Everything that the party says, flat, as a key: a model's own hash and comparison take several times as long."""
    endpoint, registration, address, contact = party.endpoint, party.registration, party.address, party.contact
    return (
        party.id,
        party.scheme,
        party.name,
        endpoint and (endpoint.id, endpoint.scheme),
        party.identifiers,
        party.legal_name,
        registration and (registration.id, registration.scheme),
        party.vat_id,
        address
        and (
            address.street,
            address.additional_street,
            address.building_number,
            address.city,
            address.postal_code,
            address.region,
            address.country,
            address.lines,
        ),
        contact and (contact.id, contact.name, contact.telephone, contact.email),
    )
