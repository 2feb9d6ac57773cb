"""dbt in this process: parse once, build once, results as plain data. No subprocess, no version look-up."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from orchestration.workspace import Workspace


class DbtError(Exception):
    """dbt could not parse or build; the text names the first failing nodes and what to read."""


@dataclass(frozen=True)
class NodeResult:
    """What dbt says of one node.

    Attributes:
        unique_id: dbt's id, e.g. `model.itgc.cm_01__code_changes`.
        resource_type: model, seed, test …
        status: success, pass, fail, error, skipped, warn.
        seconds: execution time.
        message: dbt's message, one line.
        failures: failing rows of a test.
    """

    unique_id: str
    resource_type: str
    status: str
    seconds: float
    message: str
    failures: int

    @property
    def ok(self) -> bool:
        """Whether the node did what it should."""
        return self.status in {"success", "pass", "warn"}


def _invoke(
    workspace: Workspace,
    arguments: Sequence[str],
    variables: Mapping[str, Any],
    on_event: Callable[[Any], None] | None = None,
) -> Any:
    workspace.prepare()
    os.environ["ITGC_VAULT"] = workspace.vault.url
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    # results carry what dbt would log; its loggers render every event, also those below their level: a fifth of a build
    quiet = ["--quiet", "--no-use-colors", "--log-level", "none", "--log-level-file", "none"]
    runner = dbtRunner(callbacks=[on_event] if on_event else [])
    try:
        with redirect_stdout(StringIO()):
            chosen = ["--target", workspace.engine, "--vars", json.dumps(dict(variables), sort_keys=True)]
            return runner.invoke([*quiet, *arguments, *chosen])
    finally:
        # dbt-duckdb keeps its connection for the life of the process; nobody else could open the file as they need it.
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


def parse(workspace: Workspace) -> Path:
    """Parse the project when something changed since the last time.

    Returns:
        The path of `manifest.json`.

    Raises:
        DbtError: the project does not parse.
    """
    sources = [workspace.project / "dbt_project.yml", *(workspace.project / "dbt_project").rglob("*")]
    newest = max((path.stat().st_mtime for path in sources if path.is_file()), default=0.0)
    if not _is_whole(workspace.manifest) or workspace.manifest.stat().st_mtime < max(
        newest, workspace.engagement_path.stat().st_mtime
    ):
        result = _invoke(workspace, ["parse"], workspace.engagement().dbt_vars())
        if not result.success:
            raise DbtError(f"dbt cannot parse the project: {result.exception}")
    return workspace.manifest


def _is_whole(manifest: Path) -> bool:
    """Whether the manifest is there to its end: dbt writes it in place, so that a killed run leaves a torn one."""
    try:
        json.loads(manifest.read_bytes())
    except (FileNotFoundError, ValueError):
        return False
    return True


def build(
    workspace: Workspace, on_node: Callable[[str, int, int], None] | None = None, *, tests: bool = True
) -> list[NodeResult]:
    """Seeds, models and data tests in dependency order (unit tests run in the test command, not here).

    Args:
        workspace: where.
        on_node: called with (node name, position, total) as nodes finish.
        tests: whether to run the data tests.

    Returns:
        One result per node.

    Raises:
        DbtError: dbt could not run at all.
    """

    def listen(event: Any) -> None:
        if on_node and event.info.name in {"LogModelResult", "LogTestResult", "LogSeedResult"}:
            total = getattr(event.data, "total", 0) or getattr(event.data, "num_models", 0)
            on_node(event.data.node_info.node_name, event.data.index, total)

    left_out = ["unit_test"] if tests else ["unit_test", "test"]
    result = _invoke(
        workspace, ["build", "--exclude-resource-type", *left_out], workspace.engagement().dbt_vars(), listen
    )
    if result.result is None:
        raise DbtError(f"dbt could not run: {result.exception}")
    return list(_results(result.result))


def _results(outcome: Any) -> Iterator[NodeResult]:
    for item in outcome.results:
        yield NodeResult(
            unique_id=item.node.unique_id,
            resource_type=str(item.node.resource_type),
            status=str(item.status),
            seconds=float(item.execution_time),
            message=" ".join(str(item.message or "").split()),
            failures=int(item.failures or 0),
        )
