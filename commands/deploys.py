"""``hubbub deploys``: each deploy's before and after."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from commands.app import app
from commands.options import Config, Json, StorePath, load
from commands.terminal import plain, row, say, show
from pipeline.deploys import effects
from settings import suggest
from signals import iso
from storage import Reader

if TYPE_CHECKING:
    from pipeline.deploys import Effect, Estimate, Half

_MINUTE = timedelta(minutes=1)
_STYLES = {"worse": "red", "better": "green"}


@app.command("deploys")
def run(
    topic: Annotated[str | None, typer.Option(metavar="T", help="Only this topic.")] = None,
    minutes: Annotated[
        int, typer.Option(min=5, max=1_440, help="How long before and after is compared.")
    ] = 60,
    config: Config = None,
    store: StorePath = None,
    *,
    as_json: Json = False,
) -> None:
    """Show complaints before and after each deploy and release that was marked.

    Example: `hubbub deploys --topic GitHub`
    """
    reader = Reader(load(config, store).store.path)
    names = reader.topics()
    if topic is not None and topic not in names:
        raise typer.BadParameter(f"no topic {topic!r} is stored; {suggest(topic, names, 'known')}")
    found = effects(reader, [topic] if topic else names, minutes * _MINUTE, datetime.now(UTC))
    if as_json:
        documents = [_document(effect) for effect in found]
        typer.echo(json.dumps(documents, indent=2, ensure_ascii=False))
        return
    if not found:
        say("no deploy or release is marked; mark one with 'hubbub mark deploy TEXT'")
        return
    table = Table(
        "when", "topic", "what", "before", "after", "times as many", "share", "",
        title=f"Complaints {minutes} minutes before and after",
    )  # fmt: skip
    for effect in found:
        row(
            table,
            iso(effect.event.time),
            effect.topic,
            f"{effect.event.kind}: {effect.event.title}",
            _half(effect.before),
            _half(effect.after),
            _ratio(effect.ratio),
            _share(effect.share),
            plain(effect.verdict, _STYLES.get(effect.verdict, "")),
        )
    show(table)
    say("in brackets: the range of 95 %, given by how much ordinary times vary")


def _half(half: Half) -> str:
    if not half.covered:
        return "not heard"
    return f"{half.negative} of {half.total}"


def _ratio(estimate: Estimate | None) -> str:
    if estimate is None:
        return ""
    return f"{estimate.value:.1f} ({estimate.low:.1f} to {estimate.high:.1f})"


def _share(estimate: Estimate | None) -> str:
    if estimate is None:
        return ""
    return f"{estimate.value:+.0%} ({estimate.low:+.0%} to {estimate.high:+.0%})"


def _document(effect: Effect) -> dict[str, Any]:
    return {
        "id": effect.event.id,
        "kind": effect.event.kind,
        "title": effect.event.title,
        "time": iso(effect.event.time),
        "topic": effect.topic,
        "before": _counts(effect.before),
        "after": _counts(effect.after),
        "ratio": _estimate(effect.ratio),
        "share_difference": _estimate(effect.share),
        "spread": _rounded(effect.spread),
        "verdict": effect.verdict,
    }


def _counts(half: Half) -> dict[str, Any]:
    return {
        "negative": half.negative,
        "total": half.total,
        "share": _rounded(half.share),
        "covered": round(half.covered, 4),
    }


def _estimate(estimate: Estimate | None) -> dict[str, float] | None:
    if estimate is None:
        return None
    return {name: round(value, 4) for name, value in estimate._asdict().items()}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
