"""The vig: every method gives probabilities, equal to penaltyblog's; real odds of four sports; mids of an exchange."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from penaltyblog.implied import calculate_implied

from precog_assets.pricing.odds import from_american, from_decimal, to_decimal
from precog_assets.pricing.vig import (
    METHODS,
    Method,
    event_probabilities,
    mid_probabilities,
    overround,
    remove_vig,
    shin_insiders,
)

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
THEIRS = {"differential_margin": "differential_margin_weighting"}
NOT_EVERY_ROW = ("additive", "differential_margin")
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="no shared data beside the checkout")


@st.composite
def books(draw: st.DrawFn, *, least: float = 1.0, most: float = 1.2) -> np.ndarray:
    """Implied probabilities of one to eight games, two- or three-way, with their vig."""
    outcomes = draw(st.sampled_from([2, 3]))
    shares = st.lists(st.floats(0.25, 1.0), min_size=outcomes, max_size=outcomes)
    rows = np.array(draw(st.lists(shares, min_size=1, max_size=8)))
    return rows / rows.sum(axis=1, keepdims=True) * draw(st.floats(least, most))


def test_the_methods_are_the_seven() -> None:
    assert set(METHODS) == set(get_args(Method))
    assert len(METHODS) == 7


@pytest.mark.parametrize("method", METHODS)
@given(implied=books())
def test_every_method_gives_probabilities_in_the_order_of_the_odds(method: Method, implied: np.ndarray) -> None:
    fair = remove_vig(implied, method)
    np.testing.assert_allclose(fair.sum(axis=1), 1.0, atol=1e-9)
    assert ((fair > 0) & (fair < 1)).all()
    for row, given_row in zip(fair, implied, strict=True):
        order = np.argsort(given_row, kind="stable")
        assert (np.diff(row[order]) >= -1e-9).all()


@pytest.mark.parametrize("method", METHODS)
@given(implied=books(least=1.001))
def test_results_are_penaltyblogs(method: Method, implied: np.ndarray) -> None:
    ours = remove_vig(implied, method)
    for row, given_row in zip(ours, implied, strict=True):
        theirs = calculate_implied(to_decimal(given_row).tolist(), method=THEIRS.get(method, method))
        np.testing.assert_allclose(row, theirs.probabilities, atol=1e-8)
        if method == "shin":
            z = theirs.method_params["z"] if theirs.method_params else None
            assert z == pytest.approx(float(shin_insiders(given_row[None])[0]), abs=1e-7)


def test_the_documented_example_of_penaltyblog() -> None:
    fair = remove_vig(from_decimal([[2.7, 2.3, 4.4]]), "multiplicative")
    np.testing.assert_allclose(fair, [[0.35873804, 0.42112726, 0.2201347]], atol=5e-9)


@pytest.mark.parametrize("method", METHODS)
def test_without_vig_nothing_changes(method: Method) -> None:
    fair = np.array([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]])
    np.testing.assert_allclose(remove_vig(fair, method), fair, atol=1e-9)


@given(implied=books(least=1.01, most=1.15))
def test_shin_equals_additive_for_two_outcomes(implied: np.ndarray) -> None:
    """Known of Shin's model (Jullien and Salanie 1994), and no step of the computation."""
    two = implied[:, :2] / implied[:, :2].sum(axis=1, keepdims=True) * 1.05
    np.testing.assert_allclose(remove_vig(two, "shin"), remove_vig(two, "additive"), atol=1e-9)


def test_books_below_one_have_no_insiders_and_the_other_methods_do_them() -> None:
    below = np.array([[0.49, 0.49]])
    with pytest.raises(ValueError, match=r"\[0\.49, 0\.49\] in row 0: expected something shin makes probabilities of"):
        remove_vig(below, "shin")
    assert np.isnan(remove_vig(below, "shin", impossible="nan")).all()
    assert np.isnan(shin_insiders(below)).all()
    for method in set(METHODS) - {"shin"}:
        np.testing.assert_allclose(remove_vig(below, method), 0.5)


@pytest.mark.parametrize("method", NOT_EVERY_ROW)
def test_a_long_shot_below_its_share_of_the_vig_is_refused_or_marked(method: Method) -> None:
    tiny = np.array([[0.55, 0.5, 0.01]])
    with pytest.raises(ValueError, match=rf"\[0\.55, 0\.5, 0\.01\] in row 0: expected something {method} makes"):
        remove_vig(tiny, method)
    assert np.isnan(remove_vig(tiny, method, impossible="nan")).all()


@pytest.mark.parametrize(
    ("implied", "told"),
    [
        ([[0.5, 0.5], [0.0, 0.9]], r"\[0, 0\.9\] in row 1: expected all above 0 and below 1"),
        ([[1.0, 0.1]], r"\[1, 0\.1\] in row 0"),
        ([[np.nan, 0.5]], r"\[nan, 0\.5\] in row 0"),
        ([[0.5]], r"of shape \(1, 1\): expected"),
        ([0.5, 0.5], r"of shape \(2,\): expected"),
    ],
)
def test_what_is_no_book_is_refused(implied: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        remove_vig(np.array(implied), "power")


def test_an_unknown_method_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="method 'worst': expected one of multiplicative, additive, power"):
        remove_vig(np.array([[0.5, 0.6]]), "worst")  # type: ignore[arg-type]


def real_books() -> dict[str, np.ndarray]:
    """Implied probabilities of every bookmaker's two or three prices, by file; rows with a price missing left out."""
    found = {}
    for league in ("epl", "ligue1"):
        odds = pl.read_parquet(DATA / "odds" / f"{league}_bookmaker_odds.parquet")
        makers = [name[:-1] for name in odds.columns if name.endswith("H") and f"{name[:-1]}D" in odds.columns]
        parts = [
            odds.select(f"{m}H", f"{m}D", f"{m}A").drop_nulls().to_numpy() for m in makers if m not in ("FT", "HT")
        ]
        rows = np.vstack(parts).astype(np.float64)
        found[league] = from_decimal(rows[(rows > 1).all(axis=1)])
    for name, home, away in (
        ("nfl_schedule_and_lines_1999_2025", "home_moneyline", "away_moneyline"),
        ("mlb_open_close_2010_2019", "h_ml_close", "v_ml_close"),
        ("mlb_pinnacle_line_history_2016", "MoneyUS2", "MoneyUS1"),
        ("oddsapi_snapshots_2023_2026", "ml_home", "ml_away"),
    ):
        frame = pl.read_parquet(DATA / "odds" / f"{name}.parquet")
        lines = frame.select(pl.col(home, away).cast(pl.Float64, strict=False)).drop_nulls().to_numpy()
        found[name] = from_american(lines[(np.abs(lines) >= 100).all(axis=1)])
    return found


@needs_data
def test_results_are_penaltyblogs_on_real_odds() -> None:
    """A sample of every file; where penaltyblog finds no root in its own bracket there is nothing to compare."""
    compared = 0
    for rows in real_books().values():
        sample = rows[:: max(1, len(rows) // 60)]
        for method in METHODS:
            for ours, row in zip(remove_vig(sample, method, impossible="nan"), sample, strict=True):
                if np.isnan(ours).any():
                    continue
                theirs = calculate_implied((1 / row).tolist(), method=THEIRS.get(method, method))
                np.testing.assert_allclose(ours, theirs.probabilities, atol=1e-8)
                compared += 1
    assert compared > 2_000


@needs_data
def test_real_odds_become_probabilities_by_every_method() -> None:
    """Best prices over all bookmakers sum below 1 at times; additive methods cannot do some long shots: both marked."""
    books = real_books()
    assert sum(len(rows) for rows in books.values()) > 250_000
    for name, rows in books.items():
        for method in METHODS:
            fair = remove_vig(rows, method, impossible="nan")
            done = ~np.isnan(fair).any(axis=1)
            np.testing.assert_allclose(fair[done].sum(axis=1), 1.0, atol=1e-9)
            assert ((fair[done] > 0) & (fair[done] < 1)).all()
            if method == "shin":
                assert (overround(rows)[~done] < 0).all(), name
            elif method in NOT_EVERY_ROW:
                assert (rows.min(axis=1) < overround(rows) / rows.shape[1])[~done].all(), name
            else:
                assert done.all(), (name, method)


def test_mids_are_brought_to_sum_one() -> None:
    two = mid_probabilities(np.array([[0.60, 0.37]]), np.array([[0.62, 0.39]]))
    np.testing.assert_allclose(two, [[0.61 / 0.99, 0.38 / 0.99]])
    quotes = [
        (Decimal("0.50"), Decimal("0.52")),
        (Decimal("0.24"), Decimal("0.26")),
        (Decimal("0.25"), Decimal("0.27")),
    ]
    assert event_probabilities(quotes) == pytest.approx([0.51 / 1.02, 0.25 / 1.02, 0.26 / 1.02])


@pytest.mark.parametrize(
    ("bids", "asks", "told"),
    [
        ([0.6, 0.37], [0.6, 0.39], r"\[0\.6, 0\.6, 0\.37, 0\.39\] in row 0: expected each bid below its ask"),
        ([0.0, 0.37], [0.6, 0.39], r"bids and asks \[0, .* in row 0: expected all above 0 and below 1"),
        ([0.6, 0.37], [1.0, 0.39], r"expected all above 0 and below 1"),
        ([0.6, np.nan], [0.62, 0.39], r"expected all above 0 and below 1"),
        ([0.3, 0.37], [0.32, 0.39], r"mids \[0\.31, 0\.38\] in row 0: expected a sum from 0\.85 to 1\.15"),
    ],
)
def test_quotes_that_hold_no_probability_are_refused(bids: list[float], asks: list[float], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        mid_probabilities(np.array([bids]), np.array([asks]))


def test_an_event_with_a_side_missing_is_refused() -> None:
    with pytest.raises(ValueError, match="expected all above 0 and below 1"):
        event_probabilities([(None, Decimal("0.62")), (Decimal("0.37"), Decimal("0.39"))])
    with pytest.raises(ValueError, match=r"quotes \[\]: expected \(bid, ask\) of each outcome"):
        event_probabilities([])


@needs_data
def test_real_kalshi_quotes_before_kickoff_become_probabilities() -> None:
    lines = pl.read_parquet(DATA / "kalshi" / "kalshi_nfl_closing_lines_2025.parquet")
    pairs = lines.group_by("event_ticker", maintain_order=True).agg(pl.col("yes_bid_close", "yes_ask_close"))
    whole = pairs.filter(pl.col("yes_bid_close").list.len() == 2)
    bids, asks = (np.array(whole[name].to_list(), np.float64) / 100 for name in ("yes_bid_close", "yes_ask_close"))
    quoted = ((bids > 0) & (asks < 1) & (bids < asks)).all(axis=1)
    assert quoted.sum() > 50
    fair = mid_probabilities(bids[quoted], asks[quoted])
    np.testing.assert_allclose(fair.sum(axis=1), 1.0, atol=1e-12)
    assert (np.abs(fair - (bids + asks)[quoted] / 2) < 0.02).all()
