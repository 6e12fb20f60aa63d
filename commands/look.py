"""``hubbub status`` and ``incidents``: what the journal says."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

import alerts
import collectors
from commands.app import app
from commands.options import Config, Json, StorePath, load
from commands.terminal import plain, row, say, show
from pipeline import Explainer
from service import alarmed, overdue, pace
from signals import Change, Phase, Step, Subject, iso
from storage import Attempts, Reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from settings import Settings
    from signals import Evidence, Incident

_DAY = timedelta(days=1)


@app.command()
def status(config: Config = None, store: StorePath = None, *, as_json: Json = False) -> None:
    """Show the health of every source, of the delivery, and open incidents.

    Example: `hubbub status --json`
    """
    settings = load(config, store)
    reader = Reader(settings.store.path)
    sources, delivery = _sources(settings, reader), reader.delivery()
    found = reader.incidents(subject=None)
    open_incidents = [i for i in found if i.phase is not Phase.RESOLVED]
    unsent = reader.unsent()
    if as_json:
        report = {
            "store": str(settings.store.path),
            "sources": sources,
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
        say(
            plain(f"{incident.topic or 'delivery'}:", "red"),
            f"{incident.phase} since {iso(incident.opened)}",
        )
    for channel, error, retrying in unsent:
        again = "will be tried again" if retrying else "given up"
        say(f"notification to {channel} {again}: {error}")


def _sources(settings: Settings, reader: Reader) -> list[dict[str, Any]]:
    """Return how each source is, how often it is asked at present, and what it missed of a day."""
    now = datetime.now(UTC)
    topics = [topic.build() for topic in settings.topics]
    client = collectors.Client(settings.service.contact)  # asks nothing here
    known = {each.source: each for each in collectors.build(settings, client, topics)}
    troubled = alarmed(reader.incidents(start=now), now)
    gaps = reader.gaps(now - _DAY, now)
    attempts = Attempts(reader.path)
    found = []
    for health in reader.sources():
        document = _plain(asdict(health))
        collector = known.get(health.source)
        interval = None
        if collector is not None and not collectors.streams(collector):
            idle = now - (attempts.brought(health.source) or now)
            hurried = bool(collector.topics & troubled)
            interval = pace(collector, idle=idle, alarmed=hurried).total_seconds()
        if health.ok and collector is not None and now - health.tried > overdue(collector):
            document |= {"ok": False, "kind": "stale", "reason": "not asked; does hubbub run?"}
        missed = [{"start": gap.start, "end": gap.end} for gap in gaps.get(health.source, ())]
        found.append(document | {"interval": interval, "missed": _plain(missed)})
    return found


def _show_sources(sources: Sequence[dict[str, Any]]) -> None:
    if not sources:
        say("no source was asked yet; start 'hubbub run'")
        return
    table = Table("source", "state", "last heard", "every", "items", "lag", title="Sources")
    for source in sources:
        row(
            table,
            source["source"],
            plain(source["kind"], "green" if source["ok"] else "red"),
            _ago(datetime.fromisoformat(source["heard"])) if source["heard"] else "never",
            f"{source['interval']:.0f} s" if source["interval"] is not None else "",
            str(source["items"]),
            f"{source['lag']:.0f} s",
        )
    show(table)
    for source in sources:
        if not source["ok"]:
            say(f"{source['source']}: {source['reason']}")
        for gap in source["missed"]:
            say(f"{source['source']}: missed {gap['start']} .. {gap['end']}")


incident_commands = typer.Typer()
app.add_typer(incident_commands, name="incidents")


@incident_commands.callback(invoke_without_command=True)
def incidents(
    context: typer.Context,
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
    if context.invoked_subcommand is not None:
        return
    settings = load(config, store)
    reader = Reader(settings.store.path)
    explainer = Explainer(reader.path, [each.build() for each in settings.topics])
    found = [
        (incident, explainer.explain(incident))
        for incident in reader.incidents(topic, limit=limit, subject=None)
    ]
    if as_json:
        documents = [
            {
                **_incident(incident),
                "changes": [_plain(record._asdict()) for record in reader.records(incident.id)],
                **_evidence(evidence),
            }
            for incident, evidence in found
        ]
        typer.echo(json.dumps(documents, indent=2, ensure_ascii=False))
        return
    if not found:
        say("no incidents")
    for incident, evidence in found:
        worst = incident.worst
        heading = (
            plain(incident.topic or "delivery to InfluxDB", "bold"),
            f" {incident.phase}  {incident.id}",
            f" {iso(incident.opened)} .. {iso(incident.changed)}  ",
        )
        if incident.subject is not Subject.TOPIC:
            say(*heading, reader.records(incident.id)[-1].reason)
            continue
        say(
            *heading,
            f"worst minute: {worst.observed:g} complaints, expected {worst.expected:.1f} "
            f"({worst.low:.1f} to {worst.high:.1f}), score {worst.score:.1f}",
        )
        as_it_stands = Change(incident, incident.changed, "", Step(incident.phase))
        for label, value in alerts.facts(as_it_stands, evidence):
            say(f"    {label}: {value}")
        for mention in evidence.mentions:
            text = " ".join(mention.text.split())[:110]
            say(f"    {mention.compound:+.2f}  {text}")


def _incident(incident: Incident) -> dict[str, Any]:
    document = _plain(asdict(incident))
    assert isinstance(document, dict)  # noqa: S101 - a dataclass becomes a dict
    return document


def _evidence(evidence: Evidence) -> dict[str, Any]:
    """Return the evidence, and the mentions beside it."""
    document = _plain(asdict(evidence))
    mentions = document.pop("mentions")
    return {"evidence": document, "mentions": mentions}


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
