"""The demo company's answer key: every planted violation is found, and nothing else is reported."""

from __future__ import annotations

import csv
from collections import Counter

import duckdb

from tests.conftest import Run


def key(run: Run) -> list[dict[str, str]]:
    with run.answer_key.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_exceptions_are_exactly_the_planted_ones(run: Run) -> None:
    planted = {(row["rule_id"], row["item_key"]) for row in key(run) if row["kind"] == "planted"}
    with duckdb.connect(str(run.warehouse), read_only=True) as connection:
        views = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'exceptions'"
        ).fetchall()
        found = {
            tuple(row)
            for (view,) in views
            for row in connection.execute(f"select rule_id, item_key from exceptions.{view}").fetchall()
        }
    missed, surplus = sorted(planted - found), sorted(found - planted)
    assert not missed, f"planted, not found: {Counter(rule for rule, _ in missed)} {missed[:10]}"
    assert not surplus, f"found, not planted: {Counter(rule for rule, _ in surplus)} {surplus[:10]}"


def test_every_rule_is_planted(run: Run) -> None:
    rules = {row["rule_id"] for row in key(run) if row["kind"] == "planted"}
    assert len(rules) == 48


def test_every_listed_item_has_the_expected_status(run: Run) -> None:
    with duckdb.connect(str(run.warehouse), read_only=True) as connection:
        marts = connection.execute("select control_id, population_id from seeds.controls").fetchall()
        status = {
            (control, item): found
            for control, mart in marts
            for item, found in connection.execute(f"select item_key, status from marts.{mart}").fetchall()
        }
    wrong = [
        (
            row["control_id"],
            row["item_key"],
            row["kind"],
            row["status"],
            status.get((row["control_id"], row["item_key"])),
        )
        for row in key(run)
        if row["status"] and status.get((row["control_id"], row["item_key"])) != row["status"]
    ]
    assert not wrong, wrong[:20]
