"""Workers and managers from the CSV export of any HR system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import dlt

from ingestion.contract import Collection, Finding
from ingestion.files import dlt_resources, examine, file_resources
from ingestion.sources.hris_csv.schema import TABLES

if TYPE_CHECKING:
    from ingestion.sources.hris_csv.config import HrisCsvInstance

RESOURCES = file_resources(TABLES)


@dlt.source(name="hris_csv", max_table_nesting=0)
def source(instance: HrisCsvInstance, collections: Mapping[str, Collection]) -> Any:
    """One dlt resource per file in `collections`, and the quarantine."""
    context = {"zone": instance.zone, "calendar": instance.calendar}
    yield from dlt_resources(TABLES, instance.folder, collections, context)


def doctor(instance: HrisCsvInstance) -> Iterator[Finding]:
    """Read both files and say which rows would be set aside."""
    yield from examine(TABLES, instance.folder, instance.instance)
