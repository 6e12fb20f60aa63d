"""What hosts say about waiting, and how it is kept."""

from __future__ import annotations

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.contract import Blocked, RateLimited
from collectors.manners import Host, reset_after, retry_after

DATE = "Tue, 24 Nov 2026 13:00:00 GMT"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("-5", 0.0),
        ("Tue, 24 Nov 2026 13:02:00 GMT", 120.0),
        ("Tue, 24 Nov 2026 12:00:00 GMT", 0.0),
        ("1e300", 86_400.0),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after(value: str, expected: float | None) -> None:
    """Seconds and dates are understood, what cannot be believed is bounded or ignored."""
    assert retry_after({"retry-after": value, "date": DATE}) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-24T13:01:30.346927Z", 90.346927),
        ("2026-11-24T14:01:30+01:00", 90.0),
        ("1795525290", 90.0),
        ("1795525290.5", 90.5),
        ("90", 90.0),
        ("90.0", 90.0),
        ("never", None),
    ],
)
@pytest.mark.parametrize("name", ["x-ratelimit-reset", "x-rate-limit-reset"])
def test_reset_after(name: str, value: str, expected: float | None) -> None:
    """All three styles give the seconds that are left, by the server's own clock."""
    assert reset_after({name: value, "date": DATE}) == pytest.approx(expected)


def test_without_headers() -> None:
    """No header, no wait; and a date is read by our clock if the server tells no time."""
    assert retry_after({}) is None
    assert reset_after({}) is None
    soon = retry_after({"retry-after": "Tue, 24 Nov 2099 13:00:00 GMT"})
    assert soon is not None
    assert soon > 0


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_header(value: str, date: str) -> None:
    """Whatever stands in a header, the wait is none or a bounded one."""
    for read, name in ((retry_after, "retry-after"), (reset_after, "x-ratelimit-reset")):
        wait = read({name: value, "date": date})
        assert wait is None or 0 <= wait <= 86_400


def test_rules() -> None:
    """The group for our name goes before the one for everybody."""
    host = Host()
    assert host.is_unknown()
    host.learn("User-agent: *\nDisallow: /\n\nUser-agent: hubbub\nDisallow: /private\n")
    assert not host.is_unknown()
    host.check("http://example.org/public?q=1")
    with pytest.raises(Blocked, match=r"/private/x: .*robots\.txt"):
        host.check("http://example.org/private/x?token=1")


@pytest.mark.parametrize("line", ["Crawl-delay: 301", "Request-rate: 1/301"])
def test_too_slow_a_host(line: str) -> None:
    """A delay that no poll can keep refuses the source instead of silencing it."""
    host = Host()
    host.learn(f"User-agent: *\n{line}\n")
    with pytest.raises(Blocked, match="301 s between requests"):
        host.check("http://example.org/")


def test_turns_are_shared() -> None:
    """Those who wait for a host at the same time are served one after the other."""
    host = Host()
    host.learn("User-agent: *\nCrawl-delay: 0.05\n")

    async def run() -> list[float]:
        async def turn() -> float:
            await host.turn(0.01, patience=0)
            return time.monotonic()

        return sorted(await asyncio.gather(*(turn() for _ in range(4))))

    times = asyncio.run(run())
    assert times[-1] - times[0] >= 0.14


def test_held_host() -> None:
    """A short hold is waited for, a long one is told to everybody who comes."""
    host = Host()

    async def run() -> None:
        host.hold(0.05)
        begun = time.monotonic()
        await host.turn(0, patience=1)
        assert time.monotonic() - begun >= 0.05
        host.hold(60)
        host.hold(5)  # a later, shorter hold takes nothing back
        with pytest.raises(RateLimited) as caught:
            await host.turn(0, patience=1)
        assert caught.value.retry_after == pytest.approx(60, abs=1)

    asyncio.run(run())
