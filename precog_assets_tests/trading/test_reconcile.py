"""Reconciliation: the venue is the truth, and it is given time to say it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from precog_assets.domain.trading import Order, OrderStatus, Position, Side
from precog_assets.trading.reconcile import Correction, CorrectionKind, Standing, reconcile
from precog_assets_tests.trading.paper_things import MARKET, NOW, D, fill, later, order

WRITTEN = order("a", "0.52", 10, post_only=True, decision_id="d1")
RESTING = replace(WRITTEN, status=OrderStatus.RESTING, venue_order_id="v1")
AT_VENUE = replace(RESTING, strategy="", decision_id=None)


def found(ours: Order | None, venue: Order | None, seconds: float = 600) -> list[Correction]:
    mine, theirs = [ours] if ours else [], [venue] if venue else []
    return reconcile(Standing(orders=mine), Standing(orders=theirs), now=later(seconds))


def test_equal_books_need_nothing() -> None:
    position = Position(MARKET, Side.YES, D(5), D("0.5"), D(0), D(0), None, None)
    made = fill("f", Side.YES, "0.52", 5)
    standing = Standing([RESTING], [made], [position])
    assert reconcile(standing, replace(standing, orders=[AT_VENUE]), now=later(600)) == []


def test_an_order_that_was_sent_before_a_crash_takes_the_venues_word_and_keeps_our_strategy() -> None:
    (correction,) = found(WRITTEN, replace(AT_VENUE, filled=D(3)), seconds=1)
    assert correction.kind is CorrectionKind.ORDER_CHANGED
    assert correction.order == replace(RESTING, filled=D(3))
    assert correction.order is not None
    assert (correction.order.strategy, correction.order.decision_id) == ("default", "d1")
    assert correction.mends_itself


def test_an_order_that_was_never_sent_is_rejected_after_the_grace_and_not_before() -> None:
    assert found(WRITTEN, None, seconds=59) == []
    (correction,) = found(WRITTEN, None, seconds=60)
    assert correction.kind is CorrectionKind.ORDER_NEVER_ARRIVED
    assert correction.order is not None
    assert (correction.order.status, correction.order.reason) == (OrderStatus.REJECTED, "never reached the venue")


def test_an_order_that_arrives_after_we_gave_it_up_lives_again() -> None:
    given_up = replace(WRITTEN, status=OrderStatus.REJECTED, reason="never reached the venue")
    (correction,) = found(given_up, AT_VENUE)
    assert correction.order == RESTING


def test_a_resting_order_the_venue_lists_no_more_is_lost_and_somebody_must_look() -> None:
    (correction,) = found(RESTING, None)
    assert (correction.kind, correction.mends_itself) == (CorrectionKind.ORDER_LOST, False)
    done = replace(RESTING, status=OrderStatus.CANCELED)
    assert found(done, None) == []


def test_an_old_read_of_a_cancelled_order_is_left_alone_until_the_grace_is_over() -> None:
    canceled = replace(RESTING, status=OrderStatus.CANCELED, reason="asked")
    assert found(canceled, AT_VENUE, seconds=5) == []
    assert found(canceled, AT_VENUE)[0].order == RESTING


def test_a_read_that_knows_fewer_contracts_filled_is_an_old_one() -> None:
    filled = replace(RESTING, filled=D(10), status=OrderStatus.FILLED)
    assert found(filled, replace(AT_VENUE, filled=D(4)), seconds=5) == []


def test_an_order_we_do_not_have_is_foreign() -> None:
    (correction,) = found(None, AT_VENUE)
    assert (correction.kind, correction.order, correction.ours) == (CorrectionKind.ORDER_FOREIGN, AT_VENUE, "none")


def test_fills_that_are_missing_come_oldest_first_and_each_once() -> None:
    late, early = fill("2", Side.YES, "0.5", 1, filled_at=later(9)), fill("1", Side.YES, "0.5", 1, filled_at=later(3))
    corrections = reconcile(Standing(), Standing(fills=[late, early, late]), now=later(600))
    assert [(c.kind, c.key) for c in corrections] == [
        (CorrectionKind.FILL_MISSING, "1"),
        (CorrectionKind.FILL_MISSING, "2"),
    ]


def test_a_fill_the_venue_has_otherwise_or_not_at_all_is_for_somebody_to_look_at() -> None:
    ours = fill("1", Side.YES, "0.50", 1, "0.0175")
    other = replace(ours, fee=D("0.0200"))
    (changed,) = reconcile(Standing(fills=[ours]), Standing(fills=[other]), now=later(1))
    assert (changed.kind, changed.fill, changed.mends_itself) == (CorrectionKind.FILL_CHANGED, other, False)
    assert reconcile(Standing(fills=[ours]), Standing(), now=later(59)) == []
    (unknown,) = reconcile(Standing(fills=[ours]), Standing(), now=later(60))
    assert unknown.kind is CorrectionKind.FILL_UNKNOWN


def test_zeros_at_the_end_make_no_difference() -> None:
    ours, theirs = fill("1", Side.YES, "0.5", 5, "0.1"), fill("1", Side.YES, "0.5000", "5.00", "0.100000")
    assert reconcile(Standing(fills=[ours]), Standing(fills=[theirs]), now=later(600)) == []


def position(side: Side, contracts: Decimal | int) -> Position:
    return Position(MARKET, side, Decimal(contracts), D("0.5"), D(0), D(0), None, None)


def test_a_position_that_differs_with_every_fill_in_place_is_told() -> None:
    ours, theirs = Standing(positions=[position(Side.YES, 5)]), Standing(positions=[position(Side.NO, 2)])
    assert [(c.key, c.ours, c.venue) for c in reconcile(ours, theirs, now=NOW)] == [
        (f"{MARKET}:no", "0 contracts", "2 contracts"),
        (f"{MARKET}:yes", "5 contracts", "0 contracts"),
    ]


@pytest.mark.parametrize("known", [True, False])
def test_a_position_is_given_time_while_a_fill_is_new_or_missing(known: bool) -> None:
    made = fill("1", Side.YES, "0.5", 5, filled_at=later(590) if known else NOW)
    ours = Standing(fills=[made] if known else [])
    theirs = Standing(fills=[made], positions=[position(Side.YES, 5)])
    kinds = [c.kind for c in reconcile(ours, theirs, now=later(600))]
    assert kinds == ([] if known else [CorrectionKind.FILL_MISSING])


def test_a_closed_position_is_no_position() -> None:
    assert reconcile(Standing(positions=[position(Side.YES, 0)]), Standing(), now=NOW) == []
