"""What is published, as text in which numbers of equal value are written alike: 2.0 as 2.

Revisions keep numbers as they were written, because people read them; whether anything is new is asked of this.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from mappings.cells import NOT_NEGATIVE, PERCENT, POSITIVE
from mappings.tables import TABLES
from schemas.values import shortest

DECIMAL_TERMS = frozenset(("price_tolerance_percent", "percent", "amount", "from"))
"""Keys of account.yaml that have decimals; a test holds them to the model."""


def _spare_zeros(columns: Iterable[str]) -> re.Pattern[str]:
    """Zeros behind the point, the only way in which rows write one decimal differently. A text that has such words in
    it has them with escaped quotation marks."""
    return re.compile(rf'("(?:{"|".join(columns)})": "-?[0-9]+)(?:\.0+|(\.[0-9]*[1-9])0+)"')


_SPARE_ZERO = re.compile(r'\.[0-9]*0"')
"""Hardly any row has one, and this is found out in a tenth of the time."""
_SPARE_ZEROS = {
    kind: _spare_zeros(columns)
    for kind, table in TABLES.items()
    if (columns := [column.name for column in table.columns if column.type in (POSITIVE, NOT_NEGATIVE, PERCENT)])
}


def row_by_value(kind: str, body: str) -> str:
    """A stored row's text; one without decimals, and that of no table (a field map), is its own."""
    zeros = _SPARE_ZEROS.get(kind)
    return body if zeros is None or _SPARE_ZERO.search(body) is None else zeros.sub(r'\1\2"', body)


def terms_by_value(terms: Mapping[str, Any]) -> dict[str, Any]:
    """The same of account.yaml's content."""
    return {key: _term_by_value(key, value) for key, value in terms.items()}


def _term_by_value(key: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return terms_by_value(value)
    if isinstance(value, list | tuple):
        return [_term_by_value(key, one) for one in value]
    return _number_by_value(value) if key in DECIMAL_TERMS else value


def _number_by_value(text: Any) -> Any:
    """`payment.from` is a word."""
    try:
        value = Decimal(text)
    except (InvalidOperation, TypeError, ValueError):
        return text
    return f"{shortest(value):f}" if value.is_finite() else text
