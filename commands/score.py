"""``hubbub score``: what the sentiment stage says of a text, and why."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import sentiment
from commands.app import app
from commands.options import Config, StorePath, load
from commands.terminal import plain, say
from signals import Topic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signals import Judgement

COLOURS = {"negative": "red", "positive": "green", "neutral": "dim", "unscored": "dim"}


@app.command()
def score(
    texts: Annotated[list[str] | None, typer.Argument(metavar="[TEXT...]")] = None,
    *,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", metavar="F", help="Score each row of this file.")
    ] = None,
    text_column: Annotated[str, typer.Option(metavar="C")] = "text",
    topic_column: Annotated[
        str | None, typer.Option(metavar="C", help="The column that names each row's topic.")
    ] = None,
    topic: Annotated[
        str | None, typer.Option(metavar="T", help="The topic; its names are not scored.")
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(
            help="ops, vader (the stock numbers) or onnx:FOLDER, instead of the configured one."
        ),
    ] = None,
    config: Config = None,
    store: StorePath = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Score texts; with --csv, print one JSON object a line, in the order of the rows.

    Example: `hubbub score --topic GitHub "GitHub is down again"`
    """
    if bool(texts) == (csv_file is not None):
        raise typer.BadParameter("give either texts or --csv F")
    settings = load(config, store)
    scorer = (
        sentiment.create(engine, settings.sentiment.lexicon)
        if engine
        else sentiment.build(settings.sentiment)
    )
    topics = {each.name: each.build() for each in settings.topics}

    def named(name: str | None) -> Topic | None:
        return topics.setdefault(name, Topic(name, mask=(name,))) if name else None

    if csv_file is None:
        for text in texts or []:
            judgement = scorer.score(text, named(topic), explain=True)
            if as_json:
                typer.echo(_line(judgement))
            else:
                _show(text, judgement)
        return
    for text, name in _rows(csv_file, text_column, topic_column):
        judgement = scorer.score(text, named(name or topic), explain=True)
        sys.stdout.write(_line(judgement) + "\n")


def _rows(path: Path, text_column: str, topic_column: str | None) -> Iterator[tuple[str, str]]:
    """Yield text and topic of each row.

    Raises:
        typer.BadParameter: The file cannot be read, or lacks a column.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            reader = csv.DictReader(file)
            for column in filter(None, (text_column, topic_column)):
                if column not in (reader.fieldnames or ()):
                    known = ", ".join(reader.fieldnames or ()) or "none"
                    raise typer.BadParameter(f"{path} has no column {column}; it has: {known}")
            for row in reader:
                yield row[text_column] or "", (row[topic_column] or "") if topic_column else ""
    except (OSError, csv.Error) as error:
        raise typer.BadParameter(f"cannot read {path}: {error}") from None


def _line(judgement: Judgement) -> str:
    return json.dumps(document(judgement), ensure_ascii=False)


def document(judgement: Judgement) -> dict[str, Any]:
    """Return what is printed of a judgement."""
    return {
        "polarity": judgement.polarity.value,
        "compound": judgement.compound,
        "neg": judgement.negative,
        "neu": judgement.neutral,
        "pos": judgement.positive,
        "availability": judgement.availability,
        "reasons": [
            {
                "word": reason.word,
                "start": reason.start,
                "end": reason.end,
                "weight": reason.weight,
                "rule": reason.rule,
            }
            for reason in judgement.reasons
        ],
    }


def _show(text: str, judgement: Judgement) -> None:
    line = plain(text)
    for reason in judgement.reasons:
        line.stylize("red" if reason.weight < 0 else "green", reason.start, reason.end)
    colour = COLOURS[judgement.polarity.value]
    say(plain(f"{judgement.compound:+.4f} {judgement.polarity.value:<9}", colour), line)
    for reason in judgement.reasons:
        say(f"    {reason.weight:+.2f}  {reason.word} ", plain(reason.rule, "dim"))
    if judgement.availability:
        say("    complains that it does not work")
