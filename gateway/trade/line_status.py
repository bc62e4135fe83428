"""Whether a line of an order is still to be delivered, by what the sender's own system says of its state.

UBL's LineStatusCode has no place on a plain order, and many systems write it all the same: a code of UNCL 1229, a word
of UBL 2.0's list, or a word of their own. So what is listed is what stops a delivery; any other state is one of an
order that was sent because the goods are wanted.
"""

from __future__ import annotations

import re

_STOPPING_CODES = frozenset(
    [
        *("2", "7", "8", "10"),  # deleted, not accepted, schedule only, not found
        *("21", "23", "34"),  # no delivery, proposed amendment, inquiry
        *("37", "38", "41", "42"),  # cancelled, replaced, proposed, already delivered
        *("52", "55", "64", "65", "67", "68", "69"),  # pending, rejected, cancelled, in question, duplicate
        *("70", "71", "72", "73"),  # pending or looked into
        *("88", "91", "108", "109", "110", "116", "117"),  # closed, to amend, for information, withdrawn, expired, held
    ]
)
"""UNCL 1229."""
_STOPPING_WORDS = frozenset(("not", "x", "d", "del", "cxl"))
"""Whole words. Of what is said with a "not" (not accepted, not yet released) nobody guesses what it comes to."""
_STOPPING_STEMS = (
    *("canc", "annul", "anul", "geannul", "storn", "makul", "avbest", "delet", "gelösch", "withdr", "remov", "void"),
    *("reject", "refus", "declin", "disput", "denied", "hold", "held", "block", "gesperr", "stop", "suspen", "inactiv"),
    *("clos", "finish", "done", "complet", "fulfil", "delivered", "shipped", "despatched", "dispatched"),
    *("receiv", "invoic", "return", "expir", "obsolet", "archiv", "duplic", "replac", "supersed"),
    *("pend", "propos", "draft", "inquir", "enquir", "quot", "terminat", "discontin", "frozen", "parked"),
    *("entfern", "slett", "ophæv", "opphev", "radera", "borttag", "poist", "perut", "peruu", "verwijder", "verval"),
    *("supprim", "elimin", "borrad", "usuni", "skasow"),
)
_WORD = re.compile(r"[A-ZÀ-Þ]?[a-zß-ÿ]+|[A-ZÀ-Þ]+")
_CODE = re.compile(r"0*([0-9]+)")


def stops_delivery(status: str) -> bool:
    """Whether a line in this state may not be wanted: `2`, `07`, `Cancelled`, `ON_HOLD`, `AlreadyDelivered`."""
    if code := _CODE.fullmatch(status.strip()):
        return code[1] in _STOPPING_CODES
    words = [word.casefold() for word in _WORD.findall(status)]
    return any(word in _STOPPING_WORDS or word.startswith(_STOPPING_STEMS) for word in words)
