"""`precog why`, `funnel` and `explain` as people run them, on decisions that the product's own functions made."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import Result

from precog_assets import embedded
from precog_assets.store import tables
from precog_assets.store.engine import engine_for
from precog_assets_tests.queries.decided import DAY, EVENT, HOUR, JAC, KC, SCHEDULED, World, commands, strategy
from precog_assets_tests.store.conftest import bare_database
from precog_assets_tests.store.rows import at, game, quote

Precog = Callable[..., Result]


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> World:
    return World(engine_for(database_url), tmp_path / "raw")


@pytest.fixture
def precog(database_url: str, world: World) -> Iterator[Precog]:
    with commands(database_url, world.folder) as run:
        yield run


def said(result: Result, exit_code: int = 0) -> str:
    """What was printed, in single spaces."""
    assert result.exit_code == exit_code, result.output
    return " ".join(result.output.split())


class TestWhy:
    def test_a_trade_is_named_with_side_count_price_and_every_gate_that_it_passed(
        self, world: World, precog: Precog
    ) -> None:
        world.fill()
        made = world.one()
        text = said(precog("why", f"{EVENT}-KC"))
        assert f"value: took {made.contracts} YES at 0.42 or better; decided 60 s ago, on paper" in text
        assert "YES pays for home of nfl:401: Jacksonville Jaguars at Kansas City Chiefs, scheduled" in text
        assert "bid 0.40, ask 0.42, last seen 2 min ago" in text
        assert "failed" not in text
        for name in ("matched", "spread 0.02 0.05 $ passed", "kill_switch off off passed"):
            assert name in text
        assert f"decision {made.decision_id}; `precog explain decision {made.decision_id[:8]}`" in text

    def test_its_order_is_shown_with_what_was_filled(self, world: World, precog: Precog) -> None:
        world.fill()
        made = world.one()
        world.ordered(made, filled=5)
        assert f"order written: 5 of {made.contracts} YES at 0.42, paper" in said(precog("why", KC))

    def test_no_trade_names_the_gate_what_would_have_to_change_and_what_stops_it_next(
        self, world: World, precog: Precog
    ) -> None:
        world.fill(p_home=0.42)
        world.decide(by=[strategy(gates={"max_spread": "0.01"})])
        text = said(precog("why", f"{EVENT}-KC"))
        assert "value: no trade, stopped by spread; decided 60 s ago, on paper" in text
        assert "to trade: bid and ask would have to come within $0.01; they are $0.02 apart" in text
        assert "it would then be stopped by: min_net_value" in text
        assert "> spread 0.02 0.01 $ failed" in text

    def test_a_verdict_that_came_again_is_counted(self, world: World, precog: Precog) -> None:
        world.fill(p_home=0.42)
        for second in (60, 70, 80):
            world.decide(second)
        assert "decided 60 s ago, on paper; the same again 2 times, last 40 s ago" in said(precog("why", KC))

    def test_every_strategy_answers_and_one_can_be_asked_alone(self, world: World, precog: Precog) -> None:
        world.fill()
        world.decide(by=[strategy(), strategy("divergence", start_rung="shadow", highest_rung="shadow")])
        text = said(precog("why", KC))
        assert "value: took" in text
        assert "divergence: no trade, stopped by skill" in text
        assert "in shadow" in text
        alone = said(precog("why", KC, "--strategy", "divergence"))
        assert "divergence: no trade" in alone
        assert "value: took" not in alone

    def test_an_event_answers_for_each_of_its_markets(self, world: World, precog: Precog) -> None:
        world.fill()
        world.decide()
        text = said(precog("why", EVENT.lower()))
        assert text.count("decision ") == 4
        assert f"{EVENT}-JAC Jacksonville at Kansas City Winner? (YES: JAC); active" in text

    def test_a_market_that_is_tied_to_no_game_says_why_and_what_it_might_have_been(
        self, world: World, precog: Precog
    ) -> None:
        world.fill(linked=False)
        world.link(KC, verdict="unknown_code", detail="no team has the code KCX", candidates=["nfl:401"])
        text = said(precog("why", KC))
        assert "tied to no game: unknown_code; no team has the code KCX" in text
        assert "never decided by any strategy: it is tied to no game (unknown_code)" in text
        assert "considered nfl:401" in text

    def test_a_market_decided_while_tied_to_nothing_says_what_is_missing(self, world: World, precog: Precog) -> None:
        world.fill(linked=False)
        world.link(KC, verdict="no_game", detail="nobody plays")
        world.decide()
        text = said(precog("why", KC))
        assert "value: no trade, stopped by matched (tied to no game)" in text
        assert "to trade: the market would have to be tied to one game; it is no_game" in text

    @pytest.mark.parametrize(
        ("change", "why_not"),
        [
            (lambda _world: None, "no decision has been made since it was first quoted; is the decide step running?"),
            (lambda world: world.markets({"KC": quote()}, 30, status="closed"), "the market is closed"),
            (lambda world: world.games(game(start_time=at(2 * HOUR), **POSTPONED), 30), "its game is postponed"),
        ],
        ids=["not yet", "closed", "postponed"],
    )
    def test_a_market_never_decided_on_says_why(
        self, world: World, precog: Precog, change: Callable[[World], None], why_not: str
    ) -> None:
        world.fill()
        change(world)
        text = said(precog("why", KC))
        assert f"never decided by any strategy: {why_not}" in text

    def test_a_market_never_quoted_and_one_that_matching_has_not_seen_say_so(
        self, world: World, precog: Precog
    ) -> None:
        world.fill(linked=False)
        world.markets({"TIE": None})
        world.link(f"kalshi:{EVENT}-TIE", outcome="draw")
        text = said(precog("why", f"{EVENT}-TIE"))
        assert "never quoted here" in text
        assert "it was never quoted, so that there is no price to decide on" in text
        assert "matching has not tied it to a game yet" in said(precog("why", JAC))

    @pytest.mark.parametrize(
        ("asked", "near"),
        [
            (f"{EVENT}-KX", f"{EVENT}-KC"),
            ("KXNFLGAME-26NOV22", EVENT),
            ("KXNFLGAM-26NOV22JACKC", EVENT),
            ("jacksonville", f"{EVENT}-"),
        ],
    )
    def test_an_unknown_ticker_is_refused_with_names_near_it(
        self, world: World, precog: Precog, asked: str, near: str
    ) -> None:
        world.fill()
        text = said(precog("why", asked), 2)
        assert f"no market or event '{asked}' is stored; near it: " in text
        assert near in text.partition("near it: ")[2]

    def test_in_an_empty_database_the_first_step_is_named(self, precog: Precog) -> None:
        assert "no market or event 'KXABC' is stored; `precog once` reads" in said(precog("why", "KXABC"), 2)

    def test_an_unknown_strategy_is_refused_with_the_known_ones(self, world: World, precog: Precog) -> None:
        world.fill()
        world.decide()
        text = said(precog("why", KC, "--strategy", "vlaue"), 2)
        assert "no strategy 'vlaue'; known: value, maker, divergence" in text


POSTPONED = {**SCHEDULED, "status": "STATUS_POSTPONED", "state": "post"}


class TestFunnel:
    def test_it_counts_markets_gate_by_gate_down_to_those_taken(self, world: World, precog: Precog) -> None:
        world.fill(p_home=0.60)
        made = world.decide(by=[strategy(gates={"max_price": "0.5"})])
        taken = sum(one.reason == "taken" for one in made)
        text = said(precog("funnel", "--since", "24h"))
        assert text.startswith("value gate came passed stopped share of all matched 2 2 100% 100%")
        assert f"size 2 {taken}" in text

    def test_markets_fall_out_at_the_gate_that_stopped_them(self, world: World, precog: Precog) -> None:
        world.fill(linked=False)
        world.link(KC, outcome="home")
        world.link(JAC, verdict="no_game")
        world.decide()
        text = said(precog("funnel"))
        assert "matched 2 1 1 50% 50%" in text
        assert "league 1 1 100% 50%" in text

    def test_gates_that_none_came_to_are_counted_in_a_line(self, world: World, precog: Precog) -> None:
        world.fill(linked=False)
        for market_id in (KC, JAC):
            world.link(market_id, verdict="no_game")
        made = world.decide()
        text = said(precog("funnel"))
        assert "matched 2 0 2 0% 0%" in text
        assert f"and {len(made[0].gates) - 1} gates that none came to" in text
        assert "kill_switch" not in text

    def test_decisions_before_the_span_do_not_count_unless_they_still_held(self, world: World, precog: Precog) -> None:
        world.fill(p_home=0.42)
        world.decide(0)
        assert "no decision in the last 1min" in said(precog("funnel", "--since", "1min"))
        world.decide(90)
        assert "matched 2 2" in said(precog("funnel", "--since", "1min"))

    def test_a_league_without_decisions_says_so(self, world: World, precog: Precog) -> None:
        world.fill()
        world.decide()
        assert said(precog("funnel", "--league", "nba")) == "no decision in the last 24h in nba"

    @pytest.mark.parametrize("span", ["24", "0h", "-1h", "1 parsec", ""])
    def test_a_span_that_is_none_is_refused(self, precog: Precog, span: str) -> None:
        assert "expected a number with min, h, d or w, e.g. 24h" in said(precog("funnel", "--since", span), 2)


class TestExplain:
    def test_the_tree_goes_from_the_decision_to_the_raw_responses(self, world: World, precog: Precog) -> None:
        world.fill()
        made = world.one()
        world.ordered(made, filled=5)
        text = said(precog("explain", "decision", made.decision_id[:6]))
        for line in (
            f"take {KC} by value: taken",
            "forecast home 0.6000, away 0.4000 by nfl-default-",
            "home Kansas City Chiefs: rating 1550.0 after 10 games",
            "last moved by nfl:398, 2026-11-15: ",
            "quote of home: bid 0.40, ask 0.42, first seen 2026-11-22 18:00:00 UTC",
            "UTC: https://venue.test/espn:scoreboard:nfl:20261115",
            "UTC: https://venue.test/kalshi:markets:KXNFLGAME:open:1",
            "game nfl:401: STATUS_SCHEDULED, starts 2026-11-22 20:00 UTC",
            "link matched: home of nfl:401",
            "blend: weight 0.250 in 2026, from 250 games",
            f"order written: 5 of {made.contracts} YES at 0.42, paper",
            "filled 5 at 0.42, fee 0.09",
        ):
            assert line in text, line
        assert "not stored" not in text

    def test_as_json_it_is_the_same_tree_with_every_stored_value(self, world: World, precog: Precog) -> None:
        world.fill()
        made = world.one()
        tree = json.loads(precog("explain", "decision", made.decision_id, "--json").stdout)
        assert tree["values"]["decision_id"] == made.decision_id
        responses = found(tree, "response")
        assert {one["values"]["url"] for one in responses} == {
            "https://venue.test/espn:scoreboard:nfl:20261115",
            "https://venue.test/espn:scoreboard:nfl:20261122",
            "https://venue.test/kalshi:markets:KXNFLGAME:open:1",
        }
        assert all(len(one["values"]["sha256"]) == 64 for one in responses)
        assert all(one["values"]["observed_at"].startswith("2026-11-") for one in responses)
        archived = {path.stem.split(".")[0] for path in world.folder.rglob("*") if path.is_file()}
        assert {one["values"]["sha256"] for one in responses} <= archived

    def test_what_retention_dropped_is_said_to_be_missing(self, world: World, precog: Precog) -> None:
        world.fill()
        made = world.one()
        with world.engine.begin() as connection:
            connection.execute(sa.delete(tables.responses))
            connection.execute(sa.delete(tables.quotes))
            connection.execute(sa.delete(tables.ratings))
        text = said(precog("explain", "decision", made.decision_id))
        assert "no longer kept" in text
        assert f"not stored: quote of {KC} at 2026-11-22T18:00:00+00:00" in text

    def test_a_decision_on_a_market_tied_to_nothing_has_a_short_chain(self, world: World, precog: Precog) -> None:
        world.fill(linked=False)
        world.link(KC, verdict="no_game", detail="nobody plays")
        made = world.one()
        text = said(precog("explain", "decision", made.decision_id))
        assert f"pass {KC} by value: matched" in text
        assert "link no_game: nobody plays" in text
        assert "forecast" not in text

    def test_the_facts_shown_are_those_of_the_decision_and_not_later_ones(self, world: World, precog: Precog) -> None:
        world.fill()
        made = world.one()
        world.markets({"KC": quote("0.70", "0.72")}, 90)
        world.games(game(start_time=at(3 * HOUR), **SCHEDULED), 95)
        world.forecast(0.9, 100)
        text = said(precog("explain", "decision", made.decision_id))
        assert "bid 0.40, ask 0.42" in text
        assert "0.70" not in text
        assert "starts 2026-11-22 20:00" in text
        assert "forecast home 0.6000" in text

    def test_a_link_that_changed_since_says_so(self, world: World, precog: Precog) -> None:
        world.fill()
        made = world.one()
        with world.engine.begin() as connection:
            connection.execute(sa.update(tables.market_games).values(last_changed_at=at(90)))
        assert "link matched (changed since): home" in said(precog("explain", "decision", made.decision_id))

    @pytest.mark.parametrize(
        ("given", "answer"),
        [
            ("xyz", "expected its id or its first 4 or more hexadecimal digits"),
            ("abc", "expected its id or its first 4 or more hexadecimal digits"),
            ("abcdef", "there is none"),
        ],
    )
    def test_what_is_no_id_is_refused(self, precog: Precog, given: str, answer: str) -> None:
        assert answer in said(precog("explain", "decision", given), 2)

    def test_a_beginning_that_several_ids_have_is_refused_with_them(self, world: World, precog: Precog) -> None:
        world.fill()
        world.decide()
        with world.engine.begin() as connection:
            for number, market_id in enumerate((KC, JAC)):
                row = tables.decisions.c
                named = sa.update(tables.decisions).where(row.market_id == market_id)
                connection.execute(named.values(decision_id=f"abcd{number:016d}"))
        text = said(precog("explain", "decision", "abcd"), 2)
        assert "several begin so: abcd0000000000000000, abcd0000000000000001; give more digits" in text


class TestFeesKnownThen:
    def test_terms_read_before_the_decision_are_those_of_the_decision(self, world: World, precog: Precog) -> None:
        world.fill()
        world.fees("quadratic", "0.5", -HOUR)
        made = world.one()
        world.fees("quadratic", "2", 90)
        text = said(precog("explain", "decision", made.decision_id))
        assert "fees quadratic times 0.5: taker 0.035, maker 0, the multiplier included" in text
        assert "https://venue.test/kalshi:series:sports" in text
        assert "times 2" not in text

    def test_terms_that_held_then_but_were_read_later_are_not(self, world: World, precog: Precog) -> None:
        world.fill()
        made = world.one()
        world.fees("quadratic", "2", 90, effective=-DAY)
        text = said(precog("explain", "decision", made.decision_id))
        assert "fees quadratic_with_maker_fees times 1: taker 0.07, maker 0.0175" in text

    def test_without_any_word_of_the_venue_the_file_of_fees_counts(self, world: World, precog: Precog) -> None:
        world.fill()
        made = world.one()
        assert "fees quadratic_with_maker_fees times 1" in said(precog("explain", "decision", made.decision_id))


def found(node: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    mine = [node] if node["kind"] == kind else []
    return mine + [one for child in node["children"] for one in found(child, kind)]


class TestTheShortWayIn:
    def test_a_database_that_was_never_made_is_made_before_it_is_asked(
        self, postgres: embedded.EmbeddedServer, tmp_path: Path
    ) -> None:
        with bare_database(postgres, "precog_test_asked") as url, commands(url, tmp_path) as run:
            assert "no market or event 'KXABC' is stored" in said(run("why", "KXABC"), 2)

    def test_a_server_that_is_away_is_named(self, tmp_path: Path) -> None:
        with commands("postgresql://nobody@127.0.0.1:9/precog_test", tmp_path) as run:
            text = said(run("why", "KXABC"), 1)
        assert "system.database" in text
        assert "precog_test cannot be opened" in text

    def test_the_bytes_of_an_answer_are_printed_by_its_number(self, world: World, precog: Precog) -> None:
        world.fill()
        tree = json.loads(precog("explain", "decision", world.one().decision_id, "--json").stdout)
        listing = next(one for one in found(tree, "response") if "markets" in one["values"]["url"])
        number = str(listing["values"]["response_id"])
        assert precog("explain", "response", number).stdout == '{"markets": [], "at": 0}'
        assert "no response 99999 is kept" in said(precog("explain", "response", "99999"), 2)
