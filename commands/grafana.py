"""``hubbub grafana``: dashboards and alert rules, through Grafana's API or as files."""

from __future__ import annotations

import json
import textwrap
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import SecretStr

import settings
from commands.app import app
from commands.options import Config, Json, StorePath, load
from commands.terminal import say
from dashboards.grafana import Action, Grafana, files, plan, write

if TYPE_CHECKING:
    from dashboards.grafana import Step
    from settings import Settings

group = typer.Typer(help="Dashboards and alert rules in Grafana.", no_args_is_help=True)
app.add_typer(group, name="grafana")

_OLDEST = 11
_SIGNS = 12  # from this version on Grafana signs its webhooks
_DONE = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.DELETE: "deleted",
    Action.KEEP: "unchanged",
}


@group.callback()
def root() -> None:
    """Dashboards and alert rules in Grafana."""


@dataclass(frozen=True, slots=True)
class _Wishes:
    dry_run: bool
    prune: bool
    again: bool


@group.command()
def provision(
    config: Config = None,
    store: StorePath = None,
    url: Annotated[
        str | None,
        typer.Option(envvar="GRAFANA_URL", metavar="U", help="Instead of grafana.url."),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="GRAFANA_TOKEN",
            metavar="T",
            help="Instead of grafana.token. Better in the environment, where nobody else sees it.",
        ),
    ] = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Change nothing; show what would change.")
    ] = False,
    prune: Annotated[
        bool,
        typer.Option("--prune", help="Remove what hubbub put there and does not want any more."),
    ] = False,
    resend_secrets: Annotated[
        bool,
        typer.Option(
            "--resend-secrets",
            help="Write passwords and secrets anew: Grafana does not tell whether they changed.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Bring dashboards, alert rules and what they need into Grafana. Safe to repeat.

    What is not hubbub's stays as it is.

    Example: `hubbub grafana provision --dry-run`
    """
    found = _addressed(load(config, store), url, token)
    wishes = _Wishes(dry_run, prune, resend_secrets)
    with closing(Grafana(found.grafana)) as grafana:
        version = grafana.version()
        steps = plan(grafana, found, prune=wishes.prune, again=wishes.again)
        if not as_json:
            _warn(found, version)
        for step in steps:
            if step.action is not Action.KEEP and not wishes.dry_run:
                step.run()
            if not as_json:
                _tell(step, wishes)
    if as_json:
        typer.echo(
            json.dumps(
                [{"action": s.action, "name": s.name, "diff": s.diff} for s in steps], indent=2
            )
        )
    else:
        _sum_up(steps, wishes)


@group.command()
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Made where it is missing.")],
    config: Config = None,
    store: StorePath = None,
    mounted: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Where Grafana finds DIR. Default: at DIR."),
    ] = None,
    secrets: Annotated[
        str,
        typer.Option(
            metavar="PATH",
            help="Where Grafana finds secrets, one a file. Default: in its environment.",
        ),
    ] = "",
    *,
    policy: Annotated[
        bool,
        typer.Option(
            "--policy", help="Write the notification policy too: it replaces Grafana's whole tree."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Write dashboards, alert rules and what they need as Grafana's provisioning files.

    No secret is written: the files name where Grafana finds them.

    Example: `hubbub grafana export /etc/grafana/hubbub`
    """
    made = files(
        load(config, store),
        mounted=(mounted or str(folder.resolve())).rstrip("/"),
        secrets=secrets.rstrip("/"),
        policy=policy,
    )
    try:
        write(folder, made)
    except OSError as error:
        raise typer.BadParameter(f"cannot write {error.filename}: {error.strerror}") from None
    if as_json:
        typer.echo(json.dumps(sorted(made), indent=2))
    else:
        for name in sorted(made):
            say(str(folder / name))


def _addressed(found: Settings, url: str | None, token: str | None) -> Settings:
    """Return ``found`` with the Grafana that the command line names."""
    changes: dict[str, object] = {}
    if url is not None:
        table = settings.parse(settings.Grafana, {"url": url}, origin="--url")
        changes["url"] = table.url
    if token is not None:
        changes["token"] = SecretStr(token.strip())
    return found.model_copy(update={"grafana": found.grafana.model_copy(update=changes)})


def _warn(found: Settings, version: int) -> None:
    if version < _OLDEST:
        say(f"Grafana {version} is older than {_OLDEST}: what follows may not work with it")
    if version < _SIGNS and found.grafana.webhook_secret and not found.grafana.webhook_token:
        say(f"Grafana {version} cannot sign webhooks; set grafana.webhook_token as well")


def _tell(step: Step, wishes: _Wishes) -> None:
    if step.action is Action.KEEP:
        return
    say(f"{'would ' + step.action if wishes.dry_run else _DONE[step.action]}: {step.name}")
    if wishes.dry_run and step.diff:
        say(textwrap.indent(step.diff, "  "))


def _sum_up(steps: list[Step], wishes: _Wishes) -> None:
    counts = {action: sum(step.action is action for step in steps) for action in Action}
    told = ", ".join(f"{counts[action]} {_DONE[action]}" for action in Action)
    say(f"would be {told}; nothing was changed" if wishes.dry_run else told)
