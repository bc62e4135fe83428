"""Two that publish the same mapping at once: what either did is kept, and each revision is as it was made."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from gateway.store.drafts import Change
from gateway.store.revisions import CATALOGUE, Row, account_scope
from gateway.store.statements import fetch
from gateway.store.store import Store

TERMS = {"id": "acme", "name": "Acme"}
SCOPE = account_scope("acme")
KEY = ("unit", "KRT|")


class Meanwhile(tuple[Any, ...]):
    """What is to be written; when it is looked at for the so manieth time, somebody else writes first."""

    def __new__(cls, content: list[Any], looks: int, other: Callable[[], object]) -> Meanwhile:
        made = super().__new__(cls, content)
        made.looks, made.other = looks, other
        return made

    looks: int
    other: Callable[[], object]

    def __iter__(self) -> Iterator[Any]:
        self.looks -= 1
        if self.looks == 0:
            self.other()
        return super().__iter__()


def unit(body: str, key: str = KEY[1]) -> Row:
    return Row("unit", key, f'{{"factor": "{body}"}}')


def publish(store: Store, *rows: Row) -> int:
    return store.revisions.publish_account(TERMS, rows, author="import", reason="test").number


def bodies(store: Store, number: int, scope: str = SCOPE) -> list[str]:
    stored = store.revisions.load(scope, number)
    return [] if stored is None else [row.body for row in stored.rows]


def holds(store: Store) -> None:
    """Every row stands once, the newest revision is the account's, and the audit chain holds."""
    with store.database.read() as connection:
        live = fetch(connection, "SELECT scope, kind, natural_key FROM revision_rows WHERE removed_in IS NULL")
        named = fetch(connection, "SELECT id, revision FROM accounts")
        last = dict(fetch(connection, "SELECT scope, max(number) FROM revisions GROUP BY scope"))
    assert [row for row, count in Counter(map(tuple, live)).items() if count > 1] == []
    assert {account_scope(account): number for account, number in named} == {
        scope: number for scope, number in last.items() if scope != CATALOGUE
    }
    assert list(store.audit.broken()) == []


def in_the_middle_of_publishing(store: Store, change: list[Row], other: Callable[[], Any]) -> Future[Any]:
    """What came of `other`, which began when a draft was published all but for its commit, and had time to wait."""
    seen = store.revisions.load(SCOPE, 1)
    assert seen is not None
    pool = ThreadPoolExecutor(1)
    begun = threading.Event()

    def act() -> Any:
        begun.set()
        return other()

    def also(_connection: object) -> None:
        futures.append(pool.submit(act))
        begun.wait(10)
        _wait_a_little(futures[0])

    futures: list[Future[Any]] = []
    gone = [row for row in seen.rows if row.natural_key in {one.natural_key for one in change}]
    store.revisions.publish_changes(seen, TERMS, gone, change, author="draft", reason="test", also=also)
    pool.shutdown(wait=True)
    return futures[0]


def _wait_a_little(future: Future[Any]) -> None:
    """Until it is done, or waits for the transaction, which can't be seen from outside on both databases."""
    try:
        future.result(timeout=0.3)
    except TimeoutError:
        return


def test_an_import_of_what_stood_before_does_not_name_the_older_revision_again(store: Store) -> None:
    """The same folder imported once more, while a draft is published: it changes nothing, or it is the newest."""
    publish(store, unit("12"))
    told = in_the_middle_of_publishing(store, [unit("24")], lambda: publish(store, unit("12"))).result()
    holds(store)
    current = store.revisions.current(["acme"])["acme"]
    assert current in (2, 3)
    assert bodies(store, 2) == [unit("24").body]
    assert told in (1, 3)


def test_an_import_while_a_draft_is_published_makes_the_revision_after_it(store: Store) -> None:
    publish(store, unit("12"))
    other = in_the_middle_of_publishing(store, [unit("24")], lambda: publish(store, unit("36"), unit("1", "EA|")))
    assert other.result() == 3
    holds(store)
    assert [bodies(store, number) for number in (1, 2)] == [[unit("12").body], [unit("24").body]]
    assert sorted(bodies(store, 3)) == sorted([unit("36").body, unit("1", "EA|").body])


def test_prices_put_while_a_draft_is_published_come_after_it(store: Store) -> None:
    publish(store, unit("12"))
    put = in_the_middle_of_publishing(
        store, [unit("24")], lambda: store.revisions.put(SCOPE, [unit("36")], author="erp", reason="test")
    )
    assert put.result().number == 3
    holds(store)
    assert [bodies(store, number) for number in (1, 2, 3)] == [[unit(one).body] for one in ("12", "24", "36")]


def test_an_import_that_was_overtaken_as_it_had_looked_leaves_each_row_once(store: Store) -> None:
    if store.database.is_sqlite:
        return  # nobody else writes between its look and its write
    publish(store, unit("12"))
    rows = Meanwhile([unit("36")], 2, lambda: store.revisions.put(SCOPE, [unit("24")], author="erp", reason="test"))
    assert store.revisions.publish_account(TERMS, rows, author="import", reason="test").number == 3
    holds(store)
    assert [bodies(store, number) for number in (1, 2, 3)] == [[unit(one).body] for one in ("12", "24", "36")]


def test_packs_published_while_products_are_imported_stay(store: Store) -> None:
    if store.database.is_sqlite:
        return  # nobody else writes between its look and its write
    product, pack = Row("product", "OAT-1L", "{}"), Row("pack", "OAT-1L|XPX", "{}")

    def other() -> None:
        store.revisions.publish_catalogue_kinds([pack], ["pack"], author="erp", reason="test")

    rows = Meanwhile([product], 1, other)
    store.revisions.publish_catalogue_kinds(rows, ["product"], author="import", reason="test")
    holds(store)
    assert len(bodies(store, store.revisions.current_catalogue(), CATALOGUE)) == 2


def test_an_edit_made_while_the_draft_is_published_is_in_the_next_draft(store: Store) -> None:
    """Or it is refused, and then nothing of it is there."""
    publish(store, unit("12"))
    mine = Change(*KEY, unit("12").body, unit("12").body, unit("48").body)

    def edit() -> int:
        return store.drafts.put("acme", 1, [mine], author="Ada")

    told = in_the_middle_of_publishing(store, [unit("24")], edit)
    edits = store.drafts.of("acme").edits
    assert [one.body for one in edits] == ([unit("48").body] if told.exception() is None else [])
    assert all(one.was == unit("12").body for one in edits), "so that it is a conflict with what is published"
    holds(store)


def test_an_edit_made_while_others_are_kept_as_published_is_not_lost(store: Store) -> None:
    """Somebody decides that an edit says what is published now, while another makes something else of it."""
    if store.database.is_sqlite:
        return  # nobody else writes between its look and its write
    publish(store, unit("12"))
    store.drafts.put("acme", 1, [Change(*KEY, unit("12").body, unit("12").body, unit("24").body)], author="Kim")
    publish(store, unit("24"))
    (edit,) = store.drafts.of("acme").edits
    pool, others = ThreadPoolExecutor(1), []

    def other() -> None:
        mine = Change(*KEY, unit("24").body, unit("24").body, unit("48").body)
        others.append(pool.submit(lambda: store.drafts.put("acme", 2, [mine], author="Ada")))
        _wait_a_little(others[0])

    store.drafts.rebase("acme", Meanwhile([(edit, unit("24").body)], 3, other), author="Kim")
    pool.shutdown(wait=True)
    assert others[0].exception() is None
    assert [one.body for one in store.drafts.of("acme").edits] == [unit("48").body]
    holds(store)
