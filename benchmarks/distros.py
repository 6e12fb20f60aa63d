"""How long questions about rankings take with a year of daily readings in the journal.

Four hundred distros in four spans, 584,000 readings, made up. Each command is timed within one
process, from the question to the last character of its answer, without the start of Python; the
median and the worst of several rounds are shown.

    python -m benchmarks.distros [--distros N] [--days N] [--rounds N]
"""

from __future__ import annotations

import argparse
import contextlib
import io
import random
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from commands.distros import distros
from signals import Collection, Level, Reading
from storage import Journal, Readings

if TYPE_CHECKING:
    from collections.abc import Callable

SPANS = ("12m", "6m", "3m", "1m")
DAY = timedelta(days=1)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--distros", type=int, default=400)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hubbub.db"
        fill(path, options.distros, options.days)
        Console().print(measure(path, options.rounds))


def fill(path: Path, count: int, days: int) -> None:
    """Store a ranking a day and span, and that of two years."""
    dice = random.Random(1)
    today = Level.DAY.floor(datetime.now(UTC))
    dates: list[tuple[datetime, tuple[str, ...]]] = [
        (today - at * DAY, SPANS) for at in reversed(range(days))
    ]
    dates += [(datetime(year, 12, 31, tzinfo=UTC), (f"{year}",)) for year in (2010, 2014)]
    with Journal(path) as journal:
        for day, spans in dates:
            readings = [
                Reading(f"distro{number}", f"Distro {number}", "distrowatch", span, day, rank, hits)
                for span in spans
                for rank, (hits, number) in enumerate(_drawn(dice, count), start=1)
            ]
            journal.load(Collection("distrowatch", readings=tuple(readings)), (), now=today)


def _drawn(dice: random.Random, count: int) -> list[tuple[int, int]]:
    """Return hits and distros in the order of a ranking; hits fall as 1 / rank, and scatter."""
    drawn = (
        (round(40_000 / number * dice.uniform(0.95, 1.05)), number)
        for number in range(1, count + 1)
    )
    return sorted(drawn, reverse=True)


def measure(path: Path, rounds: int) -> Table:
    """Return the table of milliseconds."""
    readings = Readings(path)
    ago = f"{datetime.now(UTC) - 200 * DAY:%Y-%m-%d}"
    now = f"{datetime.now(UTC):%Y-%m-%d}"
    questions: dict[str, Callable[[], object]] = {
        "hubbub distros": lambda: distros(store=path),
        "hubbub distros --movers": lambda: distros(store=path, movers=True),
        "hubbub distros --movers --json": lambda: distros(store=path, movers=True, as_json=True),
        "hubbub distros --at 2010 --vs 2014": lambda: distros(store=path, at="2010", vs="2014"),
        f"hubbub distros --at {ago} --vs {now}": lambda: distros(store=path, at=ago, vs=now),
        "one ranking": lambda: readings.ranking("6m"),
        "one distro over a year": lambda: readings.history("distro7", "6m"),
        "the spans": readings.spans,
        "all names": readings.names,
    }
    table = Table("question", "median ms", "worst ms", title=f"{path.stat().st_size / 1e6:.0f} MB")
    for name, ask in questions.items():
        taken = sorted(timed(ask) for _ in range(rounds))
        table.add_row(name, f"{statistics.median(taken):.1f}", f"{taken[-1]:.1f}")
    return table


def timed(ask: Callable[[], object]) -> float:
    """Return the milliseconds that a question takes; what it prints goes nowhere."""
    with contextlib.redirect_stdout(io.StringIO()):
        started = time.perf_counter()
        ask()
        return (time.perf_counter() - started) * 1_000


if __name__ == "__main__":
    main()
