"""An item of theirs that nobody knows: entered once, its effect seen, published and replayed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gateway.drafting.drafts import draft_of
from gateway.drafting.row_edits import RowRefused, save_row
from gateway.fixing import fix_for
from gateway.fixing.publishing import BreaksOthers, publish_fix
from gateway.store.database import Collision
from gateway.store.revisions import account_scope
from mappings.revision import ItemRow, UnitRow
from tests.fixing.held_orders import ACCOUNT, Held, other_row

CARTONS = {"product": "OAT-1L", "unit": "EA", "factor": "12"}


def test_thirty_seven_orders_are_freed_by_one_row(on_either: Held) -> None:
    ids = on_either.ordered(37)
    assert on_either.statuses(ids) == {"held"}
    foreseen = on_either.foreseen(**CARTONS)
    assert foreseen.said == "37 orders: 37 would be answered (33 accepted, 4 with back-order)."
    assert [one.said for one in foreseen.sums] == [
        "PL-9 is OAT-1L: 370 KRT → 370 × 12 EA = 4,440 EA; 3,996 EA confirmed, 444 EA back-ordered"
    ]
    assert foreseen.orders[0].lines[0].arithmetic == "10 KRT → 10 × 12 EA = 120 EA"
    assert on_either.statuses(ids) == {"held"}, "nothing is done by looking"
    done = publish_fix(on_either.services, on_either.proposed(**CARTONS), actor="user Dana", reason="new item")
    assert done.messages == 37
    on_either.settle()
    assert on_either.statuses(ids) == {"done"}
    answers = on_either.services.store.documents.of_messages(ids)
    assert len({one.number for one in answers}) == len(answers) == 37
    assert done.replay_id
    replay = on_either.services.store.replays.found(done.replay_id)
    assert replay is not None
    assert (replay.reason, replay.asked_by, replay.total, replay.done) == ("new item", "user Dana", 37, 37)
    revision = on_either.services.store.revision_log.one(ACCOUNT, done.revision)
    assert revision is not None
    assert (revision.reason, revision.author, revision.came) == ("new item", "user Dana", 1)


def test_what_comes_true_is_what_was_foreseen(held: Held) -> None:
    ids = held.ordered(37)
    foreseen = held.foreseen(**CARTONS)
    publish_fix(held.services, held.proposed(**CARTONS), actor="user Dana", reason="new item")
    held.settle()
    taken = held.services.store.stock.load(["OAT-1L"], [ACCOUNT]).positions["OAT-1L", "MAIN"].taken
    assert taken == foreseen.sums[0].confirmed
    assert held.statuses(ids) == {"done"}


def test_nothing_is_guessed(held: Held) -> None:
    held.ordered(2, description="Oat drink one litre")
    cells = held.fix().filled.cells
    assert cells == {"account_sku": "PL-9", "gtin": "", "account_unit": "KRT", "description": "Oat drink one litre"}
    assert [one.product.product for one in held.fix().suggestions][:2] == ["OAT-1L", "OAT-BAR"]


def test_what_each_order_says_itself_of_its_cartons_is_filled_in(held: Held) -> None:
    held.publish(UnitRow("XXX", None, "EA", Decimal(1)))
    held.ordered(2, pack_size="6", pack_unit="EA")
    fix = held.fix()
    assert (fix.filled.cells["factor"], fix.filled.cells["unit"]) == ("6", "EA")
    assert fix.filled.beside["factor"] == "The orders say 6 EA in 1 KRT."
    held.ordered(1, first=9, pack_size="8", pack_unit="EA")
    fix = held.fix()
    assert "factor" not in fix.filled.cells, "they say different things"
    assert fix.filled.beside["factor"] == "The orders say 6 EA in 1 KRT, 8 EA in 1 KRT."


def test_without_a_size_the_unit_is_left_to_the_other_tables(held: Held) -> None:
    held.ordered(2)
    foreseen = held.foreseen(product="OAT-1L")
    assert foreseen.said == "2 orders: 2 are still held: unknown unit KRT."
    held.publish(UnitRow("KRT", None, "XCT", Decimal(1)))
    assert held.foreseen(product="OAT-1L").said == "2 orders: 2 would be answered (2 accepted)."


def test_a_wrong_factor_shows(held: Held) -> None:
    held.ordered(5)
    foreseen = held.foreseen(**{**CARTONS, "factor": "144"})
    assert foreseen.said == "5 orders: 5 would be answered (3 with back-order, 2 accepted)."
    assert foreseen.sums[0].said.startswith("PL-9 is OAT-1L: 50 KRT → 50 × 144 EA = 7,200 EA;")


def test_one_that_another_cause_holds_is_said(held: Held) -> None:
    held.ordered(2)
    lines = [
        {"line_number": "1", "buyer_item": "PL-9", "quantity": "1", "unit": "KRT"},
        {"line_number": "2", "seller_item": "SOY-1L", "quantity": "1", "unit": "SCK"},
    ]
    held.send(held.sender, held.order("PO-BOTH", lines))
    held.work()
    foreseen = held.foreseen(**CARTONS)
    assert foreseen.said == "3 orders: 2 would be answered (2 accepted), 1 is still held: unknown unit SCK."
    becomes = {one.order_number: [line.becomes for line in one.lines] for one in foreseen.orders}
    assert becomes["PO-1"] == ["confirmed 10 KRT"]
    assert becomes["PO-BOTH"] == [
        "waits with its order",
        "nobody has said what the unit SCK of Soy drink 1 l is",
    ]


def test_an_order_that_came_meanwhile_is_replayed_with_the_others(held: Held) -> None:
    first = held.ordered(2)
    proposal = held.proposed(**CARTONS)
    more = held.ordered(1, first=50)
    done = publish_fix(held.services, proposal, actor="user Dana", reason="new item")
    assert done.messages == 3
    held.settle()
    assert held.statuses([*first, *more]) == {"done"}


def test_every_fault_of_the_row_stands_at_its_column(held: Held) -> None:
    held.ordered(1)
    wrong = {"product": "OAT-2L", "unit": "crates", "factor": "-1", "valid_to": "never"}
    with pytest.raises(RowRefused) as refused:
        held.proposed(**wrong)
    assert set(refused.value.faults) == set(wrong)
    with pytest.raises(RowRefused) as refused:
        held.proposed(product="SOY-1L", unit="XPX", factor="1")
    assert list(refused.value.faults) == ["unit"]


def test_the_draft_of_others_stays_as_it_is_and_is_named(held: Held) -> None:
    held.ordered(1)
    row = ItemRow("PL-9", None, "SOY-1L")
    save_row(held.services, ACCOUNT, "item", None, None, row, author="user Kim")
    assert [edit.author for edit in held.fix().edits] == ["user Kim"]
    publish_fix(held.services, held.proposed(**CARTONS), actor="user Dana", reason="new item")
    draft = draft_of(held.services, ACCOUNT)
    assert [edit.author for edit in draft.edits] == ["user Kim"]
    assert draft.conflicts == (), "another row of the same number"
    stored = held.services.store.revisions.load(account_scope(ACCOUNT), draft.number)
    assert stored is not None
    assert [row.kind for row in stored.rows] == ["item"]


def test_where_both_change_one_row_the_draft_has_a_conflict(held: Held) -> None:
    held.ordered(1)
    row = ItemRow("PL-9", None, "OAT-1L", "KRT", "EA", Decimal(24))
    save_row(held.services, ACCOUNT, "item", None, None, row, author="user Kim")
    publish_fix(held.services, held.proposed(**CARTONS), actor="user Dana", reason="new item")
    assert len(draft_of(held.services, ACCOUNT).conflicts) == 1


def test_what_was_published_meanwhile_is_not_passed_over(held: Held) -> None:
    ids = held.ordered(1)
    proposal = held.proposed(**CARTONS)
    held.publish(other_row())
    with pytest.raises(Collision):
        publish_fix(held.services, proposal, actor="user Dana", reason="new item")
    assert held.statuses(ids) == {"held"}
    assert held.services.store.replays.page() == []


def test_orders_that_pass_today_are_not_broken_unasked(held: Held) -> None:
    held.publish(ItemRow("PL-1", None, "OAT-1L"), UnitRow("KRT", "OAT-1L", "EA", Decimal(12)))
    passing = held.ordered(2, first=100, buyer_item="PL-1")
    assert held.statuses(passing) == {"done"}
    held.ordered(1)
    assert held.foreseen(**CARTONS).others_said == "None of their last 2 answered orders would come out otherwise."
    fine = held.foreseen(**CARTONS, account_sku="PL-1", valid_from="2020-01-01")
    assert fine.breaks_others == 0
    wrong = held.proposed(account_sku="PL-1", product="SOY-1L", unit="EA", factor="6")
    with pytest.raises(BreaksOthers) as broken:
        publish_fix(held.services, wrong, actor="user Dana", reason="oops")
    assert broken.value.orders == 2


def test_a_mended_cause_needs_no_row(held: Held) -> None:
    held.ordered(1)
    assert not held.fix().is_mended
    held.publish(ItemRow("PL-9", None, "OAT-1L", "KRT", "EA", Decimal(12)))
    assert held.fix().is_mended


def test_some_causes_no_row_mends(held: Held) -> None:
    held.ordered(1, buyer_item=None, description="something")
    assert fix_for(held.services, held.cause()) is None
    held.ordered(1, first=2, buyer_item=None, seller_item="NOT-OURS")
    causes = {one.value: one for one in held.services.store.problems.all()}
    assert fix_for(held.services, causes["NOT-OURS"]) is None
