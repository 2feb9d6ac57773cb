"""Collecting an engagement: which instants, from where, and whether the vault already holds the period."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ingestion.config import SourceInstance
from orchestration import clock
from orchestration.engagement import Engagement
from orchestration.workspace import CODE_VERSION, Workspace


def ticks(engagement: Engagement, source: str) -> list[datetime]:
    """The instants to collect a source at: now, or the demo's months under its injected clock.

    Nothing counts that a system did after the evidence cutoff; what people answer to findings comes later all the same.
    """
    if engagement.simulation:
        from orchestration import simulation

        return simulation.ticks(engagement)
    return [clock.now() if source == "registers" else min(clock.now(), engagement.evidence_cutoff_at)]


def later_than_cutoff(workspace: Workspace, engagement: Engagement) -> list[str]:
    """Collections of systems that end after the evidence cutoff: the vault belongs to another engagement."""
    from ingestion.ledger import Ledger

    cutoff = engagement.evidence_cutoff_at
    return [
        entry.collection_id
        for entry in Ledger(workspace.vault).committed
        if entry.facts["source"] not in {"registers", "itgc"} and entry.window_end > cutoff
    ]


def now(engagement: Engagement) -> datetime:
    """The instant that stamps carry: the clock, or the demo's last tick."""
    return engagement.evidence_cutoff_at if engagement.simulation else clock.now()


@contextmanager
def reachable(
    workspace: Workspace, engagement: Engagement, source: str | None = None
) -> Iterator[tuple[tuple[SourceInstance, ...], Callable[[datetime], None] | None]]:
    """The source instances with real addresses while the context lasts; the demo is served on loopback.

    Args:
        workspace: where the demo company stands.
        engagement: names the instances.
        source: the source about to be collected; None for all.
    """
    if engagement.simulation is None:
        yield tuple(_placed(instance, workspace) for instance in engagement.sources), None
        return
    from orchestration import simulation

    with simulation.serving(workspace, engagement, source) as (instances, on_tick):
        yield tuple(_placed(instance, workspace) for instance in instances), on_tick


def holds_period(workspace: Workspace, engagement: Engagement) -> bool:
    """Whether every resource of every source was committed up to the evidence cutoff; before it, up to today.

    Today is a day of the engagement's zone: whoever packages twice on one day packages the same vault twice.
    """
    from ingestion.ledger import Ledger
    from ingestion.sources import connector

    ledger = Ledger(workspace.vault)
    wanted = engagement.evidence_cutoff_at
    if not engagement.simulation:
        today = clock.now().astimezone(ZoneInfo(engagement.zone)).date()
        wanted = min(wanted, clock.start_of_day(today, engagement.zone))
    return all(
        any(entry.window_end >= wanted for entry in ledger.of(source.instance, resource.name))
        for source in engagement.sources
        for resource in connector(source.source).RESOURCES
    )


def collect(
    workspace: Workspace, engagement: Engagement, source: str, progress: Callable[..., None] | None = None
) -> Any:
    """Collect every instance of a source at every tick that the ledger does not hold yet.

    Returns:
        The pipeline's CollectReport; failures stand in it, none is raised.
    """
    from ingestion.pipeline import collect as run

    with reachable(workspace, engagement, source) as (instances, on_tick):
        return run(
            workspace.vault,
            [instance for instance in instances if instance.source == source],
            ticks(engagement, source),
            work_dir=workspace.collector,
            collect_from=engagement.collect_from,
            code_version=CODE_VERSION,
            on_tick=on_tick,
            clock=(lambda tick: tick) if engagement.simulation else (lambda _: clock.now()),
            progress=progress,
        )


def _placed(instance: SourceInstance, workspace: Workspace) -> SourceInstance:
    """Folders where they belong: git's clones in the workspace, files beside the engagement file that names them."""
    if instance.source == "git":
        return instance.model_copy(update={"clones": workspace.collector / "git"})
    if isinstance(folder := getattr(instance, "folder", None), Path):
        return instance.model_copy(update={"folder": workspace.engagement_path.parent / folder})
    return instance
