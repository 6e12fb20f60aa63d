"""``hubbub backfill``: figures of the past into the journal."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import collectors
from collectors import FIRST_YEAR, DistroWatch, DistroWatchSource, Malformed, Missing, Refused
from commands.app import app
from commands.options import Config, Json, StorePath, load
from commands.progress import progress
from signals import Collection
from storage import Journal, Readings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from settings import Settings
    from signals import Reading

group = typer.Typer(help="Figures of the past into the journal.", no_args_is_help=True)
app.add_typer(group, name="backfill")

SHOWN = 10
"""Refused rows that are shown one by one."""

_YEARS = "distrowatch:years"
"""Under this name the journal keeps which years were fetched, with their readings."""


@group.callback()
def root() -> None:
    """Load figures of the past into the journal."""


@dataclass(slots=True)
class _Fetched:
    """What became of each year."""

    fetched: list[int] = field(default_factory=list)
    known: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)
    readings: int = 0


@dataclass(slots=True)
class _Loaded:
    """What became of the rows of a CSV."""

    read: int = 0
    stored: int = 0
    known: int = 0
    refused: int = 0


@group.command()
def distrowatch(
    first: Annotated[
        int | None,
        typer.Option("--from", min=FIRST_YEAR, metavar="YEAR", help="The first year."),
    ] = None,
    last: Annotated[
        int | None,
        typer.Option("--to", min=FIRST_YEAR, metavar="YEAR", help="The last; else the last over."),
    ] = None,
    csv_file: Annotated[
        Path | None,
        typer.Option("--csv", metavar="F", help="Load past rankings of this file; ask nobody."),
    ] = None,
    config: Config = None,
    store: StorePath = None,
    *,
    as_json: Json = False,
) -> None:
    """Fetch the ranking of each year that is over from DistroWatch, once, or load a CSV.

    It may be stopped at any time and called again: no year is asked for twice.

    Example: `hubbub backfill distrowatch --from 2002`
    """
    over = datetime.now(UTC).year - 1
    if first is None and csv_file is None:
        raise typer.BadParameter("give the first year, or a file with --csv", param_hint="--from")
    years = range(first or FIRST_YEAR, (over if last is None else last) + 1)
    if not years or years[-1] > over:
        raise typer.BadParameter(
            f"no years from {years.start} to {years.stop - 1} are over; the last one is {over}",
            param_hint="--to" if last is not None else "--from",
        )
    settings = load(config, store)
    with Journal(settings.store.path) as journal:
        if csv_file is not None:
            _tell_loaded(_load(csv_file, journal, years if first or last else None), as_json)
            return
        done = asyncio.run(_fetch(settings, journal, years, quiet=as_json))
    _tell_fetched(done, as_json)
    if done.refused:
        raise typer.Exit(1)


async def _fetch(
    settings: Settings, journal: Journal, years: Sequence[int], *, quiet: bool
) -> _Fetched:
    """Fetch what is not known yet; a year whose page is refused holds up no other.

    Raises:
        SourceError: The site cannot be asked; the years before are stored.
    """
    known = {int(year) for year in (journal.cursor(_YEARS) or "").split()}
    done = _Fetched(known=[year for year in years if year in known])
    left = [year for year in years if year not in known]
    path = settings.store.path
    cache = path.with_name(f"{path.name}.http")
    async with collectors.Client(settings.service.contact, cache=cache) as client:
        site = DistroWatch(_table(settings), client, ())
        with progress("fetching years", len(left), quiet=quiet) as advance:
            for year in left:
                try:
                    readings = await site.year(year)
                except (Malformed, Missing) as error:
                    done.refused[year] = str(error)
                else:
                    known.add(year)
                    cursor = " ".join(map(str, sorted(known)))
                    collection = Collection(_YEARS, readings=readings, cursor=cursor)
                    done.readings += journal.load(collection, (), now=datetime.now(UTC)).readings
                    done.fetched.append(year)
                advance()
    return done


def _table(settings: Settings) -> DistroWatchSource:
    """Return how DistroWatch is configured, be it enabled or not; or the defaults."""
    for table in collectors.validate(settings):
        if isinstance(table, DistroWatchSource):
            return table
    return DistroWatchSource()


def _load(path: Path, journal: Journal, years: Sequence[int] | None) -> _Loaded:
    """Store the rows of a CSV, one ranking in one transaction."""
    now = datetime.now(UTC)
    readings = Readings(journal.path)
    summary = _Loaded()
    found: list[Reading] = []
    for item in collectors.read_rankings(path, now, readings.names()):
        if isinstance(item, Refused):
            summary.read += 1
            _refuse(summary, f"line {item.line} refused: {item.reason}")
        elif years is None or item.day.year in years:
            summary.read += 1
            found.append(item)
    found.sort(key=_ranking)
    for (_, day, span), group_ in groupby(found, key=_ranking):
        ranked = {each.rank: each.distro for each in readings.ranking(span, day) if each.day == day}
        fitting = []
        for each in group_:
            if (other := ranked.get(each.rank, each.distro)) == each.distro:
                fitting.append(each)
                continue
            what = f"{each.name} is no {each.rank} of {span}, {day:%Y-%m-%d}: that is {other}"
            _refuse(summary, f"refused: {what}")
        stored = journal.load(Collection(_YEARS, readings=tuple(fitting)), (), now=now).readings
        summary.stored += stored
        summary.known += len(fitting) - stored
    return summary


def _ranking(reading: Reading) -> tuple[str, datetime, str]:
    return reading.source, reading.day, reading.span


def _refuse(summary: _Loaded, reason: str) -> None:
    summary.refused += 1
    if summary.refused <= SHOWN:
        typer.echo(reason, err=True)
    elif summary.refused == SHOWN + 1:
        typer.echo("more rows are refused; only their number is shown", err=True)


def _tell_loaded(summary: _Loaded, as_json: bool) -> None:  # noqa: FBT001 - as the option
    if as_json:
        typer.echo(json.dumps(asdict(summary)))
    else:
        typer.echo(
            f"{summary.read} rows read: {summary.stored} stored, "
            f"{summary.known} known already, {summary.refused} refused"
        )


def _tell_fetched(done: _Fetched, as_json: bool) -> None:  # noqa: FBT001 - as the option
    if as_json:
        typer.echo(json.dumps(asdict(done)))
        return
    for year, reason in done.refused.items():
        typer.echo(f"{year} refused: {reason}", err=True)
    typer.echo(
        f"{len(done.fetched)} years fetched, {len(done.known)} known already, "
        f"{len(done.refused)} refused; {done.readings} readings stored"
    )
