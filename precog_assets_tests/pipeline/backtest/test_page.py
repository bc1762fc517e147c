"""Plots, tables and the page: what they show, and that the page needs nothing but itself."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

from precog_assets.pipeline.backtest.page import html_page
from precog_assets.pipeline.backtest.plots import NOTHING_YET, calibration_plot, equity_plot, write_all
from precog_assets.pipeline.backtest.report import Report, report_of
from precog_assets.pipeline.backtest.tables import gates, gates_by_month, groups, summary, tables
from precog_assets_tests.pipeline.backtest.bets import bet, points, result

PNG = b"\x89PNG\r\n\x1a\n"
VOID = {"meta", "img"}
GATES = Counter({("nba", "2025-10", "rated"): 1234, ("nfl", "2025-11", "spread"): 6, ("nba", "2025-11", "taken"): 2})


def report(*bets, **fields) -> Report:
    return report_of(result(*bets, **fields), resamples=50)


def traded() -> Report:
    bets = [bet(at, day=at % 40, closing_mid=0.51, yes_value=str(at % 2)) for at in range(120)]
    return report(*bets, equity=points("10010", "9950", "10080"), by_gate=GATES)


def cells(table) -> dict[str, tuple[str, ...]]:
    return {row[0]: row[1:] for row in table.rows}


class Reading(HTMLParser):
    """Every tag closes, and nothing is fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.tags: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_but_itself() -> None:
    page = html_page(traded())
    reading = Reading()
    reading.feed(page)
    assert reading.open == []
    assert reading.tags["img"] == 2
    assert all(source.startswith("data:image/png;base64,") for source in reading.sources)
    assert not reading.tags["script"] + reading.tags["link"]
    assert not re.search(r"https?://|@import|url\(", page)


def test_the_page_shows_figures_remarks_and_every_gate() -> None:
    page = html_page(traded())
    for text in ("120 settled", "return on investment", "closing line value", "Bets by month", "rated", "1,234"):
        assert text in page, text
    assert "The strategy ran on paper from the first day" in page


def test_what_comes_from_data_is_escaped() -> None:
    found = report(by_gate=Counter({("<b>", "2025-10", "a & b"): 1, ("nba", "2025-10", "rated"): 1}))
    page = html_page(found, title="<script>alert(1)</script>")
    assert "<script>" not in page
    assert "<b>" not in page
    assert "a &amp; b" in page


def test_a_return_that_is_refused_is_said_in_the_summary_and_by_group() -> None:
    found = report(bet(), bet(1, day=1))
    assert cells(summary(found))["return on investment"] == ("–", "not given: 2 settled bets; at least 100")
    assert cells(groups("", "league", found.by_league))["nba"][5] == "refused"


def test_a_return_that_is_given_has_its_interval() -> None:
    value, interval = cells(summary(traded()))["return on investment"]
    # 60 of 120 win 4.8, 60 lose 5.2: -24 on 624.
    assert value == "-3.85%"
    assert re.fullmatch(r"[+-]\d+\.\d\d% to [+-]\d+\.\d\d%", interval)


def test_gates_are_shown_in_all_by_league_and_by_month() -> None:
    assert cells(gates(traded()))["rated"] == ("1,234", "99.4%", "1,234", "0")
    assert cells(gates_by_month(traded())) == {"rated": ("1,234", "0"), "spread": ("0", "6"), "taken": ("0", "2")}


def test_a_backtest_without_anything_still_has_a_page() -> None:
    empty = report()
    assert [table.title for table in tables(empty)] == ["Figures"]
    assert "<h1>Backtest of value</h1>" in html_page(empty)
    for figure in (equity_plot(empty), calibration_plot(empty)):
        assert any(NOTHING_YET in text.get_text() for axes in figure.axes for text in axes.texts)


def test_equity_and_its_falls_are_drawn() -> None:
    above, below = equity_plot(traded()).axes
    assert [float(y) for y in above.lines[1].get_ydata()] == [10_010.0, 9_950.0, 10_080.0]
    assert min(float(y) for y in below.lines[0].get_ydata()) == -60 / 10_010


def test_plots_are_written_as_png(tmp_path: Path) -> None:
    written = write_all(traded(), tmp_path)
    assert [path.name for path in written] == ["equity.png", "calibration.png"]
    assert all(path.read_bytes().startswith(PNG) for path in written)
