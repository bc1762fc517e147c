"""A feed of files: markets tied, games forecast walking forward, prices in order, and nothing told early."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from precog_assets.config import load_leagues, load_trading_rules
from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.leagues import Outcome
from precog_assets.domain.times import EASTERN
from precog_assets.pipeline.backtest.feed import NO_PRICE, RESULTS_IN, ForecastKnown, GameKnown, MarketKnown, MarketPaid
from precog_assets.pipeline.backtest.files import FileFeed, file_feed
from precog_assets.pipeline.backtest.result import Result
from precog_assets.pipeline.backtest.run import run_backtest
from precog_assets.seeds import team_seeds
from precog_assets_tests.conftest import SHARED
from precog_assets_tests.pipeline.backtest.worlds import eager

NFL, RULES = load_leagues()["nfl"], load_trading_rules()
TEAMS = sorted({team.abbreviation for team in team_seeds() if team.league == "nfl" and team.abbreviation})
SUNDAY = date(2025, 11, 16)
KICKOFF = datetime(2025, 11, 16, 18, 0, tzinfo=UTC)
"""13:00 Eastern."""
HOUR = timedelta(hours=1)
HOME, AWAY = "KXNFLGAME-25NOV16JACKC-KC", "KXNFLGAME-25NOV16JACKC-JAC"


def played(seed: int = 1) -> list[dict[str, Any]]:
    """Two seasons: every team meets another each week, and KC wins at home by a lot."""
    drawn = random.Random(seed)
    rows: list[dict[str, Any]] = []
    for season, first, weeks in ((2024, date(2024, 9, 8), 17), (2025, date(2025, 9, 7), 10)):
        for week in range(weeks):
            order = TEAMS[:]
            drawn.shuffle(order)
            for home, away in zip(order[::2], order[1::2], strict=True):
                won = 30 if home == "KC" else drawn.randint(10, 35)
                lost = 3 if home == "KC" else won + drawn.choice((-7, -3, 3, 7))
                rows.append(
                    {
                        "season": season, "date": (first + timedelta(weeks=week)).isoformat(), "home": home,
                        "away": away, "home_score": won, "away_score": lost,
                    }
                )  # fmt: skip
    return rows


@dataclass
class Files:
    """What the files hold; tests change it and write it."""

    games: list[dict[str, Any]] = field(default_factory=played)
    schedule: list[dict[str, Any]] = field(
        default_factory=lambda: [
            {"date": SUNDAY.isoformat(), "home": "Kansas City Chiefs", "away": "JAC", "kickoff_eastern": "13:00"}
        ]
    )
    markets: list[dict[str, Any]] = field(
        default_factory=lambda: [
            {
                "ticker": ticker, "result": result, "open_time": "2025-11-05T15:00:00Z", "yes_sub_title": name,
                "close_time": "2025-11-16T21:10:00Z", "expected_expiration_time": "2025-11-16T21:00:00Z",
                "settlement_timer_seconds": 300,
            }
            for ticker, result, name in ((HOME, "yes", "Kansas City"), (AWAY, "no", "Jacksonville"))
        ]
    )  # fmt: skip
    quotes: list[tuple[datetime, str, int]] = field(
        default_factory=lambda: [
            (KICKOFF - 5 * HOUR, HOME, 50),
            (KICKOFF - 4 * HOUR, AWAY, 50),
            (KICKOFF - 2 * HOUR, HOME, 55),
            (KICKOFF - 0.5 * HOUR, HOME, 60),
            (KICKOFF + HOUR, HOME, 90),
        ]
    )

    def feed(self, folder: Path, **options: Any) -> FileFeed:
        """The files written, and read."""
        prices = [{"ticker": one, "timestamp": int(at.timestamp()), "close": cents} for at, one, cents in self.quotes]
        for name in ("markets", "games", "schedule"):
            pl.DataFrame(getattr(self, name), infer_schema_length=None).write_parquet(folder / f"{name}.parquet")
        pl.DataFrame(prices).write_parquet(folder / "quotes.parquet")
        given = {name: folder / f"{name}.parquet" for name in ("markets", "games", "schedule")}
        if not self.schedule:
            given.pop("schedule")
        return file_feed(NFL, quotes=[folder / "quotes.parquet"], assumptions=RULES.backtests, **{**given, **options})


@pytest.fixture
def files() -> Files:
    return Files()


def facts(feed: FileFeed, kind: type) -> list[Any]:
    return [one for one in feed.facts if isinstance(one, kind)]


def run(feed: FileFeed, **options: Any) -> Result:
    by_model = eager().model_copy(update={"probability": "model"})
    return run_backtest(feed, by_model, RULES.limits, RULES.backtests, **options)


def test_markets_are_tied_and_games_forecast_from_the_days_before(files, tmp_path):
    feed = files.feed(tmp_path)
    assert feed.verdicts == {"matched": 2}
    [said] = facts(feed, ForecastKnown)
    midnight = datetime(2025, 11, 16, tzinfo=EASTERN)
    assert (said.as_of, said.known_at) == (midnight, midnight + RESULTS_IN)
    assert (said.games_home, said.games_away) == (27, 27)
    assert said.rated_at == datetime(2025, 11, 9, tzinfo=EASTERN)
    assert said.probabilities[Outcome.HOME] > 0.6
    assert feed.last_result == datetime(2025, 11, 9, tzinfo=EASTERN)


def test_a_schedule_tells_the_start_under_any_name_of_a_team(files, tmp_path):
    [game] = facts(files.feed(tmp_path), GameKnown)
    assert (game.game.start_time, game.game.start_time_valid, game.assumed_start) == (KICKOFF, True, None)


def test_without_an_announced_start_a_game_counts_as_begun_the_margin_before_the_guess(files, tmp_path):
    files.schedule[0]["kickoff_eastern"] = None
    feed = files.feed(tmp_path)
    [game] = facts(feed, GameKnown)
    assert game.assumed_start == KICKOFF
    assert game.game.start_time == KICKOFF - timedelta(minutes=45)
    result = run(feed)
    assert result.assumed_starts == 1
    assert max(bet.decision.as_of for bet in result.bets) == KICKOFF - 2 * HOUR
    assert {bet.closing_mid for bet in result.bets if bet.ticker == HOME} == {0.55}


def test_with_an_announced_start_the_last_price_before_it_is_the_closing_one(files, tmp_path):
    result = run(files.feed(tmp_path))
    assert {bet.closing_mid for bet in result.bets if bet.ticker == HOME} == {0.6}


def test_prices_without_bid_and_ask_are_made_quotes_with_the_configured_half_spread(files, tmp_path):
    quotes = files.feed(tmp_path).quotes
    assert quotes.synthetic.all()
    assert (quotes.bid[0], quotes.ask[0], quotes.last[0]) == (490_000, 510_000, 500_000)
    assert quotes.ask_size.tolist() == [100.0] * 5


def test_a_price_at_the_edge_leaves_one_side_without_a_bid(files, tmp_path):
    files.quotes = [(KICKOFF + HOUR, HOME, 99), (KICKOFF + 2 * HOUR, HOME, 1), (KICKOFF - 9 * HOUR, HOME, 50)]
    quotes = files.feed(tmp_path).quotes
    assert quotes.ask.tolist() == [510_000, NO_PRICE, 20_000]
    assert quotes.bid.tolist() == [490_000, 980_000, NO_PRICE]


def test_a_market_is_listed_closed_and_paid_in_its_time(files, tmp_path):
    feed = files.feed(tmp_path)
    listed, closed = [one for one in facts(feed, MarketKnown) if one.market.ticker == HOME]
    end = datetime(2025, 11, 16, 21, 10, tzinfo=UTC)
    assert (listed.known_at, listed.market.status) == (datetime(2025, 11, 5, 15, tzinfo=UTC), "active")
    assert (closed.known_at, closed.market.status) == (end, "closed")
    # Nobody knew when it would close: what is listed is a deadline, far after its game.
    assert listed.market.close_time > end + timedelta(days=10)
    assert {one.known_at for one in facts(feed, MarketPaid)} == {end + timedelta(minutes=5)}


def test_a_game_that_ended_level_pays_half_a_dollar(files, tmp_path):
    files.schedule[0] |= {"home_score": 20.0, "away_score": 20.0}
    for row in files.markets:
        row["result"] = None
    assert [(one.result, one.yes_value) for one in facts(files.feed(tmp_path), MarketPaid)] == [("scalar", 0.5)] * 2


def test_a_market_that_ended_without_a_result_gives_the_money_back(files, tmp_path):
    for row in files.markets:
        row |= {"result": None, "close_time": "2025-11-16T14:00:00Z"}
    feed = files.feed(tmp_path)
    assert [(one.result, one.yes_value) for one in facts(feed, MarketPaid)] == [("void", None)] * 2
    # Its round close lies before its game; the exchange's expected end is what counts then.
    assert {one.known_at for one in facts(feed, MarketPaid)} == {datetime(2025, 11, 16, 21, 5, tzinfo=UTC)}


def test_a_market_that_has_not_ended_is_neither_closed_nor_paid(files, tmp_path):
    for row in files.markets:
        row |= {"status": "active", "result": ""}
    feed = files.feed(tmp_path)
    assert facts(feed, MarketPaid) == []
    assert {one.market.status for one in facts(feed, MarketKnown)} == {"active"}
    assert {bet.profit for bet in run(feed).bets} == {None}


def test_a_market_of_no_game_says_why_and_is_not_traded(files, tmp_path):
    files.schedule = []
    feed = files.feed(tmp_path)
    assert feed.verdicts == {"no_game": 2}
    result = run(feed)
    assert result.bets == []
    assert {gate for _, _, gate in result.by_gate} == {"matched"}


def test_a_feed_can_be_cut_to_a_time(files, tmp_path):
    feed = files.feed(tmp_path, start=KICKOFF - 4 * HOUR, end=KICKOFF)
    assert len(feed.quotes) == 3
    assert feed.start == KICKOFF - 4 * HOUR
    # What was bought is paid after the end, and nothing else is told of it.
    assert {type(one) for one in feed.facts if one.known_at >= KICKOFF} == {MarketPaid}
    result = run(feed, until=KICKOFF)
    assert (result.events, result.last) == (3, KICKOFF)
    assert {bet.yes_value is not None for bet in result.bets} == {True}


def test_prices_of_markets_that_the_markets_file_lacks_are_left_out_and_counted(files, tmp_path):
    files.quotes.append((KICKOFF - HOUR, "KXNFLGAME-25NOV16DENLV-LV", 40))
    feed = files.feed(tmp_path)
    assert (len(feed.quotes), feed.rejected) == (5, {"no market of the markets file": 1})


def test_a_time_without_any_price_says_what_the_files_have(files, tmp_path):
    with pytest.raises(ConfigurationError, match=r"5 prices from 2025-11-16 13:00.*none is left from 2025-12-01"):
        files.feed(tmp_path, start=datetime(2025, 12, 1, tzinfo=UTC))


def test_a_feed_has_a_chunk_for_each_day_with_anything_on_it(files, tmp_path):
    feed = files.feed(tmp_path)
    chunks = list(feed.chunks())
    assert feed.length() == len(chunks) == 1
    assert sum(len(chunk.quotes) for chunk in chunks) == len(feed.quotes)
    assert sum(len(chunk.facts) for chunk in chunks) == len(feed.facts)


def test_files_without_what_is_needed_are_refused_by_name(files, tmp_path):
    files.feed(tmp_path)
    nba = load_leagues()["nba"]
    given = {name: tmp_path / f"{name}.parquet" for name in ("markets", "games")}
    with pytest.raises(ConfigurationError, match="2 markets, none of nba"):
        file_feed(nba, quotes=[tmp_path / "quotes.parquet"], assumptions=RULES.backtests, **given)
    with pytest.raises(ConfigurationError, match="no price"):
        file_feed(NFL, quotes=[], assumptions=RULES.backtests, **given)
    pl.DataFrame({"symbol": ["X"]}).write_parquet(tmp_path / "markets.parquet")
    with pytest.raises(ConfigurationError, match="needs ticker"):
        file_feed(NFL, quotes=[tmp_path / "quotes.parquet"], assumptions=RULES.backtests, **given)
    with pytest.raises(ConfigurationError, match="no model 'nonsense'"):
        files.feed(tmp_path, model="nonsense")


def test_no_later_row_of_any_file_changes_an_earlier_decision(files, tmp_path):
    """Prices, results and scores after the first Sunday are others: what was decided on it is not."""
    second = "2025-11-23"
    files.games += [
        {"season": 2025, "date": day, "home": "KC", "away": "DEN", "home_score": 40, "away_score": 0}
        for day in (second, "2025-12-01")
    ]
    before = run(files.feed(tmp_path), keep_all=True)
    until = KICKOFF - 2 * HOUR
    changed = Files()
    changed.games += [
        {"season": 2025, "date": day, "home": "DEN", "away": "KC", "home_score": 50, "away_score": 3}
        for day in (second, "2025-12-01")
    ]
    changed.quotes = [row for row in changed.quotes if row[0] <= until] + [(KICKOFF - HOUR, HOME, 20)]
    for row in changed.markets:
        row |= {"result": "no" if row["result"] == "yes" else "yes", "close_time": "2025-11-16T20:00:00Z"}
    after = run(changed.feed(tmp_path), keep_all=True)
    early = [one for one in before.decisions if one.as_of <= until]
    assert len(early) == 3
    assert early == [one for one in after.decisions if one.as_of <= until]
    assert before.decisions != after.decisions


@pytest.mark.skipif(not SHARED.exists(), reason="the recorded data is not here")
@pytest.mark.parametrize(("key", "verdicts", "events"), [("nfl", {"matched": 128, "exhibition": 98}, 119)])
def test_the_recorded_markets_are_traded_by_nobody_whose_ratings_end_years_before(key, verdicts, events):
    data = SHARED / "data"
    feed = file_feed(
        load_leagues()[key],
        markets=data / "kalshi" / f"kalshi_{key}_game_markets_2025.parquet",
        quotes=[data / "kalshi" / f"kalshi_{key}_closing_lines_2025.parquet"],
        games=data / "games" / f"{key}.parquet",
        schedule=data / "schedules" / f"{key}_2025.parquet",
        assumptions=RULES.backtests,
    )
    assert feed.verdicts == verdicts
    result = run_backtest(feed, RULES.strategies["value"], RULES.limits, RULES.backtests)
    assert (result.events, result.bets) == (events, [])
    assert {gate for _, _, gate in result.by_gate} == {"matched", "rating_age"}
