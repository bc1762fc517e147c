"""Refusals as a person reviews them, and aliases accepted: kept with their author, linked at once, nonsense refused."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from precog_assets.domain.errors import ConfigurationError
from precog_assets.matching.results import Reason
from precog_assets.pipeline.match_review import Accepted, accept, review
from precog_assets.services import Services, seed
from precog_assets.store import tables
from precog_assets_tests.pipeline.conftest import TestClock
from precog_assets_tests.pipeline.kalshi_payloads import JAC, KC, market, settled
from precog_assets_tests.pipeline.test_link import link, links, play, show
from precog_assets_tests.venues import Venue, board_event

STRANGE = "KXNFLGAME-26NOV22ZZZKC"


def accepted(services: Services, code: str = "ZZZ", team: str = "nfl:30", **more: Any) -> Accepted:
    given = {"author": "mia", **more}
    return accept(services, given.pop("league", "nfl"), code, team, correlation_id="test", **given)


def aliases(services: Services, code: str) -> list[Any]:
    table = tables.team_aliases
    with services.engine.connect() as connection:
        return list(connection.execute(sa.select(table).where(table.c.code == code, table.c.source == "kalshi")))


@pytest.fixture
def refused(services: Services, venue: Venue) -> None:
    """A game whose event has one code that nobody knows, and an event without a game."""
    play(services, venue, board_event("401"))
    show(
        services, venue, market(f"{STRANGE}-ZZZ"), market(f"{STRANGE}-KC"), market("KXNFLGAME-26NOV29DALTB-TB"),
        market("KXNFLGAME-26NOV22JACKC-TIE"),
    )  # fmt: skip
    link(services)


@pytest.mark.usefixtures("refused")
def test_a_refusal_is_shown_once_an_event_with_reason_candidates_score_and_a_ready_command(services: Services) -> None:
    found = {one.event_ticker: one for one in review(services)}
    assert set(found) == {STRANGE, "KXNFLGAME-26NOV29DALTB"}
    one = found[STRANGE]
    assert (one.reason, one.score, one.tickers) == ("unknown_code", 0.35, (f"{STRANGE}-KC", f"{STRANGE}-ZZZ"))
    assert one.candidates == {"nfl:401": "Jacksonville Jaguars at Kansas City Chiefs, 2026-11-22 18:00 UTC, in_play"}
    assert one.command == "precog match accept nfl ZZZ nfl:30"
    assert one.as_json()["candidates"][0]["game_id"] == "nfl:401"
    other = found["KXNFLGAME-26NOV29DALTB"]
    assert other.command == "precog backfill games --league nfl --from 2026-11-29 --to 2026-11-29"


@pytest.mark.usefixtures("refused")
def test_the_most_promising_comes_first_and_the_list_can_be_cut(services: Services) -> None:
    scores = [one.score for one in review(services)]
    assert scores == sorted(scores, reverse=True)
    assert [one.score for one in review(services, most=1)] == scores[:1]


@pytest.mark.usefixtures("refused")
def test_leagues_times_and_reasons_choose(services: Services, clock: TestClock) -> None:
    assert review(services, league="nba") == []
    assert review(services, since=clock.now() + timedelta(seconds=1)) == []
    assert len(review(services, since=clock.now())) == 2
    every = {one.reason for one in review(services, reasons=tuple(Reason))}
    assert every == {"unknown_code", "no_game", "wrong_market_type"}


@pytest.mark.usefixtures("refused")
def test_an_accepted_alias_is_kept_with_author_and_time_and_its_markets_are_matched(
    services: Services, clock: TestClock
) -> None:
    clock.forward(60)
    done = accepted(services, valid_from=date(2026, 11, 1))
    assert [(one.ticker, one.before, one.after, one.game_id, one.outcome) for one in done.changes] == [
        (f"{STRANGE}-KC", "unknown_code", "matched", "nfl:401", "home"),
        (f"{STRANGE}-ZZZ", "unknown_code", "matched", "nfl:401", "away"),
    ]
    (row,) = aliases(services, "ZZZ")
    assert (row.team_id, row.author, row.accepted_at) == ("nfl:30", "mia", clock.now())
    assert (row.valid_from, row.valid_to) == (date(2026, 11, 1), None)
    assert [one.event_ticker for one in review(services)] == ["KXNFLGAME-26NOV29DALTB"]


@pytest.mark.usefixtures("refused")
def test_an_alias_of_other_days_matches_nothing(services: Services) -> None:
    assert accepted(services, valid_to=date(2026, 11, 21)).changes == ()


def test_a_market_that_was_settled_long_ago_is_matched_by_the_alias_too(
    services: Services, venue: Venue, clock: TestClock
) -> None:
    play(services, venue, board_event("401"))
    show(services, venue, settled(f"{STRANGE}-ZZZ", "no"))
    link(services)
    clock.forward(10 * 86_400)
    assert [one.after for one in accepted(services).changes] == ["matched"]


@pytest.mark.usefixtures("refused")
def test_a_restart_with_its_seeds_keeps_what_was_accepted(services: Services) -> None:
    accepted(services)
    seed(services.engine, services.clock.now())
    assert len(aliases(services, "ZZZ")) == 1
    assert links(services)[f"{STRANGE}-ZZZ"].verdict == "matched"


@pytest.mark.parametrize("team", ["nfl:30", "jax", "Jacksonville Jaguars", "jaguars", " Jacksonville "])
def test_a_team_is_named_by_id_abbreviation_name_or_city(services: Services, team: str) -> None:
    assert accepted(services, team=team).team_id == "nfl:30"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"league": "xfl"}, "league xfl: unknown; known: nfl"),
        ({"league": "atp", "team": "atp:1"}, "players are compared by name"),
        ({"code": "Z"}, "code Z: expected 2 to 16 letters and digits"),
        ({"code": "A-B"}, "expected 2 to 16 letters"),
        ({"code": "TIE"}, "and not TIE"),
        ({"league": "nba", "code": "GUA", "team": "nba:1"}, "Guangzhou Loong Lions, a guest"),
        ({"team": "Jacksonvile"}, "no team of nfl has this id, abbreviation, name or city; near: nfl:30 Jacksonville"),
        ({"team": "nba:1"}, "no team of nfl"),
        ({"team": "New York"}, "2 teams of nfl are called so: nfl:19 New York Giants, nfl:20 New York Jets"),
        ({"code": "DAL"}, "it stands for nfl:6 in nfl from 1900-01-01 to now on"),
        ({"code": "la", "valid_from": date(2026, 7, 1)}, "it stands for nfl:14 in nfl from 1900-01-01 to 2026-07-31"),
        ({"code": "JAC"}, "it stands for nfl:30 already"),
        ({"valid_from": date(2026, 11, 2), "valid_to": date(2026, 11, 1)}, "lies before --from"),
        ({"author": " "}, "expected a name"),
    ],
)
def test_what_cannot_be_right_is_refused_with_what_would_be_and_nothing_is_written(
    services: Services, given: dict[str, Any], said: str
) -> None:
    def stored() -> set[tuple[Any, ...]]:
        with services.engine.connect() as connection:
            return {tuple(row) for row in connection.execute(sa.select(tables.team_aliases))}

    before = stored()
    with pytest.raises(ConfigurationError, match=said):
        accepted(services, **given)
    assert stored() == before


def test_a_code_may_stand_for_another_team_on_days_that_do_not_overlap(services: Services) -> None:
    accepted(services, code="LA", team="Chargers", valid_from=date(2026, 8, 1))
    assert {row.team_id for row in aliases(services, "LA") if row.league == "nfl"} == {"nfl:14", "nfl:24"}


def test_an_alias_that_contradicts_a_settled_game_sounds_the_alarm(
    services: Services, venue: Venue, clock: TestClock
) -> None:
    over = {"state": "post", "status": "STATUS_FINAL", "completed": True, "period": 4, "clock": 0.0}
    play(services, venue, board_event("401", **over, score=(24, 17)))
    show(services, venue, settled(KC), settled(JAC, "no"), settled(f"{STRANGE}-ZZZ", "yes"))
    link(services)
    clock.forward(60)
    done = accepted(services)
    assert len(done.links.failures) == 1
    assert f"{STRANGE}-ZZZ settled yes, YES is away" in done.links.failures[0]
