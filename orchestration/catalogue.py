"""The control catalogue as Python reads it: the rows of the dbt seed `controls.csv`."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Control:
    """One row of the catalogue, as far as orchestration needs it."""

    control_id: str
    category: str
    question: str
    statement: str
    soc2_criteria: str
    population_id: str
    frame_id: str
    population_definition: str


def controls(project: Path) -> list[Control]:
    """The controls in the catalogue's order."""
    with (project / "dbt_project" / "seeds" / "catalogue" / "controls.csv").open(encoding="utf-8", newline="") as file:
        return [Control(**{name: row[name] for name in Control.__dataclass_fields__}) for row in csv.DictReader(file)]


HRIS = frozenset({"bamboohr", "hris_csv"})
"""Sources of employment: a control that rests on one of them is served by any."""


def sources_of_controls(project: Path) -> dict[str, set[str]]:
    """Control id → the sources that it rests on, from the seed `control_resources.csv`."""
    found: dict[str, set[str]] = {}
    path = project / "dbt_project" / "seeds" / "catalogue" / "control_resources.csv"
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["control_id"], set()).add(row["source"])
    return found
