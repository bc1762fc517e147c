"""Links: a market is tied to its one game or refused with the reason, and both can change as more is known."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from precog_assets.config import load_leagues
from precog_assets.domain.leagues import Outcome
from precog_assets.matching.results import Match, Reason, Refusal
from precog_assets.pipeline.games import poll_games
from precog_assets.pipeline.link import explain_tickers, link_markets
from precog_assets.pipeline.markets import poll_markets
from precog_assets.pipeline.report import StepReport
from precog_assets.services import Services
from precog_assets.store import tables
from precog_assets_tests.pipeline.conftest import NFL_BOARD, TestClock
from precog_assets_tests.pipeline.kalshi_payloads import EVENT, JAC, KC, TRADE, market, page, settled
from precog_assets_tests.venues import Venue, board, board_event

MARKETS = f"{TRADE}/markets"
NFL = load_leagues()["nfl"]


def show(services: Services, venue: Venue, *markets: Any) -> None:
    venue.put(MARKETS, page(*markets))
    poll_markets(services, [NFL], correlation_id="test")


def play(services: Services, venue: Venue, *events: Any) -> None:
    venue.put(NFL_BOARD, board(*events))
    poll_games(services, [(NFL, services.clock.now().date())], correlation_id="test")


def link(services: Services) -> StepReport:
    return link_markets(services, correlation_id="test")


def links(services: Services) -> dict[str, Any]:
    with services.engine.connect() as connection:
        rows = connection.execute(
            sa.select(tables.market_games, tables.markets.c.ticker).join(
                tables.markets, tables.markets.c.market_id == tables.market_games.c.market_id
            )
        )
        return {row.ticker: row for row in rows}


def test_the_home_teams_market_pays_for_home_and_the_away_teams_for_away(services: Services, venue: Venue) -> None:
    play(services, venue, board_event("401"))
    show(services, venue, market(KC), market(JAC))
    report = link(services)
    assert (report.rows_in, report.inserted, report.notes) == (2, 2, {"matched": 2})
    found = links(services)
    assert [(found[one].game_id, found[one].outcome) for one in (KC, JAC)] == [("nfl:401", "home"), ("nfl:401", "away")]
    assert found[KC].rule
    assert found[KC].evidence["score"] == 1.0


def test_linking_again_changes_nothing(services: Services, venue: Venue, clock: TestClock) -> None:
    play(services, venue, board_event("401"))
    show(services, venue, market(KC), market(JAC))
    link(services)
    before = links(services)
    clock.forward(60)
    assert (link(services).unchanged, links(services)) == (2, before)


def test_a_market_before_its_game_is_refused_and_matched_once_the_game_is_there(
    services: Services, venue: Venue, clock: TestClock
) -> None:
    first = clock.now()
    show(services, venue, market(KC), market(JAC))
    assert link(services).notes == {"no_game": 2}
    refused = links(services)[KC]
    assert (refused.game_id, refused.outcome) == (None, None)
    assert "Jacksonville Jaguars and Kansas City Chiefs" in refused.detail
    clock.forward(3600)
    play(services, venue, board_event("401"))
    assert link(services).changed == 2
    matched = links(services)[KC]
    assert (matched.verdict, matched.game_id) == ("matched", "nfl:401")
    assert (matched.first_decided_at, matched.last_changed_at) == (first, clock.now())


def test_a_market_met_already_settled_is_decided_too_and_tried_again_for_three_days(
    services: Services, venue: Venue, clock: TestClock
) -> None:
    show(services, venue, settled(KC), settled(JAC, "no"))
    assert link(services).notes == {"no_game": 2}
    clock.forward(86_400)
    assert link(services).rows_in == 2
    clock.forward(3 * 86_400)
    assert link(services).rows_in == 0


def test_a_settled_match_is_final(services: Services, venue: Venue) -> None:
    play(services, venue, board_event("401"))
    show(services, venue, settled(KC), settled(JAC, "no"))
    assert link(services).notes == {"matched": 2}
    assert link(services).rows_in == 0


def test_a_code_nobody_knows_is_refused_by_name(services: Services, venue: Venue) -> None:
    play(services, venue, board_event("401"))
    show(services, venue, market("KXNFLGAME-26NOV22ZZZKC-ZZZ"))
    assert link(services).notes == {"unknown_code": 1}
    assert "ZZZ" in next(iter(links(services).values())).detail


def test_a_moved_game_is_found_by_the_day_it_was_first_set_for(
    services: Services, venue: Venue, clock: TestClock
) -> None:
    scheduled = {"state": "pre", "status": "STATUS_SCHEDULED"}
    play(services, venue, board_event("401", **scheduled))
    clock.forward(60)
    play(services, venue, board_event("401", **scheduled, start="2026-11-24T01:15Z"))
    show(services, venue, market(KC), market(JAC))
    assert link(services).notes == {"matched": 2}


def test_a_ticker_is_explained_in_words(services: Services, venue: Venue) -> None:
    play(services, venue, board_event("401"))
    show(services, venue, market(KC), market(JAC))
    tickers = [KC.lower(), EVENT, "KXNFLTOTAL-26NOV22JACKC-45", "KXNFLGAME-SOON"]
    known, whole, other, garbage = (one.result for one in explain_tickers(services, tickers))
    assert isinstance(known, Match)
    assert isinstance(whole, Match)
    assert (known.game_id, known.outcome, whole.game_id, whole.outcome) == ("nfl:401", Outcome.HOME, "nfl:401", None)
    assert isinstance(other, Refusal)
    assert isinstance(garbage, Refusal)
    assert (other.reason, garbage.reason) == (Reason.WRONG_MARKET_TYPE, Reason.PARSE_FAIL)
