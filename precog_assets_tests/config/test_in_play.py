"""The parameters of win probabilities in play: every league has them, and a wrong file is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from precog_assets.config import load_leagues
from precog_assets.config.in_play import in_play_rules, load_in_play, read_in_play
from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.in_play import GoalRules, LeadRules

TENNIS = "{family: tennis, source: a tour, serve: 0.6, tie_break: 7}"


def written(folder: Path, text: str) -> Path:
    path = folder / "in_play.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_league_has_rules_that_fit_its_outcomes_and_periods() -> None:
    for key, league in load_leagues().items():
        rules = in_play_rules(key)
        assert (isinstance(rules, GoalRules) and rules.draws) == league.has_draw
        if isinstance(rules, LeadRules):
            assert rules.periods == league.regulation_periods
            assert (rules.overtime.kind == "ends_level") == league.ties
        if isinstance(rules, GoalRules):
            assert len(rules.shares) == league.regulation_periods


def test_what_is_fitted_names_seasons_before_those_that_are_graded() -> None:
    graded_from = {"nba": 2019, "nfl": 2017, "epl": 2018, "ligue1": 2018}
    for key, first in graded_from.items():
        seasons = load_in_play()[key].seasons
        assert seasons is not None
        assert seasons[1] < first


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("leagues: [nba]", "expected one mapping, under `leagues:`"),
        ("leagues: {}\nmore: 1", "expected one mapping, under `leagues:`"),
        (f"leagues: {{curling: {TENNIS}}}", "league `curling` is unknown"),
        ("leagues: {atp: {family: darts}}", "league `atp`"),
        (f"leagues: {{atp: {TENNIS}, atp: {TENNIS}}}", "`atp` is given twice"),
        (f"leagues: {{atp: {TENNIS[:-1]}, luck: 1}}}}", "tennis.luck"),
        ("leagues: {atp: {family: tennis, source: a tour, serve: 1.6}}", "tennis.serve"),
        (
            "leagues: {nba: {family: lead, source: s, periods: 4, period_s: 720, period_sd: [1, 2],"
            " overtime: {kind: repeat, period_s: 300, sd: 5}}}",
            "right is 4 numbers above 0",
        ),
        ("leagues: {nba: ", "cannot be read as YAML"),
    ],
)
def test_a_wrong_file_is_refused_by_league_and_key(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        read_in_play(written(tmp_path, text))
    assert told in str(error.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.yaml: cannot be read"):
        read_in_play(tmp_path / "none.yaml")


def test_a_league_without_rules_is_refused_with_those_that_have_some() -> None:
    with pytest.raises(ConfigurationError, match=r"'curling' has no win probability in play; in_play\.yaml has nba"):
        in_play_rules("curling")
