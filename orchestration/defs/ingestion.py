"""Raw assets: one per table of the vault, collected source by source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from ingestion.contract import instant
from ingestion.pipeline import Outcome
from ingestion.sources import connector
from orchestration import collection, progress
from orchestration.defs import COMPLIANCE, ENGINEERS
from orchestration.workspace import find

workspace = find()
engagement = workspace.engagement()


def _asset_for(source: str) -> dg.AssetsDefinition:
    instances = ", ".join(item.instance for item in engagement.sources if item.source == source)
    resource_of: dict[dg.AssetKey, str] = {}
    specs: dict[dg.AssetKey, dg.AssetSpec] = {}
    for resource in connector(source).RESOURCES:
        for table in resource.tables:
            key = dg.AssetKey([f"raw_{source}", table])
            resource_of[key] = resource.name
            specs[key] = dg.AssetSpec(
                key=key,
                group_name="sources",
                description=f"{resource.description} As received, in the vault. Instances: {instances}.",
                kinds={"dlt", "parquet"},
                owners=COMPLIANCE if source == "registers" else ENGINEERS,
                tags={"source": source},
            )

    @dg.multi_asset(specs=list(specs.values()), name=f"collect_{source}", can_subset=False)
    def collect_source() -> Iterator[Any]:
        report = collection.collect(workspace, engagement, source, progress.say)
        for key, resource in resource_of.items():
            outcomes = [outcome for outcome in report.committed if outcome.resource == resource]
            rows = sum(outcome.rows for outcome in outcomes)
            yield dg.MaterializeResult(asset_key=key, metadata={"collections": len(outcomes), "rows_of_resource": rows})
        if report.failed:
            raise dg.Failure(description="\n".join(_in_words(report.failed)), allow_retries=False)

    return collect_source


def _in_words(failed: Sequence[Outcome], most: int = 8) -> list[str]:
    """One line per cause: what was said, and which resources it cost since when."""
    by_cause: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in failed:
        by_cause[f"{outcome.instance}: {str(outcome.error).removeprefix(f'{outcome.instance}: ')}"].append(outcome)
    lines = []
    for cause, outcomes in by_cause.items():
        resources = list(dict.fromkeys(outcome.resource for outcome in outcomes))
        shown = ", ".join(resources[:3]) + (f" and {len(resources) - 3} more" if len(resources) > 3 else "")
        since = min(outcome.window_end for outcome in outcomes)
        lines.append(
            f"{cause} ({shown}; as at {instant(since)}{' and later' if len(outcomes) > len(resources) else ''})"
        )
    return lines[:most] + ([f"… and {len(lines) - most} more causes"] if len(lines) > most else [])


def _own(schema: str, table: str, description: str) -> dg.AssetSpec:
    """A table that no source collects: the tool's own."""
    return dg.AssetSpec(
        [schema, table], group_name="sources", description=description, kinds={"parquet"}, owners=ENGINEERS
    )


defs = dg.Definitions(
    assets=[
        *(_asset_for(source) for source in dict.fromkeys(item.source for item in engagement.sources)),
        _own("raw_ledger", "collections", "The ledger: every attempt to collect, in the order of its hash chain."),
        _own("raw_ledger", "collection_tables", "The ledger: rows, keys and files of every table of every collection."),
        _own("raw_itgc", "detections", "When each exception was detected first, as stamped by earlier packages."),
    ]
)
