"""Cards for Microsoft Teams."""

from __future__ import annotations

import json

from signals import Step
from tests.support.channels import PAGE, change, channel, evidence


def test_the_card_has_the_documented_shape() -> None:
    """A workflow takes a message with one adaptive card."""
    document = json.loads(channel("teams").render(change(), evidence(), PAGE))
    assert document["type"] == "message"
    (attachment,) = document["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    title, sentence, *rest = card["body"]
    assert title["inlines"][0]["text"] == "🔴 Trouble with Example"
    assert title["inlines"][0]["color"] == "attention"
    assert sentence["inlines"][0]["text"].startswith("Trouble with Example: 38 complaints")
    said, link = rest[-2]["inlines"]
    assert said["text"] == "“Example is down again, nothing loads” "
    assert link["selectAction"] == {"type": "Action.OpenUrl", "url": "https://example.org/posts/1"}
    assert card["actions"] == [
        {"type": "Action.OpenUrl", "title": "What hubbub heard", "url": PAGE}
    ]


def test_the_end_looks_good() -> None:
    """Its colour says so, and without a page there is nothing to open."""
    document = json.loads(channel("teams").render(change(Step.RESOLVED), evidence(), ""))
    card = document["attachments"][0]["content"]
    assert card["body"][0]["inlines"][0]["color"] == "good"
    assert card["actions"] == []
