"""The README names every code with its meaning and what to do, as the code table has them."""

from __future__ import annotations

from pathlib import Path

from precog_assets.domain.errors import CODES
from precog_assets.domain.errors_page import BEGIN, END, errors_page

README = Path(__file__).resolve().parents[2] / "README.md"


def test_every_code_stands_on_the_page_with_its_meaning_and_action() -> None:
    rows = {line.split("`")[1]: line for line in errors_page().splitlines() if line.startswith("| `")}
    assert rows.keys() == CODES.keys()
    for code, row in rows.items():
        assert CODES[code].meaning in row
        assert CODES[code].action in row
        assert row.count("|") == 5, "no text breaks its column"


def test_the_readme_has_the_page_as_the_code_table_makes_it() -> None:
    text = README.read_text(encoding="utf-8")
    found = BEGIN + text.partition(BEGIN)[2].partition(END)[0] + END
    assert found == errors_page(), "`python -m precog_assets.domain.errors_page` prints what belongs there"
