"""How well and how fast texts are scored, beside stock VADER and its peers.

NLTK, TextBlob and AFINN take part if they are installed. Speeds are CPU time, from rounds in which
the engines take turns; a ratio compares two of one round, since machines drift.

"Warm" scores all texts with an engine that has scored them before. "Cold" starts a new process each
time, imports, makes an engine, and scores all texts once: every word is met for the first time. It
counts what the scoring takes, and in a column of its own what making the engine takes too (reading
lexicons, preparing phrases); the start of Python and the imports are not counted.

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
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

ROOT = Path(__file__).parent.parent
# A script's own folder comes first on the path, where this file would hide the package it measures.
sys.path[0] = str(ROOT)

from rich.console import Console  # noqa: E402 - after the path
from rich.table import Table  # noqa: E402
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # noqa: E402

import sentiment  # noqa: E402
from signals import Topic  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


T = TypeVar("T")
Call = Callable[[str, Topic | None], str]
"""Calls a text about a topic negative, neutral or positive."""


def verdict(score: float, threshold: float = 0.05) -> str:
    """Return the label that a score stands for."""
    if score >= threshold:
        return "positive"
    return "negative" if score <= -threshold else "neutral"


def stock() -> Call:
    """Return vaderSentiment as it is."""
    analyzer = SentimentIntensityAnalyzer()
    return lambda text, _topic: verdict(analyzer.polarity_scores(text)["compound"])


def ours(name: str) -> Call:
    """Return one of our own engines."""
    scorer = sentiment.create(name)
    return lambda text, topic: scorer.score(text, topic).polarity


def nltk() -> Call:
    """Return NLTK's analyzer over vaderSentiment's lexicon: its own is a separate download."""
    vader = importlib.import_module("nltk.sentiment.vader")
    analyzer = vader.SentimentIntensityAnalyzer.__new__(vader.SentimentIntensityAnalyzer)
    analyzer.lexicon_file = SentimentIntensityAnalyzer().lexicon_full_filepath
    analyzer.lexicon = analyzer.make_lex_dict()
    analyzer.constants = vader.VaderConstants()
    return lambda text, _topic: verdict(analyzer.polarity_scores(text)["compound"])


def textblob() -> Call:
    """Return TextBlob's default analyzer; anything but 0 counts."""
    blob = importlib.import_module("textblob").TextBlob
    return lambda text, _topic: verdict(blob(text).sentiment.polarity, 1e-9)


def afinn() -> Call:
    """Return AFINN; anything but 0 counts."""
    scorer = importlib.import_module("afinn").Afinn()
    return lambda text, _topic: verdict(scorer.score(text), 1e-9)


ENGINES: dict[str, Callable[[], Call]] = {
    STOCK: stock,
    "hubbub vader": partial(ours, "vader"),
    "hubbub ops": partial(ours, "ops"),
    "NLTK VADER": nltk,
    "TextBlob": textblob,
    "AFINN": afinn,
}


def installed(console: Console) -> list[str]:
    """Return the engines that are installed, and say which are left out."""
    present = []
    for name, make in ENGINES.items():
        try:
            make()
        except ImportError as error:
            console.print(f"left out: {name} ({error})")
        else:
            present.append(name)
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


def show_quality(console: Console, names: Sequence[str], data: dict[str, list[Row]]) -> None:
    """Print what each engine makes of each file."""
    table = Table(
        "texts",
        "engine",
        "macro-F1",
        "neg. recall",
        "neg. precision",
        "neutral as neg.",
        "unscored",
    )
    types = Table("app reviews of type", "engine", "called negative")
    for name, rows in data.items():
        for engine in names:
            call = ENGINES[engine]()
            verdicts = [call(row.text, row.topic) for row in rows]
            if {row.label for row in rows} <= set(LABELS):
                unscored = f"{verdicts.count('unscored') / len(rows):.4f}"
                table.add_row(name, engine, *quality(rows, verdicts), unscored)
                continue
            kinds = sorted({row.label for row in rows})
            for kind, labels in [
                *((kind, {kind}) for kind in kinds),
                ("all but bugs", {*kinds[1:]}),
            ]:
                chosen = [
                    given == "negative"
                    for row, given in zip(rows, verdicts, strict=True)
                    if row.label in labels
                ]
                types.add_row(kind, engine, f"{statistics.fmean(chosen):.3f}")
    console.print(table)
    console.print(types)


def seconds(call: Call, rows: Sequence[Row]) -> float:
    """Return the CPU time that ``call`` takes for all of ``rows``."""
    begin = time.process_time()
    for row in rows:
        call(row.text, row.topic)
    return time.process_time() - begin


def first_pass(name: str, rows: Sequence[Row]) -> tuple[float, float]:
    """Return the CPU time of scoring with a new engine, and that of making it as well."""
    begin = time.process_time()
    call = ENGINES[name]()
    made = time.process_time() - begin
    scored = seconds(call, rows)
    return scored, made + scored


def peak_memory(name: str, rows: Sequence[Row]) -> int:
    """Return the most bytes that an engine takes while it is made and scores all of ``rows``."""
    tracemalloc.start()
    first_pass(name, rows)
    return tracemalloc.get_traced_memory()[1]


def in_a_new_process(work: Callable[[str, Sequence[Row]], T], name: str, rows: Sequence[Row]) -> T:
    """Return what ``work`` measures where no engine was made and no word met before."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(work, name, rows).result()


def show_speed(
    console: Console, names: Sequence[str], rows: Sequence[Row], title: str, rounds: int
) -> None:
    """Print texts a second and their ratio to stock, warm and cold."""
    times: dict[tuple[str, str], list[float]] = defaultdict(list)
    ready = {name: ENGINES[name]() for name in names}
    for call in ready.values():
        seconds(call, rows)
    for _ in range(rounds):
        for name in names:
            cold, with_making = in_a_new_process(first_pass, name, rows)
            times[name, "warm"].append(seconds(ready[name], rows))
            times[name, "cold"].append(cold)
            times[name, "cold, making it too"].append(with_making)
    table = Table("engine", "", "texts/s", "ratio to stock", title=title)
    for (name, kind), own in times.items():
        ratios = [theirs / mine for mine, theirs in zip(own, times[STOCK, kind], strict=True)]
        table.add_row(
            name,
            kind,
            f"{len(rows) / statistics.median(own):,.0f}",
            f"{statistics.median(ratios):.2f} [{min(ratios):.2f}..{max(ratios):.2f}]",
        )
    console.print(table)


def show_limits(console: Console, rows: Sequence[Row]) -> None:
    """Print how long one very long text takes, and how much memory the engines use."""
    text = "It was good but NOT so bad, right? Still down! "
    text *= LONG // len(text)
    for name in ("hubbub vader", "hubbub ops"):
        took = seconds(ENGINES[name](), [Row(text, None, "")])
        console.print(f"{name}: {len(text):,} characters in {took:.3f} s")
        peak = in_a_new_process(peak_memory, name, rows)
        console.print(f"{name}: {peak / 1e6:.1f} MB while scoring {len(rows):,} texts")


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
    names = installed(console)
    show_quality(console, names, data)
    for name in ("airline-dev", "vader-tweets"):
        if name in data:
            timed = data[name][: arguments.texts]
            title = f"{name}: {len(timed):,} texts"
            show_speed(console, names, timed, title, arguments.rounds)
    show_limits(console, [row for rows in data.values() for row in rows])


if __name__ == "__main__":
    main()
