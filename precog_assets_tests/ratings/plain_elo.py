"""Elo once more, as one would write it in an afternoon: a loop over games and dictionaries of teams.

The slow reference of the compiled loops' tests, and what the benchmark compares them with. It shares nothing with
them but the parameters, and does nothing twice that it need not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
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


def plain_elo(games: Iterable[PlainGame], p: EloParameters) -> list[tuple[float, float, float, float, float]]:
    """Ratings before (home, away) and after, and home's expected score, of each game in order.

    Games of one batch are forecast from the ratings before it.
    """
    k, carry, mean, new_team, rule = p.k, p.carry, p.mean, p.new_team, p.margin
    tennis, playoff_factor, edge, edge_rate = p.k_rule == "tennis", p.playoff_factor, p.home_edge, p.home_edge_rate
    ratings: dict[str, float] = {}
    seasons: dict[str, int] = {}
    played: dict[str, int] = {}
    rows = []
    for _, batch in groupby(games, itemgetter(2)):
        moved, waiting = 0.0, []
        for home, away, _, season, home_score, away_score, factor, playoff, known in batch:
            home_rating, away_rating = ratings.get(home, new_team), ratings.get(away, new_team)
            if season > seasons.get(home, season):
                home_rating = mean + carry * (home_rating - mean)
            if season > seasons.get(away, season):
                away_rating = mean + carry * (away_rating - mean)
            gap = home_rating - away_rating + edge * factor if home != away else 0.0
            if playoff:
                gap *= playoff_factor
            expected = 1.0 / (1.0 + 10.0 ** (-gap / 400.0))
            if home_score is None or away_score is None or home == away:
                waiting.append((home, away, season, home_rating, away_rating, expected, None, None))
                continue
            ratings[home], ratings[away] = home_rating, away_rating
            seasons[home] = seasons[away] = season
            margin = home_score - away_score
            result = 1.0 if margin > 0 else 0.5 if margin == 0 else 0.0
            surprise = result - expected
            push = k * surprise
            if rule != "none":
                winner_gap = gap if margin > 0 else -gap
                push *= multiplier(rule, abs(margin) if known else TYPICAL[rule], winner_gap, margin == 0)
            moved += factor * surprise
            home_push = push / (played.get(home, 0) + 5.0) ** 0.4 if tennis else push
            away_push = push / (played.get(away, 0) + 5.0) ** 0.4 if tennis else push
            waiting.append((home, away, season, home_rating, away_rating, expected, home_push, away_push))
        for home, away, _, _, _, _, home_push, away_push in waiting:
            if home_push is not None and away_push is not None:
                ratings[home] += home_push
                ratings[away] -= away_push
                played[home] = played.get(home, 0) + 1
                played[away] = played.get(away, 0) + 1
        edge += edge_rate * moved
        for home, away, season, home_rating, away_rating, expected, home_push, _ in waiting:
            if home_push is not None:
                rows.append((home_rating, away_rating, ratings[home], ratings[away], expected))
            else:  # as found, but for what the sides' other games of the batch did
                after = [
                    ratings[team] if seasons.get(team) == season else found
                    for team, found in ((home, home_rating), (away, away_rating))
                ]
                rows.append((home_rating, away_rating, after[0], after[1], expected))
    return rows
