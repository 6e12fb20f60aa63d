"""``hubbub mark``: events that explain a curve."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from typing import Annotated

import typer

from commands.app import app
from commands.options import INSTANTS, Config, Json, StorePath, load
from signals import Event, iso
from storage import Journal


@app.command()
def mark(
    kind: Annotated[str, typer.Argument(help="deploy, release, or a word of your own.")],
    text: Annotated[str, typer.Argument(help="One line that says what happened.")],
    topic: Annotated[
        str, typer.Option(metavar="T", help="The topic it belongs to; by default all of them.")
    ] = "",
    at: Annotated[
        datetime | None,
        typer.Option(formats=INSTANTS, help="Default: now."),
    ] = None,
    config: Config = None,
    store: StorePath = None,
    *,
    as_json: Json = False,
) -> None:
    """Record an event, to be shown beside the curves.

    Example: `hubbub mark deploy "api v2.31" --topic GitHub`
    """
    settings = load(config, store)
    event = Event(
        id=secrets.token_hex(8), kind=kind, title=text, time=at or datetime.now(UTC), topic=topic
    )
    with Journal(settings.store.path) as journal:
        journal.record_event(event)
    if as_json:
        typer.echo(
            json.dumps({"id": event.id, "kind": kind, "title": text, "time": iso(event.time)})
        )
    else:
        typer.echo(f"marked {kind} at {iso(event.time)}: {text}")
