"""How well and how fast texts are scored, beside stock VADER and its peers.

NLTK, TextBlob and AFINN take part if they are installed. Everything runs in this one process;
speeds come from rounds in which the engines take turns, and a ratio compares two of one round,
since machines drift. "Cold" includes making the engine, and meets every word for the first time.

    python benchmarks/sentiment.py [--data DIR] [--texts N] [--rounds N]
"""

from __future__ import annotations

import argparse
import csv
import importlib
import statistics
import sys
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

ROOT = Path(__file__).parent.parent
# A script's own folder comes first on the path, where this file would hide the package it measures.
sys.path[0] = str(ROOT)

from rich.console import Console  # noqa: E402 - after the path
from rich.table import Table  # noqa: E402
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # noqa: E402

import sentiment  # noqa: E402
from signals import Topic  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

RECORDED = ROOT.parent / "shared" / "data" / "sentiment"
FILES = ("airline-dev", "sanders-dev", "apple-dev", "vader-tweets", "app-reviews-by-type-dev")
LABELS = ("negative", "neutral", "positive")
LONG = 150_000  # characters
STOCK = "vaderSentiment"


class Row(NamedTuple):
    """A recorded text, what it is about, and what people called it."""

    text: str
    topic: Topic | None
    label: str


class Engine(NamedTuple):
    """A way to call texts negative, neutral or positive; ``make`` gets it ready."""

    name: str
    make: Callable[[], Callable[[str, Topic | None], str]]


def verdict(score: float, threshold: float = 0.05) -> str:
    """Return the label that a score stands for."""
    if score >= threshold:
        return "positive"
    return "negative" if score <= -threshold else "neutral"


def stock() -> Callable[[str, Topic | None], str]:
    """Return vaderSentiment as it is."""
    analyzer = SentimentIntensityAnalyzer()
    return lambda text, _topic: verdict(analyzer.polarity_scores(text)["compound"])


def ours(name: str) -> Callable[[], Callable[[str, Topic | None], str]]:
    """Return how to get ready one of our own engines."""

    def make() -> Callable[[str, Topic | None], str]:
        scorer = sentiment.create(name)
        return lambda text, topic: scorer.score(text, topic).polarity

    return make


def nltk() -> Callable[[str, Topic | None], str]:
    """Return NLTK's analyzer over vaderSentiment's lexicon: its own is a separate download."""
    vader = importlib.import_module("nltk.sentiment.vader")
    analyzer = vader.SentimentIntensityAnalyzer.__new__(vader.SentimentIntensityAnalyzer)
    analyzer.lexicon_file = SentimentIntensityAnalyzer().lexicon_full_filepath
    analyzer.lexicon = analyzer.make_lex_dict()
    analyzer.constants = vader.VaderConstants()
    return lambda text, _topic: verdict(analyzer.polarity_scores(text)["compound"])


def textblob() -> Callable[[str, Topic | None], str]:
    """Return TextBlob's default analyzer; anything but 0 counts."""
    blob = importlib.import_module("textblob").TextBlob
    return lambda text, _topic: verdict(blob(text).sentiment.polarity, 1e-9)


def afinn() -> Callable[[str, Topic | None], str]:
    """Return AFINN; anything but 0 counts."""
    scorer = importlib.import_module("afinn").Afinn()
    return lambda text, _topic: verdict(scorer.score(text), 1e-9)


def engines(console: Console) -> list[Engine]:
    """Return the engines that are installed, and say which are left out."""
    every = [
        Engine(STOCK, stock),
        Engine("hubbub vader", ours("vader")),
        Engine("hubbub ops", ours("ops")),
        Engine("NLTK VADER", nltk),
        Engine("TextBlob", textblob),
        Engine("AFINN", afinn),
    ]
    present = []
    for engine in every:
        try:
            engine.make()
        except ImportError as error:
            console.print(f"left out: {engine.name} ({error})")
        else:
            present.append(engine)
    return present


def read(path: Path) -> list[Row]:
    """Return the rows of a CSV file with the columns text and label, and perhaps topic."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    topics = {name: Topic(name) for row in rows if (name := row.get("topic"))}
    return [Row(row["text"], topics.get(row.get("topic", "")), row["label"]) for row in rows]


def quality(rows: Sequence[Row], verdicts: Sequence[str]) -> Iterator[str]:
    """Yield macro-F1, negative recall, negative precision, and neutral called negative."""
    pairs = [(row.label, given) for row, given in zip(rows, verdicts, strict=True)]

    def share(label: str, given: str, *, of: int) -> float:
        chosen = [pair for pair in pairs if pair[of] == (label, given)[of]]
        return sum(pair == (label, given) for pair in chosen) / max(1, len(chosen))

    recalls = [share(label, label, of=0) for label in LABELS]
    precisions = [share(label, label, of=1) for label in LABELS]
    harmonic = [
        2 * recall * precision / max(1e-9, recall + precision)
        for recall, precision in zip(recalls, precisions, strict=True)
    ]
    yield f"{sum(harmonic) / len(harmonic):.3f}"
    yield f"{recalls[0]:.3f}"
    yield f"{precisions[0]:.3f}"
    yield f"{share('neutral', 'negative', of=0):.3f}"


def show_quality(
    console: Console, competitors: Sequence[Engine], data: dict[str, list[Row]]
) -> None:
    """Print what each engine makes of each file."""
    table = Table("texts", "engine", "macro-F1", "neg. recall", "neg. precision", "neutral as neg.")
    types = Table("app reviews of type", "engine", "called negative")
    for name, rows in data.items():
        for engine in competitors:
            call = engine.make()
            verdicts = [call(row.text, row.topic) for row in rows]
            if {row.label for row in rows} <= set(LABELS):
                table.add_row(name, engine.name, *quality(rows, verdicts))
                continue
            for kind in sorted({row.label for row in rows}):
                chosen = [
                    given == "negative"
                    for row, given in zip(rows, verdicts, strict=True)
                    if row.label == kind
                ]
                types.add_row(kind, engine.name, f"{statistics.fmean(chosen):.3f}")
    console.print(table)
    console.print(types)


def seconds(call: Callable[[str, Topic | None], str], rows: Sequence[Row]) -> float:
    """Return the CPU time that ``call`` takes for all of ``rows``."""
    begin = time.process_time()
    for row in rows:
        call(row.text, row.topic)
    return time.process_time() - begin


def show_speed(
    console: Console, competitors: Sequence[Engine], rows: Sequence[Row], title: str, rounds: int
) -> None:
    """Print texts a second and their ratio to stock, warm and cold."""
    warm: dict[str, list[float]] = {engine.name: [] for engine in competitors}
    cold: dict[str, list[float]] = {engine.name: [] for engine in competitors}
    ready = {engine.name: engine.make() for engine in competitors}
    for call in ready.values():
        seconds(call, rows)
    for _ in range(rounds):
        for engine in competitors:
            warm[engine.name].append(seconds(ready[engine.name], rows))
            begin = time.process_time()
            call = engine.make()
            cold[engine.name].append(time.process_time() - begin + seconds(call, rows))
    table = Table("engine", "texts/s warm", "ratio to stock", "texts/s cold", "ratio", title=title)
    for engine in competitors:
        figures = []
        for times in (warm, cold):
            ratios = [
                theirs / own for own, theirs in zip(times[engine.name], times[STOCK], strict=True)
            ]
            figures.append(f"{len(rows) / statistics.median(times[engine.name]):,.0f}")
            figures.append(
                f"{statistics.median(ratios):.2f} [{min(ratios):.2f}..{max(ratios):.2f}]"
            )
        table.add_row(engine.name, *figures)
    console.print(table)


def show_limits(console: Console, rows: Sequence[Row]) -> None:
    """Print how long one very long text takes, and how much memory the engines use."""
    text = "It was good but NOT so bad, right? Still down! "
    text *= LONG // len(text)
    for name in ("vader", "ops"):
        call = ours(name)()
        took = seconds(call, [Row(text, None, "")])
        console.print(f"hubbub {name}: {len(text):,} characters in {took:.3f} s")
        tracemalloc.start()
        call = ours(name)()
        seconds(call, rows)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        console.print(f"hubbub {name}: {peak / 1e6:.1f} MB after {len(rows):,} texts")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=RECORDED, help="folder of labelled CSV files")
    parser.add_argument("--texts", type=int, default=10_000, help="how many of each file are timed")
    parser.add_argument(
        "--rounds", type=int, default=7, help="how often each engine takes its turn"
    )
    arguments = parser.parse_args()
    data = {
        name: read(arguments.data / f"{name}.csv")
        for name in FILES
        if (arguments.data / f"{name}.csv").exists()
    }
    if not data:
        parser.error(f"{arguments.data} holds none of {', '.join(FILES)} (.csv); see --data")
    console = Console(width=110)
    competitors = engines(console)
    show_quality(console, competitors, data)
    for name in ("airline-dev", "vader-tweets"):
        if name in data:
            timed = data[name][: arguments.texts]
            title = f"{name}: {len(timed):,} texts"
            show_speed(console, competitors, timed, title, arguments.rounds)
    show_limits(console, [row for rows in data.values() for row in rows])


if __name__ == "__main__":
    main()
