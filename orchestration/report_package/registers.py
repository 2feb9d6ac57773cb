"""The registers of the package: tables of the warehouse, and those that only the package knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from orchestration.report_package.columns import (
    COLLECTIONS,
    DATA_CHECKS,
    PACKAGE_ONLY,
    POPULATIONS,
    REGISTERS,
    SAMPLE,
    SAMPLING_PLAN,
    SUPERSEDED,
    Column,
)
from orchestration.report_package.csv_export import quoted

SEED_KNOWN = "the seed stood in the engagement when the population was first frozen, so nothing proves their order"

if TYPE_CHECKING:
    from orchestration.report_package.completeness import CheckResult
    from orchestration.report_package.folder import PackageFolder
    from orchestration.report_package.stamps import Record
    from orchestration.report_package.work import Build, Sample


def write_registers(build: Build, checks: Sequence[CheckResult], first_detected: Mapping[str, str]) -> None:
    """Write every register, the samples, the ledger's rows and the data dictionary."""
    con, folder = build.warehouse.con, build.folder
    ids = sorted(first_detected)
    con.execute(
        "create temp table package_detections as select unnest($1::varchar[]) as id, unnest($2::varchar[]) as at",
        [ids, [first_detected[key] for key in ids]],
    )
    for file, (model, columns, order) in REGISTERS.items():
        sql = _register_sql(file, model, columns)
        folder.query(file, con, sql, order, columns, model)
    folder.table("populations.csv", POPULATIONS, population_rows(build), "rpt_populations")
    folder.table("sampling_plan.csv", SAMPLING_PLAN, plan_rows(build), "package")
    for control, sample in sorted(build.samples.items()):
        _sample_files(folder, control, sample)
    folder.table("collections.csv", COLLECTIONS, (entry.row() for entry in build.entries), "rpt_collections")
    names = [column.name for column in DATA_CHECKS]
    rows = sorted(([getattr(check, name) for name in names] for check in checks), key=lambda row: str(row[0]))
    folder.table("data_checks.csv", DATA_CHECKS, rows, "package")
    folder.dictionary()


def _register_sql(file: str, model: str, columns: Sequence[Column]) -> str:
    own = PACKAGE_ONLY.get(file, ())
    cells = [
        "package_detections.at as first_detected_at" if column.name in own else f"register.{quoted(column.name)}"
        for column in columns
    ]
    join = "left join package_detections on package_detections.id = register.exception_id" if own else ""
    return f"select {', '.join(cells)} from reporting.{model} as register {join}"  # noqa: S608 - constants


def population_rows(build: Build) -> list[list[object]]:
    """Return the rows of populations.csv: the warehouse's summary with version, root and freeze."""
    rows = []
    for mart in build.populations:
        freeze = build.freezes[mart.name]
        known: dict[str, Any] = {
            **build.summaries.get(mart.name, {}),
            "control_id": mart.control_id,
            "population_id": mart.name,
            "items": build.exported[mart.name].rows,
            **{name: freeze[name] for name in ("frame_id", "version", "merkle_root", "frozen_at", "query_sha256")},
        }
        rows.append([known.get(column.name) for column in POPULATIONS])
    return rows


def plan_rows(build: Build) -> list[list[object]]:
    """Return the rows of sampling_plan.csv."""
    rows: list[list[object]] = []
    for mart in build.populations:
        sample = build.samples[mart.control_id]
        design, seed, drawn = sample.plan, sample.seed, sample.drawn
        basis = design.basis
        if seed and seed.later:
            basis += f"; {seed.later} seed(s) received later do not count"
        if seed and not seed.proves_order:
            basis += f"; {SEED_KNOWN}"
        rows.append(
            [
                build.freezes[mart.name]["frame_id"],
                mart.control_id,
                build.exported[mart.name].rows,
                design.method,
                design.confidence,
                design.tolerable_rate,
                design.expected_deviations,
                design.sample_size,
                basis,
                *((seed.digits, seed.provided_by, seed.received_at) if seed else (None, None, None)),
                drawn["drawn_at"] if drawn else None,
            ]
        )
    return rows


def _sample_files(folder: PackageFolder, control: str, sample: Sample) -> None:
    rows = []
    if sample.drawn:
        rows = [_sample_row(sample.drawn, item, sample.initial) for item in sample.drawn["items"]]
    folder.table(f"samples/{control}_sample.csv", SAMPLE, rows, "package")
    if sample.displaced and sample.drawn:
        current = sample.drawn["version"]
        displaced = [
            [*_sample_row(made, item, sample.initial), made["version"], made["merkle_root"], current]
            for made, item in sample.displaced
        ]
        folder.table(f"samples/superseded/{control}_sample.csv", SUPERSEDED, displaced, "package")


def _sample_row(made: Record, item: Record, initial: int) -> list[object]:
    known = {
        **item,
        "sample_id": f"{made['control_id']}-{item['draw']:03d}",
        "frame_id": made["frame_id"],
        "control_id": made["control_id"],
        "design": made["design"],
        "phase": "initial" if item["draw"] <= initial else "extension",
        "seed": made["seed"],
    }
    return [known.get(column.name) for column in SAMPLE]
