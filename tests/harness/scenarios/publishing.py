"""Mappings published while orders are on their way: each message runs wholly under one revision, and says which."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from gateway.accounts import publish_folder
from mappings.files.account_folder import AccountFolder
from tests.harness.accounts import SentOrder, garden_order, garden_world
from tests.harness.figures import Figures
from tests.harness.gateway import running
from tests.harness.ledger import Crew
from tests.harness.site import Site
from tests.harness.waiting import until


def orders_run_under_one_revision(site: Site, publishes: int, orders_each: int) -> None:
    """Revision after revision says how many pieces a dozen and a tray are; both rows change together each time.

    So the pieces of every line of an order tell the revision that it was mapped with.
    """
    figures = Figures(f"publishing under load on {site.kind}")
    plain = garden_world(Path(site.folder / "accounts"))
    pieces = {site.store.revisions.current(["garden-world"])["garden-world"]: 12}
    sent: list[SentOrder] = []
    with running(site.gateway()) as gateway:
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
            factor = 12 * (2 + round_)
            published = publish_folder(site.store, _with_pieces(plain, factor), author="test", reason=f"round {round_}")
            pieces[published.number] = factor
        crew.finish()
        until(lambda: site.books.waiting() == 0, 60, "everything is settled", pause=0.02)
        figures.note(**site.books.check(sent, site.ledger.all()))
        bugs = gateway.bugs()
    figures.note(publishes=publishes, revisions_met=_check_revisions(site, pieces))
    figures.show()
    if figures.known["revisions_met"] < publishes // 2:
        raise AssertionError("hardly any revision was met: nothing was published mid-flight")
    if bugs:
        raise AssertionError(f"the log tells of bugs: {bugs[:10]}")


def _with_pieces(plain: AccountFolder, factor: int) -> AccountFolder:
    """The account with its units changed: a dozen of `factor` pieces, a tray of twice that."""
    items = tuple(
        replace(row, factor=type(row.factor)(factor * (2 if row.account_unit == "TRAY" else 1))) for row in plain.items
    )
    return replace(plain, items=items)


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
