"""Progress of a run, for whoever shows it: the command line sets a listener, Dagster's own UI needs none."""

from __future__ import annotations

from collections.abc import Callable

_listener: Callable[[str], None] | None = None


def listen(listener: Callable[[str], None] | None) -> None:
    """Send progress lines to a listener (None: to nobody)."""
    global _listener
    _listener = listener


def say(line: str) -> None:
    """One line of progress."""
    if _listener:
        _listener(line)


def built(node: str, position: int, total: int) -> None:
    """Progress of dbt."""
    say(f"dbt {position}/{total} {node}")
