"""Random facts and quotes of two games, strange ones among them, as hypothesis draws them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from precog_assets.domain.leagues import Outcome
from precog_assets.domain.trading import LinkFacts
from precog_assets.pipeline.backtest.feed import Fact
from precog_assets_tests.pipeline.backtest.worlds import LISTED, START, QuoteRow, forecast, game, market, paid

SPAN_S = int((START + timedelta(hours=6) - LISTED).total_seconds())
GAMES = ("nfl:1", "nfl:2")
EVENTS = {"nfl:1": "KXNFLGAME-26NOV21JACKC", "nfl:2": "KXNFLGAME-26NOV21DENLV"}
CODES = {"nfl:1": ("KC", "JAC"), "nfl:2": ("LV", "DEN")}
MARKETS = tuple(f"kalshi:{EVENTS[one]}-{code}" for one in GAMES for code in CODES[one])


def instants() -> st.SearchStrategy[datetime]:
    """From the listing to some hours after the start; some before anything was listed."""
    return st.integers(-7200, SPAN_S).map(lambda seconds: LISTED + timedelta(seconds=seconds))


@st.composite
def quote_rows(draw: st.DrawFn, least: int = 1, most: int = 30) -> list[QuoteRow]:
    """Quotes in time order: mostly around one price, some one-sided, locked or crossed."""
    rows: list[QuoteRow] = []
    for _ in range(draw(st.integers(least, most))):
        bid = draw(st.integers(30, 60) | st.integers(0, 99))
        ask = bid + draw(st.integers(1, 6) | st.integers(-3, 60))
        rows.append((draw(instants()), draw(st.sampled_from(MARKETS)), bid, min(max(ask, 1), 100)))
    return sorted(rows, key=lambda row: row[0])


@st.composite
def facts(draw: st.DrawFn) -> list[Fact]:
    """What is known of two games: mostly whole, each part sometimes strange, missing or late."""
    told: list[Fact] = []
    for game_id in GAMES:
        told += _of_game(draw, game_id)
    return told


def _of_game(draw: st.DrawFn, game_id: str) -> list[Fact]:
    def odd(usual: Any, *others: Any) -> Any:
        return draw(st.sampled_from((usual,) * 8 + others))

    told: list[Fact] = []
    if odd(True, False):
        played = game(
            game_id=game_id,
            game_kind=odd("regular", "preseason", "postseason"),
            start_time_valid=odd(True, False),
            start_time=START + timedelta(hours=odd(0, -60, 12)),
            confirmed_at=odd(None, LISTED + timedelta(hours=odd(40, 10, 54))),
        )
        told.append(replace(played, known_at=odd(LISTED, draw(instants()))))
        phase = odd("in_play", "scheduled", "postponed", "final")
        told.append(
            game(
                game_id=game_id,
                phase=phase,
                known_at=START + timedelta(hours=odd(0, -3)),
                confirmed_at=odd(None, START),
            )
        )
    for _ in range(draw(st.integers(0, 2))):
        told.append(
            forecast(
                draw(st.floats(0.05, 0.95)),
                game_id=game_id,
                known_at=odd(LISTED, draw(instants())),
                games_home=odd(11, 3),
                rated_at=odd(LISTED - timedelta(days=5), None, LISTED - timedelta(days=199, hours=12)),
                as_of=odd(LISTED, draw(instants())),
                model_weight=odd(0.5, 0.0, 0.1),
            )
        )
    for code, outcome in zip(CODES[game_id], (Outcome.HOME, Outcome.AWAY), strict=True):
        market_id = f"kalshi:{EVENTS[game_id]}-{code}"
        if not odd(True, False):
            continue
        link = odd(LinkFacts("matched", game_id, outcome), LinkFacts("no_game"), LinkFacts("matched", game_id, None))
        told.append(market(market_id, outcome, link=link, league=odd("nfl", "nba", None), known_at=LISTED))
        close = odd(START + timedelta(days=10), START - timedelta(hours=20))
        status = odd("active", "inactive", "closed")
        told.append(market(market_id, outcome, link=link, status=status, close_time=close, known_at=draw(instants())))
        told.append(paid(market_id, odd("yes", "no", "void"), known_at=START + timedelta(hours=odd(5, -1))))
    return told
