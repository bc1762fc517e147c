"""The quirks of the reference, Q13 to Q24."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from precog_assets.domain.times import eastern_day
from precog_assets.simulator.world import World
from precog_assets_tests.simulator.espn.conftest import ANCHOR, Ask, board_path
from precog_assets_tests.simulator.espn.watching import (
    LONG_AFTER,
    MINUTE,
    events,
    season_games,
    shown,
    sides,
    site,
    status_of,
    struck,
)


def test_q13_neutral_ground_turns_the_short_name(ask: Ask, world: World) -> None:
    game = next(game for game in season_games(world, "nfl") if game.neutral and game.season_type == 2)
    event = shown(ask, world, game, game.start)
    assert event["competitions"][0]["neutralSite"] is True
    assert event["shortName"] == f"{game.away.abbreviation} VS {game.home.abbreviation}"
    assert event["name"] == f"{game.away.display_name} at {game.home.display_name}"


def test_q14_college_boards_are_a_few_games_without_a_group(ask: Ask) -> None:
    few, every = events(ask(board_path("ncaab"))), events(ask(board_path("ncaab"), groups="50", limit=500))
    assert 5 * len(few) < len(every)
    assert events(ask(board_path("ncaab"), group="50")) == few


def test_q15_events_vanish_while_the_fault_stands(ask: Ask, world: World) -> None:
    whole = {event["id"] for event in events(ask(board_path("nba")))}
    thinned = {event["id"] for event in struck(world, "Q15", board_path("nba")).json()["events"]}
    assert thinned < whole


def test_q16_one_match_is_on_several_boards(ask: Ask) -> None:
    whole = ask("/apis/site/v2/sports/soccer/all/scoreboard").json()
    league = events(ask(board_path("epl")))
    assert {event["id"] for event in league} < {event["id"] for event in whole["events"]}
    assert "slug" not in whole["leagues"][0]
    month = ask("/apis/site/v2/sports/soccer/all/scoreboard", dates="202611", limit=500).json()
    assert len(month["events"]) == 100


def test_q16_a_major_is_in_both_feeds_with_the_uid_of_the_feed(ask: Ask, world: World) -> None:
    major = next(game for game in season_games(world, "atp") if game.best_of == 5)
    seen = {}
    for league, number in (("atp", "851"), ("wta", "900")):
        board = events(ask(board_path(league), dates=f"{eastern_day(major.start):%Y%m%d}"))
        event = next(one for one in board if one["id"] == major.tournament_id)
        assert event["major"] is True
        draws = {part["grouping"]["slug"]: part["competitions"] for part in event["groupings"]}
        assert set(draws) == {"mens-singles", "womens-singles", "mens-doubles", "womens-doubles"}
        every = [match for matches in draws.values() for match in matches]
        assert all(match["uid"].startswith(f"s:850~l:{number}~e:{major.tournament_id}~c:") for match in every)
        assert all(match["format"]["regulation"]["periods"] == 5 for match in draws["mens-singles"])
        seen[league] = {match["id"] for match in every}
        assert len(every) == len(seen[league])
    assert seen["atp"] == seen["wta"]


def test_q17_overtime_goes_on_and_finals_say_so(ask: Ask, world: World) -> None:
    found = {}
    wanted = {"nba": (("Final/OT", 5), ("Final/2OT", 6)), "nhl": (("Final/OT", 4), ("Final/SO", 5))}
    wanted |= {"mlb": (("Final/10", 10),), "nfl": (("Final/OT", 5),), "ncaab": (("Final/OT", 3), ("Final/2OT", 4))}
    for league, finals in wanted.items():
        for game in season_games(world, league):
            detail = world.ending(game).detail
            if detail in dict(finals) and (league, detail) not in found:
                event = shown(ask, world, game, game.start + timedelta(days=3))
                found[league, detail] = event["status"]["period"]
                assert event["status"]["type"]["detail"] == detail
                assert event["status"]["type"]["altDetail"] == detail[6:] or detail == "Final/10"
            if len([1 for one, _ in found if one == league]) == len(finals):
                break
    assert found == {(league, detail): period for league, finals in wanted.items() for detail, period in finals}


def test_q17_cup_ties_go_to_extra_time_and_penalties(ask: Ask, world: World) -> None:
    games = [game for place in (0, 1) for game in season_games(world, "mls", place)]
    game = next(game for game in games if world.ending(game).status == "STATUS_FINAL_PEN")
    course = world.timeline(game)
    names = [state.status.removeprefix("STATUS_") for state in course]
    assert {"END_OF_REGULATION", "OVERTIME", "HALFTIME_ET", "SHOOTOUT", "FINAL_PEN"} <= set(names)
    kicking = next(state for state in reversed(course) if state.status == "STATUS_SHOOTOUT")
    event = shown(ask, world, game, kicking.at)
    assert status_of(event) == ("SHOOTOUT", "in", False)
    assert event["status"]["type"]["detail"] == "Penalties"
    for side, count in zip(sides(event), (kicking.home_shootout, kicking.away_shootout), strict=True):
        assert side["shootoutScore"] == count
        assert side["winner"] is False
        assert "advance" not in side
    over = shown(ask, world, game, course[-1].at)
    home, away = sides(over)
    assert home["score"] == away["score"]
    assert home["winner"] is home["advance"] is (course[-1].advanced == "home")
    assert away["winner"] is away["advance"] is (course[-1].advanced == "away")
    assert "advance" in over["competitions"][0]["notes"][-1]["text"]
    kicks = [detail for detail in over["competitions"][0]["details"] if detail["shootout"]]
    scored = Counter(kick["team"]["id"] for kick in kicks if kick["scoringPlay"])
    assert scored == Counter({home["id"]: home["shootoutScore"], away["id"]: away["shootoutScore"]})


def test_q18_statuses_stick_while_the_fault_stands_and_some_finals_keep_a_clock(ask: Ask, world: World) -> None:
    stuck = struck(world, "Q18", board_path("nba")).json()["events"]
    assert {event["status"]["type"]["name"] for event in stuck} == {"STATUS_SCHEDULED"}
    clocks = Counter(
        event["status"]["clock"]
        for month in ("202605", "202606", "202607")
        for event in events(ask(board_path("nba"), dates=month, limit=500))
        if event["status"]["type"]["completed"]
    )
    assert set(clocks) == {0.0, 720.0}
    assert clocks[0.0] > 50 * clocks[720.0]


def test_q19_code_and_words_of_the_weather_change_places(ask: Ask) -> None:
    board = events(ask(board_path("mlb"), dates="202612", limit=500))
    forms = Counter(event["weather"]["conditionId"].isdigit() for event in board if "weather" in event)
    assert forms[True] > 3 * forms[False] > 0
    assert all(
        event["weather"]["conditionId"].isdigit() != event["weather"]["displayValue"].isdigit()
        for event in board
        if "weather" in event
    )


def test_q20_ids_are_other_teams_in_other_leagues(ask: Ask) -> None:
    names = {}
    for league in ("nfl", "nba", "mlb", "nhl"):
        page = ask(site(league, "teams")).json()
        teams = [entry["team"] for entry in page["sports"][0]["leagues"][0]["teams"]]
        names[league] = {team["id"]: team["displayName"] for team in teams}
    assert len({teams["1"] for teams in names.values()}) == 4


def test_q21_details_are_in_eastern_time(ask: Ask) -> None:
    page = events(ask(board_path("nba"), dates="20261125"))
    details = [event["status"]["type"]["detail"] for event in page if event["status"]["type"]["shortDetail"] != "TBD"]
    assert details
    assert all(detail.endswith((" EST", " EDT")) for detail in details)


def test_q22_canceled_games_stay_on_their_day(ask: Ask, world: World) -> None:
    game = next(game for place in (0, 1) for game in season_games(world, "nfl", place) if game.fate == "canceled")
    event = shown(ask, world, game, game.start + LONG_AFTER)
    assert status_of(event) == ("CANCELED", "post", False)
    assert event["status"]["type"]["id"] == "5"
    assert [side["score"] for side in sides(event)] == ["0", "0"]


def test_q23_a_few_games_have_no_summary_until_they_begin(ask: Ask, world: World) -> None:
    coming = [game for game in season_games(world, "nba", 1) if world.truth(game, ANCHOR).state == "pre"][:200]
    lacking = [game for game in coming if ask(site("nba", "summary"), event=game.event_id).status_code == 404]
    assert 0 < len(lacking) < 20
    first = lacking[0]
    assert shown(ask, world, first, ANCHOR)["id"] == first.event_id
    assert ask(site("nba", "summary"), now=first.start + MINUTE, event=first.event_id).status_code == 200


def test_q24_the_season_rolls_by_the_calendar_of_the_league(ask: Ask, world: World) -> None:
    past, current = world.seasons("nhl")[:2]
    first, _ = world.season_days("nhl", current)
    for day, season in ((first - timedelta(days=2), past), (first, current)):
        now = ANCHOR.replace(year=day.year, month=day.month, day=day.day, hour=17)
        page = ask(board_path("nhl"), now=now).json()
        assert page["season"]["year"] == page["leagues"][0]["season"]["year"] == season
