"""Score, winner, season, kind, make-up and situation of one game."""

from __future__ import annotations

from typing import Any

import pytest

from precog_assets.domain.facts import GameKind
from precog_assets_tests.sources.espn.build import event, one, read, reasons, side


@pytest.mark.parametrize(
    ("sent", "read_as"),
    [
        ("13", 13),
        (13, 13),
        (13.0, 13),
        ("13.0", 13),
        ({"value": 13.0, "displayValue": "13"}, 13),
        ({"displayValue": "13"}, 13),
        ("", None),
        ("NaN", None),
        ({"value": "NaN"}, None),
        ({"value": {"value": 3}}, None),
        (True, None),
        (-1, None),
        (13.5, None),
        ("9" * 5000, None),
        ([13], None),
    ],
)
def test_a_score_is_read_in_every_form_it_is_sent_in(sent: Any, read_as: int | None) -> None:
    game = one("nba", event(name="STATUS_IN_PROGRESS", home=side("home", "1", sent), away=side("away", "2", "7")))
    assert (game.home_score, game.away_score) == (read_as, 7)


@pytest.mark.parametrize("sent", [None, "", "NaN", {}, {"value": None}])
def test_a_completed_game_without_a_readable_score_is_refused(sent: Any) -> None:
    board = read("nba", event(name="STATUS_FINAL", home=side("home", "1", sent), away=side("away", "2", "7")))
    assert reasons(board) == ["no_score"]


@pytest.mark.parametrize(
    ("name", "scores"),
    [
        ("STATUS_SCHEDULED", (None, None)),
        ("STATUS_POSTPONED", (None, None)),
        ("STATUS_CANCELED", (None, None)),
        ("STATUS_IN_PROGRESS", (3, 2)),
        ("STATUS_RAIN_DELAY", (3, 2)),
        ("STATUS_SUSPENDED", (3, 2)),
        ("STATUS_FINAL", (3, 2)),
    ],
)
def test_a_score_is_kept_only_where_it_means_something(name: str, scores: tuple[int | None, int | None]) -> None:
    game = one("mlb", event(name=name, home=side("home", "1", "3"), away=side("away", "2", "2")))
    assert (game.home_score, game.away_score) == scores
    assert game.winner == ("home" if name == "STATUS_FINAL" else None)


@pytest.mark.parametrize(
    ("flags", "scores", "winner"),
    [
        ((True, False), ("1", "0"), "home"),
        ((False, True), ("0", "1"), "away"),
        ((None, None), ("0", "1"), "away"),
        ((True, True), ("0", "1"), "away"),
        ((False, False), ("2", "1"), "home"),
        ((False, False), ("1", "1"), "draw"),
        ((False, True), ("0", "0"), "away"),
    ],
)
def test_the_winner_is_the_flagged_side_and_else_the_scores(flags: Any, scores: Any, winner: str) -> None:
    home = side("home", "1", scores[0], winner=flags[0])
    away = side("away", "2", scores[1], winner=flags[1])
    assert one("epl", event(name="STATUS_FULL_TIME", home=home, away=away)).winner == winner


@pytest.mark.parametrize(
    ("key", "season_type", "winner"),
    [
        ("nfl", 2, "draw"),
        ("nfl", 1, "draw"),
        ("nfl", 3, None),
        ("nba", 2, None),
        ("nhl", 1, "draw"),
        ("ncaaf", 2, None),
    ],
)
def test_equal_scores_are_a_draw_only_where_a_game_can_tie(key: str, season_type: int, winner: str | None) -> None:
    tied = event(
        name="STATUS_FINAL",
        home=side("home", "1", "20", winner=False),
        away=side("away", "2", "20", winner=False),
        season={"year": 2026, "type": season_type},
    )
    assert one(key, tied).winner == winner


def test_a_shootout_names_the_qualifier_and_keeps_the_score_without_it() -> None:
    home = side("home", "1", "0", winner=True, shootoutScore=4, advance=True)
    away = side("away", "2", "0", winner=False, shootoutScore=3, advance=False)
    game = one("epl", event(name="STATUS_FINAL_PEN", home=home, away=away))
    assert (game.home_score, game.away_score, game.winner) == (0, 0, "home")
    assert (game.home_shootout_score, game.away_shootout_score) == (4, 3)


@pytest.mark.parametrize(
    ("key", "season", "season_type", "kind"),
    [
        ("nba", {"year": 2027, "type": 1}, "preseason", GameKind.PRESEASON),
        ("nba", {"year": 2027, "type": 2}, "regular", GameKind.REGULAR),
        ("nba", {"year": 2027, "type": 3}, "postseason", GameKind.POSTSEASON),
        ("nba", {"year": 2027, "type": 4}, "offseason", GameKind.EXHIBITION),
        ("nba", {"year": 2027, "type": 5}, "play_in", GameKind.POSTSEASON),
        ("nba", {"year": 2027, "slug": "post-season"}, "postseason", GameKind.POSTSEASON),
        ("nba", {"year": 2027, "type": 99}, "unknown", GameKind.EXHIBITION),
        ("epl", {"year": 2027, "type": 13481, "slug": "2026-27-english-premier-league"}, None, GameKind.REGULAR),
        ("mls", {"year": 2027, "type": 13846, "slug": "regular-season"}, None, GameKind.REGULAR),
        ("mls", {"year": 2027, "type": 13850, "slug": "mls-cup-playoffs"}, None, GameKind.POSTSEASON),
        ("epl", {"year": 2027, "type": 13800, "slug": "round-of-16"}, None, GameKind.POSTSEASON),
        ("epl", {"year": 2027, "type": 1, "slug": "club-friendly"}, None, GameKind.EXHIBITION),
        ("mls", {"year": 2027, "type": 1, "slug": "preseason"}, None, GameKind.PRESEASON),
        ("epl", {"year": 2027, "type": 13481}, "13481", GameKind.REGULAR),
    ],
)
def test_season_type_and_kind_come_from_the_provider(
    key: str, season: dict[str, Any], season_type: str | None, kind: GameKind
) -> None:
    game = one(key, event(season=season))
    assert (game.season, game.season_type, game.game_kind) == (2027, season_type or season["slug"], kind)


@pytest.mark.parametrize(
    "changes",
    [
        {"competition": {"type": {"id": "4", "abbreviation": "ALLSTAR"}}},
        {"home": side("home", "1") | {"team": {"id": "1", "displayName": "Team LeBron", "abbreviation": "LEB"}}},
        {"home": side("home", "1") | {"team": {"id": "1", "displayName": "World", "isAllStar": True}}},
        {"away": side("away", "1") | {"team": {"id": "1", "displayName": "American League All-Stars"}}},
        {"away": side("away", "1") | {"team": {"id": "1", "displayName": "AFC"}}},
    ],
)
def test_an_all_star_game_is_known_by_any_of_its_signs(changes: dict[str, Any]) -> None:
    assert one("nba", event(**changes)).game_kind is GameKind.ALL_STAR


def test_a_note_can_make_a_game_an_exhibition() -> None:
    noted = event(competition={"notes": [{"type": "event", "headline": "Exhibition"}]})
    assert one("ncaab", noted).game_kind is GameKind.EXHIBITION


@pytest.mark.parametrize(
    ("headline", "date"),
    [
        ("Doubleheader - Game 1 - Makeup from June 4", "06-04"),
        ("Doubleheader - Game 1 – Makeup from July 21", "07-21"),
        ("Make-up game of Sept. 3", "09-03"),
        ("Makeup from 6/14", "06-14"),
        ("Makeup from February 30", None),
        ("Makeup from 13/40", None),
        ("Makeup from Foo 4", None),
        ("Inclement Weather - Makeup date June 5", None),
    ],
)
def test_a_make_up_names_the_day_it_makes_up(headline: str, date: str | None) -> None:
    game = one("mlb", event(competition={"notes": [{"headline": "Doubleheader"}, {"headline": headline}]}))
    assert (game.headline, game.makeup_of_date) == ("Doubleheader", date)


def test_live_baseball_and_an_empty_situation() -> None:
    sent = {"balls": 3, "strikes": 2, "outs": 1, "onFirst": True, "onSecond": False, "onThird": None, "lastPlay": None}
    live = one("mlb", event(name="STATUS_IN_PROGRESS", competition={"situation": sent}))
    assert live.situation == {"balls": 3, "strikes": 2, "outs": 1, "on_first": True, "on_second": False}
    assert (live.clock, live.display_clock) == (None, None)
    assert one("nba", event(name="STATUS_IN_PROGRESS", competition={"situation": {}})).situation is None
    assert one("nba", event(competition={"situation": sent})).situation is None
