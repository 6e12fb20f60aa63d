"""Checks what a source sent against the shape that its documentation promises.

One odd post is skipped, since it must not silence its source for ever; but if most are odd, the
shape has changed, and to skip them all would read as silence.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import structlog
from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, ValidationError

from collectors.contract import Malformed

if TYPE_CHECKING:
    from collections.abc import Sequence

_log = structlog.get_logger()

_ISO_639_1 = 2  # letters
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(9000, 1, 1, tzinfo=UTC)


def _storable(value: str) -> str:
    """Refuse control characters, and halves of surrogate pairs, which no UTF-8 can carry."""
    value.encode()  # its UnicodeEncodeError is a ValueError, as pydantic wants it
    if any(character < " " for character in value):
        raise ValueError("control characters")
    return value


Instant = Annotated[
    AwareDatetime, Field(ge=_FIRST, lt=_LAST), AfterValidator(lambda value: value.astimezone(UTC))
]
"""A time with its zone, e.g. ``2026-11-24T13:05:00.000Z``."""
Epoch = Annotated[int, Field(ge=0, lt=int(_LAST.timestamp()))]
"""A time in seconds since 1970."""
Name = Annotated[str, Field(max_length=500), AfterValidator(_storable)]
Address = Annotated[str, Field(max_length=2_000), AfterValidator(_storable)]
"""Short texts that identify somebody or something, and are kept as they are."""

T = TypeVar("T", bound=BaseModel)


def parse(model: type[T], value: object, source: str) -> T:
    """Return ``value`` as ``model``.

    Raises:
        Malformed: It has another shape.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Malformed(f"{source}: an answer of another shape: {first_problem(error)}") from None


def parse_items(model: type[T], values: Sequence[object], source: str) -> list[T]:
    """Return those of ``values`` that are of the shape of ``model``.

    Raises:
        Malformed: More than half of them are not.
    """
    items: list[T] = []
    problem = ""
    for value in values:
        try:
            items.append(model.model_validate(value))
        except ValidationError as error:
            problem = problem or first_problem(error)
    odd = len(values) - len(items)
    if odd > len(items):
        raise Malformed(f"{source}: {odd} of {len(values)} items of another shape: {problem}")
    if odd:
        _log.warning("odd items skipped", source=source, skipped=odd, reason=problem)
    return items


def web_address(value: str | None) -> str:
    """Return ``value`` if a browser may be sent there, else nothing."""
    return value if value and value.startswith(("https://", "http://")) else ""


def language(value: str | None) -> str | None:
    """Return the ISO 639-1 code in ``value``, e.g. ``de`` in ``de-AT``."""
    code = (value or "").partition("-")[0].lower()
    return code if len(code) == _ISO_639_1 and code.isascii() and code.isalpha() else None


def first_problem(error: ValidationError) -> str:
    """Return the first problem, without the value, which is anybody's text."""
    detail = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part)[:40] for part in detail['loc'])}: {detail['msg'][:120]}"
