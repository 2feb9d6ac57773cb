"""The results as JSON, as the Markdown between the marks of docs/performance.md, and as a plot."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- begin: python -m bench -->", "<!-- end: python -m bench -->"
_LIBRARIES = ("duckdb", "dbt-core", "dbt-duckdb", "dlt", "pyarrow", "great-expectations", "dagster")
REFERENCE = {
    "bamboohr.employees": "snapshots of 5,000 workers",
    "git.first_parent_commits": "commits on production branches",
    "git.pull_commits": "commits of pull requests",
    "github.pull_requests": "200,000 changes",
    "github.pull_request_reviews": "600,000 reviews",
    "github.check_runs": "2,000,000 check runs",
    "okta.system_log": "5,000,000 identity events",
}
"""Raw table → what the reference load asks for."""


def machine() -> dict[str, Any]:
    """What the measurement ran on; nothing that names it."""
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(pages * size / (1 << 30)),
        "memory_limit_gb": _memory_limit_gb(pages * size),
        "architecture": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "load_average": [round(load, 1) for load in os.getloadavg()],
        "libraries": {name: version(name) for name in _LIBRARIES},
    }


def _memory_limit_gb(memory: int) -> float | None:
    """The limit of this process's control group, where Linux holds it to less than the machine has."""
    try:
        groups = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()]
        limits = [
            Path(f"/sys/fs/cgroup/{'memory' if kinds else ''}{group}")
            / ("memory.limit_in_bytes" if kinds else "memory.max")
            for _, kinds, group in groups
            if kinds in {"", "memory"}
        ]
        found = [int(text) for path in limits if path.exists() and (text := path.read_text().strip()).isdigit()]
    except (OSError, ValueError):
        return None
    least = min(found, default=memory)
    return round(least / (1 << 30), 1) if least < memory else None


def read(docs: Path, scale: int) -> dict[str, Any] | None:
    """What a folder's `performance.json` holds, if it was measured at this scale."""
    path = docs / "performance.json"
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return told if told.get("scale") == scale else None


def together(earlier: Mapping[str, Any] | None, now: Mapping[str, Any]) -> dict[str, Any]:
    """An earlier run with the parts of this one in place of its own; `again` names them."""
    told = dict(now)
    if earlier is not None:
        for kind in ("goals", "stages"):
            told[kind] = [one for one in earlier[kind] if one["part"] not in now["parts"]] + now[kind]
        told |= {"machine": earlier["machine"], "repeats": earlier["repeats"], "rows": now["rows"] or earlier["rows"]}
        told["again"] = sorted({*earlier.get("again", []), *now["parts"]})
    told["goals"] = sorted(told["goals"], key=lambda goal: (int(re.sub(r"\D", "", goal["number"][:2])), goal["number"]))
    told["stages"] = sorted(told["stages"], key=lambda stage: stage["copies"])
    return told


def markdown(results: Mapping[str, Any]) -> str:
    """The generated part of docs/performance.md."""
    told = results["machine"]
    limit, again = told["memory_limit_gb"], results.get("again", [])
    parts = [
        f"Scale {results['scale']}, {results['repeats']} repetitions; {told['cores']} cores, {told['memory_gb']} GB"
        + (f" of which this run may use {limit:g}" if limit else "")
        + ", "
        f"{told['system']} {told['architecture']}, Python {told['python']}, "
        + ", ".join(f"{name} {number}" for name, number in told["libraries"].items())
        + f". Load average at the end: {' '.join(map(str, told['load_average']))}."
        + (f" Measured again since, in a run of their own: {', '.join(again)}." if again else ""),
        _table(
            ("#", "goal", "measured", "by processor time", "met", "what was measured"),
            [
                (
                    goal["number"],
                    goal["goal"],
                    _figure(goal["measured"]),
                    _figure(goal["by_processor"]),
                    {True: "yes", False: "**no**", None: "–"}[goal["is_met"]],
                    goal["note"],
                )
                for goal in results["goals"]
            ],
        ),
        "Stages, each in a process of its own (0 ×: not a stage of the pipeline):",
        _table(
            ("size", "stage", "seconds", "processor seconds", "peak MB"),
            [
                (f"{stage['copies']} ×", stage["stage"], stage["seconds"], stage["cpu_seconds"], int(stage["peak_mb"]))
                for stage in results["stages"]
            ],
        ),
        "Rows in the vault, every collection counted:",
        _table(
            ("raw table", "the reference load asks for", *(f"{copies} ×" for copies in results["rows"])),
            [
                (name, asked, *(f"{rows.get(name, 0):,}" for rows in results["rows"].values()))
                for name, asked in REFERENCE.items()
            ]
            + [("all", "", *(f"{sum(rows.values()):,}" for rows in results["rows"].values()))],
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def between(document: str, text: str) -> str:
    """The document with another text between the marks.

    Raises:
        ValueError: It has no marks.
    """
    if document.count(BEGIN) != 1 or document.count(END) != 1:
        raise ValueError(f"the document needs one line {BEGIN} and one {END}")
    before, _, rest = document.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{text}\n{END}{rest.partition(END)[2]}"


def write(results: Mapping[str, Any], docs: Path) -> None:
    """Write `performance.json`, the generated part of `performance.md` and `performance.svg` into a folder."""
    (docs / "performance.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    page = docs / "performance.md"
    page.write_text(between(page.read_text(encoding="utf-8"), markdown(results)), encoding="utf-8")
    plot(results, docs / "performance.svg")


def plot(results: Mapping[str, Any], path: Path) -> None:
    """Draw seconds and peak memory of the pipeline's stages by size."""
    try:
        import matplotlib as mpl
    except ImportError:
        sys.stderr.write("no plot: matplotlib is in the dependency group `bench` (make bench installs it)\n")
        return
    mpl.use("svg")
    import matplotlib.pyplot as plt

    mpl.rcParams.update({"svg.hashsalt": "bench", "font.size": 9})
    stages = [
        stage for stage in results["stages"] if stage["stage"] in {"dbt_build", "data_checks", "package", "verify"}
    ]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for name in dict.fromkeys(stage["stage"] for stage in stages):
        points = [stage for stage in stages if stage["stage"] == name]
        sizes = [stage["copies"] for stage in points]
        left.plot(sizes, [stage["seconds"] for stage in points], marker="o", label=name)
        right.plot(sizes, [stage["peak_mb"] for stage in points], marker="o", label=name)
    for axes, title in ((left, "seconds"), (right, "peak resident set, MB")):
        axes.set(xscale="log", xlabel="copies of the demo company", title=title)
        axes.grid(visible=True, alpha=0.3)
    left.set_yscale("log")
    if stages:
        left.legend()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
