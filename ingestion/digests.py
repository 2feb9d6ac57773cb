"""Digests that were seen before, in memory that does not grow with their number."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

IN_MEMORY = 1 << 17
"""So many are held in memory; with one more all move to a private file, which the system deletes with the process."""

_INSERT = "insert or ignore into seen values (?)"


class Digests:
    """A set of digests that only grows."""

    def __init__(self) -> None:
        self._held: set[bytes] = set()
        self._file: sqlite3.Connection | None = None

    def add(self, digests: Sequence[bytes]) -> list[bool]:
        """Add some digests.

        Args:
            digests: Those of one page; may repeat.

        Returns:
            For each whether it is seen for the first time.
        """
        if self._file is not None:
            return self._add_to_file(self._file, digests)
        fresh = []
        for digest in digests:
            before = len(self._held)
            self._held.add(digest)
            fresh.append(len(self._held) > before)
        if len(self._held) > IN_MEMORY:
            self._file = _open()
            self._add_to_file(self._file, sorted(self._held))
            self._held.clear()
        return fresh

    def beginnings(self, length: int) -> int:
        """How many different beginnings of that many bytes there are."""
        if self._file is None:
            return len({digest[:length] for digest in self._held})
        query = "select count(*) from (select distinct substr(digest, 1, ?) from seen)"
        return int(self._file.execute(query, [length]).fetchone()[0])

    @staticmethod
    def _add_to_file(file: sqlite3.Connection, digests: Sequence[bytes]) -> list[bool]:
        file.execute("begin")
        fresh = [file.execute(_INSERT, (digest,)).rowcount == 1 for digest in digests]
        file.execute("commit")
        return fresh


def _open() -> sqlite3.Connection:
    # an empty name is a temporary file of SQLite's own; dlt may extract in another thread than it began in
    file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    file.execute("pragma synchronous = off")
    file.execute("pragma journal_mode = off")  # a failed write fails the collection: nothing is ever rolled back
    file.execute("pragma cache_size = -16384")
    file.execute("create table seen (digest blob primary key) without rowid")
    return file
