"""What was known at an instant: nothing observed later, the fuller of two prices, the forecast that stood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from precog_assets.domain.leagues import Outcome
from precog_assets.domain.trading import LinkFacts, Rung
from precog_assets.store.book import set_kill_switch, write_rung
from precog_assets.store.known import Known, read_known
from precog_assets.store.known_quotes import LEVELS
from precog_assets.store.known_sql import Basis
from precog_assets_tests.pipeline.slate_world import (
    HOME,
    NOW,
    PROVEN,
    SEEN,
    START,
    forecast_row,
    game_row,
    jac,
    kc,
    market_row,
    put_book,
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
VERSIONS = {"nfl": [version()]}


def known(
    connection: sa.Connection, *market_ids: str, at: datetime = NOW, basis: Basis = "observed", **given: Any
) -> Known:
    return read_known(connection, market_ids or [kc()], at, versions=VERSIONS, basis=basis, **given)


def book_of(one: Known, market_id: str | None = None) -> tuple[Sequence[str], Sequence[str]]:
    """Prices of both sides of a market, best first."""
    book = one.quotes[market_id or kc()].book
    return tuple([str(level.price.normalize()) for level in side] for side in (book.yes_bids, book.no_bids))  # type: ignore[return-value]


def test_a_market_is_known_with_its_game_prices_forecast_and_the_markets_beside_it(store: sa.Engine) -> None:
    put_slate(store, 2)
    with store.connect() as connection:
        found = known(connection)
    assert set(found.markets) == {kc(), jac()}
    assert found.links[kc()] == LinkFacts("matched", "nfl:1", Outcome.HOME)
    assert found.siblings(kc()) == {Outcome.HOME: kc(), Outcome.AWAY: jac()}
    game = found.games["nfl:1"]
    assert (game.phase, game.start_time, game.observed_at) == ("scheduled", START, SEEN)
    assert book_of(found) == (["0.49", "0.48", "0.47", "0.46", "0.45"],) * 2
    forecast = found.forecast(kc(), version())
    assert forecast is not None
    assert (forecast.p_model, forecast.games_away, forecast.rated_at) == (0.75, 9, NOW - timedelta(days=7))
    price = found.price(kc(), version())
    assert price is not None
    assert price.p_market == 0.5
    assert price.p_market < price.p_trading < 0.75
    assert found.price(jac(), version()).p_trading == pytest.approx(1 - price.p_trading)  # type: ignore[union-attr]


def test_a_market_is_unknown_before_it_was_seen_and_untied_before_it_was_looked_at(store: sa.Engine) -> None:
    put_slate(store)
    with store.begin() as connection:
        assert not known(connection, at=SEEN - SECOND).markets
        put_markets(connection, market_row("kalshi:KXNFLGAME-26NOV22NEW-X"))
        found = known(connection, "kalshi:KXNFLGAME-26NOV22NEW-X")
    assert found.links == {"kalshi:KXNFLGAME-26NOV22NEW-X": LinkFacts("not_looked_at")}
    assert not found.games


def test_later_prices_states_and_forecasts_are_not_seen(store: sa.Engine) -> None:
    put_slate(store)
    with store.begin() as connection:
        before = known(connection)
        later = NOW + SECOND
        put_quote(connection, kc(), "0.70", "0.72", later)
        put_book(connection, jac(), (("0.20", "7"),), (("0.70", "7"),), later)
        put_markets(connection, market_row(kc(), status="closed", quote=None), at=later)
        put_games(connection, game_row(status="STATUS_IN_PROGRESS", state="in"), at=later)
        put_forecasts(connection, forecast_row(1, 0.2), at=later)
        put_weight(connection, 0.5, at=later)
        assert known(connection) == before
        after = known(connection, at=later)
    assert (after.markets[kc()].status, after.games["nfl:1"].phase) == ("closed", "in_play")
    assert after.forecast(kc(), version()).p_model == 0.2  # type: ignore[union-attr]


def test_the_last_confirmation_counts_and_none_that_came_later(store: sa.Engine) -> None:
    put_slate(store)
    later = NOW + 60 * SECOND
    with store.begin() as connection:
        put_quote(connection, kc(), "0.49", "0.51", later)
        put_games(connection, game_row(), at=later)
        early, late = known(connection), known(connection, at=later + SECOND)
    assert (early.quotes[kc()].confirmed_at, early.games["nfl:1"].observed_at) == (NOW, NOW)
    assert (late.quotes[kc()].confirmed_at, late.games["nfl:1"].observed_at) == (later, later)
    assert late.quotes[kc()].observed_at == late.state_observed_at["nfl:1"] == SEEN


@pytest.mark.parametrize(
    ("quote_s", "quoted", "wanted"),
    [
        (-5, ("0.49", "0.51"), (["0.49", "0.48"], ["0.49"])),
        (-20, ("0.30", "0.32"), (["0.49", "0.48"], ["0.49"])),
        (-5, ("0.30", "0.32"), (["0.3"], ["0.68"])),
        (-5, ("0.30", None), (["0.3"], [])),
        (-5, ("0", "1"), ([], [])),
    ],
)
def test_a_book_counts_unless_a_newer_quote_shows_another_top(
    store: sa.Engine, quote_s: float, quoted: tuple[str | None, str | None], wanted: tuple[list[str], list[str]]
) -> None:
    with store.begin() as connection:
        put_markets(connection, market_row(kc(), quote=None), at=SEEN - 60 * SECOND)
        put_book(connection, kc(), (("0.49", "500"), ("0.48", "5")), (("0.49", "500"),))
        put_quote(connection, kc(), *quoted, NOW + quote_s * SECOND)
        assert book_of(known(connection)) == wanted


def test_a_quote_that_shows_the_books_top_confirms_the_book(store: sa.Engine) -> None:
    put_slate(store)
    with store.begin() as connection:
        put_quote(connection, kc(), "0.49", "0.51", NOW, last_price=Decimal("0.50"))
        found = known(connection).quotes[kc()]
    assert (len(found.book.yes_bids), found.observed_at, found.confirmed_at) == (5, SEEN, NOW)


def test_more_levels_than_any_limit_allows_are_not_read(store: sa.Engine) -> None:
    deep = tuple((f"0.{cents:02}", "1") for cents in range(48, 8, -1))
    with store.begin() as connection:
        put_markets(connection, market_row(kc(), quote=None))
        put_book(connection, kc(), deep, deep)
        found = known(connection).quotes[kc()].book
    assert [level.price for level in found.yes_bids] == [Decimal(price) for price, _ in deep[:LEVELS]]


def test_a_forecast_for_other_teams_than_the_games_is_not_its_forecast(store: sa.Engine) -> None:
    put_slate(store)
    with store.begin() as connection:
        put_games(connection, game_row(home_team_id="nfl:2"), at=NOW)
        found = known(connection)
        assert found.forecast(kc(), version()) is None
        put_games(connection, game_row(home_team_id=HOME), at=NOW + SECOND)
        assert known(connection, at=NOW + SECOND).forecast(kc(), version()) is not None
    price = found.price(kc(), version())
    assert price is not None
    assert (price.p_trading, price.divergence) == (price.p_market, None)


def test_a_closed_sibling_that_still_quotes_says_nothing_of_the_price(store: sa.Engine) -> None:
    put_slate(store)
    with store.begin() as connection:
        put_markets(connection, market_row(jac(), status="finalized", quote=None), at=NOW)
        put_quote(connection, jac(), "0.97", "0.99", NOW)
        found = known(connection)
    assert set(found.sides(kc())) == {Outcome.HOME}
    assert found.price(kc(), version()).p_market == 0.5  # type: ignore[union-attr]


def test_a_link_that_is_given_replaces_the_one_stored_with_its_game(store: sa.Engine) -> None:
    put_slate(store, 2)
    with store.begin() as connection:
        put_link(connection, kc(), "nfl:2", Outcome.AWAY, at=NOW + SECOND)
        relinked = known(connection)
        assert relinked.links_changed_later == {kc()}
        assert relinked.links[kc()].game_id == "nfl:2"
        found = known(connection, links={kc(): LinkFacts("matched", "nfl:1", Outcome.HOME)})
    assert found.siblings(kc()) == {Outcome.HOME: kc(), Outcome.AWAY: jac()}
    assert set(found.games) == {"nfl:1"}


def test_rungs_and_the_kill_switch_are_those_of_the_instant(store: sa.Engine) -> None:
    put_slate(store)
    with store.begin() as connection:
        assert (known(connection).skills, known(connection).kill_switch) == ({}, False)
        write_rung(connection, "value", "nfl", PROVEN, "figures", NOW)
        write_rung(connection, "value", "nfl", replace(PROVEN, rung=Rung.SHADOW), "fell", NOW + SECOND)
        set_kill_switch(connection, on=True, reason="odd prices", author="a person", at=NOW)
        set_kill_switch(connection, on=False, reason="fine", author="a person", at=NOW + SECOND)
        at_once, after, before = (known(connection, at=NOW + seconds * SECOND) for seconds in (0, 1, -1))
    assert at_once.skills == {("value", "nfl"): PROVEN}
    assert after.skills["value", "nfl"].rung is Rung.SHADOW
    assert (before.skills, before.kill_switch, at_once.kill_switch, after.kill_switch) == ({}, False, True, False)


def test_what_was_filled_in_later_is_known_to_a_backtest_and_not_to_a_replay(store: sa.Engine) -> None:
    put_slate(store)
    with store.begin() as connection:
        connection.execute(
            sa.text("UPDATE market.quotes SET origin = 'import', observed_at = :at"), {"at": NOW + SECOND}
        )
        connection.execute(sa.text("DELETE FROM market.order_books"))
        assert known(connection).quotes == {}
        assert known(connection, basis="known").quotes[kc()].bid == Decimal("0.49")


def test_a_backtest_too_sees_nothing_of_prices_and_states_that_came_later(store: sa.Engine) -> None:
    put_slate(store)
    with store.begin() as connection:
        before = known(connection, basis="known")
        later = NOW + SECOND
        put_quote(connection, kc(), "0.70", "0.72", later)
        put_book(connection, jac(), (("0.20", "7"),), (("0.70", "7"),), later)
        put_markets(connection, market_row(kc(), status="closed", quote=None), at=later)
        put_games(connection, game_row(status="STATUS_IN_PROGRESS", state="in"), at=later)
        put_forecasts(connection, forecast_row(1, 0.75), forecast_row(2, 0.2, as_of=later), at=later)
        assert known(connection, basis="known") == before
        assert known(connection, at=later, basis="known") != before
