"""The pricing step: a row a change, and a named reason for every market without a price."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from precog_assets.pipeline.price import price_markets
from precog_assets.pipeline.report import StepReport
from precog_assets.services import Services
from precog_assets.store import tables
from precog_assets_tests.databases import count
from precog_assets_tests.pipeline.conftest import TestClock
from precog_assets_tests.pipeline.slate_world import (
    NOW,
    START,
    forecast_row,
    game_row,
    jac,
    kc,
    market_row,
    put_forecasts,
    put_games,
    put_link,
    put_markets,
    put_quote,
    put_slate,
    put_weight,
    version,
)

SECOND = timedelta(seconds=1)


def price(services: Services, **given: Any) -> StepReport:
    return price_markets(services, correlation_id="c", **given)


def rows(engine: sa.Engine, market_id: str | None = None) -> list[Any]:
    table = tables.prices
    chosen = sa.select(table).where(table.c.market_id == (market_id or kc())).order_by(table.c.as_of)
    with engine.connect() as connection:
        return list(connection.execute(chosen))


def requote(engine: sa.Engine, bid: str | None, ask: str | None, clock: TestClock, *market_ids: str) -> None:
    """A quote that is seen now, a second after what was seen last; sizes go where prices go."""
    clock.forward(1)
    gone = {"yes_bid_size": None, "yes_ask_size": None, "last_price": None} if bid is ask is None else {}
    with engine.begin() as connection:
        for market_id in market_ids or (kc(), jac()):
            put_quote(connection, market_id, bid, ask, clock.now(), **gone)


def test_every_linked_market_of_a_game_to_come_is_priced(services: Services) -> None:
    put_slate(services.engine, 3)
    report = price(services)
    assert (report.rows_in, report.inserted, report.changed, report.failed) == (6, 6, 0, False)
    (row,) = rows(services.engine)
    assert (row.game_id, row.outcome, row.model_version, row.as_of) == ("nfl:1", "home", version(), NOW)
    assert (row.p_model, row.p_market, row.model_weight, row.divergence) == (0.75, 0.5, 0.3, 0.25)
    assert row.p_market < row.p_trading < row.p_model
    assert row.quote_observed_at < row.as_of
    (other,) = rows(services.engine, jac())
    assert other.p_trading == pytest.approx(1 - row.p_trading)


def test_the_same_again_is_no_row_and_a_change_is_one(services: Services, clock: TestClock) -> None:
    put_slate(services.engine)
    price(services)
    clock.forward(1)
    again = price(services)
    assert (again.rows_in, again.written, again.unchanged) == (2, 0, 2)
    requote(services.engine, "0.53", "0.55", clock, kc())
    changed = price(services)
    assert (changed.inserted, changed.changed) == (0, 2), "the other side of the event is said anew too"
    assert [row.p_market for row in rows(services.engine)] == [0.5, pytest.approx(0.5192, abs=1e-4)]


def test_a_change_of_size_alone_is_no_change_of_price(services: Services, clock: TestClock) -> None:
    put_slate(services.engine)
    price(services)
    clock.forward(1)
    with services.engine.begin() as connection:
        put_quote(connection, kc(), "0.49", "0.51", clock.now(), yes_bid_size=Decimal(3))
    assert price(services).written == 0


@pytest.mark.parametrize("what", ["forecast", "weight"])
def test_a_new_forecast_or_weight_is_a_change(services: Services, clock: TestClock, what: str) -> None:
    put_slate(services.engine)
    price(services)
    clock.forward(1)
    with services.engine.begin() as connection:
        if what == "forecast":
            put_forecasts(connection, forecast_row(1, 0.6), at=clock.now())
        else:
            put_weight(connection, 0.1, at=clock.now())
    assert price(services).changed == 2
    before, after = rows(services.engine)
    assert after.p_trading < before.p_trading


def test_a_game_without_a_forecast_is_priced_by_the_market_alone(services: Services) -> None:
    put_slate(services.engine)
    with services.engine.begin() as connection:
        connection.execute(sa.delete(tables.forecasts))
    assert price(services).inserted == 2
    (row,) = rows(services.engine)
    assert (row.p_trading, row.p_model, row.divergence, row.forecast_computed_at) == (row.p_market, None, None, None)


def test_a_game_in_play_is_priced_and_one_that_is_over_is_not(services: Services, clock: TestClock) -> None:
    put_slate(services.engine)
    with services.engine.begin() as connection:
        put_games(connection, game_row(status="STATUS_IN_PROGRESS", state="in"), at=NOW)
    assert price(services).inserted == 2
    clock.forward(10)
    over = game_row(status="STATUS_FINAL", state="post", completed=True, winner="home", home_score=20, away_score=3)
    with services.engine.begin() as connection:
        put_games(connection, replace(over, phase="final"), at=clock.now())
    requote(services.engine, "0.90", "0.92", clock)
    assert price(services).rows_in == 0


PLAYING = {"status": "STATUS_IN_PROGRESS", "state": "in", "period": 3, "clock": 425.0}


def show(services: Services, **given: Any) -> None:
    shown = game_row(**{"home_score": 17, "away_score": 14, "start_time": NOW - timedelta(hours=2), **PLAYING, **given})
    with services.engine.begin() as connection:
        put_games(connection, shown, at=services.clock.now())


def test_a_score_in_play_moves_the_models_probability_and_not_the_price_traded_on(
    services: Services, clock: TestClock
) -> None:
    put_slate(services.engine)
    price(services)
    for home in (17, 24):
        clock.forward(5)
        show(services, home_score=home)
        assert price(services).changed == 2
    before, ahead, further = rows(services.engine)
    assert before.p_model == 0.75 < ahead.p_model < further.p_model
    assert (further.p_market, further.p_trading, further.model_weight) == (0.5, 0.5, 0)
    assert further.divergence == pytest.approx(further.p_model - 0.5)
    assert further.forecast_computed_at == before.forecast_computed_at


def test_a_clock_that_moves_the_probability_by_less_than_a_thousandth_is_no_row(
    services: Services, clock: TestClock
) -> None:
    put_slate(services.engine)
    show(services)
    price(services)
    clock.forward(1)
    show(services, clock=424.0)
    assert price(services).written == 0
    clock.forward(300)
    show(services, clock=125.0)
    assert price(services).changed == 2


def test_markets_tied_to_no_game_are_not_asked(services: Services) -> None:
    put_slate(services.engine)
    with services.engine.begin() as connection:
        put_link(connection, kc(), None, verdict="ambiguous", at=NOW)
    report = price(services)
    assert (report.rows_in, report.inserted) == (1, 1)
    assert rows(services.engine) == []


def test_only_the_markets_that_are_named_are_priced(services: Services) -> None:
    put_slate(services.engine, 2)
    assert price(services, market_ids=[kc(2)]).inserted == 1
    assert price(services, market_ids=[]).rows_in == 0


@pytest.mark.parametrize(
    ("bid", "ask", "reason"),
    [
        ("0.55", "0.53", "crossed_book"),
        ("0.53", "0.53", "locked_book"),
        ("0.53", None, "one_sided_book"),
        (None, "0.55", "one_sided_book"),
        (None, None, "empty_book"),
        ("0", "0.02", "one_sided_book"),
        ("0.98", "1", "one_sided_book"),
        ("0", "1", "empty_book"),
        ("0.01", "0.02", "prices_sum_to_nothing"),
    ],
)
def test_what_cannot_be_priced_is_counted_under_its_reason_and_writes_nothing(
    services: Services, clock: TestClock, bid: str | None, ask: str | None, reason: str
) -> None:
    put_slate(services.engine)
    requote(services.engine, bid, ask, clock)
    report = price(services)
    assert (report.out_of_scope, report.written, report.failed) == ({reason: 2}, 0, False)
    assert report.notes == {"priced": 0, "not_priced": 2}
    assert count(services.engine, tables.prices) == 0


def test_a_market_that_was_never_quoted_says_so(services: Services) -> None:
    put_slate(services.engine)
    with services.engine.begin() as connection:
        connection.execute(sa.delete(tables.quotes))
        connection.execute(sa.delete(tables.order_books))
    assert price(services).out_of_scope == {"not_quoted": 2}


def test_a_settled_market_that_still_quotes_is_not_priced(services: Services, clock: TestClock) -> None:
    put_slate(services.engine)
    with services.engine.begin() as connection:
        put_markets(connection, market_row(kc(), status="finalized", quote=None), at=NOW)
    requote(services.engine, "0.98", "0.99", clock, kc())
    report = price(services)
    assert report.out_of_scope == {"market_not_open": 1}
    assert rows(services.engine) == []
    assert rows(services.engine, jac())[0].p_market == 0.5, "nor does it speak for the market beside it"


def test_reasons_are_kept_with_the_step(services: Services, clock: TestClock) -> None:
    put_slate(services.engine)
    requote(services.engine, "0.55", "0.53", clock)
    price(services)
    with services.engine.connect() as connection:
        kept = connection.execute(sa.select(tables.steps).where(tables.steps.c.step == "prices")).one()
    assert (kept.rows_in, kept.rejected, kept.rejections) == (2, 0, {"crossed_book": 2})


def test_prices_that_vanish_from_most_markets_at_once_fail_the_step(services: Services, clock: TestClock) -> None:
    """What a renamed field looks like from here: every price null, every row else as it should be."""
    ids = put_slate(services.engine, 6)
    price(services)
    requote(services.engine, None, None, clock, *ids)
    report = price(services)
    assert report.failed
    assert report.outcomes == {"contract.vanished": 1}
    assert report.out_of_scope == {"empty_book": 12}
    assert "12 of 12 markets had a price" in report.failures[0]
    requote(services.engine, "0.49", "0.51", clock, *ids)
    assert not price(services).failed


def test_some_empty_books_or_books_that_were_always_empty_are_no_alarm(services: Services, clock: TestClock) -> None:
    ids = put_slate(services.engine, 12)
    requote(services.engine, None, None, clock, *ids)
    assert not price(services).failed
    requote(services.engine, "0.49", "0.51", clock, *ids)
    price(services)
    requote(services.engine, None, None, clock, *ids[:12])
    report = price(services)
    assert (report.out_of_scope, report.failed) == ({"empty_book": 12}, False)


def test_a_step_that_dies_before_its_end_leaves_nothing_and_is_made_up_for(
    services: Services, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_slate(services.engine)

    def dies(_report: StepReport, _connection: sa.Connection) -> None:
        raise RuntimeError("the process dies")

    with monkeypatch.context() as patched:
        patched.setattr(StepReport, "record", dies)
        with pytest.raises(RuntimeError, match="dies"):
            price(services)
    assert count(services.engine, tables.prices) == 0
    clock.forward(5)
    assert price(services).inserted == 2


def test_a_start_that_moves_leaves_the_price_as_it_is(services: Services, clock: TestClock) -> None:
    put_slate(services.engine)
    price(services)
    clock.forward(1)
    with services.engine.begin() as connection:
        put_games(connection, game_row(start_time=START + timedelta(days=1)), at=clock.now())
    assert price(services).written == 0
