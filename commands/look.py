"""``hubbub status``, ``incidents`` and ``distros``: what the journal says."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from commands.app import app
from commands.options import Config, Json, StorePath, load
from signals import Phase, iso
from storage import Reader

if TYPE_CHECKING:
    from signals import Incident

STALE = timedelta(minutes=30)


@app.command()
def status(config: Config = None, store: StorePath = None, *, as_json: Json = False) -> None:
    """Show the health of every source, of the delivery, and open incidents.

    Example: `hubbub status --json`
    """
    settings = load(config, store)
    reader = Reader(settings.store.path)
    sources, delivery = reader.sources(), reader.delivery()
    open_incidents = [i for i in reader.incidents() if i.phase is not Phase.RESOLVED]
    unsent = reader.unsent()
    if as_json:
        report = {
            "store": str(settings.store.path),
            "sources": [_plain(asdict(source)) for source in sources],
            "influx": {
                "configured": settings.influx is not None,
                **_plain(asdict(delivery)),
                "refused_lines": [
                    {"line": line, "reason": reason} for line, reason in reader.refused()
                ],
            },
            "incidents": [_incident(incident) for incident in open_incidents],
            "notifications": [
                {"channel": channel, "error": error, "retrying": retrying}
                for channel, error, retrying in unsent
            ],
        }
        typer.echo(json.dumps(report, indent=2, ensure_ascii=False))
        return
    console = Console()
    table = Table("source", "state", "last heard", "items", "lag", title="Sources")
    for source in sources:
        state = "[green]ok[/green]" if source.ok else f"[red]{source.kind}[/red]"
        heard = _ago(source.heard) if source.heard else "never"
        table.add_row(source.source, state, heard, str(source.items), f"{source.lag:.0f} s")
        if not source.ok:
            table.add_row("", escape(source.reason))
    console.print(table if sources else "no source was asked yet; start 'hubbub run'")
    if settings.influx is not None:
        last = _ago(delivery.delivered) if delivery.delivered else "never"
        console.print(
            f"InfluxDB: {delivery.pending} lines wait, {delivery.refused} refused, "
            f"last delivery {last}"
        )
        if delivery.problem:
            console.print(f"  [red]{escape(delivery.problem)}[/red]")
        for line, reason in reader.refused(3):
            console.print(f"  refused: {escape(reason)}: [dim]{escape(line[:100])}[/dim]")
    for incident in open_incidents:
        console.print(
            f"[red]{escape(incident.topic)}[/red]: {incident.phase} since {iso(incident.opened)}"
        )
    for channel, error, retrying in unsent:
        again = "will be tried again" if retrying else "given up"
        console.print(f"notification to {escape(channel)} {again}: {escape(error)}")


@app.command()
def incidents(
    topic: Annotated[str | None, typer.Option(metavar="T", help="Only this topic's.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 20,
    config: Config = None,
    store: StorePath = None,
    *,
    as_json: Json = False,
) -> None:
    """List incidents with the numbers and posts behind them, the newest first.

    Example: `hubbub incidents --topic GitHub`
    """
    reader = Reader(load(config, store).store.path)
    found = reader.incidents(topic, limit=limit)
    if as_json:
        documents = [
            {
                **_incident(incident),
                "changes": [
                    {"time": iso(time), "phase": phase, "reason": reason}
                    for time, phase, reason in reader.changes(incident.id)
                ],
                "mentions": [_plain(asdict(mention)) for mention in reader.telling(incident)],
            }
            for incident in found
        ]
        typer.echo(json.dumps(documents, indent=2, ensure_ascii=False))
        return
    console = Console()
    if not found:
        console.print("no incidents")
    for incident in found:
        worst = incident.worst
        console.print(
            f"[bold]{escape(incident.topic)}[/bold]  {incident.phase}  "
            f"{iso(incident.opened)} .. {iso(incident.changed)}  "
            f"worst minute: {worst.observed:g} complaints, expected {worst.expected:.1f} "
            f"({worst.low:.1f} to {worst.high:.1f}), score {worst.score:.1f}"
        )
        for mention in reader.telling(incident):
            text = " ".join(mention.text.split())[:110]
            console.print(f"    {mention.compound:+.2f}  {escape(text)}", highlight=False)


@app.command()
def distros(
    span: Annotated[str, typer.Option(help="12m, 6m, 3m or 1m.")] = "6m",
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 20,
    config: Config = None,
    store: StorePath = None,
    *,
    as_json: Json = False,
) -> None:
    """Show the latest ranking of distros (page hits per day on DistroWatch, not usage).

    Example: `hubbub distros --span 12m --limit 10`
    """
    readings = Reader(load(config, store).store.path).readings(span)[:limit]
    if as_json:
        documents = [_plain(asdict(reading)) for reading in readings]
        typer.echo(json.dumps(documents, indent=2, ensure_ascii=False))
        return
    if not readings:
        typer.echo(f"no ranking for the span {span} yet; is a distrowatch source running?")
        return
    day = readings[0].day
    table = Table("rank", "distro", "hits a day", title=f"DistroWatch, {span}, {day:%Y-%m-%d}")
    for reading in readings:
        table.add_row(str(reading.rank), escape(reading.name), str(reading.hits))
    Console().print(table)


def _incident(incident: Incident) -> dict[str, Any]:
    document = _plain(asdict(incident))
    assert isinstance(document, dict)  # noqa: S101 - a dataclass becomes a dict
    return document


def _plain(value: object) -> Any:  # noqa: ANN401 - JSON
    """Return ``value`` as what JSON can say."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime):
        return iso(value)
    return value.value if isinstance(value, Enum) else value


def _ago(instant: datetime) -> str:
    seconds = (datetime.now(UTC) - instant).total_seconds()
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{max(seconds, 0):.0f} s ago"
