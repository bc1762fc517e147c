"""Scenarios show what they promise, and a wrong one is refused naming file and key."""

from __future__ import annotations

import os
import stat
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from precog_assets.cli.simulate import SCENARIOS
from precog_assets.domain.errors import ConfigurationError
from precog_assets.simulator.control.views import live_games
from precog_assets.simulator.faults.rules import KINDS
from precog_assets.simulator.scenarios import load_scenario, read_scenario, scenarios
from precog_assets.simulator.scenarios.model import read_length
from precog_assets.simulator.simulation import Simulation
from precog_assets.simulator.staging import revive, stage
from precog_assets.simulator.world_file import read_world

GOOD = "name: mine\ndescription: Of my own.\nanchor: 2026-11-22T18:05:00Z\nleagues: [nfl]\n"


def played(name: str, after: timedelta = timedelta(0)) -> Counter[str]:
    """Games in play by league, so long after the scenario's beginning."""
    scenario = load_scenario(name)
    simulation = Simulation(scenario.settings(datetime.now(UTC)), scenario=name)
    games = live_games(simulation, scenario.anchor + after)
    simulation.close()
    return Counter(game["league"] for game in games)


def test_sunday_is_a_full_nfl_sunday() -> None:
    assert load_scenario("sunday").speed == 20
    assert played("sunday")["nfl"] >= 8
    assert played("sunday", timedelta(hours=3, minutes=35))["nfl"] >= 3
    assert played("sunday", timedelta(hours=8, minutes=10))["nfl"] == 1


def test_march_is_the_first_thursday_of_the_tournament() -> None:
    assert played("march")["ncaab"] >= 2
    scenario = load_scenario("march")
    simulation = Simulation(scenario.settings(datetime.now(UTC)))
    games = simulation.world.games_on("ncaab", scenario.anchor.date())
    simulation.close()
    assert len(games) == 16
    assert {game.season_type for game in games} == {3}


def test_the_grand_slam_is_played_by_both_tours() -> None:
    counts = played("grand-slam")
    assert counts["atp"] >= 4
    assert counts["wta"] >= 4


def test_the_storm_has_every_league_in_play_and_faults_of_all_kinds() -> None:
    scenario = load_scenario("storm")
    assert set(played("storm", timedelta(minutes=20))) >= {"nfl", "nba", "nhl", "mlb", "ncaab", "wncaab", "epl"}
    kinds = {rule.kind for rule in scenario.rules}
    assert set(KINDS) - kinds == {"changed_field"}
    assert all(rule.begins is not None and rule.begins >= scenario.anchor for rule in scenario.rules)


def test_the_help_names_every_scenario_there_is() -> None:
    assert set(SCENARIOS) == set(scenarios())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("name: mine", "name: My Own"), "scenario.name: 'My Own'; string should match pattern"),
        (("description: Of my own.\n", ""), "scenario.description: missing"),
        (("2026-11-22T18:05:00Z", "someday"), "scenario.anchor: 'someday'; input should be a valid datetime"),
        (("2026-11-22T18:05:00Z", "2026-11-22T18:05:00"), "scenario.anchor"),
        (("[nfl]", "[quidditch]"), "scenario.leagues"),
        (("leagues", "ligues"), "scenario.ligues: no such field here"),
        (("leagues: [nfl]", "speed: 0"), "scenario.speed: 0; input should be greater than or equal to 0.000000001"),
        (("leagues: [nfl]", "calendar: lunar"), "scenario.calendar: 'lunar'"),
        (
            ("leagues: [nfl]", "faults: [{at: soon, kind: gone}]"),
            "scenario.faults.0.at: 'soon'; expected a length such",
        ),
        (("leagues: [nfl]", "faults: [{at: 5m, kind: gremlin}]"), "faults[0].kind: 'gremlin'; expected one of"),
        (("leagues: [nfl]", "faults: [{kind: gone}, {kind: latency}]"), "faults[1].delay_ms: missing"),
        (("leagues: [nfl]", "accounts: [{name: a, balance_dollars: -1}]"), "scenario.accounts.0.balance_dollars"),
        (
            ("leagues: [nfl]", "accounts: [{name: a, balance_dollars: 1, tier: gold}]"),
            "scenario.accounts.0.tier: 'gold'",
        ),
        (("name: mine", "name: [mine"), "line"),
    ],
)
def test_a_wrong_scenario_is_refused_naming_file_and_key(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD.replace(*change))
    with pytest.raises(ConfigurationError) as refusal:
        load_scenario(str(file))
    assert str(refusal.value).startswith(str(file))
    assert said in str(refusal.value)


def test_names_and_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Scenario 'monday': expected one of grand-slam, march, storm, sunday"):
        load_scenario("monday")
    with pytest.raises(ConfigurationError, match=r"nowhere\.yaml: cannot be read"):
        load_scenario(str(tmp_path / "nowhere.yaml"))


@pytest.mark.parametrize(
    ("said", "length"),
    [("90s", timedelta(seconds=90)), ("1h30m", timedelta(hours=1, minutes=30)), ("2d", timedelta(2))],
)
def test_lengths_are_read(said: str, length: timedelta) -> None:
    assert read_length(said) == length


@pytest.mark.parametrize("said", ["", "5", "1m1h", "-5m", 5, None, "1 h"])
def test_what_is_no_length_is_refused(said: object) -> None:
    with pytest.raises(ValueError, match="expected a length"):
        read_length(said)


def test_a_scenario_begins_anew_unless_it_is_resumed(tmp_path: Path) -> None:
    file = tmp_path / "scenario-mine.json"
    scenario = read_scenario(GOOD + "accounts: [{name: desk, balance_dollars: 42.5}]\n", "mine")
    first, keys = stage(scenario, file)
    first.move_clock(by=timedelta(hours=2))
    balance = {key: sum(p.cash for p in a.purses.values()) for key, a in first.kalshi.exchange.accounts.items()}
    assert sorted(balance.values()) == [42_500_000, 10_000_000_000]
    first.close()

    again, same = stage(scenario, file, resume=True)
    assert again.clock.now() > scenario.anchor + timedelta(hours=2)
    assert same == keys
    assert again.kalshi.exchange.accounts.keys() == balance.keys()
    again.close()

    anew, others = stage(scenario, file)
    assert anew.clock.now() < scenario.anchor + timedelta(minutes=5)
    assert others["desk"].key_id != keys["desk"].key_id
    anew.close()


def test_another_world_is_not_resumed_as_the_scenario(tmp_path: Path) -> None:
    file = tmp_path / "scenario-mine.json"
    stage(read_scenario(GOOD, "mine"), file)[0].close()
    with pytest.raises(ConfigurationError, match="another world than that of scenario mine"):
        stage(read_scenario(GOOD + "seed: 2\n", "mine"), file, resume=True)


def test_a_remembered_world_has_an_account_whose_key_only_its_owner_reads(tmp_path: Path) -> None:
    file = tmp_path / "world.json"
    simulation, keys = stage(read_scenario(GOOD, "mine"), file)
    key = keys["default"]
    assert stat.S_IMODE(os.stat(key.file).st_mode) == 0o600
    assert simulation.kalshi.exchange.key(key.key_id) is not None
    simulation.close()
    revived, again = revive(read_world(file), file)
    assert again == keys
    assert len(revived.kalshi.exchange.accounts) == 1
    revived.close()


def test_a_key_file_that_holds_no_key_is_named(tmp_path: Path) -> None:
    file = tmp_path / "world.json"
    simulation, keys = stage(read_scenario(GOOD, "mine"), file)
    simulation.close()
    keys["default"].file.write_text("nothing")
    with pytest.raises(ConfigurationError, match=r"world\.default\.key\.pem: not a private key in PEM"):
        revive(read_world(file), file)
