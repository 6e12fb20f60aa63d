"""Where engines are listed and made, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentiment.contract import Scorer, UnknownEngine
from sentiment.ops import Ops
from sentiment.vader import Vader

if TYPE_CHECKING:
    from collections.abc import Callable

_ENGINES: dict[str, Callable[[], Scorer]] = {"ops": Ops, "vader": Vader}


def create(name: str = "ops") -> Scorer:
    """Return the engine called ``name``.

    Args:
        name: ``ops``, the default, knows services and their complaints; ``vader`` gives
            exactly vaderSentiment's scores.

    Raises:
        UnknownEngine: There is none; the message lists those that exist.
    """
    if name not in _ENGINES:
        known = ", ".join(_ENGINES)
        raise UnknownEngine(f"there is no sentiment engine {name!r}; choose one of: {known}")
    return _ENGINES[name]()
