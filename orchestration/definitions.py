"""What Dagster loads: every stage's definitions, nothing else."""

from __future__ import annotations

import dagster as dg

from orchestration.defs import dbt, expectations, ingestion, report_package, schedules

defs = dg.Definitions.merge(
    *(stage.defs for stage in (ingestion, dbt, expectations, report_package, schedules)),
    dg.Definitions(executor=dg.in_process_executor),  # one process, whoever starts the run: there is one writer
)
