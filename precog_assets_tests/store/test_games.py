"""Teams, games and states: facts stay, the projection shows the latest of them, in whatever order they come."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import permutations
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from precog_assets.config import load_leagues
from precog_assets.domain.facts import GameSeen, Observation, Origin, TeamSeen
from precog_assets.domain.statuses import DELAYS, UNPLAYED_BY_NAME, game_phase
from precog_assets.seeds import CodeSeed, TeamSeed, kalshi_codes, team_seeds
from precog_assets.store import tables
from precog_assets.store.bulk import WriteCounts
from precog_assets.store.games import FIRST_DAY, link_makeups, write_games, write_seeds, write_teams_seen
from precog_assets_tests.databases import count
from precog_assets_tests.store.conftest import START
from precog_assets_tests.store.rows import at, final, game, seen


def put(engine: sa.Engine, *observed: tuple[GameSeen, Observation]) -> WriteCounts:
    with engine.begin() as connection:
        return write_games(connection, observed, load_leagues())


def row(engine: sa.Engine, game_id: str = "nfl:401") -> Any:
    with engine.connect() as connection:
        return connection.execute(sa.select(tables.games).where(tables.games.c.game_id == game_id)).one()


def states(engine: sa.Engine, *columns: str) -> list[Any]:
    table = tables.game_states
    wanted = [table.c[name] for name in columns] or [table]
    with engine.connect() as connection:
        return list(connection.execute(sa.select(*wanted).order_by(table.c.game_id, table.c.observed_at)))


def team(team_id: str, kind: str = "team", **given: Any) -> TeamSeen:
    league, _, number = team_id.partition(":")
    return TeamSeen(team_id, league, number, kind, "ABC", "Any Club", **given)


def test_a_game_is_projected_from_its_latest_state(store: sa.Engine) -> None:
    assert put(store, (game(), seen(0))) == WriteCounts(1, 1, 0)
    assert put(store, (final(score=(20, 10)), seen(60))) == WriteCounts(1, 0, 1)
    shown = row(store)
    assert (shown.home_score, shown.away_score, shown.winner, shown.phase) == (20, 10, "home", "final")
    assert (shown.status, shown.state, shown.completed) == ("STATUS_FINAL", "post", True)
    assert (shown.first_observed_at, shown.last_observed_at, shown.last_changed_at) == (at(0), at(60), at(60))


def test_an_observation_that_says_the_same_moves_no_change(store: sa.Engine) -> None:
    put(store, (game(), seen(0)))
    assert put(store, (game(), seen(60))).unchanged == 1
    assert row(store).last_changed_at == at(0)
    assert states(store, "confirmed_at") == [(at(60),)]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_projection_is_the_same_in_whatever_order_facts_come(store: sa.Engine, order: tuple[int, ...]) -> None:
    facts = [(game(home_score=score, venue=f"Field {score}"), seen(score)) for score in (0, 7, 14)]
    for index in order:
        put(store, facts[index])
    shown = row(store)
    assert (shown.home_score, shown.venue) == (14, "Field 14")
    assert (shown.first_observed_at, shown.last_observed_at, shown.last_changed_at) == (at(0), at(14), at(14))
    assert [score for (score,) in states(store, "home_score")] == [0, 7, 14]


def test_a_late_fact_between_the_latest_ones_leaves_the_projection(store: sa.Engine) -> None:
    put(store, (game(home_score=0), seen(0)), (game(home_score=14), seen(20)))
    before = row(store)
    assert put(store, (game(home_score=7), seen(10))).changed == 1
    assert row(store) == before


def test_the_newest_description_stays_when_a_late_fact_changes_the_state(store: sa.Engine) -> None:
    """The venue was renamed at 20; what arrives from 10, then 15, knows the old name only."""
    put(store, (game(venue="Old"), seen(0)), (game(venue="New"), seen(20)))
    put(store, (game(venue="Old", home_score=3), seen(10)))
    put(store, (game(venue="Old", home_score=3, week=9), seen(15)))
    assert (row(store).venue, row(store).week) == ("New", None)


def test_a_fact_that_says_earlier_what_is_known_moves_the_first_observation_back(store: sa.Engine) -> None:
    put(store, (game(), seen(20)))
    put(store, (game(), seen(10)))
    assert row(store).first_observed_at == at(10)
    assert states(store, "observed_at", "confirmed_at") == [(at(10), at(20))]


def test_a_correction_after_the_final_is_a_state_of_its_own(store: sa.Engine) -> None:
    put(store, (final(score=(20, 10)), seen(0)))
    put(store, (final(score=(20, 13)), seen(60)))
    assert states(store, "home_score", "away_score") == [(20, 10), (20, 13)]
    assert row(store).away_score == 13


def test_a_void_game_loses_its_result(store: sa.Engine) -> None:
    put(store, (final(), seen(0)))
    gone = game(status="STATUS_CANCELED", state="post", home_score=None, away_score=None)
    put(store, (gone, seen(60)))
    shown = row(store)
    assert (shown.phase, shown.completed, shown.winner, shown.home_score) == ("canceled", False, None, None)


def test_scores_line_scores_and_situations_come_back_as_they_were(store: sa.Engine) -> None:
    one = game(linescores=(("7", "0"), ("3", "-")), situation={"down": 3, "possession": "12"}, home_shootout_score=4)
    put(store, (one, seen(0)))
    (stored,) = states(store)
    assert stored.linescores == [["7", "0"], ["3", "-"]]
    assert stored.situation == {"down": 3, "possession": "12"}
    assert stored.home_shootout_score == 4
    put(store, (game("402"), seen(0)))
    assert states(store, "linescores", "situation")[1] == (None, None)
    with store.connect() as connection:
        really = sa.text("SELECT count(*) FROM core.game_states WHERE linescores IS NULL")
        assert connection.execute(really).scalar_one() == 1


PHASES = st.tuples(
    st.sampled_from([*sorted(UNPLAYED_BY_NAME), *sorted(DELAYS), "STATUS_FINAL", "STATUS_NEVER_SEEN"]),
    st.sampled_from(["pre", "in", "post"]),
    st.booleans(),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=PHASES, then=PHASES)
def test_the_projected_phase_is_the_domains(
    store: sa.Engine, first: tuple[str, str, bool], then: tuple[str, str, bool]
) -> None:
    with store.begin() as connection:
        for second, (status, state, completed) in enumerate((first, then)):
            one = game(status=status, state=state, completed=completed)
            write_games(connection, [(one, seen(second))], load_leagues())
        phase = connection.execute(sa.select(tables.games.c.phase)).scalar_one()
        connection.execute(sa.delete(tables.game_states))
        connection.execute(sa.delete(tables.games))
    assert phase == game_phase(then[0], then[1], completed=then[2]).value


@pytest.mark.parametrize(
    ("one", "origin", "observed", "known"),
    [
        (final(), Origin.LIVE, 30 * 3600, 30 * 3600),
        (final(), Origin.BACKFILL, 30 * 3600, 4 * 3600),
        (final(), Origin.IMPORT, 30 * 3600, 4 * 3600),
        (final(), Origin.BACKFILL, 3 * 3600, 3 * 3600),
        (game(), Origin.BACKFILL, 30 * 3600, 30 * 3600),
    ],
    ids=["live", "backfilled", "imported", "read before the lag was over", "without a result"],
)
def test_a_backfilled_result_is_known_a_lag_after_its_start(
    store: sa.Engine, one: GameSeen, origin: Origin, observed: float, known: float
) -> None:
    put(store, (one, seen(observed, origin)))
    assert states(store, "observed_at", "known_at", "origin") == [(at(observed), at(known), origin.value)]


def test_seeding_twice_changes_nothing(store: sa.Engine) -> None:
    """The database of the tests is seeded already."""
    with store.begin() as connection:
        counts = write_seeds(connection, team_seeds(), kalshi_codes(), START + timedelta(days=1))
    assert counts == WriteCounts(len(team_seeds()) + len(kalshi_codes()), 0, 0)
    assert count(store, tables.teams) == len(team_seeds())
    assert count(store, tables.team_aliases) == len(kalshi_codes())


def test_a_team_met_on_a_board_is_provisional_until_it_is_seeded(store: sa.Engine) -> None:
    with store.begin() as connection:
        assert write_teams_seen(connection, [team("nfl:9001")], at(0)) == WriteCounts(1, 1, 0)
    seed = TeamSeed("nfl:9001", "nfl", "9001", "NEW", "Newtown", "News", "Newtown News", "AFC", "East", True)
    code = CodeSeed("elsewhere", "nfl", "NEW", "nfl:9001", None, date(2027, 6, 30))
    aliases = tables.team_aliases
    with store.begin() as connection:
        before = connection.execute(sa.select(tables.teams).where(tables.teams.c.team_id == "nfl:9001")).one()
        assert write_seeds(connection, [seed], [code], at(60)) == WriteCounts(2, 1, 1)
        after = connection.execute(sa.select(tables.teams).where(tables.teams.c.team_id == "nfl:9001")).one()
        alias = connection.execute(sa.select(aliases).where(aliases.c.team_id == "nfl:9001")).one()
        connection.execute(sa.delete(aliases).where(aliases.c.team_id == "nfl:9001"))
        connection.execute(sa.delete(tables.teams).where(tables.teams.c.team_id == "nfl:9001"))
    assert (before.provisional, before.display_name, before.first_seen_at) == (True, "Any Club", at(0))
    assert (after.provisional, after.display_name, after.first_seen_at) == (False, "Newtown News", at(0))
    assert (alias.valid_from, alias.valid_to) == (FIRST_DAY, date(2027, 6, 30))


def test_a_code_that_the_seeds_gave_up_goes_and_the_others_stay(store: sa.Engine) -> None:
    wrong = CodeSeed("kalshi", "nfl", "XYZ", "nfl:12", None, None)
    with store.begin() as connection:
        write_seeds(connection, team_seeds(), [*kalshi_codes(), wrong], at(0))
    assert count(store, tables.team_aliases) == len(kalshi_codes()) + 1
    with store.begin() as connection:
        write_seeds(connection, team_seeds(), kalshi_codes(), at(60))
        table = tables.team_aliases
        assert connection.scalars(sa.select(table.c.code).where(table.c.team_id == "nfl:12")).all() == ["KC"]
    assert count(store, tables.team_aliases) == len(kalshi_codes())


def test_a_known_team_stays_as_its_seed_says(store: sa.Engine) -> None:
    with store.begin() as connection:
        assert write_teams_seen(connection, [team("nfl:12"), team("nfl:12")], at(0)) == WriteCounts(1, 0, 0)
        name = sa.select(tables.teams.c.display_name).where(tables.teams.c.team_id == "nfl:12")
        assert connection.execute(name).scalar_one() == "Kansas City Chiefs"


def test_players_are_met_never_provisional(store: sa.Engine) -> None:
    with store.begin() as connection:
        write_teams_seen(connection, [team("atp:1", kind="player")], at(0))
        table = tables.teams
        assert (
            connection.execute(sa.select(table.c.provisional).where(table.c.team_id == "atp:1")).scalar_one() is False
        )


def test_a_game_of_teams_nobody_knows_is_refused_whole(store: sa.Engine) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation), store.begin() as connection:
        write_games(connection, [(game("402"), seen(0)), (game(home_team_id="nfl:77777"), seen(0))], load_leagues())
    assert count(store, tables.games) == count(store, tables.game_states) == 0


POSTPONED = {"status": "STATUS_POSTPONED", "state": "post", "home_score": None, "away_score": None}


@pytest.mark.parametrize(
    ("makeup", "linked"),
    [
        ({}, "nfl:401"),
        ({"makeup_of_date": "11-23"}, None),
        ({"home_team_id": "nfl:30", "away_team_id": "nfl:12"}, None),
        ({"start_time": START - timedelta(days=5)}, None),
        ({"start_time": START + timedelta(days=300)}, None),
    ],
    ids=["same pair and day", "another day", "the pair turned round", "before it", "another season"],
)
def test_a_makeup_is_linked_only_to_the_postponed_game_its_note_names(
    store: sa.Engine, makeup: dict[str, Any], linked: str | None
) -> None:
    later = {"makeup_of_date": "11-22", "start_time": START + timedelta(days=30), **makeup}
    put(store, (game(**POSTPONED), seen(0)), (game("402", status="STATUS_SCHEDULED", state="pre", **later), seen(0)))
    with store.begin() as connection:
        assert link_makeups(connection) == (linked is not None)
        assert link_makeups(connection) == 0
    assert row(store, "nfl:402").makeup_of_game_id == linked


def test_a_makeup_of_a_night_game_is_found_by_its_eastern_day(store: sa.Engine) -> None:
    night = START.replace(hour=1) + timedelta(days=1)
    put(store, (game(**POSTPONED, start_time=night), seen(0)))
    put(store, (game("402", makeup_of_date="11-22", start_time=night + timedelta(days=9)), seen(0)))
    with store.begin() as connection:
        assert link_makeups(connection) == 1
