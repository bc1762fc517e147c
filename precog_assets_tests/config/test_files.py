"""Configuration files: the packaged ones are whole, a user's own are checked before anything runs on them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from precog_assets import config
from precog_assets.config import (
    PACKAGED,
    chosen_leagues,
    config_path,
    league_of_series,
    load_leagues,
    load_sources,
    read_leagues,
    read_sources,
)
from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.leagues import Outcome, Sport

RATING = (
    "rating: {min_games: 8, elo: {k: 20, home_edge: 48, margin: nfl, carry: 0.7, mean: 1505, new_team: 1505}, models: "
    "{default: {ratings: elo, terms: [elo.gap], calibration: {method: none, window_seasons: 1, ridge: 0, prior: [1]}}}}"
)
DEFAULT = ["nfl", "nba", "nhl", "mlb", "ncaab", "wncaab", "epl", "ligue1", "atp", "wta"]
NFL = f"""
leagues:
  nfl:
    name: NFL
    sport: football
    outcomes: [home, away]
    espn: {{path: football/nfl}}
    kalshi: {{series: KXNFLGAME, order: away_home}}
    season_label: start_year
    season_starts: "08-01"
    regulation_periods: 4
    {RATING}
"""


@pytest.fixture(autouse=True)
def read_afresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("PRECOG_CONFIG_DIR", raising=False)
    monkeypatch.delenv("PRECOG_LEAGUES", raising=False)
    yield
    load_leagues.cache_clear()
    load_sources.cache_clear()


def written(folder: Path, text: str, name: str = "leagues.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_the_packaged_leagues_are_the_ten_and_three_more() -> None:
    leagues = read_leagues(PACKAGED / "leagues.yaml")
    assert [key for key, league in leagues.items() if league.default] == DEFAULT
    assert [key for key, league in leagues.items() if not league.default] == ["ncaaf", "wnba", "mls"]
    assert all(league.key == key for key, league in leagues.items())


def test_only_soccer_ends_in_draws_and_only_tennis_is_of_players() -> None:
    for league in read_leagues(PACKAGED / "leagues.yaml").values():
        assert league.has_draw is (Outcome.DRAW in league.outcomes) is (league.sport is Sport.SOCCER)
        assert league.is_individual is (league.sport is Sport.TENNIS) is (league.kalshi.order == "none")


def test_the_packaged_sources_have_every_mode_and_the_real_ones_name_their_hosts() -> None:
    for source in read_sources(PACKAGED / "sources.yaml").values():
        assert set(source.modes) == {"sim", "demo", "live"}
        assert source.modes["sim"].hosts == ()
        for mode in ("demo", "live"):
            assert source.modes[mode].base_url.split("/")[2] in source.modes[mode].hosts
        assert source.poll.live_s <= source.poll.pregame_s <= source.poll.idle_s


def test_demo_and_live_share_no_host_at_the_exchange() -> None:
    kalshi = read_sources(PACKAGED / "sources.yaml")["kalshi"]
    assert not set(kalshi.modes["demo"].hosts) & set(kalshi.modes["live"].hosts)


def test_every_series_belongs_to_one_league() -> None:
    series = league_of_series()
    assert series["KXNFLGAME"] == "nfl"
    assert series["KXATPCHALLENGERMATCH"] == series["KXATPMATCH"] == "atp"
    assert len(series) == sum(1 + len(league.kalshi.also) for league in load_leagues().values())


def test_a_key_given_twice_is_refused_with_its_place(tmp_path: Path) -> None:
    path = written(tmp_path, NFL.replace("k: 20,", "k: 20, k: 30,"))
    with pytest.raises(ConfigurationError, match=r"leagues\.yaml, line 12: `k` is given twice; keep one"):
        read_leagues(path)


def test_a_league_given_twice_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, NFL + NFL.partition("leagues:")[2])
    with pytest.raises(ConfigurationError, match="`nfl` is given twice"):
        read_leagues(path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("k: 20,", "k: 20, kk: 3,", r"league `nfl`: `rating.elo.kk`: .*\(was 3\)"),
        (
            "[elo.gap]",
            "[margin.gap]",
            r"league `nfl`: `rating`: .*model `default` uses margin, which has no parameters",
        ),
        (
            "[elo.gap]",
            "[elo.gap, home]",
            r"league `nfl`: `rating.models.default`: .*2 terms and 1 of calibration.prior",
        ),
        ("default: {ratings", "other: {ratings", r"league `nfl`: `rating`: .*no model `default` among other"),
        ("sport: football", "sport: chess", r"league `nfl`: `sport`: .*\(was 'chess'\)"),
        ("k: 20,", "k: -1,", r"league `nfl`: `rating.elo.k`: .*greater than 0 \(was -1\)"),
        ("    regulation_periods: 4\n", "", "league `nfl`: `regulation_periods`: Field required"),
    ],
)
def test_what_is_wrong_with_a_league_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = written(tmp_path, NFL.replace(old, new))
    with pytest.raises(ConfigurationError, match=said) as refused:
        read_leagues(path)
    assert str(path) in str(refused.value)


def test_a_series_in_two_leagues_is_refused(tmp_path: Path) -> None:
    again = NFL.partition("leagues:")[2].replace("  nfl:", "  ufl:")
    with pytest.raises(ConfigurationError, match="series KXNFLGAME belongs to both `nfl` and `ufl`"):
        read_leagues(written(tmp_path, NFL + again))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected a mapping under `leagues:`"),
        ("leagues: [nfl]", "expected a mapping under `leagues:`"),
        ("leagues:\n  nfl:\n", r"`leagues.nfl`: expected a mapping \(was None\)"),
        ("leagues: {nfl: [", "cannot be read"),
    ],
)
def test_a_file_of_another_shape_is_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigurationError, match=said) as refused:
        read_leagues(path)
    assert str(path) in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.yaml: cannot be read: .*No such file"):
        read_sources(tmp_path / "none.yaml")


def test_an_unknown_key_of_a_source_is_named(tmp_path: Path) -> None:
    text = (PACKAGED / "sources.yaml").read_text().replace("recovery_s: 30", "recover_s: 30", 1)
    with pytest.raises(ConfigurationError, match=r"source `espn`: `breaker.recovery_s`"):
        read_sources(written(tmp_path, text, "sources.yaml"))


def test_a_users_file_replaces_the_packaged_one_and_the_other_stays(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = written(tmp_path, NFL)
    monkeypatch.setenv("PRECOG_CONFIG_DIR", str(tmp_path))
    load_leagues.cache_clear()
    assert config_path("leagues.yaml") == own
    assert config_path("sources.yaml") == PACKAGED / "sources.yaml"
    assert list(load_leagues()) == ["nfl"]
    assert set(load_sources()) == {"espn", "kalshi"}


def test_a_config_folder_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PRECOG_CONFIG_DIR", str(tmp_path / "gone"))
    with pytest.raises(ConfigurationError, match=r"PRECOG_CONFIG_DIR=.*gone: no such folder"):
        config_path("leagues.yaml")


def test_leagues_are_chosen_by_name_by_variable_or_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [league.key for league in chosen_leagues()] == DEFAULT
    assert [league.key for league in chosen_leagues(" NBA, nfl,nba,")] == ["nba", "nfl"]
    monkeypatch.setenv("PRECOG_LEAGUES", "mls")
    assert [league.key for league in chosen_leagues()] == ["mls"]
    assert [league.key for league in chosen_leagues("wta")] == ["wta"]
    assert [league.key for league in chosen_leagues("")] == DEFAULT


def test_an_unknown_league_is_named_with_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match=r"Unknown league 'xfl'.*known: nfl, nba"):
        chosen_leagues("nfl,xfl")


def test_configuration_is_read_once_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    before = load_leagues()

    def refuse(*_: object, **__: object) -> object:
        raise AssertionError("read again")

    monkeypatch.setattr(yaml, "load", refuse)
    assert load_leagues() is before
    assert config.chosen_leagues("nfl")[0] is before["nfl"]


def test_a_second_place_for_parameters_in_the_users_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, NFL)
    written(tmp_path, NFL, "leagues.yml")
    monkeypatch.setenv("PRECOG_CONFIG_DIR", str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"leagues\.yml is read by nothing; .*leagues\.yaml, sources\.yaml"):
        load_leagues()
