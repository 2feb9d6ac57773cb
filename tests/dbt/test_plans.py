"""No model compares every row of one side of an outer join with every row of the other: that grows with the square."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb

from tests.conftest import Run

SMALL = {
    "int_accounts": "the privileged roles of the systems in scope",
    "int_branch_rules": "rulesets",
    "int_change_required_checks": "one line",
    "int_coverage": "the months of the period",
    "int_production_branches": "repositories",
    "int_required_check_removals": "approvals of requests that name a ruleset",
}
"""Model → which side of the join stays small."""


def nested(node: dict[str, Any]) -> Iterator[str]:
    """The conditions of outer joins without an equality that the engine can look up."""
    if node["name"] == "BLOCKWISE_NL_JOIN" and node["extra_info"].get("Join Type") != "INNER":
        yield str(node["extra_info"].get("Condition", ""))
    for child in node["children"]:
        yield from nested(child)


def test_outer_joins_are_looked_up(run: Run) -> None:
    nodes = json.loads((run.build / "dbt" / "manifest.json").read_bytes())["nodes"]
    models = {node["name"]: node["compiled_code"] for node in nodes.values() if node["resource_type"] == "model"}
    assert len(models) > 200
    found = {}
    with duckdb.connect(str(run.warehouse), read_only=True) as connection:
        for name, sql in models.items():
            (row,) = connection.execute(f"explain (format json) {sql}").fetchall()
            if conditions := [text for plan in json.loads(row[1]) for text in nested(plan)]:
                found[name] = conditions
    assert not {name: text for name, text in found.items() if name not in SMALL}
