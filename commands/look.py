"""``hubbub status``, ``incidents`` and ``distros``: what the journal says."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from commands.app import app
from commands.options import Config, Json, StorePath, load
from commands.terminal import plain, row, say, show
from signals import Phase, iso
from storage import Reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signals import Incident, SourceHealth


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
    _show_sources(sources)
    if settings.influx is not None:
        last = _ago(delivery.delivered) if delivery.delivered else "never"
        say(
            f"InfluxDB: {delivery.pending} lines wait, {delivery.refused} refused, "
            f"last delivery {last}"
        )
        if delivery.problem:
            say(plain(f"  {delivery.problem}", "red"))
        for line, reason in reader.refused(3):
            say(f"  refused: {reason}:", plain(line[:100], "dim"))
    for incident in open_incidents:
        say(plain(f"{incident.topic}:", "red"), f"{incident.phase} since {iso(incident.opened)}")
    for channel, error, retrying in unsent:
        again = "will be tried again" if retrying else "given up"
        say(f"notification to {channel} {again}: {error}")


def _show_sources(sources: Sequence[SourceHealth]) -> None:
    if not sources:
        say("no source was asked yet; start 'hubbub run'")
        return
    table = Table("source", "state", "last heard", "items", "lag", title="Sources")
    for source in sources:
        state = plain(source.kind, "green" if source.ok else "red")
        heard = _ago(source.heard) if source.heard else "never"
        row(table, source.source, state, heard, str(source.items), f"{source.lag:.0f} s")
    show(table)
    for source in sources:
        if not source.ok:
            say(f"{source.source}: {source.reason}")


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
    if not found:
        say("no incidents")
    for incident in found:
        worst = incident.worst
        say(
            plain(incident.topic, "bold"),
            f" {incident.phase}  "
            f"{iso(incident.opened)} .. {iso(incident.changed)}  "
            f"worst minute: {worst.observed:g} complaints, expected {worst.expected:.1f} "
            f"({worst.low:.1f} to {worst.high:.1f}), score {worst.score:.1f}",
        )
        for mention in reader.telling(incident):
            text = " ".join(mention.text.split())[:110]
            say(f"    {mention.compound:+.2f}  {text}")


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
        row(table, str(reading.rank), reading.name, str(reading.hits))
    show(table)


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
