"""The account and its places as our documents name them: what the order says, with what we know where it says no more
than a number."""

from __future__ import annotations

from gateway.trade.response import buyer_party
from gateway.trade.wanted import delivery_site
from mappings.account import Account
from mappings.mapped import MappedLine, MappedOrder
from mappings.revision import SiteRow
from schemas.documents.common import Address, Identifier, Party


def account_party(account: Account) -> Party:
    """The account itself, as invoices that are for it name it."""
    return as_account(None, account)


def as_account(said: Party | None, account: Account) -> Party:
    """The account as its terms name it, under the number that the order has for it."""
    known = buyer_party(account)
    address = account.legal.address if account.legal else None
    found = (
        known
        if address is None
        else known.model_copy(update={"address": Address(**address.model_dump(exclude_none=True))})
    )
    if account.legal is not None and account.legal.registration is not None and found.registration is None:
        found = found.model_copy(update={"registration": Identifier(id=account.legal.registration)})
    if said is None or said.id is None:
        return found
    update = {"id": said.id, "scheme": said.scheme, "contact": said.contact}
    return found.model_copy(update=update)


def named_buyer(said: Party | None, account: Account) -> Party:
    """The buyer as the order has it; by the account's terms where it has no name for it. One that it names may be
    another company of the account's, of which we know no more."""
    if said is None:
        return account_party(account)
    if said.name or said.legal_name:
        return said
    known = account_party(account)
    update = {"name": known.name, "legal_name": known.legal_name, "address": said.address or known.address}
    return said.model_copy(update=update)


def said_place(mapped: MappedOrder, line: MappedLine) -> Party | None:
    """Where the line goes, as the order says it; where it names no place, the number of the only one there is."""
    said = line.line.ship_to or mapped.order.ship_to
    if said is None and (site := delivery_site(mapped, line)) is not None:
        return Party(id=site.account_site, scheme=site.scheme)
    return said


def place_of(mapped: MappedOrder, line: MappedLine | None) -> Party | None:
    """Where the line goes, with its address as sites.csv has it where the order names no more than a number."""
    if line is None:
        return mapped.order.ship_to
    said = said_place(mapped, line)
    return None if said is None else completed(said, delivery_site(mapped, line))


def completed(said: Party, site: SiteRow | None) -> Party:
    """The party with what it doesn't say of its name and address. An address that it says stands as it was said."""
    if site is None:
        return said
    update: dict[str, object] = {} if said.name or said.legal_name else {"name": site.name}
    parts = {name: getattr(site, name) for name in ("street", "city", "postal_code", "country")}
    there = {name: value for name, value in parts.items() if value is not None}
    if said.address is None:
        update["address"] = Address(**there) if there else None
    elif said.address.country is None and site.country is not None:
        update["address"] = said.address.model_copy(update={"country": site.country})
    return said.model_copy(update=update)
