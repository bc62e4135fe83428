"""A mapping with a row changed is what compiling all its rows anew would make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mappings.account import Account
from mappings.compile import compile_revision, with_rows
from mappings.revision import ItemRow, MappingRevision, PriceRow, SiteRow, UnitRow

_FEW = st.sampled_from(["A", "B", "C"])
_DAY = st.sampled_from([None, date(2026, 1, 1), date(2026, 6, 1)])
_GTIN = st.sampled_from([None, "4012345000009", "04012345000009"])
_ROWS = st.one_of(
    st.builds(ItemRow, st.one_of(st.none(), _FEW), _GTIN, _FEW, valid_from=_DAY),
    st.builds(UnitRow, _FEW, st.one_of(st.none(), _FEW), st.just("EA"), st.just(Decimal(12))),
    st.builds(SiteRow, _FEW, valid_from=_DAY),
    st.builds(PriceRow, _FEW, st.just("EA"), st.just("EUR"), st.just(Decimal(1)), valid_from=_DAY),
)
_ACCOUNT = Account.model_validate({"id": "acme", "name": "Acme"})


def _key(row: Any) -> tuple[Any, ...]:
    """What tells it from others of its kind; no two rows of a mapping have the same."""
    told = {UnitRow: ("account_unit", "product"), SiteRow: ("account_site", "valid_from")}
    names = told.get(type(row), ("account_sku", "gtin", "product", "valid_from"))
    return type(row), *(getattr(row, name, None) for name in names)


def _compiled(rows: Sequence[Any]) -> MappingRevision:
    kinds = [[row for row in rows if isinstance(row, kind)] for kind in (ItemRow, UnitRow, SiteRow, PriceRow)]
    return compile_revision(_ACCOUNT, 0, *kinds)


@given(st.lists(_ROWS, max_size=8, unique_by=_key), st.data())
def test_it_is_as_compiled_anew(rows: list[Any], data: st.DataObject) -> None:
    removed = data.draw(st.lists(st.sampled_from(rows), max_size=3, unique_by=_key)) if rows else []
    kept = [row for row in rows if row not in removed]
    keys = {_key(row) for row in kept}
    added = [one for one in data.draw(st.lists(_ROWS, max_size=3, unique_by=_key)) if _key(one) not in keys]
    before = _compiled(rows)
    seen = replace(before)
    found = with_rows(before, removed, added)
    assert found == _compiled([*kept, *added])
    assert before == seen, "what is published stays as it is"
