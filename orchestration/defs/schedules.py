"""The jobs, one per stage and one for everything, and when they run."""

from __future__ import annotations

from datetime import timedelta

import dagster as dg

from orchestration.defs.expectations import DATA_CHECKS, publish_data_checks
from orchestration.defs.report_package import PACKAGE
from orchestration.workspace import find

engagement = find().engagement()

raw = dg.AssetSelection.groups("sources").materializable()
answers = dg.AssetSelection.checks(publish_data_checks)
package = dg.AssetSelection.assets(DATA_CHECKS, PACKAGE)
models = dg.AssetSelection.all() - raw - package - answers

collect = dg.define_asset_job("collect", raw, description="Collect every source into the vault.")
build = dg.define_asset_job("build", models, description="Build evidence marts and exception views from the vault.")
report = dg.define_asset_job(
    "package",
    package | answers,
    description="Check completeness and coverage, then write and verify the evidence package.",
)
everything = dg.define_asset_job(
    "everything", dg.AssetSelection.all(), description="From the sources to the verified package."
)

daily = dg.ScheduleDefinition(
    name="daily_collection",
    job=collect,
    cron_schedule="15 2 * * *",
    execution_timezone=engagement.zone,
    description="Sources forget (some after a month): collect every night.",
)
_after = engagement.report.evidence_cutoff + timedelta(days=1)
period_end = dg.ScheduleDefinition(
    name="period_end_package",
    job=everything,
    cron_schedule=f"0 6 {_after.day} {_after.month} *",
    should_execute=lambda context: context.scheduled_execution_time.year == _after.year,  # cron knows no years
    execution_timezone=engagement.zone,
    description="The package of the period, on the morning after the evidence cutoff.",
)

defs = dg.Definitions(jobs=[collect, build, report, everything], schedules=[daily, period_end])
