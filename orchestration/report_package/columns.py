"""The columns of every file whose shape the package itself fixes: names, types and what they mean.

Populations, their sources and details take their columns from the marts and their descriptions from dbt.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column of a CSV file. ``type`` is text, integer, decimal, boolean, date or instant."""

    name: str
    type: str
    description: str


def _columns(text: str) -> tuple[Column, ...]:
    rows = (line.strip().split(" | ", 2) for line in text.strip().splitlines())
    return tuple(Column(name, kind, description) for name, kind, description in rows)


CONTROL_MATRIX = _columns("""
    control_id | text | identifier of the control
    category | text | group of controls
    question | text | the question which the control answers
    objective | text | control objective
    risk | text | what could go wrong without the control
    statement | text | the control as management describes it
    type | text | preventive, detective or both
    nature | text | manual, automated or IT-dependent manual
    frequency | text | how often the control operates
    owner | text | who owns the control at the end of the period
    owner_email | text | address of the owner
    systems | text | systems in scope, separated by semicolons
    in_operation_from | date | first day on which the control was in operation
    in_operation_to | date | last day on which the control was in operation
    soc2_criteria | text | trust services criteria which the control also serves
    key_control | boolean | whether management designates it a key control
""")

CONTROL_OWNERS = _columns("""
    control_id | text | identifier of the control
    owner | text | who owned the control
    owner_email | text | address of the owner
    backup | text | who stands in for the owner
    from | date | first day of the ownership
    to | date | last day of the ownership; empty while it lasts
""")

RULES = _columns("""
    rule_id | text | identifier of the rule
    control_id | text | control to which the rule belongs
    wording | text | what the rule calls a potential deviation
    effect | text | exception, not_testable or note
    role | text | key: missing evidence makes the item NOT_TESTABLE; supplementary: it is disclosed
    severity | text | management's default triage
    escalates_on | text | fact of the item that raises the severity
    escalated_severity | text | severity where that fact holds
    threshold | text | parameter of the rule
    default | text | the product's default of the parameter
    value | text | the value used
    changed_by | text | who changed the value
    changed_at | instant | when the value was changed
    approved_by | text | who approved the change
    effective_from | date | first day on which the value applies
    effective_to | date | last day on which the value applies
""")

POPULATIONS = _columns("""
    control_id | text | control which is tested on the population
    population_id | text | name of the population's model
    frame_id | text | sampling frame; controls tested on the same items share one
    version | integer | 1 for the first frozen content, one more for each later content
    definition | text | what one item is
    source_systems | text | systems from which the population is derived
    items | integer | number of items (N)
    first_occurred_at | instant | earliest item
    last_occurred_at | instant | latest item
    merkle_root | text | RFC 6962 tree hash over the lines of the population's file, in hexadecimal
    frozen_at | instant | when this version was frozen
    query_sha256 | text | SHA-256 of the source text of the population's model
    status | text | whether the population was tested, had no occurrence or is not testable
""")

RECONCILIATIONS = _columns("""
    control_id | text | control whose population is reconciled
    reconciliation | text | the equation
    left_source | text | where the expected figure comes from
    right_source | text | where the actual figure comes from
    independence | text | same_platform, other_system or other_owner
    expected | integer | figure of the left source
    actual | integer | figure of the right source
    difference | integer | items on one side only
    explained | integer | how many of them are explained
    explained_by | text | explanations
    evidence_ref | text | evidence for the explanations
    approved_by | text | who approved the explanations
    approved_at | instant | when the explanations were approved
    result | text | agrees, explained or what is open
""")

RECONCILIATION_DIFFERENCES = _columns("""
    control_id | text | control whose population is reconciled
    reconciliation | text | the equation, as in reconciliations.csv
    item_key | text | key of the item that one side does not have
    side | text | the side that has the item
    explanation | text | the reason and where its evidence lies; empty while nobody explained it
    explained_by | text | who explains it
    approved_by | text | who approved the explanation; it counts only where this is somebody else than the explainer
    first_collected_at | instant | when the explanation was first collected, whatever date it gives itself
""")

RESTATEMENTS = _columns("""
    instance | text | the source whose record did not read the same twice
    source | text | kind of source
    table_name | text | table of the vault that holds both versions
    record_key | text | key of the record in that table
    kind | text | restated, edited (a line of a register), or back_dated (dated before a collection without the line)
    field | text | path of the field in the record's JSON, e.g. actor.login; for back_dated the column of the date
    before | text | value in the earlier version; empty where the field was not there, and for back_dated
    after | text | value in the later version; null where the record says so; for back_dated the line's own date
    before_collection_id | text | collection of the earlier version; for back_dated the last one without the line
    after_collection_id | text | first collection that carried the later version
    after_collected_at | instant | when that collection was taken
    before_sha256 | text | SHA-256 of the earlier payload in the vault; empty for back_dated
    after_sha256 | text | SHA-256 of the later payload in the vault
""")

COVERAGE = _columns("""
    control_id | text | identifier of the control
    interval_start | instant | start of the expected interval
    interval_end | instant | end of the interval (exclusive)
    expected | integer | resources that the control rests on
    actual | integer | those of them that were covered by collection
    collected | boolean | whether all of them were
    status | text | covered, no_occurrence (proven by a successful collection), not_operated or not_collected
    gap_cause | text | why something is missing
""")

SAMPLE = _columns("""
    sample_id | text | identifier of the sampled item: control and draw
    frame_id | text | sampling frame
    control_id | text | control for which the item is sampled
    design | text | simple_random, or stratified_by_month (nonstatistical)
    phase | text | initial, or extension: drawn after the sample was enlarged
    stratum | text | month of a stratified sample
    seed | text | digits from which the tickets are computed
    ticket | text | SHA-256(seed, 0x1F, frame_id, 0x1F, item_key) in hexadecimal
    draw | integer | position among the lowest tickets, from 1
    item_key | text | the sampled item
    occurred_at | instant | when the item occurred
    evidence_url | text | where the source shows the item
    leaf_index | integer | line of the population's file, 0 for the first below the header
    inclusion_proof | text | RFC 6962 audit path from the leaf upwards, separated by semicolons
    auditor_result | text | for the service auditor
    auditor_reference | text | for the service auditor
""")

SUPERSEDED = (
    *SAMPLE,
    *_columns("""
    version | integer | version of the population from which the item was drawn
    merkle_root | text | root of that version; the inclusion proof leads to it
    superseded_by_version | integer | version whose sample no longer holds the item
"""),
)

SAMPLING_PLAN = _columns("""
    frame_id | text | sampling frame
    control_id | text | identifier of the control
    population_items | integer | number of items (N)
    method | text | simple_random or stratified_by_month
    confidence | decimal | confidence of the formula
    tolerable_rate | decimal | tolerable deviation rate
    expected_deviations | integer | deviations in the sample which the size allows for
    sample_size | integer | number of items drawn
    basis | text | where the size comes from, what it supports, and what the seed does not prove
    seed | text | digits from which the tickets are computed; empty while none was supplied
    seed_provided_by | text | who supplied the seed
    seed_received_at | instant | when the seed was received, after the population was first frozen
    drawn_at | instant | when the sample of this version was drawn
""")

EXCEPTION_REGISTER = _columns("""
    exception_id | text | EX- and the first 16 digits of SHA-256(rule_id, 0x1F, item_key)
    type | text | item, control_not_operated, not_collected or not_testable
    control_id | text | identifier of the control
    rule_id | text | rule that the item met
    item_key | text | key of the item; for an interval the control and the interval's start
    affected_from | instant | start of what is affected
    affected_to | instant | end of what is affected
    severity | text | management's triage
    occurred_at | instant | when the item occurred
    first_detected_at | instant | when the exception first stood in a package, stamped once
    description | text | what was found
    disposition | text | open, confirmed_deviation, not_a_deviation or duplicate: decided by people
    disposition_evidence | text | evidence for the disposition
    root_cause | text | why it happened, as decided
    extent | text | how far it reaches
    compensating_control | text | control that compensates
    owner | text | who answers for it; while nobody decided that, the control's owner at the evidence cutoff
    justification | text | management's justification
    remediation | text | what is done about it
    due_on | date | day by which it is to be remedied; empty until people decide
    approved_by | text | who approved the disposition
    approved_at | instant | when it was approved
    closed_at | instant | when the exception was closed
    retest_item_key | text | item on which the remediation was tested again
    status | text | state of the exception
""")

TEST_RESULTS = _columns("""
    control_id | text | identifier of the control
    test_kind | text | design or operation
    statement | text | the control as management describes it
    management_test | text | what management's automated evaluation did with every item
    items | integer | items of the population
    passed | integer | items that met no rule
    exceptions | integer | items that met a rule: potential deviations
    not_testable | integer | items for which evidence is missing
    not_due | integer | items due after the evidence cutoff
    exception_rate_low | decimal | exceptions / items
    exception_rate_high | decimal | (exceptions + not testable) / items
    auditor_test | text | for the service auditor
    auditor_result | text | for the service auditor
""")

COLLECTIONS = _columns("""
    n | integer | number of the ledger entry
    entry_sha256 | text | SHA-256 of the entry's text
    previous_sha256 | text | SHA-256 of the entry before it
    kind | text | started, committed or failed
    collection_id | text | the collection
    source | text | kind of source
    instance | text | the source
    resource | text | what was asked of the source
    window_start | instant | start of the window; empty for a snapshot
    window_end | instant | end of the window
    collected_at | instant | when it was collected
    pages | integer | pages received
    requests | integer | requests made
    rows | integer | rows written
    distinct_keys | integer | distinct records
    source_total | integer | total which the source itself reports
    http_statuses | text | answers by HTTP status
    permission | text | whether the source lets us see the resource
    permission_detail | text | how that is known
    gaps | text | what the source can no longer give
    error | text | why the collection failed
    entry | text | the exact text of the ledger entry
""")

DATA_CHECKS = _columns("""
    check_id | text | identifier of the check
    control_id | text | control; empty for a check of a source
    population_id | text | population or source
    kind | text | what is checked: completeness, coverage, …
    expectation | text | the expectation in words
    expected | text | what was asked for
    observed | text | what was found
    passed | text | true, false, note (no pass, said on the face) or error where the check itself could not run
""")

DATA_DICTIONARY = _columns("""
    file | text | file of the package
    column | text | column of the file
    type | text | text, integer, decimal, boolean, date or instant
    description | text | what the column holds
    source_model | text | model from which the file is derived; package where the package makes it
""")

PACKAGE_ONLY = {
    "populations.csv": ("version", "merkle_root", "frozen_at", "query_sha256"),
    "exception_register.csv": ("first_detected_at",),
}
"""Columns which no model holds, since only the package knows them."""

REGISTERS: dict[str, tuple[str, tuple[Column, ...], tuple[str, ...]]] = {
    "control_matrix.csv": ("rpt_control_matrix", CONTROL_MATRIX, ("control_id",)),
    "control_owners.csv": ("rpt_control_owners", CONTROL_OWNERS, ("control_id", "from")),
    "rules.csv": ("rpt_rules", RULES, ("rule_id", "effective_from")),
    "reconciliations.csv": ("rpt_reconciliations", RECONCILIATIONS, ("control_id", "reconciliation")),
    "reconciliation_differences.csv": (
        "rpt_reconciliation_differences",
        RECONCILIATION_DIFFERENCES,
        ("control_id", "reconciliation", "item_key", "side"),
    ),
    "restatements.csv": (
        "rpt_restatements",
        RESTATEMENTS,
        ("instance", "table_name", "record_key", "after_collected_at", "field"),
    ),
    "coverage.csv": ("rpt_coverage", COVERAGE, ("control_id", "interval_start")),
    "exception_register.csv": ("rpt_exception_register", EXCEPTION_REGISTER, ("exception_id",)),
    "test_results.csv": ("rpt_test_results", TEST_RESULTS, ("control_id", "test_kind")),
}
"""File → (model in schema reporting, columns, sort order)."""
