"""Bootstrap intervals over games: of a mean, of a paired difference, of skill.

Belongs here: resampling games, or whole blocks of games, with replacement, and the percentile interval (Efron 1979).
Does not: what is scored. Randomness is a generator passed in, so the same seed gives the same interval.

Games of one block (one day, one tournament) are drawn together, because what surprises in one often does in all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from precog_assets.grading.inputs import Floats

RESAMPLES = 2000
_DRAWS_AT_ONCE = 500_000
"""Indices held at a time: small enough to stay in a core's cache."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate over all games and the percentile interval of its resamples."""

    estimate: float
    low: float
    high: float
    level: float
    resamples: int
    blocks: int
    """What was drawn: games, or blocks of them."""


def mean_interval(
    values: ArrayLike,
    rng: np.random.Generator,
    *,
    resamples: int = RESAMPLES,
    level: float = 0.95,
    blocks: ArrayLike | None = None,
) -> Interval:
    """The interval of the mean of per-game `values` (n,).

    `blocks` (n,): equal entries are drawn together; None draws single games. Raises ValueError for other shapes, NaN
    (naming the row), fewer than two games or blocks, fewer than one resample, a level outside (0, 1).
    """
    sums, counts = _block_sums([_checked("values", values)], blocks)
    (total,), games = _resampled(sums, counts, rng, resamples)
    return _interval(float(sums[0].sum() / counts.sum()), total / games, level, len(counts))


def difference_interval(
    score_per_game: ArrayLike,
    other_per_game: ArrayLike,
    rng: np.random.Generator,
    *,
    resamples: int = RESAMPLES,
    level: float = 0.95,
    blocks: ArrayLike | None = None,
) -> Interval:
    """The interval of mean(score - other) over the same games, paired; arguments and errors as in `mean_interval`."""
    score, other = _same_games(score_per_game, other_per_game)
    return mean_interval(score - other, rng, resamples=resamples, level=level, blocks=blocks)


def skill_interval(
    score_per_game: ArrayLike,
    reference_per_game: ArrayLike,
    rng: np.random.Generator,
    *,
    resamples: int = RESAMPLES,
    level: float = 0.95,
    blocks: ArrayLike | None = None,
) -> Interval:
    """The interval of `scores.skill`, 1 - mean score / mean reference over the same games.

    Arguments and errors as in `mean_interval`; ValueError too where the reference scores 0 in a resample.
    """
    sums, counts = _block_sums(_same_games(score_per_game, reference_per_game), blocks)
    (score, reference), _ = _resampled(sums, counts, rng, resamples)
    zeros = int((reference == 0.0).sum())
    if zeros:
        raise ValueError(f"the reference scores 0 in {zeros} of {resamples} resamples: skill against it has no value")
    return _interval(float(1.0 - sums[0].sum() / sums[1].sum()), 1.0 - score / reference, level, len(counts))


def _checked(name: str, values: ArrayLike) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or len(array) < 2:
        raise ValueError(f"{name} have shape {array.shape}; right is (n,) with at least 2 games")
    bad = ~np.isfinite(array)
    if bad.any():
        at = int(bad.argmax())
        raise ValueError(f"row {at}: {array[at]:g} among the {name}; each game must have a number")
    return array


def _same_games(score_per_game: ArrayLike, other_per_game: ArrayLike) -> list[Floats]:
    score, other = _checked("scores", score_per_game), _checked("reference scores", other_per_game)
    if score.shape != other.shape:
        raise ValueError(f"scores have shapes {score.shape} and {other.shape}; right are the same games")
    return [score, other]


def _block_sums(columns: list[Floats], blocks: ArrayLike | None) -> tuple[list[Floats], Floats]:
    """Sums of the columns by block, and the games in each."""
    if blocks is None:
        return columns, np.ones(len(columns[0]))
    names = np.asarray(blocks)
    if names.shape != columns[0].shape:
        raise ValueError(f"blocks have shape {names.shape}; {len(columns[0])} games need ({len(columns[0])},)")
    distinct, codes = np.unique(names, return_inverse=True)
    if len(distinct) < 2:
        raise ValueError(f"one block, {distinct[0]!r}: a bootstrap needs at least 2")
    sums = [np.bincount(codes, column).astype(np.float64) for column in columns]
    return sums, np.bincount(codes).astype(np.float64)


def _resampled(
    sums: list[Floats], counts: Floats, rng: np.random.Generator, resamples: int
) -> tuple[list[Floats], Floats]:
    """Totals of the columns and games, one of each a resample."""
    if resamples < 1:
        raise ValueError(f"{resamples} resamples; at least 1")
    size = len(counts)
    even = bool((counts == counts[0]).all())
    columns = sums if even else [*sums, counts]
    totals = np.empty((len(columns), resamples))
    chunk = max(1, _DRAWS_AT_ONCE // size)
    for start in range(0, resamples, chunk):
        drawn: NDArray[np.int32] = rng.integers(0, size, size=(min(chunk, resamples - start), size), dtype=np.int32)
        for total, column in zip(totals, columns, strict=True):
            total[start : start + chunk] = column[drawn].sum(axis=1)
    games = np.full(resamples, counts.sum()) if even else totals[-1]
    return list(totals[: len(sums)]), games


def _interval(estimate: float, resampled: Floats, level: float, blocks: int) -> Interval:
    if not 0.0 < level < 1.0:
        raise ValueError(f"level {level:g}; right is a share between 0 and 1, as 0.95")
    low, high = np.quantile(resampled, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return Interval(estimate, float(low), float(high), level, len(resampled), blocks)
