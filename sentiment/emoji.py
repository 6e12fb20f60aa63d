"""Emoji as vaderSentiment sees them: each stands for the words that describe it."""

from __future__ import annotations

import re
from functools import cache

from sentiment.words import stock_analyzer

_LAST_BASIC = "\uffff"  # what follows are the astral planes


def describe_emoji(text: str) -> str:
    """Return ``text`` with each emoji replaced by its description, as vaderSentiment does."""
    return text if text.isascii() else _emojis()[0].sub(_description, text)


def origins(text: str) -> list[int]:
    """Return, for each character of ``describe_emoji(text)``, its place in ``text``."""
    places: list[int] = []
    end = 0
    for match in _emojis()[0].finditer(text):
        places.extend(range(end, match.start()))
        places.extend([match.start()] * len(_description(match)))
        end = match.end()
    places.extend(range(end, len(text)))
    return places


@cache
def _emojis() -> tuple[re.Pattern[str], dict[str, str]]:
    """Return a pattern that finds possible emoji, and the description of each real one.

    The astral ones are found by their range: ``re`` scans a class of 1,000 of them one by one.
    """
    described = {emoji: text for emoji, text in stock_analyzer().emojis.items() if len(emoji) == 1}
    basic = "".join(emoji for emoji in described if emoji <= _LAST_BASIC)
    astral = [emoji for emoji in described if emoji > _LAST_BASIC]
    return re.compile(f"[{re.escape(basic)}{min(astral)}-{max(astral)}]"), described


def _description(match: re.Match[str]) -> str:
    emoji = match[0]
    description = _emojis()[1].get(emoji)
    if description is None:
        return emoji
    at = match.start()
    return description if at == 0 or match.string[at - 1] == " " else f" {description}"
