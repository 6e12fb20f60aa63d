"""The data files of the engine ``ops``: its words and its phrases."""

from __future__ import annotations

import csv
import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from sentiment.phrases import Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORDS = (resources.files("sentiment") / "lexicon.csv").read_text(encoding="utf-8")
_PHRASES = (resources.files("sentiment") / "phrases.toml").read_text(encoding="utf-8")
DIGEST = hashlib.sha256((_WORDS + _PHRASES).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of ``lexicon.csv``.

    Attributes:
        word: In lower case.
        weight: On vaderSentiment's scale from -4 to 4; 0 means that the word says nothing.
        availability: Whether it says that something does not work or cannot be reached.
        reason: Why it is in the lexicon.
    """

    word: str
    weight: float
    availability: bool
    reason: str


@cache
def entries() -> tuple[Entry, ...]:
    """Return the words of service talk that vaderSentiment lacks or misreads."""
    return tuple(
        Entry(row["word"], float(row["weight"]), row["availability"] == "yes", row["reason"])
        for row in csv.DictReader(_WORDS.splitlines())
    )


@cache
def grammar() -> tuple[tuple[Rule, ...], Mapping[str, tuple[str, ...]]]:
    """Return the phrases of service talk, and the classes of words that they name."""
    document = tomllib.loads(_PHRASES)
    rules = tuple(
        Rule(
            name=table["name"],
            patterns=tuple(table["patterns"]),
            weight=float(table["weight"]),
            availability=table.get("availability", False),
        )
        for table in document["rules"]
    )
    return rules, {name: tuple(words.split()) for name, words in document["classes"].items()}
