"""Tests of what a webhook says, and of the page that describes it."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import build, example, notification
from alerts.channels.message import view
from alerts.channels.payload import payload
from settings import Settings
from signals import Phase, State, Step
from tests.support.channels import NOW, PAGE, change, evidence
from tests.support.receiver import SECRET, Receiver

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "webhook.md"


def _block(language: str) -> str:
    """Return the first block of code in the documentation."""
    match = re.search(rf"```{language}\n(.*?)```", DOCUMENTATION.read_text("utf-8"), re.DOTALL)
    assert match is not None
    return match[1]


def _paths(document: Any, at: str = "") -> set[str]:
    """Return the path of every field, as the documentation writes it."""
    if isinstance(document, dict):
        return {
            path
            for key, value in document.items()
            for path in {f"{at}{key}"} | _paths(value, f"{at}{key}.")
        }
    if isinstance(document, list):
        return {path for value in document for path in _paths(value, f"{at[:-1]}[].")}
    return set()


def test_the_documented_example_is_what_is_sent() -> None:
    """The page shows the very body of ``hubbub alert test``."""
    assert json.loads(_block("json")) == json.loads(payload([view(*example(NOW), PAGE)]))


def test_every_field_is_documented() -> None:
    """Each field of the body stands in the table, and the table invents none."""
    sent = _paths(json.loads(payload([view(*example(NOW), PAGE)])))
    leaves = {path for path in sent if not any(each.startswith(f"{path}.") for each in sent)}
    leaves -= {path for path in leaves if any(e.startswith(f"{path}[]") for e in leaves)}
    body = DOCUMENTATION.read_text("utf-8").partition("\n## Body\n")[2]
    assert set(re.findall(r"^\| `([^`]+)` \|", body, re.MULTILINE)) == leaves


def test_the_documented_verification_works() -> None:
    """The snippet takes a real delivery, and refuses a body that was touched."""
    names: dict[str, Any] = {}
    exec(_block("python"), names)  # noqa: S102 - our own documentation
    with Receiver() as receiver:
        table = {"kind": "webhook", "name": "team", "url": receiver.url, "secret": SECRET}
        (channel,) = build(Settings(channels=(table,)))
        now = datetime.now(UTC)
        asyncio.run(channel.send(notification(channel, *example(now), PAGE), now))
    (delivery,) = receiver.accepted
    assert names["verify"](SECRET, delivery.headers, delivery.raw)["type"] == "test"
    with pytest.raises(Exception, match="No matching signature"):
        names["verify"](SECRET, delivery.headers, delivery.raw + b" ")


@pytest.mark.parametrize("step", list(Step))
def test_the_type_tells_the_phase_and_the_step_what_happened(step: Step) -> None:
    """A receiver can decide by ``type`` alone, or look closer."""
    document = json.loads(payload([view(change(step), evidence(), PAGE)]))
    phases = {Step.POSSIBLE: Phase.POSSIBLE, Step.RESOLVED: Phase.RESOLVED}
    phase = phases.get(step, Phase.CONFIRMED)
    assert document["type"] == f"incident.{phase}"
    assert document["step"] == step
    assert document["incident"]["phase"] == phase
    assert document["incident"]["url"] == PAGE


def test_what_is_not_known_is_null() -> None:
    """A share of nothing, and odds that nobody worked out, are no zeros."""
    bare = replace(evidence(), total=0, observed=0, chance=None, usual_share=None, official=None)
    document = json.loads(payload([view(change(), bare, PAGE)]))
    numbers = document["numbers"]
    assert (numbers["share"], numbers["usual_share"], numbers["chance"]) == (None, None, None)
    assert document["official"] is None


@given(st.lists(st.tuples(st.text(max_size=2_000), st.text(max_size=1_500)), max_size=12))
def test_hostile_posts_stay_bounded_and_harmless(posts: list[tuple[str, str]]) -> None:
    """Whatever posts contain, the body is short, valid UTF-8 JSON without control characters."""
    mention = evidence().mentions[0]
    mentions = tuple(replace(mention, text=text, url=url) for text, url in posts)
    body = payload([view(change(), replace(evidence(), mentions=mentions), PAGE)])
    document = json.loads(body.encode())
    assert len(document["mentions"]) == min(5, len(posts))
    assert len(body.encode()) < 32_000
    for mention in document["mentions"]:
        assert len(mention["text"]) <= 500
        assert all(c.isprintable() or c == "\n" for c in mention["text"])
        assert mention["url"] == "" or mention["url"].startswith(("http://", "https://"))


def test_a_long_post_is_cut_and_a_strange_address_dropped() -> None:
    """A reader sees that a text went on, and a link never runs a script."""
    strange = replace(evidence().mentions[0], text="x" * 501, url="javascript:alert(1)")
    sent = view(change(), replace(evidence(), mentions=(strange,)), PAGE)
    document = json.loads(payload([sent]))
    assert document["mentions"][0]["text"] == "x" * 499 + "…"
    assert document["mentions"][0]["url"] == ""
    kept = json.loads(payload([view(change(), evidence(), PAGE)]))["mentions"][0]["url"]
    assert kept == "https://example.org/posts/1"


def test_the_example_is_confirmed_and_marked() -> None:
    """It looks like a real alarm in everything but its type."""
    told, _ = example(NOW)
    assert told.incident.worst.state is State.CONFIRMED
    assert told.incident.id == "test"
