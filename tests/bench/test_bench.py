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


def test_parts_measured_again_take_the_place_of_their_own(tmp_path: Path) -> None:
    numbers = {"8a": "items", "9": "items", "1": "collection", "11a": "increment"}

    def told(parts: list[str], measured: float) -> dict[str, Any]:
        goals = [
            {"number": number, "part": part, "measured": measured} for number, part in numbers.items() if part in parts
        ]
        stages = [{"copies": 0, "part": part, "seconds": measured} for part in parts]
        run = {"scale": 100, "repeats": 3, "machine": measured, "parts": parts}
        return {**run, "goals": goals, "stages": stages, "rows": {}}

    whole = report.together(None, told(["increment", "items", "collection"], 1.0) | {"rows": {"100": {}}})
    assert [goal["number"] for goal in whole["goals"]] == ["1", "8a", "9", "11a"]
    again = report.together(whole, told(["items"], 2.0))
    assert [(goal["number"], goal["measured"]) for goal in again["goals"]] == [
        ("1", 1.0), ("8a", 2.0), ("9", 2.0), ("11a", 1.0),
    ]  # fmt: skip
    assert sorted((stage["part"], stage["seconds"]) for stage in again["stages"]) == [
        ("collection", 1.0), ("increment", 1.0), ("items", 2.0),
    ]  # fmt: skip
    assert (again["machine"], again["again"], again["rows"]) == (1.0, ["items"], {"100": {}})
    (tmp_path / "performance.json").write_text(json.dumps(again))
    assert report.read(tmp_path, 100) == again
    assert report.read(tmp_path, 10) is None


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
