"""DistroWatch: the rankings of today and of each past year, politely; and past rankings of a CSV.

Never a page for each distro. The figures are page hits per day (HPD); they "should not be used to
measure the market share of distributions", says DistroWatch.
"""

from collectors.distrowatch.collector import DistroWatch, DistroWatchSource
from collectors.distrowatch.pages import FIRST_YEAR, SOURCE, SPANS, read_popularity, read_ranking
from collectors.distrowatch.rankings import read_rankings

__all__ = [
    "FIRST_YEAR",
    "SOURCE",
    "SPANS",
    "DistroWatch",
    "DistroWatchSource",
    "read_popularity",
    "read_ranking",
    "read_rankings",
]
