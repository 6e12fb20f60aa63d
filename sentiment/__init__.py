"""Text in, polarity out: what a mention says of its topic, how strongly, and why."""

from sentiment.contract import (
    BatchScorer,
    EngineError,
    Request,
    Scorer,
    UnknownEngine,
    UnusableEngine,
    score_all,
)
from sentiment.engines import build, create

__all__ = [
    "BatchScorer",
    "EngineError",
    "Request",
    "Scorer",
    "UnknownEngine",
    "UnusableEngine",
    "build",
    "create",
    "score_all",
]
