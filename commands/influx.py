"""``hubbub influx``: make InfluxDB ready, and compare what it holds with the journal."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError
from rich.table import Table

import settings
from commands.app import app
from commands.options import DAYS_OR_INSTANTS, Config, Json, StorePath, find_config, in_utc, load
from commands.progress import progress
from commands.terminal import plain, row, say, show
from signals import iso
from storage import FOREVER, Influx, Repair, Verification, kept_since, prepare

if TYPE_CHECKING:
    from pathlib import Path

    from storage import Prepared, Report

group = typer.Typer(help="InfluxDB: make it ready, verify what it holds.", no_args_is_help=True)
app.add_typer(group, name="influx")

SHOWN = 10
"""Differences that are shown one by one; JSON has some more."""

_DURATION: TypeAdapter[timedelta] = TypeAdapter(settings.Duration)
_SHORTEST = timedelta(hours=1)  # that any version of InfluxDB takes


@group.callback()
def root() -> None:
    """InfluxDB: make it ready, verify what it holds."""


@group.command()
def setup(
    retention: Annotated[
        str | None,
        typer.Option(
            metavar="D",
            help="How long a point is kept, e.g. 90d, or forever. Default: forever in a new "
            "bucket, and as it is in one that exists.",
        ),
    ] = None,
    config: Config = None,
    store: StorePath = None,
    *,
    change: Annotated[
        bool,
        typer.Option("--change", help="Change a bucket that exists; this may drop points."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Create the bucket, or check the one that exists, and say what this InfluxDB cannot do.

    Example: `hubbub influx setup --retention 90d`
    """
    keeps = _retention(retention)
    with Influx(_configured(config, store)[1]) as connection:
        prepared = prepare(connection, keeps, change=change)
    if as_json:
        typer.echo(json.dumps(asdict(prepared) | {"keeps": _told(prepared.keeps)}, indent=2))
    else:
        _show_prepared(prepared)
    if prepared.problem:
        raise typer.Exit(1)


@group.command()
def verify(
    since: Annotated[
        datetime | None,
        typer.Option(
            metavar="TIME",
            formats=DAYS_OR_INSTANTS,
            help="Only what is from then on.",
        ),
    ] = None,
    config: Config = None,
    store: StorePath = None,
    *,
    repair: Annotated[bool, typer.Option("--repair", help="Send what is missing.")] = False,
    as_json: Json = False,
) -> None:
    """Compare what InfluxDB holds with the journal, bucket by bucket.

    The service may run meanwhile. It may be stopped at any time and called again.

    Example: `hubbub influx verify --since 2026-11-01 --repair`
    """
    since = in_utc(since) if since else None
    path, influx = _configured(config, store)
    with Influx(influx) as connection:
        kept = kept_since(connection, datetime.now(UTC))
        begin = max((each for each in (since, kept) if each is not None), default=None)
        with Repair(path, connection, influx.batch) if repair else nullcontext() as repairing:
            verification = Verification(path, connection, since=begin, repair=repairing)
            with progress("verifying", verification.steps, quiet=as_json) as advance:
                report = verification.run(advance)
    if as_json:
        document = {"since": iso(begin) if begin else None, "repaired": repair, **_plain(report)}
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        _show_report(report, begin, repaired=repair)
    if report.refused or (report.wrong and not repair):
        raise typer.Exit(1)


def _configured(config: Path | None, store: Path | None) -> tuple[Path, settings.Influx]:
    """Return the journal and the InfluxDB that the configuration names."""
    found = load(config, store)
    if found.influx is None:
        origin = find_config(config) or "the built-in sample"
        raise settings.SettingsError(f"{origin}: there is no InfluxDB; add a table [influx]")
    return found.store.path, found.influx


def _retention(text: str | None) -> timedelta | None:
    if text is None:
        return None
    if text == "forever":
        return FOREVER
    try:
        keeps = _DURATION.validate_python(text)
    except ValidationError:
        raise typer.BadParameter(
            f"{text!r} is no duration; write for example 90d, or forever",
            param_hint="--retention",
        ) from None
    if keeps < _SHORTEST:
        raise typer.BadParameter("InfluxDB keeps an hour at least", param_hint="--retention")
    return keeps


def _told(keeps: timedelta | None) -> str | None:
    """Return a retention as ``--retention`` takes it; None if it is not known."""
    if keeps is None:
        return None
    if keeps == FOREVER:
        return "forever"
    hours = keeps / timedelta(hours=1)
    return f"{hours / 24:g}d" if hours % 24 == 0 else f"{hours:g}h"


def _show_prepared(prepared: Prepared) -> None:
    done = "was created" if prepared.created else "was changed" if prepared.changed else "exists"
    kept = _told(prepared.keeps) or "for a time that it does not tell"
    say(f"InfluxDB {prepared.version}: the bucket {prepared.bucket} {done}; it keeps points {kept}")
    for limit in prepared.limits:
        say(f"- {limit}")
    say(plain(prepared.problem, "red") if prepared.problem else plain("it takes points", "green"))


def _show_report(report: Report, since: datetime | None, *, repaired: bool) -> None:
    table = Table("measurement", *("compared", "missing", "different", "on the way"))
    for name, tally in report.tallies.items():
        numbers = (tally.compared, tally.missing, tally.different, tally.waiting)
        row(table, name, *map(str, numbers))
    show(table)
    for difference in report.examples[:SHOWN]:
        say(
            f"{iso(difference.time)} {difference.series}:",
            "missing"
            if not difference.influx
            else _compared(difference.journal, difference.influx),
        )
    if report.wrong > SHOWN:
        say(f"... and {report.wrong - SHOWN} more")
    if since is not None:
        say(f"compared from {iso(since)} on")
    if not report.wrong:
        say(plain("InfluxDB holds what the journal says", "green"))
    elif repaired:
        sent = sum(tally.sent for tally in report.tallies.values())
        say(f"sent {sent} lines; 'hubbub influx verify' compares again")
    else:
        say(plain(f"{report.wrong} differ; --repair sends what is missing", "red"))
    if report.refused:
        say(plain(f"{report.refused} lines were refused; 'hubbub status' says why", "red"))


def _compared(journal: dict[str, float], influx: dict[str, float]) -> str:
    return ", ".join(
        f"{name} {value:g}, in InfluxDB {influx[name]:g}"
        for name, value in journal.items()
        if value != influx[name]
    )


def _plain(report: Report) -> dict[str, Any]:
    """Return ``report`` as what JSON can say."""
    return {
        "wrong": report.wrong,
        "refused": report.refused,
        "measurements": {name: asdict(tally) for name, tally in report.tallies.items()},
        "differences": [asdict(each) | {"time": iso(each.time)} for each in report.examples],
    }
