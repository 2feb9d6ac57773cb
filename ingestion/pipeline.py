"""Collecting: windows from the ledger, one dlt load per source instance, and the ledger as the commit record.

The order of events makes it safe to kill at any instant: `started` entries, then files, then `committed` or `failed`
entries in the order of ticks and resources. What stops in between leaves an aborted attempt and files that no entry
names; the next run collects the same windows again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Collection as Container
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ingestion.config import SourceInstance
from ingestion.contract import Collection, Resource, SourceError, Window, instant
from ingestion.landing import Attempt, Landing, end_facts, exclusive
from ingestion.ledger import Ledger, collection_id
from ingestion.stamps import Stamp, read_stamps, write_stamps
from ingestion.vault import Vault

SMALL_WINDOW = timedelta(days=7)
"""Resources that were committed so recently are collected in one load."""

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["CollectReport", "Outcome", "Stamp", "collect", "read_stamps", "write_stamps"]


@dataclass(frozen=True)
class Outcome:
    """What became of one collection.

    Attributes:
        kind: `committed`, `failed`, or `skipped` because it was committed before.
        rows: Rows in the vault.
        error: Why it failed.
    """

    instance: str
    resource: str
    window_end: datetime
    collection_id: str
    kind: Literal["committed", "failed", "skipped"]
    rows: int = 0
    error: str | None = None


@dataclass(frozen=True)
class CollectReport:
    """What a run did.

    Attributes:
        outcomes: One per instance, tick and resource, in the order of the ledger.
        aborted: Collection ids of attempts which an earlier run started and never ended.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    aborted: list[str] = field(default_factory=list)

    @property
    def failed(self) -> list[Outcome]:
        """The collections that failed; the run should end non-zero when there are any."""
        return [outcome for outcome in self.outcomes if outcome.kind == "failed"]

    @property
    def committed(self) -> list[Outcome]:
        """The collections that this run committed."""
        return [outcome for outcome in self.outcomes if outcome.kind == "committed"]


def collect(
    vault: Vault,
    instances: Sequence[SourceInstance],
    ticks: Sequence[datetime],
    *,
    work_dir: Path,
    collect_from: datetime,
    code_version: str,
    only: Container[str] | None = None,
    on_tick: Callable[[datetime], None] | None = None,
    clock: Callable[[datetime], datetime] = lambda tick: tick,
    progress: Callable[[str], None] | None = None,
) -> CollectReport:
    """Collect every resource of every instance as at every tick, once.

    Args:
        vault: Where the evidence goes.
        instances: The configured source instances.
        ticks: Instants to collect as at, ascending; in daily use the one instant "now".
        work_dir: dlt's working directory; its content is scratch.
        collect_from: Start of the first window of each `window` resource.
        code_version: Version of this code, for the ledger.
        only: Limit to these names: `<instance>` or `<instance>.<resource>`.
        on_tick: Called before each extract (a simulated source moves its clock).
        clock: Tick → the instant at which its collection really begins; a source shows what is, not what was. Later
            than the tick when what is collected ends before today. The default is for simulated sources.
        progress: Called with one line per step.

    Returns:
        What happened; see `CollectReport.failed`.

    Raises:
        SourceError: Another collection is running.
        ValueError: Ticks are not ascending or have no zone.
    """
    if sorted(set(ticks)) != list(ticks):
        raise ValueError("ticks must be ascending and distinct")
    with exclusive(work_dir):
        ledger = Ledger(vault)
        report = CollectReport(aborted=[entry.collection_id for entry in ledger.aborted()])
        for instance in instances:
            if only is None or any(name.split(".")[0] == instance.instance for name in only):
                run = _InstanceRun(vault, ledger, instance, work_dir, collect_from, code_version, only, clock)
                report.outcomes.extend(run.collect(ticks, on_tick, progress or (lambda _: None)))
        return report


class _InstanceRun:
    """One instance, all ticks, one dlt pipeline."""

    def __init__(
        self,
        vault: Vault,
        ledger: Ledger,
        instance: SourceInstance,
        work_dir: Path,
        collect_from: datetime,
        code_version: str,
        only: Container[str] | None,
        clock: Callable[[datetime], datetime],
    ) -> None:
        from ingestion.http import forget_silence
        from ingestion.sources import connector

        forget_silence(instance.instance)
        self.vault, self.ledger, self.instance, self.work_dir = vault, ledger, instance, work_dir
        self.collect_from = collect_from
        self.clock = clock
        self.versions = {"code": code_version}
        self.module: ModuleType = connector(instance.source)
        whole = only is None or instance.instance in only
        self.resources: list[Resource] = [
            resource
            for resource in self.module.RESOURCES
            if whole or (only is not None and f"{instance.instance}.{resource.name}" in only)
        ]
        self.done: dict[str, tuple[datetime, dict[str, Any]]] = {}  # resource → end and state of its last extraction
        self.extracted: set[str] = set()

    def collect(
        self,
        ticks: Sequence[datetime],
        on_tick: Callable[[datetime], None] | None,
        progress: Callable[[str], None],
    ) -> Iterator[Outcome]:
        """Extract, load and commit: together what is cheap to lose, by itself what is not.

        A load costs a fifth of a second. Many ticks, and the small windows of daily use, are affordable only behind one
        load for all; what has a lot to collect in one window is committed before the next resource begins, so that a
        long run that is killed keeps it.
        """
        together = [resource for resource in self.resources if len(ticks) > 1 or self._is_small(resource, ticks[0])]
        batches = [together, *([resource] for resource in self.resources if resource not in together)]
        began = {tick: self.clock(tick) for tick in ticks}
        for batch in filter(None, batches):
            yield from self._collect(batch, began, on_tick, progress)

    def _is_small(self, resource: Resource, tick: datetime) -> bool:
        last, _ = self._last(resource, tick)
        return last is not None and tick - last <= SMALL_WINDOW

    def _collect(
        self,
        resources: Sequence[Resource],
        began: dict[datetime, datetime],
        on_tick: Callable[[datetime], None] | None,
        progress: Callable[[str], None],
    ) -> Iterator[Outcome]:
        landing: Landing | None = None
        plan: list[Outcome | Attempt] = []
        for tick, collected_at in began.items():
            skipped, attempts = self._plan(resources, tick, collected_at)
            plan += [*skipped, *attempts]
            if not attempts:
                continue
            landing = landing or Landing(self.vault, self.instance.source, self.instance.instance, self.work_dir)
            if on_tick is not None:
                on_tick(tick)
            progress(f"{self.instance.instance}: collecting {len(attempts)} resources as at {instant(tick)}")
            self._extract(landing, attempts)
        if landing is not None:
            progress(f"{self.instance.instance}: loading into the vault")
            landing.load()
        broken: set[str] = set()
        for step in plan:
            if isinstance(step, Attempt):
                self._follow(step, broken)
            outcome = step if isinstance(step, Outcome) else self._end(step)
            if outcome.kind == "failed":
                progress(f"{outcome.collection_id}: failed: {outcome.error}")
            yield outcome
        if landing is not None:
            landing.clean()

    def _plan(
        self, resources: Sequence[Resource], tick: datetime, collected_at: datetime
    ) -> tuple[list[Outcome], list[Attempt]]:
        skipped: list[Outcome] = []
        attempts: list[Attempt] = []
        for resource in resources:
            k = self.ledger.commits(self.instance.instance, resource.name, tick)
            if k:
                identity = collection_id(self.instance.instance, resource.name, tick, k - 1)
                skipped.append(Outcome(self.instance.instance, resource.name, tick, identity, "skipped"))
            else:
                attempts.append(Attempt(resource, self._collection(resource, tick, collected_at)))
        return skipped, attempts

    def _collection(self, resource: Resource, tick: datetime, collected_at: datetime) -> Collection:
        """The next collection of a resource, its window by the ledger and by what this run extracted before."""
        last, state = self._last(resource, tick)
        start: datetime | None = None
        if resource.kind == "window":
            start = min(last - resource.lag if last else self.collect_from, tick)
        collection = Collection(
            id=collection_id(self.instance.instance, resource.name, tick, 0),
            instance=self.instance.instance,
            resource=resource.name,
            window=Window(start, tick),
            collected_at=collected_at,
            previous_state=state,
        )
        if resource.kind == "window" and resource.retention is not None:
            uncovered, reach = last or self.collect_from, min(collected_at - resource.retention, tick)
            if uncovered < reach:
                days = resource.retention.days
                collection.gap(uncovered, reach, f"older than the {days} days which the source keeps")
        return collection

    def _last(self, resource: Resource, tick: datetime) -> tuple[datetime | None, dict[str, Any]]:
        entry = self.ledger.last(self.instance.instance, resource.name, tick)
        committed = (entry.window_end, dict(entry.facts["state"])) if entry else None
        extracted = self.done.get(resource.name)
        if extracted is not None and (committed is None or extracted[0] > committed[0]):
            return extracted
        return committed or (None, {})

    def _extract(self, landing: Landing, attempts: list[Attempt]) -> None:
        for attempt in attempts:
            self.ledger.append("started", self._identity(attempt))
        for group in _disjoint(attempts):
            landing.extract(lambda collections: self.module.source(self.instance, collections), group)
        for attempt in attempts:
            if attempt.error is None:
                self.extracted.add(attempt.collection.id)
                self.done[attempt.resource.name] = (attempt.collection.window.end, attempt.collection.state)

    def _follow(self, attempt: Attempt, broken: set[str]) -> None:
        """Fail what built upon the window or state of a collection that was extracted well and then failed to load."""
        if attempt.error is None and attempt.resource.name in broken:
            attempt.fail(SourceError("the collection before it, on which its window builds, failed to load"))
        if attempt.error is not None and attempt.collection.id in self.extracted:
            broken.add(attempt.resource.name)

    def _identity(self, attempt: Attempt) -> dict[str, Any]:
        window = attempt.collection.window
        return {
            "collection_id": attempt.collection.id,
            "source": self.instance.source,
            "instance": self.instance.instance,
            "resource": attempt.resource.name,
            "window_start": instant(window.start) if window.start else None,
            "window_end": instant(window.end),
            "collected_at": instant(attempt.collection.collected_at),
            "versions": self.versions,
        }

    def _end(self, attempt: Attempt) -> Outcome:
        entry = self.ledger.append(
            "failed" if attempt.error else "committed", self._identity(attempt) | end_facts(attempt)
        )
        return Outcome(
            self.instance.instance,
            attempt.resource.name,
            attempt.collection.window.end,
            attempt.collection.id,
            "failed" if attempt.error else "committed",
            entry.facts["rows"],
            attempt.error,
        )


def _disjoint(attempts: Sequence[Attempt]) -> list[list[Attempt]]:
    """Group collections so that no table occurs twice in a group: a package has one file per table."""
    groups: list[tuple[set[str], list[Attempt]]] = []
    for attempt in attempts:
        tables = set(attempt.resource.tables)
        for taken, group in groups:
            if not taken & tables:
                taken |= tables
                group.append(attempt)
                break
        else:
            groups.append((tables, [attempt]))
    return [group for _, group in groups]
