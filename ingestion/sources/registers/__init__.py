"""Registers: what people decide, kept as CSV and collected like any source; one resource per register."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import dlt

from ingestion.contract import Collection, Finding
from ingestion.files import dlt_resources, examine, file_resources
from ingestion.sources.registers.schema import REGISTERS

if TYPE_CHECKING:
    from ingestion.sources.registers.config import RegistersInstance

RESOURCES = file_resources(REGISTERS)


@dlt.source(name="registers", max_table_nesting=0)
def source(instance: RegistersInstance, collections: Mapping[str, Collection]) -> Any:
    """One dlt resource per register in `collections`, and the quarantine."""
    yield from dlt_resources(REGISTERS, instance.folder, collections, {}, optional=True)


def doctor(instance: RegistersInstance) -> Iterator[Finding]:
    """Read every register and say which rows would be set aside."""
    yield from examine(REGISTERS, instance.folder, instance.instance, optional=True)
