"""Measuring sides: each in a process of its own, in turn, several times; only their ratios count.

The machine may be shared: two sides that are compared run one after the other within seconds, and the median of the
ratios of such pairs stands. Peak memory is the largest resident set of the side's own process.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

Item = TypeVar("Item")
PROJECT = Path(__file__).parents[1]


class SideFailed(Exception):  # noqa: N818 - reads as the fact it states
    """A side ended with an error; the text is the end of what it said."""


@dataclass(frozen=True)
class Measured:
    """What one run of a side took.

    Attributes:
        seconds: Wall time of the measured part, imports not counted.
        cpu_seconds: Processor time of the same.
        peak_mb: Largest resident set of the whole process, imports counted.
        facts: What the side says besides.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float
    facts: Mapping[str, Any]


class Clock:
    """Takes the time of the part of a side that counts."""

    def __init__(self) -> None:
        self.seconds = self.cpu_seconds = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count while the context lasts; adds up."""
        wall, cpu = time.perf_counter(), _cpu()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - wall
            self.cpu_seconds += _cpu() - cpu

    def apart(self, items: Iterable[Item]) -> Iterator[Item]:
        """Pass on items; what it takes to make them does not count, although the clock runs around it."""
        iterator = iter(items)
        while True:
            wall, cpu = time.perf_counter(), _cpu()
            item = next(iterator, None)
            self.seconds -= time.perf_counter() - wall
            self.cpu_seconds -= _cpu() - cpu
            if item is None:
                return
            yield item


def _cpu() -> float:
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def peak_mb() -> float:
    """Largest resident set of this process so far.

    Linux says it in /proc; what getrusage says there is never less than what the process that started this one held.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (peak,) = (line.split()[1] for line in status.read_text(encoding="utf-8").splitlines() if "VmHWM" in line)
        return int(peak) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)  # bytes on macOS


def run_side(name: str, arguments: Mapping[str, Any]) -> Measured:
    """Run one side of :mod:`bench.sides` in a process of its own.

    Raises:
        SideFailed: It failed.
    """
    command = [sys.executable, "-m", "bench.sides", name, json.dumps(dict(arguments), default=str)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SideFailed(f"{name} {dict(arguments)}: {done.stderr[-2000:]}")
    told = json.loads(done.stdout.strip().splitlines()[-1])
    return Measured(told.pop("seconds"), told.pop("cpu_seconds"), told.pop("peak_mb"), told)


@dataclass(frozen=True)
class Pair:
    """Two sides measured in turn, the medians of their ratios.

    Attributes:
        ratio: Seconds of the left side by seconds of the right one.
        cpu_ratio: The same of processor time, which neighbours on the machine disturb less.
        left: All runs of the left side.
        right: All runs of the right side.
    """

    ratio: float
    cpu_ratio: float
    left: Sequence[Measured]
    right: Sequence[Measured]

    @property
    def peak_mb(self) -> float:
        """Largest resident set of the left side in any run."""
        return max(one.peak_mb for one in self.left)


def compare(left: tuple[str, Mapping[str, Any]], right: tuple[str, Mapping[str, Any]], repeats: int) -> Pair:
    """Run two sides in turn.

    Args:
        left: Name and arguments of the side that is judged.
        right: Those of the side that it is held against.
        repeats: How often.
    """
    lefts, rights = [], []
    for _ in range(repeats):
        rights.append(run_side(*right))
        lefts.append(run_side(*left))
    pairs = list(zip(lefts, rights, strict=True))
    return Pair(
        median(a.seconds / max(b.seconds, 1e-9) for a, b in pairs),
        median(a.cpu_seconds / max(b.cpu_seconds, 1e-9) for a, b in pairs),
        lefts,
        rights,
    )
