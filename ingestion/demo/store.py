"""What the demo company's systems hold, version by version: the loopback server answers from it as at its clock."""

from __future__ import annotations

import csv
import gzip
import json
from bisect import bisect_left
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Payload = dict[str, Any]

_CLOCKS_CACHED = 3  # a collection run stays at one clock; a few are kept for tests which go back and forth
_CSV_FOLDERS = {"hris_csv": "hris-uk", "registers": "registers"}


@dataclass(frozen=True, slots=True)
class Versioned:
    """One version of one record, visible at `t` if and only if `valid_from <= t < valid_to`."""

    key: str
    valid_from: datetime
    valid_to: datetime | None
    payload: Payload

    def visible(self, t: datetime) -> bool:
        """Whether the record looked like this at `t`."""
        return self.valid_from <= t and (self.valid_to is None or t < self.valid_to)


@dataclass
class _TableIndex:
    """Everything derived from one table at one clock, built on first use."""

    rows: list[Payload]
    keys: list[str]
    groups: dict[str, dict[Hashable, list[Payload]]]
    by_key: dict[str, Payload] | None
    ordered: dict[str, tuple[list[datetime], list[Payload]]]


class Store:
    """Versioned records of all systems by table name `<source>.<raw table>`, e.g. `okta.users`.

    Payloads are the vendor's records plus `_context`, which holds the ids that a route filters by and that the
    server does not send. They are shared, never copied: treat every payload as read-only.
    """

    def __init__(self, tables: Mapping[str, Iterable[Versioned]] | None = None) -> None:
        self.tables: dict[str, list[Versioned]] = {name: list(rows) for name, rows in (tables or {}).items()}
        self._cache: dict[tuple[str, datetime], _TableIndex] = {}
        self._sizes: dict[tuple[str, datetime], int] = {}

    def add(
        self, table: str, key: str, valid_from: datetime, payload: Payload, valid_to: datetime | None = None
    ) -> None:
        """Append one version; instants must know their zone."""
        if valid_from.tzinfo is None or (valid_to is not None and valid_to.tzinfo is None):
            raise ValueError(f"{table} {key}: instants of a version need a zone")
        self.tables.setdefault(table, []).append(Versioned(key, valid_from, valid_to, payload))

    def at(self, table: str, t: datetime) -> list[Payload]:
        """Records visible at `t`, in the order in which their versions were added. Do not modify the list."""
        return self._index(table, t).rows

    def keys_at(self, table: str, t: datetime) -> list[str]:
        """Record keys, in the order of `at`."""
        return self._index(table, t).keys

    def get(self, table: str, t: datetime, key: str) -> Payload | None:
        """The record with this key as at `t`, or None."""
        index = self._index(table, t)
        if index.by_key is None:
            index.by_key = dict(zip(index.keys, index.rows, strict=True))
        return index.by_key.get(key)

    def group(self, table: str, t: datetime, path: str) -> dict[Hashable, list[Payload]]:
        """Records visible at `t` by the value at a dotted path, e.g. `_context.group_id`."""
        index = self._index(table, t)
        found = index.groups.get(path)
        if found is None:
            found = index.groups[path] = {}
            steps = path.split(".")
            for row in index.rows:
                found.setdefault(_value(row, steps), []).append(row)
        return found

    def between(
        self, table: str, start: datetime | None, end: datetime, field: str, t: datetime | None = None
    ) -> list[Payload]:
        """Records visible at `t` (default: at `end`) whose instant in `field` lies in `[start, end)`, oldest first.

        Args:
            table: Name of the table.
            start: First instant, or None for everything before `end`.
            end: First instant that is no longer wanted.
            field: Dotted path of an ISO 8601 text; a record without one is left out.
            t: Clock of the reader.
        """
        index = self._index(table, t or end)
        ordered = index.ordered.get(field)
        if ordered is None:
            steps = field.split(".")
            pairs = [(instant(text), row) for row in index.rows if (text := _value(row, steps))]
            pairs.sort(key=lambda pair: pair[0])
            ordered = index.ordered[field] = ([when for when, _ in pairs], [row for _, row in pairs])
        instants, rows = ordered
        return rows[0 if start is None else bisect_left(instants, start) : bisect_left(instants, end)]

    def save(self, folder: Path) -> None:
        """Write one compressed JSON-lines file per table; the same store gives the same bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, versions in sorted(self.tables.items()):
            lines = "".join(
                json.dumps([v.key, _text(v.valid_from), _text(v.valid_to), v.payload], ensure_ascii=False) + "\n"
                for v in versions
            )
            (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress(lines.encode(), compresslevel=1, mtime=0))

    @classmethod
    def load(cls, folder: Path) -> Store:
        """Read what `save` wrote."""
        store = cls()
        for file in sorted(folder.glob("*.jsonl.gz")):
            rows: list[Versioned] = []
            with gzip.open(file, "rt", encoding="utf-8") as lines:
                for line in lines:
                    key, valid_from, valid_to, payload = json.loads(line)
                    rows.append(Versioned(key, instant(valid_from), instant(valid_to) if valid_to else None, payload))
            store.tables[file.name.removesuffix(".jsonl.gz")] = rows
        return store

    def write_files(self, folder: Path, tick: datetime) -> None:
        """Write the CSV files of `hris_csv.*` and `registers.*` as they stood at `tick`.

        Columns are those of all versions of the table, in order of first appearance, so that a file without rows
        at the tick still has its header.
        """
        for table, versions in self.tables.items():
            source, _, name = table.partition(".")
            if source not in _CSV_FOLDERS:
                continue
            columns = list(dict.fromkeys(c for v in versions for c in v.payload if c != "_context"))
            target = folder / _CSV_FOLDERS[source] / f"{name}.csv"
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("w", encoding="utf-8", newline="") as out:
                writer = csv.writer(out, lineterminator="\n")
                writer.writerow(columns)
                writer.writerows([row.get(column) for column in columns] for row in self.at(table, tick))

    def _index(self, table: str, t: datetime) -> _TableIndex:
        versions = self.tables.get(table, [])
        slot = (table, t)
        index = self._cache.get(slot)
        if index is None or self._sizes[slot] != len(versions):
            self._forget(table)
            shown = [v for v in versions if v.valid_from <= t and (v.valid_to is None or t < v.valid_to)]
            index = _TableIndex([v.payload for v in shown], [v.key for v in shown], {}, None, {})
            self._cache[slot] = index
            self._sizes[slot] = len(versions)
        return index

    def _forget(self, table: str) -> None:
        cached = [slot for slot in self._cache if slot[0] == table]
        for slot in cached[: max(0, len(cached) - _CLOCKS_CACHED + 1)]:
            del self._cache[slot], self._sizes[slot]


def instant(text: str) -> datetime:
    """Instant of an ISO 8601 text (`…Z`, `…+00:00`, Jira's `…+0000`) in UTC; a text without a zone is UTC."""
    when = datetime.fromisoformat(text)
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def _value(row: Payload, steps: list[str]) -> Any:
    value: Any = row
    for step in steps:
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def _text(when: datetime | None) -> str | None:
    return None if when is None else when.astimezone(UTC).isoformat()
