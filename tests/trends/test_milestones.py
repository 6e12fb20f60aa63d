"""Top tens entered and left, arrivals, overtakings."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from tests.trends.rankings import DAY, MONTH, placed, ranking
from trends import Kind, arrivals, crossings, milestones, overtakings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trends import Milestone

BEFORE = DAY - MONTH


def told(found: Iterable[Milestone]) -> list[str]:
    """Return the sentences of milestones that are about distros with a name of their own."""
    return [each.text for each in found if not each.distro[1:].isdigit()]


def test_entries_and_exits() -> None:
    """Of the first ten, twenty and hundred, each on its own."""
    before = placed(120, BEFORE, up=105, down=9, same=5)
    after = placed(120, up=8, down=21, same=6)
    assert told(crossings(before, after)) == [
        "Up entered the top 10 (from 105 to 8)",
        "Down left the top 10 (from 9 to 21)",
        "Up entered the top 20 (from 105 to 8)",
        "Down left the top 20 (from 9 to 21)",
        "Up entered the top 100 (from 105 to 8)",
    ]
    assert told(crossings(before, after, (3,))) == []


def test_a_step_over_the_edge_may_be_chance() -> None:
    """From 101 to 100 is no clear entry, from 11 to 8 is one."""
    before = placed(120, BEFORE, a=11, b=101)
    after = placed(120, a=8, b=100)
    found = {each.distro: each.is_clear for each in crossings(before, after)}
    assert (found["a"], found["b"]) == (True, False)


def test_a_list_that_ends_says_nothing_of_those_behind() -> None:
    """Who lacks in a list of 50 may be the 51st: it entered the top ten, not surely the top 100."""
    before, after = placed(50, BEFORE), placed(120, new=5)
    assert told(crossings(before, after)) == [
        "New entered the top 10 (at 5)",
        "New entered the top 20 (at 5)",
    ]
    assert list(arrivals(before, after)) == []


def test_arrivals() -> None:
    """Who is new and who vanished, of rankings that list everybody."""
    found = [*arrivals(placed(120, BEFORE, gone=30), placed(120, new=40))]
    assert told(found) == ["New is new (at 40)", "Gone is no longer listed (was at 30)"]
    assert {each.kind for each in found} == {Kind.NEW, Kind.VANISHED}
    assert all(each.is_clear for each in found)


def test_overtakings() -> None:
    """Who stands before whom it stood behind; clear where the lead changed by more than chance."""
    before = ranking(("b", 1_000), ("a", 900), ("y", 501), ("x", 500), day=BEFORE)
    after = ranking(("a", 1_300), ("b", 1_000), ("x", 502), ("y", 500))
    found = list(overtakings(before, after))
    assert [(each.distro, each.other, each.is_clear) for each in found] == [
        ("a", "b", True), ("x", "y", False),
    ]  # fmt: skip
    assert found[0].text == "A overtook B (from 2 to 1)"
    assert [each.distro for each in overtakings(before, after, within=2)] == ["a"]
    assert [each.distro for each in overtakings(before, after, distro="y")] == ["x"]


@given(st.permutations(range(8)), st.permutations(range(8)))
def test_overtakings_are_the_pairs_that_changed(first: list[int], then: list[int]) -> None:
    """All of them, and no other."""
    before = ranking(*(f"n{number}" for number in first), day=BEFORE)
    after = ranking(*(f"n{number}" for number in then))
    found = {(each.distro, each.other) for each in overtakings(before, after)}
    assert found == {
        (f"n{ahead}", f"n{behind}")
        for ahead, behind in combinations(then, 2)
        if first.index(ahead) > first.index(behind)
    }


def test_all_milestones() -> None:
    """Entries come first, then exits, arrivals and clear overtakings at the top."""
    before = placed(120, BEFORE, a=2, b=1, gone=3, out=15)
    after = placed(120, a=1, b=2, new=4, out=30)
    found = milestones(before, after)
    kinds = [each.kind for each in found]
    assert kinds == sorted(kinds, key=list(Kind).index)
    assert "Out left the top 20 (from 15 to 30)" in told(found)
    assert "A overtook B (from 2 to 1)" in told(found)
    assert all(each.is_clear for each in found if each.kind is Kind.OVERTOOK)


def test_each_has_an_identity() -> None:
    """That differs from all others, and is the same each time."""
    before, after = placed(120, BEFORE, a=2, b=1, out=15), placed(120, a=1, b=2, out=130 - 9)
    found = milestones(before, after)
    identities = [each.id for each in found]
    assert len(set(identities)) == len(identities)
    assert identities == [each.id for each in milestones(before, after)]
    assert "distrowatch:6m:2026-11-24:a:overtook:b" in identities
