"""Rows a second: ``hubbub import`` beside the plain script that one would write instead.

The plain script reads the CSV, finds the topic's words with ``re``, scores with vaderSentiment and
stores with ``sqlite3.executemany``, a transaction for each 1,000 rows. hubbub does more: it refuses
bad rows, masks names, counts roll-ups and distinct authors, and may be repeated. Both run as whole
processes, in turn, on the same file; a ratio compares two neighbours, since machines drift.

    python -m benchmarks.import_rows [--data CSV] [--rows N] [--rounds N]
"""

from __future__ import annotations

import argparse
import csv
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parent.parent
RECORDED = ROOT.parent / "shared" / "data" / "sentiment" / "airline-dev.csv"

PLAIN = """
import csv, re, sqlite3, sys
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

analyzer = SentimentIntensityAnalyzer()
names = "virginamerica united southwestair delta jetblue usairways americanair".split()
words = re.compile(rf"\\b({'|'.join(names)})\\b", re.I)
database = sqlite3.connect(sys.argv[2])
database.execute("PRAGMA journal_mode = WAL")
database.execute(
    "CREATE TABLE post (id TEXT PRIMARY KEY, time TEXT, topic TEXT, author TEXT, text TEXT,"
    " found TEXT, compound REAL, polarity TEXT)"
)

def flush(rows):
    with database:
        database.executemany("INSERT OR IGNORE INTO post VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

rows = []
with open(sys.argv[1], encoding="utf-8", newline="") as file:
    for row in csv.DictReader(file):
        compound = analyzer.polarity_scores(row["text"])["compound"]
        polarity = (
            "positive" if compound >= 0.05 else "negative" if compound <= -0.05 else "neutral"
        )
        found = words.search(row["text"])
        rows.append((row["id"], row["time"], row["topic"], row["author"], row["text"],
                     found and found[0], compound, polarity))
        if len(rows) == 1000:
            flush(rows)
            rows = []
flush(rows)
"""

HUBBUB = "from commands import main; main()"


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, default=RECORDED, help="id,time,topic,author,text")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table = measure(options.data, options.rows, options.rounds, Path(folder))
    Console().print(table)


def measure(data: Path, rows: int, rounds: int, folder: Path) -> Table:
    """Return the table of rows a second (median) and of the ratio, pair by pair."""
    archive = folder / "archive.csv"
    multiply(data, archive, rows)
    script = folder / "plain.py"
    script.write_text(PLAIN, encoding="utf-8")
    options = ("--topic-column", "topic", "--json", "--store")
    plain, ours = [], []
    for number in range(rounds):
        plain.append(timed(script, archive, folder / f"plain{number}.db"))
        ours.append(timed("-c", HUBBUB, "import", archive, *options, folder / f"ours{number}.db"))
    ratios = [before / after for before, after in zip(plain, ours, strict=True)]
    table = Table("", "rows/s (median)", title=f"{rows} rows, {rounds} rounds, whole processes")
    table.add_row("plain script", f"{rows / statistics.median(plain):,.0f}")
    table.add_row("hubbub import", f"{rows / statistics.median(ours):,.0f}")
    table.add_row(
        "ratio",
        f"{statistics.median(ratios):.2f} [{min(ratios):.2f} .. {max(ratios):.2f}]",
    )
    return table


def multiply(data: Path, archive: Path, rows: int) -> None:
    """Write ``rows`` rows with distinct ids, as often the whole of ``data`` as needed."""
    with data.open(encoding="utf-8", newline="") as file:
        recorded = list(csv.DictReader(file))
    with archive.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["id", "time", "topic", "author", "text"])
        writer.writeheader()
        for number in range(rows):
            row = recorded[number % len(recorded)]
            writer.writerow({**{key: row[key] for key in writer.fieldnames}, "id": str(number)})


def timed(*arguments: str | Path) -> float:
    """Return the seconds that a Python process takes from start to end."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, *map(str, arguments)], check=True, cwd=ROOT, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
