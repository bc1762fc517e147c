"""The grid: what may vary, every combination once, their order, and the warning about the best of many."""

from __future__ import annotations

from decimal import Decimal

import pytest

from precog_assets.config import load_trading_rules
from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.strategies import Strategy
from precog_assets.pipeline.backtest.grid import MOST, Row, axes_of, grid_table, run_grid, variants, warning
from precog_assets_tests.pipeline.backtest.bets import bet, result

VALUE = load_trading_rules().strategies["value"]


def test_every_combination_is_a_valid_strategy_of_its_own() -> None:
    axes = axes_of(["min_net_value=0.01,0.02", "kelly_fraction=0.1,0.25,0.5", "entry=maker"])
    made = variants(VALUE, axes)
    assert len(made) == len({strategy.hash for _, strategy in made}) == 6
    parameters, strategy = made[1]
    assert parameters == {"min_net_value": "0.01", "kelly_fraction": "0.25", "entry": "maker"}
    assert strategy.gates.min_net_value == Decimal("0.01")
    assert strategy.sizing.kelly_fraction == 0.25
    assert strategy.entry == "maker"
    assert strategy.gates.max_spread == VALUE.gates.max_spread


def test_the_parameters_in_force_make_the_strategy_in_force() -> None:
    ((_, strategy),) = variants(VALUE, axes_of([f"min_net_value={VALUE.gates.min_net_value}"]))
    assert strategy.hash == VALUE.hash


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("min_value=0.01", "'min_value' is no parameter; known: min_games, "),
        ("min_net_value", "expected NAME=VALUE,VALUE"),
        ("min_net_value=", "expected NAME=VALUE,VALUE"),
        ("climb=1", "'climb' is no parameter"),
    ],
)
def test_what_cannot_vary_is_refused_with_what_can(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=f"--grid {text}: .*{said}"):
        axes_of([text])


def test_a_parameter_given_twice_and_too_many_combinations_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="given twice"):
        axes_of(["min_price=0.1", "min_price=0.2"])
    with pytest.raises(ConfigurationError, match=f"at most {MOST}"):
        axes_of([f"min_games={','.join(map(str, range(30)))}", f"order_lifetime_s={','.join(map(str, range(1, 31)))}"])


@pytest.mark.parametrize(
    ("axis", "said"),
    [
        ("max_spread=2", "max_spread=2: gates.max_spread: Input should be less than or equal to 1"),
        ("max_spread=wide", "gates.max_spread"),
        ("entry=sideways", "entry: Input should be 'taker' or 'maker'"),
        ("min_price=0.99", "min_price 0.99 is not below max_price 0.95"),
    ],
)
def test_values_that_no_strategy_takes_are_refused_by_name(axis: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        variants(VALUE, axes_of([axis]))


def ran(strategy: Strategy):
    """The higher the least value, the fewer and better bets; half a cent has enough for a return."""
    least = strategy.gates.min_net_value
    count = {Decimal("0.005"): 120, Decimal("0.01"): 40, Decimal("0.02"): 10}[least]
    wins = {Decimal("0.005"): 2, Decimal("0.01"): 3, Decimal("0.02"): 1}[least]
    bets = [bet(at, day=at % 30, yes_value="0" if at % wins else "1") for at in range(count)]
    return result(*bets, strategy=strategy)


def test_returns_that_may_be_said_come_first_then_profits() -> None:
    seen: list[tuple[int, int]] = []
    rows = run_grid(VALUE, axes_of(["min_net_value=0.01,0.005,0.02"]), ran, progress=lambda *done: seen.append(done))
    assert [row.parameters["min_net_value"] for row in rows] == ["0.005", "0.02", "0.01"]
    assert seen == [(1, 3), (2, 3), (3, 3)]
    best = rows[0]
    assert best.figures.roi is not None
    assert best.widened_roi is not None
    assert best.widened_roi.low <= best.figures.roi.low
    assert best.figures.roi.high <= best.widened_roi.high
    assert best.widened_roi.level == pytest.approx(1 - 0.05 / 3)
    assert rows[1].widened_roi is None


def test_the_table_names_the_parameters_and_refuses_returns() -> None:
    table = grid_table(run_grid(VALUE, axes_of(["min_net_value=0.01,0.02"]), ran))
    assert table.headings[:3] == ("min_net_value", "bets", "staked")
    assert table.rows[0] == ("0.02", "10", "$52.00", "$48.00", "refused", "–", "–", "–", "$2.00")


def test_the_warning_says_how_many_were_tried_and_that_the_best_is_lucky() -> None:
    rows = run_grid(VALUE, axes_of(["min_net_value=0.01,0.005,0.02"]), ran)
    said = warning(rows)
    assert "3 combinations were tried" in said
    assert "0 do." in said
    assert "it was not chosen on" in said
    none: list[Row] = [row for row in rows if row.figures.roi is None]
    assert "None has bets enough" in warning(none)
