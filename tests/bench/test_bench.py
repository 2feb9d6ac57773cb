"""The benchmark runs at a tiny scale, its output has its shape, the document is what the results say. No time is asserted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from bench import goals, report
from bench.__main__ import main
from bench.measure import Clock, SideFailed, compare, run_side
from tests.conftest import PROJECT, Run


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "performance.md").write_text(
        f"# Speed\n\n{report.BEGIN}\n{report.END}\n\nWhy.\n", encoding="utf-8"
    )
    return tmp_path / "docs"


def results(docs: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((docs / "performance.json").read_text(encoding="utf-8"))
    page = (docs / "performance.md").read_text(encoding="utf-8")
    assert page.startswith("# Speed\n")
    assert page.endswith("\nWhy.\n")
    assert report.between(page, report.markdown(told)) == page
    for goal in told["goals"]:
        assert goal["goal"]
        assert goal["measured"] > 0
        assert goal["is_met"] in {True, False, None}
    return told


def test_what_needs_no_company(tmp_path: Path, docs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts = ["--only", "command-line", "collection", "items"]
    assert (
        main(["--rows", "2000", "--repeats", "1", "--work", str(tmp_path / "work"), "--docs", str(docs), *parts]) == 0
    )
    told = results(docs)
    assert [goal["number"] for goal in told["goals"]] == ["0", "1", "2", "3a", "3b", "8a", "8b", "9"]
    assert all(stage["peak_mb"] > 10 for stage in told["stages"])
    assert "itgc --help" in capsys.readouterr().out
    assert {path.name for path in (tmp_path / "work").iterdir()} == {"flat", "flat-small", "results.json"}


@pytest.mark.slow
def test_the_pipeline_at_one_copy(run: Run, tmp_path: Path, docs: Path) -> None:
    base = tmp_path / "work" / "base"
    shutil.copytree(run.build / "vault", base / "vault")
    (base / "collected").touch()
    options = ["--repeats", "1", "--work", str(tmp_path / "work"), "--engagement", str(run.engagement)]
    assert main([*options, "--docs", str(docs), "--only", "pipeline"]) == 0
    told = results(docs)
    assert [goal["number"] for goal in told["goals"]] == ["4a", "4b", "6a", "6b", "8c", "8d"]
    stages = {stage["stage"]: stage for stage in told["stages"]}
    assert {"dbt_build", "data_checks", "package", "verify"} <= stages.keys()
    assert stages["package"]["facts"]["state"] == "CHECKS_PASSED", stages["package"]["facts"]["because"]
    assert told["rows"]["1"]["github.pull_requests"] > 0


def test_the_document_is_what_the_command_wrote() -> None:
    told = json.loads((PROJECT / "docs" / "performance.json").read_text(encoding="utf-8"))
    page = (PROJECT / "docs" / "performance.md").read_text(encoding="utf-8")
    assert report.between(page, report.markdown(told)) == page


def test_a_document_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="one line"):
        report.between("# Speed\n", "")


def test_a_side_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(SideFailed, match=r"flat\.ndjson"):
        run_side("engine_copy", {"folder": str(tmp_path)})


def test_sides_run_in_turn_and_medians_of_their_ratios_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    from bench import measure

    took = iter([2.0, 4.0, 1.0, 9.0, 10.0, 10.0])
    order: list[str] = []

    def fake(name: str, _: Any) -> measure.Measured:
        order.append(name)
        seconds = next(took)
        return measure.Measured(seconds, seconds, 10 * seconds, {})

    monkeypatch.setattr(measure, "run_side", fake)
    pair = compare(("left", {}), ("right", {}), 3)
    assert order == ["right", "left"] * 3
    assert pair.ratio == pair.cpu_ratio == 2.0
    assert pair.peak_mb == 100


def test_what_makes_the_items_does_not_count() -> None:
    import time

    def slow() -> Any:
        for number in range(3):
            time.sleep(0.05)
            yield number

    clock = Clock()
    with clock.running():
        assert list(clock.apart(slow())) == [0, 1, 2]
    assert clock.seconds < 0.1


@pytest.mark.parametrize(("scale", "sizes"), [(1, [1]), (4, [1, 4]), (10, [1, 10]), (100, [1, 10, 100])])
def test_sizes(scale: int, sizes: list[int]) -> None:
    assert goals.Plan(scale, 1, Path()).sizes == sizes
