"""Links: a market is tied to its one game or refused with the reason, and both can change as more is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from precog_assets.config import load_leagues
from precog_assets.domain.leagues import Outcome
from precog_assets.matching.results import Match, Reason, Refusal
from precog_assets.pipeline.games import poll_games
from precog_assets.pipeline.link import explain_tickers, link_markets
from precog_assets.pipeline.link_reading import read_open
from precog_assets.pipeline.markets import discover_series, poll_markets
from precog_assets.pipeline.report import StepReport
from precog_assets.services import Services
from precog_assets.store import links as store
from precog_assets.store import tables
from precog_assets.store.tables.market import milestones
from precog_assets_tests.pipeline.conftest import NFL_BOARD, TestClock
from precog_assets_tests.pipeline.kalshi_payloads import EVENT, JAC, KC, TRADE, event, market, page, series, settled
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


def milestone(event_ticker: str = EVENT, start: str = "2026-11-22T18:00:00Z", **details: str) -> dict[str, Any]:
    return {
        "id": f"m-{event_ticker}",
        "category": "Sports",
        "type": "football_game",
        "title": "Jacksonville at Kansas City",
        "notification_message": "",
        "start_date": start,
        "primary_event_tickers": [event_ticker],
        "related_event_tickers": [event_ticker],
        "details": {"league": "NFL", "status": "scheduled", "home_team_id": "u-kc", "away_team_id": "u-jac", **details},
        "last_updated_ts": "2026-11-20T00:00:00Z",
    }


def announce(services: Services, venue: Venue, *milestones: Any) -> StepReport:
    """The venue's events with their milestones, read."""
    venue.put(f"{TRADE}/series", {"series": [series()]})
    venue.put(f"{TRADE}/events", {"cursor": "", "events": [event()], "milestones": list(milestones)})
    return discover_series(services, [NFL], correlation_id="test")


def target(ticker: str, uuid: str, **given: Any) -> dict[str, Any]:
    return market(ticker, strike_type="structured", custom_strike={"football_team": uuid}, **given)


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


def test_targets_are_learnt_from_codes_and_then_name_teams_whose_codes_nobody_knows(
    services: Services, venue: Venue, clock: TestClock
) -> None:
    play(services, venue, board_event("401"), board_event("402", start="2026-11-24T01:15Z"))
    show(services, venue, target(KC, "u-kc"), target(JAC, "u-jac"))
    assert link(services).notes == {"matched": 2, "targets_learnt": 2}
    assert (link(services).written, links(services)[KC].rule) == (0, "venue_ids")
    strange = "KXNFLGAME-26NOV23AACBBD"
    show(services, venue, target(f"{strange}-AAC", "u-jac"), target(f"{strange}-BBD", "u-kc"))
    clock.forward(60)
    assert link(services).notes == {"matched": 4}
    found = links(services)
    assert (found[f"{strange}-BBD"].game_id, found[f"{strange}-BBD"].outcome) == ("nfl:402", "home")
    assert found[f"{strange}-AAC"].outcome == "away"
    assert {row.rule for row in found.values()} == {"venue_ids"}


def test_the_milestone_is_kept_and_is_the_evidence_of_the_next_pass(
    services: Services, venue: Venue, clock: TestClock
) -> None:
    play(services, venue, board_event("401"))
    show(services, venue, target(KC, "u-kc"), target(JAC, "u-jac"))
    link(services)
    announce(services, venue, milestone())
    with services.engine.connect() as connection:
        kept = connection.execute(sa.select(milestones)).one()
    assert (kept.event_ticker, kept.home_target, kept.away_target) == (EVENT, "u-kc", "u-jac")
    clock.forward(60)
    link(services)
    row = links(services)[KC]
    assert (row.rule, row.outcome, row.evidence["ids"]) == ("venue_ids", "home", "milestone")
    assert (row.evidence["start_differs_minutes"], row.evidence["codes_agree"]) == (0, True)
    assert row.evidence["event_complete"] is True


def test_a_milestone_of_other_teams_than_the_ticker_is_refused_with_the_reason(
    services: Services, venue: Venue, clock: TestClock
) -> None:
    play(services, venue, board_event("401"), board_event("402", home="2", away="17"))
    show(
        services, venue, target(KC, "u-kc"), target(JAC, "u-jac"),
        target("KXNFLGAME-26NOV22NEBUF-BUF", "u-buf"), target("KXNFLGAME-26NOV22NEBUF-NE", "u-ne"),
    )  # fmt: skip
    link(services)
    announce(services, venue, milestone(home_team_id="u-buf", away_team_id="u-ne"))
    clock.forward(60)
    assert link(services).notes == {"ambiguous": 2, "matched": 2}
    row = links(services)[KC]
    assert "the venue's ids name" in row.detail
    assert (row.game_id, row.score) == (None, 0.5)


def test_an_exchange_that_sends_no_milestones_is_read_all_the_same(services: Services, venue: Venue) -> None:
    venue.put(f"{TRADE}/series", {"series": [series()]})
    for events in ({"cursor": "", "events": [event()]}, {"cursor": "", "events": [event()], "milestones": None}):
        venue.put(f"{TRADE}/events", events)
        report = discover_series(services, [NFL], correlation_id="test")
        assert (report.failed, report.rejected) == (False, 0)


def test_a_refusal_keeps_candidates_score_and_the_alias_that_would_mend_it(services: Services, venue: Venue) -> None:
    play(services, venue, board_event("401"))
    show(services, venue, market("KXNFLGAME-26NOV22ZZZKC-ZZZ"))
    link(services)
    row = next(iter(links(services).values()))
    assert (row.verdict, row.candidates, row.score) == ("unknown_code", ["nfl:401"], 0.35)
    assert row.evidence["alias"] == {"league": "nfl", "code": "ZZZ", "team_id": "nfl:30"}


Change = Callable[[Services, Venue], object]
CHANGES: dict[str, Change] = {
    "a new market": lambda services, venue: show(services, venue, market(f"{EVENT}-TIE")),
    "another sub-title": lambda services, venue: show(services, venue, market(KC, yes_sub_title="Chiefs")),
    "a game that moved": lambda services, venue: play(services, venue, board_event("401", start="2026-11-22T21:00Z")),
    "a game called off": lambda services, venue: play(
        services, venue, board_event("401", state="post", status="STATUS_POSTPONED")
    ),
    "a new game": lambda services, venue: play(services, venue, board_event("403", home="2", away="17")),
    "a milestone": lambda services, venue: announce(services, venue, milestone()),
    "a new code": lambda services, venue: accept(services),
}


def accept(services: Services) -> None:
    with services.engine.begin() as connection:
        store.accept_alias(
            connection, league="nfl", code="ZZZ", team_id="nfl:30", valid_from=None, valid_to=None, author="test",
            at=services.clock.now(),
        )  # fmt: skip


def reads(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The leagues of which markets are read, pass by pass."""
    seen: list[list[str]] = []

    def read(connection: sa.Connection, events: list[str], leagues: list[str]) -> list[Any]:
        seen.append(leagues)
        return read_open(connection, events, leagues)

    monkeypatch.setattr("precog_assets.pipeline.link.read_open", read)
    return seen


def test_a_pass_over_markets_as_they_were_reads_none_of_them_and_counts_them(
    services: Services, venue: Venue, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(services, venue, board_event("401"))
    show(services, venue, market(KC), market(JAC))
    seen = reads(monkeypatch)
    first = link(services)
    clock.forward(60)
    show(services, venue, market(KC, yes_bid_dollars="0.6300"), market(JAC))
    play(services, venue, board_event("401", score=(7, 0)))
    second = link(services)
    assert seen == [["nfl"]]
    assert (first.rows_in, second.rows_in, second.unchanged, second.notes) == (2, 2, 2, first.notes)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_matching_reads_makes_the_league_be_decided_again(
    services: Services, venue: Venue, clock: TestClock, monkeypatch: pytest.MonkeyPatch, change: Change
) -> None:
    play(services, venue, board_event("401"))
    show(services, venue, market(KC), market(JAC))
    link(services)
    clock.forward(60)
    seen = reads(monkeypatch)
    change(services, venue)
    link(services)
    link(services)
    assert seen == [["nfl"]]


def test_a_link_that_was_lost_is_decided_again(services: Services, venue: Venue) -> None:
    play(services, venue, board_event("401"))
    show(services, venue, market(KC), market(JAC))
    link(services)
    with services.engine.begin() as connection:
        connection.execute(sa.delete(tables.market_games))
    assert (link(services).inserted, set(links(services))) == (2, {KC, JAC})


OVER = {"state": "post", "status": "STATUS_FINAL", "completed": True, "period": 4, "clock": 0.0}


def test_a_settled_market_agrees_with_its_game(services: Services, venue: Venue) -> None:
    play(services, venue, board_event("401", **OVER, score=(24, 17)))
    show(services, venue, settled(KC), settled(JAC, "no"))
    report = link(services)
    assert (report.rejected, report.failures) == (0, [])
    assert {row.settlement for row in links(services).values()} == {"agrees"}


def test_a_result_that_is_not_the_games_is_an_alarm_until_one_of_them_is_mended(
    services: Services, venue: Venue, clock: TestClock
) -> None:
    play(services, venue, board_event("401", **OVER, score=(17, 24)))
    show(services, venue, settled(KC), settled(JAC, "no"))
    report = link(services)
    assert report.rejections == {"contradicts_game": 2}
    assert len(report.failures) == 2
    assert "settled yes, YES is home; nfl:401 is final, won by away (24-17 away-home)" in " ".join(report.failures)
    assert links(services)[KC].settlement == "contradicts"
    with services.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.rejections)) == 2
    clock.forward(60)
    assert link(services).failures == []
    play(services, venue, board_event("401", **OVER, score=(24, 17)))
    assert link(services).rejections == {}
    assert {row.settlement for row in links(services).values()} == {"agrees"}


def test_a_result_that_is_taken_back_is_compared_with_nothing(
    services: Services, venue: Venue, clock: TestClock
) -> None:
    play(services, venue, board_event("401", **OVER, score=(24, 17)))
    show(services, venue, settled(KC), settled(JAC, "no"))
    link(services)
    clock.forward(60)
    play(services, venue, board_event("401", score=(24, 17)))
    link(services)
    assert {row.settlement for row in links(services).values()} == {None}
