"""SQL models in a real database: what the marts show, how they are replaced, what their tests say."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.exc import SQLAlchemyError

from precog_assets.domain.errors import ConfigurationError, PrecogError
from precog_assets.domain.facts import Observation, Origin
from precog_assets.pipeline.sql_models.build import ModelResult, build_models
from precog_assets.pipeline.sql_models.checks import run_tests
from precog_assets.pipeline.sql_models.files import find_folder, load_project
from precog_assets.store.engine import engine_for
from precog_assets.store.markets import write_markets
from precog_assets.store.migrate import READER_ROLE
from precog_assets_tests.pipeline.sql_world import AWAY, HOME, NOW, build_world, market, poll, quote

EMPTY_MART = """
    DO $$ DECLARE one record; BEGIN
        FOR one IN SELECT relname, CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS kind
                   FROM pg_class WHERE relnamespace = 'mart'::regnamespace AND relkind IN ('r', 'v')
        LOOP EXECUTE format('DROP %s IF EXISTS mart.%I CASCADE', one.kind, one.relname); END LOOP;
    END $$
"""


@pytest.fixture
def engine(emptied: str) -> Iterator[sa.Engine]:
    """The shared database without any model, and without a trace of them afterwards."""
    shared = engine_for(emptied)
    with shared.begin() as connection:
        connection.exec_driver_sql(EMPTY_MART, execution_options={"no_parameters": True})
    yield shared
    with shared.begin() as connection:
        connection.exec_driver_sql(EMPTY_MART, execution_options={"no_parameters": True})


@pytest.fixture
def world(engine: sa.Engine) -> sa.Engine:
    build_world(engine)
    return engine


def rows(engine: sa.Engine, query: str) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(sa.text(query)))


def run(engine: sa.Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text(statement))


STAGING = [
    "stg_games",
    "stg_markets",
    "stg_quotes_latest",
    "stg_models_in_use",
    "stg_ratings_current",
    "stg_forecasts_current",
]


def board(engine: sa.Engine) -> dict[str, Any]:
    build_models(engine, [*STAGING, "board"])
    return {row.game_id: row for row in rows(engine, "SELECT * FROM mart.board")}


def forecast_board(engine: sa.Engine) -> dict[str, Any]:
    build_models(engine, [*STAGING, "forecast_board"])
    return {row.game_id: row for row in rows(engine, "SELECT * FROM mart.forecast_board")}


def folder_with(tmp_path: Path, **models: str) -> Path:
    """A project of its own: files by name, `t_` ones tables, the others views."""
    folder = tmp_path / "models_of_a_test"
    (folder / "models").mkdir(parents=True, exist_ok=True)
    (folder / "dbt_project.yml").write_text("name: tiny\nmodels: {tiny: {+schema: mart}}\n")
    for name, text in models.items():
        config = "{{ config(materialized='table') }}\n" if name.startswith("t_") else ""
        (folder / "models" / f"{name}.sql").write_text(config + text)
    return folder


def build(engine: sa.Engine, folder: Path, *select: str) -> dict[str, ModelResult]:
    results = build_models(engine, select or None, project=load_project(folder))
    return {result.model.name: result for result in results}


def test_the_board_shows_score_ratings_and_the_latest_quotes_of_a_game(world: sa.Engine) -> None:
    game = board(world)["nfl:1"]
    assert (game.home_team, game.home_score, game.away_score, game.phase) == ("Kansas City Chiefs", 7, 3, "in_play")
    assert (game.home_bid, game.home_ask, game.home_last) == (Decimal("0.64"), Decimal("0.66"), Decimal("0.65"))
    assert (game.away_bid, game.away_ask, game.away_last) == (Decimal("0.38"), None, Decimal("0.39"))
    assert (game.home_quoted_at, game.away_quoted_at) == (NOW, NOW - timedelta(minutes=5))
    assert (game.draw_ticker, game.draw_bid) == (None, None)


def test_the_board_prefers_an_open_market_to_a_closed_one_of_the_same_outcome(world: sa.Engine) -> None:
    game = board(world)["nfl:1"]
    assert (game.home_ticker, game.home_market_status) == ("KXNFLGAME-26NOV22JACKC-KC", "active")


def test_the_board_shows_ratings_and_forecast_of_the_default_model_that_was_rated_last(world: sa.Engine) -> None:
    game = board(world)["nfl:1"]
    assert (game.home_rating, game.home_rated_games) == (1600.0, 8)
    assert (game.away_rating, game.rating_gap) == (1450.0, 150.0)
    assert (game.p_home, game.p_draw, game.p_away) == (0.7, None, pytest.approx(0.3))


def test_going_back_to_older_parameters_brings_their_ratings_back_though_none_changed(world: sa.Engine) -> None:
    run(
        world,
        "INSERT INTO model.states VALUES ('nfl', 'old', '2026-11-20', 2026, false, now(), '', '2026-11-22T18:00:00Z')",
    )
    assert board(world)["nfl:1"].home_rating == 1999.0


def test_the_forecast_board_has_scheduled_and_running_games_with_ratings_and_no_played_ones(world: sa.Engine) -> None:
    games = forecast_board(world)
    assert sorted(games) == ["nfl:1", "nfl:2"]
    coming = games["nfl:2"]
    assert (coming.home_team, coming.away_team) == ("Kansas City Chiefs", "Jacksonville Jaguars")
    assert (coming.p_home, coming.rating_home, coming.deviation_home) == (0.65, 1600.0, 60.0)
    assert (coming.deviation_away, coming.made_before_start, coming.model_version) == (None, True, "elo-1")


def test_a_forecast_of_other_sides_than_the_game_has_now_is_not_shown(world: sa.Engine) -> None:
    """The world's game nfl:4 was forecast before its sides changed places."""
    assert "nfl:4" not in forecast_board(world)
    assert board(world)["nfl:4"].p_home is None


def test_skill_shows_seasons_and_all_of_them_for_the_model_in_use_with_the_blends_weight(world: sa.Engine) -> None:
    build_models(world, ["stg_models_in_use", "skill"])
    found = rows(world, "SELECT skill_id, season, brier, skill, model_weight FROM mart.skill ORDER BY skill_id")
    assert [tuple(row) for row in found] == [
        ("nfl market_aware 2025", 2025, 0.21, 0.0, 0.1),
        ("nfl model 2025", 2025, 0.21, -0.05, 0.1),
        ("nfl model all", None, 0.21, -0.05, None),
    ]


def test_a_side_without_a_rated_game_has_no_rating_and_no_games(world: sa.Engine) -> None:
    game = board(world)["nfl:4"]
    assert (game.home_rating, game.home_rated_games, game.rating_gap) == (None, 0, None)


def test_a_market_that_was_never_quoted_is_named_without_a_price(world: sa.Engine) -> None:
    game = board(world)["nfl:2"]
    assert (game.home_ticker, game.home_bid, game.home_quoted_at) == ("KXNFLGAME-26NOV28JACKC-KC", None, None)


def test_the_board_reaches_from_a_day_before_the_newest_poll_to_a_week_after_it(world: sa.Engine) -> None:
    assert sorted(board(world)) == ["nfl:1", "nfl:2", "nfl:4"]
    with world.begin() as connection:
        poll(connection, NOW + timedelta(days=5))
    later = board(world)
    assert sorted(later) == ["nfl:2", "nfl:3"]
    assert later["nfl:2"].as_of == NOW + timedelta(days=5)


def test_a_game_still_in_play_stays_on_the_board_when_its_start_is_long_past(world: sa.Engine) -> None:
    run(world, "UPDATE core.games SET start_time = start_time - interval '3 days' WHERE game_id = 'nfl:1'")
    assert "nfl:1" in board(world)


def test_team_ratings_rank_the_sides_of_a_league(world: sa.Engine) -> None:
    build_models(world, ["stg_models_in_use", "stg_ratings_current", "team_ratings"])
    found = rows(world, "SELECT team_id, rating, games, league_rank FROM mart.team_ratings ORDER BY league_rank")
    assert [tuple(row) for row in found] == [(HOME, 1600.0, 8, 1), (AWAY, 1450.0, 8, 2)]


def test_freshness_counts_feeds_polls_and_failures_by_source(world: sa.Engine) -> None:
    build_models(world, ["freshness"])
    found = {row.source: row for row in rows(world, "SELECT * FROM mart.freshness")}
    assert (found["espn"].feeds, found["espn"].polls, found["espn"].failing_feeds) == (1, 4, 0)
    assert (found["kalshi"].failing_feeds, found["kalshi"].last_polled_at) == (1, NOW - timedelta(minutes=1))


def test_row_counts_tell_each_table_by_source_and_part(world: sa.Engine) -> None:
    build_models(world, ["row_counts"])
    found = {row.row_count_id: row.row_count for row in rows(world, "SELECT * FROM mart.row_counts")}
    assert found == {
        "core.games espn nfl": 5,
        "core.game_states espn nfl": 5,
        "market.markets kalshi nfl": 5,
        "market.quotes kalshi nfl": 5,
    }


def test_every_model_builds_on_an_empty_database_and_on_a_filled_one(engine: sa.Engine) -> None:
    empty = {result.model.name: result for result in build_models(engine)}
    assert (empty["board"].row_count, empty["board"].how) == (0, "created")
    build_world(engine)
    filled = {result.model.name: result for result in build_models(engine)}
    assert (filled["board"].row_count, filled["board"].how) == (3, "refilled")
    assert filled["stg_games"].how == "unchanged"


def test_every_column_is_documented_and_every_documented_column_exists(engine: sa.Engine) -> None:
    for result in build_models(engine):
        assert [column.name for column in result.columns] == list(result.model.columns), result.model.place
        assert all(column.description for column in result.columns), result.model.place


def test_columns_carry_the_types_that_the_database_gives_them(world: sa.Engine) -> None:
    results = {result.model.name: result for result in build_models(world)}
    types = {column.name: column.type for column in results["board"].columns}
    assert types["home_bid"] == "numeric(8,6)"
    assert (types["home_rating"], types["start_time"]) == ("double precision", "timestamp with time zone")


def test_the_tests_of_the_shipped_models_pass_on_sound_data(world: sa.Engine) -> None:
    for result in build_models(world):
        failed = [one.sentence() for one in run_tests(world, result.model.name) if not one.passed]
        assert failed == [], result.model.name


def test_a_failing_relationship_is_reported_with_its_rows_and_values(world: sa.Engine) -> None:
    run(world, "UPDATE market.market_games SET game_id = 'nfl:gone' WHERE outcome = 'home'")
    build_models(world, ["stg_games", "stg_markets"])
    failed = [one for one in run_tests(world, "stg_markets") if not one.passed]
    assert [(one.test.name, one.failing_rows, one.sample) for one in failed] == [
        ("relationships game_id", 3, ("nfl:gone",))
    ]
    assert failed[0].sentence() == "relationships game_id: 3 rows fail, e.g. nfl:gone"


def test_nulls_duplicates_and_strange_values_are_counted_by_rows(engine: sa.Engine, tmp_path: Path) -> None:
    folder = folder_with(tmp_path, t_bad="select * from (values (1, 'a'), (1, 'b'), (null, 'z'), (2, null)) v(n, word)")
    (folder / "models" / "schema.yml").write_text(
        "models:\n- name: t_bad\n  columns:\n  - {name: n, data_tests: [not_null, unique]}\n"
        "  - {name: word, tests: [{accepted_values: {values: [a, b]}}]}\n"
    )
    project = load_project(folder)
    build_models(engine, project=project)
    results = [(one.test.name, one.failing_rows, one.sample) for one in run_tests(engine, "t_bad", project=project)]
    assert results == [("not_null n", 1, (None,)), ("unique n", 2, ("1",)), ("accepted_values word", 1, ("z",))]


def test_a_test_of_a_column_that_is_not_there_says_so(engine: sa.Engine, tmp_path: Path) -> None:
    folder = folder_with(tmp_path, one="select 1 as n")
    (folder / "models" / "schema.yml").write_text(
        "models:\n- name: one\n  columns:\n  - {name: m, data_tests: [not_null]}\n"
    )
    project = load_project(folder)
    build_models(engine, project=project)
    with pytest.raises(ConfigurationError, match=r"models/one.sql: the test not_null m cannot run: column t\.m does"):
        run_tests(engine, "one", project=project)


class Reader:
    """A client that counts a table's rows without pause, from another connection, until it is told to stop."""

    def __init__(self, url: str, table: str) -> None:
        self.counts: list[int] = []
        self.error: psycopg.Error | None = None
        self.began, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._read, args=(url, table))

    def _read(self, url: str, table: str) -> None:
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(*table.split(".")))
        with psycopg.connect(url) as connection:
            try:
                while not self._stop.is_set():
                    with connection.transaction():
                        row = connection.execute(query).fetchone()
                    self.counts.append(row[0] if row else -1)
                    self.began.set()
            except psycopg.Error as error:
                self.error = error
                self.began.set()

    def __enter__(self) -> Reader:
        self._thread.start()
        assert self.began.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


@pytest.mark.parametrize("changing", [False, True], ids=["same columns", "changed columns"])
def test_a_reader_sees_rows_all_the_time_while_a_table_is_replaced(
    engine: sa.Engine, emptied: str, tmp_path: Path, changing: bool
) -> None:
    build(engine, folder_with(tmp_path, t_long="select n from generate_series(1, 500) n"))
    with Reader(emptied, "mart.t_long") as reader:
        hows = set()
        for turn in range(12):
            extra = f", {turn} as c{turn}" if changing else ""
            text = f"select n{extra} from generate_series(1, {501 + turn}) n"
            hows.add(build(engine, folder_with(tmp_path, t_long=text))["t_long"].how)
    assert reader.error is None
    assert hows == {"swapped" if changing else "refilled"}
    assert len(reader.counts) > 12
    assert set(reader.counts) <= set(range(500, 513))
    assert reader.counts[-1] >= 511


def test_a_reader_of_an_old_snapshot_keeps_its_rows_through_a_refill(engine: sa.Engine, tmp_path: Path) -> None:
    build(engine, folder_with(tmp_path, t_rows="select 1 as n"))
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        before = connection.execute(sa.text("SELECT n FROM mart.t_rows")).all()
        build(engine, folder_with(tmp_path, t_rows="select 2 as n"))
        assert connection.execute(sa.text("SELECT n FROM mart.t_rows")).all() == before == [(1,)]
    assert rows(engine, "SELECT n FROM mart.t_rows") == [(2,)]


def test_notebooks_may_read_what_was_built_however_it_was(engine: sa.Engine, tmp_path: Path) -> None:
    for text in ("select 1 as n", "select 2 as n", "select 'x' as word"):
        build(engine, folder_with(tmp_path, t_rows=text, seen="select * from {{ ref('t_rows') }}"))
        allowed = f"SELECT has_table_privilege('{READER_ROLE}', 'mart.t_rows', 'SELECT'), "
        allowed += f"has_table_privilege('{READER_ROLE}', 'mart.seen', 'SELECT')"
        assert rows(engine, allowed) == [(True, True)]


def test_a_refill_leaves_other_peoples_views_on_the_table_alone(engine: sa.Engine, tmp_path: Path) -> None:
    build(engine, folder_with(tmp_path, t_rows="select 1 as n"))
    run(engine, "CREATE VIEW public.theirs AS SELECT n FROM mart.t_rows")
    assert build(engine, folder_with(tmp_path, t_rows="select 2 as n"))["t_rows"].how == "refilled"
    assert rows(engine, "SELECT n FROM public.theirs") == [(2,)]


def test_a_change_of_columns_is_refused_while_other_peoples_views_need_the_old_ones(
    engine: sa.Engine, tmp_path: Path
) -> None:
    build(engine, folder_with(tmp_path, t_rows="select 1 as n"))
    run(engine, "CREATE VIEW public.theirs AS SELECT n FROM mart.t_rows")
    with pytest.raises(ConfigurationError, match=r"public\.theirs depends on mart\.t_rows.*models/t_rows\.sql"):
        build(engine, folder_with(tmp_path, t_rows="select 'x' as word"))
    assert rows(engine, "SELECT n FROM public.theirs") == [(1,)]


def test_views_of_ours_on_a_changed_relation_are_put_back_in_order(engine: sa.Engine, tmp_path: Path) -> None:
    chain = {"b_view": "select * from {{ ref('t_rows') }}", "a_view": "select * from {{ ref('b_view') }}"}
    build(engine, folder_with(tmp_path, t_rows="select 1 as n", **chain))
    changed = build(engine, folder_with(tmp_path, t_rows="select 'x' as word, 2 as n", **chain), "t_rows")
    assert changed["t_rows"].how == "swapped"
    assert (changed["t_rows"].rebuilt, changed["t_rows"].dropped) == (("mart.b_view", "mart.a_view"), ())
    assert rows(engine, "SELECT word, n FROM mart.a_view") == [("x", 2)]


def test_a_view_that_cannot_be_put_back_yet_is_named_and_comes_with_its_own_build(
    engine: sa.Engine, tmp_path: Path
) -> None:
    build(engine, folder_with(tmp_path, t_rows="select 1 as n", last="select n from {{ ref('t_rows') }}"))
    later = {
        "t_rows": "select 1 as m",
        "new": "select 5 as k",
        "last": "select m, k from {{ ref('t_rows') }} cross join {{ ref('new') }}",
    }
    folder = folder_with(tmp_path, **later)
    assert build(engine, folder, "t_rows")["t_rows"].dropped == ("mart.last",)
    build(engine, folder)
    assert rows(engine, "SELECT m, k FROM mart.last") == [(1, 5)]


def test_a_view_is_replaced_when_columns_are_renamed_and_when_it_becomes_a_table(
    engine: sa.Engine, tmp_path: Path
) -> None:
    assert build(engine, folder_with(tmp_path, one="select 1 as n"))["one"].how == "created"
    assert build(engine, folder_with(tmp_path, one="select 1 as n"))["one"].how == "unchanged"
    assert build(engine, folder_with(tmp_path, one="select 2 as n, 3 as m"))["one"].how == "replaced"
    assert build(engine, folder_with(tmp_path, one="select 'x' as word"))["one"].how == "replaced"
    table = "{{ config(materialized='table') }}select 'y' as word"
    assert build(engine, folder_with(tmp_path, one=table))["one"].how == "swapped"
    assert rows(engine, "SELECT word FROM mart.one") == [("y",)]


def test_a_build_that_fails_leaves_the_rows_and_names_file_and_line(engine: sa.Engine, tmp_path: Path) -> None:
    build(engine, folder_with(tmp_path, t_rows="select 1 as n"))
    with pytest.raises(ConfigurationError, match=r'^models/t_rows\.sql:3: .* column "m" does not exist$'):
        build(engine, folder_with(tmp_path, t_rows="select\n  m from (select 1 as n) q"))
    with pytest.raises(ConfigurationError, match=r"^models/t_rows\.sql:1: .*division by zero"):
        build(engine, folder_with(tmp_path, t_rows="select n / 0 as n from generate_series(1, 2) n"))
    assert rows(engine, "SELECT n FROM mart.t_rows") == [(1,)]


def test_a_model_whose_upstream_was_never_built_says_what_to_do(engine: sa.Engine) -> None:
    with pytest.raises(ConfigurationError, match=r'relation "mart\.stg_games" does not exist; build the models before'):
        build_models(engine, ["board"])


def test_percent_signs_and_colons_in_a_model_are_its_own(engine: sa.Engine, tmp_path: Path) -> None:
    build(engine, folder_with(tmp_path, t_rows="select 'a%sb:c'::text as n where 'x%' like '%'"))
    assert rows(engine, "SELECT n FROM mart.t_rows") == [("a%sb:c",)]


def test_two_builders_of_one_table_take_turns(engine: sa.Engine, tmp_path: Path) -> None:
    folder = folder_with(tmp_path, t_rows="select n from generate_series(1, 2000) n")
    failures: list[Exception] = []

    def builder() -> None:
        try:
            for _ in range(5):
                build(engine, folder)
        except (SQLAlchemyError, ConfigurationError) as error:
            failures.append(error)

    threads = [threading.Thread(target=builder) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert rows(engine, "SELECT count(*) FROM mart.t_rows") == [(2000,)]


def test_a_server_that_is_away_is_a_failure_of_the_system_not_of_the_model() -> None:
    with pytest.raises(PrecogError) as refused:
        build_models(engine_for("postgresql://nobody@127.0.0.1:1/none"), ["freshness"])
    assert refused.value.code == "system.database"


def test_the_latest_quotes_are_found_without_reading_the_others(world: sa.Engine) -> None:
    with world.begin() as connection:
        one = market("KXNFLGAME-26NOV22MANY-X", quote("0.5", "0.6"))
        write_markets(connection, [(one, Observation(NOW, Origin.LIVE))], {"KXNFLGAME": "nfl"})
        connection.execute(
            sa.text(
                "INSERT INTO market.quotes (market_key, observed_at, yes_bid, known_at, origin, confirmed_at) "
                "SELECT m.market_key, at, 0.4, at, 'live', at FROM market.markets m, "
                "generate_series(CAST(:now AS timestamptz) - interval '20 days', :now, interval '5 minutes') at "
                "WHERE m.ticker = 'KXNFLGAME-26NOV22MANY-X' ON CONFLICT DO NOTHING"
            ),
            {"now": NOW},
        )
        connection.execute(sa.text("ANALYZE market.quotes"))
    build_models(world, ["stg_quotes_latest"])
    [(plan,)] = rows(world, "EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM mart.stg_quotes_latest")

    def scanned(node: dict[str, Any]) -> float:
        own = node["Actual Rows"] * node["Actual Loops"] if node.get("Relation Name", "").startswith("quotes") else 0
        return own + sum(scanned(child) for child in node.get("Plans", []))

    assert 0 < scanned(plan[0]["Plan"]) <= 6


def test_the_shipped_folder_is_found_beside_the_package() -> None:
    assert (find_folder({}) / "models" / "marts" / "board.sql").is_file()


def test_a_folder_named_by_the_environment_is_used_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    shutil.copytree(find_folder({}), folder)
    assert find_folder({"PRECOG_SQL_DIR": str(folder)}) == folder.resolve()
    with pytest.raises(ConfigurationError, match=r"PRECOG_SQL_DIR .*nowhere"):
        find_folder({"PRECOG_SQL_DIR": str(tmp_path / "nowhere")})
