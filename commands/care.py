"""``hubbub incidents ack`` and ``snooze``, and ``hubbub maintenance``: who hears what, and when."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import TypeAdapter, ValidationError

import alerts
import settings
from commands.app import app
from commands.look import incident_commands
from commands.options import INSTANTS, Config, Json, StorePath, load
from commands.terminal import say
from pipeline import Messenger
from signals import Change, Phase, Step, iso
from storage import Journal, Reader, StoreError

if TYPE_CHECKING:
    from settings import Settings

_DURATION: TypeAdapter[timedelta] = TypeAdapter(settings.Duration)

maintenance = typer.Typer(
    help="Windows in which nothing is announced, and everything is recorded.",
    no_args_is_help=True,
)
app.add_typer(maintenance, name="maintenance")


def _duration(text: str) -> timedelta:
    try:
        return _DURATION.validate_python(text)
    except ValidationError:
        raise typer.BadParameter(
            f"{text!r} is no duration; write for example 90s, 5m, 2h or 14d"
        ) from None


Length = Annotated[
    timedelta, typer.Option("--for", parser=_duration, metavar="D", help="For how long, e.g. 2h.")
]
Identity = Annotated[str, typer.Argument(metavar="ID", help="As 'hubbub incidents' shows it.")]
Note = Annotated[str, typer.Option(metavar="TEXT", help="Why, or by whom.")]


@incident_commands.command("ack")
def ack(
    identity: Identity,
    length: Annotated[
        timedelta | None,
        typer.Option("--for", parser=_duration, metavar="D", help="By default until its end."),
    ] = None,
    note: Note = "",
    config: Config = None,
    store: StorePath = None,
    *,
    as_json: Json = False,
) -> None:
    """Acknowledge an incident: nobody is reminded of it; its end is told all the same.

    Example: `hubbub incidents ack 20261124T1203Z-0fa4b2c81d3e --note "Ada is on it"`
    """
    _care(load(config, store), identity, Step.ACKNOWLEDGED, length, note, as_json=as_json)


@incident_commands.command("snooze")
def snooze(
    identity: Identity,
    length: Length = timedelta(hours=1),
    note: Note = "",
    config: Config = None,
    store: StorePath = None,
    *,
    as_json: Json = False,
) -> None:
    """Hear nothing of an incident for a while, but its end; if it lasts longer you are reminded.

    Example: `hubbub incidents snooze 20261124T1203Z-0fa4b2c81d3e --for 2h`
    """
    _care(load(config, store), identity, Step.SNOOZED, length, note, as_json=as_json)


def _care(
    found: Settings,
    identity: str,
    step: Step,
    length: timedelta | None,
    note: str,
    *,
    as_json: bool,
) -> None:
    now = datetime.now(UTC)
    until = now + length if length else None
    Reader(found.store.path).topics()  # a journal that does not exist is an error, not a new one
    with Journal(found.store.path) as journal:
        recorded = journal.incidents.find(identity)
        if recorded is None:
            raise StoreError(f"no incident has the id {identity}; 'hubbub incidents' lists them")
        incident = recorded.incident
        if incident.phase is Phase.RESOLVED:
            raise StoreError(f"the incident {identity} is over; there is nothing left to quieten")
        reason = f"{step} {'until ' + iso(until) if until else 'until its end'}"
        if note:
            reason += f": {note}"
        topics = [topic.build() for topic in found.topics]
        messenger = Messenger(found.store.path, alerts.build(found), _page(found), topics)
        change = Change(incident, now, reason, step)
        change = Change(incident, now, reason, step, messenger.address(change))
        journal.incidents.note(change, until, messenger.notifications(change), now)
    if as_json:
        typer.echo(
            json.dumps({"id": identity, "step": step, "until": iso(until) if until else None})
        )
    else:
        say(f"{incident.topic or 'delivery'}: {reason}")


def _page(found: Settings) -> str:
    page = found.page
    host = f"[{page.host}]" if ":" in page.host else page.host
    return f"http://{host}:{page.port}" if page.port else ""


@maintenance.command("add")
def add(
    length: Length,
    topic: Annotated[
        str, typer.Option(metavar="T", help="The topic it is for; by default everything.")
    ] = "",
    start: Annotated[
        datetime | None,
        typer.Option(formats=INSTANTS, help="Default: now."),
    ] = None,
    note: Note = "",
    config: Config = None,
    store: StorePath = None,
    *,
    as_json: Json = False,
) -> None:
    """Begin a window of maintenance, which ends by itself.

    Example: `hubbub maintenance add --topic GitHub --for 2h --note "moving house"`
    """
    found = load(config, store)
    names = [each.name for each in found.topics]
    if topic and topic not in names:
        remedy = settings.suggest(topic, names, "known topics")
        raise typer.BadParameter(f"{topic!r} does not exist; {remedy}", param_hint="--topic")
    begin = start or datetime.now(UTC)
    with Journal(found.store.path) as journal:
        number = journal.maintenance.begin(topic, begin, begin + length, note)
    if as_json:
        document = {"id": number, "topic": topic, "start": iso(begin), "end": iso(begin + length)}
        typer.echo(json.dumps(document))
    else:
        times = f"{iso(begin)} .. {iso(begin + length)}"
        say(f"maintenance {number} of {topic or 'everything'}, {times}")


@maintenance.command("list")
def list_windows(config: Config = None, store: StorePath = None, *, as_json: Json = False) -> None:
    """List the windows that have not ended, those of the configuration aside.

    Example: `hubbub maintenance list`
    """
    path = load(config, store).store.path
    Reader(path).topics()  # a journal that does not exist is an error, not a new one
    with Journal(path) as journal:
        windows = journal.maintenance.current(datetime.now(UTC))
    if as_json:
        documents = [
            {
                "id": each.id,
                "topic": each.topic,
                "start": iso(each.start),
                "end": iso(each.end),
                "reason": each.reason,
            }
            for each in windows
        ]
        typer.echo(json.dumps(documents, indent=2, ensure_ascii=False))
        return
    if not windows:
        say("no maintenance")
    for each in windows:
        what = f"{each.id}  {each.topic or 'everything'}  {iso(each.start)} .. {iso(each.end)}"
        say(f"{what}  {each.reason}".rstrip())


@maintenance.command("end")
def end(
    number: Annotated[int, typer.Argument(metavar="ID", help="As 'maintenance list' shows it.")],
    config: Config = None,
    store: StorePath = None,
) -> None:
    """End a window now; incidents that are still open are announced within a few minutes.

    Example: `hubbub maintenance end 3`
    """
    path = load(config, store).store.path
    Reader(path).topics()  # a journal that does not exist is an error, not a new one
    with Journal(path) as journal:
        if not journal.maintenance.end(number, datetime.now(UTC)):
            raise StoreError(f"no maintenance {number} is on; 'hubbub maintenance list' lists them")
    say(f"maintenance {number} is over")
