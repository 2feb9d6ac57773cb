"""`itgc sample`: what was drawn, and what a tested sample supports."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestration.engagement import Sampling

RESULTS = {"pass": "pass", "deviation": "deviation"}


class SampleProblem(Exception):  # noqa: N818 - reads as the fact it states
    """A sample cannot be shown or evaluated; the text says what to do."""


def show(package: Path) -> Iterator[str]:
    """The sampling plan of a package and where each control's sample stands.

    Args:
        package: folder of a package.

    Raises:
        SampleProblem: there is no package there.
    """
    plan = package / "sampling_plan.csv"
    if not plan.is_file():
        raise SampleProblem(f"no sampling plan in {package.name}: `itgc package` writes one")
    for row in _rows(plan):
        size, items = row["sample_size"], row["population_items"]
        drawn = f"drawn {row['drawn_at']}" if row["drawn_at"] else "not drawn: no seed yet"
        yield f"{row['control_id']}: {size} of {items} items, {row['method']}, {drawn}; seed {row['seed'] or '-'}"
        yield f"  {row['basis']}"
        yield f"  samples/{row['control_id']}_sample.csv"


def evaluate(file: Path, settings: Sampling) -> Iterator[str]:
    """Evaluate a sample file whose column `auditor_result` was filled with `pass` or `deviation`.

    Args:
        file: a filled copy of `samples/<CONTROL>_sample.csv`.
        settings: confidence and tolerable rate of the engagement.

    Raises:
        SampleProblem: the file is no sample, or a result is missing or unknown.
    """
    from orchestration.report_package.sample_size import evaluate as judge

    if not file.is_file():
        raise SampleProblem(f"{file.name}: not found; give a filled copy of samples/<CONTROL>_sample.csv")
    rows = _rows(file)
    if not rows or "auditor_result" not in rows[0]:
        raise SampleProblem(f"{file.name}: expected the columns of samples/<CONTROL>_sample.csv and at least one item")
    counts = Counter(row["auditor_result"].strip().lower() for row in rows)
    unknown = sorted(set(counts) - set(RESULTS))
    if unknown:
        listed = ", ".join(repr(value) for value in unknown)
        raise SampleProblem(f"{file.name}: auditor_result must be pass or deviation in every row, found {listed}")
    found = judge(len(rows), counts["deviation"], settings.confidence, settings.tolerable_rate)
    yield f"{found.deviations} deviations in {found.size} items: {found.sample_rate:.2%} of the sample"
    limit = f"{found.upper_limit:.2%} (one-sided, Clopper-Pearson)"
    yield f"upper deviation limit at {found.confidence:.0%} confidence: {limit}"
    verdict = "supports" if found.supports_tolerable_rate else "does not support"
    yield f"{verdict} a tolerable rate of {found.tolerable_rate:.0%} if the draw was random and unstratified"


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
