"""A backtest as one HTML page that needs nothing else: figures, plots and remarks, to be sent and kept.

Belongs here: laying out. Does not: figures, their words (`tables.py`), drawing. No script, no link to anywhere.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from html import escape

from precog_assets.pipeline.backtest.plots import draw_all
from precog_assets.pipeline.backtest.report import Report
from precog_assets.pipeline.backtest.tables import Table, tables

STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: #22303c; background: #fff; margin: 2rem auto; max-width: 62rem;
  padding: 0 1.25rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
.under { color: #5b6b78; margin: 0 0 1.25rem; }
.remarks { background: #f4f7f9; border-left: 3px solid #0b6e99; margin: 0 0 1.5rem; padding: .6rem 1rem .6rem 2rem; }
.remarks li { margin: .2rem 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .88rem; min-width: 50%; }
th { text-align: left; color: #5b6b78; font-weight: 600; border-bottom: 1px solid #b8c4ce; }
td { border-bottom: 1px solid #e8edf1; } th, td { padding: .3rem .9rem .3rem 0; vertical-align: top; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.plots { display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: flex-start; }
.plots img { max-width: 100%; height: auto; } .plots figure { margin: 0; flex: 2 1 18rem; }
.plots figure:first-child { flex: 3 1 26rem; }
"""
ALT = {
    "equity.png": "Equity at the end of each day, and how far it stood below its highest",
    "calibration.png": "How often what was bought at a price paid, by tenths of a dollar",
}


def html_page(report: Report, *, title: str = "", more: Sequence[tuple[Table, str]] = ()) -> str:
    """The page. `title` defaults to the strategy's name; `more` are tables for its end, each with a sentence.

    Everything that comes from data is escaped.
    """
    heading = title or f"Backtest of {report.strategy}"
    period = f", {report.first:%Y-%m-%d} to {report.last:%Y-%m-%d}" if report.first and report.last else ""
    plots = "\n".join(_image(name, content) for name, content in draw_all(report).items())
    first, *others = tables(report)
    return "\n".join(
        (
            "<!doctype html>",
            f'<html lang="en"><head><meta charset="utf-8"><title>{escape(heading)}</title>',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<style>{STYLE}</style></head><body>",
            f"<h1>{escape(heading)}</h1>",
            f'<p class="under">Strategy {escape(report.strategy)} ({report.strategy_hash}){period}</p>',
            _remarks(report),
            _table(first),
            f'<h2>Plots</h2>\n<div class="plots">{plots}</div>',
            *(_table(table) for table in others),
            *(f'{_table(table)}\n<p class="under">{escape(text)}</p>' for table, text in more),
            "</body></html>\n",
        )
    )


def _remarks(report: Report) -> str:
    lines = "".join(f"<li>{escape(remark)}</li>" for remark in report.remarks)
    return f'<ul class="remarks">{lines}</ul>'


def _table(table: Table) -> str:
    kind = ["" if table.words or not at else ' class="number"' for at in range(len(table.headings))]
    head = "".join(f"<th{of}>{escape(one)}</th>" for of, one in zip(kind, table.headings, strict=True))
    rows = "".join(
        f"<tr>{''.join(f'<td{of}>{escape(one)}</td>' for of, one in zip(kind, row, strict=True))}</tr>\n"
        for row in table.rows
    )
    return (
        f'<h2>{escape(table.title)}</h2>\n<div class="wide"><table><thead><tr>{head}</tr></thead>\n'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _image(name: str, content: bytes) -> str:
    data = b64encode(content).decode("ascii")
    return f'<figure><img alt="{escape(ALT[name])}" src="data:image/png;base64,{data}"></figure>'
