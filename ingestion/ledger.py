"""The ledger: one create-only object per event of a collection, each naming the SHA-256 of the one before it.

A collection is evidence only when its `committed` entry stands; `started` without an end is an aborted attempt.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from ingestion.contract import canonical_json, compact_instant, instant, parse_instant
from ingestion.vault import Vault

GENESIS = "0" * 64
FOLDER = "ledger"
Kind = Literal["started", "committed", "failed"]


@dataclass(frozen=True)
class Entry:
    """One object of the ledger, as it stands in the vault.

    Attributes:
        n: Its number, from 1.
        text: The exact text of the file.
    """

    n: int
    text: str

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The parsed text."""
        facts: dict[str, Any] = json.loads(self.text)
        return facts

    @cached_property
    def sha256(self) -> str:
        """The entry's hash, which the next entry names."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def kind(self) -> str:
        """`started`, `committed` or `failed`."""
        return str(self.facts["kind"])

    @property
    def collection_id(self) -> str:
        """The collection it speaks about."""
        return str(self.facts["collection_id"])

    @property
    def window_end(self) -> datetime:
        """End of the window, in UTC."""
        return parse_instant(self.facts["window_end"])

    def files(self) -> Iterable[tuple[str, dict[str, Any]]]:
        """(table, file facts: path, rows, bytes, sha256) of a committed collection."""
        for table, facts in (self.facts.get("tables") or {}).items():
            for file in facts["files"]:
                yield table, file


@dataclass(frozen=True)
class Problem:
    """Something in the vault that does not agree with the ledger.

    Attributes:
        path: The object in the vault.
        kind: `chain` (broken link, missing number), `changed`, `missing`, or `leftover` (a file that no committed
            collection names: ignored, left by an aborted attempt).
        detail: One sentence.
    """

    path: str
    kind: Literal["chain", "changed", "missing", "leftover"]
    detail: str


def entry_path(n: int) -> str:
    """The path of entry `n` in the vault."""
    return f"{FOLDER}/{n:08d}.json"


def collection_id(instance: str, resource: str, window_end: datetime, k: int) -> str:
    """`<instance>.<resource>.<window end>.<k>`."""
    return f"{instance}.{resource}.{compact_instant(window_end)}.{k}"


class Ledger:
    """Reads and appends the ledger of one vault; holds the entries in memory."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        paths = [path for path in vault.list(FOLDER) if path.endswith(".json")]
        self.entries = [
            Entry(_number(path), _text(read)) for path, read in zip(paths, vault.read_all(paths), strict=True)
        ]
        self._committed: dict[tuple[str, str], list[Entry]] = {}  # by (instance, resource)
        self._indexed = 0  # so many entries are in it

    @property
    def committed(self) -> list[Entry]:
        """The committed collections, in order."""
        return [entry for entry in self.entries if entry.kind == "committed"]

    def append(self, kind: Kind, facts: Mapping[str, Any]) -> Entry:
        """Write the next entry.

        Args:
            kind: What happened.
            facts: The fields of the entry but `n`, `kind` and `previous_sha256`. Without secrets.

        Raises:
            VaultConflict: Another run wrote this number first.
        """
        n = self.entries[-1].n + 1 if self.entries else 1
        previous = self.entries[-1].sha256 if self.entries else GENESIS
        text = canonical_json({**facts, "n": n, "kind": kind, "previous_sha256": previous})
        self.vault.create(entry_path(n), text.encode())
        entry = Entry(n, text)
        self.entries.append(entry)
        return entry

    def of(self, instance: str, resource: str) -> list[Entry]:
        """The committed collections of one instance and resource, in order of their entries."""
        for entry in self.entries[self._indexed :]:
            if entry.kind == "committed":
                self._committed.setdefault((entry.facts["instance"], entry.facts["resource"]), []).append(entry)
        self._indexed = len(self.entries)
        return self._committed.get((instance, resource), [])

    def last(self, instance: str, resource: str, before: datetime) -> Entry | None:
        """The committed collection with the latest window end before an instant; the newest of equals."""
        earlier = [entry for entry in self.of(instance, resource) if entry.window_end < before]
        return max(earlier, key=lambda entry: (entry.window_end, entry.n)) if earlier else None

    def commits(self, instance: str, resource: str, window_end: datetime) -> int:
        """How many committed collections end exactly there: the `k` of the next collection id."""
        return sum(entry.facts["window_end"] == instant(window_end) for entry in self.of(instance, resource))

    def aborted(self) -> list[Entry]:
        """`started` entries which no `committed` or `failed` entry followed before the next start: aborted attempts."""
        running: dict[str, Entry] = {}
        aborted: list[Entry] = []
        for entry in self.entries:
            if entry.kind == "started":
                if entry.collection_id in running:
                    aborted.append(running[entry.collection_id])
                running[entry.collection_id] = entry
            else:
                running.pop(entry.collection_id, None)
        return sorted([*aborted, *running.values()], key=lambda entry: entry.n)


def _number(path: str) -> int:
    name = path.rsplit("/", 1)[-1].removesuffix(".json")
    return int(name) if name.isdigit() else -1


def _text(content: bytes) -> str:
    return content.decode("utf-8", errors="replace")


def verify_chain(vault: Vault) -> list[Problem]:
    """Check numbers, links and canonical form of the whole ledger.

    A chain proves order and integrity up to its last entry; that none was cut off at the end is proved by the head
    hash which every package states.

    Returns:
        What is broken, in order; empty when the chain holds.
    """
    problems: list[Problem] = []
    previous, expected = GENESIS, 1
    paths = [path for path in vault.list(FOLDER) if path.endswith(".json")]
    for path, content in zip(paths, vault.read_all(paths), strict=True):
        n = _number(path)
        if n != expected:
            problems.append(Problem(path, "chain", f"entry {expected} is missing or misnamed"))
        try:
            facts = json.loads(content)
            canonical = canonical_json(facts).encode() == content
        except (ValueError, TypeError, RecursionError):
            facts, canonical = {}, False
        if not canonical or not isinstance(facts, dict):
            problems.append(Problem(path, "chain", "is not canonical JSON"))
        elif facts.get("n") != n:
            problems.append(Problem(path, "chain", f"says that it is entry {facts.get('n')}"))
        elif facts.get("previous_sha256") != previous:
            problems.append(Problem(path, "chain", "names another hash than that of the entry before it"))
        previous, expected = hashlib.sha256(content).hexdigest(), n + 1
    return problems


def verify_files(vault: Vault, ledger: Ledger, *, hashes: bool = True) -> list[Problem]:
    """Compare every file that the ledger names with the vault, and every raw file with the ledger.

    Args:
        vault: The vault.
        ledger: Its ledger.
        hashes: Read all bytes; otherwise presence and size only.
    """
    listed = {file["path"]: file for entry in ledger.committed for _, file in entry.files()}
    sizes = {path: size for path, size in vault.list("").items() if path.endswith(".parquet")}
    problems: list[Problem] = []
    for path, file in sorted(listed.items()):
        if path not in sizes:
            problems.append(Problem(path, "missing", "the ledger names this file, the vault does not hold it"))
        elif sizes[path] != file["bytes"] or (hashes and vault.facts(path).sha256 != file["sha256"]):
            problems.append(Problem(path, "changed", "the bytes are not those which the ledger recorded"))
    leftovers = sorted(sizes.keys() - listed.keys())
    return problems + [Problem(path, "leftover", "no committed collection names this file") for path in leftovers]
