"""Drafts published while orders are on their way: each message runs wholly under one revision, and says which."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from decimal import Decimal
from fractions import Fraction

from gateway.store.revisions import account_scope
from tests.harness.accounts import SentOrder, garden_order
from tests.harness.editors import DOZEN, TRAY, Editor, editor, factors_of
from tests.harness.figures import Figures
from tests.harness.gateway import running
from tests.harness.ledger import Crew
from tests.harness.site import Site
from tests.harness.waiting import until

_ACCOUNT = "garden-world"


def orders_run_under_one_revision(site: Site, publishes: int, orders_each: int) -> None:
    """Revision after revision says how many pieces a dozen and a tray are; both rows change together each time.

    So the pieces of every line of an order tell the revision that it was mapped with. Two people edit the same draft
    at once and publish it: what the draft took of either is published, or was replaced by somebody who saw it.
    """
    figures = Figures(f"publishing under load on {site.kind}")
    sent: list[SentOrder] = []
    with running(site.gateway()) as gateway, ExitStack() as open_editors:
        editors = [open_editors.enter_context(editor(site.url, name, _ACCOUNT)) for name in ("Kim", "Ada")]
        client = site.client(gateway.address)
        first = garden_order("FIRST", [1])
        client.deliver(first)
        sent.append(first)
        until(lambda: site.books.waiting() == 0, 30, "the workers work", pause=0.02)
        crew = Crew(client, threads=4)
        for round_ in range(publishes):
            share = [garden_order(f"V{round_}-{n}", [1 + n % 3, 2, 1]) for n in range(orders_each)]
            sent += share
            before = site.books.count("documents")
            crew.give(share)
            until(lambda before=before: site.books.count("documents") > before, 60, "orders are answered")  # type: ignore[misc]
            _race(editors, 12 * (2 + 2 * round_))
        editors[0].publish()
        crew.finish()
        until(lambda: site.books.waiting() == 0, 60, "everything is settled", pause=0.02)
        figures.note(**site.books.check(sent, site.ledger.all()))
        bugs = gateway.bugs()
    pieces = _pieces(site)
    figures.note(publishes=len(pieces) - 1, revisions_met=_check_revisions(site, pieces))
    figures.note(**_check_edits(site, editors, pieces))
    figures.show()
    if len(pieces) <= publishes:
        raise AssertionError(f"{len(pieces) - 1} revisions in {publishes} rounds")
    if figures.known["revisions_met"] < publishes // 2:
        raise AssertionError("hardly any revision was met: nothing was published mid-flight")
    if bugs:
        raise AssertionError(f"the log tells of bugs: {bugs[:10]}")


def _race(editors: list[Editor], pieces: int) -> None:
    """All edit and publish at once, each by their own figure."""
    with ThreadPoolExecutor(len(editors)) as pool:
        turns = [pool.submit(one.turn, pieces + 12 * number) for number, one in enumerate(editors)]
        for turn in turns:
            turn.result()


def _pieces(site: Site) -> dict[int, int]:
    """Revision → the pieces of a dozen in it. A tray has twice as many in each."""
    found = {}
    for number in range(1, site.store.revisions.current([_ACCOUNT])[_ACCOUNT] + 1):
        stored = site.store.revisions.load(account_scope(_ACCOUNT), number)
        factors = factors_of(stored.rows if stored else ())
        if factors[TRAY] != 2 * factors[DOZEN]:
            raise AssertionError(f"revision {number} has one row of an edit and not the other: {factors}")
        found[number] = factors[DOZEN]
    return found


def _check_edits(site: Site, editors: list[Editor], pieces: dict[int, int]) -> dict[str, int]:
    """Every edit that the draft took is published, or somebody replaced it who saw it; how many there were."""
    kept = [one for each in editors for one in each.kept]
    accounted_for = {*map(str, pieces.values()), *(seen for seen, _ in kept)}
    lost = [made for _, made in kept if made not in accounted_for]
    stored = site.store.revisions.load(account_scope(_ACCOUNT), max(pieces))
    published = {row.natural_key.partition("|")[0] for row in (stored.rows if stored else ()) if row.kind == "item"}
    lost += [sku for each in editors for sku in each.added if sku not in published]
    if lost or site.store.drafts.of(_ACCOUNT).edits:
        raise AssertionError(f"edits that were taken are lost: {lost[:10]}")
    told = {"edits_taken": len(kept) + sum(len(each.added) for each in editors)}
    return {
        **told,
        "edits_overtaken": sum(each.overtaken for each in editors),
        "publishes_refused": sum(each.refused for each in editors),
    }


def _check_revisions(site: Site, pieces: dict[int, int]) -> int:
    """Each line has as many base units as its message's revision says; how many revisions were met."""
    rows = site.books.rows(
        "SELECT m.mapping_revision, o.mapping_revision, q.unit, q.ordered, q.base_ordered, o.order_number "
        "FROM messages m JOIN orders o ON o.message_id = m.id JOIN quantity_movements q ON q.order_id = o.id "
        "WHERE m.account_id = 'garden-world'"
    )
    for revision, of_order, unit, ordered, base, number in rows:
        factor = pieces[revision] * (2 if unit == "TRAY" else 1)
        if of_order != revision or Fraction(Decimal(base)) != Fraction(Decimal(ordered)) * factor:
            raise AssertionError(f"{number}: {ordered} {unit} are {base} under revision {revision} of {factor}")
    if not rows:
        raise AssertionError("no line was read")
    return len({row[0] for row in rows})
