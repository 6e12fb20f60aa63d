"""Where engines are listed and made, by name or by the settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sentiment.contract import EngineError, Scorer, UnknownEngine
from sentiment.ops import Ops
from sentiment.vader import Vader
from settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from settings import Sentiment


def create(name: str = "ops", lexicon: Mapping[str, float] | None = None) -> Scorer:
    """Return the engine called ``name``.

    Args:
        name: ``ops``, the default, knows services and their complaints; ``vader`` gives exactly
            vaderSentiment's scores; ``onnx:FOLDER`` runs a classifier of the user.
        lexicon: Words and phrases of the user, for ``ops``, with their weights on
            vaderSentiment's scale from -4 to 4; 0 means that they say nothing.

    Raises:
        UnknownEngine: There is none of this name; the message lists those that exist.
        UnusableEngine: It lacks an optional package or its files.
    """
    if name == "ops":
        return Ops(lexicon)
    if name == "vader":
        return Vader()
    if name.startswith("onnx:"):
        from sentiment.onnx import Onnx  # noqa: PLC0415 - its packages are optional

        return Onnx(Path(name.removeprefix("onnx:")))
    raise UnknownEngine(
        f"there is no sentiment engine {name!r}; choose one of: ops, vader, onnx:FOLDER"
    )


def build(table: Sentiment, *, origin: str = "configuration") -> Scorer:
    """Return the engine that the settings ask for.

    Args:
        table: The table ``[sentiment]``.
        origin: What to call the file in errors.

    Raises:
        SettingsError: The engine cannot be used; the message names the key and the remedy.
    """
    try:
        return create(table.engine, table.lexicon)
    except EngineError as error:
        raise SettingsError(f"{origin}: sentiment.engine: {error}") from None
