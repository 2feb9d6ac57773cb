"""The multiplied vault: the base copy is what was collected, every other copy is as good as it, and independent of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bench.measure import run_side
from bench.templates import MARK, SINGLE, template, templates
from bench.vault import multiply
from ingestion.ledger import Ledger, verify_chain, verify_files
from ingestion.vault import Vault
from tests.conftest import Run

COPIES = 3


def rows_of(vault: Path) -> Iterator[tuple[str, str, str]]:
    """(source, table, files as a list for the engine) of everything that a source collected."""
    found: dict[tuple[str, str], list[str]] = {}
    for entry in Ledger(Vault(vault)).committed:
        for table, file in entry.files():
            found.setdefault((entry.facts["source"], table), []).append(f"'{vault / file['path']}'")
    for (source, table), files in sorted(found.items()):
        if source != "itgc":
            yield source, table, f"read_parquet([{', '.join(files)}], hive_partitioning = false)"


@dataclass(frozen=True)
class Made:
    base: Path
    target: Path
    rows: dict[str, int]


@pytest.fixture(scope="module")
def made(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Made:
    target = tmp_path_factory.mktemp("multiplied") / "vault"
    return Made(run.build / "vault", target, multiply(run.build / "vault", target, COPIES))


def test_the_ledger_holds_for_every_file(made: Made) -> None:
    vault = Vault(made.target)
    assert not verify_chain(vault)
    assert not verify_files(vault, Ledger(vault))
    assert sum(entry.facts["rows"] for entry in Ledger(vault).committed) == sum(made.rows.values())


def test_one_copy_is_what_was_collected(made: Made, tmp_path: Path) -> None:
    multiply(made.base, tmp_path / "vault", 1)
    before, after = list(rows_of(made.base)), list(rows_of(tmp_path / "vault"))
    assert [pair[:2] for pair in before] == [pair[:2] for pair in after]
    with duckdb.connect() as connection:
        for (source, table, old), (_, _, new) in zip(before, after, strict=True):
            query = f"select count(*) from (select * from {old} except all select * from {new})"
            assert connection.execute(query).fetchone() == (0,), (source, table)
            sizes = f"select (select count(*) from {old}) - (select count(*) from {new})"
            assert connection.execute(sizes).fetchone() == (0,), (source, table)


def test_the_base_stands_in_every_vault_and_copies_have_records_of_their_own(made: Made) -> None:
    with duckdb.connect() as connection:
        for (source, table, old), (_, _, new) in zip(rows_of(made.base), rows_of(made.target), strict=True):
            where = (source, table)
            missing = f"select count(*) from (select * from {old} except all select * from {new})"
            assert connection.execute(missing).fetchone() == (0,), where
            query = f"""
                select
                    count(*) filter (where contains(payload, '{MARK}') or contains(record_key, '{MARK}')),
                    count(*) filter (where sha256(payload) <> payload_sha256),
                    count(*) - count(distinct (collection_id, record_key, payload_sha256))
                from {new}"""
            assert connection.execute(query).fetchone() == (0, 0, 0), where
            if where in SINGLE:
                continue
            copied = f"select record_key from {new} except all select record_key from {old}"
            shared = connection.execute(
                f"select count(*) from ({copied}) where record_key in (select record_key from {old})"
            ).fetchone()
            assert shared == (0,), where


def test_copies_do_not_share_identifiers(made: Made) -> None:
    """Persons, e-mails, accounts, SHAs, repositories: what one copy has, no other has."""
    wanted = {
        ("bamboohr", "employees"): ("$.id", "$.workEmail", "$.displayName"),
        ("okta", "users"): ("$.id", "$.profile.login"),
        ("github", "members"): ("$.id", "$.login"),
        ("github", "repositories"): ("$.id", "$.full_name"),
        ("github", "pull_requests"): ("$.databaseId", "$.headRefOid", "$.url"),
        ("github", "check_runs"): ("$.databaseId",),
        ("git", "first_parent_commits"): ("$.sha",),
        ("jira", "issues"): ("$.id", "$.key"),
        ("okta", "system_log"): ("$.uuid",),
    }
    bases = {(source, table): files for source, table, files in rows_of(made.base)}
    with duckdb.connect() as connection:
        for source, table, files in rows_of(made.target):
            for path in wanted.get((source, table), ()):
                count = f"select count(distinct payload ->> '{path}') from "
                base = connection.execute(count + bases[source, table]).fetchone()
                every = connection.execute(count + files).fetchone()
                assert base is not None
                assert every is not None
                dense = (source, table) in {("okta", "system_log"), ("github", "check_runs")}
                assert every[0] > base[0] * COPIES if dense else every[0] == base[0] * COPIES, (source, table, path)


def statuses(warehouse: Path) -> tuple[dict[str, Counter[str]], Counter[str]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        marts = connection.execute("select population_id from seeds.controls").fetchall()
        by_mart = {
            mart: Counter(dict(connection.execute(f"select status, count(*) from marts.{mart} group by 1").fetchall()))
            for (mart,) in marts
        }
        rules = connection.execute(
            "select rule_id, count(*) from reporting.rpt_exception_register group by 1"
        ).fetchall()
        open_ = connection.execute(
            "select count(*) from reporting.rpt_reconciliations where result not in ('agrees', 'explained')"
        ).fetchone()
        assert open_ == (0,)
    return by_mart, Counter(dict(rules))


def times(counts: Counter[str]) -> Counter[str]:
    return Counter({name: COPIES * count for name, count in counts.items()})


def test_every_status_and_every_exception_is_there_as_often_as_the_company(made: Made, run: Run) -> None:
    run_side("dbt_build", {"build": str(made.target.parent)})
    single, many = statuses(run.warehouse), statuses(made.target.parent / "warehouse.duckdb")
    assert many[0] == {mart: times(counts) for mart, counts in single[0].items()}
    assert many[1] == times(single[1])


@pytest.mark.parametrize(
    ("source", "table", "key", "record", "expected"),
    [
        ("github", "activity", "7", {"after": "0" * 40}, {"after": "0" * 40}),
        ("github", "members", "123", {"id": 123, "login": "web-flow"}, {"id": 101123, "login": "web-flow"}),
        (
            "git",
            "x",
            "k",
            {"e": "noreply@github.com", "s": "a" * 37 + "bcd"},
            {"e": "noreply@github.com", "s": "a" * 34 + "bcd101"},
        ),
        (
            "jira",
            "x",
            "k",
            {"t": "ACC-12 and #317", "status": {"id": "10100"}},
            {"t": "ACC101-12 and #317", "status": {"id": "10100"}},
        ),
        ("okta", "x", "k", {"o": "okta-harbor", "l": "asato-harbor"}, {"o": "okta-harbor", "l": "asato101-harbor"}),
    ],
)
def test_marks_stand_where_identifiers_are(
    source: str, table: str, key: str, record: dict[str, Any], expected: dict[str, Any]
) -> None:
    made = template(source, table, key, record)
    assert json.loads(made.payload.replace(MARK, "101")) == expected


def test_what_belongs_to_the_organization_is_not_copied() -> None:
    payload = '{"control_id":"CM-01","owner_worker_id":"bamboohr-us:1002"}'
    assert not list(templates("registers", "control_owners", "CM-01/2025-03-01", payload, dense=True))
    assert not list(templates("registers", "other", "CM-01/2025-03-01", payload, dense=True))


def test_too_many_copies_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="between 1 and 900"):
        multiply(tmp_path, tmp_path / "vault", 901)
