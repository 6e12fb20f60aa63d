"""Tests of what a webhook says, and of the page that describes it."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import build, example, notification
from alerts.channels import payload, sentence
from settings import Settings
from signals import Change, Phase, State
from tests.support.receiver import SECRET, Receiver

NOW = datetime(2026, 11, 24, 13, 5, 20, tzinfo=UTC)
PAGE = "http://127.0.0.1:8460/"
DOCUMENTATION = Path(__file__).parents[2] / "docs" / "webhook.md"


def _block(language: str) -> str:
    """Return the first block of code in the documentation."""
    match = re.search(rf"```{language}\n(.*?)```", DOCUMENTATION.read_text("utf-8"), re.DOTALL)
    assert match is not None
    return match[1]


def _real(phase: Phase) -> Change:
    """Return a change of an incident that is no test."""
    change, _ = example(NOW)
    return replace(change, incident=replace(change.incident, id="20261124T1301Z-ab", phase=phase))


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
    assert json.loads(_block("json")) == json.loads(payload(*example(NOW), PAGE))


def test_every_field_is_documented() -> None:
    """Each field of the body stands in the table, and the table invents none."""
    sent = _paths(json.loads(payload(*example(NOW), PAGE)))
    leaves = {path for path in sent if not any(each.startswith(f"{path}.") for each in sent)}
    leaves -= {path for path in leaves if any(e.startswith(f"{path}[]") for e in leaves)}
    named = set(re.findall(r"^\| `([^`]+)` \|", DOCUMENTATION.read_text("utf-8"), re.MULTILINE))
    assert named - {"webhook-id", "webhook-timestamp", "webhook-signature"} == leaves


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


@pytest.mark.parametrize("phase", list(Phase))
def test_the_type_tells_the_phase(phase: Phase) -> None:
    """A receiver can decide by ``type`` alone."""
    change, evidence = _real(phase), example(NOW)[1]
    document = json.loads(payload(change, evidence, PAGE))
    assert document["type"] == f"incident.{phase}"
    assert document["incident"]["phase"] == phase
    assert document["incident"]["url"] == PAGE


def test_the_sentence_is_for_people() -> None:
    """It says what was heard against what is usual, or why it is over; a test says so first."""
    change, evidence = example(NOW)
    assert sentence(_real(Phase.CONFIRMED), evidence) == (
        "Trouble with Example: 38 complaints in 10 minutes, where about 9.0 are usual"
        " (61 mentions by 44 people)."
    )
    assert sentence(_real(Phase.POSSIBLE), evidence).startswith("Possible trouble with Example: ")
    over = replace(_real(Phase.RESOLVED), reason="no unusual complaints for 15 minutes")
    over = replace(over, time=over.incident.opened + timedelta(minutes=61))
    assert sentence(over, evidence) == (
        "Example: the incident is over after 61 minutes, no unusual complaints for 15 minutes."
    )
    assert sentence(replace(over, time=over.time + timedelta(hours=5)), evidence).startswith(
        "Example: the incident is over after 6 hours"
    )
    assert sentence(change, evidence).startswith("This is a test, nothing is wrong. Trouble")


@given(st.lists(st.tuples(st.text(max_size=2_000), st.text(max_size=1_500)), max_size=12))
def test_hostile_posts_stay_bounded_and_harmless(posts: list[tuple[str, str]]) -> None:
    """Whatever posts contain, the body is short, valid UTF-8 JSON without control characters."""
    change, evidence = example(NOW)
    mentions = tuple(replace(evidence.mentions[0], text=text, url=url) for text, url in posts)
    body = payload(change, replace(evidence, mentions=mentions), PAGE)
    document = json.loads(body.encode())
    assert len(document["mentions"]) == min(5, len(posts))
    assert len(body.encode()) < 20_000
    for mention in document["mentions"]:
        assert len(mention["text"]) <= 500
        assert all(c.isprintable() or c == "\n" for c in mention["text"])
        assert mention["url"] == "" or mention["url"].startswith(("http://", "https://"))


def test_a_long_post_is_cut_and_a_strange_address_dropped() -> None:
    """A reader sees that a text went on, and a link never runs a script."""
    change, evidence = example(NOW)
    mention = replace(evidence.mentions[0], text="x" * 501, url="javascript:alert(1)")
    document = json.loads(payload(change, replace(evidence, mentions=(mention,)), PAGE))
    assert document["mentions"][0]["text"] == "x" * 499 + "…"
    assert document["mentions"][0]["url"] == ""
    torn = replace(evidence.mentions[0], url="https://example.org/\u202e\n")
    document = json.loads(payload(change, replace(evidence, mentions=(torn,)), PAGE))
    assert document["mentions"][0]["url"] == ""
    kept = json.loads(payload(*example(NOW), PAGE))["mentions"][0]["url"]
    assert kept == "https://example.org/posts/1"


def test_the_id_is_made_of_change_and_channel() -> None:
    """The same change to the same channel has one id for ever; a header can carry it."""
    tables = [{"kind": "webhook", "name": n, "url": "http://example.org"} for n in ("a", "ü. b")]
    one, other = build(Settings(channels=tuple(tables)))
    change, evidence = example(NOW)
    first = notification(one, change, evidence, PAGE)
    assert notification(one, change, evidence, "").id == first.id
    assert (first.channel, first.attempts) == ("a", 0)
    second = notification(other, change, evidence, PAGE)
    later = notification(one, replace(change, time=NOW + timedelta(seconds=1)), evidence, PAGE)
    assert len({first.id, second.id, later.id}) == 3
    assert re.fullmatch(r"msg_[0-9a-f]{32}", second.id)


def test_the_example_is_confirmed_and_marked() -> None:
    """It looks like a real alarm in everything but its type."""
    change, _ = example(NOW)
    assert change.incident.worst.state is State.CONFIRMED
    assert change.incident.id == "test"
