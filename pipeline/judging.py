"""Judging an archive in other processes, while this one reads and stores."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, Self

from sentiment import Request, score_all

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from sentiment import Scorer
    from signals import Judgement, Post, Topic

_scorer: Scorer  # of a process that judges


class Judges:
    """As many processes as there are processors beside the one that reads and stores.

    To be entered before any thread is started and any journal opened, since they are forked.

    Attributes:
        ahead: How many batches may wait for each other without one of the processes being idle.
    """

    def __init__(self, scorer: Scorer) -> None:
        """Prepare to judge with ``scorer``."""
        processes = max((os.cpu_count() or 1) - 1, 1)
        self.ahead = processes + 4
        self._pool = ProcessPoolExecutor(
            processes, get_context("fork"), initializer=_inherit, initargs=(scorer,)
        )

    def __enter__(self) -> Self:
        """Start the processes."""
        self._pool.submit(os.getpid).result()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop them, whatever they are at."""
        self._pool.shutdown(cancel_futures=True)

    def judge(self, batch: Sequence[tuple[Post, Topic]]) -> Future[list[Judgement]]:
        """Begin to judge a batch; the result has the same order."""
        return self._pool.submit(
            _judge, [Request(post.text, topic, post.language) for post, topic in batch]
        )


def _inherit(scorer: Scorer) -> None:
    global _scorer  # noqa: PLW0603 - the one thing that a process of the pool keeps
    _scorer = scorer


def _judge(batch: Sequence[Request]) -> list[Judgement]:
    return score_all(_scorer, batch)
