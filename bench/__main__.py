"""`python -m bench`: measure, write the results, say the table."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from bench import report
from bench.goals import Plan, measure, to_stderr
from bench.measure import PROJECT


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns 0 whatever was measured, since a speed is no test."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--scale", type=int, default=1, help="copies of the demo company; 100 is the reference load")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each pair of sides")
    parser.add_argument("--work", type=Path, default=PROJECT / "build" / "bench", help="folder for vaults and scratch")
    parser.add_argument(
        "--engagement", type=Path, help="engagement of the company that is collected; the demo's by default"
    )
    parser.add_argument("--docs", type=Path, help="folder whose performance.* are written; docs at --scale 100")
    chosen = parser.parse_args(arguments)
    plan = Plan(chosen.scale, chosen.repeats, chosen.work.resolve(), chosen.engagement)
    measured = measure(plan, to_stderr).as_dict()
    results: dict[str, Any] = {"scale": plan.scale, "repeats": plan.repeats, "machine": report.machine(), **measured}
    results = json.loads(json.dumps(results))
    (plan.work / "results.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
    docs = chosen.docs or (PROJECT / "docs" if plan.scale >= 100 else None)
    if docs is not None:
        report.write(results, docs)
    sys.stdout.write(report.markdown(results))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
