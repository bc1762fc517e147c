"""The file of fees: the packaged one is whole, a broken one is refused with the key that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from precog_assets.config import PACKAGED, load_leagues, read_fees
from precog_assets.domain.errors import ConfigurationError

FILE = PACKAGED / "fees.yaml"


def changed(folder: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    document = yaml.safe_load(FILE.read_text())
    change(document["venues"]["kalshi"])
    path = folder / "fees.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def test_the_packaged_fees_are_those_of_the_published_schedule() -> None:
    kalshi = read_fees(FILE).venues["kalshi"]
    rates = {name: (row.taker, row.maker) for name, row in kalshi.periods[-1].fee_types.items()}
    assert rates == {
        "quadratic": (Decimal("0.07"), 0),
        "quadratic_with_maker_fees": (Decimal("0.07"), Decimal("0.0175")),
        "quadratic_with_combo_maker_fees": (Decimal("0.07"), Decimal("0.035")),
    }
    assert set(kalshi.series) <= {league.kalshi.series for league in load_leagues().values()}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda k: k["default"].update(fee_type="flat"), r"default: fee type 'flat' is in no period; known: quadratic"),
        (lambda k: k["default"].update(multiplier="-1"), r"default\.multiplier`: .*greater than or equal to 0"),
        (lambda k: k["periods"].reverse(), r"periods: `from` 2021-07-01.* is not after 2026-03-09"),
        (lambda k: k["periods"][0].update(round_up_to="0.02"), r"round_up_to`: .*expected 1, 0\.1, 0\.01 and so on"),
        (lambda k: k.update(member="non_directt"), r"member`: .*'direct' or 'non_direct'"),
        (lambda k: k["balance_precision"].pop("direct"), r"balance_precision has no row for member 'direct'"),
        (lambda k: k.update(rounding="up"), r"rounding`: Extra inputs are not permitted"),
        (lambda k: k["series"].update(KX=[{"from": "2026-01-01", "fee_type": "quadratic", "multiplier": 1}]), "from"),
    ],
)
def test_a_broken_file_is_refused_with_its_key(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=rf"fees\.yaml: `venues\.kalshi(.|\n)*{told}"):
        read_fees(changed(tmp_path, change))


def test_a_message_does_not_quote_the_whole_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_fees(changed(tmp_path, lambda k: k["default"].update(fee_type="flat")))
    assert len(str(refused.value)) < 600
