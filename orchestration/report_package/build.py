"""Build the evidence package: the one place that knows the order of things.

Populations are written and hashed, frozen, drawn from; registers, pages and narratives follow; the manifest closes the
folder, the envelope binds the manifest, and one rename puts the folder in place.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestration.report_package import ipe, pages
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
from orchestration.report_package.completeness import CheckResult, reasons
from orchestration.report_package.csv_export import Exported, quoted
from orchestration.report_package.engagement import Engagement, engagement_text, read_engagement
from orchestration.report_package.folder import PackageFolder, put_in_place, write_zip
from orchestration.report_package.ledger import LedgerEntry, head, newer_than, read_entries
from orchestration.report_package.manifest import ENVELOPE, write_manifest
from orchestration.report_package.sampling import Plan, draw, plan
from orchestration.report_package.signing import envelope, key_id, public_bytes
from orchestration.report_package.stamps import (
    Frozen,
    Record,
    Seed,
    StampBook,
    Stamps,
    initial_size,
    superseded,
)
from orchestration.report_package.warehouse import Mart, Warehouse, WarehouseError, open_warehouse, plain_type

VERIFIER = Path(__file__).with_name("verify.py")


class IncompletePackage(Exception):  # noqa: N818 - reads as the fact it states
    """Asked to be strict, and the package would be INCOMPLETE; ``reasons`` says why. Nothing was written or stamped."""

    def __init__(self, because: Sequence[str]) -> None:
        super().__init__("the package would be INCOMPLETE:\n" + "\n".join(f"- {reason}" for reason in because))
        self.reasons = tuple(because)


@dataclass(frozen=True)
class PackageResult:
    """A finished package.

    ``summary`` holds ``controls`` (control_id, question, items, passed, exceptions, not_testable, not_due),
    ``exceptions`` (severity, or the type of what is no item's exception → register rows), ``signed`` and ``zip``.
    """

    path: Path
    digest: str
    state: str
    incomplete_because: tuple[str, ...]
    summary: Mapping[str, Any]


@dataclass
class _Sample:
    """One control's sample as it stands in the package."""

    plan: Plan
    seed: Seed | None
    drawn: Record | None = None
    displaced: list[tuple[Record, Record]] = field(default_factory=list)
    initial: int = 0


@dataclass
class _Build:
    """What is gathered on the way."""

    folder: PackageFolder
    warehouse: Warehouse
    engagement: Engagement
    book: StampBook
    now: datetime
    code_version: str
    signing_key: bytes | None
    populations: list[Mart] = field(default_factory=list)
    parts: list[Mart] = field(default_factory=list)
    exported: dict[str, Exported] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    freezes: dict[str, Record] = field(default_factory=dict)
    samples: dict[str, _Sample] = field(default_factory=dict)
    entries: list[LedgerEntry] = field(default_factory=list)
    summaries: dict[str, dict[str, Any]] = field(default_factory=dict)


def build_package(
    warehouse: Path,
    manifest_json: Path,
    engagement: Mapping[str, Any],
    checks: Sequence[CheckResult],
    stamps: Stamps,
    now: datetime,
    out_dir: Path,
    code_version: str,
    signing_key: bytes | None = None,
    *,
    strict: bool = False,
    ledger: Callable[[], Iterable[str]] | None = None,
    prepared_by: str = "",
    memory_limit: str = "2GB",
) -> PackageResult:
    """Build the evidence package and its zip.

    Args:
        warehouse: the DuckDB file, opened read-only.
        manifest_json: dbt's manifest of the build behind the warehouse.
        engagement: the validated engagement with its defaults explicit, in the shape of `engagement.yml`.
        checks: results of the data checks.
        stamps: the append-only registers of freezes, seeds, draws and first detections.
        now: the instant that new stamps carry and that "due this week" is relative to.
        out_dir: folder of the packages.
        code_version: version of the tool.
        signing_key: ed25519 private key (see :mod:`~.signing`); None leaves the package unsigned, which it says.
        strict: refuse an INCOMPLETE package before anything is stamped or written.
        ledger: gives the exact texts of all ledger entries, read after stamping; the warehouse's rows where not given.
        prepared_by: who ran it, for the narratives.
        memory_limit: what the engine may hold before it spills to disk.

    Returns:
        Where the package is, its digest, its state and why.

    Raises:
        WarehouseError: the warehouse is missing or lacks what the package needs.
        EngagementProblem: the engagement lacks something.
        IncompletePackage: ``strict`` and not complete.
        PackageConflict: an altered package of the same digest stands in the way.
    """
    facts = read_engagement(engagement)
    out_dir.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".package-", dir=out_dir))
    try:
        root = scratch / "folder"
        root.mkdir()
        source = open_warehouse(warehouse, manifest_json, scratch / "spill", memory_limit)
        try:
            build = _Build(
                PackageFolder(root), source, facts, StampBook(stamps, facts.key, now), now, code_version, signing_key
            )
            build.folder.text("engagement.json", engagement_text(engagement))
            _evidence(build, checks, ledger)
            if strict and build.reasons:
                raise IncompletePackage(build.reasons)
            _freeze_and_draw(build)
            first_detected = _detect(build)
            build.entries = _ledger_entries(build, ledger)
            _registers(build, checks, first_detected)
            roots = {warehouse.parent, warehouse.parent.parent, manifest_json.parent, Path.cwd(), Path.home()}
            ipe.write_sql(build.folder, source, build.populations, roots)
            summary = _pages(build, checks, prepared_by)
        finally:
            source.con.close()
        digest = _close(build)
        path = put_in_place(root, out_dir, facts.package_name, digest)
        archive = write_zip(path)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    state = "INCOMPLETE" if build.reasons else "CHECKS_PASSED"
    return PackageResult(path, digest, state, tuple(build.reasons), {**summary, "zip": archive})


# --- evidence ------------------------------------------------------------------------------------------------------


def _evidence(build: _Build, checks: Sequence[CheckResult], ledger: Callable[[], Iterable[str]] | None) -> None:
    """Write populations, sources and details, and find out what is incomplete."""
    warehouse = build.warehouse
    for model, columns, _ in REGISTERS.values():
        known = {name for names in PACKAGE_ONLY.values() for name in names}
        warehouse.require(model, tuple(column.name for column in columns if column.name not in known))
    for mart in warehouse.marts():
        (build.parts if mart.part else build.populations).append(mart)
        build.exported[mart.name] = build.folder.query(
            mart.file,
            warehouse.con,
            mart.query,
            ["item_key"],
            _mart_columns(warehouse, mart),
            mart.name,
            with_leaves=not mart.part,
        )
    items = {mart.name: build.exported[mart.name].rows for mart in build.populations}
    build.reasons = reasons(warehouse, build.populations, checks, items)
    build.summaries = {str(row["population_id"]): row for row in warehouse.reporting("rpt_populations")}
    if ledger is not None:
        behind = newer_than(read_entries(ledger()), _warehouse_entries(warehouse))
        if behind:
            build.reasons.append(f"the vault holds {behind} collection(s) that the warehouse does not: build it again")


def _mart_columns(warehouse: Warehouse, mart: Mart) -> list[Column]:
    model = warehouse.models.get(mart.name)
    words = model.columns if model else {}
    return [Column(name, plain_type(kind), words.get(name, "")) for name, kind in mart.columns]


def _freeze_and_draw(build: _Build) -> None:
    """Freeze, then take the seed, then draw: in this order."""
    frozen = [
        Frozen(
            mart.control_id,
            mart.name,
            _frame(build, mart),
            build.exported[mart.name].rows,
            build.exported[mart.name].tree.root().hex(),
            model.query_sha256 if (model := build.warehouse.models.get(mart.name)) else "",
        )
        for mart in build.populations
    ]
    build.freezes = build.book.freeze(frozen)
    settings = build.engagement.sampling
    frames = {population.frame_id for population in frozen}
    seeds = build.book.seeds(frames, settings.get("seed") or None, str(settings.get("seed_provided_by", "management")))
    frequency = {row["control_id"]: row["frequency"] for row in build.warehouse.reporting("rpt_control_matrix")}
    for mart in build.populations:
        items = build.exported[mart.name].rows
        design = plan(items, str(frequency.get(mart.control_id, "")), settings)
        build.samples[mart.control_id] = _sample(build, mart, design, seeds.get(_frame(build, mart)))


def _frame(build: _Build, mart: Mart) -> str:
    return str(build.summaries.get(mart.name, {}).get("frame_id") or mart.control_id)


def _sample(build: _Build, mart: Mart, design: Plan, seed: Seed | None) -> _Sample:
    if seed is None:
        return _Sample(design, None)
    exported, freeze = build.exported[mart.name], build.freezes[mart.name]
    items = draw(build.warehouse.con, f"marts.{quoted(mart.name)}", design, seed.digits, str(freeze["frame_id"]))
    position = [name for name, _ in mart.columns].index("item_key")
    for item in items:
        item["leaf_index"] = exported.index_of(item["item_key"], position)
        item["occurred_at"] = pages.instant(item["occurred_at"])
        item["inclusion_proof"] = ";".join(node.hex() for node in exported.proof(item["leaf_index"]))
    record = build.book.drawn(freeze, design, seed, items)
    draws = build.book.draws(mart.control_id)
    return _Sample(design, seed, record, superseded(draws, record), initial_size(draws, record))


def _detect(build: _Build) -> dict[str, str]:
    rows = build.warehouse.rows("select exception_id from reporting.rpt_exception_register")
    return build.book.first_detections(str(row["exception_id"]) for row in rows)


def _warehouse_entries(warehouse: Warehouse) -> list[LedgerEntry]:
    return read_entries(str(row["entry"]) for row in warehouse.reporting("rpt_collections", ("n", "entry")))


def _ledger_entries(build: _Build, ledger: Callable[[], Iterable[str]] | None) -> list[LedgerEntry]:
    return read_entries(ledger()) if ledger is not None else _warehouse_entries(build.warehouse)


# --- registers -----------------------------------------------------------------------------------------------------


def _registers(build: _Build, checks: Sequence[CheckResult], first_detected: Mapping[str, str]) -> None:
    con, folder = build.warehouse.con, build.folder
    ids = sorted(first_detected)
    con.execute(
        "create temp table package_detections as select unnest($1::varchar[]) as id, unnest($2::varchar[]) as at",
        [ids, [first_detected[key] for key in ids]],
    )
    for file, (model, columns, order) in REGISTERS.items():
        sql = _register_sql(file, model, columns)
        folder.query(file, con, sql, order, columns, model)
    folder.table("populations.csv", POPULATIONS, _population_rows(build), "rpt_populations")
    folder.table("sampling_plan.csv", SAMPLING_PLAN, _plan_rows(build), "package")
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


def _population_rows(build: _Build) -> list[list[object]]:
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


def _plan_rows(build: _Build) -> list[list[object]]:
    rows: list[list[object]] = []
    for mart in build.populations:
        sample = build.samples[mart.control_id]
        design, seed, drawn = sample.plan, sample.seed, sample.drawn
        basis = design.basis
        if seed and seed.later:
            basis += f"; {seed.later} seed(s) received later do not count"
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


def _sample_files(folder: PackageFolder, control: str, sample: _Sample) -> None:
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


# --- pages and manifest --------------------------------------------------------------------------------------------


def _pages(build: _Build, checks: Sequence[CheckResult], prepared_by: str) -> dict[str, Any]:
    public = public_bytes(build.signing_key) if build.signing_key else None
    context = pages.Context(
        warehouse=build.warehouse,
        engagement=build.engagement,
        now=build.now,
        code_version=build.code_version,
        prepared_by=prepared_by,
        reasons=build.reasons,
        checks=checks,
        populations=build.populations,
        sources={mart.control_id: mart for mart in build.parts if mart.part == "sources"},
        population_rows=[dict(zip([c.name for c in POPULATIONS], row, strict=True)) for row in _population_rows(build)],
        plan_rows=[dict(zip([c.name for c in SAMPLING_PLAN], row, strict=True)) for row in _plan_rows(build)],
        superseded={control: len(sample.displaced) for control, sample in build.samples.items()},
        entries=build.entries,
        ledger_head=head(build.entries),
        key_id=key_id(public) if public else "",
    )
    for name, text in pages.render(context):
        build.folder.text(name, text)
    build.folder.text("verify.py", VERIFIER.read_text("utf-8"))
    return pages.summary(context)


def _close(build: _Build) -> str:
    """Write the manifest and its envelope; returns the package digest."""
    root = build.folder.root
    populations = [
        {
            "control_id": mart.control_id,
            "population_id": mart.name,
            "frame_id": build.freezes[mart.name]["frame_id"],
            "version": build.freezes[mart.name]["version"],
            "file": mart.file,
            "items": build.exported[mart.name].rows,
            "merkle_root": build.freezes[mart.name]["merkle_root"],
        }
        for mart in build.populations
    ]
    digest = write_manifest(
        root,
        reasons=build.reasons,
        populations=populations,
        ledger_head=head(build.entries),
        neutralized_cells=build.folder.neutralized,
        code_version=build.code_version,
    )
    (root / ENVELOPE).write_bytes(envelope(digest, build.signing_key))
    return digest


__all__ = ["IncompletePackage", "PackageResult", "WarehouseError", "build_package"]
