"""What is said wherever figures are shown."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.trends.rankings import ranking
from trends import BREAK, MEANING, notes


def test_what_hits_are_is_always_said() -> None:
    """Once, for each source that counts something."""
    assert notes(ranking("mint"), ranking("mint")) == (MEANING["distrowatch"],)
    assert notes(ranking("mint", source="elsewhere")) == ()
    assert notes() == ()


def test_the_break_is_said_of_what_lies_before() -> None:
    """A ranking of 2004 or earlier, beside another one or alone."""
    old = ranking("mandrake", span="2004", day=datetime(2004, 12, 31, tzinfo=UTC))
    new = ranking("ubuntu", span="2005", day=datetime(2005, 12, 31, tzinfo=UTC))
    assert notes(old) == notes(old, new) == (MEANING["distrowatch"], BREAK)
    assert notes(new) == (MEANING["distrowatch"],)
