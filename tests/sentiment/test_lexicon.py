"""The data files of the engine ``ops``."""

from __future__ import annotations

import tomllib
from collections import Counter
from importlib import resources

from sentiment.lexicon import Entry, entries, grammar
from sentiment.phrases import Phrases
from sentiment.words import stock_analyzer


def is_sound(entry: Entry) -> bool:
    """Return whether an entry says why, and something that vaderSentiment does not say."""
    own = stock_analyzer().lexicon.get(entry.word, 0)
    return (
        bool(entry.reason)
        and entry.word == entry.word.strip().lower()
        and -4 <= entry.weight <= 4
        and (entry.weight != own or entry.availability)
        and (entry.weight < 0 or not entry.availability)
    )


def test_every_entry_says_why() -> None:
    """Each word has a weight on vaderSentiment's scale that differs from its own, and a reason."""
    assert [entry for entry in entries() if not is_sound(entry)] == []


def test_no_word_stands_twice() -> None:
    """Which of two rows holds would be a matter of luck."""
    assert [word for word, rows in Counter(e.word for e in entries()).items() if rows > 1] == []


def test_every_rule_says_why() -> None:
    """Each group of phrases has a name of its own, a weight and a reason, and can be read."""
    document = tomllib.loads((resources.files("sentiment") / "phrases.toml").read_text("utf-8"))
    rules, classes = grammar()

    assert all(rule["reason"] for rule in document["rules"])
    assert len({rule.name for rule in rules}) == len(rules)
    assert all(-4 <= rule.weight <= 4 for rule in rules)
    assert Phrases(rules, classes).find([]) == []


def test_every_class_is_used() -> None:
    """A class that no phrase names is a mistake, or a leftover."""
    rules, classes = grammar()
    patterns = " ".join(pattern for rule in rules for pattern in rule.patterns)

    assert [name for name in classes if f"<{name}>" not in patterns] == []


def test_no_phrase_stands_twice() -> None:
    """A second one of the same words could never be found."""
    patterns = [pattern for rule in grammar()[0] for pattern in rule.patterns]

    assert [pattern for pattern, times in Counter(patterns).items() if times > 1] == []
