"""The ledger behind the package: its entries' exact texts, and the rows of collections.csv derived from them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from orchestration.report_package.columns import COLLECTIONS
from orchestration.report_package.manifest import canonical

GENESIS = "0" * 64
OWN_SOURCE = "itgc"
"""Source name of the tool's own stamps."""

_RAW_BREAKS = re.compile("[\x85\u2028\u2029]")
"""Line breaks which JSON allows as they are; a CSV cell holds them escaped, which is the same JSON."""


@dataclass(frozen=True)
class LedgerEntry:
    """One entry: its exact text and what it says."""

    text: str
    facts: dict[str, Any]

    @property
    def sha256(self) -> str:
        """Hash of the text, which the next entry names."""
        return sha256(self.text.encode()).hexdigest()

    def row(self) -> list[object]:
        """Return the entry as a row of collections.csv."""
        return [_value(column.name, self) for column in COLLECTIONS]


def read_entries(texts: Iterable[str]) -> list[LedgerEntry]:
    """Parse entry texts and put them into the order of their numbers."""
    entries = [LedgerEntry(text, json.loads(text)) for text in texts]
    return sorted(entries, key=lambda entry: int(entry.facts["n"]))


def head(entries: Sequence[LedgerEntry]) -> str:
    """Return the hash of the last entry, 64 zeros for an empty ledger."""
    return entries[-1].sha256 if entries else GENESIS


def newer_than(entries: Sequence[LedgerEntry], known: Sequence[LedgerEntry]) -> int:
    """Return how many collections of sources were committed that ``known`` does not hold."""
    held = {entry.sha256 for entry in known}
    return sum(
        entry.facts.get("kind") == "committed" and entry.facts.get("source") != OWN_SOURCE and entry.sha256 not in held
        for entry in entries
    )


def parameters_of(entries: Sequence[LedgerEntry]) -> Iterator[tuple[str, str, str, list[str]]]:
    """Yield (source, instance, resource, distinct parameters as JSON) of committed collections."""
    found: dict[tuple[str, str, str], set[str]] = {}
    for entry in entries:
        facts = entry.facts
        if facts.get("kind") == "committed":
            key = (str(facts.get("source")), str(facts.get("instance")), str(facts.get("resource")))
            found.setdefault(key, set()).add(canonical(facts.get("parameters") or {}).decode())
    for (source, instance, resource), parameters in sorted(found.items()):
        yield source, instance, resource, sorted(parameters)


def _value(column: str, entry: LedgerEntry) -> object:
    facts = entry.facts
    permission = facts.get("permission") or {}
    if column == "entry":
        return _RAW_BREAKS.sub(lambda match: f"\\u{ord(match.group()):04x}", entry.text)
    if column == "entry_sha256":
        return entry.sha256
    if column == "permission":
        return permission.get("result")
    if column == "permission_detail":
        return permission.get("detail")
    value = facts.get(column)
    if isinstance(value, dict | list):
        return canonical(value).decode() if value else None
    return value
