"""Distros over time: who was renamed, merged, forked or succeeded, and what names stand for.

A distro is its slug. What came after another is another distro: it is shown beside it, and its
figures are never added to the other's. ``lineage.toml`` has the data, with a source for each entry.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNUSED = re.compile(r"[^a-z0-9]+")


class Relation(StrEnum):
    """What became of a distro: how the later one relates to the earlier one."""

    RENAMED = "renamed"
    MERGED = "merged"
    SUCCEEDED = "succeeded"
    FORKED = "forked"


@dataclass(frozen=True, slots=True)
class Succession:
    """One distro came after another.

    Attributes:
        before: The earlier distro's slug.
        after: The later one's.
        relation: ``renamed`` to it, ``merged`` into it, ``succeeded`` by it once it had ended, or
            ``forked`` into it while it went on.
        year: When.
        source: Where that can be read.
    """

    before: str
    after: str
    relation: Relation
    year: int
    source: str


@cache
def successions() -> tuple[Succession, ...]:
    """Return all that are known, by year."""
    found = (
        Succession(
            each["before"], each["after"], Relation(each["relation"]), each["year"], each["source"]
        )
        for each in _data()["successions"]
    )
    return tuple(sorted(found, key=lambda each: (each.year, each.before, each.after)))


def successors(distro: str) -> tuple[Succession, ...]:
    """Return what came after ``distro``."""
    return tuple(each for each in successions() if each.before == distro)


def predecessors(distro: str) -> tuple[Succession, ...]:
    """Return what came before ``distro``."""
    return tuple(each for each in successions() if each.after == distro)


def distro_of(name: str, known: Mapping[str, str] | None = None) -> str:
    """Return the slug of the distro called ``name``: ``MX Linux`` is ``mx``.

    Args:
        name: What a ranking calls it.
        known: Slugs by name in lower case, as rankings with links gave them.

    Returns:
        The slug that ``lineage.toml`` or else ``known`` has; without any, the name in small letters
        and digits, accents and all else left out. Empty if nothing remains.
    """
    lowered = " ".join(name.lower().split())
    for names in (_names(), known or {}):
        if lowered in names:
            return names[lowered]
    return _UNUSED.sub("", normalize("NFKD", lowered))


@cache
def _names() -> Mapping[str, str]:
    return {name.lower(): distro for distro, names in _data()["names"].items() for name in names}


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(resources.files("trends").joinpath("lineage.toml").read_text("utf-8"))
