"""What an account finds in its mailbox, and what it may still order, over its own API."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.demo import DemoFailed
from gateway.demo.accounts import DemoAccount
from gateway.demo.asking import ask

_BILLED = ("invoice", "credit_note")
_NUMBER = "Inventory-Report"


@dataclass(frozen=True, slots=True)
class InventoryShown:
    """An account's inventory report, in the format that it agreed on."""

    sender: DemoAccount
    number: str
    format: str
    url: str
    items: int
    text: str
    """The document, or as much of it as can be read as text."""

    def as_json(self) -> dict[str, Any]:
        """The same for programs, without the document."""
        told = {"account": self.sender.account.id, "number": self.number, "format": self.format}
        return {**told, "items": self.items, "url": self.url}


@dataclass(frozen=True, slots=True)
class Billed:
    """An invoice or credit note in an account's mailbox."""

    sender: DemoAccount
    document: Mapping[str, Any]
    """As the mailbox lists it, with its address as `url`."""
    payable: str
    currency: str

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        told = {name: self.document[name] for name in ("type", "number", "format", "url")}
        return {"account": self.sender.account.id, **told, "payable": self.payable, "currency": self.currency}


def listed(base: str, sender: DemoAccount, kind: str) -> Iterator[Mapping[str, Any]]:
    """The documents of this kind in the account's mailbox, oldest first, each with its address as `url`. Raises
    DemoFailed."""
    after = ""
    while True:
        page = ask(f"{base}/v1/documents?type={kind}&limit=1000{after}", sender.key).json()
        if "documents" not in page:
            raise DemoFailed(f"The mailbox of {sender.account.id} can't be read: {page.get('detail', '')}")
        yield from ({**one, "url": f"{base}{one['href']}"} for one in page["documents"])
        if not page["next"]:
            return
        after = f"&after={page['next']}"


def billed_before(base: str, sender: DemoAccount) -> set[str]:
    """The ids of the invoices and credit notes that the account has by now."""
    return {one["id"] for kind in _BILLED for one in listed(base, sender, kind)}


def billed_since(base: str, sender: DemoAccount, known: Collection[str]) -> list[Billed]:
    """The invoices and credit notes that came to the account beside these. Raises DemoFailed."""
    found = [one for kind in _BILLED for one in listed(base, sender, kind) if one["id"] not in known]
    return [_billed(sender, one) for one in found]


def _billed(sender: DemoAccount, document: Mapping[str, Any]) -> Billed:
    canonical = ask(f"{document['url']}?format=json-1", sender.key).json()
    return Billed(sender, document, str(canonical["totals"]["payable"]), str(canonical["currency"]))


def inventory_of(base: str, sender: DemoAccount) -> InventoryShown:
    """What the account may still order, as it would get it. Raises DemoFailed."""
    terms = sender.account.outbound.get("inventory_report")
    name = terms.format if terms else "json-1"
    url = f"{base}/v1/inventory?format={name}"
    answer, canonical = ask(url, sender.key), ask(f"{base}/v1/inventory?format=json-1", sender.key).json()
    if answer.status != 200 or "lines" not in canonical:
        raise DemoFailed(f"The inventory report of {sender.account.id} can't be read: {answer.status}")
    text = answer.body.decode("utf-8", "replace")
    return InventoryShown(sender, str(answer.headers.get(_NUMBER, "")), name, url, len(canonical["lines"]), text)
