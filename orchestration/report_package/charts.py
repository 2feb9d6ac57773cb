"""Geometry of the charts on index.html; the template draws them as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 560.0


@dataclass(frozen=True)
class Segment:
    """One piece of a bar; ``series`` is the position of its colour."""

    series: int
    x: float
    width: float
    count: int


@dataclass(frozen=True)
class Bar:
    """One bar with its label and total."""

    label: str
    segments: tuple[Segment, ...]
    total: int


def shares(rows: Sequence[tuple[str, Sequence[int]]]) -> list[Bar]:
    """Return bars of equal length that show shares of a whole."""
    return [_bar(label, counts, sum(counts)) for label, counts in rows]


def bars(rows: Sequence[tuple[str, Sequence[int]]]) -> list[Bar]:
    """Return bars whose length shows the count, the longest filling the width."""
    longest = max((sum(counts) for _, counts in rows), default=0)
    return [_bar(label, counts, longest) for label, counts in rows]


def _bar(label: str, counts: Sequence[int], whole: int) -> Bar:
    segments: list[Segment] = []
    x = 0.0
    for series, count in enumerate(counts):
        if count and whole:
            width = max(1.5, WIDTH * count / whole)
            segments.append(Segment(series, round(x, 2), round(width, 2), count))
            x += width
    return Bar(label, tuple(segments), sum(counts))
