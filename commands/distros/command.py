"""The command itself: which rankings are asked for."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

import trends
from commands.app import app
from commands.distros.comparing import show_both
from commands.distros.moving import Over, show_movers
from commands.distros.shown import figure, print_document, ranking_of, say_notes, title
from commands.options import Config, Json, StorePath, load
from commands.terminal import row, show
from signals import iso
from storage import Readings

if TYPE_CHECKING:
    from trends import Ranking

_NEAR = timedelta(days=7)  # a ranking of a date lies no further from it


@app.command()
def distros(
    span: Annotated[str, typer.Option(metavar="S", help="12m, 6m, 3m, 1m, 1w or a year.")] = "6m",
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="How many at most.")] = 20,
    at: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="A year or a date, instead of the latest ranking."),
    ] = None,
    vs: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="With --at: another year or date, to compare with."),
    ] = None,
    over: Annotated[Over, typer.Option(help="With --movers: who moved since when.")] = Over.MONTH,
    config: Config = None,
    store: StorePath = None,
    *,
    movers: Annotated[
        bool, typer.Option("--movers", help="Show who moved, and by more than chance.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show a ranking of distros: page hits per day on DistroWatch, interest and not usage.

    Example: `hubbub distros --at 2010 --vs 2014`
    """
    _check(span, at, vs, movers=movers)
    readings = Readings(load(config, store).store.path)
    if at is not None and vs is not None:
        both = (_ranking(readings, when, span) for when in (at, vs))
        before, after = sorted(both, key=lambda ranking: ranking.day)
        show_both(before, after, limit, as_json=as_json)
        return
    latest = _ranking(readings, at, span) if at is not None else ranking_of(readings.ranking(span))
    if latest is None:
        if as_json:
            typer.echo("null" if movers else "[]")
        else:
            typer.echo(f"no ranking for the span {span} yet; is a distrowatch source running?")
    elif movers:
        show_movers(readings, latest, over, limit, as_json=as_json)
    else:
        _list(latest, limit, as_json=as_json)


def _check(span: str, at: str | None, vs: str | None, *, movers: bool) -> None:
    """Refuse what does not go together.

    Raises:
        typer.BadParameter: The message says what does not.
    """
    try:
        trends.days(span)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--span") from None
    if vs is not None and at is None:
        raise typer.BadParameter("--vs needs --at, to compare with", param_hint="--vs")
    if movers and at is not None:
        raise typer.BadParameter("--movers is of the latest ranking; with --at give --vs")


def _ranking(readings: Readings, when: str, span: str) -> Ranking:
    """Return the ranking of the year ``when``, or that of ``span`` near the date ``when``.

    Raises:
        typer.BadParameter: It is neither a year nor a date.
        typer.Exit: There is no such ranking; the user is told where to get it.
    """
    if when.isdecimal() and len(when) == len("2010"):
        found = ranking_of(readings.ranking(when))
        remedy = f"fetch it with: hubbub backfill distrowatch --from {when} --to {when}"
    else:
        try:
            day = datetime.strptime(when, "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            raise typer.BadParameter(
                f"{when!r} is neither a year nor a date, as 2014 or 2026-11-24"
            ) from None
        found = ranking_of(readings.ranking(span, day, _NEAR))
        remedy = "only years can be fetched later"
        when = f"{span} near {when}"
    if found is None:
        typer.echo(f"no ranking of {when}; {remedy}", err=True)
        raise typer.Exit(1)
    return found


def _list(ranking: Ranking, limit: int, *, as_json: bool) -> None:
    readings = ranking.readings[:limit]
    if as_json:
        print_document([{**asdict(reading), "day": iso(reading.day)} for reading in readings])
        return
    table = Table("rank", "distro", "hits a day", title=title(ranking))
    for reading in readings:
        row(table, str(reading.rank), reading.name, figure(reading.hits))
    show(table)
    say_notes(ranking)
