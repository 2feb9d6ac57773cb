"""Digests: first sight is told in memory and on disk alike."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ingestion import digests
from ingestion.digests import Digests


def made(*numbers: int) -> list[bytes]:
    return [bytes([number // 10]) * 16 + bytes([number]) * 16 for number in numbers]


PAGES = [(1, 2, 2, 3), (3, 4), (5,), (6, 7), (1, 5, 8, 8, 9), (), (17, 18, 1)]


@pytest.mark.parametrize("in_memory", [0, 1, 4, 100])
def test_first_sight_does_not_depend_on_where_they_are_held(monkeypatch: pytest.MonkeyPatch, in_memory: int) -> None:
    monkeypatch.setattr(digests, "IN_MEMORY", in_memory)
    tried, known = Digests(), set[bytes]()
    for page in PAGES:
        expected = []
        for digest in made(*page):
            expected.append(digest not in known)
            known.add(digest)
        assert tried.add(made(*page)) == expected
    assert tried.beginnings(16) == len({digest[:16] for digest in known}) == 2
    assert tried.beginnings(32) == len(known)
    assert (tried._file is not None) == (len(known) > in_memory)


def test_memory_does_not_grow_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "IN_MEMORY", 10)
    tried = Digests()
    for start, end in pairwise(range(0, 120, 7)):
        tried.add(made(*range(start, end)))
        assert len(tried._held) <= 10 + 7
    assert not tried._held
