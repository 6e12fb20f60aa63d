"""The one thread that writes the journal."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING

import pytest

from service import Health, Writing
from signals import Collection
from storage import Journal, StoreError
from tests.support.serving import break_journal, mend_journal, writing
from tests.support.waiting import until
from tests.support.worlds import NOON

if TYPE_CHECKING:
    from pathlib import Path


def test_calls_are_made_one_after_another_in_one_thread(path: Path) -> None:
    """The event loop goes on meanwhile, and their order is that in which they were handed over."""

    async def run() -> None:
        order: list[int] = []
        threads: set[int] = set()

        def call(number: int) -> int:
            threads.add(threading.get_ident())
            time.sleep(0.002 * (5 - number))
            order.append(number)
            return number

        async with writing(path) as (thread, _):
            found = await asyncio.gather(*(thread.do(call, number) for number in range(5)))
        assert found == order == [0, 1, 2, 3, 4]
        assert len(threads) == 1
        assert threading.get_ident() not in threads

    asyncio.run(run())


def test_a_broken_store_shows_until_a_call_succeeds(path: Path) -> None:
    """Readiness depends on it; other errors are not the store's."""

    async def run() -> None:
        async with writing(path) as (thread, health):
            record = thread.journal.record
            break_journal(path, "INSERT ON cursor")
            with pytest.raises(StoreError):
                await thread.do(record, Collection("s", cursor="1"), [], now=NOON)
            assert "the disk is broken" in health.store_problem
            mend_journal(path)
            await thread.do(record, Collection("s", cursor="1"), [], now=NOON)
            assert health.store_problem == ""
            with pytest.raises(ZeroDivisionError):
                await thread.do(divmod, 1, 0)
            assert health.store_problem == ""

    asyncio.run(run())


def test_the_call_under_way_is_finished(path: Path) -> None:
    """Leaving waits for it, although whoever asked for it has gone."""

    async def run() -> None:
        begun, may_go_on, ended = (threading.Event() for _ in range(3))

        def call() -> None:
            begun.set()
            may_go_on.wait(30)
            ended.set()

        with Journal(path) as journal:
            async with Writing(journal, Health()) as thread:
                task = asyncio.create_task(thread.do(call))
                await until(begun.is_set)
                task.cancel()
                await asyncio.wait([task])
                threading.Timer(0.05, may_go_on.set).start()
        assert ended.is_set()

    asyncio.run(run())
