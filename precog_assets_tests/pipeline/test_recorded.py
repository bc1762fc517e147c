"""The whole pass over payloads that the venues really sent: real games and markets, nothing raised, nothing lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from precog_assets import embedded
from precog_assets.config import load_leagues
from precog_assets.domain.errors import PrecogError
from precog_assets.environment import Settings, resolve
from precog_assets.pipeline.once import run_once
from precog_assets.pipeline.report import StepReport
from precog_assets.queries import games, quotes_as_of
from precog_assets.services import build_services
from precog_assets.simulator.server import recorded_application
from precog_assets.store import tables
from precog_assets_tests.conftest import SHARED
from precog_assets_tests.databases import copied
from precog_assets_tests.pipeline.conftest import TestClock
from precog_assets_tests.pipeline.serving import served

RECORDED = SHARED / "recorded"
pytestmark = [
    pytest.mark.skipif(not RECORDED.is_dir(), reason="needs the recorded payloads beside the checkout"),
    pytest.mark.xdist_group("one pass over the recorded payloads"),
]
INSTANT = datetime(2026, 10, 7, 18, 0, tzinfo=UTC)
GAMES = {
    "nfl": 43,
    "nba": 18,
    "nhl": 13,
    "mlb": 91,
    "ncaab": 19,
    "epl": 59,
    "ligue1": 2,
    "atp": 239,
    "wta": 274,
}
MARKETS = {
    ("KXNFLGAME", "active"): 4,
    ("KXATPCHALLENGERMATCH", "active"): 14,
    ("KXWTACHALLENGERMATCH", "active"): 2,
}


@dataclass
class Recorded:
    engine: sa.Engine
    passed: dict[str, StepReport | PrecogError]
    again: dict[str, StepReport | PrecogError]


@pytest.fixture(scope="module")
def recorded(
    postgres: embedded.EmbeddedServer, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Recorded]:
    with (
        pytest.MonkeyPatch.context() as patch,
        copied(postgres, template, "precog_test_recorded") as url,
        served(recorded_application(RECORDED)) as address,
    ):
        clock = TestClock(INSTANT)
        patch.setattr("precog_assets.services.clock_of", lambda _environment: clock)
        environment = resolve(
            Settings(
                _env_file=None,
                precog_env="test",
                precog_home=tmp_path_factory.mktemp("recorded"),
                espn_base_url=address,
                kalshi_base_url=f"{address}/trade-api/v2",
                database_url=SecretStr(url),
            )
        )
        services = build_services(environment)
        passed = dict(run_once(services))
        clock.forward(60)
        yield Recorded(services.engine, passed, dict(run_once(services)))
        services.close()


def report(passed: dict[str, StepReport | PrecogError], step: str) -> StepReport:
    found = passed[step]
    assert isinstance(found, StepReport), found
    return found


def rows(recorded: Recorded, query: str) -> list[Any]:
    with recorded.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def test_nothing_raises_and_every_answer_is_ok(recorded: Recorded) -> None:
    for name in recorded.passed:
        one = report(recorded.passed, name)
        assert (one.failed, one.failures) == (False, []), name
        # What the pass asked for before, the fees step reads again for its terms.
        assert set(one.outcomes) <= ({"ok", "http.unchanged"} if name == "fees" else {"ok"}), name


def test_every_recorded_game_of_our_leagues_is_there(recorded: Recorded) -> None:
    assert dict(rows(recorded, "SELECT league, count(*) FROM core.games GROUP BY league")) == GAMES


def test_real_games_have_their_teams_scores_and_season(recorded: Recorded) -> None:
    stored = {row["game_id"]: row for row in games(recorded.engine, "nfl").iter_rows(named=True)}
    coming, over = stored["nfl:401772714"], stored["nfl:401772947"]
    assert (coming["home_team"], coming["away_team"]) == ("Los Angeles Chargers", "Kansas City Chiefs")
    assert (coming["season"], coming["phase"], coming["home_score"], coming["winner"]) == (
        2025,
        "scheduled",
        None,
        None,
    )
    assert coming["start_time"] == datetime(2025, 9, 6, tzinfo=UTC)
    assert (over["home_team"], over["away_team"]) == ("Detroit Lions", "Dallas Cowboys")
    assert (over["home_score"], over["away_score"], over["phase"], over["winner"]) == (44, 30, "final", "home")


def test_every_recorded_market_of_our_series_is_there(recorded: Recorded) -> None:
    found = rows(recorded, "SELECT series_ticker, status, count(*) FROM market.markets GROUP BY 1, 2")
    assert {(series, status): number for series, status, number in found} == MARKETS


def test_a_real_market_has_its_prices_to_the_cent(recorded: Recorded) -> None:
    quotes = quotes_as_of(recorded.engine, INSTANT, tickers=["KXNFLGAME-26OCT08TBDAL-DAL"])
    row = quotes.row(0, named=True)
    assert (row["yes_bid"], row["yes_ask"]) == (Decimal("0.80"), Decimal("0.81"))
    assert row["league"] == "nfl"
    assert row["observed_at"] == INSTANT


def test_what_is_not_ours_is_counted_by_reason_and_nothing_is_rejected(recorded: Recorded) -> None:
    for name in recorded.passed:
        assert dict(report(recorded.passed, name).rejections) == {}, name
    assert dict(report(recorded.passed, "games").out_of_scope).keys() == {"doubles"}
    assert rows(recorded, "SELECT payload_type, key, reason FROM ops.rejections") == []
    assert rows(recorded, "SELECT payload_type FROM ops.contract_samples") == []


def test_markets_without_a_recorded_game_are_refused_with_the_reason(recorded: Recorded) -> None:
    found = rows(recorded, "SELECT verdict, game_id, count(*) FROM market.market_games GROUP BY 1, 2")
    assert found == [("no_game", None, 20)]
    details = rows(
        recorded,
        "SELECT detail FROM market.market_games l JOIN market.markets m USING (market_id) "
        "WHERE ticker = 'KXNFLGAME-26OCT08TBDAL-DAL'",
    )
    assert "Tampa Bay Buccaneers and Dallas Cowboys" in details[0][0]


def test_teams_nobody_seeded_are_provisional_and_players_are_players(recorded: Recorded) -> None:
    found = dict(rows(recorded, "SELECT kind, count(*) FROM core.teams WHERE league IN ('atp', 'wta') GROUP BY kind"))
    assert set(found) == {"player"}
    assert found["player"] > 400
    provisional = rows(recorded, "SELECT count(*) FROM core.teams WHERE provisional AND kind <> 'team'")
    assert provisional == [(0,)]


def test_every_response_is_kept_once_with_its_bytes(recorded: Recorded) -> None:
    with recorded.engine.connect() as connection:
        sent = connection.execute(sa.select(sa.func.count()).select_from(tables.responses)).scalar_one()
    new = [report(recorded.passed, name).outcomes["ok"] for name in recorded.passed]
    assert sent == sum(new)


def test_ratings_come_from_the_real_results(recorded: Recorded) -> None:
    rated = dict(rows(recorded, "SELECT league, count(DISTINCT game_id) FROM model.ratings GROUP BY league"))
    assert set(rated) <= set(load_leagues())
    assert (rated["nfl"], rated["mlb"], rated["epl"]) == (14, 54, 17)


def test_a_minute_later_the_same_payloads_change_nothing(recorded: Recorded) -> None:
    for name in recorded.again:
        one = report(recorded.again, name)
        assert (one.failed, one.written) == (False, 0), name
