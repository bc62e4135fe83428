"""Everybody who publishes one account's mapping, at once: by drafts, prices put by the back office, imports of the
folder, and earlier revisions again. Each revision is one of theirs, and as it was made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal
from functools import partial

from gateway.accounts import publish_folder, table_rows
from gateway.drafting.drafts import draft_of
from gateway.drafting.publishing import roll_back
from gateway.services import Services
from gateway.store.database import Collision, StoreUnavailable
from gateway.store.revision_content import digest_of
from gateway.store.revisions import account_scope
from mappings.revision import ItemRow, PriceRow
from tests.harness.accounts import garden_world
from tests.harness.editors import Editor, editor
from tests.harness.figures import Figures
from tests.harness.site import Site

_ACCOUNT = "garden-world"
_SCOPE = account_scope(_ACCOUNT)


def each_revision_is_somebodys(site: Site, turns: int) -> None:
    """First those who change rows of their own: none is lost. Then those too who replace the whole."""
    figures = Figures(f"publishing at once on {site.kind}")
    with ExitStack() as opened:
        kim, ada, erp, folder, back = (
            opened.enter_context(editor(site.url, name, _ACCOUNT)) for name in ("Kim", "Ada", "ERP", "folder", "back")
        )
        rows = [partial(_edit, kim), partial(_edit, ada), partial(_put_price, erp)]
        _at_once(rows, turns)
        kim.publish()
        _none_is_lost(site, [kim, ada], erp, turns)
        _at_once([*rows, partial(_import, folder, site), partial(_go_back, back)], turns)
        published = [number for who in (kim, ada, erp, folder, back) for number in who.published]
        figures.note(revisions=_each_as_it_was_made(site, published), refused=kim.refused + ada.refused + back.refused)
    figures.show()


def _at_once(acts: Sequence[Callable[[int], None]], turns: int) -> None:
    def all_turns(act: Callable[[int], None]) -> None:
        for turn in range(turns):
            act(turn)

    with ThreadPoolExecutor(len(acts)) as pool:
        for done in [pool.submit(all_turns, act) for act in acts]:
            done.result()


def _edit(who: Editor, turn: int) -> None:
    """Edit and publish; where others publish all the time, that is told, and nothing of the edit is done."""
    try:
        who.turn(12 * (turn + 1))
    except StoreUnavailable:
        who.refused += 1


def _put_price(erp: Editor, turn: int) -> None:
    row = PriceRow("OAT-1L", "EA", "EUR", Decimal(turn + 1), Decimal(1), Decimal(1000 + turn), None, None)
    put = erp.services.store.revisions.put(_SCOPE, list(table_rows([row])), author="erp", reason="prices")
    if put.published:
        erp.published.append(put.number)


def _import(who: Editor, site: Site, turn: int) -> None:
    content = garden_world(site.folder / "accounts")
    items = (*content.items, *([ItemRow(f"folder-{turn}", None, "OAT-1L")] if turn % 3 else []))
    done = publish_folder(who.services.store, replace(content, items=items), author="folder", reason="test")
    if done.changed:
        who.published.append(done.number)


def _go_back(who: Editor, _turn: int) -> None:
    current = _current(who.services)
    try:
        done = roll_back(who.services, _ACCOUNT, current - 1, author="back", reason="test", seen_current=current)
    except Collision:
        who.refused += 1
    else:
        if done.changed:
            who.published.append(done.number)


def _current(services: Services) -> int:
    return draft_of(services, _ACCOUNT).number


def _none_is_lost(site: Site, editors: Sequence[Editor], erp: Editor, turns: int) -> None:
    stored = site.store.revisions.load(_SCOPE, _current(erp.services))
    found = Counter((row.kind, row.natural_key) for row in (stored.rows if stored else ()))
    items = {key.partition("|")[0] for kind, key in found if kind == "item"}
    lost = [sku for who in editors for sku in who.added if sku not in items]
    prices = sum(kind == "price" and "|10" in key for kind, key in found)
    twice = [key for key, count in found.items() if count > 1]
    if lost or prices != turns or twice or len(erp.published) != turns:
        raise AssertionError(f"lost {lost}, {prices} of {turns} prices, twice {twice}")


def _each_as_it_was_made(site: Site, published: Sequence[int]) -> int:
    """Every revision after the first is what one of them was told, and holds what its digest was made of."""
    rows = site.books.rows("SELECT number, sha256 FROM revisions WHERE scope = ? ORDER BY number", [_SCOPE])
    numbers = [row[0] for row in rows]
    if sorted(published) != numbers[1:] or numbers != list(range(1, len(numbers) + 1)):
        raise AssertionError(f"told {sorted(published)}, and there are {numbers}")
    for number, digest in rows:
        stored = site.store.revisions.load(_SCOPE, number)
        if stored is None or digest_of(stored.terms, stored.rows) != bytes(digest):
            raise AssertionError(f"revision {number} isn't any more what it was")
    live = site.books.rows(
        "SELECT kind, natural_key FROM revision_rows WHERE scope = ? AND removed_in IS NULL", [_SCOPE]
    )
    if twice := [row for row, count in Counter(map(tuple, live)).items() if count > 1]:
        raise AssertionError(f"rows that stand twice: {twice}")
    if named := site.books.rows("SELECT revision FROM accounts WHERE id = ?", [_ACCOUNT])[0][0] - numbers[-1]:
        raise AssertionError(f"the account's revision is {named} from the last")
    site.books.audit_holds()
    return len(numbers)
