"""The canonical fields that are looked for, and the words by which each is known.

A phrase is what its field's name says, with a weight: of `ORDER NUMBER:1 | NUMBER:.5` the first is surer. Words that
are `neutral` may stand beside it and say nothing; one that is in `never` says that it is something else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Looks = Literal[
    "code", "text", "date", "number", "price", "line_number", "currency", "country", "unit", "gtin", "version"
]
Phrase = tuple[tuple[str, ...], float]
PARTY_CONCEPTS = {"buyer": "BUYER", "seller": "SELLER", "ship_to": "SHIPTO DELIVERY PLACE", "bill_to": "BILLTO INVOICE"}
"""A party of the order, and the words that name it."""
PARTY_WORDS = frozenset(" ".join(PARTY_CONCEPTS.values()).split()) - {"PLACE"}
"""Those that name one for sure. A word that is a place and nothing else names where goods go: `store`, not `ort`."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One canonical field."""

    path: str
    phrases: tuple[Phrase, ...]
    looks: Looks
    never: frozenset[str]
    neutral: frozenset[str]
    of_line: bool = False
    party: str = ""
    """buyer, ship_to, … where it is a field of one."""
    is_required: bool = False


def _wanted(
    path: str,
    looks: Looks,
    phrases: str,
    never: str = "",
    neutral: str = "",
    *,
    party: str = "",
    required: bool = False,
) -> Wanted:
    split = [one.strip().partition(":") for one in phrases.split("|")]
    weighted = tuple((tuple(words.split()), float(weight or 1)) for words, _, weight in split)
    return Wanted(
        path, weighted, looks, frozenset(never.split()), frozenset(neutral.split()) | {"HEADER", "DOCUMENT"},
        path.startswith("lines."), party, required,
    )  # fmt: skip


_PARTIES = "BUYER SELLER SHIPTO BILLTO"
_NO_DATE = "PAYMENT VALIDITY INVOICE TIME QUOTE CONTRACT"
HEADER = (
    _wanted(
        "order_number", "code",
        "ORDER NUMBER | BUYER ORDER NUMBER | BUYER ORDER:.95 | ORDER:.8 | DOCUMENT NUMBER:.7 | NUMBER:.5",
        "SELLER CONTRACT INVOICE QUOTE VERSION TYPE FUNCTION DATE GLN VAT EAN CURRENCY CONTACT PAYMENT PROJECT COUNTRY "
        "DELIVERY SHIPTO BILLTO PLACE PARTY NAME ADDRESS TAX LANGUAGE DESCRIPTION NOTE QUANTITY PRICE TOTAL UNIT "
        "PACK ITEM EARLIER",
        "ORDER NUMBER", required=True,
    ),
    _wanted(
        "issue_date", "date",
        "ORDER DATE | ISSUE DATE | DOCUMENT DATE:.9 | CREATED:.85 | ISSUE:.8 | ORDERED:.8 | DATE:.6",
        f"DELIVERY DELIVERED REQUESTED {_NO_DATE} START END SHIPTO BILLTO", "TIME ISSUE ORDER",
    ),
    _wanted("currency", "currency", "CURRENCY", "COUNTRY LANGUAGE", "NUMBER ORDER TYPE PAYMENT"),
    _wanted("contract", "code", "CONTRACT NUMBER | CONTRACT:.9", "DATE", "ORDER REFERENCE"),
    _wanted("version", "version", "REVISION:.9 | ORDER VERSION:.9", "DOCUMENT TYPE", "ORDER NUMBER"),
    _wanted(
        "requested_delivery.start", "date",
        "REQUESTED DELIVERY DATE | DELIVERY DATE:.95 | SHIPTO DATE:.9 | REQUESTED DATE:.9 | DELIVERY START:.95 | "
        "SHIPFROM:.9 | DELIVERY:.7 | REQUESTED:.6 | DATE REQUESTED DELIVERY",
        "PAYMENT VALIDITY INVOICE DELIVERED END ISSUE CONTACT", "ORDER TIME START",
    ),
    _wanted(
        "requested_delivery.end", "date", "DELIVERY END:.95 | DELIVERY DATE END",
        "PAYMENT VALIDITY INVOICE DELIVERED START ISSUE", "ORDER DATE TIME REQUESTED",
    ),
    _wanted(
        "note", "text", "NOTE | NOTE TEXT | TEXT:.5",
        f"CONTACT DATE NAME DESCRIPTION TYPE NUMBER PAYMENT {_PARTIES}", "ORDER TEXT DELIVERY",
    ),
)  # fmt: skip
_NO_ADDRESS = "TYPE FUNCTION REGION SHIPFROM VAT PRICE QUANTITY UNIT DATE CURRENCY CONTACT LANGUAGE PAYMENT TAX ITEM"


def _party(role: str) -> tuple[Wanted, ...]:
    def field(name: str, looks: Looks, phrases: str, never: str = _NO_ADDRESS, neutral: str = "") -> Wanted:
        return _wanted(f"{role}.{name}", looks, phrases, never, f"PARTY NAME PLACE ORDER {neutral}", party=role)

    return (
        field(
            "id", "code", "ROLE GLN | ROLE NUMBER:.9 | ROLE PLACE:.8 | ROLE PARTY NUMBER:.95 | ROLE:.6",
            f"{_NO_ADDRESS} NAME COUNTRY STREET CITY POSTCODE HOUSE NOTE DESCRIPTION TEXT ADDRESS", "NUMBER",
        ),
        field("name", "text", "ROLE NAME | ROLE:.5", f"{_NO_ADDRESS} NUMBER GLN COUNTRY STREET CITY NOTE", "ADDRESS"),
        field("vat_id", "code", "ROLE VAT | ROLE VAT NUMBER", "DATE AMOUNT COUNTRY TYPE", "NUMBER TAX"),
        field("address.street", "text", "ROLE STREET | ROLE ADDRESS:.7", neutral="ADDRESS TEXT LINE"),
        field("address.building_number", "code", "ROLE HOUSE | ROLE HOUSE NUMBER", neutral="ADDRESS STREET"),
        field("address.city", "text", "ROLE CITY", f"{_NO_ADDRESS} POSTCODE", "ADDRESS"),
        field("address.postal_code", "code", "ROLE POSTCODE", neutral="ADDRESS NUMBER CITY"),
        field("address.country", "country", "ROLE COUNTRY", neutral="ADDRESS NUMBER"),
    )  # fmt: skip


PARTIES = tuple(field for role in ("buyer", "ship_to", "bill_to", "seller") for field in _party(role))
_NO_ITEM = (
    "MAKER DATE QUANTITY PRICE TYPE EAN DESCRIPTION NAME TAX DISCOUNT NOTE CURRENCY COUNTRY CONTRACT UNIT TOTAL BATCH "
    "PACK SHIPTO BILLTO"
)
_NO_QUANTITY = (
    "PRICE PACK DELIVERED INVOICE FREE BASE TAX DISCOUNT TOTAL DATE CURRENCY EAN NET GROSS DESCRIPTION NOTE SELLER LIST"
)
LINES = (
    _wanted(
        "lines.line_number", "line_number", "LINE NUMBER | LINE:.9 | NUMBER:.5",
        f"{_NO_ITEM} SELLER BUYER TEXT", "ORDER LINE ITEM NUMBER", required=True,
    ),
    _wanted(
        "lines.buyer_item", "code",
        "BUYER ITEM NUMBER | BUYER ITEM | ITEM NUMBER:.9 | BUYER NUMBER:.7 | ITEM:.85 | NUMBER:.5",
        f"{_NO_ITEM} SELLER ORDER", "LINE ITEM NUMBER REFERENCE",
    ),
    _wanted(
        "lines.seller_item", "code",
        "SELLER ITEM NUMBER | SELLER ITEM | SELLER NUMBER:.75 | SELLER:.5", _NO_ITEM, "LINE ITEM NUMBER REFERENCE",
    ),
    _wanted("lines.gtin", "gtin", "EAN | EAN NUMBER | ITEM EAN", "PACK DATE", "ITEM NUMBER LINE TYPE"),
    _wanted(
        "lines.description", "text",
        "DESCRIPTION | ITEM DESCRIPTION | ITEM NAME:.95 | NAME:.85 | TEXT:.6 | ITEM TEXT:.8 | ITEM:.45",
        f"MAKER NOTE UNIT PRICE TAX NUMBER TYPE CONTACT {_PARTIES}", "ITEM LINE TEXT",
    ),
    _wanted(
        "lines.quantity", "number",
        "QUANTITY | ORDERED QUANTITY | QUANTITY AMOUNT | ORDER QUANTITY | ORDERED AMOUNT:.9 | COUNT:.85 | ORDERED:.6",
        _NO_QUANTITY, "ORDER ORDERED REQUESTED ITEM LINE UNIT AMOUNT NUMBER", required=True,
    ),
    _wanted(
        "lines.unit", "unit", "QUANTITY UNIT | UNIT:.95 | ORDERED UNIT",
        "PRICE PACK NET GROSS BASE TAX AMOUNT CURRENCY", "ORDER ORDERED ITEM LINE NUMBER TYPE",
    ),
    _wanted(
        "lines.price.amount", "price", "NET PRICE | PRICE:.93 | UNIT PRICE:.95 | PRICE AMOUNT:.95 | NET AMOUNT UNIT:.8",
        "GROSS TOTAL TAX LIST BASE CURRENCY DISCOUNT DATE TYPE QUANTITY", "NET UNIT ITEM LINE ORDER AMOUNT",
    ),
    _wanted(
        "lines.price.base_quantity", "number",
        "PRICE BASE | BASE QUANTITY:.9 | PRICE UNIT:.8 | PRICE QUANTITY | BASE:.8", "TAX TOTAL CURRENCY DATE",
        "UNIT ITEM LINE AMOUNT QUANTITY NET",
    ),
    _wanted("lines.note", "text", "NOTE | NOTE TEXT", f"DATE NUMBER {_PARTIES}", "ITEM LINE TEXT"),
    _wanted(
        "lines.requested_delivery.start", "date",
        "REQUESTED DELIVERY DATE | DELIVERY DATE:.95 | SHIPTO DATE:.9 | REQUESTED DATE:.9 | DELIVERY START:.9 | "
        "DELIVERY:.7 | DATE:.5",
        "PAYMENT VALIDITY INVOICE DELIVERED END ISSUE", "ORDER TIME START ITEM LINE",
    ),
)  # fmt: skip
