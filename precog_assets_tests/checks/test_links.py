"""Each check of links fails on the state it exists for, names it, and passes when it is mended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from precog_assets.checks.links import both_sides, match_rate, one_event_a_game, settlements
from precog_assets.store import tables
from precog_assets_tests.checks.test_checks import NOW, connection, game, link, market, put

__all__ = ["connection"]

EVENT = "KXNFLGAME-26NOV22JACKC"
KC, JAC = f"{EVENT}-KC", f"{EVENT}-JAC"
LATER = NOW + timedelta(minutes=11)


def tied(connection: sa.Connection, ticker: str, verdict: str = "matched", **changes: Any) -> None:
    """A market of its ticker's event with its link; keywords of the market go by `market_`."""
    of_market = {name.removeprefix("market_"): changes.pop(name) for name in list(changes) if name.startswith("market")}
    event = ticker.rpartition("-")[0]
    row = market(ticker, event_ticker=event, series_ticker=event.partition("-")[0], **of_market)
    put(connection, tables.markets, row)
    put(connection, tables.market_games, link(ticker, verdict, **changes))


def test_a_game_day_on_which_markets_find_no_games_fails_by_league(connection: sa.Connection) -> None:
    put(connection, tables.games, game("nfl:1"))
    tied(connection, KC)
    assert match_rate(connection, NOW).facts["rates"] == {"nfl": 1.0}
    tied(connection, JAC, "unknown_code")
    finding = match_rate(connection, NOW)
    assert (finding.passed, finding.warn, finding.facts["rates"]) == (False, False, {"nfl": 0.5})
    assert f"nfl 50% of 2, e.g. {JAC}" in finding.description
    connection.execute(sa.update(tables.market_games).values(verdict="matched", game_id="nfl:1", outcome="away"))
    assert match_rate(connection, NOW).passed


def test_an_undecided_market_of_the_day_counts_as_unmatched(connection: sa.Connection) -> None:
    put(connection, tables.games, game("nfl:1"))
    put(connection, tables.markets, market(KC, event_ticker=EVENT, series_ticker="KXNFLGAME"))
    assert not match_rate(connection, NOW).passed


@pytest.mark.parametrize(
    ("verdict", "kind", "start"),
    [
        ("exhibition", "regular", NOW),
        ("no_game", "preseason", NOW),
        ("no_game", "regular", NOW + timedelta(days=2)),
    ],
)
def test_what_is_refused_by_its_nature_or_is_of_no_game_day_does_not_count(
    connection: sa.Connection, verdict: str, kind: str, start: datetime
) -> None:
    put(connection, tables.games, game("nfl:1", game_kind=kind, start_time=start))
    tied(connection, KC, verdict)
    assert match_rate(connection, NOW).passed


def test_the_day_of_a_market_is_the_eastern_one_of_its_ticker(connection: sa.Connection) -> None:
    put(connection, tables.games, game("nfl:1", start_time=datetime(2026, 11, 23, 1, 20, tzinfo=UTC)))
    tied(connection, KC, "no_game")
    assert not match_rate(connection, datetime(2026, 11, 23, 2, 0, tzinfo=UTC)).passed
    assert match_rate(connection, datetime(2026, 11, 23, 6, 0, tzinfo=UTC)).passed


def test_an_event_of_which_one_side_is_linked_warns_and_names_the_other(connection: sa.Connection) -> None:
    tied(connection, KC, outcome="home", market_first_observed_at=NOW)
    assert both_sides(connection, NOW).passed
    finding = both_sides(connection, LATER)
    assert (finding.passed, finding.warn) == (False, True)
    assert finding.facts["missing"] == {EVENT: ["away"]}
    tied(connection, JAC, "unknown_code")
    assert both_sides(connection, LATER).facts["missing"] == {EVENT: ["away", f"refused: {JAC}"]}
    connection.execute(
        sa.update(tables.market_games)
        .where(tables.market_games.c.market_id == f"kalshi:{JAC}")
        .values(verdict="matched", game_id="nfl:1", outcome="away")
    )
    assert both_sides(connection, LATER).passed


def test_a_soccer_event_without_its_draw_is_not_whole(connection: sa.Connection) -> None:
    event = "KXEPLGAME-26NOV22CRYMCI"
    for code, outcome in (("CRY", "home"), ("MCI", "away")):
        tied(connection, f"{event}-{code}", outcome=outcome, game_id="epl:1", market_league="epl")
    assert both_sides(connection, LATER).facts["missing"] == {event: ["draw"]}
    tied(connection, f"{event}-TIE", outcome="draw", game_id="epl:1", market_league="epl")
    assert both_sides(connection, LATER).passed


def test_an_event_that_is_over_is_asked_no_more(connection: sa.Connection) -> None:
    tied(connection, KC, market_status="finalized")
    assert both_sides(connection, LATER).passed


def test_two_events_of_a_series_on_one_game_fail(connection: sa.Connection) -> None:
    tied(connection, KC)
    tied(connection, JAC, outcome="away")
    tied(connection, "KXNBAGAME-26NOV22AAABBB-AAA", game_id="nfl:1")
    assert one_event_a_game(connection, NOW).passed
    tied(connection, "KXNFLGAME-26NOV23JACKC-KC")
    finding = one_event_a_game(connection, NOW)
    assert (finding.passed, finding.warn) == (False, False)
    assert finding.facts["games"] == {"nfl:1 in KXNFLGAME": [EVENT, "KXNFLGAME-26NOV23JACKC"]}
    assert "nfl:1 in KXNFLGAME: KXNFLGAME-26NOV22JACKC and KXNFLGAME-26NOV23JACKC" in finding.description


def test_a_settled_market_that_contradicts_its_game_is_an_alarm(connection: sa.Connection) -> None:
    put(connection, tables.games, game("nfl:1", phase="final", winner="away", home_score=17, away_score=24))
    tied(connection, KC, settlement="agrees", market_result="no")
    tied(connection, JAC, outcome="away", market_result="yes")
    finding = settlements(connection)
    assert (finding.passed, finding.facts["markets"]) == (True, {"agrees": 1, "not yet compared": 1})
    connection.execute(sa.update(tables.market_games).values(settlement="contradicts"))
    finding = settlements(connection)
    assert (finding.passed, finding.warn, finding.facts["markets"]) == (False, False, {"contradicts": 2})
    assert f"2 settled markets contradict their games, 0 agree; e.g. {JAC} settled yes" in finding.description
    assert set(finding.facts["contradicting"]) == {KC, JAC}
