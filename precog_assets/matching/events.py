"""The markets of one event together: one game, each side once, and whether all sides are there.

Belongs here: what a market alone cannot show. Does not: tying one market to its game (`match.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from precog_assets.domain.leagues import League
from precog_assets.matching.results import DAY, Match, Reason, Refusal


def check_event(league: League, results: Mapping[str, Match | Refusal]) -> dict[str, Match | Refusal]:
    """The answers of an event's markets, by ticker, after they were held against each other.

    Markets of one event that are tied to different games, or of which two pay on one outcome, are all refused as
    ambiguous. Every other match learns `event_complete`: each outcome of the league has its market.
    """
    matches = {ticker: one for ticker, one in results.items() if isinstance(one, Match) and one.outcome is not None}
    if not matches:
        return dict(results)
    games = sorted({one.game_id for one in matches.values()})
    outcomes = [one.outcome for one in matches.values()]
    if len(games) > 1:
        return _all_refused(results, matches, f"the event's markets are tied to {' and '.join(games)}", games)
    if len(set(outcomes)) < len(outcomes):
        said = ", ".join(f"{ticker} pays on {one.outcome}" for ticker, one in matches.items())
        return _all_refused(results, matches, f"two markets of the event have one side: {said}", games)
    complete = set(outcomes) == set(league.outcomes)
    return {
        ticker: replace(one, evidence={**one.evidence, "event_complete": complete}) if isinstance(one, Match) else one
        for ticker, one in results.items()
    }


def _all_refused(
    results: Mapping[str, Match | Refusal], matches: Iterable[str], detail: str, games: Iterable[str]
) -> dict[str, Match | Refusal]:
    refused = set(matches)
    return {
        ticker: Refusal(Reason.AMBIGUOUS, detail, tuple(games), steps=(*one.steps, f"refused: {detail}"), score=DAY)
        if ticker in refused
        else one
        for ticker, one in results.items()
    }
