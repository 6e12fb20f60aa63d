"""What must be said wherever figures of a ranking are shown; the one home of these sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trends.ranking import Ranking

MEANING = {
    "distrowatch": (
        "Hits per day (HPD) are visits to a distro's page on DistroWatch, one for each address and "
        "day: interest in a page, neither users nor quality."
    ),
}
"""By source: what its figures count."""

BREAK = (
    "In May 2004 DistroWatch moved its counters from a third party to its own site: figures of "
    "2004 and before do not compare with later ones."
)
_BROKEN = 2004


def notes(*rankings: Ranking) -> tuple[str, ...]:
    """Return what is to be said of figures of ``rankings``, in whole sentences."""
    sources = dict.fromkeys(ranking.source for ranking in rankings)
    found = [MEANING[source] for source in sources if source in MEANING]
    if any(each.source == "distrowatch" and each.day.year <= _BROKEN for each in rankings):
        found.append(BREAK)
    return tuple(found)
