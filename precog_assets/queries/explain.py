"""Where a decision came from, as a tree: decision, price, forecast, ratings, games, quotes, down to the raw responses.

Belongs here: the chain, read from what is stored; each fact is the one of the instant that the decision recorded.
Does not: deciding again (`pipeline.replay`), drawing trees on a terminal (`cli.explain`). What retention has dropped is
a node that says so, never left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from precog_assets.queries import explain_sql as statements
from precog_assets.queries.decisions import RecordedDecision, decision
from precog_assets.queries.explain_fees import fees_of
from precog_assets.queries.state_text import state_text
from precog_assets.queries.why import count_text, price_text


@dataclass(frozen=True, slots=True)
class Node:
    """A thing and what it was made from. `values` are as stored; `children` are its sources."""

    kind: str
    """decision, strategy, limits, price, forecast, rating, game, state, blend, quote, book, market, link, fees, terms,
    order, fill, response, or missing."""
    title: str
    values: Mapping[str, Any] = field(default_factory=dict)
    children: tuple[Node, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The tree with nothing but JSON's types; instants as ISO 8601, decimals as text."""
        return {
            "kind": self.kind,
            "title": self.title,
            "values": {name: _plain(value) for name, value in self.values.items()},
            "children": [child.as_json() for child in self.children],
        }

    def find(self, kind: str) -> list[Node]:
        """Every node of a kind in this tree, in the order shown."""
        mine = [self] if self.kind == kind else []
        return mine + [found for child in self.children for found in child.find(kind)]


def explain_decision(engine: sa.Engine, decision_id: str) -> Node:
    """The chain behind a decision, by its id or the unique beginning of one.

    Raises ConfigurationError as `decisions.decision` does.
    """
    recorded = decision(engine, decision_id)
    with engine.connect() as connection:
        return _Chain(connection, recorded).decision()


class _Chain:
    """One decision's sources, read one by one: each by key and instant, never by a scan."""

    def __init__(self, connection: sa.Connection, recorded: RecordedDecision) -> None:
        self._connection = connection
        self._recorded = recorded
        self._market = self._one(statements.MARKET, market_id=recorded.market_id)

    def decision(self) -> Node:
        one = self._recorded
        gates = [{"name": g.name, "passed": g.passed, "value": g.value, "threshold": g.threshold} for g in one.gates]
        values = {
            "decision_id": one.decision_id,
            "market_id": one.market_id,
            "strategy": one.strategy,
            "as_of": one.as_of,
            "action": one.action,
            "reason": one.reason,
            "side": one.side,
            "limit_price": one.limit_price,
            "contracts": one.contracts,
            "net_value": one.net_value,
            "p_model": one.p_model,
            "p_market": one.p_market,
            "p_trading": one.p_trading,
            "divergence": one.divergence,
            "rung": one.rung,
            "repeats": one.repeats,
            "gates": gates,
            "details": one.details,
        }
        title = f"{one.action} {one.market_id} by {one.strategy}: {one.reason}"
        parts = (
            self._strategy(),
            self._price(),
            self._quote(one.market_id, self._instant("quote", "observed_at"), "quote"),
            self._book(),
            self._game_state(),
            self._play(),
            self._market_state(),
            self._link(),
            self._fees(),
            *self._orders(),
        )
        return Node("decision", title, values, tuple(part for part in parts if part is not None))

    def _strategy(self) -> Node:
        found = self._one(statements.STRATEGY, strategy_hash=self._recorded.strategy_hash)
        limits = self._one(statements.LIMITS, limits_hash=self._recorded.limits_hash)
        name = f"{self._recorded.strategy} {self._recorded.strategy_hash}"
        if found is None:
            return _missing(f"strategy {name}")
        under = f"limits {self._recorded.limits_hash}"
        bounds = _missing(under) if limits is None else Node("limits", under, limits)
        return Node("strategy", f"strategy {name}", found, (bounds,))

    def _price(self) -> Node | None:
        one = self._recorded
        found = self._one(
            statements.PRICE,
            market_id=one.market_id,
            as_of=one.as_of,
            version=self._of("forecast", "model_version"),
        )
        if found is None:
            # A row is written where a price changed; what the decision read stands in its snapshot.
            read = self._recorded.snapshot.get("price")
            if read is None:
                return self._forecast(None)
            found = {**read, "as_of": one.as_of, "game_id": one.game_id, "model_version": None}
        parts = [self._forecast(found), self._blend(self._of("forecast", "model_version") or found["model_version"])]
        parts += [
            self._quote(row["market_id"], found["as_of"], f"quote of {row['outcome']}")
            for row in self._all(statements.SIBLINGS, market_id=one.market_id, game_id=found["game_id"])
        ]
        title = f"price {found['p_trading']:.4f}: market {found['p_market']:.4f}, weight {found['model_weight']:.2f}"
        return Node("price", title, found, tuple(part for part in parts if part is not None))

    def _forecast(self, price: Mapping[str, Any] | None) -> Node | None:
        known = price or {}
        version = self._of("forecast", "model_version") or known.get("model_version")
        computed_at = self._instant("forecast", "computed_at") or known.get("forecast_computed_at")
        game_id = self._recorded.game_id or known.get("game_id")
        if version is None or computed_at is None or game_id is None:
            return None
        found = self._one(statements.FORECAST, version=version, game_id=game_id, at=computed_at)
        if found is None:
            return _missing(f"forecast of {game_id} by {version}, computed {computed_at.isoformat()}")
        draw = "" if found["p_draw"] is None else f", draw {found['p_draw']:.4f}"
        title = f"forecast home {found['p_home']:.4f}{draw}, away {found['p_away']:.4f} by {version}"
        return Node("forecast", title, found, tuple(self._rating(found, side) for side in ("home", "away")))

    def _rating(self, forecast: Mapping[str, Any], side: str) -> Node:
        team = forecast[f"{side}_team_id"]
        found = self._one(
            statements.LAST_RATED,
            league=forecast["league"],
            version=forecast["model_version"],
            team_id=team,
            start=forecast["start_time"],
            at=forecast["computed_at"],
        )
        values = {
            "side": side,
            "team_id": team,
            "team": forecast[f"{side}_team"],
            "model_version": forecast["model_version"],
            **{name: forecast[f"{name}_{side}"] for name in ("rating", "deviation", "games")},
        }
        title = f"{side} {values['team'] or team}: rating {values['rating']:.1f} after {values['games']} games"
        return Node("rating", title, values, (self._last_game(found, forecast["computed_at"]),) if found else ())

    def _last_game(self, rated: Mapping[str, Any], at: datetime) -> Node:
        state = self._one(statements.GAME_STATE, game_id=rated["game_id"], at=at)
        score = f"{rated['away_team']} {rated['away_score']} at {rated['home_team']} {rated['home_score']}"
        moved = f"{rated['rating_before']:.1f} to {rated['rating_after']:.1f}"
        title = f"last moved by {rated['game_id']}, {rated['start_time']:%Y-%m-%d}: {score}, {moved}"
        return Node("game", title, rated, self._response_of(state))

    def _blend(self, version: str | None) -> Node | None:
        if self._recorded.snapshot.get("play"):
            return None  # of games to come; in play the market is not moved by it
        found = version and self._one(statements.BLEND, version=version, at=self._recorded.as_of)
        if not found:
            return None
        title = f"blend: weight {found['model_weight']:.3f} in {found['season']}, from {found['fitted_games']} games"
        return Node("blend", title, found)

    def _quote(self, market_id: str, at: datetime | None, name: str) -> Node | None:
        if at is None:
            return None
        found = self._one(statements.QUOTE, market_id=market_id, at=at)
        if found is None:
            return _missing(f"{name} of {market_id} at {at.isoformat()}")
        bid, ask = price_text(found["yes_bid"]), price_text(found["yes_ask"])
        title = f"{name}: bid {bid}, ask {ask}, first seen {found['observed_at']:%Y-%m-%d %H:%M:%S} UTC"
        return Node("quote", title, found, self._response_of(found))

    def _book(self) -> Node | None:
        found = self._one(statements.BOOK, market_id=self._recorded.market_id, at=self._recorded.as_of)
        if found is None:
            return None
        levels = f"{len(found['yes_levels'])} YES and {len(found['no_levels'])} NO levels"
        return Node(
            "book",
            f"book: {levels}, first seen {found['observed_at']:%Y-%m-%d %H:%M:%S} UTC",
            found,
            self._response_of(found),
        )

    def _game_state(self) -> Node | None:
        if self._recorded.game_id is None:
            return None
        at = self._instant("game", "observed_at") or self._recorded.as_of
        found = self._one(statements.GAME_STATE, game_id=self._recorded.game_id, at=at)
        if found is None:
            return _missing(f"state of {self._recorded.game_id} at {at.isoformat()}")
        title = f"game {found['game_id']}: {found['status']}, starts {found['start_time']:%Y-%m-%d %H:%M} UTC"
        return Node("game", title, found, self._response_of(found))

    def _play(self) -> Node | None:
        """The state of a game in play that was read, and the probability made of it."""
        play = self._recorded.snapshot.get("play")
        at = self._instant("play", "observed_at")
        if not play or at is None:
            return None
        found = self._one(statements.GAME_STATE, game_id=self._recorded.game_id, at=at)
        values = {**play, "observed_at": at}
        return Node("state", f"state: {state_text(play)}", values, self._response_of(found))

    def _market_state(self) -> Node | None:
        found = self._one(statements.MARKET_STATE, market_id=self._recorded.market_id, at=self._recorded.as_of)
        if found is None:
            return _missing(f"state of {self._recorded.market_id}")
        title = f"market {found['status']}, closes {found['close_time']:%Y-%m-%d %H:%M} UTC"
        return Node("market", title, found, self._response_of(found))

    def _link(self) -> Node | None:
        found = self._one(statements.LINK, market_id=self._recorded.market_id)
        if found is None:
            return None
        said = f"{found['outcome']} of {found['game_id']}" if found["game_id"] else found["detail"]
        changed = " (changed since)" if found["last_changed_at"] > self._recorded.as_of else ""
        return Node("link", f"link {found['verdict']}{changed}: {said}", found)

    def _fees(self) -> Node:
        if self._market is None:
            return _missing(f"market {self._recorded.market_id}")
        title, values = fees_of(self._connection, self._market, self._recorded.as_of)
        said = self._all(
            statements.FEE_TERMS,
            venue=self._market["venue"],
            series_ticker=self._market["series_ticker"],
            event_ticker=self._market["event_ticker"],
            as_of=self._recorded.as_of,
        )
        terms = [Node("terms", _terms(one), one, self._response_of(one)) for one in said]
        return Node("fees", title, values, tuple(terms))

    def _orders(self) -> list[Node]:
        nodes = []
        for order in self._all(statements.ORDERS, decision_id=self._recorded.decision_id):
            fills = self._all(statements.FILLS, client_id=order["client_id"])
            title = (
                f"order {order['status']}: {count_text(order['filled'])} of {count_text(order['contracts'])} "
                f"{order['side'].upper()} "
                f"at {price_text(order['limit_price'])}, {order['venue']}"
            )
            children = tuple(
                Node(
                    "fill",
                    f"filled {count_text(f['contracts'])} at {price_text(f['price'])}, fee {price_text(f['fee'])}",
                    f,
                )
                for f in fills
            )
            nodes.append(Node("order", title, order, children))
        return nodes

    def _response_of(self, fact: Mapping[str, Any] | None) -> tuple[Node, ...]:
        if fact is None or fact["response_id"] is None:
            return ()
        number, at = fact["response_id"], fact["observed_at"]
        found = self._one(statements.RESPONSE, response_id=number, at=at)
        if found is None:
            return (_missing(f"response {number} of {at.isoformat()}: no longer kept"),)
        title = f"response {found['sha256'][:12]} of {found['observed_at']:%Y-%m-%d %H:%M:%S} UTC: {found['url']}"
        offset = fact.get("response_offset")
        if offset is None:
            return (Node("response", title, found),)
        return (Node("response", f"{title} at offset {offset}", {**found, "offset": offset}),)

    def _of(self, part: str, name: str) -> Any:
        return (self._recorded.snapshot.get(part) or {}).get(name)

    def _instant(self, part: str, name: str) -> datetime | None:
        found = self._of(part, name)
        return datetime.fromisoformat(found) if isinstance(found, str) else None

    def _one(self, statement: sa.TextClause, **given: Any) -> dict[str, Any] | None:
        row = self._connection.execute(statement, given).first()
        return None if row is None else row._asdict()

    def _all(self, statement: sa.TextClause, **given: Any) -> list[dict[str, Any]]:
        return [row._asdict() for row in self._connection.execute(statement, given)]


def _terms(one: Mapping[str, Any]) -> str:
    """What the venue said of the series or the event, and since when it holds."""
    since = "as read" if one["effective_at"] is None else f"from {one['effective_at']:%Y-%m-%d %H:%M} UTC on"
    said = "no terms of its own" if one["fee_type"] is None else f"{one['fee_type']} times {one['fee_multiplier']:f}"
    return f"{one['scope']} {one['ticker']} {since}: {said}"


def _missing(what: str) -> Node:
    return Node("missing", f"not stored: {what}")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, (list, tuple)) else value
