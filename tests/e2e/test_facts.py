"""What the package says about itself agrees with what it holds."""

from __future__ import annotations

import re

import pytest

from tests.conftest import Run
from tests.e2e.kit import manifest, table

pytestmark = pytest.mark.slow
SYSTEMS = {"okta": "Okta", "github": "GitHub", "jira": "Jira"}


def test_systems_of_a_control_are_those_of_its_items(run: Run) -> None:
    stated = {row["control_id"]: set(row["systems"].split(";")) for row in table(run.package, "control_matrix.csv")}
    derived = {
        row["control_id"]: set(row["source_systems"].split(";")) for row in table(run.package, "populations.csv")
    }
    found: dict[str, set[str]] = {}
    for population in manifest(run.package)["populations"]:
        control, name = population["control_id"], population["file"].rpartition("/")[2]
        accounts = "LA-04_terminations__accounts.csv" if control == "LA-04" else name
        found[control] = {SYSTEMS[row["system"]] for row in table(run.package, accounts)}
        sources = {row["source"] for row in table(run.package, name.replace(".csv", "__sources.csv"))}
        assert sources <= derived[control], control
    assert found == stated


def test_every_column_is_explained(run: Run) -> None:
    rows = table(run.package, "data_dictionary.csv")
    assert [(row["file"], row["column"]) for row in rows if len(row["description"]) < 4] == []
    rules = {row["rule_id"]: row for row in table(run.package, "rules.csv")}
    for rule_id, rule in rules.items():
        described = [row["description"] for row in rows if row["description"].startswith(f"rule {rule_id}: ")]
        assert len(described) == 1
        assert rule["wording"] in described[0]


def test_models_and_seeds_are_all_there_to_perform_it_again(run: Run) -> None:
    sql = {path.stem: path.read_text(encoding="utf-8") for path in (run.package / "ipe" / "sql").glob("*.sql")}
    seeds = {path.stem for path in (run.package / "ipe" / "seeds").glob("*.csv")}
    assert {"rpt_reconciliations", "rpt_coverage", "rpt_restatements", "cm_01__code_changes__sources"} <= set(sql)
    read = {
        (schema, name)
        for text in sql.values()
        for schema, name in re.findall(r'"warehouse"\."(\w+)"\."(\w+)"', text)
        if not schema.startswith("raw_")
    }
    assert read
    assert {name for schema, name in read if schema == "seeds"} == seeds
    assert {name for schema, name in read if schema != "seeds"} <= set(sql)


def test_the_code_is_identified(run: Run) -> None:
    assert re.fullmatch(r"0\.1\.0\+[0-9a-f]{12}", manifest(run.package)["versions"]["code"])


def test_the_owner_of_a_control_answers_until_somebody_decides(run: Run) -> None:
    owners = {row["control_id"]: row["owner"] for row in table(run.package, "control_owners.csv") if not row["to"]}
    register = table(run.package, "exception_register.csv")
    assert register
    assert {row["control_id"]: row["owner"] for row in register if row["disposition"] == "open"} == {
        control: owners[control] for control in {row["control_id"] for row in register}
    }
    assert {row["due_on"] for row in register if row["disposition"] == "open"} == {""}


def test_narratives_count_like_with_like_and_claim_no_more(run: Run) -> None:
    for control in ("CM-02", "LA-01"):
        text = (run.package / "ipe" / f"{control}.md").read_text(encoding="utf-8")
        assert "run by: not recorded" in text
        assert "No other filter" not in text
    cm_02 = (run.package / "ipe" / "CM-02.md").read_text(encoding="utf-8")
    counts = cm_02[cm_02.index("## Row counts") : cm_02.index("## Reconciled")]
    assert "| check_runs |" in counts
    for unused in ("system_log", "employees", "group_members", "issue_changelog"):
        assert f"| {unused} |" not in counts
    totals = {
        table_name: (total, ledger)
        for table_name, total, ledger in re.findall(r"^\| [\w-]+ \| (\w+) \| ([^|]+) \| ([^|]+) \|", counts, re.M)
        if table_name != "table"
    }
    assert totals["activity"][0] == "not reported"
    assert {name for name, (total, ledger) in totals.items() if total not in {"not reported", ledger}} == set()
