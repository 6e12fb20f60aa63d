"""``POST /api/mentions``: posts that the user's own programs hand in.

A token says which inbox a request is for. What is good of a request is stored before it is
answered, and what is not is told with its reason; to send the same again stores nothing twice.
"""

from __future__ import annotations

import hmac
from contextlib import contextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse
from starlette.routing import Route

from collectors import Inbox, SourceError
from service.access import INBOXES, bearer
from signals import Collection
from storage import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from collectors import Collector
    from pipeline import Pipeline
    from service.health import Health
    from service.writing import Writing
    from storage import Journal, Stored

LARGEST = 2_000_000
"""Bytes of one request."""

_SHOWN = 100  # refusals in one answer


class _Refused(Exception):
    """A request is not taken; the message says what to do.

    Attributes:
        status: The answer's status.
        headers: What goes with it.
    """

    def __init__(self, status: int, message: str, *, retry_after: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.headers = {"Retry-After": str(retry_after)} if retry_after else {}
        if status == HTTPStatus.UNAUTHORIZED:
            self.headers["WWW-Authenticate"] = 'Bearer realm="hubbub"'


class Intake:
    """Takes posts while it is open, and asks to be tried again while it is not."""

    def __init__(self, health: Health) -> None:
        """Be closed at first."""
        self._health = health
        self._inboxes: tuple[Inbox, ...] = ()
        self._way: tuple[Pipeline, Writing] | None = None

    def routes(self) -> list[BaseRoute]:
        """Return the one address."""
        return [Route(INBOXES, self._take, methods=["POST"])]

    @contextmanager
    def open(
        self, sources: Sequence[Collector], pipeline: Pipeline, writing: Writing
    ) -> Iterator[None]:
        """Take posts for those of ``sources`` that are inboxes, within the block."""
        self._inboxes = tuple(source for source in sources if isinstance(source, Inbox))
        self._way = (pipeline, writing)
        try:
            yield
        finally:
            self._way = None

    async def _take(self, request: Request) -> Response:
        try:
            return await self._answer(request)
        except _Refused as refused:
            return JSONResponse({"error": str(refused)}, refused.status, refused.headers)

    async def _answer(self, request: Request) -> Response:
        if self._way is None:
            raise _Refused(503, "hubbub is starting or stopping; send it again", retry_after=5)
        inbox = self._inbox(bearer(request.headers.get("authorization", "")))
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            raise _Refused(415, "send JSON, with Content-Type: application/json")
        body = await _body(request)
        try:
            return await self._store(inbox, body, *self._way)
        except SourceError as error:
            raise _Refused(400, str(error)) from None
        except StoreError:
            raise _Refused(
                503, "the journal cannot be written; try later", retry_after=30
            ) from None

    def _inbox(self, token: bytes) -> Inbox:
        """Return the inbox that ``token`` opens."""
        for inbox in self._inboxes:
            if hmac.compare_digest(token, inbox.token.encode()):
                return inbox
        remedy = "send Authorization: Bearer with the token of an inbox"
        if not self._inboxes:
            remedy = 'there is no inbox; add [[sources]] with kind = "inbox"'
        raise _Refused(401, remedy)

    async def _store(
        self, inbox: Inbox, body: bytes, pipeline: Pipeline, writing: Writing
    ) -> Response:
        now = datetime.now(UTC)
        handed = list(inbox.read(body, now))
        posts = tuple(each.post for each in handed if each.post)
        matched, stored = await writing.do(
            _keep,
            pipeline,
            writing.journal,
            Collection(inbox.source, posts=posts),
            inbox.topics,
            {each.post.id: each.topic for each in handed if each.post and each.topic},
            now,
        )
        self._health.mentions.labels(inbox.source).inc(stored.new)
        refused = [{"at": each.at, "reason": each.problem} for each in handed if each.problem]
        document: dict[str, Any] = {
            "posts": len(handed),
            "stored": stored.new,
            "known": stored.known,
            "unmatched": len(posts) - matched,
            "refused": len(refused),
            "reasons": refused[:_SHOWN],
        }
        return JSONResponse(document, 422 if handed and not posts else 200)


def _keep(  # noqa: PLR0913, PLR0917 - for the journal's thread
    pipeline: Pipeline,
    journal: Journal,
    collection: Collection,
    among: frozenset[str],
    about: Mapping[str, str],
    now: datetime,
) -> tuple[int, Stored]:
    """Store posts that were handed in; return how many of them matched a topic as well."""
    found = pipeline.mentions(collection.posts, now=now, among=among, about=about)
    stored = pipeline.keep(collection, found, journal, now=now)
    return len({mention.post.id for mention in found}), stored


async def _body(request: Request) -> bytes:
    """Return the body; no more of it is read than shows that it is too large."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise _Refused(413, f"the body is larger than {LARGEST:,} bytes; send it in parts")
    return bytes(body)
