"""What needs an instant: freezes, seeds, draws and first detections, each stamped once and then reused.

The order is fixed: a population is frozen (its root is stamped) before its seed counts, and drawn after. A population
whose root changed, e.g. by a late record, becomes a new version under the same seed. The stamps live in the vault; the
package only sees the :class:`Stamps` protocol.

Records carry ``key`` (their record key) and ``engagement`` (which report they belong to; first detections belong to
all). Instants are ISO 8601 texts in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from orchestration.report_package.csv_export import instant_text
from orchestration.report_package.sampling import Plan, require_seed

TABLES = ("freezes", "seeds", "draws", "detections")
Record = Mapping[str, Any]


class Stamps(Protocol):
    """Append-only registers of the tool itself (tables of :data:`TABLES`)."""

    def read(self, table: str) -> Sequence[Record]:
        """Return all records of a table, in the order in which they were written."""

    def write(self, table: str, records: Sequence[Record]) -> None:
        """Append records; plain JSON data. Never called without records."""


@dataclass
class MemoryStamps:
    """Stamps that live as long as the process: for trials and tests."""

    tables: dict[str, list[Record]] = field(default_factory=dict)

    def read(self, table: str) -> Sequence[Record]:
        """Return all records of a table."""
        return list(self.tables.get(table, []))

    def write(self, table: str, records: Sequence[Record]) -> None:
        """Append records."""
        self.tables.setdefault(table, []).extend(dict(record) for record in records)


@dataclass(frozen=True)
class Frozen:
    """A population as exported, ready to be frozen."""

    control_id: str
    population_id: str
    frame_id: str
    items: int
    merkle_root: str
    query_sha256: str


@dataclass(frozen=True)
class Seed:
    """The seed that counts for a frame, and how many came later and do not.

    ``proves_order`` is false where the seed was there when the frame was first frozen: nothing shows then that the
    frame was fixed without knowing it.
    """

    digits: str
    provided_by: str
    received_at: str
    later: int = 0
    proves_order: bool = True


class StampBook:
    """The stamps of one engagement, read once, appended to where something is new."""

    def __init__(self, stamps: Stamps, engagement: str, now: datetime) -> None:
        self._stamps = stamps
        self._engagement = engagement
        self._now = instant_text(now)

    def _own(self, table: str) -> list[Record]:
        return [record for record in self._stamps.read(table) if record.get("engagement") == self._engagement]

    def freeze(self, populations: Iterable[Frozen]) -> dict[str, Record]:
        """Return the current freeze of every population, by its id; new contents become new versions."""
        latest: dict[str, Record] = {str(record["population_id"]): record for record in self._own("freezes")}
        new: list[Record] = []
        for population in populations:
            before = latest.get(population.population_id)
            if before is not None and before["merkle_root"] == population.merkle_root:
                continue
            version = int(before["version"]) + 1 if before else 1
            record = {
                "key": f"{self._engagement}/{population.population_id}/{version}",
                "engagement": self._engagement,
                "control_id": population.control_id,
                "population_id": population.population_id,
                "frame_id": population.frame_id,
                "version": version,
                "items": population.items,
                "merkle_root": population.merkle_root,
                "query_sha256": population.query_sha256,
                "frozen_at": self._now,
            }
            latest[population.population_id] = record
            new.append(record)
        if new:
            self._stamps.write("freezes", new)
        return latest

    def seeds(self, frames: Iterable[str], digits: str | None, provided_by: str) -> dict[str, Seed]:
        """Return the seed of every frame that has one; only the first of a frame counts.

        Args:
            frames: frames whose populations are frozen.
            digits: a seed from the engagement, stamped where the frame does not hold it yet.
            provided_by: who supplied it.

        Raises:
            ValueError: ``digits`` is no seed.
        """
        held: dict[str, list[Record]] = {}
        for record in self._own("seeds"):
            held.setdefault(str(record["frame_id"]), []).append(record)
        new: list[Record] = []
        for frame in sorted(set(frames)):
            known = held.setdefault(frame, [])
            if digits is None or any(record["seed"] == require_seed(digits) for record in known):
                continue
            record = self._seed_record(frame, len(known) + 1, digits, provided_by)
            known.append(record)
            new.append(record)
        if new:
            self._stamps.write("seeds", new)
        frozen: dict[str, str] = {}
        for record in self._own("freezes"):
            frozen.setdefault(str(record["frame_id"]), str(record["frozen_at"]))
        return {
            frame: Seed(
                str(first["seed"]),
                str(first["provided_by"]),
                str(first["received_at"]),
                len(records) - 1,
                str(first["received_at"]) > frozen.get(frame, ""),
            )
            for frame, records in held.items()
            for first in records[:1]
        }

    def _seed_record(self, frame: str, number: int, digits: str, provided_by: str) -> Record:
        return {
            "key": f"{self._engagement}/{frame}/{number}",
            "engagement": self._engagement,
            "frame_id": frame,
            "seed": digits,
            "provided_by": provided_by,
            "received_at": self._now,
        }

    def draws(self, control_id: str) -> list[Record]:
        """Return the draws of a control so far, oldest first."""
        return [record for record in self._own("draws") if record["control_id"] == control_id]

    def drawn(self, freeze: Record, plan: Plan, seed: Seed, items: Sequence[Record]) -> Record:
        """Return the stamp of the current draw, made now unless the same draw was stamped before."""
        content = {
            "control_id": freeze["control_id"],
            "population_id": freeze["population_id"],
            "frame_id": freeze["frame_id"],
            "version": freeze["version"],
            "merkle_root": freeze["merkle_root"],
            "seed": seed.digits,
            "design": plan.method,
            "sample_size": plan.sample_size,
            "items": list(items),
        }
        earlier = self.draws(str(freeze["control_id"]))
        if earlier and all(earlier[-1].get(name) == value for name, value in content.items()):
            return earlier[-1]
        key = f"{self._engagement}/{freeze['control_id']}/{len(earlier) + 1}"
        record = {"key": key, "engagement": self._engagement, **content, "drawn_at": self._now}
        self._stamps.write("draws", [record])
        return record

    def first_detections(self, exception_ids: Iterable[str]) -> dict[str, str]:
        """Return when each exception was first detected; new ones are stamped now."""
        known = {
            str(record["exception_id"]): str(record["first_detected_at"]) for record in self._stamps.read("detections")
        }
        new = [
            {"key": exception_id, "exception_id": exception_id, "first_detected_at": self._now}
            for exception_id in sorted(set(exception_ids) - known.keys())
        ]
        if new:
            self._stamps.write("detections", new)
        return known | {record["exception_id"]: record["first_detected_at"] for record in new}


def register_seed(stamps: Stamps, engagement: str, frame_id: str, digits: str, provided_by: str, now: datetime) -> Seed:
    """Stamp a seed that the auditor supplied after the freeze; returns the seed that counts.

    Raises:
        ValueError: ``digits`` is no seed, or the frame has not been frozen yet.
    """
    frozen = [r for r in stamps.read("freezes") if r["engagement"] == engagement and r["frame_id"] == frame_id]
    if not frozen:
        raise ValueError(f"frame {frame_id} is not frozen yet: build the package first, then supply the seed")
    return StampBook(stamps, engagement, now).seeds([frame_id], digits, provided_by)[frame_id]


def superseded(draws: Sequence[Record], current: Record) -> list[tuple[Record, Record]]:
    """Return (draw, item) of everything once drawn which the current sample no longer holds, each item once."""
    held = {item["item_key"] for item in current["items"]}
    found: dict[str, tuple[Record, Record]] = {}
    for draw in draws:
        for item in draw["items"]:
            if item["item_key"] not in held:
                found.setdefault(str(item["item_key"]), (draw, item))
    return [found[key] for key in sorted(found)]


def initial_size(draws: Sequence[Record], current: Record) -> int:
    """Return the size of the first draw from the frame: what lies beyond is an extension."""
    return int(draws[0]["sample_size"]) if draws else int(current["sample_size"])
