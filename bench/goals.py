"""What is measured for each goal, and whether it is met."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.measure import Measured, Pair, compare, run_side

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes:
        scale: Copies of the demo company in the largest vault; 100 is the reference load.
        repeats: How often each pair of sides runs.
        work: Folder of vaults, warehouses and scratch.
        engagement: Engagement file of the collected company; None for the project's own.
        rows: Flat records and job runs, in place of those of the scale.
    """

    scale: int
    repeats: int
    work: Path
    engagement: Path | None = None
    rows: int | None = None

    @property
    def sizes(self) -> list[int]:
        """Copies of the company in the vaults that are built, ascending."""
        return sorted({1, min(10, self.scale), self.scale})

    @property
    def flat_rows(self) -> int:
        """Flat records that are landed: a million at the reference load."""
        return self.rows or min(1_000_000, 100_000 * self.scale)

    @property
    def items(self) -> int:
        """Job runs that are exported and drawn from: ten million at the reference load."""
        return self.rows or min(10_000_000, 1_000_000 * self.scale)


@dataclass(frozen=True)
class Goal:
    """One line of the table.

    Attributes:
        number: As in the list of goals.
        goal: In words, with its limit.
        measured: The figure, rounded; None when this scale cannot tell.
        is_met: Whether it holds; None when it was not measured.
        by_processor: The ratio of processor times, where the figure is a ratio of times.
        note: What was compared, how much of it.
        part: The part of :data:`PARTS` that measured it.
    """

    number: str
    goal: str
    measured: float | None
    is_met: bool | None
    by_processor: float | None = None
    note: str = ""
    part: str = ""


@dataclass
class Stage:
    """One stage of the pipeline at one size; `part` as in :class:`Goal`."""

    copies: int
    stage: str
    seconds: float
    cpu_seconds: float
    peak_mb: float
    facts: dict[str, Any] = field(default_factory=dict)
    part: str = ""


@dataclass
class Results:
    """All that was measured; `parts` are those that this run measured."""

    parts: list[str] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    rows: dict[int, dict[str, int]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return asdict(self)


def at_most(number: str, goal: str, limit: float, pair: Pair, note: str, *, is_judged: bool = True) -> Goal:
    """A goal that a ratio of times is at most so much; not judged where the size is not that of the goal."""
    is_met = pair.ratio <= limit if is_judged else None
    return Goal(number, goal, round(pair.ratio, 3), is_met, round(pair.cpu_ratio, 3), note)


def at_least(number: str, goal: str, limit: float, pair: Pair, note: str) -> Goal:
    """A goal that a speed is at least so many times that of the other side; the pair's left side is the other one."""
    return Goal(number, goal, round(pair.ratio, 2), pair.ratio >= limit, round(pair.cpu_ratio, 2), note)


def measure(
    plan: Plan, say: Say, parts: Sequence[str] = (), keep: Callable[[Results], None] = lambda _: None
) -> Results:
    """Measure everything, or some parts of :data:`PARTS`, cheap ones first.

    Args:
        plan: How much.
        say: Called with one line per step.
        parts: Names of parts; none for all.
        keep: Called with what there is after every part, so that a long run that is stopped keeps it.
    """
    results = Results()
    plan.work.mkdir(parents=True, exist_ok=True)
    for name, part in PARTS.items():
        if not parts or name in parts:
            say(f"{name} …")
            known = len(results.stages)
            results.goals += [replace(goal, part=name) for goal in part(plan, results, say)]
            for stage in results.stages[known:]:
                stage.part = name
            results.parts.append(name)
            keep(results)
    return results


def _command_line(plan: Plan, _: Results, __: Say) -> Iterator[Goal]:
    pair = compare(("cli_help", {}), ("python_pass", {}), max(5, plan.repeats))
    seconds = sorted(one.seconds for one in pair.left)[len(pair.left) // 2]
    note = f"{pair.ratio:.0f} × `python -c pass`; the limit is half a second"
    yield Goal("0", "`itgc --help` ≤ 0.5 s", round(seconds, 2), seconds <= 0.5, round(pair.cpu_ratio, 2), note)


def _collection(plan: Plan, results: Results, _: Say) -> Iterator[Goal]:
    rows, folder = plan.flat_rows, str(plan.work / "flat")
    small = max(1_000, rows // 10)
    run_side("flat_records", {"rows": rows, "folder": folder})
    run_side("flat_records", {"rows": small, "folder": f"{folder}-small"})
    own = {"folder": folder, "rows": rows}
    arrow = compare(("engine_copy", {"folder": folder}), ("land_arrow", own), plan.repeats)
    note = f"{rows:,} flat records: the engine's JSON → Parquet copy by the landing of Arrow pages, files hashed"
    yield at_least("1", "Arrow ingest ≥ 0.5 of the engine's copy", 0.5, arrow, note)
    pages = compare(("dlt_dicts", own), ("land_dicts", own), plan.repeats)
    note = f"{rows:,} records in pages of 1,000: dlt's default by the project's landing, which also hashes every record"
    yield at_least("2", "dict-page ingest ≥ 2 × dlt's default", 2.0, pages, note)
    peak = max(one.peak_mb for one in [*pages.right, *arrow.right])
    results.stages += [
        _stage(0, f"landing {rows:,} records as dict pages", pages.right[-1]),
        _stage(0, f"landing {rows:,} records as Arrow pages", arrow.right[-1]),
    ]
    few = run_side("land_dicts", {"folder": f"{folder}-small", "rows": small})
    at_size = rows >= 1_000_000
    note = f"{rows:,} records, the larger of Arrow and dict pages" + (
        "" if at_size else "; the goal speaks of a million"
    )
    yield Goal("3a", "ingest peak ≤ 500 MB at 1M rows", round(peak), peak <= 500 if at_size else None, None, note)
    growth = max(one.peak_mb for one in pages.right) / few.peak_mb
    note = f"peak at {rows:,} records by peak at {small:,}, dict pages; held to 1.25"
    yield Goal("3b", "and flat in the number of rows", round(growth, 2), growth <= 1.25, None, note)


def _items(plan: Plan, results: Results, _: Say) -> Iterator[Goal]:
    rows, path = plan.items, str(plan.work / "items.duckdb")
    folder = str(plan.work)
    run_side("job_runs", {"path": path, "rows": rows})
    both = {"path": path, "folder": folder}
    export = compare(("export_leaves", both), ("export_plain", both), plan.repeats)
    what = f"{rows:,} rows of a table of the bench's own (the project has no mart of job runs yet)"
    full = rows >= 10_000_000
    what += "" if full else "; the goal speaks of ten million"
    yield at_most("8a", "leaves + root ≤ 2.5 × the ordered CSV export", 2.5, export, what, is_judged=full)
    results.stages.append(_stage(0, f"export with leaves of {rows:,} items", export.left[-1]))
    yield Goal("8b", "peak of it ≤ 4 GB", round(export.peak_mb), export.peak_mb <= 4096 if full else None, None, what)
    sample = compare(("draw_sample", {"path": path}), ("hash_pass", {"path": path}), plan.repeats)
    yield at_most("9", "sample of 60 ≤ 0.6 × one hashing pass", 0.6, sample, what, is_judged=full)
    results.stages.append(_stage(0, f"draw of 60 from {rows:,} items", sample.left[-1]))
    for name in ("items.duckdb", "leaves.csv", "plain.csv"):
        (plan.work / name).unlink(missing_ok=True)


def _nodes(plan: Plan, _: Results, __: Say) -> Iterator[Goal]:
    build = _fresh(plan, "empty")
    (build / "vault" / "ledger").mkdir(parents=True)
    whole = [run_side("dbt_build", {"build": str(build)}) for _ in range(max(1, plan.repeats - 1))][-1]
    one = run_side("dbt_one", {"build": str(build)})
    nodes = int(whole.facts["nodes"])
    each = 1000 * (whole.seconds - one.seconds) / (nodes - 1)
    by_processor = 1000 * (whole.cpu_seconds - one.cpu_seconds) / (nodes - 1)
    shares = run_side("dbt_profile", {"build": str(build)}).facts["shares"]
    parts = ", ".join(f"{part} {share:.0%}" for part, share in shares.items())
    note = (
        f"{nodes} nodes over an empty vault, less the start of dbt; milliseconds, an absolute figure; of a profile, "
        f"{parts}"
    )
    yield Goal(
        "7", "the dbt project with all tests ≤ 20 ms a node", round(each, 1), each <= 20, round(by_processor, 1), note
    )


def _warm(plan: Plan, _: Results, __: Say) -> Iterator[Goal]:
    build = _fresh(plan, "warm")
    run_side("collect_demo", {"build": str(build)})  # the company is generated, bytecode compiled
    pair = compare(("everything", {"build": str(build)}), ("collect_and_build", {"build": str(build)}), plan.repeats)
    note = "`itgc package` of the demo by its collection and `dbt build` in one process"
    yield at_most("10", "demo → verified package, warm ≤ 2 × its dbt build + collection", 2.0, pair, note)


def _increment(plan: Plan, results: Results, _: Say) -> Iterator[Goal]:
    rows, folder = plan.flat_rows, str(plan.work / "flat")
    day_rows = max(1, rows // 365)
    run_side("flat_records", {"rows": rows, "folder": folder})
    run_side("flat_records", {"rows": day_rows, "folder": f"{folder}-day"})
    landed = compare(
        ("land_dicts", {"folder": f"{folder}-day", "rows": day_rows}),
        ("land_dicts", {"folder": folder, "rows": rows}),
        plan.repeats,
    )
    note = f"{day_rows:,} records of a day by {rows:,} of a year, dict pages, dlt's own start counted"
    at_size = rows >= 1_000_000
    yield at_most("11a", "a day's collection ≤ 1/20 of a full one", 0.05, landed, note, is_judged=at_size)

    build = _fresh(plan, "daily")
    year = run_side("collect_demo", {"build": str(build), "ticks": 1})
    day = run_side("collect_demo", {"build": str(build), "day_after": True})
    many, few = year.facts["rows_of_windows"], day.facts["rows_of_windows"]
    note = f"the demo over HTTP: {few:,} rows of events and changes of a day by {many:,} of a year"
    yield Goal("11b", "the same by rows collected", round(few / many, 3), few / many <= 0.05, None, note)
    ratio = day.seconds / year.seconds
    note = (
        f"the same two: beside them {day.facts['rows'] - few:,} rows of snapshots, which are collected whole at every "
        f"instant, and what a run of seven sources costs that finds nothing"
    )
    by_processor = round(day.cpu_seconds / year.cpu_seconds, 3)
    yield Goal("11c", "the same by time of the whole run", round(ratio, 3), ratio <= 0.05, by_processor, note)

    whole = [stage for stage in results.stages if stage.copies == plan.scale and stage.stage == "dbt_build"]
    if whole:
        staging = whole[0].facts["system_log_seconds"]
        note = (
            f"nothing is incremental in the warehouse; staging of the event log is this part of `dbt build` with tests "
            f"at {plan.scale} ×, {staging:.0f} of {whole[0].seconds:.0f} seconds"
        )
        share = round(staging / whole[0].seconds, 2)
        yield Goal("11d", "large event staging follows the new rows, ≤ 1/20", share, False, None, note)


def _pipeline(plan: Plan, results: Results, say: Say) -> Iterator[Goal]:
    stages: dict[int, dict[str, Measured]] = {}
    for copies in plan.sizes:
        build, rows = _multiplied(plan, copies)
        results.rows[copies] = rows
        stages[copies] = {}
        for stage in ("dbt_build", "data_checks", "package", "verify"):
            say(f"  {copies} ×: {stage}")
            done = stages[copies][stage] = run_side(stage, {"build": str(build)})
            results.stages.append(_stage(copies, stage, done))
    yield from _transform(plan, results, stages)
    yield from _growth(plan, stages)


def _transform(plan: Plan, results: Results, stages: dict[int, dict[str, Measured]]) -> Iterator[Goal]:
    build, largest = str(plan.work / f"x{plan.scale}"), stages[plan.scale]
    built = {"build": build, "tests": False}
    pair = compare(("dbt_build", built), ("raw_build", {"build": build}), plan.repeats if plan.scale < 10 else 1)
    results.stages += [
        _stage(plan.scale, "dbt_build without tests", pair.left[-1]),
        _stage(plan.scale, "the same SQL run raw", pair.right[-1]),
    ]
    execution = pair.left[-1].facts["execution_seconds"] / pair.right[-1].seconds
    note = f"{pair.left[-1].facts['models']} models at {plan.scale} ×, each with its own memory limit of 1 GB"
    yield Goal("4a", "dbt execution ≤ 1.15 × the same SQL run raw", round(execution, 2), execution <= 1.15, None, note)
    at_load = plan.scale >= 100
    wall = Goal(
        "4b",
        "its wall ≤ 1.2 × at the reference load",
        round(pair.ratio, 2),
        pair.ratio <= 1.2 if at_load else None,
        round(pair.cpu_ratio, 2),
        note,
    )
    yield wall
    peak = max(one.peak_mb for one in [largest["dbt_build"], *pair.left])
    note = f"`dbt build` with and without tests at {plan.scale} × under a limit of 1 GB, which is the profile's own"
    yield Goal("6a", "transform peak ≤ 1.6 GB", round(peak), peak <= 1638 if at_load else None, None, note)
    yield Goal("6b", "transform finishes under a limit of 1 GB", 1.0, True if at_load else None, None, note)
    export = compare(
        ("package", {"build": build}), ("export_marts", {"build": build}), plan.repeats if plan.scale < 10 else 1
    )
    note = f"{plan.scale} ×: the whole package with zip by the engine's ordered CSV of the same tables; no limit is set"
    yield Goal("8c", "package by raw export", round(export.ratio, 2), None, round(export.cpu_ratio, 2), note)
    peak = max(one.peak_mb for one in [largest["package"], *export.left])
    yield Goal("8d", "package peak ≤ 4 GB", round(peak), peak <= 4096 if at_load else None, None, f"at {plan.scale} ×")


def _growth(plan: Plan, stages: dict[int, dict[str, Measured]]) -> Iterator[Goal]:
    for few, many in zip(plan.sizes, plan.sizes[1:], strict=False):
        for name, parts in (("transform", ("dbt_build",)), ("package", ("package",))):
            before, after = (sum(stages[size][part].seconds for part in parts) for size in (few, many))
            cpu = [sum(stages[size][part].cpu_seconds for part in parts) for size in (few, many)]
            factor = many / few
            note = f"{few} × → {many} ×: held to {1.05 * factor:g}; the smaller side carries dbt's fixed costs, too"
            yield Goal(
                f"5 {name} {few} → {many}",
                "10 × the data ≤ 10.5 × the time",
                round(after / before, 2),
                after / before <= 1.05 * factor,
                round(cpu[1] / cpu[0], 2),
                note,
            )


PARTS: dict[str, Callable[[Plan, Results, Say], Iterator[Goal]]] = {
    "command-line": _command_line,
    "collection": _collection,
    "items": _items,
    "nodes": _nodes,
    "pipeline": _pipeline,
    "increment": _increment,
    "warm": _warm,
}
"""Name → what measures some of the goals."""


def _stage(copies: int, stage: str, done: Measured) -> Stage:
    peak = max(done.peak_mb, float(done.facts.get("child_peak_mb", 0)))
    return Stage(copies, stage, round(done.seconds, 2), round(done.cpu_seconds, 2), round(peak), dict(done.facts))


def _fresh(plan: Plan, name: str) -> Path:
    build = plan.work / name
    shutil.rmtree(build, ignore_errors=True)
    build.mkdir(parents=True)
    if plan.engagement is not None:
        shutil.copy(plan.engagement, build / "engagement.yml")
    return build


def _multiplied(plan: Plan, copies: int) -> tuple[Path, dict[str, int]]:
    """The build folder with a vault of so many copies; made once, from a base that is collected once."""
    base, build = plan.work / "base", plan.work / f"x{copies}"
    if not (base / "collected").exists():
        _fresh(plan, "base")
        run_side("collect_demo", {"build": str(base)})
        (base / "collected").touch()
    done = build / "rows.json"
    if not done.exists():
        _fresh(plan, f"x{copies}")
        made = run_side("multiplied", {"base": str(base / "vault"), "target": str(build / "vault"), "copies": copies})
        done.write_text(json.dumps(made.facts["rows"]), encoding="utf-8")

    return build, json.loads(done.read_text(encoding="utf-8"))


def to_stderr(line: str) -> None:
    """Say what is being done."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
