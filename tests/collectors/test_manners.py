"""What one host asks of us, and how it is kept."""

from __future__ import annotations

import asyncio
import time

import pytest

from collectors.contract import Blocked, RateLimited
from collectors.manners import Host
from collectors.waiting import Quota


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


def test_a_host_without_anything_left_is_held() -> None:
    """Until its reset, if it says when that is."""
    host = Host()

    async def run() -> None:
        host.note(Quota(0.0))
        host.note(Quota(1.0, reset=60.0))
        host.note(None)
        await host.turn(0, patience=1)
        host.note(Quota(0.5, reset=60.0))
        with pytest.raises(RateLimited) as caught:
            await host.turn(0, patience=1)
        assert caught.value.retry_after == pytest.approx(60, abs=1)

    asyncio.run(run())
    assert host.pace.quota == Quota(0.5, reset=60.0)
