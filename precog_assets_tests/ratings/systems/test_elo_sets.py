"""Scores of many parameter sets rated side by side: those of each set rated alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precog_assets.domain.rating_rules import EloParameters
from precog_assets.ratings.systems.elo import LOG_LOSS_CLIP, Elo, expected_many, scores_many
from precog_assets.ratings.systems.elo_kernel import BLOCK
from precog_assets_tests.ratings.systems.elo_games import SIDES, Game, games_of, histories, parameters

NBA = EloParameters(k=20, home_edge=60, margin="nba", carry=1, mean=1500, new_team=1500)


@settings(deadline=None)
@given(
    histories().filter(lambda rows: any(row.score and row.home != row.away for row in rows)),
    st.lists(parameters(), min_size=1, max_size=6),
    st.booleans(),
    st.integers(0, 2**30),
)
def test_many_sets_score_as_each_alone(rows: list[Game], sets: list[EloParameters], alone: bool, picks: int) -> None:
    games = games_of(rows, alone=alone)
    learnt = ~np.isnan(games.result) & (games.home != games.away)
    mask = np.array([bool(picks >> i & 1) for i in range(len(games))])
    mask[np.flatnonzero(learnt)[0]] = True
    scores = scores_many(games, sets, mask)
    won = games.result[mask & learnt]
    for place, p in enumerate(sets):
        gap = Elo(p).advance(games, Elo(p).start(SIDES)).terms[mask & learnt, 0]
        expected = 1 / (1 + np.exp(-gap))
        clipped = np.clip(expected, LOG_LOSS_CLIP, 1 - LOG_LOSS_CLIP)
        loss = -won * np.log(clipped) - (1 - won) * np.log(1 - clipped)
        assert scores.brier[place] == pytest.approx(((expected - won) ** 2).mean(), rel=1e-9, abs=1e-12)
        assert scores.log_loss[place] == pytest.approx(loss.mean(), rel=1e-9, abs=1e-12)


def test_more_sets_and_games_than_fit_a_block_score_as_each_alone() -> None:
    generator = np.random.default_rng(1)
    pairs = [generator.choice(SIDES, 2, replace=False).tolist() for _ in range(200)]
    scores = generator.integers(80, 120, (200, 2)).tolist()
    rows = [
        Game(home, away, (won, lost), day, home_factor=1.0)
        for day, ((home, away), (won, lost)) in enumerate(zip(pairs, scores, strict=True))
    ]
    games, everything = games_of(rows), np.ones(200, np.bool_)
    sets = [NBA.model_copy(update={"k": float(k)}) for k in np.linspace(1, 60, 2 * BLOCK + 3)]
    many = scores_many(games, sets, everything)
    expected = expected_many(games, sets).astype(np.float64)
    assert expected.shape == (2 * BLOCK + 3, 200)
    np.testing.assert_allclose(many.brier, ((expected - games.result) ** 2).mean(axis=1), rtol=1e-6)
    lost = np.where(games.result == 1, expected, np.where(games.result == 0, 1 - expected, np.nan))
    halves = np.log(expected * (1 - expected)) / 2
    np.testing.assert_allclose(many.log_loss, -np.where(np.isnan(lost), halves, np.log(lost)).mean(axis=1), rtol=1e-6)


@pytest.mark.parametrize(
    ("mask", "what"), [([True], r"mask of shape \(1,\) for 2 games"), ([False, True], "no game with a result")]
)
def test_a_mask_that_scores_nothing_is_refused(mask: list[bool], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        scores_many(games_of([Game(0, 1), Game(0, 1, None)]), [NBA], np.array(mask))
