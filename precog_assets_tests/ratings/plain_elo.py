"""Elo once more, as one would write it in an afternoon: a loop over games and dictionaries of teams.

The slow reference of the compiled loops' tests, and what the benchmark compares them with. It shares nothing with
them but the parameters, and does nothing twice that it need not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from precog_assets.domain.rating_rules import EloParameters


class PlainGame(NamedTuple):
    """A game; scores are None where there is no result. `home_factor` is the share of the home edge it has."""

    home: str
    away: str
    batch: int
    season: int
    home_score: float | None
    away_score: float | None
    home_factor: float = 1.0
    playoff: bool = False
    margin_known: bool = True


class PlainRow(NamedTuple):
    home_before: float
    away_before: float
    home_after: float
    away_after: float
    expected: float


def multiplier(rule: str, margin: float, winner_gap: float, tied: bool) -> float:
    """What K is multiplied by; `winner_gap` is the winner's lead in rating points before the game."""
    if rule == "nfl":
        denominator = 1.0 if tied else max(winner_gap * 0.001 + 2.2, 0.22)
        return math.log(max(margin, 1.0) + 1.0) * 2.2 / denominator
    if rule == "nba":
        return (margin + 3.0) ** 0.8 / (7.5 if tied else max(7.5 + 0.006 * winner_gap, 0.75))
    if rule == "nhl":
        growth = 0.6686 * math.log(max(margin, 1.0)) + 0.8048
        return growth * 2.05 / (2.05 if tied else max(winner_gap * 0.001 + 2.05, 0.205))
    if rule == "log":
        return math.log(max(margin, 1.0) + 1.0)
    if rule == "goals":
        return 1.0 if margin < 2 else 1.5 if margin < 3 else 1.75 + (margin - 3.0) / 8.0
    return 1.0


TYPICAL = {"none": 1, "nfl": 8, "nba": 10, "nhl": 2, "log": 3, "goals": 1}


def plain_elo(games: Iterable[PlainGame], p: EloParameters) -> list[PlainRow]:
    """One row a game, in order; games of one batch are forecast from the ratings before it."""
    k, carry, mean, new_team, rule = p.k, p.carry, p.mean, p.new_team, p.margin
    tennis, playoff_factor, edge = p.k_rule == "tennis", p.playoff_factor, p.home_edge
    ratings: dict[str, float] = {}
    seasons: dict[str, int] = {}
    played: dict[str, int] = {}
    rows = []
    for _, batch in groupby(games, attrgetter("batch")):
        moved, waiting = 0.0, []
        for game in batch:
            home, away, _, season, home_score, away_score, factor, playoff, known = game
            learns = home_score is not None and away_score is not None and home != away
            before = []
            for team in (home, away):
                rating = ratings.get(team, new_team)
                if team in seasons and season > seasons[team]:
                    rating = mean + carry * (rating - mean)
                if learns:
                    ratings[team], seasons[team] = rating, max(season, seasons.get(team, season))
                before.append(rating)
            gap = before[0] - before[1] + edge * factor
            if playoff:
                gap *= playoff_factor
            if home == away:
                gap = 0.0
            expected = 1.0 / (1.0 + 10.0 ** (-gap / 400.0))
            push = None
            if learns:
                margin = abs(home_score - away_score)
                result = 0.5 if margin == 0 else 1.0 if home_score > away_score else 0.0
                surprise = result - expected
                winner_gap = gap if result == 1.0 else -gap
                push = k * multiplier(rule, margin if known else TYPICAL[rule], winner_gap, margin == 0) * surprise
                moved += factor * surprise
            waiting.append((home, away, season, before, expected, push, played.get(home, 0), played.get(away, 0)))
        for home, away, _, _, _, push, home_played, away_played in waiting:
            if push is not None:
                ratings[home] += push / (home_played + 5.0) ** 0.4 if tennis else push
                ratings[away] -= push / (away_played + 5.0) ** 0.4 if tennis else push
                played[home] = played.get(home, 0) + 1
                played[away] = played.get(away, 0) + 1
        edge += p.home_edge_rate * moved
        for home, away, season, before, expected, push, _, _ in waiting:
            after = before
            if push is not None:
                after = [ratings[home], ratings[away]]
            else:
                after = [
                    mean + carry * (ratings[team] - mean)
                    if team in seasons and season > seasons[team]
                    else ratings.get(team, new_team)
                    for team in (home, away)
                ]
            rows.append(PlainRow(before[0], before[1], after[0], after[1], expected))
    return rows
