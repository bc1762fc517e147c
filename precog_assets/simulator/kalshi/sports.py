"""What Kalshi calls the leagues: titles, competitions, strike keys, sources, fees, settlement wording.

Wording and figures follow recorded series, events and markets of 2026; where a league has none,
they follow its sport's. No game and no price is here.
"""

from __future__ import annotations

from dataclasses import dataclass

from precog_assets.config import load_leagues
from precog_assets.domain.leagues import Sport

TIE_UUID = "111193d4-9b1f-4bd8-ab7c-9de252737f05"

_AFFILIATION = (
    "\n\nKalshi is not affiliated, associated, authorized, endorsed by, or in any way officially connected with the "
    "Governing League. All trademarks, logos, and brand names are the property of their respective owners."
)
_LATE = (
    " If the game is postponed but begins within 48 hours from its originally scheduled start time, the market will "
    "remain open and resolve based on the official final result. If the game is not started within 48 hours, the "
    "market will resolve to a fair price."
)


@dataclass(frozen=True, slots=True)
class SportTerms:
    strike_key: str
    milestone_type: str
    tag: str
    terms_file: str
    settlement_timer_s: int
    typical_duration_s: int


@dataclass(frozen=True, slots=True)
class SeriesTerms:
    """One series: the league's winner markets, or a sibling series without games in this world."""

    ticker: str
    league: str
    title: str
    competition: str
    milestone_league: str
    source: tuple[str, str]
    fee_type: str
    popularity: float
    """Multiplies volumes and sizes; the NFL is 1."""
    price_level_structure: str
    has_games: bool


SPORTS: dict[Sport, SportTerms] = {
    Sport.FOOTBALL: SportTerms("football_team", "football_game", "Football", "FOOTBALLGAMEWIN", 60, 12_000),
    Sport.BASKETBALL: SportTerms("basketball_team", "basketball_game", "Basketball", "BASKETBALLGAMEWIN", 60, 9_000),
    Sport.HOCKEY: SportTerms("hockey_team", "hockey_match", "Hockey", "HOCKEYGAMEWIN", 30, 9_500),
    Sport.BASEBALL: SportTerms("baseball_team", "baseball_game", "Baseball", "BASEBALLGAMEWIN", 30, 11_000),
    Sport.SOCCER: SportTerms("soccer_team", "soccer_tournament_multi_leg", "Soccer", "SOCCERGAMEWIN", 60, 7_000),
    Sport.TENNIS: SportTerms("tennis_competitor", "tennis_match", "Tennis", "TENNISMATCHWIN", 60, 8_000),
}

_MAKER = "quadratic_with_maker_fees"
_BY_LEAGUE: dict[str, tuple[str, str, str, tuple[str, str], str, float, str]] = {
    "nfl": ("NFL Game", "Pro Football", "NFL", ("the Governing League", "https://www.nfl.com/"), _MAKER, 1.0, ""),
    "nba": ("NBA Game", "Pro Basketball (M)", "NBA", ("the Governing League", "https://www.nba.com"), _MAKER, 0.6, ""),
    "nhl": ("NHL Game", "Pro Hockey", "NHL", ("the Governing League", "https://www.nhl.com"), _MAKER, 0.3, ""),
    "mlb": ("MLB Game", "Pro Baseball", "MLB", ("the Governing League", "https://www.mlb.com"), _MAKER, 0.4, ""),
    "ncaab": (
        "College Basketball Men's Game",
        "College Basketball (M)",
        "NCAAMB",
        ("ESPN", "https://www.espn.com/"),
        "quadratic",
        0.12,
        "tapered_deci_cent",
    ),
    "wncaab": (
        "College Basketball Women's Game",
        "College Basketball (W)",
        "NCAAWB",
        ("ESPN", "https://www.espn.com/"),
        "quadratic",
        0.03,
        "",
    ),
    "ncaaf": (
        "College Football Game",
        "College Football",
        "NCAAFB",
        ("ESPN", "https://www.espn.com/"),
        _MAKER,
        0.4,
        "",
    ),
    "wnba": (
        "WNBA Game",
        "Pro Basketball (W)",
        "WNBA",
        ("the Governing League", "https://www.wnba.com"),
        "quadratic",
        0.1,
        "",
    ),
    "epl": (
        "Premier League Game",
        "EPL",
        "EPL",
        ("the Governing League", "https://www.premierleague.com"),
        _MAKER,
        0.4,
        "",
    ),
    "ligue1": (
        "Ligue 1 Game",
        "Ligue 1",
        "LIGUE 1",
        ("the Governing League", "https://ligue1.com"),
        "quadratic",
        0.1,
        "",
    ),
    "mls": ("MLS Game", "MLS", "MLS", ("the Governing League", "https://www.mlssoccer.com"), "quadratic", 0.1, ""),
    "atp": ("ATP Tennis Match", "ATP", "ATP", ("ATP", "https://www.atptour.com"), "quadratic", 0.2, "deci_cent"),
    "wta": ("WTA Tennis Match", "WTA", "WTA", ("WTA", "https://www.wtatennis.com"), "quadratic", 0.15, ""),
}


def series_terms() -> dict[str, SeriesTerms]:
    """Every series of every configured league by ticker, the leagues' own first."""
    found: dict[str, SeriesTerms] = {}
    for league in load_leagues().values():
        fallback = (
            league.name + " Game",
            league.name,
            league.name,
            ("ESPN", "https://www.espn.com/"),
            "quadratic",
            0.1,
            "",
        )
        title, competition, code, source, fee, popularity, grid = _BY_LEAGUE.get(league.key, fallback)
        for ticker in (league.kalshi.series, *league.kalshi.also):
            own = ticker == league.kalshi.series
            found[ticker] = SeriesTerms(
                ticker=ticker,
                league=league.key,
                title=title if own else f"{title} ({ticker.removeprefix('KX').title()})",
                competition=competition,
                milestone_league=code,
                source=source,
                fee_type=fee,
                popularity=popularity,
                price_level_structure=grid or "linear_cent",
                has_games=own,
            )
    return found


PRICE_RANGES: dict[str, list[dict[str, str]]] = {
    "linear_cent": [{"end": "1.0000", "start": "0.0000", "step": "0.0100"}],
    "deci_cent": [{"end": "1.0000", "start": "0.0000", "step": "0.0010"}],
    "tapered_deci_cent": [
        {"end": "0.1000", "start": "0.0000", "step": "0.0010"},
        {"end": "0.9000", "start": "0.1000", "step": "0.0100"},
        {"end": "1.0000", "start": "0.9000", "step": "0.0010"},
    ],
}


def rules(sport: Sport, winner: str, contest: str, day: str) -> tuple[str, str]:
    """Primary and secondary rules text for a market on `winner` in `contest`."""
    if sport is Sport.SOCCER:
        what = (
            f"{contest} soccer game originally scheduled for {day} after 90 minutes plus stoppage time "
            "(does not include extra time or penalties)"
        )
        verb = "is the result of" if winner == "Tie" else "wins"
        return (
            f"If {winner} {verb} the {what}, then the market resolves to Yes.",
            f'The following market refers to the {what}. If the game ends in a tie, the market called "Tie" resolves '
            "to Yes. If the game is cancelled or rescheduled to over 48 hours away, the market will resolve to a fair "
            "price in accordance with the rules.",
        )
    if sport is Sport.TENNIS:
        what = f"{contest} originally scheduled for {day} after a ball has been played"
        return (
            f"If {winner} wins the {what}, then the market resolves to Yes.",
            f"The following market refers to the {what}. If the match does not occur (signaled by a ball being played) "
            "due to a player injury, walkover, forfeiture, or any other cancellation (all before the match starts), "
            "the market will resolve to a fair price in accordance with the rules.",
        )
    what = f"{contest} game originally scheduled for {day}"
    tie = (
        " If the game ends in a tie, the market will resolve to $0.50 for each team."
        if "Pro Football" in contest
        else ""
    )
    return (
        f"If {winner} wins the {what}, then the market resolves to Yes.",
        f"The following market refers to the team who wins the {what}.{tie}{_LATE}{_AFFILIATION}",
    )
