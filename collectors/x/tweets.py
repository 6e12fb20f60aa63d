"""What X answers, as far as it is read."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, Field

from collectors import payload
from collectors.html import tidy
from collectors.x.walk import Id, time_of
from signals import Post

if TYPE_CHECKING:
    from datetime import datetime

SOURCE = "x"
FIELDS = "created_at,author_id,lang,edit_history_tweet_ids,note_tweet"
"""What has to be asked for beside the id and the text."""

_OLD_CODES = {"in": "id", "iw": "he"}  # of ISO 639, which X still uses


class _Note(BaseModel):
    text: str


class Tweet(BaseModel):
    """A post; those with more than 280 characters have all of them in ``note_tweet`` only."""

    id: Id
    text: str
    created_at: payload.Instant
    author_id: payload.Name = ""
    lang: payload.Name | None = None
    edit_history_tweet_ids: Annotated[list[Id], Field(max_length=100)] = []
    note_tweet: _Note | None = None

    @property
    def first_id(self) -> str:
        """The id of its first version, which stays the same through all edits."""
        return min((*self.edit_history_tweet_ids, self.id), key=int)

    def post(self, now: datetime) -> Post:
        """Return it as a post."""
        is_edited = self.first_id != self.id
        time = time_of(self.first_id) if is_edited else self.created_at
        text = self.note_tweet.text if self.note_tweet else self.text
        return Post(
            source=SOURCE,
            id=self.first_id,
            text=tidy(html.unescape(text)),
            time=min(time, now),
            author=self.author_id,
            url=f"https://x.com/i/status/{self.id}",
            language=payload.language(_OLD_CODES.get(self.lang or "", self.lang)),
            revised=min(self.created_at, now) if is_edited else None,
        )


class _Meta(BaseModel):
    result_count: Annotated[int, Field(ge=0)]
    next_token: Annotated[payload.Name, Field(pattern=r"^\w*$")] = ""


class Found(BaseModel):
    """A page of posts; one without any has no ``data``."""

    data: list[object] = []
    meta: _Meta


class _Total(BaseModel):
    total_tweet_count: Annotated[int, Field(ge=0)]


class Counted(BaseModel):
    """How many posts there are."""

    meta: _Total
