"""Hosts that block us, and when they are asked again."""

from __future__ import annotations

from contextlib import suppress

import pytest

from collectors.breaker import FIRST, LONGEST, Breaker
from collectors.contract import Blocked, Forbidden, Malformed, SourceError, Unreachable, Walled
from tests.support.serving import Clock

PLACE = "example.org/x"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock of this test."""
    return Clock(monkeypatch)


def ask(breaker: Breaker, answer: SourceError | None = None) -> SourceError | None:
    """Ask once, if the breaker lets us; return the error that it ends with."""
    try:
        with breaker.guard(PLACE):
            if answer is not None:
                raise answer
    except SourceError as error:
        return error
    return None


def is_open(breaker: Breaker) -> bool:
    """Return whether nobody may ask."""
    reached = False
    with suppress(Blocked), breaker.guard(PLACE):
        reached = True
        raise Blocked("the test leaves it as it is")
    return not reached


def test_a_wall_opens_at_once() -> None:
    """The error says until when; the next one also since when, and why."""
    breaker = Breaker()
    opening = ask(breaker, Walled(f"{PLACE}: answered with a login or challenge page"))
    assert isinstance(opening, Walled)
    assert opening.retry_after == FIRST
    assert "the host is left alone until 20" in str(opening)
    refused = ask(breaker)
    assert isinstance(refused, Blocked)
    assert refused.retry_after == pytest.approx(FIRST, abs=1)
    assert str(refused).startswith(f"{PLACE}: the host has blocked us since 20")
    assert "Z (answered with a login or challenge page); it is left alone until 20" in str(refused)


def test_a_403_opens_the_second_time_in_a_row() -> None:
    """One may be about a single address; a success in between starts anew, others do not count."""
    breaker = Breaker()
    for answer in (Forbidden("403"), None, Forbidden("403"), Malformed("a page"), Blocked("422")):
        ask(breaker, answer)
        assert not is_open(breaker)
    ask(breaker, Forbidden("403"))
    assert is_open(breaker)


def test_it_is_tried_after_an_hour_then_less_and_less_often(clock: Clock) -> None:
    """Up to once a day, for as long as it blocks; one success and all is well."""
    breaker = Breaker()
    ask(breaker, Walled("a login page"))
    for hours in (1, 2, 4, 8, 16, 24, 24):
        clock.forward(hours * 3_600 - 60)
        assert is_open(breaker), hours
        clock.forward(60)
        error = ask(breaker, Forbidden("403"))
        assert error is not None
        assert error.retry_after == min(2 * hours * 3_600, LONGEST)
    clock.forward(LONGEST)
    assert ask(breaker) is None
    ask(breaker, Forbidden("403"))
    assert not is_open(breaker)
    ask(breaker, Forbidden("403"))
    clock.forward(FIRST)
    assert not is_open(breaker)


def test_one_tries_at_a_time(clock: Clock) -> None:
    """While one request tries, nobody else does; if it tells nothing, the next one tries."""
    breaker = Breaker()
    ask(breaker, Walled("a login page"))
    clock.forward(FIRST)
    with suppress(Unreachable), breaker.guard(PLACE):
        other = ask(breaker)
        assert isinstance(other, Blocked)
        assert "it is being tried again" in str(other)
        raise Unreachable("no answer")
    assert ask(breaker) is None
    assert ask(breaker) is None
