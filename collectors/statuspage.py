"""Official status pages that Atlassian Statuspage runs: incidents and maintenances as events.

API: the public v2 API of every page, https://www.githubstatus.com/api (``summary``, ``incidents``
and ``scheduled-maintenances``). The summary is asked each time; the two lists, which are ten times
as large, only when it says that something changed. An event's time is that of the first official
post: the page's own feed (``history.atom``) gives the time of the resolution as that of the
incident, ``started_at`` may be back-dated, and ``display_at`` may be edited.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, Field

import settings
from collectors import payload
from collectors.contract import Missing
from collectors.html import tidy, to_text
from collectors.names import source_name
from signals import Collection, Event

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from collectors.client import Client
    from signals import Topic

_PLANNED = "scheduled"
"""The state of a maintenance that is announced, and of the posts that announce it."""

_Id = Annotated[payload.Name, Field(min_length=1, max_length=100)]


class StatuspageSource(settings.Source):
    """``[[sources]]`` with ``kind = "statuspage"``.

    Attributes:
        base_url: The page.
        topic: Whose events they are.
        components: The names or ids of the components, or groups of components, that matter; by
            default all.
    """

    kind: Literal["statuspage"] = "statuspage"
    base_url: settings.BaseUrl
    topic: Annotated[str, Field(min_length=1)]
    components: settings.Terms = ()


class _Page(BaseModel):
    id: _Id
    url: payload.Address | None = None
    updated_at: payload.Name | None = None


class _Component(BaseModel):
    id: _Id
    name: payload.Name
    group_id: payload.Name | None = None


class _Affected(BaseModel):
    """A component in an update; its id is called code there."""

    code: payload.Name


class _Update(BaseModel):
    status: payload.Name
    created_at: payload.Instant
    body: str | None = None
    affected_components: list[_Affected] | None = None


class _Incident(BaseModel):
    """An incident, or a scheduled maintenance, which has two times more."""

    id: _Id
    name: Annotated[str, Field(min_length=1)]
    status: payload.Name
    impact: payload.Name
    created_at: payload.Instant
    resolved_at: payload.Instant | None = None
    shortlink: payload.Address | None = None
    incident_updates: list[_Update] = []
    components: list[_Component] = []
    scheduled_for: payload.Instant | None = None
    scheduled_until: payload.Instant | None = None

    @property
    def has_begun(self) -> bool:
        """Whether it is more than a plan."""
        return self.status != _PLANNED

    @property
    def affected(self) -> frozenset[str]:
        """The ids of the components that it names, now or in any update."""
        named = {component.id for component in self.components}
        for update in self.incident_updates:
            named.update(each.code for each in update.affected_components or ())
        return frozenset(named)

    def event(self, page: _Page, topic: str, now: datetime) -> Event:
        """Return it as an event of ``topic``."""
        posts = sorted(self.incident_updates, key=lambda post: post.created_at, reverse=True)
        began = [post.created_at for post in posts if post.status != _PLANNED]
        start = min(began[-1] if began else self.scheduled_for or self.created_at, now)
        end = self.resolved_at or self.scheduled_until
        said = to_text(posts[0].body or "") if posts else ""
        return Event(
            id=f"{page.id}/{self.id}",
            kind="maintenance" if self.scheduled_for else "status",
            title=" ".join(tidy(self.name).split()),
            time=start,
            topic=topic,
            text=f"{self.status}, impact {self.impact}\n{said}".strip(),
            url=payload.web_address(self.shortlink) or payload.web_address(page.url),
            end=max(start, end) if end else None,
        )


class _Summary(BaseModel):
    page: _Page
    components: list[_Component]
    incidents: list[object]
    scheduled_maintenances: list[object] = []

    @property
    def fingerprint(self) -> str:
        """Differs as soon as anything that may matter to an event does."""
        state = [self.page.updated_at, self.incidents, self.scheduled_maintenances]
        return hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()


class _Incidents(BaseModel):
    incidents: list[object]


class _Maintenances(BaseModel):
    scheduled_maintenances: list[object]


class Statuspage:
    """Collects the incidents and the maintenances of one page."""

    def __init__(self, table: StatuspageSource, client: Client, topics: Sequence[Topic]) -> None:
        """Prepare to read; nothing is asked yet.

        Raises:
            ValueError: The topic does not exist.
        """
        names = [topic.name for topic in topics]
        if table.topic not in names:
            hint = settings.suggest(table.topic, names, "known")
            raise ValueError(f"topic: {table.topic!r} does not exist; {hint}")
        self.source = source_name("statuspage", table.base_url)
        self.interval = self.slowest = table.interval
        self.topics: frozenset[str] = frozenset()  # it brings no posts
        self._topic = table.topic
        self._components = table.components
        self._api = f"{table.base_url}/api/v2"
        self._client = client

    async def collect(self, cursor: str | None, now: datetime) -> AsyncIterator[Collection]:
        """Yield the newest events when anything changed; the cursor is the state of the page.

        Raises:
            SourceError: The page was not read.
        """
        summary = await self._summary()
        wanted = self._wanted(summary.components)
        events: tuple[Event, ...] = ()
        if summary.fingerprint != cursor:
            lists = [
                *(await self._list("incidents", _Incidents)).incidents,
                *(await self._list("scheduled-maintenances", _Maintenances)).scheduled_maintenances,
            ]
            events = tuple(
                incident.event(summary.page, self._topic, now)
                for incident in payload.parse_items(_Incident, lists, self.source)
                if incident.has_begun
                and (not wanted or not incident.affected or wanted & incident.affected)
            )
        yield Collection(source=self.source, events=events, cursor=summary.fingerprint)

    async def probe(self) -> str:
        """Read the summary.

        Raises:
            SourceError: The page does not answer as it should.
        """
        self._wanted((await self._summary()).components)
        return "reachable, no login needed"

    async def _summary(self) -> _Summary:
        return await self._list("summary", _Summary)

    async def _list(self, name: str, model: type[payload.T]) -> payload.T:
        answer = await self._client.get_json(f"{self._api}/{name}.json", keep=True)
        return payload.parse(model, answer, self.source)

    def _wanted(self, components: Sequence[_Component]) -> AbstractSet[str]:
        """Return the ids of the components that matter; none if there is no choice.

        Raises:
            Missing: The page has no such component, so that nothing would ever be heard of it.
        """
        ids: set[str] = set()
        for wanted in self._components:
            found = {each.id for each in components if wanted in {each.id, each.name}}
            if not found:
                hint = settings.suggest(wanted, {each.name for each in components}, "it has")
                raise Missing(f"{self.source}: the page has no component {wanted!r}; {hint}")
            ids |= found | {each.id for each in components if each.group_id in found}
        return ids
