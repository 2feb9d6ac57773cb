"""Is everything in place to collect? Each source answers for itself."""

from __future__ import annotations

from collections.abc import Iterator

from ingestion.contract import Finding, SourceError
from ingestion.sources import connector
from orchestration import collection
from orchestration.engagement import Engagement
from orchestration.workspace import Workspace


def examine(workspace: Workspace, engagement: Engagement) -> Iterator[tuple[str, Finding]]:
    """Findings of every source instance, in the order of the engagement.

    Yields:
        (instance name, finding); a source that cannot even be asked yields one failed finding.
    """
    yield "engagement", Finding("configuration", True, f"{workspace.engagement_path.name} is valid")
    with collection.reachable(workspace, engagement) as (instances, _):
        for instance in instances:
            try:
                for finding in connector(instance.source).doctor(instance):
                    yield instance.instance, finding
            except SourceError as error:
                yield instance.instance, Finding("can be asked", False, error.message, error.remedy)
