"""Every recorded payload: which shape it is, how many rows it gives, what is refused and why."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from precog_assets.domain.facts import GameKind, GameSeen
from precog_assets.domain.leagues import League
from precog_assets.domain.times import eastern_day, parse_instant
from precog_assets.seeds import team_seeds
from precog_assets.sources.espn.kinds import names_all_star
from precog_assets.sources.espn.parse import (
    AnyParsed,
    contract_error,
    parse_any,
    parse_standings,
    parse_summary,
    parse_teams,
)
from precog_assets_tests.sources.espn.build import league

RECORDED = Path(__file__).resolve().parents[4] / "shared" / "recorded" / "espn"
LEAGUE_OF_FOLDER = {"eng.1": "epl", "fra.1": "ligue1", "ncaaw": "wncaab"}
OTHER_SOCCER = {"fifa.world", "soccer-all", "core"}

pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason=f"no recorded payloads at {RECORDED}")

# (file, shape, rows, rejections by reason, teams or players seen)
TABLE: list[tuple[str, str, int, dict[str, int], int]] = [
    ("atp/final-1.json", "board", 478, {"doubles": 157}, 472),
    ("core/calendar-1.json", "other", 0, {"unsupported_payload": 1}, 0),
    ("core/competition-1.json", "other", 0, {"unsupported_payload": 1}, 0),
    ("core/error-404-1.json", "other", 0, {"unsupported_payload": 1}, 0),
    ("core/error-500-1.json", "other", 0, {"unsupported_payload": 1}, 0),
    ("core/events-mbb-range-1.json", "other", 0, {"unsupported_payload": 1}, 0),
    ("core/events-nfl-1.json", "other", 0, {"unsupported_payload": 1}, 0),
    ("core/groups-mbb-1.json", "other", 0, {"unsupported_payload": 1}, 0),
    ("core/groups-wbb-1.json", "other", 0, {"unsupported_payload": 1}, 0),
    ("core/odds-nba-1.json", "other", 0, {"unsupported_payload": 1}, 0),
    ("core/situation-1.json", "other", 0, {"unsupported_payload": 1}, 0),
    ("core/status-1.json", "other", 0, {"unsupported_payload": 1}, 0),
    ("core/weeks-1.json", "other", 0, {"unsupported_payload": 1}, 0),
    ("eng.1/final-1.json", "board", 10, {}, 20),
    ("eng.1/final-2.json", "event", 1, {}, 2),
    ("eng.1/final-3.json", "event", 1, {}, 2),
    ("eng.1/postponed-1.json", "board", 47, {}, 20),
    ("eng.1/schedule-1.json", "schedule", 38, {}, 20),
    ("eng.1/standings-1.json", "standings", 20, {}, 0),
    ("eng.1/teams-1.json", "teams", 20, {}, 0),
    ("fifa.world/end_of_regulation-1.json", "event", 1, {}, 2),
    ("fifa.world/extra_time-1.json", "event", 1, {}, 2),
    ("fifa.world/final_aet-1.json", "event", 1, {}, 2),
    ("fifa.world/final_pen-1.json", "event", 1, {}, 2),
    ("fifa.world/first_half-1.json", "event", 1, {}, 2),
    ("fifa.world/full_time-1.json", "event", 1, {}, 2),
    ("fifa.world/halftime-1.json", "event", 1, {}, 2),
    ("fifa.world/scheduled-1.json", "event", 1, {}, 2),
    ("fifa.world/shootout-1.json", "event", 1, {}, 2),
    ("fra.1/final-1.json", "event", 1, {}, 2),
    ("fra.1/final-2.json", "event", 1, {}, 2),
    ("fra.1/standings-1.json", "standings", 18, {}, 0),
    ("mlb/final-1.json", "board", 15, {}, 30),
    ("mlb/final-2.json", "board", 17, {}, 30),
    ("mlb/in_progress-1.json", "board", 15, {}, 30),
    ("mlb/in_progress-2.json", "event", 1, {}, 2),
    ("mlb/postponed-1.json", "board", 15, {}, 30),
    ("mlb/rain_delay-1.json", "event", 1, {}, 2),
    ("mlb/scheduled-1.json", "board", 13, {}, 24),
    ("mlb/summary-final-1.json", "summary", 1, {}, 2),
    ("mlb/suspended-1.json", "board", 15, {}, 30),
    ("mlb/teams-1.json", "teams", 30, {}, 0),
    ("mls/in_progress-1.json", "board", 15, {}, 30),
    ("mls/schedule-1.json", "schedule", 5, {}, 6),
    ("mls/scheduled-1.json", "board", 1, {}, 2),
    ("mls/team-1.json", "teams", 1, {}, 0),
    ("mls/teams-1.json", "teams", 30, {}, 0),
    ("nba/final-1.json", "event", 1, {}, 2),
    ("nba/final-2.json", "board", 7, {}, 14),
    ("nba/in_progress-1.json", "board", 7, {}, 14),
    ("nba/in_progress-2.json", "event", 1, {}, 2),
    ("nba/in_progress-3.json", "event", 1, {}, 2),
    ("nba/schedule-1.json", "schedule", 5, {}, 2),
    ("nba/scheduled-1.json", "event", 1, {}, 2),
    ("nba/standings-1.json", "standings", 30, {}, 0),
    ("nba/summary-final-1.json", "summary", 1, {}, 2),
    ("nba/summary-scheduled-1.json", "summary", 1, {}, 2),
    ("nba/teams-1.json", "teams", 30, {}, 0),
    ("ncaab/final-1.json", "board", 9, {}, 18),
    ("ncaab/in_progress-1.json", "board", 10, {}, 20),
    ("ncaab/schedule-1.json", "schedule", 34, {}, 29),
    ("ncaab/summary-final-1.json", "summary", 1, {}, 2),
    ("ncaab/summary-final-2.json", "summary", 1, {}, 2),
    ("ncaab/teams-1.json", "teams", 50, {}, 0),
    ("ncaaf/final-1.json", "board", 6, {}, 12),
    ("ncaaf/in_progress-1.json", "board", 25, {}, 50),
    ("ncaaf/scheduled-1.json", "board", 16, {}, 32),
    ("ncaaw/schedule-final-1.json", "schedule", 29, {}, 28),
    ("ncaaw/summary-final-1.json", "summary", 1, {}, 2),
    ("ncaaw/teams-1.json", "teams", 50, {}, 0),
    ("nfl/final-1.json", "board", 13, {}, 26),
    ("nfl/in_progress-1.json", "board", 14, {}, 28),
    ("nfl/in_progress-2.json", "board", 14, {}, 28),
    ("nfl/schedule-1.json", "schedule", 17, {}, 15),
    ("nfl/scheduled-1.json", "board", 16, {}, 32),
    ("nfl/standings-1.json", "standings", 32, {}, 0),
    ("nfl/summary-final-1.json", "summary", 1, {}, 2),
    ("nfl/teams-1.json", "teams", 32, {}, 0),
    ("nhl/final-1.json", "board", 1, {}, 2),
    ("nhl/final-2.json", "board", 1, {}, 2),
    ("nhl/in_progress-1.json", "board", 10, {}, 15),
    ("nhl/schedule-1.json", "schedule", 13, {}, 3),
    ("nhl/scheduled-1.json", "event", 1, {}, 2),
    ("nhl/summary-final-1.json", "summary", 1, {}, 2),
    ("nhl/teams-1.json", "teams", 32, {}, 0),
    ("soccer-all/final-1.json", "board", 50, {}, 100),
    ("wnba/schedule-1.json", "schedule", 45, {}, 13),
    ("wnba/scheduled-1.json", "board", 2, {}, 4),
    ("wnba/teams-1.json", "teams", 14, {}, 0),
    ("wta/in_progress-1.json", "event", 35, {}, 33),
]


def league_of(file: str) -> League:
    folder = file.split("/")[0]
    if folder in OTHER_SOCCER:
        return league("epl").model_copy(update={"key": folder})
    return league(LEAGUE_OF_FOLDER.get(folder, folder))


def recorded(file: str) -> AnyParsed:
    return parse_any((RECORDED / file).read_bytes(), league_of(file))


def games(file: str) -> dict[str, GameSeen]:
    found: dict[str, GameSeen] = {}
    for row in recorded(file).parsed.rows:
        assert isinstance(row, GameSeen)
        found[row.espn_event_id] = row
    return found


@pytest.mark.parametrize(("file", "shape", "rows", "rejected", "teams"), TABLE, ids=[row[0] for row in TABLE])
def test_a_recorded_payload_gives_these_rows_and_rejections(
    file: str, shape: str, rows: int, rejected: dict[str, int], teams: int
) -> None:
    read = recorded(file)
    assert read.shape == shape
    assert dict(Counter(rejection.reason for rejection in read.parsed.rejections)) == rejected
    assert (len(read.parsed.rows), len(read.teams)) == (rows, teams)
    assert len(read.parsed.rows) + len(read.parsed.rejections) == read.parsed.seen


@pytest.mark.parametrize("file", [row[0] for row in TABLE if row[1] != "other"])
def test_a_recorded_payload_holds_no_key_that_is_news_and_lacks_none(file: str) -> None:
    parsed = recorded(file).parsed
    assert parsed.contracts
    assert {counts.payload_type: counts.unknown for counts in parsed.contracts if counts.unknown} == {}
    assert contract_error(parsed) is None


def test_the_table_lists_every_recorded_file_of_the_provenance() -> None:
    listed = {
        line.split("|")[1].strip()
        for line in (RECORDED / "PROVENANCE.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| ") and line.split("|")[1].strip().endswith(".json")
    }
    assert {row[0] for row in TABLE} == listed


def test_a_neutral_site_keeps_its_nominal_home() -> None:
    game = games("nfl/scheduled-1.json")["401772714"]
    assert (game.neutral_site, game.home_team_id, game.away_team_id) == (True, "nfl:24", "nfl:12")
    assert games("nfl/schedule-1.json")["401772714"].start_time == game.start_time


def test_a_placeholder_time_is_marked() -> None:
    last = list(games("nfl/schedule-1.json").values())[-1]
    assert (last.start_time, last.start_time_valid) == (parse_instant("2026-01-04T05:00Z"), False)


def test_a_live_board_shows_scores_clock_and_situation() -> None:
    game = games("nfl/in_progress-1.json")["401772900"]
    assert (game.season, game.season_type, game.week, game.phase) == (2025, "regular", 14, "in_play")
    assert (game.period, game.clock, game.display_clock) == (2, 349.0, "5:49")
    assert game.situation is not None
    assert {"down", "distance", "yard_line", "home_timeouts", "away_timeouts"} <= game.situation.keys()


def test_only_the_games_that_moved_differ_between_two_polls() -> None:
    before, after = games("nfl/in_progress-1.json"), games("nfl/in_progress-2.json")
    assert before.keys() == after.keys()
    changed = [key for key in before if before[key] != after[key]]
    assert len(changed) == 7
    assert {before[key].state for key in changed} == {"in"}


def test_a_postponed_game_and_its_make_up_are_two_games_that_can_be_linked() -> None:
    old = games("mlb/postponed-1.json")["401695827"]
    makeup, second = games("mlb/scheduled-1.json")["401778098"], games("mlb/scheduled-1.json")["401695839"]
    assert (old.phase, old.home_score, old.makeup_of_date) == ("postponed", None, None)
    assert makeup.makeup_of_date == "06-04" == eastern_day(old.start_time).strftime("%m-%d")
    assert (makeup.home_team_id, makeup.away_team_id) == (old.home_team_id, old.away_team_id)
    assert (second.home_team_id, second.makeup_of_date) == (old.home_team_id, None)


def test_two_make_ups_on_one_board() -> None:
    found = {key: game.makeup_of_date for key, game in games("mlb/final-2.json").items() if game.makeup_of_date}
    assert found == {"401898714": "07-21", "401898715": "07-21"}


def test_a_suspended_game_keeps_its_score_without_a_result() -> None:
    game = games("mlb/suspended-1.json")["401695844"]
    assert (game.phase, game.completed, game.home_score, game.away_score, game.winner) == (
        "suspended",
        False,
        3,
        3,
        None,
    )


def test_a_rain_delay_is_a_delay_in_play() -> None:
    (game,) = games("mlb/rain_delay-1.json").values()
    assert (game.state, game.phase) == ("in", "delayed")
    assert game.home_score is not None


def test_the_same_football_match_moves_and_stays_postponed() -> None:
    game = games("eng.1/postponed-1.json")["740902"]
    assert (game.phase, game.start_time, game.home_score) == ("postponed", parse_instant("2026-05-22T14:00Z"), None)
    assert (game.season, game.season_type) == (2025, "2025-26-english-premier-league")


def test_a_shoot_out_is_kept_apart_from_the_score() -> None:
    (game,) = games("fifa.world/final_pen-1.json").values()
    assert (game.home_score, game.away_score, game.winner, game.game_kind) == (0, 0, "home", GameKind.POSTSEASON)
    assert (game.home_shootout_score, game.away_shootout_score) == (4, 3)
    (running,) = games("fifa.world/shootout-1.json").values()
    assert (running.phase, running.winner, running.period) == ("in_play", None, 5)


def test_half_time_keeps_the_first_halfs_clock() -> None:
    halves = [game for game in games("mls/in_progress-1.json").values() if game.status == "STATUS_HALFTIME"]
    assert [(game.period, game.clock) for game in halves] == [(1, 2700.0)] * 2


def test_six_overtimes_have_eight_periods() -> None:
    (game,) = games("ncaab/summary-final-1.json").values()
    assert game.linescores is not None
    assert [len(lines) for lines in game.linescores] == [8, 8]


def test_the_home_side_need_not_bat_last() -> None:
    (game,) = games("mlb/summary-final-1.json").values()
    assert game.linescores is not None
    assert sorted(len(lines) for lines in game.linescores) == [8, 9]


def test_a_summary_before_the_game_has_no_scores() -> None:
    (game,) = games("nba/summary-scheduled-1.json").values()
    assert (game.espn_event_id, game.phase, game.home_score) == ("401772994", "scheduled", None)
    assert (game.season_type, game.headline) == ("postseason", "East Finals - Game 6")


def test_a_slam_board_holds_both_tours_with_their_results() -> None:
    rows = list(games("atp/final-1.json").values())
    assert Counter(row.league for row in rows) == {"atp": 239, "wta": 239}
    assert Counter(row.status for row in rows) == {
        "STATUS_FINAL": 446,
        "STATUS_SCHEDULED": 22,
        "STATUS_RETIRED": 7,
        "STATUS_WALKOVER": 3,
    }
    assert {row.winner for row in rows if row.completed} == {"home", "away"}
    assert all(
        row.home_team_id.split(":")[1] < row.away_team_id.split(":")[1]
        for row in rows
        if row.home_team_id and row.away_team_id
    )


def test_recorded_retirements_and_walk_overs_read_as_they_ended() -> None:
    found = games("atp/final-1.json")
    level, walkover = found["156705"], found["158635"]
    assert (level.home_team_id, level.home_score, level.away_score, level.winner) == ("atp:11685", 1, 0, "home")
    assert (walkover.home_score, walkover.away_score, walkover.winner) == (0, 0, "away")


def test_the_tennis_shape_of_2022_reads_too() -> None:
    found = games("wta/in_progress-1.json")
    assert {game.league for game in found.values()} == {"wta"}
    final, live = found["128747"], found["128753"]
    assert (final.home_team_id, final.home_score, final.away_score, final.winner) == ("wta:2425", 0, 2, "away")
    assert (live.phase, live.home_score, live.linescores) == ("in_play", 0, (("1",), ("4",)))
    assert found["128757"].home_team_id is None


def test_standings_name_the_conferences() -> None:
    rows = parse_standings((RECORDED / "nfl/standings-1.json").read_bytes(), league("nfl")).rows
    assert Counter(row.conference for row in rows) == {
        "American Football Conference": 16,
        "National Football Conference": 16,
    }


@pytest.mark.parametrize("key", ["nfl", "nba", "nhl", "mlb", "mls"])
def test_a_recorded_team_list_agrees_with_the_seeds(key: str) -> None:
    seen = {team.team_id for team in parse_teams((RECORDED / key / "teams-1.json").read_bytes(), league(key)).rows}
    assert seen == {seed.team_id for seed in team_seeds() if seed.league == key}


def test_no_seeded_team_is_taken_for_an_all_star_side() -> None:
    assert [seed.team_id for seed in team_seeds() if names_all_star(seed.display_name)] == []


def test_two_summaries_of_a_game_before_and_after_it_are_one_game() -> None:
    before = parse_summary((RECORDED / "nba/summary-scheduled-1.json").read_bytes(), league("nba")).games.rows[0]
    after = parse_summary((RECORDED / "nba/summary-final-1.json").read_bytes(), league("nba")).games.rows[0]
    assert (before.game_id, before.home_team_id, before.away_team_id) == (
        after.game_id,
        after.home_team_id,
        after.away_team_id,
    )
    assert (before.phase, after.phase) == ("scheduled", "final")
    assert after.winner in {"home", "away"}
