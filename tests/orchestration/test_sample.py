"""`itgc sample evaluate`: the limits of the standard tables, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.engagement import Sampling
from orchestration.sample import SampleProblem, evaluate

SETTINGS = Sampling(confidence=0.9, tolerable_rate=0.05)


def sample(folder: Path, results: list[str]) -> Path:
    path = folder / "CM-01_sample.csv"
    path.write_text(
        "sample_id,item_key,auditor_result\n" + "".join(f"s{n},k{n},{result}\n" for n, result in enumerate(results))
    )
    return path


@pytest.mark.parametrize(
    ("size", "deviations", "limit", "verdict"),
    [(25, 0, "8.80%", "does not support"), (60, 0, "3.7", "supports"), (60, 1, "6.3", "does not support")],
)
def test_limits_of_the_tables(tmp_path: Path, size: int, deviations: int, limit: str, verdict: str) -> None:
    lines = list(evaluate(sample(tmp_path, ["deviation"] * deviations + ["pass"] * (size - deviations)), SETTINGS))
    assert f"confidence: {limit}" in lines[1]
    assert lines[2].startswith(verdict)


@pytest.mark.parametrize("results", [["pass", ""], ["pass", "fine"], []])
def test_an_unfinished_sample_is_refused(tmp_path: Path, results: list[str]) -> None:
    with pytest.raises(SampleProblem):
        list(evaluate(sample(tmp_path, results), SETTINGS))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SampleProblem, match="not found"):
        list(evaluate(tmp_path / "x.csv", SETTINGS))
