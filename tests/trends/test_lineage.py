"""What became of distros, and what names stand for."""

from __future__ import annotations

import re

import pytest

from trends import Relation, distro_of, predecessors, successions, successors


def test_every_entry_has_its_source() -> None:
    """And is about two distros and a year in which there were rankings."""
    assert len(successions()) > 20
    for each in successions():
        assert each.source.startswith("https://"), each
        assert 2002 <= each.year <= 2026, each
        assert each.before != each.after, each
        assert re.fullmatch(r"[a-z0-9]+", each.before), each
        assert re.fullmatch(r"[a-z0-9]+", each.after), each
    pairs = [(each.before, each.after) for each in successions()]
    assert len(set(pairs)) == len(pairs)
    assert [each.year for each in successions()] == sorted(each.year for each in successions())


def test_mandrake_became_mandriva() -> None:
    """Both ways; neither is the other."""
    renamed = [each for each in successors("mandrake") if each.relation is Relation.RENAMED]
    assert [(each.after, each.year) for each in renamed] == [("mandriva", 2005)]
    assert renamed[0] in predecessors("mandriva")
    assert {each.before for each in predecessors("mandriva")} == {
        "mandrake", "conectiva", "lycoris",
    }  # fmt: skip
    assert successors("mint") == predecessors("mint") == ()


@pytest.mark.parametrize(
    ("name", "distro"),
    [
        ("Mint", "mint"),
        ("Linux  Mint", "mint"),
        ("MX Linux", "mx"),
        ("Pop!_OS", "popos"),
        ("Adélie", "adelie"),
        ("KDE neon", "kdeneon"),
        ("openSUSE", "opensuse"),
        ("SuSE", "suse"),
        ("<<Hack|Track", "hacktrack"),
        ("!!", ""),
    ],
)
def test_the_slug_of_a_name(name: str, distro: str) -> None:
    """What links of today say, or the name in small letters."""
    assert distro_of(name) == distro


def test_a_known_name_wins_over_its_letters() -> None:
    """Because a page linked it; not over what the data file says."""
    assert distro_of("Xray OS", {"xray os": "xray"}) == "xray"
    assert distro_of("SuSE", {"suse": "sle"}) == "suse"
