"""Messages for Slack."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from alerts.channels.slack import escape
from signals import Step
from tests.support.channels import PAGE, change, channel, evidence


def message(step: Step = Step.CONFIRMED, page: str = PAGE, **keys: Any) -> dict[str, Any]:
    """Return what is sent of a change."""
    heard = replace(evidence(), **keys)
    document: dict[str, Any] = json.loads(channel("slack").render(change(step), heard, page))
    return document


def test_it_reads_well() -> None:
    """A title, the sentence, the facts in columns, a block for each post, and where to see more."""
    document = message()
    assert document["text"] == "🔴 Trouble with Example"
    title, sentence, facts, *posts, page = document["blocks"]
    assert title["text"]["text"] == "*🔴 Trouble with Example*"
    assert sentence["text"]["text"].startswith("Trouble with Example: 38 complaints")
    assert facts["fields"][0]["text"].startswith("*Complaints*\n38 in 10 minutes")
    assert [post["text"]["text"] for post in posts] == [
        "“Example is down again, nothing loads”\n<https://example.org/posts/1|example>, 13:05 UTC",
        "“Anybody else locked out of Example?”\n<https://example.org/posts/2|example>, 13:04 UTC",
    ]
    assert page["text"]["text"] == f"<{PAGE.replace('&', '&amp;')}|What hubbub heard>"
    assert (document["unfurl_links"], document["unfurl_media"]) == (False, False)


def test_the_end_is_short() -> None:
    """It shows no posts, and without a page no link."""
    document = message(Step.RESOLVED, "")
    assert document["text"] == "🟢 Trouble with Example is over after 60 minutes"
    assert len(document["blocks"]) == 3


def test_text_is_escaped_as_slack_asks() -> None:
    """The three characters as entities, what mrkdwn cannot escape as its twin."""
    assert escape("<!channel> & <@U1>") == "&lt;!channel&gt; &amp; &lt;@U1&gt;"
    assert not set("*_~`<>") & set(escape("*a* _b_ ~c~ `d` <e>"))


def test_a_post_whose_link_does_not_fit_keeps_its_words() -> None:
    """Slack would refuse the whole message."""
    mention = replace(
        evidence().mentions[0],
        text="&" * 280,
        source="&" * 100,
        url="https://example.org/" + "&" * 480,
    )
    texts = [
        block["text"]["text"] for block in message(mentions=(mention,))["blocks"] if "text" in block
    ]
    assert all(len(text) <= 3_000 for text in texts)
    assert "“" + "&amp;" * 280 + "”\n" + "&amp;" * 100 + ", 13:05 UTC" in texts
