"""Running a Dagster job in this process, for the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import gethostname
from typing import TYPE_CHECKING

from orchestration.workspace import Workspace

if TYPE_CHECKING:
    import dagster as dg

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

    with dg.DagsterInstance.get() as instance, _alone(workspace.build):
        here = {"itgc/started_by": f"command line on {gethostname()}, {workspace.build}"}
        _bury(instance, here)
        result = defs.resolve_job_def(name).execute_in_process(
            instance=instance,
            raise_on_error=False,
            tags=here,
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


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait for other runs of the command line; the operating system lets go when one of them is killed."""
    with (folder / ".run.lock").open("w") as lock:
        try:
            import fcntl
        except ImportError:  # Windows: the pool of the writer alone keeps runs apart
            yield
            return
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _bury(instance: dg.DagsterInstance, here: dict[str, str]) -> None:
    """End what a killed run of the command line left: it holds the writer's place, for which the next would wait.

    Only runs of this machine and build folder, whose lock is held: an instance may be shared, and what its launchers
    started is Dagster's to watch.
    """
    import dagster as dg

    unfinished = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED], tags=here)
    for dead in instance.get_runs(unfinished):
        instance.report_run_failed(dead, "The process ended before the run did.")
        instance.event_log_storage.free_concurrency_slots_for_run(dead.run_id)
