"""The soccer filter and the league table once more, slowly, in plain Python, straight from their description."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from precog_assets.domain.rating_rules import GoalsParameters, Stakes
from precog_assets.ratings.games import Games
from precog_assets_tests.ratings.systems.goals_games import borders


def recounted_table(games: Games, i: int, stakes: Stakes | None) -> tuple[tuple[float, float], int]:
    """Stakes of home and away, and rounds, before game i: counted anew from the games of the days before."""
    points: dict[int, int] = {}
    played: dict[int, int] = {}
    for j in range(i):
        h, a = int(games.home[j]), int(games.away[j])
        counts = games.season[j] == games.season[i] and games.batch[j] != games.batch[i] and not games.playoff[j]
        if not counts or h == a or np.isnan(games.result[j]):
            continue
        for club, score in ((h, games.result[j]), (a, 1 - games.result[j])):
            points[club] = points.get(club, 0) + {1.0: 3, 0.5: 1, 0.0: 0}[float(score)]
            played[club] = played.get(club, 0) + 1
    order = sorted(points.values(), reverse=True)
    sides = (int(games.home[i]), int(games.away[i]))
    rounds = min(played.get(club, 0) for club in sides)
    if stakes is None:
        return (0.0, 0.0), rounds
    both = []
    for club in sides:
        if games.playoff[i] or played.get(club, 0) < stakes.from_round:
            both.append(1.0)
            continue
        left = max(2 * (len(order) - 1) - played.get(club, 0), 1)
        within = stakes.reach * 3 * left
        stake = 0.0
        for line in (*stakes.lines, len(order) - stakes.relegated):
            if 1 <= line < len(order):
                mine = points.get(club, 0)
                distance = order[line - 1] - mine if mine < order[line - 1] else mine - order[line]
                stake = max(stake, min(max((within - distance) / (stakes.softness * within) + 0.5, 0.0), 1.0))
        both.append(stake)
    return (both[0], both[1]), rounds


def summed_gap(home: float, away: float, rho: float) -> float:
    """From all scores to 12:12; a correction never takes more than the smallest of the four cells has."""
    p = [
        [home**a * away**b / math.factorial(a) / math.factorial(b) * math.exp(-home - away) for b in range(13)]
        for a in range(13)
    ]
    size = rho * home * away * math.exp(-home - away)
    size = min(size, p[0][0], p[1][1]) if size > 0 else -min(-size, p[0][1], p[1][0])
    p[0][0] -= size
    p[1][1] -= size
    p[0][1] += size
    p[1][0] += size
    win = sum(p[a][b] for a in range(13) for b in range(13) if a > b)
    lose = sum(p[a][b] for a in range(13) for b in range(13) if a < b)
    draw = sum(p[a][a] for a in range(13))
    return (math.log(win / (draw + lose)) - math.log(lose / (draw + win))) / 2


class Slow:
    """The filter with a dictionary for each club."""

    def __init__(self, p: GoalsParameters, stakes: Stakes | None) -> None:
        self.p, self.stakes = p, stakes
        self.clubs: dict[int, dict[str, float]] = {}
        self.mu, self.h = math.log(p.goals_a_side), p.home_edge
        self.learnt_seasons: list[int] = []

    def close_season(self, past: int) -> None:
        there = [club for club in self.clubs.values() if club["season"] == past]
        mean = sum(club["s"] for club in there) / len(there)
        mean_style = sum(club["t"] for club in there) / len(there)
        for club in there:
            s = club["s"] - mean
            club["slow"] += self.p.long_run_rate * (s - club["slow"])
            club["s"] = self.p.carry * s + (1 - self.p.carry) * self.p.long_run_pull * club["slow"]
            club["t"] = self.p.carry * (club["t"] - mean_style)
            club["P"] += self.p.season_variance
            club["closed"] = 1.0

    def club(self, k: int, season: int, day: int) -> dict[str, float]:
        earlier = [year for year in self.learnt_seasons if year < season]
        old = self.clubs.get(k)
        fresh = {"s": 0.0, "t": 0.0, "slow": 0.0, "P": self.p.variance, "n": 0.0}
        if old is None and not earlier:
            return fresh
        if old is not None and old["season"] == season:
            return {**old, "P": old["P"] + self.p.drift_per_day * min(day - old["day"], 30)}
        if old is not None and old["season"] == earlier[-1]:
            return dict(old)
        level = old["slow"] if old else self.p.promoted
        back = self.p.promoted + self.p.returning * (level - self.p.promoted)
        return {**fresh, "s": back, "slow": level, "n": old["n"] if old else 0.0}

    def rate(self, games: Games) -> list[dict[str, tuple[float, ...]]]:
        out: list[dict[str, tuple[float, ...]]] = []
        starts = borders(games)
        for first, last in pairwise(starts):
            season, day = int(games.season[first]), int(games.day[first])
            past = self.learnt_seasons[-1] if self.learnt_seasons else season
            if past != season and any(c["season"] == past and "closed" not in c for c in self.clubs.values()):
                self.close_season(past)
            seen = {int(k): self.club(int(k), season, day) for k in (*games.home[first:last], *games.away[first:last])}
            news: dict[int, list[tuple[float, float, float]]] = {}
            surprises: list[tuple[float, float]] = []
            for i in range(first, last):
                h, a = int(games.home[i]), int(games.away[i])
                x, y = seen[h], seen[a]
                row = {"before": (x["s"], y["s"]), "P": (x["P"], y["P"]), "played": (x["n"], y["n"])}
                out.append({**row, "terms": (0.0,) * 5})
                if h == a:
                    continue
                (stake_h, stake_a), rounds = recounted_table(games, i, self.stakes)
                edge = self.h * games.home_factor[i]
                edge *= 1 - self.p.early_home_loss * math.exp(-rounds / self.p.early_home_rounds)
                gap = x["s"] - y["s"] + edge + self.p.stakes * (stake_h - stake_a)
                rate_h = min(max(math.exp(self.mu + (x["t"] + y["t"] + gap) / 2), 0.05), 6.0)
                rate_a = min(max(math.exp(self.mu + (x["t"] + y["t"] - gap) / 2), 0.05), 6.0)
                out[-1]["terms"] = (
                    summed_gap(rate_h, rate_a, self.p.low_score_correction),
                    math.log(rate_h / rate_a),
                    math.log(rate_h + rate_a) - math.log(2 * self.p.goals_a_side),
                    stake_h - stake_a,
                    math.sqrt(x["P"] + y["P"]),
                )
                if np.isnan(games.result[i]):
                    continue
                over_h = min(games.home_score[i], self.p.max_goals) - rate_h
                over_a = min(games.away_score[i], self.p.max_goals) - rate_a
                info = (rate_h + rate_a) / 4
                for k, sign in ((h, 1), (a, -1)):
                    gain = seen[k]["P"] / (1 + (x["P"] + y["P"]) * info)
                    step = (sign * gain * (over_h - over_a) / 2, self.p.style_gain * gain * (over_h + over_a) / 2)
                    news.setdefault(k, []).append((*step, 1 - gain * info))
                surprises.append((over_h + over_a, (over_h - over_a) * float(games.home_factor[i])))
            for k, parts in news.items():
                club = {**seen[k], "season": float(season), "day": float(day), "n": seen[k]["n"] + len(parts)}
                club.pop("closed", None)
                club["s"] += sum(part[0] for part in parts)
                club["t"] += sum(part[1] for part in parts)
                club["P"] *= math.prod(part[2] for part in parts)
                self.clubs[k] = club
            if surprises and season not in self.learnt_seasons:
                self.learnt_seasons.append(season)
            both = 2 * self.p.goals_a_side
            self.mu += self.p.goals_rate * sum(surprise[0] for surprise in surprises) / both
            self.h += self.p.home_edge_rate * sum(surprise[1] for surprise in surprises) / both
            for i in range(first, last):
                after = [self.club(int(k), season, day) for k in (games.home[i], games.away[i])]
                out[i]["after"] = (after[0]["s"], after[1]["s"])
                out[i]["P after"] = (after[0]["P"], after[1]["P"])
        return out
