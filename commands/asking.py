"""What ``hubbub check --online`` finds out about a source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

import collectors
from commands.terminal import plain

if TYPE_CHECKING:
    from rich.text import Text

    from collectors import Client, Collector, Host
    from settings import Source

COLUMNS = ("reachable", "allowed", "authorised", "how fast")
"""What ``cells`` fills."""


async def ask(client: Client, source: Collector, table: Source) -> dict[str, Any]:
    """Ask ``source`` by one cheap request; return a document of what that tells.

    ``answer`` is one sentence, or ``problem`` is. ``reachable``, ``allowed`` and ``authorised`` are
    true, false, or null where that did not come out; ``authorised`` is also null where no secret is
    configured and none is missing. ``pace`` says how fast its hosts may be asked.
    """
    if not isinstance(source, collectors.Probe):
        return {}
    found: dict[str, Any] = {"reachable": True, "allowed": True, "authorised": None}
    if _has_secret(table):
        found["authorised"] = True
    with client.witness() as hosts:
        try:
            found["answer"] = await source.probe()
        except collectors.SourceError as error:
            found |= {"problem": str(error), **_told(error)}
    return found | {"pace": [_pace(host) for host in hosts]}


def cells(document: dict[str, Any]) -> list[Text]:
    """Return what ``ask`` found out as cells of a table."""
    if "reachable" not in document:
        return [plain("-")] * len(COLUMNS)
    words = {True: ("yes", "green"), False: ("no", "red"), None: ("unknown", "dim")}
    flags = [plain(*words[document[name]]) for name in ("reachable", "allowed", "authorised")]
    if document["authorised"] is None and document["reachable"] and "answer" in document:
        flags[2] = plain("not needed")
    return [*flags, plain("; ".join(map(_said, document["pace"])) or "-")]


def _told(error: collectors.SourceError) -> dict[str, bool | None]:
    """Return what a failure says about the three questions."""
    match error:
        case collectors.Unreachable():
            return {"reachable": False, "allowed": None, "authorised": None}
        case collectors.Blocked():
            return {"allowed": False, "authorised": None}
        case collectors.Unauthorised():
            return {"authorised": False}
        case _:
            return {"authorised": None}


def _has_secret(table: Source) -> bool:
    return any(isinstance(value, SecretStr) and value.get_secret_value() for _, value in table)


def _pace(host: Host) -> dict[str, Any]:
    pace, left = host.pace, host.pace.quota
    return {
        "spacing_s": pace.spacing,
        "crawl_delay_s": pace.crawl_delay or None,
        "limit": left.limit if left else None,
        "remaining": left.remaining if left else None,
        "reset_s": left.reset if left else None,
    }


def _said(pace: dict[str, Any]) -> str:
    """Return one phrase, e.g. ``every 5 s (robots.txt), 299 of 300 left for 120 s``."""
    said = f"every {pace['spacing_s']:g} s"
    if pace["crawl_delay_s"] and pace["crawl_delay_s"] >= pace["spacing_s"]:
        said += " (robots.txt)"
    if pace["remaining"] is not None:
        said += f", {pace['remaining']:g}"
        said += f" of {pace['limit']:g} left" if pace["limit"] is not None else " left"
        said += f" for {pace['reset_s']:.0f} s" if pace["reset_s"] is not None else ""
    return said
