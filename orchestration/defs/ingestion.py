"""Raw assets: one per table of the vault, collected source by source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dagster as dg

from ingestion.sources import resources
from orchestration import collection, progress
from orchestration.workspace import find

workspace = find()
engagement = workspace.engagement()


def _asset_for(source: str) -> dg.AssetsDefinition:
    instances = [item.instance for item in engagement.sources if item.source == source]
    specs = [
        dg.AssetSpec(
            key=[f"raw_{source}", table],
            group_name="sources",
            description=f"{resource.description or resource.name} As received, in the vault; instances: {', '.join(instances)}.",
            kinds={"dlt", "parquet"},
            tags={"source": source},
            skippable=True,
        )
        for resource in resources(source)
        for table in resource.tables
    ]
    distinct = list({spec.key: spec for spec in specs}.values())

    @dg.multi_asset(specs=distinct, name=f"collect_{source}", can_subset=False)
    def collect_source(context: dg.AssetExecutionContext) -> Iterator[Any]:
        report = collection.collect(workspace, engagement, source, progress.collected)
        for key in sorted(context.selected_asset_keys):
            yield dg.MaterializeResult(asset_key=key, metadata={"rows_collected_now": report.rows(key.path[1]), "ledger_entries": report.committed})
        if report.failures:
            raise dg.Failure(description="\n".join(str(failure) for failure in report.failures), allow_retries=False)

    return collect_source


defs = dg.Definitions(assets=[_asset_for(source) for source in dict.fromkeys(item.source for item in engagement.sources)])
