"""``hubbub backtest``: what would have fired on stored history."""

from __future__ import annotations

import csv
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from commands.app import app
from commands.options import DAYS_OR_INSTANTS, Config, Json, StorePath, in_utc, load
from commands.terminal import plain, row, say, show
from pipeline import Explainer, backtest
from settings import suggest
from signals import Span, iso
from storage import Reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.backtest import Alarm, Comparison, Outage, Replay

DEFAULT = (0.3, 1.0, 3.0)
"""Sensitivities that are tried beside the configured one."""

_MOST = 10_000_000  # minutes
_WIDTH = 60  # characters of a picture
_MINUTE = timedelta(minutes=1)


@app.command("backtest")
def run(
    topic: Annotated[str, typer.Option(metavar="T", help="The topic.")],
    since: Annotated[
        datetime | None,
        typer.Option(
            metavar="TIME",
            formats=DAYS_OR_INSTANTS,
            help="Count alarms from then on; what is before is only learned from.",
        ),
    ] = None,
    sensitivity: Annotated[
        list[float] | None,
        typer.Option(metavar="N", help="False alarms a month to try; may be given repeatedly."),
    ] = None,
    known: Annotated[
        Path | None, typer.Option(metavar="F", help="Known outages: CSV of start, end[, title].")
    ] = None,
    config: Config = None,
    store: StorePath = None,
    *,
    as_json: Json = False,
) -> None:
    """Replay the stored history: what would have fired, and when, at other sensitivities.

    Example: `hubbub backtest --topic GitHub --sensitivity 0.5 --sensitivity 5 --known outages.csv`
    """
    settings = load(config, store)
    since = in_utc(since) if since else None
    outages = _read(known) if known else []
    reader = Reader(settings.store.path)
    if topic not in (names := reader.topics()):
        raise typer.BadParameter(f"no topic {topic!r} is stored; {suggest(topic, names, 'known')}")
    now = datetime.now(UTC)
    seen = reader.observations(
        topic, None, now=now, lateness=settings.detection.lateness, limit=_MOST
    )
    heard = [each.time for each in seen if each.coverage > 0]
    span = Span(since or heard[0], heard[-1] + _MINUTE) if heard else Span(now, now)
    outages = [o for o in outages if o.span.end > span.start and o.span.start < span.end]
    values = sorted(set(sensitivity or {*DEFAULT, settings.detection.sensitivity}))
    if not all(0 < value <= 100 for value in values):  # noqa: PLR2004 - as in the settings
        raise typer.BadParameter("--sensitivity is more than 0, and 100 at most")
    replays = [
        backtest.replay(topic, seen, settings.detection, value, since)
        for value in track(
            values,
            "replaying",
            console=Console(stderr=True),
            disable=as_json or not sys.stderr.isatty(),
            transient=True,
        )
    ]
    told = backtest.fired(reader, topic, since)
    explainer = Explainer(reader.path, [each.build() for each in settings.topics])
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "topic": topic,
                    "start": iso(span.start),
                    "end": iso(span.end),
                    "known": [_outage(outage) for outage in outages],
                    "fired": [_alarm(alarm) for alarm in told],
                    "replays": [
                        _document(replayed, told, outages, explainer) for replayed in replays
                    ],
                },
                indent=2,
                ensure_ascii=False,
            )
        )
        return
    if not heard:
        say("nothing of it is stored that could be replayed")
        return
    _show(replays, told, outages, span)
    _tell(replays, outages, explainer)


def _show(
    replays: Sequence[Replay], told: Sequence[Alarm], outages: Sequence[Outage], span: Span
) -> None:
    """Print the table and the picture."""
    days = replays[0].covered / timedelta(days=1)
    columns = ["sensitivity", "alarms", "as fired", "only here", "only fired"]
    if outages:
        columns += ["hits", "misses", "delay", "false a month"]
    table = Table(*columns, title=f"{iso(span.start)} .. {iso(span.end)}, {days:.1f} days heard")
    for replayed in replays:
        same, here, there = _common(replayed.alarms, told)
        cells = [
            f"{replayed.sensitivity:g}", str(len(replayed.alarms)), str(same), str(here), str(there)
        ]  # fmt: skip
        if outages:
            found = backtest.compare(replayed.alarms, outages, replayed.covered)
            cells += [str(len(found.hits)), str(len(found.misses)), _delay(found), _rate(found)]
        row(table, *cells)
    show(table)
    for replayed in replays:
        say(f"{replayed.sensitivity:>9g} |{backtest.picture(replayed, span, _WIDTH)}|")
    lives = [Span(alarm.confirmed, alarm.end) for alarm in told]
    say(f"    fired |{backtest.drawn(lives, span, _WIDTH)}|")
    if outages:
        say(f"    known |{backtest.drawn([o.span for o in outages], span, _WIDTH)}|")
    say("# confirmed, + possible, . quiet, blank: nobody listened")


def _tell(replays: Sequence[Replay], outages: Sequence[Outage], explainer: Explainer) -> None:
    """Print each alarm once, with the sensitivities that raise it."""
    raised = [(each, replayed.sensitivity) for replayed in replays for each in replayed.alarms]
    raised.sort(key=lambda pair: pair[0].incident.opened)
    while raised:
        alarm = raised[0][0]
        same = [pair for pair in raised if pair[0].incident.opened < alarm.end]
        raised = raised[len(same) :]
        at = ", ".join(
            f"{value:g} ({each.confirmed:%H:%M})"
            for each, value in sorted(same, key=lambda pair: (pair[1], pair[0].confirmed))
        )
        say(
            f"{iso(alarm.incident.opened)} .. {iso(alarm.end)}  "
            f"score {alarm.incident.worst.score:.1f}, confirmed at {at}"
        )
        if words := explainer.explain(alarm.incident, alarm.end).words:
            say(f"    words: {', '.join(words)}")
    if outages and replays:
        for outage in backtest.compare(replays[-1].alarms, outages, replays[-1].covered).misses:
            say(plain("missed even at the most sensitive:", "red"), f"{_name(outage)}")


def _common(alarms: Sequence[Alarm], told: Sequence[Alarm]) -> tuple[int, int, int]:
    """Return how many alarms overlap one that fired, how many do not, and vice versa."""

    def meets(one: Alarm, others: Sequence[Alarm]) -> bool:
        opened = one.incident.opened
        return any(opened < other.end and other.incident.opened < one.end for other in others)

    same = sum(meets(alarm, told) for alarm in alarms)
    return same, len(alarms) - same, sum(not meets(alarm, alarms) for alarm in told)


def _document(
    replayed: Replay, told: Sequence[Alarm], outages: Sequence[Outage], explainer: Explainer
) -> dict[str, Any]:
    same, here, there = _common(replayed.alarms, told)
    document: dict[str, Any] = {
        "sensitivity": replayed.sensitivity,
        "covered_days": round(replayed.covered / timedelta(days=1), 3),
        "as_fired": same,
        "only_here": here,
        "only_fired": there,
        "alarms": [
            {
                **_alarm(alarm),
                "words": list(explainer.explain(alarm.incident, alarm.end).words),
            }
            for alarm in replayed.alarms
        ],
    }
    if outages:
        found = backtest.compare(replayed.alarms, outages, replayed.covered)
        document |= {
            "hits": [
                {**_outage(outage), "delay_minutes": delay / _MINUTE}
                for outage, delay in found.hits
            ],
            "misses": [_outage(outage) for outage in found.misses],
            "delay_minutes": found.delay / _MINUTE if found.delay is not None else None,
            "false": len(found.false),
            "false_per_month": found.false_per_month,
        }
    return document


def _alarm(alarm: Alarm) -> dict[str, Any]:
    return {
        "opened": iso(alarm.incident.opened),
        "confirmed": iso(alarm.confirmed),
        "end": iso(alarm.end),
        "phase": alarm.incident.phase.value,
        "score": round(alarm.incident.worst.score, 2),
    }


def _outage(outage: Outage) -> dict[str, Any]:
    return {"start": iso(outage.span.start), "end": iso(outage.span.end), "title": outage.title}


def _name(outage: Outage) -> str:
    return f"{iso(outage.span.start)} .. {iso(outage.span.end)} {outage.title}".rstrip()


def _delay(found: Comparison) -> str:
    return f"{found.delay / _MINUTE:.0f} min" if found.delay is not None else ""


def _rate(found: Comparison) -> str:
    return f"{found.false_per_month:.2f}" if found.false_per_month is not None else ""


def _read(path: Path) -> list[Outage]:
    """Return the outages in a CSV file of ``start, end[, title]``; a heading is not needed.

    Raises:
        typer.BadParameter: It cannot be read, or a line is none.
    """
    found = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            for cells in reader:
                if not any(cell.strip() for cell in cells):
                    continue
                if reader.line_num == 1 and cells[0].strip().casefold() == "start":
                    continue
                found.append(_line(cells, f"{path}, line {reader.line_num}"))
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"cannot read {path}: {error}") from None
    return sorted(found, key=lambda outage: outage.span.start)


def _line(cells: Sequence[str], where: str) -> Outage:
    try:
        start, end = (_instant(cell) for cell in cells[:2])
        return backtest.Outage(Span(start, end), cells[2].strip() if cells[2:] else "")
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"{where}: {','.join(cells)[:80]!r} is no outage; write start,end,title, "
            "with times like 2026-11-24T13:05:00Z"
        ) from None


def _instant(text: str) -> datetime:
    return in_utc(datetime.fromisoformat(text.strip()))
