"""Tickers taken apart: the shapes that are in the wild, and the ones that must be refused."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from precog_assets.config import league_of_series
from precog_assets.domain.tickers import TickerParts, TickerReason, TickerRefusal, parse_ticker, series_of

LEAGUES = league_of_series()


def parts(ticker: str) -> TickerParts:
    parsed = parse_ticker(ticker, LEAGUES)
    assert isinstance(parsed, TickerParts), parsed
    return parsed


def refusal(ticker: str) -> TickerRefusal:
    parsed = parse_ticker(ticker, LEAGUES)
    assert isinstance(parsed, TickerRefusal), parsed
    return parsed


def test_a_market_ticker_gives_every_part() -> None:
    assert asdict(parts("KXNFLGAME-26JAN18HOUNE-NE")) == {
        "ticker": "KXNFLGAME-26JAN18HOUNE-NE",
        "series": "KXNFLGAME",
        "league": "nfl",
        "event_ticker": "KXNFLGAME-26JAN18HOUNE",
        "eastern_date": date(2026, 1, 18),
        "eastern_start": None,
        "start_time": None,
        "teams": "HOUNE",
        "game_number": None,
        "yes_code": "NE",
        "kind": "market",
    }


@pytest.mark.parametrize(
    ("ticker", "league", "day", "start", "teams", "number", "code"),
    [
        ("KXMLBGAME-25APR26BALDETG1", "mlb", date(2025, 4, 26), None, "BALDET", 1, None),
        ("KXMLBGAME-26APR301235STLPIT", "mlb", date(2026, 4, 30), time(12, 35), "STLPIT", None, None),
        ("KXMLBGAME-26JUL171335TBBOSG1", "mlb", date(2026, 7, 17), time(13, 35), "TBBOS", 1, None),
        ("KXMLBGAME-26JUL282210SEALAD-LAD", "mlb", date(2026, 7, 28), time(22, 10), "SEALAD", None, "LAD"),
        ("KXNCAAMBGAME-26APR04MICHARIZ", "ncaab", date(2026, 4, 4), None, "MICHARIZ", None, None),
        ("KXNCAAWBGAME-26NOV04UCONNLOU", "wncaab", date(2026, 11, 4), None, "UCONNLOU", None, None),
        ("KXWNBAGAME-26JUL17SEAIND", "wnba", date(2026, 7, 17), None, "SEAIND", None, None),
        ("KXEPLGAME-25DEC27CFCAVL-TIE", "epl", date(2025, 12, 27), None, "CFCAVL", None, "TIE"),
        ("KXATPCHALLENGERMATCH-26FEB14KASGOM-KAS", "atp", date(2026, 2, 14), None, "KASGOM", None, "KAS"),
        ("KXNFLGAME-26OCT08LASF", "nfl", date(2026, 10, 8), None, "LASF", None, None),
    ],
)
def test_every_known_form_is_taken_apart(
    ticker: str, league: str, day: date, start: time | None, teams: str, number: int | None, code: str | None
) -> None:
    parsed = parts(ticker)
    assert (parsed.league, parsed.eastern_date, parsed.eastern_start) == (league, day, start)
    assert (parsed.teams, parsed.game_number, parsed.yes_code) == (teams, number, code)
    assert parsed.kind == ("market" if code else "event")
    assert ticker.startswith(parsed.event_ticker)


@pytest.mark.parametrize(
    ("ticker", "reason"),
    [
        ("KXMVENFLSINGLEGAME-S202513E70FA7695-688BECB3826", TickerReason.MULTI_EVENT),
        ("KXMVECROSSCATEGORY-26JAN18HOUNE", TickerReason.MULTI_EVENT),
        ("KXNFLSPREAD-26JAN18HOUNE-NE7", TickerReason.WRONG_MARKET_TYPE),
        ("KXNBAPTS-26OCT20BOSDET-BOSJTATUM0-30", TickerReason.WRONG_MARKET_TYPE),
        ("KXBUNDESLIGAGAME-26SEP18BMUUNI-BMU", TickerReason.WRONG_MARKET_TYPE),
        ("kxnflgame-26JAN18HOUNE-NE", TickerReason.PARSE_FAIL),
        ("KXNFLGAME", TickerReason.PARSE_FAIL),
        ("KXNFLGAME-", TickerReason.PARSE_FAIL),
        ("KXNFLGAME-26JAN18", TickerReason.PARSE_FAIL),
        ("KXNFLGAME-26JAN18HOUNE-", TickerReason.PARSE_FAIL),
        ("KXNFLGAME-26JAN18HOUNE-NE-X", TickerReason.PARSE_FAIL),
        ("KXNFLGAME-26JAM18HOUNE-NE", TickerReason.PARSE_FAIL),
        ("KXNFLGAME-26FEB30HOUNE-NE", TickerReason.PARSE_FAIL),
        ("KXNFLGAME-26JAN00HOUNE-NE", TickerReason.PARSE_FAIL),
        ("KXMLBGAME-26APR302535STLPIT", TickerReason.PARSE_FAIL),
        ("KXMLBGAME-26APR301260STLPIT", TickerReason.PARSE_FAIL),
        ("KXNFLGAME-٢٦JAN18HOUNE-NE", TickerReason.PARSE_FAIL),
        (" KXNFLGAME-26JAN18HOUNE-NE", TickerReason.PARSE_FAIL),
        ("", TickerReason.PARSE_FAIL),
    ],
)
def test_what_is_not_one_games_winner_market_is_refused_with_its_reason(ticker: str, reason: TickerReason) -> None:
    refused = refusal(ticker)
    assert refused.reason is reason
    assert refused.detail
    assert refused.ticker == ticker


def test_a_wnba_ticker_is_never_read_as_nba() -> None:
    assert parts("KXWNBAGAME-26JUL17SEAIND").league == "wnba"
    without = {series: league for series, league in LEAGUES.items() if league != "wnba"}
    parsed = parse_ticker("KXWNBAGAME-26JUL17SEAIND", without)
    assert isinstance(parsed, TickerRefusal)
    assert parsed.reason is TickerReason.WRONG_MARKET_TYPE


@pytest.mark.parametrize(
    ("ticker", "instant"),
    [
        ("KXMLBGAME-26MAR071910NYYBOS", datetime(2026, 3, 8, 0, 10, tzinfo=UTC)),
        ("KXMLBGAME-26MAR081310NYYBOS", datetime(2026, 3, 8, 17, 10, tzinfo=UTC)),
        ("KXMLBGAME-26OCT311910NYYBOS", datetime(2026, 10, 31, 23, 10, tzinfo=UTC)),
        ("KXMLBGAME-26NOV010130NYYBOS", datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
        ("KXMLBGAME-26NOV011310NYYBOS", datetime(2026, 11, 1, 18, 10, tzinfo=UTC)),
        ("KXMLBGAME-26JUL180000NYYBOS", datetime(2026, 7, 18, 4, 0, tzinfo=UTC)),
    ],
)
def test_a_start_is_eastern_wall_time_on_both_sides_of_each_dst_change(ticker: str, instant: datetime) -> None:
    assert parts(ticker).start_time == instant


def test_a_start_in_the_hour_that_dst_skips_is_refused() -> None:
    assert "does not exist" in refusal("KXMLBGAME-26MAR080230NYYBOS").detail


def test_the_series_is_what_stands_before_the_first_dash() -> None:
    assert series_of("KXNFLGAME-26JAN18HOUNE-NE") == "KXNFLGAME"
    assert series_of("KXNFLGAME") == "KXNFLGAME"


@given(st.text(max_size=80))
@example("KXNFLGAME-26JAN18HOUNE-NE\n")
@example("KXNFLGAME-26JAN18" + "A" * 10_000)
def test_any_text_is_parts_or_a_refusal(text: str) -> None:
    parsed = parse_ticker(text, LEAGUES)
    assert parsed.ticker == text
    assert isinstance(parsed, TickerParts | TickerRefusal)


@given(
    day=st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    at=st.none() | st.times(),
    teams=st.from_regex(r"[A-Z]{4,10}", fullmatch=True),
    game=st.none() | st.integers(1, 2),
    code=st.none() | st.from_regex(r"[A-Z]{2,5}", fullmatch=True),
)
def test_what_is_put_together_is_taken_apart_again(
    day: date, at: time | None, teams: str, game: int | None, code: str | None
) -> None:
    start = f"{at:%H%M}" if at else ""
    number = f"G{game}" if game else ""
    ticker = f"KXMLBGAME-{day:%y%b%d}".upper() + start + teams + number + (f"-{code}" if code else "")
    parsed = parse_ticker(ticker, LEAGUES)
    if isinstance(parsed, TickerRefusal):
        assert at is not None
        assert at.hour == 2
        return
    assert (parsed.eastern_date, parsed.teams, parsed.game_number, parsed.yes_code) == (day, teams, game, code)
    assert parsed.eastern_start == (at.replace(second=0, microsecond=0) if at else None)
