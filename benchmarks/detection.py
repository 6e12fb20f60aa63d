"""How soon, how surely and how wrongly spikes are found: on public data, and on simulated outages.

The Numenta Anomaly Benchmark's files of tweets are watched for their totals, with one setting for
all of them. Simulated topics (``benchmarks.outages``) learn for four weeks, and are then watched
for four, once as they are and once with outages.

    python -m benchmarks.detection [--topics N] [--seed N] [--processes N] [--nab DIR]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

import alerts
import settings
from benchmarks import nab
from benchmarks.outages import DURATIONS, MULTIPLES, WEEK, World, simulate, with_outages
from signals import BUCKET, Observation, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from benchmarks.outages import Outage, Stream

RECORDED = Path(__file__).parent.parent.parent / "shared" / "data" / "nab"
PEERS = {"ARTime": 83.7, "Numenta HTM": 72.0, "earthgecko Skyline": 68.3, "Twitter ADVec": 52.9}
"""Published results of other detectors on the five recorded files, standard profile."""
RATES = (0.03, 0.3, 3.0, 30.0, 300.0)  # mentions a minute
WORLDS = {
    "as described in benchmarks.outages": World(),
    "noisier: dispersion 0.1, share drifts by 0.25": World(dispersion=0.1, share_drift=0.25),
}
LEARN = 4  # weeks, and as many are watched
MONTH = 43_200  # minutes
ONE_ALARM = 30  # minutes: what begins again within is no new alarm
AFTERMATH = 30  # minutes after a buzz in which an alarm is put down to it
START = datetime(2026, 3, 2, tzinfo=UTC)
DETECTION = settings.Detection()
NEVER = 10**9


class Watched(NamedTuple):
    """What became of one topic.

    Attributes:
        alarms: False alarms without outages.
        possible: As many, with those that were only possible.
        buzzes: False alarms in or shortly after a benign buzz.
        delays: Minutes until each outage was confirmed, by multiple and duration; or ``NEVER``.
        resolved: Outages that were confirmed, and were called over before their end.
        early: False alarms in the first week of all.
    """

    alarms: int
    possible: int
    buzzes: int
    delays: dict[tuple[int, int], list[int]]
    resolved: int
    early: int


def observations(stream: Stream, minutes: range, gaps: np.ndarray) -> Iterator[Observation]:
    """Yield what a detector sees of ``minutes``; nothing in gaps."""
    for minute in minutes:
        at = START + minute * BUCKET
        if gaps[minute]:
            yield Observation(at, 0, 0, 0, coverage=0.0)
        else:
            total = int(stream.totals[minute])
            yield Observation(at, total, int(stream.complaints[minute]), total, coverage=1.0)


def onsets(states: Sequence[State], least: State) -> list[int]:
    """Return where ``states`` reach ``least``, without those that belong to the one before."""
    found: list[int] = []
    latest = -NEVER
    for at, state in enumerate(states):
        if state >= least:
            if (at == 0 or states[at - 1] < least) and at - latest > ONE_ALARM:
                found.append(at)
            latest = at
    return found


def missing(length: int, seed: int) -> np.ndarray:
    """Return which minutes are not heard: a twentieth, and as many in blocks of half an hour."""
    rng = np.random.default_rng(seed)
    gaps = rng.random(length) < 0.05  # noqa: PLR2004 - a twentieth
    for start in rng.integers(0, length, length // 600):
        gaps[start : start + 30] = True
    return gaps


def watch(rate: float, world: World, with_gaps: bool, seed: int) -> Watched:  # noqa: FBT001 - mapped
    """Let a detector learn one topic, and watch it with outages and without."""
    stream = simulate(rate, 2 * LEARN, seed, world)
    begin, end = LEARN * WEEK, 2 * LEARN * WEEK
    gaps = missing(end, seed) if with_gaps else np.zeros(end, dtype=bool)

    def states(detector: alerts.Detector, stream: Stream, minutes: range) -> list[State]:
        return [detector.step(each).state for each in observations(stream, minutes, gaps)]

    detector = alerts.create(DETECTION)
    first = states(detector, stream, range(begin))
    saved = detector.dump()
    calm = states(detector, stream, range(begin, end))
    sick, outages = with_outages(stream, begin, seed)
    ill = states(alerts.create(DETECTION, saved), sick, range(begin, end))
    alarms = onsets(calm, State.CONFIRMED)
    delays, resolved = timings(ill, outages, begin)
    return Watched(
        alarms=len(alarms),
        possible=len(onsets(calm, State.POSSIBLE)),
        buzzes=sum(
            any(first <= begin + alarm < last + AFTERMATH for first, last in stream.buzzes)
            for alarm in alarms
        ),
        delays=delays,
        resolved=resolved,
        early=len(onsets(first[:WEEK], State.CONFIRMED)),
    )


def timings(
    states: Sequence[State], outages: Iterable[Outage], begin: int
) -> tuple[dict[tuple[int, int], list[int]], int]:
    """Return how long each outage lasted unnoticed, and how many were called over too soon."""
    delays = defaultdict(list)
    resolved = 0
    for outage in outages:
        first, last = outage.start - begin, outage.end - begin
        found = [
            at
            for at in range(first, last)
            if states[at] is State.CONFIRMED and states[at - 1] is not State.CONFIRMED
        ]
        delays[outage.multiple, last - first].append(found[0] - first + 1 if found else NEVER)
        resolved += bool(found) and State.QUIET in states[found[0] : last]
    return dict(delays), resolved


def cell(delays: Sequence[int]) -> str:
    """Return how many outages were found, and after how many minutes half of them were."""
    recall = sum(delay < NEVER for delay in delays) / len(delays)
    median = statistics.median_high(delays)
    return f"{recall:.2f} / {median if median < NEVER else '-'}"


def show_simulation(console: Console, topics: int, seed: int, processes: int) -> None:
    """Print a table for each world, and one with gaps."""
    runs = [(title, world, False) for title, world in WORLDS.items()]
    runs.append(("a tenth of the minutes missing, otherwise as described", World(), True))
    with (
        Progress(console=console, transient=True) as progress,
        ProcessPoolExecutor(processes) as pool,
    ):
        task = progress.add_task("topics", total=len(runs) * len(RATES) * topics)
        for title, world, with_gaps in runs:
            results: dict[float, list[Watched]] = {rate: [] for rate in RATES}
            for number, rate in enumerate(RATES):
                seeds = range(seed + 1_000 * number, seed + 1_000 * number + topics)
                for watched in pool.map(partial(watch, rate, world, with_gaps), seeds):
                    results[rate].append(watched)
                    progress.advance(task)
            progress.console.print(simulation(title, results))


def simulation(title: str, results: Mapping[float, Sequence[Watched]]) -> Table:
    """Return the table of one world: false alarms, then recall and median delay of outages."""
    table = Table(title, *(f"{rate:g}/min" for rate in results))
    months = LEARN * WEEK / MONTH

    def row(name: str, counts: Iterable[float], digits: int = 2) -> None:
        table.add_row(name, *(f"{count:.{digits}f}" for count in counts))

    topics = {rate: len(watched) for rate, watched in results.items()}
    row(
        "false alarms a month",
        (
            sum(each.alarms for each in all_) / topics[rate] / months
            for rate, all_ in results.items()
        ),
    )
    row(
        "... and possible ones",
        (
            sum(each.possible for each in all_) / topics[rate] / months
            for rate, all_ in results.items()
        ),
    )
    row(
        "false alarms in a buzz",
        (sum(each.buzzes for each in all_) for all_ in results.values()),
        0,
    )
    row(
        "false alarms in the first week",
        (sum(each.early for each in all_) / topics[rate] for rate, all_ in results.items()),
    )
    row(
        "called over too soon",
        (sum(each.resolved for each in all_) for all_ in results.values()),
        0,
    )
    for multiple in MULTIPLES:
        for minutes in DURATIONS:
            table.add_row(
                f"x{multiple} for {minutes} min",
                *(
                    cell([delay for each in all_ for delay in each.delays[multiple, minutes]])
                    for all_ in results.values()
                ),
            )
    alarms = sum(each.alarms for all_ in results.values() for each in all_)
    total = sum(topics.values())
    buzzes = sum(each.buzzes for all_ in results.values() for each in all_)
    table.caption = (
        f"{total} topics; {alarms / total / months:.2f} false alarms a topic and month, "
        f"{buzzes} of {alarms} in a buzz"
    )
    return table


def show_nab(console: Console, folder: Path) -> None:
    """Print the scores on the recorded files, together, alone, and with each one left out."""
    corpus = nab.load(folder)
    alarms = {}
    for name, series in corpus.items():
        detector = alerts.create_for_totals(DETECTION, step=timedelta(minutes=5))
        states = [
            detector.step(Observation(at, count, 0, 0, coverage=1.0)).state
            for at, count in zip(series.times, series.counts, strict=True)
        ]
        alarms[name] = [
            row for row, state in enumerate(states) if state and not (row and states[row - 1])
        ]
    table = Table(
        "NAB, tweets", "standard", "low FP", "low FN", "windows", "false alarms", "a week"
    )

    def row(title: str, files: Iterable[str]) -> None:
        chosen = {name: corpus[name] for name in files}
        scores = [nab.score(chosen, alarms, profile) for profile in nab.PROFILES]
        table.add_row(
            title,
            *(f"{result.score:.1f}" for result in scores),
            f"{scores[0].hits} of {scores[0].windows}",
            str(scores[0].false_alarms),
            f"{scores[0].false_alarms_a_week:.2f}",
        )

    row(f"all {len(corpus)} files", corpus)
    for name in corpus:
        row(f"only {name}", [name])
    for name in corpus:
        row(f"without {name}", [other for other in corpus if other != name])
    for peer, points in PEERS.items():
        table.add_row(f"{peer} (published)", f"{points:.1f}")
    console.print(table)


def show_speed(console: Console) -> None:
    """Print updates a second, and the size of the saved state."""
    table = Table("mentions a minute", "updates/s", "state, bytes")
    for rate in (*RATES, 10_000.0):
        stream = simulate(rate, LEARN, 1, World())
        minutes = list(
            observations(stream, range(LEARN * WEEK), np.zeros(LEARN * WEEK, dtype=bool))
        )
        detector = alerts.create(DETECTION)
        begin = time.process_time()
        for observation in minutes:
            detector.step(observation)
        took = time.process_time() - begin
        table.add_row(f"{rate:g}", f"{len(minutes) / took:,.0f}", f"{len(detector.dump()):,}")
    console.print(table)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--topics", type=int, default=14, help="simulated topics for each rate")
    parser.add_argument("--seed", type=int, default=1, help="of the first topic")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--nab", type=Path, default=RECORDED, help="folder with windows.json")
    arguments = parser.parse_args()
    console = Console(width=110)
    if (arguments.nab / "windows.json").exists():
        show_nab(console, arguments.nab)
    else:
        console.print(f"left out: NAB ({arguments.nab} has no windows.json; see --nab)")
    show_speed(console)
    show_simulation(console, arguments.topics, arguments.seed, arguments.processes)


if __name__ == "__main__":
    main()
