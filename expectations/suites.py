"""What is asserted about every population and every source, as data.

An assertion never looks at a population itself but at a small summary table which the engine computed
(`reporting.chk_*`, `reporting.rpt_*`), so that it costs the same at ten million items. A finding (an exception of a
control) is never asserted here: only that populations are complete and that the period is covered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["completeness", "coverage"]


@dataclass(frozen=True)
class Assertion:
    """One Great Expectations expectation on rows of one summary table.

    Attributes:
        name: short name, part of the check's id.
        kind: completeness (is every item there) or coverage (is every day there).
        words: the expectation as a sentence for an auditor; `{column}` is filled from the first row.
        table: summary table, `reporting.<name>`.
        expectation: class name in `great_expectations.expectations`.
        arguments: its arguments.
        shown: columns whose values are the observed value in words.
        may_be_null: whether a null is a disclosure made elsewhere; everywhere else a null is unknown, and fails.
        is_note: whether a violation is only noted on the package's face, and leaves its state as it is.
        when_empty: what is observed where the table has no row to examine.
    """

    name: str
    kind: Kind
    words: str
    table: str
    expectation: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    shown: tuple[str, ...] = ()
    may_be_null: bool = False
    is_note: bool = False
    when_empty: str = ""


@dataclass(frozen=True)
class Suite:
    """The assertions on one population (control) or one source instance; rows are chosen by `column = value`."""

    name: str
    control_id: str
    population_id: str
    column: str
    value: str
    assertions: tuple[Assertion, ...]


def _zero(column: str) -> dict[str, Any]:
    return {"column": column, "min_value": 0, "max_value": 0}


POPULATION: tuple[Assertion, ...] = (
    Assertion(
        "population_present",
        "completeness",
        "The population was built: its summary has exactly one row",
        "chk_populations",
        "ExpectTableRowCountToEqual",
        {"value": 1},
    ),
    Assertion(
        "keys_not_null",
        "completeness",
        "Every item has a key",
        "chk_populations",
        "ExpectColumnValuesToBeBetween",
        _zero("null_keys"),
        ("null_keys",),
    ),
    Assertion(
        "keys_unique",
        "completeness",
        "No item stands twice: {items} items, {distinct_keys} distinct keys",
        "chk_populations",
        "ExpectColumnPairValuesToBeEqual",
        {"column_A": "items", "column_B": "distinct_keys"},
        ("items", "distinct_keys"),
    ),
    Assertion(
        "inside_period",
        "coverage",
        "No item lies outside the period",
        "chk_populations",
        "ExpectColumnValuesToBeBetween",
        _zero("outside_period"),
        ("outside_period",),
    ),
    Assertion(
        "reconciled",
        "completeness",
        "Every reconciliation to another source agrees or is explained",
        "rpt_reconciliations",
        "ExpectColumnValuesToBeInSet",
        {"column": "result", "value_set": ["agrees", "explained"]},
        ("reconciliation", "result", "difference"),
    ),
    Assertion(
        "reconciliations_present",
        "completeness",
        "At least one reconciliation to another source was performed",
        "rpt_reconciliations",
        "ExpectTableRowCountToBeBetween",
        {"min_value": 1},
    ),
    Assertion(
        "intervals_present",
        "coverage",
        "Every interval of the period is covered by collection of what the key rules rest on",
        "rpt_coverage",
        "ExpectColumnValuesToBeInSet",
        {"column": "status", "value_set": ["covered", "no_occurrence"]},
        ("interval_start", "status", "gap_cause"),
    ),
    Assertion(
        "coverage_present",
        "coverage",
        "The period was divided into expected intervals",
        "rpt_coverage",
        "ExpectTableRowCountToBeBetween",
        {"min_value": 1},
    ),
)

SOURCE: tuple[Assertion, ...] = (
    Assertion(
        "collected",
        "completeness",
        "The source was collected: at least one table stands in the ledger",
        "chk_lineage",
        "ExpectTableRowCountToBeBetween",
        {"min_value": 1},
    ),
    Assertion(
        "rows_vault",
        "completeness",
        "Rows that the ledger committed = rows in the vault",
        "chk_lineage",
        "ExpectColumnPairValuesToBeEqual",
        {"column_A": "ledger_rows", "column_B": "vault_rows"},
        ("table_name", "ledger_rows", "vault_rows"),
    ),
    Assertion(
        "rows_staging",
        "completeness",
        "Distinct records in the vault = rows in staging",
        "chk_lineage",
        "ExpectColumnValuesToBeBetween",
        _zero("difference"),
        ("table_name", "vault_distinct_keys", "staging_rows", "difference"),
    ),
    Assertion(
        "permitted",
        "completeness",
        "No resource was hidden from the collector by a missing permission",
        "chk_collection_gaps",
        "ExpectColumnValuesToBeBetween",
        _zero("not_permitted"),
        ("resource", "not_permitted"),
    ),
    Assertion(
        "no_gap",
        "coverage",
        "No gap between collections is longer than the source keeps its records (where only supplementary rules "
        "read the resource, the gap is disclosed on the items)",
        "chk_collection_gaps",
        "ExpectColumnValuesToBeInSet",
        {"column": "is_within_retention", "value_set": [True]},
        ("resource", "longest_gap_days", "retention_days", "gap_from", "gap_to"),
        may_be_null=True,
    ),
    Assertion(
        "gaps_present",
        "coverage",
        "Every resource of the source has a collection history",
        "chk_collection_gaps",
        "ExpectTableRowCountToBeBetween",
        {"min_value": 1},
    ),
    Assertion(
        "sequences",
        "completeness",
        "Holes in the source's own number sequences are explained",
        "chk_sequences",
        "ExpectColumnPairValuesToBeEqual",
        {"column_A": "missing", "column_B": "explained"},
        ("sequence", "first", "last", "missing", "explained"),
        when_empty="not applicable: no sequence of numbers of this source is examined",
    ),
    Assertion(
        "not_restated",
        "completeness",
        "Records that never change at the source read the same whenever they were collected",
        "chk_restatements",
        "ExpectColumnValuesToBeBetween",
        _zero("restated"),
        ("table_name", "records", "restated"),
        is_note=True,
        when_empty="not applicable: every record of this source may change",
    ),
)


def _frame(frame: str) -> Assertion:
    """Of a control that is tested on the items of another: it has just these."""
    return Assertion(
        "frame_same",
        "completeness",
        f"The same items as {frame}: {{items}} here, {{frame_items}} there",
        "chk_populations",
        "ExpectColumnValuesToBeBetween",
        _zero("frame_difference"),
        ("items", "frame_items", "frame_difference"),
    )


def suites(populations: Sequence[tuple[str, str, str]], instances: Sequence[str]) -> list[Suite]:
    """The suites of an engagement: one per population, one per source instance.

    Args:
        populations: (control id, population id, frame id) from the catalogue, e.g.
            ``("CM-02", "cm_02__tested_changes", "CM-01")``.
        instances: names of the source instances, for example ``"okta-harbor"``.

    Returns:
        Suites in a stable order.
    """
    per_population = [
        Suite(
            population,
            control,
            population,
            "control_id",
            control,
            POPULATION if frame == control else (*POPULATION, _frame(frame)),
        )
        for control, population, frame in populations
    ]
    per_source = [Suite(f"source_{name}", "", "", "instance", name, SOURCE) for name in instances]
    return per_population + per_source
