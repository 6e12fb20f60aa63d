"""One message as every kind of channel sees it.

``view`` makes it of a change and its evidence, bounded and cleaned; the kinds only escape it and
lay it out. What waits for a digest is stored as it is (``dump``) and rendered when it is sent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from pydantic import TypeAdapter

from alerts.channels import wording
from alerts.channels.text import address, clean, inert, line
from alerts.channels.wording import Fact
from signals import Change, Event, Evidence, Phase, Severity, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

POSTS = 5
TEXT = 500
_SHOWN = 280  # of a post, where people read it
_LINK = 500
_TITLE, _NAME, _WORD = 120, 100, 40
_WORDS, _TROUBLED = 10, 20
_STORED = "message:"
_QUIET = {Step.RESOLVED, Step.SHIFTED, Step.ACKNOWLEDGED, Step.SNOOZED}
"""The steps that show no posts: nobody has to judge any more whether there is trouble."""


class Tone(StrEnum):
    """How a message should look: its colour, its sign, its urgency."""

    BAD = "bad"
    UNSURE = "unsure"
    CALM = "calm"
    GOOD = "good"


SIGNS = {Tone.BAD: "🔴", Tone.UNSURE: "🟠", Tone.CALM: "🔵", Tone.GOOD: "🟢"}


class Post(NamedTuple):
    """One post that shows what people say.

    Attributes:
        text: What it says, on one line.
        source: Where it was heard.
        time: When, e.g. ``13:05 UTC``.
        url: Where to read it, in ASCII; empty if unknown.
    """

    text: str
    source: str
    time: str
    url: str


@dataclass(frozen=True, slots=True)
class Message:
    """What is told of one change; its words make no link and no ping wherever they are shown.

    Attributes:
        change: What happened; its reason cleaned and cut.
        evidence: What was heard; at most ``POSTS`` mentions, their texts cleaned and cut.
        url: Where a person can see more; empty if there is no page.
        title: What happened in a few words.
        sentence: The same in one sentence.
        facts: What is behind it.
        posts: The most telling posts, the worst first; none where the trouble is over or in hand.
        tone: How it should look.
    """

    change: Change
    evidence: Evidence
    url: str
    title: str
    sentence: str
    facts: tuple[Fact, ...]
    posts: tuple[Post, ...]
    tone: Tone


def view(change: Change, evidence: Evidence, page_url: str) -> Message:
    """Return the message that tells of ``change``.

    Args:
        change: What happened.
        evidence: What was heard.
        page_url: Where a person can see more; empty if there is no page.
    """
    change = replace(change, reason=clean(change.reason, TEXT))
    evidence = _bounded(evidence)
    shown = () if change.step in _QUIET else evidence.mentions
    return Message(
        change=change,
        evidence=evidence,
        url=page_url,
        title=inert(wording.title(change)),
        sentence=inert(wording.sentence(change, evidence)),
        facts=tuple(
            Fact(fact.label, inert(fact.value)) for fact in wording.facts(change, evidence)
        ),
        posts=tuple(
            Post(
                text=inert(line(mention.text, _SHOWN)),
                source=inert(mention.source),
                time=f"{mention.time:%H:%M} UTC",
                url=mention.url if len(mention.url) <= _LINK else "",
            )
            for mention in shown
            if mention.text.strip()
        ),
        tone=_tone(change),
    )


def headline(messages: Sequence[Message]) -> str:
    """Return the title of a digest, or of the one message."""
    if len(messages) == 1:
        return messages[0].title
    topics = dict.fromkeys(message.change.incident.topic or "hubbub" for message in messages)
    return line(f"{len(messages)} messages: {', '.join(topics)}", 200)


def dump(message: Message) -> str:
    """Return the message as one line, to be rendered later."""
    kept = (message.change, message.evidence, message.url)
    return _STORED + _adapter().dump_json(kept).decode()


def load(body: str) -> tuple[Message, ...]:
    """Return the messages in the lines of ``body``; none if it is rendered already."""
    if not body.startswith(_STORED):
        return ()
    stored = [each.removeprefix(_STORED) for each in body.split("\n")]
    return tuple(view(*_adapter().validate_json(each)) for each in stored)


@cache
def _adapter() -> TypeAdapter[tuple[Change, Evidence, str]]:
    return TypeAdapter(tuple[Change, Evidence, str])


def _bounded(evidence: Evidence) -> Evidence:
    mentions = tuple(
        replace(
            mention,
            text=clean(mention.text, TEXT),
            url=address(mention.url),
            source=line(mention.source, _NAME),
        )
        for mention in evidence.mentions[:POSTS]
    )
    return replace(
        evidence,
        mentions=mentions,
        words=_lines(evidence.words[:_WORDS], _WORD),
        troubled=_lines(evidence.troubled[:_TROUBLED], _NAME),
        events=tuple(_short(event) for event in evidence.events[:POSTS]),
        official=_short(evidence.official) if evidence.official else None,
    )


def _lines(texts: Sequence[str], size: int) -> tuple[str, ...]:
    lines = (line(text, size) for text in texts)
    return tuple(each for each in lines if each.strip())


def _short(event: Event) -> Event:
    return replace(
        event,
        title=line(event.title, _TITLE),
        kind=line(event.kind, _WORD),
        text="",
        url=address(event.url),
    )


def _tone(change: Change) -> Tone:
    if change.incident.phase is Phase.RESOLVED:
        return Tone.GOOD
    if change.step in _QUIET or change.incident.severity is Severity.INFO:
        return Tone.CALM
    sure = change.step is not Step.POSSIBLE and change.incident.severity is Severity.CRITICAL
    return Tone.BAD if sure else Tone.UNSURE
