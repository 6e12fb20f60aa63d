"""What one bucket counts."""

from __future__ import annotations

from dataclasses import dataclass

from signals import Polarity

SCORE_UNIT = 10_000
"""Scores are kept as whole ten-thousandths, since a compound has four decimals."""

Key = tuple[int, int, int]
"""``(level, series, time)``: the bucket's width in seconds, its series and its start."""


@dataclass(slots=True)
class Counts:
    """Mentions of one bucket while they are added up; ``score`` is in ``SCORE_UNIT``."""

    positive: int = 0
    negative: int = 0
    neutral: int = 0
    authors: int = 0
    score: int = 0

    def add(self, polarity: Polarity, score: int) -> None:
        """Count one mention."""
        if polarity is Polarity.NEGATIVE:
            self.negative += 1
        elif polarity is Polarity.POSITIVE:
            self.positive += 1
        else:
            self.neutral += 1
        self.score += score

    def values(self) -> tuple[int, int, int, int, int]:
        """Return the columns in the order of the schema."""
        return self.positive, self.negative, self.neutral, self.authors, self.score
