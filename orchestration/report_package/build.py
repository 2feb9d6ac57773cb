"""Build the evidence package: the one place that knows the order of things.

Populations are written and hashed, frozen, drawn from; registers, pages and narratives follow; the manifest closes the
folder, the envelope binds the manifest, and one rename puts the folder in place.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestration.report_package import ipe, pages
from orchestration.report_package.columns import PACKAGE_ONLY, POPULATIONS, REGISTERS, SAMPLING_PLAN, Column
from orchestration.report_package.completeness import CheckResult, reasons
from orchestration.report_package.csv_export import quoted
from orchestration.report_package.engagement import engagement_text, read_engagement
from orchestration.report_package.folder import PackageFolder, put_in_place, write_zip
from orchestration.report_package.ledger import LedgerEntry, head, newer_than, read_entries
from orchestration.report_package.manifest import ENVELOPE, write_manifest
from orchestration.report_package.registers import plan_rows, population_rows, write_registers
from orchestration.report_package.sampling import Plan, draw, plan
from orchestration.report_package.signing import envelope, key_id, public_bytes
from orchestration.report_package.stamps import (
    Frozen,
    Seed,
    StampBook,
    Stamps,
    initial_size,
    superseded,
)
from orchestration.report_package.warehouse import Mart, Warehouse, WarehouseError, open_warehouse, plain_type
from orchestration.report_package.work import Build, Sample

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
    as_at: datetime | None = None,
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
        now: the instant that new stamps carry.
        out_dir: folder of the packages.
        code_version: version of the tool.
        signing_key: ed25519 private key (see :mod:`~.signing`); None leaves the package unsigned, which it says.
        strict: refuse an INCOMPLETE package before anything is stamped or written.
        ledger: gives the exact texts of all ledger entries, read after stamping; the warehouse's rows where not given.
        as_at: the instant that "due this week" is relative to; give one that only the vault's content decides, so that
            the same vault makes the same page. Default: now.
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
            build = Build(
                PackageFolder(root),
                source,
                facts,
                StampBook(stamps, facts.key, now),
                as_at or now,
                code_version,
                signing_key,
            )
            build.folder.text("engagement.json", engagement_text(engagement))
            _evidence(build, checks, ledger)
            if strict and build.reasons:
                raise IncompletePackage(build.reasons)
            _freeze_and_draw(build)
            first_detected = _detect(build)
            build.entries = _ledger_entries(build, ledger)
            ipe.write_seeds(build.folder, source, [*build.populations, *build.parts])
            write_registers(build, checks, first_detected)
            roots = {warehouse.parent, warehouse.parent.parent, manifest_json.parent, Path.cwd(), Path.home()}
            ipe.write_sql(build.folder, source, [*build.populations, *build.parts], roots)
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


def _evidence(build: Build, checks: Sequence[CheckResult], ledger: Callable[[], Iterable[str]] | None) -> None:
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
    build.reasons = reasons(warehouse, build.populations, checks, items, _warehouse_entries(warehouse))
    build.summaries = {str(row["population_id"]): row for row in warehouse.reporting("rpt_populations")}
    if ledger is not None:
        behind = newer_than(read_entries(ledger()), _warehouse_entries(warehouse))
        if behind:
            build.reasons.append(f"the vault holds {behind} collection(s) that the warehouse does not: build it again")


def _mart_columns(warehouse: Warehouse, mart: Mart) -> list[Column]:
    model = warehouse.models.get(mart.name)
    words = dict(model.columns) if model else {}
    if not mart.part:
        rules = {str(row["rule_id"]): row for row in warehouse.reporting("rpt_rules")}
        for rule_id, rule in rules.items():
            column = rule_id.partition(".")[2].lower()
            if rule["control_id"] == mart.control_id:
                words[column] = _rule_in_words(rule, words.get(column, ""))
    return [Column(name, plain_type(kind), words.get(name, "")) for name, kind in mart.columns]


def _rule_in_words(rule: Mapping[str, Any], detail: str) -> str:
    """Describe a rule's column: its wording, what each of the three values means, and what the model adds."""
    unknown = (
        "so the item is NOT_TESTABLE unless a rule is met" if rule["role"] == "key" else "which leaves the status as is"
    )
    added = re.sub(r"^Rule\b[^;:.]*[;:.]?\s*", "", detail).strip()
    return (
        f"rule {rule['rule_id']}: {rule['wording']}; true where it is met, false where it is not or does not apply,"
        f" empty where its evidence is missing, {unknown}{f'; {added}' if added else ''}"
    )


def _freeze_and_draw(build: Build) -> None:
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


def _frame(build: Build, mart: Mart) -> str:
    return str(build.summaries.get(mart.name, {}).get("frame_id") or mart.control_id)


def _sample(build: Build, mart: Mart, design: Plan, seed: Seed | None) -> Sample:
    if seed is None:
        return Sample(design, None)
    exported, freeze = build.exported[mart.name], build.freezes[mart.name]
    items = draw(build.warehouse.con, f"marts.{quoted(mart.name)}", design, seed.digits, str(freeze["frame_id"]))
    position = [name for name, _ in mart.columns].index("item_key")
    for item in items:
        item["leaf_index"] = exported.index_of(item["item_key"], position)
        item["occurred_at"] = pages.instant(item["occurred_at"])
        item["inclusion_proof"] = ";".join(node.hex() for node in exported.proof(item["leaf_index"]))
    record = build.book.drawn(freeze, design, seed, items)
    draws = build.book.draws(mart.control_id)
    return Sample(design, seed, record, superseded(draws, record), initial_size(draws, record))


def _detect(build: Build) -> dict[str, str]:
    rows = build.warehouse.rows("select exception_id from reporting.rpt_exception_register")
    return build.book.first_detections(str(row["exception_id"]) for row in rows)


def _warehouse_entries(warehouse: Warehouse) -> list[LedgerEntry]:
    return read_entries(str(row["entry"]) for row in warehouse.reporting("rpt_collections", ("n", "entry")))


def _ledger_entries(build: Build, ledger: Callable[[], Iterable[str]] | None) -> list[LedgerEntry]:
    return read_entries(ledger()) if ledger is not None else _warehouse_entries(build.warehouse)


# --- pages and manifest --------------------------------------------------------------------------------------------


def _pages(build: Build, checks: Sequence[CheckResult], prepared_by: str) -> dict[str, Any]:
    public = public_bytes(build.signing_key) if build.signing_key else None
    context = pages.Context(
        warehouse=build.warehouse,
        engagement=build.engagement,
        now=build.as_at,
        code_version=build.code_version,
        prepared_by=prepared_by,
        reasons=build.reasons,
        checks=checks,
        populations=build.populations,
        sources={mart.control_id: mart for mart in build.parts if mart.part == "sources"},
        population_rows=[dict(zip([c.name for c in POPULATIONS], row, strict=True)) for row in population_rows(build)],
        plan_rows=[dict(zip([c.name for c in SAMPLING_PLAN], row, strict=True)) for row in plan_rows(build)],
        superseded={control: len(sample.displaced) for control, sample in build.samples.items()},
        entries=build.entries,
        ledger_head=head(build.entries),
        key_id=key_id(public) if public else "",
    )
    for name, text in pages.render(context):
        build.folder.text(name, text)
    build.folder.text("verify.py", VERIFIER.read_text("utf-8"))
    return pages.summary(context)


def _close(build: Build) -> str:
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
