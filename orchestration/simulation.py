"""The demo company: generated, served on loopback by the vendors' own routes, collected under an injected clock.

Only engagements with a `simulation` section come here. The connectors, the pipeline and the models do not know of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from ingestion.config import SourceInstance
from orchestration.engagement import Engagement, EngagementError, Simulation, load
from orchestration.workspace import Workspace


def ticks(engagement: Engagement) -> list[datetime]:
    """When the demo collects: at the demo company's own instants before the evidence cutoff, and then."""
    from ingestion.demo.timeline import TICKS

    return [*(tick for tick in TICKS if tick < engagement.evidence_cutoff_at), engagement.evidence_cutoff_at]


def write_engagement(project: Path, folder: Path, scenario: str, scale: float) -> Path:
    """Write the shipped demo engagement with another scenario and scale.

    Args:
        project: the project's folder, whose engagement.yml is the demo's.
        folder: where to write it.
        scenario: a name of `ingestion.demo.scenarios.SCENARIOS`.
        scale: size of the company.

    Raises:
        EngagementError: the project's engagement is no demo (any more), or the scenario or scale is unknown.
    """
    shipped = yaml.safe_load((project / "engagement.yml").read_text(encoding="utf-8"))
    if not shipped.get("simulation"):
        raise EngagementError("engagement.yml is no longer the demo's; take the shipped one from the project's history")
    shipped["simulation"] |= {"scenario": scenario, "scale": scale}
    try:
        Simulation.model_validate(shipped["simulation"])
    except ValidationError as error:
        problems = (f"--{issue['loc'][0]}: {issue['msg']}" for issue in error.errors(include_url=False))
        raise EngagementError("\n".join(problems)) from None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "engagement.yml"
    path.write_text(yaml.safe_dump(shipped, sort_keys=False, allow_unicode=True), encoding="utf-8")
    load(path)
    return path


@contextmanager
def serving(
    workspace: Workspace, engagement: Engagement, source: str | None
) -> Iterator[tuple[tuple[SourceInstance, ...], Callable[[datetime], None]]]:
    """Generate the company if needed and serve it while the context lasts.

    Args:
        workspace: the company stands in its `demo` folder.
        engagement: an engagement with a `simulation` section.
        source: the source about to be collected; None for all.

    Waiting between attempts costs no time under an injected clock.

    Yields:
        The source instances with `{demo}` and `{demo_files}` replaced by the server's address and the company's folder,
        and `on_tick(instant)`, which sets the company's clock.
    """
    from ingestion.demo.company import open_company

    if engagement.simulation is None:
        raise ValueError("not a simulated engagement")
    with (
        _no_waiting(),
        open_company(
            workspace.demo, engagement.simulation.seed, engagement.simulation.scale, engagement.simulation.scenario
        ) as company,
    ):
        for variable, value in company.secrets.items():
            os.environ.setdefault(variable, value)
        yield (
            tuple(_addressed(source, company.url, str(workspace.demo)) for source in engagement.sources),
            lambda instant: company.set_clock(instant, source),
        )


@contextmanager
def _no_waiting() -> Iterator[None]:
    from ingestion import http

    real, http.sleep = http.sleep, lambda _: None
    try:
        yield
    finally:
        http.sleep = real


def _addressed(source: SourceInstance, url: str, folder: str) -> SourceInstance:
    def replace(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace("{demo}", url).replace("{demo_files}", folder)
        if isinstance(value, dict):
            return {key: replace(item) for key, item in value.items()}
        return [replace(item) for item in value] if isinstance(value, list | tuple) else value

    return type(source).model_validate(replace(source.model_dump(mode="json")))
