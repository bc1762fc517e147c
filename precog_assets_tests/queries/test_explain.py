"""The chain behind a decision: each fact the one of the instant, each with the answer it was read from."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from precog_assets.queries.explain import Node, explain_decision
from precog_assets.store import tables
from precog_assets_tests.queries.decided import GAME, HOUR, JAC, KC, World, strategy, version
from precog_assets_tests.store.rows import at, game, quote


@pytest.fixture
def world(engine: sa.Engine, tmp_path: Path) -> World:
    one = World(engine, tmp_path)
    one.fill()
    return one


def test_every_fact_hangs_below_what_was_made_of_it(world: World) -> None:
    tree = explain_decision(world.engine, world.one().decision_id)
    assert [child.kind for child in tree.children[:2]] == ["strategy", "price"]
    price = tree.children[1]
    forecast = price.find("forecast")[0]
    assert [one.values["team_id"] for one in forecast.find("rating")] == ["nfl:12", "nfl:30"]
    assert [one.values["game_id"] for one in forecast.find("game")] == ["nfl:398", "nfl:399"]
    assert {one.values["market_id"] for one in price.find("quote")} == {KC, JAC}
    assert all(one.find("response") for kind in ("quote", "game", "market") for one in tree.find(kind))


def test_a_game_in_play_shows_its_state_and_what_the_model_makes_of_it(world: World) -> None:
    world.games(game(start_time=at(2 * HOUR), home_score=17, away_score=14, period=3), 2.5 * HOUR)
    made = world.one(second=2.5 * HOUR + 60)
    tree = explain_decision(world.engine, made.decision_id)
    (state,) = tree.find("state")
    assert state.title.startswith("state: home 17, away 14, period 3, clock 10:00; in play 0.")
    assert state.title.endswith("begun at 0.6000 by the forecast")
    assert made.p_model is not None
    assert state.values["p_in_play"] == made.p_model > 0.6
    assert state.find("response")
    assert not tree.find("blend"), "in play the market is not moved by what was learnt of games to come"


def test_a_game_to_come_has_no_state_in_play(world: World) -> None:
    assert not explain_decision(world.engine, world.one().decision_id).find("state")


def test_the_hash_is_that_of_the_bytes_in_the_archive(world: World) -> None:
    import hashlib

    tree = explain_decision(world.engine, world.one().decision_id)
    listing = next(one for one in tree.find("response") if "markets" in one.values["url"])
    assert listing.values["sha256"] == hashlib.sha256(b'{"markets": [], "at": 0}').hexdigest()


def test_json_has_nothing_but_its_own_types(world: World) -> None:
    made = world.one()
    world.ordered(made, filled=5)
    tree = explain_decision(world.engine, made.decision_id).as_json()
    again = json.loads(json.dumps(tree))
    assert again == tree
    assert Decimal(again["values"]["limit_price"]) == made.limit_price


def test_the_forecast_is_the_one_that_the_decision_read(world: World) -> None:
    world.forecast(0.55, 30)
    made = world.one(second=60)
    world.forecast(0.90, 90)
    forecasts = explain_decision(world.engine, made.decision_id).find("forecast")
    assert [one.values["p_home"] for one in forecasts] == [0.55]
    assert forecasts[0].values["model_version"] == version()


def test_the_book_with_its_levels_is_shown_where_there_was_one(world: World) -> None:
    world.book([("0.38", "5"), ("0.40", "10")], [("0.50", "3"), ("0.58", "20")], second=30)
    books = explain_decision(world.engine, world.one().decision_id).find("book")
    assert len(books) == 1
    assert "2 YES and 2 NO levels" in books[0].title
    assert books[0].find("response")


def test_a_quote_that_came_after_is_not_shown(world: World) -> None:
    made = world.one()
    world.markets({"KC": quote("0.70", "0.72"), "JAC": quote("0.28", "0.30")}, 90)
    shown = {one.values["yes_bid"] for one in explain_decision(world.engine, made.decision_id).find("quote")}
    assert shown == {Decimal("0.40"), Decimal("0.58")}


@pytest.mark.parametrize(
    ("gone", "kind", "text"),
    [
        (tables.responses, "missing", "no longer kept"),
        (tables.quotes, "missing", f"quote of {KC}"),
        (tables.forecasts, "missing", f"forecast of {GAME} by {version()}"),
        (tables.game_states, "missing", f"state of {GAME}"),
        (tables.market_states, "missing", f"state of {KC}"),
        (tables.strategies, "missing", "strategy value"),
        (tables.limits, "missing", "limits "),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_what_is_gone_is_a_node_that_says_so(world: World, gone: sa.Table, kind: str, text: str) -> None:
    made = world.one()
    with world.engine.begin() as connection:
        connection.execute(sa.delete(gone))
    missing = explain_decision(world.engine, made.decision_id).find(kind)
    assert any(text in one.title for one in missing), [one.title for one in missing]


def test_the_configuration_is_the_recorded_one(world: World) -> None:
    one = strategy(gates={"max_spread": "0.013"})
    made = world.one(by=[one])
    tree = explain_decision(world.engine, made.decision_id)
    assert tree.find("strategy")[0].values["parameters"]["gates"]["max_spread"] == "0.013"
    assert tree.find("limits")[0].values["parameters"]["starting_cash"] == "10000"


def test_an_orders_fills_hang_below_it(world: World) -> None:
    made = world.one()
    world.ordered(made, filled=7)
    order = explain_decision(world.engine, made.decision_id).find("order")[0]
    assert [one.values["contracts"] for one in order.children] == [Decimal(7)]


def test_terms_of_fees_show_when_they_were_said(world: World) -> None:
    world.fees("quadratic", "0.5", -HOUR)
    world.fees("quadratic", "0.25", 30, effective=40)
    made = world.one(second=60)
    fees = explain_decision(world.engine, made.decision_id).find("fees")[0]
    assert fees.values["multiplier"] == Decimal("0.25")
    assert {one.values["fee_multiplier"] for one in fees.find("terms")} == {Decimal("0.5"), Decimal("0.25")}
    assert all(one.find("response") for one in fees.find("terms"))


def test_a_fact_of_several_answers_names_the_answer_that_it_was_read_from(world: World) -> None:
    made = world.one()
    with world.engine.begin() as connection:
        connection.execute(sa.update(tables.responses).values(observed_at=tables.responses.c.observed_at - at_most()))
    assert not explain_decision(world.engine, made.decision_id).find("missing")


def at_most() -> sa.ColumnElement[object]:
    """A second, within which the answers that a fact is made of come."""
    return sa.text("interval '1 second'")  # type: ignore[return-value]


def test_nothing_later_than_the_decision_is_in_the_tree(world: World) -> None:
    made = world.one()
    later = at(90)
    world.markets({"KC": quote("0.70", "0.72")}, 90)
    world.forecast(0.9, 91)
    world.fees("quadratic", "2", 92)
    tree = explain_decision(world.engine, made.decision_id)

    def instants(node: Node) -> list[object]:
        mine = [value for name, value in node.values.items() if name in ("observed_at", "computed_at", "known_at")]
        return mine + [one for child in node.children for one in instants(child)]

    assert all(one < later for one in instants(tree) if one is not None)  # type: ignore[operator]


def test_a_quote_of_a_stream_says_where_its_frame_lies(world: World) -> None:
    made = world.one()
    with world.engine.begin() as connection:
        connection.execute(sa.update(tables.quotes).values(response_offset=77))
    (first, *_) = explain_decision(world.engine, made.decision_id).find("quote")
    (response,) = first.find("response")
    assert response.title.endswith(" at offset 77")
    assert response.values["offset"] == 77
