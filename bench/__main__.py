"""`python -m bench`: measure, write the results, say the table."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from bench import report
from bench.goals import PARTS, Plan, Results, measure, to_stderr
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
    parser.add_argument("--rows", type=int, help="flat records and job runs, in place of those of the scale")
    parser.add_argument("--only", nargs="*", default=[], choices=sorted(PARTS), help="parts; everything by default")
    parser.add_argument("--docs", type=Path, help="folder whose performance.* are written; docs at --scale 100")
    chosen = parser.parse_args(arguments)
    plan = Plan(chosen.scale, chosen.repeats, chosen.work.resolve(), chosen.engagement, chosen.rows)
    docs = chosen.docs or (PROJECT / "docs" if plan.scale >= 100 and not chosen.only else None)
    earlier = report.read(docs, plan.scale) if docs is not None and chosen.only else None
    results: dict[str, Any] = {}

    def keep(measured: Results) -> None:
        told = {"scale": plan.scale, "repeats": plan.repeats, "machine": report.machine(), **measured.as_dict()}
        results.update(report.together(earlier, json.loads(json.dumps(told))))
        (plan.work / "results.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
        if docs is not None:
            report.write(results, docs)

    measure(plan, to_stderr, chosen.only, keep)
    sys.stdout.write(report.markdown(results))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
