"""``hubbub init`` and ``hubbub check``: the configuration."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

import alerts
import collectors
import sentiment
from commands.app import app
from commands.asking import COLUMNS, ask, cells
from commands.options import Config, Json, StorePath, find_config, load, sample
from commands.terminal import plain, row, say, show
from storage import Influx, InfluxError

if TYPE_CHECKING:
    from settings import Settings


@app.command()
def init(
    path: Annotated[
        Path | None, typer.Argument(help="Where to write it; without it, it is printed.")
    ] = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that exists.")] = False,
) -> None:
    """Write the commented sample configuration.

    Example: `hubbub init hubbub.toml`
    """
    if path is None:
        typer.echo(sample(), nl=False)
        return
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(sample())
    except FileExistsError:
        raise typer.BadParameter(f"{path} exists; --force overwrites it") from None
    except OSError as error:
        raise typer.BadParameter(f"cannot write {path}: {error.strerror}") from None
    typer.echo(f"wrote {path}; now: hubbub check --config {path}", err=True)


@app.command()
def check(
    config: Config = None,
    store: StorePath = None,
    *,
    online: Annotated[
        bool, typer.Option("--online", help="Also ask each source and InfluxDB, once.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Validate the configuration and say what would run.

    Example: `hubbub check --config hubbub.toml --online`
    """
    settings = load(config, store)
    found = find_config(config)
    report: dict[str, Any] = {
        "configuration": str(found) if found else "the built-in sample",
        "store": str(settings.store.path),
        "page": f"{settings.page.host}:{settings.page.port}",
        "influx": settings.influx.url if settings.influx else None,
        "engine": sentiment.build(
            settings.sentiment, origin=str(found or "the built-in sample")
        ).name,
        "topics": [topic.name for topic in settings.topics],
        "channels": [channel.name for channel in alerts.build(settings)],
        "sources": asyncio.run(_sources(settings, online=online)),
    }
    problems = [source["problem"] for source in report["sources"] if source.get("problem")]
    if online and settings.influx is not None:
        with Influx(settings.influx) as influx:
            try:
                influx.check()
            except InfluxError as error:
                report["influx_problem"] = str(error)
                problems.append(str(error))
    if as_json:
        typer.echo(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        _show(report, online=online)
    if problems:
        raise typer.Exit(1)


async def _sources(settings: Settings, *, online: bool) -> list[dict[str, Any]]:
    topics = [topic.build() for topic in settings.topics]
    async with collectors.Client(settings.service.contact) as client:
        found = collectors.build(settings, client, topics)
        tables = [table for table in collectors.validate(settings) if table.enabled]
        answers = await asyncio.gather(
            *(
                ask(client, source, table) if online else _nothing()
                for source, table in zip(found, tables, strict=True)
            )
        )
    return [
        {
            "source": source.source,
            "interval_s": source.interval.total_seconds(),
            "topics": sorted(source.topics),
            **answer,
        }
        for source, answer in zip(found, answers, strict=True)
    ]


async def _nothing() -> dict[str, Any]:
    return {}


def _show(report: dict[str, Any], *, online: bool) -> None:
    for name in ("configuration", "store", "page", "influx"):
        say(f"{name + ':':<15}{report[name] or 'none; the journal alone serves'}")
    if "influx_problem" in report:
        say(plain(f"{'':<15}{report['influx_problem']}", "red"))
    say(f"{'engine:':<15}{report['engine']}")
    say(f"{'topics:':<15}{', '.join(report['topics']) or 'none yet; see [[topics]]'}")
    say(f"{'channels:':<15}{', '.join(report['channels']) or 'none; see [[channels]]'}")
    table = Table("source", "every", "listens for", *(COLUMNS if online else ()))
    for source in report["sources"]:
        row(
            table,
            source["source"],
            f"{source['interval_s']:g} s",
            ", ".join(source["topics"]) or "its own figures",
            *(cells(source) if online else ()),
        )
    show(table)
    for source in report["sources"]:
        if told := source.get("problem") or source.get("answer"):
            say(f"{source['source']}:", plain(told, "red" if "problem" in source else "green"))
