"""Running a Dagster job in this process, for the command line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from orchestration.workspace import Workspace

_OWN = re.compile(r"^(orchestration|ingestion|expectations)\.[\w.]+: ")
"""What Python writes before the text of this project's own exceptions; the text alone is for people."""


@dataclass(frozen=True)
class JobOutcome:
    """How a job ended; `failures` holds what each failed step said."""

    success: bool
    failures: tuple[str, ...]


def run(workspace: Workspace, name: str) -> JobOutcome:
    """Run one job of :mod:`orchestration.defs.schedules` in process; its events are kept for the UI.

    Args:
        workspace: the engagement's workspace; its environment is set first.
        name: collect, build, package or everything.
    """
    workspace.prepare()
    import dagster as dg

    from orchestration.definitions import defs

    with dg.DagsterInstance.get() as instance:
        result = defs.resolve_job_def(name).execute_in_process(
            instance=instance,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
        failures = []
        for event in result.all_events:
            if event.is_step_failure:
                data = event.step_failure_data
                said = data.user_failure_data.description if data.user_failure_data else None
                raised = data.error.cause.message if data.error and data.error.cause else str(data.error)
                failures.append(said or _OWN.sub("", raised).strip())
        return JobOutcome(result.success, tuple(failures))
