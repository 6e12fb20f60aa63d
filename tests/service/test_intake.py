"""Posts that are handed in, by real requests."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import collectors
import sentiment
import settings
from pipeline import Pipeline
from service import Intake, PageServer
from service.intake import LARGEST
from storage import Reader
from tests.support.serving import break_journal, mend_journal, page, writing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

TOKENS = {"support": "0123456789abcdef", "chat": "fedcba9876543210"}
CONFIGURATION = {
    "topics": [{"name": "GitHub", "any": ["github"]}, {"name": "Mint", "any": ["mint"]}],
    "sources": [
        {"kind": "inbox", "name": "support", "token": TOKENS["support"]},
        {"kind": "inbox", "name": "chat", "token": TOKENS["chat"], "topics": ["Mint"]},
    ],
}


class Sender:
    """Somebody who hands in posts."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        """Send with ``client``."""
        self.client = client

    async def send(self, document: Any, inbox: str = "support", **more: Any) -> httpx.Response:
        """Hand in ``document``."""
        headers = {"Authorization": f"Bearer {TOKENS[inbox]}"}
        return await self.client.post("/api/mentions", json=document, headers=headers, **more)


@asynccontextmanager
async def served(path: Path, **keys: object) -> AsyncIterator[tuple[Sender, Intake]]:
    """Serve two inboxes over the journal at ``path``."""
    configuration = settings.Settings.model_validate(CONFIGURATION)
    topics = [topic.build() for topic in configuration.topics]
    sources = collectors.build(configuration, collectors.Client("a@example.org"), topics)
    async with writing(path) as (thread, health):
        intake = Intake(health)
        routes = [*health.routes(), *intake.routes()]
        async with (
            PageServer(page(**keys), Reader(path), routes) as server,
            httpx.AsyncClient(base_url=server.url, trust_env=False) as client,
        ):
            with intake.open(sources, Pipeline(topics, sentiment.create()), thread):
                yield Sender(client), intake
            refused = await Sender(client).send({"id": "1", "text": "github"})
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")


def test_what_is_handed_in_is_stored_once(path: Path) -> None:
    """One post or several, judged like any other; the same again changes nothing."""

    async def run() -> None:
        async with served(path) as (sender, _):
            first = await sender.send({"id": "1", "text": "GitHub is down", "author": "jane"})
            assert (first.status_code, first.json()["stored"]) == (200, 1)
            batch = [
                {"id": "1", "text": "GitHub is down"},
                {"id": "2", "text": "I hate it", "topic": "GitHub"},
                {"id": "3", "text": "GitHub or Mint?"},
                {"id": "4", "text": "something else"},
                {"id": "5"},
            ]
            second = await sender.send(batch)
            assert second.status_code == 200
            assert second.json() == {
                "posts": 5,
                "stored": 3,
                "known": 1,
                "unmatched": 1,
                "refused": 1,
                "reasons": [{"at": 4, "reason": "text: Field required"}],
            }
            assert (await sender.send(batch)).json()["stored"] == 0

    asyncio.run(run())
    reader = Reader(path)
    extent = reader.extent("GitHub")
    assert extent is not None
    found = reader.mentions("GitHub", extent.start, extent.end)
    assert {(m.source, m.id, m.polarity.value) for m in found} == {
        ("inbox:support", "1", "negative"),
        ("inbox:support", "2", "negative"),
        ("inbox:support", "3", "neutral"),
    }


def test_a_token_opens_its_own_inbox_only(path: Path) -> None:
    """The page's token does not open it, and an inbox takes only its topics."""

    async def run() -> None:
        async with served(path, token="the-token-of-the-page") as (sender, _):  # noqa: S106 - of a test
            post = {"id": "1", "text": "mint and github", "topic": "GitHub"}
            assert (await sender.send(post)).json()["stored"] == 1
            refused = await sender.send(post, inbox="chat")
            assert (refused.status_code, refused.json()["refused"]) == (422, 1)
            assert "this inbox takes: Mint" in refused.json()["reasons"][0]["reason"]
            matched = await sender.send({"id": "1", "text": "mint and github"}, inbox="chat")
            assert matched.json()["stored"] == 1
            for given in ("Bearer the-token-of-the-page", "Bearer x", "Basic eDp5", ""):
                answer = await sender.client.post(
                    "/api/mentions", json=post, headers={"Authorization": given}
                )
                assert answer.status_code == 401
                assert answer.headers["www-authenticate"].startswith("Bearer")
            assert (await sender.client.get("/api/topics")).status_code == 401

    asyncio.run(run())
    assert set(Reader(path).topics()) == {"GitHub", "Mint"}


@pytest.mark.parametrize(
    ("content", "kind", "status", "sentence"),
    [
        (b"{", "application/json", 400, "not valid JSON"),
        (b"[" + b'{"id":"1","text":"x"},' * 1_000 + b"{}]", "application/json", 400, "at most"),
        (b" " * (LARGEST + 1), "application/json", 413, "larger than 2,000,000 bytes"),
        (b'{"id":"1","text":"github"}', "text/plain", 415, "Content-Type: application/json"),
        (b'{"id":"1","text":"github"}', "application/x-www-form-urlencoded", 415, "send JSON"),
    ],
)
def test_a_bad_request_says_what_to_do(
    path: Path, content: bytes, kind: str, status: int, sentence: str
) -> None:
    """Nothing of it is stored."""

    async def run() -> httpx.Response:
        async with served(path) as (sender, _):
            headers = {"Authorization": f"Bearer {TOKENS['support']}", "Content-Type": kind}
            return await sender.client.post("/api/mentions", content=content, headers=headers)

    answer = asyncio.run(run())
    assert answer.status_code == status
    assert sentence in answer.json()["error"]
    assert Reader(path).topics() == []


def test_a_broken_journal_is_not_the_senders_fault(path: Path) -> None:
    """They are asked to send again, and then it is stored."""

    async def run() -> None:
        async with served(path) as (sender, _):
            post = {"id": "1", "text": "GitHub is down"}
            break_journal(path, "INSERT ON mention")
            refused = await sender.send(post)
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
            mend_journal(path)
            assert (await sender.send(post)).json()["stored"] == 1

    asyncio.run(run())


def test_only_posts_are_taken(path: Path) -> None:
    """The address does not answer to anything else."""

    async def run() -> None:
        async with served(path) as (sender, _):
            assert (await sender.client.get("/api/mentions")).status_code == 405

    asyncio.run(run())
