"""Runs the figures, each group in a process of its own, and prints a table and JSON.

Exit code: 1 when something could not be measured, or with --strict when a target was missed.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import machine
from benchmarks.house import ROOT, default_variables
from benchmarks.measure import Scale

GROUPS = {
    "bulk": "Bulk write against COPY",
    "parsing": "Parsing against json.loads",
    "layers": "Raw archive and HTTP layer",
    "tick": "Live tick",
    "loading": "Loading the definitions",
    "backfill": "Backfill of a season",
    "ratings": "Ratings on real results",
    "terms": "What each term is worth",
    "rating_speed": "Speed of rating",
    "rating_update": "One more day of results",
    "linking": "Linking markets to games",
    "deciding": "Deciding",
    "asking": "Why, explain and replay behind ten million quotes",
    "in_play": "Win probability in play",
    "slate": "A slate priced, decided and written",
    "kalshi_prices": "Kalshi's prices against sportsbooks",
    "backtesting": "Backtests of candles and stored quotes",
    "stream": "The stream without sockets",
    "live": "From a change in the world to a decision",
    "live_sensors": "The same by the sensors alone",
    "soak": "The collector at 20 times speed with faults",
    "simulator": "The simulator as a server",
    "start": "make run from a clean checkout",
}
TIMEOUT_S = 2700.0
SOAK_MINUTES = {"simulator": "PRECOG_SOAK_MINUTES", "soak": "PRECOG_COLLECTOR_SOAK_MINUTES"}
"""Variables that set how long a group soaks: it may take as much longer."""
WIDTH = 150


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    arguments = _parser().parse_args(argv)
    if arguments.worker:
        return _measure(arguments.worker, Scale(arguments.quick), arguments.json)
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    chosen = arguments.only or list(GROUPS)
    report: dict[str, Any] = {"machine": machine.facts(), "quick": arguments.quick, "groups": {}}
    for name in chosen:
        console.print(f"[dim]{GROUPS[name]} ...[/dim]")
        report["groups"][name] = _in_own_process(name, quick=arguments.quick)
        if arguments.json:
            arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    console.print(_table(report))
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
    failed = any("error" in group for group in report["groups"].values())
    missed = any(figure["met"] is False for group in report["groups"].values() for figure in group.get("figures", ()))
    return 1 if failed or (missed and arguments.strict) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the figures the README quotes.")
    parser.add_argument("--only", action="append", choices=list(GROUPS), metavar="NAME", help=", ".join(GROUPS))
    parser.add_argument("--quick", action="store_true", help="smaller sizes and fewer rounds: to see that it runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the JSON there too")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a target was missed")
    parser.add_argument("--worker", choices=list(GROUPS), help=argparse.SUPPRESS)
    return parser


def _measure(name: str, scale: Scale, into: Path) -> int:
    default_variables()
    figures = importlib.import_module(f"benchmarks.{name}").measure(scale)
    into.write_text(json.dumps([figure.as_json() for figure in figures]), encoding="utf-8")
    return 0


def _in_own_process(name: str, *, quick: bool) -> dict[str, Any]:
    """Figures of a group, measured where no other group has warmed, filled or slowed anything."""
    began, load = time.monotonic(), machine.load()
    timeout_s = TIMEOUT_S + 60.0 * float(os.environ.get(SOAK_MINUTES.get(name, ""), 0))
    with tempfile.TemporaryDirectory(prefix="precog-figures-") as folder:
        into = Path(folder) / "figures.json"
        command = [sys.executable, "-m", "benchmarks", "--worker", name, "--json", str(into)]
        try:
            done = subprocess.run(command + ["--quick"] * quick, cwd=ROOT, check=False, timeout=timeout_s)
        except subprocess.TimeoutExpired:
            return {"error": f"not measured: took longer than {timeout_s:g} s"}
        if done.returncode:
            return {"error": f"not measured: exit code {done.returncode}; its traceback is above"}
        figures = json.loads(into.read_text(encoding="utf-8"))
    return {"figures": figures, "took_s": round(time.monotonic() - began, 1), "load": [load, machine.load()]}


def _table(report: dict[str, Any]) -> Table:
    facts = report["machine"]
    table = Table(title=f"{facts['cores']} cores, {facts['processor']}, Python {facts['python']}", title_style="bold")
    for heading in ("figure", "value", "unit", "target", "met", "note"):
        table.add_column(heading, justify="right" if heading == "value" else "left", overflow="fold")
    for name, group in report["groups"].items():
        table.add_section()
        if "error" in group:
            table.add_row(GROUPS[name], "", "", "", "[red]no[/red]", group["error"])
        for figure in group.get("figures", ()):
            met = {None: "", True: "[green]yes[/green]", False: "[red]NO[/red]"}[figure["met"]]
            table.add_row(
                figure["name"], f"{figure['value']:,.4g}", figure["unit"], figure["target"] or "", met, figure["note"]
            )
    return table


if __name__ == "__main__":
    sys.exit(main())
