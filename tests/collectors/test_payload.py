"""Odd items are skipped; an odd answer is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import BaseModel

from collectors.contract import Malformed
from collectors.payload import Epoch, Instant, Name, parse, parse_items, web_address


class Item(BaseModel):
    """A made-up shape."""

    at: Epoch = 0
    when: Instant = datetime(2026, 1, 1, tzinfo=UTC)
    name: Name


def test_one_odd_item_does_not_silence_a_source() -> None:
    """The good half is kept."""
    good, odd = {"name": "a"}, {"name": None}
    assert [item.name for item in parse_items(Item, [good, odd, good, odd], "x")] == ["a", "a"]


def test_mostly_odd_items_are_another_shape() -> None:
    """To skip nearly all would read as silence; the first problem is told, but not the value."""
    with pytest.raises(Malformed, match="x: 2 of 3 items of another shape: name") as caught:
        parse_items(Item, [{"name": "a"}, {"name": ["secret"]}, "secret"], "x")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        {"name": "\ud800"},
        {"name": "a\nb"},
        {"name": "a" * 501},
        {"name": "a", "at": 10**30},
        {"name": "a", "at": -1},
        {"name": "a", "at": 1e400},
        {"name": "a", "when": "2026-11-24T12:00:00"},
        {"name": "a", "when": "0001-01-01T00:00:00+14:00"},
        {"name": "a", "when": "9999-12-31T23:59:59-14:00"},
        {"name": "a", "when": True},
        [],
        None,
    ],
)
def test_values_that_no_program_wants(value: object) -> None:
    """Times out of range or without a zone, and text that no UTF-8 can carry, are refused."""
    with pytest.raises(Malformed):
        parse(Item, value, "x")


def test_instants_are_utc() -> None:
    """A time with another zone becomes the same time in UTC."""
    item = parse(Item, {"name": "a", "when": "2026-11-24T12:00:00+02:00"}, "x")
    assert item.when == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert item.when.tzinfo == UTC


@pytest.mark.parametrize("value", ["javascript:alert(1)", "data:text/html,x", "//x", "", None])
def test_only_the_web_is_linked(value: str | None) -> None:
    """A link that a browser would run is no link."""
    assert web_address(value) == ""
    assert web_address("https://example.org/") == "https://example.org/"
