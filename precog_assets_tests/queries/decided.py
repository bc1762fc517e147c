"""A game, its markets, ratings and raw answers, and decisions made on them by the product's own functions.

Kansas City is at home to Jacksonville two hours after START; both had a game a week before. Facts are seen at
START, decisions are made a minute later.
"""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from precog_assets.config import load_leagues, load_trading_rules
from precog_assets.domain.facts import Observation, Origin
from precog_assets.domain.ports import RawResponse
from precog_assets.domain.strategies import Limits, Strategy
from precog_assets.domain.trading import Decision, Snapshot
from precog_assets.ratings.versions import described, model_version
from precog_assets.store import tables
from precog_assets.store.archive import FolderArchive
from precog_assets.store.forecasts import COLUMNS, write_forecasts, write_version
from precog_assets.store.games import write_games
from precog_assets.store.markets import write_markets
from precog_assets.store.ratings import write_ratings
from precog_assets.store.response_log import DatabaseResponseLog
from precog_assets.store.snapshots import snapshot_at, to_json
from precog_assets.trading.decide import Decider
from precog_assets_tests.store.rows import at, final, game, market, quote

HOUR, DAY = 3600.0, 86_400.0
EVENT = "KXNFLGAME-26NOV22JACKC"
KC, JAC = f"kalshi:{EVENT}-KC", f"kalshi:{EVENT}-JAC"
GAME = "nfl:401"
SCHEDULED = {"status": "STATUS_SCHEDULED", "state": "pre", "home_score": None, "away_score": None, "period": None}
LIMITS = load_trading_rules().limits


def strategy(**fields: Any) -> Strategy:
    """`value`, which takes on paper from the first day and believes the model; fields of it changed."""
    gates = fields.pop("gates", {})
    base = load_trading_rules().strategies["value"].model_dump() | {"start_rung": "paper", "probability": "model"}
    base["gates"] |= {"max_net_value": "0.5", **gates}
    return Strategy.model_validate(base | fields)


def version() -> str:
    return model_version(load_leagues()["nfl"])


def answered(engine: sa.Engine, folder: Path, feed: str, body: bytes, second: float) -> Observation:
    """A raw answer kept as live ones are, and the stamp of facts read from it."""
    captured = DatabaseResponseLog(engine, FolderArchive(folder, fsync=False)).capture(
        RawResponse(
            source=feed.partition(":")[0],
            feed=feed,
            url=f"https://venue.test/{feed}",
            observed_at=at(second),
            status_code=200,
            content_type="application/json",
            body=body,
            elapsed_ms=1.0,
            outcome="ok",
            code="ok",
            correlation_id="c",
            origin=Origin.LIVE,
        )
    )
    return Observation(at(second), Origin.LIVE, captured.response_id)


def fill(engine: sa.Engine, folder: Path, p_home: float = 0.60, **prices: tuple[str | None, str | None]) -> None:
    """The whole world at START; `prices` are bid and ask of `KC` and `JAC`."""
    shown = {"KC": ("0.40", "0.42"), "JAC": ("0.58", "0.60"), **prices}
    before = [final("398", home_team_id="nfl:12", away_team_id="nfl:1"), final("399", home_team_id="nfl:2", away_team_id="nfl:30")]
    last_week = answered(engine, folder, "espn:scoreboard:nfl:20261115", b'{"week": 11}', -6 * DAY)
    board = answered(engine, folder, "espn:scoreboard:nfl:20261122", b'{"week": 12}', 0)
    listing = answered(engine, folder, "kalshi:markets:KXNFLGAME:open:1", b'{"markets": []}', 0)
    with engine.begin() as connection:
        for past in before:
            write_games(connection, [(_moved(past, -7 * DAY), last_week)], load_leagues())
        write_games(connection, [(game(start_time=at(2 * HOUR), **SCHEDULED), board)], load_leagues())
        markets = [market(code, EVENT, quote=quote(*price)) for code, price in shown.items()]
        write_markets(connection, [(one, listing) for one in markets], {"KXNFLGAME": "nfl"})
        for market_id, outcome in ((KC, "home"), (JAC, "away")):
            link(connection, market_id, outcome=outcome)
        rated = [
            ("nfl", "nfl:398", "nfl:12", version(), 2026, at(-7 * DAY), 1540.0, 1550.0, 0.6, 9, None, None),
            ("nfl", "nfl:399", "nfl:30", version(), 2026, at(-7 * DAY), 1455.0, 1450.0, 0.4, 8, None, None),
        ]
        league = load_leagues()["nfl"]
        write_version(connection, version(), "nfl", "default", described(league, "default"), at(-6 * DAY))
        write_ratings(connection, "nfl", version(), rated, at(-6 * DAY))
        write_forecasts(connection, "nfl", version(), [forecast(p_home)], at(-5 * DAY))
        connection.execute(
            sa.insert(tables.blends).values(
                league="nfl",
                model_version=version(),
                season=2026,
                model_weight=0.25,
                fitted_games=250,
                computed_at=at(-5 * DAY),
            )
        )


def _moved(one: Any, second: float) -> Any:
    from dataclasses import replace

    return replace(one, start_time=at(second))


def forecast(p_home: float) -> tuple[Any, ...]:
    row = {
        "game_id": GAME,
        "season": 2026,
        "start_time": at(2 * HOUR),
        "home_team_id": "nfl:12",
        "away_team_id": "nfl:30",
        "p_home": p_home,
        "p_draw": None,
        "p_away": 1 - p_home,
        "rating_home": 1550.0,
        "rating_away": 1450.0,
        "deviation_home": 60.0,
        "deviation_away": 70.0,
        "games_home": 10,
        "games_away": 9,
        "as_of": at(-5 * DAY),
    }
    return tuple(row[name] for name in COLUMNS)


def link(connection: sa.Connection, market_id: str, *, verdict: str = "matched", **given: Any) -> None:
    row = {
        "market_id": market_id,
        "verdict": verdict,
        "game_id": GAME if verdict == "matched" else None,
        "outcome": None,
        "rule": "only_game_of_pair",
        "detail": "",
        "evidence": {"day": "2026-11-22"},
        "first_decided_at": at(0),
        "last_changed_at": at(0),
        **given,
    }
    connection.execute(sa.insert(tables.market_games).values(**row))


def decide(
    engine: sa.Engine, market_id: str = KC, second: float = 60, *, by: Strategy | None = None, limits: Limits = LIMITS
) -> Decision:
    """Decide as the platform does, at a second after START, and record it."""
    by = by or strategy()
    with engine.begin() as connection:
        snapshot = snapshot_at(connection, market_id, by, at(second))
        assert snapshot is not None
        made = Decider(by, limits).slate([snapshot])[0]
        record(connection, made, snapshot, by, limits)
    return made


def record(
    connection: sa.Connection, made: Decision, snapshot: Snapshot, by: Strategy, limits: Limits = LIMITS, **given: Any
) -> None:
    """Store a decision and the configuration it names."""
    from sqlalchemy.dialects.postgresql import insert

    for table, row in (
        (tables.strategies, {"strategy_hash": by.hash, "name": by.name, "parameters": by.model_dump(mode="json")}),
        (tables.limits, {"limits_hash": "limits", "parameters": limits.model_dump(mode="json")}),
    ):
        known = insert(table).values(**row, created_at=at(0)) if table is tables.limits else insert(table).values(
            **row, limits={}, created_at=at(0)
        )
        connection.execute(known.on_conflict_do_nothing())
    columns = {column.name for column in tables.decisions.c}
    row = {name: value for name, value in asdict(made).items() if name in columns}
    row |= {
        "gates": [orjson.loads(orjson.dumps(gate)) for gate in made.gates],
        "snapshot": orjson.loads(to_json(snapshot)),
        "details": orjson.loads(orjson.dumps(made.details, default=str)),
        "limits_hash": "limits",
        "repeats": 0,
        "computed_at": made.as_of,
        **given,
    }
    connection.execute(sa.insert(tables.decisions).values(**row))


def ordered(engine: sa.Engine, made: Decision) -> None:
    """An order of a decision, half filled at its price."""
    with engine.begin() as connection:
        connection.execute(
            sa.insert(tables.orders).values(
                client_id="c-1",
                venue="paper",
                market_id=made.market_id,
                ticker=made.market_id.partition(":")[2],
                side=made.side.value if made.side else "yes",
                limit_price=made.limit_price,
                contracts=made.contracts,
                filled=Decimal(5),
                post_only=False,
                strategy=made.strategy,
                decision_id=made.decision_id,
                status="canceled",
                reason="nobody offers more",
                created_at=made.as_of,
                last_changed_at=made.as_of,
            )
        )
        connection.execute(
            sa.insert(tables.fills).values(
                fill_id="f-1",
                client_id="c-1",
                market_id=made.market_id,
                side=made.side.value if made.side else "yes",
                price=made.limit_price,
                contracts=Decimal(5),
                fee=Decimal("0.09"),
                is_maker=False,
                filled_at=made.as_of,
                recorded_at=made.as_of,
            )
        )
