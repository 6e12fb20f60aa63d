"""Events a second that one core takes from the Bluesky firehose: match, score and journal.

A local Jetstream host, in a process of its own and on the other core where there is one, sends
made-up events; 4 % of them are posts that speak of a topic. The collector, the pipeline with the
default engine and the journal listen on one core, as they do within the service. Then the same is
done again, with the listener killed (SIGKILL) in the middle and started anew.

    python -m benchmarks.firehose [--events N] [--terms N] [--killed N]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

import collectors
import sentiment
from benchmarks import jetstream
from benchmarks.jetstream import STEP, Script
from pipeline import Pipeline
from signals import Query, Topic
from storage import Journal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parent.parent
MEGABYTE = 1_000_000
PER_TOPIC = 10  # terms
FASTEST, LEANEST = 30_000, 150  # events a second and megabytes: what was asked for


class Heard(NamedTuple):
    """What a listener tells after each portion."""

    number: int  # of the event that it got to
    seconds: float  # since it began to listen
    cpu: float  # seconds
    resident: float  # megabytes


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--terms", type=int, default=1_000)
    parser.add_argument("--killed", type=int, default=200_000, help="events of the second round")
    parser.add_argument("--listen", nargs=3, metavar=("HOST", "STORE", "START"))
    options = parser.parse_args()
    words = terms(options.terms)
    if options.listen:
        host, store, start = options.listen
        asyncio.run(listen(host, Path(store), int(start), words))
        return
    table = Table("", "measured", "asked for", title=f"{options.events:,} events")
    with tempfile.TemporaryDirectory() as folder:
        report(table, options.events, words, Path(folder))
        report_killed(table, options.killed, words, Path(folder))
    Console().print(table)


def report(table: Table, events: int, words: tuple[str, ...], folder: Path) -> None:
    """Measure speed and memory."""
    script = scripted(events, words)
    store = folder / "whole.db"
    with hosting(script) as host, progress("listening", events) as show:
        heard = list(follow(host, store, script, show))
    last = heard[-1]
    third = max(len(heard) // 3, 1)
    early = max(each.resident for each in heard[:third])
    late = max(each.resident for each in heard[-third:])
    table.add_row("events a second", f"{events / last.seconds:,.0f}", f"{FASTEST:,}")
    table.add_row("events a second of processor time", f"{events / last.cpu:,.0f}", "")
    table.add_row(
        "most memory, first and last third (MB)", f"{early:.0f}, {late:.0f}", f"< {LEANEST}, flat"
    )
    table.add_row(*check(store, script), script_total(script))


def report_killed(table: Table, events: int, words: tuple[str, ...], folder: Path) -> None:
    """Kill the listener in the middle, and see that nothing is lost and nothing counted twice."""
    script = scripted(events, words)
    store = folder / "killed.db"
    with hosting(script) as host, progress("listening, killed in the middle", events) as show:
        for heard in follow(host, store, script, show):
            if heard.number > events // 2:
                break
        killed_at = heard.number
        for heard in follow(host, store, script, show):  # noqa: B007 - to its end
            pass
    name, *measured = check(store, script)
    table.add_row(f"{name}, killed at {killed_at:,} of {events:,}", *measured, script_total(script))


def script_total(script: Script) -> str:
    """Return what ``check`` should find."""
    total = script.remaining()
    return f"{total:,}, {total:,}, {script.count - 1:,}"


def check(store: Path, script: Script) -> tuple[str, str]:
    """Return what the journal holds: mentions, those counted in minutes, and the cursor."""
    with sqlite3.connect(store) as journal:
        (mentions,) = journal.execute(
            "SELECT count(*) FROM mention WHERE withdrawn IS NULL"
        ).fetchone()
        (counted,) = journal.execute(
            "SELECT sum(positive + negative + neutral + unscored) FROM bucket WHERE level = 60"
        ).fetchone()
        (cursor,) = journal.execute("SELECT value FROM cursor").fetchone()
    reached = (json.loads(cursor)["time_us"] - script.start) / STEP
    return (
        "mentions, counted in minutes, cursor at event",
        f"{mentions:,}, {counted:,}, {reached:,.0f}",
    )


def scripted(events: int, words: tuple[str, ...]) -> Script:
    """Return what the host will say; the last of it was said a minute ago."""
    matcher = collectors.Matcher(topics(words))
    records = [each for each in jetstream.records() if not matcher.match(each.decode())]
    start = time.time_ns() // 1_000 - 60_000_000 - events * STEP
    return Script(events, start, words, tuple(records))


def terms(count: int) -> tuple[str, ...]:
    """Return made-up names, every tenth of them two words."""
    dice = random.Random(1)

    def word() -> str:
        return "".join(dice.choices("abcdefghijklmnopqrstuvwxyz", k=dice.randint(5, 9)))

    return tuple(f"{word()} {word()}" if at % 10 == 0 else word() for at in range(count))


def topics(words: tuple[str, ...]) -> list[Topic]:
    """Return topics that are found by ``words``."""
    groups = (words[at : at + PER_TOPIC] for at in range(0, len(words), PER_TOPIC))
    return [Topic(group[0], Query(any_of=group)) for group in groups]


@contextmanager
def hosting(script: Script) -> Iterator[str]:
    """Serve ``script`` from another process; give its address."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=jetstream.serve, args=(script, there), daemon=True)
    process.start()
    try:
        yield f"ws://127.0.0.1:{here.recv()}"
    finally:
        process.kill()
        process.join()


@contextmanager
def progress(what: str, events: int) -> Iterator[Callable[[int], None]]:
    """Show a bar; give what moves it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=events)
        yield lambda number: bar.update(task, completed=number)


def follow(host: str, store: Path, script: Script, show: Callable[[int], None]) -> Iterator[Heard]:
    """Run a listener in a process of its own; kill it when nobody follows any more."""
    command = [sys.executable, "-m", "benchmarks.firehose", "--terms", str(len(script.terms))]
    with subprocess.Popen(
        [*command, "--listen", host, str(store), str(script.start)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            for line in process.stdout or ():
                heard = Heard(*json.loads(line))
                show(heard.number + 1)
                yield heard
        finally:
            process.kill()


async def listen(host: str, store: Path, start: int, words: tuple[str, ...]) -> None:
    """Collect until the host says goodbye, as the service does; tell of each portion."""
    with suppress(OSError):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    listened = topics(words)
    pipeline = Pipeline(listened, sentiment.create())
    kind = collectors.KINDS["bluesky"]
    history = f"{time.time() - start / 1_000_000:.0f}s"
    table = kind.table.model_validate({"hosts": [host], "history": history})
    loop = asyncio.get_running_loop()
    with Journal(store) as journal, ThreadPoolExecutor(1) as writing:
        async with collectors.Client("benchmark") as client:
            collector = kind.collector(table, client, listened)
            now = datetime.now(UTC)
            began, worked = time.perf_counter(), time.process_time()
            async for portion in collector.collect(journal.cursor(collector.source), now):
                await loop.run_in_executor(
                    writing, partial(pipeline.store, portion, journal, now=datetime.now(UTC))
                )
                tell(portion.cursor, start, began, worked)


def tell(cursor: str | None, start: int, began: float, worked: float) -> None:
    """Print a line for ``follow``."""
    state: Any = json.loads(cursor or "{}")
    heard = Heard(
        number=(state["time_us"] - start) // STEP,
        seconds=time.perf_counter() - began,
        cpu=time.process_time() - worked,
        resident=resident(),
    )
    print(json.dumps(heard), flush=True)


def resident() -> float:
    """Return how much memory this process has now, in megabytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / MEGABYTE


if __name__ == "__main__":
    main()
