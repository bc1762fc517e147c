"""`precog replay decision` and `replay day` as people run them: what is printed, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import Result

from precog_assets.store import tables
from precog_assets.store.engine import engine_for
from precog_assets_tests.queries.decided import World, commands
from precog_assets_tests.store.rows import quote

Precog = Callable[..., Result]


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> World:
    one = World(engine_for(database_url), tmp_path / "raw")
    one.fill()
    return one


@pytest.fixture
def precog(database_url: str, world: World) -> Iterator[Precog]:
    with commands(database_url, world.folder) as run:
        yield run


def said(result: Result, exit_code: int) -> str:
    """What was printed, in single spaces."""
    assert result.exit_code == exit_code, result.output
    return " ".join(result.output.split())


def tamper(world: World) -> None:
    with world.engine.begin() as connection:
        changed = sa.update(tables.quotes).where(tables.quotes.c.yes_ask == Decimal("0.42"))
        connection.execute(changed.values(yes_ask=Decimal("0.47")))


class TestDecision:
    def test_a_decision_that_comes_out_the_same_says_same(self, world: World, precog: Precog) -> None:
        made = world.one()
        world.markets({"KC": quote("0.70", "0.72")}, 90)
        text = said(precog("replay", "decision", made.decision_id[:8]), 0)
        assert text.startswith(f"{made.decision_id}: take {made.market_id} by value, taken as of 2026-11-22 18:01:00")
        assert "sized together with 1 other bets of that instant" in text
        assert text.endswith(" same")

    def test_one_that_differs_shows_where_then_and_now_and_fails(self, world: World, precog: Precog) -> None:
        made = world.one()
        tamper(world)
        text = said(precog("replay", "decision", made.decision_id), 1)
        assert "facts, as they are stored now" in text
        assert "decided today on these facts then now" in text
        assert "reason taken spread" in text
        assert "gate spread: value 0.02 0.07" in text
        assert "limit_price 0.42 -" in text
        assert "decided today on what was read then" not in text
        assert text.endswith("differs: facts are not what was read then; today's code decides the same on those")

    def test_as_json_it_is_json_alone_with_the_same_exit_codes(self, world: World, precog: Precog) -> None:
        made = world.one()
        same = precog("replay", "decision", made.decision_id, "--json")
        assert same.exit_code == 0
        assert json.loads(same.stdout)["same"] is True
        tamper(world)
        other = precog("replay", "decision", made.decision_id, "--json")
        assert other.exit_code == 1
        read = json.loads(other.stdout)
        assert (read["same"], read["code"]) == (False, [])
        assert {"name": "gates.spread.value", "recorded": 0.02, "now": 0.07} in read["verdict"]

    def test_an_unknown_id_is_refused(self, precog: Precog) -> None:
        assert "decision 'abcdef': there is none" in said(precog("replay", "decision", "abcdef"), 2)

    def test_a_lost_configuration_is_named(self, world: World, precog: Precog) -> None:
        made = world.one()
        with world.engine.begin() as connection:
            connection.execute(sa.delete(tables.strategies))
        text = said(precog("replay", "decision", made.decision_id), 1)
        assert "system.internal" in text
        assert "not both are stored in book.strategies and book.limits" in text


class TestDay:
    def test_a_day_without_answers_is_refused_with_the_days_that_have_some(self, precog: Precog) -> None:
        text = said(precog("replay", "day", "2026-11-01"), 2)
        assert "no answer of 2026-11-01 is kept; there are some from 2026-11-16 to 2026-11-22" in text

    def test_a_source_nobody_reads_is_refused(self, precog: Precog) -> None:
        assert "--source nasa: expected espn or kalshi" in said(
            precog("replay", "day", "2026-11-22", "--source", "nasa"), 2
        )

    def test_a_day_that_is_none_is_refused(self, precog: Precog) -> None:
        assert precog("replay", "day", "yesterday").exit_code == 2

    def test_answers_that_do_not_read_as_stored_are_counted_and_shown(self, precog: Precog) -> None:
        # The world's answers are stand-ins: today's parsers read nothing of what is stored out of them.
        text = said(precog("replay", "day", "2026-11-22", "--source", "kalshi"), 1)
        assert "2026-11-22, kalshi: 1 answers read again" in text
        assert "market.quotes - 2" in text
        assert "stored, not read again" in text
        assert text.endswith("differs")
