"""Importing files of games and aliases: what is written, what is refused, what is known already."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.config import load_leagues
from precog_assets.domain.errors import ConfigurationError, PrecogError
from precog_assets.domain.facts import GameSeen, Observation, Origin, TeamSeen
from precog_assets.pipeline.imports.aliases import import_aliases, write_suggestions
from precog_assets.pipeline.imports.games import GamesImport, import_games, league_of
from precog_assets.pipeline.imports.known import FileGame, known_already
from precog_assets.pipeline.imports.mapping import Stray, TeamCodes
from precog_assets.pipeline.imports.twice import give_way
from precog_assets.services import Services
from precog_assets.store.games import write_games, write_teams_seen
from precog_assets.store.tables import (
    closing_odds,
    game_states,
    rejections,
    steps,
    team_aliases,
    teams,
)
from precog_assets.store.tables import (
    games as games_table,
)
from precog_assets_tests.databases import count
from precog_assets_tests.store.rows import final

GAME: dict[str, Any] = {
    "season": 2020,
    "date": "2020-09-10",
    "home": "KC",
    "away": "HOU",
    "home_score": 34,
    "away_score": 20,
}
MATCH = GAME | {"date": "2020-01-06", "home": "101", "away": "102", "home_score": 1, "away_score": 0, "round": "R16"}
MATCH |= {"home_name": "Ann Ace", "away_name": "Bea Base", "tourney": "Doha Open", "surface": "Hard", "best_of": 3}
NFL = load_leagues()["nfl"]
Import = Callable[..., GamesImport]


@pytest.fixture
def database_url(emptied: str) -> Iterator[str]:
    """The shared database, which later tests find without the aliases written here."""
    yield emptied
    engine = sa.create_engine(emptied.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(sa.delete(team_aliases).where(team_aliases.c.source != "kalshi"))
    engine.dispose()


@pytest.fixture
def bring(services: Services, tmp_path: Path) -> Import:
    """Import rows as a file; ids are ESPN's abbreviations unless a source is named."""

    def bring(*rows: dict[str, Any], league: str = "nfl", source: str = "espn", **options: Any) -> GamesImport:
        base = MATCH if league == "atp" else GAME
        path = tmp_path / "games.parquet"
        pl.DataFrame([base | row for row in rows], infer_schema_length=None).write_parquet(path)
        return import_games(services, path, load_leagues()[league], source, correlation_id="c", **options)

    return bring


def alias(services: Services, tmp_path: Path, *rows: tuple[str, ...], source: str = "book", **options: Any):
    path = tmp_path / "codes.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("league", "code", "team_id", "valid_from", "valid_to"), *rows])
    return import_aliases(services, path, source, correlation_id="c", **options)


def stored(services: Services, table: sa.Table = games_table) -> list[Any]:
    with services.engine.connect() as connection:
        return list(connection.execute(sa.select(table).order_by(*table.primary_key.columns)))


def counts(done: GamesImport) -> tuple[int, int, int]:
    return (done.report.inserted, done.report.changed, done.report.unchanged)


def on_espn(services: Services, *games: GameSeen) -> None:
    with services.engine.begin() as connection:
        at = Observation(services.clock.now(), Origin.BACKFILL)
        write_games(connection, [(game, at) for game in games], load_leagues())


def test_a_game_is_written_as_a_final_with_a_state_that_could_be_known_after_it(services, bring):
    done = bring({"playoff": True, "neutral": True})
    assert counts(done) == (1, 0, 0)
    [game] = stored(services)
    assert game.game_id == "nfl:espn:2020-09-10:KC-HOU"
    assert (game.home_team_id, game.away_team_id, game.home_score, game.away_score) == ("nfl:12", "nfl:34", 34, 20)
    assert (game.winner, game.completed, game.state, game.phase, game.status) == (
        "home",
        True,
        "post",
        "final",
        "STATUS_FINAL",
    )
    assert (game.season, game.season_type, game.game_kind, game.neutral_site) == (
        2020,
        "postseason",
        "postseason",
        True,
    )
    assert (game.start_time, game.start_time_valid) == (datetime(2020, 9, 10, 16, tzinfo=UTC), False)
    assert (game.source, game.espn_event_id, game.attributes) == ("espn", None, None)
    [state] = stored(services, game_states)
    assert (state.origin, state.home_score, state.completed) == ("import", 34, True)
    assert state.known_at == datetime(2020, 9, 10, 20, tzinfo=UTC)


def test_espns_team_ids_and_our_own_are_read_without_aliases(services, bring):
    bring({"home": "12", "away": "nfl:34"})
    [game] = stored(services)
    assert (game.home_team_id, game.away_team_id) == ("nfl:12", "nfl:34")


def test_the_same_file_again_changes_nothing(services, bring, clock):
    bring({}, {"date": "2020-09-20", "close_home": 0.6, "close_away": 0.4})
    before = [stored(services, table) for table in (games_table, game_states, closing_odds)]
    clock.forward(3600)
    again = bring({}, {"date": "2020-09-20", "close_home": 0.6, "close_away": 0.4})
    assert counts(again) == (0, 0, 2)
    assert again.closing_odds.written == 0
    assert [stored(services, table) for table in (games_table, game_states, closing_odds)] == before


def test_a_corrected_score_is_written_over_its_game_and_its_old_state_stays(services, bring, clock):
    bring({}, {"date": "2020-09-20"})
    clock.forward(3600)
    done = bring({"away_score": 21}, {"date": "2020-09-20"})
    assert counts(done) == (0, 1, 1)
    corrected, other = stored(services)
    assert (corrected.away_score, corrected.last_changed_at) == (21, clock.now())
    assert other.last_changed_at < clock.now()
    assert [state.away_score for state in stored(services, game_states)] == [20, 21, 20]


def test_a_dry_run_counts_and_writes_nothing(services, bring):
    done = bring(
        {"close_home": 0.6, "close_away": 0.4}, {"date": "2020-09-20", "home": "KC", "away": "KC"}, dry_run=True
    )
    assert counts(done) == (1, 0, 0)
    assert done.report.rejections["self_play"] == 1
    for table in (games_table, game_states, closing_odds, rejections, steps):
        assert count(services.engine, table) == 0


def test_unknown_ids_refuse_the_file_with_games_dates_and_suggestions(services, bring):
    rows = ({"home": "WAS", "away": "KC"}, {"home": "WAS", "away": "KC", "date": "2020-09-20"})
    done = bring(*rows)
    assert done.refused
    [stray] = done.strays
    assert (stray.code, stray.games, stray.first, stray.last) == ("WAS", 2, date(2020, 9, 10), date(2020, 9, 20))
    assert done.suggestions["WAS"][0].team_id == "nfl:28"
    assert stored(services) == []
    [step] = stored(services, steps)
    assert (step.rows_in, step.inserted, step.rejections) == (2, 0, {"unmapped": 2})


def test_partial_takes_the_games_whose_sides_are_known_and_counts_the_rest(services, bring):
    done = bring({}, {"home": "XX"}, partial=True)
    assert (counts(done), done.refused) == ((1, 0, 0), False)
    assert done.report.out_of_scope == {"unmapped": 1}
    assert [game.game_id for game in stored(services)] == ["nfl:espn:2020-09-10:KC-HOU"]


def test_rows_without_a_result_are_left_out_and_counted(services, bring):
    done = bring({}, {"date": "2020-09-20", "home": "NOBODY", "home_score": None, "away_score": None})
    assert (counts(done), done.report.out_of_scope) == ((1, 0, 0), {"unplayed": 1})


def test_what_cannot_be_a_result_is_rejected_with_its_row(services, bring):
    done = bring(
        {"home": "BOS", "away": "NY", "home_score": 100, "away_score": 100},
        {"home": "BOS", "away": "BOS"},
        {"home": "DAL", "away": "NY", "home_score": 99.5},
        {"home": "DEN", "away": "MIA", "date": "2026-11-25", "season": 2027},
        league="nba",
    )
    assert counts(done) == (0, 0, 0)
    told = {row.reason: row.detail for row in stored(services, rejections)}
    assert told == {
        "tie": "row 1 of games.parquet: a tie, which nba does not know",
        "self_play": "row 2 of games.parquet: a side playing itself",
        "fractional_score": "row 3 of games.parquet: a score that is no whole number",
        "day_to_come": "row 4 of games.parquet: a result of a day after 2026-11-22",
    }


def test_a_tie_of_the_nfl_is_a_draw(services, bring):
    bring({"home_score": 20, "away_score": 20})
    assert [game.winner for game in stored(services)] == ["draw"]


def test_one_game_under_two_ids_of_a_team_is_rejected(services, bring):
    done = bring({}, {"home": "nfl:12"}, {"home": "KC", "away": "12", "date": "2020-09-20"})
    assert counts(done) == (1, 0, 0)
    assert done.report.rejections == {"repeated": 1, "self_play": 1}


def test_the_second_game_of_a_day_in_baseball_has_a_number_and_starts_later(services, bring):
    row = {"home": "BOS", "away": "NYY", "date": "2020-08-01"}
    bring(row | {"home_score": 5, "away_score": 3}, row | {"home_score": 1, "away_score": 2}, league="mlb")
    first, second = stored(services)
    assert (first.game_id, second.game_id) == ("mlb:espn:2020-08-01:BOS-NYY", "mlb:espn:2020-08-01:BOS-NYY-2")
    assert (first.home_score, second.home_score) == (5, 1)
    assert first.start_time < second.start_time


def test_a_code_that_changed_hands_is_read_by_the_date_of_the_game(services, bring, tmp_path):
    alias(
        services,
        tmp_path,
        ("nfl", "LA", "nfl:13", "", "1994-12-31"),
        ("nfl", "LA", "nfl:14", "2016-01-01", ""),
        ("nfl", "RAI", "nfl:13", "", ""),
        ("nfl", "KC", "nfl:12", "", ""),
    )
    game = {"home": "LA", "away": "KC"}
    bring(game | {"season": 1993, "date": "1993-09-12"}, game | {"date": "2020-09-13"}, source="book")
    assert [row.home_team_id for row in stored(services)] == ["nfl:13", "nfl:14"]
    done = bring(game | {"season": 2005, "date": "2005-09-11"}, source="book")
    assert [(stray.code, stray.why) for stray in done.strays] == [("LA", "not on these days")]


def test_a_club_that_moved_keeps_its_team_under_both_codes(services, bring, tmp_path):
    alias(
        services,
        tmp_path,
        ("nfl", "OAK", "nfl:13", "", ""),
        ("nfl", "LV", "nfl:13", "", ""),
        ("nfl", "KC", "nfl:12", "", ""),
    )
    bring(
        {"home": "OAK", "away": "KC", "date": "2019-09-10", "season": 2019}, {"home": "LV", "away": "KC"}, source="book"
    )
    assert {row.home_team_id for row in stored(services)} == {"nfl:13"}


def test_a_mended_alias_moves_the_games_when_their_file_is_imported_again(services, bring, tmp_path, clock):
    alias(services, tmp_path, ("nfl", "A", "nfl:12", "", ""), ("nfl", "B", "nfl:13", "", ""))
    bring({"home": "A", "away": "B"}, source="book")
    alias(services, tmp_path, ("nfl", "B", "nfl:34", "", ""), replace=True)
    clock.forward(60)
    done = bring({"home": "A", "away": "B"}, source="book")
    assert counts(done) == (0, 1, 0)
    assert [row.away_team_id for row in stored(services)] == ["nfl:34"]


def espn_game(**given: Any) -> GameSeen:
    over = {"season": 2020, "start_time": datetime(2020, 9, 11, 0, 20, tzinfo=UTC), "away_team_id": "nfl:34"}
    return final("401", **{"score": (34, 20), **over, **given})


def test_a_game_that_espn_has_is_known_on_its_eastern_day_and_its_closing_odds_go_to_it(services, bring):
    on_espn(services, espn_game())
    done = bring({"close_home": 0.7, "close_away": 0.3})
    assert (counts(done), done.known, done.disagreements) == ((0, 0, 0), 1, [])
    assert done.report.out_of_scope == {"already_known": 1}
    assert [game.game_id for game in stored(services)] == ["nfl:401"]
    [odds] = stored(services, closing_odds)
    assert (odds.source, odds.game_id, odds.p_home, odds.p_away) == ("espn", "nfl:401", 0.7, 0.3)


def test_a_score_that_disagrees_is_listed_and_nothing_is_overwritten(services, bring):
    on_espn(services, espn_game(score=(34, 17)))
    done = bring({})
    assert done.disagreements == [
        "row 1, 2020-09-10 KC-HOU: 34-20 (nfl:12 first); nfl:401 has 34-17",
    ]
    assert [game.away_score for game in stored(services)] == [17]
    [refused] = stored(services, rejections)
    assert (refused.reason, refused.key) == ("disagreement", "nfl:espn:2020-09-10 KC-HOU row 1")


def test_at_a_neutral_site_the_sides_may_stand_the_other_way_round(services, bring):
    on_espn(services, espn_game(home_team_id="nfl:34", away_team_id="nfl:12", score=(20, 34), neutral_site=True))
    done = bring({"close_home": 0.7, "close_away": 0.3})
    assert (done.known, done.disagreements) == (1, [])
    assert [(odds.p_home, odds.p_away) for odds in stored(services, closing_odds)] == [(0.3, 0.7)]


def test_elsewhere_another_home_side_is_a_disagreement(services, bring):
    on_espn(services, espn_game(home_team_id="nfl:34", away_team_id="nfl:12", score=(20, 34)))
    done = bring({})
    assert done.known == 1
    assert "the home side is nfl:12; nfl:401 has nfl:34" in done.disagreements[0]


def test_a_postponed_game_does_not_stand_for_the_one_that_was_played(services, bring):
    off = {"status": "STATUS_POSTPONED", "completed": False, "winner": None, "home_score": None, "away_score": None}
    on_espn(services, espn_game(**off))
    assert counts(bring({})) == (1, 0, 0)


def test_an_import_gives_way_to_a_board_that_came_later(services, bring, clock):
    first = bring({"close_home": 0.7, "close_away": 0.3}, {"date": "2020-09-20"})
    assert first.gave_way == 0
    clock.forward(60)
    on_espn(services, espn_game(home_team_id="nfl:34", away_team_id="nfl:12", score=(20, 34)))
    clock.forward(60)
    with services.engine.begin() as connection:
        assert give_way(connection, NFL, clock.now()) == 1
        assert give_way(connection, NFL, clock.now()) == 0
    board, ours, other = stored(services)
    assert (board.game_id, board.completed) == ("nfl:401", True)
    assert (ours.completed, ours.phase, ours.winner, ours.last_changed_at) == (False, "canceled", None, clock.now())
    assert other.completed
    assert [state.completed for state in stored(services, game_states) if state.game_id == ours.game_id] == [
        True,
        False,
    ]
    assert [(odds.game_id, odds.p_home) for odds in stored(services, closing_odds)] == [("nfl:401", 0.3)]
    again = bring({"close_home": 0.7, "close_away": 0.3}, {"date": "2020-09-20"})
    assert (counts(again), again.known, again.closing_odds.written) == ((0, 0, 1), 1, 0)


def test_an_import_that_gave_way_to_a_game_called_off_since_is_there_again(services, bring, clock):
    bring({})
    on_espn(services, espn_game())
    clock.forward(60)
    assert bring({}).gave_way == 1
    clock.forward(60)
    off = {"status": "STATUS_CANCELED", "completed": False, "winner": None, "home_score": None, "away_score": None}
    on_espn(services, espn_game(**off))
    assert counts(bring({})) == (0, 1, 0)
    assert [game.completed for game in stored(services)] == [False, True]


def test_another_import_of_the_same_game_is_known_too(services, bring, tmp_path):
    bring({})
    alias(services, tmp_path, ("nfl", "Chiefs", "nfl:12", "", ""), ("nfl", "Texans", "nfl:34", "", ""))
    done = bring({"home": "Chiefs", "away": "Texans"}, source="book")
    assert (counts(done), done.known) == ((0, 0, 0), 1)


def test_players_are_made_of_unknown_ids_with_their_names_and_codes(services, bring):
    done = bring(
        {}, {"home": "101", "away": "103", "away_name": None}, league="atp", source="book", create_players=True
    )
    assert (counts(done), done.players_created) == ((2, 0, 0), 3)
    with services.engine.connect() as connection:
        players = list(connection.execute(sa.select(teams).where(teams.c.kind == "player").order_by(teams.c.team_id)))
    assert [(one.team_id, one.espn_team_id, one.display_name, one.provisional) for one in players] == [
        ("atp:book-101", "book-101", "Ann Ace", True),
        ("atp:book-102", "book-102", "Bea Base", True),
        ("atp:book-103", "book-103", "103", True),
    ]
    again = bring({}, league="atp", source="book")
    assert (counts(again), again.strays) == ((0, 0, 1), [])


def test_an_id_named_like_a_player_that_is_there_is_left_to_a_person(services, bring, player):
    player("atp:77", "Ann Ace")
    done = bring({}, league="atp", source="book", create_players=True)
    assert done.refused
    [stray] = done.strays
    assert (stray.code, [one.team_id for one in done.suggestions["101"]]) == ("101", ["atp:77"])
    assert "name is another player's" in stray.why


@pytest.fixture
def player(services: Services) -> Callable[[str, str], None]:
    def add(team_id: str, name: str) -> None:
        league, _, espn_id = team_id.partition(":")
        seen = TeamSeen(team_id, league, espn_id, "player", None, name)
        with services.engine.begin() as connection:
            write_teams_seen(connection, [seen], services.clock.now())

    return add


def test_players_are_not_made_in_a_league_of_teams(bring):
    with pytest.raises(ConfigurationError, match="nfl is played by teams"):
        bring({}, create_players=True)


def test_tennis_keeps_the_order_of_the_file_and_what_it_says_of_a_match(services, bring):
    bring(
        {"home": "102", "away": "101", "round": "F", "retired": True},
        {},
        {"round": "RR", "away_score": 0.0},
        league="atp",
        source="book",
        create_players=True,
    )
    rows = sorted(stored(services), key=lambda row: row.start_time)
    assert [row.game_id for row in rows] == [
        "atp:book:2020-01-06:102-101",
        "atp:book:2020-01-06:101-102",
        "atp:book:2020-01-06:101-102-doha-open-rr",
    ]
    assert rows[0].attributes == {
        "surface": "Hard",
        "round": "F",
        "best_of": 3,
        "tourney": "Doha Open",
        "retired": True,
    }
    assert [(row.home_team_id, row.winner) for row in rows] == [
        ("atp:book-101", "away"),
        ("atp:book-101", "home"),
        ("atp:book-101", "home"),
    ]


def test_closing_odds_that_do_not_sum_to_one_are_left_out_and_counted(services, bring):
    done = bring({"close_home": 0.7, "close_away": 0.4})
    assert (done.odds_not_summing, count(services.engine, closing_odds)) == (1, 0)


def test_closing_odds_of_soccer_have_a_draw(services, bring):
    bring({"home": "ARS", "away": "EVE", "close_home": 0.5, "close_draw": 0.3, "close_away": 0.2}, league="epl")
    assert [(odds.p_home, odds.p_draw, odds.p_away) for odds in stored(services, closing_odds)] == [(0.5, 0.3, 0.2)]


def test_a_file_that_breaks_the_format_writes_nothing(services, bring):
    with pytest.raises(PrecogError, match="no home side in row 1"):
        bring({"home": ""})
    assert stored(services, steps) == []


def test_every_row_is_counted_once(services, bring):
    on_espn(services, espn_game())
    rows = [
        {},
        {"home": "SF"},
        {"home": "XX"},
        {"home": "HOU"},
        {"home": "SEA", "home_score": None, "away_score": None},
    ]
    report = bring(*rows, partial=True).report
    assert report.rows_in == 5
    assert report.inserted + report.changed + report.unchanged + report.rejected + report.out_of_scope.total() == 5


@pytest.mark.parametrize("name", ["NFLverse", "a:b", "", "-x"])
def test_a_source_that_cannot_head_ids_is_refused(bring, name):
    with pytest.raises(ConfigurationError, match="--source"):
        bring({}, source=name)


def test_the_league_is_read_from_the_file_where_it_is_not_named(tmp_path):
    path = tmp_path / "games.csv"
    path.write_text("league,home\nnba,A\nnba,B\n")
    assert league_of(path, None).key == "nba"
    path.write_text("league,home\nnba,A\nnfl,B\n")
    with pytest.raises(ConfigurationError, match="--league KEY; its `league` column has nba, nfl"):
        league_of(path, None)
    path.write_text("home\nA\n")
    with pytest.raises(ConfigurationError, match="it has no `league` column"):
        league_of(path, None)
    with pytest.raises(ConfigurationError, match="Unknown league 'xfl'"):
        league_of(path, "xfl")


def test_aliases_are_written_once_and_an_end_can_be_set(services, tmp_path):
    assert alias(services, tmp_path, ("nfl", "KAN", "nfl:12", "", "")).inserted == 1
    assert alias(services, tmp_path, ("nfl", "KAN", "nfl:12", "", "")).unchanged == 1
    assert alias(services, tmp_path, ("nfl", "KAN", "nfl:12", "", "2020-01-01")).changed == 1
    assert alias(services, tmp_path, ("nfl", "KAN", "nfl:34", "2020-01-02", "")).inserted == 1


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([("nfl", "A", "nfl:99999", "", "")], "row 1: no team 'nfl:99999' in nfl"),
        ([("nfl", "A", "nba:1", "", "")], "row 1: no team 'nba:1' in nfl"),
        ([("xfl", "A", "xfl:1", "", "")], "row 1: no league 'xfl'"),
        ([("nfl", "", "nfl:12", "", ""), ("nfl", "A", "", "", "")], "row 1: no code; row 2: no team_id"),
        ([("nfl", "A", "nfl:12", "2020", "")], "row 1: valid_from '2020' is no date"),
        ([("nfl", "A", "nfl:12", "2020-01-02", "2020-01-01")], "row 1: valid_to is before valid_from"),
        (
            [("nfl", "A", "nfl:12", "", "2020-01-01"), ("nfl", "A", "nfl:13", "2020-01-01", "")],
            "row 2: A of nfl is nfl:13, in row 1 nfl:12, on the same days",
        ),
        ([], "no rows"),
    ],
)
def test_aliases_that_cannot_be_are_refused_by_row_and_nothing_is_written(services, tmp_path, rows, told):
    before = count(services.engine, team_aliases)
    with pytest.raises(ConfigurationError) as caught:
        alias(services, tmp_path, *rows)
    assert told in str(caught.value)
    assert count(services.engine, team_aliases) == before


def test_an_alias_against_a_stored_one_is_refused_unless_it_replaces_it(services, tmp_path):
    alias(services, tmp_path, ("nfl", "A", "nfl:12", "", ""), ("nfl", "B", "nfl:13", "", ""))
    with pytest.raises(ConfigurationError, match="row 1: A of nfl is nfl:34, for book already nfl:12"):
        alias(services, tmp_path, ("nfl", "A", "nfl:34", "", ""))
    report = alias(services, tmp_path, ("nfl", "A", "nfl:34", "", ""), replace=True)
    assert (report.inserted, report.notes["removed"]) == (1, 1)
    with services.engine.connect() as connection:
        of_book = sa.select(team_aliases.c.code, team_aliases.c.team_id).where(team_aliases.c.source == "book")
        assert {row.code: row.team_id for row in connection.execute(of_book)} == {"A": "nfl:34", "B": "nfl:13"}


@pytest.mark.parametrize("source", ["kalshi", "espn"])
def test_codes_that_are_not_a_files_to_say_are_refused(services, tmp_path, source):
    with pytest.raises(ConfigurationError, match=f"--source {source}"):
        alias(services, tmp_path, ("nfl", "A", "nfl:12", "", ""), source=source)


def test_suggestions_are_rows_that_can_be_read_back_once_checked(services, bring, tmp_path):
    rows = [{"home": "Chiefs", "away": "Texans"}, {"home": "49ers", "away": "Chiefs"}]
    done = bring(*rows, source="book")
    write_suggestions(tmp_path / "out.csv", "nfl", done.strays, done.suggestions)
    assert import_aliases(services, tmp_path / "out.csv", "book", correlation_id="c").inserted == 3
    assert counts(bring(*rows, source="book")) == (2, 0, 0)


def test_an_id_without_a_likely_team_leaves_the_team_to_be_filled(tmp_path):
    stray = Stray("9999", None, 1, date(2020, 1, 1), date(2020, 1, 1), "unknown")
    write_suggestions(tmp_path / "out.csv", "nfl", [stray], {})
    assert (tmp_path / "out.csv").read_text().splitlines()[1] == "nfl,9999,,,,,,"


spans = st.lists(
    st.tuples(st.sampled_from(["nfl:1", "nfl:2"]), st.none() | st.integers(1, 20), st.none() | st.integers(1, 20)),
    max_size=4,
)


@given(spans, st.integers(1, 20))
def test_a_frame_is_mapped_as_each_code_and_day_alone(given_spans, day):
    def on(number: int | None) -> date | None:
        return None if number is None else date(2020, 1, number)

    rows = [SimpleNamespace(code="A", team_id=t, valid_from=on(a), valid_to=on(b)) for t, a, b in given_spans]
    codes = TeamCodes.of_aliases(rows)
    frame = pl.DataFrame({"row": [1, 2], "date": [on(day), on(1)], "home": ["A", "Z"], "away": ["Z", "A"]})
    mapped = codes.mapped(frame)
    found = codes.teams("A", date(2020, 1, day))
    assert mapped["home_team"][0] == (found[0] if len(found) == 1 else None)
    assert mapped["away_team"][0] is None


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=5), st.permutations(range(3)))
def test_no_stored_game_is_two_rows(scores, order):
    mlb = load_leagues()["mlb"]
    day = date(2020, 8, 1)
    rows = [
        FileGame(row, day, "mlb:1", "mlb:2", ours, theirs, neutral=False, winner_only=False)
        for row, (ours, theirs) in enumerate(scores)
    ]
    elsewhere = [
        SimpleNamespace(
            game_id=f"mlb:{i}",
            day=day,
            home_team_id="mlb:1",
            away_team_id="mlb:2",
            home_score=i,
            away_score=0,
            winner="home",
            neutral=False,
            completed=True,
        )
        for i in order
    ]
    known = known_already(mlb, rows, elsewhere)
    assert len({one.game_id for one in known.values()}) == len(known) == min(3, len(scores))
    for score in ((1, 0), (2, 0)):
        if score in scores:
            agreeing = {known[row].game_id for row in known if known[row].disagreement is None}
            assert f"mlb:{score[0]}" in agreeing


def test_a_tennis_match_on_a_board_is_the_pairs_last_row_before_it():
    atp = load_leagues()["atp"]
    rows = [
        FileGame(1, date(2020, 1, 6), "atp:1", "atp:2", 1, 0, neutral=True, winner_only=False),
        FileGame(2, date(2020, 1, 13), "atp:1", "atp:2", 0, 1, neutral=True, winner_only=False),
    ]
    board = SimpleNamespace(
        game_id="atp:9",
        day=date(2020, 1, 15),
        home_team_id="atp:1",
        away_team_id="atp:2",
        home_score=0,
        away_score=2,
        winner="away",
        neutral=True,
        completed=True,
    )
    assert {row: one.game_id for row, one in known_already(atp, rows, [board]).items()} == {2: "atp:9"}
    assert known_already(atp, rows, [board])[2].disagreement is None
