"""The engine ``ops``: what people say of the services they use."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sentiment.masking import mask
from sentiment.vader import VERSION, Vader
from signals import Reason

if TYPE_CHECKING:
    from signals import Judgement, Topic


class Ops:
    """vaderSentiment's rules, deaf to the names of the topic."""

    def __init__(self) -> None:
        """Prepare the lexicon."""
        self.name = f"ops-1+vader-{VERSION}"
        self._vader = Vader()

    def score(
        self,
        text: str,
        topic: Topic | None = None,
        language: str | None = None,
        *,
        explain: bool = False,
    ) -> Judgement:
        """Return the judgement of ``text`` (see ``Scorer``)."""
        judgement = self._vader.score(mask(text, topic), language=language, explain=explain)
        reasons = tuple(
            Reason(text[r.start : r.end], r.start, r.end, r.weight, r.rule)
            for r in judgement.reasons
        )
        return replace(judgement, reasons=reasons, scorer=self.name)
