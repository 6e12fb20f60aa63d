"""``hubbub detect``: the detector on any series."""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import alerts
from commands.app import app
from commands.options import Config, StorePath, in_utc, load
from signals import BUCKET, Observation, iso

if TYPE_CHECKING:
    from collections.abc import Iterator


MOST = 1e12
"""The highest count that is taken for one."""
LEAST = timedelta(seconds=1)
"""The shortest step between two rows."""


@dataclass(frozen=True, slots=True)
class _Columns:
    time: str
    total: str | None
    negative: str | None
    authors: str | None


@app.command()
def detect(
    csv_file: Annotated[Path, typer.Option("--csv", metavar="F", help="The series.")],
    time_column: Annotated[str, typer.Option(metavar="C")] = "timestamp",
    total_column: Annotated[
        str | None, typer.Option(metavar="C", help="Default: value, if there is such a column.")
    ] = None,
    negative_column: Annotated[
        str | None, typer.Option(metavar="C", help="Without it, the total is watched.")
    ] = None,
    authors_column: Annotated[str | None, typer.Option(metavar="C")] = None,
    config: Config = None,
    store: StorePath = None,
) -> None:
    """Run the detector over a series of equal steps; print one JSON object a bucket.

    A missing row or an empty cell is a gap.

    Example: `hubbub detect --csv counts.csv --negative-column complaints`
    """
    columns = _Columns(time_column, total_column, negative_column, authors_column)
    settings = load(config, store).detection
    rows = _read(csv_file, columns)
    step = _step(rows)
    if step < LEAST:
        raise typer.BadParameter(f"the rows of {csv_file} lie less than a second apart")
    create = alerts.create_for_totals if negative_column is None else alerts.create
    detector = create(settings, step=step)
    for observation in _without_holes(rows, step):
        verdict = detector.step(observation)
        document = {
            "time": iso(verdict.time),
            "observed": verdict.observed if observation.coverage else None,
            "expected": verdict.expected,
            "low": verdict.low,
            "high": verdict.high,
            "score": verdict.score,
            "state": verdict.state.name.lower(),
        }
        sys.stdout.write(json.dumps(document) + "\n")


def _read(path: Path, columns: _Columns) -> list[Observation]:
    """Return the rows in the order of time.

    Raises:
        typer.BadParameter: The file cannot be read, a column lacks, or a cell is no number.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            known = list(reader.fieldnames or ())
            total = columns.total or ("value" if "value" in known else None)
            for column in filter(None, (columns.time, total, columns.negative, columns.authors)):
                if column not in known:
                    raise typer.BadParameter(
                        f"{path} has no column {column}; it has: {', '.join(known) or 'none'}"
                    )
            if total is None and columns.negative is None:
                raise typer.BadParameter(
                    f"say which column of {path} to watch: --negative-column or --total-column "
                    f"(it has: {', '.join(known)})"
                )
            rows = [
                _observation(row, columns, total, f"{path}, line {reader.line_num}")
                for row in reader
            ]
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"cannot read {path}: {error}") from None
    return sorted(rows, key=lambda row: row.time)


def _observation(
    row: dict[str, str | None], columns: _Columns, total: str | None, where: str
) -> Observation:
    def number(column: str | None) -> int | None:
        cell = (row.get(column) or "").strip() if column else ""
        if not cell:
            return None
        try:
            value = float(cell)
        except ValueError:
            value = -1.0
        if not 0 <= value <= MOST:
            raise typer.BadParameter(f"{where}: {column}: {cell!r} is no count")
        return round(value)

    written = (row.get(columns.time) or "").strip()
    try:
        time = in_utc(datetime.fromisoformat(written))
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"{where}: {columns.time}: {written!r} is no time; write it like 2026-11-24T13:05:00Z"
        ) from None
    watched = number(columns.negative or total)
    mentions = number(total)
    return Observation(
        time=time,
        total=mentions or watched or 0,
        negative=watched or 0,
        authors=number(columns.authors) or 0,
        coverage=0.0 if watched is None or (total and mentions is None) else 1.0,
    )


def _step(rows: list[Observation]) -> timedelta:
    """Return the time that most often lies between two rows; a minute if there are not two."""
    steps = Counter(after.time - row.time for row, after in pairwise(rows))
    steps.pop(timedelta(0), None)
    return steps.most_common(1)[0][0] if steps else BUCKET


def _without_holes(rows: list[Observation], step: timedelta) -> Iterator[Observation]:
    """Yield the rows, with a gap for each step that is missing between two of them."""
    before: datetime | None = None
    for row in rows:
        while before and row.time - before >= 2 * step:
            before += step
            yield Observation(before, 0, 0, 0, coverage=0.0)
        yield row
        before = row.time
