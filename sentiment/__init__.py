"""Text in, polarity out: what a mention says of its topic, how strongly, and why."""

from sentiment.contract import Scorer, UnknownEngine
from sentiment.engines import create

__all__ = ["Scorer", "UnknownEngine", "create"]
